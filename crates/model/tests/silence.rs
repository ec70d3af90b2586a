//! A market whose price no source brings any more ends, announced, without anybody's permission.

mod common;

use common::check::check;
use common::lifecycle::*;
use common::{BTC, DOLLAR, ONE, SOL, World, ioc};
use kedge_model::account::exchange::operation;
use kedge_model::account::market::MarketStatus;
use kedge_model::account::order::Side;
use kedge_model::action::Ending;
use kedge_model::clock::Clock;
use kedge_model::error::Error;
use kedge_model::quantity::{Amount, Price, Quote};
use kedge_model::rule::lifecycle::{DEBT_PERIOD, PAYOUT_DELAY, SILENCE, SILENCE_NOTICE, auction_price};

const HOUR: u64 = 3_600;

/// Two longs and a short against the vAMM of BTC at 61,000; the last prices were a quorum's.
fn traded() -> World {
    let mut world = World::funded(4, 20_000);
    for (account, side, limit) in [(0, Side::Long, 62_000), (1, Side::Long, 62_000), (2, Side::Short, 58_000)] {
        let _ = world.take(account, ioc(BTC, side, ONE / 10, limit * DOLLAR), &[]).unwrap();
        world.tick();
    }
    world.drive(BTC, 61_000 * DOLLAR);
    world
}

/// Lets everything but the row of BTC have prices for so many hours.
fn without_btc(world: &mut World, hours: u64) {
    for _ in 0..hours {
        world.wait(HOUR);
        for market in (0..world.markets.len()).filter(|market| *market != BTC) {
            let _ = world.refresh(market, world.oracle(market).0).unwrap();
        }
        for bank in 0..world.banks.len() {
            let _ = world.refresh_bank(bank, world.board.banks[bank].price.price.0).unwrap();
        }
    }
}

#[test]
fn a_silent_row_moves_its_market_to_settlement_and_everybody_is_paid_within_two_days() {
    let mut world = traded();
    let (began, average) = (world.clock.unix_time, world.board.markets[BTC].quorum_average);
    assert_eq!(average, world.board.markets[BTC].price.twap_5m);
    without_btc(&mut world, 22);
    assert_eq!(end_market(&mut world, BTC), Err(Error::MarketNotExpired), "not silent for long");
    without_btc(&mut world, 1);
    assert_eq!(end_market(&mut world, BTC), Ok(Ending::Announced));
    assert_eq!(end_market(&mut world, BTC), Err(Error::RowNotSilent), "announced a moment ago");
    world.wait(HOUR - 2);
    assert_eq!(end_market(&mut world, BTC), Err(Error::RowNotSilent), "two seconds are missing");
    world.wait(2);
    let Ending::Settled(terms) = end_market(&mut world, BTC).unwrap() else { panic!("it was announced") };
    assert_eq!(terms.price, average);
    assert_eq!(end_market(&mut world, BTC), Err(Error::MarketNotActive));
    check(&mut world);
    for account in 0..3 {
        let _ = settle_position(&mut world, BTC, account).unwrap();
    }
    world.wait(PAYOUT_DELAY.0);
    for account in 0..3 {
        let _ = settle_position(&mut world, BTC, account);
        assert_eq!(world.accounts[account].position(BTC).quote, Quote(0), "account {account}");
        let tokens = world.accounts[account].head.balance(0).0;
        world.withdraw(account, 0, tokens).unwrap();
    }
    assert_eq!(delist(&mut world, BTC), Err(Error::SettlementPending));
    world.wait(DEBT_PERIOD.0 - PAYOUT_DELAY.0);
    let _ = delist(&mut world, BTC).unwrap();
    assert_gone(&world, BTC);
    check(&mut world);
    assert!(world.clock.unix_time - began <= 48 * HOUR as i64);
    assert_eq!((SILENCE.0, SILENCE_NOTICE.0, DEBT_PERIOD.0), (24 * HOUR, HOUR, 12 * HOUR));
}

#[test]
fn a_price_takes_the_announcement_back() {
    let mut world = traded();
    without_btc(&mut world, 23);
    assert_eq!(end_market(&mut world, BTC), Ok(Ending::Announced));
    world.wait(HOUR / 2);
    let _ = world.refresh(BTC, 61_000 * DOLLAR).unwrap();
    world.wait(HOUR / 2);
    assert_eq!(end_market(&mut world, BTC), Err(Error::MarketNotExpired));
    // The second silence needs an announcement of its own.
    without_btc(&mut world, 24);
    assert_eq!(end_market(&mut world, BTC), Ok(Ending::Announced));
    assert_eq!(end_market(&mut world, BTC), Err(Error::RowNotSilent));
    world.wait(HOUR);
    assert!(matches!(end_market(&mut world, BTC), Ok(Ending::Settled(_))));
}

#[test]
fn a_single_source_keeps_the_market_and_moves_no_settlement_price() {
    let mut world = traded();
    let average = world.board.markets[BTC].quorum_average;
    world.lose_a_source(BTC, 61_500 * DOLLAR);
    for _ in 0..30 {
        without_btc(&mut world, 1);
        let _ = world.refresh_from(BTC, 61_500 * DOLLAR, 1).unwrap();
        assert_eq!(end_market(&mut world, BTC), Err(Error::MarketNotExpired), "one source serves it");
    }
    assert_eq!(world.board.markets[BTC].quorum_average, average);
    without_btc(&mut world, 23);
    assert_eq!(end_market(&mut world, BTC), Ok(Ending::Announced));
    without_btc(&mut world, 1);
    assert_eq!(settle_market(&mut world, BTC).unwrap().price, average, "not what one source said");
}

#[test]
fn a_stopped_chain_restarted_silences_nobody() {
    let mut world = traded();
    // The chain stood still for three days: the clock says so, and the slots do not.
    world.clock.unix_time += 3 * 24 * HOUR as i64;
    world.clock.slot += 100;
    for market in [BTC, SOL] {
        assert_eq!(end_market(&mut world, market), Err(Error::MarketNotExpired));
    }
    // Another 22 hours of slots without a price are not enough, 23 are.
    world.wait(22 * HOUR);
    assert_eq!(end_market(&mut world, BTC), Err(Error::MarketNotExpired));
    world.wait(HOUR);
    assert_eq!(end_market(&mut world, BTC), Ok(Ending::Announced));
    // It stops again within the notice.
    world.clock.unix_time += 24 * HOUR as i64;
    assert_eq!(end_market(&mut world, BTC), Err(Error::RowNotSilent), "nobody could speak in that time");
    world.wait(HOUR);
    assert!(matches!(end_market(&mut world, BTC), Ok(Ending::Settled(_))));
}

#[test]
fn without_a_price_of_the_quote_token_every_market_can_end() {
    let mut world = traded();
    let mut average = Price(0);
    for _ in 0..23 {
        world.wait(HOUR);
        let _ = world.refresh(BTC, 61_000 * DOLLAR).unwrap();
        average = world.board.markets[BTC].quorum_average;
    }
    assert_eq!(end_market(&mut world, BTC), Ok(Ending::Announced));
    world.wait(HOUR);
    assert_eq!(settle_market(&mut world, BTC).unwrap().price, average);
    for account in 0..3 {
        let _ = settle_position(&mut world, BTC, account).unwrap();
    }
    world.wait(PAYOUT_DELAY.0);
    let _ = settle_position(&mut world, BTC, 0);
    let tokens = world.accounts[0].head.balance(0).0;
    world.withdraw(0, 0, tokens).unwrap();
}

#[test]
fn a_market_that_never_had_a_price_is_announced_for_a_day() {
    let mut world = World::funded(2, 20_000);
    let new = world.markets.len();
    world.list_market(&common::market_params(b"NEVER", Price(50 * DOLLAR), 10_000, 1_000_000, 1_000));
    assert_eq!(end_market(&mut world, new), Ok(Ending::Announced));
    for hour in 0..24 {
        assert_eq!(end_market(&mut world, new), Err(Error::RowNotSilent), "{hour}");
        world.wait(HOUR);
    }
    let _ = settle_market(&mut world, new).unwrap();
    world.wait(DEBT_PERIOD.0);
    assert_eq!(delist(&mut world, new).unwrap(), Amount(0));
    assert_gone(&world, new);
}

#[test]
fn a_pause_and_a_halt_hold_a_silent_market_no_longer_than_a_day() {
    let mut world = traded();
    without_btc(&mut world, 23);
    let admin = world.exchange.admin;
    let day = kedge_model::time::Seconds::DAY;
    let clock = world.clock;
    world.exchange.set_paused(&admin, operation::ALL, day, &clock).unwrap();
    assert_eq!(end_market(&mut world, BTC), Ok(Ending::Announced), "no switch stops the announcement");
    world.wait(day.0 - 1);
    assert_eq!(end_market(&mut world, BTC), Err(Error::OperationPaused));
    let clock = world.clock;
    assert_eq!(world.exchange.set_paused(&admin, operation::SETTLE, day, &clock), Ok(()), "it is paused already");
    world.wait(1);
    assert!(matches!(end_market(&mut world, BTC), Ok(Ending::Settled(_))));
    assert_eq!(world.markets[BTC].status, MarketStatus::Settlement as u8);
}

#[test]
fn collateral_without_a_price_is_auctioned_from_its_last_average_to_nothing() {
    let world = World::funded(2, 20_000);
    let (row, slot_time) = (world.board.banks[2].price, world.board.slot_time());
    let from = world.clock;
    let at = |hours: u64, slots: u64| {
        let time = from.unix_time + (hours * HOUR) as i64;
        auction_price(&row, &Clock { unix_time: time, slot: from.slot + slots }, slot_time).unwrap()
    };
    let hours = |hours: u64| at(hours, hours * 9_000);
    assert_eq!((hours(0), hours(23)), (None, None));
    assert_eq!((hours(24), hours(25)), (Some(Price(150 * DOLLAR)), Some(Price(137_500_000))));
    assert_eq!((hours(30), hours(35)), (Some(Price(75 * DOLLAR)), Some(Price(12_500_000))));
    assert_eq!((hours(36), hours(400)), (Some(Price(1)), Some(Price(1))));
    assert_eq!((at(400, 100), at(400, 25 * 9_000)), (None, Some(Price(137_500_000))), "the chain stood still");
    let unpriced = kedge_model::account::board::PriceRow::default();
    assert_eq!(auction_price(&unpriced, &from, slot_time), Ok(None));
}
