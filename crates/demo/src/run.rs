//! One run: everybody at work until the tape ends or somebody says stop.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use kedge_client::Client;
use kedge_keeper::World;
use kedge_keeper::desk::{Actor, Desk};
use kedge_keeper::feed::Feed;
use kedge_keeper::outbox::Outbox;
use kedge_localnet::Localnet;
use solana_pubkey::Pubkey;
use solana_signer::Signer;

use crate::args::Args;
use crate::cast::{Cast, Role};
use crate::collector::Collector;
use crate::crowd::{History, Taker};
use crate::publisher::Publisher;
use crate::replay::Tape;
use crate::series::{Point, point};
use crate::summary::{Facts, Summary};
use crate::table::{Progress, Table};
use crate::{audit, staff, stage};

/// Time between two looks at the world.
const TICK: Duration = Duration::from_millis(50);
/// Time between two lines of the table.
const DRAW_EVERY: Duration = Duration::from_secs(1);
/// Time between two points of the charts.
const NOTE_EVERY: Duration = Duration::from_millis(250);
/// Transactions sent side by side.
const AT_ONCE: usize = 16;
/// How long what is under way may take at the end.
const PATIENCE: Duration = Duration::from_secs(30);
/// Wall time for keepers and makers before the crowd comes: the exchange measures its slot time.
const WARM_UP: f64 = 4.0;
/// Wall time that keepers have after the last order of the crowd.
const WIND_DOWN: Duration = Duration::from_secs(3);

/// What a run leaves: the figures, and the points of the charts.
pub struct Outcome {
    /// The figures.
    pub summary: Summary,
    /// The run over time.
    pub points: Vec<Point>,
}

/// Runs on a chain on which the exchange stands and everybody is on board.
pub async fn run(
    args: &Args,
    localnet: Arc<Localnet>,
    cast: &Cast,
    tape: Arc<Tape>,
    stop: &AtomicBool,
) -> Result<Outcome> {
    let reader = stage::sender(&localnet, &cast.crank).client().clone();
    let publisher = Publisher::start(Arc::clone(&localnet), Arc::clone(&tape))?;
    stage::open(&localnet, cast).await?;
    let feed = Feed::new(reader.clone()).await?;
    let (outbox, receipts) = Outbox::start(reader.clone(), AT_ONCE).await?;
    let takers = cast.members.iter().filter(|member| member.role == Role::Taker);
    let takers = takers.map(|member| member.wallet.pubkey().to_bytes()).collect();
    let collector = Collector::start(reader.clone(), receipts, takers);
    let mut floor = Floor {
        desks: staff::desks(&localnet, cast),
        takers: staff::takers(&localnet, cast, args, &tape),
        roles: cast.members.iter().map(|member| (member.account, member.role)).collect(),
        history: History::default(),
        points: Vec::new(),
        feed,
        outbox,
    };
    let started = Instant::now();
    localnet.set_time_rate(args.speed);
    let world = floor.work(args, &tape, &collector, started, stop).await?;
    let interrupted = stop.load(Ordering::Relaxed);
    localnet.set_time_rate(0.0);
    floor.outbox.settle(PATIENCE).await;
    drop(publisher);
    finish(args, &reader, floor, collector, &tape, world, started, interrupted).await
}

/// The trading floor.
struct Floor {
    desks: Vec<Desk>,
    takers: Vec<Taker>,
    roles: BTreeMap<Pubkey, Role>,
    history: History,
    points: Vec<Point>,
    feed: Feed,
    outbox: Outbox,
}

impl Floor {
    /// Works until the tape ends, and a little longer without the crowd. Returns the last world.
    async fn work(
        &mut self,
        args: &Args,
        tape: &Tape,
        collector: &Collector,
        started: Instant,
        stop: &AtomicBool,
    ) -> Result<World> {
        let directory = self.feed.directory();
        let opening = tape.start + (WARM_UP * args.speed) as i64;
        let end = tape.start + tape.length;
        let mut table = Table::new();
        let (mut drawn, mut noted) = (Instant::now(), Instant::now());
        let mut closing: Option<Instant> = None;
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let world = self.feed.poll().await?;
            self.history.note(&world);
            for desk in &self.desks {
                desk.tick(&world, &directory, &self.outbox);
            }
            let open = closing.is_none() && world.clock.unix_time >= opening;
            for taker in self.takers.iter_mut().filter(|_| open) {
                if let Some(plan) = taker.decide(&world, &self.history) {
                    taker.actor.send(&plan, &world, &directory, &self.outbox);
                }
            }
            if noted.elapsed() >= NOTE_EVERY || self.points.is_empty() {
                self.points.push(point(&world, &self.roles));
                noted = Instant::now();
            }
            if drawn.elapsed() >= DRAW_EVERY {
                let done = (world.clock.unix_time - tape.start) as f64 / tape.length.max(1) as f64;
                let progress = Progress { elapsed: started.elapsed(), done, since: drawn.elapsed() };
                table.draw(&world, &collector.tally(), progress);
                drawn = Instant::now();
            }
            if stop.load(Ordering::Relaxed) {
                return Ok(world);
            }
            if world.clock.unix_time >= end && closing.is_none() {
                closing = Some(Instant::now());
            }
            if closing.is_some_and(|since| since.elapsed() >= WIND_DOWN) {
                return Ok(world);
            }
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "the end of everything")]
async fn finish(
    args: &Args,
    reader: &Client,
    floor: Floor,
    collector: Collector,
    tape: &Tape,
    world: World,
    started: Instant,
    interrupted: bool,
) -> Result<Outcome> {
    let Floor { feed, outbox, roles, mut points, .. } = floor;
    drop(outbox);
    let wall = started.elapsed().as_secs_f64();
    let tally = collector.finish(PATIENCE).await;
    let last = feed.poll().await.unwrap_or(world);
    points.push(point(&last, &roles));
    let audit = audit::audit(reader).await?;
    let (first, end) = (points.first(), points.last());
    let at = |point: Option<&Point>, role| point.and_then(|point| point.equity.get(role)).copied().unwrap_or(0.0);
    let equity = end
        .map(|end| end.equity.keys().map(|role| (*role, (at(first, role), at(Some(end), role)))).collect())
        .unwrap_or_default();
    let summary = Summary::new(Facts {
        source: tape.source.clone(),
        seed: args.seed,
        span: (tape.start, last.clock.unix_time),
        wall,
        interrupted,
        tally: &tally,
        world: &last,
        equity,
        audit,
    });
    Ok(Outcome { summary, points })
}

/// An actor with a number.
pub fn actor(localnet: &Localnet, number: usize, wallet: &Arc<solana_keypair::Keypair>) -> Actor {
    Actor { number, sender: stage::sender(localnet, wallet) }
}
