//! Stopping a price row, and letting it start again.

use crate::account::board::{PriceBoard, PriceRow, RowState};
use crate::account::exchange::Exchange;
use crate::account::pause::stamp;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::time::Seconds;

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
    /// How long; nothing when it starts again.
    pub length: Seconds,
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

    /// Halts the row for a time or lets it start again; a row that is halted keeps its end, and starts again with the
    /// first refresh after it. A halt keeps accounts from leaving, so it belongs to the exchange's stop of leaving. A
    /// settlement price is final: its row does neither.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for another kind or no time, [`Error::RowNotListed`], [`Error::MarketNotActive`] for the
    /// row of a market that is settled, [`Error::PauseTooLong`], [`Error::PauseTooSoon`].
    #[inline]
    pub fn execute(self, exchange: &mut Exchange, board: &mut PriceBoard, clock: &Clock) -> Result<()> {
        let (row, until): (&mut PriceRow, &mut u32) = match self.kind {
            0 => board.market_mut(self.index).map(|row| (&mut row.price, &mut row.halt_until))?,
            1 => board.bank_mut(self.index).map(|row| (&mut row.price, &mut row.halt_until))?,
            _ => return Err(Error::InvalidParameter),
        };
        if row.is_frozen() {
            return Err(Error::MarketNotActive);
        }
        if self.halted {
            if row.state == RowState::Halted as u8 && clock.unix_time < i64::from(*until) {
                return Ok(());
            }
            *until = exchange.stop_leaving(self.length, clock)?;
        } else {
            *until = stamp(clock.unix_time)?.min(*until);
        }
        row.set_halted(self.halted, clock);
        Ok(())
    }
}
