//! `cargo xtask test`: builds the programs, then runs every test of the workspace.

use anyhow::Result;
use clap::Args;

use crate::program;
use crate::run::{cargo, phase};

/// Flags of `test`.
#[derive(Args)]
pub struct TestArgs {
    /// Handed to `cargo test` (for example `-p kedge-model`).
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// Builds and tests.
pub fn run(args: &TestArgs) -> Result<()> {
    program::run(program::ProgramArgs::all())?;
    let mut command = cargo();
    command.args(["test", "--locked"]);
    if args.rest.is_empty() {
        command.args(["--workspace", "--no-fail-fast"]);
    } else {
        command.args(&args.rest);
    }
    phase("test", &mut command)
}
