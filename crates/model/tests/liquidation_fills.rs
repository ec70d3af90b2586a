//! Liquidating against makers and the vAMM: what it costs the pocket, what it moves, and what it refuses.

mod common;

use common::check::check;
use common::story::{LIQUIDATOR, MAKER};
use common::{BTC, DOLLAR, ONE, SOL, World, ioc, limit};
use kedge_model::account::exchange::operation;
use kedge_model::account::order::Side;
use kedge_model::account::pocket::Pocket;
use kedge_model::account::sub_account::status;
use kedge_model::action::PoolKind;
use kedge_model::error::Error;
use kedge_model::num::Rounding;
use kedge_model::quantity::{Amount, Ppm, Price, Quote, Size};
use kedge_model::rule::liquidation::{FillTerms, fill_terms, shortage};
use kedge_model::rule::margin::liquidation_margin;
use kedge_model::time::Millis;
use proptest::prelude::*;

const TRADER: usize = 0;
/// The trader's second sub-account.
const SECOND: usize = 1;
/// Who has no money at all.
const POOR: usize = LIQUIDATOR;

/// A BTC at 60,000 of somebody with so many dollars, long or short, and then another price; the taker fee is 0.05 %.
fn held(dollars: u64, side: Side, price: u64) -> World {
    let mut world = World::new(6);
    (world.markets[BTC].liquidator_fee_start, world.markets[BTC].liquidation_ramp) = (Ppm(1_000), Millis(60_000));
    for tier in &mut world.exchange.fees {
        (tier.taker, tier.maker_rebate) = (Ppm(500), Ppm(100));
    }
    for rich in [MAKER, SECOND] {
        world.deposit(rich, 0, 1_000_000 * DOLLAR).unwrap();
    }
    world.deposit(TRADER, 0, dollars * DOLLAR).unwrap();
    world.place(MAKER, limit(BTC, side.opposite(), ONE, 60_000 * DOLLAR)).unwrap();
    let _ = world.take(TRADER, ioc(BTC, side, ONE, 60_000 * DOLLAR), &[MAKER]).unwrap();
    world.drive(BTC, price * DOLLAR);
    world.outlast();
    world
}

/// Begins, and lets the discount grow to the whole.
fn ripen(world: &mut World, slots: u64) {
    let begun = world.liquidate(BTC, TRADER, POOR, 0).unwrap();
    assert!(!begun.recovered);
    world.clock.slot += slots;
}

fn quote(world: &World, account: usize) -> i64 {
    world.accounts[account].position(BTC).quote.0
}

#[test]
fn a_liquidator_without_money_reduces_a_position_against_a_maker() {
    let mut world = held(6_200, Side::Long, 56_600);
    ripen(&mut world, 150);
    // 0.5 % less 0.05 %: half to the liquidator, half bounds the price.
    assert_eq!(fill_terms(Ppm(5_000), Ppm(500)), Ok(Some(FillTerms { fee: Ppm(2_250), slippage: Ppm(2_250) })));
    world.place(MAKER, limit(BTC, Side::Long, ONE, 56_500 * DOLLAR)).unwrap();
    let (before, equity) = (world.markets[BTC], world.equity(TRADER));
    let done = world.liquidate_with_fill(BTC, TRADER, POOR, u64::MAX, &[MAKER]).unwrap();
    let size = done.matched.size;
    assert!(size > Size(0) && size < Size(ONE / 4 + 1) && done.matched.maker_size == size);
    assert_eq!(done.limit, Price(56_472_650_000), "56,600 less 0.225 %");
    let value = size.value(Price(56_600 * DOLLAR), Rounding::Down).unwrap();
    assert_eq!(done.fee, value.share(Ppm(2_250), Rounding::Down).unwrap());
    assert_eq!(quote(&world, POOR), i64::try_from(done.fee.0).unwrap(), "the liquidator has its fee and nothing else");
    assert!(world.accounts[POOR].position(BTC).base.is_zero());
    assert_eq!(world.accounts[TRADER].position(BTC).base.size(), Size(ONE - size.0));
    // All that the pocket lost went to somebody: to the maker by its price, and in fees.
    let lost = value.0 - done.matched.quote.0 + done.matched.fees.0 + done.fee.0 + done.insurance_fee.0;
    assert!((equity - world.equity(TRADER)).abs_diff(i128::from(lost)) <= 2);
    assert_eq!(world.markets[BTC].insurance_fees.0 - before.insurance_fees.0, done.insurance_fee.0);
    assert_eq!(
        world.markets[BTC].users_quote.0,
        before.users_quote.0
            - i64::try_from((world.markets[BTC].fees.0 - before.fees.0) + done.insurance_fee.0).unwrap()
    );
    check(&mut world);
}

#[test]
fn what_the_makers_leave_goes_to_the_vamm_at_no_worse_a_price() {
    let mut world = held(6_200, Side::Long, 56_600);
    world.fund_pool(BTC, PoolKind::Amm, 200_000 * DOLLAR).unwrap();
    // The fall has widened the vAMM's quotes.
    world.markets[BTC].liquidator_fee = Ppm(30_000);
    ripen(&mut world, 150);
    world.wait(1);
    let _ = world.refresh(BTC, 56_600 * DOLLAR).unwrap();
    let _ = world.refresh_bank(0, DOLLAR).unwrap();
    world.place(MAKER, limit(BTC, Side::Long, ONE / 50, 56_590 * DOLLAR)).unwrap();
    let done = world.liquidate_with_fill(BTC, TRADER, POOR, u64::MAX, &[MAKER]).unwrap();
    assert_eq!(done.matched.maker_size, Size(ONE / 50));
    assert!(done.matched.amm_size > Size(0), "{done:?}");
    assert!(done.matched.quote >= done.matched.size.value(done.limit, Rounding::Down).unwrap());
    check(&mut world);
}

#[test]
fn nothing_is_filled_beyond_the_protected_band_or_below_the_taker_fee() {
    let mut world = held(6_200, Side::Long, 56_600);
    ripen(&mut world, 150);
    world.place(MAKER, limit(BTC, Side::Long, ONE, 56_472 * DOLLAR)).unwrap();
    let refused = world.liquidate_with_fill(BTC, TRADER, POOR, u64::MAX, &[MAKER]).unwrap_err();
    assert_eq!(refused, Error::NothingToFill);
    world.place(MAKER, limit(BTC, Side::Long, ONE, 56_473 * DOLLAR)).unwrap();
    let mut young = world.clone();
    assert!(world.liquidate_with_fill(BTC, TRADER, POOR, u64::MAX, &[MAKER]).is_ok());
    young.markets[BTC].liquidator_fee = Ppm(499);
    young.markets[BTC].liquidator_fee_start = Ppm(499);
    let refused = young.liquidate_with_fill(BTC, TRADER, POOR, u64::MAX, &[MAKER]).unwrap_err();
    assert_eq!((refused, fill_terms(Ppm(499), Ppm(500))), (Error::NothingToFill, Ok(None)));
}

#[test]
fn a_healthy_pocket_another_market_and_its_own_account_are_refused() {
    let mut world = held(6_200, Side::Long, 60_000);
    world.place(MAKER, limit(BTC, Side::Long, ONE, 60_000 * DOLLAR)).unwrap();
    let mut fill =
        |market, account, by| world.liquidate_with_fill(market, account, by, u64::MAX, &[MAKER]).unwrap_err();
    assert_eq!(fill(BTC, TRADER, POOR), Error::NotLiquidatable);
    assert_eq!(fill(BTC, SECOND, POOR), Error::NotLiquidatable);
    let mut world = held(6_200, Side::Long, 56_600);
    assert_eq!(world.liquidate_with_fill(SOL, TRADER, POOR, u64::MAX, &[]).unwrap_err(), Error::NothingToLiquidate);
    for paused in [operation::LIQUIDATE, operation::FILL] {
        world.pause(paused);
        assert_eq!(world.liquidate_with_fill(BTC, TRADER, POOR, u64::MAX, &[]).unwrap_err(), Error::OperationPaused);
    }
}

#[test]
fn the_owners_own_orders_are_never_the_other_side_and_the_owner_uses_the_budget_too() {
    let mut world = held(6_200, Side::Long, 56_600);
    ripen(&mut world, 150);
    world.place(SECOND, limit(BTC, Side::Long, ONE, 56_600 * DOLLAR)).unwrap();
    let alone = world.liquidate_with_fill(BTC, TRADER, POOR, u64::MAX, &[SECOND]).unwrap_err();
    assert_eq!(alone, Error::NothingToFill);
    world.place(MAKER, limit(BTC, Side::Long, ONE, 56_500 * DOLLAR)).unwrap();
    let done = world.liquidate_with_fill(BTC, TRADER, POOR, u64::MAX, &[SECOND, MAKER]).unwrap();
    assert_eq!((done.matched.self_trades, done.matched.maker_size), (1, done.matched.size));
    assert!(world.accounts[SECOND].position(BTC).base.is_zero(), "its order is cancelled, not matched");
    check(&mut world);
    // By the owner's own account: the base moves into the market all the same, and counts.
    let mut world = held(6_200, Side::Long, 56_600);
    ripen(&mut world, 150);
    world.markets[BTC].liquidation_budget = Amount(500 * DOLLAR);
    world.place(MAKER, limit(BTC, Side::Long, ONE, 56_500 * DOLLAR)).unwrap();
    let done = world.liquidate_with_fill(BTC, TRADER, SECOND, ONE / 50, &[MAKER]).unwrap();
    assert_eq!(world.markets[BTC].liquidated, done.matched.quote);
    let held = world.liquidate_with_fill(BTC, TRADER, SECOND, ONE / 50, &[MAKER]).unwrap_err();
    assert_eq!(held, Error::LiquidationThrottled);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever makers offer: the ledger is whole, no fill is worse than the limit, all that the pocket pays is within the
    /// discount of a take-over, it never pays what it has not but what a discount begins with, and no more is filled than restores the buffer.
    #[test]
    fn a_step_costs_no_more_than_a_take_over_and_takes_no_more_than_the_buffer(
        dollars in 6_001u64..8_000, fall in 1_500u64..8_000, age in 0u64..200, long: bool, amm: bool,
        offers in proptest::collection::vec((-40i64..60, 1u64..400), 0..6), most in 1u64..=1_000,
    ) {
        let side = if long { Side::Long } else { Side::Short };
        let price = if long { 60_000 - fall } else { 60_000 + fall };
        let mut world = held(dollars + 100, side, 60_000);
        world.drive(BTC, price * DOLLAR);
        if amm {
            world.fund_pool(BTC, PoolKind::Amm, 200_000 * DOLLAR).unwrap();
        }
        prop_assume!(world.liquidate(BTC, TRADER, POOR, 0).is_ok_and(|begun| !begun.recovered));
        world.clock.slot += age;
        world.wait(1);
        let _ = world.refresh(BTC, price * DOLLAR).unwrap();
        let _ = world.refresh_bank(0, DOLLAR).unwrap();
        let oracle = price * DOLLAR;
        for (away, size) in offers {
            let at = i64::try_from(price * 10).unwrap() + if long { -away * 10 } else { away * 10 };
            let order = limit(BTC, side, ONE / 1_000 * size, u64::try_from(at).unwrap() * 100_000);
            let _ = world.place(MAKER, order);
        }
        let head = |world: &World| world.accounts[TRADER].head;
        let judged = |world: &World| liquidation_margin(&head(world), Pocket::Cross, &world.board, &world.clock).unwrap();
        let (before, equity) = (judged(&world), world.equity(TRADER));
        let buffer = world.markets[BTC].liquidation_buffer;
        prop_assume!(!shortage(&before, buffer).unwrap().is_zero());
        let Ok(done) = world.liquidate_with_fill(BTC, TRADER, POOR, ONE / 1_000 * most, &[MAKER]) else {
            check(&mut world);
            return Ok(());
        };
        check(&mut world);
        let (size, after) = (done.matched.size, judged(&world));
        let up = size.value(Price(oracle), Rounding::Up).unwrap().0;
        let paid = done.matched.quote.0;
        let worst = size.value(done.limit, if long { Rounding::Down } else { Rounding::Up }).unwrap().0;
        prop_assert!(if long { paid + 4 >= worst } else { paid <= worst + 4 }, "{paid} {worst}");
        // Price, taker fee and the liquidator's fee, within the discount and a unit for each rounding.
        let slip = if long { i128::from(up) - i128::from(paid) } else { i128::from(paid) - i128::from(up) };
        let cost = slip + i128::from(done.matched.fees.0) + i128::from(done.fee.0);
        let units = i128::from(done.matched.fills) * 2 + 4;
        prop_assert!(cost <= i128::from(up) * 5_000 / 1_000_000 + units, "{cost} of {up}");
        prop_assert!((equity - world.equity(TRADER) - cost - i128::from(done.insurance_fee.0)).abs() <= units);
        if before.collateral.0 >= 0 {
            // Beyond its equity it pays at most what a discount begins with.
            let begins = i128::from(up) * i128::from(world.markets[BTC].liquidator_fee_start.0) / 1_000_000;
            prop_assert!(i128::from(after.collateral.0) >= -units - begins, "{:?}", after);
        }
        // What is spare beyond the buffer is at most a smallest order's, and what makers gave beyond the oracle.
        let spare = -i128::from(after.requirement.0) + i128::from(after.collateral.0);
        let wanted = after.liability.share(buffer, Rounding::Down).unwrap().0;
        let step = Size(world.markets[BTC].min_order.0 + world.markets[BTC].step.0).value(Price(oracle), Rounding::Up).unwrap();
        let gained = (-slip).max(0);
        if !after.liability.is_zero() {
            prop_assert!(spare <= i128::from(wanted) + i128::from(step.share(Ppm(55_000), Rounding::Up).unwrap().0) + gained + units, "{spare} {wanted}");
        }
        let still = head(&world).has(status::BEING_LIQUIDATED);
        prop_assert_eq!(still, !shortage(&after, buffer).unwrap().is_zero());
        prop_assert_eq!(world.accounts[POOR].position(BTC).quote, Quote(i64::try_from(done.fee.0).unwrap()));
    }
}
