//! Fills, auctions, and services to somebody's orders.

use kedge_abi::error::AccountError;
use kedge_interface::account::SubAccountData;
use kedge_interface::instruction::{
    ExpireOrders, FillOrder, PlaceAndMake, PlaceAndTake, SliceOrder, TrailOrder, TriggerOrder, Uncross,
};
use kedge_model::account::sub_account::SubAccountMut;
use kedge_model::action::{self, Context};
use kedge_model::error::{Error, Result as Ruled};
use kedge_model::event::EventSink;
use kedge_model::quantity::{Base, Price, Size};
use solana_pubkey::Pubkey;

use super::{Applying, Counted};
use crate::store::Accounts;
use crate::{Report, Result};

/// Refuses an account that is there twice.
pub(super) fn require_distinct(accounts: &[Pubkey]) -> Result<()> {
    let twice = (1..accounts.len()).any(|at| accounts[..at].contains(&accounts[at]));
    if twice { Err(AccountError::AccountDuplicate.into()) } else { Ok(()) }
}

impl<A: Accounts, S: EventSink> Applying<'_, A, S> {
    pub(super) fn place_and_take(&mut self, i: &PlaceAndTake) -> Result<Report> {
        let subs: Vec<Pubkey> = std::iter::once(i.sub_account).chain(i.maker_accounts.iter().copied()).collect();
        require_distinct(&subs)?;
        self.require_trader(&i.sub_account, &i.signer)?;
        let take = action::PlaceAndTake { order: i.order, min_fill: Size(i.min_fill), makers: &i.makers };
        self.on_market(&i.market, &subs, |context, subs| {
            let (taker, makers) = subs.split_first_mut().ok_or(Error::TooManyMakers)?;
            take.execute(context, taker, makers)
        })
        .map(Report::Take)
    }

    pub(super) fn fill_order(&mut self, i: &FillOrder) -> Result<Report> {
        let taker: &SubAccountData = self.accounts.read(&i.taker)?;
        if !taker.orders.iter().any(|order| order.is_open() && order.id == i.order_id) {
            return Err(Error::OrderNotFound.into());
        }
        let (filler, makers) = i.split();
        let subs: Vec<Pubkey> = std::iter::once(i.taker).chain(filler).chain(makers.iter().copied()).collect();
        require_distinct(&subs)?;
        if let Some(filler) = filler {
            self.require_trader(&filler, &i.signer)?;
        }
        let fill = action::FillOrder { order_id: i.order_id, slot: usize::from(i.slot), makers: &i.makers };
        self.on_market(&i.market, &subs, |context, subs| {
            let (taker, rest) = subs.split_first_mut().ok_or(Error::TooManyMakers)?;
            match (filler, rest) {
                (Some(_), [filler, makers @ ..]) => fill.execute(context, taker, Some(filler), makers),
                (_, makers) => fill.execute(context, taker, None, makers),
            }
        })
        .map(Report::Fill)
    }

    pub(super) fn uncross(&mut self, i: &Uncross) -> Result<Report> {
        require_distinct(&i.owners)?;
        let uncross = action::Uncross { orders: &i.orders };
        self.on_market(&i.market, &i.owners, |context, owners| uncross.execute(context, owners)).map(Report::Uncross)
    }

    pub(super) fn place_and_make(&mut self, i: &PlaceAndMake) -> Result<Report> {
        let subs: Vec<Pubkey> = [i.maker, i.taker].iter().chain(&i.sharers).copied().collect();
        require_distinct(&subs)?;
        self.require_trader(&i.maker, &i.signer)?;
        let make = action::PlaceAndMake {
            order_id: i.order_id,
            slot: usize::from(i.slot),
            size: Size(i.size),
            worst_price: Price(i.worst_price),
            min_position: Base(i.min_position),
            max_position: Base(i.max_position),
        };
        self.on_market(&i.market, &subs, |context, subs| match subs {
            [maker, taker, others @ ..] => make.execute(context, maker, taker, others),
            _ => Err(Error::TooManyMakers),
        })
        .map(Report::Make)
    }

    pub(super) fn trigger_order(&mut self, i: &TriggerOrder) -> Result<Report> {
        let trigger = action::TriggerOrder { order_id: i.order_id, slot: usize::from(i.slot) };
        let places = (i.market, i.sub_account, i.signer);
        self.serve(places, &i.crank, |context, owner, crank| trigger.execute(context, owner, crank))
            .map(Report::Trigger)
    }

    pub(super) fn trail_order(&mut self, i: &TrailOrder) -> Result<Report> {
        let trail = action::TrailOrder { order_id: i.order_id, slot: usize::from(i.slot) };
        let places = (i.market, i.sub_account, i.signer);
        self.serve(places, &i.crank, |context, owner, crank| trail.execute(context, owner, crank)).map(Report::Trail)
    }

    pub(super) fn slice_order(&mut self, i: &SliceOrder) -> Result<Report> {
        let slice = action::SliceOrder { order_id: i.order_id, slot: usize::from(i.slot) };
        let places = (i.market, i.sub_account, i.signer);
        self.serve(places, &i.crank, |context, owner, crank| slice.execute(context, owner, crank)).map(Report::Slice)
    }

    pub(super) fn expire_orders(&mut self, i: &ExpireOrders) -> Result<Report> {
        let expire = action::ExpireOrders { ids: &i.ids };
        let places = (i.market, i.sub_account, i.signer);
        self.serve(places, &i.crank, |context, owner, crank| expire.execute(context, owner, crank)).map(Report::Expire)
    }

    /// A service to an account's orders, for a sub-account that gets the fee or for nobody.
    fn serve<T>(
        &mut self,
        (market, owner, signer): (Pubkey, Pubkey, Pubkey),
        crank: &[Pubkey],
        run: impl FnOnce(
            &mut Context<'_, Counted<'_, S>>,
            &mut SubAccountMut<'_>,
            Option<&mut SubAccountMut<'_>>,
        ) -> Ruled<T>,
    ) -> Result<T> {
        if crank.len() > 1 {
            return Err(AccountError::TooManyAccounts.into());
        }
        let subs: Vec<Pubkey> = std::iter::once(owner).chain(crank.iter().copied()).collect();
        require_distinct(&subs)?;
        for at in crank {
            self.require_trader(at, &signer)?;
        }
        self.on_market(&market, &subs, |context, subs| {
            let (owner, crank) = subs.split_first_mut().ok_or(Error::TooManyMakers)?;
            run(context, owner, crank.first_mut())
        })
    }
}
