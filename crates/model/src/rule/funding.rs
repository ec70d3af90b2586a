//! Funding: hourly, zero-sum, one cumulative index a side.
//!
//! `rate = (P + clamp(i - P, -c, +c)) / 8`, capped by the market; `P` the time-weighted premium of the hour, `i`
//! the interest of 0.01 % and `c` 0.05 % a period of eight hours. Premiums and rates are in parts per billion.

use crate::clock;
use crate::error::{Error, Result};
use crate::fault::{Fault, planted};
use crate::num::{BASE, Checked, FUNDING_TO_QUOTE, PPM, Rounding, mul_div, to_i64};
use crate::quantity::{Amount, Base, FundingIndex, Ppm, Price, Quote, Size};
use crate::side::Side;
use crate::time::Seconds;

/// Scale of premiums and rates.
pub const PPB: u64 = 1_000_000_000;
/// The funding period.
pub const PERIOD: Seconds = Seconds::HOUR;
/// Interest, 0.01 % per eight hours.
pub const INTEREST: i64 = 100_000;
/// Clamp of interest against premium, 0.05 %.
pub const CLAMP: i64 = 500_000;
/// Hours of the period that premium and interest are stated for.
const HOURS: u64 = 8;
/// Premium samples are held within this, 10 %.
pub const MAX_PREMIUM: i64 = 100_000_000;
/// Base spreads that a full inventory makes of premium at most: an eighth of it is charged an hour, and a trade that moves
/// the inventory pays half a base spread.
pub const SPREADS: u64 = 4;

/// Premium of a mark over the oracle, in parts per billion, toward zero. Held within [`MAX_PREMIUM`].
///
/// # Errors
/// [`Error::InvalidPrice`] for an oracle of zero.
pub fn premium(mark: Price, oracle: Price) -> Result<i64> {
    let oracle = oracle.usable()?;
    // What has more than 64 bits is far beyond the bound.
    let magnitude = mul_div(mark.0.abs_diff(oracle.0), PPB, oracle.0, Rounding::Down).unwrap_or(u64::MAX);
    let magnitude = to_i64(magnitude.min(MAX_PREMIUM.unsigned_abs()))?;
    let signed = if mark >= oracle { magnitude } else { magnitude.wrapping_neg() };
    Ok(signed)
}

/// The middle one of three prices.
pub fn median(a: Price, b: Price, c: Price) -> Price {
    a.min(b).max(a.max(b).min(c))
}

/// Hourly rate from an average premium, parts per billion, capped at `cap` either way.
pub fn hourly_rate(premium: i64, cap: Ppm) -> Result<i64> {
    let clamped = INTEREST.minus(premium)?.clamp(-CLAMP, CLAMP);
    let eight_hours = premium.plus(clamped)?;
    let magnitude = to_i64(crate::num::quotient(eight_hours.unsigned_abs(), HOURS, Rounding::Down)?)?;
    let rate = if eight_hours < 0 { magnitude.wrapping_neg() } else { magnitude };
    let cap = i64::from(cap.0).times(1_000)?;
    Ok(rate.clamp(cap.wrapping_neg(), cap))
}

/// Funding per base at 1e9 for an hourly rate at an oracle price over a time, toward zero.
///
/// What is beyond [`PERIOD`] is not charged: a lost hour is paid once. Less is charged as what it is: a premium
/// that stood for two seconds is no hour's.
pub fn index_delta(rate: i64, oracle: Price, time: Seconds) -> Result<FundingIndex> {
    // price 1e6 * ppb 1e9 / 1e12 = quote per base at 1e3 ... times 1e6 to reach 1e9.
    let charged = rate.unsigned_abs().times(time.min(PERIOD).0)?;
    let magnitude = to_i64(mul_div(charged, oracle.0, 1_000_000 * PERIOD.0, Rounding::Down)?)?;
    Ok(FundingIndex(if rate < 0 { magnitude.wrapping_neg() } else { magnitude }))
}

/// What each side's index gains in one update, and what the vAMM gets or gives.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deltas {
    /// Added to the long index: longs pay it when positive.
    pub long: FundingIndex,
    /// Added to the short index: shorts receive it when positive.
    pub short: FundingIndex,
    /// What the vAMM receives (positive) or pays.
    pub amm: Quote,
}

/// Splits a delta over both sides so that nobody receives what nobody pays.
///
/// The vAMM pays or receives like any position. What it pays is at most `budget`; beyond that the receiving
/// side gets what the paying side and the budget bring, rounded down. Source: drift 2.8; vectors E4, E5.
pub fn split(delta: FundingIndex, long: Size, short: Size, amm_base: Base, budget: Amount) -> Result<Deltas> {
    let amm = payment(amm_base, delta)?;
    if amm.0 >= 0 || amm.magnitude() <= budget {
        return Ok(Deltas { long: delta, short: delta, amm });
    }
    let (paying, receiving) = if delta.0 >= 0 { (long, short) } else { (short, long) };
    let scale = BASE.wrapping_mul(FUNDING_TO_QUOTE);
    let paid = mul_div(paying.0, delta.0.unsigned_abs(), scale, Rounding::Down)?;
    let total = paid.plus(budget.0)?;
    let capped = mul_div(total, scale, receiving.0, Rounding::Down)?.min(delta.0.unsigned_abs());
    let capped = to_i64(capped)?;
    let capped = FundingIndex(if delta.0 < 0 { capped.wrapping_neg() } else { capped });
    let amm = Quote(to_i64(budget.0)?.wrapping_neg());
    Ok(if delta.0 >= 0 {
        Deltas { long: delta, short: capped, amm }
    } else {
        Deltas { long: capped, short: delta, amm }
    })
}

/// What a base pays (negative) or receives for a delta, rounded down.
pub fn payment(base: Base, delta: FundingIndex) -> Result<Quote> {
    crate::account::position::Position::funding_payment(base, FundingIndex::ZERO, delta)
}

/// Average of a sum of premiums weighed by seconds, toward zero; zero over no time.
pub fn average_premium(sum: i64, time: Seconds) -> Result<i64> {
    if time.is_zero() {
        return Ok(0);
    }
    let magnitude = to_i64(crate::num::quotient(sum.unsigned_abs(), time.0, Rounding::Down)?)?;
    Ok(if sum < 0 { magnitude.wrapping_neg() } else { magnitude })
}

impl crate::account::market::Market {
    /// Takes a premium sample: the premium in force until now is weighed by the time it was, at most one period.
    pub fn sample_premium(&mut self, oracle: Price, now: i64) -> Result<()> {
        let elapsed = clock::elapsed(self.premium_time, now);
        if self.premium_time != 0 && elapsed.0 > 0 {
            let weight = to_i64(elapsed.0.min(PERIOD.0))?;
            self.premium_sum = self.premium_sum.plus(self.premium_last.times(weight)?)?;
            self.premium_seconds = self.premium_seconds.plus(elapsed.0.min(PERIOD.0))?;
        }
        self.sample_basis(now)?;
        self.premium_time = now;
        self.premium_last = if planted(Fault::LastFillSetsMark) {
            premium(self.last_fill_mark(oracle)?, oracle)?
        } else {
            self.impact_premium()?
        };
        Ok(())
    }

    /// Premium of the vAMM's impact prices over the oracle, in parts per billion, toward zero: the middle of what it asks
    /// and what it bids for as much as the market holds.
    ///
    /// Positive when users are net long: `slope * net / whole`, where `whole` is the inventory limit or the open
    /// interest, whichever is larger, and `slope` the inventory spread, at most [`SPREADS`] base spreads. Without a vAMM
    /// zero: one smallest order between two pockets could set anything else. Neither the last fill nor the curve's mid
    /// counts: the first costs nothing to choose, and where the second is off the oracle it is the peg that lags.
    ///
    /// A trade of `w` moves it by at most `slope * w / whole`, and so an hour's funding of a whole side by at most the
    /// half spread on `w`, which is what it pays the vAMM at the least (docs/math/funding.md).
    pub fn impact_premium(&self) -> Result<i64> {
        let amm = &self.amm;
        if amm.base.is_zero() || amm.sqrt_k.is_zero() {
            return Ok(0);
        }
        let slope = u64::from(amm.inventory_spread.0).min(u64::from(amm.base_spread.0).wrapping_mul(SPREADS));
        let whole = amm.inventory_limit.max(self.open_interest());
        // The slope is below 2^32 parts per million, and nobody's inventory is larger than the open interest.
        let share = mul_div(amm.base.size().0, slope.wrapping_mul(PPB / PPM), whole.0, Rounding::Down)?;
        let magnitude = to_i64(share)?.min(MAX_PREMIUM);
        Ok(if amm.base.0 < 0 { magnitude } else { magnitude.wrapping_neg() })
    }

    /// The market's own price: the oracle and [`Self::impact_premium`], rounded toward the oracle.
    pub fn mark(&self, oracle: Price) -> Result<Price> {
        if planted(Fault::LastFillSetsMark) {
            return self.last_fill_mark(oracle);
        }
        let premium = self.impact_premium()?;
        let distance = Price(mul_div(oracle.0, premium.unsigned_abs(), PPB, Rounding::Down)?);
        if premium >= 0 { oracle.plus(distance) } else { oracle.minus(distance) }
    }

    /// The mark as it was: the middle of vAMM bid, vAMM ask and last fill.
    fn last_fill_mark(&self, oracle: Price) -> Result<Price> {
        if self.amm.sqrt_k.is_zero() {
            return Ok(oracle);
        }
        let last = if self.last_fill_price.is_zero() { oracle } else { self.last_fill_price };
        Ok(median(self.amm.touch(Side::Short)?, self.amm.touch(Side::Long)?, last))
    }

    /// Whether funding is due: a new hour of the chain's clock has begun since the last update.
    ///
    /// # Errors
    /// [`Error::FundingNotDue`].
    pub fn require_funding_due(&self, now: i64) -> Result<()> {
        let hour = |time: i64| u64::try_from(time).unwrap_or(0).checked_div(PERIOD.0).unwrap_or(0);
        if hour(now) > hour(self.funding_time) { Ok(()) } else { Err(Error::FundingNotDue) }
    }
}
