//! `nats-server` for the tests of leases.

use std::path::PathBuf;

use anyhow::Result;

use crate::tool::Tool;

/// What names another one.
pub const VARIABLE: &str = "KEDGE_NATS_SERVER";

/// The server's path.
///
/// # Errors
/// When it cannot be had.
pub fn path() -> Result<PathBuf> {
    Tool { name: "nats-server", package: "nats-server", place: "usr/sbin", variable: VARIABLE, cache: "nats" }.path()
}
