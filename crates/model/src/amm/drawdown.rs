//! Once a minute: the peak that a drawdown is judged from, and the flow of the last hour.

use super::Amm;
use crate::account::board::PriceRow;
use crate::clock;
use crate::error::Result;
use crate::num::{Rounding, mul_div};
use crate::quantity::{Amount, Price, Quote};
use crate::time::Seconds;

/// Time between two judgements.
const MINUTE: Seconds = Seconds::MINUTE;
/// Decay of the distance between peak and equity a second, in units of 1e-10: a half-life of one day.
const DECAY: u64 = 80_225;
/// Scale of [`DECAY`].
const DECAY_SCALE: u64 = 10_000_000_000;
/// Longest silence that one judgement lets the peak decay for: half a day.
const LONGEST: Seconds = Seconds(43_200);
/// Time over which the flow of one side is forgotten.
const FLOW_MEMORY: Seconds = Seconds::HOUR;

impl Amm {
    /// Lets a minute pass: the flows of both sides fade over an hour, and the peak of the equity rises to it or decays
    /// toward it.
    ///
    /// The equity counts at the worse of price and five-minute average, so that a price that stands for a moment
    /// does not set a peak from which the vAMM would have fallen when it is gone.
    pub(super) fn judge(&mut self, row: &PriceRow, now: i64) -> Result<()> {
        let elapsed = clock::elapsed(self.peak_time, now);
        if self.peak_time != 0 && elapsed < MINUTE {
            return Ok(());
        }
        let fade = |flow: u64| -> Result<u64> {
            Ok(flow.saturating_sub(mul_div(flow, elapsed.min(FLOW_MEMORY).0, FLOW_MEMORY.0, Rounding::Up)?))
        };
        (self.long_intensity, self.short_intensity) = (fade(self.long_intensity)?, fade(self.short_intensity)?);
        self.intensity_time = now;
        let equity = self.equity(row.price)?.min(self.equity(row.twap_5m)?);
        let above = self.peak_equity.minus(equity)?.positive_part();
        self.peak_equity = if self.peak_time == 0 || above.is_zero() {
            equity
        } else {
            let gone = mul_div(above.0, DECAY.wrapping_mul(elapsed.min(LONGEST).0), DECAY_SCALE, Rounding::Down)?;
            self.peak_equity.minus(Amount(gone).credit()?)?
        };
        self.peak_time = now;
        let allowed = self.peak_equity.positive_part().share(self.drawdown_limit, Rounding::Down)?;
        self.floor_equity = self.peak_equity.minus(allowed.credit()?)?;
        Ok(())
    }

    /// Whether the equity at a price has fallen so far below its peak that the vAMM only closes.
    #[inline]
    pub fn is_drawn_down(&self, price: Price) -> Result<bool> {
        Ok(self.below_floor(self.equity(price)?))
    }

    /// [`Self::is_drawn_down`] for an equity at hand.
    #[inline]
    pub(super) fn below_floor(&self, equity: Quote) -> bool {
        !self.drawdown_limit.is_zero() && equity < self.floor_equity
    }
}
