//! Decimal numbers as Switchboard writes them, `mantissa / 10^scale`, as prices at 1e6.

use kedge_model::num::div_wide;

use crate::DECIMALS;
use kedge_abi::error::AccountError;

/// Rounding of the digits below a millionth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Toward {
    /// To the nearest millionth, half up: prices.
    Nearest,
    /// To the next lower millionth: the lower end of an interval.
    Down,
    /// To the next higher millionth: uncertainties and the upper end.
    Up,
}

/// Largest scale of the 96-bit decimals that Switchboard computes with.
const MAX_SCALE: u32 = 28;
/// Largest power of ten in 64 bits.
const WORD_DIGITS: u32 = 19;

/// `mantissa / 10^scale` in millionths.
///
/// # Errors
/// [`AccountError::OraclePriceOutOfRange`] for a scale above 28 and for what does not fit 64 bits or, being near the
/// upper end of 128 bits, could not be rounded.
#[inline]
pub fn millionths(mantissa: u128, scale: u32, toward: Toward) -> Result<u64, AccountError> {
    const REFUSED: AccountError = AccountError::OraclePriceOutOfRange;
    let Some(digits) = scale.checked_sub(DECIMALS.unsigned_abs()) else {
        let power = 10u64.pow(DECIMALS.unsigned_abs() - scale);
        return u64::try_from(mantissa).ok().and_then(|whole| whole.checked_mul(power)).ok_or(REFUSED);
    };
    if scale > MAX_SCALE {
        return Err(REFUSED);
    }
    // Powers of ten beyond 64 bits are divided by in two steps: rounding down twice equals rounding down once, and the
    // addend of the other roundings is added before.
    let first = digits.min(WORD_DIGITS);
    let (power, rest) = (10u64.pow(first), 10u64.pow(digits - first));
    let whole = u128::from(power) * u128::from(rest);
    let bias = match toward {
        Toward::Nearest => whole >> 1,
        Toward::Down => 0,
        Toward::Up => whole - 1,
    };
    let sum = mantissa.checked_add(bias).ok_or(REFUSED)?;
    let (high, low) = ((sum >> 64) as u64, sum as u64);
    let (upper, remainder) = (high / power, high % power);
    let (lower, _) = div_wide(remainder, low, power).map_err(|_| REFUSED)?;
    let (quotient, _) = div_wide(upper, lower, rest).map_err(|_| REFUSED)?;
    Ok(quotient)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_become_millionths() {
        let nearest = |mantissa, scale| millionths(mantissa, scale, Toward::Nearest);
        assert_eq!(nearest(155_594_045_270_000_000_000, 18), Ok(155_594_045));
        assert_eq!(nearest(226_512_645_666_151_398_640, 18), Ok(226_512_646));
        assert_eq!(nearest(61_200_109_991_665_549_598_697, 18), Ok(61_200_109_992));
        assert_eq!(nearest(15, 0), Ok(15_000_000));
        assert_eq!(nearest(15, 5), Ok(150));
        assert_eq!(nearest(15, 6), Ok(15));
        assert_eq!(nearest(14, 7), Ok(1));
        assert_eq!(nearest(15, 7), Ok(2));
        assert_eq!(millionths(11, 7, Toward::Up), Ok(2));
        assert_eq!(millionths(10, 7, Toward::Up), Ok(1));
        assert_eq!(millionths(19, 7, Toward::Down), Ok(1));
        assert_eq!(millionths(0, 28, Toward::Up), Ok(0));
        assert_eq!(millionths(1, 28, Toward::Up), Ok(1));
    }

    #[test]
    fn every_scale_agrees_with_wide_division() {
        for scale in 6..=28 {
            let power = 10u128.pow(scale - 6);
            for mantissa in
                [0, 1, 7, power / 2, power / 2 - power / 20, power - 1, power, 3 * power + power / 3, 1 << 95]
            {
                let exact = |bias: u128| {
                    u64::try_from((mantissa + bias) / power).map_err(|_| AccountError::OraclePriceOutOfRange)
                };
                assert_eq!(millionths(mantissa, scale, Toward::Nearest), exact(power / 2), "{mantissa} at {scale}");
                assert_eq!(millionths(mantissa, scale, Toward::Up), exact(power - 1), "{mantissa} at {scale}");
                assert_eq!(millionths(mantissa, scale, Toward::Down), exact(0), "{mantissa} at {scale}");
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for (mantissa, scale) in [
            (u128::MAX, 6),
            (u128::MAX, 18),
            (u128::MAX, 28),
            (1, 29),
            (1, u32::MAX),
            (1 << 64, 0),
            (u128::from(u64::MAX), 5),
        ] {
            assert_eq!(millionths(mantissa, scale, Toward::Up), Err(AccountError::OraclePriceOutOfRange));
        }
        assert_eq!(millionths(u128::from(u64::MAX), 6, Toward::Up), Ok(u64::MAX));
    }
}
