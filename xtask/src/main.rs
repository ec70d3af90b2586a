//! `cargo xtask <command>`: a module for each command of the Makefile.

mod advisories;
mod alerts;
mod bench;
mod client;
mod demo;
mod deny;
mod e2e;
mod figures;
mod floors;
mod foreground;
mod fuzz;
mod idl;
mod judges;
mod layouts;
mod lint;
mod miri;
mod mutants;
mod nats;
mod npm;
mod program;
mod quiet;
mod reference;
mod report;
mod run;
mod sim;
mod test;
mod times;
mod tool;
mod validator;

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
    /// Generate idl/kedge.json and docs/layouts.md
    Idl(idl::IdlArgs),
    /// Generate the TypeScript client in clients/js from the IDL
    Client(client::ClientArgs),
    /// Check dependencies against the advisories in toolchain/advisories
    Advisories(advisories::AdvisoriesArgs),
    /// Check licences and sources of dependencies with cargo-deny (deny.toml)
    Deny(deny::DenyArgs),
    /// Check format, clippy, dependencies, alert rules, the committed IDL and the committed client
    Lint,
    /// Build the programs and run every test
    Test(test::TestArgs),
    /// Run random action sequences on a whole exchange, guided by coverage
    Fuzz(fuzz::FuzzArgs),
    /// Judge the report of the demo's end-to-end test
    Report,
    /// Hold independent clients against the Rust crates
    Judges(judges::JudgesArgs),
    /// Compare the model's formulas with an independent reference, on random cases
    Reference(reference::ReferenceArgs),
    /// Interpret tests of the model and every cast of account bytes, to find undefined behaviour
    Miri(miri::MiriArgs),
    /// Change the model one word at a time and check that its tests notice
    Mutants(mutants::MutantsArgs),
    /// Measure compute units and rewrite docs/compute.md
    Bench(bench::BenchArgs),
    /// Build the program and run the demo
    Demo(demo::DemoArgs),
    /// Build the program and show the way out of an exchange that nobody runs
    Exit,
    /// Build the simulator and run it
    Sim(sim::SimArgs),
    /// Build kedge-keeper and link it at target/kedge-keeper
    Keeper,
    /// Build solana-test-validator into the cache, where `e2e` finds it
    Validator(validator::ValidatorArgs),
    /// Run keepers as processes against solana-test-validator, and inject faults
    E2e(e2e::E2eArgs),
}

fn main() -> ExitCode {
    let result = match Xtask::parse().command {
        Command::Program(args) => program::run(args),
        Command::Idl(args) => idl::run(&args),
        Command::Client(args) => client::run(&args),
        Command::Advisories(args) => advisories::run(&args),
        Command::Deny(args) => deny::run(&args),
        Command::Lint => lint::run(),
        Command::Test(args) => test::run(&args),
        Command::Fuzz(args) => fuzz::run(&args),
        Command::Report => report::run(),
        Command::Judges(args) => judges::run(&args),
        Command::Reference(args) => reference::run(&args),
        Command::Miri(args) => miri::run(&args),
        Command::Mutants(args) => mutants::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Demo(args) => demo::run(&args),
        Command::Exit => demo::exit(),
        Command::Sim(args) => sim::run(&args),
        Command::Keeper => demo::keeper(),
        Command::Validator(args) => validator::run(&args),
        Command::E2e(args) => e2e::run(&args),
    };
    // The message says what to do; a backtrace of this tool would not help.
    let Err(error) = result else { return ExitCode::SUCCESS };
    eprintln!("error: {error}");
    error.chain().skip(1).for_each(|cause| eprintln!("because: {cause}"));
    ExitCode::FAILURE
}
