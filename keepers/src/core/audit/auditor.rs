//! Looks again and again, and believes a break when it is there twice.

use std::collections::{BTreeMap, BTreeSet};

use kedge_client::Client;

use super::{Break, Marks, Rules, Statement, Unread, read};

/// Complete reads at most in one look: one is enough when everything holds.
const READS: u32 = 5;

/// What a look found.
#[derive(Clone, Debug)]
pub struct Audited {
    /// The last statement.
    pub statement: Statement,
    /// Breaks of two complete reads, one after the other: these count.
    pub breaks: Vec<Break>,
    /// Breaks that the next read did not find again.
    pub unconfirmed: Vec<Break>,
    /// Slots for which the pocket that has been below maintenance for longest has been seen so.
    pub longest_below: u64,
}

/// An auditor between two looks.
pub struct Auditor {
    client: Client,
    rules: Rules,
    marks: Option<Marks>,
    /// The slot since which a pocket was below maintenance at every look.
    below: BTreeMap<(String, Option<u16>), u64>,
}

impl Auditor {
    /// One that has seen nothing yet.
    #[must_use]
    pub fn new(client: Client, rules: Rules) -> Self {
        Self { client, rules, marks: None, below: BTreeMap::new() }
    }

    /// Reads and adds up; what breaks is read again from a later slot until it is confirmed or gone.
    ///
    /// # Errors
    /// [`Unread`]; then nothing is said, and the next look starts afresh.
    pub async fn look(&mut self) -> Result<Audited, Unread> {
        let (mut least, mut suspected, mut unconfirmed) = (0, Vec::<Break>::new(), Vec::new());
        let mut reads = 0;
        loop {
            let snapshot = read(&self.client, least).await?;
            let mut statement = Statement::of(&snapshot, self.rules);
            let marks = Marks::of(&snapshot, &statement);
            if let Some(before) = &self.marks {
                statement.backwards = marks.backwards(before);
            }
            reads += 1;
            let found = statement.breaks();
            let again: BTreeSet<&str> = found.iter().map(|one| one.what.as_str()).collect();
            let confirmed = suspected.iter().any(|one| again.contains(one.what.as_str()));
            let gone = suspected.iter().filter(|one| !again.contains(one.what.as_str())).cloned();
            unconfirmed.extend(gone.collect::<Vec<_>>());
            if found.is_empty() || confirmed || reads >= READS {
                let known: BTreeSet<String> = suspected.into_iter().map(|one| one.what).collect();
                let breaks: Vec<Break> = found.into_iter().filter(|one| known.contains(&one.what)).collect();
                if breaks.is_empty() {
                    // A counter that ran backwards stays a break at every later look.
                    self.marks = Some(marks);
                }
                let longest_below = self.follow(&statement);
                return Ok(Audited { statement, breaks, unconfirmed, longest_below });
            }
            least = snapshot.slot.saturating_add(1);
            suspected = found;
        }
    }

    /// Keeps the slots since which pockets are below maintenance; the longest time of one.
    fn follow(&mut self, statement: &Statement) -> u64 {
        let now = statement.slot;
        let pockets = statement.margins.below.iter().map(|below| (below.account.clone(), below.isolated));
        self.below = pockets.map(|pocket| (self.below.get(&pocket).copied().unwrap_or(now), pocket)).fold(
            BTreeMap::new(),
            |mut all, (since, pocket)| {
                all.insert(pocket, since);
                all
            },
        );
        self.below.values().map(|since| now.saturating_sub(*since)).max().unwrap_or(0)
    }
}
