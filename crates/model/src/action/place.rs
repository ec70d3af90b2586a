//! Placing orders.

use super::Context;
use super::ledger;
use crate::auction;
use crate::board::Purpose;
use crate::error::{Error, Result};
use crate::event::{CancelReason, EventKind, EventSink, OrderRecord, Party, emit};
use crate::exchange::operation;
use crate::liquidation;
use crate::margin::{self, MarginKind};
use crate::market::MarketStatus;
use crate::num::{Checked, Rounding, mul_div};
use crate::order::{Order, OrderKind, OrderParams, STATUS_OPEN, Side, flags};
use crate::quantity::{Price, Size};
use crate::sub_account::SubAccountMut;

/// Seconds after its auction for which a market order without an expiry can still be filled.
pub const MARKET_ORDER_SECONDS: u64 = 30;

/// Places one or more orders in one market.
#[must_use]
#[derive(Clone, Copy, Debug)]
pub struct PlaceOrders<'a> {
    /// The orders.
    pub orders: &'a [OrderParams],
}

/// Orders placed.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlaceReport {
    /// Id of the first; the others follow.
    pub first_id: u32,
    /// How many.
    pub count: u32,
}

impl PlaceOrders<'_> {
    /// Places all or none; margin is checked once, on all of them together.
    ///
    /// Errors: those of the order ([`Error::InvalidOrder`], size, tick, expiry, [`Error::DuplicateClientId`],
    /// [`Error::NoOrderSlot`]), of the market's status, and [`Error::InsufficientMargin`].
    pub fn execute<S: EventSink>(
        self,
        context: &mut Context<'_, S>,
        account: &mut SubAccountMut<'_>,
    ) -> Result<PlaceReport> {
        context.exchange.require_open(operation::PLACE)?;
        liquidation::require_free(account.head, context.board, &context.clock)?;
        let first_id = account.head.next_order_id.max(1);
        let mut risk = false;
        for params in self.orders {
            if params.flags & flags::IMMEDIATE_OR_CANCEL != 0 {
                // It would have nothing to trade with in this instruction: place_and_take is for that.
                return Err(Error::InvalidOrder);
            }
            risk |= place(context, account, params)?.increases_risk;
        }
        if risk {
            let _ = margin::require(
                account.head,
                context.board,
                MarginKind::Initial,
                Purpose::IncreaseRisk,
                &context.clock,
            )?;
        }
        account.head.last_active_slot = context.clock.slot;
        Ok(PlaceReport { first_id, count: u32::try_from(self.orders.len()).map_err(|_| Error::Overflow)? })
    }
}

/// An order that now stands in a slot.
pub(super) struct Placed {
    /// Its slot.
    pub slot: usize,
    /// Whether the worst case of the position became larger.
    pub increases_risk: bool,
}

/// Validates and writes one order, without the margin check.
pub(super) fn place<S: EventSink>(
    context: &mut Context<'_, S>,
    account: &mut SubAccountMut<'_>,
    params: &OrderParams,
) -> Result<Placed> {
    let (kind, side) = (OrderKind::from_number(params.kind)?, Side::from_number(params.side)?);
    let market = &mut *context.market;
    if params.market != market.index {
        return Err(Error::WrongMarket);
    }
    let reduce_only = params.flags & flags::REDUCE_ONLY != 0;
    match MarketStatus::from_number(market.status)? {
        MarketStatus::Active => {}
        MarketStatus::ReduceOnly if reduce_only => {}
        MarketStatus::ReduceOnly => return Err(Error::MarketReduceOnly),
        MarketStatus::Initialised => return Err(Error::MarketNotActive),
    }
    let unused = params.padding != [0; 2] || params.extent != 0 || params.link != 0 || !params.trigger_price.is_zero();
    if params.flags & !flags::ALL != 0 || unused || params.size.is_zero() {
        return Err(Error::InvalidOrder);
    }
    if params.size < market.min_order && !reduce_only {
        return Err(Error::OrderTooSmall);
    }
    market.require_step(params.size)?;
    market.require_tick(params.price)?;
    if params.expires_at != 0 && context.clock.unix_time >= i64::from(params.expires_at) {
        return Err(Error::OrderExpired);
    }
    let row = context.board.market(market.index)?;
    let (price, start, end, slots) = match kind {
        OrderKind::Market => {
            if params.flags & flags::POST_ONLY != 0 {
                return Err(Error::InvalidOrder);
            }
            row.price.require(if reduce_only { Purpose::ReduceRisk } else { Purpose::IncreaseRisk }, &context.clock)?;
            let (start, end) = if params.auction_start.is_zero() {
                auction::derive(side, row.price.price, params.price)?
            } else {
                (params.auction_start, params.auction_end)
            };
            let milliseconds =
                if params.auction_ms == 0 { context.exchange.default_auction_ms } else { params.auction_ms };
            let price = if params.price.is_zero() { end } else { params.price };
            (price, start, end, auction_slots(context, milliseconds)?)
        }
        OrderKind::Limit => {
            if params.price.is_zero() {
                return Err(Error::InvalidOrder);
            }
            if params.auction_ms == 0 {
                (params.price, Price::ZERO, Price::ZERO, 0)
            } else {
                if params.flags & flags::POST_ONLY != 0 || params.auction_start.is_zero() {
                    return Err(Error::InvalidOrder);
                }
                (params.price, params.auction_start, params.auction_end, auction_slots(context, params.auction_ms)?)
            }
        }
        _ => return Err(Error::InvalidOrder),
    };
    if slots != 0 {
        auction::validate(side, start, end, price)?;
    }
    let market = &mut *context.market;
    if params.flags & flags::POST_ONLY != 0
        && !market.amm.sqrt_k.is_zero()
        && side.accepts(price, market.amm.touch(side)?)
    {
        return Err(Error::PostOnlyWouldCross);
    }

    let mut free = None;
    for (index, order) in account.orders.iter().enumerate() {
        if order.is_open() {
            if params.client_id != 0 && order.client_id == params.client_id {
                return Err(Error::DuplicateClientId);
            }
        } else if free.is_none() {
            free = Some(index);
        }
    }
    let slot = free.ok_or(Error::NoOrderSlot)?;
    let id = account.head.next_order_id.max(1);
    account.head.next_order_id = id.plus(1)?;
    let position = account.head.open_position(market.index)?;
    if position.base.is_zero() && position.open_orders == 0 {
        ledger::settle_funding(position, market, row)?;
    }
    if reduce_only && (position.base.is_zero() || Side::closing(position.base) != side) {
        return Err(Error::ReduceOnlyWouldIncrease);
    }
    let worst_before = position.worst_case_base()?.size();
    if !reduce_only {
        position.add_open(side, params.size)?;
    }
    position.open_orders = position.open_orders.plus(1)?;
    let worst = position.worst_case_base()?.size();
    if worst > worst_before && worst > market.max_position {
        return Err(Error::PositionTooLarge);
    }
    account.head.open_orders = account.head.open_orders.plus(1)?;
    let order = Order {
        seq: market.take_order_seq()?,
        client_id: params.client_id,
        price,
        size: params.size,
        filled: Size::ZERO,
        trigger_price: Price::ZERO,
        auction_start: start,
        auction_end: end,
        activation_slot: context.clock.slot,
        extent: 0,
        link: 0,
        id,
        expires_at: expiry(params, kind, slots, context)?,
        market: params.market,
        kind: params.kind,
        side: params.side,
        flags: params.flags,
        status: STATUS_OPEN,
        auction_slots: slots,
    };
    *account.orders.get_mut(slot).ok_or(Error::NoOrderSlot)? = order;
    let record =
        OrderRecord { account: Party::of(account.head), order, reason: CancelReason::None as u8, padding: [0; 7] };
    emit(context.sink, EventKind::OrderPlaced, &record);
    Ok(Placed { slot, increases_risk: worst > worst_before })
}

/// Expiry of an order: a market order that names none lives for its auction and [`MARKET_ORDER_SECONDS`] more.
fn expiry<S: EventSink>(params: &OrderParams, kind: OrderKind, slots: u8, context: &Context<'_, S>) -> Result<u32> {
    if params.expires_at != 0 || kind != OrderKind::Market {
        return Ok(params.expires_at);
    }
    let auction = mul_div(u64::from(slots), context.board.slot_micros(), 1_000_000, Rounding::Up)?;
    let now = u64::try_from(context.clock.unix_time).map_err(|_| Error::Overflow)?;
    u32::try_from(now.plus(auction)?.plus(MARKET_ORDER_SECONDS)?).map_err(|_| Error::Overflow)
}

/// Auction length in slots, from milliseconds inside the exchange's bounds.
fn auction_slots<S: EventSink>(context: &Context<'_, S>, milliseconds: u32) -> Result<u8> {
    if milliseconds < context.exchange.min_auction_ms || milliseconds > context.exchange.max_auction_ms {
        return Err(Error::InvalidOrder);
    }
    let slots = context.board.slots(u64::from(milliseconds))?.clamp(1, auction::MAX_SLOTS);
    u8::try_from(slots).map_err(|_| Error::Overflow)
}

/// Largest size of an order that is allowed now: what is left, and for reduce-only at most the position.
pub(super) fn tradable(account: &SubAccountMut<'_>, order: &Order) -> Result<Size> {
    let remaining = order.remaining()?;
    if !order.has(flags::REDUCE_ONLY) {
        return Ok(remaining);
    }
    let base = account.head.position(order.market)?.base;
    if base.is_zero() || Side::closing(base) != order.side() {
        return Ok(Size::ZERO);
    }
    Ok(remaining.min(base.size()))
}
