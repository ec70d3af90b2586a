//! The public functions against 128-bit arithmetic.

use kedge_libcalls::wide::{div_wide, mul_div, mul_wide};
use proptest::prelude::*;

/// Words of every width, and those around the powers of two.
fn word() -> impl Strategy<Value = u64> {
    prop_oneof![
        (any::<u64>(), 0..64u32).prop_map(|(value, shift)| value >> shift),
        (0..64u32, -3..=3i8).prop_map(|(bit, offset)| (1u64 << bit).wrapping_add_signed(offset.into())),
    ]
}

fn join(high: u64, low: u64) -> u128 {
    u128::from(high) << 64 | u128::from(low)
}

/// The contract of `div_wide`, in 128-bit arithmetic.
fn expected(dividend: u128, divisor: u64) -> Option<(u64, u64)> {
    let divisor = u128::from(divisor);
    let quotient = u64::try_from(dividend.checked_div(divisor)?).ok()?;
    Some((quotient, (dividend % divisor) as u64))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn product_is_exact(a in word(), b in word()) {
        let (high, low) = mul_wide(a, b);
        prop_assert_eq!(join(high, low), u128::from(a) * u128::from(b));
    }

    #[test]
    fn quotient_is_exact(high in word(), low in word(), divisor in word()) {
        prop_assert_eq!(div_wide(high, low, divisor), expected(join(high, low), divisor));
        // Nearly every other divisor is refused above; these are not.
        if let Some(rest) = high.checked_rem(divisor) {
            prop_assert_eq!(div_wide(rest, low, divisor), expected(join(rest, low), divisor));
        }
    }

    #[test]
    fn quotient_is_exact_around_multiples(quotient in word(), divisor in word(), offset in -1..=1i8) {
        let dividend = (u128::from(quotient) * u128::from(divisor)).saturating_add_signed(offset.into());
        let (high, low) = ((dividend >> 64) as u64, dividend as u64);
        prop_assert_eq!(div_wide(high, low, divisor), expected(dividend, divisor));
    }

    #[test]
    fn mul_div_is_exact(a in word(), b in word(), divisor in word()) {
        prop_assert_eq!(mul_div(a, b, divisor), expected(u128::from(a) * u128::from(b), divisor));
    }
}

#[test]
fn division_by_zero_and_overflow_are_none() {
    assert_eq!(div_wide(0, 0, 0), None);
    assert_eq!(div_wide(5, 0, 5), None);
    assert_eq!(div_wide(4, u64::MAX, 5), Some((u64::MAX, 4)));
    assert_eq!(mul_div(u64::MAX, u64::MAX, u64::MAX), Some((u64::MAX, 0)));
    assert_eq!(mul_div(u64::MAX, 2, 1), None);
}

#[test]
fn extremes_of_every_branch() {
    let edges =
        [1, 2, 3, 0xffff_ffff, 1 << 32, (1 << 32) + 1, (1 << 63) - 1, 1 << 63, (1 << 63) + 1, u64::MAX - 1, u64::MAX];
    for divisor in edges {
        for high in edges.into_iter().chain([0, divisor - 1, divisor / 2]) {
            for low in edges.into_iter().chain([0]) {
                assert_eq!(
                    div_wide(high, low, divisor),
                    expected(join(high, low), divisor),
                    "({high}, {low}) / {divisor}"
                );
            }
        }
    }
}
