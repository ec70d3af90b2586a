//! Who pays a default, in which order, and what a step may give in a day.
//!
//! The order: the market's unswept fees and insurance fees, the protocol's tranche, the market's insurance fund, the staked insurance,
//! and what is left by what existed before (vAMM, positions by size, deficit). The pocket's own tokens have gone before: with a
//! token left it has not defaulted. Caps run by day, so that a default that is split gets no more than one.

use crate::clock::{Clock, elapsed};
use crate::error::Result;
use crate::num::Rounding;
use crate::quantity::{Amount, Ppm};
use crate::time::Seconds;

/// Part of the protocol's tranche that the defaults of a day may take.
pub const PROTOCOL_SHARE: Ppm = Ppm(250_000);

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
