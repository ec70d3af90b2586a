//! Orders: what a trader asks for, and the 96 bytes in which the ask is kept.

use crate::auction;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::quantity::{Base, Price, Size};

/// Buy or sell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Side {
    /// Buys base.
    Long = 0,
    /// Sells base.
    Short = 1,
}

impl Side {
    /// The side with this number.
    pub fn from_number(number: u8) -> Result<Self> {
        match number {
            0 => Ok(Self::Long),
            1 => Ok(Self::Short),
            _ => Err(Error::InvalidOrder),
        }
    }

    /// The other side.
    #[inline]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Long => Self::Short,
            Self::Short => Self::Long,
        }
    }

    /// Whether a taker on this side with a limit accepts a price.
    #[inline]
    pub fn accepts(self, limit: Price, price: Price) -> bool {
        match self {
            Self::Long => price <= limit,
            Self::Short => price >= limit,
        }
    }

    /// Whether `a` is a better price than `b` for a taker on this side.
    #[inline]
    pub fn better(self, a: Price, b: Price) -> bool {
        match self {
            Self::Long => a < b,
            Self::Short => a > b,
        }
    }

    /// The side that closes a position.
    #[inline]
    pub fn closing(base: Base) -> Self {
        if base.0 > 0 { Self::Short } else { Self::Long }
    }
}

/// Kind of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum OrderKind {
    /// Trades now through an auction, within a protection price.
    Market = 0,
    /// Trades at its price or better; rests when it does not trade.
    Limit = 1,
}

impl OrderKind {
    /// The kind with this number.
    pub fn from_number(number: u8) -> Result<Self> {
        match number {
            0 => Ok(Self::Market),
            1 => Ok(Self::Limit),
            _ => Err(Error::InvalidOrder),
        }
    }
}

/// Order flags, one bit each.
pub mod flags {
    /// Must not trade when it is placed.
    pub const POST_ONLY: u8 = 1;
    /// Only reduces the position.
    pub const REDUCE_ONLY: u8 = 2;
    /// What is not filled at once is cancelled.
    pub const IMMEDIATE_OR_CANCEL: u8 = 4;
    /// All known flags.
    pub const ALL: u8 = POST_ONLY | REDUCE_ONLY | IMMEDIATE_OR_CANCEL;
}

/// The order slot is free.
pub const STATUS_FREE: u8 = 0;
/// The order slot holds an open order.
pub const STATUS_OPEN: u8 = 1;

account_bytes! {
    /// What a trader asks for when placing an order.
    pub struct OrderParams [64] {
        /// The trader's own id, unique among open orders; 0 for none.
        0 => pub client_id: u64,
        /// Limit price; for market orders the protection price, 0 for the market's band.
        8 => pub price: Price,
        /// Size in base.
        16 => pub size: Size,
        /// Price at which the auction starts; 0 to derive start and end from the oracle.
        24 => pub auction_start: Price,
        /// Price at which the auction ends; 0 with `auction_start` 0.
        32 => pub auction_end: Price,
        /// Unix seconds at which the order expires (good till date); 0 for never.
        40 => pub expires_at: u32,
        /// Auction length in milliseconds; 0 for the exchange's default on market orders, none on limit orders.
        44 => pub auction_ms: u32,
        /// Market.
        48 => pub market: u16,
        /// [`OrderKind`] as a number.
        50 => pub kind: u8,
        /// [`Side`] as a number.
        51 => pub side: u8,
        /// Bits of [`flags`].
        52 => pub flags: u8,
        /// Padding.
        53 => pub padding: [u8; 11],
    }
}

account_bytes! {
    /// An open order in a sub-account's tail.
    pub struct Order [96] {
        /// Market-wide order sequence number: who came first.
        0 => pub seq: u64,
        /// The trader's own id, 0 for none.
        8 => pub client_id: u64,
        /// Limit or protection price.
        16 => pub price: Price,
        /// Size in base.
        24 => pub size: Size,
        /// Filled so far.
        32 => pub filled: Size,
        /// Trigger price, for kinds that have one.
        40 => pub trigger_price: Price,
        /// Auction start price, 0 when there is no auction.
        48 => pub auction_start: Price,
        /// Auction end price.
        56 => pub auction_end: Price,
        /// Slot from which the order can trade; auctions count from it.
        64 => pub activation_slot: u64,
        /// Size shown, for kinds that hide part of theirs; 0 shows all.
        72 => pub display_size: Size,
        /// Id within the sub-account.
        80 => pub id: u32,
        /// Unix seconds at which the order expires, 0 for never.
        84 => pub expires_at: u32,
        /// Market.
        88 => pub market: u16,
        /// [`OrderKind`] as a number.
        90 => pub kind: u8,
        /// [`Side`] as a number.
        91 => pub side: u8,
        /// Bits of [`flags`].
        92 => pub flags: u8,
        /// [`STATUS_FREE`] or [`STATUS_OPEN`].
        93 => pub status: u8,
        /// Auction length in slots, 0 for none.
        94 => pub auction_slots: u16,
    }
}

impl Order {
    /// Whether the slot holds an open order.
    #[inline]
    pub const fn is_open(&self) -> bool {
        self.status == STATUS_OPEN
    }

    /// Buy or sell.
    #[inline]
    pub const fn side(&self) -> Side {
        if self.side == Side::Long as u8 { Side::Long } else { Side::Short }
    }

    /// Whether a flag of [`flags`] is set.
    #[inline]
    pub const fn has(&self, flag: u8) -> bool {
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

    /// The worst price that the order accepts at this slot: the auction's price while it runs, else its
    /// limit. Rounded to the tick in the order's favour.
    #[inline]
    pub fn limit_price(&self, slot: u64, tick: Price) -> Result<Price> {
        if self.in_auction(slot) { auction::price(self, slot, tick) } else { Ok(self.price) }
    }

    /// Whether the remaining size counts as open exposure in margin. Reduce-only orders cannot add any.
    #[inline]
    pub const fn adds_exposure(&self) -> bool {
        !self.has(flags::REDUCE_ONLY)
    }

    /// Checks what must hold between instructions.
    pub fn invariant(&self) -> Result<()> {
        let sound = match self.status {
            STATUS_FREE => true,
            STATUS_OPEN => {
                self.filled < self.size
                    && self.id != 0
                    && OrderKind::from_number(self.kind).is_ok()
                    && Side::from_number(self.side).is_ok()
                    && self.flags & !flags::ALL == 0
            }
            _ => false,
        };
        if sound { Ok(()) } else { Err(Error::InvariantBroken) }
    }
}
