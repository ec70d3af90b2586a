//! A session of market: recorded prices, takers, every keeper, and the auditor's statement at the end.

use std::time::{Duration, Instant};

use anyhow::Result;
use kedge_testbed::participants::Participants;
use kedge_testbed::recorded::{RecordedPrices, Scenario};
use kedge_testbed::waits::decline;
use serde_json::json;

use crate::args::{Market, Places};
use crate::cluster::Cluster;
use crate::fault::crash::{levered, plant};
use crate::figures::Latency;
use crate::fleet::{Fleet, Post};
use crate::load::Load;
use crate::rest::{Rest, replace_prices};
use crate::statement::{sign, statement};
use crate::verdict::Verdict;
use crate::{ports, prices};

/// Most slots until a keeper acts on a liquidatable account.
pub(crate) const MOST_SLOTS: u64 = 20;
/// Time between two lines of progress.
const TELL_EVERY: Duration = Duration::from_secs(10);
/// Shortest session with liquidations of its own, seconds; in a shorter one some accounts are planted.
const LONG: u64 = 300;
/// Planted accounts, and their smallest and largest leverage: a fall of 12 % reaches them all.
const PLANTED: (usize, (f64, f64)) = (6, (7.5, 10.0));
/// Most failed transactions of keepers for a hundred that landed.
const MOST_FAILED: usize = 10;
/// Factor on the takers' pace in the recorded market's own time.
const BUSY: f64 = 2.0;
/// The bottom of the recorded fall, 3 February 2025 02:08 UTC, Unix seconds: it comes after three quarters of the
/// session.
const BOTTOM: i64 = 1_738_548_480;

/// Runs the session and judges it.
pub(crate) async fn market(places: &Places, args: &Market) -> Result<Verdict> {
    let span = (args.seconds as f64 * args.speed) as i64;
    let from = args.from.clone().unwrap_or_else(|| kedge_testbed::calendar::date_time(BOTTOM - span * 3 / 4));
    let minutes = u32::try_from(span / 60 + 10)?;
    let recorded = RecordedPrices::open(&places.data, Scenario::Crash, Some(from.trim_end_matches('Z')), minutes)?;
    let port = ports::block()?;
    let mut participants = Participants::new(places.seed, args.takers);
    let planted = args.seconds < LONG;
    if planted {
        plant(&mut participants, places.seed, PLANTED.0);
    }
    let cluster = Cluster::start(places, participants, port).await?;
    cluster.list(&recorded).await?;
    let prices = prices::recorded(&recorded, args.speed, &cluster.folder)?;
    let url = cluster.validator.url();
    let mut fleet = Fleet::new(&cluster, &url, port + 40, "", &prices)?;
    fleet.get(Post::Oracle).start()?;
    cluster.open().await?;
    cluster.board().await?;
    fleet.start().await?;
    cluster.say(&format!("{} keepers are ready; {} s of market at {}x", fleet.keepers.len(), args.seconds, args.speed));

    if planted {
        levered(&cluster, PLANTED.1).await?;
    }
    let mut load = Load::new(&cluster, args.speed * BUSY, places.seed).await?;
    let mut verdict = Verdict::default();
    let started = Instant::now();
    let mut falls = planted;
    while started.elapsed() < Duration::from_secs(args.seconds) {
        let left = Duration::from_secs(args.seconds).saturating_sub(started.elapsed());
        load.work(left.min(TELL_EVERY), |_, _| {}).await?;
        fleet.check()?;
        cluster.say(&progress(&load));
        if falls && started.elapsed() * 5 >= Duration::from_secs(args.seconds) * 2 {
            falls = false;
            let prices = |now: &[f64]| prices::planted(now, places.seed);
            replace_prices(&cluster, &mut fleet, &load, &url, port + 71, "-falling", prices).await?;
            cluster.say("the planted fall");
        }
    }
    let rest = Rest::come(&cluster, &mut fleet, &mut load, &url, port + 72).await?;
    let metrics = fleet.keepers.len();
    let bad = fleet.stop()?;
    cluster.say(&format!("{metrics} keepers stopped"));
    verdict.check("every keeper ran to the end and stopped in order", bad.is_empty(), &bad.join(", "));

    let latency = Latency::of(&fleet.keepers)?;
    println!("\n{}\n", latency.text());
    worked(&latency, &load, &mut verdict);
    rest.judge("market", &cluster, &fleet, &load, &mut verdict)?;
    let (text, holds) = statement(&cluster, fleet.get(Post::Auditor))?;
    println!("{text}");
    verdict.check("the auditor's statement", holds, "");
    let (text, holds) = sign(&cluster)?;
    verdict.check("the signed statement of solvency", holds, text.trim());
    let figures = json!({
        "seconds": args.seconds,
        "speed": args.speed,
        "takers": { "landed": load.counts.0, "failed": load.counts.1 },
        "market_orders": load.waits.quarters(),
        "landing_slots": latency.json(),
        "liquidation_cases": load.deadlines.closed().len(),
        "longest_idle_slots": load.deadlines.idle(),
        "longest_held_slots": load.deadlines.held(),
        "holds": verdict.holds(),
    });
    std::fs::write(cluster.folder.join("market.json"), serde_json::to_string_pretty(&figures)?)?;
    Ok(verdict)
}

/// Whether the keepers filled and liquidated, soon enough and with few failed transactions.
fn worked(latency: &Latency, load: &Load, verdict: &mut Verdict) {
    let filled = latency.landed("filler");
    verdict.check("orders were filled", filled > 0, &format!("{filled} transactions of the filler"));
    let taken = latency.landed("liquidator");
    let figure = format!("{taken} transactions of the liquidator");
    verdict.check("positions were taken over", taken > 0, &figure);
    let (landed, failed) = (latency.total(), usize::try_from(latency.failed()).unwrap_or(usize::MAX));
    let figure = format!("{failed} failed, {landed} landed");
    verdict.check("a tenth of the keepers' transactions at most failed", failed * 100 <= landed * MOST_FAILED, &figure);
    let quarters = load.waits.quarters();
    let figures = quarters.iter().map(|quarter| format!("{} in {:?} slots", quarter.orders, quarter.slots));
    let figure = decline(&quarters).unwrap_or_else(|| figures.collect::<Vec<_>>().join(", "));
    verdict.check("market orders wait no longer at the end than at first", decline(&quarters).is_none(), &figure);
    verdict.check(
        "no account below maintenance was left alone for longer than 20 slots",
        load.deadlines.idle() <= MOST_SLOTS,
        &format!(
            "longest {} slots; {} cases in all; the budget held one for {} slots",
            load.deadlines.idle(),
            load.deadlines.closed().len(),
            load.deadlines.held()
        ),
    );
}

fn progress(load: &Load) -> String {
    let prices = load.world().map_or_else(String::new, |world| {
        let price = |market: u16| world.oracle(market).0 as f64 / 1e6;
        format!("SOL {:.2}  BTC {:.0}  ETH {:.2}", price(0), price(1), price(2))
    });
    format!(
        "slot {}  {prices}  takers {} landed {} failed  liquidations: {} open, {} done, left alone {} slots at most",
        load.slot(),
        load.counts.0,
        load.counts.1,
        load.deadlines.open(),
        load.deadlines.closed().len(),
        load.deadlines.idle()
    )
}
