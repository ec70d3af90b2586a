//! Labels of series, and the counter of dollars.

use std::sync::atomic::{AtomicU64, Ordering};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Atomic;

/// A job, by name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(in crate::service) struct JobLabel {
    pub(super) job: &'static str,
}

/// A job and the name of an error.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(in crate::service) struct FailureLabel {
    pub(super) job: &'static str,
    pub(super) error: String,
}

/// A price feed, by name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(in crate::service) struct PriceLabel {
    pub(super) feed: String,
}

/// A figure of a job.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(in crate::service) struct FigureLabel {
    pub(super) job: &'static str,
    pub(super) figure: &'static str,
    pub(super) market: String,
}

/// An equation of the auditor.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(in crate::service) struct LineLabel {
    pub(super) what: String,
}

/// An RPC endpoint, by its place in the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(in crate::service) struct EndpointLabel {
    pub(super) endpoint: String,
}

/// What happened to the mirror.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(in crate::service) struct MirrorLabel {
    pub(super) kind: &'static str,
}

/// Dollars of a counter, kept in millionths: a sum of decimal numbers that is one itself.
#[derive(Debug, Default)]
pub(super) struct Dollars(pub(super) AtomicU64);

impl Dollars {
    pub(super) const UNIT: f64 = 1e6;

    pub(super) fn add(&self, units: u64) -> u64 {
        self.0.fetch_add(units, Ordering::Relaxed)
    }
}

impl Atomic<f64> for Dollars {
    fn inc(&self) -> f64 {
        self.inc_by(1.0)
    }

    fn inc_by(&self, dollars: f64) -> f64 {
        self.add((dollars * Self::UNIT).round() as u64) as f64 / Self::UNIT
    }

    fn get(&self) -> f64 {
        self.0.load(Ordering::Relaxed) as f64 / Self::UNIT
    }
}
