//! Sources and rows.

use super::stage::{NOW, SLOT};
use super::{Inputs, Outputs};
use crate::out;
use kedge_model::board::{OraclePrice, PriceBoard, PriceRow, combine, weighted_average};
use kedge_model::clock::Clock;
use kedge_model::quantity::{Ppm, Price};

const CLOCK: Clock = Clock { slot: SLOT, unix_time: NOW };

pub fn answer(name: &str, x: &mut Inputs<'_>) -> Option<Outputs> {
    Some(match name {
        "combine" => combined(x),
        "average" => weighted_average(x.price(), x.price(), x.int(), x.int()).map(|average| vec![average.0.into()]),
        "refresh" => refresh(x),
        "slot_time" => slot_time(x),
        _ => return None,
    })
}

fn source(x: &mut Inputs<'_>) -> OraclePrice {
    OraclePrice { price: x.price(), confidence: x.price(), publish_time: x.int(), publish_slot: x.int() }
}

fn combined(x: &mut Inputs<'_>) -> Outputs {
    let count: usize = x.int();
    let sources = [source(x), source(x), source(x), source(x)];
    let (price, count) = combine(&sources[..count], &CLOCK, x.int(), x.ppm(), x.int())?;
    out![price.price.0, price.confidence.0, price.publish_time, price.publish_slot, count]
}

fn refresh(x: &mut Inputs<'_>) -> Outputs {
    let mut row = PriceRow {
        price: x.price(),
        publish_time: x.int(),
        twap_5m: x.price(),
        twap_1h: x.price(),
        deviation: x.price(),
        sample_time: x.int(),
        state: x.int(),
        confirmations: x.int(),
        quorum: x.int(),
        quorum_time: x.int(),
        jump_limit: x.ppm(),
        confidence: Price(1),
        publish_slot: 1,
        refresh_slot: 1,
        source_count: 2,
        max_age: 10,
        max_confidence: Ppm(1_000_000),
        ..PriceRow::default()
    };
    let seen = source(x);
    let report = row.refresh(&[seen], &CLOCK, x.int())?;
    assert_eq!((report.state as u8, report.price), (row.state, row.price));
    assert_eq!(row.refresh_slot, if report.updated { SLOT } else { 1 });
    out![
        report.updated,
        row.price.0,
        row.confidence.0,
        row.publish_time,
        row.publish_slot,
        row.twap_5m.0,
        row.twap_1h.0,
        row.deviation.0,
        row.sample_time,
        row.state,
        row.confirmations,
        row.quorum_time
    ]
}

fn slot_time(x: &mut Inputs<'_>) -> Outputs {
    let milliseconds = x.int();
    let mut board = Box::new(PriceBoard { slot_micros: x.int(), ..PriceBoard::default() });
    let slots = board.slots(milliseconds)?;
    let (seconds, passed): (i64, u64) = (x.int(), x.int());
    (board.anchor_slot, board.anchor_time) = (SLOT - passed, NOW - seconds);
    board.measure_slot_time(&CLOCK)?;
    out![slots, board.slot_micros]
}
