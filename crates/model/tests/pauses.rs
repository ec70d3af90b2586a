//! Pauses, halts and reduce-only markets end by themselves and cannot be renewed without a gap.

mod common;

use common::{BTC, DOLLAR, ONE, SOL, World, limit};
use kedge_model::account::board::RowState;
use kedge_model::account::exchange::{Exchange, operation};
use kedge_model::account::market::MarketStatus;
use kedge_model::account::pause::{LEAST_OPEN, MOST_PAUSED, MOST_STOPPED};
use kedge_model::action::{HaltRow, SetMarketStatus};
use kedge_model::clock::Clock;
use kedge_model::error::{Error, Result};
use kedge_model::event::NoEvents;
use kedge_model::side::Side;
use kedge_model::time::Seconds;
use proptest::prelude::*;

const ADMIN: [u8; 32] = [1; 32];
const PAUSER: [u8; 32] = [2; 32];
const START: i64 = 1_800_000_000;
const HOUR: i64 = 3_600;

fn at(seconds: i64) -> Clock {
    Clock { slot: 1, unix_time: START + seconds }
}

fn exchange() -> Exchange {
    Exchange::new(255, ADMIN, PAUSER).unwrap()
}

fn set(exchange: &mut Exchange, paused: u32, hours: u64, second: i64) -> Result<()> {
    exchange.set_paused(&PAUSER, paused, Seconds(hours * 3_600), &at(second))
}

#[test]
fn a_pause_holds_to_its_end_and_no_second_longer() {
    let mut exchange = exchange();
    set(&mut exchange, operation::WITHDRAW, 5, 0).unwrap();
    for (second, paused) in [(0, true), (5 * HOUR - 1, true), (5 * HOUR, false), (500 * HOUR, false)] {
        assert_eq!(exchange.is_paused(operation::WITHDRAW, &at(second)), paused, "{second}");
        assert!(!exchange.is_paused(operation::ALL & !operation::WITHDRAW, &at(second)));
    }
    assert_eq!(exchange.by_bit().nth(1), Some((operation::WITHDRAW, START as u32, (START + 5 * HOUR) as u32)));
}

#[test]
fn a_pause_has_a_length_and_a_longest() {
    for (bits, most) in [(operation::WITHDRAW, 24), (operation::FILL_AMM, 24), (operation::DEPOSIT, 168)] {
        let mut exchange = exchange();
        assert_eq!(set(&mut exchange, bits, 0, 0), Err(Error::InvalidParameter));
        assert_eq!(set(&mut exchange, bits, most + 1, 0), Err(Error::PauseTooLong));
        assert_eq!((exchange.paused, exchange.stopped_since), (0, 0), "a refusal changes nothing");
        assert_eq!(set(&mut exchange, bits, most, 0), Ok(()));
    }
    assert_eq!((MOST_STOPPED.0, LEAST_OPEN.0, MOST_PAUSED.0), (24 * 3_600, 48 * 3_600, 168 * 3_600));
    let mut both = exchange();
    assert_eq!(set(&mut both, operation::DEPOSIT | operation::SETTLE, 25, 0), Err(Error::PauseTooLong));
}

#[test]
fn what_is_paused_keeps_its_end() {
    let mut exchange = exchange();
    set(&mut exchange, operation::WITHDRAW, 5, 0).unwrap();
    set(&mut exchange, operation::WITHDRAW | operation::DEPOSIT, 24, HOUR).unwrap();
    assert_eq!(exchange.paused_now(&at(5 * HOUR)), operation::DEPOSIT, "the first pause was not prolonged");
    // What has ended is not counted as resumed, and a mask without it is no resuming.
    assert_eq!(set(&mut exchange, operation::DEPOSIT, 1, 6 * HOUR), Ok(()));
    assert_eq!(set(&mut exchange, 0, 1, 7 * HOUR), Err(Error::WrongAuthority), "the deposit's pause runs");
}

#[test]
fn a_pause_is_not_renewed_without_a_gap() {
    let mut exchange = exchange();
    set(&mut exchange, operation::DEPOSIT, 10, 0).unwrap();
    for second in [10 * HOUR, 20 * HOUR - 1] {
        assert_eq!(set(&mut exchange, operation::DEPOSIT, 1, second), Err(Error::PauseTooSoon));
    }
    set(&mut exchange, operation::DEPOSIT, 10, 20 * HOUR).unwrap();
    // Resumed after an hour: off for an hour.
    exchange.set_paused(&ADMIN, 0, Seconds(0), &at(21 * HOUR)).unwrap();
    assert!(!exchange.is_paused(operation::DEPOSIT, &at(21 * HOUR)));
    assert_eq!(set(&mut exchange, operation::DEPOSIT, 1, 22 * HOUR - 1), Err(Error::PauseTooSoon));
    assert_eq!(set(&mut exchange, operation::DEPOSIT, 1, 22 * HOUR), Ok(()));
    // The admin has no other clock.
    exchange.set_paused(&ADMIN, operation::FUNDING, Seconds::DAY, &at(22 * HOUR)).unwrap();
    let again = exchange.set_paused(&ADMIN, operation::FUNDING, Seconds::DAY, &at(46 * HOUR));
    assert_eq!(again, Err(Error::PauseTooSoon));
}

#[test]
fn a_stop_of_leaving_is_a_day_and_then_two_days_without() {
    let mut exchange = exchange();
    set(&mut exchange, operation::WITHDRAW, 2, 0).unwrap();
    // Another switch on the same day ends with that day.
    set(&mut exchange, operation::SETTLE, 24, 20 * HOUR).unwrap();
    assert!(exchange.is_paused(operation::SETTLE, &at(24 * HOUR - 1)));
    assert_eq!(exchange.paused_now(&at(24 * HOUR)), 0);
    for second in [24 * HOUR, 48 * HOUR, 72 * HOUR - 1] {
        for bit in [operation::WITHDRAW, operation::TRANSFER, operation::PLACE, operation::FILL_AMM] {
            assert_eq!(set(&mut exchange, bit, 1, second), Err(Error::PauseTooSoon), "{bit:#x} at {second}");
        }
    }
    set(&mut exchange, operation::TRANSFER, 24, 72 * HOUR).unwrap();
    assert!(exchange.is_paused(operation::TRANSFER, &at(96 * HOUR - 1)));
}

#[test]
fn a_halt_ends_with_the_first_refresh_after_its_end() {
    let mut world = World::new(0);
    let halt = |world: &mut World, index, length| {
        let halt = HaltRow { kind: 0, index, halted: true, length };
        halt.execute(&mut world.exchange, &mut world.board, &world.clock)
    };
    assert_eq!(halt(&mut world, 0, Seconds(0)), Err(Error::InvalidParameter));
    assert_eq!(halt(&mut world, 0, Seconds(86_401)), Err(Error::PauseTooLong));
    halt(&mut world, 0, Seconds(3_600)).unwrap();
    let state = |world: &World, row: usize| RowState::from_number(world.board.markets[row].price.state);
    world.wait(3_590);
    world.tick();
    assert_eq!(state(&world, 0), RowState::Halted);
    halt(&mut world, 0, Seconds::DAY).unwrap();
    world.wait(10);
    world.tick();
    assert_eq!(state(&world, 0), RowState::Normal, "a second call did not prolong the halt");
    // Another row on the same day ends with that day, and then none for two days: the pauses have the same clock.
    world.wait(22 * 3_600);
    halt(&mut world, 1, Seconds::DAY).unwrap();
    world.wait(3_600);
    world.tick();
    assert_eq!(state(&world, 1), RowState::Normal);
    assert_eq!(halt(&mut world, 0, Seconds(1)), Err(Error::PauseTooSoon));
    let clock = world.clock;
    let pause = world.exchange.set_paused(&[77; 32], operation::WITHDRAW, Seconds(1), &clock);
    assert_eq!(pause, Err(Error::WrongAuthority));
    let admin = world.exchange.admin;
    let pause = world.exchange.set_paused(&admin, operation::WITHDRAW, Seconds(1), &clock);
    assert_eq!(pause, Err(Error::PauseTooSoon), "a halt and a pause one after the other are one stop");
    world.wait(48 * 3_600);
    halt(&mut world, 0, Seconds(1)).unwrap();
}

#[test]
fn a_reduce_only_market_trades_again_by_itself() {
    let mut world = World::funded(2, 100_000);
    let set = |world: &mut World, status, length| {
        let clock = world.clock;
        SetMarketStatus { status, length }.execute(&world.board, &mut world.markets[BTC], clock, &mut NoEvents)
    };
    let order = limit(BTC, Side::Long, ONE / 10, 59_000 * DOLLAR);
    assert_eq!(set(&mut world, MarketStatus::ReduceOnly, Seconds(0)), Err(Error::InvalidParameter));
    assert_eq!(set(&mut world, MarketStatus::ReduceOnly, Seconds(604_801)), Err(Error::PauseTooLong));
    set(&mut world, MarketStatus::ReduceOnly, Seconds(7_200)).unwrap();
    world.wait(7_190);
    world.tick();
    assert_eq!(world.place(0, order).unwrap_err(), Error::MarketReduceOnly);
    world.wait(10);
    world.tick();
    world.place(0, order).unwrap();
    assert_eq!(set(&mut world, MarketStatus::ReduceOnly, Seconds(1)), Err(Error::PauseTooSoon));
    world.wait(7_200);
    set(&mut world, MarketStatus::ReduceOnly, Seconds(7_200)).unwrap();
    set(&mut world, MarketStatus::Active, Seconds(0)).unwrap();
    world.tick();
    world.place(0, order).unwrap();
    assert!(!world.markets[SOL].is_reduce_only(&world.clock));
}

/// Seconds of `0..until` in which the switches are on.
fn stopped(exchange: &Exchange, bits: u32, from: i64, until: i64) -> i64 {
    (from..until).step_by(600).filter(|second| exchange.is_paused(bits, &at(*second))).count() as i64 * 600
}

proptest! {
    /// The attack: pauser and admin renew whatever they can, at any time, in any order. In no 72 hours is leaving stopped
    /// for more than 24, and never for more than 24 without a break.
    #[test]
    fn a_pause_renewed_for_ever_stops_a_third_of_the_time_at_most(
        moves in prop::collection::vec((0i64..40, 0u32..1_024, 1u64..30, any::<bool>()), 1..60),
    ) {
        let mut exchange = exchange();
        let mut now = 0i64;
        let mut stops: Vec<(i64, i64)> = Vec::new();
        for (wait, bits, hours, admin) in moves {
            let next = now + wait * HOUR / 2;
            let on = stopped(&exchange, operation::LEAVING, now, next);
            if on > 0 {
                stops.push((now, on));
            }
            now = next;
            let signer = if admin { ADMIN } else { PAUSER };
            let kept = if admin { 0 } else { exchange.paused_now(&at(now)) };
            let _ = exchange.set_paused(&signer, bits | kept, Seconds(hours * 3_600), &at(now));
            let single = 1 << (bits % 10);
            let _ = exchange.set_paused(&signer, single | exchange.paused_now(&at(now)), Seconds::DAY, &at(now));
        }
        for (index, (begin, _)) in stops.iter().enumerate() {
            let within = stops[index..].iter().take_while(|(from, _)| from - begin < 48 * HOUR);
            let total: i64 = within.map(|(_, on)| on).sum();
            prop_assert!(total <= 24 * HOUR, "{total} seconds within 48 hours from {begin}");
        }
        prop_assert!(!exchange.is_paused(operation::LEAVING, &at(now + 24 * HOUR)));
        prop_assert!(!exchange.is_paused(operation::ALL, &at(now + 168 * HOUR)));
    }
}
