//! Depth and centre of the curve.
//!
//! When the budget is too short for the peg, a shallower curve brings what is missing: users' positions are worth less
//! on it. When the budget allows it again, the depth comes back, up to what the market was listed with. And a curve
//! that changes of depth have left off its centre is put back there while that costs nothing, or what the budget pays.

use super::depth::{ScaleBounds, affordable_scale};
use super::{Amm, Curve, k_cost, peg_for};
use crate::account::board::PriceRow;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::fault::{self, Fault};
use crate::num::{Checked, PPM, Rounding, mul_div};
use crate::quantity::{Amount, Ppm, Price, Quote, Size};

/// The depth never falls below what was listed over two to this power.
const LEAST_DEPTH_SHIFT: u32 = 2;
/// Nor below this many times the largest inventory: the curve's slope must stay a curve's.
const DEPTH_PER_INVENTORY: u64 = 4;
/// Distance of the centre from the depth, in parts of two to this power, from which a small inventory is recentred.
const OFF_CENTRE_SHIFT: u32 = 10;
/// The scale that changes nothing.
const WHOLE: Ppm = Ppm(1_000_000);

/// The lower 32 bits of a slot: two slots of a market's life never share them.
#[inline]
fn lower_half(slot: u64) -> u32 {
    u32::try_from(slot & u64::from(u32::MAX)).unwrap_or(0)
}

/// What a change of shape did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShapeReport {
    /// Depth before.
    pub sqrt_k_before: Size,
    /// Cost to the vAMM (negative: gain).
    pub cost: Quote,
}

impl Amm {
    /// Recentres the curve, or takes one step of its depth, at most one a slot (about slots: between two of them the price
    /// can move, within one a caller can only repeat itself): down when the last update could not be
    /// paid for, up when it could and the depth is below the listed one. To be called after [`Self::update`].
    ///
    /// `None` when there is nothing to change, or the budget does not pay for it.
    ///
    /// # Errors
    /// [`crate::Error::Overflow`].
    pub fn reshape(&mut self, row: &PriceRow, clock: &Clock) -> Result<Option<ShapeReport>> {
        if self.sqrt_k.is_zero() {
            return Ok(None);
        }
        if let Some(report) = self.recentre(row.price, clock.unix_time)? {
            return Ok(Some(report));
        }
        // A step a slot, or whoever calls often enough has the whole range at once.
        let slot = lower_half(clock.slot);
        let stepped = slot == self.shape_slot && !fault::planted(Fault::DepthStepsAtEveryCall);
        if stepped || self.depth_step.is_zero() || self.base.is_zero() {
            return Ok(None);
        }
        let step = if self.lag != 0 { self.shrink()? } else { self.deepen(row.price, clock.unix_time)? };
        if step.is_some() {
            self.shape_slot = slot;
        }
        Ok(step)
    }

    /// Puts the reserves where a curve without history would have them for the same inventory, the mid at the oracle.
    /// Without inventory that is free, and the listed depth comes back with it.
    fn recentre(&mut self, oracle: Price, now: i64) -> Result<Option<ShapeReport>> {
        let flat = self.base.is_zero();
        let sqrt_k = if flat { self.listed_sqrt_k } else { self.sqrt_k };
        let centre = self.curve().terminal(self.users_net())?.base;
        let off = Size(centre.0.abs_diff(sqrt_k.0));
        let due = if flat {
            !off.is_zero() || self.sqrt_k != sqrt_k || self.quote_reserve != sqrt_k
        } else {
            off.0 > sqrt_k.0.wrapping_shr(OFF_CENTRE_SHIFT) && self.inventory_ratio()? <= u64::from(self.flat_share.0)
        };
        if !due {
            return Ok(None);
        }
        let net = self.users_net();
        let base = if net.0 >= 0 { sqrt_k.minus(net.size())? } else { sqrt_k.plus(net.size())? };
        let plain = Curve { base, sqrt_k, ..self.curve() };
        let plain = Curve { quote: plain.quote_at(base)?, ..plain };
        self.reach(Curve { peg: peg_for(&plain, oracle)?, ..plain }, oracle, now)
    }

    /// A step down, as far as the listed depth and the inventory allow: it never costs anything.
    fn shrink(&mut self) -> Result<Option<ShapeReport>> {
        let least = self.listed_sqrt_k.0.wrapping_shr(LEAST_DEPTH_SHIFT);
        let least = least.max(self.inventory_limit.0.saturating_mul(DEPTH_PER_INVENTORY));
        let scale = PPM.minus(u64::from(self.depth_step.0))?;
        let sqrt_k = Size(mul_div(self.sqrt_k.0, scale, PPM, Rounding::Up)?.max(least));
        if sqrt_k >= self.sqrt_k {
            return Ok(None);
        }
        let curve = self.curve().with_sqrt_k(sqrt_k)?;
        let cost = k_cost(&self.curve(), &curve, self.users_net())?;
        // The units that rounding moves may go against the vAMM: then the step is not worth it.
        if cost.0 > 0 { Ok(None) } else { self.take_shape(&curve, cost).map(Some) }
    }

    /// A step up, as far as the listed depth and the budget go.
    fn deepen(&mut self, oracle: Price, now: i64) -> Result<Option<ShapeReport>> {
        if self.sqrt_k >= self.listed_sqrt_k {
            return Ok(None);
        }
        let high = Ppm(WHOLE.0.plus(self.depth_step.0)?);
        let before = self.curve();
        if let Some(report) = self.reach(self.scaled(&before, high)?, oracle, now)? {
            return Ok(Some(report));
        }
        let budget = self.spendable(Amount(u64::MAX), oracle, now)?;
        let bounds = ScaleBounds { low: WHOLE, high };
        let scale = affordable_scale(&before, self.users_net(), budget.credit()?, &bounds)?;
        if scale == bounds.low {
            return Ok(None);
        }
        self.reach(self.scaled(&before, scale)?, oracle, now)
    }

    /// The curve at a scale of its depth, at most the listed one.
    fn scaled(&self, curve: &Curve, scale: Ppm) -> Result<Curve> {
        let sqrt_k = Size(mul_div(curve.sqrt_k.0, u64::from(scale.0), PPM, Rounding::Down)?);
        curve.with_sqrt_k(sqrt_k.min(self.listed_sqrt_k))
    }

    /// Takes a curve if the budget pays for it.
    fn reach(&mut self, curve: Curve, oracle: Price, now: i64) -> Result<Option<ShapeReport>> {
        let cost = k_cost(&self.curve(), &curve, self.users_net())?;
        let budget = if cost.0 > 0 { self.spendable(cost.magnitude(), oracle, now)? } else { Amount::ZERO };
        if cost.0 > 0 && cost.magnitude() > budget { Ok(None) } else { self.take_shape(&curve, cost).map(Some) }
    }

    fn take_shape(&mut self, curve: &Curve, cost: Quote) -> Result<ShapeReport> {
        let sqrt_k_before = self.sqrt_k;
        (self.base_reserve, self.quote_reserve) = (curve.base, curve.quote);
        (self.sqrt_k, self.peg) = (curve.sqrt_k, curve.peg);
        if self.base_reserve.is_zero() || self.quote_reserve.is_zero() || self.peg.is_zero() {
            return Err(Error::InvariantBroken);
        }
        self.charge(cost)?;
        Ok(ShapeReport { sqrt_k_before, cost })
    }
}
