//! Funding, mark and basis.

use super::stage::{NOW, Stage};
use super::{Inputs, Outputs, amm};
use crate::out;
use kedge_model::account::market::Market;
use kedge_model::account::position::Position;
use kedge_model::action::UpdateFunding;
use kedge_model::event::NoEvents;
use kedge_model::quantity::{Base, FundingIndex};
use kedge_model::rule::funding::{average_premium, hourly_rate, index_delta, payment, split};
use kedge_model::time::Seconds;

pub(super) fn answer(name: &str, x: &mut Inputs<'_>) -> Option<Outputs> {
    Some(match name {
        "funding_rate" => rate(x),
        "funding_split" => splits(x),
        "funding_payment" => {
            let (base, from, to) = (x.base(), FundingIndex(x.int()), FundingIndex(x.int()));
            Position::funding_payment(base, from, to).map(|paid| vec![paid.0.into()])
        }
        "average_premium" => average_premium(x.int(), Seconds(x.int())).map(|average| vec![average.into()]),
        "impact_premium" => impact(x),
        "sample" => sample(x),
        "update_funding" => update_funding(x),
        _ => return None,
    })
}

fn rate(x: &mut Inputs<'_>) -> Outputs {
    let (average, cap, index_price, seconds) = (x.int(), x.ppm(), x.price(), Seconds(x.int()));
    let rate = hourly_rate(average, cap)?;
    out![rate, index_delta(rate, index_price, seconds)?.0]
}

fn impact(x: &mut Inputs<'_>) -> Outputs {
    let (amm, row) = amm::state(x);
    let market = Market { amm, long_interest: x.size(), short_interest: x.size(), ..Market::default() };
    out![market.impact_premium()?, market.mark(row.price)?.0]
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
        long_interest: x.size(),
        short_interest: x.size(),
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

fn update_funding(x: &mut Inputs<'_>) -> Outputs {
    let (amm, row) = amm::state(x);
    let mut stage = Stage::new(row.price);
    let board = &mut stage.board.markets[0];
    board.price.twap_1h = x.price();
    let market = &mut stage.market;
    (market.amm, market.long_interest, market.short_interest) = (amm, x.size(), x.size());
    (market.premium_sum, market.premium_seconds, market.premium_time) = (x.int(), x.int(), NOW);
    (market.funding_cap, market.funding_pot, market.funding_time) = (x.ppm(), x.quote(), x.int());
    let report = UpdateFunding.execute(&stage.exchange, board, market, stage.clock, &mut NoEvents)?;
    assert_eq!((board.funding_long, board.funding_short), (report.deltas.long, report.deltas.short));
    assert_eq!((market.premium_sum, market.premium_seconds, market.funding_time), (0, 0, NOW));
    assert_eq!(market.funding_rate, report.rate);
    out![
        report.rate,
        report.deltas.long.0,
        report.deltas.short.0,
        report.deltas.amm.0,
        market.amm.quote.0,
        market.funding_pot.0,
        market.funding_paid_long.0,
        market.funding_paid_short.0
    ]
}
