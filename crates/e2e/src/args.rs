//! The command line.

use std::path::PathBuf;

use clap::{Args as Flags, Parser, Subcommand};

use crate::fault::Fault;

/// Runs the exchange on solana-test-validator with every keeper as a process of its own.
///
/// Exit status: 0 every statement holds; 1 the run could not be done; 2 a statement does not hold.
#[derive(Debug, Parser)]
#[command(name = "kedge-e2e", version)]
pub(crate) struct Args {
    /// The command; `market` by default.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Binaries and folders.
    #[command(flatten)]
    pub places: Places,
}

/// Binaries and folders.
#[derive(Clone, Debug, Flags)]
pub(crate) struct Places {
    /// The validator's binary.
    #[arg(long, env = "KEDGE_TEST_VALIDATOR", global = true, default_value = "solana-test-validator")]
    pub validator: PathBuf,
    /// The binary of the NATS server, for replicas that share a lease.
    #[arg(long, env = "KEDGE_NATS_SERVER", global = true, default_value = "nats-server")]
    pub nats: PathBuf,
    /// The keeper's binary; by default the one beside this program.
    #[arg(long, global = true)]
    pub keeper: Option<PathBuf>,
    /// Folder with the bytecode of the programs.
    #[arg(long, global = true, default_value = "target/deploy")]
    pub programs: PathBuf,
    /// Folder for ledger, logs, configurations and figures; emptied at the start.
    #[arg(long, global = true, default_value = "target/e2e")]
    pub out: PathBuf,
    /// Folder of recordings; by default the sample that ships with the demo is replayed.
    #[arg(long, global = true, default_value = "../shared/data")]
    pub data: PathBuf,
    /// Seed of wallets and of takers' choices.
    #[arg(long, global = true, default_value_t = 7)]
    pub seed: u64,
}

/// The command.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Command {
    /// A session of market on recorded prices, which ends with the auditor's statement (the default).
    Market(Market),
    /// Faults one after the other, each with its figures.
    Faults(Faults),
    /// Order flow that grows until something saturates, on exchanges with ever more sub-accounts.
    Load(Load),
    /// The validator with exchange, prices and keepers until Ctrl-C, to try a keeper or a client on.
    Up(Up),
}

/// Flags of `market`.
#[derive(Clone, Debug, Flags)]
pub(crate) struct Market {
    /// Length of the session, wall seconds.
    #[arg(long, default_value_t = 600)]
    pub seconds: u64,
    /// Market seconds a second.
    #[arg(long, default_value_t = 12.0)]
    pub speed: f64,
    /// Start of the replay in UTC; by default such that the fall of 3 February 2025 lies in the second half.
    #[arg(long)]
    pub from: Option<String>,
    /// Number of takers.
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
pub(crate) struct Faults {
    /// Faults to try; all by default.
    #[arg(value_enum)]
    pub which: Vec<Fault>,
    /// Faults to try, with commas between them: `--only half-open,restart`.
    #[arg(long, value_enum, value_delimiter = ',')]
    pub only: Vec<Fault>,
    /// Length of a fault of the network, seconds.
    #[arg(long, default_value_t = 15)]
    pub seconds: u64,
    /// Accounts in the crash.
    #[arg(long, default_value_t = 500)]
    pub accounts: usize,
}

/// Flags of `load`.
#[derive(Clone, Debug, Flags)]
pub(crate) struct Load {
    /// Numbers of sub-accounts of the exchanges, one exchange after the other.
    #[arg(long, value_delimiter = ',', default_values_t = [100, 1_000, 10_000])]
    pub accounts: Vec<usize>,
    /// Orders a second of the first step; each further step sends twice as many.
    #[arg(long, default_value_t = 2.0)]
    pub rate: f64,
    /// Seconds of a step.
    #[arg(long, default_value_t = 15)]
    pub seconds: u64,
}

/// Flags of `up`.
#[derive(Clone, Debug, Flags)]
pub(crate) struct Up {
    /// Port of JSON-RPC; WebSocket is on the next.
    #[arg(long, default_value_t = 8899)]
    pub port: u16,
    /// Start the validator and the oracle keeper alone, without the other keepers.
    #[arg(long)]
    pub bare: bool,
}
