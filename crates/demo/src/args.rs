//! The command line.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::Parser;

use crate::replay::Scenario;

/// Runs the exchange on a local chain against recorded prices, and proves at the end that every unit is accounted for.
///
/// Exit status: 0 conservation holds and everything happened at least once; 1 it could not run; 2 conservation does
/// not hold; 3 it ran but something never happened (the summary says what); 4 the keepers were blind, or over a tenth of
/// the transactions failed; 130 interrupted.
#[derive(Clone, Debug, Parser)]
#[command(name = "kedge-demo", version)]
pub struct Args {
    /// Market seconds a second of wall time.
    #[arg(long, default_value_t = 120.0, default_value_if("serve", "true", "1"))]
    pub speed: f64,
    /// Minutes of market to replay.
    #[arg(long, default_value_t = 240)]
    pub minutes: u32,
    /// Start of the replay in UTC, such as 2025-02-03T00:30.
    #[arg(long)]
    pub from: Option<String>,
    /// Which recorded day.
    #[arg(long, value_enum, default_value_t = Scenario::Crash)]
    pub scenario: Scenario,
    /// Takers in the crowd.
    #[arg(long, default_value_t = 24)]
    pub takers: usize,
    /// Seed of wallets and of the crowd's choices.
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
    /// Port of the RPC server; another one is taken when it is in use. WebSocket is on the next.
    #[arg(long, default_value_t = 8899)]
    pub rpc_port: u16,
    /// Folder of recordings; without it the sample that ships with the demo is replayed.
    #[arg(long, default_value = "../shared/data")]
    pub data: PathBuf,
    /// Folder for report.html, summary.json and the visitor's wallet.
    #[arg(long, default_value = "target/demo")]
    pub out: PathBuf,
    /// Run the exchange with its keepers and makers, but without a crowd, for others to trade on. Standard output is
    /// one line of JSON, once prices are in: addresses of the servers and a funded wallet. Ends with the tape.
    #[arg(long)]
    pub serve: bool,
    /// The program's bytecode.
    #[arg(long, default_value = "target/deploy/kedge.so")]
    pub program: PathBuf,
}

impl Args {
    /// Refuses what cannot work.
    ///
    /// # Errors
    /// Says which argument, and its range.
    pub fn validate(&self) -> Result<()> {
        ensure!((1.0..=300.0).contains(&self.speed), "--speed must lie between 1 and 300");
        ensure!(self.minutes >= 1, "--minutes must be at least 1");
        ensure!((1..=200).contains(&self.takers), "--takers must lie between 1 and 200");
        ensure!(
            self.program.is_file(),
            "{} is not there: build it with `make program`, or name it with --program",
            self.program.display()
        );
        Ok(())
    }

    /// Wall milliseconds of a slot: about 9.6 market seconds, inside what the exchange believes of a slot time.
    #[must_use]
    pub fn slot_ms(&self) -> u64 {
        (9_600.0 / self.speed).clamp(40.0, 400.0) as u64
    }
}
