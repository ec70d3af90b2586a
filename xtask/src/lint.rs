//! `cargo xtask lint`: format, which crate stands on which, clippy (warnings are errors), known faults of dependencies, the
//! compute table against its baseline, alert rules, the committed IDL against the program, and the committed client against
//! the IDL.

use anyhow::Result;

use crate::run::{cargo, phase};

/// Runs all checks, up to the first failure.
pub(crate) fn run() -> Result<()> {
    phase("format", cargo().args(["fmt", "--all", "--check"]))?;
    crate::floors::check()?;
    crate::advisories::check()?;
    crate::deny::check()?;
    crate::figures::check()?;
    crate::alerts::check()?;
    phase(
        "clippy",
        cargo().args(["clippy", "--workspace", "--all-targets", "--locked", "--quiet", "--", "-D", "warnings"]),
    )?;
    crate::idl::run(&crate::idl::IdlArgs { check: true })?;
    crate::client::check()
}
