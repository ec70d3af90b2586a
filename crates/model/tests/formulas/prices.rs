//! Sources and rows.

use super::stage::{NOW, SLOT};
use super::{Inputs, Outputs};
use crate::out;
use kedge_model::account::board::{OraclePrice, PriceBoard, PriceRow, Purpose, SourceKind, combine, weighted_average};
use kedge_model::clock::Clock;
use kedge_model::quantity::Price;
use kedge_model::time::{Millis, Seconds, Slot, SlotTime};

const PURPOSES: [Purpose; 9] = [
    Purpose::IncreaseRisk,
    Purpose::ReduceRisk,
    Purpose::Withdraw,
    Purpose::FillAmm,
    Purpose::Liquidate,
    Purpose::UpdateFunding,
    Purpose::UpdateAmm,
    Purpose::SettlePnl,
    Purpose::Trigger,
];
const CLOCK: Clock = Clock { slot: SLOT, unix_time: NOW };

pub(super) fn answer(name: &str, x: &mut Inputs<'_>) -> Option<Outputs> {
    Some(match name {
        "combine" => combined(x),
        "average" => weighted_average(x.price(), x.price(), Seconds(x.int()), Seconds(x.int()))
            .map(|average| vec![average.0.into()]),
        "refresh" => refresh(x),
        "require_live" => live(x),
        "serves" => serves(x),
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
    let (price, count) = combine(&sources[..count], &CLOCK, Seconds(x.int()), x.ppm(), x.int())?;
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
        max_confidence: x.ppm(),
        confidence: Price(1),
        publish_slot: 1,
        source_count: 2,
        max_age: 10,
        ..PriceRow::default()
    };
    let kind = if x.flag() { SourceKind::PythPull } else { SourceKind::PythPush };
    (row.sources[0].kind, row.sources[1].kind) = (kind as u8, SourceKind::PythPush as u8);
    (row.sources[0].heard, row.refresh_slot) = (x.int(), Slot(SLOT - x.int::<u64>()));
    let mut brought = || if x.flag() { Some(source(x)) } else { (source(x), None).1 };
    let said = [brought(), brought()];
    let report = row.refresh(&said, &CLOCK, SlotTime(x.int()))?;
    assert_eq!((report.state as u8, report.price), (row.state, row.price));
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
        row.quorum_time,
        row.sources[0].heard,
        SLOT - row.refresh_slot.0
    ]
}

fn serves(x: &mut Inputs<'_>) -> Outputs {
    let (purpose, state) = (PURPOSES[x.int::<usize>()], x.int());
    let (price, age): (Price, i64) = (x.price(), x.int());
    let row = PriceRow { price, state, publish_time: NOW - age, max_age: x.int(), ..PriceRow::default() };
    if x.flag() {
        row.require_value(purpose, purpose.requirement(), &CLOCK)?;
    } else {
        row.require(purpose, &CLOCK)?;
    }
    out![true]
}

fn live(x: &mut Inputs<'_>) -> Outputs {
    let (age, order_age): (i64, i64) = (x.int(), x.int());
    let row = PriceRow { publish_slot: SLOT.saturating_add_signed(-age), ..PriceRow::default() };
    row.require_live(Slot(SLOT.saturating_add_signed(-order_age)), &CLOCK, SlotTime(x.int()))?;
    out![true]
}

fn slot_time(x: &mut Inputs<'_>) -> Outputs {
    let length = Millis(x.int());
    let mut board = Box::new(PriceBoard { slot_micros: SlotTime(x.int()), ..PriceBoard::default() });
    let slots = length.slots_up(board.slot_time())?.0;
    let (seconds, passed): (i64, u64) = (x.int(), x.int());
    (board.anchor_slot, board.anchor_time) = (Slot(SLOT - passed), NOW - seconds);
    board.measure_slot_time(&CLOCK)?;
    out![slots, board.slot_micros.0]
}
