//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use kedge_client::Secret;
use serde::{Deserialize, Serialize};

/// Runs the jobs that keep a Kedge market running.
///
/// Values come from the configuration file, then from the environment (KEDGE_KEEPER__SECTION__KEY, such as
/// KEDGE_KEEPER__RPC__URL), then from these flags; the later wins.
#[derive(Clone, Debug, Parser)]
#[command(name = "kedge-keeper", version)]
pub struct Args {
    /// Configuration file (TOML).
    #[arg(long, global = true)]
    pub config: Option<PathBuf>,
    /// RPC endpoint.
    #[arg(long, global = true, value_parser = Secret::parse)]
    pub rpc: Option<Secret>,
    /// WebSocket endpoint.
    #[arg(long, global = true, value_parser = Secret::parse)]
    pub ws: Option<Secret>,
    /// Keypair file that signs and pays.
    #[arg(long, global = true)]
    pub keypair: Option<PathBuf>,
    /// Jobs, separated by commas.
    #[arg(long, global = true, value_delimiter = ',')]
    pub jobs: Option<Vec<String>>,
    /// Say what would be sent, send nothing.
    #[arg(long, global = true)]
    pub dry_run: bool,
    /// How logs are written.
    #[arg(long, global = true)]
    pub log_format: Option<LogFormat>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Run the jobs until told to stop.
    Run,
    /// Check configuration, key, endpoint, program, balance and account; exit 0 when all is well.
    Check,
    /// Recompute conservation, margins and invariants from raw accounts, once; exit 0 when everything reconciles.
    Audit {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Tell what the jobs would decide on what a keeper has recorded ([source] record). Needs no endpoint and no key.
    Replay {
        /// The recording.
        file: PathBuf,
    },
}

/// How logs are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

impl LogFormat {
    /// As it is written in the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
        }
    }
}
