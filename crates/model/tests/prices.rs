//! Several sources, one row: which price, how old it may claim to be, and which sources a row may be listed with.

use kedge_model::action::RowParams;
use kedge_model::board::{OraclePrice, PriceRow, PriceSource, RowState, SourceKind, combine, receivers};
use kedge_model::clock::Clock;
use kedge_model::quantity::{Ppm, Price};
use kedge_model::{Error, Result};
use proptest::prelude::*;

const MICROS: u64 = 400_000;
const CERTAIN: Ppm = Ppm(50_000);
const CLOCK: Clock = Clock { slot: 100_000, unix_time: 1_000_000 };

/// What a source says: the price, and how many seconds and slots ago.
fn said(price: u64, seconds: i64, slots: u64) -> OraclePrice {
    OraclePrice {
        price: Price(price),
        confidence: Price(10),
        publish_time: CLOCK.unix_time - seconds,
        publish_slot: CLOCK.slot - slots,
    }
}

fn combined(seen: &[OraclePrice], quorum: u8) -> OraclePrice {
    combine(seen, &CLOCK, 60, CERTAIN, quorum).expect("usable").0
}

/// A source within a percent of a dollar and at most a minute old, its slot not in step with its time.
fn source() -> impl Strategy<Value = OraclePrice> {
    (995_000u64..1_005_000, 0i64..60, 0u64..150).prop_map(|(price, seconds, slots)| said(price, seconds, slots))
}

fn row(quorum: u8, sources: u8) -> PriceRow {
    PriceRow {
        quorum,
        source_count: sources,
        max_age: 60,
        max_confidence: CERTAIN,
        jump_limit: Ppm(50_000),
        state: RowState::Stale as u8,
        ..PriceRow::default()
    }
}

proptest! {
    #[test]
    fn a_row_is_as_young_as_its_quorum_and_its_majority(seen in prop::collection::vec(source(), 1..5), quorum in 1u8..5) {
        let price = combined(&seen, quorum);
        let needed = usize::from(quorum).max(seen.len() / 2 + 1).min(seen.len());
        let mut times: Vec<i64> = seen.iter().map(|one| one.publish_time).collect();
        let mut slots: Vec<u64> = seen.iter().map(|one| one.publish_slot).collect();
        times.sort_unstable_by(|a, b| b.cmp(a));
        slots.sort_unstable_by(|a, b| b.cmp(a));
        prop_assert_eq!(price.publish_time, times[needed - 1]);
        prop_assert_eq!(price.publish_slot, slots[needed - 1]);
    }

    #[test]
    fn an_older_source_beyond_a_quorum_of_most_never_makes_the_row_older(
        seen in prop::collection::vec(source(), 2..4), late in source(),
    ) {
        // Quorums that are more than half of the sources, the late one included.
        let count = seen.len() + 1;
        for quorum in count / 2 + 1..=seen.len() {
            let quorum = quorum as u8;
            let (before, after) = (combined(&seen, quorum), combined(&[&seen[..], &[late]].concat(), quorum));
            prop_assert!(after.publish_time >= before.publish_time && after.publish_slot >= before.publish_slot);
            if late.publish_time <= before.publish_time && late.publish_slot <= before.publish_slot {
                prop_assert_eq!((after.publish_time, after.publish_slot), (before.publish_time, before.publish_slot));
            }
        }
    }

    #[test]
    fn no_source_makes_the_row_younger_than_a_quorum(
        seen in prop::collection::vec(source(), 1..5), quorum in 1u8..5, liar in 0usize..4, lead in 0i64..30,
    ) {
        let mut lied = seen.clone();
        let liar = liar % seen.len();
        lied[liar].publish_time = CLOCK.unix_time + lead;
        lied[liar].publish_slot = CLOCK.slot + 1_000;
        let price = combined(&lied, quorum);
        let at_least = |wanted: usize| usize::from(quorum).max(wanted / 2 + 1).min(wanted);
        let needed = at_least(lied.len());
        prop_assert!(lied.iter().filter(|one| one.publish_time >= price.publish_time).count() >= needed);
        prop_assert!(lied.iter().filter(|one| one.publish_slot >= price.publish_slot).count() >= needed);
        // With anybody else needed, the row is no younger than the youngest honest source.
        if needed > 1 {
            let honest = seen.iter().enumerate().filter(|(index, _)| *index != liar).map(|(_, one)| one);
            prop_assert!(price.publish_time <= honest.clone().map(|one| one.publish_time).max().unwrap());
            prop_assert!(price.publish_slot <= honest.map(|one| one.publish_slot).max().unwrap());
        }
    }

    #[test]
    fn the_price_lies_between_those_that_are_as_young_as_the_row(seen in prop::collection::vec(source(), 1..5), quorum in 1u8..5) {
        // What makes the fill of an order against the row fair: prices older than the row's slot cannot move it
        // out of the range of those that are not.
        let price = combined(&seen, quorum);
        let young = seen.iter().filter(|one| one.publish_slot >= price.publish_slot).map(|one| one.price);
        prop_assert!(young.clone().min().unwrap() <= price.price && price.price <= young.max().unwrap());
        let young = seen.iter().filter(|one| one.publish_time >= price.publish_time).map(|one| one.price);
        prop_assert!(young.clone().min().unwrap() <= price.price && price.price <= young.max().unwrap());
    }

    #[test]
    fn one_liar_of_three_or_four_never_decides(
        honest in prop::collection::vec(995_000u64..1_005_000, 2..4), lie in 980_000u64..1_020_000,
    ) {
        let mut seen: Vec<OraclePrice> = honest.iter().map(|price| said(*price, 1, 1)).collect();
        seen.push(said(lie, 0, 0));
        let price = combined(&seen, 2).price.0;
        prop_assert!(price >= *honest.iter().min().unwrap() && price <= *honest.iter().max().unwrap());
    }
}

#[test]
fn a_slow_source_beyond_the_quorum_holds_nothing_up() {
    let fast = [said(1_000_000, 1, 2), said(1_000_200, 2, 4)];
    let slow = said(1_000_100, 50, 120);
    let price = combined(&[fast[0], slow, fast[1]], 2);
    assert_eq!((price.price, price.publish_time, price.publish_slot), (Price(1_000_100), 999_998, 99_996));
    // Of two sources none is beyond the majority: their mean is as old as the older.
    let price = combined(&[fast[0], slow], 1);
    assert_eq!((price.price, price.publish_time, price.publish_slot), (Price(1_000_050), 999_950, 99_880));
    // Fewer than the quorum: all of them, hence the oldest.
    let price = combined(&[fast[0], slow, fast[1]], 4);
    assert_eq!((price.publish_time, price.publish_slot), (999_950, 99_880));
}

#[test]
fn a_quorum_takes_a_row_back_from_a_single_source() {
    let mut row = row(2, 2);
    let (fast, slow) = (said(1_000_000, 1, 2), said(1_000_400, 5, 12));
    let refresh = |row: &mut PriceRow, seen: &[OraclePrice]| row.refresh(seen, &CLOCK, MICROS).unwrap();
    assert_eq!(refresh(&mut row, &[fast, slow]).state, RowState::Normal);
    assert_eq!((row.price, row.publish_time), (Price(1_000_200), 999_995));
    // Somebody hands in an outdated account of the slow source: one good source is left, and it is younger.
    assert_eq!(refresh(&mut row, &[fast]).state, RowState::Degraded);
    assert_eq!((row.price, row.publish_time, row.quorum_time), (Price(1_000_000), 999_999, 999_995));
    // The next refresh with both is Normal again, although neither has published since.
    assert_eq!(refresh(&mut row, &[fast, slow]).state, RowState::Normal);
    assert_eq!((row.price, row.publish_time, row.quorum_time), (Price(1_000_200), 999_995, 999_995));
    let normal = row;
    assert!(!refresh(&mut row, &[fast, slow]).updated);
    assert_eq!(row, normal, "the same prices twice change nothing");
    // What is older than the quorum's last price never comes back, with a quorum or without.
    assert!(!refresh(&mut row, &[fast, said(1_000_400, 6, 15)]).updated);
    assert_eq!(refresh(&mut row, &[fast]).state, RowState::Degraded);
    assert!(!refresh(&mut row, &[fast, said(1_000_400, 6, 15)]).updated);
    assert_eq!(row.state, RowState::Degraded as u8);
    row.invariant().unwrap();
}

#[test]
fn going_back_and_forth_confirms_no_jump() {
    let mut row = row(2, 2);
    let mut clock = CLOCK;
    let at = |price: u64, clock: &Clock| OraclePrice {
        price: Price(price),
        confidence: Price(10),
        publish_time: clock.unix_time,
        publish_slot: clock.slot,
    };
    let _ = row.refresh(&[at(1_000_000, &clock); 2], &clock, MICROS).unwrap();
    clock = Clock { slot: clock.slot + 3, unix_time: clock.unix_time + 1 };
    let jumped = at(1_200_000, &clock);
    assert_eq!(row.refresh(&[jumped; 2], &clock, MICROS).unwrap().state, RowState::Jump);
    for second in 1..20 {
        // A lone source that goes on, then the two at the first price of the jump again.
        let later = Clock { slot: clock.slot + 3 * second, unix_time: clock.unix_time + second as i64 };
        let _ = row.refresh(&[at(1_200_000, &later)], &later, MICROS).unwrap();
        assert_eq!((row.state, row.confirmations), (RowState::Jump as u8, 0));
        let _ = row.refresh(&[jumped; 2], &later, MICROS).unwrap();
        assert_eq!(row.state, RowState::Jump as u8);
        assert!(row.confirmations <= 1);
    }
}

/// Lists a row with these sources.
fn listed(sources: &[PriceSource], allow_fixed: bool) -> Result<PriceRow> {
    let mut params = RowParams {
        quorum: 1,
        max_confidence: Ppm(5_000),
        max_age: 30,
        jump_limit: Ppm(50_000),
        ..RowParams::default()
    };
    params.sources[..sources.len()].copy_from_slice(sources);
    params.row(allow_fixed)
}

fn keyed(kind: SourceKind, key: u8) -> PriceSource {
    PriceSource { key: [key; 32], kind: kind as u8, ..PriceSource::default() }
}

#[test]
fn a_row_takes_one_source_of_each_kind() {
    let all = [SourceKind::PythPull, SourceKind::PythPush, SourceKind::SwitchboardOnDemand, SourceKind::SwitchboardV2];
    let row = listed(&all.map(|kind| keyed(kind, 1)), false).expect("four kinds with one key");
    assert_eq!((row.source_count, row.sources().len()), (4, 4));
    for kind in all {
        let account = kind != SourceKind::PythPull;
        assert_eq!(kind.names_account(), account);
        assert_eq!(SourceKind::from_number(kind as u8), Ok(kind));
    }
    assert_eq!(SourceKind::from_number(6), Err(Error::InvalidParameter), "a market's own mark is no source");
}

#[test]
fn sources_that_make_no_sense_are_not_listed() {
    let pull = keyed(SourceKind::PythPull, 1);
    let feed = keyed(SourceKind::SwitchboardOnDemand, 2);
    let old = keyed(SourceKind::SwitchboardV2, 3);
    let push = keyed(SourceKind::PythPush, 4);
    let unused = PriceSource::default();
    let fixed = keyed(SourceKind::Fixed, 0);
    let sound: [&[PriceSource]; 9] = [
        &[pull],
        &[PriceSource { min_signatures: 19, ..pull }],
        &[PriceSource { owners: receivers::LEGACY, ..pull }],
        &[PriceSource { owners: receivers::LEGACY | receivers::UPGRADED, ..pull }],
        &[PriceSource { min_signatures: 32, ..feed }],
        &[PriceSource { min_signatures: 16, ..old }],
        &[pull, PriceSource { key: [9; 32], ..pull }],
        &[fixed],
        &[pull, feed, old, push],
    ];
    for sources in sound {
        assert!(listed(sources, true).is_ok(), "{sources:?}");
    }
    let wrong: [&[PriceSource]; 17] = [
        &[],
        &[unused, pull],
        &[pull, unused, feed],
        &[pull, pull],
        &[pull, feed, PriceSource { owners: receivers::LEGACY, ..pull }],
        &[fixed, fixed],
        &[keyed(SourceKind::Fixed, 1)],
        &[keyed(SourceKind::SwitchboardOnDemand, 0)],
        &[PriceSource { min_signatures: 20, ..pull }],
        &[PriceSource { min_signatures: 33, ..feed }],
        &[PriceSource { min_signatures: 17, ..old }],
        &[PriceSource { min_signatures: 1, ..push }],
        &[PriceSource { owners: 4, ..pull }],
        &[PriceSource { owners: 1, ..feed }],
        &[PriceSource { owners: 1, ..push }],
        &[PriceSource { padding: [0, 0, 0, 0, 1], ..pull }],
        &[PriceSource { kind: 6, ..pull }],
    ];
    for sources in wrong {
        assert_eq!(listed(sources, true), Err(Error::InvalidParameter), "{sources:?}");
    }
    assert_eq!(listed(&[fixed], false), Err(Error::InvalidParameter), "no market has a fixed price");
}

#[test]
fn the_upgraded_receiver_is_the_one_meant_when_none_is_named() {
    let with = |owners| PriceSource { owners, ..keyed(SourceKind::PythPull, 1) }.receivers();
    assert_eq!([with(0), with(1), with(2), with(3)], [receivers::UPGRADED, 1, receivers::LEGACY, 3]);
}
