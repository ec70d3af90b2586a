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
    /// Seconds since `then`, zero when `then` lies in the future.
    pub fn seconds_since(&self, then: i64) -> u64 {
        u64::try_from(self.unix_time.saturating_sub(then)).unwrap_or(0)
    }
}
