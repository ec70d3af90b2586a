//! Time, handed in by the caller. Nothing in the model reads a clock.

/// The moment at which an action runs.
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
        const DAY: u64 = 86_400;
        let seconds = u64::try_from(self.unix_time).unwrap_or(0);
        crate::num::quotient(seconds, DAY, crate::num::Rounding::Down)
            .ok()
            .and_then(|day| u32::try_from(day).ok())
            .unwrap_or(u32::MAX)
    }

    /// Seconds since `then`, zero when `then` lies in the future.
    pub fn seconds_since(&self, then: i64) -> u64 {
        elapsed(then, self.unix_time)
    }
}

/// Seconds from one time to another, zero when that is earlier; at most the largest signed number.
#[inline(always)]
pub const fn elapsed(from: i64, to: i64) -> u64 {
    if to <= from {
        return 0;
    }
    let seconds = to.wrapping_sub(from).cast_unsigned();
    if seconds > i64::MAX.cast_unsigned() { i64::MAX.cast_unsigned() } else { seconds }
}
