//! The two sides of a trade.

use crate::error::{Error, Result};
use crate::num::{negative, to_i64};
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
