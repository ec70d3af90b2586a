//! The hour before an expiry.

use super::stage::NOW;
use super::{Inputs, Outputs};
use crate::out;
use kedge_model::account::board::{MarketRow, PriceRow, RefreshReport, RowState};
use kedge_model::account::order::Side;
use kedge_model::amm::{AmmFill, Curve};
use kedge_model::quantity::{Price, Size};

pub(super) fn answer(name: &str, x: &mut Inputs<'_>) -> Option<Outputs> {
    Some(match name {
        "forecast" => forecast(x),
        "gather" => gather(x),
        "hold_to" => hold_to(x),
        _ => return None,
    })
}

/// What a row has gathered of a market that expires; nothing of one that does not.
pub(super) fn gathered(row: &mut MarketRow, x: &mut Inputs<'_>) {
    let (expires, ahead): (bool, i64) = (x.flag(), x.int());
    row.expiry_time = if expires { row.price.sample_time + ahead } else { 0 };
    (row.settlement_sum, row.settlement_seconds) = (x.int(), x.int());
}

fn forecast(x: &mut Inputs<'_>) -> Outputs {
    let price = x.price();
    let mut row = MarketRow { price: super::stage::row(price), ..MarketRow::default() };
    gathered(&mut row, x);
    let worth = row.settles_at(price)?;
    let hold = |side| row.hold(side).map(|price| price.map_or(0, |price| price.0));
    out![worth.0, hold(Side::Long)?, hold(Side::Short)?, row.is_sampled()]
}

fn gather(x: &mut Inputs<'_>) -> Outputs {
    let (expires, ahead, since): (bool, i64, i64) = (x.flag(), x.int(), x.int());
    let price = PriceRow { price: x.price(), twap_5m: x.price(), jump_limit: x.ppm(), ..PriceRow::default() };
    let (jumping, halted, updated) = (x.flag(), x.flag(), x.flag());
    let state = if halted {
        RowState::Halted
    } else if jumping {
        RowState::Jump
    } else {
        RowState::Normal
    };
    let report = RefreshReport { state, updated, price: price.price };
    let mut row = MarketRow {
        price: PriceRow { state: state as u8, sample_time: NOW, ..price },
        expiry_time: if expires { NOW + ahead } else { 0 },
        settlement_sum: x.int(),
        settlement_seconds: x.int(),
        ..MarketRow::default()
    };
    row.gather(NOW - since, &report)?;
    out![row.settlement_sum, row.settlement_seconds]
}

fn hold_to(x: &mut Inputs<'_>) -> Outputs {
    let side = x.side();
    let curve = Curve { base: Size(1), quote: Size(1), sqrt_k: Size(1), peg: Price(1) };
    let mut fill = AmmFill { size: x.size(), quote: x.amount(), curve, surplus: x.amount() };
    fill.hold_to(side, x.price())?;
    out![fill.quote.0, fill.surplus.0]
}
