//! A stream that loses, repeats and reorders, against the chain's state.

use std::collections::BTreeMap;
use std::path::Path;

use kedge_interface::account::{SubAccountData, encode_sub_account};
use kedge_model::account::board::PriceBoard;
use kedge_model::account::exchange::Exchange;
use kedge_model::account::order::{Order, OrderKind, RawLimit, STATUS_OPEN};
use kedge_model::account::position::{Position, status};
use kedge_model::account::sub_account::SubAccount;
use kedge_model::clock::Clock;
use kedge_model::quantity::{Base, Price, Quote, Size};

use super::recording::{Record, Recorder, Recording};
use super::source::Recorded;
use super::*;
use crate::book::Books;
use crate::oracles::Raw;

mod doubts;

const MARKETS: u16 = 2;

/// SplitMix64.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    pub(super) fn one_in(&mut self, many: u64) -> bool {
        self.below(many) == 0
    }
}

/// The chain's state.
pub(super) struct Chain {
    pub(super) slot: u64,
    seq: u64,
    events: u64,
    accounts: BTreeMap<Pubkey, SubAccountData>,
}

impl Chain {
    pub(super) fn new() -> Self {
        Self { slot: 100, seq: 1, events: 1, accounts: BTreeMap::new() }
    }

    fn data(random: &mut Random, seq: u64) -> SubAccountData {
        let mut head = SubAccount { version: SubAccount::VERSION, ..SubAccount::default() };
        for market in 0..MARKETS {
            head.positions[usize::from(market)] = Position {
                market,
                status: status::USED,
                base: Base(random.below(2_000) as i64 - 1_000),
                quote: Quote(random.below(2_000) as i64 - 1_000),
                ..Position::default()
            };
        }
        let order = Order {
            seq,
            id: seq as u32,
            status: STATUS_OPEN,
            kind: OrderKind::Limit as u8,
            side: random.below(2) as u8,
            size: Size(10),
            price: RawLimit::price(Price(1 + random.below(50))),
            ..Order::default()
        };
        SubAccountData { head, orders: vec![order; 1 + random.below(3) as usize] }
    }

    /// Changes one account. Returns the event of the change.
    pub(super) fn change(&mut self, random: &mut Random) -> Event {
        self.seq += 1;
        self.events += 1;
        let address = Pubkey::new_from_array([1 + random.below(30) as u8; 32]);
        let data = (!random.one_in(8)).then(|| Self::data(random, self.seq));
        match &data {
            Some(data) => drop(self.accounts.insert(address, data.clone())),
            None => drop(self.accounts.remove(&address)),
        }
        // The number of events grows with every write.
        Event::Account { slot: self.slot, version: self.events, address, data }
    }

    /// Everything but the accounts.
    fn rest(&self) -> World {
        let clock = Clock { slot: self.slot, unix_time: self.slot as i64 };
        let board = Box::new(PriceBoard { version: PriceBoard::VERSION, ..PriceBoard::default() });
        let mut world = World::new(clock, Exchange::new(1, [1; 32], [2; 32]).unwrap(), board);
        for index in 0..MARKETS {
            let mut market = Market { index, next_event_seq: self.events, ..Market::default() };
            let (mut long, mut short, mut quote) = (0, 0, 0);
            for account in self.accounts.values() {
                let position = account.head.position(index).unwrap();
                long += position.base.0.max(0);
                short -= position.base.0.min(0);
                quote += position.quote.0;
            }
            (market.long_interest, market.short_interest) = (Size(long as u64), Size(short as u64));
            market.users_quote = Quote(quote);
            world.markets.push(market);
        }
        world
    }

    pub(super) fn world(&self) -> World {
        let mut world = self.rest();
        let accounts = self.accounts.iter().map(|(address, data)| (*address, Account::from(data.clone())));
        world.accounts = accounts.collect();
        world
    }
}

/// Looks as [`crate::subscribe::Subscriber`] does.
pub(super) fn look(mirror: &mut Mirror, chain: &Chain) {
    if mirror.wants_snapshot() {
        mirror.snapshot(chain.slot, chain.world());
    } else {
        assert!(mirror.refresh(chain.rest()));
    }
}

pub(super) fn assert_true(mirror: &Mirror, chain: &Chain) {
    let mut truth = chain.world();
    assert_eq!(mirror.world().accounts, truth.accounts);
    assert_eq!(mirror.world().books().hash(), Books::of(&truth.accounts, truth.clock.slot).hash());
    let _ = Roll::of(&mut truth);
    assert_eq!(mirror.world().watched, truth.watched);
    assert!(truth.markets.iter().all(|market| mirror.fits(market)));
}

#[test]
fn whatever_is_lost_repeated_or_late_the_truth_is_found() {
    let (mut losses, mut outdated, mut gaps) = (0, 0, 0);
    for seed in 1..=20 {
        let (mut random, mut chain) = (Random(seed), Chain::new());
        for _ in 0..20 {
            let _ = chain.change(&mut random);
        }
        let mut mirror = Mirror::new(chain.world());
        let mut late: Vec<Event> = Vec::new();
        for step in 0..400u64 {
            chain.slot += 1;
            let trouble = step % 100 < 40;
            for _ in 0..random.below(4) {
                let event = chain.change(&mut random);
                match random.below(if trouble { 10 } else { 2 }) {
                    // Lost without a gap.
                    7 => {}
                    // Comes twice.
                    8 => (0..2).for_each(|_| mirror.apply(event.clone())),
                    // Comes later.
                    9 => late.push(event),
                    _ => mirror.apply(event),
                }
            }
            if random.one_in(4) {
                late.drain(..).for_each(|event| mirror.apply(event));
            }
            if trouble && random.one_in(60) {
                mirror.apply(Event::Gap);
            }
            look(&mut mirror, &chain);
            // Trouble ends at step 40 of 100; after the patience without trouble, the mirror equals the chain.
            if step % 100 == 99 {
                late.drain(..).for_each(|event| mirror.apply(event));
                for _ in 0..=4 * PATIENCE {
                    chain.slot += 1;
                    look(&mut mirror, &chain);
                }
                assert_true(&mirror, &chain);
            }
        }
        losses += mirror.counts.losses;
        outdated += mirror.counts.outdated;
        gaps += mirror.counts.gaps;
    }
    assert!(losses > 20 && outdated > 20 && gaps > 10, "{losses} {outdated} {gaps}");
}

#[test]
fn a_whole_stream_needs_no_snapshot() {
    let (mut random, mut chain) = (Random(3), Chain::new());
    let mut mirror = Mirror::new(chain.world());
    for _ in 0..500 {
        chain.slot += 1;
        for _ in 0..random.below(5) {
            let event = chain.change(&mut random);
            mirror.apply(event);
        }
        look(&mut mirror, &chain);
    }
    assert_true(&mirror, &chain);
    assert_eq!((mirror.counts.snapshots, mirror.counts.losses), (1, 0));
}

#[test]
fn an_earlier_slot_is_ignored_until_the_chain_was_set_back() {
    let (mut random, mut chain) = (Random(4), Chain::new());
    let _ = chain.change(&mut random);
    let before = Chain { slot: 60, seq: 1, events: 1, accounts: chain.accounts.clone() };
    let event = chain.change(&mut random);
    let mut mirror = Mirror::new(chain.world());
    mirror.apply(event);
    for look in 1..REGRESSION {
        assert!(!mirror.refresh(before.rest()));
        assert!(!mirror.wants_snapshot(), "an endpoint that lags, {look}");
    }
    assert_true(&mirror, &chain);
    assert!(!mirror.refresh(before.rest()));
    assert!(mirror.wants_snapshot());
    mirror.snapshot(before.slot, before.world());
    assert_true(&mirror, &before);
}

/// The bytes of an account.
pub(super) fn encode(data: &SubAccountData) -> Vec<u8> {
    encode_sub_account(&data.head, &data.orders)
}

#[test]
fn a_recording_makes_the_same_mirror() {
    let (mut random, mut chain) = (Random(5), Chain::new());
    let start = chain.world();
    let mut mirror = Mirror::new(chain.world());
    let path = std::env::temp_dir().join(format!("kedge-mirror-{}.replay", std::process::id()));
    let wallet = Pubkey::new_from_array([99; 32]);
    let mut recorder = Recorder::create(&path, 1 << 30, &wallet).unwrap();
    recorder.learnt(2, 1).unwrap();
    recorder.event(&Event::Gap).unwrap();
    mirror.apply(Event::Gap);
    for _ in 0..300 {
        chain.slot += 1;
        let event = chain.change(&mut random);
        recorder.event(&event).unwrap();
        mirror.apply(event);
    }
    // Of everything else only the changed accounts are written.
    let mut rest: BTreeMap<Pubkey, Raw> =
        (1..4).map(|byte| (Pubkey::new_from_array([byte; 32]), (wallet, vec![byte; 5]))).collect();
    recorder.rest(&rest).unwrap();
    rest.remove(&Pubkey::new_from_array([1; 32]));
    rest.insert(Pubkey::new_from_array([2; 32]), (wallet, vec![7]));
    // Of the sub-accounts too: a new one, a changed one and a closed one.
    let accounts = &mirror.world().accounts;
    let mut known = accounts.clone();
    let (new, _) = known.pop_first().unwrap();
    let (other, gone) = (*known.keys().next().unwrap(), wallet);
    known.get_mut(&other).unwrap().head.open_orders += 1;
    known.insert(gone, accounts[&new].clone());
    recorder.snapshot(chain.slot, accounts, Some(&known)).unwrap();
    recorder.rest(&rest).unwrap();
    drop(recorder);
    assert!(Recorder::create(&path, 1 << 30, &wallet).is_err(), "nothing is written over");
    let mut again = Mirror::new(start);
    let mut replay = Recorded::open(&path).unwrap();
    while let Some(event) = replay.read().unwrap() {
        again.apply(event);
    }
    assert_eq!(again.world().accounts, mirror.world().accounts);
    assert_eq!(again.world().books().hash(), mirror.world().books().hash());
    assert_eq!(again.counts, mirror.counts);

    let records = |path: &Path| {
        let mut recording = Recording::open(path).unwrap();
        assert_eq!(recording.wallet(), wallet);
        std::iter::from_fn(|| recording.read().unwrap()).collect::<Vec<_>>()
    };
    let all = records(&path);
    assert!(matches!(all[0], Record::Learnt(2, 1)));
    let [.., Record::Rest(first), Record::Snapshot { slot, changes }, Record::Rest(second)] = &all[..] else {
        panic!("{} records", all.len())
    };
    assert_eq!((first.len(), *slot), (3, chain.slot));
    let now = |address| (address, accounts.get(&address).cloned());
    assert_eq!(changes, &[now(new), now(other), (gone, None)]);
    let [two, one] = [2, 1].map(|byte| Pubkey::new_from_array([byte; 32]));
    assert_eq!(second, &[(two, Some((wallet, vec![7]))), (one, None)]);

    // A process was killed: complete records are read. A broken record is an error.
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - 7]).unwrap();
    assert_eq!(records(&path).len(), all.len() - 1);
    std::fs::write(&path, [&bytes[..48], &[77], &bytes[49..]].concat()).unwrap();
    assert!(Recording::open(&path).unwrap().read().is_err());
    std::fs::write(&path, [b"somethin", &bytes[8..]].concat()).unwrap();
    assert!(Recording::open(&path).is_err());
    std::fs::remove_file(&path).unwrap();
    let mut short = Recorder::create(&path, 100, &wallet).unwrap();
    short.event(&Event::Gap).unwrap();
    assert_eq!(short.rest(&rest).unwrap_err().kind(), std::io::ErrorKind::StorageFull);
    std::fs::remove_file(&path).unwrap();
}
