//! What updates of the curve may cost.
//!
//! An update moves neither cash nor base. What it "costs" is what closing all users' positions on the curve is worth
//! more afterwards: quotes that the vAMM gives up. The budget bounds it over life: the costs of all updates are never
//! more than what they gained, the capital put in, and the spread and fees earned. It fills slowly, so that a price that
//! runs away (or is made to) takes the quotes along only as fast as the vAMM can afford.

use super::Amm;
use crate::clock;
use crate::error::Result;
use crate::num::{Checked, PPM, Rounding, mul_div, saturating_add};
use crate::quantity::{Amount, Price, Quote};
use crate::time::Seconds;

/// Time in which the budget gets its full share of what came in.
const HOUR: Seconds = Seconds::HOUR;

impl Amm {
    /// Takes new capital: a share of it goes into the budget at once.
    pub fn endow(&mut self, amount: Amount) -> Result<()> {
        let now = amount.share(self.update_budget, Rounding::Down)?;
        self.budget = self.budget.plus(now)?;
        self.unbudgeted = self.unbudgeted.plus(amount.minus(now)?)?;
        self.capital = self.capital.plus(amount)?;
        self.quote = self.quote.plus(amount.credit()?)?;
        Ok(())
    }

    /// Takes a share of the exchange's fees.
    pub fn take_fees(&mut self, amount: Amount) -> Result<()> {
        self.quote = self.quote.plus(amount.credit()?)?;
        self.earn(amount)
    }

    /// Counts what the vAMM has earned.
    #[inline]
    pub(super) fn earn(&mut self, amount: Amount) -> Result<()> {
        self.earned = saturating_add(self.earned, amount.0);
        self.unbudgeted = self.unbudgeted.plus(amount)?;
        Ok(())
    }

    /// What an update that would cost `wanted` may cost now: the budget, refilled when it is less, as far as
    /// `update_budget` of the spare equity goes.
    pub(super) fn spendable(&mut self, wanted: Amount, oracle: Price, now: i64) -> Result<Amount> {
        if self.budget < wanted {
            self.refill(now)?;
        }
        Ok(self.budget.min(self.spare_equity(oracle)?.share(self.update_budget, Rounding::Down)?))
    }

    /// Moves an hourly share of what came in to the budget, for at most an hour at a time.
    fn refill(&mut self, now: i64) -> Result<()> {
        let since = if self.budget_time == 0 { now } else { self.budget_time };
        let elapsed = clock::elapsed(since, now).min(HOUR);
        let share = u64::from(self.update_budget.0).times(elapsed.0)?;
        let moved = Amount(mul_div(self.unbudgeted.0, share, PPM.wrapping_mul(HOUR.0), Rounding::Down)?);
        if self.budget_time == 0 || !moved.is_zero() || self.unbudgeted.is_zero() {
            // Otherwise the time goes on until a unit has come together.
            self.budget_time = now;
        }
        self.unbudgeted = self.unbudgeted.minus(moved)?;
        self.budget = self.budget.plus(moved)?;
        Ok(())
    }

    /// Books what an update cost (negative: gained), which must have been spendable.
    #[inline]
    pub(super) fn charge(&mut self, cost: Quote) -> Result<()> {
        if cost.0 > 0 {
            self.budget = self.budget.minus(cost.magnitude())?;
            self.spent = saturating_add(self.spent, cost.magnitude().0);
        } else {
            self.budget = self.budget.plus(cost.magnitude())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantity::Ppm;

    #[test]
    fn a_budget_that_just_suffices_is_not_refilled() {
        let amm = Amm {
            quote: Quote(1 << 40),
            budget: Amount(500),
            unbudgeted: Amount(1_000_000),
            budget_time: 1_000,
            update_budget: Ppm(1_000_000),
            ..Amm::default()
        };
        let after = |wanted: u64| {
            let mut amm = amm;
            let spendable = amm.spendable(Amount(wanted), Price(1_000_000), 1_000 + 36).unwrap();
            (spendable.0, amm.budget.0, amm.unbudgeted.0, amm.budget_time)
        };
        assert_eq!(after(500), (500, 500, 1_000_000, 1_000), "the time goes on");
        assert_eq!(after(501), (10_500, 10_500, 990_000, 1_036));
    }
}
