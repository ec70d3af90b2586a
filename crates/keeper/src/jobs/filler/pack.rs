//! Fills of resting orders in one transaction.

use std::collections::BTreeSet;

use kedge_interface::instruction::Decoded;
use kedge_sender::Plan;
use kedge_state::World;
use solana_pubkey::Pubkey;

use super::Filler;
use crate::trial::Trial;

impl Filler {
    /// Puts fills of resting orders together as far as a transaction holds them; each is tried on what those before
    /// it leave. What does not go along goes alone.
    pub(super) fn pack(&self, world: &World, found: Vec<(Plan, bool)>) -> Vec<Plan> {
        let mut plans: Vec<Plan> = Vec::with_capacity(found.len());
        let mut open: Option<(usize, Trial<'_>)> = None;
        for (plan, contested) in found {
            if contested || self.max_fills <= 1 {
                plans.push(plan);
                continue;
            }
            if let Some((place, together)) = &open {
                let joined = join(&plans[*place], &plan);
                if joined.calls.len() <= self.max_fills && weight(&joined) <= MOST_ACCOUNTS && together.assume(&plan) {
                    plans[*place] = joined;
                    continue;
                }
            }
            let together = Trial::refreshed(world);
            // It was tried in its turn. One that stands on what plans before it leave is not done here, and what follows is
            // tried without it.
            together.assume(&plan);
            open = Some((plans.len(), together));
            plans.push(plan);
        }
        plans
    }
}

/// Accounts that differ between fills, and refreshed rows, that a transaction of 1,232 bytes has room for beside those
/// that every fill names: 32 bytes each, with as much again kept for the arguments.
const MOST_ACCOUNTS: usize = 14;

fn join(one: &Plan, other: &Plan) -> Plan {
    let mut refresh: Vec<u16> = one.refresh.iter().chain(&other.refresh).copied().collect();
    refresh.sort_unstable();
    refresh.dedup();
    Plan { refresh, calls: one.calls.iter().chain(&other.calls).cloned().collect() }
}

/// Accounts that a plan's fills name, each once.
fn weight(plan: &Plan) -> usize {
    let mut accounts = BTreeSet::<Pubkey>::new();
    let mut markets = BTreeSet::new();
    for call in &plan.calls {
        if let Decoded::FillOrder(fill) = &call.instruction {
            markets.insert(call.market);
            accounts.extend(fill.filler_and_makers.iter().chain([&fill.taker]));
        }
    }
    accounts.len() + markets.len() + plan.refresh.len()
}
