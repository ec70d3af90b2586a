//! # kedge-abi: what program and clients agree on
//!
//! * [`address`]: program id, addresses, seeds, and ids of foreign programs.
//! * [`account`]: which structs of the model are accounts, with their discriminators, sizes and tails.
//! * [`error`]: the status codes of refused instructions.
//! * [`ed25519`]: layout of the instruction in front of a signed order.
#![cfg_attr(not(test), no_std)]
#![deny(missing_docs, clippy::missing_errors_doc)]

pub mod account;
pub mod address;
pub mod ed25519;
pub mod error;

/// The first 8 bytes of the SHA-256 of `preimage`: how Anchor tells accounts (`account:Name`), instructions
/// (`global:name`) and events (`event:Name`) apart.
pub const fn discriminator(preimage: &str) -> [u8; 8] {
    let hash = sha2_const_stable::Sha256::new().update(preimage.as_bytes()).finalize();
    let mut first = [0u8; 8];
    let mut index = 0;
    while index < 8 {
        first[index] = hash[index];
        index += 1;
    }
    first
}
