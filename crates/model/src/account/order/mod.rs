//! Orders: what a trader asks for, and the 96 bytes in which the ask is kept.

pub mod flags;
mod limit;
pub mod signed_text;

pub use crate::side::Side;
pub use limit::{Limit, RawLevel, RawLimit};

use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::num::Checked;
use crate::quantity::{Ppm, Price, Size};

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

/// The order slot is free.
pub const STATUS_FREE: u8 = 0;
/// The order slot holds an open order.
pub const STATUS_OPEN: u8 = 1;
/// The order slot holds an order that waits for its trigger.
pub const STATUS_WAITING: u8 = 2;

account_bytes! {
    /// What a trader asks for when placing an order.
    pub struct OrderParams [72] {
        /// The trader's own id, good for one order; 0 for none.
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
        RawLimit::price(self.price).read(self.flags)
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
        self.trigger_price.price()
    }

    /// Moves the trigger of an order that waits for one.
    #[inline]
    pub const fn set_level(&mut self, level: Price) {
        self.trigger_price = RawLevel::trigger(level);
    }

    /// Base that a TWAP has released to trading so far.
    #[inline]
    pub const fn released(&self) -> Size {
        self.trigger_price.size()
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
