//! What bounds a liquidation: its discount in time and by equity, its budget, and the order in which a pocket is reduced.

mod common;

use common::check::check;
use common::story::{LIQUIDATOR, MAKER};
use common::{BOOK, BTC, DOLLAR, ONE, SOL, World, ioc, limit};
use kedge_model::account::order::Side;
use kedge_model::account::pocket::Pocket;
use kedge_model::account::sub_account::status;
use kedge_model::error::Error;
use kedge_model::num::Rounding;
use kedge_model::quantity::{Amount, Base, Ppm, Price, Size};
use kedge_model::rule::liquidation::window_budget;
use kedge_model::time::{Millis, Slot};
use proptest::prelude::*;

const TRADER: usize = 0;

/// Markets whose discount grows from 0.1 % in a minute.
fn ramped(accounts: usize) -> World {
    let mut world = World::new(accounts);
    for market in &mut world.markets {
        (market.liquidator_fee_start, market.liquidation_ramp) = (Ppm(1_000), Millis(60_000));
    }
    for rich in [MAKER, LIQUIDATOR] {
        world.deposit(rich, 0, 10_000_000 * DOLLAR).unwrap();
    }
    world
}

fn open(world: &mut World, account: usize, market: usize, side: Side, size: u64) {
    let price = world.oracle(market).0;
    world.place(MAKER, limit(market, side.opposite(), size, price)).unwrap();
    let taken = world.take(account, ioc(market, side, size, price), &[MAKER]).unwrap();
    assert_eq!(taken.matched.maker_size, Size(size));
}

/// Takes dollars out of an account's balance, as a loss elsewhere would.
fn impoverish(world: &mut World, account: usize, dollars: u64) {
    let amount = dollars * DOLLAR;
    world.accounts[account].head.debit(0, Amount(amount)).unwrap();
    (world.vaults[0], world.banks[0].deposits.0) = (world.vaults[0] - amount, world.banks[0].deposits.0 - amount);
}

/// A long of a BTC at 60,000 in want of margin by 4 % of its value, its pocket alone or with the rest.
fn in_want(isolated: bool) -> World {
    let mut world = ramped(6);
    world.deposit(TRADER, 0, 6_200 * DOLLAR).unwrap();
    if isolated {
        world.isolate(TRADER, BTC, 6_200 * DOLLAR).unwrap();
    }
    open(&mut world, TRADER, BTC, Side::Long, ONE);
    world.drive(BTC, 56_000 * DOLLAR);
    world
}

fn wait_slots(world: &mut World, slots: u64) {
    world.clock.slot += slots;
}

#[test]
fn a_discount_grows_with_the_age_of_its_liquidation_and_begins_anew_after_a_recovery() {
    for isolated in [false, true] {
        let mut world = in_want(isolated);
        let pocket = if isolated { Pocket::Isolated(0) } else { Pocket::Cross };
        let slot = |world: &World| pocket.liquidation_slot(&world.accounts[TRADER].head);
        assert_eq!(slot(&world), Slot(0));
        // Nothing is taken: the time runs all the same, whoever the liquidator is.
        let begun = world.liquidate(BTC, TRADER, LIQUIDATOR, 0).unwrap();
        assert_eq!((begun.base, begun.recovered), (Base(0), false));
        assert_eq!(slot(&world), Slot(world.clock.slot));
        assert_eq!(world.liquidate(BTC, TRADER, LIQUIDATOR, 0).unwrap_err(), Error::AmountZero, "it has begun");
        // 400 ms a slot: 0.1 % at once, 0.3 % after 75 slots, 0.5 % from 150 on.
        for (slots, price) in [(0, 55_944), (75, 55_832), (75, 55_720), (1_000, 55_720)] {
            wait_slots(&mut world, slots);
            let mut other = world.clone();
            let step = other.liquidate(BTC, TRADER, LIQUIDATOR, ONE / 100).unwrap();
            assert_eq!(step.price, Price(price * DOLLAR), "isolated {isolated}, {slots} later");
            check(&mut other);
        }
        // Once it is healthy again nothing is left of the age.
        world.deposit(TRADER, 0, 5_000 * DOLLAR).unwrap();
        if isolated {
            world.transfer_isolated(TRADER, BTC, 5_000_000_000).unwrap();
        }
        if world.accounts[TRADER].head.status & !status::HAS_ISOLATED != 0 || isolated {
            let done = world.liquidate(BTC, TRADER, LIQUIDATOR, 0);
            assert!(matches!(done, Ok(report) if report.recovered), "{done:?}");
        }
        assert_eq!(slot(&world), Slot(0));
        world.drive(BTC, 51_200 * DOLLAR);
        let step = world.liquidate(BTC, TRADER, LIQUIDATOR, ONE / 100).unwrap();
        assert_eq!(step.price, Price(51_200 * DOLLAR * 999 / 1_000));
        assert_eq!(slot(&world), Slot(world.clock.slot));
        check(&mut world);
    }
}

#[test]
fn a_younger_isolated_liquidation_never_makes_an_older_one_dearer() {
    let mut world = ramped(6);
    world.deposit(TRADER, 0, 20_000 * DOLLAR).unwrap();
    for (market, dollars, size) in [(BTC, 6_200, ONE), (SOL, 6_200, 400 * ONE)] {
        world.isolate(TRADER, market, dollars * DOLLAR).unwrap();
        open(&mut world, TRADER, market, Side::Long, size);
    }
    world.drive(BTC, 56_000 * DOLLAR);
    let _ = world.liquidate(BTC, TRADER, LIQUIDATOR, 0).unwrap();
    wait_slots(&mut world, 150);
    world.drive(SOL, 140 * DOLLAR);
    let _ = world.liquidate(SOL, TRADER, LIQUIDATOR, 0).unwrap();
    let at = world.clock.slot;
    for market in [BTC, SOL] {
        let mut other = world.clone();
        let step = other.liquidate(market, TRADER, LIQUIDATOR, 1_000_000_000 / 100).unwrap();
        assert_eq!(step.price.0, world.oracle(market).0 * 999 / 1_000, "the younger age holds for both");
    }
    // The younger ends: the word stays while the older is under way.
    world.transfer_isolated(TRADER, SOL, 5_000_000_000).unwrap();
    assert!(world.liquidate(SOL, TRADER, LIQUIDATOR, 0).unwrap().recovered);
    assert_eq!(world.accounts[TRADER].head.isolated_liquidation_slot, Slot(at));
    world.transfer_isolated(TRADER, BTC, 2_000_000_000).unwrap();
    assert!(world.liquidate(BTC, TRADER, LIQUIDATOR, 0).unwrap().recovered);
    assert_eq!(world.accounts[TRADER].head.isolated_liquidation_slot, Slot(0));
    check(&mut world);
}

#[test]
fn beginning_a_liquidation_needs_one() {
    let mut world = in_want(false);
    world.drive(BTC, 60_000 * DOLLAR);
    assert_eq!(world.liquidate(BTC, TRADER, LIQUIDATOR, 0).unwrap_err(), Error::NotLiquidatable);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// However little is left, and however late it is: a take-over costs a pocket at most its equity, or what a discount
    /// begins with, and one without equity pays no insurance fee.
    #[test]
    fn no_discount_exceeds_what_is_left_but_the_one_that_it_begins_with(
        dollars in 6_001u64..9_000, fall in 0u64..9_500, age in 0u64..400, isolated: bool, long: bool, part in 1u64..=100,
    ) {
        let mut world = ramped(6);
        world.deposit(TRADER, 0, (dollars + 500) * DOLLAR).unwrap();
        if isolated {
            world.isolate(TRADER, BTC, (dollars + 100) * DOLLAR).unwrap();
        }
        let side = if long { Side::Long } else { Side::Short };
        open(&mut world, TRADER, BTC, side, ONE);
        world.drive(BTC, if long { 60_000 - fall } else { 60_000 + fall } * DOLLAR);
        prop_assume!(world.liquidate(BTC, TRADER, LIQUIDATOR, 0).is_ok_and(|begun| !begun.recovered));
        wait_slots(&mut world, age);
        let before = world.health_in(TRADER, BTC).collateral.0;
        let step = world.liquidate(BTC, TRADER, LIQUIDATOR, ONE / 100 * part).unwrap();
        let after = world.health_in(TRADER, BTC).collateral.0;
        let value = step.base.size().value(world.oracle(BTC), Rounding::Up).unwrap();
        let begins = value.share(world.markets[BTC].liquidator_fee_start, Rounding::Up).unwrap();
        let begins = i64::try_from(begins.0).unwrap();
        if before >= 0 {
            // A unit for the value that is left, rounded down.
            prop_assert!(after >= -1 - begins, "{before} became {after}");
        } else {
            prop_assert_eq!(step.insurance_fee, Amount(0));
            prop_assert!(after >= before - 1 - begins && after < before, "{before} became {after}: nobody gains by it");
        }
        check(&mut world);
    }

    /// The list names every position once, by what it requires; the exchange takes over its first and no other, until nothing is
    /// short.
    #[test]
    fn a_pocket_is_reduced_in_the_published_order(
        sizes in proptest::array::uniform3(0u64..=10), sides in proptest::array::uniform3(any::<bool>()), want in 0u64..3_000,
        halted in proptest::option::weighted(0.3, 0usize..3),
    ) {
        prop_assume!(sizes.iter().any(|size| *size > 0));
        let mut world = ramped(6);
        world.deposit(TRADER, 0, 50_000 * DOLLAR).unwrap();
        for (market, unit) in [(BTC, ONE / 10), (SOL, 40 * ONE), (BOOK, 3 * ONE)] {
            if sizes[market] > 0 {
                let side = if sides[market] { Side::Long } else { Side::Short };
                open(&mut world, TRADER, market, side, unit * sizes[market]);
            }
        }
        let required = world.health(TRADER).requirement.0;
        let balance = world.accounts[TRADER].head.balance(0).0;
        impoverish(&mut world, TRADER, (balance - (required / 2).min(balance)) / DOLLAR + want.min(required / 4 / DOLLAR));
        prop_assume!(!world.health(TRADER).is_met());
        if let Some(market) = halted {
            world.board.markets[market].price.set_halted(true, &world.clock);
        }
        for _ in 0..60 {
            let held = world.clone();
            let order = world.reductions(TRADER, Pocket::Cross).unwrap();
            let required = |market: u16| {
                let mut alone = held.clone();
                for position in &mut alone.accounts[TRADER].head.positions {
                    if position.market != market {
                        position.base = Base(0);
                    }
                }
                alone.health(TRADER).requirement
            };
            let usable = |market: &usize| Some(*market) != halted && !held.accounts[TRADER].position(*market).base.is_zero();
            prop_assert_eq!(order.count, (0..3).filter(usable).count());
            for pair in order.as_slice().windows(2) {
                let (a, b) = (required(pair[0]), required(pair[1]));
                prop_assert!(a > b || (a == b && pair[0] < pair[1]), "{:?}", order);
            }
            let Some(&first) = order.as_slice().first() else { break };
            for market in (0..3).filter(|market| *market != usize::from(first)) {
                let wanted = if Some(market) == halted && !held.accounts[TRADER].position(market).base.is_zero() {
                    vec![Error::RowStateForbids]
                } else {
                    vec![Error::LiquidationOrder, Error::NothingToLiquidate, Error::RowStateForbids]
                };
                let refused = world.liquidate(market, TRADER, LIQUIDATOR, u64::MAX).unwrap_err();
                prop_assert!(wanted.contains(&refused), "{:?}", refused);
                if usable(&market) {
                    prop_assert_eq!(refused, Error::LiquidationOrder);
                }
            }
            let step = world.liquidate(usize::from(first), TRADER, LIQUIDATOR, u64::MAX).unwrap();
            prop_assert!(!step.base.is_zero());
            check(&mut world);
            let head = &world.accounts[TRADER].head;
            if !head.has(status::BEING_LIQUIDATED) {
                break;
            }
        }
    }
}

#[test]
fn of_equal_requirements_the_lower_market_comes_first_and_orders_do_not_count() {
    let mut world = ramped(6);
    world.deposit(TRADER, 0, 20_000 * DOLLAR).unwrap();
    open(&mut world, TRADER, BOOK, Side::Long, 15 * ONE);
    open(&mut world, TRADER, BTC, Side::Short, ONE / 2);
    world.place(TRADER, limit(BOOK, Side::Long, 20 * ONE, 1_950 * DOLLAR)).unwrap();
    let order = world.reductions(TRADER, Pocket::Cross).unwrap();
    assert_eq!(order.as_slice(), [World::index(BTC), World::index(BOOK)]);
    impoverish(&mut world, TRADER, 18_000);
    assert_eq!(world.liquidate(BOOK, TRADER, LIQUIDATOR, u64::MAX).unwrap_err(), Error::LiquidationOrder);
    assert_eq!(world.liquidate(BTC, TRADER, LIQUIDATOR, u64::MAX).unwrap().orders_cancelled, 1);
    // The first has shrunk: now the other requires more.
    assert_eq!(world.liquidate(BTC, TRADER, LIQUIDATOR, u64::MAX).unwrap_err(), Error::LiquidationOrder);
    let _ = world.liquidate(BOOK, TRADER, LIQUIDATOR, u64::MAX).unwrap();
    check(&mut world);
}

/// So many longs of a BTC of different people with ever more collateral, the market down to 56,600.
fn crowd(longs: &[usize], share: u32, floor: u64) -> World {
    let mut world = World::new(16);
    for account in [MAKER, LIQUIDATOR] {
        world.deposit(account, 0, 10_000_000 * DOLLAR).unwrap();
    }
    for (place, account) in longs.iter().enumerate() {
        world.accounts[*account].head.authority = [100 + u8::try_from(place).unwrap(); 32];
        world.deposit(*account, 0, (6_100 + 10 * place as u64) * DOLLAR).unwrap();
        open(&mut world, *account, BTC, Side::Long, ONE);
    }
    (world.markets[BTC].liquidation_share, world.markets[BTC].liquidation_budget) =
        (Ppm(share), Amount(floor * DOLLAR));
    world.drive(BTC, 56_600 * DOLLAR);
    world
}

/// Everybody who is not the maker or the liquidator.
fn people() -> Vec<usize> {
    (0..16).filter(|account| ![MAKER / 2, LIQUIDATOR / 2].contains(&(account / 2))).collect()
}

#[test]
fn a_budget_is_a_share_of_the_open_interest_with_a_floor() {
    let longs = people();
    let mut world = crowd(&longs, 50_000, 0);
    // Twelve BTC at 56,600, 5 % of them.
    let budget = |world: &World| window_budget(&world.markets[BTC], world.oracle(BTC)).unwrap();
    assert_eq!(budget(&world), Some(Amount(33_960 * DOLLAR)));
    let mut taken = 0;
    let mut held = 0;
    for _ in 0..10 {
        for account in &longs {
            match world.liquidate(BTC, *account, LIQUIDATOR, u64::MAX) {
                Ok(step) => taken += step.quote.magnitude().0,
                Err(Error::LiquidationThrottled) => held += 1,
                Err(other) => assert_eq!(other, Error::NotLiquidatable),
            }
        }
    }
    // The last step may reach beyond it, by less than itself: a quarter of a position.
    assert!((33_960 * DOLLAR..33_960 * DOLLAR + 56_600 * DOLLAR / 4).contains(&taken) && held > 50, "{taken} {held}");
    assert_eq!(world.markets[BTC].liquidated, Amount(taken));
    check(&mut world);
    // A market of a few positions has its floor, one without both no budget.
    world.markets[BTC].liquidation_budget = Amount(40_000 * DOLLAR);
    assert_eq!(budget(&world), Some(Amount(40_000 * DOLLAR)));
    world.markets[BTC].liquidation_share = Ppm(0);
    assert_eq!(budget(&world), Some(Amount(40_000 * DOLLAR)));
    world.markets[BTC].liquidation_budget = Amount(0);
    assert_eq!(budget(&world), None);
}

#[test]
fn who_is_nearest_to_a_default_is_never_starved() {
    let longs = people();
    let (last, rest) = longs.split_last().unwrap();
    let mut world = crowd(&longs, 20_000, 0);
    // Everybody else uses the window up; then the last one falls below half of its requirement.
    for _ in 0..6 {
        for account in rest {
            let _ = world.liquidate(BTC, *account, LIQUIDATOR, u64::MAX);
        }
    }
    let held = |account: &usize| {
        world.clone().liquidate(BTC, *account, LIQUIDATOR, u64::MAX).err() == Some(Error::LiquidationThrottled)
    };
    assert!(rest.iter().filter(|account| held(account)).count() > 5);
    for _ in 0..3 {
        let margin = world.health(*last);
        let spare = u64::try_from(margin.collateral.0).unwrap() - margin.requirement.0 / 2;
        impoverish(&mut world, *last, spare / DOLLAR + 1);
        assert!(world.liquidate(BTC, *last, LIQUIDATOR, u64::MAX).unwrap().base.size() > Size(0));
    }
    check(&mut world);
}

#[test]
fn two_accounts_of_one_owner_get_nothing_more_from_the_budget() {
    // What is taken of others after an owner's one account, or after the same in two: as much of the window is gone.
    let used = |split: bool| {
        let longs = people();
        let mut world = crowd(&longs, 0, 5_000);
        let [first, second, other] = longs[..3] else { panic!("three accounts") };
        world.accounts[second].head.authority = world.accounts[first].head.authority;
        world.accounts[second].head.id = 7;
        let parts = if split { [first, second] } else { [first, first] };
        for account in parts {
            let _ = world.liquidate(BTC, account, LIQUIDATOR, ONE / 20).unwrap();
        }
        let refused = world.liquidate(BTC, other, LIQUIDATOR, u64::MAX).unwrap_err();
        assert_eq!(refused, Error::LiquidationThrottled, "split {split}");
        check(&mut world);
        world.markets[BTC].liquidated
    };
    assert_eq!(used(true), used(false));
}
