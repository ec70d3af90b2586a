//! Stopping a price row, and letting it start again.

use crate::account::board::{PriceBoard, PriceRow};
use crate::account::exchange::Exchange;
use crate::clock::Clock;
use crate::error::{Error, Result};

/// Halts a row of the board, or lets a halted one start again from Stale.
#[must_use]
#[derive(Clone, Copy, Debug)]
pub struct HaltRow {
    /// Which rows `index` counts: 0 those of the markets, 1 those of the banks.
    pub kind: u8,
    /// The row.
    pub index: u16,
    /// Whether it halts.
    pub halted: bool,
}

impl HaltRow {
    /// Refuses anybody but the admin, and the pauser who halts.
    ///
    /// # Errors
    /// [`Error::WrongAuthority`].
    #[inline]
    pub fn authorise(&self, exchange: &Exchange, signer: &[u8; 32]) -> Result<()> {
        if self.halted && exchange.is_pauser(signer) { Ok(()) } else { exchange.require_admin(signer) }
    }

    /// Halts the row or lets it start again. A settlement price is final: its row does neither.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for another kind, [`Error::RowNotListed`], [`Error::MarketNotActive`] for the row of a
    /// market that is settled.
    #[inline]
    pub fn execute(self, board: &mut PriceBoard, clock: &Clock) -> Result<()> {
        let row: &mut PriceRow = match self.kind {
            0 => &mut board.market_mut(self.index)?.price,
            1 => &mut board.bank_mut(self.index)?.price,
            _ => return Err(Error::InvalidParameter),
        };
        if row.is_frozen() {
            return Err(Error::MarketNotActive);
        }
        row.set_halted(self.halted, clock);
        Ok(())
    }
}
