//! Moving the vAMM's peg to the oracle, paid from its budget.

use super::spread::signed_distance;
use super::{Amm, peg_for};
use crate::account::board::PriceRow;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::fault::{self, Fault};
use crate::num::{BASE, Rounding, mul_div, mul_div_signed};
use crate::quantity::{Amount, Price, Quote};
use crate::side::Side;

/// Result of an update: the peg that it moved from, and what the move cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UpdateReport {
    /// Peg before.
    pub peg_before: Price,
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

    /// Takes note of the oracle's price in a slot, and of the first one in it. What is traded in the slot is held to the
    /// worse of both for the taker: whoever buys before a refresh and sells after it has gained nothing by knowing what
    /// it would bring.
    #[inline]
    pub fn see(&mut self, oracle: Price, slot: u64) {
        if self.update_slot != slot || self.slot_price.is_zero() || fault::planted(Fault::BothPricesOfOneSlot) {
            (self.update_slot, self.slot_price) = (slot, oracle);
        }
        self.update_price = oracle;
    }

    /// The oracle's price that a taker on a side is held to: the worse one of the slot's first and its last.
    #[inline]
    pub fn held_price(&self, side: Side) -> Price {
        match side {
            Side::Long => self.update_price.max(self.slot_price),
            // Until something was seen there is nothing to be held to.
            Side::Short if self.slot_price.is_zero() => self.update_price,
            Side::Short => self.update_price.min(self.slot_price),
        }
    }

    /// Moves the peg so that the mid is the oracle, or as far toward it as the budget pays for. A costly move takes
    /// from the budget, a gaining one adds to it. What could not be paid for is kept as the lag.
    ///
    /// # Errors
    /// [`Error::AmmUpdateNotNeeded`] when the peg would not change.
    pub fn update(&mut self, row: &PriceRow, clock: &Clock) -> Result<UpdateReport> {
        if self.sqrt_k.is_zero() {
            return Err(Error::AmmUpdateNotNeeded);
        }
        let oracle = row.price.usable()?;
        self.judge(row, clock.unix_time)?;
        let curve = self.curve();
        let target = peg_for(&curve, oracle)?;
        self.see(oracle, clock.slot);
        self.lag = 0;
        if target == self.peg {
            return Err(Error::AmmUpdateNotNeeded);
        }
        let (mut peg, mut cost) = (target, Quote::ZERO);
        if !self.base.is_zero() {
            cost = self.repeg_cost(target)?;
            if cost.0 > 0 {
                let budget = self.spendable(cost.magnitude(), oracle, clock.unix_time)?;
                if cost.magnitude() > budget {
                    peg = self.affordable(target, cost.magnitude(), budget)?;
                    cost = self.repeg_cost(peg)?;
                }
            }
        }
        let peg_before = self.peg;
        self.peg = peg;
        if peg != target {
            self.lag = signed_distance(self.curve().mid()?.usable()?, oracle)?;
            if peg == peg_before {
                return Err(Error::AmmUpdateNotNeeded);
            }
        }
        self.charge(cost)?;
        Ok(UpdateReport { peg_before, cost })
    }

    /// The peg between the present one and `target` whose cost the budget covers.
    fn affordable(&self, target: Price, cost: Amount, budget: Amount) -> Result<Price> {
        let distance = target.0.abs_diff(self.peg.0);
        let moved = mul_div(distance, budget.0, cost.0, Rounding::Down)?;
        Ok(if target > self.peg { self.peg.plus(Price(moved))? } else { self.peg.minus(Price(moved))? })
    }
}
