//! Order flow on the cluster under test, and the deadlines of liquidations, on one look at the world every quarter second.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::Result;
use kedge_keeper::job_runner::Actor;
use kedge_model::event::Party;
use kedge_model::order::OrderKind;
use kedge_sender::{Receipt, RequestSender, Sending};
use kedge_state::World;
use kedge_state::snapshot::SnapshotReader;
use kedge_testbed::order_flow::{self, History, Pace, Taker};
use kedge_testbed::waits::Waits;
use solana_pubkey::Pubkey;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::sleep;

use crate::cluster::Cluster;
use crate::deadlines::Deadlines;

/// Time between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Transactions of the crowd that are sent side by side.
const AT_ONCE: usize = 16;

/// Takers who trade, and what was seen meanwhile.
pub struct Load {
    feed: SnapshotReader,
    outbox: RequestSender,
    receipts: UnboundedReceiver<Receipt>,
    takers: Vec<Taker>,
    history: History,
    /// How long accounts that may be liquidated wait.
    pub deadlines: Deadlines,
    /// Whether the crowd trades.
    pub open: bool,
    /// Transactions of the crowd that landed, and that failed.
    pub counts: (u64, u64),
    /// Looks that failed.
    pub missed: u64,
    /// How soon market orders of the crowd are done with.
    pub waits: Waits,
    /// Market orders of the crowd that are open: owner, order, slot in which it was placed.
    asked: BTreeMap<(Pubkey, u32), Party>,
    last: Option<World>,
}

impl Load {
    /// The takers among the participants, who trade at a pace: market seconds a second.
    pub async fn new(cluster: &Cluster, pace: f64, seed: u64) -> Result<Self> {
        let reader = cluster.reader();
        let feed = SnapshotReader::new(reader.clone()).await?;
        let (outbox, receipts) = RequestSender::start(reader, Sending::plain(AT_ONCE)).await?;
        let world = feed.poll().await?;
        let busy = Pace { start: world.clock.unix_time, times: pace };
        let takers = order_flow::takers(&cluster.participants, seed, busy, |number, wallet| {
            Actor::new(number, cluster.sender(wallet))
        });
        Ok(Self {
            feed,
            outbox,
            receipts,
            takers,
            history: History::at_pace(pace),
            deadlines: Deadlines::default(),
            open: true,
            counts: (0, 0),
            missed: 0,
            waits: Waits::default(),
            asked: BTreeMap::new(),
            last: Some(world),
        })
    }

    /// Trades and watches for some time; `each` sees every world.
    pub async fn work(&mut self, time: Duration, mut each: impl FnMut(&World, &Self)) -> Result<()> {
        let end = Instant::now() + time;
        while Instant::now() < end {
            if let Some(world) = self.look().await {
                each(&world, self);
                self.last = Some(world);
            }
            sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    /// Works until something is true of the world, at most for some time; how long that took.
    pub async fn until(
        &mut self,
        most: Duration,
        mut wanted: impl FnMut(&World, &Self) -> bool,
    ) -> Result<Option<Duration>> {
        let started = Instant::now();
        while started.elapsed() < most {
            if let Some(world) = self.look().await {
                let found = wanted(&world, self);
                self.last = Some(world);
                if found {
                    return Ok(Some(started.elapsed()));
                }
            }
            sleep(LOOK_EVERY).await;
        }
        Ok(None)
    }

    /// The last world that was seen.
    pub fn world(&self) -> Option<&World> {
        self.last.as_ref()
    }

    /// Slot of the last world.
    pub fn slot(&self) -> u64 {
        self.last.as_ref().map_or(0, |world| world.clock.slot)
    }

    async fn look(&mut self) -> Option<World> {
        let Ok(world) = self.feed.poll().await else {
            self.missed += 1;
            return None;
        };
        self.history.note(&world);
        self.deadlines.look(&world);
        self.time_orders(&world);
        if self.open {
            let directory = self.feed.directory();
            for taker in &mut self.takers {
                if let Some(plan) = taker.decide(&world, &self.history) {
                    taker.actor.send(&plan, &world, &directory, &self.outbox);
                }
            }
        }
        while let Ok(receipt) = self.receipts.try_recv() {
            match receipt.failure {
                None => self.counts.0 += 1,
                Some(_) => self.counts.1 += 1,
            }
        }
        Some(world)
    }
}

impl Load {
    /// Notes market orders of the crowd that are new, and those that are open no longer.
    fn time_orders(&mut self, world: &World) {
        let mut open = BTreeMap::new();
        for address in self.takers.iter().map(|taker| taker.account) {
            let Some(account) = world.accounts.get(&address) else { continue };
            let party = account.head.party();
            for (_, order) in account.open_orders().filter(|(_, order)| order.kind == OrderKind::Market as u8) {
                if !self.asked.contains_key(&(address, order.id)) {
                    self.waits.placed(&party, order.id, order.activation_slot);
                }
                open.insert((address, order.id), party);
            }
        }
        for ((address, id), party) in std::mem::replace(&mut self.asked, open) {
            if !self.asked.contains_key(&(address, id)) {
                self.waits.filled(&party, id, world.clock.slot);
            }
        }
    }
}
