//! Keeps the price board fresh.

use kedge_model::account::bank::Bank;
use kedge_model::account::board::PriceRow;
use kedge_sender::{Call, Plan};
use kedge_state::World;
use kedge_state::directory::has_account;

use super::Job;

/// Refreshes rows whose oracle account has something newer.
#[derive(Clone, Copy, Debug)]
pub struct Oracle {
    /// A row is refreshed when the newer price is at least this many seconds younger.
    pub min_age: u64,
}

impl Job for Oracle {
    fn name(&self) -> &'static str {
        "oracle"
    }

    /// One plan for all rows that are due; the quote bank's row goes along with any of them.
    fn decide(&self, world: &World) -> Vec<Plan> {
        let due = |old: &PriceRow, new: &PriceRow| {
            // A constant is as new as the clock: by itself it is refreshed before it gets stale, and with others always.
            let constant = !new.sources().iter().any(has_account);
            let least = if constant { self.min_age.max(u64::from(old.max_age) / 2) } else { self.min_age };
            // What contradicts itself is no newer price, but has to be said: the row remembers that its sources live. So has
            // a row that is stale: from then on fewer sources may count.
            let heard = |row: &PriceRow| row.sources().iter().map(|source| source.heard).max().unwrap_or(0);
            old.price.is_zero() != new.price.is_zero()
                || old.state != new.state
                || u64::from(heard(new).saturating_sub(heard(old))) >= least.max(1)
                || u64::try_from(new.publish_time.saturating_sub(old.publish_time)).unwrap_or(0) >= least.max(1)
        };
        let pick = |count: usize, due: &dyn Fn(u16) -> bool| -> Vec<u16> {
            (0..u16::try_from(count).unwrap_or(u16::MAX)).filter(|index| due(*index)).collect()
        };
        let markets = pick(world.markets.len(), &|index| {
            matches!((world.board.market(index), world.fresh.market(index)),
                (Ok(old), Ok(new)) if due(&old.price, &new.price))
        });
        let mut banks = pick(world.banks.len(), &|index| {
            matches!((world.board.bank(index), world.fresh.bank(index)),
                (Ok(old), Ok(new)) if due(&old.price, &new.price))
        });
        if markets.is_empty() && banks.is_empty() {
            return Vec::new();
        }
        if !world.banks.is_empty() && !banks.contains(&Bank::QUOTE) {
            banks.push(Bank::QUOTE);
        }
        vec![Plan::of(Call::refresh_prices(&markets, &banks))]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kedge_state::testing::TestExchange;

    #[test]
    fn refreshes_what_has_a_newer_price() {
        let mut exchange = TestExchange::new();
        assert_eq!(Oracle { min_age: 1 }.decide(&exchange.world()), []);
        exchange.publish(201_000_000);
        exchange.advance(1, 20);
        exchange.publish(202_000_000);
        let plans = Oracle { min_age: 1 }.decide(&exchange.world());
        assert_eq!(plans, [Plan::of(Call::refresh_prices(&[0], &[0]))]);
        assert_eq!(Oracle { min_age: 60 }.decide(&exchange.world()), []);
    }

    #[test]
    fn a_constant_alone_is_refreshed_before_it_gets_stale() {
        let mut exchange = TestExchange::new();
        let oracle = Oracle { min_age: 1 };
        let half = i64::from(exchange.world().board.banks[0].price.max_age) / 2;
        exchange.advance(1, half - 1);
        assert_eq!(oracle.decide(&exchange.world()), []);
        exchange.advance(1, 1);
        let alone = Plan::of(Call::refresh_prices(&[], &[0]));
        assert_eq!(oracle.decide(&exchange.world()), [alone]);
    }
}
