//! The two sides of a trade.

use crate::error::Result;
use crate::num::{negative, to_i64};
use crate::quantity::{Base, Price, Size};

numbered! {
    /// Buy or sell.
    pub enum Side else InvalidOrder {
        /// Buys base.
        Long = 0,
        /// Sells base.
        Short = 1,
    }
}

impl Side {
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

impl Size {
    /// As a signed amount on a side.
    #[inline]
    pub fn on(self, side: Side) -> Result<Base> {
        match side {
            Side::Long => to_i64(self.0).map(Base),
            Side::Short => negative(self.0).map(Base),
        }
    }
}
