//! A market's life: opening, expiry, and ends that nobody planned.

mod common;

use common::check::check;
use common::lifecycle::*;
use common::{BOOK, BTC, DOLLAR, ONE, SOL, World, ioc, limit, market_params};
use kedge_model::account::market::{Market, MarketStatus};
use kedge_model::account::order::Side;
use kedge_model::account::pocket::Pocket;
use kedge_model::account::sub_account;
use kedge_model::action::UpdateAmm;
use kedge_model::error::Error;
use kedge_model::quantity::{Amount, Price, Quote, Size};
use kedge_model::rule::lifecycle::{DEBT_PERIOD, EXPIRY_NOTICE, Terms};

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
    let (now, notice) = (world.clock.unix_time, i64::try_from(EXPIRY_NOTICE.0).unwrap());
    for early in [now - 1, now, now + notice - 1, i64::MIN] {
        assert_eq!(set_expiry(&mut world, BTC, early).unwrap_err(), Error::ExpiryTooSoon);
    }
    set_expiry(&mut world, BTC, now + 10 * notice).unwrap();
    set_expiry(&mut world, BTC, now + notice).unwrap();
    set_expiry(&mut world, BTC, 0).unwrap();
    set_expiry(&mut world, BTC, now + notice).unwrap();
    world.place(0, limit(BTC, Side::Long, ONE / 100, 59_000 * DOLLAR)).unwrap();
    assert_eq!(settle_market(&mut world, BTC).unwrap_err(), Error::MarketNotExpired);
    world.wait(EXPIRY_NOTICE.0);
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
    let time = world.clock.unix_time + i64::try_from(EXPIRY_NOTICE.0).unwrap();
    set_expiry(&mut world, BTC, time).unwrap();
    world.wait(EXPIRY_NOTICE.0 - 200);
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
    world.wait(DEBT_PERIOD.0);
    assert_eq!(delist(&mut world, new).unwrap(), Amount(0));
    assert_gone(&world, new);
}

fn run_out_unpriced(world: &mut World, market: usize) {
    let time = world.clock.unix_time + i64::try_from(EXPIRY_NOTICE.0).unwrap();
    set_expiry(world, market, time).unwrap();
    world.wait(EXPIRY_NOTICE.0);
}

#[test]
fn a_market_is_settled_at_an_average_wherever_anybody_holds_a_position() {
    let mut world = World::funded(4, 20_000);
    let notice = i64::try_from(EXPIRY_NOTICE.0).unwrap();
    let time = world.clock.unix_time + notice;
    // One side alone holds one: the vAMM has the other.
    let _ = world.take(0, ioc(BTC, Side::Long, ONE / 10, 61_000 * DOLLAR), &[]).unwrap();
    for market in [BTC, SOL] {
        set_expiry(&mut world, market, time).unwrap();
    }
    world.wait(EXPIRY_NOTICE.0 - 200);
    world.tick();
    world.wait(200);
    assert_eq!(settle_market(&mut world, SOL).unwrap_err(), Error::StaleRow, "a refresh would help");
    world.tick();
    assert_eq!(settle_market(&mut world, BTC).unwrap_err(), Error::SettlementUnsampled);
    let _ = settle_market(&mut world, SOL).unwrap();
    check(&mut world);
}

/// Somebody has won 80 of a market of makers alone, which is settled and past all delays.
fn won() -> World {
    let mut world = World::funded(4, 20_000);
    world.place(2, limit(BOOK, Side::Short, ONE, 2_000 * DOLLAR)).unwrap();
    let _ = world.take(0, ioc(BOOK, Side::Long, ONE, 2_000 * DOLLAR), &[2]).unwrap();
    world.drive(BOOK, 2_080 * DOLLAR);
    let _ = run_out(&mut world, BOOK);
    let _ = settle_market(&mut world, BOOK).unwrap();
    world.wait(DEBT_PERIOD.0);
    world
}

#[test]
fn no_market_is_delisted_while_somebody_is_to_be_paid() {
    let mut world = won();
    assert_eq!(delist(&mut world, BOOK).unwrap_err(), Error::SettlementPending);
    // Open positions alone forbid it, and so they do beside a debt.
    let with = |change: fn(&mut Market)| {
        let mut copy = world.clone();
        change(&mut copy.markets[BOOK]);
        delist(&mut copy, BOOK)
    };
    assert_eq!(with(|m| m.users_quote = Quote(0)), Err(Error::SettlementPending));
    assert_eq!(with(|m| m.debts = Amount(1)), Err(Error::SettlementPending));
    for account in [0, 2] {
        let closed = settle_position(&mut world, BOOK, account).unwrap();
        assert_eq!(closed.closed.size(), Size(ONE));
    }
    // The winner came first and has got nothing yet; nobody owes it anything but the pool.
    assert_eq!((world.accounts[0].position(BOOK).quote > Quote(0), world.markets[BOOK].debts), (true, Amount(0)));
    assert_eq!(delist(&mut world, BOOK).unwrap_err(), Error::SettlementPending);
    let paid = settle_position(&mut world, BOOK, 0).unwrap();
    assert!(paid.amount > Quote(0) && paid.left == Quote(0), "{paid:?}");
    let _ = delist(&mut world, BOOK).unwrap();
    assert_eq!(delist(&mut world, BOOK).unwrap_err(), Error::MarketNotSettling);
    assert_gone(&world, BOOK);
    check(&mut world);
}

#[test]
fn who_still_owes_stays_bankrupt_and_who_has_paid_does_not() {
    let mut world = won();
    let balance = world.accounts[2].head.balance(0).0;
    world.accounts[2].head.debit(0, Amount(balance - DOLLAR)).unwrap();
    Pocket::Cross.require_free(&world.accounts[2].head).unwrap();
    world.accounts[2].head.status |= sub_account::status::BANKRUPT;
    let broke = settle_position(&mut world, BOOK, 2).unwrap();
    assert!(broke.left < Quote(0), "{broke:?}");
    assert!(Pocket::Cross.is_bankrupt(&world.accounts[2].head), "it owes {broke:?}");
    world.accounts[2].head.credit(0, broke.left.magnitude()).unwrap();
    let paid = settle_position(&mut world, BOOK, 2).unwrap();
    assert_eq!((paid.left, Pocket::Cross.is_bankrupt(&world.accounts[2].head)), (Quote(0), false));
}
