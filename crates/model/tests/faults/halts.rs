//! Halts that did not hold, that one tick began, and that never ended.

use super::common::{BOOK, DOLLAR, ONE, World, ioc, limit};
use kedge_model::account::board::Session;
use kedge_model::account::order::Side;
use kedge_model::error::Error;
use kedge_model::fault::{Fault, with};

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
