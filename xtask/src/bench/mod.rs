//! `cargo xtask bench`: builds the program and measures the compute units and the transaction cost of every instruction.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;
use clap::Args;

use crate::program;
use crate::run::{build, cargo, phase, root, target};

/// Flags of `bench`.
#[derive(Args)]
pub(crate) struct BenchArgs {
    /// Compare with tests/compute.json, write nothing, and fail when a figure grew by more than 3 %.
    #[arg(long)]
    check: bool,

    /// Instead of the table, show where the compute units of one row go, by function.
    #[arg(long, value_name = "ROW", conflicts_with = "check")]
    profile: Option<String>,

    /// Instead of the table, measure OpenBook v2 from a file with its binary.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["check", "profile"])]
    peer: Option<PathBuf>,

    /// Positions of the user in the profiled row.
    #[arg(long, default_value_t = 1, requires = "profile")]
    positions: u16,
}

/// Builds the program and runs the bench.
pub(crate) fn run(args: &BenchArgs) -> Result<()> {
    program::run(program::ProgramArgs::only("kedge"))?;
    if let Some(row) = &args.profile {
        let mut command = cargo();
        command.args(["run", "--quiet", "--locked", "--package", "kedge-tests"]);
        command.args(["--features", "profile", "--bin", "kedge-profile", "--", row]).arg(args.positions.to_string());
        return phase("profile", &mut command);
    }
    let binary = if args.peer.is_some() { "kedge-peer" } else { "kedge-bench" };
    phase("build the bench", &mut build(&[binary]))?;
    let mut command = Command::new(target().join("debug").join(binary));
    // As cargo would set it: the crate's folder.
    command.env("CARGO_MANIFEST_DIR", root().join("tests")).current_dir(root());
    if let Some(file) = &args.peer {
        command.arg(std::path::absolute(file)?);
    }
    if args.check {
        command.arg("--check");
    }
    phase("bench", &mut command)
}
