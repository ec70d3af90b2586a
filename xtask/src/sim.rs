//! `cargo xtask sim`: builds the simulator, optimised, and runs it.

use std::process::Command;

use anyhow::Result;
use clap::Args;

use crate::run::{cargo, root, target};
use crate::{foreground, quiet};

/// Flags of `sim`.
#[derive(Args)]
#[command(disable_help_flag = true)]
pub(crate) struct SimArgs {
    /// Flags of the simulator; `--help` lists them.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// Builds and runs the simulator. It needs no chain: of the workspace only what it stands on is built.
pub(crate) fn run(args: &SimArgs) -> Result<()> {
    let folder = root().join("target");
    std::fs::create_dir_all(&folder)?;
    let mut build = cargo();
    build.args(["build", "--locked", "--profile", "load", "--package", "kedge-sim"]);
    quiet::run("build the simulator (the first time some minutes)", &mut build, &folder.join("sim-build.log"))?;
    foreground::run(Command::new(target().join("load/kedge-sim")).args(&args.rest))?;
    Ok(())
}
