//! Quantities with their units. Only operations that make sense exist: adding base to quote does not compile.

use crate::error::{Error, Result};
use crate::num::{BASE, Checked, PPM, Rounding, mul_div, mul_div_inline, mul_div_signed, negative, quotient, to_i64};

macro_rules! quantity {
    ($(#[$meta:meta])* $name:ident($inner:ty)) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
        #[derive(bytemuck::Pod, bytemuck::Zeroable)]
        #[repr(transparent)]
        pub struct $name(pub $inner);

        impl $name {
            /// Nothing.
            pub const ZERO: Self = Self(0);

            /// Sum; [`Error::Overflow`] outside the range.
            #[inline]
            pub fn plus(self, other: Self) -> Result<Self> {
                Checked::plus(self.0, other.0).map(Self)
            }

            /// Difference; [`Error::Overflow`] outside the range.
            #[inline]
            pub fn minus(self, other: Self) -> Result<Self> {
                Checked::minus(self.0, other.0).map(Self)
            }

            /// Whether it is zero.
            #[inline]
            pub const fn is_zero(self) -> bool {
                self.0 == 0
            }
        }
    };
}
pub(crate) use quantity;

quantity! {
    /// Quote units per base unit at 1e6 (a price of 1.00 is 1,000,000).
    Price(u64)
}
quantity! {
    /// An unsigned base amount at 1e9: order sizes, reserves, open interest.
    Size(u64)
}
quantity! {
    /// A signed base amount at 1e9: positive is long.
    Base(i64)
}
quantity! {
    /// A signed quote amount at 1e6: positive is a claim of the holder.
    Quote(i64)
}
quantity! {
    /// An unsigned token amount in the mint's own units (USDC: 1e6).
    Amount(u64)
}
quantity! {
    /// A ratio or rate in parts per million.
    Ppm(u32)
}
quantity! {
    /// Cumulative funding in quote per base at 1e9.
    FundingIndex(i64)
}

impl Size {
    /// Value at a price, in quote units (1e6).
    #[inline]
    pub fn value(self, price: Price, rounding: Rounding) -> Result<Amount> {
        mul_div_inline(self.0, price.0, BASE, rounding).map(Amount)
    }

    /// The smaller of two.
    #[inline]
    pub fn min(self, other: Self) -> Self {
        Self(self.0.min(other.0))
    }
}

impl Base {
    /// Magnitude.
    #[inline]
    pub const fn size(self) -> Size {
        Size(self.0.unsigned_abs())
    }

    /// Value at a price, rounded toward minus or plus infinity.
    #[inline]
    pub fn value(self, price: Price, rounding: Rounding) -> Result<Quote> {
        mul_div_signed(self.0, price.0, BASE, rounding).map(Quote)
    }
}

impl Quote {
    /// Magnitude.
    #[inline]
    pub const fn magnitude(self) -> Amount {
        Amount(self.0.unsigned_abs())
    }

    /// The amount when it is positive, else zero.
    #[inline]
    pub fn positive_part(self) -> Amount {
        Amount(u64::try_from(self.0).unwrap_or(0))
    }
}

impl Amount {
    /// As a claim.
    #[inline]
    pub fn credit(self) -> Result<Quote> {
        to_i64(self.0).map(Quote)
    }

    /// As a debt.
    #[inline]
    pub fn debit(self) -> Result<Quote> {
        negative(self.0).map(Quote)
    }

    /// A share of it.
    #[inline]
    pub fn share(self, ratio: Ppm, rounding: Rounding) -> Result<Amount> {
        let ratio = u64::from(ratio.0);
        // Below 2^44 units (17 million dollars) and 2^20 millionths the product fits a word.
        if (self.0 | ratio.wrapping_shl(24)).wrapping_shr(44) == 0 {
            quotient(self.0.wrapping_mul(ratio), PPM, rounding).map(Amount)
        } else {
            mul_div(self.0, ratio, PPM, rounding).map(Amount)
        }
    }

    /// The smaller of two.
    #[inline]
    pub fn min(self, other: Self) -> Self {
        Self(self.0.min(other.0))
    }
}

impl Price {
    /// The price moved up by a ratio, rounded as asked.
    pub fn raised(self, by: Ppm, rounding: Rounding) -> Result<Price> {
        mul_div(self.0, PPM.plus(u64::from(by.0))?, PPM, rounding).map(Price)
    }

    /// The price moved down by a ratio (not below zero), rounded as asked.
    pub fn lowered(self, by: Ppm, rounding: Rounding) -> Result<Price> {
        mul_div(self.0, PPM.saturating_sub(u64::from(by.0)), PPM, rounding).map(Price)
    }

    /// Distance to another price in parts per million of this one, rounded down.
    ///
    /// # Errors
    /// [`Error::DivisionByZero`] when this price is zero.
    pub fn distance(self, other: Price) -> Result<u64> {
        mul_div(self.0.abs_diff(other.0), PPM, self.0, Rounding::Down)
    }

    /// The price, refused when it is zero.
    pub fn usable(self) -> Result<Price> {
        if self.0 == 0 { Err(Error::InvalidPrice) } else { Ok(self) }
    }
}
