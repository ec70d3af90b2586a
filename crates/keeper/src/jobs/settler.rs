//! Moves profit and loss into balances, and fees where they belong.

use kedge_engine::Report;
use kedge_model::quantity::Amount;
use kedge_sender::{Plan, Subject, Work};
use kedge_state::{Account, World};
use solana_pubkey::Pubkey;

use super::{Attention, Job};
use crate::trial::Trial;

/// Settles positions and sweeps fees once they are worth a transaction.
#[derive(Clone, Copy, Debug)]
pub struct Settler {
    /// Least profit or loss of an open position to settle, quote units.
    pub min_pnl: Amount,
    /// The same of a closed position: what is smaller costs more to settle than it is, and whoever wants it moved can do
    /// that.
    pub min_flat: Amount,
    /// Least fees to sweep, quote units.
    pub min_fees: Amount,
}

impl Job for Settler {
    fn name(&self) -> &'static str {
        "settler"
    }

    fn decide(&self, world: &World) -> Vec<Plan> {
        self.decide_within(world, &Attention::all())
    }

    fn decide_within(&self, world: &World, attention: &Attention<'_>) -> Vec<Plan> {
        let trial = Trial::refreshed(world);
        let mut plans = Vec::new();
        for market in &world.markets {
            let collected = market.fees.plus(market.insurance_fees).unwrap_or(market.fees);
            let sweep = Work::SweepFees { market: market.index };
            if collected >= self.min_fees && trial.run(&sweep).is_ok() {
                plans.push(self.plan(world, sweep, [market.index]));
            }
        }
        let of = |(address, account)| self.due(account).map(move |market| (address, account, market));
        let due: Vec<(&Pubkey, &Account, u16)> = world.accounts.iter().flat_map(of).collect();
        for (address, account, market) in attention.turn(due.len(), world.clock.slot).map(|place| due[place]) {
            if attention.is_full(plans.len()) {
                break;
            }
            if !attention.is_free(&Subject::Position(*address, market)) {
                continue;
            }
            if !attention.spend() {
                break;
            }
            let work = Work::SettlePnl { market, account: *address };
            let Ok(Report::Settle(report)) = trial.run(&work) else { continue };
            let least = if account.base(market).is_zero() { self.min_flat } else { self.min_pnl };
            if report.amount.magnitude() >= least {
                plans.push(self.plan(world, work, rows(world, address)));
            }
        }
        plans
    }
}

impl Settler {
    /// Markets in which an account has something to settle at all.
    fn due<'a>(&'a self, account: &'a Account) -> impl Iterator<Item = u16> + 'a {
        let used = account.head.positions.iter().filter(|position| position.is_used());
        used.filter(|position| !position.base.is_zero() || !position.quote.is_zero()).map(|position| position.market)
    }

    fn plan(&self, world: &World, work: Work, rows: impl IntoIterator<Item = u16>) -> Plan {
        Plan::of(work).after_refresh(world.outdated(rows))
    }
}

fn rows(world: &World, account: &Pubkey) -> Vec<u16> {
    world.markets_of(account)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kedge_state::testing::TestExchange;

    #[test]
    fn settles_what_is_worth_it() {
        let mut exchange = TestExchange::new();
        let (buyer, seller) = (exchange.trader(10_000_000_000), exchange.trader(10_000_000_000));
        exchange.trade(buyer, seller, 10_000_000_000, 200_000_000);
        let settler = Settler { min_pnl: Amount(101_000_000), min_flat: Amount(1_000_000), min_fees: Amount(u64::MAX) };
        assert_eq!(settler.decide(&exchange.world()), [], "nothing moved yet");
        exchange.advance(2, 10);
        exchange.publish(190_000_000);
        let works: Vec<_> = settler.decide(&exchange.world()).into_iter().flat_map(|plan| plan.works).collect();
        // 100 and the fee lost by the one, 100 and the rebate won by the other.
        let settle = |account| Work::SettlePnl { market: 0, account };
        assert_eq!(works, [settle(buyer)], "the seller's gain is a little under the threshold");
        let all = Settler { min_pnl: Amount(100_000_000), ..settler }.decide(&exchange.world());
        assert_eq!(all.into_iter().flat_map(|plan| plan.works).collect::<Vec<_>>(), [settle(buyer), settle(seller)]);
    }
    #[test]
    fn dust_of_closed_positions_is_left_to_who_wants_it() {
        let mut exchange = TestExchange::new();
        let (buyer, seller) = (exchange.trader(10_000_000_000), exchange.trader(10_000_000_000));
        exchange.trade(buyer, seller, 1_000_000_000, 200_000_000);
        exchange.advance(2, 1);
        exchange.publish(200_000_000);
        exchange.trade(seller, buyer, 1_000_000_000, 200_000_000);
        exchange.advance(2, 1);
        exchange.publish(200_000_000);
        let world = exchange.world();
        assert!(world.accounts[&buyer].base(0).is_zero() && world.accounts[&seller].base(0).is_zero());
        let settler = Settler { min_pnl: Amount(u64::MAX), min_flat: Amount(0), min_fees: Amount(u64::MAX) };
        assert_eq!(settler.decide(&world).len(), 2, "fees and rebates are there to settle");
        assert_eq!(Settler { min_flat: Amount(5_000_000), ..settler }.decide(&world), []);
    }
}
