//! Books against a naive reference that sorts everything anew after each change.

use kedge_model::account::order::{OrderKind, RawLimit, STATUS_OPEN, STATUS_WAITING};
use kedge_model::account::order::{Side as Way, flags};
use kedge_model::quantity::Price;
use kedge_model::quantity::Size;
use kedge_model::rule::trigger;

use super::*;

const MARKETS: u16 = 2;
const TICK: Price = Price(10);

#[test]
fn an_order_of_a_market_that_cannot_be_takes_no_room() {
    let order = |market| Order {
        market,
        id: 1,
        size: Size(1),
        price: RawLimit::price(TICK),
        status: STATUS_OPEN,
        ..Order::default()
    };
    let mut books = Books::default();
    for market in [u16::MAX, MAX_MARKETS as u16] {
        books.apply(&Pubkey::new_from_array([1; 32]), &[order(market)]);
        assert_eq!((books.markets.len(), books.addresses.len(), books.bytes()), (0, 0, 0), "{market}");
    }
    let last = MAX_MARKETS as u16 - 1;
    books.apply(&Pubkey::new_from_array([1; 32]), &[order(u16::MAX), order(last)]);
    assert_eq!((books.markets.len(), books.addresses.len()), (MAX_MARKETS, 1));
    books.apply(&Pubkey::new_from_array([1; 32]), &[order(last), order(u16::MAX)]);
    books.apply(&Pubkey::new_from_array([1; 32]), &[order(u16::MAX)]);
    assert_eq!(books.hash(), Books { markets: books.markets.clone(), ..books.clone() }.hash());
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    fn one_in(&mut self, many: u64) -> bool {
        self.below(many) == 0
    }
}

/// Accounts and their tails.
struct Truth {
    accounts: Vec<(Pubkey, Vec<Order>)>,
    seq: u64,
    slot: u64,
    oracle: Price,
}

impl Truth {
    fn order(&mut self, random: &mut Random) -> Order {
        self.seq += 1;
        let limit = !random.one_in(5);
        let mut order = Order {
            seq: self.seq,
            id: self.seq as u32,
            market: random.below(MARKETS.into()) as u16,
            side: random.below(2) as u8,
            kind: if limit { OrderKind::Limit } else { OrderKind::Market } as u8,
            status: STATUS_OPEN,
            size: Size(1 + random.below(50)),
            price: RawLimit::price(Price(TICK.0 * (80 + random.below(40)))),
            activation_slot: self.slot + random.below(3),
            expires_at: if random.one_in(4) { 1 + random.below(40) as u32 } else { 0 },
            flags: if random.one_in(6) { flags::REDUCE_ONLY } else { 0 },
            auction_slots: if random.one_in(3) { random.below(6) as u8 } else { 0 },
            ..Order::default()
        };
        if limit && random.one_in(4) {
            order.flags |= flags::OFFSET;
            order.price = RawLimit::offset(random.below(200) as i64 - 100);
        }
        if random.one_in(4) {
            order.status = STATUS_WAITING;
            let kinds = [OrderKind::StopMarket, OrderKind::TakeProfitMarket, OrderKind::TrailingStop];
            order.kind = kinds[random.below(3) as usize] as u8;
            order.set_level(Price(TICK.0 * (80 + random.below(40))));
            order.flags |= [0, flags::TRIGGER_MARK, flags::TRIGGER & !flags::TRIGGER_MARK][random.below(3) as usize];
        }
        order
    }

    /// Changes an account. Returns its index.
    fn change(&mut self, random: &mut Random) -> usize {
        let index = random.below(self.accounts.len() as u64) as usize;
        let slot = random.below(8) as usize;
        let (market_order, choice) = (self.order(random), random.below(10));
        let tail = &mut self.accounts[index].1;
        if tail.len() <= slot {
            tail.resize(slot + 1, Order::default());
        }
        let order = &mut tail[slot];
        match choice {
            0..=4 => *order = market_order,
            5..=6 => *order = Order::default(),
            7 if order.is_open() => order.filled = Size(random.below(order.size.0)),
            8 if order.is_open() => order.price = RawLimit::price(Price(TICK.0 * (80 + random.below(40)))),
            9 if order.is_waiting() => (order.status, order.kind) = (STATUS_OPEN, OrderKind::Market as u8),
            _ => {}
        }
        index
    }

    fn open(&self) -> impl Iterator<Item = (&Pubkey, u8, &Order)> {
        self.accounts.iter().flat_map(|(address, tail)| {
            (0u8..).zip(tail).filter(|(_, order)| order.is_open()).map(move |(slot, order)| (address, slot, order))
        })
    }

    fn resting(&self, market: u16, way: Way) -> Vec<(Price, u64, Pubkey, u8)> {
        let resting = self.open().filter(|(_, _, order)| {
            order.market == market && order.side() == way && !order.is_waiting() && order.is_resting(self.slot)
        });
        let price = |order: &Order| order.effective_price(self.oracle, TICK).ok();
        let mut resting: Vec<_> =
            resting.filter_map(|(owner, slot, order)| Some((price(order)?, order.seq, *owner, slot))).collect();
        resting.sort_by_key(|(price, seq, ..)| (if way == Way::Long { !price.0 } else { price.0 }, *seq));
        resting
    }

    fn compare(&self, books: &Books) {
        for market in 0..MARKETS {
            let book = books.market(market);
            for way in [Way::Long, Way::Short] {
                let wanted = self.resting(market, way);
                let worst = if way == Way::Long { Price(0) } else { Price(u64::MAX) };
                let shown =
                    |resting: Resting| (resting.price, resting.seq, books.address(resting.account), resting.slot);
                let found: Vec<_> = book.resting(way, worst, Some(self.oracle), TICK).map(shown).collect();
                assert_eq!(found, wanted, "market {market} {way:?}");
                let best = book.best(way, Some(self.oracle), TICK);
                assert_eq!(best, wanted.first().map(|(price, ..)| *price));
                let count: u32 = book.depth(way, Some(self.oracle), TICK).map(|(_, _, count)| count).sum();
                assert_eq!(count as usize, wanted.len());
                let other = self.resting(market, way.opposite()).first().map(|(price, ..)| *price);
                let crossing =
                    wanted.iter().filter(|(price, ..)| other.is_some_and(|other| way.accepts(*price, other)));
                assert_eq!(book.crossing(way, Some(self.oracle), TICK).count(), crossing.count());
            }
            self.compare_lists(book, market);
        }
    }

    fn compare_lists(&self, book: &MarketBook, market: u16) {
        let of = |wanted: &dyn Fn(&Order) -> bool| {
            let mut found: Vec<u64> = self
                .open()
                .filter(|(_, _, order)| order.market == market && wanted(order))
                .map(|(.., order)| order.seq)
                .collect();
            found.sort_unstable();
            found
        };
        let sorted = |entries: &mut dyn Iterator<Item = u64>| {
            let mut seqs: Vec<u64> = entries.collect();
            seqs.sort_unstable();
            seqs
        };
        let price = self.oracle;
        for (watched, bits) in [
            (Watched::Oracle, 0),
            (Watched::Mark, flags::TRIGGER_MARK),
            (Watched::Last, flags::TRIGGER & !flags::TRIGGER_MARK),
        ] {
            let reached = of(&|order| order.flags & flags::TRIGGER == bits && trigger::is_reached(order, price));
            assert_eq!(sorted(&mut book.reached(watched, price).map(|entry| entry.seq)), reached, "{watched:?}");
        }
        let clock = kedge_model::clock::Clock { slot: self.slot, unix_time: self.slot as i64 };
        let attended = of(&|order| {
            if order.is_waiting() { order.kind == OrderKind::TrailingStop as u8 } else { !order.is_resting(self.slot) }
        });
        assert_eq!(sorted(&mut book.attended().map(|entry| entry.seq)), attended);
        assert_eq!(sorted(&mut book.expired(&clock).map(|entry| entry.seq)), of(&|order| order.is_expired(&clock)));
        assert_eq!(sorted(&mut book.reducers().map(|entry| entry.seq)), of(&|order| order.has(flags::REDUCE_ONLY)));
        assert_eq!(book.len(), of(&|_| true).len());
    }

    fn rebuilt(&self, backwards: bool) -> Books {
        let mut books = Books { now: self.slot, ..Books::default() };
        let mut accounts: Vec<_> = self.accounts.iter().collect();
        if backwards {
            accounts.reverse();
        }
        accounts.into_iter().for_each(|(address, tail)| books.apply(address, tail));
        books
    }
}

fn truth() -> Truth {
    let accounts = (1..40u8).map(|index| (Pubkey::new_from_array([index; 32]), Vec::new())).collect();
    Truth { accounts, seq: 0, slot: 1, oracle: Price(1_000) }
}

#[test]
fn change_by_change_equals_everything_anew() {
    for seed in 1..=4 {
        let (mut random, mut truth, mut books) = (Random(seed), truth(), Books::default());
        books.advance(truth.slot);
        for step in 0..4_000u64 {
            let changed = truth.change(&mut random);
            let (address, tail) = &truth.accounts[changed];
            books.apply(address, tail);
            if random.one_in(6) {
                truth.slot += 1 + random.below(3);
                books.advance(truth.slot);
            }
            if random.one_in(9) {
                truth.oracle = Price(800 + random.below(400));
            }
            if step % 7 == 0 {
                truth.compare(&books);
                assert_eq!(books.hash(), truth.rebuilt(step % 2 == 0).hash(), "seed {seed} step {step}");
            }
        }
    }
}

#[test]
fn the_hash_tells_books_apart() {
    let (mut random, mut truth) = (Random(9), truth());
    for _ in 0..300 {
        truth.change(&mut random);
    }
    let hash = truth.rebuilt(false).hash();
    let (owner, slot) = truth.open().map(|(owner, slot, _)| (*owner, slot)).nth(20).unwrap();
    let place = truth.accounts.iter().position(|(address, _)| *address == owner).unwrap();
    let changes: [fn(&mut Order); 4] = [
        |order| order.size = Size(order.size.0 + 1),
        |order| order.id += 1_000,
        |order| order.seq += 1_000_000,
        |order| *order = Order::default(),
    ];
    for change in changes {
        let before = truth.accounts[place].1[usize::from(slot)];
        change(&mut truth.accounts[place].1[usize::from(slot)]);
        assert_ne!(truth.rebuilt(false).hash(), hash);
        truth.accounts[place].1[usize::from(slot)] = before;
    }
    assert_eq!(truth.rebuilt(true).hash(), hash);
}
