//! The validator dies and comes back with its ledger.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::stand::Stand;
use crate::verdict::Verdict;

/// How long keepers may need to be ready once the validator produces slots.
const MOST: Duration = Duration::from_secs(20);

/// Kills it, starts it, and measures until every keeper is ready and prices move again.
pub async fn restart(stand: &mut Stand, verdict: &mut Verdict) -> Result<()> {
    let before = stand.floor.slot();
    stand.ground.validator.kill();
    let took = stand.ground.validator.start().await?;
    let started = Instant::now();
    for keeper in &mut stand.fleet.keepers {
        keeper.ready().await?;
    }
    let ready = started.elapsed();
    let found = stand.floor.until(MOST, |world, _| world.clock.slot > 0).await?;
    let after = stand.floor.slot();
    verdict.check(
        "restart: the ledger goes on",
        found.is_some() && after.saturating_add(64) > before,
        &format!("slot {before} before, {after} after, up after {:.1} s", took.as_secs_f64()),
    );
    let figure = format!("{:.1} s after the first slot, no keeper was restarted", ready.as_secs_f64());
    verdict.check("restart: every keeper is ready again within 20 s", ready <= MOST, &figure);
    let published = |world: &kedge_keeper::World| {
        world.board.market(0).map_or(i64::MAX, |row| world.clock.unix_time.saturating_sub(row.price.publish_time))
    };
    let fresh = stand.floor.until(MOST, |world, _| published(world) <= 5).await?;
    let figure = fresh.map_or_else(|| "not in 20 s".into(), |fresh| format!("after {:.1} s more", fresh.as_secs_f64()));
    verdict.check("restart: the board's prices are fresh again", fresh.is_some(), &figure);
    stand.recover("restart", verdict).await?;
    stand.audit("restart", verdict)
}
