//! How young a price must be to be traded at: a price row moves when somebody refreshes it, the market all the time.

use super::row::PriceRow;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::fault::{self, Fault};
use crate::num::saturating_sub;

/// Longest age in milliseconds of a price at which the vAMM and orders at a distance from the oracle trade, rounded up to
/// whole slots: six of 400 ms.
///
/// Sources count whole seconds, so that a price of now may look a second old; posting it, refreshing the row and filling
/// take a slot or two each. Less would keep out honest fills, more is time in which a taker knows better than the row
/// (docs/math/amm.md, "What it can lose").
pub const LIVE_MS: u64 = 2_400;

const LIVE_MICROS: u64 = LIVE_MS.wrapping_mul(1_000);
/// Slots that [`LIVE_MS`] has at the most, and one: no slot is believed to be shorter than 50 ms.
const MOST_SLOTS: u64 = 49;

impl PriceRow {
    /// Refuses the row as a price to trade at with an order that is active since a slot: it must have been published in
    /// that slot or later, and be no older than [`LIVE_MS`] now. Whenever a slot lasts longer, a price of the slot before
    /// serves. `slot_micros` is the board's.
    ///
    /// # Errors
    /// [`Error::AmmPriceTooOld`] for a price from before the order, [`Error::PriceNotLive`] for one that has
    /// aged since.
    #[inline]
    pub fn require_live(&self, activation: u64, clock: &Clock, slot_micros: u64) -> Result<()> {
        if self.publish_slot < activation {
            return Err(Error::AmmPriceTooOld);
        }
        let before = saturating_sub(saturating_sub(clock.slot, self.publish_slot), 1);
        // A slot is believed to last ten seconds at most: the product is small.
        let live = before < MOST_SLOTS && before.wrapping_mul(slot_micros) < LIVE_MICROS;
        if live || fault::planted(Fault::OldRowAtFill) { Ok(()) } else { Err(Error::PriceNotLive) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board::{DEFAULT_SLOT_MICROS, SLOT_MICROS_BOUNDS};

    #[test]
    fn a_price_lives_for_the_slots_that_cover_its_time() {
        let row = PriceRow { publish_slot: 1_000, ..PriceRow::default() };
        for (micros, slots) in [
            (DEFAULT_SLOT_MICROS, 6),
            (399_999, 7),
            (200_000, 12),
            (2_399_999, 2),
            (2_400_000, 1),
            (9_600_000, 1),
            (SLOT_MICROS_BOUNDS.0, 48),
            (SLOT_MICROS_BOUNDS.1, 1),
        ] {
            assert_eq!(slots, (LIVE_MS * 1_000).div_ceil(micros), "the table");
            let says = |slot: u64| row.require_live(1_000, &Clock { slot, unix_time: 0 }, micros);
            assert_eq!((says(1_000), says(1_000 + slots)), (Ok(()), Ok(())), "{micros}");
            assert_eq!(says(1_001 + slots), Err(Error::PriceNotLive), "{micros}");
            assert_eq!(says(u64::MAX), Err(Error::PriceNotLive));
            // Published ahead of the clock's slot it is as young as can be.
            assert_eq!(says(900), Ok(()));
            assert_eq!(
                row.require_live(1_001, &Clock { slot: 1_001, unix_time: 0 }, micros),
                Err(Error::AmmPriceTooOld)
            );
        }
    }
}
