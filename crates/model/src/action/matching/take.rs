//! Placing an order and taking at once.

use crate::account::board::Purpose;
use crate::account::exchange::operation;
use crate::account::order::{OrderKind, OrderParams, flags};
use crate::account::pocket::Pocket;
use crate::account::sub_account::SubAccountMut;
use crate::action::matching::{self, MakerRef, Matched, Taker};
use crate::action::{Context, matching::shares, order::place};
use crate::error::{Error, Result};
use crate::event::{CancelReason, EventSink};
use crate::quantity::Size;
use crate::rule::liquidation;
use crate::rule::margin::{self, MarginKind};
use crate::time::Slot;

/// Places an order and fills it in the same instruction, without an auction.
#[must_use]
#[derive(Clone, Copy, Debug)]
pub struct PlaceAndTake<'a> {
    /// The order. Its auction, if it names one, is skipped: it trades at up to its limit.
    pub order: OrderParams,
    /// Fewest base that must be filled, else nothing happens.
    pub min_fill: Size,
    /// Maker orders that may be used.
    pub makers: &'a [MakerRef],
}

/// What it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TakeReport {
    /// Id of the order.
    pub order_id: u32,
    /// What was matched.
    pub matched: Matched,
    /// What rests on the book now.
    pub resting: Size,
}

impl PlaceAndTake<'_> {
    /// Places and takes. What is left of a limit order rests unless it is immediate-or-cancel; what is left of a
    /// market order is cancelled. A fill-or-kill order is filled in full, or nothing happens. Orders of the taker's own
    /// owner that it meets are never traded with: its flags say who yields.
    ///
    /// # Errors
    /// Those of placing and filling, [`Error::FillTooSmall`].
    pub fn execute<S: EventSink>(
        self,
        context: &mut Context<'_, S>,
        taker: &mut SubAccountMut<'_>,
        makers: &mut [SubAccountMut<'_>],
    ) -> Result<TakeReport> {
        context.exchange.require_open(operation::PLACE | operation::FILL, &context.clock)?;
        liquidation::require_free_in(taker.head, context.market.index, context.board, &context.clock)?;
        if self.order.flags & flags::POST_ONLY != 0 || self.order.kind > OrderKind::Limit as u8 {
            return Err(Error::InvalidOrder);
        }
        let placed = place::place(context, taker, &self.order)?;
        let order = *taker.order(placed.slot)?;
        let board = context.board;
        let row = board.market(context.market.index)?;
        let opens = placed.increases_risk || order.has(flags::OFFSET);
        row.price.require(if opens { Purpose::IncreaseRisk } else { Purpose::ReduceRisk }, &context.clock)?;
        if order.has(flags::OFFSET) {
            row.price.require_live(Slot(0), &context.clock, board.slot_time())?;
            context.market.require_before_last_hour(&context.clock)?;
        }
        let interest = context.market.open_interest();
        let band = context.market.trading_band(row, &context.clock)?;
        let limit = order.effective_price(row.price.price, context.market.tick)?;
        let side = Taker {
            slot: placed.slot,
            order,
            limit: matching::within(band, order.side(), limit),
            band,
            only_reduces: context.market.only_reduces(&context.clock),
            shares: shares::of(taker, &order, None, makers),
        };
        let matched = matching::run(context, row, taker, &side, makers, self.makers)?;
        let least = if order.has(flags::FILL_OR_KILL) { order.size } else { self.min_fill };
        if matched.size < least {
            return Err(Error::FillTooSmall);
        }
        let open = taker.order(placed.slot).ok().filter(|open| open.id == order.id);
        let left = open.map_or(Ok(Size::ZERO), |open| open.remaining())?;
        let rests = !left.is_zero() && order.kind == OrderKind::Limit as u8 && !order.has(flags::AT_ONCE);
        if !left.is_zero() && !rests {
            taker.remove_order(placed.slot, CancelReason::ImmediateOrCancel, context.sink)?;
        }
        // Risk is opened here as it is by placing: under initial margin, whether it rests or was filled at once.
        if placed.increases_risk && (rests || matched.increased) {
            margin::require(
                taker.head,
                Pocket::of(taker.head, context.market.index),
                context.board,
                MarginKind::Initial,
                Purpose::IncreaseRisk,
                &context.clock,
            )?;
        } else if !matched.size.is_zero() {
            matching::check_margin(context, taker, matched.increased)?;
        }
        shares::pay(context, taker, None, makers, &matched)?;
        context.market.require_interest_cap(interest)?;
        context.market.sample_premium(row.price.price, context.clock.unix_time)?;
        taker.head.last_active_slot = context.clock.slot;
        matching::release(taker, makers, order.market);
        Ok(TakeReport { order_id: order.id, matched, resting: if rests { left } else { Size::ZERO } })
    }
}
