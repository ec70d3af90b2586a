//! Counts what people have traded, so that they get the fee tier of it.

use kedge_interface::address;
use kedge_model::quantity::Amount;
use kedge_sender::{Plan, Work};
use kedge_state::{Account, World};
use solana_pubkey::Pubkey;

use super::{Attention, Job};

/// Updates fee tiers once enough is uncounted, and where a tier by volume has run out.
#[derive(Clone, Copy, Debug)]
pub struct TierKeeper {
    /// Least uncounted volume of a sub-account, quote units.
    pub min_volume: Amount,
}

impl Job for TierKeeper {
    fn name(&self) -> &'static str {
        "tiers"
    }

    fn decide(&self, world: &World) -> Vec<Plan> {
        self.decide_within(world, &Attention::all())
    }

    fn decide_within(&self, world: &World, attention: &Attention<'_>) -> Vec<Plan> {
        let due = world.accounts.iter().filter(|(_, account)| self.is_due(account, world.clock.day()));
        let due: Vec<(&Pubkey, &Account)> = due.collect();
        let mut plans = Vec::new();
        for (at, account) in attention.turn(due.len(), world.clock.slot).map(|place| due[place]) {
            if attention.is_full(plans.len()) {
                break;
            }
            let trader = address::trader(&Pubkey::new_from_array(account.head.authority));
            let plan = Plan::of(Work::UpdateFeeTier { trader, account: *at });
            if attention.is_free(&plan.subject()) {
                plans.push(plan);
            }
        }
        plans
    }
}

impl TierKeeper {
    fn is_due(&self, account: &Account, today: u32) -> bool {
        let head = &account.head;
        let uncounted = head.volume.saturating_add(head.earlier_volume);
        let ran_out = head.fee_tier != head.base_tier && head.tier_day < today;
        // Less than a dollar is never counted, whatever the threshold.
        ran_out || uncounted >= self.min_volume.0.max(1_000_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kedge_interface::account::SubAccountData;
    use kedge_state::testing::TestExchange;

    #[test]
    fn volume_is_counted_once_it_is_worth_a_transaction_and_a_tier_that_ran_out_is_judged_anew() {
        let mut exchange = TestExchange::new();
        let (buyer, seller) = (exchange.trader(10_000_000_000), exchange.trader(10_000_000_000));
        let job = TierKeeper { min_volume: Amount(1_000_000_000) };
        assert_eq!(job.decide(&exchange.world()), [], "nobody has traded");
        exchange.trade(buyer, seller, 10_000_000_000, 200_000_000);
        let told = |world: &World| -> Vec<Pubkey> {
            let works = job.decide(world).into_iter().flat_map(|plan| plan.works);
            works
                .map(|work| match work {
                    Work::UpdateFeeTier { account, .. } => account,
                    other => panic!("{other:?}"),
                })
                .collect()
        };
        let mut both = [buyer, seller];
        both.sort_unstable();
        assert_eq!(told(&exchange.world()), both, "2,000 dollars each");
        assert_eq!(TierKeeper { min_volume: Amount(2_000_000_001) }.decide(&exchange.world()), []);
        let today = exchange.clock.day();
        for (account, tier_day) in [(buyer, today), (seller, today - 1)] {
            exchange.change(account, |account: &mut SubAccountData| {
                let head = &mut account.head;
                (head.volume, head.earlier_volume, head.fee_tier, head.tier_day) = (0, 0, 3, tier_day);
            });
        }
        assert_eq!(told(&exchange.world()), [seller], "the buyer's holds for today");
    }
}
