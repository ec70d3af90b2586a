//! Filling somebody's order: what a keeper does.

use super::matching::{self, MakerRef, Matched, Taker};
use super::place::tradable;
use super::{Context, cancel, ledger};
use crate::board::Purpose;
use crate::error::{Error, Result};
use crate::event::{CancelReason, EventSink};
use crate::exchange::operation;
use crate::market::MarketStatus;
use crate::order::flags;
use crate::sub_account::SubAccountMut;

/// Fills an order against makers' orders and the vAMM.
#[must_use]
#[derive(Clone, Copy, Debug)]
pub struct FillOrder<'a> {
    /// Id of the taker's order.
    pub order_id: u32,
    /// Slot where it was seen; the id decides.
    pub slot: usize,
    /// Maker orders that may be used, in any order.
    pub makers: &'a [MakerRef],
}

/// What a fill did.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FillReport {
    /// What was matched.
    pub matched: Matched,
    /// Why the order was removed instead, [`CancelReason::None`] when it was filled.
    pub removed: CancelReason,
}

impl FillOrder<'_> {
    /// Fills, or removes an order that is past its expiry or has nothing left to reduce. The filler's reward goes
    /// to its position in this market.
    ///
    /// Errors: [`Error::OrderNotFound`] when the race is lost, [`Error::NothingToFill`],
    /// [`Error::InsufficientMargin`], [`Error::MakerInsufficientMargin`], price rows, caps.
    pub fn execute<S: EventSink>(
        self,
        context: &mut Context<'_, S>,
        taker: &mut SubAccountMut<'_>,
        filler: Option<&mut SubAccountMut<'_>>,
        makers: &mut [SubAccountMut<'_>],
    ) -> Result<FillReport> {
        let slot = taker.order_slot_near(self.order_id, self.slot)?;
        let order = *taker.order(slot)?;
        context.exchange.require_open(operation::FILL)?;
        if order.market != context.market.index {
            return Err(Error::WrongMarket);
        }
        if MarketStatus::from_number(context.market.status)? == MarketStatus::Initialised {
            return Err(Error::MarketNotActive);
        }
        taker.head.require_free()?;
        let dead = if order.is_expired(&context.clock) {
            CancelReason::Expired
        } else if tradable(taker, &order)?.is_zero() {
            CancelReason::NothingToReduce
        } else {
            CancelReason::None
        };
        if dead != CancelReason::None {
            let _ = cancel::remove(taker, slot, dead, context.sink)?;
            taker.head.release_position(order.market);
            return Ok(FillReport { matched: Matched::default(), removed: dead });
        }
        if order.has(flags::POST_ONLY) {
            // A post-only order only ever makes.
            return Err(Error::NothingToFill);
        }
        let board = context.board;
        let row = board.market(context.market.index)?;
        row.price.require(Purpose::ReduceRisk, &context.clock)?;
        let limit = order.limit_price(context.clock.slot, context.market.tick)?;
        let interest = context.market.open_interest();
        let side =
            Taker { slot, order, limit, band: context.market.band(row.price.price)?, has_filler: filler.is_some() };
        let matched = matching::run(context, row, taker, &side, makers, self.makers)?;
        if matched.size.is_zero() {
            return Err(Error::NothingToFill);
        }
        matching::check_margin(context, taker, matched.increased)?;
        context.market.require_interest_cap(interest)?;
        if let Some(filler) = filler {
            reward(context, filler, &matched)?;
        }
        context.market.sample_premium(row.price.price, context.clock.unix_time)?;
        taker.head.release_position(order.market);
        for maker in makers {
            maker.head.release_position(order.market);
        }
        Ok(FillReport { matched, removed: CancelReason::None })
    }
}

fn reward<S: EventSink>(context: &mut Context<'_, S>, filler: &mut SubAccountMut<'_>, matched: &Matched) -> Result<()> {
    ledger::pay_from_fees(filler.head, context.market, matched.filler_reward)
}
