//! `cargo xtask <command>`: one module per command, everything the Makefile calls.

mod demo;
mod idl;
mod lint;
mod program;
mod run;
mod test;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

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
    /// Generate idl/kedge.json
    Idl(idl::IdlArgs),
    /// Check format, clippy and the committed IDL
    Lint,
    /// Build the programs and run every test
    Test(test::TestArgs),
    /// Build the program and run the demo
    Demo(demo::DemoArgs),
}

fn main() -> anyhow::Result<()> {
    match Xtask::parse().command {
        Command::Program(args) => program::run(args),
        Command::Idl(args) => idl::run(&args),
        Command::Lint => lint::run(),
        Command::Test(args) => test::run(&args),
        Command::Demo(args) => demo::run(&args),
    }
}
