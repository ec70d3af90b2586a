//! What Prometheus is told.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// A job, by name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct JobLabel {
    job: &'static str,
}

/// A job and the name of an error.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct FailureLabel {
    job: &'static str,
    error: String,
}

type Seconds = Family<JobLabel, Histogram, fn() -> Histogram>;

/// Every metric.
pub struct Metrics {
    registry: Registry,
    decided: Family<JobLabel, Counter>,
    sent: Family<JobLabel, Counter>,
    landed: Family<JobLabel, Counter>,
    failed: Family<FailureLabel, Counter>,
    tick: Seconds,
    landing: Seconds,
    slots: Seconds,
    /// Slots by which the mirror is behind.
    pub mirror_age: Gauge<i64, AtomicI64>,
    /// Slot of the mirror.
    pub mirror_slot: Gauge<i64, AtomicI64>,
    /// Lamports of the wallet.
    pub balance: Gauge<i64, AtomicI64>,
    /// Transactions under way.
    pub under_way: Gauge<i64, AtomicI64>,
    /// Looks at the exchange that failed.
    pub polls_failed: Counter<u64, AtomicU64>,
}

impl Metrics {
    /// All at zero.
    pub fn new() -> Arc<Self> {
        let mut registry = Registry::with_prefix("kedge_keeper");
        let metrics = Self {
            decided: Family::default(),
            sent: Family::default(),
            landed: Family::default(),
            failed: Family::default(),
            tick: Family::new_with_constructor(|| buckets(&[0.0001, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0])),
            landing: Family::new_with_constructor(|| buckets(&[0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6])),
            slots: Family::new_with_constructor(|| buckets(&[0.0, 1.0, 2.0, 3.0, 5.0, 8.0, 13.0, 21.0, 34.0, 55.0])),
            mirror_age: Gauge::default(),
            mirror_slot: Gauge::default(),
            balance: Gauge::default(),
            under_way: Gauge::default(),
            polls_failed: Counter::default(),
            registry: Registry::default(),
        };
        registry.register("decided", "Plans made by a job, repeats of busy subjects included", metrics.decided.clone());
        registry.register("sent", "Transactions sent, or shown in a dry run", metrics.sent.clone());
        registry.register("landed", "Transactions that landed and succeeded", metrics.landed.clone());
        registry.register("failed", "Transactions that failed or were lost", metrics.failed.clone());
        registry.register("tick_seconds", "Time that a job takes to decide and hand over", metrics.tick.clone());
        registry.register("landing_seconds", "Time from sending to the status", metrics.landing.clone());
        registry.register("landing_slots", "Slots from decision to landing", metrics.slots.clone());
        registry.register("mirror_age_slots", "Slots by which the mirror is behind", metrics.mirror_age.clone());
        registry.register("mirror_slot", "Slot of the mirror", metrics.mirror_slot.clone());
        registry.register("wallet_lamports", "Balance of the wallet", metrics.balance.clone());
        registry.register("under_way", "Transactions under way", metrics.under_way.clone());
        registry.register("polls_failed", "Looks at the exchange that failed", metrics.polls_failed.clone());
        Arc::new(Self { registry, ..metrics })
    }

    /// A job decided, and some of it was taken.
    pub fn ticked(&self, job: &'static str, decided: usize, sent: usize, took: Duration) {
        let label = JobLabel { job };
        self.decided.get_or_create(&label).inc_by(decided as u64);
        self.sent.get_or_create(&label).inc_by(sent as u64);
        self.tick.get_or_create(&label).observe(took.as_secs_f64());
    }

    /// A transaction landed and succeeded.
    pub fn landed(&self, job: &'static str, latency: Duration, slots: u64) {
        let label = JobLabel { job };
        self.landed.get_or_create(&label).inc();
        self.landing.get_or_create(&label).observe(latency.as_secs_f64());
        self.slots.get_or_create(&label).observe(slots as f64);
    }

    /// A transaction failed.
    pub fn failed(&self, job: &'static str, error: &str) {
        self.failed.get_or_create(&FailureLabel { job, error: error.to_owned() }).inc();
    }

    /// In the OpenMetrics text format.
    pub fn text(&self) -> String {
        let mut text = String::new();
        if encode(&mut text, &self.registry).is_err() {
            let _ = writeln!(text, "# EOF");
        }
        text
    }

    /// What a job did so far: decided, sent, landed, failed.
    pub fn totals(&self, job: &'static str) -> [u64; 3] {
        let label = JobLabel { job };
        [&self.decided, &self.sent, &self.landed].map(|family| family.get_or_create(&label).get())
    }
}

fn buckets(bounds: &[f64]) -> Histogram {
    Histogram::new(bounds.iter().copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_job_and_error_is_told_apart() {
        let metrics = Metrics::new();
        metrics.ticked("filler", 3, 2, Duration::from_millis(2));
        metrics.landed("filler", Duration::from_millis(500), 2);
        metrics.failed("filler", "OrderNotFound");
        metrics.ticked("oracle", 1, 1, Duration::from_millis(1));
        let text = metrics.text();
        for line in [
            "kedge_keeper_decided_total{job=\"filler\"} 3",
            "kedge_keeper_sent_total{job=\"oracle\"} 1",
            "kedge_keeper_failed_total{job=\"filler\",error=\"OrderNotFound\"} 1",
            "kedge_keeper_landing_slots_bucket{le=\"2.0\",job=\"filler\"} 1",
            "kedge_keeper_landing_slots_bucket{le=\"1.0\",job=\"filler\"} 0",
            "kedge_keeper_mirror_age_slots 0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        assert_eq!(metrics.totals("filler"), [3, 2, 1]);
    }

    #[test]
    fn the_dashboard_asks_for_what_there_is() {
        let board = include_str!("../../../keepers/grafana/kedge-keeper.json");
        let board: serde_json::Value = serde_json::from_str(board).unwrap();
        let metrics = Metrics::new();
        metrics.ticked("filler", 1, 1, Duration::ZERO);
        metrics.landed("filler", Duration::ZERO, 0);
        metrics.failed("filler", "Lost");
        let text = metrics.text();
        let mut asked = 0;
        for target in board["panels"].as_array().unwrap().iter().flat_map(|panel| panel["targets"].as_array().unwrap())
        {
            let expression = target["expr"].as_str().unwrap();
            let names = expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            for name in names.filter(|name| name.starts_with("kedge_keeper_")) {
                assert!(text.lines().any(|line| line.starts_with(name)), "{name}");
                asked += 1;
            }
        }
        assert!(asked >= 10, "{asked}");
    }
}
