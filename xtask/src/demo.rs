//! `cargo xtask demo`: builds the program and runs the demo on it.

use std::process::Command;

use anyhow::Result;
use clap::Args;

use crate::program;
use crate::run::{build, phase, root, target};

/// Flags of `demo`.
#[derive(Args)]
#[command(disable_help_flag = true)]
pub struct DemoArgs {
    /// Handed to the demo; `--help` lists its flags.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// Builds and runs.
pub fn run(args: &DemoArgs) -> Result<()> {
    let help = args.rest.iter().any(|flag| flag == "--help" || flag == "-h");
    if !help {
        program::run(program::ProgramArgs::only("kedge"))?;
    }
    phase("build the demo", &mut build(&["kedge-demo", "kedge"]))?;
    link_command()?;
    phase("demo", Command::new(target().join("debug/kedge-demo")).args(&args.rest).current_dir(root()))
}

/// Puts a link to the `kedge` command at target/kedge, wherever cargo's target folder is.
fn link_command() -> Result<()> {
    let (built, link) = (target().join("debug/kedge"), root().join("target/kedge"));
    if built.exists() {
        std::fs::create_dir_all(root().join("target"))?;
        let _ = std::fs::remove_file(&link);
        std::os::unix::fs::symlink(&built, &link)?;
        println!("[demo] the kedge command: target/kedge");
    }
    Ok(())
}
