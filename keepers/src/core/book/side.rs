//! One side of a book: prices in order, and at each price the orders in order of time.

use super::ladder::Ladder;
use super::slab::{NIL, Slab};

/// An order as a book keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Order sequence of the market: who came first.
    pub seq: u64,
    /// What is left of it, base.
    pub size: u64,
    /// Unix seconds at which it expires, 0 for never.
    pub expires_at: u32,
    /// Its owner's number.
    pub account: u32,
    /// Its id within the owner's account.
    pub id: u32,
    /// Its slot in the owner's account.
    pub slot: u8,
}

#[derive(Clone, Copy, Debug)]
struct Linked {
    entry: Entry,
    level: u32,
    before: u32,
    after: u32,
}

/// The orders at one key.
#[derive(Clone, Copy, Debug)]
struct Level {
    key: u64,
    first: u32,
    last: u32,
    size: u64,
    count: u32,
}

/// Orders by key, lowest first, and by sequence within a key.
#[derive(Clone, Debug, Default)]
pub struct Side {
    ladder: Ladder,
    levels: Slab<Level>,
    orders: Slab<Linked>,
}

impl Side {
    /// Makes room for orders at as many keys, so that nothing is allocated until there are more.
    pub fn reserve(&mut self, orders: usize, keys: usize) {
        self.orders.reserve(orders);
        self.levels.reserve(keys);
        self.ladder.reserve(keys);
    }

    /// Takes an order in; its handle. The newest at a key costs no search; one that is older than others goes before
    /// them.
    pub fn insert(&mut self, key: u64, entry: Entry) -> u32 {
        let place = self.ladder.place(key);
        if *place == NIL {
            *place = self.levels.insert(Level { key, first: NIL, last: NIL, size: 0, count: 0 });
        }
        let level = *place;
        let mut before = self.levels[level].last;
        while before != NIL && self.orders[before].entry.seq > entry.seq {
            before = self.orders[before].before;
        }
        let after = if before == NIL { self.levels[level].first } else { self.orders[before].after };
        let handle = self.orders.insert(Linked { entry, level, before, after });
        match before {
            NIL => self.levels[level].first = handle,
            before => self.orders[before].after = handle,
        }
        match after {
            NIL => self.levels[level].last = handle,
            after => self.orders[after].before = handle,
        }
        let level = &mut self.levels[level];
        level.size = level.size.saturating_add(entry.size);
        level.count += 1;
        handle
    }

    /// Takes an order out.
    pub fn remove(&mut self, handle: u32) -> Entry {
        let Linked { entry, level, before, after } = self.orders[handle];
        match before {
            NIL => self.levels[level].first = after,
            before => self.orders[before].after = after,
        }
        match after {
            NIL => self.levels[level].last = before,
            after => self.orders[after].before = before,
        }
        self.orders.free(handle);
        let found = &mut self.levels[level];
        found.size = found.size.saturating_sub(entry.size);
        found.count -= 1;
        if found.count == 0 {
            let key = found.key;
            self.ladder.remove(key);
            self.levels.free(level);
        }
        entry
    }

    /// Changes what is left of an order; its place in the queue stays.
    pub fn resize(&mut self, handle: u32, size: u64) {
        let order = &mut self.orders[handle];
        let level = &mut self.levels[order.level];
        level.size = level.size.saturating_sub(order.entry.size).saturating_add(size);
        order.entry.size = size;
    }

    /// The order under a handle.
    #[inline]
    pub fn entry(&self, handle: u32) -> &Entry {
        &self.orders[handle].entry
    }

    /// The key of an order.
    #[inline]
    pub fn key(&self, handle: u32) -> u64 {
        self.levels[self.orders[handle].level].key
    }

    /// The lowest key.
    #[inline]
    pub fn best(&self) -> Option<u64> {
        self.ladder.first().map(|(key, _)| key)
    }

    /// The first order of the lowest key.
    #[inline]
    pub fn front(&self) -> Option<u32> {
        self.ladder.first().map(|(_, level)| self.levels[level].first)
    }

    /// The keys up to one, with what is left at each in all and the number of orders.
    pub fn levels(&self, most: u64) -> impl Iterator<Item = (u64, u64, u32)> {
        self.keys(most).map(|(key, level)| (key, self.levels[level].size, self.levels[level].count))
    }

    /// The orders up to a key, in order, with their handles.
    pub fn upto(&self, most: u64) -> impl Iterator<Item = (u32, u64, &Entry)> {
        self.keys(most).flat_map(move |(key, level)| {
            let first = Some(self.levels[level].first);
            let next = |handle: &u32| Some(self.orders[*handle].after).filter(|after| *after != NIL);
            std::iter::successors(first, next).map(move |handle| (handle, key, &self.orders[handle].entry))
        })
    }

    fn keys(&self, most: u64) -> impl Iterator<Item = (u64, u32)> {
        let up_to = move |found: &(u64, u32)| found.0 <= most;
        let first = self.ladder.first().filter(up_to);
        std::iter::successors(first, move |(key, _)| {
            key.checked_add(1).and_then(|next| self.ladder.at_or_above(next)).filter(up_to)
        })
    }

    /// Orders on this side.
    pub fn len(&self) -> usize {
        self.orders.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes on the heap.
    pub fn bytes(&self) -> usize {
        self.ladder.bytes() + self.levels.bytes() + self.orders.bytes()
    }
}
