//! Debts in a market that is settled, of somebody who could pay them.

use super::expiry::glide;
use crate::common::check::check;
use crate::common::lifecycle::*;
use crate::common::{BOOK, DOLLAR, ONE, World, ioc, limit, market_params};
use kedge_model::account::order::Side;
use kedge_model::action::Liquidate;
use kedge_model::error::Error;
use kedge_model::fault::{Fault, with as plant};
use kedge_model::quantity::{Amount, Base, Price, Quote, Size};
use kedge_model::rule::lifecycle::{DEBT_PERIOD, PAYOUT_DELAY};

/// A second market of makers alone, beside [`BOOK`]; its index.
fn second_book(world: &mut World) -> usize {
    let index = world.markets.len();
    world.list_market(&market_params(b"OTHER", Price(1_000 * DOLLAR), 0, 1_000_000, 10_000));
    let _ = world.refresh(index, 1_000 * DOLLAR).unwrap();
    world.open_market(index).unwrap();
    index
}

/// 2 owes some 8,000 in the settled book and has an open profit of some 10,000 in the other; 0 is to be paid.
fn rich_in_another_market() -> (World, usize) {
    let mut world = World::new(10);
    let other = second_book(&mut world);
    for (account, dollars) in [(0, 50_000), (2, 4_000), (4, 50_000), (6, 50_000)] {
        world.deposit(account, 0, dollars * DOLLAR).unwrap();
    }
    let trade = |world: &mut World, market: usize, buyer: usize, seller: usize, size: u64| {
        let price = world.oracle(market).0;
        world.place(seller, limit(market, Side::Short, size, price)).unwrap();
        let _ = world.take(buyer, ioc(market, Side::Long, size, price), &[seller]).unwrap();
    };
    trade(&mut world, BOOK, 2, 0, 8 * ONE);
    trade(&mut world, other, 2, 4, 20 * ONE);
    // Each price a little at a time, so that the debtor is never below its margin.
    for part in 1..=50u64 {
        glide(&mut world, other, (1_000 + 12 * part) * DOLLAR, 30, 10);
        glide(&mut world, BOOK, (2_000 - 25 * part) * DOLLAR, 30, 10);
        let _ = world.settle(BOOK, 2);
    }
    let _ = run_out(&mut world, BOOK);
    let _ = settle_market(&mut world, BOOK).unwrap();
    let _ = settle_position(&mut world, BOOK, 2).unwrap();
    let _ = settle_position(&mut world, BOOK, 0).unwrap();
    assert!(world.markets[BOOK].debts.0 > 5_000 * DOLLAR, "{:?}", world.markets[BOOK].debts);
    assert!(world.health(2).is_met(), "{:?}", world.health(2));
    (world, other)
}

#[test]
fn a_solvent_debtor_is_made_to_pay_and_nothing_is_written_off() {
    let old = plant(Fault::SolventDebtorWrittenOff, || {
        let (mut world, other) = rich_in_another_market();
        assert_eq!(world.liquidate(other, 2, 6, u64::MAX).unwrap_err(), Error::NotLiquidatable);
        world.wait(DEBT_PERIOD.0);
        world.tick();
        let paid = settle_position(&mut world, BOOK, 0).unwrap();
        (paid.written_off, world.equity(2))
    });
    assert!(old.0.0 > 5_000 * DOLLAR && old.1 > 3_000 * i128::from(DOLLAR), "{old:?}");

    let (mut world, other) = rich_in_another_market();
    let (claim, debt) = (world.accounts[0].position(BOOK).quote, world.markets[BOOK].debts);
    world.wait(PAYOUT_DELAY.0);
    world.tick();
    // What is in the pool is paid at once, what is owed stays a claim.
    let first = settle_position(&mut world, BOOK, 0).unwrap();
    assert!(first.amount.0 > 0 && first.written_off == Amount(0), "{first:?}");
    assert_eq!(settle_position(&mut world, BOOK, 0).unwrap_err(), Error::SettlementPending);
    let before = world.accounts[2].position(other).base;
    while world.markets[BOOK].debts.0 > 0 {
        match world.liquidate(other, 2, 6, u64::MAX) {
            Ok(_) | Err(Error::NotLiquidatable) => {}
            Err(error) => panic!("{error:?}"),
        }
        check(&mut world);
        let _ = world.settle(other, 4);
        let _ = world.settle(other, 2);
        check(&mut world);
        let paid = settle_position(&mut world, BOOK, 2).unwrap();
        assert!(paid.amount.0 < 0);
        check(&mut world);
    }
    // No more than the debt took, and the rest of the position is the debtor's.
    let after = world.accounts[2].position(other).base;
    assert!(after > Base(0) && after < before, "{after:?} of {before:?}");
    assert_eq!(world.liquidate(other, 2, 6, u64::MAX).unwrap_err(), Error::NotLiquidatable);
    let rest = settle_position(&mut world, BOOK, 0).unwrap();
    assert_eq!((rest.left, rest.written_off), (Quote(0), Amount(0)));
    assert_eq!(first.amount.plus(rest.amount).unwrap(), claim, "{debt:?}");
    world.wait(DEBT_PERIOD.0);
    let _ = delist(&mut world, BOOK).unwrap();
    assert_gone(&world, BOOK);
    check(&mut world);
}

/// 2 owes some 2,000 in the settled book and owns 30 SOL.
fn rich_in_another_token() -> World {
    let mut world = World::new(8);
    for (account, dollars) in [(0, 20_000), (2, 2_000), (4, 20_000), (6, 50)] {
        world.deposit(account, 0, dollars * DOLLAR).unwrap();
    }
    world.deposit(2, 2, 30 * ONE).unwrap();
    world.place(0, limit(BOOK, Side::Long, 8 * ONE, 2_000 * DOLLAR)).unwrap();
    let _ = world.take(2, ioc(BOOK, Side::Short, 8 * ONE, 2_000 * DOLLAR), &[0]).unwrap();
    for price in [2_090, 2_180, 2_270, 2_360, 2_450, 2_500] {
        world.drive(BOOK, price * DOLLAR);
    }
    let _ = run_out(&mut world, BOOK);
    let _ = settle_market(&mut world, BOOK).unwrap();
    for account in [2, 0] {
        let _ = settle_position(&mut world, BOOK, account).unwrap();
    }
    assert!(world.markets[BOOK].debts.0 > 1_900 * DOLLAR);
    world
}

#[test]
fn tokens_of_another_bank_are_bought_for_the_debt() {
    let refused = plant(Fault::SolventDebtorWrittenOff, || rich_in_another_token().liquidate(BOOK, 2, 4, u64::MAX));
    assert_eq!(refused.unwrap_err(), Error::MarketNotActive);

    let mut world = rich_in_another_token();
    let debt = world.markets[BOOK].debts;
    assert_eq!(world.liquidate(BOOK, 0, 4, u64::MAX).unwrap_err(), Error::NotLiquidatable, "a creditor");
    assert_eq!(world.liquidate(BOOK, 2, 3, u64::MAX).unwrap_err(), Error::InsufficientBalance);
    assert_eq!(world.liquidate(BOOK, 2, 6, u64::MAX).unwrap_err(), Error::InsufficientBalance);
    assert_eq!(world.liquidate(BOOK, 2, 4, 0).unwrap_err(), Error::AmountZero);
    let limited = |limit: u64| {
        let mut copy = world.clone();
        copy.on_market(BOOK, &[2, 4], |context, _, accounts| {
            let (account, liquidator) = accounts.split_first_mut().unwrap();
            let step = Liquidate { max_size: Size(ONE), limit_price: Price(limit) };
            step.execute(context, account, &mut liquidator[0]).map(|part| part.price)
        })
    };
    assert_eq!(limited(148_500_000), Ok(Price(148_500_000)));
    assert_eq!(limited(148_499_999), Err(Error::LiquidationPriceWorse));
    let part = world.liquidate(BOOK, 2, 4, ONE).unwrap();
    check(&mut world);
    // A dollar and a half of discount: the small positions' fee of 1 %.
    assert_eq!((part.price, part.quote), (Price(148_500_000), Quote(148_500_000)));
    let rest = world.liquidate(BOOK, 2, 4, u64::MAX).unwrap();
    check(&mut world);
    let paid = part.quote.plus(rest.quote).unwrap().magnitude();
    assert!(paid >= debt && paid.0 - debt.0 <= 1, "{paid:?} for {debt:?}");
    assert_eq!(world.liquidate(BOOK, 2, 4, u64::MAX).unwrap_err(), Error::NotLiquidatable);
    let collected = settle_position(&mut world, BOOK, 2).unwrap();
    assert_eq!((collected.amount, world.markets[BOOK].debts), (debt.debit().unwrap(), Amount(0)));
    assert!(world.accounts[2].head.balance(2).0 > 15 * ONE, "the rest is the debtor's");
    world.wait(PAYOUT_DELAY.0);
    assert_eq!(settle_position(&mut world, BOOK, 0).unwrap().written_off, Amount(0));
    check(&mut world);
}

#[test]
fn a_debt_that_nobody_collects_keeps_no_market_listed_and_is_paid_out_later() {
    let old = plant(Fault::SolventDebtorWrittenOff, || {
        let mut world = rich_in_another_token();
        world.wait(100 * DEBT_PERIOD.0);
        let lost = settle_position(&mut world, BOOK, 0).unwrap().written_off;
        (lost, delist(&mut world, BOOK).unwrap_err())
    });
    assert!(old.0.0 > 1_900 * DOLLAR);
    assert_eq!(old.1, Error::SettlementPending, "for ever");

    let mut world = rich_in_another_token();
    let (claim, debt) = (world.accounts[0].position(BOOK).quote, world.markets[BOOK].debts);
    assert_eq!(delist(&mut world, BOOK).unwrap_err(), Error::SettlementPending);
    world.wait(DEBT_PERIOD.0);
    let first = settle_position(&mut world, BOOK, 0).unwrap();
    assert_eq!((first.written_off, first.left.0 > 0), (Amount(0), true));
    let swept = delist(&mut world, BOOK).unwrap();
    check(&mut world);
    assert_eq!(delist(&mut world, BOOK).unwrap_err(), Error::MarketNotSettling, "nothing has become free");
    // A year later the debtor pays.
    world.wait(365 * 86_400);
    world.deposit(2, 0, debt.0).unwrap();
    assert_eq!(settle_position(&mut world, BOOK, 2).unwrap().amount, debt.debit().unwrap());
    check(&mut world);
    let rest = settle_position(&mut world, BOOK, 0).unwrap();
    assert_eq!((first.amount.plus(rest.amount).unwrap(), rest.left), (claim, Quote(0)));
    check(&mut world);
    let _ = (swept, delist(&mut world, BOOK));
    assert_gone(&world, BOOK);
    check(&mut world);
}

/// Winners who ask often and winners who ask once, while debts come in bit by bit: all have the same share in the end.
#[test]
fn how_often_a_winner_asks_changes_nothing() {
    let mut world = World::new(10);
    for (account, dollars) in [(0, 50_000), (2, 2_000), (4, 50_000)] {
        world.deposit(account, 0, dollars * DOLLAR).unwrap();
    }
    world.deposit(2, 2, 200 * ONE).unwrap();
    world.place(0, limit(BOOK, Side::Long, 8 * ONE, 2_000 * DOLLAR)).unwrap();
    world.place(4, limit(BOOK, Side::Long, 8 * ONE, 2_000 * DOLLAR)).unwrap();
    let _ = world.take(2, ioc(BOOK, Side::Short, 16 * ONE, 2_000 * DOLLAR), &[0, 4]).unwrap();
    for price in [2_090, 2_180, 2_270, 2_360, 2_450, 2_500] {
        world.drive(BOOK, price * DOLLAR);
    }
    let _ = run_out(&mut world, BOOK);
    let _ = settle_market(&mut world, BOOK).unwrap();
    for account in [2, 0, 4] {
        let _ = settle_position(&mut world, BOOK, account).unwrap();
    }
    world.wait(PAYOUT_DELAY.0);
    let claim = world.accounts[0].position(BOOK).quote;
    assert_eq!(world.accounts[4].position(BOOK).quote, claim);
    let mut often = Quote(0);
    for _ in 0..5 {
        for _ in 0..3 {
            if let Ok(paid) = settle_position(&mut world, BOOK, 0) {
                often = often.plus(paid.amount).unwrap();
                assert_eq!(paid.written_off, Amount(0));
            }
            check(&mut world);
        }
        world.deposit(2, 0, 500 * DOLLAR).unwrap();
        let _ = settle_position(&mut world, BOOK, 2).unwrap();
    }
    let once = settle_position(&mut world, BOOK, 4).unwrap().amount;
    let last = settle_position(&mut world, BOOK, 0).unwrap().amount;
    assert_eq!(often.plus(last).unwrap(), once);
    check(&mut world);
}

/// A winner, a loser who is bankrupt and one who pays late: delisting in between takes nothing from the winner.
#[test]
fn delisting_before_a_debt_is_paid_changes_no_payout() {
    let mut world = World::new(10);
    for (account, dollars) in [(0, 50_000), (2, 2_000), (4, 2_000)] {
        world.deposit(account, 0, dollars * DOLLAR).unwrap();
    }
    world.deposit(2, 2, 200 * ONE).unwrap();
    for loser in [2, 4] {
        world.place(0, limit(BOOK, Side::Long, 8 * ONE, 2_000 * DOLLAR)).unwrap();
        let _ = world.take(loser, ioc(BOOK, Side::Short, 8 * ONE, 2_000 * DOLLAR), &[0]).unwrap();
    }
    for price in [2_090, 2_180, 2_270, 2_360, 2_450, 2_500] {
        world.drive(BOOK, price * DOLLAR);
    }
    let _ = run_out(&mut world, BOOK);
    let _ = settle_market(&mut world, BOOK).unwrap();
    for account in [2, 4, 0] {
        let _ = settle_position(&mut world, BOOK, account).unwrap();
    }
    assert!(world.bankrupt(BOOK, 4).unwrap().deficit > Amount(1_900 * DOLLAR));
    assert!(world.markets[BOOK].fees > Amount(DOLLAR));
    let debt = world.markets[BOOK].debts;
    world.wait(DEBT_PERIOD.0);
    let paid = |delists: usize| {
        let mut world = world.clone();
        let mut total = Quote(0);
        if delists > 0 {
            total = settle_position(&mut world, BOOK, 0).unwrap().amount;
        }
        for _ in 0..delists {
            let _ = delist(&mut world, BOOK);
            check(&mut world);
        }
        world.deposit(2, 0, debt.0).unwrap();
        let _ = settle_position(&mut world, BOOK, 2).unwrap();
        let last = settle_position(&mut world, BOOK, 0).unwrap();
        check(&mut world);
        let _ = delist(&mut world, BOOK);
        assert_gone(&world, BOOK);
        check(&mut world);
        (total.plus(last.amount).unwrap(), last.left)
    };
    assert_eq!(paid(1), paid(0));
    assert_eq!(paid(2), paid(0));
}
