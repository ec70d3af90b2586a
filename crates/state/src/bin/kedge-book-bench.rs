//! Times the order book on a mix of places, cancels and matches, and two public order books on the same mix.
//!
//! Usage: `kedge-book-bench [OPERATIONS]`. The operations are the same in every run. All three books match an order
//! that crosses, keep the rest of it, and cancel by an id that the caller chose.

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use kedge_model::account::order::{Order, OrderKind, RawLimit, STATUS_OPEN};
use kedge_model::quantity::{Price, Size};
use kedge_state::book::Books;
use kedge_state::book::side::{Entry, Side};
use kedge_state::book::slab::NIL;
use solana_pubkey::Pubkey;

/// Counts allocations and passes them to the system's allocator.
struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: every call goes to the system allocator; the counter does not touch its memory.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const OPERATIONS: usize = 2_000_000;
/// Orders that rest before the clock starts, and on average afterwards.
const STANDING: usize = 20_000;
/// Ticks from the middle to the furthest order.
const WIDTH: u64 = 500;
const MIDDLE: u64 = 2_000_000;
/// Accounts, and orders of each, of the second part.
const ACCOUNTS: usize = 2_000;
const TAIL: usize = 16;

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}

#[derive(Clone, Copy)]
enum Operation {
    /// A limit order, which may cross.
    Place { id: u32, buys: bool, price: u64, size: u64 },
    /// Cancels an order, which may be gone.
    Cancel { id: u32 },
    /// Takes from the other side, at any price.
    Take { id: u32, buys: bool, size: u64 },
}

/// The orders that rest first, then the mix: 48 % places, 46 % cancels, 6 % takes. The middle wanders.
fn operations(count: usize) -> Vec<Operation> {
    let mut random = Random(1);
    let (mut middle, mut live, mut all) = (MIDDLE, Vec::<u32>::new(), Vec::with_capacity(STANDING + count));
    for id in 0..(STANDING + count) as u32 {
        middle = middle + random.below(3) - 1;
        let buys = random.below(2) == 0;
        let choice = if all.len() < STANDING { 0 } else { random.below(100) };
        all.push(match choice {
            0..48 => {
                // Most orders are near the middle; one of thirty lies anywhere in the width.
                let away = random.below(WIDTH) * random.below(WIDTH) / WIDTH;
                let crosses = all.len() >= STANDING && random.below(30) == 0;
                let away = if crosses { 0u64.wrapping_sub(random.below(4)) } else { away + 1 };
                let price = if buys { middle.wrapping_sub(away) } else { middle.wrapping_add(away) };
                live.push(id);
                Operation::Place { id, buys, price, size: 1 + random.below(100) }
            }
            48..94 if !live.is_empty() => {
                let place = random.below(live.len() as u64) as usize;
                Operation::Cancel { id: live.swap_remove(place) }
            }
            _ => Operation::Take { id, buys, size: 1 + random.below(300) },
        });
    }
    all
}

/// A book under test. All books must give the same outcome.
trait Book {
    fn operate(&mut self, operation: Operation);
    /// Best bid and best ask.
    fn best(&self) -> (Option<u64>, Option<u64>);
}

/// Two sides, and each order's handle.
struct Kedge {
    sides: [Side; 2],
    standing: Vec<(u8, u32)>,
}

impl Kedge {
    fn new(orders: usize) -> Self {
        let mut sides = <[Side; 2]>::default();
        sides.iter_mut().for_each(|side| side.reserve(4 * STANDING, 16 * WIDTH as usize));
        Self { sides, standing: vec![(0, NIL); orders] }
    }

    fn key(buys: bool, price: u64) -> u64 {
        if buys { !price } else { price }
    }

    /// Takes from the other side up to a price. Returns the unfilled size.
    fn take(&mut self, buys: bool, most: u64, mut size: u64) -> u64 {
        let side = &mut self.sides[usize::from(buys)];
        let most = Self::key(!buys, most);
        while size > 0
            && let Some(front) = side.front()
            && side.key(front) <= most
        {
            let entry = *side.entry(front);
            let traded = entry.size.min(size);
            size -= traded;
            if traded == entry.size {
                side.remove(front);
                self.standing[entry.id as usize].1 = NIL;
            } else {
                side.resize(front, entry.size - traded);
            }
        }
        size
    }
}

impl Book for Kedge {
    #[inline]
    fn operate(&mut self, operation: Operation) {
        match operation {
            Operation::Place { id, buys, price, size } => {
                let size = self.take(buys, price, size);
                if size > 0 {
                    // Bids are side 0; a buyer takes from side 1.
                    let own = u8::from(!buys);
                    let entry = Entry { seq: id.into(), size, expires_at: 0, account: 0, id, slot: 0 };
                    let handle = self.sides[usize::from(own)].insert(Self::key(buys, price), entry);
                    self.standing[id as usize] = (own, handle);
                }
            }
            Operation::Cancel { id } => {
                let (side, handle) = self.standing[id as usize];
                if handle != NIL {
                    self.sides[usize::from(side)].remove(handle);
                    self.standing[id as usize].1 = NIL;
                }
            }
            Operation::Take { buys, size, .. } => {
                let most = if buys { u64::MAX } else { 0 };
                black_box(self.take(buys, most, size));
            }
        }
    }

    fn best(&self) -> (Option<u64>, Option<u64>) {
        (self.sides[0].best().map(|key| !key), self.sides[1].best())
    }
}

struct Lobster(lobster::OrderBook);

impl Book for Lobster {
    fn operate(&mut self, operation: Operation) {
        let way = |buys| if buys { lobster::Side::Bid } else { lobster::Side::Ask };
        let order = match operation {
            Operation::Place { id, buys, price, size } => {
                lobster::OrderType::Limit { id: id.into(), side: way(buys), qty: size, price }
            }
            Operation::Cancel { id } => lobster::OrderType::Cancel { id: id.into() },
            Operation::Take { id, buys, size } => {
                lobster::OrderType::Market { id: id.into(), side: way(buys), qty: size }
            }
        };
        black_box(self.0.execute(order));
    }

    fn best(&self) -> (Option<u64>, Option<u64>) {
        (self.0.max_bid(), self.0.min_ask())
    }
}

struct OrderBookRs(orderbook_rs::OrderBook<()>);

impl Book for OrderBookRs {
    fn operate(&mut self, operation: Operation) {
        use orderbook_rs::{Id, Side, TimeInForce};
        let way = |buys| if buys { Side::Buy } else { Side::Sell };
        match operation {
            Operation::Place { id, buys, price, size } => {
                let id = Id::from_u64(id.into());
                let _ = black_box(self.0.add_limit_order(id, price.into(), size, way(buys), TimeInForce::Gtc, None));
            }
            Operation::Cancel { id } => {
                let _ = black_box(self.0.cancel_order(Id::from_u64(id.into())));
            }
            Operation::Take { id, buys, size } => {
                let _ = black_box(self.0.submit_market_order(Id::from_u64(id.into()), size, way(buys)));
            }
        }
    }

    fn best(&self) -> (Option<u64>, Option<u64>) {
        let price = |price: Option<u128>| price.and_then(|price| u64::try_from(price).ok());
        (price(self.0.best_bid()), price(self.0.best_ask()))
    }
}

/// Result of a book's run.
struct Outcome {
    took: Duration,
    allocations: u64,
    best: (Option<u64>, Option<u64>),
}

fn run(book: &mut dyn Book, operations: &[Operation]) -> Outcome {
    let (standing, mix) = operations.split_at(STANDING);
    standing.iter().for_each(|operation| book.operate(*operation));
    // Warm-up: a tenth of the mix, after which every list has its capacity.
    let (warm, timed) = mix.split_at(mix.len() / 10);
    warm.iter().for_each(|operation| book.operate(*operation));
    let allocated = ALLOCATIONS.load(Ordering::Relaxed);
    let started = Instant::now();
    for operation in timed {
        book.operate(*operation);
    }
    let took = started.elapsed();
    Outcome { took, allocations: ALLOCATIONS.load(Ordering::Relaxed) - allocated, best: book.best() }
}

fn tell(name: &str, outcome: &Outcome, count: usize, base: Duration) {
    let rate = count as f64 / outcome.took.as_secs_f64();
    let ratio = outcome.took.as_secs_f64() / base.as_secs_f64();
    println!("{name:<28}{rate:>14.0}{ratio:>10.2}{:>14}", outcome.allocations);
}

/// Percentiles of single operations, the clock's own time included.
fn single(operations: &[Operation]) {
    let mut book = Kedge::new(operations.len());
    let (standing, mix) = operations.split_at(STANDING);
    standing.iter().for_each(|operation| book.operate(*operation));
    let mut times: Vec<u64> = Vec::with_capacity(mix.len());
    for operation in mix {
        let started = Instant::now();
        book.operate(*operation);
        times.push(started.elapsed().as_nanos() as u64);
    }
    times.sort_unstable();
    let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize];
    println!("one operation (with the clock): p50 {} ns, p99 {} ns, p99.9 {} ns", at(0.5), at(0.99), at(0.999));
}

/// A keeper's use: an account changes, and the books follow.
fn follow(changes: usize) {
    let mut random = Random(2);
    let mut accounts: Vec<(Pubkey, Vec<Order>)> = (0..ACCOUNTS)
        .map(|index| {
            let mut bytes = [0; 32];
            bytes[..8].copy_from_slice(&(index as u64 + 1).to_le_bytes());
            (Pubkey::new_from_array(bytes), vec![Order::default(); TAIL])
        })
        .collect();
    let mut seq = 0;
    let mut books = Books::default();
    books.advance(10);
    let mut change = |random: &mut Random, accounts: &mut Vec<(Pubkey, Vec<Order>)>| {
        let account = random.below(ACCOUNTS as u64) as usize;
        let slot = random.below(TAIL as u64) as usize;
        seq += 1;
        let order = &mut accounts[account].1[slot];
        let buys = random.below(2) == 0;
        let away = 1 + random.below(WIDTH) * random.below(WIDTH) / WIDTH;
        *order = if order.is_open() && random.below(10) < 4 {
            Order::default()
        } else {
            Order {
                seq,
                id: seq as u32,
                side: u8::from(!buys),
                kind: OrderKind::Limit as u8,
                status: STATUS_OPEN,
                size: Size(1 + random.below(100)),
                price: RawLimit::price(Price(if buys { MIDDLE - away } else { MIDDLE + away })),
                ..Order::default()
            }
        };
        account
    };
    // Every slot was used once.
    for _ in 0..ACCOUNTS * TAIL * 8 {
        let changed = change(&mut random, &mut accounts);
        books.apply(&accounts[changed].0, &accounts[changed].1);
    }
    let plan: Vec<usize> = (0..changes).map(|_| change(&mut random, &mut accounts)).collect();
    // The plan has changed the accounts already; the timed part reads an account and applies the change of one order.
    let mut turned = 0u64;
    let (allocated, started) = (ALLOCATIONS.load(Ordering::Relaxed), Instant::now());
    for &account in &plan {
        turned += 1;
        let (address, tail) = &mut accounts[account];
        let order = &mut tail[turned as usize % TAIL];
        if order.is_open() {
            order.price = RawLimit::price(Price(order.price().0 ^ 1));
        }
        books.apply(address, tail);
    }
    let took = started.elapsed();
    println!(
        "following accounts of {TAIL} orders: {:.0} changes/s, {} allocations, {:.1} MB for {} orders",
        plan.len() as f64 / took.as_secs_f64(),
        ALLOCATIONS.load(Ordering::Relaxed) - allocated,
        books.bytes() as f64 / 1e6,
        books.market(0).len()
    );
    println!("hash of the books {:016x}", books.hash());
}

fn main() {
    let count = std::env::args().nth(1).map_or(OPERATIONS, |text| text.parse().expect("a number of operations"));
    let operations = operations(count);
    let timed = count - count / 10;
    println!("{timed} operations on one core, {STANDING} orders standing: 48 % place, 46 % cancel, 6 % take");
    println!("{:<28}{:>14}{:>10}{:>14}", "book", "operations/s", "time", "allocations");
    let kedge = run(&mut Kedge::new(operations.len()), &operations);
    tell("kedge", &kedge, timed, kedge.took);
    let lobster = run(&mut Lobster(lobster::OrderBook::default()), &operations);
    tell("lobster 0.7", &lobster, timed, kedge.took);
    let other = run(&mut OrderBookRs(orderbook_rs::OrderBook::new("BENCH")), &operations);
    tell("orderbook-rs 0.15", &other, timed, kedge.took);
    println!("best bid and ask at the end: {:?} {:?} {:?}", kedge.best, lobster.best, other.best);
    assert!(kedge.best == lobster.best, "two books that did the same stand the same");
    assert_eq!(kedge.allocations, 0, "a book in its steady state does not allocate");
    single(&operations);
    follow(timed);
}
