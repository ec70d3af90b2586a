//! What keeps a market whole: vAMM, funding, settlement, fees, liquidation, defaults.

use kedge_interface::account::SubAccountData;
use kedge_interface::address::BACKSTOP;
use kedge_interface::instruction::{
    Liquidate, LiquidateWithFill, SettleBankruptcy, SettleMarket, SettlePnl, SettlePosition, SweepFees, UpdateAmm,
    UpdateFunding,
};
use kedge_interface::{BOARD, EXCHANGE};
use kedge_model::account::board::PriceBoard;
use kedge_model::account::market::Market;
use kedge_model::action;
use kedge_model::error::Error;
use kedge_model::event::EventSink;
use kedge_model::quantity::{Price, Size};
use solana_pubkey::Pubkey;

use super::matching::require_distinct;
use super::{Applying, Counted};
use crate::store::Accounts;
use crate::{Report, Result};

impl<A: Accounts, S: EventSink> Applying<'_, A, S> {
    pub(super) fn update_amm(&mut self, i: &UpdateAmm) -> Result<Report> {
        self.on_market(&i.market, &[], |context, _| action::UpdateAmm.execute(context)).map(Report::Amm)
    }

    pub(super) fn update_funding(&mut self, i: &UpdateFunding) -> Result<Report> {
        let (mut board, mut market): (PriceBoard, Market) = (self.copy(&BOARD)?, self.copy(&i.market)?);
        let mut sink = Counted::to(self.sink);
        let row = board.market_mut(market.index)?;
        let exchange = self.accounts.read(&EXCHANGE)?;
        let report = action::UpdateFunding.execute(exchange, row, &mut market, self.clock, &mut sink)?;
        sink.number(&mut market);
        self.accounts.write(i.market, market);
        self.accounts.write(BOARD, board);
        Ok(Report::Funding(report))
    }

    pub(super) fn settle_pnl(&mut self, i: &SettlePnl) -> Result<Report> {
        self.on_market_and_bank((&i.market, &i.bank), &[i.sub_account], |context, bank, subs| {
            if let Some(owner) = i.owner.first() {
                subs[0].head.require_owner(&owner.to_bytes())?;
            }
            action::SettlePnl { by_owner: !i.owner.is_empty() }.execute(context, bank, &mut subs[0])
        })
        .map(Report::Settle)
    }

    pub(super) fn sweep_fees(&mut self, i: &SweepFees) -> Result<Report> {
        self.on_market_and_bank((&i.market, &i.bank), &[], |context, bank, _| action::SweepFees.execute(context, bank))
            .map(Report::Sweep)
    }

    pub(super) fn settle_market(&mut self, i: &SettleMarket) -> Result<Report> {
        let (mut board, mut market): (PriceBoard, Market) = (self.copy(&BOARD)?, self.copy(&i.market)?);
        let mut sink = Counted::to(self.sink);
        let exchange = self.accounts.read(&EXCHANGE)?;
        let ending = action::SettleMarket.execute(exchange, &mut board, &mut market, self.clock, &mut sink)?;
        sink.number(&mut market);
        self.accounts.write(i.market, market);
        self.accounts.write(BOARD, board);
        Ok(Report::SettleMarket(ending))
    }

    pub(super) fn settle_position(&mut self, i: &SettlePosition) -> Result<Report> {
        self.on_market_and_bank((&i.market, &i.bank), &[i.sub_account], |context, bank, subs| {
            action::SettlePosition.execute(context, bank, &mut subs[0])
        })
        .map(Report::SettlePosition)
    }

    pub(super) fn liquidate(&mut self, i: &Liquidate) -> Result<Report> {
        self.require_trader(&i.liquidator, &i.signer)?;
        let step = action::Liquidate { max_size: Size(i.max_size), limit_price: Price(i.limit_price) };
        self.on_market(&i.market, &[i.sub_account, i.liquidator], |context, subs| match subs {
            [account, liquidator] => step.execute(context, account, liquidator),
            _ => Err(Error::TooManyMakers),
        })
        .map(Report::Liquidation)
    }

    pub(super) fn liquidate_with_fill(&mut self, i: &LiquidateWithFill) -> Result<Report> {
        let subs: Vec<Pubkey> =
            [i.sub_account, i.liquidator].into_iter().chain(i.maker_accounts.iter().copied()).collect();
        require_distinct(&subs)?;
        self.traded_by(&i.liquidator, &i.signer)?;
        let step = action::LiquidateWithFill { max_size: Size(i.max_size), makers: &i.makers };
        self.on_market(&i.market, &subs, |context, subs| match subs {
            [account, liquidator, makers @ ..] => step.execute(context, account, liquidator, makers),
            _ => Err(Error::TooManyMakers),
        })
        .map(Report::LiquidationFill)
    }

    pub(super) fn settle_bankruptcy(&mut self, i: &SettleBankruptcy) -> Result<Report> {
        let mut bank = self.quote_bank(&i.bank)?;
        let mut market: Market = self.copy(&i.market)?;
        let mut account: SubAccountData = self.copy(&i.sub_account)?;
        // The vault's own default is settled without it, and so is every one before there is a vault.
        let stands = i.sub_account != BACKSTOP && self.accounts.get(&BACKSTOP).is_some();
        let mut vault: Option<SubAccountData> = if stands { Some(self.copy(&BACKSTOP)?) } else { None };
        let mut sink = Counted::to(self.sink);
        let exchange = self.accounts.read(&EXCHANGE)?;
        let report = action::Bankruptcy.execute(
            exchange,
            self.accounts.read(&BOARD)?,
            &mut market,
            &mut bank,
            &mut account.as_mut(),
            vault.as_mut().map(|vault| &mut vault.head),
            self.clock,
            &mut sink,
        )?;
        sink.number(&mut market);
        if let Some(vault) = vault {
            self.accounts.write(BACKSTOP, vault);
        }
        self.accounts.write(i.market, market);
        self.accounts.write(i.bank, bank);
        self.accounts.write(i.sub_account, account);
        Ok(Report::Bankruptcy(report))
    }
}
