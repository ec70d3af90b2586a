//! Several sources, one row: which price, how old it may claim to be, and which sources a row may be listed with.

use kedge_model::account::board::{OraclePrice, PriceRow, PriceSource, RowState, SourceKind, combine, receivers};
use kedge_model::action::RowParams;
use kedge_model::clock::Clock;
use kedge_model::quantity::{Ppm, Price};
use kedge_model::time::{Seconds, SlotTime};
use kedge_model::{Error, Result};
use proptest::prelude::*;

const MICROS: SlotTime = SlotTime::DEFAULT;
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
    combine(seen, &CLOCK, Seconds(60), CERTAIN, quorum).expect("usable").0
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

    /// Every second the sources publish, now and then far apart, and somebody brings all of them. Whoever comes after him
    /// may choose any older account of each pull source, or none, and not a byte of the row follows.
    #[test]
    fn what_a_caller_leaves_out_or_sets_back_changes_nothing(
        seconds in prop::collection::vec((prop::array::uniform3(0u64..2_000), 0u8..6, any::<u16>(), any::<u16>()), 1..90),
        count in 2u8..4, pulls in 1usize..4, quorum in 1u8..4,
    ) {
        let mut row = row(quorum.min(count), count);
        row.max_age = 10;
        for (index, source) in row.sources[..usize::from(count)].iter_mut().enumerate() {
            source.kind = if index < pulls { SourceKind::PythPull } else { SourceKind::SwitchboardV2 } as u8;
        }
        let mut published: Vec<[OraclePrice; 3]> = Vec::new();
        for (second, (prices, apart, way, back)) in seconds.iter().enumerate() {
            let clock = later(second as u64);
            let mut now = prices.map(|price| at(1_000_000 + price, &clock));
            if *apart == 0 {
                // The last one contradicts the others.
                now[usize::from(count) - 1].price.0 -= 200_000;
            }
            published.push(now);
            let count = usize::from(count);
            let _ = row.refresh(&now[..count], &clock, MICROS).unwrap();
            let honest = row;
            for choice in 0..4u16 {
                let chosen: Vec<Option<OraclePrice>> = (0..count).map(|index| {
                    let bits = way.rotate_left(u32::from(choice) * 4 + index as u32) & 3;
                    let age = usize::from(back.rotate_left(u32::from(choice) * 3 + index as u32 * 5) % 40);
                    match bits {
                        _ if index >= pulls => Some(now[index]),
                        0 => None,
                        1 => Some(now[index]),
                        _ => Some(published[second.saturating_sub(age)][index]),
                    }
                }).collect();
                let _ = row.refresh(&chosen, &clock, MICROS).unwrap();
                prop_assert_eq!(row, honest, "{:?}", chosen);
            }
        }
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

/// A row of two sources, both of them needed, with an age limit of a minute; the first one's account is the caller's choice.
fn pair() -> PriceRow {
    let mut row = row(2, 2);
    row.sources[0].kind = SourceKind::PythPull as u8;
    row.sources[1].kind = SourceKind::SwitchboardV2 as u8;
    row
}

/// The clock so many seconds later.
fn later(seconds: u64) -> Clock {
    Clock { slot: CLOCK.slot + seconds * 5 / 2, unix_time: CLOCK.unix_time + seconds as i64 }
}

fn at(price: u64, clock: &Clock) -> OraclePrice {
    OraclePrice { price: Price(price), confidence: Price(10), publish_time: clock.unix_time, publish_slot: clock.slot }
}

fn said_at(row: &mut PriceRow, said: [Option<u64>; 2], clock: &Clock) -> RowState {
    row.refresh(&said.map(|price| price.map(|price| at(price, clock))), clock, MICROS).unwrap().state
}

#[test]
fn an_account_that_is_older_than_what_the_row_has_heard_changes_nothing() {
    let mut row = PriceRow { quorum: 1, ..pair() };
    let refresh = |row: &mut PriceRow, said: &[Option<OraclePrice>], clock: &Clock| {
        let before = *row;
        let report = row.refresh(said, clock, MICROS).unwrap();
        assert_eq!(report.updated, *row != before, "what is not taken leaves no trace");
        report.updated
    };
    let now = later(0);
    assert!(refresh(&mut row, &[Some(at(1_000_000, &now)), Some(at(1_000_400, &now))], &now));
    assert_eq!(i64::from(row.sources[0].heard), now.unix_time);
    assert_eq!(row.sources[1].heard, 0, "nobody chooses the other's account");
    let then = later(20);
    let other = Some(at(1_002_000, &then));
    for old in
        [None, Some(at(1_000_000, &Clock { unix_time: now.unix_time - 1, ..then })), Some(said(1_000_000, 70, 0))]
    {
        assert!(!refresh(&mut row, &[old, other], &then), "{old:?}");
    }
    // The same account is no older; and the other source may be silent by itself.
    let mut quiet = row;
    assert!(!refresh(&mut quiet, &[Some(at(1_000_000, &now)), None], &then), "no newer price");
    assert!(refresh(&mut quiet, &[Some(at(1_001_000, &then)), None], &then), "one of two is enough here");
    assert_eq!(quiet.price, Price(1_001_000));
    // What no longer counts need not be brought: a feed that has ended does not stop the row.
    let end = later(61);
    assert!(refresh(&mut row, &[None, Some(at(1_002_000, &end))], &end));
    assert_eq!(row.price, Price(1_002_000));
}

#[test]
fn fewer_than_the_quorum_change_nothing_until_nobody_has_brought_a_quorum_for_the_age_limit() {
    let mut row = pair();
    assert_eq!(said_at(&mut row, [Some(1_000_000), Some(1_000_400)], &later(0)), RowState::Normal);
    let known = row;
    // The first source is gone. Sixty seconds its price counts; not a byte changes.
    for second in 1..=60 {
        assert_eq!(said_at(&mut row, [None, Some(1_010_000)], &later(second)), RowState::Normal);
        assert_eq!(row, known, "after {second} s");
    }
    // Then the row is stale, and sixty more seconds somebody may bring both.
    for second in 61..121 {
        assert_eq!(said_at(&mut row, [None, Some(1_010_000)], &later(second)), RowState::Stale, "after {second} s");
        assert_eq!((row.price, row.publish_time, row.confirmations), (known.price, known.publish_time, 0));
    }
    let mut back = row;
    assert_eq!(said_at(&mut back, [Some(1_005_000), Some(1_005_000)], &later(121)), RowState::Normal);
    assert_eq!(said_at(&mut row, [None, Some(1_010_000)], &later(122)), RowState::Degraded);
    assert_eq!(row.price, Price(1_010_000));
    assert_eq!(said_at(&mut row, [None, Some(1_011_000)], &later(123)), RowState::Degraded, "and so on by itself");
    // A quorum takes it back though it is older.
    let (old, now) = (later(100), later(124));
    let both = [Some(at(1_012_000, &old)), Some(at(1_012_200, &now))];
    assert!(row.refresh(&both, &now, MICROS).unwrap().updated);
    assert_eq!((row.state, row.price, row.quorum_time), (RowState::Normal as u8, Price(1_012_100), old.unix_time));
    let normal = row;
    assert!(!row.refresh(&both, &now, MICROS).unwrap().updated);
    assert_eq!(row, normal, "the same prices twice change nothing");
    row.invariant().unwrap();
}

#[test]
fn a_contradiction_is_remembered() {
    let mut row = pair();
    let both = [Some(1_000_000), Some(1_000_400)];
    let (contradiction, alone) = ([Some(1_000_000), Some(800_000)], [None, Some(800_000)]);
    assert_eq!(said_at(&mut row, both, &later(0)), RowState::Normal);
    // Somebody brings both once a minute, and somebody the wrong one alone ten times a second.
    for second in 1..2_000 {
        let clock = later(second);
        if second % 50 == 0 {
            let _ = said_at(&mut row, contradiction, &clock);
        }
        let _ = said_at(&mut row, alone, &clock);
        assert_eq!(row.price, Price(1_000_200), "after {second} s");
        assert_eq!(row.state_at(&clock, Seconds(60)), if second > 60 { RowState::Stale } else { RowState::Normal });
    }
    // Nor does a row stay with the wrong one that lives on it already.
    assert_eq!(said_at(&mut row, alone, &later(2_011)), RowState::Jump, "a minute after the last contradiction");
    assert_eq!(row.price, Price(800_000));
    assert_eq!(said_at(&mut row, contradiction, &later(2_012)), RowState::Stale);
    assert_eq!(said_at(&mut row, alone, &later(2_013)), RowState::Stale);
    assert_eq!(said_at(&mut row, both, &later(2_014)), RowState::Jump, "agreement counts at once");
}

#[test]
fn a_halted_row_takes_the_price_of_a_quorum_alone() {
    let mut row = pair();
    let _ = said_at(&mut row, [Some(1_000_000), Some(1_000_000)], &later(0));
    row.set_halted(true, &later(1));
    for second in [2, 100, 1_000] {
        assert_eq!(said_at(&mut row, [None, Some(800_000)], &later(second)), RowState::Halted);
        assert_eq!(row.price, Price(1_000_000));
    }
    // And when it may go on, fewer than the quorum wait as ever.
    row.set_halted(false, &later(1_000));
    assert_eq!(said_at(&mut row, [None, Some(800_000)], &later(1_059)), RowState::Stale);
    assert_eq!(said_at(&mut row, [Some(1_010_000), Some(1_010_000)], &later(1_059)), RowState::Normal);
}

#[test]
fn what_a_caller_chooses_never_sets_back_a_jump() {
    let mut row = pair();
    let _ = said_at(&mut row, [Some(1_000_000); 2], &later(0));
    assert_eq!(said_at(&mut row, [Some(1_200_000); 2], &later(1)), RowState::Jump);
    for second in 2..=4 {
        let clock = later(second);
        // The lone source goes on, then both do: three quiet refreshes with a quorum are three.
        let before = row;
        assert_eq!(said_at(&mut row, [None, Some(1_210_000)], &clock), RowState::Jump);
        assert_eq!(row, before);
        let state = said_at(&mut row, [Some(1_200_000); 2], &clock);
        assert_eq!(state, if second < 4 { RowState::Jump } else { RowState::Normal });
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
    let wrong: [&[PriceSource]; 20] = [
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
        &[PriceSource { heard: 1, ..pull }],
        &[PriceSource { kind: 6, ..pull }],
        &[PriceSource { multiple: 1, ..pull }],
        &[PriceSource { multiple: 3, ..fixed }],
        &[pull, PriceSource { multiple: 3, ..unused }],
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

#[test]
fn a_fifth_of_the_jump_limit_is_quiet_and_a_millionth_more_is_not() {
    // A fifth of 5 % is 1 %.
    let jumped = |prices: [u64; 3]| {
        let mut row = pair();
        let _ = said_at(&mut row, [Some(1_000_000); 2], &later(0));
        assert_eq!(said_at(&mut row, [Some(1_200_000); 2], &later(1)), RowState::Jump);
        let mut second = 1;
        prices.map(|price| {
            second += 1;
            (said_at(&mut row, [Some(price); 2], &later(second)), row.confirmations)
        })
    };
    let (jump, normal) = (RowState::Jump, RowState::Normal);
    assert_eq!(jumped([1_212_000, 1_200_000, 1_212_000]), [(jump, 1), (jump, 2), (normal, 0)]);
    assert_eq!(jumped([1_212_000, 1_200_000, 1_212_002]), [(jump, 1), (jump, 2), (jump, 0)]);
    assert_eq!(jumped([1_187_998, 1_200_000, 1_212_000]), [(jump, 0), (jump, 0), (jump, 1)]);
}
