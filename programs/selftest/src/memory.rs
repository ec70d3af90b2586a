//! Memory: `memcpy`, `memmove`, `memset`, `memcmp`, and the heap.

use crate::mix::mix;
use core::hint::black_box;

/// Size of the two buffers.
const SIZE: usize = 300;

/// Copies, moves with overlap, fills and compares; offsets and lengths come from the operands.
pub(crate) fn exercise(a: u128, b: u128) -> u128 {
    let mut left = pattern(a);
    let mut right = pattern(b);
    let mut digest = 0;
    for word in [a as u64, (a >> 64) as u64, b as u64] {
        let (from, to) = (word as usize % 150, (word >> 16) as usize % 150);
        let length = (word >> 32) as usize % 150;
        // Both directions of overlap, and none.
        left.copy_within(black_box(from..from + length), to);
        right[to..to + length].copy_from_slice(&left[from..from + length]);
        right[from..from + length / 2].fill(word as u8);
        digest = mix(digest, compare(&left[from..from + length], &right[to..to + length]));
        digest = mix(digest, compare(&left, &right));
    }
    // Fixed sizes, which the compiler expands in place or not.
    right[3..5].copy_from_slice(&left[7..9]);
    right[13..30].copy_from_slice(&left[100..117]);
    right[40..168].copy_from_slice(&left[41..169]);
    left[9..73].fill(0);
    right[200..208].fill(0xff);
    sum(&left, sum(&right, digest))
}

/// Pushes, sorts, searches and drops boxed values.
pub(crate) fn heap(a: u128, b: u128) -> u128 {
    let mut values: Vec<u64> = Vec::new();
    let mut word = a as u64 | 1;
    for _ in 0..12 {
        word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(b as u64);
        values.push(word >> 40);
    }
    values.sort_unstable();
    let boxed: Box<dyn Fn(u64) -> bool> =
        if a > b { Box::new(|value| value % 3 == 0) } else { Box::new(|value| value % 5 == 1) };
    let kept: Vec<_> = values.iter().copied().filter(|value| boxed(*value)).collect();
    let place = values.partition_point(|value| *value < 1 << 23);
    let text = format!("{}/{:x}/{place}", values[0], values[11]);
    let digest = kept.iter().chain(&values).fold(place as u128, |digest, value| mix(digest, (*value).into()));
    sum(text.as_bytes(), digest)
}

#[inline(never)]
fn pattern(seed: u128) -> [u8; SIZE] {
    let mut bytes = [0; SIZE];
    let mut state = seed as u64 ^ (seed >> 64) as u64;
    for byte in &mut bytes {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        // Two bits only, so that ranges of the buffers are often equal.
        *byte = (state >> 62) as u8;
    }
    bytes
}

#[inline(never)]
fn compare(a: &[u8], b: &[u8]) -> u128 {
    u128::from(a.cmp(b) as i8 as u8) | u128::from(a == b) << 8
}

fn sum(bytes: &[u8], digest: u128) -> u128 {
    bytes.iter().fold(digest, |digest, byte| mix(digest, (*byte).into()))
}
