//! Which subjects are left alone, and for how long.
//!
//! A subject is busy while its transaction is under way, and until the world shows what has landed. After a failure it
//! rests from the slot of the decision on, twice as long after each further one. Every rest ends by the clock too: a slot
//! that an endpoint made up holds nobody up for ever.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::Subject;

/// Slots of the rest after a first failure.
const FIRST_REST: u64 = 4;
/// Slots of the longest rest.
const LONGEST_REST: u64 = 256;
/// Longest time of a slot, by which a rest ends in any case.
const SLOWEST_SLOT: Duration = Duration::from_millis(800);
/// Longest time for which the world may not show what has landed.
const SHOWN_WITHIN: Duration = Duration::from_secs(30);
/// Time after the end of a rest for which failures are remembered.
const REMEMBERED: Duration = Duration::from_secs(120);
/// Subjects that are kept before the first sweep.
const FEW: usize = 256;

/// How a transaction about a subject has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It landed in this slot and succeeded.
    Landed(u64),
    /// The chain has refused it in this slot: that cost a fee.
    Refused(u64),
    /// It was decided in this slot, and did not land.
    Failed(u64),
}

#[derive(Clone, Copy, Debug)]
struct State {
    under_way: bool,
    /// The last slot whose world finds it busy.
    until: u64,
    /// When it is free in any case.
    end: Instant,
    /// Failures one after the other.
    failures: u32,
    /// Slot of a refusal by the chain since its last success.
    refused: Option<u64>,
}

/// The subjects of all actors.
#[derive(Debug, Default)]
pub(super) struct Busy {
    all: HashMap<(usize, Subject), State>,
    under_way: usize,
    /// How many there were after the last sweep.
    kept: usize,
}

impl Busy {
    /// Whether a subject is left alone in the world of a slot.
    pub(super) fn is_busy(&self, actor: usize, subject: &Subject, slot: u64, now: Instant) -> bool {
        let state = self.all.get(&(actor, *subject));
        state.is_some_and(|state| state.under_way || (slot <= state.until && now < state.end))
    }

    /// Subjects with a transaction under way.
    pub(super) fn under_way(&self) -> usize {
        self.under_way
    }

    /// Subjects that are kept.
    pub(super) fn kept(&self) -> usize {
        self.all.len()
    }

    /// The slot of the latest refusal by the chain of one of the subjects since it last succeeded.
    pub(super) fn refused(&self, actor: usize, subjects: &[Subject]) -> Option<u64> {
        subjects.iter().filter_map(|subject| self.all.get(&(actor, *subject))?.refused).max()
    }

    /// A transaction about the subjects is under way.
    pub(super) fn begin(&mut self, actor: usize, subjects: &[Subject], now: Instant) {
        self.sweep(now);
        for subject in subjects {
            let free = State { under_way: false, until: 0, end: now, failures: 0, refused: None };
            let state = self.all.entry((actor, *subject)).or_insert(free);
            self.under_way += usize::from(!state.under_way);
            state.under_way = true;
        }
    }

    /// It has ended.
    pub(super) fn end(&mut self, actor: usize, subjects: &[Subject], end: End, now: Instant) {
        for subject in subjects {
            let Some(state) = self.all.get_mut(&(actor, *subject)) else { continue };
            self.under_way -= usize::from(state.under_way);
            state.under_way = false;
            match end {
                End::Landed(slot) => {
                    *state = State { until: slot, end: now + SHOWN_WITHIN, failures: 0, refused: None, ..*state };
                }
                End::Refused(slot) | End::Failed(slot) => {
                    let rest = FIRST_REST.saturating_mul(1 << state.failures.min(16)).min(LONGEST_REST);
                    state.failures = state.failures.saturating_add(1);
                    state.until = slot.saturating_add(rest);
                    let slots = u32::try_from(rest).unwrap_or(u32::MAX);
                    state.end = now + SLOWEST_SLOT * slots;
                    if matches!(end, End::Refused(_)) {
                        state.refused = Some(slot);
                    }
                }
            }
        }
    }

    /// Forgets what has been free for long, whenever twice as many are kept as after the last time.
    fn sweep(&mut self, now: Instant) {
        if self.all.len() < FEW.max(self.kept.saturating_mul(2)) {
            return;
        }
        self.all.retain(|_, state| {
            let remembered = if state.failures > 0 { REMEMBERED } else { Duration::ZERO };
            state.under_way || now < state.end + remembered
        });
        self.kept = self.all.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOARD: [Subject; 1] = [Subject::Board];

    #[test]
    fn a_rest_begins_at_the_decision_and_doubles() {
        let (mut busy, now) = (Busy::default(), Instant::now());
        let mut slot = 1_000;
        for rest in [4, 8, 16, 32, 64, 128, 256, 256] {
            busy.begin(0, &BOARD, now);
            assert!(busy.is_busy(0, &BOARD[0], u64::MAX, now), "whatever the slot");
            busy.end(0, &BOARD, End::Failed(slot), now);
            assert!(busy.is_busy(0, &BOARD[0], slot + rest, now), "{rest}");
            assert!(!busy.is_busy(0, &BOARD[0], slot + rest + 1, now), "{rest}");
            slot += rest + 1;
        }
        assert!(!busy.is_busy(1, &BOARD[0], slot, now), "another actor's");
        busy.begin(0, &BOARD, now);
        busy.end(0, &BOARD, End::Landed(slot), now);
        assert!(busy.is_busy(0, &BOARD[0], slot, now) && !busy.is_busy(0, &BOARD[0], slot + 1, now));
        busy.begin(0, &BOARD, now);
        busy.end(0, &BOARD, End::Failed(slot), now);
        assert!(!busy.is_busy(0, &BOARD[0], slot + 5, now), "a success starts anew");
    }

    #[test]
    fn a_refusal_is_remembered_until_something_succeeds() {
        let (mut busy, now) = (Busy::default(), Instant::now());
        busy.begin(0, &BOARD, now);
        busy.end(0, &BOARD, End::Refused(700), now);
        assert_eq!(busy.refused(0, &BOARD), Some(700));
        busy.begin(0, &BOARD, now);
        busy.end(0, &BOARD, End::Failed(710), now);
        assert_eq!(busy.refused(0, &BOARD), Some(700));
        busy.begin(0, &BOARD, now);
        busy.end(0, &BOARD, End::Landed(720), now);
        assert_eq!(busy.refused(0, &BOARD), None);
    }

    #[test]
    fn no_slot_that_was_made_up_holds_a_subject_for_ever() {
        let (mut busy, now) = (Busy::default(), Instant::now());
        for end in [End::Landed(u64::MAX), End::Failed(u64::MAX), End::Refused(u64::MAX)] {
            busy.begin(0, &BOARD, now);
            busy.end(0, &BOARD, end, now);
            assert!(busy.is_busy(0, &BOARD[0], u64::MAX, now));
            assert!(!busy.is_busy(0, &BOARD[0], 1, now + Duration::from_secs(60)), "{end:?}");
        }
    }

    #[test]
    fn what_is_free_is_forgotten() {
        let (mut busy, mut now) = (Busy::default(), Instant::now());
        for round in 0..100u32 {
            for number in 0..200 {
                let subject = [Subject::Order("fill_order", solana_pubkey::Pubkey::default(), round * 1_000 + number)];
                busy.begin(0, &subject, now);
                let end = if number % 2 == 0 { End::Landed(5) } else { End::Failed(5) };
                busy.end(0, &subject, end, now);
            }
            now += Duration::from_secs(60);
        }
        assert!(busy.kept() < 2_000, "{} of 20000", busy.kept());
        assert_eq!(busy.under_way(), 0);
    }
}
