//! How long a fill in an auction is left to makers.

use std::sync::{Mutex, PoisonError};

/// One race lost in so many is too much: a slot more is left.
const TOO_MANY: u64 = 20;
/// One race lost in so many is little: after [`ENOUGH`] races a slot less is left.
const FEW: u64 = 100;
/// Races after which a longer wait is given up again.
const ENOUGH: u64 = 400;
/// Most slots that are left beyond the setting.
const MOST: u64 = 4;

/// What was learnt of races: slots to leave to makers beyond the setting, and the outcomes since that changed.
#[derive(Debug, Default)]
pub struct Patience(Mutex<Learnt>);

#[derive(Clone, Copy, Debug, Default)]
struct Learnt {
    more: u64,
    won: u64,
    lost: u64,
    /// Slot of the last change: what was decided before says nothing about it.
    since: u64,
}

impl Patience {
    /// A fill that was decided in a slot has landed, or was refused because somebody else came first.
    pub fn heard(&self, lost: bool, decided: u64) {
        let mut learnt = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Below the last change by far: the chain was set back.
        if decided <= learnt.since && learnt.since - decided < 1_000 {
            return;
        }
        learnt.lost += u64::from(lost);
        learnt.won += u64::from(!lost);
        let races = learnt.won + learnt.lost;
        let more = if lost && learnt.lost * TOO_MANY > races {
            (learnt.more + 1).min(MOST)
        } else if races >= ENOUGH && learnt.lost * FEW < races {
            learnt.more.saturating_sub(1)
        } else {
            return;
        };
        // What is under way was decided as before, up to two slots later.
        let since = if more == learnt.more { decided } else { decided + 2 };
        *learnt = Learnt { more, won: 0, lost: 0, since };
    }

    /// Slots to leave beyond the setting.
    #[must_use]
    pub fn more(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).more
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_loses_waits_longer_and_who_wins_hurries_again() {
        let patience = Patience::default();
        (0..50).for_each(|_| patience.heard(true, 100));
        assert_eq!(patience.more(), 1, "one burst, one slot");
        (103..120).for_each(|slot| patience.heard(true, slot * 10));
        assert_eq!(patience.more(), MOST, "never longer");
        (0..ENOUGH).for_each(|_| patience.heard(false, 2_000));
        assert_eq!(patience.more(), MOST - 1);
        (0..ENOUGH * 2).for_each(|race| patience.heard(race % 40 == 39, 3_000));
        assert_eq!(patience.more(), MOST - 1, "between one in a hundred and one in twenty it stays");
        // A chain that was set back.
        (0..ENOUGH * 4).for_each(|_| patience.heard(false, 5));
        assert!(patience.more() < MOST - 1);
    }
}
