//! Faults on a running exchange. After each the session is judged: nothing is lost, nothing is done twice, and nothing
//! stays liquidatable 20 slots after service is back.

pub(crate) mod crash;
mod kill;
mod kind;
mod network;
mod restart;
mod skew;
mod standby;
mod twins;

use anyhow::Result;
use clap::ValueEnum;
pub(crate) use kind::{Fault, name};

use crate::args::{Faults, Places};
use crate::figures::Latency;
use crate::session::Session;
use crate::verdict::Verdict;

/// Tries the given faults; all faults when none is given.
pub(crate) async fn faults(places: &Places, args: &Faults) -> Result<Verdict> {
    let named: Vec<Fault> = args.which.iter().chain(&args.only).copied().collect();
    let wanted = if named.is_empty() { Fault::value_variants().to_vec() } else { named };
    let mut verdict = Verdict::default();
    if wanted.iter().any(|fault| *fault != Fault::Crash) {
        let mut session = Session::start(places).await?;
        for fault in wanted.iter().copied().filter(|fault| *fault != Fault::Crash) {
            println!("\n== {} ==", name(fault));
            match fault {
                Fault::Kill => kill::kill(&mut session, &mut verdict).await?,
                Fault::Restart => restart::restart(&mut session, &mut verdict).await?,
                Fault::Twins => twins::twins(&mut session, args.seconds, &mut verdict).await?,
                Fault::Standby => standby::standby(&mut session, &places.nats, args.seconds, &mut verdict).await?,
                Fault::Skew => skew::skew(&mut session, args.seconds, &mut verdict).await?,
                other => network::network(&mut session, other, args.seconds, &mut verdict).await?,
            }
        }
        session.load.open = false;
        session.work(10).await?;
        let bad = session.fleet.stop()?;
        verdict.check("every keeper stopped in order at the end", bad.is_empty(), &bad.join(", "));
        println!("\n{}\n", Latency::of(&session.fleet.keepers)?.text());
        session.audit("after all of it", &mut verdict)?;
    }
    if wanted.contains(&Fault::Crash) {
        println!("\n== {} ==", name(Fault::Crash));
        verdict.extend(crash::crash(places, args.accounts).await?);
    }
    Ok(verdict)
}
