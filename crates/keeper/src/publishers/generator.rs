//! Prices out of a seed: a random walk, and shocks by a script.

use std::f64::consts::TAU;

use super::{FeedId, Look, Message, Offer, Prices};

/// Seconds in a year, for yearly drift and volatility.
const YEAR: f64 = 365.25 * 86_400.0;
/// A feed that fell to nothing would have no price at all.
const LEAST_PRICE: f64 = 1e-6;

/// A feed's walk.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Walk {
    /// Feed.
    pub feed_id: FeedId,
    /// Price at the origin, dollars.
    pub price: f64,
    /// Expected growth in a year, 0.1 for 10 %.
    pub drift: f64,
    /// Standard deviation of the logarithm in a year, 0.8 for 80 %.
    pub volatility: f64,
}

/// A move that comes whatever the walk does, and stays.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shock {
    /// Seconds after the origin at which it begins.
    pub at: i64,
    /// Seconds over which it happens, evenly.
    pub over: i64,
    /// By how much, basis points: -3,000 for a fall of 30 %.
    pub change_bps: i32,
}

impl Shock {
    /// What the price is multiplied with so many seconds after the origin.
    fn factor(&self, elapsed: i64) -> f64 {
        let progress = (elapsed.saturating_sub(self.at) as f64 / self.over.max(1) as f64).clamp(0.0, 1.0);
        1.0 + f64::from(self.change_bps) / 1e4 * progress
    }
}

/// Walks of several feeds. The price of a second follows from seed and origin alone: a copy that is started later, or
/// again, continues the same walk.
#[derive(Clone, Debug)]
pub struct Generator {
    seed: u64,
    origin: Option<i64>,
    shocks: Vec<Shock>,
    feeds: Vec<Place>,
}

/// A walk and how far it has come.
#[derive(Clone, Copy, Debug)]
struct Place {
    walk: Walk,
    elapsed: i64,
    /// Logarithm of the price over the first.
    grown: f64,
}

impl Generator {
    /// Walks from a chain time, Unix seconds; without one, from the first look. Every shock moves every feed.
    #[must_use]
    pub fn new(seed: u64, origin: Option<i64>, walks: Vec<Walk>, shocks: Vec<Shock>) -> Self {
        let feeds = walks.into_iter().map(|walk| Place { walk, elapsed: 0, grown: 0.0 }).collect();
        Self { seed, origin, shocks, feeds }
    }

    /// The prices at a time, dollars, in the order of the walks.
    pub fn prices(&mut self, now: i64) -> Vec<f64> {
        let elapsed = now.saturating_sub(*self.origin.get_or_insert(now)).max(0);
        let factor: f64 = self.shocks.iter().map(|shock| shock.factor(elapsed)).product();
        let seed = self.seed;
        let feeds = self.feeds.iter_mut().enumerate();
        feeds
            .map(|(index, place)| (place.at(seed ^ mix(index as u64 + 1), elapsed) * factor).max(LEAST_PRICE))
            .collect()
    }
}

impl Place {
    fn at(&mut self, seed: u64, elapsed: i64) -> f64 {
        if elapsed < self.elapsed {
            (self.elapsed, self.grown) = (0, 0.0);
        }
        let Walk { price, drift, volatility, .. } = self.walk;
        let (mean, deviation) = ((drift - volatility * volatility / 2.0) / YEAR, volatility / YEAR.sqrt());
        while self.elapsed < elapsed {
            self.elapsed += 1;
            self.grown += mean + deviation * normal(seed, self.elapsed.unsigned_abs());
        }
        price * self.grown.exp()
    }
}

impl Prices for Generator {
    fn name(&self) -> &'static str {
        "generator"
    }

    fn look(&mut self, now: i64) -> Look<'_> {
        let prices = self.prices(now);
        let offer = |(place, price): (&Place, f64)| Offer::unproven(Message::of(place.walk.feed_id, price, now));
        let offers = self.feeds.iter().zip(prices).map(offer).collect();
        Box::pin(std::future::ready(Ok(offers)))
    }
}

/// A standard normal number of a step (Box and Muller).
fn normal(seed: u64, step: u64) -> f64 {
    let state = seed.wrapping_add(step.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    // 53 bits; the first in (0, 1], whose logarithm is finite.
    let unit = |bits: u64, plus: u64| ((bits >> 11) + plus) as f64 / (1u64 << 53) as f64;
    let (radius, angle) = (unit(mix(state), 1), unit(mix(state ^ 0xd1b5_4a32_d192_ed03), 0));
    (-2.0 * radius.ln()).sqrt() * (TAU * angle).cos()
}

/// SplitMix64's finaliser: spreads every bit over all.
const fn mix(bits: u64) -> u64 {
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publishers::testing::SOL;

    const WALK: Walk = Walk { feed_id: SOL, price: 200.0, drift: 0.0, volatility: 0.8 };

    #[test]
    fn the_seed_and_the_second_decide() {
        let mut one = Generator::new(7, Some(1_000), vec![WALK, WALK], vec![]);
        let [sol, other] = one.prices(1_500)[..] else { panic!("two feeds") };
        assert!(sol != other && sol != 200.0);
        assert_eq!(Generator::new(7, Some(1_000), vec![WALK, WALK], vec![]).prices(1_500), [sol, other]);
        assert_eq!(one.prices(1_000), [200.0, 200.0], "also backwards");
        assert_eq!(one.prices(1_500), [sol, other]);
        assert_ne!(Generator::new(8, Some(1_000), vec![WALK, WALK], vec![]).prices(1_500), [sol, other]);
    }

    #[test]
    fn the_walk_spreads_as_its_volatility_says() {
        // 400 hours: each hour's standard deviation is 80 % / sqrt(8766).
        let mut walk = Generator::new(3, Some(0), vec![WALK], vec![]);
        let marks: Vec<f64> = (0..=400).map(|hour| walk.prices(hour * 3_600)[0].ln()).collect();
        let moves: Vec<f64> = marks.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let variance = moves.iter().map(|step| step * step).sum::<f64>() / 400.0;
        let expected = 0.8 / 8_766f64.sqrt();
        assert!((variance.sqrt() / expected - 1.0).abs() < 0.1, "{} {expected}", variance.sqrt());
    }

    #[test]
    fn a_shock_comes_on_time_and_stays() {
        let still = Walk { volatility: 0.0, ..WALK };
        let crash = Shock { at: 300, over: 60, change_bps: -3_000 };
        let mut walk = Generator::new(1, Some(0), vec![still], vec![crash]);
        let mut at = |second| (walk.prices(second)[0] * 1e6).round() / 1e6;
        assert_eq!([at(0), at(300), at(330), at(360), at(5_000)], [200.0, 200.0, 170.0, 140.0, 140.0]);
    }
}
