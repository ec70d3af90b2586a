//! A limit that a user sets to the own leverage.

use crate::account::board::PriceBoard;
use crate::account::sub_account::SubAccount;
use crate::action::collateral::isolate::require_isolated;
use crate::action::collateral::transfer::require_covered;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::num::PPM;
use crate::quantity::Ppm;

/// Sets the floor of the initial margin ratio of the own position in one market.
#[must_use]
#[derive(Clone, Copy, Debug)]
pub struct SetLeverage {
    /// Market.
    pub market: u16,
    /// Initial margin ratio that the user wants at least, from the market's own (its largest leverage) to 100 % (no
    /// leverage); 0 for the market's own.
    pub ratio: Ppm,
}

impl SetLeverage {
    /// Sets it. The position's slot stays in use as long as a ratio is set. A ratio that is raised must leave initial
    /// margin met; one that is lowered is always accepted, since it asks for less.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] outside the bounds, [`Error::InsufficientMargin`],
    /// [`Error::NoPositionSlot`], [`Error::RowNotListed`], stale rows.
    pub fn execute(self, board: &PriceBoard, account: &mut SubAccount, clock: Clock) -> Result<()> {
        if self.ratio.is_zero() {
            if let Ok(position) = account.position_mut(self.market) {
                position.custom_margin = Ppm::ZERO;
                account.release_position(self.market);
            }
            return Ok(());
        }
        let row = board.market(self.market)?;
        if self.ratio < row.initial_margin || u64::from(self.ratio.0) > PPM {
            return Err(Error::InvalidParameter);
        }
        let position = account.open_position(self.market)?;
        let raised = self.ratio > position.custom_margin;
        position.custom_margin = self.ratio;
        if !raised || position.is_idle() {
            return Ok(());
        }
        match account.isolated(self.market) {
            None => require_covered(account, board, &clock),
            Some(_) => require_isolated(account, self.market, board, &clock),
        }
    }
}
