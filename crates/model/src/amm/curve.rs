//! Constant product with a peg and a concentration.
//!
//! `base * quote = sqrt_k^2`; the price is `quote * peg / base`. Source: drift 2.1; vectors A and N.

use crate::error::{Error, Result};
use crate::num::{BASE, PPM, Rounding, div_wide, isqrt_wide, mul_div, mul_div_inline, mul_wide, saturating_sub};
use crate::quantity::{Amount, Base, Price, Quote, Size};
use crate::side::Side;

/// Reserves, product and peg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Curve {
    /// Base reserve.
    pub base: Size,
    /// Quote reserve, before the peg.
    pub quote: Size,
    /// Square root of the product.
    pub sqrt_k: Size,
    /// Peg.
    pub peg: Price,
}

/// Where a trade leaves the curve, and what it costs.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CurveFill {
    /// The curve afterwards.
    pub curve: Curve,
    /// Quote that the taker pays (long, rounded up) or gets (short, rounded down).
    pub quote: Amount,
}

impl Curve {
    /// `quote * peg / base`, rounded down.
    #[inline]
    pub fn mid(&self) -> Result<Price> {
        mul_div_inline(self.quote.0, self.peg.0, self.base.0, Rounding::Down).map(Price)
    }

    /// Quote reserve that belongs to a base reserve, rounded down.
    #[inline]
    pub fn quote_at(&self, base: Size) -> Result<Size> {
        let (high, low) = mul_wide(self.sqrt_k.0, self.sqrt_k.0);
        if base.is_zero() {
            return Err(Error::DivisionByZero);
        }
        div_wide(high, low, base.0).map(|(quotient, _)| Size(quotient))
    }

    /// What a taker's trade does. Reserves and quote are rounded down each, and a buyer pays a unit of reserve and a unit of
    /// quote more: never less than the exact integral. A seller may get up to `peg / 1e9` more than the exact integral, since
    /// the reserve after it is rounded down; what both sides of a round trip pay is more than that (docs/math/amm.md).
    ///
    /// # Errors
    /// [`Error::AmmNoCapacity`] when a buyer asks for more than the reserve.
    pub fn trade(&self, side: Side, size: Size) -> Result<CurveFill> {
        let base = match side {
            Side::Long if size >= self.base => return Err(Error::AmmNoCapacity),
            Side::Long => self.base.minus(size)?,
            Side::Short => self.base.plus(size)?,
        };
        let quote = self.quote_at(base)?;
        let amount = match side {
            Side::Long => {
                let paid = quote.minus(self.quote)?.plus(Size(1))?;
                mul_div_inline(paid.0, self.peg.0, BASE, Rounding::Down)?.checked_add(1).ok_or(Error::Overflow)?
            }
            Side::Short => mul_div_inline(saturating_sub(self.quote.0, quote.0), self.peg.0, BASE, Rounding::Down)?,
        };
        Ok(CurveFill { curve: Curve { base, quote, ..*self }, quote: Amount(amount) })
    }

    /// Reserves once users' net base `net` were closed.
    pub fn terminal(&self, net: Base) -> Result<Curve> {
        let base = if net.0 >= 0 { self.base.plus(net.size())? } else { self.base.minus(net.size())? };
        Ok(Curve { base, quote: self.quote_at(base)?, ..*self })
    }

    /// Smallest and largest base reserve that the concentration allows around the terminal reserve.
    pub fn bounds(&self, net: Base, concentration: u32) -> Result<(Size, Size)> {
        let centre = if net.0 >= 0 { self.base.plus(net.size())? } else { self.base.minus(net.size())? };
        let low = mul_div(centre.0, PPM, u64::from(concentration), Rounding::Up)?;
        let high = mul_div(centre.0, u64::from(concentration), PPM, Rounding::Down)?;
        Ok((Size(low), Size(high)))
    }

    /// Size that moves the curve's marginal price to `price`, zero when the price is on the other side.
    pub fn size_to_price(&self, side: Side, price: Price) -> Result<Size> {
        let price = price.usable()?;
        // base*^2 = k * peg / price
        let (root_high, _) = (self.sqrt_k.0, ());
        let scaled = scaled_k(root_high, self.peg.0, price.0)?;
        let target = Size(isqrt_wide(scaled));
        Ok(match side {
            Side::Long => Size(saturating_sub(self.base.0, target.0)),
            Side::Short => Size(saturating_sub(target.0, self.base.0)),
        })
    }

    /// The same inventory on a curve of another depth. Source: drift 2.5; vectors A6-A9.
    pub fn with_sqrt_k(&self, sqrt_k: Size) -> Result<Curve> {
        let ratio = mul_div_inline(sqrt_k.0, BASE, self.sqrt_k.0, Rounding::Down)?;
        let ratio = if sqrt_k < self.sqrt_k { ratio.checked_add(1).ok_or(Error::Overflow)? } else { ratio };
        let base = Size(mul_div_inline(self.base.0, ratio, BASE, Rounding::Down)?);
        let changed = Curve { base, sqrt_k, ..*self };
        Ok(Curve { quote: changed.quote_at(base)?, ..changed })
    }

    /// Quote that closing users' net base would move on this curve: positive when users get it.
    pub fn closing_value(&self, net: Base) -> Result<Quote> {
        if net.is_zero() {
            return Ok(Quote::ZERO);
        }
        if net.0 > 0 {
            self.trade(Side::Short, net.size())?.quote.credit()
        } else {
            self.trade(Side::Long, net.size())?.quote.debit()
        }
    }
}

/// `sqrt_k^2 * peg / price` in 128 bits.
fn scaled_k(sqrt_k: u64, peg: u64, price: u64) -> Result<u128> {
    let k = u128::from(sqrt_k).checked_mul(u128::from(sqrt_k)).ok_or(Error::Overflow)?;
    let (peg, price) = (u128::from(peg), u128::from(price));
    let whole = k.checked_div(price).ok_or(Error::DivisionByZero)?;
    let rest = k.checked_rem(price).ok_or(Error::DivisionByZero)?;
    let part = rest.checked_mul(peg).ok_or(Error::Overflow)?.checked_div(price).ok_or(Error::DivisionByZero)?;
    whole.checked_mul(peg).ok_or(Error::Overflow)?.checked_add(part).ok_or(Error::Overflow)
}

/// What a change of depth costs the vAMM (negative: brings): the change of the users' closing value.
/// Source: drift 2.5; vectors A7.
pub fn k_cost(before: &Curve, after: &Curve, net: Base) -> Result<Quote> {
    after.closing_value(net)?.minus(before.closing_value(net)?)
}

/// Peg at which the curve's mid is `price`, at least one. Source: drift 2.5; vectors C1-C5.
pub fn peg_for(curve: &Curve, price: Price) -> Result<Price> {
    let peg = mul_div_inline(price.0, curve.base.0, curve.quote.0, Rounding::Down)?;
    Ok(Price(peg.max(1)))
}
