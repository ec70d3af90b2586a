//! `load`: how many orders a second an exchange of a given size carries on this machine, how soon transactions land,
//! what each process uses, and which resource saturates first.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use kedge_testbed::participants::Participants;
use kedge_testbed::random::Random;
use kedge_testbed::recorded::{RecordedPrices, Scenario};
use serde_json::{Value, json};

use crate::args::{Load, Places};
use crate::cluster::Cluster;
use crate::figures::{Latency, percentile};
use crate::fleet::{Fleet, Post};
use crate::flow::{self, Flow, Outcome};
use crate::statement::statement;
use crate::usage::Usage;
use crate::verdict::Verdict;
use crate::{ports, prices};

/// A step is saturated when fewer than this share of its orders are filled.
const FILLED: f64 = 0.9;
/// Steps at most; each doubles the orders of the last.
const STEPS: u32 = 12;
/// Share of the machine's cores that counts as full use.
const ALL_CORES: f64 = 0.9;
/// Most races that the filler may lose, per hundred of its transactions, as long as nothing is saturated.
const MOST_LOST: u64 = 5;

/// A step of the flow.
struct Step {
    rate: f64,
    seconds: f64,
    flow: Outcome,
    keepers: Latency,
    cores: BTreeMap<String, f64>,
    memory: BTreeMap<String, u64>,
}

/// Measures one exchange after the other.
pub(crate) async fn load(places: &Places, args: &Load) -> Result<Verdict> {
    let mut verdict = Verdict::default();
    let mut all = Vec::new();
    for accounts in &args.accounts {
        println!("\n== {accounts} sub-accounts ==");
        let (steps, figures) = exchange(places, args, *accounts, &mut verdict).await?;
        println!("{}", table(&steps));
        println!("saturated first: {}", saturated(&steps));
        all.push(figures);
    }
    std::fs::write(places.out.join("load.json"), serde_json::to_string_pretty(&all)?)?;
    Ok(verdict)
}

/// An exchange with `accounts` sub-accounts under order flow that doubles until it is saturated.
async fn exchange(places: &Places, args: &Load, accounts: usize, verdict: &mut Verdict) -> Result<(Vec<Step>, Value)> {
    let recorded = RecordedPrices::open(&places.data, Scenario::Crash, None, 10)?;
    let opening: Vec<f64> = recorded.paths.iter().map(|path| path.price(recorded.start * 1_000)).collect();
    let port = ports::block()?;
    let places = Places { out: places.out.join(format!("load-{accounts}")), ..places.clone() };
    let mut participants = Participants::new(places.seed, 0);
    let mut random = Random::new(places.seed, 4);
    let traders: Vec<_> = (0..accounts).map(|number| flow::account(number, random.bytes())).collect();
    participants.members.extend(traders.iter().cloned());
    let cluster = Cluster::start(&places, participants, port).await?;
    cluster.list(&recorded).await?;
    let prices = prices::restless(&opening, places.seed);
    let url = cluster.validator.url();
    let mut fleet = Fleet::new(&cluster, &url, port + 40, "", &prices)?;
    fleet.get(Post::Oracle).start()?;
    cluster.open().await?;
    cluster.board().await?;
    fleet.start().await?;
    cluster.say(&format!("{} keepers are ready", fleet.keepers.len()));

    let mut flow = Flow::new(cluster.reader(), &traders);
    let mut steps: Vec<Step> = Vec::new();
    for number in 0..STEPS {
        let rate = args.rate * f64::from(2u32.pow(number));
        let step = step(&cluster, &fleet, &mut flow, rate, Duration::from_secs(args.seconds)).await?;
        fleet.check()?;
        cluster.say(&line(&step));
        let ended = step.is_saturated();
        steps.push(step);
        if ended {
            break;
        }
    }
    let bad = fleet.stop()?;
    verdict.check(&format!("{accounts}: every keeper stopped in order"), bad.is_empty(), &bad.join(", "));
    let (lost, all) = steps.iter().filter(|step| !step.is_saturated()).fold((0, 0), |(lost, all), step| {
        let failed = step.keepers.failed_of("filler");
        (lost + failed, all + failed + step.keepers.landed("filler") as u64)
    });
    let figure = format!("{lost} of {all}");
    verdict.check(
        &format!("{accounts}: the filler loses 5 % of its races at most"),
        lost * 100 <= all * MOST_LOST,
        &figure,
    );
    let (text, holds) = statement(&cluster, fleet.get(Post::Auditor))?;
    verdict.check(&format!("{accounts}: the auditor's statement"), holds, if holds { "" } else { &text });
    let figures = json!({
        "accounts": accounts,
        "steps": steps.iter().map(Step::json).collect::<Vec<_>>(),
        "saturated_first": saturated(&steps),
    });
    Ok((steps, figures))
}

async fn step(cluster: &Cluster, fleet: &Fleet, flow: &mut Flow<'_>, rate: f64, time: Duration) -> Result<Step> {
    let reader = cluster.reader();
    let before = usages(cluster, fleet);
    let from = reader.clock().await?.slot;
    let mut outcome = flow.run(rate, time).await?;
    let after = usages(cluster, fleet);
    flow.settle(&mut outcome).await;
    let to = reader.clock().await?.slot;
    let pairs = || after.iter().filter_map(|(name, after)| Some((name.clone(), before.get(name)?, after)));
    Ok(Step {
        rate,
        seconds: time.as_secs_f64(),
        keepers: Latency::within(&fleet.keepers, from..=to)?,
        cores: pairs().map(|(name, before, after)| (name, after.cores_since(before))).collect(),
        memory: pairs().map(|(name, _, after)| (name, after.memory)).collect(),
        flow: outcome,
    })
}

/// Processor time and memory of each process so far.
fn usages(cluster: &Cluster, fleet: &Fleet) -> BTreeMap<String, Usage> {
    let keepers = fleet.keepers.iter().map(|keeper| (keeper.name.clone(), keeper.process()));
    let others = [("validator".to_owned(), cluster.validator.process()), ("flow".to_owned(), Some(std::process::id()))];
    keepers.chain(others).filter_map(|(name, process)| Some((name, Usage::of(process?)?))).collect()
}

impl Step {
    /// Whether fewer than [`FILLED`] of the orders at the step's rate were filled.
    fn is_saturated(&self) -> bool {
        (self.flow.filled as f64) < FILLED * self.rate * self.seconds
    }

    fn fills(&self) -> f64 {
        self.flow.filled as f64 / self.seconds
    }

    fn json(&self) -> Value {
        let (landed, waited) = (self.keepers.slots(), &self.flow.slots);
        json!({
            "orders_a_second": self.rate,
            "fills_a_second": self.fills(),
            "sent": self.flow.sent,
            "refused": self.flow.refused,
            "filled": self.flow.filled,
            "unfilled": self.flow.unfilled,
            "slots_to_fill": { "p50": percentile(waited, 50), "p99": percentile(waited, 99) },
            "slots_to_landing": { "p50": percentile(&landed, 50), "p99": percentile(&landed, 99) },
            "keepers": self.keepers.json(),
            "cores": self.cores,
            "memory_bytes": self.memory,
        })
    }
}

/// The resource at its limit in the last step.
fn saturated(steps: &[Step]) -> String {
    let Some(step) = steps.last().filter(|step| step.is_saturated()) else { return "nothing".into() };
    let machine = std::thread::available_parallelism().map_or(1, usize::from) as f64;
    let total: f64 = step.cores.values().sum();
    let mut most: Vec<(&String, &f64)> = step.cores.iter().collect();
    most.sort_by(|a, b| b.1.total_cmp(a.1));
    let most: Vec<String> = most.iter().take(3).map(|(name, cores)| format!("{name} {cores:.2}")).collect();
    let what = if total >= ALL_CORES * machine { "the machine" } else { "not the machine" };
    format!("{what}: {total:.2} of {machine} cores, {}", most.join(", "))
}

fn line(step: &Step) -> String {
    let landed = step.keepers.slots();
    format!(
        "{:.0} orders/s: {:.1} fills/s, {} unfilled, {} refused; keepers landed {} ({} slots at p99), filler failed {}",
        step.rate,
        step.fills(),
        step.flow.unfilled,
        step.flow.refused,
        landed.len(),
        percentile(&landed, 99),
        step.keepers.failed_of("filler")
    )
}

/// The steps as a table of Markdown.
fn table(steps: &[Step]) -> String {
    let mut text = String::from(
        "| orders/s | fills/s | slots to fill p50 / p99 | keepers: slots to landing p50 / p99 | filler landed / failed | cores: validator, filler, all keepers | memory MB: validator, filler, largest other |\n|---|---|---|---|---|---|---|\n",
    );
    for step in steps {
        let (landed, waited) = (step.keepers.slots(), &step.flow.slots);
        let cores = |name: &str| step.cores.get(name).copied().unwrap_or(0.0);
        let keepers: f64 = step.cores.values().sum::<f64>() - cores("validator") - cores("flow");
        let megabytes = |name: &str| step.memory.get(name).copied().unwrap_or(0) / 1_000_000;
        let others = step.memory.iter().filter(|(name, _)| !["validator", "filler", "flow"].contains(&name.as_str()));
        text += &format!(
            "| {:.0} | {:.1} | {} / {} | {} / {} | {} / {} | {:.2}, {:.2}, {keepers:.2} | {}, {}, {} |\n",
            step.rate,
            step.fills(),
            percentile(waited, 50),
            percentile(waited, 99),
            percentile(&landed, 50),
            percentile(&landed, 99),
            step.keepers.landed("filler"),
            step.keepers.failed_of("filler"),
            cores("validator"),
            cores("filler"),
            megabytes("validator"),
            megabytes("filler"),
            others.map(|(_, bytes)| bytes / 1_000_000).max().unwrap_or(0)
        );
    }
    text
}
