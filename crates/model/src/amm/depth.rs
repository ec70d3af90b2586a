//! How far a budget moves the depth of the curve.
//!
//! With users' net base `d` on reserves `x`, `y` and peg `Q`, closing all users on a curve scaled by `r` moves
//! `V(r) = r * y * d * Q / (r * x + d)`. That grows with `r` whatever the sign of `d`: more depth costs the vAMM,
//! less depth pays it. The largest `r` with `V(r) - V(1) <= budget` therefore is the answer, and since the
//! comparison needs no division it is exact: the products of up to 256 bits are compared, not divided.

use super::Curve;
use crate::error::{Error, Result};
use crate::num::{BASE, Checked, PPM, mul_wide};
use crate::quantity::{Base, Ppm, Quote};
use core::cmp::Ordering;

/// Smallest and largest scale of one change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScaleBounds {
    /// Smallest scale.
    pub low: Ppm,
    /// Largest scale.
    pub high: Ppm,
}

/// Largest scale of `sqrt_k` in parts per million within the bounds that costs at most `budget` (negative: that
/// brings at least so much), or the lower bound when none does.
///
/// Source: drift 2.5; vectors A10-A12, A15.
///
/// # Errors
/// [`Error::InvalidParameter`] for bounds that are zero or crossed, [`Error::AmmNoCapacity`] when users' net
/// base is more than the reserve, [`Error::Overflow`].
pub fn affordable_scale(curve: &Curve, net: Base, budget: Quote, bounds: &ScaleBounds) -> Result<Ppm> {
    if bounds.low.0 == 0 || bounds.low > bounds.high {
        return Err(Error::InvalidParameter);
    }
    let (mut low, mut high) = (bounds.low.0, bounds.high.0);
    while low < high {
        // The upper middle, so that the interval always shrinks.
        let middle = high.minus(high.minus(low)?.wrapping_shr(1))?;
        if costs_at_most(curve, net, budget, middle)? {
            low = middle;
        } else {
            high = middle.minus(1)?;
        }
    }
    Ok(Ppm(low))
}

/// Whether `V(r) - V(1) <= budget`, for `r = scale / 1e6`.
///
/// Written out, with `m = x + d` and all denominators positive (in units of 1e-9 quote):
/// `scale * y * d * Q * m - y * d * Q * (scale * x + 1e6 * d) <= budget * 1e9 * m * (scale * x + 1e6 * d)`, and the
/// left side is `(scale - 1e6) * y * d^2 * Q`.
fn costs_at_most(curve: &Curve, net: Base, budget: Quote, scale: u32) -> Result<bool> {
    let size = net.size().0;
    let x = curve.base.0;
    let closed = if net.0 > 0 { x.plus(size)? } else { x.checked_sub(size).ok_or(Error::AmmNoCapacity)? };
    let (scaled_x, scaled_d) = (Wide::product(x, u64::from(scale)), Wide::product(size, PPM));
    let denominator = if net.0 > 0 {
        scaled_x.plus(scaled_d)?
    } else if scaled_x.compare(&scaled_d) == Ordering::Greater {
        scaled_x.minus(scaled_d)?
    } else {
        // So shallow a curve could not be closed at all: it is on the side that pays.
        return Ok(true);
    };
    let step = u64::from(scale).abs_diff(PPM);
    let cost = Wide::product(curve.quote.0, size).times(size)?.times(curve.peg.0)?.times(step)?;
    let bound = denominator.times(closed)?.times(BASE)?.times(budget.magnitude().0)?;
    Ok(match (u64::from(scale) >= PPM, budget.0 >= 0) {
        (true, true) => cost.compare(&bound) != Ordering::Greater,
        // More depth never brings anything, less depth never costs.
        (true, false) => false,
        (false, true) => true,
        (false, false) => cost.compare(&bound) != Ordering::Less,
    })
}

/// An unsigned number of 256 bits, least significant limb first: just enough to compare products.
#[derive(Clone, Copy)]
struct Wide([u64; 4]);

impl Wide {
    fn product(a: u64, b: u64) -> Self {
        let (high, low) = mul_wide(a, b);
        Self([low, high, 0, 0])
    }

    fn times(self, by: u64) -> Result<Self> {
        let (mut limbs, mut carry) = ([0u64; 4], 0u64);
        for (limb, from) in limbs.iter_mut().zip(self.0) {
            let (high, low) = mul_wide(from, by);
            let (sum, over) = low.overflowing_add(carry);
            *limb = sum;
            // A product's high half is at most 2^64 - 2: the carry fits.
            carry = high.wrapping_add(u64::from(over));
        }
        if carry == 0 { Ok(Self(limbs)) } else { Err(Error::Overflow) }
    }

    fn plus(self, other: Self) -> Result<Self> {
        let (mut limbs, mut carry) = ([0u64; 4], false);
        for ((limb, a), b) in limbs.iter_mut().zip(self.0).zip(other.0) {
            let (sum, first) = a.overflowing_add(b);
            let (sum, second) = sum.overflowing_add(u64::from(carry));
            *limb = sum;
            carry = first || second;
        }
        if carry { Err(Error::Overflow) } else { Ok(Self(limbs)) }
    }

    fn minus(self, other: Self) -> Result<Self> {
        let (mut limbs, mut borrow) = ([0u64; 4], false);
        for ((limb, a), b) in limbs.iter_mut().zip(self.0).zip(other.0) {
            let (rest, first) = a.overflowing_sub(b);
            let (rest, second) = rest.overflowing_sub(u64::from(borrow));
            *limb = rest;
            borrow = first || second;
        }
        if borrow { Err(Error::Overflow) } else { Ok(Self(limbs)) }
    }

    fn compare(&self, other: &Self) -> Ordering {
        self.0.iter().rev().cmp(other.0.iter().rev())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantity::{Price, Size};

    #[test]
    fn a_borrow_goes_through_limbs_that_are_zero() {
        let minus = |a: [u64; 4], b: [u64; 4]| Wide(a).minus(Wide(b)).map(|rest| rest.0);
        assert_eq!(minus([0, 0, 1, 0], [1, 0, 0, 0]), Ok([u64::MAX, u64::MAX, 0, 0]));
        assert_eq!(minus([0, 0, 0, 1], [1, 0, 0, 0]), Ok([u64::MAX, u64::MAX, u64::MAX, 0]));
        assert_eq!(minus([0, 5, 0, 1], [1, 5, 0, 0]), Ok([u64::MAX, u64::MAX, u64::MAX, 0]));
        assert_eq!(minus([7, 7, 7, 7], [7, 7, 7, 7]), Ok([0; 4]));
        assert_eq!(minus([0, 0, 0, 1], [1, 0, 0, 1]), Err(Error::Overflow));
        assert_eq!(minus([0; 4], [1, 0, 0, 0]), Err(Error::Overflow));
    }

    #[test]
    fn bounds_that_leave_no_choice_are_the_answer() {
        let curve = Curve {
            base: Size(1_000_000_000_000),
            quote: Size(1_000_000_000_000),
            sqrt_k: Size(1_000_000_000_000),
            peg: Price(60_000_000_000),
        };
        let scale = |low: u32, high: u32| {
            let bounds = ScaleBounds { low: Ppm(low), high: Ppm(high) };
            affordable_scale(&curve, Base(1_000_000_000), Quote::ZERO, &bounds)
        };
        assert_eq!(scale(999_000, 999_000), Ok(Ppm(999_000)));
        assert_eq!(scale(1_001_000, 1_001_000), Ok(Ppm(1_001_000)), "the lower bound, though it costs something");
        assert_eq!(scale(999_000, 1_001_000), Ok(Ppm(1_000_000)), "what costs nothing");
        assert_eq!(scale(1_000_001, 1_000_000), Err(Error::InvalidParameter));
        assert_eq!(scale(0, 1_000_000), Err(Error::InvalidParameter));
    }
}
