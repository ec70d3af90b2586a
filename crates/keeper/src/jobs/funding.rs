//! Charges funding once an hour.

use kedge_sender::{Plan, Work};
use kedge_state::World;

use super::Job;
use crate::trial::try_plan;

/// Updates funding where it is due.
#[derive(Clone, Copy, Debug, Default)]
pub struct FundingKeeper;

impl Job for FundingKeeper {
    fn name(&self) -> &'static str {
        "funding"
    }

    fn decide(&self, world: &World) -> Vec<Plan> {
        let due = world.markets.iter().filter(|market| market.require_funding_due(world.clock.unix_time).is_ok());
        due.filter_map(|market| {
            let plan = Plan::of(Work::UpdateFunding { market: market.index });
            try_plan(world, plan, [market.index]).ok()
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kedge_state::testing::TestExchange;

    #[test]
    fn once_an_hour() {
        let mut exchange = TestExchange::new();
        assert_eq!(FundingKeeper.decide(&exchange.world()), []);
        exchange.advance(10, 3_600);
        // The price is an hour old: nothing can be charged on it, and a refresh goes in front of the update.
        assert_eq!(FundingKeeper.decide(&exchange.world()), []);
        exchange.publish(200_000_000);
        let expected = Plan::of(Work::UpdateFunding { market: 0 }).after_refresh(vec![0]);
        assert_eq!(FundingKeeper.decide(&exchange.world()), [expected]);
    }
}
