//! The haircut: what a loss that nobody has paid takes from profits where they become tokens. Vectors by somebody else
//! (`vectors/waterfall.json`), properties, a default followed to the last claim, and what an attacker would try.

mod common;

use common::check::check;
use common::{BOOK, BTC, DOLLAR, ONE, World, ioc, limit};
use kedge_model::Error;
use kedge_model::account::board::Purpose;
use kedge_model::account::order::Side;
use kedge_model::account::position::{Position, status};
use kedge_model::quantity::{Amount, Quote};
use kedge_model::rule::margin::MarginKind;
use kedge_model::rule::waterfall::{HAIRCUT_DELAY, INSOLVENCY_HOLD, haircut, payable};
use proptest::prelude::*;
use serde_json::Value;

fn cases(kind: &str) -> Vec<Value> {
    let file: Value = serde_json::from_str(include_str!("../vectors/waterfall.json")).unwrap();
    let cases: Vec<Value> = file["cases"].as_array().unwrap().iter().filter(|c| c["kind"] == kind).cloned().collect();
    assert!(cases.len() >= 10, "{} cases of {kind}", cases.len());
    cases
}

fn whole(value: &Value) -> i64 {
    value.as_i64().unwrap_or_else(|| panic!("{value}"))
}

#[test]
fn claims_become_tokens_as_the_vectors_say() {
    for case in cases("convert") {
        let (inputs, id) = (&case["inputs"], &case["id"]);
        let list = |name: &str| inputs[name].as_array().unwrap().iter().map(whole).collect::<Vec<_>>();
        let (claims, debts) = (list("claims"), list("debts"));
        let mut net = claims.iter().sum::<i64>() - debts.iter().sum::<i64>();
        let mut missing = whole(&inputs["missing"]);
        for (turn, step) in list("order").into_iter().zip(case["expected"]["steps"].as_array().unwrap()) {
            if turn < 0 {
                net += debts[usize::try_from(-1 - turn).unwrap()];
            } else {
                let claim = claims[usize::try_from(turn).unwrap()];
                let found = haircut(Amount(claim.unsigned_abs()), Quote(net), Amount(missing.unsigned_abs()));
                if step["waits"] == true {
                    assert_eq!(found, Err(Error::ProfitHeld), "{id}");
                } else {
                    let found = found.unwrap();
                    let parts = (found.paid.credit().unwrap().0, found.written_off.credit().unwrap().0);
                    assert_eq!(parts, (whole(&step["paid"]), whole(&step["written_off"])), "{id}");
                    (net, missing) = (net - claim, missing - parts.1);
                }
            }
            assert_eq!((net, missing), (whole(&step["net"]), whole(&step["missing"])), "{id}");
        }
    }
}

#[test]
fn a_claim_above_what_all_would_take_out_waits_for_the_losers() {
    let held = |claim, net, missing| haircut(Amount(claim), Quote(net), Amount(missing)).unwrap_err();
    assert_eq!(held(101, 100, 1), Error::ProfitHeld);
    assert_eq!(held(1, 100, 101), Error::ProfitHeld);
    assert_eq!(held(1, -5, 1), Error::ProfitHeld);
    assert_eq!(payable(Amount(9), Quote(100), Amount(101)), Err(Error::ProfitHeld));
}

proptest! {
    #[test]
    fn whoever_comes_first_gives_up_no_smaller_share_and_nothing_is_paid_twice(
        claims in proptest::collection::vec(1u64..1 << 40, 1..12),
        part in 0u64..=1_000_000,
        rotation in 0usize..12,
    ) {
        let all: u64 = claims.iter().sum();
        let missing = u64::try_from(u128::from(all) * u128::from(part) / 1_000_000).unwrap();
        let (mut net, mut left, mut paid) = (all, missing, 0u64);
        for at in 0..claims.len() {
            let claim = claims[(at + rotation) % claims.len()];
            let share = u128::from(left) * u128::from(claim);
            let found = haircut(Amount(claim), Quote(net.cast_signed()), Amount(left)).unwrap();
            prop_assert_eq!(found.paid.0 + found.written_off.0, claim);
            // At least the share, and less than a unit more.
            let given = u128::from(found.written_off.0) * u128::from(net);
            prop_assert!(given >= share && given < share + u128::from(net));
            // And never more than what it would be for those who come later.
            let (then_left, then_net) = (left - found.written_off.0, net - claim);
            prop_assert!(u128::from(then_left) * u128::from(net) <= u128::from(left) * u128::from(then_net));
            (net, left, paid) = (then_net, then_left, paid + found.paid.0);
        }
        prop_assert_eq!((net, left, paid), (0, 0, all - missing));
    }

    #[test]
    fn no_more_is_paid_than_the_pool_holds(
        claim in 1u64..1 << 40, more in 0u64..1 << 40, part in 0u64..=1_000_000, pool in 0u64..1 << 41,
    ) {
        let net = claim + more;
        let missing = Amount(u64::try_from(u128::from(net) * u128::from(part) / 1_000_000).unwrap());
        let net = Quote(net.cast_signed());
        let most = payable(Amount(pool), net, missing).unwrap();
        let found = haircut(Amount(claim).min(most), net, missing).unwrap();
        prop_assert!(found.paid.0 <= pool);
        // Nor is anything held back that it could pay.
        prop_assert!(most.0 >= claim || haircut(Amount(most.0 + 1), net, missing).unwrap().paid.0 >= pool);
    }
}

/// Claims of 600, 300 and 100 dollars in a market without base, and an account that owes 450 and has 400 of it.
fn world() -> World {
    let mut world = World::new(12);
    for (account, claim) in [(0, 600i64), (2, 300), (4, 100), (6, -400), (8, -50)] {
        let quote = Quote(claim * i64::try_from(DOLLAR).unwrap());
        world.accounts[account].head.positions[0] =
            Position { status: status::USED, market: World::index(BOOK), quote, ..Position::default() };
        world.markets[BOOK].users_quote.0 += quote.0;
        world.markets[BOOK].pnl_pool.0 += u64::try_from(quote.0.max(0)).unwrap();
    }
    // What the winners are owed beyond the losers' debts is in the pool already.
    world.markets[BOOK].pnl_pool.0 -= 450 * DOLLAR;
    world.banks[0].market_pools = world.markets[BOOK].pnl_pool;
    world.vaults[0] = world.markets[BOOK].pnl_pool.0;
    world.deposit(6, 0, 400 * DOLLAR).unwrap();
    check(&mut world);
    world
}

fn dollars(amount: u64) -> Quote {
    Quote(i64::try_from(amount * DOLLAR).unwrap())
}

#[test]
fn after_the_losers_have_paid_each_profit_gives_up_the_same_share() {
    for order in [[0, 2, 4], [4, 2, 0], [2, 0, 4]] {
        let mut world = world();
        let report = world.bankrupt(BOOK, 8).unwrap();
        assert_eq!((report.loss, report.deficit), (Amount(50 * DOLLAR), Amount(50 * DOLLAR)));
        assert_eq!(world.convert(BOOK, 0).unwrap_err(), Error::ProfitHeld, "not in the first hour");
        assert_eq!(world.settle(BOOK, 6).unwrap().amount, Quote(-dollars(400).0), "losers pay at any time");
        world.wait(HAIRCUT_DELAY.0);
        world.tick();
        for account in order {
            assert_eq!(world.settle(BOOK, account).unwrap_err(), Error::ProfitOwnersAlone);
            let claim = world.accounts[account].position(BOOK).quote;
            let got = world.convert(BOOK, account).unwrap();
            assert_eq!((got.amount.0, got.written_off.0), (claim.0 / 100 * 95, claim.0.unsigned_abs() / 100 * 5));
            assert!(world.accounts[account].position(BOOK).quote.0 == 0);
            check(&mut world);
        }
        let market = &world.markets[BOOK];
        assert_eq!((market.deficit, market.pnl_pool, market.users_quote), (Amount(0), Amount(0), Quote(0)));
        assert_eq!(market.haircuts, 50 * DOLLAR);
    }
}

#[test]
fn who_leaves_before_the_losers_have_paid_gives_up_more_and_leaves_the_rest_whole() {
    let mut world = world();
    let _ = world.bankrupt(BOOK, 8).unwrap();
    world.wait(HAIRCUT_DELAY.0);
    world.tick();
    let first = world.convert(BOOK, 0).unwrap();
    assert_eq!((first.amount, first.written_off), (dollars(550), Amount(50 * DOLLAR)), "8.3 %, not 5 %");
    check(&mut world);
    let _ = world.settle(BOOK, 6).unwrap();
    for (account, claim) in [(2, 300), (4, 100)] {
        // Nothing is missing any more: anybody settles.
        assert_eq!(world.settle(BOOK, account).unwrap().amount, dollars(claim));
    }
    check(&mut world);
}

#[test]
fn the_next_fees_repay_before_profits_do() {
    let mut world = world();
    let _ = world.bankrupt(BOOK, 8).unwrap();
    let _ = world.settle(BOOK, 6).unwrap();
    // Fees of 20 come in with their tokens.
    world.markets[BOOK].fees.0 += 20 * DOLLAR;
    for sum in [&mut world.markets[BOOK].pnl_pool, &mut world.banks[0].market_pools] {
        sum.0 += 20 * DOLLAR;
    }
    world.vaults[0] += 20 * DOLLAR;
    let sweep = kedge_model::action::SweepFees;
    let swept = world.on_market(BOOK, &[], |context, banks, _| sweep.execute(context, &mut banks[0])).unwrap();
    assert_eq!((swept.deficit, world.markets[BOOK].deficit), (Amount(20 * DOLLAR), Amount(30 * DOLLAR)));
    world.wait(HAIRCUT_DELAY.0);
    world.tick();
    assert_eq!(world.convert(BOOK, 0).unwrap().written_off, Amount(18 * DOLLAR));
    check(&mut world);
}

#[test]
fn a_new_default_does_not_begin_the_hour_anew_and_a_new_deficit_does() {
    let mut world = world();
    let _ = world.bankrupt(BOOK, 8).unwrap();
    let owes = |world: &mut World, dollars: u64| {
        let debt = i64::try_from(dollars * DOLLAR).unwrap();
        world.accounts[10].head.open_position(World::index(BOOK)).unwrap().quote = Quote(-debt);
        world.accounts[2].head.position_mut(World::index(BOOK)).unwrap().quote.0 += debt;
    };
    let _ = world.settle(BOOK, 6).unwrap();
    world.wait(HAIRCUT_DELAY.0 - 1);
    owes(&mut world, 10);
    let _ = world.bankrupt(BOOK, 10).unwrap();
    world.wait(1);
    world.tick();
    // Whoever could begin it anew with a default of a cent an hour would hold all profits for ever.
    assert_eq!(world.convert(BOOK, 4).unwrap().written_off.0, (100 * DOLLAR * 60).div_ceil(1_010));
    check(&mut world);
    let rest = world.markets[BOOK].deficit;
    // Something pays the rest, and the next deficit begins its own hour.
    world.markets[BOOK].deficit = Amount(0);
    world.markets[BOOK].funding_pot.0 += rest.credit().unwrap().0;
    world.markets[BOOK].pnl_pool.0 += rest.0;
    owes(&mut world, 10);
    let _ = world.bankrupt(BOOK, 10).unwrap();
    assert_eq!(world.convert(BOOK, 2).unwrap_err(), Error::ProfitHeld);
}

#[test]
fn a_profit_on_an_open_position_is_not_turned_into_tokens_that_are_missing() {
    // A winner sees the default coming and asks for tokens before and after it: open profit has no claim on the pool.
    let mut world = World::new(8);
    for (account, dollars) in [(0, 2_100), (2, 100_000), (4, 100_000)] {
        world.deposit(account, 0, dollars * DOLLAR).unwrap();
    }
    world.place(2, limit(BOOK, Side::Short, 10 * ONE, 2_000 * DOLLAR)).unwrap();
    let _ = world.take(0, ioc(BOOK, Side::Long, 10 * ONE, 2_000 * DOLLAR), &[2]).unwrap();
    world.drive(BOOK, 1_500 * DOLLAR);
    while world.accounts[0].position(BOOK).base.0 != 0 {
        let _ = world.liquidate(BOOK, 0, 4, u64::MAX).unwrap();
    }
    let _ = world.settle(BOOK, 0).unwrap();
    let equity = [2, 4].map(|account| world.equity(account));
    let report = world.bankrupt(BOOK, 0).unwrap();
    assert!(report.deficit > Amount(2_000 * DOLLAR), "{report:?}");
    assert_eq!([2, 4].map(|account| world.equity(account)), equity, "no position bears it");
    check(&mut world);
    world.wait(HAIRCUT_DELAY.0);
    world.tick();
    // The short closes: its profit of 5,000 is turned into what the loser and the funds have paid of it.
    world.place(4, limit(BOOK, Side::Short, 10 * ONE, 1_500 * DOLLAR)).unwrap();
    let _ = world.take(2, ioc(BOOK, Side::Long, 10 * ONE, 1_500 * DOLLAR), &[4]).unwrap();
    let claim = world.accounts[2].position(BOOK).quote;
    // Fees of the closing repay a part first.
    let sweep = kedge_model::action::SweepFees;
    let _ = world.on_market(BOOK, &[], |context, banks, _| sweep.execute(context, &mut banks[0]));
    let missing = world.markets[BOOK].deficit;
    let got = world.convert(BOOK, 2).unwrap();
    let shares = (got.amount.0 + got.written_off.credit().unwrap().0, got.written_off);
    assert!(
        shares.0 <= claim.0 && got.written_off <= missing && got.written_off.0 > missing.0 / 2,
        "{got:?} {missing:?}"
    );
    check(&mut world);
}

#[test]
fn a_debtor_who_never_comes_back_holds_up_no_other_market() {
    // It has a claim where something is missing and a debt elsewhere, no tokens and no position. Its owner has nothing to gain.
    let mut world = world();
    let debt = dollars(600);
    world.accounts[0].head.positions[1] =
        Position { status: status::USED, market: World::index(BTC), quote: Quote(-debt.0), ..Position::default() };
    world.accounts[10].head.positions[1] =
        Position { status: status::USED, market: World::index(BTC), quote: debt, ..Position::default() };
    check(&mut world);
    let _ = world.bankrupt(BOOK, 8).unwrap();
    let _ = world.settle(BOOK, 6).unwrap();
    assert_eq!(world.settle(BOOK, 0).unwrap_err(), Error::ProfitHeld, "the hour is everybody's");
    world.wait(HAIRCUT_DELAY.0);
    world.tick();
    // Anybody turns it into tokens, the tokens pay, and what the haircut took is a default of its own.
    assert_eq!(world.settle(BOOK, 0).unwrap().amount, dollars(570));
    check(&mut world);
    assert_eq!(world.settle(BTC, 0).unwrap().amount, Quote(-dollars(570).0));
    assert_eq!(world.bankrupt(BTC, 0).unwrap().loss, Amount(30 * DOLLAR));
    assert!(world.accounts[0].head.is_empty());
    check(&mut world);
}

/// A long with 2,100 dollars against two shorts of five each; then 2,000 falls to 1,500.
fn gap() -> World {
    let mut world = World::new(12);
    for (account, dollars) in [(0, 2_100), (2, 100_000), (4, 100_000), (6, 100_000), (8, 100_000)] {
        world.deposit(account, 0, dollars * DOLLAR).unwrap();
    }
    for short in [2, 4] {
        world.place(short, limit(BOOK, Side::Short, 5 * ONE, 2_000 * DOLLAR)).unwrap();
        let _ = world.take(0, ioc(BOOK, Side::Long, 5 * ONE, 2_000 * DOLLAR), &[short]).unwrap();
    }
    world.drive(BOOK, 1_500 * DOLLAR);
    world
}

/// One of the winners closes against somebody new.
fn close(world: &mut World, winner: usize) {
    world.place(8, limit(BOOK, Side::Short, 5 * ONE, 1_500 * DOLLAR)).unwrap();
    let _ = world.take(winner, ioc(BOOK, Side::Long, 5 * ONE, 1_500 * DOLLAR), &[8]).unwrap();
}

/// A friend of the loser has won what the loser has lost, closes, has the loser's last dollars paid in and asks for them before
/// anybody has settled the default.
#[test]
fn profit_of_a_default_that_is_in_sight_is_not_withdrawn_before_the_loss_is_settled() {
    let mut world = gap();
    let first = world.liquidate(BOOK, 0, 6, ONE).unwrap();
    assert!(first.base.0 > 0 && !first.bankrupt, "a first step has found that nothing is left");
    close(&mut world, 2);
    let _ = world.settle(BOOK, 0).unwrap();
    assert!(world.markets[BOOK].pnl_pool > Amount(2_000 * DOLLAR));
    for settle in [World::settle, World::convert] {
        assert_eq!(settle(&mut world, BOOK, 2).unwrap_err(), Error::ProfitHeld);
    }
    while world.accounts[0].position(BOOK).base.0 != 0 {
        let _ = world.liquidate(BOOK, 0, 6, u64::MAX).unwrap();
    }
    let report = world.bankrupt(BOOK, 0).unwrap();
    assert!(report.deficit > Amount(2_800 * DOLLAR));
    assert_eq!(world.convert(BOOK, 2).unwrap_err(), Error::ProfitHeld);
    world.wait(HAIRCUT_DELAY.0);
    world.tick();
    // The other winner closes too: both bear the same share, whoever asks first.
    close(&mut world, 4);
    let share = |world: &mut World, account: usize| {
        let claim = world.accounts[account].position(BOOK).quote;
        let got = world.convert(BOOK, account).unwrap();
        check(world);
        (got.written_off.0 * 10_000).div_ceil(claim.0.unsigned_abs())
    };
    let (one, other) = (share(&mut world, 2), share(&mut world, 4));
    assert!(one.abs_diff(other) <= 20 && one > 5_000, "{one} and {other} of 10,000");
}

#[test]
fn the_hold_ends_by_itself_and_cannot_be_renewed_without_a_gap() {
    let mut world = gap();
    let _ = world.liquidate(BOOK, 0, 6, ONE / 10).unwrap();
    let began = world.markets[BOOK].insolvency_time;
    assert_eq!(began, world.clock.unix_time);
    close(&mut world, 2);
    // Every step of its liquidation finds the same. A tick is a second.
    for wait in [INSOLVENCY_HOLD.0 - 2, 0, INSOLVENCY_HOLD.0 - 2] {
        world.wait(wait);
        world.tick();
        let held = world.clock.unix_time < began + 600;
        let _ = world.liquidate(BOOK, 0, 6, ONE / 10).unwrap();
        assert_eq!(world.markets[BOOK].insolvency_time, began);
        let _ = world.settle(BOOK, 0);
        assert_eq!(world.clone().settle(BOOK, 2).err(), held.then_some(Error::ProfitHeld));
    }
    world.tick();
    let _ = world.liquidate(BOOK, 0, 6, ONE / 10).unwrap();
    assert_eq!(world.markets[BOOK].insolvency_time, world.clock.unix_time, "twenty minutes later it may begin anew");
}

#[test]
fn a_pocket_that_lacks_next_to_nothing_holds_nobody() {
    let mut world = gap();
    let lacks = world.margin_in(0, BOOK, MarginKind::Maintenance, Purpose::Liquidate).unwrap().collateral;
    world.deposit(0, 0, lacks.magnitude().0 - 999_999).unwrap();
    let mut nearly = world.clone();
    let _ = world.liquidate(BOOK, 0, 6, ONE / 10).unwrap();
    assert_eq!(world.markets[BOOK].insolvency_time, 0);
    nearly.accounts[0].head.debit(0, Amount(1)).unwrap();
    (nearly.banks[0].deposits.0, nearly.vaults[0]) = (nearly.banks[0].deposits.0 - 1, nearly.vaults[0] - 1);
    let _ = nearly.liquidate(BOOK, 0, 6, ONE / 10).unwrap();
    assert_eq!(nearly.markets[BOOK].insolvency_time, nearly.clock.unix_time);
}
