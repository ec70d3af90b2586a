//! What an order can ask for: distance to the oracle, parts, all or nothing, sliding.

mod common;

use common::check::check;
use common::{BOOK, BTC, DOLLAR, ONE, World, at_market, ioc, limit, with};
use kedge_model::Error;
use kedge_model::account::order::{Order, OrderParams, Side, flags};
use kedge_model::action::PlaceAndTake;
use kedge_model::quantity::{Base, Price, Size};

/// A limit order at a distance from the oracle.
fn offset(market: usize, side: Side, size: u64, distance: i64) -> OrderParams {
    with(flags::OFFSET, limit(market, side, size, distance.cast_unsigned()))
}

/// A limit order that shows so many steps.
fn iceberg(market: usize, side: Side, size: u64, price: u64, steps: u32) -> OrderParams {
    OrderParams { extent: steps, ..limit(market, side, size, price) }
}

fn order(world: &World, account: usize, id: u32) -> Order {
    world.accounts[account].find(id).expect("an open order")
}

fn base(world: &World, account: usize) -> Base {
    world.accounts[account].position(BOOK).base
}

// ---- distance to the oracle

#[test]
fn an_order_at_a_distance_follows_the_oracle() {
    let mut world = World::funded(6, 100_000);
    let id = world.place(0, offset(BOOK, Side::Short, ONE, 5 * DOLLAR as i64)).unwrap();
    assert_eq!(order(&world, 0, id).offset(), 5 * DOLLAR as i64);
    let missed = world.take(2, ioc(BOOK, Side::Long, ONE / 2, 2_004 * DOLLAR), &[0]).unwrap();
    assert_eq!(missed.matched.size, Size::ZERO);
    let taken = world.take(2, ioc(BOOK, Side::Long, ONE / 2, 2_010 * DOLLAR), &[0]).unwrap();
    assert_eq!(taken.matched.quote.0, 2_005 * DOLLAR / 2);
    world.drive(BOOK, 2_050 * DOLLAR);
    let missed = world.take(2, ioc(BOOK, Side::Long, ONE / 2, 2_050 * DOLLAR), &[0]).unwrap();
    assert_eq!(missed.matched.size, Size::ZERO);
    let taken = world.take(2, ioc(BOOK, Side::Long, ONE / 2, 2_060 * DOLLAR), &[0]).unwrap();
    assert_eq!(taken.matched.quote.0, 2_055 * DOLLAR / 2);
    check(&mut world);
}

#[test]
fn orders_at_a_price_and_at_a_distance_queue_by_what_they_come_to() {
    let mut world = World::funded(6, 100_000);
    world.place(0, limit(BOOK, Side::Short, ONE, 2_003 * DOLLAR)).unwrap();
    world.place(2, offset(BOOK, Side::Short, ONE, 2 * DOLLAR as i64)).unwrap();
    world.place(3, offset(BOOK, Side::Short, ONE, 3 * DOLLAR as i64)).unwrap();
    let taken = world.take(4, ioc(BOOK, Side::Long, ONE * 5 / 2, 2_010 * DOLLAR), &[0, 2, 3]).unwrap();
    assert_eq!(taken.matched.size, Size(ONE * 5 / 2));
    assert_eq!(base(&world, 2), Base(-(ONE as i64)), "the nearest is filled in full");
    assert_eq!(base(&world, 0), Base(-(ONE as i64)), "of two at one price the older comes first");
    assert_eq!(base(&world, 3), Base(-(ONE as i64) / 2));
    check(&mut world);
}

#[test]
fn an_order_at_a_distance_takes_at_the_oracle_of_the_moment() {
    let mut world = World::funded(6, 100_000);
    world.place(0, limit(BOOK, Side::Short, ONE, 2_001 * DOLLAR)).unwrap();
    let below = with(flags::IMMEDIATE_OR_CANCEL, offset(BOOK, Side::Long, ONE, 0));
    assert_eq!(world.take(2, below, &[0]).unwrap().matched.size, Size::ZERO);
    let above = with(flags::IMMEDIATE_OR_CANCEL, offset(BOOK, Side::Long, ONE, DOLLAR as i64));
    assert_eq!(world.take(2, above, &[0]).unwrap().matched.size, Size(ONE));
    // Resting, it is filled as a taker too.
    let rests = world.place(4, offset(BOOK, Side::Long, ONE, -(DOLLAR as i64))).unwrap();
    world.place(0, limit(BOOK, Side::Short, ONE, 1_999 * DOLLAR)).unwrap();
    assert_eq!(world.fill(BOOK, 4, rests, None, &[0]).unwrap_err(), Error::NothingToFill, "the younger is the taker");
    let younger = world.accounts[0].open().next().unwrap().id;
    assert_eq!(world.fill(BOOK, 0, younger, None, &[4]).unwrap().matched.size, Size(ONE));
    check(&mut world);
}

#[test]
fn nobody_trades_at_a_distance_to_a_price_that_opens_no_risk() {
    let mut world = World::funded(6, 100_000);
    world.place(0, limit(BOOK, Side::Short, ONE, 2_000 * DOLLAR)).unwrap();
    let _ = world.take(2, ioc(BOOK, Side::Long, ONE, 2_000 * DOLLAR), &[0]).unwrap();
    let quote = world.place(4, offset(BOOK, Side::Long, ONE, 0)).unwrap();
    world.place(4, limit(BOOK, Side::Long, ONE, 1_999 * DOLLAR)).unwrap();
    // One source of two is gone: what reduces may still trade.
    world.lose_a_source(BOOK, 2_000 * DOLLAR);
    let close = with(flags::REDUCE_ONLY, ioc(BOOK, Side::Short, ONE, 1_990 * DOLLAR));
    let taken = world.take(2, close, &[4]).unwrap().matched;
    assert_eq!((taken.size, taken.passed_over), (Size(0), 1), "the plain bid would open risk");
    let close = with(flags::REDUCE_ONLY | flags::OFFSET | flags::IMMEDIATE_OR_CANCEL, limit(BOOK, Side::Short, ONE, 0));
    assert_eq!(world.take(2, close, &[4]).unwrap_err(), Error::RowStateForbids);
    assert_eq!(world.fill(BOOK, 4, quote, None, &[]).unwrap_err(), Error::RowStateForbids);
}

#[test]
fn a_distance_has_its_form() {
    let mut world = World::funded(2, 100_000);
    let bad = |world: &mut World, params, error| assert_eq!(world.place(0, params).unwrap_err(), error);
    bad(&mut world, offset(BOOK, Side::Long, ONE, 5_001), Error::NotTickMultiple);
    bad(&mut world, offset(BOOK, Side::Long, ONE, -5_001), Error::NotTickMultiple);
    bad(&mut world, offset(BOOK, Side::Long, ONE, i64::MIN), Error::InvalidOrder);
    bad(&mut world, with(flags::OFFSET, at_market(BOOK, Side::Long, ONE)), Error::InvalidOrder);
    let auction = OrderParams {
        auction_ms: 4_000,
        auction_start: Price(1_990 * DOLLAR),
        auction_end: Price(2_000 * DOLLAR),
        ..offset(BOOK, Side::Long, ONE, 0)
    };
    bad(&mut world, auction, Error::InvalidOrder);
    world.place(0, offset(BOOK, Side::Long, ONE, -20_000)).unwrap();
}

// ---- parts

#[test]
fn an_iceberg_shows_a_part_and_goes_behind_its_price_with_the_next() {
    let mut world = World::funded(6, 100_000);
    // Steps of 0.001: it shows 1 of 4.
    let ice = world.place(0, iceberg(BOOK, Side::Short, 4 * ONE, 2_000 * DOLLAR, 1_000)).unwrap();
    let plain = world.place(2, limit(BOOK, Side::Short, 2 * ONE, 2_000 * DOLLAR)).unwrap();
    let seq = order(&world, 0, ice).seq;
    let _ = world.take(4, ioc(BOOK, Side::Long, ONE / 2, 2_000 * DOLLAR), &[0, 2]).unwrap();
    assert_eq!(order(&world, 0, ice).seq, seq, "the part is not used up");
    let _ = world.take(4, ioc(BOOK, Side::Long, ONE, 2_000 * DOLLAR), &[0, 2]).unwrap();
    assert_eq!(order(&world, 0, ice).filled, Size(ONE), "half a unit of its part was left");
    assert_eq!(order(&world, 2, plain).filled, Size(ONE / 2), "then the next at the price came");
    assert!(order(&world, 0, ice).seq > order(&world, 2, plain).seq);
    // The rest of the plain order, then part after part in one run.
    let taken = world.take(4, ioc(BOOK, Side::Long, 4 * ONE, 2_000 * DOLLAR), &[0, 2]).unwrap();
    assert_eq!((taken.matched.size, taken.matched.fills), (Size(4 * ONE), 4));
    assert!(world.accounts[2].find(plain).is_none());
    assert_eq!(order(&world, 0, ice).filled, Size(ONE * 7 / 2));
    check(&mut world);
}

#[test]
fn the_next_part_comes_before_a_worse_price() {
    let mut world = World::funded(6, 100_000);
    world.place(0, iceberg(BOOK, Side::Short, 3 * ONE, 2_000 * DOLLAR, 1_000)).unwrap();
    world.place(2, limit(BOOK, Side::Short, 3 * ONE, 2_001 * DOLLAR)).unwrap();
    let taken = world.take(4, ioc(BOOK, Side::Long, 3 * ONE, 2_010 * DOLLAR), &[2, 0]).unwrap();
    assert_eq!(taken.matched.quote.0, 6_000 * DOLLAR);
    check(&mut world);
}

#[test]
fn parts_come_back_so_often_in_one_run_and_no_more() {
    let mut world = World::funded(6, 100_000);
    world.place(0, iceberg(BOOK, Side::Short, 10 * ONE, 2_000 * DOLLAR, 1_000)).unwrap();
    let taken = world.take(4, ioc(BOOK, Side::Long, 10 * ONE, 2_000 * DOLLAR), &[0]).unwrap();
    assert_eq!(taken.matched.size, Size(5 * ONE), "one visit and four returns");
    check(&mut world);
}

#[test]
fn an_iceberg_has_its_form() {
    let mut world = World::funded(2, 100_000);
    let bad = |world: &mut World, params, error| assert_eq!(world.place(0, params).unwrap_err(), error);
    bad(&mut world, iceberg(BOOK, Side::Long, ONE, 1_990 * DOLLAR, 1_000), Error::InvalidOrder);
    bad(&mut world, iceberg(BOOK, Side::Long, ONE, 1_990 * DOLLAR, 9), Error::OrderTooSmall);
    bad(&mut world, OrderParams { extent: 100, ..at_market(BOOK, Side::Long, ONE) }, Error::InvalidOrder);
    let now = with(flags::IMMEDIATE_OR_CANCEL, iceberg(BOOK, Side::Long, ONE, 1_990 * DOLLAR, 100));
    assert_eq!(world.take(0, now, &[]).unwrap_err(), Error::InvalidOrder);
    world.place(0, iceberg(BOOK, Side::Long, ONE, 1_990 * DOLLAR, 999)).unwrap();
}

// ---- all or nothing

#[test]
fn fill_or_kill_is_all_or_nothing() {
    let mut world = World::funded(6, 100_000);
    world.place(2, limit(BOOK, Side::Short, ONE, 2_000 * DOLLAR)).unwrap();
    let all = |size| with(flags::FILL_OR_KILL, limit(BOOK, Side::Long, size, 2_000 * DOLLAR));
    assert_eq!(world.take(0, all(ONE + ONE / 10), &[2]).unwrap_err(), Error::FillTooSmall);
    assert_eq!(world.place(0, all(ONE)).unwrap_err(), Error::InvalidOrder, "placing has nothing to fill with");
    let both = with(flags::IMMEDIATE_OR_CANCEL, all(ONE));
    assert_eq!(world.take(0, both, &[2]).unwrap_err(), Error::InvalidOrder);
    assert_eq!(world.take(0, all(ONE), &[2]).unwrap().matched.size, Size(ONE));
    // At the market as well.
    let amm = with(flags::FILL_OR_KILL, at_market(BTC, Side::Long, ONE / 10));
    assert_eq!(world.take(0, amm, &[]).unwrap().matched.amm_size, Size(ONE / 10));
    check(&mut world);
}

#[test]
fn a_smallest_fill_is_kept_to() {
    let mut world = World::funded(6, 100_000);
    world.place(2, limit(BOOK, Side::Short, ONE, 2_000 * DOLLAR)).unwrap();
    let mut take = |least: u64| {
        let refs = world.maker_refs(BOOK, &[2]);
        let order = ioc(BOOK, Side::Long, 2 * ONE, 2_000 * DOLLAR);
        world.on_market(BOOK, &[0, 2], |context, _, accounts| {
            let (taker, makers) = accounts.split_first_mut().unwrap();
            PlaceAndTake { order, min_fill: Size(least), makers: &refs }.execute(context, taker, makers)
        })
    };
    assert_eq!(take(ONE + 1).unwrap_err(), Error::FillTooSmall);
    assert_eq!(take(ONE).unwrap().matched.size, Size(ONE));
}

// ---- sliding

#[test]
fn a_post_only_order_slides_to_one_tick_before_the_vamm() {
    let mut world = World::funded(2, 100_000);
    let row = world.board.market(0).unwrap().price;
    let tick = world.markets[BTC].tick.0;
    for side in [Side::Long, Side::Short] {
        let crossing = if side == Side::Long { 61_000 * DOLLAR } else { 59_000 * DOLLAR };
        let strict = with(flags::POST_ONLY, limit(BTC, side, ONE / 10, crossing));
        assert_eq!(world.place(0, strict).unwrap_err(), Error::PostOnlyWouldCross);
        let touch = world.markets[BTC].amm.touch_on(side, &row).unwrap();
        let id = world.place(0, with(flags::SLIDE, strict)).unwrap();
        let price = order(&world, 0, id).price();
        assert!(side.better(price, touch) && price.0.abs_diff(touch.0) <= tick, "{price:?} {touch:?}");
        assert_eq!(price.0 % tick, 0);
        // At a distance to the oracle it comes to the same.
        let distance = crossing as i64 - 60_000 * DOLLAR as i64;
        let id = world.place(0, with(flags::POST_ONLY | flags::SLIDE, offset(BTC, side, ONE / 10, distance))).unwrap();
        let slid = order(&world, 0, id).effective_price(row.price, Price(tick)).unwrap();
        assert!(slid == price || side.better(slid, price), "{slid:?} {price:?}");
        assert!(slid.0.abs_diff(price.0) <= tick);
    }
    let alone = with(flags::SLIDE, limit(BTC, Side::Long, ONE / 10, 59_000 * DOLLAR));
    assert_eq!(world.place(0, alone).unwrap_err(), Error::InvalidOrder);
    // What does not cross stays where it is.
    let far = with(flags::POST_ONLY | flags::SLIDE, limit(BTC, Side::Long, ONE / 10, 59_000 * DOLLAR));
    let id = world.place(0, far).unwrap();
    assert_eq!(order(&world, 0, id).price(), Price(59_000 * DOLLAR));
}
