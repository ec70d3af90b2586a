//! The order books of all markets, built from the tails of sub-accounts and kept up to date change by change.
//!
//! A market's book holds resting orders by price and, at a price, by order sequence; offset orders in lists of their
//! own by distance, priced when they are read; orders that wait for a price by that price; and lists of orders to
//! examine for other reasons (auctions, expiry). A reader pays for the orders that it reads, not for the size of the
//! book.
//!
//! Every list is a [`ladder`](ladder::Ladder) of keys with a queue at each, on slabs: a change costs a few steps
//! through the bits of the key, and a book that has reached its size allocates nothing. No result depends on addresses
//! in memory: the same changes make the same [`Books::hash`], in whatever order they come.

mod hash;
pub mod ladder;
mod market;
pub mod side;
pub mod slab;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};

use kedge_model::account::board::MAX_MARKETS;
use kedge_model::account::order::Order;
use solana_pubkey::Pubkey;

use crate::Account;
use market::Standing;
pub use market::{MarketBook, Resting, Watched};

/// The order books of all markets.
#[derive(Clone, Debug, Default)]
pub struct Books {
    markets: Vec<MarketBook>,
    numbers: HashMap<Pubkey, u32>,
    addresses: Vec<Pubkey>,
    /// Each account's orders at the last change, by slot of its tail.
    tails: Vec<Vec<Option<Placed>>>,
    /// The slot up to which auctions have ended.
    now: u64,
}

/// An order and its handles in the lists.
#[derive(Clone, Copy, Debug)]
struct Placed {
    order: Order,
    standing: Standing,
}

impl Books {
    /// The books of all accounts at a slot.
    #[must_use]
    pub fn of(accounts: &BTreeMap<Pubkey, Account>, slot: u64) -> Self {
        let mut books = Self { now: slot, ..Self::default() };
        for (address, account) in accounts {
            books.apply(address, &account.orders);
        }
        books
    }

    /// Takes in an account as it is now; an empty tail for a closed one. The cost is in proportion to the changed
    /// orders.
    pub fn apply(&mut self, address: &Pubkey, orders: &[Order]) {
        let number = match self.numbers.get(address) {
            Some(number) => *number,
            None if !orders.iter().any(stands) => return,
            None => self.number(address),
        };
        let mut tail = std::mem::take(&mut self.tails[number as usize]);
        let used = orders.iter().rposition(stands).map_or(0, |last| last + 1);
        if tail.len() < used {
            tail.resize(used, None);
        }
        for (slot, place) in (0u8..).zip(&mut tail) {
            let wanted = orders.get(usize::from(slot)).filter(|order| stands(order));
            match (&mut *place, wanted) {
                (None, None) => {}
                (Some(old), Some(new)) if old.order == *new => {}
                (Some(old), Some(new)) if is_fill(&old.order, new) => {
                    let left = new.remaining().map_or(0, |size| size.0);
                    self.markets[usize::from(new.market)].resize(old.standing, left);
                    old.order = *new;
                }
                (old, new) => {
                    if let Some(old) = old.take() {
                        self.markets[usize::from(old.order.market)].remove(old.standing);
                    }
                    if let Some(new) = new {
                        let now = self.now;
                        let standing = self.market_mut(new.market).insert(new, number, slot, now);
                        *old = Some(Placed { order: *new, standing });
                    }
                }
            }
        }
        self.tails[number as usize] = tail;
    }

    /// Moves the limit orders whose auctions are over by a slot to the resting ones. Slots may go back, as after a
    /// fork: the accounts' changes then put resting orders back.
    pub fn advance(&mut self, slot: u64) {
        self.now = slot;
        for market in 0..self.markets.len() {
            while let Some(due) = self.markets[market].due(slot) {
                let place = self.tails[due.account as usize].get_mut(usize::from(due.slot));
                let Some(Some(placed)) = place else { unreachable!("what stands in a book stands in a tail") };
                let book = &mut self.markets[market];
                book.remove(placed.standing);
                placed.standing = book.insert(&placed.order, due.account, due.slot, slot);
            }
        }
    }

    /// The book of a market; an empty book for a market without orders.
    #[must_use]
    pub fn market(&self, index: u16) -> &MarketBook {
        static EMPTY: std::sync::LazyLock<MarketBook> = std::sync::LazyLock::new(MarketBook::default);
        self.markets.get(usize::from(index)).unwrap_or(&EMPTY)
    }

    /// The address of an account's number.
    #[must_use]
    pub fn address(&self, number: u32) -> Pubkey {
        self.addresses.get(number as usize).copied().unwrap_or_default()
    }

    /// A hash of the books' content: equal books have equal hashes, on every machine and in every run.
    #[must_use]
    pub fn hash(&self) -> u64 {
        hash::of(self)
    }

    /// Bytes on the heap, the map of addresses estimated.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let books: usize = self.markets.iter().map(MarketBook::bytes).sum();
        let tails: usize = self.tails.iter().map(|tail| tail.capacity() * size_of::<Option<Placed>>()).sum();
        books + tails + self.addresses.capacity() * (2 * size_of::<Pubkey>() + 16 + size_of::<Vec<Placed>>())
    }

    fn market_mut(&mut self, index: u16) -> &mut MarketBook {
        let index = usize::from(index);
        if self.markets.len() <= index {
            self.markets.resize_with(index + 1, MarketBook::default);
        }
        &mut self.markets[index]
    }

    fn number(&mut self, address: &Pubkey) -> u32 {
        let number = u32::try_from(self.addresses.len()).expect("fewer accounts than numbers");
        self.numbers.insert(*address, number);
        self.addresses.push(*address);
        self.tails.push(Vec::new());
        number
    }
}

/// Whether an order is open in a possible market: an index beyond the last market was written by no program, and takes
/// no room.
fn stands(order: &Order) -> bool {
    order.is_open() && usize::from(order.market) < MAX_MARKETS
}

/// Whether the only change of an order is a fill: it keeps its place in the queue.
fn is_fill(old: &Order, new: &Order) -> bool {
    *new == Order { filled: new.filled, ..*old }
}
