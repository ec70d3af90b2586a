//! Moving the vAMM's peg to the oracle, paid from its spare equity.

use super::{Amm, peg_for};
use crate::error::{Error, Result};
use crate::num::{BASE, Rounding, mul_div, mul_div_signed};
use crate::quantity::{Amount, Price, Quote};

/// What an update did.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UpdateReport {
    /// Peg before.
    pub peg_before: Price,
    /// Mid price before.
    pub mid_before: Price,
    /// Mid price now.
    pub mid: Price,
    /// Cost to the vAMM (negative: gain): what closing all users' positions on the curve is worth more.
    pub cost: Quote,
}

impl Amm {
    /// Cost of another peg: `(quote_reserve - terminal) * (peg' - peg)`, rounded up. Source: drift 2.5.
    pub fn repeg_cost(&self, peg: Price) -> Result<Quote> {
        let curve = self.curve();
        let terminal = curve.terminal(self.users_net())?;
        let inventory = crate::num::to_i64(curve.quote.0)?
            .checked_sub(crate::num::to_i64(terminal.quote.0)?)
            .ok_or(Error::Overflow)?;
        let move_up = peg >= self.peg;
        let distance = peg.0.abs_diff(self.peg.0);
        let signed = if move_up { inventory } else { inventory.checked_neg().ok_or(Error::Overflow)? };
        mul_div_signed(signed, distance, BASE, Rounding::Up).map(Quote)
    }

    /// Moves the peg so that the mid is the oracle, or as far toward it as the budget pays for.
    ///
    /// The budget is `update_budget` of the equity above what the position needs. Moves that gain are free.
    ///
    /// Errors: [`Error::AmmUpdateNotNeeded`] when the peg would not change.
    pub fn update(&mut self, oracle: Price, slot: u64) -> Result<UpdateReport> {
        if self.sqrt_k.is_zero() {
            return Err(Error::AmmUpdateNotNeeded);
        }
        let oracle = oracle.usable()?;
        let curve = self.curve();
        let mid_before = curve.mid()?;
        let target = peg_for(&curve, oracle)?;
        let mut peg = target;
        let mut cost = Quote::ZERO;
        if target != self.peg && !self.base.is_zero() {
            cost = self.repeg_cost(target)?;
            let budget = self.spare_equity(oracle)?.share(self.update_budget, Rounding::Down)?;
            if cost.0 > 0 && Amount(cost.0.unsigned_abs()) > budget {
                peg = self.affordable(target, cost.magnitude(), budget)?;
                cost = self.repeg_cost(peg)?;
            }
        }
        self.update_slot = slot;
        self.update_price = oracle;
        if peg == self.peg {
            return Err(Error::AmmUpdateNotNeeded);
        }
        let report_peg = self.peg;
        self.peg = peg;
        Ok(UpdateReport { peg_before: report_peg, mid_before, mid: self.curve().mid()?, cost })
    }

    /// The peg between the present one and `target` whose cost the budget covers.
    fn affordable(&self, target: Price, cost: Amount, budget: Amount) -> Result<Price> {
        let distance = target.0.abs_diff(self.peg.0);
        let moved = mul_div(distance, budget.0, cost.0, Rounding::Down)?;
        Ok(if target > self.peg { self.peg.plus(Price(moved))? } else { self.peg.minus(Price(moved))? })
    }
}
