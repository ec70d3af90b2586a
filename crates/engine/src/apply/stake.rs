//! Staking with the insurance.

use kedge_interface::EXCHANGE;
use kedge_interface::instruction::{CancelUnstake, RequestUnstake, Stake, Unstake};
use kedge_model::account::trader::Trader;
use kedge_model::action;
use kedge_model::error::Error;
use kedge_model::event::EventSink;
use kedge_model::quantity::Amount;
use kedge_model::rule::tranche::Pot;

use super::Applying;
use crate::store::Accounts;
use crate::{Report, Result};

impl<A: Accounts, S: EventSink> Applying<'_, A, S> {
    pub(super) fn stake(&mut self, i: &Stake) -> Result<Report> {
        let (mut bank, tokens) = self.bank_with_vault(&i.bank, &i.vault)?;
        let mut trader: Trader = self.copy(&i.trader)?;
        let stake = action::Stake { amount: Amount(i.amount), least_shares: i.least_shares };
        let exchange = self.accounts.read(&EXCHANGE)?;
        stake.execute(exchange, &mut bank, &mut trader, &i.authority.to_bytes(), self.clock, self.sink)?;
        let tokens = tokens.checked_add(i.amount).ok_or(Error::Overflow)?;
        self.accounts.write(i.bank, bank);
        self.accounts.write(i.trader, trader);
        self.accounts.set_tokens(i.vault, tokens);
        Ok(Report::Done)
    }

    pub(super) fn request_unstake(&mut self, i: &RequestUnstake) -> Result<Report> {
        let mut trader: Trader = self.copy(&i.trader)?;
        let pot = Pot::from_number(i.pot)?;
        action::RequestUnstake { pot, shares: i.shares }.execute(&mut trader, &i.authority.to_bytes(), self.clock)?;
        self.accounts.write(i.trader, trader);
        Ok(Report::Done)
    }

    pub(super) fn cancel_unstake(&mut self, i: &CancelUnstake) -> Result<Report> {
        let mut trader: Trader = self.copy(&i.trader)?;
        let pot = Pot::from_number(i.pot)?;
        action::CancelUnstake { pot }.execute(&mut trader, &i.authority.to_bytes())?;
        self.accounts.write(i.trader, trader);
        Ok(Report::Done)
    }

    pub(super) fn unstake(&mut self, i: &Unstake) -> Result<Report> {
        let (mut bank, tokens) = self.bank_with_vault(&i.bank, &i.vault)?;
        let mut trader: Trader = self.copy(&i.trader)?;
        let exchange = self.accounts.read(&EXCHANGE)?;
        let signer = i.authority.to_bytes();
        let paid = action::Unstake.execute(exchange, &mut bank, &mut trader, &signer, self.clock, self.sink)?;
        let left = tokens.checked_sub(paid.0).ok_or(Error::InsufficientVault)?;
        bank.require_covered(Amount(left))?;
        self.accounts.write(i.bank, bank);
        self.accounts.write(i.trader, trader);
        self.accounts.set_tokens(i.vault, left);
        Ok(Report::Done)
    }
}
