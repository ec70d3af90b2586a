//! Who refreshes a row chose which of its sources speak.

use super::common::{BTC, DOLLAR, ONE, World, ioc};
use kedge_model::account::board::{OraclePrice, RowState};
use kedge_model::account::order::Side;
use kedge_model::fault::{Fault, with};
use kedge_model::quantity::Price;

const VICTIM: usize = 0;
const ATTACKER: usize = 2;

/// What a source with this lag says.
fn said(world: &World, dollars: u64, lag: i64) -> Option<OraclePrice> {
    Some(OraclePrice {
        price: Price(dollars * DOLLAR),
        confidence: Price(dollars * DOLLAR / 10_000),
        publish_time: world.clock.unix_time - lag,
        publish_slot: world.clock.slot,
    })
}

/// Refreshes the row of BTC, whose two sources are both needed. A caller hides a source behind an account of half a
/// minute ago, which is past the age limit of ten seconds.
fn refresh(world: &mut World, said: [Option<OraclePrice>; 2]) -> RowState {
    let (clock, micros) = (world.clock, world.board.slot_time());
    world.board.markets[BTC].price.refresh(&said, &clock, micros).unwrap().state
}

/// A fall of a fifth. A keeper brings both sources every second, one of them a second late; somebody else brings the
/// fast one alone. How many seconds the row stays in Jump.
fn seconds_in_jump() -> u64 {
    let mut world = World::funded(4, 100_000);
    world.wait(1);
    for second in 0..2_000 {
        let both = [said(&world, 48_000, 1), said(&world, 48_000, 0)];
        let state = refresh(&mut world, both);
        if second > 0 && state != RowState::Jump {
            return second;
        }
        let alone = [said(&world, 60_000, 30), said(&world, 48_000, 0)];
        let _ = refresh(&mut world, alone);
        world.wait(1);
    }
    2_000
}

#[test]
fn one_refresh_a_second_held_a_row_in_jump() {
    let held = with(Fault::CallerChoosesSources, seconds_in_jump);
    assert!(held > 300, "{held} s");
    assert_eq!(seconds_in_jump(), 4, "the first in jump, then three quiet ones");
}

/// Two sources contradict each other, 58,500 and 56,000, from one second on; a keeper brings both every few seconds, as
/// often as he likes. The attacker hides the right one after so many seconds and liquidates in the same slot.
fn liquidated(after: u64, keeper: Option<u64>) -> bool {
    let mut world = World::funded(4, 13_000);
    world.deposit(ATTACKER, 0, 1_000_000 * DOLLAR).unwrap();
    let _ = world.take(VICTIM, ioc(BTC, Side::Long, 2 * ONE, 61_000 * DOLLAR), &[]).unwrap();
    world.drive(BTC, 58_500 * DOLLAR);
    world.wait(300);
    world.tick();
    for second in 1..=after {
        world.wait(1);
        if keeper.is_some_and(|every| second.is_multiple_of(every)) {
            let contradiction = [said(&world, 58_500, 0), said(&world, 56_000, 0)];
            let _ = refresh(&mut world, contradiction);
        }
    }
    let _ = world.refresh_bank(0, DOLLAR).unwrap();
    let alone = [said(&world, 58_500, 30), said(&world, 56_000, 0)];
    let _ = refresh(&mut world, alone);
    world.liquidate(BTC, VICTIM, ATTACKER, u64::MAX).is_ok()
}

#[test]
fn the_wrong_one_of_two_contradicting_sources_liquidated_a_victim_within_a_slot() {
    assert!(with(Fault::CallerChoosesSources, || liquidated(1, Some(1))));
    assert!(with(Fault::CallerChoosesSources, || liquidated(60, Some(5))));
    for after in 1..=120 {
        for keeper in [None, Some(1), Some(5)] {
            assert!(!liquidated(after, keeper), "after {after} s with a keeper every {keeper:?}");
        }
    }
}
