//! `cargo xtask test`: builds the programs, then runs every test of the workspace, the tests that put mended faults
//! back, the model's formulas against their reference, a million fuzzed actions, the judges of the demo's report, the
//! tests of the TypeScript client, and the judges of the interface.

use anyhow::Result;
use clap::Args;

use crate::reference::PROFILE;
use crate::run::{cargo, phase};
use crate::{nats, program};

/// Flags of `test`.
#[derive(Args)]
pub(crate) struct TestArgs {
    /// Arguments of `cargo test` (for example `-p kedge-model`), which is all that then runs.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// Builds the programs and runs the tests.
pub(crate) fn run(args: &TestArgs) -> Result<()> {
    program::run(program::ProgramArgs::all())?;
    let mut command = cargo();
    command.args(["test", "--locked"]);
    if args.rest.is_empty() {
        command.args(["--workspace", "--no-fail-fast"]);
    } else {
        command.args(&args.rest);
    }
    if args.rest.is_empty() || args.rest.iter().any(|word| word.contains("keeper") || word.contains("kedge-sender")) {
        command.env(nats::VARIABLE, nats::path()?);
    }
    phase("test", &mut command)?;
    if !args.rest.is_empty() {
        return Ok(());
    }
    phase("mended faults, put back one by one", &mut faults())?;
    crate::reference::run(&crate::reference::ReferenceArgs::bounded())?;
    crate::fuzz::bounded()?;
    crate::report::run()?;
    crate::client::test()?;
    crate::judges::run(&crate::judges::JudgesArgs::default())
}

/// The model's tests that put mended faults back, by a feature that no other test is built with. They are optimised
/// like the reference's, since the attackers search long.
fn faults() -> std::process::Command {
    let mut command = cargo();
    command.args(["test", "--locked", "--package", "kedge-model", "--features", "faults", "--profile", PROFILE]);
    command.args(["--test", "faults", "--test", "attackers", "--", "--nocapture"]);
    command
}
