//! Sends the backstop vault's instructions: take-overs of what no liquidator took, and the orders that unwind them.

use kedge_interface::address::BACKSTOP;
use kedge_model::rule::liquidation;
use kedge_sender::{Call, Plan};
use kedge_state::World;
use solana_pubkey::Pubkey;

use super::short::short_pockets;
use super::{Attention, Job};
use crate::trial::Trial;

/// Begins liquidations that nobody began, lets the vault take over those that nobody took in 30 seconds, and places its next
/// order in each market in which it holds a position. It costs fees and earns nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct BackstopCrank;

impl Job for BackstopCrank {
    fn name(&self) -> &'static str {
        "backstop"
    }

    fn decide(&self, world: &World) -> Vec<Plan> {
        self.decide_within(world, &Attention::all())
    }

    /// Take-overs, the pocket with the largest shortfall first, then orders. Nothing before there is a vault.
    fn decide_within(&self, world: &World, attention: &Attention<'_>) -> Vec<Plan> {
        let Some(vault) = world.accounts.get(&BACKSTOP) else { return Vec::new() };
        let trial = Trial::refreshed(world);
        let short = short_pockets(world, &BACKSTOP);
        let mut plans = Vec::new();
        for case in attention.turn(short.len(), world.clock.slot).map(|place| &short[place]) {
            if attention.is_full(plans.len()) {
                break;
            }
            if !case.is_free(attention) {
                continue;
            }
            if !attention.spend() {
                break;
            }
            let head = &case.account.head;
            if let Ok(Some(market)) = liquidation::first(head, case.pocket, &world.fresh, &trial.clock) {
                plans.extend(sound(world, &trial, Call::take_over(market, *case.address), &[*case.address]));
            }
        }
        for position in vault.head.positions.iter().filter(|position| !position.base.is_zero()) {
            plans.extend(sound(world, &trial, Call::unwind_backstop(position.market), &[]));
        }
        plans
    }
}

/// The call when it would do something now, behind the rows of all that the vault and these accounts hold.
fn sound(world: &World, trial: &Trial<'_>, call: Call, accounts: &[Pubkey]) -> Option<Plan> {
    trial.run(&call).ok()?;
    let rows = accounts.iter().chain([&BACKSTOP]).flat_map(|account| world.markets_of(account)).chain(call.market);
    let refresh = world.outdated(rows.collect::<Vec<_>>());
    Some(Plan::of(call).after_refresh(refresh))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::liquidator::tests::scene;
    use crate::testing::RunPlan as _;
    use kedge_engine::Accounts as _;
    use kedge_interface::address;
    use kedge_interface::instruction::{CreateBackstop, Decoded, StakeVault};
    use kedge_model::account::bank::Bank;
    use kedge_model::account::market::Market;
    use kedge_model::quantity::{Amount, Ppm};
    use kedge_state::testing::TestExchange;

    fn next(exchange: &TestExchange) -> Option<Plan> {
        BackstopCrank.decide(&exchange.world()).into_iter().next()
    }

    /// The scene of the liquidator, with a vault of ten thousand dollars.
    fn vaulted() -> (TestExchange, Pubkey) {
        let (mut exchange, buyer, own) = scene();
        let (authority, bank) = (exchange.owner(own), address::bank(0));
        exchange.run(Decoded::CreateBackstop(CreateBackstop { payer: authority, bank }));
        let quote: &Bank = exchange.state.read(&bank).unwrap();
        let vault = quote.vault.into();
        let stake = StakeVault { vault, ..StakeVault::of(authority, authority, 10_000_000_000, 0) };
        exchange.run(Decoded::StakeVault(stake));
        exchange.change::<Market>(address::market(0), |market| market.vault_limit = Ppm(1_000_000));
        (exchange, buyer)
    }

    #[test]
    fn what_nobody_takes_is_begun_taken_over_and_sold() {
        let (mut exchange, buyer) = vaulted();
        assert_eq!(next(&exchange), None, "nobody is short");
        exchange.publish(183_000_000);
        let begin = next(&exchange).expect("a liquidation begins");
        assert_eq!(begin.name(), "take_over");
        exchange.run_plan(&begin);
        assert_eq!(next(&exchange), None, "it is young");
        exchange.advance(100, 40);
        exchange.publish(183_000_000);
        let taken = next(&exchange).expect("a take-over");
        exchange.run_plan(&taken);
        assert!(exchange.sub_account(BACKSTOP).head.position(0).unwrap().base.0 > 0);
        assert!(exchange.sub_account(buyer).head.position(0).map_or(0, |position| position.base.0) < 10_000_000_000);
        let plans = BackstopCrank.decide(&exchange.world());
        let sold = plans.iter().find(|plan| plan.name() == "unwind_backstop").expect("an order");
        exchange.run_plan(sold);
        assert_eq!(exchange.sub_account(BACKSTOP).head.open_orders, 1);
        assert!(
            BackstopCrank.decide(&exchange.world()).iter().all(|plan| plan.name() != "unwind_backstop"),
            "one a minute"
        );
    }

    #[test]
    fn without_a_vault_there_is_nothing_to_do() {
        let (mut exchange, ..) = scene();
        exchange.publish(183_000_000);
        assert_eq!(next(&exchange), None);
        let bank: &Bank = exchange.state.read(&address::bank(0)).unwrap();
        assert_eq!(bank.backstop.claims(), Ok(Amount(0)));
    }
}
