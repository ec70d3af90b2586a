//! The true prices, which nobody in the exchange sees before a source has published them.

use super::chance::Chance;
use super::common::{BOOK, BTC, DOLLAR, SOL, World};
use kedge_model::account::board::OraclePrice;
use kedge_model::quantity::Price;

/// Largest move of a true price within a slot in an ordinary episode, parts per million. Within the time for which the
/// vAMM honours a row, no more than its spread and the fee: what is gained beyond that came from a rule, not from luck.
const LARGEST_STEP: i64 = 200;

/// Chance in thousands that a price jumps in a slot, where prices jump.
const JUMPS: u64 = 20;
/// Slots between two jumps of a price: keepers have had their turn, so that no two of them take a pocket from its
/// maintenance margin past nothing.
const BETWEEN_JUMPS: u64 = 150;
/// Slots for which a price is remembered.
const MEMORY: u64 = 40;

/// True prices, and what the two sources have published of them.
#[derive(Clone)]
pub(crate) struct Truth {
    prices: [u64; 3],
    /// Parts per million a slot by which each price drifts now.
    drift: [i64; 3],
    /// Parts per million a slot by which all of them go the same way.
    trend: i64,
    jumps: bool,
    /// Slot of the last jump.
    jumped: u64,
    /// What the prices were from each slot on, for as long as anybody may still trade at them.
    past: Vec<(u64, [u64; 3])>,
    /// What each source has published of each market, newest last.
    published: [[Vec<OraclePrice>; 2]; 3],
}

/// What a refresh brings of one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Brought {
    /// The newest that the source has published.
    Newest,
    /// One that was published so many publications ago.
    Older(usize),
    /// Nothing.
    Nothing,
}

impl Truth {
    pub(crate) fn new(world: &World, trend: i64, jumps: bool) -> Self {
        let prices = [60_000 * DOLLAR, 150 * DOLLAR, 2_000 * DOLLAR];
        let mut truth = Self {
            prices,
            drift: [0; 3],
            trend,
            jumps,
            jumped: 0,
            past: vec![(world.clock.slot, prices)],
            published: std::array::from_fn(|_| [Vec::new(), Vec::new()]),
        };
        truth.publish(world);
        truth
    }

    pub(crate) fn price(&self, market: usize) -> u64 {
        self.prices[market]
    }

    /// Slots pass: each price moves a little, sometimes into another direction. Says whether one has jumped.
    pub(crate) fn step(&mut self, world: &World, slots: u64, chance: &mut Chance) -> bool {
        let slot = world.clock.slot;
        let common = self.trend * i64::try_from(slots).unwrap();
        for market in [BTC, SOL, BOOK] {
            if chance.percent((4 * slots).min(60)) {
                self.drift[market] = chance.pick(&[0, 0, 0, LARGEST_STEP, -LARGEST_STEP, 60, -60]);
            }
            let scale = i64::try_from(slots.min(25)).unwrap();
            let noise = chance.between(-20, 20);
            // A coarse step is no wilder than one of ten slots, so that a long session does not run away. What is drift and
            // trend together is no faster than the drift may be.
            let drift = self.drift[market] * scale.min(10);
            let together = if drift.signum() == common.signum() {
                drift.abs().max(common.abs()) * drift.signum()
            } else {
                drift + common
            };
            self.shift(market, together + noise);
        }
        let jumps = self.jumps && slots == 1 && slot > self.jumped + BETWEEN_JUMPS && chance.below(1_000) < JUMPS;
        if jumps {
            self.jumped = slot;
            let market = chance.pick(&[BTC, SOL, BOOK]);
            let size = chance.between(10_000, 30_000);
            self.shift(market, if chance.percent(50) { size } else { -size });
        }
        self.remember(slot);
        self.publish(world);
        jumps
    }

    fn remember(&mut self, slot: u64) {
        self.past.push((slot, self.prices));
        // What was true at the beginning of the memory is kept with it.
        let old = self.past.partition_point(|(from, _)| from + MEMORY < slot);
        self.past.drain(..old.saturating_sub(1));
    }

    /// Lowest and highest price of a market since a slot.
    pub(crate) fn range_since(&self, market: usize, slot: u64) -> (u64, u64) {
        let from = self.past.partition_point(|(from, _)| *from <= slot).saturating_sub(1);
        let prices = || self.past[from..].iter().map(|(_, prices)| prices[market]).chain([self.prices[market]]);
        (prices().min().unwrap(), prices().max().unwrap())
    }

    /// Moves a price at once.
    pub(crate) fn shift(&mut self, market: usize, ppm: i64) {
        let moved = i128::from(self.prices[market]) * i128::from(1_000_000 + ppm) / 1_000_000;
        self.prices[market] = u64::try_from(moved).unwrap().max(DOLLAR);
    }

    /// Stops the drift: the market is quiet.
    pub(crate) fn calm(&mut self) {
        (self.drift, self.trend, self.jumps) = ([0; 3], 0, false);
    }

    fn publish(&mut self, world: &World) {
        for market in [BTC, SOL, BOOK] {
            let price = self.prices[market];
            let one = OraclePrice {
                price: Price(price),
                confidence: Price(price / 10_000),
                publish_time: world.clock.unix_time,
                publish_slot: world.clock.slot,
            };
            for published in &mut self.published[market] {
                // Their clocks tell seconds.
                if published.last().is_none_or(|last| last.publish_time < one.publish_time) {
                    published.push(one);
                    if published.len() > 40 {
                        published.remove(0);
                    }
                }
            }
        }
    }

    /// What a refresh hands in of each source.
    pub(crate) fn brought(&self, market: usize, choice: [Brought; 2]) -> [Option<OraclePrice>; 2] {
        [0, 1].map(|source| {
            let published = &self.published[market][source];
            match choice[source] {
                Brought::Newest => published.last().copied(),
                Brought::Older(back) => published.iter().rev().nth(back).copied(),
                Brought::Nothing => None,
            }
        })
    }
}
