//! Time, handed in by the caller. Nothing in the model reads a clock.

use crate::num::{Rounding, quotient};
use crate::time::{Seconds, Slot, Slots};

/// The moment at which an action runs, as the chain's clock account states it: plain numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Clock {
    /// Slot of the chain.
    pub slot: u64,
    /// Unix time in seconds, as the chain's clock sees it.
    pub unix_time: i64,
}

impl Clock {
    /// Days since the Unix epoch.
    #[inline]
    pub fn day(&self) -> u32 {
        let seconds = u64::try_from(self.unix_time).unwrap_or(0);
        quotient(seconds, Seconds::DAY.0, Rounding::Down)
            .ok()
            .and_then(|day| u32::try_from(day).ok())
            .unwrap_or(u32::MAX)
    }

    /// The slot as a point in time.
    #[inline(always)]
    pub const fn at(&self) -> Slot {
        Slot(self.slot)
    }

    /// Slots since `then`, zero when `then` lies in the future.
    #[inline(always)]
    pub fn slots_since(&self, then: Slot) -> Slots {
        self.at().since(then)
    }

    /// Seconds since `then`, a Unix time, zero when `then` lies in the future.
    pub fn seconds_since(&self, then: i64) -> Seconds {
        elapsed(then, self.unix_time)
    }
}

/// Seconds from one Unix time to another, zero when that is earlier; at most the largest signed number.
#[inline(always)]
pub const fn elapsed(from: i64, to: i64) -> Seconds {
    if to <= from {
        return Seconds(0);
    }
    let seconds = to.wrapping_sub(from).cast_unsigned();
    Seconds(if seconds > i64::MAX.cast_unsigned() { i64::MAX.cast_unsigned() } else { seconds })
}
