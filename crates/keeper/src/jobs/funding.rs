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
            let run = |stage: &crate::trial::Trial<'_>| stage.update_funding(market.index);
            try_plan(world, plan, [market.index], run).ok().map(|(plan, _)| plan)
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::stage::Stage;

    #[test]
    fn once_an_hour() {
        let mut stage = Stage::new();
        assert_eq!(FundingKeeper.decide(&stage.world()), []);
        stage.advance(10, 3_600);
        // The price is an hour old: nothing can be charged on it, and a refresh goes in front of the update.
        assert_eq!(FundingKeeper.decide(&stage.world()), []);
        stage.publish(0, 200_000_000);
        let expected = Plan::of(Work::UpdateFunding { market: 0 }).after_refresh(vec![0]);
        assert_eq!(FundingKeeper.decide(&stage.world()), [expected]);
    }
}
