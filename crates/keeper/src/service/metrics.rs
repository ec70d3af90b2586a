//! What Prometheus is told.

mod labels;

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use kedge_audit::Audited;
use kedge_client::failover::Health;
use kedge_model::quantity::Amount;
use kedge_state::mirror::Counts;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::jobs::Figure;

use labels::Dollars;
pub(super) use labels::{EndpointLabel, FailureLabel, FigureLabel, JobLabel, LineLabel, MirrorLabel, PriceLabel};

/// What became of prices that were to be published.
#[derive(Clone, Default)]
struct Publishing {
    published: Family<PriceLabel, Counter>,
    failed: Family<PriceLabel, Counter>,
    age: Family<PriceLabel, Gauge<i64, AtomicI64>>,
    unavailable: Counter<u64, AtomicU64>,
}

/// What the auditor says.
#[derive(Clone, Default)]
struct Auditing {
    looks: Counter<u64, AtomicU64>,
    unread: Counter<u64, AtomicU64>,
    unconfirmed: Counter<u64, AtomicU64>,
    holds: Gauge<i64, AtomicI64>,
    breaks: Gauge<i64, AtomicI64>,
    slot: Gauge<i64, AtomicI64>,
    seconds: Gauge<f64, AtomicU64>,
    accounts: Gauge<i64, AtomicI64>,
    below: Gauge<i64, AtomicI64>,
    longest_below: Gauge<i64, AtomicI64>,
    in_default: Gauge<i64, AtomicI64>,
    unpriced: Gauge<i64, AtomicI64>,
    difference: Family<LineLabel, Gauge<i64, AtomicI64>>,
}

/// Names of failures that are a keeper's own and no error of a program.
const OURS: [&str; 2] = ["NotSent", "Expired"];

type Seconds = Family<JobLabel, Histogram, fn() -> Histogram>;

/// Every metric.
pub(super) struct Metrics {
    registry: Registry,
    decided: Family<JobLabel, Counter>,
    sent: Family<JobLabel, Counter>,
    landed: Family<JobLabel, Counter>,
    failed: Family<FailureLabel, Counter>,
    tick: Seconds,
    landing: Seconds,
    slots: Seconds,
    publishing: Publishing,
    auditing: Auditing,
    figures: Family<FigureLabel, Gauge<f64, AtomicU64>>,
    /// Slots by which the mirror is behind.
    pub mirror_age: Gauge<i64, AtomicI64>,
    /// Slot of the mirror.
    pub mirror_slot: Gauge<i64, AtomicI64>,
    /// Lamports of the wallet.
    pub balance: Gauge<i64, AtomicI64>,
    endpoints: Family<EndpointLabel, Gauge<i64, AtomicI64>>,
    endpoint_failures: Family<EndpointLabel, Gauge<i64, AtomicI64>>,
    endpoint_slot: Family<EndpointLabel, Gauge<i64, AtomicI64>>,
    mirror: Family<MirrorLabel, Gauge<i64, AtomicI64>>,
    source_up: Gauge<i64, AtomicI64>,
    sees: Gauge<i64, AtomicI64>,
    unreadable: Gauge<i64, AtomicI64>,
    /// Times that a transaction was sent again.
    pub resent: Gauge<i64, AtomicI64>,
    /// 1 while this copy holds its lease, 0 while it stands by, -1 while nobody answers for it; 1 without one.
    pub lease_held: Gauge<i64, AtomicI64>,
    /// Bytes that are recorded.
    pub recorded: Gauge<i64, AtomicI64>,
    /// Least balance of the wallet that the configuration wants.
    pub least_balance: Gauge<i64, AtomicI64>,
    /// Priority fees that were charged.
    fees: Family<JobLabel, Counter>,
    /// Everything that was paid: signatures, priority fees, tips.
    spent: Family<JobLabel, Counter>,
    /// Lamports spent or put aside for fees and tips in the last 24 hours, of what `send.max_lamports_a_day` allows.
    pub spent_day: Gauge<i64, AtomicI64>,
    /// What was earned, dollars.
    rewards: Family<JobLabel, Counter<f64, Dollars>>,
    /// 1 when nothing is sent, only shown.
    pub dry_run: Gauge<i64, AtomicI64>,
    /// Alarms that stand.
    pub alarms: Gauge<i64, AtomicI64>,
    /// Transactions under way.
    pub under_way: Gauge<i64, AtomicI64>,
    /// Looks at the exchange that failed.
    pub polls_failed: Counter<u64, AtomicU64>,
}

impl Metrics {
    /// All at zero.
    pub(super) fn new() -> Arc<Self> {
        let mut registry = Registry::with_prefix("kedge_keeper");
        let metrics = Self {
            decided: Family::default(),
            sent: Family::default(),
            landed: Family::default(),
            failed: Family::default(),
            tick: Family::new_with_constructor(|| buckets(&[0.0001, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0])),
            landing: Family::new_with_constructor(|| buckets(&[0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6])),
            slots: Family::new_with_constructor(|| buckets(&[0.0, 1.0, 2.0, 3.0, 5.0, 8.0, 13.0, 21.0, 34.0, 55.0])),
            publishing: Publishing::default(),
            auditing: Auditing::default(),
            figures: Family::default(),
            mirror_age: Gauge::default(),
            mirror_slot: Gauge::default(),
            balance: Gauge::default(),
            endpoints: Family::default(),
            endpoint_failures: Family::default(),
            endpoint_slot: Family::default(),
            mirror: Family::default(),
            source_up: Gauge::default(),
            sees: Gauge::default(),
            unreadable: Gauge::default(),
            resent: Gauge::default(),
            lease_held: Gauge::default(),
            recorded: Gauge::default(),
            least_balance: Gauge::default(),
            fees: Family::default(),
            spent: Family::default(),
            spent_day: Gauge::default(),
            rewards: Family::default(),
            dry_run: Gauge::default(),
            alarms: Gauge::default(),
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
        registry.register("endpoint_usable", "1 while an RPC endpoint is asked", metrics.endpoints.clone());
        registry.register("endpoint_failed", "Failures of an RPC endpoint so far", metrics.endpoint_failures.clone());
        registry.register("endpoint_slot", "Latest slot that an RPC endpoint has shown", metrics.endpoint_slot.clone());
        registry.register("mirror_events", "What happened to the mirror so far, by kind", metrics.mirror.clone());
        registry.register("source_up", "1 while changes come by themselves", metrics.source_up.clone());
        registry.register("sees", "1 while what is seen can be relied on", metrics.sees.clone());
        registry.register("unreadable_accounts", "Sub-accounts that cannot be read", metrics.unreadable.clone());
        registry.register("resent", "Times that a transaction was sent again so far", metrics.resent.clone());
        registry.register("lease_held", "1 holds the lease, 0 stands by, -1 works alone", metrics.lease_held.clone());
        registry.register("recorded_bytes", "Bytes that are recorded so far", metrics.recorded.clone());
        registry.register("priority_fee_lamports", "Priority fees that were charged", metrics.fees.clone());
        registry.register("spent_lamports", "Signatures, priority fees and tips that were paid", metrics.spent.clone());
        registry.register("spent_lamports_day", "Fees and tips of the last 24 hours", metrics.spent_day.clone());
        registry.register("reward_dollars", "What landed earned, by its trial", metrics.rewards.clone());
        registry.register(
            "wallet_least_lamports",
            "Balance that the wallet should have",
            metrics.least_balance.clone(),
        );
        registry.register("dry_run", "1 when nothing is sent, only shown", metrics.dry_run.clone());
        registry.register("alarms", "Alarms that stand: while there is one it is not ready", metrics.alarms.clone());
        registry.register("under_way", "Transactions under way", metrics.under_way.clone());
        registry.register("polls_failed", "Looks at the exchange that failed", metrics.polls_failed.clone());
        let publishing = &metrics.publishing;
        registry.register("prices_published", "Prices that landed", publishing.published.clone());
        registry.register("prices_failed", "Prices that were refused or lost", publishing.failed.clone());
        registry.register("price_age_seconds", "Age of the last published price", publishing.age.clone());
        registry.register("price_source_failed", "Looks at the source without prices", publishing.unavailable.clone());
        registry.register("figure", "A figure of a job's own, such as a maker's equity", metrics.figures.clone());
        let auditing = &metrics.auditing;
        registry.register("audits", "Complete audits", auditing.looks.clone());
        registry.register("audits_unread", "Audits that could not be read", auditing.unread.clone());
        registry.register("audit_unconfirmed", "Breaks that a second read did not find", auditing.unconfirmed.clone());
        registry.register("audit_holds", "1 when everything reconciles, -1 when not, 0 before", auditing.holds.clone());
        registry.register("audit_breaks", "Confirmed breaks", auditing.breaks.clone());
        registry.register("audit_slot", "Slot of the last audit", auditing.slot.clone());
        registry.register("audit_seconds", "Time that the last audit took", auditing.seconds.clone());
        registry.register("audit_sub_accounts", "Sub-accounts that were audited", auditing.accounts.clone());
        registry.register("audit_below_maintenance", "Pockets below maintenance margin", auditing.below.clone());
        registry.register("audit_longest_below_slots", "Longest time of one of them", auditing.longest_below.clone());
        registry.register("audit_in_default", "Pockets with nothing but a debt", auditing.in_default.clone());
        registry.register("audit_unpriced", "Pockets that cannot be valued now", auditing.unpriced.clone());
        registry.register("audit_difference", "Left less right of an equation", auditing.difference.clone());
        Arc::new(Self { registry, ..metrics })
    }

    /// Serves every series of these jobs as 0 from now on: an alert that looks for what did not happen sees nothing in a
    /// series that is not there.
    pub(super) fn expect(&self, jobs: &[&'static str]) {
        for job in jobs {
            let label = JobLabel { job };
            for counts in [&self.decided, &self.sent, &self.landed, &self.fees, &self.spent] {
                drop(counts.get_or_create(&label));
            }
            for seconds in [&self.tick, &self.landing, &self.slots] {
                drop(seconds.get_or_create(&label));
            }
            drop(self.rewards.get_or_create(&label));
            for error in OURS {
                drop(self.failed.get_or_create(&FailureLabel { job, error: error.to_owned() }));
            }
        }
    }

    /// Serves every series of these feeds from now on: nothing is published yet.
    pub(super) fn expect_feeds<'f>(&self, feeds: impl Iterator<Item = &'f str>) {
        for feed in feeds {
            let label = PriceLabel { feed: feed.to_owned() };
            drop(self.publishing.published.get_or_create(&label));
            drop(self.publishing.failed.get_or_create(&label));
            self.price_age(feed, None);
        }
    }

    /// An audit is complete.
    pub(super) fn audited(&self, audited: &Audited, took: Duration) {
        let (auditing, said) = (&self.auditing, &audited.statement);
        let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        auditing.looks.inc();
        auditing.unconfirmed.inc_by(audited.unconfirmed.len() as u64);
        auditing.holds.set(if audited.breaks.is_empty() { 1 } else { -1 });
        auditing.breaks.set(count(audited.breaks.len()));
        auditing.slot.set(i64::try_from(said.slot).unwrap_or(i64::MAX));
        auditing.seconds.set(took.as_secs_f64());
        auditing.accounts.set(count(said.counts[3]));
        auditing.below.set(count(said.margins.below.len()));
        auditing.longest_below.set(i64::try_from(audited.longest_below).unwrap_or(i64::MAX));
        auditing.in_default.set(count(said.margins.in_default));
        auditing.unpriced.set(count(said.margins.unpriced));
        for line in &said.lines {
            let off = (line.left - line.right).clamp(i64::MIN.into(), i64::MAX.into());
            let label = LineLabel { what: line.what.clone() };
            auditing.difference.get_or_create(&label).set(i64::try_from(off).unwrap_or(i64::MAX));
        }
    }

    /// An audit could not be read.
    pub(super) fn unread(&self) {
        self.auditing.unread.inc();
    }

    /// A job's own figures.
    pub(super) fn figured(&self, job: &'static str, figures: &[Figure]) {
        for figure in figures {
            let market = figure.market.map_or_else(String::new, |market| market.to_string());
            self.figures.get_or_create(&FigureLabel { job, figure: figure.name, market }).set(figure.value);
        }
    }

    /// A job decided, and some of it was taken.
    pub(super) fn ticked(&self, job: &'static str, decided: usize, sent: usize, took: Duration) {
        let label = JobLabel { job };
        self.decided.get_or_create(&label).inc_by(decided as u64);
        self.sent.get_or_create(&label).inc_by(sent as u64);
        self.tick.get_or_create(&label).observe(took.as_secs_f64());
    }

    /// A transaction landed and succeeded.
    pub(super) fn landed(&self, job: &'static str, latency: Duration, slots: u64) {
        let label = JobLabel { job };
        self.landed.get_or_create(&label).inc();
        self.landing.get_or_create(&label).observe(latency.as_secs_f64());
        self.slots.get_or_create(&label).observe(slots as f64);
    }

    /// A transaction was charged a priority fee, lamports.
    pub(super) fn charged(&self, job: &'static str, lamports: u64) {
        self.fees.get_or_create(&JobLabel { job }).inc_by(lamports);
    }

    /// A transaction cost so many lamports, whatever for.
    pub(super) fn spent(&self, job: &'static str, lamports: u64) {
        self.spent.get_or_create(&JobLabel { job }).inc_by(lamports);
    }

    /// A transaction that landed earned so much.
    pub(super) fn earned(&self, job: &'static str, reward: Amount) {
        self.rewards.get_or_create(&JobLabel { job }).inner().add(reward.0);
    }

    /// How the mirror does, and whether its source is up.
    pub(super) fn mirrored(&self, counts: &Counts, up: bool) {
        let known = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        for (kind, count) in [
            ("updates", counts.updates),
            ("outdated", counts.outdated),
            ("gaps", counts.gaps),
            ("losses", counts.losses),
            ("snapshots", counts.snapshots),
            ("impossible", counts.impossible),
            ("unclear", counts.unclear),
            ("reread", counts.reread),
            ("disbelieved", counts.disbelieved),
        ] {
            self.mirror.get_or_create(&MirrorLabel { kind }).set(known(count));
        }
        self.source_up.set(up.into());
    }

    /// Whether what is seen can be relied on, and how many accounts could not be read.
    pub(super) fn seen(&self, sees: bool, unreadable: usize) {
        self.sees.set(sees.into());
        self.unreadable.set(i64::try_from(unreadable).unwrap_or(i64::MAX));
    }

    /// How the RPC endpoints do; they go by their place in the configuration.
    pub(super) fn endpoints(&self, health: &[Health]) {
        for (place, health) in health.iter().enumerate() {
            let label = EndpointLabel { endpoint: place.to_string() };
            let known = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
            self.endpoints.get_or_create(&label).set(health.usable.into());
            self.endpoint_failures.get_or_create(&label).set(known(health.failed));
            self.endpoint_slot.get_or_create(&label).set(known(health.slot));
        }
    }

    /// A transaction failed.
    pub(super) fn failed(&self, job: &'static str, error: &str) {
        self.failed.get_or_create(&FailureLabel { job, error: error.to_owned() }).inc();
    }

    /// A price landed.
    pub(super) fn published(&self, feed: &str) {
        self.publishing.published.get_or_create(&PriceLabel { feed: feed.to_owned() }).inc();
    }

    /// A price did not land.
    pub(super) fn not_published(&self, feed: &str) {
        self.publishing.failed.get_or_create(&PriceLabel { feed: feed.to_owned() }).inc();
    }

    /// The price source had nothing.
    pub(super) fn source_failed(&self) {
        self.publishing.unavailable.inc();
    }

    /// Seconds since the last published price was made; -1 without one.
    pub(super) fn price_age(&self, feed: &str, age: Option<i64>) {
        self.publishing.age.get_or_create(&PriceLabel { feed: feed.to_owned() }).set(age.unwrap_or(-1));
    }

    /// In the OpenMetrics text format.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        if encode(&mut text, &self.registry).is_err() {
            let _ = writeln!(text, "# EOF");
        }
        text
    }

    /// What a job earned by the trials of what landed, and the lamports that it paid, whatever for.
    pub(super) fn balance_of(&self, job: &'static str) -> (Amount, u64) {
        let label = JobLabel { job };
        let earned = self.rewards.get_or_create(&label).inner().0.load(Ordering::Relaxed);
        (Amount(earned), self.spent.get_or_create(&label).get())
    }

    /// What a job did so far: decided, sent, landed.
    pub(super) fn totals(&self, job: &'static str) -> [u64; 3] {
        let label = JobLabel { job };
        [&self.decided, &self.sent, &self.landed].map(|family| family.get_or_create(&label).get())
    }
}

fn buckets(bounds: &[f64]) -> Histogram {
    Histogram::new(bounds.iter().copied())
}

#[cfg(test)]
mod tests;
