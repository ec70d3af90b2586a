//! `cargo xtask bench`: builds the program and measures the compute units of every instruction.

use anyhow::Result;
use clap::Args;

use crate::program;
use crate::run::{cargo, phase};

/// Flags of `bench`.
#[derive(Args)]
pub struct BenchArgs {
    /// Compare with tests/compute.json, write nothing, and fail when a figure grew by more than 3 %.
    #[arg(long)]
    check: bool,

    /// Instead of the table, show where the compute units of one row go, by function.
    #[arg(long, value_name = "ROW", conflicts_with = "check")]
    profile: Option<String>,

    /// Positions of the user in the profiled row.
    #[arg(long, default_value_t = 1, requires = "profile")]
    positions: u16,
}

/// Builds and measures.
pub fn run(args: &BenchArgs) -> Result<()> {
    program::run(program::ProgramArgs::only("kedge"))?;
    let mut command = cargo();
    command.args(["run", "--quiet", "--locked", "--package", "kedge-tests"]);
    if let Some(row) = &args.profile {
        command.args(["--features", "profile", "--bin", "kedge-profile", "--", row]).arg(args.positions.to_string());
    } else {
        command.args(["--bin", "kedge-bench"]);
        if args.check {
            command.args(["--", "--check"]);
        }
    }
    phase("bench", &mut command)
}
