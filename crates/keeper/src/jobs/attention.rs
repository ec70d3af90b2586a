//! How much of what is due a job looks at in one turn.
//!
//! A trial costs a tenth of a millisecond, and anybody can make thousands of subjects due at once. So a turn has a
//! number of plans that can be sent at all, passes over subjects that are under way, and tries so many others; when there
//! are more, it looks at the first half of its budget in their order, which is the job's urgency, and with the other half
//! goes round the rest, so that nothing that is refused again and again keeps the others from their turn.

use std::cell::Cell;

use kedge_sender::{Plan, Subject};

/// Trials for each plan that may be sent.
const TRIES: usize = 4;

/// What a turn has.
pub struct Attention<'a> {
    most: usize,
    tries: Cell<usize>,
    is_free: &'a dyn Fn(&Subject) -> bool,
    under_way: &'a [&'a Plan],
}

impl Attention<'static> {
    /// Enough for everything.
    #[must_use]
    pub fn all() -> Self {
        Self { most: usize::MAX, tries: Cell::new(usize::MAX), is_free: &|_| true, under_way: &[] }
    }
}

impl<'a> Attention<'a> {
    /// For `most` plans, about subjects that are free.
    #[must_use]
    pub fn new(most: usize, is_free: &'a dyn Fn(&Subject) -> bool) -> Self {
        Self { most, tries: Cell::new(most.saturating_mul(TRIES)), is_free, under_way: &[] }
    }

    /// The same after plans that were sent and that the world does not show yet.
    #[must_use]
    pub fn after(self, under_way: &'a [&'a Plan]) -> Self {
        Self { under_way, ..self }
    }

    /// Plans that were sent and that the world does not show yet, the oldest first.
    #[must_use]
    pub fn under_way(&self) -> &'a [&'a Plan] {
        self.under_way
    }

    /// Whether a subject may be acted on now.
    #[must_use]
    pub fn is_free(&self, subject: &Subject) -> bool {
        (self.is_free)(subject)
    }

    /// Whether so many plans are all that can be sent.
    #[must_use]
    pub fn is_full(&self, plans: usize) -> bool {
        plans >= self.most
    }

    /// The same for plans that are put together by up to `packed` afterwards.
    #[must_use]
    pub fn packing(&self, packed: usize) -> Self {
        let factor = packed.max(1);
        let most = self.most.saturating_mul(factor);
        Self {
            most,
            tries: Cell::new(self.tries.get().saturating_mul(factor)),
            is_free: self.is_free,
            under_way: self.under_way,
        }
    }

    /// Takes one trial from the budget; `false` when it is used up.
    #[must_use]
    pub fn spend(&self) -> bool {
        let left = self.tries.get().checked_sub(1);
        self.tries.set(left.unwrap_or(0));
        left.is_some()
    }

    /// Whether no trial is left.
    #[must_use]
    pub fn is_spent(&self) -> bool {
        self.tries.get() == 0
    }

    /// Places of `count` subjects in the order in which they get attention at a slot.
    pub fn turn(&self, count: usize, slot: u64) -> impl Iterator<Item = usize> + use<> {
        let urgent = if count <= self.tries.get() { count } else { self.tries.get() / 2 };
        let rest = count - urgent;
        // The next turn goes on about where the budget of this one ends.
        let step = u64::try_from(urgent.max(1)).unwrap_or(u64::MAX);
        let from = slot.wrapping_mul(step).checked_rem(u64::try_from(rest).unwrap_or(u64::MAX)).unwrap_or(0);
        let from = usize::try_from(from).unwrap_or(0);
        (0..urgent).chain((0..rest).map(move |place| urgent + (from + place) % rest))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn everybody_has_a_turn_and_the_urgent_have_the_first() {
        assert!(Attention::all().turn(5, 77).eq(0..5));
        let all = |_: &Subject| true;
        let attention = Attention::new(2, &all);
        assert!(attention.turn(8, 3).eq(0..8), "all are within the budget");
        let mut seen = BTreeSet::new();
        for slot in 0..30 {
            let turn: Vec<usize> = attention.turn(100, slot).collect();
            assert_eq!(turn[..4], [0, 1, 2, 3]);
            assert_eq!(turn.iter().collect::<BTreeSet<_>>().len(), 100);
            seen.extend(turn.into_iter().take(8));
        }
        assert_eq!(seen.len(), 100, "nobody waits for ever");
    }

    #[test]
    fn a_budget_ends() {
        let all = |_: &Subject| true;
        let attention = Attention::new(1, &all);
        assert!((0..4).all(|_| attention.spend()) && !attention.spend() && !attention.spend());
        assert!(attention.is_full(1) && !attention.is_full(0));
        assert!(!Attention::new(1, &all).packing(4).is_full(3));
    }
}
