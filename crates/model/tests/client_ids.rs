//! A client id is good for one order: against a memory that is kept beside, in random sessions on a small sub-account.

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::check::check;
use common::{BOOK, DOLLAR, ONE, World, ioc, leg, limit, waiting};
use kedge_model::Error;
use kedge_model::account::client_id::{MAX_SECONDS, TIMED, good_until, timed};
use kedge_model::account::order::{OrderKind, OrderParams, Side};
use kedge_model::action::{ModifyParams, change};
use kedge_model::quantity::{Price, Size};
use proptest::prelude::*;

const BID: u64 = 1_990 * DOLLAR;
const SLOTS: usize = 5;

fn named(client_id: u64, price: u64) -> OrderParams {
    OrderParams { client_id, ..limit(BOOK, Side::Long, ONE / 10, price) }
}

fn world() -> World {
    let mut world = World::funded(4, 1_000_000);
    world.accounts[0].orders.truncate(SLOTS);
    world.place(2, limit(BOOK, Side::Short, 50 * ONE, 2_000 * DOLLAR)).unwrap();
    world
}

fn now(world: &World) -> u32 {
    u32::try_from(world.clock.unix_time).unwrap()
}

/// What the sub-account should remember.
#[derive(Clone, Default)]
struct Memory {
    /// Client ids of open orders, 0 for none, by the orders' own ids.
    open: BTreeMap<u32, u64>,
    /// Client ids of orders that have ended.
    ended: BTreeMap<u32, u64>,
    /// All that were ever placed.
    ever: BTreeSet<u64>,
}

impl Memory {
    /// What placing an order gives; takes note of it.
    fn place(&mut self, id: u32, client_id: u64, now: u32) -> Result<(), Error> {
        let known = |orders: &BTreeMap<u32, u64>| orders.values().any(|known| *known == client_id);
        if client_id != 0 && (known(&self.open) || known(&self.ended)) {
            return Err(Error::DuplicateClientId);
        }
        match good_until(client_id) {
            Some(until) if until < now => return Err(Error::ClientIdExpired),
            Some(until) if until > now + MAX_SECONDS => return Err(Error::ClientIdTooFar),
            _ => {}
        }
        if self.open.len() == SLOTS {
            return Err(Error::NoOrderSlot);
        }
        if self.open.len() + self.ended.len() == SLOTS {
            let oldest = self.ended.iter().find(|(_, held)| good_until(**held).is_none_or(|until| until < now));
            let oldest = *oldest.ok_or(Error::ClientIdsHeld)?.0;
            self.ended.remove(&oldest);
        }
        self.open.insert(id, client_id);
        let first = self.ever.insert(client_id);
        assert!(first || good_until(client_id).is_none(), "{client_id} was placed before");
        Ok(())
    }

    /// Takes note of the orders that are open no more.
    fn see(&mut self, world: &World) {
        let open = std::mem::take(&mut self.open);
        for (id, client_id) in open {
            if world.accounts[0].find(id).is_some() {
                self.open.insert(id, client_id);
            } else if client_id != 0 {
                self.ended.insert(id, client_id);
            }
        }
        assert_eq!(self.open.len(), world.accounts[0].open().count());
    }
}

#[derive(Clone, Debug)]
enum Op {
    /// Places bids of these ids in one instruction.
    Place(Vec<u64>),
    /// Takes and does not rest: filled, or cancelled unfilled.
    Take(u64, bool),
    /// A waiting order, and a bid with a leg.
    Stop(u64),
    Bracket(u64, u64),
    Cancel(usize),
    Replace(usize, u64),
    Modify(usize),
    /// Somebody sells into the bids.
    Fill,
    Wait(u64),
}

/// Ids that meet each other: of counters, of chance, and timed ones around now, whose distances are set when they are used.
fn id() -> impl Strategy<Value = u64> {
    prop_oneof![2 => Just(0u64), 4 => 1u64..9, 1 => 0..TIMED, 5 => (0u64..8, 0u64..3).prop_map(|(at, own)| TIMED | at << 16 | own)]
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => prop::collection::vec(id(), 1..4).prop_map(Op::Place),
        4 => (id(), any::<bool>()).prop_map(|(id, fills)| Op::Take(id, fills)),
        2 => id().prop_map(Op::Stop),
        2 => (id(), id()).prop_map(|(entry, leg)| Op::Bracket(entry, leg)),
        4 => (0usize..SLOTS).prop_map(Op::Cancel),
        3 => (0usize..SLOTS, id()).prop_map(|(nth, id)| Op::Replace(nth, id)),
        1 => (0usize..SLOTS).prop_map(Op::Modify),
        2 => Just(Op::Fill),
        3 => (1u64..60).prop_map(Op::Wait),
    ]
}

/// Timed ids of a few moments around now: they come again, and each in its turn is too early, good and too late.
fn dated(world: &World, id: u64) -> u64 {
    let Some(at) = good_until(id) else { return id };
    let moment = (now(world) / 100 + at).saturating_sub(2) * 100;
    timed(moment, id as u16)
}

fn step(world: &mut World, memory: &mut Memory, op: &Op) -> Option<Result<(), Error>> {
    let nth = |world: &World, nth: usize| world.accounts[0].open().nth(nth).map(|order| order.id);
    let mut expected = memory.clone();
    let mut first = world.accounts[0].head.next_order_id.max(1);
    let mut note = |expected: &mut Memory, world: &World, ids: &[u64]| {
        ids.iter().try_for_each(|id| {
            let done = expected.place(first, *id, now(world));
            first += 1;
            done
        })
    };
    let (wanted, done) = match op {
        Op::Place(ids) => {
            let ids: Vec<u64> = ids.iter().map(|id| dated(world, *id)).collect();
            let orders: Vec<OrderParams> = ids.iter().map(|id| named(*id, BID)).collect();
            (note(&mut expected, world, &ids), world.place_all(0, &orders).map(drop))
        }
        Op::Take(id, fills) => {
            let id = dated(world, *id);
            let price = if *fills { 2_000 * DOLLAR } else { BID };
            let order = OrderParams { client_id: id, ..ioc(BOOK, Side::Long, ONE / 10, price) };
            (note(&mut expected, world, &[id]), world.take(0, order, &[2]).map(drop))
        }
        Op::Stop(id) => {
            let id = dated(world, *id);
            let stop = waiting(BOOK, OrderKind::StopMarket, Side::Long, ONE / 10, 2_500 * DOLLAR);
            (note(&mut expected, world, &[id]), world.place(0, OrderParams { client_id: id, ..stop }).map(drop))
        }
        Op::Bracket(entry, exit) => {
            let (entry, exit) = (dated(world, *entry), dated(world, *exit));
            let stop = leg(waiting(BOOK, OrderKind::StopMarket, Side::Short, 0, 1_500 * DOLLAR));
            let orders = [named(entry, BID), OrderParams { client_id: exit, ..stop }];
            (note(&mut expected, world, &[entry, exit]), world.place_all(0, &orders).map(drop))
        }
        Op::Replace(at, id) => {
            let (old, id) = (nth(world, *at)?, dated(world, *id));
            // Only the cancelling, to see what it ends.
            let mut copy = world.clone();
            let _ = copy.replace(BOOK, 0, &[old], &[], true).unwrap();
            expected.see(&copy);
            let wanted = note(&mut expected, world, &[id]);
            (wanted, world.replace(BOOK, 0, &[old], &[named(id, BID)], true).map(drop))
        }
        Op::Cancel(at) => {
            let order = nth(world, *at)?;
            world.cancel_orders(0, kedge_model::action::OrderFilter::ANY, &[order]).unwrap();
            (Ok(()), Ok(()))
        }
        Op::Modify(at) => {
            let order_id = nth(world, *at)?;
            let changes = change::EXPIRY;
            let params = ModifyParams { order_id, expires_at: now(world) + 900, changes, ..ModifyParams::default() };
            (Ok(()), world.modify(BOOK, 0, params).map(drop))
        }
        Op::Fill => {
            let _ = world.take(3, ioc(BOOK, Side::Short, ONE / 4, BID), &[0]).unwrap();
            (Ok(()), Ok(()))
        }
        Op::Wait(seconds) => {
            world.wait(*seconds);
            world.tick();
            (Ok(()), Ok(()))
        }
    };
    let placing = !matches!(op, Op::Cancel(_) | Op::Modify(_) | Op::Fill | Op::Wait(_));
    assert_eq!(done, wanted, "{op:?} at {}", now(world));
    if done.is_ok() {
        *memory = expected;
    }
    memory.see(world);
    placing.then_some(done)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_two_orders_with_one_id_while_it_is_known(ops in prop::collection::vec(op(), 1..80)) {
        let (mut world, mut memory) = (world(), Memory::default());
        for op in &ops {
            let _ = step(&mut world, &mut memory, op);
            world.accounts[0].borrow().invariant().unwrap();
        }
        check(&mut world);
    }
}

#[test]
fn an_id_is_not_good_again_however_its_order_ended() {
    let mut world = world();
    let again = |world: &mut World, id: u64| {
        assert_eq!(world.place(0, named(id, BID)).unwrap_err(), Error::DuplicateClientId, "{id:x}");
        let order = OrderParams { client_id: id, ..ioc(BOOK, Side::Long, ONE / 10, BID) };
        assert_eq!(world.take(0, order, &[2]).unwrap_err(), Error::DuplicateClientId);
        let stop = waiting(BOOK, OrderKind::StopMarket, Side::Long, ONE / 10, 2_500 * DOLLAR);
        let stop = OrderParams { client_id: id, ..stop };
        assert_eq!(world.place(0, stop).unwrap_err(), Error::DuplicateClientId);
    };
    assert_eq!(world.place_all(0, &[named(7, BID), named(7, BID)]).unwrap_err(), Error::DuplicateClientId, "at once");
    let open = world.place(0, named(7, BID)).unwrap();
    again(&mut world, 7);
    world.cancel_orders(0, kedge_model::action::OrderFilter::ANY, &[open]).unwrap();
    again(&mut world, 7);
    let filled = OrderParams { client_id: 8, ..ioc(BOOK, Side::Long, ONE / 10, 2_000 * DOLLAR) };
    assert_eq!(world.take(0, filled, &[2]).unwrap().matched.size, Size(ONE / 10));
    again(&mut world, 8);
    let unfilled = OrderParams { client_id: 9, ..ioc(BOOK, Side::Long, ONE / 10, BID) };
    assert_eq!(world.take(0, unfilled, &[2]).unwrap().matched.size, Size::ZERO);
    again(&mut world, 9);
    let expires_at = now(&world) + 5;
    world.place(0, OrderParams { expires_at, ..named(10, BID) }).unwrap();
    world.wait(10);
    world.tick();
    let _ = world.expire(BOOK, 0, &[], None).unwrap();
    again(&mut world, 10);
    // A refused order took nothing.
    let small = OrderParams { size: Size(1), ..named(11, BID) };
    assert_eq!(world.place(0, small).unwrap_err(), Error::OrderTooSmall);
    let kept = world.place(0, named(11, BID)).unwrap();
    // Replacing is a new order with a new id; changing keeps it.
    assert_eq!(world.replace(BOOK, 0, &[kept], &[named(11, BID)], true).unwrap_err(), Error::DuplicateClientId);
    let price =
        ModifyParams { order_id: kept, price: Price(BID - DOLLAR), changes: change::PRICE, ..Default::default() };
    let _ = world.modify(BOOK, 0, price).unwrap();
    assert_eq!(world.accounts[0].find(kept).unwrap().client_id, 11);
    // Four have ended and one is open: the next takes the place of the oldest, and of one without an id nothing is kept.
    let plain = world.place(0, named(0, BID)).unwrap();
    world.cancel_orders(0, kedge_model::action::OrderFilter::ANY, &[plain]).unwrap();
    world.place(0, named(0, BID)).unwrap();
    for id in [8, 9, 10] {
        again(&mut world, id);
    }
    world.place(0, named(7, BID)).expect("forgotten: the sub-account has no room for its memory");
    check(&mut world);
}

#[test]
fn what_a_timed_id_names_is_placed_once_ever() {
    let mut world = world();
    let until = now(&world) + MAX_SECONDS;
    assert_eq!((good_until(timed(until, 3)), good_until(TIMED - 1)), (Some(until), None));
    assert_eq!(world.place(0, named(timed(until + 1, 0), BID)).unwrap_err(), Error::ClientIdTooFar);
    assert_eq!(world.place(0, named(u64::MAX, BID)).unwrap_err(), Error::ClientIdTooFar);
    assert_eq!(world.place(0, named(timed(now(&world) - 1, 0), BID)).unwrap_err(), Error::ClientIdExpired);
    // However many orders follow, it is known for as long as it is good.
    for own in 0..SLOTS as u16 {
        let id = world.place(0, named(timed(until, own), BID)).unwrap();
        world.cancel_orders(0, kedge_model::action::OrderFilter::ANY, &[id]).unwrap();
    }
    for _ in 0..20 {
        for own in 0..SLOTS as u16 {
            assert_eq!(world.place(0, named(timed(until, own), BID)).unwrap_err(), Error::DuplicateClientId);
        }
        assert_eq!(world.place(0, named(timed(until, 99), BID)).unwrap_err(), Error::ClientIdsHeld);
        assert_eq!(
            world.place(0, named(0, BID)).unwrap_err(),
            Error::ClientIdsHeld,
            "nor does one without an id push out"
        );
        world.wait(14);
        world.tick();
    }
    // In its last second it is still known, and from then on it is too late for it.
    assert_eq!(now(&world), until);
    assert_eq!(world.place(0, named(timed(until, 0), BID)).unwrap_err(), Error::DuplicateClientId);
    world.tick();
    for own in 0..SLOTS as u16 {
        world.place(0, named(timed(until + 100, own), BID)).unwrap();
        assert_eq!(world.place(0, named(timed(until, own), BID)).unwrap_err(), Error::ClientIdExpired);
    }
    assert_eq!(world.place(0, named(1, BID)).unwrap_err(), Error::NoOrderSlot);
    check(&mut world);
}
