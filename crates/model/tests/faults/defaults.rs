//! What defaults charge those who hold positions, and who gets out of the way.

use crate::common::check::check;
use crate::common::lifecycle::*;
use crate::common::{BOOK, DOLLAR, ONE, World, ioc, limit};
use kedge_model::account::order::Side;
use kedge_model::error::Error;
use kedge_model::fault::{Fault, with as plant};
use kedge_model::quantity::{Amount, Quote};
use kedge_model::rule::lifecycle::PAYOUT_DELAY;

/// A long and a short of one at 2,000, and debts of 1,200 in as many pockets: what each base unit is charged, in dollars
/// at 1e9, and what is left as the deficit.
fn charged_by(pockets: usize, seconds_between: u64) -> (i64, Amount) {
    let mut world = World::new(14);
    for account in [0, 2] {
        world.deposit(account, 0, 2_000 * DOLLAR).unwrap();
    }
    world.place(2, limit(BOOK, Side::Short, ONE, 2_000 * DOLLAR)).unwrap();
    let _ = world.take(0, ioc(BOOK, Side::Long, ONE, 2_000 * DOLLAR), &[2]).unwrap();
    // Fees would pay a part of the first default.
    let market = &mut world.markets[BOOK];
    for fees in [&mut market.fees, &mut market.insurance_fees] {
        market.funding_pot.0 += std::mem::take(&mut fees.0).cast_signed();
    }
    let debt = i64::try_from(1_200 * DOLLAR).unwrap() / i64::try_from(pockets).unwrap();
    for account in 4..4 + pockets {
        world.accounts[account].head.open_position(World::index(BOOK)).unwrap().quote = Quote(-debt);
        let market = &mut world.markets[BOOK];
        (market.users_quote.0, market.funding_pot.0) = (market.users_quote.0 - debt, market.funding_pot.0 + debt);
    }
    for account in 4..4 + pockets {
        let _ = world.bankrupt(BOOK, account).unwrap();
        world.wait(seconds_between);
    }
    (world.board.markets[BOOK].funding_long.0, world.markets[BOOK].deficit)
}

#[test]
fn split_defaults_charge_no_more_than_one() {
    let tenth = 200_000_000_000;
    let old = plant(Fault::ChargePerDefault, || (charged_by(1, 1).0, charged_by(3, 1).0, charged_by(6, 1).0));
    assert_eq!(old, (tenth, 3 * tenth, 3 * tenth), "three tenths of what everybody holds");
    let one = charged_by(1, 1);
    assert_eq!(one, (tenth, Amount(800 * DOLLAR)));
    for pockets in [2, 3, 6, 10] {
        assert_eq!(charged_by(pockets, 1), one, "{pockets}");
    }
    // The bound is one of a day.
    assert_eq!(charged_by(3, 86_400).0, 3 * tenth);
}

/// Ten of 2,000 at 10x against each other; a gap of 25 % leaves the long in debt. Then, maybe, the short closes with
/// somebody new before anybody has looked at the long. What the short and the newcomer have in the end.
fn after_a_gap(closes: bool) -> (i128, i128) {
    let mut world = World::new(12);
    for (account, dollars) in [(0, 2_100), (2, 100_000), (4, 100_000), (6, 100_000)] {
        world.deposit(account, 0, dollars * DOLLAR).unwrap();
    }
    world.place(2, limit(BOOK, Side::Short, 10 * ONE, 2_000 * DOLLAR)).unwrap();
    let _ = world.take(0, ioc(BOOK, Side::Long, 10 * ONE, 2_000 * DOLLAR), &[2]).unwrap();
    world.drive(BOOK, 1_500 * DOLLAR);
    let before = [2, 4].map(|account| world.equity(account));
    if closes {
        world.place(4, limit(BOOK, Side::Short, 10 * ONE, 1_500 * DOLLAR)).unwrap();
        let _ = world.take(2, ioc(BOOK, Side::Long, 10 * ONE, 1_500 * DOLLAR), &[4]).unwrap();
    }
    while world.accounts[0].position(BOOK).base.0 != 0 {
        let _ = world.liquidate(BOOK, 0, 6, u64::MAX).unwrap();
    }
    let _ = world.settle(BOOK, 0);
    assert!(world.bankrupt(BOOK, 0).unwrap().socialised > Amount(1_000 * DOLLAR));
    check(&mut world);
    let after = [2, 4].map(|account| world.equity(account));
    (after[0] - before[0], after[1] - before[1])
}

/// True, and so on every exchange that spreads a loss over who holds a position when it is known: docs/math/liquidation.md.
#[test]
fn who_closes_between_a_gap_and_the_default_leaves_the_charge_to_who_took_over() {
    let (short, newcomer) = after_a_gap(false);
    assert!(short < -1_000 * i128::from(DOLLAR) && newcomer == 0, "{short} {newcomer}");
    let (short, newcomer) = after_a_gap(true);
    assert!(short > -20 * i128::from(DOLLAR), "only fees: {short}");
    assert!(newcomer < -1_000 * i128::from(DOLLAR), "{newcomer}");
    // Never more than a tenth of the position, whoever holds it.
    assert!(newcomer >= -1_500 * i128::from(DOLLAR) - 1, "{newcomer}");
}

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
