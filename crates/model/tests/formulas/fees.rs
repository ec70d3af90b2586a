//! Fees and values.

use super::{Inputs, Outputs};
use crate::out;
use kedge_model::account::exchange::{Exchange, FeeTier};
use kedge_model::num::Rounding;
use kedge_model::quantity::Price;
use kedge_model::rule::fees::{Referral, Shares, of_fill};
use kedge_model::rule::margin::token_value;

pub(super) fn answer(name: &str, x: &mut Inputs<'_>) -> Option<Outputs> {
    Some(match name {
        "fees" => fees(x),
        "value" => value(x),
        _ => return None,
    })
}

fn fees(x: &mut Inputs<'_>) -> Outputs {
    let quote = x.amount();
    // The taker's tier and the maker's are different ones.
    let mut tiers = [FeeTier::default(); 8];
    (tiers[1].taker, tiers[2].maker_rebate) = (x.ppm(), x.ppm());
    let exchange = Exchange {
        fees: tiers,
        filler_share: x.ppm(),
        max_filler_reward: x.int(),
        referrer_share: x.ppm(),
        referee_discount: x.ppm(),
        ..Exchange::default()
    };
    let filler = x.flag();
    let referral = [Referral::None, Referral::Absent, Referral::Present][x.int::<usize>()];
    let (builder, maker) = (x.ppm(), x.flag());
    let fees = of_fill(&exchange, quote, 1, maker.then_some(2), Shares { filler, referral, builder })?;
    assert_eq!(fees.charged()?.0, fees.taker.0 + fees.builder.0);
    out![fees.taker.0, fees.builder.0, fees.maker_rebate.0, fees.filler.0, fees.referrer.0, fees.exchange.0]
}

fn value(x: &mut Inputs<'_>) -> Outputs {
    let (base, price, by, other, tokens, decimals) = (x.base(), x.price(), x.ppm(), x.price(), x.amount(), x.int());
    let value = |rounding| base.value(price, rounding);
    let moved = |up: bool| -> kedge_model::Result<Price> {
        if up { price.raised(by, Rounding::Up) } else { price.lowered(by, Rounding::Down) }
    };
    out![
        value(Rounding::Down)?.0,
        value(Rounding::Up)?.0,
        moved(true)?.0,
        moved(false)?.0,
        price.distance(other)?,
        token_value(tokens, price, decimals)?.0
    ]
}
