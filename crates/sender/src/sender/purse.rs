//! What may be spent in a day.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Hours that are added up.
const HOURS: usize = 24;
const SECONDS: u64 = 3_600;
/// Lamports that a signature costs.
pub const SIGNATURE: u64 = 5_000;
/// What leaves a position or an order may exceed the ceiling by this part of it.
const URGENT_SHARE: u64 = 10;

/// A ceiling on lamports for fees and tips over any 24 hours, to the hour, since the process has begun. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Purse {
    ceiling: u64,
    ledger: Arc<Mutex<Ledger>>,
}

#[derive(Debug)]
struct Ledger {
    begun: Instant,
    /// The hour that is being counted.
    hour: u64,
    /// By the hour modulo their number; the present one and the 24 before it.
    spent: [u64; HOURS + 1],
}

/// Lamports that were put aside for a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reserved {
    lamports: u64,
    hour: u64,
}

impl Purse {
    /// One of so many lamports a day.
    #[must_use]
    pub fn new(ceiling: u64) -> Self {
        let ledger = Ledger { begun: Instant::now(), hour: 0, spent: [0; HOURS + 1] };
        Self { ceiling, ledger: Arc::new(Mutex::new(ledger)) }
    }

    /// Lamports that may be spent in a day.
    #[must_use]
    pub fn ceiling(&self) -> u64 {
        self.ceiling
    }

    /// Lamports spent or put aside in the last 24 hours.
    #[must_use]
    pub fn spent(&self) -> u64 {
        self.turned(Instant::now()).sum()
    }

    /// Puts lamports aside; `None` when that would exceed the ceiling. What is urgent may exceed it by a tenth.
    #[must_use]
    pub fn reserve(&self, lamports: u64, urgent: bool) -> Option<Reserved> {
        self.reserve_at(lamports, urgent, Instant::now())
    }

    fn reserve_at(&self, lamports: u64, urgent: bool, now: Instant) -> Option<Reserved> {
        let mut ledger = self.turned(now);
        let most = if urgent { self.ceiling.saturating_add(self.ceiling / URGENT_SHARE) } else { self.ceiling };
        if ledger.sum().saturating_add(lamports) > most {
            return None;
        }
        let hour = ledger.hour;
        let spent = ledger.of(hour);
        *spent = spent.saturating_add(lamports);
        Some(Reserved { lamports, hour })
    }

    /// Takes back what a transaction did not cost that can no longer land.
    pub fn release(&self, reserved: Reserved) {
        let mut ledger = self.turned(Instant::now());
        if reserved.hour.saturating_add(HOURS as u64) >= ledger.hour {
            let spent = ledger.of(reserved.hour);
            *spent = spent.saturating_sub(reserved.lamports);
        }
    }

    fn turned(&self, now: Instant) -> MutexGuard<'_, Ledger> {
        let mut ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        let hour = now.saturating_duration_since(ledger.begun).as_secs() / SECONDS;
        let from = ledger.hour.saturating_add(1).max(hour.saturating_sub(HOURS as u64));
        for passed in from..=hour {
            *ledger.of(passed) = 0;
        }
        ledger.hour = ledger.hour.max(hour);
        ledger
    }
}

impl Ledger {
    fn of(&mut self, hour: u64) -> &mut u64 {
        &mut self.spent[usize::try_from(hour % (HOURS as u64 + 1)).unwrap_or(0)]
    }

    fn sum(&self) -> u64 {
        self.spent.iter().fold(0, |sum, spent| sum.saturating_add(*spent))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_day_has_a_ceiling_and_what_is_urgent_a_little_more() {
        let purse = Purse::new(100_000);
        let paid: Vec<_> = (0..30).filter_map(|_| purse.reserve(SIGNATURE, false)).collect();
        assert_eq!((paid.len(), purse.spent()), (20, 100_000));
        assert!(purse.reserve(SIGNATURE, true).is_some() && purse.reserve(SIGNATURE, true).is_some());
        assert!(purse.reserve(SIGNATURE, true).is_none());
        purse.release(paid[0]);
        assert_eq!(purse.spent(), 105_000);
        assert!(Purse::new(0).reserve(1, false).is_none());
        assert!(Purse::new(u64::MAX).reserve(u64::MAX, true).is_some());
    }

    #[test]
    fn any_twenty_four_hours_are_a_day() {
        let purse = Purse::new(240);
        let start = Instant::now();
        let at = |hours: u64| start + Duration::from_secs(hours * SECONDS);
        for hour in 0..24 {
            assert!(purse.reserve_at(10, false, at(hour)).is_some());
        }
        assert!(purse.reserve_at(10, false, at(23)).is_none());
        assert!(purse.reserve_at(10, false, at(24)).is_none(), "the first hour counts to its end");
        assert!(purse.reserve_at(10, false, at(25)).is_some());
        assert!(purse.reserve_at(10, false, at(25)).is_none());
        assert!(purse.reserve_at(240, false, at(1_000)).is_some(), "long silence");
        assert!(purse.reserve_at(1, false, at(1_000)).is_none());
    }
}
