//! `cargo xtask <command>`: one module per command, everything the Makefile calls.

mod program;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Build and check tasks of the Kedge workspace")]
struct Xtask {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the on-chain programs into target/deploy
    Program(program::ProgramArgs),
}

fn main() -> anyhow::Result<()> {
    match Xtask::parse().command {
        Command::Program(args) => program::run(args),
    }
}
