//! The spread in price space, computed when a quote is asked for.
//!
//! Every term is at least zero, never falls when its cause grows, and has no jumps; their sum is bounded. So a wider
//! spread is all that any of them can do to a taker, and the oracle stays the best price there is.

use super::Amm;
use crate::account::board::PriceRow;
use crate::error::{Error, Result};
use crate::num::{Checked, PPM, Rounding, mul_div_inline, quotient, saturating_add};
use crate::quantity::{Ppm, Price};
use crate::side::Side;

/// A sixteenth of the inventory limit (two to this power) counts as flow on each side when intensities are compared:
/// without it the first small trade of a quiet hour would be all of the flow.
const QUIET_FLOW_SHIFT: u32 = 4;
/// Least weight of the volatility term, one million being an even flow: takers that trade one side alone cannot make the
/// other side's spread forget the volatility.
const LEAST_WEIGHT: u64 = 200_000;

impl Amm {
    /// Half spreads (long taker, short taker) over the mid on a row. See [`Self::spread`].
    pub fn spreads(&self, row: &PriceRow) -> Result<(Ppm, Ppm)> {
        Ok((self.spread(Side::Long, row)?, self.spread(Side::Short, row)?))
    }

    /// The part of the half spread that no price row changes: half the base spread, and on the side that would enlarge
    /// the inventory the inventory spread in proportion to it. [`Self::spread`] is never less.
    #[inline]
    pub fn inner_spread(&self, side: Side) -> Result<Ppm> {
        let half = self.base_spread.0.wrapping_shr(1);
        if self.base.is_zero() || self.reduces_inventory(side) {
            return Ok(Ppm(half));
        }
        let added = part(self.inventory_spread, self.inventory_ratio()?)?;
        self.bounded(u64::from(half).wrapping_add(added))
    }

    /// Half spread for a taker on a side, over the mid, rounded up: the sum of
    ///
    /// * half the base spread;
    /// * volatility: the row's deviation over its price, times `volatility_factor`, weighted by the side's share of
    ///   the last hour's flow (one million for an even flow);
    /// * retreat: what the last update could not pay for, times `retreat_factor`, on the side that a peg behind the
    ///   oracle would favour;
    /// * on the side that would enlarge the inventory: `inventory_spread` times inventory over limit, and
    ///   `leverage_spread` times required capital over equity;
    /// * drawdown: `revenue_spread` times the loss from the peak over the one that stops the vAMM; half of it, and
    ///   on the enlarging side the other half in proportion to the inventory;
    ///
    /// at most `max_spread`.
    ///
    /// # Errors
    /// [`crate::Error::Overflow`].
    #[inline]
    pub fn spread(&self, side: Side, row: &PriceRow) -> Result<Ppm> {
        let mut total = u64::from(self.base_spread.0.wrapping_shr(1));
        let enlarges = !self.base.is_zero() && !self.reduces_inventory(side);
        let inventory = if enlarges { self.inventory_ratio()? } else { 0 };
        // Every term is below 2^32: their sum cannot overflow.
        total = total.wrapping_add(part(self.inventory_spread, inventory)?);
        total = total.wrapping_add(self.volatility_term(side, row)?);
        total = total.wrapping_add(self.retreat_term(side)?);
        total = total.wrapping_add(self.capital_terms(row.price, enlarges, inventory)?);
        self.bounded(total)
    }

    /// Inventory over its limit, parts per million, at most one million.
    #[inline]
    pub fn inventory_ratio(&self) -> Result<u64> {
        if self.base.is_zero() {
            return Ok(0);
        }
        if self.inventory_limit.is_zero() {
            return Ok(PPM);
        }
        ratio(self.base.size().0, self.inventory_limit.0)
    }

    /// How much the volatility term counts on a side: twice the side's share of the last hour's flow.
    fn flow_weight(&self, side: Side) -> Result<u64> {
        let quiet = self.inventory_limit.0.wrapping_shr(QUIET_FLOW_SHIFT).wrapping_add(1);
        let own = match side {
            Side::Long => self.long_intensity,
            Side::Short => self.short_intensity,
        };
        let both =
            saturating_add(saturating_add(self.long_intensity, self.short_intensity), saturating_add(quiet, quiet));
        let share = ratio(saturating_add(own, quiet), both)?;
        Ok(share.wrapping_mul(2).max(LEAST_WEIGHT))
    }

    fn volatility_term(&self, side: Side, row: &PriceRow) -> Result<u64> {
        if self.volatility_factor.is_zero() || row.deviation.is_zero() {
            return Ok(0);
        }
        let term = part(self.volatility_factor, ratio(row.deviation.0, row.price.0)?)?;
        // Below 2^32 times at most two million.
        quotient(term.wrapping_mul(self.flow_weight(side)?), PPM, Rounding::Up)
    }

    fn retreat_term(&self, side: Side) -> Result<u64> {
        let favoured = match side {
            Side::Long => self.lag > 0,
            Side::Short => self.lag < 0,
        };
        if !favoured || self.retreat_factor.is_zero() {
            return Ok(0);
        }
        part(self.retreat_factor, self.lag.unsigned_abs().min(PPM))
    }

    fn capital_terms(&self, oracle: Price, enlarges: bool, inventory: u64) -> Result<u64> {
        let leverage = if enlarges { self.leverage_spread } else { Ppm::ZERO };
        if leverage.is_zero() && self.revenue_spread.is_zero() {
            return Ok(0);
        }
        let (low, high) = self.instrument().bounds(self.base.size(), oracle)?;
        let value = if self.base.0 >= 0 { low.credit()? } else { high.debit()? };
        let equity = self.quote.plus(value)?;
        let mut total = 0;
        if !leverage.is_zero() {
            // Required capital over equity, in one division.
            let used = match equity.positive_part().0 {
                0 => PPM,
                equity => {
                    mul_div_inline(high.0, u64::from(self.margin.0), equity, Rounding::Up).unwrap_or(PPM).min(PPM)
                }
            };
            total = part(leverage, used)?;
        }
        if !self.revenue_spread.is_zero() && equity < self.peak_equity {
            let (lost, width) = (self.peak_equity.minus(equity)?, self.peak_equity.minus(self.floor_equity)?);
            let term = part(self.revenue_spread, ratio(lost.magnitude().0, width.positive_part().0)?)?;
            let sides = term.wrapping_mul(PPM.wrapping_add(inventory));
            total = total.wrapping_add(quotient(sides, PPM.wrapping_mul(2), Rounding::Up)?);
        }
        Ok(total)
    }

    fn bounded(&self, total: u64) -> Result<Ppm> {
        u32::try_from(total.min(u64::from(self.max_spread.0))).map(Ppm).map_err(|_| Error::Overflow)
    }
}

/// `value * ratio / 1e6`, rounded up, for a ratio of at most one million: below 2^32.
#[inline]
fn part(value: Ppm, ratio: u64) -> Result<u64> {
    quotient(u64::from(value.0).wrapping_mul(ratio), PPM, Rounding::Up)
}

/// `part / whole` in parts per million, rounded up, at most one million.
#[inline]
pub(super) fn ratio(part: u64, whole: u64) -> Result<u64> {
    if part >= whole {
        return Ok(if part == 0 { 0 } else { PPM });
    }
    match part.checked_mul(PPM) {
        Some(product) => quotient(product, whole, Rounding::Up),
        None => mul_div_inline(part, PPM, whole, Rounding::Up),
    }
}

/// Distance of two prices in parts per million of the first, signed: positive when the second is higher.
#[inline]
pub(super) fn signed_distance(from: Price, to: Price) -> Result<i64> {
    let magnitude = crate::num::to_i64(mul_div_inline(from.0.abs_diff(to.0), PPM, from.0, Rounding::Up)?)?;
    if to >= from { Ok(magnitude) } else { 0i64.minus(magnitude) }
}
