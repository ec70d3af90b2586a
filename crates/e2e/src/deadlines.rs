//! Measures how long keepers leave liquidatable accounts alone.
//!
//! A pocket is a case while it is below maintenance, or in default with a debt beyond its tokens, at the prices that a
//! refresh would give. In a falling market a pocket that was brought back falls below again, and a large one is taken
//! over in steps, so two times are measured: how long a case lasts in all, and the longest time in which no keeper
//! acted on it. While the market's liquidation budget is used up nobody can act: that time is measured by itself.

use std::collections::BTreeMap;

use kedge_model::account::board::PriceBoard;
use kedge_model::account::pocket::Pocket;
use kedge_model::action::is_held_by_budget;
use kedge_model::rule::margin::first_to_reduce;
use kedge_state::World;
use kedge_state::endangered::{Cause, cause, is_short};
use serde_json::{Value, json};
use solana_pubkey::Pubkey;

use crate::market::MOST_SLOTS;

/// An open case.
#[derive(Clone, Copy, Debug)]
struct Open {
    since: u64,
    /// Slot in which it was last seen to have become smaller.
    served: u64,
    size: u128,
    cause: Cause,
    /// Slot since which the liquidation budget lets nobody act on it.
    held: Option<u64>,
    /// Whether its neglect has been written down.
    told: bool,
}

/// Open and ended cases.
#[derive(Default)]
pub(crate) struct Deadlines {
    open: BTreeMap<(Pubkey, u8, u16), Open>,
    closed: Vec<u64>,
    idle: u64,
    held: u64,
    looks: u64,
    /// The first cases of neglect, each as it was at that moment.
    neglected: Vec<Value>,
}

/// Most cases of neglect that are kept.
const KEPT: usize = 8;

impl Deadlines {
    /// Judges every account at the prices that a refresh would give now.
    pub(crate) fn look(&mut self, world: &World) {
        self.looks += 1;
        let slot = world.clock.slot;
        let mut seen = BTreeMap::new();
        for (address, account) in &world.accounts {
            for pocket in account.pockets() {
                let cause = match cause(&account.head, pocket, &world.fresh, &world.clock) {
                    // In a liquidation that has not ended, and above maintenance again.
                    None | Some(Cause::Shortfall(0..)) => continue,
                    // A debt within its tokens, such as the cent of a keeper that ended its last order, waits for a
                    // settlement that is worth a transaction, and is no risk.
                    Some(Cause::Default) if !is_short(&account.head, pocket) => continue,
                    Some(cause) => cause,
                };
                let (key, size) = (key(address, pocket), size(account, pocket));
                let held = is_held(world, account, pocket).then_some(slot);
                let fresh = Open { since: slot, served: slot, size, cause, held, told: false };
                let open = self.open.get(&key).map_or(fresh, |open| {
                    let served = if size < open.size || held.is_some() { slot } else { open.served };
                    let held = held.map(|now| open.held.unwrap_or(now));
                    Open { since: open.since, served, size, cause, held, told: open.told }
                });
                seen.insert(key, open);
            }
        }
        for (key, open) in &self.open {
            if !seen.contains_key(key) {
                self.closed.push(slot.saturating_sub(open.since));
            }
        }
        self.open = seen;
        self.idle = self.open.values().map(|open| slot.saturating_sub(open.served)).fold(self.idle, u64::max);
        let held = self.open.values().filter_map(|open| open.held);
        self.held = held.map(|since| slot.saturating_sub(since)).fold(self.held, u64::max);
        for (key, open) in &mut self.open {
            let late = slot.saturating_sub(open.served) > MOST_SLOTS && !open.told;
            if late && self.neglected.len() < KEPT {
                open.told = true;
                self.neglected.push(case(world, key, open));
            }
        }
    }

    /// The first cases that were neglected, each as it was at that moment.
    pub(crate) fn neglected(&self) -> &[Value] {
        &self.neglected
    }

    /// The open cases as a world shows them.
    pub(crate) fn left(&self, world: &World) -> Vec<Value> {
        self.open.iter().map(|(key, open)| case(world, key, open)).collect()
    }

    /// Drops all measurements, so that they begin at `slot`, after a fault.
    pub(crate) fn measure(&mut self, slot: u64) {
        (self.idle, self.held) = (0, 0);
        self.closed.clear();
        self.neglected.clear();
        for open in self.open.values_mut() {
            (open.since, open.served) = (slot, slot);
            open.held = open.held.map(|_| slot);
        }
    }

    /// Number of open cases.
    pub(crate) fn open(&self) -> usize {
        self.open.len()
    }

    /// The cases as text.
    pub(crate) fn cases(&self) -> Vec<String> {
        self.open
            .iter()
            .map(|((address, ..), open)| format!("{address} since slot {}: {:?}", open.since, open.cause))
            .collect()
    }

    /// Longest time without an action on a case, slots, without those in which the budget let nobody act.
    pub(crate) fn idle(&self) -> u64 {
        self.idle
    }

    /// Longest time in which the budget let nobody act on a case, slots.
    pub(crate) fn held(&self) -> u64 {
        self.held
    }

    /// Lengths of the ended cases, slots.
    pub(crate) fn closed(&self) -> &[u64] {
        &self.closed
    }
}

/// A case as JSON, with the margins and rows that decide about it.
fn case(world: &World, (address, pocket, market): &(Pubkey, u8, u16), open: &Open) -> Value {
    let account = world.accounts.get(address);
    let positions: Vec<String> = account.map_or_else(Vec::new, |account| {
        let used = account.head.positions.iter().filter(|position| position.is_used());
        used.map(|position| format!("{position:?}")).collect()
    });
    let rows: Vec<Value> = world
        .markets_of(address)
        .into_iter()
        .map(|market| {
            let row = |board: &PriceBoard| board.market(market).map(|row| format!("{row:?}")).unwrap_or_default();
            let listed = world.markets.get(usize::from(market)).map(|market| format!("{market:?}"));
            json!({ "market": market, "row": row(&world.board), "after_a_refresh": row(&world.fresh), "listed": listed })
        })
        .collect();
    json!({
        "address": address.to_string(),
        "pocket": if *pocket == 0 { "cross".to_owned() } else { format!("isolated in market {market}") },
        "slot": world.clock.slot,
        "time": world.clock.unix_time,
        "since": open.since,
        "served": open.served,
        "held": open.held,
        "cause": format!("{:?}", open.cause),
        "balances": account.map(|account| format!("{:?}", account.head.balances)),
        "positions": positions,
        "orders": account.map(|account| account.open_orders().map(|(_, order)| format!("{order:?}")).collect::<Vec<_>>()),
        "rows": rows,
    })
}

/// Whether the market whose position is reduced first has used up its liquidation budget.
fn is_held(world: &World, account: &kedge_state::Account, pocket: Pocket) -> bool {
    let (board, clock) = (&world.fresh, &world.clock);
    let Ok((margin, Some(first))) = first_to_reduce(&account.head, pocket, board, clock) else { return false };
    let market = world.markets.get(usize::from(first));
    market.is_some_and(|market| is_held_by_budget(market, board, clock, &margin, &account.head).unwrap_or(false))
}

/// Size of a pocket's positions; of a pocket without any, its debt.
fn size(account: &kedge_state::Account, pocket: Pocket) -> u128 {
    let positions = account.positions_in(pocket);
    positions
        .map(|position| (u128::from(position.base.size().0) << 32) + u128::from(position.quote.0.unsigned_abs()))
        .sum()
}

fn key(address: &Pubkey, pocket: Pocket) -> (Pubkey, u8, u16) {
    match pocket {
        Pocket::Cross => (*address, 0, 0),
        Pocket::Isolated(market) => (*address, 1, market),
    }
}
