//! One mirror of the exchange for all jobs of a process, kept up to date change by change.
//!
//! A [`source::Source`] reports changes of sub-accounts: over a WebSocket, over Yellowstone gRPC, by polling, or from a
//! file. Everything else (clock, board, markets, banks, oracle accounts) is few accounts, read in one request at every
//! look, so the prices that judge an order are never older than the order.
//!
//! # Missed changes, and how they are noticed
//!
//! A source that knows that it lost changes (a connection was cut, a queue was full) reports [`Event::Gap`]. A loss
//! that the source does not know of shows in the exchange's own sums, which are exact: the bases and the claims of the
//! mirrored accounts must add up to the figures in each market's account ([`Sums`]). Sums and accounts are not of one
//! slot, so they differ for a moment while a change is under way. A difference counts as a loss when it lasts for
//! [`PATIENCE`] slots without an event of the market, or for four times as long with events. Gap and loss are answered
//! by a snapshot. A lost change of orders alone does not show in the sums; the snapshot of every minute finds it, and
//! until then the program refuses instructions that name such an order.
//!
//! An account is replaced by a state of the same slot or a later one, and within a slot, where the source numbers
//! writes, by a later write. A snapshot of an earlier slot than the mirror's is ignored, unless [`REGRESSION`] looks
//! pass without a later one: then the chain itself was set back, as when a validator restarts from its ledger, and the
//! snapshot is right.
//!
//! # Events that are not believed
//!
//! A rejected event still says that its account has changed, so the account is read again by itself
//! ([`Mirror::doubts`]). Rejected are an older state that differs from the known one, a slot that the chain cannot have
//! reached ([`AHEAD`]), bytes that cannot be read, and more accounts than were ever created. Where at least half of the
//! last events were rejected, the source is useless ([`Blind::Late`]), and the mirror is as good as the readings of
//! single accounts. Sums that a snapshot does not mend ([`Blind::Unbalanced`]) say that the endpoint does not show all
//! accounts. A list without any account is not believed while markets or banks say that users own something.

mod event;
pub mod recording;
mod sight;
pub mod source;
mod sums;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};

use kedge_model::account::market::Market;
use solana_pubkey::Pubkey;

use crate::endangered::Roll;
use crate::{Account, World};
pub use event::{Counts, Event};
pub use sight::Blind;
use sight::Record;
pub(crate) use sight::is_incredible;
pub use sums::Sums;

/// Slots for which sums may differ while their market has no event.
pub const PATIENCE: u64 = 8;
/// Slots by which a change that is missing in the snapshot may seem older than it: the slots of an endpoint's answers
/// and notices need not fit together. A change that the snapshot did have is followed by those after it.
pub const SLACK: u64 = 4;
/// Looks at an earlier slot in a row after which the chain counts as set back.
pub const REGRESSION: u32 = 10;
/// Slots by which an event may be ahead of the clock: the chain has not reached a later slot.
pub const AHEAD: u64 = 64;
/// Accounts that are read again one by one, as many as one answer of an endpoint holds; more are a loss.
pub const MOST_DOUBTS: usize = 100;
/// Sub-accounts that may have been created since the exchange's own count of them was read.
const CREATED: usize = 1_024;
/// Closed accounts that are remembered, so that no older event brings them back.
const GONE: usize = 16_384;
/// Slots without a rejected event after which earlier ones are forgotten: somewhat less than a minute.
const TURN: u64 = 100;
/// Losses of a market's sums in a row, each followed by a snapshot, after which the endpoint is not believed.
const UNMENDED: u32 = 2;

/// A market whose sums differ.
#[derive(Clone, Copy, Debug)]
struct Suspect {
    /// Slot since which they differ.
    since: u64,
    /// Slot since which the market has had no event, and the number of its next event.
    still: u64,
    events: u64,
    /// Losses in a row.
    losses: u32,
}

/// A copy of the exchange that follows its changes.
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
    /// Accounts to read again.
    doubts: BTreeSet<Pubkey>,
    /// How many of the last events were rejected.
    record: Record,
    turned: u64,
    /// Slot below which an account without an entry counts as closed.
    floor: u64,
    /// Whether the last list of all accounts was not believed.
    disbelieves: bool,
    /// Counters since the start.
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
        let mut mirror = Self {
            world,
            roll,
            slots,
            changed: BTreeSet::new(),
            sums,
            suspects: HashMap::new(),
            wants_snapshot: false,
            earlier: 0,
            doubts: BTreeSet::new(),
            record: Record::default(),
            turned: slot,
            floor: slot,
            disbelieves: false,
            counts,
        };
        mirror.compare();
        mirror
    }

    /// The mirrored world.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Whether everything should be read again.
    #[must_use]
    pub fn wants_snapshot(&self) -> bool {
        self.wants_snapshot
    }

    /// Why the mirror cannot be relied on, apart from the source's own state; `None` while it can.
    #[must_use]
    pub fn blind(&self) -> Option<Blind> {
        if self.disbelieves {
            return Some(Blind::Empty);
        }
        let unmended =
            self.suspects.iter().filter(|(_, suspect)| suspect.losses >= UNMENDED).map(|(market, _)| *market);
        let unbalanced = unmended.min().map(Blind::Unbalanced);
        unbalanced.or_else(|| self.record.is_useless().then_some(Blind::Late))
    }

    /// Accounts to read again one by one, at most [`MOST_DOUBTS`].
    #[must_use]
    pub fn doubts(&self) -> Vec<Pubkey> {
        self.doubts.iter().copied().collect()
    }

    /// Applies an event of the source.
    pub fn apply(&mut self, event: Event) {
        match event {
            Event::Gap => {
                self.counts.gaps += 1;
                self.wants_snapshot = true;
                self.record = Record::default();
                // After a gap another node may report, whose versions have their own numbers.
                self.slots.values_mut().for_each(|known| known.1 = 0);
            }
            Event::Unclear { address, .. } => {
                self.counts.unclear += 1;
                self.doubt(address);
            }
            Event::Account { slot, version, address, data } => {
                let account = data.map(Account::from);
                if !self.can_be(slot, &address, account.is_some()) {
                    self.counts.impossible += 1;
                    self.record.note(false);
                    self.doubt(address);
                    return;
                }
                let known = self.slots.get(&address).copied().unwrap_or((self.floor, 0));
                if (slot, version) < known {
                    self.counts.outdated += 1;
                    // The numbered writes of a slot come in any order, and a repeated event is no news, however late.
                    let in_order = slot == known.0 && version > 0;
                    if !in_order && self.world.accounts.get(&address) != account.as_ref() {
                        self.record.note(false);
                        self.doubt(address);
                    }
                    return;
                }
                self.counts.updates += 1;
                self.record.note(true);
                self.slots.insert(address, (slot, version));
                self.doubts.remove(&address);
                self.put(address, account);
            }
        }
    }

    /// Whether a change can have happened: its slot is reached, and its account may exist.
    fn can_be(&self, slot: u64, address: &Pubkey, is_there: bool) -> bool {
        let accounts = &self.world.accounts;
        let room = if is_there {
            accounts.len()
                < usize::try_from(self.world.exchange.sub_accounts).unwrap_or(usize::MAX).saturating_add(CREATED)
        } else {
            self.slots.len() < accounts.len().saturating_add(GONE)
        };
        slot <= self.world.clock.slot.saturating_add(AHEAD) && (room || self.slots.contains_key(address))
    }

    /// Notes that an account is to be read again, or everything when there are many.
    fn doubt(&mut self, address: Pubkey) {
        self.doubts.insert(address);
        if self.doubts.len() > MOST_DOUBTS {
            self.doubts.clear();
            self.wants_snapshot = true;
        }
    }

    /// Applies accounts that were read again one by one, as of `slot`. An account of which the source has reported a
    /// later slot meanwhile stays as it is, and in doubt until a later reading.
    pub fn reread(&mut self, slot: u64, accounts: impl IntoIterator<Item = (Pubkey, Option<Account>)>) {
        // The answer is little ahead of the clock when it comes from another node.
        let slot = slot.min(self.world.clock.slot.saturating_add(AHEAD));
        for (address, account) in accounts {
            let known = self.slots.get(&address).copied().unwrap_or_default();
            if known.0 > slot {
                continue;
            }
            self.counts.reread += 1;
            self.doubts.remove(&address);
            if account.is_some() || self.world.accounts.contains_key(&address) {
                self.slots.insert(address, known.max((slot.saturating_sub(SLACK), 0)));
                self.put(address, account);
            }
        }
    }

    /// Applies a world that was read as a whole; its sub-accounts are of `slot`. Returns whether they were believed.
    pub fn snapshot(&mut self, slot: u64, world: World) -> bool {
        if world.clock.slot < self.world.clock.slot {
            self.earlier += 1;
            if self.earlier < REGRESSION {
                return true;
            }
            // The chain was set back: known later slots are of a history that is no more.
            self.slots.clear();
            self.suspects.clear();
        }
        self.earlier = 0;
        // The clock was read after them.
        let slot = slot.min(world.clock.slot);
        self.disbelieves = is_incredible(&world);
        if self.disbelieves {
            self.counts.disbelieved += 1;
            self.wants_snapshot = true;
            self.put_rest(world);
            return false;
        }
        self.counts.snapshots += 1;
        self.wants_snapshot = false;
        self.doubts.clear();
        self.floor = slot.saturating_sub(SLACK);
        if slot.abs_diff(self.turned) >= TURN {
            self.turned = slot;
            self.record.turn();
        }
        let World { accounts, .. } = &world;
        let gone: Vec<Pubkey> =
            self.world.accounts.keys().filter(|address| !accounts.contains_key(address)).copied().collect();
        for address in gone {
            // An account that is newer than the snapshot changed after it.
            if self.slots.get(&address).is_none_or(|known| known.0 <= slot) {
                self.put(address, None);
            }
        }
        // An older event cannot bring back an account that was closed before the snapshot: `floor` sees to it.
        let kept = &self.world.accounts;
        self.slots.retain(|address, known| known.0 > slot || kept.contains_key(address));
        let mut world = world;
        for (address, account) in std::mem::take(&mut world.accounts) {
            if self.slots.get(&address).is_none_or(|known| known.0 <= slot) {
                self.slots.insert(address, (slot.saturating_sub(SLACK), 0));
                self.put(address, Some(account));
            }
        }
        self.put_rest(world);
        true
    }

    /// Applies everything but the sub-accounts. Returns whether it did: a world of an earlier slot is ignored.
    pub fn refresh(&mut self, world: World) -> bool {
        if world.clock.slot < self.world.clock.slot {
            self.earlier += 1;
            if self.earlier >= REGRESSION {
                self.wants_snapshot = true;
            }
            return false;
        }
        self.earlier = 0;
        self.put_rest(world);
        true
    }

    /// Replaces everything but the sub-accounts.
    fn put_rest(&mut self, world: World) {
        let World { clock, exchange, board, markets, banks, directory, oracles, fresh, .. } = world;
        let mine = &mut self.world;
        (mine.clock, mine.exchange, mine.board, mine.markets) = (clock, exchange, board, markets);
        (mine.banks, mine.directory, mine.oracles, mine.fresh) = (banks, directory, oracles, fresh);
        self.follow();
        self.compare();
    }

    /// Updates books and the index of endangered accounts by the changed accounts.
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

    /// Finds markets whose accounts do not add up.
    fn compare(&mut self) {
        let slot = self.world.clock.slot;
        for market in &self.world.markets {
            let events = market.next_event_seq;
            if self.sums.fit(market) {
                self.suspects.remove(&market.index);
                continue;
            }
            let new = Suspect { since: slot, still: slot, events, losses: 0 };
            let suspect = self.suspects.entry(market.index).or_insert(new);
            if events != suspect.events {
                // The market had an event: changes of its accounts may be under way.
                (suspect.still, suspect.events) = (slot, events);
            }
            let still = slot.saturating_sub(suspect.still) >= PATIENCE;
            if still || slot.saturating_sub(suspect.since) >= 4 * PATIENCE {
                // The snapshot that follows gets as much patience; a snapshot that mends nothing is one more loss.
                (suspect.since, suspect.still) = (slot, slot);
                // While the market has events, a small difference may last.
                suspect.losses += u32::from(still || self.sums.is_far(market));
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
