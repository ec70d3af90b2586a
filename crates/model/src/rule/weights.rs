//! Weights of collateral and liabilities that depend on size.
//!
//! A large holding cannot be sold at the price of a small one: its weight falls with the square root of the size,
//! and the weight of a liability rises with it. Pure functions; which bank uses them is that bank's parameter.

use crate::error::{Error, Result};
use crate::num::{Checked, PPM, Rounding, isqrt_wide, mul_div};
use crate::quantity::{Amount, Ppm, Size};

/// What a discounted weight starts from before the size counts: 110 %, so that small holdings keep theirs.
const DISCOUNT_BASE: u64 = 1_100_000;

/// Weight of an asset of a size: `min(weight, 1.1 / (1 + sqrt(10 * size) * factor / 1e5))`, rounded down.
///
/// `size` is in base units at 1e9 whatever the mint's decimals; `factor` zero leaves the weight.
/// Source: drift 2.13; vectors G6, G7, G9, G11, G15-G19.
pub fn asset_weight(weight: Ppm, size: Size, factor: u32) -> Result<Ppm> {
    if factor == 0 {
        return Ok(weight);
    }
    let divisor = PPM.plus(scaled_root(size, factor)?)?;
    let discounted = mul_div(DISCOUNT_BASE, PPM, divisor, Rounding::Down)?;
    Ok(weight.min(ppm(discounted)?))
}

/// Weight of a liability of a size: `max(weight, 0.8 * weight + sqrt(10 * size) * factor / 1e5)`, not capped: a
/// liability weighs more than its value.
///
/// Source: drift 2.13; vectors G8, G10.
pub fn liability_weight(weight: Ppm, size: Size, factor: u32) -> Result<Ppm> {
    if factor == 0 {
        return Ok(weight);
    }
    let floor = mul_div(u64::from(weight.0), 4, 5, Rounding::Down)?;
    let scaled = floor.plus(scaled_root(size, factor)?)?;
    Ok(weight.max(ppm(scaled)?))
}

/// Weight after a fill: half way between initial and maintenance. Source: drift 2.13; vectors G12.
pub fn fill_weight(initial: Ppm, maintenance: Ppm) -> Result<Ppm> {
    Ok(Ppm(initial.0.plus(maintenance.0)?.wrapping_shr(1)))
}

/// Initial weight of an asset of which the exchange holds `held` (quote value): in full up to `start`, beyond it in
/// proportion, rounded down. `start` zero means no limit.
///
/// Source: drift 2.13; vectors G13, G14.
pub fn scaled_weight(weight: Ppm, start: Amount, held: Amount) -> Result<Ppm> {
    if start.is_zero() || held <= start {
        return Ok(weight);
    }
    ppm(mul_div(u64::from(weight.0), start.0, held.0, Rounding::Down)?)
}

/// `sqrt(10 * size + 1)`, rounded down, for every size.
pub fn root_of_ten(size: Size) -> u64 {
    // Ten times 64 bits are 68.
    isqrt_wide(u128::from(size.0).wrapping_mul(10).wrapping_add(1))
}

/// `sqrt(10 * size + 1) * factor / 1e5`, parts per million, root and quotient rounded down.
fn scaled_root(size: Size, factor: u32) -> Result<u64> {
    mul_div(root_of_ten(size), u64::from(factor), 100_000, Rounding::Down)
}

fn ppm(value: u64) -> Result<Ppm> {
    u32::try_from(value).map(Ppm).map_err(|_| Error::Overflow)
}
