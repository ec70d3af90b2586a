//! Tokens that come and go, pools that are funded, and collateral between pockets.

use kedge_abi::error::AccountError;
use kedge_interface::account::SubAccountData;
use kedge_interface::instruction::{
    Deposit, FundPool, IsolatePosition, MergePosition, SetLeverage, Transfer, TransferIsolated, Verify, Withdraw,
};
use kedge_interface::{BOARD, EXCHANGE};
use kedge_model::account::bank::Bank;
use kedge_model::account::board::PriceBoard;
use kedge_model::account::exchange::Exchange;
use kedge_model::account::market::Market;
use kedge_model::account::sub_account::SubAccount;
use kedge_model::action;
use kedge_model::clock::Clock;
use kedge_model::error::{Error, Result as Ruled};
use kedge_model::event::EventSink;
use kedge_model::quantity::{Amount, Ppm, Quote};
use solana_program_error::ProgramError;
use solana_pubkey::Pubkey;

use super::{Applying, Counted};
use crate::store::Accounts;
use crate::{Report, Result};

impl<A: Accounts, S: EventSink> Applying<'_, A, S> {
    /// A copy of a bank whose vault is the one that was passed, and the tokens in it.
    pub(super) fn bank_with_vault(&self, bank: &Pubkey, vault: &Pubkey) -> Result<(Bank, u64)> {
        let bank: Bank = self.copy(bank)?;
        if bank.vault != vault.to_bytes() {
            return Err(AccountError::AccountWrongVault.into());
        }
        let tokens = self.accounts.tokens(vault).ok_or(AccountError::AccountWrongVault)?;
        Ok((bank, tokens))
    }

    pub(super) fn deposit(&mut self, i: &Deposit) -> Result<Report> {
        let (mut bank, tokens) = self.bank_with_vault(&i.bank, &i.vault)?;
        let mut account: SubAccountData = self.copy(&i.sub_account)?;
        let deposit = action::Deposit { amount: Amount(i.amount), depositor: i.depositor.to_bytes() };
        let exchange = self.accounts.read(&EXCHANGE)?;
        deposit.execute(exchange, &mut bank, &mut account.head, self.clock, self.sink)?;
        let tokens = tokens.checked_add(i.amount).ok_or(Error::Overflow)?;
        self.accounts.write(i.bank, bank);
        self.accounts.write(i.sub_account, account);
        self.accounts.set_tokens(i.vault, tokens);
        Ok(Report::Done)
    }

    pub(super) fn withdraw(&mut self, i: &Withdraw) -> Result<Report> {
        let mut account = self.owned_by(&i.sub_account, &i.authority)?;
        let (mut bank, tokens) = self.bank_with_vault(&i.bank, &i.vault)?;
        let withdraw = action::Withdraw { amount: Amount(i.amount) };
        let (exchange, board) = (self.accounts.read(&EXCHANGE)?, self.accounts.read::<PriceBoard>(&BOARD)?);
        withdraw.execute(exchange, board, &mut bank, &mut account.head, self.clock, self.sink)?;
        let left = tokens.checked_sub(i.amount).ok_or(Error::InsufficientVault)?;
        bank.require_covered(Amount(left))?;
        self.accounts.write(i.bank, bank);
        self.accounts.write(i.sub_account, account);
        self.accounts.set_tokens(i.vault, left);
        Ok(Report::Done)
    }

    pub(super) fn verify(&mut self, i: &Verify) -> Result<Report> {
        let (bank, tokens) = self.bank_with_vault(&i.bank, &i.vault)?;
        let exchange = self.accounts.read(&EXCHANGE)?;
        let (mut books, mut markets) = (action::Verify::default(), i.markets.iter());
        for _ in 0..action::Verify::behind(exchange, &bank) {
            let market = markets.next().ok_or(ProgramError::NotEnoughAccountKeys)?;
            books.add(self.accounts.read(market)?)?;
        }
        if markets.next().is_some() {
            return Err(AccountError::TooManyAccounts.into());
        }
        books.finish(exchange, &bank, Amount(tokens))?;
        Ok(Report::Done)
    }

    pub(super) fn transfer(&mut self, i: &Transfer) -> Result<Report> {
        if i.from == i.to {
            return Err(AccountError::AccountDuplicate.into());
        }
        let mut from = self.owned_by(&i.from, &i.authority)?;
        let mut to: SubAccountData = self.copy(&i.to)?;
        let transfer = action::Transfer { amount: Amount(i.amount), bank: i.bank };
        let (exchange, board) = (self.accounts.read(&EXCHANGE)?, self.accounts.read::<PriceBoard>(&BOARD)?);
        transfer.execute(exchange, board, &mut from.head, &mut to.head, self.clock, self.sink)?;
        self.accounts.write(i.from, from);
        self.accounts.write(i.to, to);
        Ok(Report::Done)
    }

    pub(super) fn fund_pool(&mut self, i: &FundPool) -> Result<Report> {
        let (mut bank, tokens) = self.bank_with_vault(&i.bank, &i.vault)?;
        let mut market: Market = self.copy(&i.market)?;
        let kind = action::PoolKind::from_number(i.kind)?;
        let mut sink = Counted::to(self.sink);
        let fund = action::FundPool { kind, amount: Amount(i.amount) };
        fund.execute(&mut bank, &mut market, i.payer.to_bytes(), &mut sink)?;
        sink.number(&mut market);
        let tokens = tokens.checked_add(i.amount).ok_or(Error::Overflow)?;
        self.accounts.write(i.bank, bank);
        self.accounts.write(i.market, market);
        self.accounts.set_tokens(i.vault, tokens);
        Ok(Report::Done)
    }

    pub(super) fn isolate_position(&mut self, i: &IsolatePosition) -> Result<Report> {
        let isolate = action::IsolatePosition { market: i.market, amount: Amount(i.amount) };
        self.move_isolated(&i.sub_account, &i.signer, |exchange, board, head, clock, sink| {
            isolate.execute(exchange, board, head, clock, sink)
        })
    }

    pub(super) fn transfer_isolated(&mut self, i: &TransferIsolated) -> Result<Report> {
        let transfer = action::TransferIsolated { market: i.market, amount: Quote(i.amount) };
        self.move_isolated(&i.sub_account, &i.signer, |exchange, board, head, clock, sink| {
            transfer.execute(exchange, board, head, clock, sink)
        })
    }

    pub(super) fn merge_position(&mut self, i: &MergePosition) -> Result<Report> {
        let merge = action::MergePosition { market: i.market };
        self.move_isolated(&i.sub_account, &i.signer, |exchange, board, head, clock, sink| {
            merge.execute(exchange, board, head, clock, sink)
        })
    }

    fn move_isolated(
        &mut self,
        at: &Pubkey,
        signer: &Pubkey,
        run: impl FnOnce(&Exchange, &PriceBoard, &mut SubAccount, Clock, &mut S) -> Ruled<()>,
    ) -> Result<Report> {
        let mut account = self.traded_by(at, signer)?;
        let (exchange, board) = (self.accounts.read(&EXCHANGE)?, self.accounts.read(&BOARD)?);
        run(exchange, board, &mut account.head, self.clock, self.sink)?;
        self.accounts.write(*at, account);
        Ok(Report::Done)
    }

    pub(super) fn set_leverage(&mut self, i: &SetLeverage) -> Result<Report> {
        let mut account = self.owned_by(&i.sub_account, &i.authority)?;
        let set = action::SetLeverage { market: i.market, ratio: Ppm(i.ratio) };
        set.execute(self.accounts.read(&BOARD)?, &mut account.head, self.clock)?;
        self.accounts.write(i.sub_account, account);
        Ok(Report::Done)
    }
}
