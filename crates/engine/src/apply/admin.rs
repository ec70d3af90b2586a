//! What admin and pauser do: set-up, fees, switches, listings, roles, and a market's life.

use kedge_abi::account::AccountKind;
use kedge_abi::address::{BANK_SEED, BOARD_SEED, EXCHANGE_SEED, MARKET_SEED, VAULT_SEED};
use kedge_abi::error::AccountError;
use kedge_interface::account::SubAccountData;
use kedge_interface::address::BACKSTOP;
use kedge_interface::instruction::{
    AcceptAdmin, AssignFeeTier, DelistMarket, HaltRow, Initialize, ListBank, ListMarket, PayTreasury, ProposeAdmin,
    SetExpiry, SetFees, SetMarketStatus, SetPaused,
};
use kedge_interface::{BOARD, EXCHANGE, PROGRAM_ID, address};
use kedge_model::account::bank::Bank;
use kedge_model::account::board::PriceBoard;
use kedge_model::account::exchange::Exchange;
use kedge_model::account::market::{Market, MarketStatus};
use kedge_model::account::trader::Trader;
use kedge_model::action;
use kedge_model::error::{Error, Result as Ruled};
use kedge_model::event::EventSink;
use kedge_model::quantity::Amount;
use kedge_model::time::Seconds;
use solana_pubkey::Pubkey;

use super::{Applying, Counted};
use crate::store::Accounts;
use crate::{Report, Result};

fn length(seconds: u32) -> Seconds {
    Seconds(u64::from(seconds))
}

impl<A: Accounts, S: EventSink> Applying<'_, A, S> {
    fn on_exchange(&mut self, run: impl FnOnce(&mut Exchange) -> Ruled<()>) -> Result<Report> {
        let mut exchange: Exchange = self.copy(&EXCHANGE)?;
        run(&mut exchange)?;
        self.accounts.write(EXCHANGE, exchange);
        Ok(Report::Done)
    }

    pub(super) fn initialize(&mut self, i: &Initialize) -> Result<Report> {
        let bump = self.new_account(&EXCHANGE, &[EXCHANGE_SEED], Exchange::SPACE)?;
        let exchange = Exchange::new(bump, i.admin.to_bytes(), i.pauser)?.with_treasury(i.treasury)?;
        let bump = self.new_account(&BOARD, &[BOARD_SEED], PriceBoard::SPACE)?;
        self.accounts.write(EXCHANGE, exchange);
        let mut board = PriceBoard::default();
        board.begin(bump);
        self.accounts.write(BOARD, board);
        Ok(Report::Done)
    }

    pub(super) fn set_fees(&mut self, i: &SetFees) -> Result<Report> {
        self.on_exchange(|exchange| exchange.change_fees(&i.signer.to_bytes(), &i.schedule))
    }

    pub(super) fn set_paused(&mut self, i: &SetPaused) -> Result<Report> {
        let clock = self.clock;
        self.on_exchange(|exchange| exchange.set_paused(&i.signer.to_bytes(), i.paused, length(i.seconds), &clock))
    }

    pub(super) fn propose_admin(&mut self, i: &ProposeAdmin) -> Result<Report> {
        self.on_exchange(|exchange| exchange.propose_admin(&i.signer.to_bytes(), i.next))
    }

    pub(super) fn accept_admin(&mut self, i: &AcceptAdmin) -> Result<Report> {
        self.on_exchange(|exchange| exchange.accept_admin(&i.signer.to_bytes()))
    }

    pub(super) fn assign_fee_tier(&mut self, i: &AssignFeeTier) -> Result<Report> {
        let assign = action::AssignFeeTier { tier: i.tier };
        let mut trader: Trader = self.copy(&i.trader)?;
        let exchange: &Exchange = self.accounts.read(&EXCHANGE)?;
        assign.authorise(exchange, &i.signer.to_bytes())?;
        assign.execute(exchange, &mut trader, &self.clock)?;
        self.accounts.write(i.trader, trader);
        Ok(Report::Done)
    }

    pub(super) fn halt_row(&mut self, i: &HaltRow) -> Result<Report> {
        let halt = action::HaltRow { kind: i.kind, index: i.index, halted: i.halted, length: length(i.seconds) };
        let mut exchange: Exchange = self.copy(&EXCHANGE)?;
        halt.authorise(&exchange, &i.signer.to_bytes())?;
        let mut board: PriceBoard = self.copy(&BOARD)?;
        halt.execute(&mut exchange, &mut board, &self.clock)?;
        self.accounts.write(EXCHANGE, exchange);
        self.accounts.write(BOARD, board);
        Ok(Report::Done)
    }

    pub(super) fn list_bank(&mut self, i: &ListBank) -> Result<Report> {
        let mut exchange: Exchange = self.copy(&EXCHANGE)?;
        action::ListBank::authorise(&i.params, &exchange, &i.admin.to_bytes())?;
        let mut board: PriceBoard = self.copy(&BOARD)?;
        let seed = exchange.banks.to_le_bytes();
        let decimals = self.accounts.decimals(&i.mint).ok_or(AccountError::TokenProgramUnsupported)?;
        let (vault, vault_bump) = Pubkey::find_program_address(&[VAULT_SEED, &seed], &PROGRAM_ID);
        if vault != i.vault {
            return Err(AccountError::AccountWrongAddress.into());
        }
        let bump = self.new_account(&i.bank, &[BANK_SEED, &seed], Bank::SPACE)?;
        let mut bank = Bank { bump, vault_bump, ..Bank::default() };
        let (mint, vault) = (i.mint.to_bytes(), vault.to_bytes());
        let list = action::ListBank { params: &i.params, mint, vault, decimals };
        list.execute(&mut exchange, &mut board, &mut bank)?;
        self.accounts.write(i.bank, bank);
        self.accounts.write(BOARD, board);
        self.accounts.write(EXCHANGE, exchange);
        self.accounts.set_tokens(i.vault, 0);
        Ok(Report::Done)
    }

    pub(super) fn list_market(&mut self, i: &ListMarket) -> Result<Report> {
        let list = action::ListMarket { params: &i.params };
        let mut exchange: Exchange = self.copy(&EXCHANGE)?;
        list.authorise(&exchange, &i.admin.to_bytes())?;
        let mut board: PriceBoard = self.copy(&BOARD)?;
        let seed = exchange.markets.to_le_bytes();
        let bump = self.new_account(&i.market, &[MARKET_SEED, &seed], Market::SPACE)?;
        let mut market = Market { bump, ..Market::default() };
        list.execute(&mut exchange, &mut board, &mut market, self.clock)?;
        self.accounts.write(i.market, market);
        self.accounts.write(BOARD, board);
        self.accounts.write(EXCHANGE, exchange);
        Ok(Report::Done)
    }

    pub(super) fn set_market_status(&mut self, i: &SetMarketStatus) -> Result<Report> {
        let set = action::SetMarketStatus { status: MarketStatus::from_number(i.status)?, length: length(i.seconds) };
        set.authorise(self.accounts.read(&EXCHANGE)?, &i.signer.to_bytes())?;
        self.on_life(&i.market, |board, market, clock, sink| set.execute(board, market, clock, sink))
    }

    pub(super) fn set_expiry(&mut self, i: &SetExpiry) -> Result<Report> {
        let set = action::SetExpiry { time: i.time };
        set.authorise(self.accounts.read(&EXCHANGE)?, &i.signer.to_bytes())?;
        self.on_life(&i.market, |board, market, clock, sink| set.execute(board, market, clock, sink))
    }

    pub(super) fn delist_market(&mut self, i: &DelistMarket) -> Result<Report> {
        let mut bank = self.quote_bank(&i.bank)?;
        let mut exchange: Exchange = self.copy(&EXCHANGE)?;
        let report = self.on_life(&i.market, |board, market, clock, sink| {
            action::DelistMarket.execute(&mut exchange, board, market, &mut bank, clock, sink).map(drop)
        })?;
        self.accounts.write(i.bank, bank);
        self.accounts.write(EXCHANGE, exchange);
        Ok(report)
    }

    pub(super) fn pay_treasury(&mut self, i: &PayTreasury) -> Result<Report> {
        let (mut bank, tokens) = self.bank_with_vault(&i.bank, &i.vault)?;
        let exchange: &Exchange = self.accounts.read(&EXCHANGE)?;
        let treasury = Pubkey::new_from_array(exchange.treasury);
        if i.destination != address::token_account(&treasury, &Pubkey::new_from_array(bank.mint)) {
            return Err(Error::WrongOwner.into());
        }
        let stands = self.accounts.get(&BACKSTOP).is_some();
        let mut backstop: Option<SubAccountData> = if stands { Some(self.copy(&BACKSTOP)?) } else { None };
        let head = backstop.as_mut().map(|backstop| &mut backstop.head);
        let paid = action::PayTreasury.execute(exchange, &mut bank, head, self.clock, self.sink)?;
        let left = tokens.checked_sub(paid.0).ok_or(Error::InsufficientVault)?;
        bank.require_covered(Amount(left))?;
        if let Some(backstop) = backstop {
            self.accounts.write(BACKSTOP, backstop);
        }
        self.accounts.write(i.bank, bank);
        self.accounts.set_tokens(i.vault, left);
        Ok(Report::Done)
    }

    /// Changes a market and its row.
    fn on_life(
        &mut self,
        at: &Pubkey,
        run: impl FnOnce(&mut PriceBoard, &mut Market, kedge_model::clock::Clock, &mut Counted<'_, S>) -> Ruled<()>,
    ) -> Result<Report> {
        let (mut board, mut market): (PriceBoard, Market) = (self.copy(&BOARD)?, self.copy(at)?);
        let mut sink = Counted::to(self.sink);
        run(&mut board, &mut market, self.clock, &mut sink)?;
        sink.number(&mut market);
        self.accounts.write(*at, market);
        self.accounts.write(BOARD, board);
        Ok(Report::Done)
    }
}
