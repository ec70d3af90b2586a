//! The endpoint between keepers and chain fails for a while.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::{Fault, name};
use crate::figures::Latency;
use crate::proxy::{Rpc, Wire};
use crate::session::Session;
use crate::verdict::Verdict;

/// Longest time until keepers are ready once service is back.
const MOST: Duration = Duration::from_secs(10);

/// Longest time until keepers report that their stream of changes is gone.
const RED: Duration = Duration::from_secs(10);

/// Breaks the endpoint, waits, restores it, and measures.
pub(super) async fn network(session: &mut Session, fault: Fault, seconds: u64, verdict: &mut Verdict) -> Result<()> {
    let what = name(fault);
    let before = landed(session)?;
    match fault {
        Fault::Socket => session.proxy.set_socket(Wire::Cut),
        Fault::HalfOpen => session.proxy.set_socket(Wire::Swallows),
        Fault::Silent => session.proxy.set_rpc(Rpc::Silent),
        Fault::Stale => session.proxy.set_rpc(Rpc::Stale),
        Fault::Limited => session.proxy.set_rpc(Rpc::Limited),
        _ => session.proxy.set_rpc(Rpc::Gone),
    }
    if matches!(fault, Fault::Socket | Fault::HalfOpen) {
        let red = red(session).await?;
        let figure = red.map_or_else(|| "not in time".into(), |red| format!("{:.1} s", red.as_secs_f64()));
        verdict.check(&format!("{what}: no keeper says that it is ready"), red.is_some(), &figure);
    }
    session.work(seconds).await?;
    let during = landed(session)?;
    session.proxy.set_rpc(Rpc::Fine);
    session.proxy.set_socket(Wire::Passes);
    let mended = Instant::now();
    session.fleet.check()?;
    for keeper in &mut session.fleet.keepers {
        keeper.ready().await?;
    }
    let ready = mended.elapsed();
    println!("          {} transactions of keepers landed during {seconds} s of it", during - before);
    if matches!(fault, Fault::Socket | Fault::HalfOpen | Fault::Limited) {
        verdict.check(
            &format!("{what}: keepers go on meanwhile"),
            during > before,
            &format!("{} transactions", during - before),
        );
    }
    let figure = format!("{:.1} s", ready.as_secs_f64());
    verdict.check(&format!("{what}: every keeper is ready within 10 s of service"), ready <= MOST, &figure);
    session.recover(&what, verdict).await?;
    session.audit(&what, verdict)
}

/// Waits until no keeper is ready, while work goes on. Returns how long that took.
async fn red(session: &mut Session) -> Result<Option<Duration>> {
    let started = Instant::now();
    while started.elapsed() < RED {
        let mut ready = 0;
        for keeper in &session.fleet.keepers {
            ready += usize::from(keeper.is_ready().await);
        }
        if ready == 0 {
            return Ok(Some(started.elapsed()));
        }
        session.load.work(Duration::from_millis(300), |_, _| {}).await?;
    }
    Ok(None)
}

/// Transactions of all keepers that landed so far.
fn landed(session: &Session) -> Result<usize> {
    let latency = Latency::of(&session.fleet.keepers)?;
    Ok(latency.total())
}
