//! Changing an order in its place.

use crate::account::board::Purpose;
use crate::account::exchange::operation;
use crate::account::market::Market;
use crate::account::offer;
use crate::account::order::{Limit, Order, OrderKind, RawLimit, STATUS_WAITING, flags};
use crate::account::pocket::Pocket;
use crate::account::position::Position;
use crate::account::sub_account::SubAccountMut;
use crate::action::order::conditional::TRAIL_BOUNDS;
use crate::action::{Context, order::place};
use crate::error::{Error, Result};
use crate::event::{CancelReason, EventSink};
use crate::quantity::{Price, Size};
use crate::rule::liquidation;
use crate::rule::margin::{self, MarginKind};

/// What a [`ModifyParams`] changes, one bit each.
pub mod change {
    /// The price.
    pub const PRICE: u8 = 1;
    /// The size.
    pub const SIZE: u8 = 1 << 1;
    /// The trigger price.
    pub const TRIGGER: u8 = 1 << 2;
    /// The expiry.
    pub const EXPIRY: u8 = 1 << 3;
    /// [`crate::account::order::Order::extent`].
    pub const EXTENT: u8 = 1 << 4;
    /// All of them.
    pub const ALL: u8 = PRICE | SIZE | TRIGGER | EXPIRY | EXTENT;
}

account_bytes! {
    /// A change of an order. Fields whose bit is not set are not read.
    pub struct ModifyParams [40] {
        /// New price: as in [`crate::account::order::OrderParams::price`].
        0 => pub price: Price,
        /// New size, what is filled already included.
        8 => pub size: Size,
        /// New trigger price.
        16 => pub trigger_price: Price,
        /// The order's id.
        24 => pub order_id: u32,
        /// New expiry in Unix seconds, 0 for never.
        28 => pub expires_at: u32,
        /// New extent.
        32 => pub extent: u32,
        /// Bits of [`change`].
        36 => pub changes: u8,
        /// Slot where the order was seen; the id decides.
        37 => pub slot: u8,
        /// Padding.
        38 => pub padding: [u8; 2],
    }
}

impl ModifyParams {
    /// The new limit of an order with these flags.
    #[inline]
    pub const fn limit(&self, bits: u16) -> Limit {
        RawLimit::price(self.price).read(bits)
    }
}

/// Changes an order, which keeps its id and the trader's own.
#[must_use]
#[derive(Clone, Copy, Debug)]
pub struct ModifyOrder {
    /// The order, what of it changes, and the new values.
    pub params: ModifyParams,
}

/// Result of a change: the order now, and whether it kept its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModifyReport {
    /// The order as it stands now.
    pub order: Order,
    /// Whether it kept its place in the queue.
    pub kept_place: bool,
}

impl ModifyOrder {
    /// Changes the order. It keeps its place in the queue when only its expiry changes or its size shrinks; else it comes
    /// behind all others, and counts as placed now wherever that matters: a vAMM fills it only at a price published
    /// from now on, and a trigger is reached only by one.
    ///
    /// While an auction runs only the expiry can change and the size shrink. A TWAP can change its expiry alone; an order
    /// of a group keeps the size that the group has; a post-only order must not trade at its new price, or slides.
    ///
    /// # Errors
    /// [`Error::OrderNotFound`], [`Error::SizeBelowFilled`], [`Error::AuctionRunning`], [`Error::InvalidOrder`]
    /// for what the order has not or cannot change; those of placing; [`Error::InsufficientMargin`] when the risk grows.
    pub fn execute<S: EventSink>(
        self,
        context: &mut Context<'_, S>,
        account: &mut SubAccountMut<'_>,
    ) -> Result<ModifyReport> {
        let params = &self.params;
        context.exchange.require_open(operation::PLACE, &context.clock)?;
        let market = &*context.market;
        liquidation::require_free_in(account.head, market.index, context.board, &context.clock)?;
        let slot = account.order_slot_near(params.order_id, usize::from(params.slot))?;
        let before = *account.order(slot)?;
        if before.market != market.index {
            return Err(Error::WrongMarket);
        }
        if params.changes == 0 || params.changes & !change::ALL != 0 || params.padding != [0; 2] {
            return Err(Error::InvalidOrder);
        }
        if before.is_expired(&context.clock) {
            return Err(Error::OrderExpired);
        }
        market.require_open(before.has(flags::REDUCE_ONLY), &context.clock)?;
        let mut after = before;
        self.write(context, &mut after)?;

        let moved = after.price != before.price || after.extent != before.extent || after.size > before.size;
        let renewed = moved || after.level() != before.level();
        if renewed {
            if before.in_auction(context.clock.slot) {
                return Err(Error::AuctionRunning);
            }
            (after.auction_start, after.auction_end, after.auction_slots) = (Price::ZERO, Price::ZERO, 0);
            after.activation_slot = context.clock.slot;
            if after.status != STATUS_WAITING {
                after.seq = context.market.take_order_seq()?;
            }
        }
        let position = account.head.position_mut(before.market)?;
        let grows = expose(position, &before, &after, context.market)?;
        *account.orders.get_mut(slot).ok_or(Error::OrderNotFound)? = after;
        if grows {
            margin::require(
                account.head,
                Pocket::of(account.head, before.market),
                context.board,
                MarginKind::Initial,
                Purpose::IncreaseRisk,
                &context.clock,
            )?;
        }
        account.head.last_active_slot = context.clock.slot;
        account.head.tell_modified(&after, CancelReason::Requested, context.sink);
        Ok(ModifyReport { order: after, kept_place: !renewed })
    }

    /// Writes the new values into the order and checks each as placing would.
    fn write<S: EventSink>(&self, context: &Context<'_, S>, order: &mut Order) -> Result<()> {
        let (params, market) = (&self.params, &*context.market);
        let changes = |bit: u8| params.changes & bit != 0;
        let kind = OrderKind::from_number(order.kind)?;
        let waits = order.is_waiting();
        if kind == OrderKind::Twap && params.changes != change::EXPIRY {
            return Err(Error::InvalidOrder);
        }
        if changes(change::EXTENT) {
            order.extent = params.extent;
            let bounds = TRAIL_BOUNDS.0..=TRAIL_BOUNDS.1;
            let trails = kind == OrderKind::TrailingStop && bounds.contains(&params.extent);
            if !(trails || (kind == OrderKind::Limit && !waits)) {
                return Err(Error::InvalidOrder);
            }
        }
        if changes(change::SIZE) {
            resize(market, order, params.size)?;
        }
        if order.extent != 0 && kind == OrderKind::Limit && params.changes & (change::EXTENT | change::SIZE) != 0 {
            place::require_part(market, order.extent, order.size, order.has(flags::REDUCE_ONLY))?;
        }
        if changes(change::TRIGGER) {
            if !waits || params.trigger_price.is_zero() {
                return Err(Error::InvalidOrder);
            }
            market.require_tick(params.trigger_price)?;
            order.set_level(params.trigger_price);
        }
        if changes(change::EXPIRY) {
            if params.expires_at != 0 && context.clock.unix_time >= i64::from(params.expires_at) {
                return Err(Error::OrderExpired);
            }
            order.expires_at = params.expires_at;
        }
        if changes(change::PRICE) {
            reprice(context, order, params.limit(order.flags), kind)?;
        }
        Ok(())
    }
}

/// Gives an order another size.
fn resize(market: &Market, order: &mut Order, size: Size) -> Result<()> {
    if order.has(flags::LEG) {
        return Err(Error::InvalidOrder);
    }
    if size <= order.filled {
        return Err(Error::SizeBelowFilled);
    }
    if size < market.min_order && !order.has(flags::REDUCE_ONLY) {
        return Err(Error::OrderTooSmall);
    }
    market.require_step(size)?;
    order.size = size;
    Ok(())
}

/// Gives an order another limit, in the form that its flags say, and moves a post-only order out of the vAMM's way where
/// it slides.
fn reprice<S: EventSink>(context: &Context<'_, S>, order: &mut Order, limit: Limit, kind: OrderKind) -> Result<()> {
    let market = &*context.market;
    match limit {
        Limit::Offset(distance) => {
            if distance.unsigned_abs() > offer::MAX_OFFSET {
                return Err(Error::InvalidOrder);
            }
            market.require_tick(Price(distance.unsigned_abs()))?;
            order.price = RawLimit::offset(distance);
        }
        Limit::Fixed(price) => {
            market.require_tick(price)?;
            // An order that waits gets a protection price when it is triggered; nothing gives one to an open order.
            if price.is_zero() && (kind.rests() || !order.is_waiting()) {
                return Err(Error::InvalidOrder);
            }
            order.flags = if price.is_zero() { order.flags | flags::NO_LIMIT } else { order.flags & !flags::NO_LIMIT };
            order.price = RawLimit::price(price);
        }
    }
    if order.has(flags::POST_ONLY) {
        let row = context.board.market(market.index)?;
        order.price = place::outside(market, row, order.side(), order.flags, order.price)?;
    }
    Ok(())
}

/// Follows an order's size in the open exposure and says whether the worst case became larger.
///
/// # Errors
/// [`Error::PositionTooLarge`].
fn expose(position: &mut Position, before: &Order, after: &Order, market: &Market) -> Result<bool> {
    if after.size == before.size || !after.adds_exposure() {
        return Ok(false);
    }
    let worst_before = position.worst_case_base()?.size();
    position.remove_open(before.side(), before.remaining()?)?;
    position.add_open(after.side(), after.remaining()?)?;
    let worst = position.worst_case_base()?.size();
    if worst <= worst_before {
        return Ok(false);
    }
    if worst > market.max_position { Err(Error::PositionTooLarge) } else { Ok(true) }
}
