//! A clock that advances with funding: by the largest move of any market's index over that market's reference price.

use kedge_model::account::board::MAX_MARKETS;

use super::marks::Marks;

/// Readings of the clock for a move of one whole reference price.
const SCALE: f64 = 1e12;
/// Funding indices are quote per base at 1e9, prices at 1e6.
const INDEX_TO_PRICE: f64 = 1e3;

/// The funding clock. Its reading never goes back.
#[derive(Clone, Debug, Default)]
pub(super) struct FundingClock {
    reading: u64,
    /// First price seen of each market: a fixed unit, so that it need not follow the price.
    references: [u64; MAX_MARKETS],
    seen: [(i64, i64); MAX_MARKETS],
}

impl FundingClock {
    pub(super) fn reading(&self) -> u64 {
        self.reading
    }

    /// Advances by the largest move of an index since the last call.
    pub(super) fn observe(&mut self, marks: &Marks) {
        let mut step = 0u64;
        for ((row, reference), seen) in marks.board.markets.iter().zip(&mut self.references).zip(&mut self.seen) {
            let now = (row.funding_long.0, row.funding_short.0);
            let moved = now.0.abs_diff(seen.0).max(now.1.abs_diff(seen.1));
            *seen = now;
            if *reference == 0 {
                // A market without a price so far bounds no account.
                *reference = row.price.price.0;
            }
            if moved != 0 && *reference != 0 {
                let part = moved as f64 / (*reference as f64 * INDEX_TO_PRICE) * SCALE;
                // The conversion saturates, whatever indices an account on chain holds.
                step = step.max(((part * (1.0 + 1e-9)) as u64).saturating_add(1));
            }
        }
        // The largest expiry is one below the clock's end, so that the clock always passes it.
        self.reading = self.reading.saturating_add(step);
    }

    /// Value of a size at the market's reference price, quote units.
    pub(super) fn notional(&self, market: u16, size: u64) -> f64 {
        let reference = self.references.get(usize::from(market)).copied().unwrap_or_default();
        size as f64 * reference as f64 / 1e9
    }

    /// The last reading until which funding takes at most `budget` from positions of a notional, quote units.
    pub(super) fn expiry(&self, budget: f64, notional: f64) -> u64 {
        let ticks = budget / notional * SCALE * (1.0 - 1e-9);
        self.reading.saturating_add(ticks as u64).min(u64::MAX - 1)
    }
}

#[cfg(test)]
mod tests {
    use kedge_model::account::board::PriceBoard;
    use kedge_model::quantity::{FundingIndex, Price};

    use super::*;

    fn marks(long: i64, short: i64) -> Marks {
        let mut board = Box::new(PriceBoard::default());
        board.markets[0].price.price = Price(1);
        (board.markets[0].funding_long, board.markets[0].funding_short) = (FundingIndex(long), FundingIndex(short));
        Marks { board }
    }

    /// An endpoint may show any index.
    #[test]
    fn no_index_ends_the_clock() {
        let mut clock = FundingClock::default();
        let mut reading = clock.reading();
        for (long, short) in [(0, 0), (1, -1), (i64::MAX, i64::MIN), (i64::MIN, i64::MAX), (0, i64::MIN), (i64::MIN, 0)]
        {
            clock.observe(&marks(long, short));
            assert!(clock.reading() >= reading, "it never goes back");
            reading = clock.reading();
        }
        assert_eq!(reading, u64::MAX, "everybody who depends on funding is looked at");
        assert_eq!(clock.expiry(1e30, 0.0), u64::MAX - 1);
        assert_eq!(clock.expiry(0.0, 0.0), u64::MAX - 1, "the last expiry always passes");
    }
}
