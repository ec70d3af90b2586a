//! The hour before a market's expiry: the average at which it will be settled, and what a position is worth until then.
//!
//! A market that traded, margined or liquidated at spot in that hour would give away the difference to what it pays in the
//! end. The row therefore gathers the average itself, and says at any moment what the average will be if the price stays.
//! Derivation: docs/math/settlement.md.

use super::refresh::RefreshReport;
use super::{Before, MarketRow, OraclePrice, RowState};
use crate::clock::{Clock, elapsed};
use crate::error::{Error, Result};
use crate::fault::{self, Fault};
use crate::num::{Checked, Rounding, quotient};
use crate::quantity::Price;
use crate::side::Side;
use crate::time::{Seconds, SlotTime};

/// Time before an expiry whose average is the settlement price.
pub const SETTLEMENT_WINDOW: Seconds = Seconds::HOUR;
/// Time that the average must cover. Where the hour before the expiry was refreshed too rarely, prices after the expiry
/// count until this is reached.
pub const LEAST_SAMPLED: Seconds = Seconds(1_800);
/// Time that one price counts for at most: no single print, and no gap, decides a settlement.
pub const MOST_PER_SAMPLE: Seconds = Seconds::MINUTE;

impl MarketRow {
    /// [`super::PriceRow::refresh`], the watch over how fast it moves ([`super::Session`]), and in the hour before the expiry the
    /// new price into the settlement average: for the seconds since the price before, at most [`MOST_PER_SAMPLE`]. In a jump it
    /// counts as far as for a liquidation; while the row is halted it does not.
    ///
    /// # Errors
    /// [`crate::Error::Overflow`], [`crate::Error::DivisionByZero`].
    pub fn refresh<S: Copy + Into<Option<OraclePrice>>>(
        &mut self,
        said: &[S],
        clock: &Clock,
        slot_time: SlotTime,
    ) -> Result<RefreshReport> {
        self.end_halt(clock);
        let before = self.price.before();
        let report = self.price.refresh(said, clock, slot_time)?;
        self.follow(&before, &report, clock)?;
        Ok(report)
    }

    /// The second half of [`Self::refresh`], for who has refreshed the price by itself: watches for leaps, keeps the average of
    /// a quorum and gathers the settlement's. `before` is what [`super::PriceRow::before`] said before that.
    ///
    /// # Errors
    /// [`crate::Error::Overflow`], [`crate::Error::DivisionByZero`].
    #[inline]
    pub fn follow(&mut self, before: &Before, report: &RefreshReport, clock: &Clock) -> Result<()> {
        if report.updated {
            self.watch(before, clock)?;
        }
        self.gather(before.sample_time, report)
    }

    /// A new price into the settlement average, in the hour before the expiry; `before` is the row's
    /// [`super::PriceRow::sample_time`] before it.
    ///
    /// # Errors
    /// [`crate::Error::Overflow`], [`crate::Error::DivisionByZero`].
    #[inline]
    pub fn gather(&mut self, before: i64, report: &RefreshReport) -> Result<()> {
        if report.updated && self.price.publish_time == self.price.quorum_time {
            self.quorum_average = self.price.twap_5m;
        }
        let counts = self.expiry_time != 0 && report.updated && report.state != RowState::Halted;
        if counts { self.sample(before) } else { Ok(()) }
    }

    /// Counts the present price for the seconds since `before`.
    #[inline(never)]
    fn sample(&mut self, before: i64) -> Result<()> {
        let opens = SETTLEMENT_WINDOW.before(self.expiry_time);
        let (from, until) = (before.max(opens), self.price.sample_time);
        let since = |to: i64| elapsed(from, to).min(MOST_PER_SAMPLE).0;
        let missing = LEAST_SAMPLED.0.saturating_sub(u64::from(self.settlement_seconds));
        // Up to the expiry all of it counts, after it only what the average still misses.
        let counted = since(until.min(self.expiry_time)).max(since(until).min(missing));
        let weighted = self.price.liquidation_price()?.0.times(counted)?;
        self.settlement_sum = self.settlement_sum.plus(weighted)?;
        let seconds = u64::from(self.settlement_seconds).plus(counted)?;
        self.settlement_seconds = u32::try_from(seconds).map_err(|_| Error::Overflow)?;
        Ok(())
    }

    /// What a position is worth while the oracle says `price`: in the hour before an expiry the settlement price if the
    /// oracle stays there, else that price.
    #[inline]
    pub fn settles_at(&self, price: Price) -> Result<Price> {
        if self.expiry_time == 0 { Ok(price) } else { self.forecast(price) }
    }

    /// The average so far, weighted by the seconds that it covers, and `price` for those to come; rounded down. Until the
    /// first price of the hour it is `price`, once all are in it is the settlement price whatever `price` is.
    #[inline(never)]
    pub(crate) fn forecast(&self, price: Price) -> Result<Price> {
        if self.settlement_seconds == 0 || fault::planted(Fault::ExpiryAtSpot) {
            return Ok(price);
        }
        let ahead = elapsed(self.price.sample_time, self.expiry_time);
        let rest = ahead.0.max(LEAST_SAMPLED.0.saturating_sub(u64::from(self.settlement_seconds)));
        let sum = self.settlement_sum.plus(price.0.times(rest)?)?;
        quotient(sum, u64::from(self.settlement_seconds).plus(rest)?, Rounding::Down).map(Price)
    }

    /// Whether the settlement price is known: a price from the expiry or later is in, and the average covers
    /// [`LEAST_SAMPLED`].
    pub fn is_sampled(&self) -> bool {
        self.expiry_time != 0
            && self.price.sample_time >= self.expiry_time
            && u64::from(self.settlement_seconds) >= LEAST_SAMPLED.0
    }

    /// The price that the vAMM's trades with a taker on a side are held to in the hour before an expiry: the worse for the
    /// taker of the oracle and the average so far. `None` before the hour.
    #[inline]
    pub fn hold(&self, side: Side) -> Result<Option<Price>> {
        if self.expiry_time == 0 { Ok(None) } else { self.held(side) }
    }

    #[inline(never)]
    fn held(&self, side: Side) -> Result<Option<Price>> {
        if self.settlement_seconds == 0 || fault::planted(Fault::ExpiryAtSpot) {
            return Ok(None);
        }
        let rounding = if side == Side::Long { Rounding::Up } else { Rounding::Down };
        let average = Price(quotient(self.settlement_sum, u64::from(self.settlement_seconds), rounding)?);
        Ok(Some(match side {
            Side::Long => average.max(self.price.price),
            Side::Short => average.min(self.price.price),
        }))
    }

    /// Names the expiry, 0 for none: the average begins anew.
    pub(crate) fn set_expiry(&mut self, time: i64) {
        (self.expiry_time, self.settlement_sum, self.settlement_seconds) = (time, 0, 0);
    }

    /// Fixes the row at its market's settlement price for good: no refresh changes a byte of it, and it serves every
    /// purpose.
    pub fn freeze(&mut self, price: Price) {
        self.price.freeze(price);
        self.set_expiry(0);
    }
}
