//! `cargo xtask demo`: builds the program and runs the demo on it.

use anyhow::Result;
use clap::Args;

use crate::program;
use crate::run::{cargo, phase};

/// Flags of `demo`.
#[derive(Args)]
pub struct DemoArgs {
    /// Handed to the demo; `--help` lists its flags.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// Builds and runs.
pub fn run(args: &DemoArgs) -> Result<()> {
    if !args.rest.iter().any(|flag| flag == "--help" || flag == "-h") {
        program::run(program::ProgramArgs::only("kedge"))?;
        phase(
            "build the demo",
            cargo().args(["build", "--locked", "--package", "kedge-demo", "--package", "kedge-cli"]),
        )?;
    }
    let mut command = cargo();
    command.args(["run", "--quiet", "--locked", "--package", "kedge-demo", "--"]).args(&args.rest);
    phase("demo", &mut command)
}
