//! Sums, differences and products of words that notice an overflow.
//!
//! The same as the standard library's. On the upstream BPF backend they are written so that a check is one comparison
//! and one jump: LLVM makes of the usual form a number first, which it then compares, four to eight instructions for
//! each sum of a program.

/// The same number, of which the compiler does not know where it comes from: it would recognise a check, and make the
/// usual form of it.
#[cfg(target_arch = "bpf")]
#[inline(always)]
fn opaque(mut value: u64) -> u64 {
    // SAFETY: no instruction at all.
    unsafe { core::arch::asm!("/* {0} */", inout(reg) value, options(pure, nomem, nostack, preserves_flags)) };
    value
}

/// `a + b`, `None` above 64 bits.
#[inline(always)]
pub fn add(a: u64, b: u64) -> Option<u64> {
    #[cfg(target_arch = "bpf")]
    {
        let sum = opaque(a.wrapping_add(b));
        if sum < a { None } else { Some(sum) }
    }
    #[cfg(not(target_arch = "bpf"))]
    a.checked_add(b)
}

/// `a - b`, `None` below zero.
#[inline(always)]
pub fn sub(a: u64, b: u64) -> Option<u64> {
    #[cfg(target_arch = "bpf")]
    {
        if a < b { None } else { Some(opaque(a.wrapping_sub(b))) }
    }
    #[cfg(not(target_arch = "bpf"))]
    a.checked_sub(b)
}

/// `a + b`, at most the largest word.
#[inline(always)]
pub fn saturating_add(a: u64, b: u64) -> u64 {
    add(a, b).unwrap_or(u64::MAX)
}

/// `a - b`, at least zero.
#[inline(always)]
pub fn saturating_sub(a: u64, b: u64) -> u64 {
    sub(a, b).unwrap_or(0)
}

/// `a + b` of signed words, `None` outside of 64 bits.
#[inline(always)]
pub fn add_signed(a: i64, b: i64) -> Option<i64> {
    #[cfg(target_arch = "bpf")]
    {
        // It overflows when the sum has another sign than both.
        let sum = a.wrapping_add(b);
        if (a ^ sum) & (b ^ sum) < 0 { None } else { Some(sum) }
    }
    #[cfg(not(target_arch = "bpf"))]
    a.checked_add(b)
}

/// `a - b` of signed words, `None` outside of 64 bits.
#[inline(always)]
pub fn sub_signed(a: i64, b: i64) -> Option<i64> {
    #[cfg(target_arch = "bpf")]
    {
        // It overflows when the signs differ and the difference has that of `b`.
        let difference = a.wrapping_sub(b);
        if (a ^ b) & (a ^ difference) < 0 { None } else { Some(difference) }
    }
    #[cfg(not(target_arch = "bpf"))]
    a.checked_sub(b)
}

/// `a * b`, `None` above 64 bits.
#[inline(always)]
pub fn mul(a: u64, b: u64) -> Option<u64> {
    #[cfg(target_arch = "bpf")]
    {
        if (a | b) >> 32 == 0 { Some(a.wrapping_mul(b)) } else { mul_long(a, b) }
    }
    #[cfg(not(target_arch = "bpf"))]
    a.checked_mul(b)
}

#[cfg(target_arch = "bpf")]
#[inline(never)]
fn mul_long(a: u64, b: u64) -> Option<u64> {
    match crate::wide::mul_wide(a, b) {
        (0, low) => Some(low),
        _ => None,
    }
}
