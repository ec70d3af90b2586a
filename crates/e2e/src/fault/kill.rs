//! SIGKILL for each keeper in turn.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::session::Session;
use crate::verdict::Verdict;

/// Seconds for which a keeper stays dead.
const DEAD: u64 = 3;
/// Longest time from a keeper's start until it is ready.
const MOST: Duration = Duration::from_secs(10);

/// Kills each keeper, starts it again, and measures the time until it is ready.
pub(super) async fn kill(session: &mut Session, verdict: &mut Verdict) -> Result<()> {
    let mut slowest = (Duration::ZERO, String::new());
    for place in 0..session.fleet.keepers.len() {
        session.fleet.keepers[place].kill();
        session.work(DEAD).await?;
        let keeper = &mut session.fleet.keepers[place];
        let started = Instant::now();
        keeper.start()?;
        keeper.ready().await?;
        let (name, took) = (keeper.name.clone(), started.elapsed());
        println!("          {name:<12} ready {:.2} s after its start", took.as_secs_f64());
        if took > slowest.0 {
            slowest = (took, name);
        }
    }
    let figure = format!("slowest {:.2} s ({})", slowest.0.as_secs_f64(), slowest.1);
    verdict.check("kill: every keeper is ready within 10 s of its start", slowest.0 <= MOST, &figure);
    session.recover("kill", verdict).await?;
    session.audit("kill", verdict)
}
