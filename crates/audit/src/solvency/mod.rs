//! Proof of solvency: what everybody holds, committed to by one root, in statements that are signed and chained.
//!
//! [`Claims`] are the holdings of all sub-accounts of a snapshot in columns that cannot be negative, [`Tree`] is a
//! Merkle-sum tree over them, an [`Attestation`] is an audit's statement as a text with the tree's root, and a [`Proof`] shows one
//! sub-account that it is counted. The format is documented in docs/solvency.md.

mod attestation;
mod chain;
mod claims;
mod proof;
mod tree;

pub use attestation::{Attestation, Column, Equation, Malformed};
pub use chain::{Chain, Fault};
pub use claims::Claims;
pub use proof::{Proof, Step};
pub use tree::{Node, Overflow, Tree};

/// Bytes as hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len().saturating_mul(2)), |text, byte| text + &format!("{byte:02x}"))
}

/// A hash from 64 lower-case hexadecimal digits.
fn unhex(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    let value = |digit: u8| b"0123456789abcdef".iter().position(|known| *known == digit);
    let mut hash = [0; 32];
    for (byte, pair) in hash.iter_mut().zip(digits.chunks(2)) {
        *byte = u8::try_from(value(*pair.first()?)? * 16 + value(*pair.get(1)?)?).ok()?;
    }
    (digits.len() == 64).then_some(hash)
}

#[cfg(test)]
mod tests;
