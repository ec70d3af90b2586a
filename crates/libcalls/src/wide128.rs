//! The bodies of the 128-bit library calls on pairs of words, on every target so that the host can
//! test them. No function here may use a 128-bit type.
#![cfg_attr(not(any(test, target_arch = "bpf")), allow(dead_code, reason = "called by the tests and on chain"))]

use crate::wide::{mul_wide, normalised_quotient, quotient};

/// A 128-bit number as `(high, low)`.
pub(crate) type Pair = (u64, u64);

/// Low 128 bits of the product.
#[inline(always)]
pub(crate) fn mul(a: Pair, b: Pair) -> Pair {
    let (high, low) = mul_wide(a.1, b.1);
    (high.wrapping_add(a.0.wrapping_mul(b.1)).wrapping_add(a.1.wrapping_mul(b.0)), low)
}

/// Unsigned quotient. Dividing by zero aborts.
#[inline(always)]
pub(crate) fn udiv(a: Pair, b: Pair) -> Pair {
    if a.0 | b.0 == 0 {
        return (0, a.1 / b.1);
    }
    if b.0 != 0 {
        return (0, short_quotient(a, b));
    }
    (a.0 / b.1, quotient(a.0 % b.1, a.1, b.1))
}

/// Unsigned remainder. Dividing by zero aborts.
#[inline(always)]
pub(crate) fn umod(a: Pair, b: Pair) -> Pair {
    if a.0 | b.0 == 0 {
        return (0, a.1 % b.1);
    }
    if b.0 != 0 {
        return sub(a, mul((0, short_quotient(a, b)), b));
    }
    let quotient = quotient(a.0 % b.1, a.1, b.1);
    (0, a.1.wrapping_sub(quotient.wrapping_mul(b.1)))
}

/// Signed quotient, rounded towards zero. Dividing by zero aborts; the one overflow wraps.
#[inline(always)]
pub(crate) fn sdiv(a: Pair, b: Pair) -> Pair {
    match (is_negative(a), is_negative(b)) {
        (false, false) => udiv(a, b),
        (true, false) => negate(udiv(negate(a), b)),
        (false, true) => negate(udiv(a, negate(b))),
        (true, true) => udiv(negate(a), negate(b)),
    }
}

/// Signed remainder with the sign of the dividend. Dividing by zero aborts.
#[inline(always)]
pub(crate) fn smod(a: Pair, b: Pair) -> Pair {
    match (is_negative(a), is_negative(b)) {
        (false, false) => umod(a, b),
        (true, false) => negate(umod(negate(a), b)),
        (false, true) => umod(a, negate(b)),
        (true, true) => negate(umod(negate(a), negate(b))),
    }
}

/// Quotient when the divisor has more than 64 bits; it then fits one word.
#[inline(never)]
fn short_quotient(a: Pair, b: Pair) -> u64 {
    if a.0 < b.0 {
        return 0;
    }
    let shift = leading_zeros(b.0);
    // The highest 64 bits of the divisor, and half of the dividend so that it stays below.
    let top = b.0 << shift | b.1 >> 1 >> (63 - shift);
    let (high, low) = (a.0 >> 1, a.0 << 63 | a.1 >> 1);
    let estimate = normalised_quotient(high, low >> 32, low, top) >> (63 - shift);
    // The estimate is right or one too large; one less keeps the product within 128 bits.
    let estimate = estimate.saturating_sub(1);
    let rest = sub(a, mul((0, estimate), b));
    if is_below(rest, b) { estimate } else { estimate + 1 }
}

/// Number of zero bits above the highest set bit of `word`, which must not be zero.
#[inline(always)]
fn leading_zeros(word: u64) -> u64 {
    /// Leading zeros of each four-bit number, four bits each, number zero lowest.
    const OF_NIBBLE: u64 = 0x1111_2234;
    let halve = |(word, count): (u64, u64), limit: u64, width: u64| {
        let step = if word < limit { width } else { 0 };
        (word << step, count + step)
    };
    let found = halve(halve((word, 0), 1 << 32, 32), 1 << 48, 16);
    let (word, count) = halve(halve(found, 1 << 56, 8), 1 << 60, 4);
    count + (OF_NIBBLE >> (word >> 60 << 2) & 7)
}

#[inline(always)]
fn sub(a: Pair, b: Pair) -> Pair {
    (a.0.wrapping_sub(b.0).wrapping_sub(u64::from(a.1 < b.1)), a.1.wrapping_sub(b.1))
}

#[inline(always)]
fn is_below(a: Pair, b: Pair) -> bool {
    a.0 < b.0 || a.0 == b.0 && a.1 < b.1
}

#[inline(always)]
fn is_negative(a: Pair) -> bool {
    a.0 >> 63 != 0
}

#[inline(always)]
fn negate(a: Pair) -> Pair {
    sub((0, 0), a)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pair(value: u128) -> Pair {
        ((value >> 64) as u64, value as u64)
    }

    fn number(pair: Pair) -> u128 {
        u128::from(pair.0) << 64 | u128::from(pair.1)
    }

    /// Values of every width, and those around the powers of two.
    fn operand() -> impl Strategy<Value = u128> {
        prop_oneof![
            (any::<u128>(), 0..128u32).prop_map(|(value, shift)| value >> shift),
            (0..128u32, -3..=3i8).prop_map(|(bit, offset)| (1u128 << bit).wrapping_add_signed(offset.into())),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn product_is_that_of_the_host(a in operand(), b in operand()) {
            prop_assert_eq!(number(mul(pair(a), pair(b))), a.wrapping_mul(b));
        }

        #[test]
        fn unsigned_division_is_that_of_the_host(a in operand(), b in operand()) {
            prop_assume!(b != 0);
            prop_assert_eq!(number(udiv(pair(a), pair(b))), a / b);
            prop_assert_eq!(number(umod(pair(a), pair(b))), a % b);
        }

        #[test]
        fn signed_division_is_that_of_the_host(a in operand(), b in operand()) {
            prop_assume!(b != 0);
            let (x, y) = (a as i128, b as i128);
            prop_assert_eq!(number(sdiv(pair(a), pair(b))) as i128, x.wrapping_div(y));
            prop_assert_eq!(number(smod(pair(a), pair(b))) as i128, x.wrapping_rem(y));
        }

        /// Dividends one below, at and one above a multiple: where a quotient digit is estimated wrong.
        #[test]
        fn division_is_exact_around_multiples(b in operand(), factor in operand(), offset in -1..=1i8) {
            prop_assume!(b != 0);
            let a = b.wrapping_mul(factor).wrapping_add_signed(offset.into());
            prop_assert_eq!(number(udiv(pair(a), pair(b))), a / b);
            prop_assert_eq!(number(umod(pair(a), pair(b))), a % b);
        }
    }

    #[test]
    fn leading_zeros_of_every_width() {
        for bit in 0..64 {
            for word in [1u64 << bit, u64::MAX >> (63 - bit), 1 << bit | 1] {
                assert_eq!(leading_zeros(word), u64::from(word.leading_zeros()), "{word:#x}");
            }
        }
    }
}
