//! A market's life: opening, expiry, and ends that nobody planned.

mod common;

use common::check::check;
use common::lifecycle::*;
use common::{BTC, DOLLAR, ONE, SOL, World, ioc, limit, market_params};
use kedge_model::action::UpdateAmm;
use kedge_model::error::Error;
use kedge_model::lifecycle::{DEBT_PERIOD, EXPIRY_NOTICE, Terms};
use kedge_model::market::MarketStatus;
use kedge_model::order::Side;
use kedge_model::quantity::{Amount, Price};

#[test]
fn a_listed_market_opens_on_a_fresh_price_with_the_vamm_at_it() {
    let mut world = World::funded(4, 10_000);
    let new = world.markets.len();
    world.list_market(&market_params(b"NEW", Price(50 * DOLLAR), 10_000, 1_000_000, 1_000));
    let order = limit(new, Side::Long, ONE, 40 * DOLLAR);
    assert_eq!(world.place(0, order).unwrap_err(), Error::MarketNotActive);
    assert_eq!(set_status(&mut world, new, MarketStatus::Active).unwrap_err(), Error::StaleRow);
    assert_eq!(set_status(&mut world, new, MarketStatus::ReduceOnly).unwrap_err(), Error::InvalidParameter);
    let _ = world.refresh(new, 52 * DOLLAR).unwrap();
    assert_eq!(world.place(0, order).unwrap_err(), Error::MarketNotActive);
    for status in [MarketStatus::Initialised, MarketStatus::Settlement, MarketStatus::Delisted] {
        assert_eq!(set_status(&mut world, new, status).unwrap_err(), Error::InvalidParameter);
    }
    set_status(&mut world, new, MarketStatus::Active).unwrap();
    assert_eq!(world.markets[new].amm.curve().mid().unwrap(), Price(52 * DOLLAR));
    world.place(0, order).unwrap();
    set_status(&mut world, new, MarketStatus::ReduceOnly).unwrap();
    assert_eq!(world.place(0, order).unwrap_err(), Error::MarketReduceOnly);
    set_status(&mut world, new, MarketStatus::Active).unwrap();
    check(&mut world);
}

#[test]
fn an_expiry_is_announced_can_be_moved_with_the_same_notice_and_then_holds() {
    let mut world = World::funded(4, 10_000);
    let (now, notice) = (world.clock.unix_time, i64::try_from(EXPIRY_NOTICE).unwrap());
    for early in [now - 1, now, now + notice - 1, i64::MIN] {
        assert_eq!(set_expiry(&mut world, BTC, early).unwrap_err(), Error::ExpiryTooSoon);
    }
    set_expiry(&mut world, BTC, now + 10 * notice).unwrap();
    set_expiry(&mut world, BTC, now + notice).unwrap();
    set_expiry(&mut world, BTC, 0).unwrap();
    set_expiry(&mut world, BTC, now + notice).unwrap();
    world.place(0, limit(BTC, Side::Long, ONE / 100, 59_000 * DOLLAR)).unwrap();
    assert_eq!(settle_market(&mut world, BTC).unwrap_err(), Error::MarketNotExpired);
    world.wait(EXPIRY_NOTICE);
    world.tick();
    // From here on nothing but cancelling, liquidating and settling.
    let order = limit(BTC, Side::Long, ONE / 100, 59_000 * DOLLAR);
    assert_eq!(world.place(1, order).unwrap_err(), Error::MarketExpired);
    assert_eq!(world.take(1, ioc(BTC, Side::Long, ONE / 100, 61_000 * DOLLAR), &[]).unwrap_err(), Error::MarketExpired);
    assert_eq!(world.fund(BTC).unwrap_err(), Error::MarketExpired);
    let update = world.on_market(BTC, &[], |context, _, _| UpdateAmm.execute(context));
    assert_eq!(update.unwrap_err(), Error::MarketExpired);
    assert_eq!(set_expiry(&mut world, BTC, 0).unwrap_err(), Error::MarketExpired);
    assert_eq!(set_status(&mut world, BTC, MarketStatus::ReduceOnly).unwrap_err(), Error::MarketExpired);
    assert_eq!(settle_position(&mut world, BTC, 0).unwrap_err(), Error::MarketNotSettling);
    assert_eq!(delist(&mut world, BTC).unwrap_err(), Error::MarketNotSettling);
    let terms = settle_market(&mut world, BTC).unwrap();
    assert_eq!(terms, Terms { price: Price(60_000 * DOLLAR), insurance: Amount(0) });
    assert_eq!(settle_market(&mut world, BTC).unwrap_err(), Error::MarketNotActive);
    // The order goes with the settlement of its owner; other markets are as they were.
    assert_eq!(settle_position(&mut world, BTC, 0).unwrap().orders_cancelled, 1);
    assert_eq!(settle_position(&mut world, BTC, 0).unwrap_err(), Error::PositionNotFound);
    world.place(0, limit(SOL, Side::Long, ONE, 140 * DOLLAR)).unwrap();
    check(&mut world);
}

#[test]
fn the_row_of_a_settled_market_stays_at_its_price_for_margin_and_nothing_moves_it() {
    let mut world = World::funded(6, 20_000);
    let _ = world.take(0, ioc(BTC, Side::Long, ONE / 10, 61_000 * DOLLAR), &[]).unwrap();
    world.drive(BTC, 61_000 * DOLLAR);
    let _ = run_out(&mut world, BTC);
    let price = settle_market(&mut world, BTC).unwrap().price;
    assert!(price > Price(60_990 * DOLLAR));
    for _ in 0..5 {
        world.wait(10_000);
        world.tick();
        let _ = world.refresh(BTC, 70_000 * DOLLAR).unwrap();
        assert_eq!(world.oracle(BTC), price);
    }
    // The account still names the market and trades elsewhere.
    world.place(0, limit(SOL, Side::Long, ONE, 140 * DOLLAR)).unwrap();
    check(&mut world);
}

#[test]
fn a_dead_feed_does_not_keep_its_market_from_ending() {
    let mut world = World::funded(4, 20_000);
    let _ = world.take(0, ioc(BTC, Side::Long, ONE / 10, 61_000 * DOLLAR), &[]).unwrap();
    let time = world.clock.unix_time + i64::try_from(EXPIRY_NOTICE).unwrap();
    set_expiry(&mut world, BTC, time).unwrap();
    world.wait(EXPIRY_NOTICE - 200);
    world.tick();
    world.wait(200);
    assert_eq!(settle_market(&mut world, BTC).unwrap_err(), Error::StaleRow, "a refresh would help");
    world.wait(1_000);
    let terms = settle_market(&mut world, BTC).unwrap();
    assert_eq!(terms.price, Price(60_000 * DOLLAR));
    let _ = settle_position(&mut world, BTC, 0).unwrap();
    check(&mut world);
}

#[test]
fn a_market_that_never_opened_can_end() {
    let mut world = World::funded(2, 20_000);
    let new = world.markets.len();
    world.list_market(&market_params(b"NEVER", Price(50 * DOLLAR), 10_000, 1_000_000, 1_000));
    run_out_unpriced(&mut world, new);
    let _ = settle_market(&mut world, new).unwrap();
    world.wait(DEBT_PERIOD);
    assert_eq!(delist(&mut world, new).unwrap(), Amount(0));
    assert_gone(&world, new);
}

fn run_out_unpriced(world: &mut World, market: usize) {
    let time = world.clock.unix_time + i64::try_from(EXPIRY_NOTICE).unwrap();
    set_expiry(world, market, time).unwrap();
    world.wait(EXPIRY_NOTICE);
}
