//! The average that a market with an expiry is settled at, against an independent computation with wide numbers.

use kedge_model::account::board::{
    LEAST_SAMPLED, MOST_PER_SAMPLE, MarketRow, OraclePrice, PriceRow, RowState, SETTLEMENT_WINDOW,
};
use kedge_model::account::order::Side;
use kedge_model::clock::Clock;
use kedge_model::quantity::{Ppm, Price};
use kedge_model::time::SlotTime;
use proptest::prelude::*;

const EXPIRY: i64 = 1_800_000_000;

fn row() -> MarketRow {
    let price = PriceRow {
        quorum: 1,
        source_count: 1,
        max_age: 30,
        max_confidence: Ppm(5_000),
        jump_limit: Ppm(50_000),
        state: RowState::Stale as u8,
        ..PriceRow::default()
    };
    MarketRow { price, expiry_time: EXPIRY, listed: 1, ..MarketRow::default() }
}

fn refresh(row: &mut MarketRow, price: u64, time: i64) {
    let clock = Clock { slot: 1_000, unix_time: time };
    let seen =
        OraclePrice { price: Price(price), confidence: Price::ZERO, publish_time: time, publish_slot: clock.slot };
    let _ = row.refresh(&[seen], &clock, SlotTime::DEFAULT).unwrap();
}

/// Prices with the seconds since the one before, beginning somewhat before the hour.
fn prints(gap: u64, around: u64) -> impl Strategy<Value = Vec<(u64, u64)>> {
    prop::collection::vec((1..gap, 10_000 - around..10_000 + around), 20..400)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Every print counts for the seconds since the one before, a minute at most: up to the expiry all of them, after it
    /// until half an hour is covered. What a position is worth follows from that alone.
    #[test]
    fn the_average_is_the_sum_of_its_prints(prints in prop_oneof![prints(20, 300), prints(120, 300), prints(900, 300)], scale in 1u64..1 << 34) {
        let mut row = row();
        let opens = EXPIRY - SETTLEMENT_WINDOW.0 as i64;
        let (mut time, mut sum, mut seconds, mut last) = (opens - 200, 0u128, 0u64, None::<i64>);
        for (gap, price) in prints {
            let price = price * scale;
            time += gap as i64;
            refresh(&mut row, price, time);
            let from = last.unwrap_or(0).max(opens);
            last = Some(time);
            for second in from..time {
                // One second after the other.
                let counted = second - from;
                let inside = second < EXPIRY || seconds < LEAST_SAMPLED.0;
                if counted < MOST_PER_SAMPLE.0 as i64 && inside {
                    let mark = row.price.liquidation_price().unwrap();
                    (sum, seconds) = (sum + u128::from(mark.0), seconds + 1);
                }
            }
            prop_assert_eq!((u128::from(row.settlement_sum), u64::from(row.settlement_seconds)), (sum, seconds));
            prop_assert!(seconds <= SETTLEMENT_WINDOW.0);
            let spot = row.price.price;
            let worth = row.settles_at(spot).unwrap();
            if seconds == 0 {
                prop_assert_eq!(worth, spot);
                prop_assert_eq!(row.hold(Side::Long).unwrap(), None);
                continue;
            }
            let ahead = u64::try_from(EXPIRY - time).unwrap_or(0).max(LEAST_SAMPLED.0.saturating_sub(seconds));
            let exact = (sum + u128::from(spot.0) * u128::from(ahead)) / u128::from(seconds + ahead);
            prop_assert_eq!(u128::from(worth.0), exact);
            // The vAMM's price is on its side of what its inventory is worth.
            prop_assert!(row.hold(Side::Long).unwrap().unwrap() >= worth);
            prop_assert!(row.hold(Side::Short).unwrap().unwrap() <= worth);
            // It grows with spot, and by no more than spot.
            let higher = row.settles_at(Price(spot.0 + scale)).unwrap();
            prop_assert!(worth <= higher && higher.0 - worth.0 <= scale);
            if row.is_sampled() {
                prop_assert!(seconds >= LEAST_SAMPLED.0 && time >= EXPIRY);
                prop_assert_eq!(row.settles_at(Price(1)).unwrap(), worth);
            }
        }
    }

    /// With a print a minute at least and no jump, a print moves what a position is worth by its own move times what is left of the
    /// hour: nothing happens by time alone.
    #[test]
    fn worth_moves_with_spot_or_less(prints in prints(60, 200)) {
        let mut row = row();
        let (mut time, mut before) = (EXPIRY - 3_600, None::<(Price, Price)>);
        for (gap, price) in prints {
            time += gap as i64;
            if time >= EXPIRY {
                break;
            }
            refresh(&mut row, price * 1_000_000, time);
            let (spot, worth) = (row.price.price, row.settles_at(row.price.price).unwrap());
            if let Some((spot_before, worth_before)) = before {
                let moved = i128::from(spot.0) - i128::from(spot_before.0);
                let wanted = moved * i128::from(EXPIRY - time + gap as i64) / 3_600;
                let found = i128::from(worth.0) - i128::from(worth_before.0);
                // A unit of rounding at each end.
                prop_assert!((found - wanted).abs() <= 2, "{found} {wanted}");
                prop_assert!(found.abs() <= moved.abs() + 2);
            }
            before = Some((spot, worth));
        }
    }
}
