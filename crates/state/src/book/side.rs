//! One side of a book: prices in order, and at each price the orders in order of time.

use std::collections::{BTreeSet, HashMap};

use super::ladder::Ladder;
use super::slab::{NIL, Slab};

/// Steps along a queue to an older order's place before the queue is indexed. A queue whose orders arrive in the order
/// of placing is never indexed, and so never allocates.
const LONGEST_WALK: u32 = 64;

/// An order in a book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Order sequence of the market: the order's time priority.
    pub seq: u64,
    /// Unfilled size, base units.
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
    /// Queues in which an older order's place was far from the end, with their orders by sequence.
    queues: HashMap<u32, Queue>,
}

/// Orders of one level by sequence; the handle separates orders of one sequence, which only broken data has.
type Queue = BTreeSet<(u64, u32)>;

impl Side {
    /// Makes room for `orders` at `keys` keys, so that no allocation happens below that.
    pub fn reserve(&mut self, orders: usize, keys: usize) {
        self.orders.reserve(orders);
        self.levels.reserve(keys);
        self.ladder.reserve(keys);
    }

    /// Inserts an order. Returns its handle. The newest order at a key costs no search. An older one is placed along
    /// the queue when its place is near the end, and by an index of the queue otherwise: a start reads orders by owner
    /// and not by age, and so costs in proportion to the orders at a price and not to their square.
    pub fn insert(&mut self, key: u64, entry: Entry) -> u32 {
        let place = self.ladder.place(key);
        if *place == NIL {
            *place = self.levels.insert(Level { key, first: NIL, last: NIL, size: 0, count: 0 });
        }
        let level = *place;
        let before = self.before(level, entry.seq);
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
        if let Some(queue) = self.queues.get_mut(&level) {
            queue.insert((entry.seq, handle));
        }
        let level = &mut self.levels[level];
        level.size = level.size.saturating_add(entry.size);
        level.count += 1;
        handle
    }

    /// The order in front of the place of a sequence; [`NIL`] for the front of the queue.
    fn before(&mut self, level: u32, seq: u64) -> u32 {
        let mut before = self.levels[level].last;
        if let Some(queue) = self.queues.get(&level) {
            let newest = before != NIL && self.orders[before].entry.seq <= seq;
            let found = || queue.range(..=(seq, NIL)).next_back().map_or(NIL, |(_, handle)| *handle);
            return if newest { before } else { found() };
        }
        let mut walked = 0;
        while before != NIL && self.orders[before].entry.seq > seq {
            before = self.orders[before].before;
            walked += 1;
            if walked > LONGEST_WALK {
                let first = Some(self.levels[level].first);
                let next = |handle: &u32| Some(self.orders[*handle].after).filter(|after| *after != NIL);
                let queue = std::iter::successors(first, next);
                let queue: Queue = queue.map(|handle| (self.orders[handle].entry.seq, handle)).collect();
                self.queues.insert(level, queue);
                return self.before(level, seq);
            }
        }
        before
    }

    /// Removes an order.
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
        if let Some(queue) = self.queues.get_mut(&level) {
            queue.remove(&(entry.seq, handle));
        }
        let found = &mut self.levels[level];
        found.size = found.size.saturating_sub(entry.size);
        found.count -= 1;
        if found.count == 0 {
            let key = found.key;
            self.ladder.remove(key);
            self.levels.free(level);
            self.queues.remove(&level);
        }
        entry
    }

    /// Sets the unfilled size of an order; its place in the queue stays.
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

    /// The keys up to `most`, each with its total unfilled size and its number of orders.
    pub fn levels(&self, most: u64) -> impl Iterator<Item = (u64, u64, u32)> {
        self.keys(most).map(|(key, level)| (key, self.levels[level].size, self.levels[level].count))
    }

    /// The orders up to key `most`, in order, with their handles.
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

    /// Number of orders on this side.
    pub fn len(&self) -> usize {
        self.orders.len()
    }

    /// Whether the side has no order.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes on the heap.
    pub fn bytes(&self) -> usize {
        let queued: usize = self.queues.values().map(Queue::len).sum();
        // A node of a tree is three quarters full on average.
        let queues = queued * size_of::<(u64, u32)>() * 4 / 3 + self.queues.capacity() * size_of::<(u32, Queue)>();
        self.ladder.bytes() + self.levels.bytes() + self.orders.bytes() + queues
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn entry(seq: u64) -> Entry {
        Entry { seq, size: 1, expires_at: 0, account: 0, id: 0, slot: 0 }
    }

    /// A permutation of `0..count`, as a start reads orders by owner.
    fn shuffled(count: u64) -> impl Iterator<Item = u64> {
        assert!(count.is_power_of_two());
        (0..count).map(move |place| place.wrapping_mul(0x9e37_79b9) % count)
    }

    fn start(orders: u64) -> Side {
        let mut side = Side::default();
        for seq in shuffled(orders) {
            side.insert(7, entry(seq));
        }
        side
    }

    /// The least time of three starts: other processes use the machine too.
    fn least(orders: u64) -> Duration {
        let time = |_| {
            let started = Instant::now();
            assert_eq!(start(orders).len() as u64, orders);
            started.elapsed()
        };
        (0..3).map(time).min().unwrap()
    }

    #[test]
    fn a_start_at_one_price_costs_in_proportion_to_its_orders() {
        let seqs: Vec<u64> = start(1 << 13).upto(u64::MAX).map(|(_, _, entry)| entry.seq).collect();
        assert!(seqs.iter().copied().eq(0..1 << 13), "in order of time");
        let (few, many) = (least(1 << 13), least(1 << 16));
        let ratio = many.as_secs_f64() / few.as_secs_f64();
        println!("eight times the orders take {ratio:.1} times as long: {many:?}");
        // Along the queue it would be 64 times.
        assert!(ratio < 30.0, "{ratio}");
    }

    #[test]
    fn an_indexed_queue_equals_a_sorted_one() {
        let mut side = Side::default();
        let mut truth = BTreeSet::new();
        let mut handles = HashMap::new();
        for (step, seq) in shuffled(1 << 10).chain(shuffled(1 << 10)).enumerate() {
            // On its second turn each order is removed, or changes its size and stays.
            match handles.remove(&seq) {
                Some(handle) if step % 3 == 0 => {
                    side.resize(handle, 5);
                    handles.insert(seq, handle);
                }
                Some(handle) => {
                    assert_eq!(side.remove(handle).seq, seq);
                    truth.remove(&seq);
                }
                None => {
                    handles.insert(seq, side.insert(3, entry(seq)));
                    truth.insert(seq);
                }
            }
            assert_eq!(side.front().map(|handle| side.entry(handle).seq), truth.first().copied());
        }
        assert!(!side.queues.is_empty(), "it was indexed");
        assert!(side.upto(u64::MAX).map(|(_, _, entry)| entry.seq).eq(truth.iter().copied()));
        for handle in handles.into_values() {
            side.remove(handle);
        }
        assert!(side.is_empty() && side.queues.is_empty());
    }

    #[test]
    fn orders_in_order_of_time_are_never_indexed() {
        let mut side = Side::default();
        let handles: Vec<u32> = (0..1_000).map(|seq| side.insert(1, entry(seq))).collect();
        // An order that moves back a little, as after an auction.
        let moved = side.remove(handles[990]);
        side.insert(1, moved);
        assert!(side.queues.is_empty());
    }
}
