//! Order flow on the cluster under test, and the deadlines of liquidations, from one snapshot every quarter second.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::Result;
use kedge_keeper::job_runner::Actor;
use kedge_model::account::order::OrderKind;
use kedge_model::event::Party;
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

/// Time between two snapshots.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Takers' transactions under way at once.
const AT_ONCE: usize = 16;

/// Takers that trade, and the figures of their orders.
pub(crate) struct Load {
    feed: SnapshotReader,
    sender: RequestSender,
    receipts: UnboundedReceiver<Receipt>,
    takers: Vec<Taker>,
    history: History,
    /// Times for which liquidatable accounts wait.
    pub deadlines: Deadlines,
    /// Whether the takers trade.
    pub open: bool,
    /// Takers' transactions that landed, and that failed.
    pub counts: (u64, u64),
    /// Snapshots that failed.
    pub missed: u64,
    /// Slots from takers' market orders to their fills.
    pub waits: Waits,
    /// Takers' open market orders: owner, order, slot of placing.
    asked: BTreeMap<(Pubkey, u32), Party>,
    last: Option<World>,
}

impl Load {
    /// The participants' takers at a pace, market seconds a second.
    pub(crate) async fn new(cluster: &Cluster, pace: f64, seed: u64) -> Result<Self> {
        let reader = cluster.reader();
        let feed = SnapshotReader::new(reader.clone()).await?;
        let (sender, receipts) = RequestSender::start(reader, Sending::plain(AT_ONCE)).await?;
        let world = feed.poll().await?;
        let busy = Pace { start: world.clock.unix_time, times: pace };
        let takers = order_flow::takers(&cluster.participants, seed, busy, |number, wallet| {
            Actor::new(number, cluster.sender(wallet))
        });
        Ok(Self {
            feed,
            sender,
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

    /// Trades and measures for some time; `each` gets every world.
    pub(crate) async fn work(&mut self, time: Duration, mut each: impl FnMut(&World, &Self)) -> Result<()> {
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

    /// Works until a condition on the world holds, at most for some time. Returns how long that took.
    pub(crate) async fn until(
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

    /// The last world.
    pub(crate) fn world(&self) -> Option<&World> {
        self.last.as_ref()
    }

    /// Slot of the last world.
    pub(crate) fn slot(&self) -> u64 {
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
                    taker.actor.send(&plan, &world, &directory, &self.sender);
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
    /// Notes takers' new market orders, and those that are no longer open.
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
