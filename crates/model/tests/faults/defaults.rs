//! What settlement pays while somebody was not looked at.

use crate::common::check::check;
use crate::common::lifecycle::*;
use crate::common::{BOOK, DOLLAR, ONE, World, ioc, limit};
use kedge_model::account::order::Side;
use kedge_model::error::Error;
use kedge_model::fault::{Fault, with as plant};
use kedge_model::quantity::{Amount, Quote};
use kedge_model::rule::lifecycle::PAYOUT_DELAY;

/// Two winners, and a loser who has closed, has the dollars, and was not looked at: what the first winner gets.
fn winner_before_the_loser_was_looked_at() -> (World, Result<Amount, Error>) {
    let mut world = World::new(10);
    for account in [0, 2, 4, 6] {
        world.deposit(account, 0, 20_000 * DOLLAR).unwrap();
    }
    for account in [0, 4] {
        world.place(account, limit(BOOK, Side::Long, 4 * ONE, 2_000 * DOLLAR)).unwrap();
    }
    let _ = world.take(2, ioc(BOOK, Side::Short, 8 * ONE, 2_000 * DOLLAR), &[0, 4]).unwrap();
    world.drive(BOOK, 2_100 * DOLLAR);
    world.place(6, limit(BOOK, Side::Short, 8 * ONE, 2_100 * DOLLAR)).unwrap();
    let _ = world.take(2, ioc(BOOK, Side::Long, 8 * ONE, 2_100 * DOLLAR), &[6]).unwrap();
    let _ = run_out(&mut world, BOOK);
    let _ = settle_market(&mut world, BOOK).unwrap();
    for account in [0, 4, 6] {
        let _ = settle_position(&mut world, BOOK, account).unwrap();
    }
    world.wait(PAYOUT_DELAY.0);
    let paid = settle_position(&mut world, BOOK, 0).map(|report| report.written_off);
    (world, paid)
}

#[test]
fn nothing_is_written_off_while_a_position_was_not_looked_at() {
    let (_, old) = plant(Fault::SolventDebtorWrittenOff, winner_before_the_loser_was_looked_at);
    assert!(old.unwrap() > Amount(300 * DOLLAR), "the loser had the dollars");
    let (mut world, new) = winner_before_the_loser_was_looked_at();
    assert_eq!(new.unwrap_err(), Error::SettlementPending);
    assert!(settle_position(&mut world, BOOK, 2).unwrap().amount.0 < -700 * DOLLAR as i64);
    for account in [0, 4] {
        let paid = settle_position(&mut world, BOOK, account).unwrap();
        assert_eq!((paid.left, paid.written_off), (Quote(0), Amount(0)));
    }
    check(&mut world);
}
