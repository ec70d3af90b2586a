//! One mirror of the exchange for all jobs of a process, kept up to date change by change.
//!
//! A [`source::Source`] tells of changes of sub-accounts: over a WebSocket, over Yellowstone gRPC, by polling, or from a file. Everything else (clock,
//! board, markets, banks, oracle accounts) is few accounts, read in one request at every look: what judges an order is
//! never older than the order.
//!
//! # What may be missed, and how it is noticed
//!
//! A source that knows it has lost something (a connection was cut, a queue was full) says [`Event::Gap`]. A source that
//! does not know is caught by the exchange's own sums, which are exact: the bases and the claims of
//! the mirrored accounts must add up to what each market's account says ([`Sums`]). Sums and accounts are not of one slot,
//! so that they differ for a moment while something is under way; a difference that lasts for [`PATIENCE`] slots in which
//! the market's sequence of events stands still, or for four times as long while it moves, is a loss. Either way the answer
//! is a snapshot. What the sums cannot show, a lost change of orders alone, is found by the snapshot that is taken every
//! minute in any case; until then the program refuses what such an order is taken for.
//!
//! An account is replaced by what is of the same slot or a later one, and within a slot, where the source numbers writes, by
//! what was written later. A snapshot that shows an earlier slot than the mirror
//! is ignored, unless [`REGRESSION`] slots' time passes without a later one: then the chain itself was set back, as when a
//! validator comes back from its ledger, and the snapshot is right.

pub mod source;
mod sums;
pub mod tape;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};

use kedge_interface::account::{SubAccountData, decode_sub_account};
use kedge_model::market::Market;
use solana_pubkey::Pubkey;

use crate::core::endangered::Roll;
use crate::{Account, World};
pub use sums::Sums;

/// Slots for which sums may differ while their market's events stand still.
pub const PATIENCE: u64 = 8;
/// Slots by which a change may seem older than the snapshot that does not have it: what an endpoint says of the slot of its
/// answer and of its notices need not fit together. One that the snapshot did have is followed by those after it.
pub const SLACK: u64 = 4;
/// Looks at an earlier slot in a row after which the chain has been set back.
pub const REGRESSION: u32 = 10;

/// What a source tells.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "nearly all are accounts, and none is kept")]
pub enum Event {
    /// Something was lost, or may have been: everything is to be read again.
    Gap,
    /// A sub-account as of a slot; `None` when it is gone.
    Account {
        /// Slot of the change.
        slot: u64,
        /// Order of the writes within the slot, as a source knows it; zero where it does not.
        version: u64,
        /// Where.
        address: Pubkey,
        /// What it holds now.
        data: Option<SubAccountData>,
    },
}

impl Event {
    /// A sub-account out of its bytes.
    ///
    /// # Errors
    /// [`crate::error::Error::Decode`] for bytes of something else.
    pub fn account(slot: u64, version: u64, address: Pubkey, bytes: Option<&[u8]>) -> crate::error::Result<Self> {
        Ok(Self::Account { slot, version, address, data: bytes.map(decode_sub_account).transpose()? })
    }
}

/// What is known of how the mirror does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Changes that were taken in.
    pub updates: u64,
    /// Changes that were older than what was there.
    pub outdated: u64,
    /// Gaps that a source told of.
    pub gaps: u64,
    /// Losses that the sums showed.
    pub losses: u64,
    /// Snapshots that were taken in.
    pub snapshots: u64,
}

/// A market whose sums differ.
#[derive(Clone, Copy, Debug)]
struct Suspect {
    /// Slot since which they do.
    since: u64,
    /// Slot since which no event of the market came, and the next event's number.
    still: u64,
    events: u64,
}

/// The mirror.
#[derive(Debug)]
pub struct Mirror {
    world: World,
    roll: Roll,
    /// Slot of the last change of each account, and its version in that slot.
    slots: HashMap<Pubkey, (u64, u64)>,
    changed: BTreeSet<Pubkey>,
    sums: Sums,
    /// Markets whose sums differ.
    suspects: HashMap<u16, Suspect>,
    wants_snapshot: bool,
    earlier: u32,
    /// What happened so far.
    pub counts: Counts,
}

impl Mirror {
    /// A mirror of a world that was read as a whole.
    #[must_use]
    pub fn new(mut world: World) -> Self {
        let _ = world.books_mut();
        let slot = world.clock.slot.saturating_sub(SLACK);
        let slots = world.accounts.keys().map(|address| (*address, (slot, 0))).collect();
        let sums = Sums::of(world.accounts.values());
        let roll = Roll::of(&mut world);
        let counts = Counts { snapshots: 1, ..Counts::default() };
        let (changed, suspects) = (BTreeSet::new(), HashMap::new());
        Self { world, roll, slots, changed, sums, suspects, wants_snapshot: false, earlier: 0, counts }
    }

    /// The world as it is known.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Whether everything should be read again.
    #[must_use]
    pub fn wants_snapshot(&self) -> bool {
        self.wants_snapshot
    }

    /// Takes in what a source tells.
    pub fn apply(&mut self, event: Event) {
        match event {
            Event::Gap => {
                self.counts.gaps += 1;
                self.wants_snapshot = true;
                // After it another node may tell, whose versions are of its own counting.
                self.slots.values_mut().for_each(|known| known.1 = 0);
            }
            Event::Account { slot, version, address, data } => {
                if self.slots.get(&address).is_some_and(|known| (slot, version) < *known) {
                    self.counts.outdated += 1;
                    return;
                }
                self.counts.updates += 1;
                self.slots.insert(address, (slot, version));
                self.put(address, data.map(Account::from));
            }
        }
    }

    /// Takes in a world that was read as a whole; its sub-accounts are of `slot`.
    pub fn snapshot(&mut self, slot: u64, world: World) {
        if world.clock.slot < self.world.clock.slot {
            self.earlier += 1;
            if self.earlier < REGRESSION {
                return;
            }
            // The chain was set back: what is known of later slots is of a history that is no more.
            self.slots.clear();
        }
        self.earlier = 0;
        self.counts.snapshots += 1;
        self.wants_snapshot = false;
        self.suspects.clear();
        let World { accounts, .. } = &world;
        let gone: Vec<Pubkey> =
            self.world.accounts.keys().filter(|address| !accounts.contains_key(address)).copied().collect();
        for address in gone {
            // One that is newer than the snapshot was made after it.
            if self.slots.get(&address).is_none_or(|known| known.0 <= slot) {
                self.slots.insert(address, (slot.saturating_sub(SLACK), 0));
                self.put(address, None);
            }
        }
        let World { clock, exchange, board, markets, banks, oracles, fresh, accounts, .. } = world;
        for (address, account) in accounts {
            if self.slots.get(&address).is_none_or(|known| known.0 <= slot) {
                self.slots.insert(address, (slot.saturating_sub(SLACK), 0));
                self.put(address, Some(account));
            }
        }
        let mine = &mut self.world;
        (mine.clock, mine.exchange, mine.board, mine.markets) = (clock, exchange, board, markets);
        (mine.banks, mine.oracles, mine.fresh) = (banks, oracles, fresh);
        self.follow();
    }

    /// Takes in everything but the sub-accounts, as it is now; tells whether it was. One of an earlier slot is not.
    pub fn refresh(&mut self, world: World) -> bool {
        if world.clock.slot < self.world.clock.slot {
            self.earlier += 1;
            if self.earlier >= REGRESSION {
                self.wants_snapshot = true;
            }
            return false;
        }
        self.earlier = 0;
        let World { clock, exchange, board, markets, banks, oracles, fresh, .. } = world;
        let mine = &mut self.world;
        (mine.clock, mine.exchange, mine.board, mine.markets) = (clock, exchange, board, markets);
        (mine.banks, mine.oracles, mine.fresh) = (banks, oracles, fresh);
        self.follow();
        self.compare();
        true
    }

    /// Books and the index of endangered accounts follow what has changed.
    fn follow(&mut self) {
        let slot = self.world.clock.slot;
        self.world.books_mut().advance(slot);
        let changed: Vec<Pubkey> = std::mem::take(&mut self.changed).into_iter().collect();
        let _ = self.roll.follow(&mut self.world, &changed);
    }

    fn put(&mut self, address: Pubkey, account: Option<Account>) {
        let orders = account.as_ref().map_or(&[][..], |account| &account.orders);
        self.world.books_mut().apply(&address, orders);
        if let Some(account) = &account {
            self.sums.add(account);
        }
        let before = match account {
            Some(account) => self.world.accounts.insert(address, account),
            None => self.world.accounts.remove(&address),
        };
        if let Some(before) = before {
            self.sums.remove(&before);
        }
        self.changed.insert(address);
    }

    /// Notices markets whose accounts do not add up.
    fn compare(&mut self) {
        let slot = self.world.clock.slot;
        for market in &self.world.markets {
            let events = market.next_event_seq;
            if self.sums.fit(market) {
                self.suspects.remove(&market.index);
                continue;
            }
            let new = Suspect { since: slot, still: slot, events };
            let suspect = self.suspects.entry(market.index).or_insert(new);
            if events != suspect.events {
                // Something happened meanwhile: its accounts may be under way.
                (suspect.still, suspect.events) = (slot, events);
            }
            let still = slot.saturating_sub(suspect.still) >= PATIENCE;
            if still || slot.saturating_sub(suspect.since) >= 4 * PATIENCE {
                self.suspects.remove(&market.index);
                self.counts.losses += 1;
                self.wants_snapshot = true;
            }
        }
    }

    /// Whether a market's accounts add up now.
    #[must_use]
    pub fn fits(&self, market: &Market) -> bool {
        self.sums.fit(market)
    }
}
