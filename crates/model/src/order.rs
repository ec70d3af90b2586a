//! Orders: what a trader asks for, and the 96 bytes in which the ask is kept.

use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::num::Checked;
use crate::quantity::{Ppm, Price, Size};
pub use crate::side::Side;

numbered! {
    /// Kind of an order.
    pub enum OrderKind else InvalidOrder {
        /// Trades now through an auction, within a protection price.
        Market = 0,
        /// Trades at its price or better; rests when it does not trade.
        Limit = 1,
        /// Waits until the price passes the trigger against the position it protects, then is a market order.
        StopMarket = 2,
        /// As [`Self::StopMarket`], then is a limit order.
        StopLimit = 3,
        /// Waits until the price reaches the trigger in favour of the position, then is a market order.
        TakeProfitMarket = 4,
        /// As [`Self::TakeProfitMarket`], then is a limit order.
        TakeProfitLimit = 5,
        /// A stop whose trigger follows the price at a distance, then is a market order.
        TrailingStop = 6,
        /// A market order in slices, one an interval.
        Twap = 7,
    }
}

impl OrderKind {
    /// Whether an order of this kind waits for a trigger.
    #[inline]
    pub const fn waits(self) -> bool {
        matches!(
            self,
            Self::StopMarket | Self::StopLimit | Self::TakeProfitMarket | Self::TakeProfitLimit | Self::TrailingStop
        )
    }

    /// Whether a triggered order of this kind rests at its price instead of trading through an auction.
    #[inline]
    pub const fn rests(self) -> bool {
        matches!(self, Self::Limit | Self::StopLimit | Self::TakeProfitLimit)
    }

    /// Whether an order of this kind on a side waits for the price to rise to its trigger; else for it to fall.
    #[inline]
    pub const fn triggers_above(self, side: Side) -> bool {
        let takes_profit = matches!(self, Self::TakeProfitMarket | Self::TakeProfitLimit);
        matches!(side, Side::Long) != takes_profit
    }
}

/// Order flags, one bit each.
pub mod flags {
    /// Must not trade when it is placed.
    pub const POST_ONLY: u16 = 1;
    /// Only reduces the position.
    pub const REDUCE_ONLY: u16 = 1 << 1;
    /// What is not filled at once is cancelled.
    pub const IMMEDIATE_OR_CANCEL: u16 = 1 << 2;
    /// Filled in full at once, or not at all.
    pub const FILL_OR_KILL: u16 = 1 << 3;
    /// A post-only order that would trade moves to one tick before the touch instead of being refused.
    pub const SLIDE: u16 = 1 << 4;
    /// The price is a signed distance to the oracle.
    pub const OFFSET: u16 = 1 << 5;
    /// One leg of a bracket, or one of two orders of which one cancels the other.
    pub const LEG: u16 = 1 << 6;
    /// Legs of a bracket follow this order's fills.
    pub const HAS_LEGS: u16 = 1 << 7;
    /// Came through the sub-account's builder, who gets its fee.
    pub const BUILDER: u16 = 1 << 8;
    /// The trigger looks at the mark instead of the oracle.
    pub const TRIGGER_MARK: u16 = 1 << 9;
    /// The trigger looks at the last fill instead of the oracle.
    pub const TRIGGER_LAST: u16 = 1 << 10;
    /// Against an order of its own owner, the taker is cancelled (neither bit: the maker).
    pub const SELF_CANCEL_TAKER: u16 = 1 << 11;
    /// Against an order of its own owner, both shrink by the smaller size.
    pub const SELF_DECREMENT: u16 = 1 << 12;
    /// The owner gave no protection price: each auction sets one from the oracle, and may be started anew when it has
    /// ended unfilled. Set by the program on orders that wait or come in slices.
    pub const NO_LIMIT: u16 = 1 << 13;
    /// What happens against an order of its own owner: one of these, or neither.
    pub const SELF_TRADE: u16 = SELF_CANCEL_TAKER | SELF_DECREMENT;
    /// Not to rest: what is not filled at once goes.
    pub const AT_ONCE: u16 = IMMEDIATE_OR_CANCEL | FILL_OR_KILL;
    /// Flags that few orders have and that need a closer look when one is placed.
    pub const RARE: u16 = FILL_OR_KILL | SLIDE | OFFSET | SELF_TRADE;
    /// Where the trigger looks: one of these, or neither.
    pub const TRIGGER: u16 = TRIGGER_MARK | TRIGGER_LAST;
    /// An order that belongs to a group: its fills and its end change the others.
    pub const GROUPED: u16 = LEG | HAS_LEGS;
    /// Flags of orders that wait for a trigger, come in slices or belong together; no other order names them.
    pub const CONDITIONAL: u16 = LEG | HAS_LEGS | TRIGGER | NO_LIMIT;
    /// Flags that this version accepts.
    pub const ALL: u16 = POST_ONLY
        | REDUCE_ONLY
        | IMMEDIATE_OR_CANCEL
        | FILL_OR_KILL
        | SLIDE
        | OFFSET
        | SELF_TRADE
        | BUILDER
        | CONDITIONAL;
}

/// The worst price that an order accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// This price, zero for none.
    Fixed(Price),
    /// The oracle's price plus this distance in price units.
    Offset(i64),
}

/// The word of an order in which its limit is kept: a price, or a distance to the oracle. The order's flags tell which:
/// [`Order::limit`] reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(transparent)]
pub struct RawLimit(u64);

impl RawLimit {
    /// A limit or protection price, zero for none.
    #[inline]
    pub const fn price(price: Price) -> Self {
        Self(price.0)
    }

    /// A signed distance to the oracle in price units, of an order with [`flags::OFFSET`].
    #[inline]
    pub const fn offset(distance: i64) -> Self {
        Self(distance.cast_unsigned())
    }

    /// The word of a limit.
    #[inline]
    pub const fn of(limit: Limit) -> Self {
        match limit {
            Limit::Fixed(price) => Self::price(price),
            Limit::Offset(distance) => Self::offset(distance),
        }
    }

    /// What the word says in an order with these flags.
    #[inline]
    pub const fn read(self, bits: u16) -> Limit {
        if bits & flags::OFFSET == 0 { Limit::Fixed(Price(self.0)) } else { Limit::Offset(self.0.cast_signed()) }
    }
}

/// The word of an order in which a trigger price is kept, or what a TWAP has released. The order's kind tells which:
/// [`Order::level`] and [`Order::released`] read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(transparent)]
pub struct RawLevel(u64);

impl RawLevel {
    /// A trigger price, zero for none.
    #[inline]
    pub const fn trigger(price: Price) -> Self {
        Self(price.0)
    }

    /// Base that a TWAP has released.
    #[inline]
    pub const fn released(size: Size) -> Self {
        Self(size.0)
    }

    /// The word as records hold it.
    #[inline]
    pub const fn word(self) -> u64 {
        self.0
    }
}

/// The order slot is free.
pub const STATUS_FREE: u8 = 0;
/// The order slot holds an open order.
pub const STATUS_OPEN: u8 = 1;
/// The order slot holds an order that waits for its trigger.
pub const STATUS_WAITING: u8 = 2;

account_bytes! {
    /// What a trader asks for when placing an order.
    pub struct OrderParams [72] {
        /// The trader's own id, good for one order ([`crate::client_id`]); 0 for none.
        0 => pub client_id: u64,
        /// Limit price; for market orders the protection price, 0 for the market's band.
        8 => pub price: Price,
        /// Size in base.
        16 => pub size: Size,
        /// Price at which the auction starts; 0 to derive start and end from the oracle.
        24 => pub auction_start: Price,
        /// Price at which the auction ends; 0 with `auction_start` 0.
        32 => pub auction_end: Price,
        /// Trigger price, for kinds that wait for one; 0 otherwise.
        40 => pub trigger_price: Price,
        /// Unix seconds at which the order expires (good till date); 0 for never.
        48 => pub expires_at: u32,
        /// Auction length in milliseconds; 0 for the exchange's default on market orders, none on limit orders.
        52 => pub auction_ms: u32,
        /// See [`Order::extent`].
        56 => pub extent: u32,
        /// See [`Order::link`].
        60 => pub link: u32,
        /// Market.
        64 => pub market: u16,
        /// Bits of [`flags`].
        66 => pub flags: u16,
        /// [`OrderKind`] as a number.
        68 => pub kind: u8 as OrderKind,
        /// [`Side`] as a number.
        69 => pub side: u8 as Side,
        /// Padding.
        70 => pub padding: [u8; 2],
    }
}

account_bytes! {
    /// An open order in a sub-account's tail.
    pub struct Order [96] {
        /// Market-wide order sequence number: who came first.
        0 => pub seq: u64,
        /// The trader's own id, 0 for none. A free slot may remember that of an order that was in it.
        8 => pub client_id: u64,
        /// Limit or protection price.
        16 => pub price: RawLimit,
        /// Size in base.
        24 => pub size: Size,
        /// Filled so far.
        32 => pub filled: Size,
        /// Trigger price, for kinds that have one.
        40 => pub trigger_price: RawLevel,
        /// Auction start price, 0 when there is no auction.
        48 => pub auction_start: Price,
        /// Auction end price.
        56 => pub auction_end: Price,
        /// Slot from which the order can trade; auctions count from it.
        64 => pub activation_slot: u64,
        /// What the kind needs: steps shown at a time (limit, 0 shows all), steps a slice (TWAP), distance to the
        /// price in parts per million (trailing stop).
        72 => pub extent: u32,
        /// What belongs together: id of the order whose bracket this is a leg of, or of the first of two that
        /// cancel each other; seconds between slices (TWAP).
        76 => pub link: u32,
        /// Id within the sub-account.
        80 => pub id: u32,
        /// Unix seconds at which the order expires, 0 for never.
        84 => pub expires_at: u32,
        /// Market.
        88 => pub market: u16,
        /// Bits of [`flags`].
        90 => pub flags: u16,
        /// [`OrderKind`] as a number.
        92 => pub kind: u8 as OrderKind,
        /// [`Side`] as a number.
        93 => pub side: u8 as Side,
        /// [`STATUS_FREE`], [`STATUS_OPEN`] or [`STATUS_WAITING`].
        94 => pub status: u8 as OrderStatus,
        /// Auction length in slots, 0 for none.
        95 => pub auction_slots: u8,
    }
}

impl OrderParams {
    /// The limit: a price, or with [`flags::OFFSET`] a distance to the oracle.
    #[inline]
    pub const fn limit(&self) -> Limit {
        RawLimit(self.price.0).read(self.flags)
    }
}

impl Order {
    /// Whether the slot holds an order, be it one that waits for its trigger.
    #[inline]
    pub const fn is_open(&self) -> bool {
        self.status != STATUS_FREE
    }

    /// Whether the slot holds an order that waits for its trigger and cannot trade.
    #[inline]
    pub const fn is_waiting(&self) -> bool {
        self.status == STATUS_WAITING
    }

    /// The order's limit: a price, or with [`flags::OFFSET`] a distance to the oracle.
    #[inline]
    pub const fn limit(&self) -> Limit {
        self.price.read(self.flags)
    }

    /// The limit or protection price. Zero for none, and for an order at a distance to the oracle, which has none of its
    /// own ([`Order::effective_price`]).
    #[inline]
    pub const fn price(&self) -> Price {
        match self.limit() {
            Limit::Fixed(price) => price,
            Limit::Offset(_) => Price::ZERO,
        }
    }

    /// The distance to the oracle in price units of an order with [`flags::OFFSET`], zero for others.
    #[inline]
    pub const fn offset(&self) -> i64 {
        match self.limit() {
            Limit::Fixed(_) => 0,
            Limit::Offset(distance) => distance,
        }
    }

    /// The trigger price of a kind that waits for one; kept once the order is triggered.
    #[inline]
    pub const fn level(&self) -> Price {
        Price(self.trigger_price.0)
    }

    /// Moves the trigger of an order that waits for one.
    #[inline]
    pub const fn set_level(&mut self, level: Price) {
        self.trigger_price = RawLevel::trigger(level);
    }

    /// Base that a TWAP has released to trading so far.
    #[inline]
    pub const fn released(&self) -> Size {
        Size(self.trigger_price.0)
    }

    /// Sets what a TWAP has released to trading.
    #[inline]
    pub const fn set_released(&mut self, released: Size) {
        self.trigger_price = RawLevel::released(released);
    }

    /// The distance that a trailing stop's trigger keeps to the price, over the price.
    #[inline]
    pub const fn distance(&self) -> Ppm {
        Ppm(self.extent)
    }

    /// Seconds between two slices of a TWAP.
    #[inline]
    pub const fn interval(&self) -> u32 {
        self.link
    }

    /// Size of a TWAP's slice in a market with this step.
    #[inline]
    pub fn slice(&self, step: Size) -> Result<Size> {
        step.0.times(u64::from(self.extent)).map(Size)
    }

    /// Buy or sell.
    #[inline]
    pub const fn side(&self) -> Side {
        if self.side == Side::Long as u8 { Side::Long } else { Side::Short }
    }

    /// Whether a flag of [`flags`] is set.
    #[inline]
    pub const fn has(&self, flag: u16) -> bool {
        self.flags & flag != 0
    }

    /// What is left to fill.
    #[inline]
    pub fn remaining(&self) -> Result<Size> {
        self.size.minus(self.filled)
    }

    /// Whether the order's expiry has passed.
    #[inline]
    pub fn is_expired(&self, clock: &Clock) -> bool {
        self.expires_at != 0 && clock.unix_time >= i64::from(self.expires_at)
    }

    /// Whether an auction is running at this slot.
    #[inline]
    pub fn in_auction(&self, slot: u64) -> bool {
        self.auction_slots != 0 && slot.saturating_sub(self.activation_slot) <= u64::from(self.auction_slots)
    }

    /// Whether the order can be somebody else's maker at this slot: a limit order whose auction, if it had
    /// one, is over, and which is active.
    #[inline]
    pub fn is_resting(&self, slot: u64) -> bool {
        self.kind == OrderKind::Limit as u8 && slot >= self.activation_slot && !self.in_auction(slot)
    }

    /// Whether the remaining size counts as open exposure in margin. Reduce-only orders cannot add any, waiting ones do
    /// not yet.
    #[inline]
    pub const fn adds_exposure(&self) -> bool {
        !self.has(flags::REDUCE_ONLY) && self.status == STATUS_OPEN
    }

    /// Checks what must hold between instructions.
    pub fn invariant(&self) -> Result<()> {
        let known = self.id != 0
            && Side::from_number(self.side).is_ok()
            && self.flags & !flags::ALL == 0
            && self.flags & flags::GROUPED != flags::GROUPED
            && (!self.has(flags::LEG) || self.link != 0);
        let sound = match (self.status, OrderKind::from_number(self.kind)) {
            (STATUS_FREE, _) => true,
            // What was triggered is a market or limit order from then on.
            (STATUS_OPEN, Ok(OrderKind::Market | OrderKind::Limit)) => known && self.filled < self.size,
            (STATUS_OPEN, Ok(OrderKind::Twap)) => {
                let released = self.released();
                known
                    && !self.has(flags::LEG)
                    && self.filled < self.size
                    && self.filled <= released
                    && released <= self.size
                    && self.extent != 0
                    && self.link != 0
            }
            (STATUS_WAITING, Ok(kind)) => {
                known
                    && kind.waits()
                    && self.filled.is_zero()
                    && !self.level().is_zero()
                    // A leg has nothing to do until its parent fills.
                    && (!self.size.is_zero() || (self.has(flags::LEG) && self.has(flags::REDUCE_ONLY)))
                    && self.auction_slots == 0
            }
            _ => false,
        };
        if sound { Ok(()) } else { Err(Error::InvariantBroken) }
    }
}
