//! Sends the backstop vault's instructions: take-overs of what no liquidator took, and the orders that unwind them.

use kedge_interface::address::BACKSTOP;
use kedge_model::account::pocket::Pocket;
use kedge_model::rule::liquidation;
use kedge_sender::{Call, Plan, Subject};
use kedge_state::endangered::shortfall;
use kedge_state::{Account, World};
use solana_pubkey::Pubkey;

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
        let mut sick: Vec<(i64, &Pubkey, &Account, Pocket)> = Vec::new();
        for (address, account) in world.endangered().filter(|(address, _)| **address != BACKSTOP) {
            for pocket in account.pockets() {
                if let Some(free) = shortfall(&account.head, pocket, &world.fresh, &trial.clock) {
                    sick.push((free, address, account, pocket));
                }
            }
        }
        sick.sort_by_key(|case| case.0);
        let mut plans = Vec::new();
        for place in attention.turn(sick.len(), world.clock.slot) {
            if attention.is_full(plans.len()) || !attention.spend() {
                break;
            }
            let (_, address, account, pocket) = sick[place];
            let Ok(Some(market)) = liquidation::first(&account.head, pocket, &world.fresh, &trial.clock) else {
                continue;
            };
            if attention.is_free(&Subject::Position(*address, market)) {
                plans.extend(sound(world, &trial, market, Call::take_over(market, *address)));
            }
        }
        for position in vault.head.positions.iter().filter(|position| !position.base.is_zero()) {
            let market = position.market;
            plans.extend(sound(world, &trial, market, Call::unwind_backstop(market)));
        }
        plans
    }
}

/// The call when it would do something now.
fn sound(world: &World, trial: &Trial<'_>, market: u16, call: Call) -> Option<Plan> {
    trial.run(&call).ok()?;
    Some(Plan::of(call).after_refresh(world.outdated([market])))
}
