//! The vAMM beside a maker that joins a taker's auction. Source: drift 2.6.

use super::{Amm, AmmFill};
use crate::account::board::PriceRow;
use crate::error::Result;
use crate::num::{PPM, Rounding, floor_to, mul_div};
use crate::quantity::{Amount, Price, Size};
use crate::side::Side;

impl Amm {
    /// How much of a taker's order on a side the vAMM takes beside a maker that takes `maker_size` at the auction's
    /// price, in multiples of the step: `jit_share` of the maker's size, at most `wanted`, and only what makes its
    /// inventory smaller, inside its capacity, up to where its own quote would meet the price. Zero when it does not join.
    ///
    /// The caller has made sure that the row serves [`crate::account::board::Purpose::FillAmm`], that it is live for the order,
    /// that the vAMM has seen its price ([`Self::see`]), and that fills of the vAMM are not paused.
    ///
    /// # Errors
    /// [`crate::Error::Overflow`].
    pub fn join_size(
        &self,
        side: Side,
        maker_size: Size,
        wanted: Size,
        auction_price: Price,
        row: &PriceRow,
        step: Size,
    ) -> Result<Size> {
        if self.sqrt_k.is_zero() || self.jit_share.is_zero() || !self.reduces_inventory(side) {
            return Ok(Size::ZERO);
        }
        let shared = Size(mul_div(maker_size.0, u64::from(self.jit_share.0), PPM, Rounding::Down)?);
        let most = Size(floor_to(shared.min(wanted).min(self.base.size()).0, step.0));
        if most.is_zero() {
            return Ok(Size::ZERO);
        }
        let plain = without_spread(side, auction_price, self.spread(side, row)?)?;
        if plain.is_zero() || !side.accepts(plain, row.price) || !side.accepts(plain, self.held_price(side)) {
            return Ok(Size::ZERO);
        }
        let size = most.min(self.capacity(side, row.price, step)?).min(self.curve().size_to_price(side, plain)?);
        Ok(Size(floor_to(size.0, step.0)))
    }

    /// A trade of a size with a taker on a side at a price that was agreed elsewhere; to be passed to [`Self::book`].
    ///
    /// # Errors
    /// [`crate::Error::Overflow`].
    pub fn at_price(&self, side: Side, size: Size, price: Price) -> Result<AmmFill> {
        let fill = self.curve().trade(side, size)?;
        // The fraction of a unit goes against the taker.
        let (quote, surplus) = match side {
            Side::Long => {
                let quote = size.value(price, Rounding::Up)?;
                (quote, quote.0.saturating_sub(fill.quote.0))
            }
            Side::Short => {
                let quote = size.value(price, Rounding::Down)?;
                (quote, fill.quote.0.saturating_sub(quote.0))
            }
        };
        Ok(AmmFill { size, quote, curve: fill.curve, surplus: Amount(surplus) })
    }
}

/// The curve's price that a spread widens to a price, rounded against the taker.
#[inline]
pub(super) fn without_spread(side: Side, price: Price, spread: crate::quantity::Ppm) -> Result<Price> {
    let spread = u64::from(spread.0);
    Ok(match side {
        Side::Long => Price(mul_div(price.0, PPM, PPM.wrapping_add(spread), Rounding::Down)?),
        Side::Short => Price(mul_div(price.0, PPM, PPM.saturating_sub(spread), Rounding::Up)?),
    })
}
