//! What happens again and again is told at once, and then at most once a minute with how often it happened.

use std::time::{Duration, Instant};

/// Time between two tellings.
pub(super) const AGAIN: Duration = Duration::from_secs(60);

/// Something that may happen again and again.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    told: Option<Instant>,
    /// Times since it was told.
    untold: u64,
}

impl Throttle {
    /// It happened. How often since it was last told, this time included, when it is to be told now; `None` when it was
    /// told within a minute.
    pub(super) fn happened(&mut self) -> Option<u64> {
        self.happened_at(Instant::now())
    }

    fn happened_at(&mut self, now: Instant) -> Option<u64> {
        self.untold += 1;
        if self.told.is_some_and(|told| now.saturating_duration_since(told) < AGAIN) {
            return None;
        }
        self.told = Some(now);
        Some(std::mem::take(&mut self.untold))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_every_second_is_told_at_once_and_then_each_minute_with_its_number() {
        let (mut failing, start) = (Throttle::default(), Instant::now());
        let mut told = Vec::new();
        for second in (0..=150).chain([500]) {
            if let Some(times) = failing.happened_at(start + Duration::from_secs(second)) {
                told.push((second, times));
            }
        }
        assert_eq!(told, [(0, 1), (60, 60), (120, 60), (500, 31)], "after a calm it is told at once");
    }
}
