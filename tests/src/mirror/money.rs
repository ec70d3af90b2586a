//! Tokens, pockets, and losses that are spread.

use kedge_interface::instruction::Decoded;
use kedge_interface::{BOARD, EXCHANGE};
use kedge_model::action;
use kedge_model::bank::Bank;
use kedge_model::board::PriceBoard;
use kedge_model::error::{Error, Result};
use kedge_model::exchange::Exchange;
use kedge_model::market::Market;
use kedge_model::quantity::{Amount, Ppm, Quote};
use kedge_model::sub_account::SubAccount;
use solana_pubkey::Pubkey;

use super::{Count, Mirror};
use crate::token;

impl Mirror<'_> {
    pub(super) fn move_tokens(&mut self, decoded: &Decoded) -> Result<()> {
        let exchange: Exchange = self.pod(&EXCHANGE);
        let board: Box<PriceBoard> = Box::new(self.pod(&BOARD));
        let mut count = Count::default();
        match decoded {
            Decoded::Deposit(i) => {
                let (mut bank, mut sub): (Bank, _) = (self.pod(&i.bank), self.sub(&i.sub_account));
                action::Deposit { amount: Amount(i.amount), depositor: i.depositor.to_bytes() }.execute(
                    &exchange,
                    &mut bank,
                    &mut sub.head,
                    &mut count,
                )?;
                self.put(&i.bank, &bank);
                self.put_sub(&i.sub_account, &sub);
            }
            Decoded::Withdraw(i) => {
                let (mut bank, mut sub): (Bank, _) = (self.pod(&i.bank), self.sub(&i.sub_account));
                let withdraw = action::Withdraw { amount: Amount(i.amount) };
                withdraw.execute(&exchange, &board, &mut bank, &mut sub.head, self.clock, &mut count)?;
                let left =
                    token::amount(self.machine, &i.vault).checked_sub(i.amount).ok_or(Error::InsufficientVault)?;
                bank.require_covered(Amount(left))?;
                self.put(&i.bank, &bank);
                self.put_sub(&i.sub_account, &sub);
            }
            Decoded::Transfer(i) => {
                let (mut from, mut to) = (self.sub(&i.from), self.sub(&i.to));
                let transfer = action::Transfer { amount: Amount(i.amount), bank: i.bank };
                transfer.execute(&exchange, &board, &mut from.head, &mut to.head, self.clock, &mut count)?;
                self.put_sub(&i.from, &from);
                self.put_sub(&i.to, &to);
            }
            Decoded::FundPool(i) => {
                let (mut bank, mut market): (Bank, Market) = (self.pod(&i.bank), self.pod(&i.market));
                let kind = action::PoolKind::from_number(i.kind)?;
                let fund = action::FundPool { kind, amount: Amount(i.amount) };
                fund.execute(&mut bank, &mut market, i.payer.to_bytes(), &mut count)?;
                market.next_event_seq += u64::from(count.0 != 0);
                self.put(&i.bank, &bank);
                self.put(&i.market, &market);
            }
            other => unreachable!("{other:?} moves no tokens"),
        }
        Ok(())
    }

    pub(super) fn move_isolated(&mut self, decoded: &Decoded) -> Result<()> {
        let exchange: Exchange = self.pod(&EXCHANGE);
        let board: Box<PriceBoard> = Box::new(self.pod(&BOARD));
        let (clock, mut count) = (self.clock, Count::default());
        let mut on = |at: &Pubkey, run: &dyn Fn(&mut SubAccount, &mut Count) -> Result<()>| {
            let mut data = self.sub(at);
            run(&mut data.head, &mut count)?;
            self.put_sub(at, &data);
            Ok(())
        };
        match decoded {
            Decoded::IsolatePosition(i) => on(&i.sub_account, &|head, count| {
                let isolate = action::IsolatePosition { market: i.market, amount: Amount(i.amount) };
                isolate.execute(&exchange, &board, head, clock, count)
            }),
            Decoded::TransferIsolated(i) => on(&i.sub_account, &|head, count| {
                let transfer = action::TransferIsolated { market: i.market, amount: Quote(i.amount) };
                transfer.execute(&exchange, &board, head, clock, count)
            }),
            Decoded::MergePosition(i) => on(&i.sub_account, &|head, count| {
                action::MergePosition { market: i.market }.execute(&exchange, &board, head, clock, count)
            }),
            Decoded::SetLeverage(i) => on(&i.sub_account, &|head, _| {
                action::SetLeverage { market: i.market, ratio: Ppm(i.ratio) }.execute(&board, head, clock)
            }),
            other => unreachable!("{other:?} moves no pocket"),
        }
    }

    pub(super) fn move_indices(&mut self, decoded: &Decoded) -> Result<()> {
        let exchange: Exchange = self.pod(&EXCHANGE);
        let mut board: Box<PriceBoard> = Box::new(self.pod(&BOARD));
        let (clock, mut count) = (self.clock, Count::default());
        let (market_at, mut market) = match decoded {
            Decoded::UpdateFunding(i) => {
                let mut market: Market = self.pod(&i.market);
                let row = board.market_mut(market.index)?;
                let _ = action::UpdateFunding.execute(&exchange, row, &mut market, clock, &mut count)?;
                (i.market, market)
            }
            Decoded::SettleBankruptcy(i) => {
                let (mut market, mut bank): (Market, Bank) = (self.pod(&i.market), self.pod(&i.bank));
                let mut sub = self.sub(&i.sub_account);
                let (board, account) = (&mut board, &mut sub.as_mut());
                let _ =
                    action::Bankruptcy.execute(&exchange, board, &mut market, &mut bank, account, clock, &mut count)?;
                self.put(&i.bank, &bank);
                self.put_sub(&i.sub_account, &sub);
                (i.market, market)
            }
            other => unreachable!("{other:?} moves no index"),
        };
        market.next_event_seq += u64::from(count.0 != 0);
        self.put(&market_at, &market);
        self.put(&BOARD, &*board);
        Ok(())
    }
}
