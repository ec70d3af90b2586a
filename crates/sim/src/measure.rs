//! What a run measures.

use serde::Serialize;

use crate::coins::DOLLAR;

/// Figures of a run. Values are dollars but where the name says otherwise. The same seed and parameters give the same ones.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Figures {
    /// Accounts of traders.
    pub accounts: usize,
    /// Value of the longs of all markets once the traders have opened their positions.
    pub open_interest: f64,
    /// Liquidation steps that took base.
    pub liquidations: u64,
    /// Value that they took, at the take-over price.
    pub liquidated: f64,
    /// Accounts of which any was taken.
    pub accounts_liquidated: u64,
    /// Attempts that the budget refused.
    pub throttled: u64,
    /// Attempts that found no liquidator with capital left.
    pub uncapitalised: u64,
    /// How long accounts were below maintenance until they were reduced or recovered.
    pub under_water: UnderWater,
    /// Debt that bankrupt accounts left.
    pub bad_debt: f64,
    /// Bankruptcies with a debt.
    pub defaults: u64,
    /// Paid by fees that were not swept yet, insurance fees, and the protocol's tranche.
    pub fees: f64,
    /// Paid by the insurance funds and the staked insurance.
    pub insurance: f64,
    /// Paid by the vAMMs' capital.
    pub amm: f64,
    /// Left as the markets' deficit, for profits and later fees.
    pub deficit: f64,
    /// What the liquidated paid: discounts to liquidators and insurance fees.
    pub penalties: f64,
    /// Value that liquidators sold on or bought back on the venue.
    pub unloaded: f64,
    /// How much worse than the oracle they did so, value-weighted, basis points.
    pub impact: f64,
    /// The same in the worst minute in which they traded a thousandth of the open interest.
    pub worst_impact: f64,
    /// The furthest that the venue pushed an oracle, basis points.
    pub pushed: f64,
    /// Instructions that were carried out or refused.
    pub actions: u64,
    /// Digest of every account, vault and price at the end.
    pub digest: String,
}

/// Times below maintenance, seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct UnderWater {
    /// Accounts that came below, each time counted.
    pub times: usize,
    /// Mean.
    pub mean: f64,
    /// The time that one in a hundred exceeds.
    pub p99: f64,
    /// Longest.
    pub longest: f64,
    /// Accounts that are still below at the end.
    pub left: usize,
}

impl UnderWater {
    /// From all times, seconds, with the number of those that have not ended.
    pub(crate) fn of(mut times: Vec<f64>, left: usize) -> Self {
        times.sort_by(f64::total_cmp);
        let Some(longest) = times.last().copied() else { return Self::default() };
        let p99 = times[(times.len() * 99).div_ceil(100) - 1];
        let mean = times.iter().sum::<f64>() / times.len() as f64;
        Self { times: times.len(), mean, p99, longest, left }
    }
}

impl Figures {
    /// What the crash cost beyond prices: bad debt and penalties, basis points of the open interest.
    #[must_use]
    pub fn cost(&self) -> f64 {
        (self.bad_debt + self.penalties) / self.open_interest * 1e4
    }
}

/// Sales and purchases of liquidators against the oracle.
#[derive(Clone, Debug, Default)]
pub(crate) struct Impact {
    pub(crate) value: f64,
    pub(crate) loss: f64,
    /// Value and loss of the running minute, and the worst that was.
    minute: (i64, f64, f64),
    pub(crate) worst: f64,
}

impl Impact {
    /// Notes a trade of a value at the oracle, and what it lost against that.
    pub(crate) fn note(&mut self, time: i64, value: f64, loss: f64, least: f64) {
        let minute = time.div_euclid(60);
        if minute != self.minute.0 {
            self.minute = (minute, 0.0, 0.0);
        }
        (self.value, self.loss) = (self.value + value, self.loss + loss);
        (self.minute.1, self.minute.2) = (self.minute.1 + value, self.minute.2 + loss);
        if self.minute.1 >= least {
            self.worst = self.worst.max(self.minute.2 / self.minute.1 * 1e4);
        }
    }
}

/// Quote or token units as dollars.
pub(crate) fn dollars(units: impl Into<i128>) -> f64 {
    units.into() as f64 / DOLLAR
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_in_a_hundred_exceeds_the_last_percentile() {
        let times: Vec<f64> = (1..=200).map(f64::from).collect();
        let under = UnderWater::of(times, 3);
        assert_eq!((under.times, under.mean, under.p99, under.longest, under.left), (200, 100.5, 198.0, 200.0, 3));
        assert_eq!(UnderWater::of(Vec::new(), 0), UnderWater::default());
    }

    #[test]
    fn the_worst_minute_is_one_with_enough_trade() {
        let mut impact = Impact::default();
        impact.note(0, 10.0, 5.0, 100.0);
        impact.note(61, 60.0, 0.6, 100.0);
        impact.note(62, 60.0, 1.8, 100.0);
        assert!((impact.value, (impact.loss * 10.0).round()) == (130.0, 74.0), "{impact:?}");
        assert!((impact.worst - 200.0).abs() < 1e-9, "{impact:?}");
    }
}
