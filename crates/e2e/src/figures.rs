//! Figures of a run from logs and metrics, as text and as JSON.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use serde_json::{Value, json};

use crate::keeper::Keeper;

/// Slots from a decision to the slot of its transaction, by job.
#[derive(Default)]
pub(crate) struct Latency {
    slots: BTreeMap<String, Vec<u64>>,
    /// Priority fees of landed transactions, lamports.
    fees: BTreeMap<String, u64>,
    failed: BTreeMap<String, BTreeMap<String, u64>>,
}

impl Latency {
    /// Figures of the keepers' whole logs.
    pub(crate) fn of<'a>(keepers: impl IntoIterator<Item = &'a Keeper>) -> anyhow::Result<Self> {
        Self::within(keepers, 0..=u64::MAX)
    }

    /// Figures of the log lines that name a slot of a range, or none.
    pub(crate) fn within<'a>(
        keepers: impl IntoIterator<Item = &'a Keeper>,
        slots: RangeInclusive<u64>,
    ) -> anyhow::Result<Self> {
        let mut latency = Self::default();
        for keeper in keepers {
            for line in keeper.log()? {
                if line["slot"].as_u64().is_some_and(|slot| !slots.contains(&slot)) {
                    continue;
                }
                let job = line["job"].as_str().unwrap_or_default().to_owned();
                match line["message"].as_str() {
                    Some("landed") => {
                        *latency.fees.entry(job.clone()).or_default() +=
                            line["priority_lamports"].as_u64().unwrap_or(0);
                        latency.slots.entry(job).or_default().extend(line["slots"].as_u64());
                    }
                    Some("failed") => {
                        let error = line["error"].as_str().unwrap_or("?").to_owned();
                        *latency.failed.entry(job).or_default().entry(error).or_default() += 1;
                    }
                    _ => {}
                }
            }
        }
        for slots in latency.slots.values_mut() {
            slots.sort_unstable();
        }
        Ok(latency)
    }

    /// Transactions of a job that landed and succeeded.
    pub(crate) fn landed(&self, job: &str) -> usize {
        self.slots.get(job).map_or(0, Vec::len)
    }

    /// Transactions that landed and succeeded.
    pub(crate) fn total(&self) -> usize {
        self.slots.values().map(Vec::len).sum()
    }

    /// Transactions of a job that failed or were lost.
    pub(crate) fn failed_of(&self, job: &str) -> u64 {
        self.failed.get(job).map_or(0, |failed| failed.values().sum())
    }

    /// Slots from decision to landing of all jobs, ascending.
    pub(crate) fn slots(&self) -> Vec<u64> {
        let mut all: Vec<u64> = self.slots.values().flatten().copied().collect();
        all.sort_unstable();
        all
    }

    /// Transactions that failed or were lost.
    pub(crate) fn failed(&self) -> u64 {
        self.failed.values().flat_map(BTreeMap::values).sum()
    }

    /// The figures as a table.
    pub(crate) fn text(&self) -> String {
        let mut text = format!(
            "{:<12}{:>9}{:>7}{:>7}{:>7}{:>7}{:>9}{:>9}  failed by reason\n",
            "job", "landed", "p50", "p90", "p99", "max", "fee", "failed"
        );
        let all = self.slots();
        let empty = BTreeMap::new();
        let jobs = self.slots.keys().chain(self.failed.keys().filter(|job| !self.slots.contains_key(*job)));
        for job in jobs {
            let slots = self.slots.get(job).map_or(&[][..], Vec::as_slice);
            let failed = self.failed.get(job).unwrap_or(&empty);
            text += &line(job, slots, self.fees.get(job).copied().unwrap_or(0), failed);
        }
        text + &line("all", &all, self.fees.values().sum(), &empty)
            + "(slots from the world that was decided on to the slot of landing; mean priority fee in lamports)"
    }

    /// The figures for the report file.
    pub(crate) fn json(&self) -> Value {
        let jobs = self.slots.iter().map(|(job, slots)| {
            let failed = self.failed.get(job).cloned().unwrap_or_default();
            let figures = json!({
                "landed": slots.len(),
                "p50": percentile(slots, 50),
                "p90": percentile(slots, 90),
                "p99": percentile(slots, 99),
                "max": slots.last(),
                "priority_fees": self.fees.get(job),
                "failed": failed,
            });
            (job.clone(), figures)
        });
        Value::Object(jobs.collect())
    }
}

fn line(job: &str, slots: &[u64], fees: u64, failed: &BTreeMap<String, u64>) -> String {
    let reasons: Vec<String> = failed.iter().map(|(error, count)| format!("{error} {count}")).collect();
    let count: u64 = failed.values().sum();
    let fee = fees / u64::try_from(slots.len().max(1)).unwrap_or(1);
    let [p50, p90, p99] = [50, 90, 99].map(|percent| percentile(slots, percent));
    format!(
        "{job:<12}{:>9}{p50:>7}{p90:>7}{p99:>7}{:>7}{fee:>9}{count:>9}  {}\n",
        slots.len(),
        slots.last().copied().unwrap_or(0),
        reasons.join(", ")
    )
}

/// The value of nearest rank in a sorted list; zero of an empty one.
pub(crate) fn percentile(sorted: &[u64], percent: usize) -> u64 {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::percentile;

    #[test]
    fn percentiles_are_of_nearest_rank() {
        assert_eq!([50, 90, 99].map(|percent| percentile(&[1, 2, 3, 4], percent)), [2, 4, 4]);
        assert_eq!(percentile(&[], 50), 0);
    }
}
