//! Watches how long accounts that may be liquidated are left alone.
//!
//! A pocket is a case while it is below maintenance or in default at the prices that a refresh would give. In a falling
//! market one that was brought back falls below again, and a large one is taken over in steps, so two times are measured:
//! how long a case lasted in all, and how long at most nobody did anything about it.

use std::collections::BTreeMap;

use kedge_keeper::World;
use kedge_keeper::core::endangered::{Cause, cause};
use kedge_model::pocket::Pocket;
use solana_pubkey::Pubkey;

/// A pocket that is to be acted on.
#[derive(Clone, Copy, Debug)]
struct Open {
    since: u64,
    /// When it was seen to have become smaller.
    served: u64,
    size: u128,
    cause: Cause,
}

/// What was seen so far.
#[derive(Default)]
pub struct Guard {
    open: BTreeMap<(Pubkey, u8, u16), Open>,
    closed: Vec<u64>,
    idle: u64,
    looks: u64,
}

impl Guard {
    /// Looks at every account at the prices that a refresh would give now.
    pub fn look(&mut self, world: &World) {
        self.looks += 1;
        let slot = world.clock.slot;
        let mut seen = BTreeMap::new();
        for (address, account) in &world.accounts {
            for pocket in account.pockets() {
                let cause = match cause(&account.head, pocket, &world.fresh, &world.clock) {
                    // In a liquidation that has not ended, and above maintenance again.
                    None | Some(Cause::Shortfall(0..)) => continue,
                    Some(cause) => cause,
                };
                let (key, size) = (key(address, pocket), size(account, pocket));
                let fresh = Open { since: slot, served: slot, size, cause };
                let open = self.open.get(&key).map_or(fresh, |open| {
                    let served = if size < open.size { slot } else { open.served };
                    Open { since: open.since, served, size, cause }
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
    }

    /// Forgets what was measured: a fault has ended, and it is measured from here.
    pub fn measure(&mut self, slot: u64) {
        self.idle = 0;
        self.closed.clear();
        for open in self.open.values_mut() {
            (open.since, open.served) = (slot, slot);
        }
    }

    /// Pockets that may be liquidated or are in default now.
    pub fn open(&self) -> usize {
        self.open.len()
    }

    /// The cases in words.
    pub fn cases(&self) -> Vec<String> {
        self.open
            .iter()
            .map(|((address, ..), open)| format!("{address} since slot {}: {:?}", open.since, open.cause))
            .collect()
    }

    /// Slots for which nothing was done about a case, at most.
    pub fn idle(&self) -> u64 {
        self.idle
    }

    /// Slots that the ended cases lasted.
    pub fn closed(&self) -> &[u64] {
        &self.closed
    }
}

/// All that is held in a pocket, and the debt of one that holds nothing.
fn size(account: &kedge_keeper::Account, pocket: Pocket) -> u128 {
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
