//! 64 x 64 -> 128 bit products and 128 / 64 bit quotients without 128-bit types.
//!
//! Written for a machine on which every instruction costs one compute unit, a 64-bit division as
//! much as an addition, and which has neither a high product nor a count of leading zeros.

/// The low half of a word.
const LOW: u64 = 0xffff_ffff;

/// Product of two words as `(high, low)`. Exact for all operands.
///
/// ```
/// use kedge_libcalls::wide::mul_wide;
/// assert_eq!(mul_wide(u64::MAX, 2), (1, u64::MAX - 1));
/// ```
#[inline(always)]
pub fn mul_wide(a: u64, b: u64) -> (u64, u64) {
    (mul_high(a, b), a.wrapping_mul(b))
}

/// High half of the product of two words.
///
/// No sum overflows: (2^32 - 1)^2 + 2 (2^32 - 1) = 2^64 - 1.
#[cfg(not(target_arch = "bpf"))]
#[inline(always)]
fn mul_high(a: u64, b: u64) -> u64 {
    let (a_high, a_low) = (a >> 32, a & LOW);
    let (b_high, b_low) = (b >> 32, b & LOW);
    let cross = a_high * b_low + ((a_low * b_low) >> 32);
    let middle = a_low * b_high + (cross & LOW);
    a_high * b_high + (cross >> 32) + (middle >> 32)
}

/// The same in assembly, for two reasons. LLVM recognises the formula and makes it a 128-bit
/// multiplication again: a library call. And a 32-bit move halves a word in one instruction, where
/// the compiler shifts twice (it must not use 32-bit arithmetic at large: SBPF extends the sign of
/// sums and products where eBPF does not).
#[cfg(target_arch = "bpf")]
#[inline(always)]
fn mul_high(a: u64, b: u64) -> u64 {
    let high;
    // SAFETY: arithmetic on the named registers only.
    unsafe {
        core::arch::asm!(
            "w3 = w1",     // a_low
            "r1 >>= 32",   // a_high
            "w4 = w2",     // b_low
            "r2 >>= 32",   // b_high
            "r5 = r3",
            "r5 *= r4",
            "r5 >>= 32",
            "r4 *= r1",
            "r4 += r5",    // cross
            "r3 *= r2",
            "w5 = w4",
            "r5 += r3",    // middle
            "r1 *= r2",
            "r4 >>= 32",
            "r1 += r4",
            "r5 >>= 32",
            "r1 += r5",
            inout("r1") a => high,
            inout("r2") b => _,
            out("r3") _,
            out("r4") _,
            out("r5") _,
            options(pure, nomem, nostack),
        );
    }
    high
}

/// Quotient and remainder of `(high, low)` by `divisor`, both rounded towards zero; `None` when the
/// divisor is zero or the quotient does not fit 64 bits, which is exactly when `high >= divisor`.
///
/// ```
/// use kedge_libcalls::wide::div_wide;
/// assert_eq!(div_wide(1, 0, 3), Some((u64::MAX / 3, 1)));
/// assert_eq!(div_wide(3, 0, 3), None);
/// ```
#[inline(always)]
pub fn div_wide(high: u64, low: u64, divisor: u64) -> Option<(u64, u64)> {
    if high >= divisor {
        return None;
    }
    if high == 0 {
        return Some((low / divisor, low % divisor));
    }
    let quotient = quotient(high, low, divisor);
    Some((quotient, low.wrapping_sub(quotient.wrapping_mul(divisor))))
}

/// `a * b / divisor` rounded towards zero, and the remainder; `None` when the divisor is zero or
/// the quotient does not fit 64 bits.
///
/// ```
/// use kedge_libcalls::wide::mul_div;
/// assert_eq!(mul_div(u64::MAX, 6, 7), Some((15_811_494_920_322_472_812, 6)));
/// ```
#[inline(always)]
pub fn mul_div(a: u64, b: u64, divisor: u64) -> Option<(u64, u64)> {
    let (high, low) = mul_wide(a, b);
    div_wide(high, low, divisor)
}

/// Quotient of `(high, low)` by `divisor`. Requires `high < divisor`; otherwise the result is
/// meaningless (and a zero divisor aborts).
///
/// With `f = (2^64 - 1) / divisor`, a first quotient of `high * f + low / divisor` leaves a rest of
/// at most `high * divisor + divisor - 1`, which fits a word when `high < f`. That holds for
/// products of everyday size, and for every divisor below 2^32.
#[inline(always)]
pub(crate) fn quotient(high: u64, low: u64, divisor: u64) -> u64 {
    let f = u64::MAX / divisor;
    if high < f {
        let first = (high * f).wrapping_add(low / divisor);
        let rest = low.wrapping_sub(first.wrapping_mul(divisor));
        first.wrapping_add(rest / divisor)
    } else {
        long_quotient(high, low, divisor, f)
    }
}

/// The same by long division in base 2^32 (Knuth, algorithm D). Requires `f <= high < divisor` with
/// `f = (2^64 - 1) / divisor`, so that `divisor >= 2^32` and `f < 2^32`.
///
/// Instead of shifting by the count of leading zeros, both operands are multiplied by `f`, which
/// brings the divisor to at least 2^63: one division instead of a search for the highest bit.
#[inline(never)]
fn long_quotient(high: u64, low: u64, divisor: u64, f: u64) -> u64 {
    let divisor = divisor * f;
    let low_part = (low & LOW) * f;
    let middle = (low >> 32) * f + (low_part >> 32);
    let high = high * f + (middle >> 32);
    normalised_quotient(high, middle, low_part, divisor)
}

/// Quotient of `high * 2^64 + m * 2^32 + l` by `divisor`, where `m` and `l` are the low halves of
/// `middle` and `low`. Requires `divisor >= 2^63` and `high < divisor`.
#[cfg(not(target_arch = "bpf"))]
#[inline(always)]
pub(crate) fn normalised_quotient(high: u64, middle: u64, low: u64, divisor: u64) -> u64 {
    let (quotient1, rest) = quotient_digit(high, middle & LOW, divisor);
    let (quotient0, _) = quotient_digit(rest, low & LOW, divisor);
    (quotient1 << 32) | quotient0
}

/// One digit: quotient and remainder of `rest * 2^32 + digit` by `divisor >= 2^63`, `rest < divisor`.
#[cfg(not(target_arch = "bpf"))]
#[inline(always)]
fn quotient_digit(rest: u64, digit: u64, divisor: u64) -> (u64, u64) {
    let (top, bottom) = (divisor >> 32, divisor & LOW);
    // At most 2^32 + 1, and too large by at most two; so the product with `bottom` fits a word.
    let mut quotient = rest / top;
    let present = (rest % top) << 32 | digit;
    let wanted = quotient * bottom;
    if wanted <= present {
        return (quotient, present - wanted);
    }
    let mut missing = wanted - present;
    quotient -= 1;
    if missing > divisor {
        missing -= divisor;
        quotient -= 1;
    }
    (quotient, divisor - missing)
}

/// The same in assembly: both digits one after the other, with halves taken by 32-bit moves and the
/// rare corrections jumped over, in half of the instructions that the compiler needs.
#[cfg(target_arch = "bpf")]
#[inline(always)]
pub(crate) fn normalised_quotient(high: u64, middle: u64, low: u64, divisor: u64) -> u64 {
    let quotient;
    // SAFETY: arithmetic on the named registers, and jumps within the text. The divisor of both
    // divisions is the top half of `divisor`, which the caller promises not to be zero.
    unsafe {
        core::arch::asm!(
            "w2 = w2",
            "w3 = w3",
            "r5 = r4",
            "r5 >>= 32",              // top
            "w6 = w4",                // bottom
            // High digit in r0.
            "r0 = r1",
            "r0 /= r5",
            "r1 %= r5",
            "r1 <<= 32",
            "r1 |= r2",               // present
            "r7 = r0",
            "r7 *= r6",               // wanted
            "if r7 <= r1 goto 2f",
            "r7 -= r1",               // missing
            "r1 = r4",
            "r0 += -1",
            "if r7 <= r4 goto 2f",
            "r7 -= r4",
            "r0 += -1",
            "2:",
            "r1 -= r7",               // rest
            // Low digit in r2.
            "r2 = r1",
            "r2 /= r5",
            "r1 %= r5",
            "r1 <<= 32",
            "r1 |= r3",
            "r7 = r2",
            "r7 *= r6",
            "if r7 <= r1 goto 3f",
            "r7 -= r1",
            "r2 += -1",
            "if r7 <= r4 goto 3f",
            "r2 += -1",
            "3:",
            "r0 <<= 32",
            "r0 |= r2",
            out("r0") quotient,
            inout("r1") high => _,
            inout("r2") middle => _,
            inout("r3") low => _,
            in("r4") divisor,
            out("r5") _,
            out("r6") _,
            out("r7") _,
            options(pure, nomem, nostack),
        );
    }
    quotient
}
