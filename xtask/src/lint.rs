//! `cargo xtask lint`: format, floors of crates, clippy (warnings are errors), advisories, alert rules, the committed
//! IDL against the program, and the committed client against the IDL.

use anyhow::Result;

use crate::run::{cargo, phase};

/// Runs all checks, up to the first failure.
pub fn run() -> Result<()> {
    phase("format", cargo().args(["fmt", "--all", "--check"]))?;
    crate::floors::check()?;
    crate::advisories::check()?;
    crate::deny::check()?;
    crate::alerts::check()?;
    phase(
        "clippy",
        cargo().args(["clippy", "--workspace", "--all-targets", "--locked", "--quiet", "--", "-D", "warnings"]),
    )?;
    crate::idl::run(&crate::idl::IdlArgs { check: true })?;
    crate::client::check()
}
