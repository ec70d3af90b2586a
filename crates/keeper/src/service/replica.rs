//! This copy among those that share a lease.

use anyhow::Result;
use kedge_sender::lease::Standing;

use crate::config::Config;

/// The lease, where one is configured.
pub(super) struct Replica {
    #[cfg(feature = "nats")]
    lease: Option<kedge_sender::lease::Lease>,
}

#[cfg(feature = "nats")]
impl Replica {
    /// Takes part. A dry run does not: it would keep others from working.
    pub(super) async fn join(config: &Config) -> Result<Self> {
        use anyhow::Context as _;
        let wanted = config.lease.is_wanted() && !config.keeper.dry_run;
        let lease = match wanted {
            true => Some(kedge_sender::lease::Lease::start(terms(config)).await.context("[lease]")?),
            false => None,
        };
        Ok(Self { lease })
    }

    /// How it stands; `None` without a lease.
    pub(super) fn standing(&self) -> Option<Standing> {
        self.lease.as_ref().map(kedge_sender::lease::Lease::standing)
    }

    /// Who holds it instead, or why nobody can be asked.
    pub(super) fn reason(&self) -> String {
        self.lease.as_ref().and_then(|lease| lease.reason()).unwrap_or_default()
    }

    /// Gives the lease back.
    pub(super) async fn leave(&self) {
        if let Some(lease) = &self.lease {
            lease.release().await;
        }
    }

    /// Whether the server does what a lease needs; `None` without a lease.
    pub(super) async fn check(config: &Config) -> Result<Option<String>> {
        match config.lease.is_wanted() {
            true => Ok(Some(kedge_sender::lease::check(terms(config)).await?)),
            false => Ok(None),
        }
    }
}

/// The configuration refuses a lease in a build without one.
#[cfg(not(feature = "nats"))]
impl Replica {
    pub async fn join(_: &Config) -> Result<Self> {
        Ok(Self {})
    }

    pub fn standing(&self) -> Option<Standing> {
        None
    }

    pub fn reason(&self) -> String {
        String::new()
    }

    pub async fn leave(&self) {}

    pub async fn check(_: &Config) -> Result<Option<String>> {
        Ok(None)
    }
}

#[cfg(feature = "nats")]
fn terms(config: &Config) -> kedge_sender::lease::Terms {
    use std::time::{Duration, SystemTime, UNIX_EPOCH};
    let (lease, share) = (&config.lease, &config.shard);
    let name = match lease.name.as_str() {
        "" => format!("share-{}-of-{}", share.index, share.count),
        name => name.to_owned(),
    };
    // Names the machine for people, and no other process ever.
    let machine = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_else(|_| "keeper".into());
    let started = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros());
    let holder = format!("{}.{}.{started}", machine.trim(), std::process::id());
    let ttl = Duration::from_secs(lease.ttl_s);
    kedge_sender::lease::Terms { url: lease.url.expose().to_owned(), bucket: lease.bucket.clone(), name, holder, ttl }
}
