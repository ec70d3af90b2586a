//! What a contract is worth: the one place where a position and a price become a value.

use crate::account::board::MarketRow;
use crate::account::market::Market;
use crate::amm::Amm;
use crate::error::Result;
use crate::num::{BASE, Rounding, mul_div_bounds};
use crate::quantity::{Amount, Base, Price, Quote, Size};

/// Kind of a contract. A kind that is added has its line in each function here, or they do not compile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instrument {
    /// A base is worth the price: `value = base * price`.
    Linear,
}

impl Instrument {
    /// Value of a position at a price, quote units (1e6), negative for a short; rounded toward minus or plus infinity.
    ///
    /// # Errors
    /// [`crate::Error::Overflow`].
    #[inline]
    pub fn value(self, base: Base, price: Price, rounding: Rounding) -> Result<Quote> {
        match self {
            Self::Linear => base.value(price, rounding),
        }
    }

    /// Value of a size at a price, quote units (1e6).
    ///
    /// # Errors
    /// [`crate::Error::Overflow`].
    #[inline]
    pub fn worth(self, size: Size, price: Price, rounding: Rounding) -> Result<Amount> {
        match self {
            Self::Linear => size.value(price, rounding),
        }
    }

    /// [`Self::worth`] rounded down and rounded up, for one division.
    ///
    /// # Errors
    /// [`crate::Error::Overflow`].
    #[inline]
    pub fn bounds(self, size: Size, price: Price) -> Result<(Amount, Amount)> {
        match self {
            Self::Linear => mul_div_bounds(size.0, price.0, BASE).map(|(low, high)| (Amount(low), Amount(high))),
        }
    }
}

/// All markets trade linear contracts: accounts get a field for another kind when there is one.
macro_rules! linear {
    ($($of:ident)*) => { $(
        impl $of {
            /// Kind of the market's contract.
            #[inline]
            pub const fn instrument(&self) -> Instrument {
                Instrument::Linear
            }
        }
    )* };
}
linear!(MarketRow Market Amm);
