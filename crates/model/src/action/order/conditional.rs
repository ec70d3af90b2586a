//! Placing orders that wait for a trigger, orders that come in slices, and orders that belong together.
//!
//! What waits has no exposure, no priority and no auction: it costs no margin until somebody triggers it
//! ([`crate::action::TriggerOrder`]). Slices of a TWAP are released one an interval ([`crate::action::SliceOrder`]); its margin counts
//! the whole size from the start.

use crate::account::board::Purpose;
use crate::account::order::{Order, OrderKind, OrderParams, RawLevel, RawLimit, STATUS_OPEN, STATUS_WAITING, flags};
use crate::account::sub_account::SubAccountMut;
use crate::action::Context;
use crate::action::order::entry::{self, Placed};
use crate::error::{Error, Result};
use crate::event::EventSink;
use crate::num::{Checked, Rounding, quotient};
use crate::quantity::{Price, Size};
use crate::rule::auction;
use crate::rule::group::MAX_GROUP;
use crate::rule::trigger;
use crate::side::Side;

/// Smallest and largest distance of a trailing stop.
pub const TRAIL_BOUNDS: (u32, u32) = (100, 200_000);
/// Shortest and longest time between two slices of a TWAP in seconds.
pub const SLICE_SECONDS: (u32, u32) = (10, 86_400);
/// Fewest and most slices of a TWAP.
pub const SLICES: (u64, u64) = (2, 1_000);

/// Flags that an order of these kinds may name.
const NAMEABLE: u16 =
    flags::ALL & (flags::REDUCE_ONLY | flags::LEG | flags::TRIGGER | flags::BUILDER | flags::SELF_TRADE);

/// Validates and writes one order of a kind from [`OrderKind::StopMarket`] on, without the margin check.
///
/// # Errors
/// [`Error::InvalidOrder`] for fields that the kind does not have or values outside its bounds,
/// [`Error::OrderNotFound`] for a leg without the order that it belongs to, [`Error::GroupFull`]; those of placing.
#[inline(never)]
pub(in crate::action) fn place<S: EventSink>(
    context: &mut Context<'_, S>,
    account: &mut SubAccountMut<'_>,
    params: &OrderParams,
) -> Result<Placed> {
    let (kind, side) = (OrderKind::from_number(params.kind)?, Side::from_number(params.side)?);
    let market = &*context.market;
    if params.market != market.index {
        return Err(Error::WrongMarket);
    }
    let reduce_only = params.flags & flags::REDUCE_ONLY != 0;
    market.require_open(reduce_only, &context.clock)?;
    let auction = !params.auction_start.is_zero() || !params.auction_end.is_zero() || params.auction_ms != 0;
    if params.flags & !NAMEABLE != 0
        || params.flags & flags::TRIGGER == flags::TRIGGER
        || params.flags & flags::SELF_TRADE == flags::SELF_TRADE
        || auction
        || params.padding != [0; 2]
        || (kind.rests() && params.price.is_zero())
    {
        return Err(Error::InvalidOrder);
    }
    market.require_step(params.size)?;
    market.require_tick(params.price)?;
    market.require_tick(params.trigger_price)?;
    if params.expires_at != 0 && context.clock.unix_time >= i64::from(params.expires_at) {
        return Err(Error::OrderExpired);
    }
    let sleeps = params.flags & flags::LEG != 0 && params.size.is_zero();
    if params.size.is_zero() && !sleeps {
        return Err(Error::InvalidOrder);
    }
    if params.size < market.min_order && !reduce_only {
        return Err(Error::OrderTooSmall);
    }
    let no_limit = if params.price.is_zero() { flags::NO_LIMIT } else { 0 };
    let mut order = Order {
        client_id: params.client_id,
        price: RawLimit::price(params.price),
        size: params.size,
        trigger_price: RawLevel::trigger(params.trigger_price),
        activation_slot: context.clock.slot,
        extent: params.extent,
        link: params.link,
        expires_at: params.expires_at,
        market: params.market,
        flags: params.flags | no_limit,
        kind: params.kind,
        side: params.side,
        status: STATUS_WAITING,
        ..Order::default()
    };
    if kind == OrderKind::Twap {
        first_slice(context, &mut order)?;
    } else {
        wait(context, account, &mut order, kind, side)?;
    }
    let board = context.board;
    let row = board.market(order.market)?;
    entry::enter(context, account, row, &mut order, sleeps)
}

/// Checks what only waiting orders have, and finds the group of a leg.
fn wait<S: EventSink>(
    context: &Context<'_, S>,
    account: &mut SubAccountMut<'_>,
    order: &mut Order,
    kind: OrderKind,
    side: Side,
) -> Result<()> {
    if kind == OrderKind::TrailingStop {
        if order.extent < TRAIL_BOUNDS.0 || order.extent > TRAIL_BOUNDS.1 {
            return Err(Error::InvalidOrder);
        }
        if order.level().is_zero() {
            let row = context.board.market(order.market)?;
            row.price.require(Purpose::IncreaseRisk, &context.clock)?;
            let price = trigger::seen(context.market, row, context.board, order.flags, &context.clock)?;
            order.set_level(trigger::trailed(side, price, order.distance(), context.market.tick)?);
        }
    } else if order.extent != 0 {
        return Err(Error::InvalidOrder);
    }
    if order.level().is_zero() {
        return Err(Error::InvalidOrder);
    }
    if order.has(flags::LEG) {
        join(account, order)
    } else if order.link != 0 {
        Err(Error::InvalidOrder)
    } else {
        Ok(())
    }
}

/// Finds what a leg belongs to: the order that it names, or with `link` 0 the order that was placed right before it.
///
/// Without a size it is a leg of that order's bracket, or one more leg of the same bracket; with one, it and that order
/// cancel each other, and must have the same left to fill.
fn join(account: &mut SubAccountMut<'_>, leg: &mut Order) -> Result<()> {
    let named = if leg.link == 0 { account.head.next_order_id.saturating_sub(1) } else { leg.link };
    let slot = account.order_slot(named)?;
    let named = *account.order(slot)?;
    if named.market != leg.market {
        return Err(Error::WrongMarket);
    }
    if leg.size.is_zero() {
        let parent = if named.has(flags::LEG) { account.order_slot(named.link)? } else { slot };
        let found = *account.order(parent)?;
        let follows = !found.has(flags::LEG | flags::REDUCE_ONLY) && found.side() != leg.side();
        if !follows || !leg.has(flags::REDUCE_ONLY) {
            return Err(Error::InvalidOrder);
        }
        leg.link = found.id;
        // One that comes late has as much to do as the others, or as the parent has filled and is still there.
        leg.size = match account.orders.iter().find(|o| o.is_open() && o.has(flags::LEG) && o.link == found.id) {
            Some(sibling) => sibling.remaining()?,
            None => account.head.position(leg.market).map_or(Size::ZERO, |position| {
                let closes = Side::closing(position.base) == leg.side();
                if closes { found.filled.min(position.base.size()) } else { Size::ZERO }
            }),
        };
        if let Some(parent) = account.orders.get_mut(parent) {
            parent.flags |= flags::HAS_LEGS;
        }
    } else {
        let kind = OrderKind::from_number(named.kind)?;
        let bracket = named.has(flags::HAS_LEGS) || (named.has(flags::LEG) && account.parent_lives(named.link));
        if bracket || !(kind.waits() || kind == OrderKind::Limit) || named.remaining()? != leg.size {
            return Err(Error::InvalidOrder);
        }
        leg.link = if named.has(flags::LEG) { named.link } else { named.id };
        if let Some(first) = account.orders.get_mut(slot) {
            first.flags |= flags::LEG;
            first.link = leg.link;
        }
    }
    if account.group_size(leg.link) >= MAX_GROUP { Err(Error::GroupFull) } else { Ok(()) }
}

/// Checks what only a TWAP has, and starts the auction of its first slice.
fn first_slice<S: EventSink>(context: &mut Context<'_, S>, order: &mut Order) -> Result<()> {
    let slice = order.slice(context.market.step)?;
    let named = order.has(flags::LEG | flags::TRIGGER) || !order.level().is_zero();
    if named || slice.is_zero() || order.interval() < SLICE_SECONDS.0 || order.interval() > SLICE_SECONDS.1 {
        return Err(Error::InvalidOrder);
    }
    let slices = quotient(order.size.0, slice.0, Rounding::Down)?;
    // An auction must have ended when the next begins.
    let fits = u64::from(context.exchange.default_auction_ms) <= u64::from(order.interval()).times(1_000)?;
    if slices < SLICES.0 || slices > SLICES.1 || !fits {
        return Err(Error::InvalidOrder);
    }
    if slice < context.market.min_order && !order.has(flags::REDUCE_ONLY) {
        return Err(Error::OrderTooSmall);
    }
    let row = context.board.market(order.market)?;
    let purpose = if order.has(flags::REDUCE_ONLY) { Purpose::ReduceRisk } else { Purpose::IncreaseRisk };
    row.price.require(purpose, &context.clock)?;
    order.set_released(slice);
    order.status = STATUS_OPEN;
    start_auction(context, order, row.price.price)
}

/// Starts an auction now, from a price to the order's limit or as far as the exchange's own auctions go.
pub(in crate::action) fn start_auction<S: EventSink>(
    context: &Context<'_, S>,
    order: &mut Order,
    price: Price,
) -> Result<()> {
    let limit = if order.has(flags::NO_LIMIT) { Price::ZERO } else { order.price() };
    let row = context.board.market(order.market)?;
    row.require_unreserved(&context.clock)?;
    let width = auction::width(&row.price, context.market.price_band)?;
    let (start, end) = auction::derive(order.side(), price, limit, width)?;
    order.auction_slots = entry::auction_slots(context, context.exchange.default_auction_ms)?;
    (order.auction_start, order.auction_end) = (start, end);
    order.price = RawLimit::price(if limit.is_zero() { end } else { limit });
    order.activation_slot = context.clock.slot;
    Ok(())
}
