//! One run: keepers, makers and takers at work until the recording ends or Ctrl-C stops them.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use kedge_audit::{Auditor, Rules};
use kedge_client::Client;
use kedge_keeper::runner::{Observer, Runner};
use kedge_localnet::Localnet;
use kedge_sender::{RequestSender, Sending};
use kedge_state::error::Error;
use kedge_state::mirror::Blind;
use kedge_state::pyth::Alternatives;
use kedge_state::subscribe::Subscriber;
use kedge_state::{Directory, World};
use solana_pubkey::Pubkey;
use solana_signer::Signer;

use crate::args::Args;
use crate::collector::Collector;
use crate::log::Log;
use crate::series::{Point, VISITORS, point};
use crate::spy::Spy;
use crate::summary::{Equity, Facts, Summary};
use crate::table::{Progress, Table};
use kedge_testbed::bootstrap;
use kedge_testbed::cluster::local;
use kedge_testbed::feed_writer::FeedWriter;
use kedge_testbed::listing::feeds;
use kedge_testbed::order_flow::{History, Taker};
use kedge_testbed::participants::{Participants, Role};
use kedge_testbed::recorded::RecordedPrices;

use crate::jobs;

/// Shortest and longest time between two looks at the world.
const TICK: Duration = Duration::from_millis(50);
const LONGEST_TICK: Duration = Duration::from_millis(100);
/// Time between two points of the charts.
const NOTE_EVERY: Duration = Duration::from_millis(250);
/// Transactions under way at once.
const AT_ONCE: usize = 16;
/// Longest wait for transactions under way at the end.
const PATIENCE: Duration = Duration::from_secs(30);
/// Wall seconds for keepers and makers before the takers begin: the exchange measures its slot time.
const WARM_UP: f64 = 4.0;
/// Wall time for keepers after the takers' last order.
const WIND_DOWN: Duration = Duration::from_secs(3);

/// Result of a run: the figures, and the data of the charts.
pub struct Outcome {
    /// The figures.
    pub summary: Summary,
    /// The run over time.
    pub points: Vec<Point>,
    /// Liquidations and funding updates in the order of time.
    pub log: Log,
}

/// Runs on a chain with a listed exchange whose participants have joined.
pub async fn run(
    args: &Args,
    localnet: Arc<Localnet>,
    participants: &Participants,
    prices: Arc<RecordedPrices>,
    stop: &AtomicBool,
) -> Result<Ended> {
    let reader = local::sender(&localnet, &participants.crank).client().clone();
    let publisher = FeedWriter::recorded(Arc::clone(&localnet), Arc::clone(&prices))?;
    bootstrap::open(&local::sender(&localnet, &participants.admin), &feeds()).await?;
    let mut subscriber = Subscriber::start(reader.clone(), TICK, LONGEST_TICK, Alternatives::default()).await?;
    let (sender, receipts) = RequestSender::start(reader.clone(), Sending::plain(AT_ONCE)).await?;
    let takers = participants.members.iter().filter(|member| member.role == Role::Taker);
    let takers = takers.map(|member| member.wallet.pubkey().to_bytes()).collect();
    let runners = jobs::job_runners(&localnet, participants);
    let heard = runners.iter().map(|runner| (runner.actor.number, Arc::clone(&runner.job))).collect();
    let collector = Collector::start(reader.clone(), receipts, takers, heard);
    let started = Instant::now();
    let mut runner = Runner::new(runners, sender, false).taking_turns();
    let mut record = Run {
        takers: jobs::takers(&localnet, participants, args.seed, prices.start),
        roles: participants.members.iter().map(|member| (member.account, member.role)).collect(),
        history: History::default(),
        points: Vec::new(),
        table: Table::new(),
        prices: &prices,
        opening: prices.start + (WARM_UP * args.speed) as i64,
        collector: &collector,
        spy: Spy::start(reader.clone()).await?,
        stop,
        started,
        drawn: started,
        noted: started,
        closing: None,
        last: Err(anyhow!("nobody has looked at the exchange")),
    };
    localnet.set_time_rate(args.speed);
    runner.work(&mut subscriber, &mut record).await;
    let Run { roles, points, last, .. } = record;
    let world = last?;
    let interrupted = stop.load(Ordering::Relaxed);
    localnet.set_time_rate(0.0);
    runner.requests.settle(PATIENCE).await;
    drop(publisher);
    drop(runner);
    let last = subscriber.look().await.map_or(world, Clone::clone);
    let wall = started.elapsed();
    Ok(Ended {
        seed: args.seed,
        source: prices.source.clone(),
        start: prices.start,
        reader,
        collector,
        roles,
        points,
        last,
        wall,
        interrupted,
    })
}

/// The order flow, which acts after the keepers, and the record of the run.
struct Run<'r> {
    takers: Vec<Taker>,
    roles: BTreeMap<Pubkey, Role>,
    history: History,
    points: Vec<Point>,
    table: Table,
    prices: &'r RecordedPrices,
    opening: i64,
    collector: &'r Collector,
    spy: Spy,
    stop: &'r AtomicBool,
    started: Instant,
    drawn: Instant,
    noted: Instant,
    closing: Option<Instant>,
    last: Result<World>,
}

impl Observer for Run<'_> {
    /// Continues until the recording ends, and for [`WIND_DOWN`] without takers.
    fn looked(&mut self, world: &World, directory: &Directory, sender: &RequestSender) -> ControlFlow<()> {
        self.history.note(world);
        if let Some((known, unknown)) = self.spy.compare(world) {
            let mut tally = self.collector.tally();
            tally.spied += known + unknown;
            tally.unseen += unknown;
        }
        let open = self.closing.is_none() && world.clock.unix_time >= self.opening;
        for taker in self.takers.iter_mut().filter(|_| open) {
            if let Some(plan) = taker.decide(world, &self.history) {
                taker.actor.send(&plan, world, directory, sender);
            }
        }
        if self.noted.elapsed() >= NOTE_EVERY || self.points.is_empty() {
            self.points.push(point(world, &self.roles));
            self.noted = Instant::now();
        }
        let done = world.clock.unix_time - self.prices.start;
        if self.drawn.elapsed() >= self.table.every() {
            let done = done as f64 / self.prices.length.max(1) as f64;
            let progress = Progress { elapsed: self.started.elapsed(), done, since: self.drawn.elapsed() };
            self.table.draw(world, &self.collector.tally(), progress);
            self.drawn = Instant::now();
        }
        if done >= self.prices.length && self.closing.is_none() {
            self.closing = Some(Instant::now());
        }
        let over = self.closing.is_some_and(|since| since.elapsed() >= WIND_DOWN);
        if over || self.stop.load(Ordering::Relaxed) {
            self.last = Ok(world.clone());
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }

    fn seen(&mut self, blind: Option<Blind>, _: usize) {
        self.collector.looked(blind);
    }

    fn failed(&mut self, error: Error) -> ControlFlow<()> {
        self.last = Err(error.into());
        ControlFlow::Break(())
    }
}

/// A run after its last transaction, to be counted and audited.
pub struct Ended {
    seed: u64,
    source: String,
    start: i64,
    reader: Client,
    collector: Collector,
    roles: BTreeMap<Pubkey, Role>,
    points: Vec<Point>,
    last: World,
    wall: Duration,
    interrupted: bool,
}

impl Ended {
    /// Reads the remaining transactions, audits every account, and adds up.
    ///
    /// # Errors
    /// When the chain does not answer.
    pub async fn finish(self) -> Result<Outcome> {
        let Self { seed, source, start, reader, collector, roles, mut points, last, wall, interrupted } = self;
        let tally = collector.finish(PATIENCE).await;
        points.push(point(&last, &roles));
        let audit = Auditor::new(reader, Rules { exact_vaults: true }).look().await?.statement;
        let equity = equity(&points, &last, &roles);
        let log = Log::of(&tally, &points, &last, &roles);
        let span = (start, last.clock.unix_time);
        let wall = wall.as_secs_f64();
        let facts = Facts { source, seed, span, wall, interrupted, tally: &tally, world: &last, equity, audit };
        let summary = Summary::new(facts, &points);
        Ok(Outcome { summary, points, log })
    }
}

/// Equity by role at start and end, and deposits less withdrawals in between.
fn equity(points: &[Point], last: &World, roles: &BTreeMap<Pubkey, Role>) -> BTreeMap<&'static str, Equity> {
    let at = |point: Option<&Point>, role| point.and_then(|point| point.equity.get(role)).copied().unwrap_or(0.0);
    let mut equity: BTreeMap<&'static str, Equity> = points
        .last()
        .into_iter()
        .flat_map(|end| end.equity.keys())
        .map(|role| (*role, Equity { start: at(points.first(), role), brought: 0.0, end: at(points.last(), role) }))
        .collect();
    // Members deposited before the first point; only visitors deposit later.
    for (_, account) in last.accounts.iter().filter(|(address, _)| !roles.contains_key(address)) {
        let head = &account.head;
        let brought = (head.total_deposits as f64 - head.total_withdrawals as f64) / 1e6;
        equity.entry(VISITORS).or_default().brought += brought;
    }
    equity
}
