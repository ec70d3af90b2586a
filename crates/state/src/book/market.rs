//! The book of one market.

use kedge_model::account::order::{Order, OrderKind, RawLimit, Side as Way, flags};
use kedge_model::clock::Clock;
use kedge_model::quantity::{Price, Size};

use super::side::{Entry, Side};
use super::slab::NIL;

/// The price that a trigger follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watched {
    /// The oracle's price.
    Oracle = 0,
    /// The mark price.
    Mark = 1,
    /// The price of the last fill.
    Last = 2,
}

/// Handles of an order in the lists, so that it is found again without a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    list: List,
    handle: u32,
    /// Handle in the list of orders that are examined at every tick; [`NIL`] outside it.
    attended: u32,
    /// Handle in the list by expiry; [`NIL`] for an order without expiry.
    expiry: u32,
    /// Handle in the list of reduce-only orders; [`NIL`] for others.
    reducer: u32,
}

/// A list of a market's book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum List {
    Fixed(Way),
    Offset(Way),
    Trigger(Watched, bool),
    Pending,
    None,
}

/// A resting order at a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resting {
    /// Its price now.
    pub price: Price,
    /// Order sequence of the market.
    pub seq: u64,
    /// Size that is not filled yet.
    pub size: Size,
    /// Unix seconds at which it expires, 0 for never.
    pub expires_at: u32,
    /// Its owner's number, see [`super::Books::address`].
    pub account: u32,
    /// Its id.
    pub id: u32,
    /// Its slot in the owner's account.
    pub slot: u8,
}

/// The orders of one market.
#[derive(Clone, Debug, Default)]
pub struct MarketBook {
    /// Resting orders with a price of their own: bids, asks.
    fixed: [Side; 2],
    /// Resting orders at a distance from the oracle: bids, asks. They move with the oracle, so their prices are
    /// computed when they are read.
    offset: [Side; 2],
    /// Orders that wait for a price: by the price that they follow, and whether they wait for it to fall or to rise.
    triggers: [[Side; 2]; 3],
    /// Limit orders in an auction, by the slot from which they rest.
    pending: Side,
    /// Orders that are examined at every tick: takers, slices, trails.
    attended: Side,
    /// Orders by expiry.
    expiries: Side,
    /// Reduce-only orders.
    reducers: Side,
}

/// Keys of bids are complemented, so that the best comes first on both sides.
#[inline]
fn turned(way: Way, key: u64) -> u64 {
    if way == Way::Long { !key } else { key }
}

/// An offset as a key: in order, and small for small distances.
#[inline]
fn offset_key(offset: i64) -> u64 {
    offset.wrapping_sub(i64::MIN).cast_unsigned()
}

#[inline]
fn offset_of(key: u64) -> i64 {
    key.cast_signed().wrapping_add(i64::MIN)
}

fn watched(order: &Order) -> Watched {
    if order.flags & flags::TRIGGER == 0 {
        Watched::Oracle
    } else if order.has(flags::TRIGGER_MARK) {
        Watched::Mark
    } else {
        Watched::Last
    }
}

/// The slot from which a limit order rests.
fn rests_from(order: &Order) -> u64 {
    match order.auction_slots {
        0 => order.activation_slot,
        slots => order.activation_slot.saturating_add(u64::from(slots)).saturating_add(1),
    }
}

impl MarketBook {
    pub(super) fn insert(&mut self, order: &Order, account: u32, slot: u8, now: u64) -> Standing {
        let entry = Entry {
            seq: order.seq,
            size: order.remaining().map_or(0, |size| size.0),
            expires_at: order.expires_at,
            account,
            id: order.id,
            slot,
        };
        let kind = OrderKind::from_number(order.kind).ok();
        let list = if order.is_waiting() {
            List::Trigger(watched(order), kind.is_some_and(|kind| kind.triggers_above(order.side())))
        } else if kind != Some(OrderKind::Limit) {
            List::None
        } else if rests_from(order) > now {
            List::Pending
        } else {
            resting_list(order)
        };
        let handle = self.put(list, order, entry);
        let rests = matches!(list, List::Fixed(_) | List::Offset(_));
        let waits = order.is_waiting() && kind != Some(OrderKind::TrailingStop);
        Standing {
            list,
            handle,
            attended: if rests || waits { NIL } else { self.attended.insert(order.seq, entry) },
            expiry: if order.expires_at == 0 { NIL } else { self.expiries.insert(order.expires_at.into(), entry) },
            reducer: if order.has(flags::REDUCE_ONLY) { self.reducers.insert(order.seq, entry) } else { NIL },
        }
    }

    fn put(&mut self, list: List, order: &Order, entry: Entry) -> u32 {
        let way = order.side();
        match list {
            List::Fixed(_) => self.fixed[way as usize].insert(turned(way, order.price().0), entry),
            List::Offset(_) => self.offset[way as usize].insert(turned(way, offset_key(order.offset())), entry),
            List::Trigger(watched, above) => {
                let trigger = order.level().0;
                let key = if above { trigger } else { !trigger };
                self.triggers[watched as usize][usize::from(above)].insert(key, entry)
            }
            List::Pending => self.pending.insert(rests_from(order), entry),
            List::None => NIL,
        }
    }

    pub(super) fn remove(&mut self, standing: Standing) {
        if let Some(side) = self.list(standing.list) {
            side.remove(standing.handle);
        }
        for (side, handle) in [
            (&mut self.attended, standing.attended),
            (&mut self.expiries, standing.expiry),
            (&mut self.reducers, standing.reducer),
        ] {
            if handle != NIL {
                side.remove(handle);
            }
        }
    }

    /// Sets the unfilled size of an order that is otherwise unchanged.
    pub(super) fn resize(&mut self, standing: Standing, size: u64) {
        if let Some(side) = self.list(standing.list) {
            side.resize(standing.handle, size);
        }
        for (side, handle) in [
            (&mut self.attended, standing.attended),
            (&mut self.expiries, standing.expiry),
            (&mut self.reducers, standing.reducer),
        ] {
            if handle != NIL {
                side.resize(handle, size);
            }
        }
    }

    fn list(&mut self, list: List) -> Option<&mut Side> {
        match list {
            List::Fixed(way) => self.fixed.get_mut(way as usize),
            List::Offset(way) => self.offset.get_mut(way as usize),
            List::Trigger(watched, above) => self.triggers.get_mut(watched as usize)?.get_mut(usize::from(above)),
            List::Pending => Some(&mut self.pending),
            List::None => None,
        }
    }

    /// The first order whose auction is over by a slot; the caller removes it and inserts it again.
    pub(super) fn due(&self, now: u64) -> Option<Entry> {
        self.pending.upto(now).next().map(|(_, _, entry)| *entry)
    }

    /// The resting orders on a side that are at `worst` or better, in order of price and time. Offset orders are priced
    /// at `oracle`; without it they are left out.
    pub fn resting<'b>(
        &'b self,
        way: Way,
        worst: Price,
        oracle: Option<Price>,
        tick: Price,
    ) -> impl Iterator<Item = Resting> + 'b {
        let fixed = self.fixed[way as usize].upto(turned(way, worst.0)).map(move |(_, key, entry)| {
            let price = Price(turned(way, key));
            at(price, entry)
        });
        let moving = Moving { side: &self.offset[way as usize], way, oracle, tick, worst };
        Merge { one: fixed.peekable(), two: moving.orders().peekable(), way }
    }

    /// The best price on a side.
    pub fn best(&self, way: Way, oracle: Option<Price>, tick: Price) -> Option<Price> {
        let fixed = self.fixed[way as usize].best().map(|key| Price(turned(way, key)));
        let moving = Moving { side: &self.offset[way as usize], way, oracle, tick, worst: worst(way) };
        let moving = moving.best();
        match (fixed, moving) {
            (Some(one), Some(two)) => Some(if better(way, two, one) { two } else { one }),
            (one, two) => one.or(two),
        }
    }

    /// Resting orders on a side by price, the best first: price, base, number of orders.
    pub fn depth(&self, way: Way, oracle: Option<Price>, tick: Price) -> impl Iterator<Item = (Price, u64, u32)> {
        let mut orders = self.resting(way, worst(way), oracle, tick).peekable();
        std::iter::from_fn(move || {
            let first = orders.next()?;
            let (mut size, mut count) = (first.size.0, 1);
            while let Some(next) = orders.next_if(|next| next.price == first.price) {
                size = next.size.0.saturating_add(size);
                count += 1;
            }
            Some((first.price, size, count))
        })
    }

    /// Resting orders that could trade with each other: the orders on a side at the other side's best price or better.
    pub fn crossing<'b>(&'b self, way: Way, oracle: Option<Price>, tick: Price) -> impl Iterator<Item = Resting> + 'b {
        let other = self.best(way.opposite(), oracle, tick);
        other.into_iter().flat_map(move |price| self.resting(way, price, oracle, tick))
    }

    /// Orders whose trigger a price has reached.
    pub fn reached(&self, watched: Watched, price: Price) -> impl Iterator<Item = &Entry> {
        let [below, above] = &self.triggers[watched as usize];
        let found = below.upto(!price.0).chain(above.upto(price.0));
        found.map(|(_, _, entry)| entry)
    }

    /// Orders that are examined at every tick: orders that take or are in an auction, slices and trails.
    pub fn attended(&self) -> impl Iterator<Item = &Entry> {
        self.attended.upto(u64::MAX).map(|(_, _, entry)| entry)
    }

    /// Orders that have expired.
    pub fn expired(&self, clock: &Clock) -> impl Iterator<Item = &Entry> {
        let now = u64::try_from(clock.unix_time).unwrap_or(0);
        self.expiries.upto(now).map(|(_, _, entry)| entry)
    }

    /// Reduce-only orders, each of which may have no position left to reduce.
    pub fn reducers(&self) -> impl Iterator<Item = &Entry> {
        self.reducers.upto(u64::MAX).map(|(_, _, entry)| entry)
    }

    /// Number of orders in the book.
    pub fn len(&self) -> usize {
        let sides = self.fixed.iter().chain(&self.offset).chain(self.triggers.iter().flatten());
        let standing: usize = sides.chain([&self.pending]).map(Side::len).sum();
        // An order that takes is in the attended list alone.
        let elsewhere = self.pending.len() + self.attended_waiting();
        standing + self.attended.len().saturating_sub(elsewhere)
    }

    /// Whether the book has no order.
    pub fn is_empty(&self) -> bool {
        self.attended.is_empty() && self.len() == 0
    }

    /// Trailing stops: they wait and are attended.
    fn attended_waiting(&self) -> usize {
        let waiting: usize = self.triggers.iter().flatten().map(Side::len).sum();
        if waiting == 0 {
            return 0;
        }
        let triggers = self.triggers.iter().flatten().flat_map(|side| side.upto(u64::MAX));
        let attended: std::collections::BTreeSet<u64> = self.attended().map(|entry| entry.seq).collect();
        triggers.filter(|(_, _, entry)| attended.contains(&entry.seq)).count()
    }

    /// All lists in a fixed order, with the key of each order.
    pub(super) fn lists(&self) -> impl Iterator<Item = (u8, u64, &Entry)> {
        let sides = self.fixed.iter().chain(&self.offset).chain(self.triggers.iter().flatten());
        let sides = sides.chain([&self.pending, &self.attended, &self.expiries, &self.reducers]);
        (0u8..).zip(sides).flat_map(|(list, side)| side.upto(u64::MAX).map(move |(_, key, entry)| (list, key, entry)))
    }

    /// Bytes on the heap.
    pub fn bytes(&self) -> usize {
        let sides = self.fixed.iter().chain(&self.offset).chain(self.triggers.iter().flatten());
        sides.chain([&self.pending, &self.attended, &self.expiries, &self.reducers]).map(Side::bytes).sum()
    }
}

fn resting_list(order: &Order) -> List {
    if order.has(flags::OFFSET) { List::Offset(order.side()) } else { List::Fixed(order.side()) }
}

/// The worst price that a side can have.
fn worst(way: Way) -> Price {
    if way == Way::Long { Price(0) } else { Price(u64::MAX) }
}

/// Whether a price comes before another on a side of the book: a higher bid, a lower ask.
fn better(way: Way, one: Price, other: Price) -> bool {
    if way == Way::Long { one > other } else { one < other }
}

fn at(price: Price, entry: &Entry) -> Resting {
    Resting {
        price,
        seq: entry.seq,
        size: Size(entry.size),
        expires_at: entry.expires_at,
        account: entry.account,
        id: entry.id,
        slot: entry.slot,
    }
}

/// Orders at a distance from the oracle, at an oracle price.
#[derive(Clone, Copy)]
struct Moving<'b> {
    side: &'b Side,
    way: Way,
    oracle: Option<Price>,
    tick: Price,
    worst: Price,
}

impl<'b> Moving<'b> {
    /// The price at a key; `None` when it cannot be computed.
    fn price(&self, key: u64) -> Option<Price> {
        let offset = offset_of(turned(self.way, key));
        let order =
            Order { flags: flags::OFFSET, side: self.way as u8, price: RawLimit::offset(offset), ..Order::default() };
        order.effective_price(self.oracle?, self.tick).ok()
    }

    fn best(self) -> Option<Price> {
        self.side.best().and_then(|key| self.price(key))
    }

    /// In order of price and time. Distances that the tick puts at one price are sorted by time together.
    fn orders(self) -> impl Iterator<Item = Resting> + 'b {
        let mut source = self.side.upto(u64::MAX).peekable();
        let mut group: Vec<Resting> = Vec::new();
        let mut next = 0;
        std::iter::from_fn(move || {
            if next == group.len() {
                group.clear();
                next = 0;
                let mut price = None;
                while let Some((_, key, entry)) = source.peek() {
                    // An order without a computable price is left out.
                    let Some(found) = self.price(*key) else {
                        source.next();
                        continue;
                    };
                    if better(self.way, self.worst, found) || price.is_some_and(|price| price != found) {
                        break;
                    }
                    price = Some(found);
                    group.push(at(found, entry));
                    source.next();
                }
                group.sort_unstable_by_key(|order| order.seq);
            }
            let order = group.get(next).copied()?;
            next += 1;
            Some(order)
        })
    }
}

/// Merges two sorted sources.
struct Merge<A: Iterator<Item = Resting>, B: Iterator<Item = Resting>> {
    one: std::iter::Peekable<A>,
    two: std::iter::Peekable<B>,
    way: Way,
}

impl<A: Iterator<Item = Resting>, B: Iterator<Item = Resting>> Iterator for Merge<A, B> {
    type Item = Resting;

    fn next(&mut self) -> Option<Resting> {
        let (Some(one), Some(two)) = (self.one.peek(), self.two.peek()) else {
            return self.one.next().or_else(|| self.two.next());
        };
        let first = better(self.way, one.price, two.price) || (one.price == two.price && one.seq < two.seq);
        if first { self.one.next() } else { self.two.next() }
    }
}
