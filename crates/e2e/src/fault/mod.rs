//! Faults on a running exchange. Each one is tried, taken back, and judged: nothing lost, nothing done twice, nothing
//! liquidatable left after 20 slots of service.

pub mod crash;
mod kill;
mod network;
mod restart;
mod skew;
mod standby;
mod twins;

use anyhow::Result;
use clap::ValueEnum;

use crate::args::{Faults, Places};
use crate::figures::Latency;
use crate::stand::Stand;
use crate::verdict::Verdict;

/// A fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Fault {
    /// Each keeper is killed (SIGKILL) and started again.
    Kill,
    /// The validator is killed and started from its ledger.
    Restart,
    /// Every WebSocket is cut, and new ones are refused.
    Socket,
    /// Every WebSocket stands and nothing passes it, as behind a firewall that has forgotten it.
    HalfOpen,
    /// JSON-RPC takes requests and never answers.
    Silent,
    /// JSON-RPC answers as it did before.
    Stale,
    /// JSON-RPC answers 429 to three requests of four.
    Limited,
    /// JSON-RPC closes every connection.
    Gone,
    /// Every keeper runs twice, with the same wallets.
    Twins,
    /// Every keeper runs twice and shares a lease over NATS: one works, the other takes over.
    Standby,
    /// Keepers whose clocks are five minutes off, either way.
    Skew,
    /// A fall of 30 % in a minute, with many accounts; on a chain of its own.
    Crash,
}

/// Tries the faults that were asked for, all without a choice.
pub async fn faults(places: &Places, args: &Faults) -> Result<Verdict> {
    let named: Vec<Fault> = args.which.iter().chain(&args.only).copied().collect();
    let wanted = if named.is_empty() { Fault::value_variants().to_vec() } else { named };
    let mut verdict = Verdict::default();
    if wanted.iter().any(|fault| *fault != Fault::Crash) {
        let mut stand = Stand::start(places).await?;
        for fault in wanted.iter().copied().filter(|fault| *fault != Fault::Crash) {
            println!("\n== {} ==", name(fault));
            match fault {
                Fault::Kill => kill::kill(&mut stand, &mut verdict).await?,
                Fault::Restart => restart::restart(&mut stand, &mut verdict).await?,
                Fault::Twins => twins::twins(&mut stand, args.seconds, &mut verdict).await?,
                Fault::Standby => standby::standby(&mut stand, &places.nats, args.seconds, &mut verdict).await?,
                Fault::Skew => skew::skew(&mut stand, args.seconds, &mut verdict).await?,
                other => network::network(&mut stand, other, args.seconds, &mut verdict).await?,
            }
        }
        stand.floor.open = false;
        stand.work(10).await?;
        let bad = stand.fleet.stop()?;
        verdict.check("every keeper stopped in order at the end", bad.is_empty(), &bad.join(", "));
        println!("\n{}\n", Latency::of(&stand.fleet.keepers)?.text());
        stand.audit("after all of it", &mut verdict)?;
    }
    if wanted.contains(&Fault::Crash) {
        println!("\n== {} ==", name(Fault::Crash));
        verdict.extend(crash::crash(places, args.accounts).await?);
    }
    Ok(verdict)
}

/// Its name on the command line.
pub fn name(fault: Fault) -> String {
    fault.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
}
