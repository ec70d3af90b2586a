//! Who pays a default, in which order, and what a step may give in a day.
//!
//! The order: the market's unswept fees and insurance fees, the protocol's tranche, the vAMM's spare equity, the market's insurance
//! fund, the staked insurance. What is left is the market's deficit: its next fees repay it, and until then profits bear it where
//! they become tokens ([`haircut`]). The pocket's own tokens have gone before: with a
//! token left it has not defaulted. Caps run by day, so that a default that is split gets no more than one.

use crate::clock::{Clock, elapsed};
use crate::error::{Error, Result};
use crate::num::{Rounding, mul_div};
use crate::quantity::{Amount, Ppm, Quote};
use crate::rule::lifecycle::Payout;
use crate::time::Seconds;

/// Part of the protocol's tranche that the defaults of a day may take.
pub const PROTOCOL_SHARE: Ppm = Ppm(250_000);
/// Part of the vAMM's spare equity that the defaults of a day may take.
pub const AMM_SHARE: Ppm = Ppm(500_000);
/// Time after the beginning of a deficit in which nobody turns profit of the market into tokens: in it anybody settles those who
/// have lost, so that all profits bear the same share.
pub const HAIRCUT_DELAY: Seconds = Seconds::HOUR;
/// Time for which no profit of a market becomes tokens once a liquidation has found a pocket that owes more than it has: in it the
/// pocket is wound up and its default settled. Once over, it does not begin again for as long.
pub const INSOLVENCY_HOLD: Seconds = Seconds(600);
/// What such a pocket must lack at least: less is no reason to let anybody wait.
pub const LEAST_INSOLVENCY: Amount = Amount(1_000_000);

account_bytes! {
    /// What the defaults of a running day have taken from a fund, and what it held when that day began.
    pub struct DayCap [24] {
        /// Unix time at which the day began: with the first default after the day before was over.
        0 => pub began: i64,
        /// What the fund held then.
        8 => pub held: Amount,
        /// What defaults have taken since.
        16 => pub used: Amount,
    }
}

impl DayCap {
    /// The day at this moment: the running one, or a new one with what the fund holds now.
    #[must_use]
    pub fn at(self, holds: Amount, clock: &Clock) -> Self {
        if elapsed(self.began, clock.unix_time) >= Seconds::DAY {
            return Self { began: clock.unix_time, held: holds, used: Amount::ZERO };
        }
        self
    }

    /// What the fund may give: the share of what it held when the day began, rounded down, less what it gave since, and no
    /// more than it holds.
    ///
    /// # Errors
    /// [`crate::Error::Overflow`].
    pub fn room(&self, holds: Amount, share: Ppm) -> Result<Amount> {
        let most = self.held.share(share, Rounding::Down)?;
        Ok(Amount(most.0.saturating_sub(self.used.0)).min(holds))
    }

    /// Counts what a default takes.
    ///
    /// # Errors
    /// [`crate::Error::Overflow`].
    pub fn count(&mut self, taken: Amount) -> Result<()> {
        self.used = self.used.plus(taken)?;
        Ok(())
    }
}

/// Divides a loss over steps in their order, each the smaller of what is left and its room. Returns the lines and what is
/// left after the last: together exactly the loss.
///
/// # Errors
/// None in fact: no line exceeds what is left.
pub fn lines<const N: usize>(loss: Amount, rooms: [Amount; N]) -> Result<([Amount; N], Amount)> {
    let (mut lines, mut left) = (rooms, loss);
    for line in &mut lines {
        *line = left.min(*line);
        left = left.minus(*line)?;
    }
    Ok((lines, left))
}

/// How a profit becomes tokens while nobody has paid `missing`, D, of the market's losses: of the claim c is paid
/// `c * (N - D) / N` rounded down, where N is `net`, what all users together would take out, and the rest is given up. D falls by what
/// is given up and N by the claim: D / N stays, whoever comes first, but for less than a unit in favour of who comes later.
///
/// # Errors
/// [`Error::ProfitHeld`] for a claim above N, and while D is above N: those who have lost must be settled first.
pub fn haircut(claim: Amount, net: Quote, missing: Amount) -> Result<Payout> {
    let net = net.positive_part();
    if claim > net || missing > net {
        return Err(Error::ProfitHeld);
    }
    if missing.is_zero() || claim.is_zero() {
        return Ok(Payout { paid: claim, written_off: Amount::ZERO });
    }
    let paid = Amount(mul_div(claim.0, net.minus(missing)?.0, net.0, Rounding::Down)?);
    Ok(Payout { paid, written_off: claim.minus(paid)? })
}

/// The largest claim of which [`haircut`] pays no more than a pool holds.
///
/// # Errors
/// As [`haircut`].
pub fn payable(pool: Amount, net: Quote, missing: Amount) -> Result<Amount> {
    let net = net.positive_part();
    let left = net.minus(missing).map_err(|_| Error::ProfitHeld)?;
    // Of a claim on nothing nothing is paid, whatever the pool holds.
    let most = if left.is_zero() { None } else { mul_div(pool.0, net.0, left.0, Rounding::Down).ok() };
    Ok(Amount(most.unwrap_or(u64::MAX)))
}
