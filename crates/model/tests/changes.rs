//! Changing, replacing and cancelling orders.

mod common;

use common::check::check;
use common::{BOOK, BTC, DOLLAR, ONE, World, at_market, ioc, limit, waiting};
use kedge_model::Error;
use kedge_model::account::order::{Order, OrderKind, OrderParams, Side, flags};
use kedge_model::action::{ModifyParams, OrderFilter, change};
use kedge_model::quantity::{Base, Price, Size};

const BID: u64 = 1_990 * DOLLAR;

fn order(world: &World, account: usize, id: u32) -> Order {
    world.accounts[account].find(id).expect("an open order")
}

fn price(id: u32, price: u64) -> ModifyParams {
    ModifyParams { order_id: id, changes: change::PRICE, price: Price(price), ..ModifyParams::default() }
}

fn size(id: u32, size: u64) -> ModifyParams {
    ModifyParams { order_id: id, changes: change::SIZE, size: Size(size), ..ModifyParams::default() }
}

fn expiry(id: u32, at: i64) -> ModifyParams {
    let expires_at = u32::try_from(at).unwrap();
    ModifyParams { order_id: id, changes: change::EXPIRY, expires_at, ..ModifyParams::default() }
}

fn trigger(id: u32, price: u64) -> ModifyParams {
    ModifyParams { order_id: id, changes: change::TRIGGER, trigger_price: Price(price), ..ModifyParams::default() }
}

fn extent(id: u32, extent: u32) -> ModifyParams {
    ModifyParams { order_id: id, changes: change::EXTENT, extent, ..ModifyParams::default() }
}

// ---- changing

#[test]
fn an_order_keeps_its_ids_and_its_place_only_when_it_shrinks() {
    let mut world = World::funded(6, 100_000);
    let id = world.place(0, OrderParams { client_id: 77, ..limit(BOOK, Side::Long, 3 * ONE, BID) }).unwrap();
    let mut before = order(&world, 0, id);
    world.wait(2);
    let shrunk = world.modify(BOOK, 0, size(id, 2 * ONE)).unwrap();
    assert!(shrunk.kept_place);
    assert_eq!(order(&world, 0, id), Order { size: Size(2 * ONE), ..before });
    let later = world.clock.unix_time + 60;
    assert!(world.modify(BOOK, 0, expiry(id, later)).unwrap().kept_place);
    for params in [size(id, 4 * ONE), price(id, BID + DOLLAR), price(id, BID), extent(id, 1_000)] {
        before = order(&world, 0, id);
        world.wait(1);
        assert!(!world.modify(BOOK, 0, params).unwrap().kept_place);
        let after = order(&world, 0, id);
        assert!(after.seq > before.seq, "it goes behind what came since");
        assert_eq!(after.activation_slot, world.clock.slot);
        assert_eq!((after.id, after.client_id, after.filled), (id, 77, Size::ZERO));
    }
    assert_eq!(world.accounts[0].position(BOOK).open_bids, Size(4 * ONE));
    check(&mut world);
}

#[test]
fn a_size_stays_above_what_is_filled() {
    let mut world = World::funded(6, 100_000);
    let id = world.place(0, limit(BOOK, Side::Long, 3 * ONE, 2_000 * DOLLAR)).unwrap();
    let _ = world.take(2, ioc(BOOK, Side::Short, ONE, 2_000 * DOLLAR), &[0]).unwrap();
    assert_eq!(world.modify(BOOK, 0, size(id, ONE)).unwrap_err(), Error::SizeBelowFilled);
    assert_eq!(world.modify(BOOK, 0, size(id, ONE / 2)).unwrap_err(), Error::SizeBelowFilled);
    let step = world.markets[BOOK].step.0;
    let _ = world.modify(BOOK, 0, size(id, ONE + step)).unwrap();
    assert_eq!(order(&world, 0, id).remaining(), Ok(Size(step)));
    assert_eq!(world.accounts[0].position(BOOK).open_bids, Size(step));
    check(&mut world);
}

#[test]
fn more_risk_needs_margin_and_a_price_and_less_needs_neither() {
    let mut world = World::funded(6, 1_000);
    // 10x of 1,000 carries 5 at 2,000.
    let id = world.place(0, limit(BOOK, Side::Long, 4 * ONE, 2_000 * DOLLAR)).unwrap();
    assert_eq!(world.modify(BOOK, 0, size(id, 6 * ONE)).unwrap_err(), Error::InsufficientMargin);
    let _ = world.modify(BOOK, 0, size(id, 5 * ONE)).unwrap();
    world.wait(60);
    assert_eq!(world.modify(BOOK, 0, size(id, 5 * ONE + ONE / 10)).unwrap_err(), Error::StaleRow);
    let _ = world.modify(BOOK, 0, size(id, ONE)).unwrap();
    let _ = world.modify(BOOK, 0, price(id, 1_500 * DOLLAR)).unwrap();
    check(&mut world);
}

#[test]
fn a_running_auction_only_shrinks_and_expires() {
    let mut world = World::funded(6, 100_000);
    let id = world.place(0, at_market(BTC, Side::Long, ONE)).unwrap();
    let auction = order(&world, 0, id);
    assert_eq!(world.modify(BTC, 0, size(id, 2 * ONE)).unwrap_err(), Error::AuctionRunning);
    assert_eq!(world.modify(BTC, 0, price(id, 61_000 * DOLLAR)).unwrap_err(), Error::AuctionRunning);
    let _ = world.modify(BTC, 0, size(id, ONE / 2)).unwrap();
    assert_eq!(order(&world, 0, id), Order { size: Size(ONE / 2), ..auction });
    // Afterwards it may ask for more, and counts as placed then: no vAMM price from before will do.
    for _ in 0..10 {
        world.tick();
    }
    world.wait(1);
    let _ = world.modify(BTC, 0, size(id, ONE)).unwrap();
    let after = order(&world, 0, id);
    assert_eq!((after.activation_slot, after.auction_slots), (world.clock.slot, 0));
    assert_eq!(world.fill(BTC, 0, id, None, &[]).unwrap_err(), Error::NothingToFill);
    world.tick();
    assert_eq!(world.fill(BTC, 0, id, None, &[]).unwrap().matched.amm_size, Size(ONE));
    check(&mut world);
}

#[test]
fn a_post_only_order_moves_no_further_than_the_vamm() {
    let mut world = World::funded(2, 100_000);
    let post = OrderParams { flags: flags::POST_ONLY, ..limit(BTC, Side::Long, ONE / 10, 59_000 * DOLLAR) };
    let strict = world.place(0, post).unwrap();
    let slides = world.place(0, OrderParams { flags: post.flags | flags::SLIDE, ..post }).unwrap();
    assert_eq!(world.modify(BTC, 0, price(strict, 61_000 * DOLLAR)).unwrap_err(), Error::PostOnlyWouldCross);
    let _ = world.modify(BTC, 0, price(slides, 61_000 * DOLLAR)).unwrap();
    let row = world.board.market(0).unwrap().price;
    let touch = world.markets[BTC].amm.touch_on(Side::Long, &row).unwrap();
    let now = order(&world, 0, slides).price();
    assert!(now < touch && touch.0 - now.0 <= world.markets[BTC].tick.0);
    check(&mut world);
}

#[test]
fn an_order_that_waits_changes_its_trigger_and_its_limit() {
    let mut world = World::funded(6, 100_000);
    let _ = world.take(0, ioc(BTC, Side::Long, ONE / 10, 61_000 * DOLLAR), &[]).unwrap();
    let stop = waiting(BTC, OrderKind::StopMarket, Side::Short, ONE / 10, 58_000 * DOLLAR);
    let id = world.place(0, OrderParams { flags: flags::REDUCE_ONLY, ..stop }).unwrap();
    assert!(order(&world, 0, id).has(flags::NO_LIMIT));
    world.wait(1);
    assert!(!world.modify(BTC, 0, trigger(id, 59_000 * DOLLAR)).unwrap().kept_place);
    let _ = world.modify(BTC, 0, price(id, 57_000 * DOLLAR)).unwrap();
    let after = order(&world, 0, id);
    assert!(!after.has(flags::NO_LIMIT));
    assert_eq!((after.level(), after.activation_slot), (Price(59_000 * DOLLAR), world.clock.slot));
    assert_eq!(after.seq, 0, "what waits has no place in the queue");
    let _ = world.modify(BTC, 0, price(id, 0)).unwrap();
    assert!(order(&world, 0, id).has(flags::NO_LIMIT));
    let _ = world.modify(BTC, 0, size(id, ONE / 20)).unwrap();
    check(&mut world);
}

#[test]
fn what_an_order_has_not_cannot_change() {
    let mut world = World::funded(6, 100_000);
    let id = world.place(0, limit(BOOK, Side::Long, ONE, BID)).unwrap();
    let bad = |world: &mut World, params, error| assert_eq!(world.modify(BOOK, 0, params).unwrap_err(), error);
    bad(&mut world, trigger(id, BID), Error::InvalidOrder);
    bad(&mut world, price(id, 0), Error::InvalidOrder);
    bad(&mut world, price(id, BID + 1), Error::NotTickMultiple);
    bad(&mut world, size(id, ONE + 1), Error::NotStepMultiple);
    bad(&mut world, size(id, 1_000_000), Error::OrderTooSmall);
    bad(&mut world, extent(id, 1_000), Error::InvalidOrder);
    bad(&mut world, extent(id, 9), Error::OrderTooSmall);
    bad(&mut world, ModifyParams { changes: 0, ..price(id, BID) }, Error::InvalidOrder);
    bad(&mut world, ModifyParams { changes: 0xff, ..price(id, BID) }, Error::InvalidOrder);
    let past = world.clock.unix_time;
    bad(&mut world, expiry(id, past), Error::OrderExpired);
    bad(&mut world, price(id + 1, BID), Error::OrderNotFound);
    assert_eq!(world.modify(BTC, 0, price(id, BID)).unwrap_err(), Error::WrongMarket);
    let _ = world.modify(BOOK, 0, expiry(id, past + 5)).unwrap();
    world.wait(5);
    bad(&mut world, expiry(id, past + 50), Error::OrderExpired);
}

#[test]
fn a_twap_changes_its_expiry_alone() {
    let mut world = World::funded(6, 100_000);
    let twap = OrderParams { kind: OrderKind::Twap as u8, extent: 100, link: 10, ..limit(BOOK, Side::Long, ONE, 0) };
    let id = world.place(0, twap).unwrap();
    for params in [size(id, 2 * ONE), price(id, BID), extent(id, 50)] {
        assert_eq!(world.modify(BOOK, 0, params).unwrap_err(), Error::InvalidOrder);
    }
    let later = world.clock.unix_time + 600;
    let _ = world.modify(BOOK, 0, expiry(id, later)).unwrap();
    check(&mut world);
}

// ---- replacing

#[test]
fn quotes_move_in_one_step_without_margin_for_both() {
    let mut world = World::funded(6, 1_000);
    let id = world.place(0, limit(BOOK, Side::Long, 4 * ONE, 1_990 * DOLLAR)).unwrap();
    let moved = limit(BOOK, Side::Long, 4 * ONE, 1_995 * DOLLAR);
    assert_eq!(world.place(0, moved).unwrap_err(), Error::InsufficientMargin);
    let report = world.replace(BOOK, 0, &[id], &[moved], true).unwrap();
    assert_eq!((report.cancelled, report.count), (1, 1));
    // With a stale price, too, while nothing is added.
    world.wait(60);
    let report = world.replace(BOOK, 0, &[report.first_id], &[moved], true).unwrap();
    let more = limit(BOOK, Side::Long, 4 * ONE + ONE / 2, 1_995 * DOLLAR);
    assert_eq!(world.replace(BOOK, 0, &[report.first_id], &[more], true).unwrap_err(), Error::StaleRow);
    world.tick();
    let _ = world.replace(BOOK, 0, &[report.first_id], &[more], true).unwrap();
    let too_much = limit(BOOK, Side::Long, 6 * ONE, 1_995 * DOLLAR);
    assert_eq!(world.replace(BOOK, 0, &[], &[too_much], true).unwrap_err(), Error::InsufficientMargin);
    check(&mut world);
}

#[test]
fn what_is_gone_is_passed_over_or_refused() {
    let mut world = World::funded(6, 100_000);
    let id = world.place(0, limit(BOOK, Side::Long, ONE, BID)).unwrap();
    let other = world.place(0, limit(BTC, Side::Long, ONE / 10, 59_000 * DOLLAR)).unwrap();
    let quote = limit(BOOK, Side::Short, ONE, 2_010 * DOLLAR);
    assert_eq!(world.replace(BOOK, 0, &[id, 99], &[quote], true).unwrap_err(), Error::OrderNotFound);
    assert_eq!(world.replace(BOOK, 0, &[other], &[quote], false).unwrap_err(), Error::WrongMarket);
    let now = OrderParams { flags: flags::IMMEDIATE_OR_CANCEL, ..quote };
    assert_eq!(world.replace(BOOK, 0, &[id], &[now], false).unwrap_err(), Error::InvalidOrder);
    let report = world.replace(BOOK, 0, &[id, 99], &[quote, quote], false).unwrap();
    assert_eq!((report.cancelled, report.count), (1, 2));
    assert_eq!(world.accounts[0].position(BOOK).open_asks, Size(2 * ONE));
    // Cancelling alone frees the market's slot.
    let ids = [report.first_id, report.first_id + 1];
    let _ = world.replace(BOOK, 0, &ids, &[], true).unwrap();
    assert!(world.accounts[0].head.positions.iter().filter(|p| p.is_used()).all(|p| p.market == 0));
    check(&mut world);
}

// ---- cancelling

#[test]
fn a_filter_takes_what_fits_all_of_it() {
    let mut world = World::funded(6, 100_000);
    let named = OrderParams { client_id: 5, ..limit(BOOK, Side::Long, ONE, BID) };
    let ids = [
        world.place(0, named).unwrap(),
        world.place(0, limit(BOOK, Side::Long, ONE, BID)).unwrap(),
        world.place(0, limit(BOOK, Side::Short, ONE, 2_010 * DOLLAR)).unwrap(),
        world.place(0, limit(BTC, Side::Long, ONE / 10, 59_000 * DOLLAR)).unwrap(),
        world.place(0, limit(BTC, Side::Short, ONE / 10, 61_000 * DOLLAR)).unwrap(),
    ];
    let left = |filter: OrderFilter, only: &[u32]| {
        let mut copy = world.clone();
        let cancelled = copy.cancel_orders(0, filter, only).unwrap();
        check(&mut copy);
        let left: Vec<u32> = copy.accounts[0].open().map(|order| order.id).collect();
        assert_eq!(left.len() + usize::try_from(cancelled).unwrap(), 5);
        left
    };
    let (any, market) = (OrderFilter::ANY, OrderFilter { market: 2, ..OrderFilter::ANY });
    let longs = OrderFilter { side: Side::Long as u8, ..any };
    assert_eq!(left(any, &[]), []);
    assert_eq!(left(market, &[]), ids[3..]);
    assert_eq!(left(longs, &[]), [ids[2], ids[4]]);
    assert_eq!(left(OrderFilter { side: Side::Short as u8, ..market }, &[]), [ids[0], ids[1], ids[3], ids[4]]);
    assert_eq!(left(OrderFilter { client_id: 5, ..any }, &[]), ids[1..]);
    assert_eq!(left(OrderFilter { client_id: 6, ..any }, &[]), ids);
    assert_eq!(left(any, &[ids[4], ids[1], 99]), [ids[0], ids[2], ids[3]]);
    assert_eq!(left(longs, &[ids[4], ids[1]]), [ids[0], ids[2], ids[3], ids[4]]);
    for bad in [OrderFilter { side: 3, ..any }, OrderFilter { padding: [1; 5], ..any }] {
        assert_eq!(world.cancel_orders(0, bad, &[]).unwrap_err(), Error::InvalidOrder);
    }
    let _ = world.cancel_orders(0, any, &[]).unwrap();
    assert_eq!(world.cancel_orders(0, any, &[]), Ok(0), "nothing is fine");
    assert!(world.accounts[0].head.positions.iter().all(|position| !position.is_used()));
    assert_eq!(world.accounts[0].position(BOOK).base, Base::ZERO);
}

#[test]
fn each_kind_changes_what_it_has() {
    let mut world = World::funded(6, 100_000);
    let _ = world.take(0, ioc(BTC, Side::Long, ONE / 10, 61_000 * DOLLAR), &[]).unwrap();
    let stop = waiting(BTC, OrderKind::StopMarket, Side::Short, ONE / 10, 58_000 * DOLLAR);
    let trails = OrderParams { kind: OrderKind::TrailingStop as u8, extent: 1_000, ..stop };
    let limited = waiting(BTC, OrderKind::StopLimit, Side::Short, ONE / 10, 58_000 * DOLLAR);
    let [stop, trails, limited] = [stop, trails, limited].map(|params| world.place(0, params).unwrap());
    let open = world.place(2, at_market(BTC, Side::Long, ONE / 10)).unwrap();
    let mut did = |account, params| world.modify(BTC, account, params).map(|report| report.order);
    for (distance, good) in [(99, false), (100, true), (200_000, true), (200_001, false), (1_000, true)] {
        assert_eq!(did(0, extent(trails, distance)).is_ok(), good, "{distance}");
    }
    // A distance is no part of a size: a thousand steps would be all of it.
    assert_eq!(did(0, size(trails, ONE / 20)).unwrap().size, Size(ONE / 20));
    for (account, params) in [(0, extent(stop, 1_000)), (2, extent(open, 10)), (2, price(open, 0))] {
        assert_eq!(did(account, params), Err(Error::InvalidOrder), "{params:?}");
    }
    assert_eq!(did(0, price(limited, 0)), Err(Error::InvalidOrder), "it rests once it is triggered");
    // What has no limit has none afterwards.
    assert!(did(0, price(stop, 0)).unwrap().has(flags::NO_LIMIT));
    check(&mut world);
}

#[test]
fn a_part_is_judged_when_it_or_the_size_changes() {
    let mut world = World::funded(2, 100_000);
    let ice = OrderParams { extent: 1_000, ..limit(BOOK, Side::Long, 4 * ONE, BID) };
    let id = world.place(0, ice).unwrap();
    let both = |extent, units| ModifyParams { extent, changes: change::EXTENT | change::SIZE, ..size(id, units * ONE) };
    assert_eq!(world.modify(BOOK, 0, both(2_000, 2)).unwrap_err(), Error::InvalidOrder);
    assert_eq!(world.modify(BOOK, 0, both(9, 2)).unwrap_err(), Error::OrderTooSmall);
    assert_eq!(world.modify(BOOK, 0, both(10, 2)).unwrap().order.extent, 10, "as much as the smallest order");
    // A rule that came since holds up no other change.
    world.markets[BOOK].min_order = Size(ONE);
    assert_eq!(world.modify(BOOK, 0, size(id, 3 * ONE)).unwrap_err(), Error::OrderTooSmall);
    let _ = world.modify(BOOK, 0, price(id, BID - DOLLAR)).unwrap();
    check(&mut world);
}

#[test]
fn a_distance_to_the_oracle_has_an_end() {
    let mut world = World::funded(2, 100_000);
    world.markets[BOOK].tick = Price(16);
    let far = -(1i64 << 62);
    let at = |distance: i64| distance.cast_unsigned();
    let bid = |distance| OrderParams { flags: flags::OFFSET, ..limit(BOOK, Side::Long, ONE, at(distance)) };
    assert_eq!(world.place(0, bid(far - 16)), Err(Error::InvalidOrder));
    world.place(0, bid(far)).unwrap();
    let id = world.place(0, bid(-32)).unwrap();
    assert_eq!(world.modify(BOOK, 0, price(id, at(far - 16))).unwrap_err(), Error::InvalidOrder);
    for distance in [far, -16] {
        assert_eq!(world.modify(BOOK, 0, price(id, at(distance))).unwrap().order.offset(), distance);
    }
}
