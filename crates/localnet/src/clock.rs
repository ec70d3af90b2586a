use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Maps wall time to market time: `market = anchor + rate * (wall - anchor's wall)`.
///
/// Changing the time or the rate moves the anchor, so the time never jumps unless it is told to.
#[derive(Clone, Copy, Debug)]
pub struct MarketClock {
    anchor: Instant,
    market_ms: i64,
    rate: f64,
}

impl MarketClock {
    /// A clock that reads `unix_timestamp` seconds at `now` and advances `rate` seconds per wall second.
    ///
    /// A rate that is negative or not finite counts as zero: market time never runs backwards by itself.
    #[must_use]
    pub fn new(unix_timestamp: i64, rate: f64, now: Instant) -> Self {
        Self { anchor: now, market_ms: unix_timestamp.saturating_mul(1_000), rate: usable(rate) }
    }

    /// Market time at `now` in milliseconds since the Unix epoch, rounded down.
    #[must_use]
    pub fn milliseconds(&self, now: Instant) -> i64 {
        let elapsed = now.saturating_duration_since(self.anchor).as_secs_f64();
        // A float saturates as an integer, so that an absurd rate cannot overflow.
        self.market_ms.saturating_add((elapsed * 1_000.0 * self.rate) as i64)
    }

    /// Market time at `now` in whole seconds since the Unix epoch, rounded down.
    #[must_use]
    pub fn seconds(&self, now: Instant) -> i64 {
        self.milliseconds(now).div_euclid(1_000)
    }

    /// Market seconds per wall second.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// Jumps to `unix_timestamp` seconds; the rate stays.
    pub fn set(&mut self, unix_timestamp: i64, now: Instant) {
        self.market_ms = unix_timestamp.saturating_mul(1_000);
        self.anchor = now;
    }

    /// Changes the pace from `now` on, without a jump.
    pub fn set_rate(&mut self, rate: f64, now: Instant) {
        self.market_ms = self.milliseconds(now);
        self.anchor = now;
        self.rate = usable(rate);
    }
}

/// The wall clock in seconds since the Unix epoch.
pub(crate) fn wall_seconds() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX)
}

fn usable(rate: f64) -> f64 {
    if rate.is_finite() && rate > 0.0 { rate } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_at_its_rate() {
        let start = Instant::now();
        let clock = MarketClock::new(1_700_000_000, 60.0, start);
        assert_eq!(clock.seconds(start), 1_700_000_000);
        assert_eq!(clock.seconds(start + Duration::from_secs(60)), 1_700_003_600);
        assert_eq!(clock.milliseconds(start + Duration::from_millis(1)), 1_700_000_000_060);
    }

    #[test]
    fn changing_the_rate_does_not_jump() {
        let start = Instant::now();
        let mut clock = MarketClock::new(1_000, 10.0, start);
        let later = start + Duration::from_secs(5);
        clock.set_rate(2.0, later);
        assert_eq!(clock.seconds(later), 1_050);
        assert_eq!(clock.seconds(later + Duration::from_secs(5)), 1_060);
    }

    #[test]
    fn setting_the_time_keeps_the_rate() {
        let start = Instant::now();
        let mut clock = MarketClock::new(1_000, 3.0, start);
        clock.set(500, start + Duration::from_secs(9));
        assert_eq!(clock.seconds(start + Duration::from_secs(10)), 503);
    }

    #[test]
    fn never_runs_backwards_by_itself() {
        let start = Instant::now();
        for rate in [-1.0, f64::NAN, f64::INFINITY] {
            let clock = MarketClock::new(1_000, rate, start);
            assert_eq!(clock.seconds(start + Duration::from_secs(100)), 1_000, "rate {rate}");
        }
    }
}
