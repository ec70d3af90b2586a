//! The validator is killed and started again on its ledger.

use std::time::{Duration, Instant};

use anyhow::Result;
use kedge_state::World;

use crate::session::Session;
use crate::verdict::Verdict;

/// Longest time until keepers are ready once the validator is at the slot of its death.
const MOST: Duration = Duration::from_secs(20);

/// Longest time until the validator is at the slot of its death: it begins at its last root.
const CATCH_UP: Duration = Duration::from_secs(60);

/// Kills and starts the validator; measures until it is at the slot of its death, every keeper is ready and prices move
/// again.
pub(super) async fn restart(session: &mut Session, verdict: &mut Verdict) -> Result<()> {
    session.work(1).await?;
    let (slot, records) = (session.load.slot(), session.load.world().map_or(0, records));
    let killed = Instant::now();
    session.cluster.validator.kill();
    session.cluster.validator.start().await?;
    let found = session.load.until(CATCH_UP, |world, _| world.clock.slot > slot).await?;
    let kept = session.load.world().map_or(0, self::records);
    let figure = format!(
        "slot {slot} again after {:.1} s; {records} records of the markets before, {kept} then",
        killed.elapsed().as_secs_f64()
    );
    verdict.check("restart: the ledger goes on and nothing of it is lost", found.is_some() && kept >= records, &figure);
    let started = Instant::now();
    for keeper in &mut session.fleet.keepers {
        keeper.ready().await?;
    }
    let ready = started.elapsed();
    let figure = format!("{:.1} s later, no keeper was restarted", ready.as_secs_f64());
    verdict.check("restart: every keeper is ready again within 20 s", ready <= MOST, &figure);
    let age = |world: &World| {
        world.board.market(0).map_or(i64::MAX, |row| world.clock.unix_time.saturating_sub(row.price.publish_time))
    };
    let fresh = session.load.until(MOST, |world, _| age(world) <= 5).await?;
    let figure = fresh.map_or_else(|| "not in 20 s".into(), |fresh| format!("after {:.1} s more", fresh.as_secs_f64()));
    verdict.check("restart: the board's prices are fresh again", fresh.is_some(), &figure);
    session.recover("restart", verdict).await?;
    session.audit("restart", verdict)
}

/// Event records of all markets so far.
fn records(world: &World) -> u64 {
    world.markets.iter().map(|market| market.next_event_seq).sum()
}
