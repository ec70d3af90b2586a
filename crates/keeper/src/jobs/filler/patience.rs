//! How long a fill in an auction is left to makers.

use std::sync::atomic::{AtomicU32, Ordering};

/// What the newest race weighs in the share of those lost: a thirty-second.
const WEIGHT: u32 = 32;
/// Millionths of the races that may be lost before a slot more is left to makers, and again before the next.
const STEP: u32 = 20_000;
/// Most slots that are left beyond the setting.
const MOST: u64 = 3;

/// The share of races that were lost lately, millionths.
#[derive(Debug, Default)]
pub struct Patience(AtomicU32);

impl Patience {
    /// A fill has landed, or was refused because somebody else came first.
    pub fn heard(&self, lost: bool) {
        let share = self.0.load(Ordering::Relaxed);
        let gone = share / WEIGHT;
        let come = if lost { 1_000_000 / WEIGHT } else { 0 };
        self.0.store(share.saturating_sub(gone).saturating_add(come), Ordering::Relaxed);
    }

    /// Slots to leave beyond the setting.
    #[must_use]
    pub fn more(&self) -> u64 {
        u64::from(self.0.load(Ordering::Relaxed) / STEP).min(MOST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_loses_waits_longer_and_who_wins_hurries_again() {
        let patience = Patience::default();
        assert_eq!(patience.more(), 0);
        patience.heard(true);
        assert_eq!(patience.more(), 1, "3.1 % of what is remembered");
        (0..8).for_each(|_| patience.heard(true));
        assert_eq!(patience.more(), MOST, "never longer");
        let wins = (1..).find(|_| {
            patience.heard(false);
            patience.more() == 0
        });
        assert!(wins.is_some_and(|wins| (32..128).contains(&wins)), "{wins:?}");
    }
}
