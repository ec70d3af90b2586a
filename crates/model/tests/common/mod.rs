//! A whole exchange in memory: what the on-chain program holds in accounts, driven by the same actions.
//!
//! The runtime reverts a failed instruction, so every action runs on a copy that is kept only when it succeeds.

#![allow(dead_code, reason = "each test binary uses its part")]

pub(crate) mod amm;
pub(crate) mod asks;
pub(crate) mod changes;
pub(crate) mod check;
pub(crate) mod conditional;
mod keeping;
pub(crate) mod lifecycle;
mod money;
pub(crate) mod ops;
pub(crate) mod orders;
pub(crate) mod pockets;
mod prices;
mod ruin;
mod setup;
pub(crate) mod steps;
pub(crate) mod story;
mod trades;
mod trading;
pub(crate) mod vault;
pub(crate) mod waiting;
mod worth;

#[allow(unused_imports, reason = "each test binary uses its part")]
pub(crate) use orders::{at_market, ioc, join, leg, limit, waiting, with};
#[allow(unused_imports, reason = "each test binary uses its part")]
pub(crate) use setup::{market_params, row_params};

use kedge_model::account::bank::Bank;
use kedge_model::account::board::PriceBoard;
use kedge_model::account::exchange::Exchange;
use kedge_model::account::market::Market;
use kedge_model::account::order::Order;
use kedge_model::account::position::Position;
use kedge_model::account::sub_account::{SubAccount, SubAccountMut};
use kedge_model::action::Context;
use kedge_model::clock::Clock;
use kedge_model::error::Result;
use kedge_model::event::NoEvents;
use kedge_model::quantity::Price;

/// Slots of a sub-account's tail in these tests.
pub(crate) const TAIL: usize = 16;
/// One dollar in quote units.
pub(crate) const DOLLAR: u64 = 1_000_000;
/// One base unit.
pub(crate) const ONE: u64 = 1_000_000_000;
/// The market with a vAMM that most tests use.
pub(crate) const BTC: usize = 0;
/// A second market with a vAMM.
pub(crate) const SOL: usize = 1;
/// A market of makers alone.
pub(crate) const BOOK: usize = 2;
/// Start of the tests' time.
pub(crate) const START: i64 = 1_800_000_000;

/// A sub-account with its tail.
#[derive(Clone, Debug, Default)]
pub(crate) struct Account {
    pub head: SubAccount,
    pub orders: Vec<Order>,
}

impl Account {
    pub(crate) fn new(owner: u8, id: u16) -> Self {
        let head = SubAccount { version: SubAccount::VERSION, id, authority: [owner; 32], ..SubAccount::default() };
        Self { head, orders: vec![Order::default(); TAIL] }
    }

    pub(crate) fn borrow(&mut self) -> SubAccountMut<'_> {
        SubAccountMut { head: &mut self.head, orders: &mut self.orders }
    }

    pub(crate) fn position(&self, market: usize) -> Position {
        self.head.position(u16::try_from(market).unwrap()).copied().unwrap_or_default()
    }

    /// All orders, those that wait included.
    pub(crate) fn open(&self) -> impl Iterator<Item = &Order> {
        self.orders.iter().filter(|order| order.is_open())
    }

    /// The order with this id.
    pub(crate) fn find(&self, id: u32) -> Option<Order> {
        self.open().find(|order| order.id == id).copied()
    }
}

/// The exchange, its accounts, and the tokens that the vaults hold.
#[derive(Clone)]
pub(crate) struct World {
    pub exchange: Exchange,
    pub board: Box<PriceBoard>,
    pub markets: Vec<Market>,
    pub banks: Vec<Bank>,
    pub vaults: Vec<u64>,
    pub accounts: Vec<Account>,
    /// Which of them is the backstop vault's.
    pub vault: Option<usize>,
    pub clock: Clock,
    /// Upper bound of the units that rounding may have left in each market's pot so far.
    pub dust_bound: Vec<i128>,
}

impl World {
    pub(crate) fn index(market: usize) -> u16 {
        u16::try_from(market).unwrap()
    }

    pub(crate) fn oracle(&self, market: usize) -> Price {
        self.board.market(Self::index(market)).unwrap().price.price
    }

    pub(crate) fn state(&self, market: usize) -> u8 {
        self.board.market(Self::index(market)).unwrap().price.state
    }

    /// Pauses exactly these operations, without an end.
    pub(crate) fn pause(&mut self, operations: u32) {
        self.exchange.paused = operations;
        self.exchange.paused_until = [u32::MAX; 10];
    }

    /// Runs an action on a copy, keeps the copy when it succeeds.
    pub(crate) fn attempt<T>(&mut self, run: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let mut copy = self.clone();
        let report = run(&mut copy)?;
        *self = copy;
        Ok(report)
    }

    /// Runs an action on a market with the named accounts taken out of the world, in this order. Only what the action can
    /// change is copied: the market, the banks and these accounts.
    pub(crate) fn on_market<T>(
        &mut self,
        market: usize,
        accounts: &[usize],
        run: impl FnOnce(&mut Context<'_, NoEvents>, &mut [Bank], &mut [SubAccountMut<'_>]) -> Result<T>,
    ) -> Result<T> {
        // An account that is named twice is there once, as an account can be borrowed once on the chain.
        let taken = accounts.iter().enumerate();
        let mut taken: Vec<Account> = taken
            .map(|(at, account)| {
                let again = accounts[..at].contains(account);
                if again { Account::default() } else { self.accounts[*account].clone() }
            })
            .collect();
        let mut borrowed: Vec<SubAccountMut<'_>> = taken.iter_mut().map(Account::borrow).collect();
        let (mut changed, mut banks) = (self.markets[market], self.banks.clone());
        let mut context = Context {
            exchange: &self.exchange,
            board: &self.board,
            market: &mut changed,
            clock: self.clock,
            sink: &mut NoEvents,
        };
        let report = run(&mut context, &mut banks, &mut borrowed)?;
        drop(borrowed);
        (self.markets[market], self.banks) = (changed, banks);
        for (&at, account) in accounts.iter().zip(taken) {
            self.accounts[at] = account;
        }
        self.dust_bound[market] += i128::try_from(accounts.len() * 4 + 4).unwrap();
        Ok(report)
    }
}
