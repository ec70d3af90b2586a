//! Which breaks of single reads count.

use std::collections::{BTreeMap, BTreeSet};

use super::{Break, Marks, Rules, Snapshot, Statement};

/// Complete reads at most in one look; one is enough when everything holds.
const READS: u32 = 5;

/// Result of a look.
#[derive(Clone, Debug)]
pub struct Audited {
    /// The last statement.
    pub statement: Statement,
    /// Confirmed breaks: two complete reads, one after the other, found them.
    pub breaks: Vec<Break>,
    /// Breaks that the next read did not find again, or that only the last read found.
    pub unconfirmed: Vec<Break>,
    /// Longest time for which a pocket has been below maintenance at every look, slots.
    pub longest_below: u64,
}

/// Decides on reads, one after the other. Pure: the same reads give the same verdicts.
#[derive(Clone, Debug, Default)]
pub struct Judge {
    rules: Rules,
    /// Marks of the last read in which everything held: a broken read may not lower them.
    marks: Option<Marks>,
    /// The slot since which a pocket was below maintenance at every look.
    below: BTreeMap<(String, Option<u16>), u64>,
    look: Look,
}

/// Reads of the look under way.
#[derive(Clone, Debug, Default)]
struct Look {
    reads: u32,
    suspected: Vec<Break>,
    unconfirmed: Vec<Break>,
}

impl Judge {
    /// A judge without any read yet.
    #[must_use]
    pub fn new(rules: Rules) -> Self {
        Self { rules, ..Self::default() }
    }

    /// Weighs a read of a later slot than the last; `None` asks for one more read.
    pub fn weigh(&mut self, snapshot: &Snapshot) -> Option<Audited> {
        let mut statement = Statement::of(snapshot, self.rules);
        let marks = Marks::of(snapshot, &statement);
        if let Some(before) = &self.marks {
            statement.backwards = marks.backwards(before);
        }
        let look = &mut self.look;
        look.reads += 1;
        let found = statement.breaks();
        let again: BTreeSet<&str> = found.iter().map(|one| one.what.as_str()).collect();
        let (known, gone): (Vec<Break>, Vec<Break>) =
            std::mem::take(&mut look.suspected).into_iter().partition(|one| again.contains(one.what.as_str()));
        look.unconfirmed.extend(gone);
        if !found.is_empty() && known.is_empty() && look.reads < READS {
            look.suspected = found;
            return None;
        }
        if found.is_empty() {
            self.marks = Some(marks);
        }
        let known: BTreeSet<String> = known.into_iter().map(|one| one.what).collect();
        let (breaks, once) = found.into_iter().partition(|one| known.contains(&one.what));
        let mut unconfirmed = std::mem::take(look).unconfirmed;
        // Found by the last read alone: unconfirmed, and the next look begins with it.
        unconfirmed.extend::<Vec<Break>>(once);
        let longest_below = self.follow(&statement);
        Some(Audited { statement, breaks, unconfirmed, longest_below })
    }

    /// Drops the reads of a look that was broken off.
    pub fn begin(&mut self) {
        self.look = Look::default();
    }

    /// Notes since which slot each pocket is below maintenance. Returns the longest such time, slots.
    fn follow(&mut self, statement: &Statement) -> u64 {
        let now = statement.slot;
        let mut below = BTreeMap::new();
        for one in &statement.margins.below {
            let pocket = (one.account.clone(), one.isolated);
            let since = self.below.get(&pocket).copied().unwrap_or(now);
            below.insert(pocket, since);
        }
        self.below = below;
        self.below.values().map(|since| now.saturating_sub(*since)).max().unwrap_or(0)
    }
}
