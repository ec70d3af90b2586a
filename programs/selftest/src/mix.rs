//! One number out of many results.

/// Mixes one more result in, so that each of many decides about the whole.
pub(crate) fn mix(digest: u128, value: u128) -> u128 {
    (digest.rotate_left(29) ^ value).wrapping_add(value << 1 | 1)
}
