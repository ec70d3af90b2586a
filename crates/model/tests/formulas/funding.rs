//! Funding, mark and basis.

use super::{Inputs, Outputs, amm};
use crate::out;
use kedge_model::funding::{average_premium, hourly_rate, index_delta, payment, premium, split};
use kedge_model::market::Market;
use kedge_model::position::Position;
use kedge_model::quantity::{Base, FundingIndex};

pub fn answer(name: &str, x: &mut Inputs<'_>) -> Option<Outputs> {
    Some(match name {
        "funding_rate" => rate(x),
        "funding_split" => splits(x),
        "funding_payment" => {
            let (base, from, to) = (x.base(), FundingIndex(x.int()), FundingIndex(x.int()));
            Position::funding_payment(base, from, to).and_then(|paid| out![paid.0])
        }
        "average_premium" => average_premium(x.int(), x.int()).and_then(|average| out![average]),
        "sample" => sample(x),
        _ => return None,
    })
}

fn rate(x: &mut Inputs<'_>) -> Outputs {
    let (mark, oracle, average, cap, index_price) = (x.price(), x.price(), x.int(), x.ppm(), x.price());
    let rate = hourly_rate(average, cap)?;
    out![premium(mark, oracle)?, rate, index_delta(rate, index_price)?.0]
}

fn splits(x: &mut Inputs<'_>) -> Outputs {
    let (delta, long, short, budget) = (FundingIndex(x.int()), x.size(), x.size(), x.amount());
    let vamm = Base(i64::try_from(i128::from(short.0) - i128::from(long.0)).unwrap());
    let deltas = split(delta, long, short, vamm, budget)?;
    let owed = payment(vamm, delta)?;
    assert!(deltas.amm == owed || (owed.0 < 0 && deltas.amm.magnitude() == budget));
    out![deltas.long.0, deltas.short.0, deltas.amm.0]
}

fn sample(x: &mut Inputs<'_>) -> Outputs {
    let (amm, _) = amm::state(x);
    let oracle = x.price();
    let mut market = Market {
        amm,
        last_fill_price: x.price(),
        premium_sum: x.int(),
        premium_seconds: x.int(),
        premium_last: x.int(),
        premium_time: x.int(),
        basis: x.int(),
        basis_time: x.int(),
        ..Market::default()
    };
    market.sample_premium(oracle, x.int())?;
    let (mark, seen) = (market.mark(oracle)?, market.trigger_mark(oracle)?);
    out![
        market.premium_sum,
        market.premium_seconds,
        market.premium_last,
        market.premium_time,
        market.basis,
        market.basis_time,
        mark.0,
        seen.0
    ]
}
