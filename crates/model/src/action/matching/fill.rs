//! Filling an order against makers and the vAMM, as keepers do.

use crate::account::board::Purpose;
use crate::account::exchange::operation;
use crate::account::order::flags;
use crate::account::sub_account::SubAccountMut;
use crate::action::matching::{self, MakerRef, Matched, Taker};
use crate::action::order::expire::dead;
use crate::action::{Context, matching::shares};
use crate::error::{Error, Result};
use crate::event::{CancelReason, EventSink};
use crate::rule::fees::Shares;
use crate::time::Slot;

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

/// Result of a fill: what was matched, or why the order went instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FillReport {
    /// What was matched.
    pub matched: Matched,
    /// Why the order was removed without being filled to its end, [`CancelReason::None`] when it was not.
    pub removed: CancelReason,
}

impl FillOrder<'_> {
    /// Fills, or removes an order that is past its expiry or has nothing left to reduce. The filler's reward goes
    /// to its position in this market.
    ///
    /// Where the order meets others of its own owner nothing trades: its flags say which of them yields.
    ///
    /// Makers that cannot trade now are passed over, and nothing trades beyond the market's band around the oracle.
    ///
    /// # Errors
    /// [`Error::OrderNotFound`] when the race is lost, [`Error::NothingToFill`], or
    /// [`Error::MakerInsufficientMargin`] when nothing but makers without the margin is there; of the taker
    /// [`Error::InsufficientMargin`], [`Error::PositionTooLarge`]; [`Error::PriceNotLive`] for an order at a distance from
    /// the oracle; price rows, caps.
    pub fn execute<S: EventSink>(
        self,
        context: &mut Context<'_, S>,
        taker: &mut SubAccountMut<'_>,
        filler: Option<&mut SubAccountMut<'_>>,
        makers: &mut [SubAccountMut<'_>],
    ) -> Result<FillReport> {
        let slot = taker.order_slot_near(self.order_id, self.slot)?;
        let order = *taker.order(slot)?;
        context.exchange.require_open(operation::FILL, &context.clock)?;
        if order.market != context.market.index {
            return Err(Error::WrongMarket);
        }
        // Orders from before the market closed to new risk may still reduce.
        context.market.require_open(true, &context.clock)?;
        taker.head.require_free_in(order.market)?;
        let dead = dead(taker, &order, &context.clock)?;
        if dead != CancelReason::None {
            taker.remove_order(slot, dead, context.sink)?;
            taker.head.release_position(order.market);
            return Ok(FillReport { matched: Matched::default(), removed: dead });
        }
        if order.is_waiting() {
            return Err(Error::OrderWaiting);
        }
        if order.has(flags::POST_ONLY) {
            // A post-only order only ever makes.
            return Err(Error::NothingToFill);
        }
        let board = context.board;
        let row = board.market(context.market.index)?;
        row.price.require(Purpose::ReduceRisk, &context.clock)?;
        if order.has(flags::OFFSET) {
            // An order at a distance from the oracle does not trade at a price that may not be used to increase risk.
            row.price.require(Purpose::IncreaseRisk, &context.clock)?;
            row.price.require_live(Slot(0), &context.clock, board.slot_time())?;
            context.market.require_before_last_hour(&context.clock)?;
        }
        let limit = order.limit_price(context.clock.slot, row.price.price, context.market.tick)?;
        let band = context.market.trading_band(row, &context.clock)?;
        let interest = context.market.open_interest();
        let side = Taker {
            slot,
            order,
            limit: matching::within(band, order.side(), limit),
            band,
            only_reduces: context.market.only_reduces(&context.clock),
            shares: Shares { filler: filler.is_some(), ..shares::of(taker, &order, filler.as_deref(), makers) },
        };
        let matched = matching::run(context, row, taker, &side, makers, self.makers)?;
        if matched.size.is_zero() {
            if matched.self_trades == 0 {
                let unbacked = matched.unbacked != 0;
                return Err(if unbacked { Error::MakerInsufficientMargin } else { Error::NothingToFill });
            }
        } else {
            matching::check_margin(context, taker, matched.increased)?;
            context.market.require_interest_cap(interest)?;
        }
        shares::pay(context, taker, filler, makers, &matched)?;
        context.market.sample_premium(row.price.price, context.clock.unix_time)?;
        matching::release(taker, makers, order.market);
        let stopped = matched.self_trades != 0
            && matched.size < order.remaining()?
            && taker.order_slot_near(order.id, slot).is_err();
        let removed = if stopped { CancelReason::SelfTrade } else { CancelReason::None };
        Ok(FillReport { matched, removed })
    }
}
