//! Collateral: in, out, and between pockets.

use super::World;
use kedge_model::action::{
    Deposit, FundPool, IsolatePosition, MergePosition, PoolKind, SetLeverage, TransferIsolated, Withdraw,
};
use kedge_model::error::Result;
use kedge_model::event::NoEvents;
use kedge_model::quantity::{Amount, Ppm, Quote};

impl World {
    pub(crate) fn deposit(&mut self, account: usize, bank: usize, amount: u64) -> Result<()> {
        self.attempt(|w| {
            let depositor = w.accounts[account].head.authority;
            let deposit = Deposit { amount: Amount(amount), depositor };
            deposit.execute(&w.exchange, &mut w.banks[bank], &mut w.accounts[account].head, w.clock, &mut NoEvents)?;
            w.vaults[bank] += amount;
            Ok(())
        })
    }

    /// A deposit by somebody else.
    pub(crate) fn give(&mut self, account: usize, bank: usize, amount: u64) -> Result<()> {
        self.attempt(|w| {
            let deposit = Deposit { amount: Amount(amount), depositor: [0xEE; 32] };
            deposit.execute(&w.exchange, &mut w.banks[bank], &mut w.accounts[account].head, w.clock, &mut NoEvents)?;
            w.vaults[bank] += amount;
            Ok(())
        })
    }

    pub(crate) fn withdraw(&mut self, account: usize, bank: usize, amount: u64) -> Result<()> {
        self.attempt(|w| {
            let (clock, head) = (w.clock, &mut w.accounts[account].head);
            let withdraw = Withdraw { amount: Amount(amount) };
            withdraw.execute(&w.exchange, &w.board, &mut w.banks[bank], head, clock, &mut NoEvents)?;
            w.vaults[bank] -= amount;
            w.banks[bank].require_covered(Amount(w.vaults[bank]))
        })
    }

    /// Gives a position a pocket of its own.
    pub(crate) fn isolate(&mut self, account: usize, market: usize, amount: u64) -> Result<()> {
        self.attempt(|w| {
            let isolate = IsolatePosition { market: Self::index(market), amount: Amount(amount) };
            isolate.execute(&w.exchange, &w.board, &mut w.accounts[account].head, w.clock, &mut NoEvents)
        })
    }

    /// Moves collateral into an isolated position, or out of it.
    pub(crate) fn transfer_isolated(&mut self, account: usize, market: usize, amount: i64) -> Result<()> {
        self.attempt(|w| {
            let transfer = TransferIsolated { market: Self::index(market), amount: Quote(amount) };
            transfer.execute(&w.exchange, &w.board, &mut w.accounts[account].head, w.clock, &mut NoEvents)
        })
    }

    /// Gives up an isolated pocket.
    pub(crate) fn merge(&mut self, account: usize, market: usize) -> Result<()> {
        self.attempt(|w| {
            let merge = MergePosition { market: Self::index(market) };
            merge.execute(&w.exchange, &w.board, &mut w.accounts[account].head, w.clock, &mut NoEvents)
        })
    }

    /// Sets the user's own initial margin ratio.
    pub(crate) fn leverage(&mut self, account: usize, market: usize, ratio: u32) -> Result<()> {
        self.attempt(|w| {
            let set = SetLeverage { market: Self::index(market), ratio: Ppm(ratio) };
            set.execute(&w.board, &mut w.accounts[account].head, w.clock)
        })
    }

    pub(crate) fn fund_pool(&mut self, market: usize, kind: PoolKind, amount: u64) -> Result<()> {
        self.attempt(|w| {
            let fund = FundPool { kind, amount: Amount(amount) };
            fund.execute(&mut w.banks[0], &mut w.markets[market], [1; 32], &mut NoEvents)?;
            w.vaults[0] += amount;
            Ok(())
        })
    }
}
