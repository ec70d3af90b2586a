//! Plans that were sent and that the world does not show yet. Who decides on a world without them would send a second fill
//! for a maker's order, or for a quote of the vAMM, that the first has taken already.

use kedge_sender::{Plan, Subject};

/// Slots after which a plan has landed and is seen, or has not and is not counted on any more.
const LONGEST: u64 = 8;

/// A job runner's number, its plan, and the slot in which it was sent; the oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct UnderWay(Vec<(usize, Plan, u64)>);

impl UnderWay {
    /// A job runner has sent plans.
    pub(super) fn note(&mut self, job_runner: usize, plans: Vec<Plan>, slot: u64) {
        self.0.extend(plans.into_iter().map(|plan| (job_runner, plan, slot)));
    }

    /// Forgets what is no longer busy, what was sent long ago, and what was sent on a chain that was set back.
    pub(super) fn forget(&mut self, slot: u64, is_busy: impl Fn(usize, &Subject) -> bool) {
        self.0.retain(|(job_runner, plan, since)| {
            let recent = *since <= slot && since.saturating_add(LONGEST) >= slot;
            recent && plan.subjects().iter().any(|subject| is_busy(*job_runner, subject))
        });
    }

    /// Plans of a job runner, the oldest first.
    pub(super) fn of(&self, job_runner: usize) -> Vec<&Plan> {
        self.0.iter().filter(|(by, ..)| *by == job_runner).map(|(_, plan, _)| plan).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kedge_sender::Call;

    #[test]
    fn a_plan_is_under_way_until_its_subject_is_free() {
        let plan = |market| Plan::of(Call::update_amm(market));
        let mut under_way = UnderWay::default();
        under_way.note(0, (0..3).map(plan).collect(), 100);
        under_way.note(1, vec![plan(7)], 100);
        let first = plan(0);
        under_way.forget(101, |_, subject| *subject != first.subject());
        assert_eq!(under_way.of(0), [&plan(1), &plan(2)]);
        assert_eq!(under_way.of(1), [&plan(7)]);
        let mut old = under_way.clone();
        old.forget(109, |_, _| true);
        assert!(old.of(0).is_empty(), "long ago");
        under_way.forget(99, |_, _| true);
        assert!(under_way.of(0).is_empty(), "a chain that was set back");
    }
}
