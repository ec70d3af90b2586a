//! Settlement of a market that has expired: to exactly nothing, whoever owes.

mod common;

use common::check::check;
use common::lifecycle::*;
use common::ops::{ACCOUNTS, Op, Tally, WHALE, op, step};
use common::{BOOK, BTC, DOLLAR, ONE, World, ioc, limit};
use kedge_model::account::order::Side;
use kedge_model::action::{PoolKind, SweepFees};
use kedge_model::error::Error;
use kedge_model::quantity::{Amount, Base, Price, Quote, Size};
use kedge_model::rule::lifecycle::{DEBT_PERIOD, PAYOUT_DELAY, Terms};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

/// Winners, losers, one who cannot pay, an isolated position, and a vAMM with a position: to exactly zero.
#[test]
fn a_market_settles_to_exactly_nothing() {
    let mut world = World::funded(8, 20_000);
    let before: u64 = world.vaults[0];
    let protocol = world.banks[0].protocol;
    // 0 is long against the vAMM and 1, 2 short with all that it has, 3 long in a pocket of its own.
    let _ = world.take(0, ioc(BTC, Side::Long, ONE, 62_000 * DOLLAR), &[]).unwrap();
    world.withdraw(2, 0, 10_000 * DOLLAR).unwrap();
    world.place(1, limit(BTC, Side::Short, ONE, 60_000 * DOLLAR)).unwrap();
    world.isolate(3, BTC, 8_000 * DOLLAR).unwrap();
    let _ = world.take(3, ioc(BTC, Side::Long, ONE, 60_000 * DOLLAR), &[1]).unwrap();
    world.place(4, limit(BTC, Side::Long, ONE, 60_000 * DOLLAR)).unwrap();
    let _ = world.take(2, ioc(BTC, Side::Short, ONE, 60_000 * DOLLAR), &[4]).unwrap();
    assert!(world.markets[BTC].amm.base.0 < 0);
    for price in [62_500, 65_000, 67_500, 70_000, 72_500, 75_000] {
        world.drive(BTC, price * DOLLAR);
    }
    // 2 has lost 15,000 of 10,000 and nobody took its position over.
    let average = run_out(&mut world, BTC);
    assert!(average > Price(74_990 * DOLLAR));
    let terms = settle_market(&mut world, BTC).unwrap();
    assert_eq!(terms, Terms { price: average, insurance: Amount(0) });
    check(&mut world);

    // A winner is closed at once and waits; losers pay at once.
    let closed = settle_position(&mut world, BTC, 4).unwrap();
    assert_eq!((closed.closed, closed.amount), (Base(ONE as i64), Quote(0)));
    assert!(closed.left.0 > 14_900 * DOLLAR as i64);
    assert_eq!(settle_position(&mut world, BTC, 4).unwrap_err(), Error::SettlementPending);
    let lost = settle_position(&mut world, BTC, 1).unwrap();
    assert!(lost.amount.0 < -(14_900 * DOLLAR as i64) && lost.left == Quote(0), "{lost:?}");
    check(&mut world);
    let broke = settle_position(&mut world, BTC, 2).unwrap();
    assert!(broke.left.0 < -(5_000 * DOLLAR as i64), "{broke:?}");
    assert_eq!(world.markets[BTC].debts, broke.left.magnitude());
    let paid = world.bankrupt(BTC, 2).unwrap();
    assert_eq!((paid.loss, paid.insurance), (broke.left.magnitude(), broke.left.magnitude()), "the fund pays it");
    assert_eq!((world.markets[BTC].debts, paid.deficit), (Amount(0), Amount(0)));
    check(&mut world);
    for account in [0, 3] {
        let _ = settle_position(&mut world, BTC, account).unwrap();
        check(&mut world);
    }
    assert_eq!((world.markets[BTC].long_interest, world.markets[BTC].short_interest), (Size(0), Size(0)));
    assert_eq!(world.markets[BTC].amm.base, Base(0), "the vAMM is closed with the last user");
    assert_eq!(settle_position(&mut world, BTC, 4).unwrap_err(), Error::SettlementPending, "not before the delay");
    let sweep = world.on_market(BTC, &[], |context, banks, _| SweepFees.execute(context, &mut banks[0]));
    assert_eq!(sweep.unwrap_err(), Error::MarketNotActive, "users come first");

    world.wait(PAYOUT_DELAY.0);
    for account in [0, 3, 4] {
        let owed = world.accounts[account].position(BTC).quote;
        let isolated = world.accounts[account].position(BTC).is_isolated();
        let report = settle_position(&mut world, BTC, account).unwrap();
        assert_eq!((report.amount, report.left, report.written_off), (owed, Quote(0), Amount(0)));
        check(&mut world);
        if isolated {
            // What is left of the pocket is the owner's to move.
            let tokens = i64::try_from(world.accounts[account].position(BTC).isolated.0).unwrap();
            world.tick();
            world.transfer_isolated(account, BTC, -tokens).unwrap();
        }
        assert!(!world.accounts[account].position(BTC).is_used());
    }
    assert_eq!(delist(&mut world, BTC).unwrap_err(), Error::SettlementPending);
    world.wait(DEBT_PERIOD.0);
    let leftover = delist(&mut world, BTC).unwrap();
    assert_gone(&world, BTC);
    assert_eq!(world.banks[0].protocol, protocol.plus(leftover).unwrap());
    assert_eq!(world.vaults[0], before - 10_000 * DOLLAR, "not a unit came or went");
    assert_eq!(delist(&mut world, BTC).unwrap_err(), Error::MarketNotSettling);
    assert_eq!(world.fund_pool(BTC, PoolKind::Amm, DOLLAR).unwrap_err(), Error::MarketNotActive);
    assert_eq!(world.board.markets[BTC].listed, kedge_model::account::board::DELISTED);
    check(&mut world);
}

/// Two makers, no vAMM: what a loser cannot pay is missing from both winners in proportion, in whatever order they ask.
#[test]
fn what_nobody_can_pay_is_missing_from_every_profit_in_proportion() {
    let mut world = World::new(6);
    for (account, dollars) in [(0, 20_000), (1, 20_000), (2, 2_000)] {
        world.deposit(account, 0, dollars * DOLLAR).unwrap();
    }
    world.place(0, limit(BOOK, Side::Long, 8 * ONE, 2_000 * DOLLAR)).unwrap();
    world.place(1, limit(BOOK, Side::Long, ONE, 2_000 * DOLLAR)).unwrap();
    let _ = world.take(2, ioc(BOOK, Side::Short, 9 * ONE, 2_000 * DOLLAR), &[0, 1]).unwrap();
    for price in [2_090, 2_180, 2_270, 2_360, 2_450, 2_500] {
        world.drive(BOOK, price * DOLLAR);
    }
    let _ = run_out(&mut world, BOOK);
    let terms = settle_market(&mut world, BOOK).unwrap();
    assert_eq!(terms.insurance, Amount(0), "the fund is empty");
    for account in [2, 0, 1] {
        let _ = settle_position(&mut world, BOOK, account).unwrap();
    }
    let report = world.bankrupt(BOOK, 2).unwrap();
    assert!(report.deficit.0 > 2_400 * DOLLAR, "{report:?}");
    world.wait(PAYOUT_DELAY.0);
    let claims: Vec<i64> = [0, 1].map(|account| world.accounts[account].position(BOOK).quote.0).to_vec();
    for order in [[0, 1], [1, 0]] {
        let mut world = world.clone();
        let mut shares = [0i128; 2];
        for account in order {
            let paid = settle_position(&mut world, BOOK, account).unwrap();
            assert_eq!(paid.left, Quote(0));
            assert!(paid.written_off.0 > 0);
            shares[account] = i128::from(paid.amount.0) * 1_000_000_000 / i128::from(claims[account]);
            check(&mut world);
        }
        assert!((shares[0] - shares[1]).abs() < 1_000, "{shares:?}");
        assert!(shares[0] > 400_000_000 && shares[0] < 500_000_000, "{shares:?}");
        world.wait(DEBT_PERIOD.0);
        let leftover = delist(&mut world, BOOK).unwrap();
        assert!(leftover.0 <= 2, "{leftover:?} of rounding");
        assert_gone(&world, BOOK);
        check(&mut world);
    }
}

/// A debtor who owns something that is no dollar owes until it pays: profits get what there is, and wait for the rest.
#[test]
fn profits_get_what_there_is_and_wait_for_a_debt_that_can_still_be_paid() {
    let mut world = World::new(6);
    for (account, dollars) in [(0, 20_000), (2, 2_000)] {
        world.deposit(account, 0, dollars * DOLLAR).unwrap();
    }
    world.deposit(2, 2, 10 * ONE).unwrap();
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
    let debt = world.markets[BOOK].debts;
    assert!(debt.0 > 1_900 * DOLLAR);
    assert_eq!(world.bankrupt(BOOK, 2).unwrap_err(), Error::NotBankrupt);
    let claim = world.accounts[0].position(BOOK).quote;
    world.wait(PAYOUT_DELAY.0);
    let first = settle_position(&mut world, BOOK, 0).unwrap();
    assert!(first.amount.0 > 0 && first.written_off == Amount(0), "{first:?}");
    assert_eq!(first.left, claim.minus(first.amount).unwrap());
    assert_eq!(settle_position(&mut world, BOOK, 0).unwrap_err(), Error::SettlementPending);

    // It pays: everybody gets everything.
    let mut honest = world.clone();
    honest.deposit(2, 0, debt.0).unwrap();
    assert_eq!(settle_position(&mut honest, BOOK, 2).unwrap().amount, debt.debit().unwrap());
    assert_eq!(settle_position(&mut honest, BOOK, 0).unwrap().written_off, Amount(0));
    check(&mut honest);

    // It does not in time: the pool pays what it holds, nothing is written off, the market is delisted, and the payment is
    // the winner's still.
    world.wait(DEBT_PERIOD.0 - PAYOUT_DELAY.0 - 2);
    assert_eq!(settle_position(&mut world, BOOK, 0).unwrap_err(), Error::SettlementPending);
    world.wait(2);
    let held = world.markets[BOOK].pnl_pool;
    let second = settle_position(&mut world, BOOK, 0).unwrap();
    assert_eq!(
        (second.amount, second.written_off),
        (held.credit().unwrap(), Amount(0)),
        "the fees, before anybody else"
    );
    assert_eq!(settle_position(&mut world, BOOK, 0).unwrap_err(), Error::SettlementPending);
    let _ = delist(&mut world, BOOK).unwrap();
    check(&mut world);
    world.deposit(2, 0, debt.0).unwrap();
    let _ = settle_position(&mut world, BOOK, 2).unwrap();
    check(&mut world);
    let rest = settle_position(&mut world, BOOK, 0).unwrap();
    let paid = first.amount.plus(second.amount).unwrap().plus(rest.amount).unwrap();
    assert_eq!((rest.written_off, paid), (Amount(0), claim));
    let _ = delist(&mut world, BOOK);
    assert_gone(&world, BOOK);
    check(&mut world);
}

/// The vAMM stands against all users and has lost more than it has: insurance first, then a price inside the band.
#[test]
fn a_vamm_that_cannot_pay_moves_the_settlement_price_inside_the_band_or_not_at_all() {
    for (insurance, capital, moved) in [(0u64, 12_500u64, true), (20_000, 12_500, false), (0, 7_000, false)] {
        let mut world = World::new(4);
        for account in 0..4 {
            world.deposit(account, 0, 1_000_000 * DOLLAR).unwrap();
        }
        world.fund_pool(BTC, PoolKind::Amm, capital * DOLLAR).unwrap();
        if insurance != 0 {
            world.fund_pool(BTC, PoolKind::Insurance, insurance * DOLLAR).unwrap();
        }
        let _ = world.take(0, ioc(BTC, Side::Long, ONE, 62_000 * DOLLAR), &[]).unwrap();
        let held = world.markets[BTC].amm.base.size();
        assert!(held.0 > ONE / 2);
        for price in [62_500, 65_000, 67_500, 70_000, 72_500, 75_000] {
            world.drive(BTC, price * DOLLAR);
        }
        let average = run_out(&mut world, BTC);
        let lost = world.markets[BTC].amm.equity(average).unwrap();
        assert!(lost.0 < 0, "{lost:?}");
        let terms = settle_market(&mut world, BTC).unwrap();
        check(&mut world);
        assert_eq!(terms.price != average, moved, "{terms:?}");
        assert_eq!(terms.insurance.is_zero(), insurance == 0);
        let (low, _) = world.markets[BTC].band(average).unwrap();
        assert!(terms.price >= low);
        let _ = settle_position(&mut world, BTC, 0).unwrap();
        world.wait(PAYOUT_DELAY.0);
        let owed = world.accounts[0].position(BTC).quote;
        let paid = settle_position(&mut world, BTC, 0).unwrap();
        check(&mut world);
        // Only where neither insurance nor the band is enough is something missing.
        assert_eq!(paid.amount == owed, moved || insurance != 0, "{paid:?} of {owed:?}");
        world.wait(DEBT_PERIOD.0);
        let _ = delist(&mut world, BTC).unwrap();
        assert_gone(&world, BTC);
        check(&mut world);
    }
}

/// Whatever happened before: every account can be settled in any order, and in the end nothing is left.
#[test]
fn any_market_can_be_settled_after_any_sequence() {
    let config = Config { cases: 200, failure_persistence: None, max_shrink_iters: 2_000, ..Config::default() };
    let late = prop::collection::vec(op(), 0..40);
    let start = (prop::collection::vec(op(), 20..120), late, 0usize..3, any::<u64>());
    let run = TestRunner::new(config).run(&start, |(ops, late, market, order)| {
        let mut world = World::funded(ACCOUNTS + 1, 12_000);
        world.deposit(WHALE, 0, 10_000_000 * DOLLAR).unwrap();
        let mut tally = Tally::default();
        for op in &ops {
            step(&mut world, op, &mut tally);
        }
        to_the_end(&mut world, market, &late, &mut tally);
        wind_down(&mut world, market, order);
        Ok(())
    });
    if let Err(error) = run {
        panic!("{error}");
    }
}

/// Lets a market expire, with actions spread over its last hour, and waits until its average is known.
fn to_the_end(world: &mut World, market: usize, late: &[Op], tally: &mut Tally) {
    let time = world.clock.unix_time + 7_200;
    set_expiry(world, market, time).unwrap();
    world.wait(3_600);
    let mut late = late.iter();
    while world.clock.unix_time < time || !world.board.markets[market].is_sampled() {
        world.wait(59);
        world.tick();
        if let Some(op) = late.next() {
            step(world, op, tally);
        }
    }
}

fn wind_down(world: &mut World, market: usize, order: u64) {
    let mut accounts: Vec<usize> = (0..world.accounts.len()).collect();
    let turn = usize::try_from(order % 7).unwrap();
    accounts.rotate_left(turn);
    if order & 8 == 0 {
        accounts.reverse();
    }
    let _ = settle_market(world, market).unwrap();
    check(world);
    for (nth, &account) in accounts.iter().enumerate() {
        match settle_position(world, market, account) {
            Ok(_) | Err(Error::PositionNotFound) => {}
            Err(error) => panic!("{account} cannot be closed: {error:?}"),
        }
        check(world);
        if order >> (nth + 8) & 1 == 1 {
            let _ = world.bankrupt(market, account);
            check(world);
        }
    }
    let m = &world.markets[market];
    assert_eq!((m.long_interest, m.short_interest, m.amm.base), (Size(0), Size(0), Base(0)));
    world.wait(PAYOUT_DELAY.0);
    for &account in &accounts {
        if world.accounts[account].position(market).quote.0 < 0 {
            let _ = world.bankrupt(market, account);
        }
        let debt = world.accounts[account].position(market).quote;
        if debt.0 < 0 {
            // It has other means, be it a claim of a cent on another market, and pays.
            world.deposit(account, 0, debt.magnitude().0).unwrap();
            let _ = settle_position(world, market, account).unwrap();
        }
        check(world);
    }
    assert_eq!(world.markets[market].debts, Amount(0));
    for &account in &accounts {
        match settle_position(world, market, account) {
            Ok(report) => assert_eq!(report.left, Quote(0)),
            Err(Error::PositionNotFound | Error::NothingToSettle) => {}
            Err(error) => panic!("{account} is not paid: {error:?}"),
        }
        check(world);
    }
    world.wait(DEBT_PERIOD.0);
    let protocol = world.banks[0].protocol;
    let leftover = delist(world, market).unwrap();
    assert_eq!(world.banks[0].protocol, protocol.plus(leftover).unwrap());
    assert_gone(world, market);
    check(world);
}
