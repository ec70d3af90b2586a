//! The hour before an expiry, and the price at its end.

use crate::common::check::check;
use crate::common::lifecycle::*;
use crate::common::{BTC, DOLLAR, ONE, World, ioc, limit, with};
use kedge_model::account::board::{LEAST_SAMPLED, MOST_PER_SAMPLE, OraclePrice, RowState, SETTLEMENT_WINDOW};
use kedge_model::account::order::{Side, flags};
use kedge_model::action::PoolKind;
use kedge_model::error::Error;
use kedge_model::fault::{Fault, with as plant};
use kedge_model::num::Rounding;
use kedge_model::quantity::{Amount, Base, Ppm, Price, Quote, Size};
use kedge_model::rule::lifecycle::{EXPIRY_NOTICE, PAYOUT_DELAY};

/// Moves a market's price there in equal steps of so many seconds, all other rows kept fresh.
pub(crate) fn glide(world: &mut World, market: usize, price: u64, seconds: u64, step: u64) {
    let from = i128::from(world.oracle(market).0);
    let steps = seconds / step;
    for part in 1..=i128::from(steps) {
        let at = from + (i128::from(price) - from) * part / i128::from(steps);
        print(world, market, u64::try_from(at).unwrap(), step);
    }
}

/// Lets seconds pass and refreshes a market's row at a price, all other rows at theirs.
pub(crate) fn print(world: &mut World, market: usize, price: u64, seconds: u64) {
    world.wait(seconds);
    for bank in 0..world.banks.len() {
        let price = world.board.banks[bank].price.price.0;
        let _ = world.refresh_bank(bank, price).unwrap();
    }
    for at in 0..world.markets.len() {
        let price = if at == market { price } else { world.oracle(at).0 };
        let _ = world.refresh(at, price).unwrap();
    }
}

/// Sets an expiry with the least notice; returns it.
pub(crate) fn announce(world: &mut World, market: usize) -> i64 {
    let time = world.clock.unix_time + i64::try_from(EXPIRY_NOTICE.0).unwrap();
    set_expiry(world, market, time).unwrap();
    time
}

/// Ten seconds before the expiry: spot at 57,000, the hour's average some 4 % above it.
fn ten_seconds_before() -> World {
    let mut world = World::funded(10, 400_000);
    let row = &mut world.board.markets[BTC];
    (row.initial_margin, row.maintenance_margin) = (Ppm(20_000), Ppm(15_000));
    let _ = announce(&mut world, BTC);
    glide(&mut world, BTC, 60_000 * DOLLAR, 6_200, 50);
    glide(&mut world, BTC, 57_000 * DOLLAR, 300, 10);
    glide(&mut world, BTC, 57_000 * DOLLAR, 690, 10);
    world
}

/// Settles the market and everybody in it; what the accounts have then.
pub(crate) fn settle_all(world: &mut World, market: usize, accounts: &[usize]) -> i128 {
    let _ = settle_market(world, market).unwrap();
    for account in 0..world.accounts.len() {
        let _ = settle_position(world, market, account);
        let _ = world.bankrupt(market, account);
        check(world);
    }
    world.wait(PAYOUT_DELAY.0);
    for account in 0..world.accounts.len() {
        let _ = settle_position(world, market, account);
        check(world);
    }
    accounts.iter().map(|&account| i128::from(world.accounts[account].head.balance(0).0)).sum()
}

/// Two wallets of one person, 50x, ten seconds before the end: the loser defaults, and what it could not pay was taken
/// from the insurance fund and the vAMM.
fn trade_with_oneself_at_spot() -> Result<i128, Error> {
    let mut world = ten_seconds_before();
    world.withdraw(2, 0, 150_000 * DOLLAR).unwrap();
    let before = 650_000 * i128::from(DOLLAR);
    world.place(2, limit(BTC, Side::Short, 200 * ONE, 57_000 * DOLLAR))?;
    let _ = world.take(0, ioc(BTC, Side::Long, 200 * ONE, 57_000 * DOLLAR), &[2])?;
    world.wait(10);
    world.tick();
    Ok(settle_all(&mut world, BTC, &[0, 2]) - before)
}

#[test]
fn nobody_opens_at_spot_what_will_be_settled_at_the_average() {
    let gain = plant(Fault::ExpiryAtSpot, trade_with_oneself_at_spot).unwrap();
    assert!(gain > 50_000 * i128::from(DOLLAR), "{gain}");
    assert_eq!(trade_with_oneself_at_spot().unwrap_err(), Error::MarketReduceOnly);
}

/// Without leverage, against the vAMM: it sold at spot what the market bought back at the average.
fn buy_from_the_vamm_at_spot() -> Result<i128, Error> {
    let mut world = ten_seconds_before();
    let _ = world.take(0, ioc(BTC, Side::Long, 6 * ONE, 58_000 * DOLLAR), &[])?;
    world.wait(10);
    world.tick();
    Ok(settle_all(&mut world, BTC, &[0]) - 400_000 * i128::from(DOLLAR))
}

#[test]
fn the_vamm_opens_nothing_in_the_last_hour() {
    let gain = plant(Fault::ExpiryAtSpot, buy_from_the_vamm_at_spot).unwrap();
    assert!(gain > 8_000 * i128::from(DOLLAR), "{gain}");
    assert_eq!(buy_from_the_vamm_at_spot().unwrap_err(), Error::MarketReduceOnly);
}

/// A short against the vAMM from before the hour is bought back from it near the end; what the vAMM is worth at what it
/// will be settled at, before and after.
fn close_against_the_vamm(price: u64) -> Result<(Size, i64), Error> {
    let mut world = World::funded(10, 400_000);
    let time = announce(&mut world, BTC);
    let _ = world.take(0, ioc(BTC, Side::Short, 4 * ONE, 58_000 * DOLLAR), &[]).unwrap();
    glide(&mut world, BTC, 60_000 * DOLLAR, 6_200, 50);
    glide(&mut world, BTC, 57_000 * DOLLAR, 300, 10);
    glide(&mut world, BTC, 57_000 * DOLLAR, 600, 10);
    assert!(world.clock.unix_time < time);
    let worth = |world: &World| world.markets[BTC].amm.equity(average(world, BTC)).unwrap().0;
    let average = if kedge_model::fault::planted(Fault::ExpiryAtSpot) {
        world.board.markets[BTC].price.twap_1h
    } else {
        average(&world, BTC)
    };
    assert!(average > Price(58_500 * DOLLAR), "{average:?}");
    let at = |world: &World| world.markets[BTC].amm.equity(average).unwrap().0;
    let (before, worth_before) = (at(&world), worth(&world));
    let order = with(flags::REDUCE_ONLY, ioc(BTC, Side::Long, 4 * ONE, price));
    let taken = world.take(0, order, &[])?.matched.amm_size;
    check(&mut world);
    if !kedge_model::fault::planted(Fault::ExpiryAtSpot) {
        assert!(worth(&world) >= worth_before);
    }
    Ok((taken, at(&world) - before))
}

#[test]
fn the_vamm_closes_at_the_worse_of_spot_and_average() {
    let (taken, change) = plant(Fault::ExpiryAtSpot, || close_against_the_vamm(58_000 * DOLLAR)).unwrap();
    assert!(taken.0 > ONE && change < -4_000 * DOLLAR as i64, "{taken:?} {change}");
    let (taken, _) = close_against_the_vamm(58_000 * DOLLAR).unwrap();
    assert_eq!(taken, Size(0), "not below the average");
    let (taken, change) = close_against_the_vamm(59_800 * DOLLAR).unwrap();
    assert!(taken.0 > ONE && change >= 0, "{taken:?} {change}");
}

/// Long 10x from 60,000; spot is 5.5 % below, the average 1 %: who is fine at the end is not liquidated on the way.
fn liquidate_at_spot() -> Result<Base, Error> {
    let mut world = World::funded(10, 400_000);
    let _ = announce(&mut world, BTC);
    world.withdraw(0, 0, 393_800 * DOLLAR).unwrap();
    world.place(2, limit(BTC, Side::Short, ONE, 60_000 * DOLLAR)).unwrap();
    let _ = world.take(0, ioc(BTC, Side::Long, ONE, 60_000 * DOLLAR), &[2]).unwrap();
    glide(&mut world, BTC, 60_000 * DOLLAR, 6_400, 50);
    glide(&mut world, BTC, 56_500 * DOLLAR, 770, 10);
    Ok(world.liquidate(BTC, 0, 4, u64::MAX)?.base)
}

#[test]
fn who_is_fine_at_the_average_is_not_liquidated_at_spot() {
    assert!(plant(Fault::ExpiryAtSpot, liquidate_at_spot).unwrap().0 > 0);
    assert_eq!(liquidate_at_spot().unwrap_err(), Error::NotLiquidatable);
}

/// No refresh in the last hour and one after it: the print decided.
fn settle_on_one_print() -> Result<Price, Error> {
    let mut world = World::funded(4, 20_000);
    let _ = world.take(0, ioc(BTC, Side::Long, ONE / 10, 61_000 * DOLLAR), &[]).unwrap();
    let _ = announce(&mut world, BTC);
    glide(&mut world, BTC, 60_000 * DOLLAR, 3_600, 60);
    world.wait(SETTLEMENT_WINDOW.0 + 1);
    let _ = world.refresh(BTC, 62_500 * DOLLAR).unwrap();
    Ok(settle_market(&mut world, BTC)?.price)
}

#[test]
fn an_hour_without_refreshes_is_not_settled_at_the_next_print() {
    assert_eq!(plant(Fault::ExpiryAtSpot, settle_on_one_print).unwrap(), Price(62_500 * DOLLAR));
    assert_eq!(settle_on_one_print().unwrap_err(), Error::SettlementUnsampled);
}

/// After the expiry prices moved the average on: whoever called chose the moment.
fn settle_later(seconds: u64) -> Price {
    let mut world = World::funded(4, 20_000);
    let _ = world.take(0, ioc(BTC, Side::Long, ONE / 10, 61_000 * DOLLAR), &[]).unwrap();
    let _ = announce(&mut world, BTC);
    glide(&mut world, BTC, 60_000 * DOLLAR, 7_200, 60);
    glide(&mut world, BTC, 58_000 * DOLLAR, seconds, 10);
    settle_market(&mut world, BTC).unwrap().price
}

#[test]
fn nothing_after_the_expiry_moves_the_settlement_price() {
    let old = plant(Fault::ExpiryAtSpot, || (settle_later(600), settle_later(1_800)));
    assert!(old.0 != old.1 && old.1 < Price(59_600 * DOLLAR), "{old:?}");
    assert_eq!((settle_later(600), settle_later(1_800)), (Price(60_000 * DOLLAR), Price(60_000 * DOLLAR)));
}

/// A loser who defaults in settlement, a winner, and a vAMM that had no part in it: who pays.
fn default_in_settlement() -> (Quote, Amount, Amount, Amount) {
    let mut world = World::funded(8, 20_000);
    world.markets[BTC].insurance_cap = Amount(1_000 * DOLLAR);
    world.withdraw(2, 0, 10_000 * DOLLAR).unwrap();
    world.place(4, limit(BTC, Side::Long, ONE, 60_000 * DOLLAR)).unwrap();
    let _ = world.take(2, ioc(BTC, Side::Short, ONE, 60_000 * DOLLAR), &[4]).unwrap();
    for price in [62_500, 65_000, 67_500, 70_000, 72_500, 75_000] {
        world.drive(BTC, price * DOLLAR);
    }
    let _ = run_out(&mut world, BTC);
    let _ = settle_market(&mut world, BTC).unwrap();
    for account in [2, 4] {
        let _ = settle_position(&mut world, BTC, account).unwrap();
    }
    let before = world.markets[BTC].amm.quote;
    let report = world.bankrupt(BTC, 2).unwrap();
    world.wait(PAYOUT_DELAY.0);
    let paid = settle_position(&mut world, BTC, 4).unwrap();
    check(&mut world);
    let amm = world.markets[BTC].amm.quote.minus(before).unwrap();
    (amm, report.loss, report.insurance, paid.written_off)
}

#[test]
fn a_default_in_settlement_is_paid_by_profits_before_the_vamm_and_insurance_keeps_its_cap() {
    let (amm, loss, insurance, written_off) = plant(Fault::ExpiryAtSpot, default_in_settlement);
    assert_eq!((insurance, written_off), (loss, Amount(0)), "all of the fund was for it");
    assert_eq!(amm, Quote(0));
    let (amm, loss, insurance, written_off) = default_in_settlement();
    assert_eq!(insurance, Amount(1_000 * DOLLAR));
    assert_eq!(amm, Quote(0), "the vAMM pays nothing");
    let fees = loss.0 - insurance.0 - written_off.0;
    assert!(written_off.0 > 3_900 * DOLLAR && fees < 100 * DOLLAR, "{written_off:?} of {loss:?}");
}

/// The row of a settled market after refreshes with a quorum, without one, and later ones.
fn thaw() -> bool {
    let mut world = World::funded(4, 20_000);
    let _ = world.take(0, ioc(BTC, Side::Long, ONE / 10, 61_000 * DOLLAR), &[]).unwrap();
    let _ = run_out(&mut world, BTC);
    let _ = settle_market(&mut world, BTC).unwrap();
    let row = world.board.markets[BTC];
    let mut same = true;
    for price in [61_000, 60_500, 90_000, 1, 60_000] {
        for sources in 0..=2 {
            for seconds in [0, 1, 10, 5_000] {
                world.wait(seconds);
                let _ = world.refresh_from(BTC, price * DOLLAR, sources).unwrap();
                let mut ahead = OraclePrice {
                    price: Price(price),
                    publish_time: world.clock.unix_time + 30,
                    ..OraclePrice::default()
                };
                ahead.publish_slot = world.clock.slot;
                let (clock, micros) = (world.clock, world.board.slot_time());
                let _ = world.board.markets[BTC].refresh(&[ahead; 2], &clock, micros).unwrap();
                same &= bytemuck::bytes_of(&world.board.markets[BTC]) == bytemuck::bytes_of(&row);
            }
        }
    }
    same
}

#[test]
fn no_refresh_changes_a_byte_of_a_settled_row() {
    assert!(!plant(Fault::FrozenRowThaws, thaw), "an ordinary refresh thawed it");
    assert!(thaw());
}

#[test]
fn a_position_is_worth_the_settlement_price_at_the_end_and_spot_at_the_beginning() {
    let mut world = World::funded(4, 100_000);
    let _ = world.take(0, ioc(BTC, Side::Long, ONE, 61_000 * DOLLAR), &[]).unwrap();
    let time = announce(&mut world, BTC);
    glide(&mut world, BTC, 60_000 * DOLLAR, 3_590, 10);
    glide(&mut world, BTC, 61_000 * DOLLAR, 10, 10);
    assert_eq!(average(&world, BTC), Price(61_000 * DOLLAR), "the hour begins at spot");
    let (mut sum, mut seconds) = (0u64, 0u64);
    for minute in 0..60u64 {
        let price = (60_000 + minute * 17 % 900) * DOLLAR;
        print(&mut world, BTC, price, 60);
        (sum, seconds) = (sum + price * 60, seconds + 60);
        let worth = average(&world, BTC);
        let exact = (u128::from(sum) + u128::from(price) * u128::from(3_600 - seconds)) / 3_600;
        assert_eq!(u128::from(worth.0), exact);
        let position = world.accounts[0].position(BTC);
        let margin = world.health(0);
        let pnl = position.quote.0 + position.base.value(worth, Rounding::Down).unwrap().0;
        assert_eq!(margin.collateral.0, pnl + i64::try_from(world.accounts[0].head.balance(0).0).unwrap());
    }
    assert_eq!((seconds, world.clock.unix_time), (3_600, time));
    let at_end = average(&world, BTC);
    assert_eq!(at_end, Price(sum / 3_600));
    assert_eq!(settle_market(&mut world, BTC).unwrap().price, at_end);
}

#[test]
fn a_gap_and_a_halt_count_for_nothing_and_the_rest_is_sampled_after_the_expiry() {
    let mut world = World::funded(4, 20_000);
    let _ = world.take(0, ioc(BTC, Side::Long, ONE / 10, 61_000 * DOLLAR), &[]).unwrap();
    let time = announce(&mut world, BTC);
    glide(&mut world, BTC, 60_000 * DOLLAR, 3_600, 60);
    // Ten minutes of prices, half an hour of nothing, and ten minutes of a halt.
    glide(&mut world, BTC, 60_000 * DOLLAR, 600, 60);
    world.wait(1_800);
    let _ = world.refresh(BTC, 62_000 * DOLLAR).unwrap();
    assert_eq!(world.board.markets[BTC].settlement_seconds, 600 + MOST_PER_SAMPLE.0 as u32);
    (world.board.markets[BTC].price.state, world.board.markets[BTC].halt_until) = (RowState::Halted as u8, u32::MAX);
    glide(&mut world, BTC, 64_000 * DOLLAR, 1_200, 60);
    assert_eq!(world.board.markets[BTC].settlement_seconds, 600 + MOST_PER_SAMPLE.0 as u32);
    assert_eq!(world.clock.unix_time, time);
    let mut halted = world.clone();
    let price = settle_market(&mut halted, BTC).unwrap().price;
    let last = (600 * 60_000 + 60 * 62_000 + 1_140 * 64_000) * DOLLAR / 1_800;
    assert_eq!(price, Price(last), "nothing better is to come");
    world.board.markets[BTC].price.state = RowState::Normal as u8;
    for minute in 0..19 {
        assert_eq!(settle_market(&mut world, BTC).unwrap_err(), Error::SettlementUnsampled, "{minute}");
        glide(&mut world, BTC, 63_000 * DOLLAR, 60, 60);
    }
    assert_eq!(world.board.markets[BTC].settlement_seconds, LEAST_SAMPLED.0 as u32);
    let sampled = settle_market(&mut world, BTC).unwrap().price;
    assert!(sampled > Price(61_900 * DOLLAR) && sampled < Price(62_200 * DOLLAR), "{sampled:?}");
}

/// A vAMM that is short against everybody and cannot pay: what the insurance fund of 20,000 with a cap of 500 gives.
fn fill_the_pool() -> Amount {
    let mut world = World::new(4);
    for account in 0..4 {
        world.deposit(account, 0, 1_000_000 * DOLLAR).unwrap();
    }
    world.markets[BTC].insurance_cap = Amount(500 * DOLLAR);
    world.fund_pool(BTC, PoolKind::Amm, 12_500 * DOLLAR).unwrap();
    world.fund_pool(BTC, PoolKind::Insurance, 20_000 * DOLLAR).unwrap();
    let _ = world.take(0, ioc(BTC, Side::Long, ONE, 62_000 * DOLLAR), &[]).unwrap();
    for price in [62_500, 65_000, 67_500, 70_000, 72_500, 75_000] {
        world.drive(BTC, price * DOLLAR);
    }
    let _ = run_out(&mut world, BTC);
    let terms = settle_market(&mut world, BTC).unwrap();
    check(&mut world);
    terms.insurance
}

#[test]
fn insurance_keeps_its_cap_when_the_vamm_cannot_pay() {
    assert!(plant(Fault::ExpiryAtSpot, fill_the_pool) > Amount(500 * DOLLAR));
    assert_eq!(fill_the_pool(), Amount(500 * DOLLAR));
}
