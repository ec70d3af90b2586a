//! Who has what: records, sub-accounts, delegates, builders, fee tiers.

use kedge_abi::account::{AccountKind, GROWTH_STEP};
use kedge_abi::address::{SUB_ACCOUNT_SEED, TRADER_SEED};
use kedge_abi::error::AccountError;
use kedge_interface::account::SubAccountData;
use kedge_interface::instruction::{
    CloseSubAccount, CloseTrader, CreateSubAccount, CreateTrader, GrowOrders, RevokeSignedOrders, SetBuilder,
    SetDelegate, UpdateFeeTier,
};
use kedge_interface::{EXCHANGE, PROGRAM_ID};
use kedge_model::account::exchange::Exchange;
use kedge_model::account::order::Order;
use kedge_model::account::sub_account::SubAccount;
use kedge_model::account::trader::Trader;
use kedge_model::action;
use kedge_model::event::EventSink;
use kedge_model::quantity::Ppm;
use solana_pubkey::Pubkey;

use super::Applying;
use crate::store::Accounts;
use crate::{Report, Result};

impl<A: Accounts, S: EventSink> Applying<'_, A, S> {
    /// The bump of a new account of the program.
    ///
    /// # Errors
    /// [`AccountError::AccountWrongAddress`] for another address than the derived one,
    /// [`AccountError::AccountAlreadyExists`], [`AccountError::GrowthStepTooLarge`].
    pub(super) fn new_account(&self, at: &Pubkey, seeds: &[&[u8]], space: usize) -> Result<u8> {
        let (address, bump) = Pubkey::find_program_address(seeds, &PROGRAM_ID);
        if address != *at {
            return Err(AccountError::AccountWrongAddress.into());
        }
        if self.accounts.get(at).is_some() {
            return Err(AccountError::AccountAlreadyExists.into());
        }
        if space > GROWTH_STEP { Err(AccountError::GrowthStepTooLarge.into()) } else { Ok(bump) }
    }

    pub(super) fn create_trader(&mut self, i: &CreateTrader) -> Result<Report> {
        let authority = i.authority.to_bytes();
        let bump = self.new_account(&i.trader, &[TRADER_SEED, &authority], Trader::SPACE)?;
        let mut exchange: Exchange = self.copy(&EXCHANGE)?;
        let trader = action::CreateTrader { authority, referrer: i.referrer }.execute(&mut exchange, bump)?;
        self.accounts.write(i.trader, trader);
        self.accounts.write(EXCHANGE, exchange);
        Ok(Report::Done)
    }

    pub(super) fn create_sub_account(&mut self, i: &CreateSubAccount) -> Result<Report> {
        let (mut exchange, mut trader): (Exchange, Trader) = (self.copy(&EXCHANGE)?, self.copy(&i.trader)?);
        let (authority, orders) = (i.authority.to_bytes(), usize::from(i.orders));
        let create = action::CreateSubAccount { name: i.name, orders };
        create.authorise(&trader, &authority)?;
        let seeds = [SUB_ACCOUNT_SEED, &authority, &trader.next_sub_account.to_le_bytes()];
        let bump = self.new_account(&i.sub_account, &seeds, SubAccount::space(orders))?;
        let mut head = SubAccount::default();
        create.execute(&mut exchange, &mut trader, &mut head, bump)?;
        self.accounts.write(i.sub_account, SubAccountData { head, orders: vec![Order::default(); orders] });
        self.accounts.write(i.trader, trader);
        self.accounts.write(EXCHANGE, exchange);
        Ok(Report::Done)
    }

    pub(super) fn close_sub_account(&mut self, i: &CloseSubAccount) -> Result<Report> {
        let account: SubAccountData = self.copy(&i.sub_account)?;
        let mut trader: Trader = self.copy(&i.trader)?;
        action::CloseSubAccount.execute(&mut trader, &account.head, &i.authority.to_bytes())?;
        self.accounts.write(i.trader, trader);
        self.accounts.set(i.sub_account, None);
        Ok(Report::Done)
    }

    pub(super) fn close_trader(&mut self, i: &CloseTrader) -> Result<Report> {
        action::CloseTrader.authorise(self.accounts.read(&i.trader)?, &i.authority.to_bytes())?;
        self.accounts.set(i.trader, None);
        Ok(Report::Done)
    }

    pub(super) fn grow_orders(&mut self, i: &GrowOrders) -> Result<Report> {
        let mut account: SubAccountData = self.copy(&i.sub_account)?;
        let (capacity, held) = (usize::from(i.capacity), account.orders.len());
        action::GrowOrders { capacity }.validate(held)?;
        if (capacity - held) * size_of::<Order>() > GROWTH_STEP {
            return Err(AccountError::GrowthStepTooLarge.into());
        }
        account.orders.resize(capacity, Order::default());
        self.accounts.write(i.sub_account, account);
        Ok(Report::Done)
    }

    pub(super) fn set_delegate(&mut self, i: &SetDelegate) -> Result<Report> {
        let account: SubAccountData = self.copy(&i.sub_account)?;
        let set = action::SetDelegate { delegate: i.delegate };
        self.on_head(&i.sub_account, account, |head| set.execute(head, &i.authority.to_bytes()))
    }

    pub(super) fn set_builder(&mut self, i: &SetBuilder) -> Result<Report> {
        let account = self.owned_by(&i.sub_account, &i.authority)?;
        let set = action::SetBuilder { builder: i.builder, fee: Ppm(i.fee) };
        self.on_head(&i.sub_account, account, |head| set.execute(head))
    }

    pub(super) fn revoke_signed_orders(&mut self, i: &RevokeSignedOrders) -> Result<Report> {
        let account = self.traded_by(&i.sub_account, &i.signer)?;
        self.on_head(&i.sub_account, account, |head| action::RevokeSigned { up_to: i.up_to }.execute(head))
    }

    pub(super) fn update_fee_tier(&mut self, i: &UpdateFeeTier) -> Result<Report> {
        let (mut trader, mut account): (Trader, SubAccountData) = (self.copy(&i.trader)?, self.copy(&i.sub_account)?);
        let exchange = self.accounts.read(&EXCHANGE)?;
        action::UpdateFeeTier.execute(exchange, &mut trader, &mut account.head, &self.clock)?;
        self.accounts.write(i.trader, trader);
        self.accounts.write(i.sub_account, account);
        Ok(Report::Done)
    }
}
