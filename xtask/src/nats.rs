//! `nats-server` for the tests of the lease.

use std::path::PathBuf;

use anyhow::Result;

use crate::tool::Tool;

/// Environment variable with the path of another server.
pub(crate) const VARIABLE: &str = "KEDGE_NATS_SERVER";

/// Path of the server.
///
/// # Errors
/// When it cannot be had.
pub(crate) fn path() -> Result<PathBuf> {
    Tool { name: "nats-server", package: "nats-server", place: "usr/sbin", variable: VARIABLE, cache: "nats" }.path()
}
