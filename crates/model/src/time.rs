//! Time with its units: points and lengths, in slots of the chain and in seconds of its clock.
//!
//! A rule is stated as a length of time, never as a number of slots: the chain's slots become shorter. What the program
//! can tell apart are slots, so that a length is compared through the [`SlotTime`] that the board has measured, and
//! every conversion says which way it rounds. A rule that is really about slots (one step a slot, a price of the same
//! slot) compares two [`Slot`]s.

use crate::error::Result;
use crate::num::{Checked, Rounding, mul_div, mul_div_inline, saturating_add, saturating_sub};
use crate::quantity::quantity;

/// A slot of the chain: a point in its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default, Hash, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(transparent)]
pub struct Slot(pub u64);

quantity! {
    /// A length in slots.
    Slots(u64)
}
quantity! {
    /// A length in milliseconds.
    Millis(u64)
}
quantity! {
    /// A length in seconds of the chain's clock.
    Seconds(u64)
}
quantity! {
    /// Microseconds that a slot takes. What the board believes lies between [`SlotTime::LEAST`] and [`SlotTime::MOST`].
    SlotTime(u64)
}

impl Slot {
    /// Slots since an earlier one, zero when that lies ahead.
    #[inline(always)]
    pub fn since(self, earlier: Self) -> Slots {
        Slots(saturating_sub(self.0, earlier.0))
    }

    /// The slot so many later, at most the last that a number can name.
    #[inline(always)]
    pub fn after(self, length: Slots) -> Self {
        Self(saturating_add(self.0, length.0))
    }
}

impl Slots {
    /// Seconds that so many slots last, rounded up.
    ///
    /// # Errors
    /// [`crate::Error::Overflow`].
    #[inline]
    pub fn seconds_up(self, slot_time: SlotTime) -> Result<Seconds> {
        mul_div(self.0, slot_time.0, 1_000_000, Rounding::Up).map(Seconds)
    }

    /// Milliseconds that so many slots last, rounded down, at most what 64 bits hold.
    #[inline]
    pub fn millis_down(self, slot_time: SlotTime) -> Millis {
        Millis(mul_div(self.0, slot_time.0, 1_000, Rounding::Down).unwrap_or(u64::MAX))
    }

    /// Whether so many slots last less than a length; exact. The slot time is a believed one.
    #[inline(always)]
    pub const fn shorter_than(self, length: Millis, slot_time: SlotTime) -> bool {
        // The first saves the product from leaving 64 bits: no more slots than that are shorter.
        self.0 <= length.most_slots() && self.0.wrapping_mul(slot_time.0) < length.micros()
    }

    /// Whether so many slots last more than a length; exact. The slot time is a believed one.
    #[inline(always)]
    pub const fn longer_than(self, length: Millis, slot_time: SlotTime) -> bool {
        self.0 > length.most_slots() || self.0.wrapping_mul(slot_time.0) > length.micros()
    }

    /// Whether so many slots last as long as a length or more; exact.
    ///
    /// # Errors
    /// [`crate::Error::Overflow`] for a length beyond 64 bits of microseconds.
    #[inline]
    pub fn reach(self, length: Seconds, slot_time: SlotTime) -> Result<bool> {
        Ok(self.0.saturating_mul(slot_time.0) >= length.0.times(1_000_000)?)
    }
}

impl Millis {
    /// Slots that cover the length, rounded up.
    ///
    /// # Errors
    /// [`crate::Error::DivisionByZero`] for a slot time of zero, [`crate::Error::Overflow`].
    #[inline]
    pub fn slots_up(self, slot_time: SlotTime) -> Result<Slots> {
        mul_div(self.0, 1_000, slot_time.0, Rounding::Up).map(Slots)
    }

    /// In microseconds, for the lengths of rules: below 2^54 milliseconds.
    #[inline(always)]
    const fn micros(self) -> u64 {
        self.0.wrapping_mul(1_000)
    }

    /// Slots of the shortest time that is believed in the length, rounded down.
    #[inline(always)]
    const fn most_slots(self) -> u64 {
        self.micros().wrapping_div(SlotTime::LEAST.0)
    }
}

impl Seconds {
    /// A day.
    pub const DAY: Self = Self(86_400);
    /// An hour.
    pub const HOUR: Self = Self(3_600);
    /// A minute.
    pub const MINUTE: Self = Self(60);

    /// Slots that cover the length, rounded up.
    ///
    /// # Errors
    /// [`crate::Error::DivisionByZero`] for a slot time of zero, [`crate::Error::Overflow`].
    #[inline]
    pub fn slots_up(self, slot_time: SlotTime) -> Result<Slots> {
        mul_div(self.0, 1_000_000, slot_time.0, Rounding::Up).map(Slots)
    }

    /// Whole slots that the length has room for, rounded down.
    ///
    /// # Errors
    /// [`crate::Error::DivisionByZero`] for a slot time of zero, [`crate::Error::Overflow`].
    #[inline(always)]
    pub fn slots_down(self, slot_time: SlotTime) -> Result<Slots> {
        mul_div_inline(self.0, 1_000_000, slot_time.0, Rounding::Down).map(Slots)
    }

    /// The shorter of two.
    #[inline(always)]
    pub fn min(self, other: Self) -> Self {
        Self(self.0.min(other.0))
    }

    /// The Unix time so long before another, at the least the earliest that a number can name.
    #[inline(always)]
    pub const fn before(self, unix_time: i64) -> i64 {
        unix_time.saturating_sub(self.0.cast_signed())
    }

    /// The Unix time so long after another, at most the latest that a number can name.
    #[inline(always)]
    pub const fn after(self, unix_time: i64) -> i64 {
        unix_time.saturating_add(self.0.cast_signed())
    }
}

impl SlotTime {
    /// What a slot is assumed to take until it has been measured: 400 ms.
    pub const DEFAULT: Self = Self(400_000);
    /// Shortest slot time that is believed: 50 ms.
    pub const LEAST: Self = Self(50_000);
    /// Longest slot time that is believed: ten seconds.
    pub const MOST: Self = Self(10_000_000);

    /// The time of one of so many slots that took a length, rounded down, and held to what is believed.
    ///
    /// # Errors
    /// [`crate::Error::DivisionByZero`] for no slots, [`crate::Error::Overflow`].
    pub fn measured(length: Seconds, slots: Slots) -> Result<Self> {
        let micros = mul_div(length.0, 1_000_000, slots.0, Rounding::Down)?;
        Ok(Self(micros.clamp(Self::LEAST.0, Self::MOST.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    #[test]
    fn lengths_become_slots_by_the_measured_time_and_round_as_they_say() {
        for (micros, up, down) in [(400_000, 8, 7), (200_000, 15, 15), (50_000, 60, 60), (10_000_000, 1, 0)] {
            let time = SlotTime(micros);
            assert_eq!(Seconds(3).slots_up(time), Ok(Slots(up)));
            assert_eq!(Millis(3_000).slots_up(time), Ok(Slots(up)));
            assert_eq!(Seconds(3).slots_down(time), Ok(Slots(down)));
        }
        assert_eq!(Slots(3).seconds_up(SlotTime::DEFAULT), Ok(Seconds(2)));
        assert_eq!(Slots(5).seconds_up(SlotTime::DEFAULT), Ok(Seconds(2)));
        assert_eq!(Millis(1).slots_up(SlotTime(0)), Err(Error::DivisionByZero));
        assert_eq!(Seconds(u64::MAX).slots_up(SlotTime::DEFAULT), Err(Error::Overflow));
        assert_eq!(Slots(u64::MAX).seconds_up(SlotTime::MOST), Err(Error::Overflow));
    }

    #[test]
    fn slots_are_compared_with_a_length_exactly() {
        for (micros, slots) in [(50_000, 48), (400_000, 6), (2_400_000, 1)] {
            let (length, time) = (Millis(2_400), SlotTime(micros));
            let says = |slots: u64| {
                let slots = Slots(slots);
                (slots.shorter_than(length, time), slots.longer_than(length, time))
            };
            assert_eq!(says(slots - 1), (true, false), "{micros}");
            assert_eq!(says(slots), (false, false), "{micros}");
            assert_eq!(says(slots + 1), (false, true), "{micros}");
            // Where the product would leave 64 bits.
            assert_eq!(says(u64::MAX / micros + 2), (false, true), "{micros}");
        }
        assert_eq!(Slots(5).reach(Seconds(2), SlotTime::DEFAULT), Ok(true));
        assert_eq!(Slots(4).reach(Seconds(2), SlotTime::DEFAULT), Ok(false));
        assert_eq!(Slots(u64::MAX).reach(Seconds(2), SlotTime::DEFAULT), Ok(true));
        assert_eq!(Slots(0).reach(Seconds(u64::MAX), SlotTime::DEFAULT), Err(Error::Overflow));
    }

    #[test]
    fn points_and_lengths_end_where_their_numbers_do() {
        assert_eq!((Slot(9).since(Slot(4)), Slot(4).since(Slot(9))), (Slots(5), Slots(0)));
        assert_eq!((Slot(9).after(Slots(4)), Slot(9).after(Slots(u64::MAX))), (Slot(13), Slot(u64::MAX)));
        assert_eq!((Seconds(5).before(3), Seconds(5).after(3)), (-2, 8));
        assert_eq!((Seconds(5).before(i64::MIN), Seconds(5).after(i64::MAX)), (i64::MIN, i64::MAX));
        assert_eq!(SlotTime::measured(Seconds(60), Slots(7)), Ok(SlotTime(8_571_428)));
        assert_eq!(SlotTime::measured(Seconds(60), Slots(1)), Ok(SlotTime::MOST));
        assert_eq!(SlotTime::measured(Seconds(60), Slots(60_000)), Ok(SlotTime::LEAST));
        assert_eq!(SlotTime::measured(Seconds(60), Slots(0)), Err(Error::DivisionByZero));
    }
}
