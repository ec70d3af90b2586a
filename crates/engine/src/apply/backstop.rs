//! The backstop vault: its shares, what it takes over, and how it is unwound.

use kedge_abi::account::AccountKind;
use kedge_abi::address::SUB_ACCOUNT_SEED;
use kedge_interface::account::SubAccountData;
use kedge_interface::address::{BACKSTOP, BACKSTOP_AUTHORITY};
use kedge_interface::instruction::{CreateBackstop, StakeVault, TakeOver, UnstakeVault, UnwindBackstop};
use kedge_interface::{BOARD, EXCHANGE};
use kedge_model::account::board::PriceBoard;
use kedge_model::account::exchange::Exchange;
use kedge_model::account::order::Order;
use kedge_model::account::sub_account::SubAccount;
use kedge_model::account::trader::Trader;
use kedge_model::action::{self, BACKSTOP_ORDERS};
use kedge_model::error::Error;
use kedge_model::event::EventSink;
use kedge_model::quantity::Amount;

use super::Applying;
use crate::store::Accounts;
use crate::{Report, Result};

impl<A: Accounts, S: EventSink> Applying<'_, A, S> {
    pub(super) fn create_backstop(&mut self, i: &CreateBackstop) -> Result<Report> {
        let (mut exchange, mut bank): (Exchange, _) = (self.copy(&EXCHANGE)?, self.quote_bank(&i.bank)?);
        let authority = BACKSTOP_AUTHORITY.to_bytes();
        let seeds = [SUB_ACCOUNT_SEED, &authority, &[0; 2]];
        let bump = self.new_account(&BACKSTOP, &seeds, SubAccount::space(BACKSTOP_ORDERS))?;
        let mut head = SubAccount::default();
        action::CreateBackstop { authority }.execute(&mut exchange, &mut bank, &mut head, bump)?;
        self.accounts.write(BACKSTOP, SubAccountData { head, orders: vec![Order::default(); BACKSTOP_ORDERS] });
        self.accounts.write(i.bank, bank);
        self.accounts.write(EXCHANGE, exchange);
        Ok(Report::Done)
    }

    pub(super) fn stake_vault(&mut self, i: &StakeVault) -> Result<Report> {
        let (mut bank, tokens) = self.bank_with_vault(&i.bank, &i.vault)?;
        let (mut trader, mut vault): (Trader, SubAccountData) = (self.copy(&i.trader)?, self.copy(&BACKSTOP)?);
        let stake = action::StakeVault { amount: Amount(i.amount), least_shares: i.least_shares };
        let (exchange, board) = (self.accounts.read(&EXCHANGE)?, self.accounts.read::<PriceBoard>(&BOARD)?);
        let (signer, head) = (i.authority.to_bytes(), &mut vault.head);
        stake.execute(exchange, board, &mut bank, head, &mut trader, &signer, self.clock, self.sink)?;
        let tokens = tokens.checked_add(i.amount).ok_or(Error::Overflow)?;
        self.accounts.write(i.bank, bank);
        self.accounts.write(i.trader, trader);
        self.accounts.write(BACKSTOP, vault);
        self.accounts.set_tokens(i.vault, tokens);
        Ok(Report::Done)
    }

    pub(super) fn unstake_vault(&mut self, i: &UnstakeVault) -> Result<Report> {
        let (mut bank, tokens) = self.bank_with_vault(&i.bank, &i.vault)?;
        let (mut trader, mut vault): (Trader, SubAccountData) = (self.copy(&i.trader)?, self.copy(&BACKSTOP)?);
        let (exchange, board) = (self.accounts.read(&EXCHANGE)?, self.accounts.read::<PriceBoard>(&BOARD)?);
        let (signer, head, clock) = (i.authority.to_bytes(), &mut vault.head, self.clock);
        let paid =
            action::UnstakeVault.execute(exchange, board, &mut bank, head, &mut trader, &signer, clock, self.sink)?;
        let left = tokens.checked_sub(paid.0).ok_or(Error::InsufficientVault)?;
        bank.require_covered(Amount(left))?;
        self.accounts.write(i.bank, bank);
        self.accounts.write(i.trader, trader);
        self.accounts.write(BACKSTOP, vault);
        self.accounts.set_tokens(i.vault, left);
        Ok(Report::Done)
    }

    pub(super) fn take_over(&mut self, i: &TakeOver) -> Result<Report> {
        if i.sub_account == BACKSTOP {
            return Err(kedge_abi::error::AccountError::AccountDuplicate.into());
        }
        self.on_market_and_bank((&i.market, &i.bank), &[i.sub_account, BACKSTOP], |context, bank, subs| match subs {
            [account, vault] => action::TakeOver.execute(context, bank, account, vault),
            _ => Err(Error::TooManyMakers),
        })
        .map(Report::Liquidation)
    }

    pub(super) fn unwind_backstop(&mut self, i: &UnwindBackstop) -> Result<Report> {
        let bank = self.quote_bank(&i.bank)?;
        self.on_market(&i.market, &[BACKSTOP], |context, subs| match subs {
            [vault] => action::Unwind.execute(context, &bank, vault),
            _ => Err(Error::TooManyMakers),
        })?;
        Ok(Report::Done)
    }
}
