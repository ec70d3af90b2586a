//! Flags of `kedge-sim`.

use clap::Parser;

use crate::prices::Scenario;

/// Traders, makers, liquidators and keepers on the exchange in memory, through a recorded crash: what each default
/// parameter of a listing costs.
///
/// The same seed gives the same figures. Every ledger is added up to the unit at the end of each run; an equation that does
/// not hold ends the command with an error.
#[derive(Clone, Debug, Parser)]
#[command(name = "kedge-sim", version)]
pub struct Args {
    /// Accounts of traders: 3.3 kB of memory each, and as much again for each thread
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(100..=2_000_000))]
    pub accounts: u32,
    /// Seed of all choices
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Recorded prices
    #[arg(long, value_enum, default_value_t = Scenario::Crash)]
    pub scenario: Scenario,
    /// Runs at a time
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=64))]
    pub threads: u8,
    /// Vary the liquidation budget alone, in the hardest condition
    #[arg(long)]
    pub budget: bool,
    /// Print JSON, an object a run, instead of the table
    #[arg(long)]
    pub json: bool,
    /// Rewrite docs/parameters.md with the default accounts, seed and scenario
    #[arg(long, conflicts_with_all = ["accounts", "seed", "scenario", "budget", "json"])]
    pub write: bool,
}
