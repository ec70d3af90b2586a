//! `cargo xtask lint`: format, clippy (warnings are errors), the committed IDL against the program, and the committed
//! client against the IDL.

use anyhow::Result;

use crate::run::{cargo, phase};

/// Runs all checks.
pub fn run() -> Result<()> {
    phase("format", cargo().args(["fmt", "--all", "--check"]))?;
    phase(
        "clippy",
        cargo().args(["clippy", "--workspace", "--all-targets", "--locked", "--quiet", "--", "-D", "warnings"]),
    )?;
    crate::idl::run(&crate::idl::IdlArgs { check: true })?;
    crate::client::check()
}
