//! How young a price must be to be traded at: a price row moves when somebody refreshes it, the market all the time.

use super::row::PriceRow;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::fault::{self, Fault};
use crate::num::saturating_sub;
use crate::time::{Millis, Slot, SlotTime, Slots};

/// Longest age of a price at which the vAMM and orders at a distance from the oracle trade, rounded up to
/// whole slots: six of 400 ms.
///
/// Sources count whole seconds, so that a price of now may look a second old; posting it, refreshing the row and filling
/// take a slot or two each. Less would keep out honest fills, more is time in which a taker knows better than the row
/// (docs/math/amm.md, "What it can lose").
pub const LIVE_MS: Millis = Millis(2_400);

impl PriceRow {
    /// Refuses the row as a price to trade at with an order that is active since a slot: it must have been published in
    /// that slot or later, and be no older than [`LIVE_MS`] now. Whenever a slot lasts longer, a price of the slot before
    /// serves. The slot time is the board's.
    ///
    /// # Errors
    /// [`Error::AmmPriceTooOld`] for a price from before the order, [`Error::PriceNotLive`] for one that has
    /// aged since.
    #[inline]
    pub fn require_live(&self, activation: Slot, clock: &Clock, slot_time: SlotTime) -> Result<()> {
        if Slot(self.publish_slot) < activation {
            return Err(Error::AmmPriceTooOld);
        }
        let before = Slots(saturating_sub(clock.slots_since(Slot(self.publish_slot)).0, 1));
        if before.shorter_than(LIVE_MS, slot_time) || fault::planted(Fault::OldRowAtFill) {
            Ok(())
        } else {
            Err(Error::PriceNotLive)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_lives_for_the_slots_that_cover_its_time() {
        let row = PriceRow { publish_slot: 1_000, ..PriceRow::default() };
        for (micros, slots) in [
            (SlotTime::DEFAULT.0, 6),
            (399_999, 7),
            (200_000, 12),
            (2_399_999, 2),
            (2_400_000, 1),
            (9_600_000, 1),
            (SlotTime::LEAST.0, 48),
            (SlotTime::MOST.0, 1),
        ] {
            assert_eq!(slots, (LIVE_MS.0 * 1_000).div_ceil(micros), "the table");
            let time = SlotTime(micros);
            let says = |slot: u64| row.require_live(Slot(1_000), &Clock { slot, unix_time: 0 }, time);
            assert_eq!((says(1_000), says(1_000 + slots)), (Ok(()), Ok(())), "{micros}");
            assert_eq!(says(1_001 + slots), Err(Error::PriceNotLive), "{micros}");
            assert_eq!(says(u64::MAX), Err(Error::PriceNotLive));
            // Published ahead of the clock's slot it is as young as can be.
            assert_eq!(says(900), Ok(()));
            assert_eq!(
                row.require_live(Slot(1_001), &Clock { slot: 1_001, unix_time: 0 }, time),
                Err(Error::AmmPriceTooOld)
            );
        }
    }
}
