//! The trading floor: the crowd's wallets, and a guard over liquidations, on one look at the world every quarter second.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use kedge_demo::cast::{Cast, Role};
use kedge_demo::crowd::{History, Style, Taker};
use kedge_demo::random::Random;
use kedge_demo::waits::Waits;
use kedge_keeper::job_runner::Actor;
use kedge_model::event::Party;
use kedge_model::order::OrderKind;
use kedge_sender::{Receipt, RequestSender, Sending};
use kedge_state::World;
use kedge_state::snapshot::SnapshotReader;
use solana_pubkey::Pubkey;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::sleep;

use crate::ground::Ground;
use crate::guard::Guard;

/// Time between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Transactions of the crowd that are sent side by side.
const AT_ONCE: usize = 16;
/// Home markets of the takers, in turn.
const HOMES: [u16; 5] = [2, 0, 2, 1, 0];

/// The floor.
pub struct Floor {
    feed: SnapshotReader,
    outbox: RequestSender,
    receipts: UnboundedReceiver<Receipt>,
    takers: Vec<Taker>,
    history: History,
    /// Watches liquidations.
    pub guard: Guard,
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

impl Floor {
    /// With the cast's takers, who trade at a pace: market seconds a second.
    pub async fn new(ground: &Ground, pace: f64, seed: u64) -> Result<Self> {
        let reader = ground.reader();
        let feed = SnapshotReader::new(reader.clone()).await?;
        let (outbox, receipts) = RequestSender::start(reader, Sending::plain(AT_ONCE)).await?;
        let world = feed.poll().await?;
        let takers = takers(ground, &ground.cast, pace, seed, world.clock.unix_time);
        Ok(Self {
            feed,
            outbox,
            receipts,
            takers,
            history: History::at_pace(pace),
            guard: Guard::default(),
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
        self.guard.look(&world);
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

impl Floor {
    /// Notes market orders of the crowd that are new, and those that are open no longer.
    fn time_orders(&mut self, world: &World) {
        let mut open = BTreeMap::new();
        for address in self.takers.iter().map(|taker| taker.account) {
            let Some(account) = world.accounts.get(&address) else { continue };
            let party = Party::of(&account.head);
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

fn takers(ground: &Ground, cast: &Cast, pace: f64, seed: u64, start: i64) -> Vec<Taker> {
    let crowd = cast.members.iter().filter(|member| member.role == Role::Taker);
    let crowd = crowd.filter_map(|member| Some((member, member.style?)));
    let mut seen = [0usize; Style::ALL.len()];
    crowd
        .zip(0usize..)
        .map(|((member, style), number)| {
            let count = &mut seen[style as usize];
            let home = HOMES[*count % HOMES.len()];
            *count += 1;
            let random = Random::new(seed, 100 + number as u64);
            let sender = ground.sender(&Arc::clone(&member.wallet));
            let actor = Actor::new(number, sender);
            Taker::new(actor, member.account, style, home, start, random).at_pace(start, pace)
        })
        .collect()
}
