//! Settles defaults: pockets that own nothing that trades and owe.

use kedge_model::account::pocket::Pocket;
use kedge_model::account::position::Position;
use kedge_sender::{Call, Plan, Subject};
use kedge_state::endangered::is_short;
use kedge_state::{Account, World};
use solana_pubkey::Pubkey;

use super::{Attention, Job};
use crate::trial::Trial;

/// Settles what bankrupt pockets owe: first from the tokens that they have left, then from insurance, vAMM and, last,
/// whoever is in the market. It costs a fee and earns nothing; until it is done the market's ledger carries the debt.
#[derive(Clone, Copy, Debug, Default)]
pub struct BankruptcyResolver;

impl Job for BankruptcyResolver {
    fn name(&self) -> &'static str {
        "bankruptcy"
    }

    /// The largest debt first: it is what a market may have to spread.
    fn decide(&self, world: &World) -> Vec<Plan> {
        self.decide_within(world, &Attention::all())
    }

    fn decide_within(&self, world: &World, attention: &Attention<'_>) -> Vec<Plan> {
        let trial = Trial::refreshed(world);
        let mut cases = Vec::new();
        for (address, account) in world.endangered() {
            for pocket in account.pockets().filter(|pocket| is_short(&account.head, *pocket)) {
                let debts = account.positions_in(pocket).filter(|position| position.quote.0 < 0);
                cases.extend(debts.min_by_key(|one| one.quote.0).map(|debtor| (debtor, address, account, pocket)));
            }
        }
        cases.sort_by_key(|(debtor, ..)| debtor.quote.0);
        let mut plans = Vec::new();
        for (debtor, address, account, pocket) in
            attention.turn(cases.len(), world.clock.slot).map(|place| cases[place])
        {
            if attention.is_full(plans.len()) {
                break;
            }
            if !attention.is_free(&Subject::Position(*address, debtor.market)) {
                continue;
            }
            if !attention.spend() {
                break;
            }
            plans.extend(resolve(world, &trial, address, account, pocket, debtor));
        }
        plans
    }
}

/// What is to be done next about the pocket of a debt.
fn resolve(
    world: &World,
    trial: &Trial<'_>,
    address: &Pubkey,
    account: &Account,
    pocket: Pocket,
    debtor: &Position,
) -> Option<Plan> {
    let market = debtor.market;
    let tokens = match pocket {
        Pocket::Cross => account.head.balances.iter().any(|balance| balance.used == 1),
        Pocket::Isolated(_) => !debtor.isolated.is_zero(),
    };
    let call = if tokens { Call::settle_pnl(market, *address) } else { Call::settle_bankruptcy(market, *address) };
    trial.run(&call).ok()?;
    Some(Plan::of(call).after_refresh(world.outdated([market])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::liquidator::tests::{clean_up, liquidator, scene};
    use crate::testing::RunPlan as _;
    use kedge_model::quantity::Amount;
    use kedge_state::testing::TestExchange;

    /// Runs the resolver until it has nothing to do.
    fn resolve_all(exchange: &mut TestExchange) -> Vec<&'static str> {
        let mut seen = Vec::new();
        for _ in 0..6 {
            let Some(plan) = BankruptcyResolver.decide(&exchange.world()).into_iter().next() else { break };
            seen.push(plan.name());
            exchange.run_plan(&plan);
        }
        seen
    }

    #[test]
    fn a_default_is_settled_after_the_rest_of_the_balance() {
        let (mut exchange, buyer, own) = scene();
        assert_eq!(BankruptcyResolver.decide(&exchange.world()), []);
        let seen = clean_up(&mut exchange, &liquidator(own));
        assert!(!seen.is_empty() && seen.iter().all(|name| *name == "liquidate"), "{seen:?}");
        assert_eq!(resolve_all(&mut exchange), ["settle_pnl", "settle_bankruptcy"]);
        let world = exchange.world();
        assert!(world.accounts[&buyer].head.is_empty());
        assert!(world.accounts[&own].base(0).0 > 0);
    }

    #[test]
    fn an_isolated_position_is_written_off_alone() {
        let mut exchange = TestExchange::new();
        let (buyer, seller) = (exchange.trader(10_000_000_000), exchange.trader(10_000_000_000));
        let own = exchange.trader(100_000_000_000);
        exchange.isolate(buyer, 250_000_000);
        exchange.trade(buyer, seller, 10_000_000_000, 200_000_000);
        exchange.advance(2, 10);
        exchange.publish(190_000_000);
        assert_eq!(liquidator(own).decide(&exchange.world()), []);
        assert!(clean_up(&mut exchange, &liquidator(own)).contains(&"liquidate"));
        assert_eq!(resolve_all(&mut exchange), ["settle_pnl", "settle_bankruptcy"]);
        let head = &exchange.world().accounts[&buyer].head;
        assert_eq!((head.balance(0), head.status), (Amount(9_750_000_000), 0));
        assert!(head.position(0).is_err());
    }

    #[test]
    fn a_debt_of_one_who_still_trades_is_no_default() {
        let (mut exchange, ..) = scene();
        exchange.publish(170_000_000);
        assert_eq!(BankruptcyResolver.decide(&exchange.world()), []);
    }
}
