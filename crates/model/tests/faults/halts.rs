//! Halts that did not hold, that one tick began, and that never ended.

use super::common::{BOOK, DOLLAR, ONE, World, ioc, limit};
use kedge_model::account::board::Session;
use kedge_model::account::order::Side;
use kedge_model::error::Error;
use kedge_model::fault::{Fault, with};
use kedge_model::quantity::Price;

fn second(world: &mut World, dollars: u64) {
    world.wait(1);
    let _ = world.refresh(BOOK, dollars * DOLLAR).unwrap();
    let _ = world.refresh_bank(0, DOLLAR).unwrap();
}

fn after(prices: &[u64]) -> World {
    let mut world = World::funded(4, 100_000);
    for _ in 0..5 {
        second(&mut world, 2_000);
    }
    for price in prices {
        second(&mut world, *price);
    }
    world
}

#[test]
fn a_maker_was_picked_off_in_a_reserved_market() {
    // An ask of before stands at 2,000, and the price has leapt to 2,120.
    let taken = || {
        let mut world = World::funded(4, 100_000);
        world.place(2, limit(BOOK, Side::Short, ONE, 2_050 * DOLLAR)).unwrap();
        for price in [2_000, 2_120, 2_120, 2_120, 2_120, 2_120, 2_120] {
            second(&mut world, price);
        }
        world.take(0, ioc(BOOK, Side::Long, ONE, 2_120 * DOLLAR), &[2]).map(|report| report.matched.size.0)
    };
    assert_eq!(with(Fault::ReservedRowTrades, taken), Ok(ONE));
    assert_eq!(taken(), Err(Error::MarketReserved));
}

#[test]
fn one_tick_halted_a_row() {
    let halted = || after(&[1_800]).board.markets[BOOK].halted_at != 0;
    assert!(with(Fault::AnyTickHalts, halted));
    assert!(!halted());
}

#[test]
fn a_row_could_be_kept_halted() {
    let reserved = || {
        let mut world = after(&[]);
        let mut seconds = 0;
        for step in 0..3_600 {
            second(&mut world, if step / 480 % 2 == 0 { 2_000 } else { 2_200 });
            let row = &world.board.markets[BOOK];
            seconds += u64::from(row.session(&world.clock) == Session::Reserved);
        }
        seconds
    };
    let (before, now) = (with(Fault::HaltsWithoutEnd, reserved), reserved());
    assert!(before > 180 && now <= 120, "{before} and {now} s");
}

/// A bid and an ask that cross each other, in a market whose call has begun with the last price of the reserved state.
fn crossed() -> World {
    let mut world = after(&[]);
    world.place(0, limit(BOOK, Side::Long, ONE, 2_150 * DOLLAR)).unwrap();
    world.place(2, limit(BOOK, Side::Short, ONE, 2_060 * DOLLAR)).unwrap();
    for _ in 0..31 {
        second(&mut world, 2_120);
    }
    assert_eq!(world.board.markets[BOOK].session(&world.clock), Session::Reserved);
    world.wait(1);
    world
}

#[test]
fn an_old_price_called_the_orders_of_a_halt() {
    let called = || crossed().uncross(BOOK, &[0, 2]).map(|report| report.quote.0);
    assert_eq!(with(Fault::CallAtOldPrice, called), Ok(2_120 * DOLLAR));
    assert_eq!(called(), Err(Error::PriceBeforeCall));
}

#[test]
fn crossed_orders_traded_far_from_the_oracle() {
    // Two of one person, to move what triggers look at, or a loss to where it is not his.
    let traded = || {
        let mut world = after(&[]);
        world.place(2, limit(BOOK, Side::Short, ONE, 1_700 * DOLLAR)).unwrap();
        world.place(0, limit(BOOK, Side::Long, ONE, 1_950 * DOLLAR)).unwrap();
        world.uncross(BOOK, &[0, 2]).map(|_| world.markets[BOOK].last_fill_price)
    };
    assert_eq!(with(Fault::UncrossBeyondBand, traded), Ok(Price(1_700 * DOLLAR)));
    assert_eq!(traded(), Err(Error::NothingToFill));
}
