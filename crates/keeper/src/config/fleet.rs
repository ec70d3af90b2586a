//! `[shard]` and `[lease]`: several copies of a keeper.

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

use super::{Secret, text};

/// This copy among several.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Share {
    /// Which, counted from 0.
    pub index: u32,
    /// How many there are.
    pub count: u32,
    /// Slots for which a subject of another copy must be due before this one acts on it.
    pub grace_slots: u64,
}

impl Default for Share {
    fn default() -> Self {
        Self { index: 0, count: 1, grace_slots: 20 }
    }
}

impl Share {
    /// Whether every value lies in its range.
    pub fn validate(&self) -> Result<()> {
        ensure!((1..=1_000).contains(&self.count), "shard.count must lie between 1 and 1000");
        ensure!(self.index < self.count, "shard.index must lie below shard.count");
        ensure!(self.grace_slots <= 10_000, "shard.grace_slots must lie between 0 and 10000");
        Ok(())
    }
}

/// A lease over NATS JetStream: of the copies that name the same one works, the others stand by.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Lease {
    /// NATS servers, separated by commas; empty for no lease. May carry a password, so it is never shown whole.
    #[serde(serialize_with = "text::secret")]
    pub url: Secret,
    /// Bucket of the key-value store; it is created when it is not there.
    pub bucket: String,
    /// Which lease; empty for one for each place of `[shard]`.
    pub name: String,
    /// How long it outlives its holder, seconds; the same for all of a bucket.
    pub ttl_s: u64,
}

impl Default for Lease {
    fn default() -> Self {
        Self { url: Secret::default(), bucket: "kedge-keepers".into(), name: String::new(), ttl_s: 10 }
    }
}

impl Lease {
    /// Whether there is one.
    pub fn is_wanted(&self) -> bool {
        !self.url.is_empty()
    }

    /// Whether every value lies in its range.
    pub fn validate(&self) -> Result<()> {
        let plain = |text: &str, more: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c));
        ensure!(!self.bucket.is_empty() && plain(&self.bucket, "-_"), "lease.bucket must be letters, digits, - and _");
        ensure!(plain(&self.name, "-_"), "lease.name must be letters, digits, - and _");
        ensure!((2..=300).contains(&self.ttl_s), "lease.ttl_s must lie between 2 and 300");
        let built = cfg!(feature = "nats") || !self.is_wanted();
        ensure!(built, "this kedge-keeper was built without leases (cargo feature nats)");
        Ok(())
    }
}
