//! Ports on loopback that are free together.

use std::net::TcpListener;

use anyhow::{Context, Result};

/// Ports of one set-up: the validator's, the proxies', the keepers'.
pub(crate) const BLOCK: u16 = 96;

/// First port of a free block.
///
/// # Errors
/// When no block is free.
pub(crate) fn block() -> Result<u16> {
    let offset = (std::process::id() % 128) as u16;
    let firsts = (0..128).map(|index| 20_000 + (index + offset) % 128 * BLOCK);
    firsts
        .into_iter()
        .find(|first| (*first..first + BLOCK).all(|port| TcpListener::bind(("127.0.0.1", port)).is_ok()))
        .context("no block of free ports on loopback")
}
