//! The words of an order that mean what its flags or its kind say.

use super::flags;
use crate::quantity::{Price, Size};

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

    /// The word itself, as an order's parameters carry it.
    #[inline]
    pub const fn word(self) -> Price {
        Price(self.0)
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

    /// The trigger price of a kind that waits for one.
    #[inline]
    pub(super) const fn price(self) -> Price {
        Price(self.0)
    }

    /// What a TWAP has released.
    #[inline]
    pub(super) const fn size(self) -> Size {
        Size(self.0)
    }

    /// The word as records hold it.
    #[inline]
    pub const fn word(self) -> u64 {
        self.0
    }
}
