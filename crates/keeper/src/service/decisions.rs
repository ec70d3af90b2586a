//! Plans in the log: who decided what, about what, why, and for how much.

use kedge_client::shown::printable;
use kedge_sender::Plan;
use kedge_state::World;
use tracing::{debug, info};

use crate::explain::explain;
use crate::jobs::Job;

/// Tells of a plan that is sent, or would be.
pub(super) fn tell(job_runner: &dyn Job, plan: &Plan, world: &World, dry_run: bool) {
    let job = job_runner.name();
    let told = explain(plan, world);
    let market = told.market.map_or_else(String::new, |index| name(world, index));
    let (action, slot, refresh) = (plan.name(), world.clock.slot, format!("{:?}", plan.refresh));
    let (subject, why) = (told.subject, job_runner.why(plan).unwrap_or(told.why));
    // Quote units are millionths of a dollar.
    let reward = told.reward.map(|reward| reward.0 as f64 / 1e6);
    let message = if dry_run { "would send" } else { "sending" };
    if action == "refresh_prices" && !dry_run {
        // Every few seconds for ever: of interest only to who asks.
        debug!(job, action, subject, why, slot, "{message}");
    } else {
        info!(job, action, market, subject, why, reward_dollars = reward, refresh, slot, "{message}");
    }
}

/// Name of a market, or its index when it has none.
fn name(world: &World, index: u16) -> String {
    let name = world.markets.get(usize::from(index)).map(|market| market.name).unwrap_or_default();
    let text = String::from_utf8_lossy(&name).trim_end_matches('\0').to_owned();
    if text.is_empty() { index.to_string() } else { printable(&text).into_owned() }
}
