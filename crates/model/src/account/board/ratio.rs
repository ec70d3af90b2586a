//! The margin ratio of a size.

use crate::error::{Error, Result};
use crate::num::{Checked, PPM, Rounding, mul_div, quotient};
use crate::quantity::{Ppm, Size};
use crate::rule::weights;

/// Margin ratio with the size premium: `max(ratio, 0.8 * ratio + sqrt(10 * size) * premium / 1e5)`, at most 100 %.
///
/// Source: drift 2.13; vectors G2, G5.
#[inline]
pub fn size_premium_ratio(ratio: Ppm, size: Size, premium: u32) -> Result<Ppm> {
    /// The largest size of which ten fit 64 bits.
    const TENTH: u64 = 1_844_674_407_370_955_161;
    if premium == 0 || size.is_zero() {
        return Ok(ratio);
    }
    // Above a tenth of 2^64 it saturates, which is still more than any square below.
    let value = if size.0 > TENTH { u64::MAX } else { size.0.wrapping_mul(10).wrapping_add(1) };
    // Four fifths, rounded down. All products below are of numbers of at most 32 and 17 bits.
    let floor = u64::from(ratio.0).wrapping_mul(4);
    let floor = quotient(floor, 5, Rounding::Down)?;
    // The premium binds once `sqrt(value) * premium / 1e5` exceeds what the floor leaves below the ratio. Comparing
    // squares tells that without a root, which small positions never need.
    let needed = u64::from(ratio.0).wrapping_sub(floor).wrapping_add(1).wrapping_mul(100_000);
    // Rounded up: it is not zero.
    let root_needed = quotient(needed.wrapping_sub(1), u64::from(premium), Rounding::Down)?.wrapping_add(1);
    // A root beyond 32 bits is only that of a value that does not fit.
    let binds = if root_needed <= u64::from(u32::MAX) {
        value >= root_needed.wrapping_mul(root_needed)
    } else {
        value == u64::MAX && weights::root_of_ten(size) >= root_needed
    };
    if !binds {
        return Ok(ratio);
    }
    let added = mul_div(weights::root_of_ten(size), u64::from(premium), 100_000, Rounding::Down)?;
    let scaled = floor.plus(added)?.min(PPM);
    Ok(ratio.max(Ppm(u32::try_from(scaled).map_err(|_| Error::Overflow)?)))
}
