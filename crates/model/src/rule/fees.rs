//! Fees of one fill, and where they go.

use crate::account::exchange::Exchange;
use crate::error::Result;
use crate::num::Rounding;
use crate::quantity::{Amount, Ppm};

/// Fees of one fill.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct FillFees {
    /// Paid by the taker to the exchange, a referred taker's discount taken off.
    pub taker: Amount,
    /// Paid by the taker on top, received by the builder.
    pub builder: Amount,
    /// Received by the maker (zero when the vAMM is the maker).
    pub maker_rebate: Amount,
    /// Received by the filler.
    pub filler: Amount,
    /// Received by the taker's referrer.
    pub referrer: Amount,
    /// What the exchange keeps: taker fee less rebate, reward and referrer's share.
    pub exchange: Amount,
}

impl FillFees {
    /// All that the taker pays.
    #[inline]
    pub fn charged(&self) -> Result<Amount> {
        self.taker.plus(self.builder)
    }
}

/// The referrer of a taker, as far as the fill is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Referral {
    /// The taker has no referrer.
    #[default]
    None,
    /// A referrer whose account was not handed in: the taker has the discount, the exchange keeps the share.
    Absent,
    /// A referrer whose account gets the share.
    Present,
}

/// Who besides the maker shares in the taker's fee.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Shares {
    /// Whether a filler other than the taker is paid.
    pub filler: bool,
    /// The taker's referrer.
    pub referral: Referral,
    /// Fee of the builder who brought the order and is here to be paid, over the quote; zero for none.
    pub builder: Ppm,
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
/// `maker_tier` is `None` when the vAMM is the maker. The filler's reward is a share of the taker fee up to a cap; it
/// and the referrer's share never eat the rebate. The builder's fee is on top, rounded up.
pub fn of_fill(
    exchange: &Exchange,
    quote: Amount,
    taker_tier: u8,
    maker_tier: Option<u8>,
    shares: Shares,
) -> Result<FillFees> {
    let mut taker = taker_fee(quote, exchange.fee_tier(taker_tier).taker)?;
    if shares.referral != Referral::None {
        taker = taker.minus(taker.share(exchange.referee_discount, Rounding::Down)?)?;
    }
    let maker_rebate = match maker_tier {
        Some(tier) => maker_rebate(quote, exchange.fee_tier(tier).maker_rebate)?,
        None => Amount::ZERO,
    };
    let mut left = taker.minus(maker_rebate)?;
    let filler = if shares.filler {
        taker.share(exchange.filler_share, Rounding::Down)?.min(Amount(exchange.max_filler_reward)).min(left)
    } else {
        Amount::ZERO
    };
    left = left.minus(filler)?;
    let referrer = if shares.referral == Referral::Present {
        taker.share(exchange.referrer_share, Rounding::Down)?.min(left)
    } else {
        Amount::ZERO
    };
    let builder = if shares.builder.is_zero() { Amount::ZERO } else { quote.share(shares.builder, Rounding::Up)? };
    Ok(FillFees { taker, builder, maker_rebate, filler, referrer, exchange: left.minus(referrer)? })
}
