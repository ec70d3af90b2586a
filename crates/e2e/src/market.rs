//! A session of market: recorded prices, a crowd, every keeper; the auditor has the last word.

use std::time::{Duration, Instant};

use anyhow::Result;
use kedge_demo::cast::Cast;
use kedge_demo::replay::{Scenario, Tape};
use kedge_demo::waits::decline;
use serde_json::json;

use crate::args::{Market, Places};
use crate::fault::crash::{levered, plant};
use crate::figures::Latency;
use crate::fleet::Fleet;
use crate::floor::Floor;
use crate::ground::Ground;
use crate::rest::{Rest, replace_prices};
use crate::statement::statement;
use crate::verdict::Verdict;
use crate::{ports, prices};

/// Slots within which an account that may be liquidated is looked after.
pub const MOST_SLOTS: u64 = 20;
/// Time between two lines of progress.
const TELL_EVERY: Duration = Duration::from_secs(10);
/// A session of this many seconds sees liquidations by itself; in a shorter one some are planted.
const LONG: u64 = 300;
/// Accounts that are planted, and their leverages: a fall of 12 % reaches them all.
const PLANTED: (usize, (f64, f64)) = (6, (7.5, 10.0));
/// Most failed transactions of keepers for a hundred that landed.
const MOST_FAILED: usize = 10;
/// How much busier the crowd is than the recorded market's own time would have it.
const BUSY: f64 = 2.0;
/// The bottom of the recorded fall, 3 February 2025 02:08 UTC: it comes after three quarters of the session.
const BOTTOM: i64 = 1_738_548_480;

/// Runs the session; what held and what did not.
pub async fn market(places: &Places, args: &Market) -> Result<Verdict> {
    let span = (args.seconds as f64 * args.speed) as i64;
    let from = args.from.clone().unwrap_or_else(|| kedge_demo::calendar::date_time(BOTTOM - span * 3 / 4));
    let minutes = u32::try_from(span / 60 + 10)?;
    let tape = Tape::open(&places.data, Scenario::Crash, Some(from.trim_end_matches('Z')), minutes)?;
    let port = ports::block()?;
    let mut cast = Cast::new(places.seed, args.takers);
    let planted = args.seconds < LONG;
    if planted {
        plant(&mut cast, places.seed, PLANTED.0);
    }
    let ground = Ground::start(places, cast, port).await?;
    ground.list(&tape).await?;
    let prices = prices::recorded(&tape, args.speed, &ground.folder)?;
    let url = ground.validator.url();
    let mut fleet = Fleet::new(&ground, &url, port + 40, "", Some(&prices))?;
    let Some(oracle) = fleet.get("oracle") else { unreachable!("a fleet with prices has an oracle keeper") };
    oracle.start()?;
    ground.open().await?;
    ground.board().await?;
    fleet.start().await?;
    ground.say(&format!("{} keepers are ready; {} s of market at {}x", fleet.keepers.len(), args.seconds, args.speed));

    if planted {
        levered(&ground, PLANTED.1).await?;
    }
    let mut floor = Floor::new(&ground, args.speed * BUSY, places.seed).await?;
    let mut verdict = Verdict::default();
    let started = Instant::now();
    let mut falls = planted;
    while started.elapsed() < Duration::from_secs(args.seconds) {
        let left = Duration::from_secs(args.seconds).saturating_sub(started.elapsed());
        floor.work(left.min(TELL_EVERY), |_, _| {}).await?;
        fleet.check()?;
        ground.say(&progress(&floor));
        if falls && started.elapsed() * 5 >= Duration::from_secs(args.seconds) * 2 {
            falls = false;
            let prices = |now: &[f64]| prices::planted(now, places.seed);
            replace_prices(&ground, &mut fleet, &floor, &url, port + 71, "-falling", prices).await?;
            ground.say("the planted fall");
        }
    }
    let rest = Rest::come(&ground, &mut fleet, &mut floor, &url, port + 72).await?;
    let metrics = fleet.keepers.len();
    let bad = fleet.stop()?;
    ground.say(&format!("{metrics} keepers stopped"));
    verdict.check("every keeper ran to the end and stopped in order", bad.is_empty(), &bad.join(", "));

    let latency = Latency::of(&fleet.keepers)?;
    println!("\n{}\n", latency.text());
    worked(&latency, &floor, &mut verdict);
    rest.judge("market", &ground, &fleet, &floor, &mut verdict)?;
    let Some(auditor) = fleet.get("auditor") else { unreachable!("a fleet has an auditor") };
    let (text, holds) = statement(&ground, auditor)?;
    println!("{text}");
    verdict.check("the auditor's statement", holds, "");
    let figures = json!({
        "seconds": args.seconds,
        "speed": args.speed,
        "crowd": { "landed": floor.counts.0, "failed": floor.counts.1 },
        "market_orders": floor.waits.quarters(),
        "landing_slots": latency.json(),
        "liquidation_cases": floor.guard.closed().len(),
        "longest_idle_slots": floor.guard.idle(),
        "holds": verdict.holds(),
    });
    std::fs::write(ground.folder.join("market.json"), serde_json::to_string_pretty(&figures)?)?;
    Ok(verdict)
}

/// Whether the keepers did what they are there for, and soon.
fn worked(latency: &Latency, floor: &Floor, verdict: &mut Verdict) {
    let filled = latency.landed("filler");
    verdict.check("orders were filled", filled > 0, &format!("{filled} transactions of the filler"));
    let taken = latency.landed("liquidator");
    let figure = format!("{taken} transactions of the liquidator");
    verdict.check("positions were taken over", taken > 0, &figure);
    let (landed, failed) = (latency.total(), usize::try_from(latency.failed()).unwrap_or(usize::MAX));
    let figure = format!("{failed} failed, {landed} landed");
    verdict.check("a tenth of the keepers' transactions at most failed", failed * 100 <= landed * MOST_FAILED, &figure);
    let quarters = floor.waits.quarters();
    let figures = quarters.iter().map(|quarter| format!("{} in {:?} slots", quarter.orders, quarter.slots));
    let figure = decline(&quarters).unwrap_or_else(|| figures.collect::<Vec<_>>().join(", "));
    verdict.check("market orders wait no longer at the end than at first", decline(&quarters).is_none(), &figure);
    verdict.check(
        "no account below maintenance was left alone for longer than 20 slots",
        floor.guard.idle() <= MOST_SLOTS,
        &format!("longest {} slots; {} cases in all", floor.guard.idle(), floor.guard.closed().len()),
    );
}

fn progress(floor: &Floor) -> String {
    let prices = floor.world().map_or_else(String::new, |world| {
        let price = |market: u16| world.oracle(market).0 as f64 / 1e6;
        format!("SOL {:.2}  BTC {:.0}  ETH {:.2}", price(0), price(1), price(2))
    });
    format!(
        "slot {}  {prices}  crowd {} landed {} failed  liquidations: {} open, {} done, left alone {} slots at most",
        floor.slot(),
        floor.counts.0,
        floor.counts.1,
        floor.guard.open(),
        floor.guard.closed().len(),
        floor.guard.idle()
    )
}
