//! Watches how long accounts that may be liquidated stay so.

use std::collections::BTreeMap;

use kedge_keeper::World;
use kedge_keeper::core::endangered::{Cause, cause};
use kedge_model::pocket::Pocket;
use solana_pubkey::Pubkey;

/// A pocket that is to be acted on.
#[derive(Clone, Copy, Debug)]
struct Open {
    since: u64,
    cause: Cause,
}

/// What was seen so far.
#[derive(Default)]
pub struct Guard {
    open: BTreeMap<(Pubkey, u8, u16), Open>,
    closed: Vec<u64>,
    oldest: u64,
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
                if let Some(cause) = cause(&account.head, pocket, &world.fresh, &world.clock) {
                    let key = key(address, pocket);
                    let since = self.open.get(&key).map_or(slot, |open| open.since);
                    seen.insert(key, Open { since, cause });
                }
            }
        }
        for (key, open) in &self.open {
            if !seen.contains_key(key) {
                self.closed.push(slot.saturating_sub(open.since));
            }
        }
        self.open = seen;
        self.oldest = self.open.values().map(|open| slot.saturating_sub(open.since)).fold(self.oldest, u64::max);
    }

    /// Forgets how old the oldest case became: a fault begins or ends, and it is measured from here.
    pub fn measure(&mut self, slot: u64) {
        self.oldest = 0;
        self.closed.clear();
        for open in self.open.values_mut() {
            open.since = slot;
        }
    }

    /// Pockets that may be liquidated or are in default now.
    pub fn open(&self) -> usize {
        self.open.len()
    }

    /// The cases in words.
    pub fn cases(&self) -> Vec<String> {
        self.open.iter().map(|((address, ..), open)| format!("{address} since slot {}: {:?}", open.since, open.cause)).collect()
    }

    /// Slots for which the oldest case lasted, ended or not.
    pub fn oldest(&self) -> u64 {
        self.closed.iter().copied().fold(self.oldest, u64::max)
    }

    /// Slots that the ended cases lasted.
    pub fn closed(&self) -> &[u64] {
        &self.closed
    }
}

fn key(address: &Pubkey, pocket: Pocket) -> (Pubkey, u8, u16) {
    match pocket {
        Pocket::Cross => (*address, 0, 0),
        Pocket::Isolated(market) => (*address, 1, market),
    }
}
