//! The command line.

use std::path::PathBuf;

use clap::{Args as Flags, Parser, Subcommand};

use crate::fault::Fault;

/// Runs the exchange on solana-test-validator with every keeper as a process of its own.
///
/// Exit status: 0 everything held; 1 it could not run; 2 something that must hold did not.
#[derive(Debug, Parser)]
#[command(name = "kedge-e2e", version)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Where things are.
    #[command(flatten)]
    pub places: Places,
}

/// Where things are.
#[derive(Clone, Debug, Flags)]
pub struct Places {
    /// The validator's binary.
    #[arg(long, env = "KEDGE_TEST_VALIDATOR", global = true, default_value = "solana-test-validator")]
    pub validator: PathBuf,
    /// The binary of the NATS server, for copies that share a lease.
    #[arg(long, env = "KEDGE_NATS_SERVER", global = true, default_value = "nats-server")]
    pub nats: PathBuf,
    /// The keeper's binary; without it the one beside this program.
    #[arg(long, global = true)]
    pub keeper: Option<PathBuf>,
    /// Folder with the bytecode of the programs.
    #[arg(long, global = true, default_value = "target/deploy")]
    pub programs: PathBuf,
    /// Folder for ledger, logs, configurations and figures; emptied at the start.
    #[arg(long, global = true, default_value = "target/e2e")]
    pub out: PathBuf,
    /// Folder of recordings; without it the sample that ships with the demo is replayed.
    #[arg(long, global = true, default_value = "../shared/data")]
    pub data: PathBuf,
    /// Seed of wallets and of the crowd's choices.
    #[arg(long, global = true, default_value_t = 7)]
    pub seed: u64,
}

/// What to do.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// A session of market on recorded prices, which the auditor's statement ends. What runs without a command.
    Market(Market),
    /// Faults, one after the other, each with its figures.
    Faults(Faults),
    /// Order flow that grows until something saturates, on exchanges with ever more sub-accounts.
    Load(Load),
    /// The validator with the exchange, prices and keepers, until Ctrl-C: something to try a keeper or a client on.
    Up(Up),
}

/// Flags of `market`.
#[derive(Clone, Debug, Flags)]
pub struct Market {
    /// Wall seconds.
    #[arg(long, default_value_t = 600)]
    pub seconds: u64,
    /// Market seconds a second.
    #[arg(long, default_value_t = 12.0)]
    pub speed: f64,
    /// Start of the replay in UTC; without it such that the fall of 3 February 2025 lies in the second half.
    #[arg(long)]
    pub from: Option<String>,
    /// Takers in the crowd.
    #[arg(long, default_value_t = 24)]
    pub takers: usize,
}

impl Default for Market {
    fn default() -> Self {
        Self { seconds: 600, speed: 12.0, from: None, takers: 24 }
    }
}

/// Flags of `faults`.
#[derive(Clone, Debug, Flags)]
pub struct Faults {
    /// Which; without it all.
    #[arg(value_enum)]
    pub which: Vec<Fault>,
    /// The same, with commas between them: `--only half-open,restart`.
    #[arg(long, value_enum, value_delimiter = ',')]
    pub only: Vec<Fault>,
    /// Seconds for which a fault of the network lasts.
    #[arg(long, default_value_t = 15)]
    pub seconds: u64,
    /// Accounts in the crash.
    #[arg(long, default_value_t = 500)]
    pub accounts: usize,
}

/// Flags of `load`.
#[derive(Clone, Debug, Flags)]
pub struct Load {
    /// Sub-accounts of the exchanges, one after the other.
    #[arg(long, value_delimiter = ',', default_values_t = [100, 1_000, 10_000])]
    pub accounts: Vec<usize>,
    /// Orders a second of the first step; each further step asks for twice as many.
    #[arg(long, default_value_t = 2.0)]
    pub rate: f64,
    /// Seconds of a step.
    #[arg(long, default_value_t = 15)]
    pub seconds: u64,
}

/// Flags of `up`.
#[derive(Clone, Debug, Flags)]
pub struct Up {
    /// Port of JSON-RPC; WebSocket is on the next.
    #[arg(long, default_value_t = 8899)]
    pub port: u16,
    /// Start the validator and the oracle keeper alone: the other keepers are yours.
    #[arg(long)]
    pub bare: bool,
}
