//! `cargo xtask e2e`: keepers as processes of their own against `solana-test-validator`.

use std::process::Command;

use anyhow::Result;
use clap::Args;

use crate::program::debian;
use crate::run::{build, phase, root, target};
use crate::{nats, program, validator};

/// Flags of `e2e`.
#[derive(Args)]
#[command(disable_help_flag = true)]
pub(crate) struct E2eArgs {
    /// Commands and flags of the run; `--help` lists them.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// Builds validator, programs and keepers, and runs.
pub(crate) fn run(args: &E2eArgs) -> Result<()> {
    let help = args.rest.iter().any(|flag| flag == "--help" || flag == "-h");
    if !help {
        validator::announce()?;
    }
    // What is measured is built as a release is.
    let profile = if args.rest.iter().any(|word| word == "load") { "load" } else { "dev" };
    phase("build the keepers", build(&["kedge-e2e", "kedge-keeper", "kedge"]).args(["--profile", profile]))?;
    let folder = if profile == "dev" { "debug" } else { profile };
    let mut command = Command::new(target().join(folder).join("kedge-e2e"));
    command.args(&args.rest).current_dir(root());
    if !help {
        program::run(program::ProgramArgs::all())?;
        command.env("KEDGE_TEST_VALIDATOR", validator::path()?);
        if args.rest.iter().any(|word| word == "faults") {
            command.env(nats::VARIABLE, nats::path()?);
            // These scenarios run keepers with wrong clocks.
            if !has_faketime() {
                debian::install(&["libfaketime"], "what makes a clock wrong")?;
            }
        }
    }
    phase("e2e", &mut command)
}

/// Whether libfaketime is installed as Debian does it.
fn has_faketime() -> bool {
    let folders = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    folders.into_iter().any(|folder| folder.path().join("faketime/libfaketime.so.1").is_file())
}
