//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, ensure};
use clap::Parser;

use kedge_localnet::LocalnetConfig;
use kedge_testbed::recorded::{RecordedPrices, Scenario};

/// Runs the exchange on a local chain against recorded prices, and proves at the end that every unit is accounted for.
///
/// Ctrl-C ends the replay early and in order, report included; a second one ends it at once.
///
/// Exit status: 0 conservation holds and every kind of event happened, or Ctrl-C ended the run and conservation holds;
/// 1 the run could not be done; 2 conservation does not hold; 3 some kind of event never happened (the summary says
/// which); 4 the keepers were blind, or over a tenth of the transactions failed; 130 the second Ctrl-C.
#[derive(Clone, Debug, Parser)]
#[command(name = "kedge-demo", version)]
pub struct Args {
    /// Market seconds a second of wall time.
    #[arg(long, default_value_t = 120.0, default_value_if("serve", "true", "1"))]
    pub speed: f64,
    /// Minutes of market to replay [default: 240; with --serve until Ctrl-C].
    #[arg(long)]
    pub minutes: Option<u32>,
    /// Start of the replay in UTC, such as 2025-02-03T00:30.
    #[arg(long)]
    pub from: Option<String>,
    /// Recorded day [default: crash; quiet with --serve].
    #[arg(long, value_enum)]
    pub scenario: Option<Scenario>,
    /// Number of takers.
    #[arg(long, default_value_t = 24)]
    pub takers: usize,
    /// Seed of wallets and of takers' choices.
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
    /// Port of the RPC server; another one is taken when it is in use. WebSocket is on the next.
    #[arg(long, default_value_t = 8899)]
    pub rpc_port: u16,
    /// Folder of recordings; by default the sample that ships with the demo is replayed.
    #[arg(long, default_value = "../shared/data")]
    pub data: PathBuf,
    /// Folder for report.html, summary.json and the wallets.
    #[arg(long, default_value = "target/demo")]
    pub out: PathBuf,
    /// Leave the exchange up to try things on, until Ctrl-C: keepers and makers, no takers, the clock of this machine
    /// and prices that hardly move. Where standard output is no terminal it is one line of JSON, once prices are in:
    /// addresses of the servers and a funded wallet.
    #[arg(long)]
    pub serve: bool,
    /// The program's bytecode.
    #[arg(long, default_value = "target/deploy/kedge.so")]
    pub program: PathBuf,
    /// Steps that the caller has numbered before this program.
    #[arg(long, hide = true, default_value_t = 0)]
    pub steps_done: usize,
}

/// Minutes of the replay by default.
const MINUTES: u32 = 240;

impl Args {
    /// Refuses arguments out of range.
    ///
    /// # Errors
    /// The argument, and its range.
    pub fn validate(&self) -> Result<()> {
        ensure!((1.0..=300.0).contains(&self.speed), "--speed must lie between 1 and 300");
        ensure!(self.minutes() >= 1, "--minutes must be at least 1");
        ensure!((1..=200).contains(&self.takers), "--takers must lie between 1 and 200");
        ensure!(
            self.program.is_file(),
            "{} is not there: build it with `make program`, or name it with --program",
            self.program.display()
        );
        Ok(())
    }

    /// Minutes of market to replay; with `serve` and no number, far longer than a session.
    #[must_use]
    pub fn minutes(&self) -> u32 {
        self.minutes.unwrap_or(if self.serve { u32::MAX } else { MINUTES })
    }

    /// The recorded day.
    #[must_use]
    pub fn scenario(&self) -> Scenario {
        self.scenario.unwrap_or(if self.serve { Scenario::Quiet } else { Scenario::Crash })
    }

    /// The chain's configuration: market time is held at the start of the prices.
    #[must_use]
    pub fn localnet(&self, prices: &RecordedPrices) -> LocalnetConfig {
        LocalnetConfig {
            rpc_port: Some(self.rpc_port),
            slot_time: Duration::from_millis(self.slot_ms()),
            genesis_time: Some(prices.start),
            time_rate: 0.0,
            ..LocalnetConfig::default()
        }
    }

    /// Wall milliseconds of a slot: about 9.6 market seconds, inside the slot times that the exchange accepts.
    #[must_use]
    pub fn slot_ms(&self) -> u64 {
        (9_600.0 / self.speed).clamp(40.0, 400.0) as u64
    }
}
