//! The vAMM.

use super::{Inputs, Outputs, flag_of};
use crate::out;
use kedge_model::account::board::PriceRow;
use kedge_model::account::order::Side;
use kedge_model::amm::{Amm, AmmFill, Curve, ScaleBounds, affordable_scale, k_cost, peg_for};
use kedge_model::clock::Clock;
use kedge_model::quantity::Price;
use kedge_model::{Error, Result};

pub(super) fn answer(name: &str, x: &mut Inputs<'_>) -> Option<Outputs> {
    Some(match name {
        "spread" => spread(x),
        "touch" => touch(x),
        "capacity" => capacity(x),
        "quote" => quote(x),
        "join" => join(x),
        "curve" => curve(x),
        "update" => update(x),
        "repeg_cost" => repeg_cost(x),
        "reshape" => reshape(x),
        "affordable_scale" => scale(x),
        "endow" => endow(x),
        _ => return None,
    })
}

/// A vAMM and the row that it looks at.
pub(super) fn state(x: &mut Inputs<'_>) -> (Amm, PriceRow) {
    let amm = Amm {
        base_reserve: x.size(),
        quote_reserve: x.size(),
        sqrt_k: x.size(),
        peg: x.price(),
        base: x.base(),
        quote: x.quote(),
        capital: x.amount(),
        inventory_limit: x.size(),
        concentration: x.int(),
        base_spread: x.ppm(),
        max_spread: x.ppm(),
        inventory_spread: x.ppm(),
        max_fill_fraction: x.int(),
        margin: x.ppm(),
        update_budget: x.ppm(),
        flat_share: x.ppm(),
        update_price: x.price(),
        long_intensity: x.int(),
        short_intensity: x.int(),
        budget: x.amount(),
        budget_time: x.int(),
        peak_equity: x.quote(),
        peak_time: x.int(),
        volatility_factor: x.ppm(),
        retreat_factor: x.ppm(),
        leverage_spread: x.ppm(),
        revenue_spread: x.ppm(),
        drawdown_limit: x.ppm(),
        jit_share: x.ppm(),
        depth_step: x.ppm(),
        floor_equity: x.quote(),
        unbudgeted: x.amount(),
        listed_sqrt_k: x.size(),
        lag: x.int(),
        ..Amm::default()
    };
    let row = PriceRow { price: x.price(), twap_5m: x.price(), deviation: x.price(), ..PriceRow::default() };
    (Amm { slot_price: x.price(), ..amm }, row)
}

fn spread(x: &mut Inputs<'_>) -> Outputs {
    let ((amm, row), side) = (state(x), x.side());
    let (long, short) = amm.spreads(&row)?;
    let spread = amm.spread(side, &row)?;
    assert_eq!(spread, if side == Side::Long { long } else { short });
    out![spread.0, amm.inner_spread(side)?.0]
}

fn touch(x: &mut Inputs<'_>) -> Outputs {
    let (amm, row) = state(x);
    let (bid, ask) = (amm.touch(Side::Short)?, amm.touch(Side::Long)?);
    let on = |side| amm.touch_on(side, &row);
    let bound = |side| amm.bound(side, Some(row.price));
    let prices = [bid, ask, on(Side::Short)?, on(Side::Long)?, bound(Side::Short)?, bound(Side::Long)?];
    for side in [Side::Long, Side::Short] {
        let (inner, touch) = (amm.touch(side)?, on(side)?);
        for price in [touch, inner, Price(touch.0 + 1), Price(touch.0.saturating_sub(1))] {
            let wanted = side.accepts(price, touch) && side.accepts(price, inner);
            assert_eq!(amm.crosses(side, price, &row), Ok(wanted), "crosses");
        }
    }
    Ok(prices.iter().map(|price| i128::from(price.0)).collect())
}

fn capacity(x: &mut Inputs<'_>) -> Outputs {
    let ((amm, row), side, step) = (state(x), x.side(), x.size());
    out![amm.capacity(side, row.price, step)?.0, amm.is_drawn_down(row.price)?]
}

/// Size, quote and the vAMM afterwards.
fn booked(mut amm: Amm, side: Side, fill: &AmmFill) -> Outputs {
    amm.book(side, fill)?;
    out![
        fill.size.0,
        fill.quote.0,
        amm.base_reserve.0,
        amm.quote_reserve.0,
        amm.base.0,
        amm.quote.0,
        amm.long_intensity,
        amm.short_intensity,
        amm.unbudgeted.0,
        amm.earned
    ]
}

fn quote(x: &mut Inputs<'_>) -> Outputs {
    let ((amm, row), side, size, limit, step) = (state(x), x.side(), x.size(), x.price(), x.size());
    let limit = (!limit.is_zero()).then_some(limit);
    match amm.quote(side, size, limit, step, &row)? {
        None => out![0],
        Some(fill) => booked(amm, side, &fill),
    }
}

fn join(x: &mut Inputs<'_>) -> Outputs {
    let ((amm, row), side) = (state(x), x.side());
    let (maker_size, wanted, price, step) = (x.size(), x.size(), x.price(), x.size());
    let size = amm.join_size(side, maker_size, wanted, price, &row, step)?;
    if size.is_zero() {
        return out![0];
    }
    booked(amm, side, &amm.at_price(side, size, price)?)
}

fn curve(x: &mut Inputs<'_>) -> Outputs {
    let curve = Curve { base: x.size(), quote: x.size(), sqrt_k: x.size(), peg: x.price() };
    let (side, size, net, concentration, price, depth) = (x.side(), x.size(), x.base(), x.int(), x.price(), x.size());
    let (low, high) = curve.bounds(net, concentration)?;
    let other = curve.with_sqrt_k(depth)?;
    let fill = |curve: &Curve| -> Result<_> { curve.trade(side, size) };
    let (mid, terminal) = (curve.mid()?, curve.terminal(net)?);
    let (to_price, cost, closing) =
        (curve.size_to_price(side, price)?, k_cost(&curve, &other, net)?, curve.closing_value(net)?);
    let done = fill(&curve)?;
    let after = done.curve;
    out![
        mid.0,
        terminal.quote.0,
        low.0,
        high.0,
        to_price.0,
        other.base.0,
        cost.0,
        closing.0,
        after.base.0,
        after.quote.0,
        done.quote.0
    ]
}

/// The vAMM after an update, behind what the update said.
fn after(said: [i128; 3], amm: &Amm) -> Outputs {
    let mut all = said.to_vec();
    all.extend([amm.base_reserve, amm.quote_reserve, amm.sqrt_k].map(|size| i128::from(size.0)));
    all.extend([i128::from(amm.peg.0), i128::from(amm.lag)]);
    all.extend([amm.budget, amm.unbudgeted].map(|amount| i128::from(amount.0)));
    all.extend([amm.budget_time, amm.peak_equity.0, amm.peak_time, amm.floor_equity.0].map(i128::from));
    all.extend([amm.long_intensity, amm.short_intensity, amm.slot_price.0].map(i128::from));
    Ok(all)
}

fn update(x: &mut Inputs<'_>) -> Outputs {
    let ((mut amm, row), same_slot, now) = (state(x), x.flag(), x.int());
    amm.update_slot = if same_slot { 77 } else { 76 };
    let before = amm.peg;
    let clock = Clock { slot: 77, unix_time: now };
    let report = flag_of(amm.update(&row, &clock), Error::AmmUpdateNotNeeded)?;
    assert_eq!(
        (amm.update_slot, amm.update_price, amm.intensity_time),
        (77, row.price, if amm.peak_time == now { amm.intensity_time } else { 0 })
    );
    assert!(report.is_none_or(|report| report.peg_before == before));
    let cost = report.map_or(0, |report| report.cost.0);
    after([report.is_some().into(), cost.into(), amm.spent.into()], &amm)
}

fn repeg_cost(x: &mut Inputs<'_>) -> Outputs {
    let ((amm, row), to) = (state(x), x.price());
    out![amm.repeg_cost(to)?.0, peg_for(&amm.curve(), row.price)?.0]
}

fn reshape(x: &mut Inputs<'_>) -> Outputs {
    let ((mut amm, row), stepped, now) = (state(x), x.flag(), x.int());
    amm.shape_slot = if stepped { 77 } else { 76 };
    let before = amm.sqrt_k;
    let report = amm.reshape(&row, &Clock { slot: (1 << 32) + 77, unix_time: now })?;
    assert!(report.is_none_or(|report| report.sqrt_k_before == before));
    let cost = report.map_or(0, |report| report.cost.0);
    let mut all = after([report.is_some().into(), cost.into(), amm.spent.into()], &amm)?;
    all.push((amm.shape_slot == 77).into());
    Ok(all)
}

fn scale(x: &mut Inputs<'_>) -> Outputs {
    let curve = Curve { base: x.size(), quote: x.size(), sqrt_k: x.size(), peg: x.price() };
    let (net, budget, bounds) = (x.base(), x.quote(), ScaleBounds { low: x.ppm(), high: x.ppm() });
    out![affordable_scale(&curve, net, budget, &bounds)?.0]
}

fn endow(x: &mut Inputs<'_>) -> Outputs {
    let (amount, update_budget) = (x.amount(), x.ppm());
    let amm = Amm {
        update_budget,
        budget: x.amount(),
        unbudgeted: x.amount(),
        capital: x.amount(),
        quote: x.quote(),
        ..Amm::default()
    };
    let (mut amm, fees) = (amm, x.amount());
    amm.endow(amount)?;
    amm.take_fees(fees)?;
    assert_eq!(amm.earned, fees.0);
    out![amm.budget.0, amm.unbudgeted.0, amm.capital.0, amm.quote.0]
}
