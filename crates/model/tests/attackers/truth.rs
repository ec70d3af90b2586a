//! The true prices, which nobody in the exchange sees before a source has published them.

use super::chance::Chance;
use super::common::{BOOK, BTC, DOLLAR, SOL, World};
use kedge_model::board::OraclePrice;
use kedge_model::quantity::Price;

/// Largest move of a true price within a slot in an ordinary episode, parts per million. Within the time for which the
/// vAMM honours a row, no more than its spread and the fee: what is gained beyond that came from a rule, not from luck.
const LARGEST_STEP: i64 = 200;

/// True prices, and what the two sources have published of them.
#[derive(Clone)]
pub struct Truth {
    prices: [u64; 3],
    /// Parts per million a slot by which each price drifts now.
    drift: [i64; 3],
    /// What each source has published of each market, newest last.
    published: [[Vec<OraclePrice>; 2]; 3],
}

/// What a refresh brings of one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Brought {
    /// The newest that the source has published.
    Newest,
    /// One that was published so many publications ago.
    Older(usize),
    /// Nothing.
    Nothing,
}

impl Truth {
    pub fn new(world: &World) -> Self {
        let mut truth = Self {
            prices: [60_000 * DOLLAR, 150 * DOLLAR, 2_000 * DOLLAR],
            drift: [0; 3],
            published: std::array::from_fn(|_| [Vec::new(), Vec::new()]),
        };
        truth.publish(world);
        truth
    }

    pub fn price(&self, market: usize) -> u64 {
        self.prices[market]
    }

    /// A slot passes: each price moves a little, sometimes into another direction.
    pub fn step(&mut self, world: &World, slots: u64, chance: &mut Chance) {
        for market in [BTC, SOL, BOOK] {
            if chance.percent((4 * slots).min(60)) {
                self.drift[market] = chance.pick(&[0, 0, 0, LARGEST_STEP, -LARGEST_STEP, 60, -60]);
            }
            let scale = i64::try_from(slots.min(25)).unwrap();
            let noise = chance.between(-20, 20);
            // A coarse step is no wilder than one of ten slots, so that a long session does not run away.
            let ppm = self.drift[market] * scale.min(10) + noise;
            self.shift(market, ppm);
        }
        self.publish(world);
    }

    /// Moves a price at once.
    pub fn shift(&mut self, market: usize, ppm: i64) {
        let moved = i128::from(self.prices[market]) * i128::from(1_000_000 + ppm) / 1_000_000;
        self.prices[market] = u64::try_from(moved).unwrap().max(DOLLAR);
    }

    /// Stops the drift: the market is quiet.
    pub fn calm(&mut self) {
        self.drift = [0; 3];
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

    /// The accounts that a refresh hands in.
    pub fn brought(&self, market: usize, choice: [Brought; 2]) -> Vec<OraclePrice> {
        let of = |source: usize| {
            let published = &self.published[market][source];
            match choice[source] {
                Brought::Newest => published.last().copied(),
                Brought::Older(back) => published.iter().rev().nth(back).copied(),
                Brought::Nothing => None,
            }
        };
        (0..2).filter_map(of).collect()
    }
}
