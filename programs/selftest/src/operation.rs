//! What the self-test computes on a pair of operands.

use crate::memory;
use crate::mix::mix;
use core::hint::black_box;
use kedge_libcalls::checked;
use kedge_libcalls::wide::{div_wide, mul_div, mul_wide};

/// Stands for "no result" (division by zero, overflow).
const NONE: u128 = u128::MAX;

/// One operation on a pair `(a, b)`, by the byte that selects it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Operation {
    /// `a ^ b`: what the frame around every operation costs.
    Xor,
    /// Product, wrapping.
    Mul,
    /// Quotient.
    Div,
    /// Remainder.
    Rem,
    /// Quotient of signed numbers.
    DivSigned,
    /// Remainder of signed numbers.
    RemSigned,
    /// `wide::mul_wide` of the low words.
    MulWide,
    /// `wide::div_wide` of `a` by the low word of `b`.
    DivWide,
    /// `wide::mul_div` of the words of `a` by the low word of `b`.
    MulDiv,
    /// The same on `u128`.
    MulDiv128,
    /// Checked product of unsigned 64-bit numbers.
    CheckedMul64,
    /// Checked product of signed 64-bit numbers.
    CheckedMulSigned64,
    /// Checked product of unsigned 128-bit numbers.
    CheckedMul128,
    /// Checked product of signed 128-bit numbers.
    CheckedMulSigned128,
    /// Checked sums and differences of every width and sign.
    CheckedSums,
    /// The checked sums, differences and products of `kedge_libcalls::checked`.
    CheckedWords,
    /// Product of the low words by `checked::mul`.
    CheckedMulWord,
    /// Shifts, comparisons and bit counts.
    Bits,
    /// A call with twelve arguments, four of them 128 bits wide.
    ManyArguments,
    /// Copying, filling and comparing; sizes and overlaps by the operands.
    Memory,
    /// Heap, sorting and searching.
    Heap,
    /// Sum of the low words. Aborts the program when it overflows.
    Overflow,
    /// 1 when the upstream BPF backend compiled the program, 0 otherwise.
    Backend,
}

impl Operation {
    /// Every operation, in the order of the bytes that select them.
    pub const ALL: [Self; 23] = [
        Self::Xor,
        Self::Mul,
        Self::Div,
        Self::Rem,
        Self::DivSigned,
        Self::RemSigned,
        Self::MulWide,
        Self::DivWide,
        Self::MulDiv,
        Self::MulDiv128,
        Self::CheckedMul64,
        Self::CheckedMulSigned64,
        Self::CheckedMul128,
        Self::CheckedMulSigned128,
        Self::CheckedSums,
        Self::CheckedWords,
        Self::CheckedMulWord,
        Self::Bits,
        Self::ManyArguments,
        Self::Memory,
        Self::Heap,
        Self::Overflow,
        Self::Backend,
    ];

    /// Whether the result depends on the operands alone, so that it is the same everywhere.
    pub fn is_comparable(self) -> bool {
        !matches!(self, Self::Overflow | Self::Backend)
    }

    /// The operation that `code` selects.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }

    /// The result for one pair of operands.
    #[inline(never)]
    pub fn compute(self, a: u128, b: u128) -> u128 {
        let (a, b) = (black_box(a), black_box(b));
        match self {
            Self::Xor => a ^ b,
            Self::Mul => a.wrapping_mul(b),
            Self::Div => a.checked_div(b).unwrap_or(NONE),
            Self::Rem => a.checked_rem(b).unwrap_or(NONE),
            Self::DivSigned => signed(signed_of(a).checked_div(signed_of(b))),
            Self::RemSigned => signed(signed_of(a).checked_rem(signed_of(b))),
            Self::MulWide => join(mul_wide(low(a), low(b))),
            Self::DivWide => div_wide(high(a), low(a), low(b)).map_or(NONE, join),
            Self::MulDiv => mul_div(low(a), high(a), low(b)).map_or(NONE, |(quotient, _)| quotient.into()),
            Self::MulDiv128 => mul_div_128(low(a), high(a), low(b)).map_or(NONE, u128::from),
            Self::CheckedMul64 => low(a).checked_mul(low(b)).map_or(NONE, u128::from),
            Self::CheckedMulSigned64 => signed(signed_low(a).checked_mul(signed_low(b)).map(i128::from)),
            Self::CheckedMul128 => a.checked_mul(b).unwrap_or(NONE),
            Self::CheckedMulSigned128 => signed(signed_of(a).checked_mul(signed_of(b))),
            Self::CheckedSums => checked_sums(a, b),
            Self::CheckedWords => checked_words(a, b),
            Self::CheckedMulWord => checked::mul(low(a), low(b)).map_or(NONE, u128::from),
            Self::Bits => bits(a, b),
            Self::ManyArguments => many_arguments(a, b),
            Self::Memory => memory::exercise(a, b),
            Self::Heap => memory::heap(a, b),
            Self::Overflow => u128::from(black_box(low(a) + low(b))),
            Self::Backend => u128::from(cfg!(target_arch = "bpf")),
        }
    }
}

fn high(value: u128) -> u64 {
    (value >> 64) as u64
}

fn low(value: u128) -> u64 {
    value as u64
}

fn signed_of(value: u128) -> i128 {
    value.cast_signed()
}

fn signed_low(value: u128) -> i64 {
    low(value).cast_signed()
}

fn signed(value: Option<i128>) -> u128 {
    value.map_or(NONE, i128::cast_unsigned)
}

fn join((high, low): (u64, u64)) -> u128 {
    u128::from(high) << 64 | u128::from(low)
}

/// `mul_div` as it is written without the wide functions.
fn mul_div_128(a: u64, b: u64, divisor: u64) -> Option<u64> {
    let product = u128::from(a) * u128::from(b);
    u64::try_from(product.checked_div(divisor.into())?).ok()
}

fn checked_sums(a: u128, b: u128) -> u128 {
    let (x, y) = (low(a), low(b));
    let (p, q) = (signed_low(a), signed_low(b));
    let (s, t) = (signed_of(a), signed_of(b));
    [
        x.checked_add(y).map_or(NONE, u128::from),
        x.checked_sub(y).map_or(NONE, u128::from),
        x.saturating_add(y).into(),
        x.saturating_sub(y).into(),
        signed(p.checked_add(q).map(i128::from)),
        signed(p.checked_sub(q).map(i128::from)),
        signed(p.checked_neg().map(i128::from)),
        p.unsigned_abs().into(),
        a.checked_add(b).unwrap_or(NONE),
        a.checked_sub(b).unwrap_or(NONE),
        a.saturating_sub(b),
        signed(s.checked_add(t)),
        signed(s.checked_sub(t)),
        s.unsigned_abs(),
        u128::from(u32::try_from(x).is_ok()),
        u128::from(i64::try_from(s).is_ok()),
        (x as u32).wrapping_mul(y as u32).into(),
        u128::from((x as i32).wrapping_sub(y as i32).cast_unsigned()),
    ]
    .into_iter()
    .fold(0, mix)
}

fn checked_words(a: u128, b: u128) -> u128 {
    let (x, y) = (low(a), low(b));
    let (p, q) = (signed_low(a), signed_low(b));
    [
        checked::add(x, y).map_or(NONE, u128::from),
        checked::sub(x, y).map_or(NONE, u128::from),
        checked::mul(x, y).map_or(NONE, u128::from),
        checked::saturating_add(x, y).into(),
        checked::saturating_sub(x, y).into(),
        checked::mul(x >> 32, y).map_or(NONE, u128::from),
        signed(checked::add_signed(p, q).map(i128::from)),
        signed(checked::sub_signed(p, q).map(i128::from)),
        // A constant operand is compiled otherwise.
        checked::add(x, 1).map_or(NONE, u128::from),
        signed(checked::add_signed(p, -1).map(i128::from)),
        signed(checked::sub_signed(0, p).map(i128::from)),
    ]
    .into_iter()
    .fold(0, mix)
}

fn bits(a: u128, b: u128) -> u128 {
    let shift = low(b) as u32;
    let (s, t) = (signed_of(a), signed_of(b));
    [
        a.wrapping_shl(shift),
        a.wrapping_shr(shift),
        s.wrapping_shr(shift).cast_unsigned(),
        a.rotate_left(shift % 128),
        low(a).wrapping_shl(shift).into(),
        low(a).wrapping_shr(shift).into(),
        u128::from(signed_low(a).wrapping_shr(shift).cast_unsigned()),
        a.leading_zeros().into(),
        a.trailing_zeros().into(),
        a.count_ones().into(),
        low(a).leading_zeros().into(),
        low(a).swap_bytes().into(),
        u128::from(a < b) << 3
            | u128::from(s < t) << 2
            | u128::from(low(a) < low(b)) << 1
            | u128::from(signed_low(a) < signed_low(b)),
        a.min(b) ^ s.max(t).cast_unsigned(),
        a.isqrt(),
    ]
    .into_iter()
    .fold(0, mix)
}

fn many_arguments(a: u128, b: u128) -> u128 {
    let (s, t) = (signed_of(a), signed_of(b));
    let first = twelve(
        low(a),
        a,
        high(b) as u8,
        s,
        low(b),
        t,
        high(a) as i32,
        b,
        low(b) as u16,
        signed_low(a),
        a > b,
        low(a) as u32,
    );
    let second = twelve(
        high(b),
        b,
        low(a) as u8,
        t,
        high(a),
        s,
        low(b) as i32,
        first,
        high(a) as u16,
        signed_low(b),
        s > t,
        high(b) as u32,
    );
    mix(first, second)
}

#[expect(clippy::too_many_arguments, reason = "the number of arguments is what is tested")]
#[inline(never)]
fn twelve(a: u64, b: u128, c: u8, d: i128, e: u64, f: i128, g: i32, h: u128, i: u16, j: i64, k: bool, l: u32) -> u128 {
    [
        a.into(),
        b,
        c.into(),
        d.cast_unsigned(),
        e.into(),
        f.cast_unsigned(),
        i128::from(g).cast_unsigned(),
        h,
        i.into(),
        i128::from(j).cast_unsigned(),
        k.into(),
        l.into(),
    ]
    .into_iter()
    .fold(1, |digest, value| mix(digest, black_box(value)))
}
