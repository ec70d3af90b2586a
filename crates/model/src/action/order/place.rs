//! Placing orders.

use crate::account::board::{MarketRow, Purpose};
use crate::account::exchange::operation;
use crate::account::market::Market;
use crate::account::offer;
use crate::account::order::{Limit, Order, OrderKind, OrderParams, RawLevel, RawLimit, STATUS_OPEN, flags};
use crate::account::pocket::Pocket;
use crate::account::sub_account::SubAccountMut;
use crate::action::Context;
use crate::action::order::conditional;
use crate::action::order::entry::{self, Placed};
use crate::error::{Error, Result};
use crate::event::EventSink;
use crate::num::{Checked, ceil_to, floor_to};
use crate::quantity::{Price, Size};
use crate::rule::auction;
use crate::rule::liquidation;
use crate::rule::margin::{self, MarginKind};
use crate::side::Side;

/// Most orders that one instruction places.
pub const MAX_PLACED: usize = 16;

/// Places one or more orders in one market.
#[must_use]
#[derive(Clone, Copy, Debug)]
pub struct PlaceOrders<'a> {
    /// The orders.
    pub orders: &'a [OrderParams],
}

/// Result of placing: the ids of the new orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlaceReport {
    /// Id of the first; the others follow.
    pub first_id: u32,
    /// Orders placed.
    pub count: u32,
}

impl PlaceOrders<'_> {
    /// Refuses no orders and more than [`MAX_PLACED`].
    ///
    /// # Errors
    /// [`Error::InvalidOrder`].
    #[inline]
    pub const fn validate(&self) -> Result<()> {
        if self.orders.is_empty() || self.orders.len() > MAX_PLACED { Err(Error::InvalidOrder) } else { Ok(()) }
    }

    /// Places all or none; margin is checked once, on all of them together.
    ///
    /// # Errors
    /// Those of the order ([`Error::InvalidOrder`], size, tick, expiry, the client id
    /// ([`crate::account::client_id`]), [`Error::NoOrderSlot`]), of the market's status, and [`Error::InsufficientMargin`].
    pub fn execute<S: EventSink>(
        self,
        context: &mut Context<'_, S>,
        account: &mut SubAccountMut<'_>,
    ) -> Result<PlaceReport> {
        context.exchange.require_open(operation::PLACE, &context.clock)?;
        liquidation::require_free_in(account.head, context.market.index, context.board, &context.clock)?;
        let first_id = account.head.next_order_id.max(1);
        let mut risk = false;
        for params in self.orders {
            if params.flags & flags::AT_ONCE != 0 {
                // It would have nothing to trade with in this instruction: place_and_take is for that.
                return Err(Error::InvalidOrder);
            }
            risk |= place(context, account, params)?.increases_risk;
        }
        if risk {
            margin::require(
                account.head,
                Pocket::of(account.head, context.market.index),
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

/// Validates and writes one order, without the margin check. An auction begins now; a start that its owner named is judged
/// ([`auction::judge`]).
pub(in crate::action) fn place<S: EventSink>(
    context: &mut Context<'_, S>,
    account: &mut SubAccountMut<'_>,
    params: &OrderParams,
) -> Result<Placed> {
    let (kind, side) = (OrderKind::from_number(params.kind)?, Side::from_number(params.side)?);
    if params.kind > OrderKind::Limit as u8 {
        return conditional::place(context, account, params);
    }
    check(context, params, kind)?;
    let board = context.board;
    let row = board.market(params.market)?;
    if params.flags & flags::POST_ONLY == 0 {
        // What takes would wait for nothing, and an auction would run out unseen.
        row.require_unreserved(&context.clock)?;
    }
    let terms = match kind {
        OrderKind::Market => market_terms(context, row, params, side)?,
        _ => limit_terms(context, row, params, side)?,
    };
    let Terms { mut limit, start, end, slots } = terms;
    if params.flags & flags::POST_ONLY != 0 {
        limit = outside(context.market, row, side, params.flags, limit)?;
    }
    let mut order = Order {
        seq: 0,
        client_id: params.client_id,
        price: limit,
        size: params.size,
        filled: Size::ZERO,
        trigger_price: RawLevel::default(),
        auction_start: start,
        auction_end: end,
        activation_slot: context.clock.slot,
        extent: params.extent,
        link: 0,
        id: 0,
        expires_at: expiry(params, kind, slots, context)?,
        market: params.market,
        kind: params.kind,
        side: params.side,
        flags: params.flags,
        status: STATUS_OPEN,
        auction_slots: slots,
    };
    entry::enter(context, account, row, &mut order, false)
}

/// Checks what needs no price: market, flags, size, ticks and expiry.
#[inline(always)]
fn check<S: EventSink>(context: &Context<'_, S>, params: &OrderParams, kind: OrderKind) -> Result<()> {
    let market = &*context.market;
    if params.market != market.index {
        return Err(Error::WrongMarket);
    }
    let reduce_only = params.flags & flags::REDUCE_ONLY != 0;
    market.require_open(reduce_only, &context.clock)?;
    if params.flags & (!flags::ALL | flags::CONDITIONAL) != 0
        || params.padding != [0; 2]
        || params.link != 0
        || !params.trigger_price.is_zero()
        || params.size.is_zero()
    {
        return Err(Error::InvalidOrder);
    }
    if params.flags & flags::RARE != 0 || params.extent != 0 {
        rare(market, params, kind)?;
    }
    if params.size < market.min_order && !reduce_only {
        return Err(Error::OrderTooSmall);
    }
    market.require_step(params.size)?;
    if params.flags & flags::OFFSET == 0 {
        market.require_tick(params.price)?;
    }
    if params.expires_at != 0 && context.clock.unix_time >= i64::from(params.expires_at) {
        return Err(Error::OrderExpired);
    }
    Ok(())
}

/// At what prices an order trades: its limit, and its auction, of no slots when it has none.
struct Terms {
    limit: RawLimit,
    start: Price,
    end: Price,
    slots: u8,
}

/// The terms of a market order: its auction is its owner's or the exchange's, and ends at its limit where it names none.
#[inline(always)]
fn market_terms<S: EventSink>(
    context: &Context<'_, S>,
    row: &MarketRow,
    params: &OrderParams,
    side: Side,
) -> Result<Terms> {
    if params.flags & flags::POST_ONLY != 0 {
        return Err(Error::InvalidOrder);
    }
    let reduce_only = params.flags & flags::REDUCE_ONLY != 0;
    row.price.require(if reduce_only { Purpose::ReduceRisk } else { Purpose::IncreaseRisk }, &context.clock)?;
    let (start, end) = auction_of(context.market, row, params, side, true)?;
    let milliseconds = if params.auction_ms == 0 { context.exchange.default_auction_ms } else { params.auction_ms };
    let price = if params.price.is_zero() { end } else { params.price };
    let slots = entry::auction_slots(context, milliseconds)?;
    auction::validate(side, start, end, price)?;
    Ok(Terms { limit: RawLimit::price(price), start, end, slots })
}

/// The terms of a limit order: its auction, if it has one, is its owner's.
#[inline(always)]
fn limit_terms<S: EventSink>(
    context: &Context<'_, S>,
    row: &MarketRow,
    params: &OrderParams,
    side: Side,
) -> Result<Terms> {
    let limit = match params.limit() {
        Limit::Fixed(price) if price.is_zero() => return Err(Error::InvalidOrder),
        limit => RawLimit::of(limit),
    };
    if params.auction_ms == 0 {
        return Ok(Terms { limit, start: Price::ZERO, end: Price::ZERO, slots: 0 });
    }
    if params.flags & flags::POST_ONLY != 0 || params.auction_start.is_zero() {
        return Err(Error::InvalidOrder);
    }
    // A limit order can be placed at any time; its start is judged while there is a price to judge by.
    let priced = row.price.require(Purpose::ReduceRisk, &context.clock).is_ok();
    let (start, end) = auction_of(context.market, row, params, side, priced)?;
    let slots = entry::auction_slots(context, params.auction_ms)?;
    auction::validate(side, start, end, params.price)?;
    Ok(Terms { limit, start, end, slots })
}

/// Checks the flags that few orders have, and what an order shows.
///
/// # Errors
/// [`Error::InvalidOrder`] for flags that contradict each other or the kind, and for a part that is no less than
/// the whole; [`Error::OrderTooSmall`], [`Error::NotTickMultiple`].
#[inline(never)]
fn rare(market: &Market, params: &OrderParams, kind: OrderKind) -> Result<()> {
    let has = |flag: u16| params.flags & flag != 0;
    let rests = kind == OrderKind::Limit && !has(flags::AT_ONCE);
    let contradicts = params.flags & flags::SELF_TRADE == flags::SELF_TRADE
        || params.flags & flags::AT_ONCE == flags::AT_ONCE
        || (has(flags::SLIDE) && !has(flags::POST_ONLY))
        || (params.extent != 0 && !rests);
    if contradicts {
        return Err(Error::InvalidOrder);
    }
    if let Limit::Offset(distance) = params.limit() {
        let distance = distance.unsigned_abs();
        if kind != OrderKind::Limit || params.auction_ms != 0 || distance > offer::MAX_OFFSET {
            return Err(Error::InvalidOrder);
        }
        market.require_tick(Price(distance))?;
    }
    if params.extent != 0 {
        require_part(market, params.extent, params.size, has(flags::REDUCE_ONLY))?;
    }
    Ok(())
}

/// Refuses a shown part that is no less than the whole, or smaller than an order may be.
pub(in crate::action) fn require_part(market: &Market, extent: u32, size: Size, reduce_only: bool) -> Result<()> {
    let part = Size(market.step.0.times(u64::from(extent))?);
    if part >= size {
        return Err(Error::InvalidOrder);
    }
    if part < market.min_order && !reduce_only { Err(Error::OrderTooSmall) } else { Ok(()) }
}

/// Start and end of an order's auction: derived, or its owner's with the start judged where there is a price to judge by.
fn auction_of(
    market: &Market,
    row: &MarketRow,
    params: &OrderParams,
    side: Side,
    priced: bool,
) -> Result<(Price, Price)> {
    let named = !params.auction_start.is_zero();
    if named {
        // What runs backward is malformed, wherever its start would be moved to.
        auction::validate(side, params.auction_start, params.auction_end, params.price)?;
        if !priced {
            return Ok((params.auction_start, params.auction_end));
        }
    }
    let width = auction::width(&row.price, market.price_band)?;
    let derived = auction::derive(side, row.price.price, params.price, width)?;
    if !named {
        return Ok(derived);
    }
    let own = (params.auction_start, params.auction_end);
    Ok((auction::judge(side, own, derived.0, width)?, params.auction_end))
}

/// Limit of a post-only order outside of what the vAMM quotes: its own, or with [`flags::SLIDE`] one tick before the
/// vAMM's price when it would trade with it.
///
/// # Errors
/// [`Error::PostOnlyWouldCross`].
pub(in crate::action) fn outside(
    market: &Market,
    row: &MarketRow,
    side: Side,
    bits: u16,
    limit: RawLimit,
) -> Result<RawLimit> {
    let (amm, row, tick) = (&market.amm, &row.price, market.tick);
    if amm.sqrt_k.is_zero() {
        return Ok(limit);
    }
    let now = match limit.read(bits) {
        Limit::Fixed(price) => price,
        Limit::Offset(distance) => offer::at_offset(side, row.price, distance, tick)?,
    };
    if !amm.crosses(side, now, row)? {
        return Ok(limit);
    }
    if bits & flags::SLIDE == 0 {
        return Err(Error::PostOnlyWouldCross);
    }
    let touch = amm.touch_on(side, row)?;
    let slid = match side {
        Side::Long => floor_to(touch.0.saturating_sub(1), tick.0),
        Side::Short => ceil_to(touch.0.plus(1)?, tick.0)?,
    };
    if slid == 0 {
        return Err(Error::PostOnlyWouldCross);
    }
    Ok(match limit.read(bits) {
        Limit::Fixed(_) => RawLimit::price(Price(slid)),
        Limit::Offset(_) => RawLimit::offset(offer::offset_to(side, row.price, Price(slid), tick)?),
    })
}

/// Expiry of an order: a market order that names none lives for its auction and [`entry::MARKET_ORDER_SECONDS`] more.
fn expiry<S: EventSink>(params: &OrderParams, kind: OrderKind, slots: u8, context: &Context<'_, S>) -> Result<u32> {
    if params.expires_at != 0 || kind != OrderKind::Market {
        return Ok(params.expires_at);
    }
    entry::market_expiry(context, slots)
}

/// Largest size of an order that a market allows now: what is left, and at most the position for a reduce-only order and
/// for every order while the market only reduces. What was placed before that then neither trades more nor stops others.
pub(in crate::action) fn tradable<S: EventSink>(
    context: &Context<'_, S>,
    account: &SubAccountMut<'_>,
    order: &Order,
) -> Result<Size> {
    tradable_when(context.market.only_reduces(&context.clock), account, order)
}

/// [`tradable`] where it is known whether the market only reduces.
pub(in crate::action) fn tradable_when(only_reduces: bool, account: &SubAccountMut<'_>, order: &Order) -> Result<Size> {
    let mut remaining = order.remaining()?;
    if order.kind == OrderKind::Twap as u8 {
        remaining = order.released().minus(order.filled)?;
    }
    if !order.has(flags::REDUCE_ONLY) && !only_reduces {
        return Ok(remaining);
    }
    let base = account.head.position(order.market)?.base;
    if base.is_zero() || Side::closing(base) != order.side() {
        return Ok(Size::ZERO);
    }
    Ok(remaining.min(base.size()))
}
