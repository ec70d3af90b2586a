//! Fees of one fill, and where they go.

use crate::error::Result;
use crate::exchange::Exchange;
use crate::num::Rounding;
use crate::quantity::{Amount, Ppm};

/// Fees of one fill.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct FillFees {
    /// Paid by the taker.
    pub taker: Amount,
    /// Received by the maker (zero when the vAMM is the maker).
    pub maker_rebate: Amount,
    /// Received by the filler.
    pub filler: Amount,
    /// What the exchange keeps: taker fee less rebate and reward.
    pub exchange: Amount,
}

/// Fee on an amount, rounded up. Source: drift 2.12, vectors K1.
pub fn taker_fee(quote: Amount, rate: Ppm) -> Result<Amount> {
    quote.share(rate, Rounding::Up)
}

/// Rebate on an amount, rounded down. Source: drift 2.12, vectors K1, N8.
pub fn maker_rebate(quote: Amount, rate: Ppm) -> Result<Amount> {
    quote.share(rate, Rounding::Down)
}

/// Fees of a fill of `quote`.
///
/// `maker_tier` is `None` when the vAMM is the maker; `has_filler` is false when nobody but the taker asked
/// for the fill. The filler's reward is a share of the taker fee up to a cap, and never eats the rebate.
pub fn of_fill(
    exchange: &Exchange,
    quote: Amount,
    taker_tier: u8,
    maker_tier: Option<u8>,
    has_filler: bool,
) -> Result<FillFees> {
    let taker = taker_fee(quote, exchange.fee_tier(taker_tier).taker)?;
    let maker_rebate = match maker_tier {
        Some(tier) => maker_rebate(quote, exchange.fee_tier(tier).maker_rebate)?,
        None => Amount::ZERO,
    };
    let left = taker.minus(maker_rebate)?;
    let filler = if has_filler {
        taker.share(exchange.filler_share, Rounding::Down)?.min(Amount(exchange.max_filler_reward)).min(left)
    } else {
        Amount::ZERO
    };
    Ok(FillFees { taker, maker_rebate, filler, exchange: left.minus(filler)? })
}
