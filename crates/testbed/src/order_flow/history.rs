//! Recent oracle prices, from which takers decide.

use std::collections::VecDeque;

use kedge_state::World;

/// Market seconds that are kept.
const MEMORY: i64 = 3_600;

/// Oracle prices of the last hour, by market.
#[derive(Clone, Debug)]
pub struct History {
    pace: f64,
    prices: Vec<VecDeque<(i64, f64)>>,
}

impl Default for History {
    fn default() -> Self {
        Self::at_pace(1.0)
    }
}

impl History {
    /// An empty history. `pace` is market seconds a second of the chain.
    #[must_use]
    pub fn at_pace(pace: f64) -> Self {
        Self { pace, prices: Vec::new() }
    }

    /// Adds the prices of a world.
    pub fn note(&mut self, world: &World) {
        self.prices.resize_with(world.markets.len(), VecDeque::new);
        let now = (world.clock.unix_time as f64 * self.pace) as i64;
        for (prices, market) in self.prices.iter_mut().zip(&world.markets) {
            let price = world.oracle(market.index).0 as f64;
            if price > 0.0 && prices.back().is_none_or(|(time, _)| *time < now) {
                prices.push_back((now, price));
            }
            while prices.front().is_some_and(|(time, _)| *time < now - MEMORY) {
                prices.pop_front();
            }
        }
    }

    /// Relative change over the last market seconds; zero while the history does not reach back that far.
    pub fn change(&self, market: u16, seconds: i64) -> f64 {
        let Some(prices) = self.prices.get(usize::from(market)) else { return 0.0 };
        let Some((now, last)) = prices.back() else { return 0.0 };
        let then = prices.partition_point(|(time, _)| *time <= now - seconds);
        match then.checked_sub(1).and_then(|index| prices.get(index)) {
            Some((_, price)) => last / price - 1.0,
            None => 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_over_the_asked_time() {
        let mut history = History { prices: vec![VecDeque::new()], ..History::default() };
        history.prices[0].extend([(0, 100.0), (60, 110.0), (120, 99.0)]);
        assert!((history.change(0, 120) + 0.01).abs() < 1e-12);
        assert!((history.change(0, 60) + 0.1).abs() < 1e-12);
        assert_eq!(history.change(0, 121), 0.0);
        assert_eq!(history.change(1, 60), 0.0);
    }
}
