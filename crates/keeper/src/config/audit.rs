//! Configuration of job `auditor`.

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

use super::{Secret, text};

/// Job `auditor`, and `kedge-keeper audit`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Auditor {
    /// Slots between two complete audits.
    pub every_slots: u64,
    /// Tokens in a vault over all claims are a break.
    pub exact_vaults: bool,
    /// Exit code on a break; 0 to go on.
    pub exit_code: u8,
    /// Where a break is posted as JSON, empty for nowhere. Often carries a key, so it is never shown.
    #[serde(serialize_with = "text::secret")]
    pub webhook: Secret,
    /// Warns when a pocket has been below maintenance at every audit for this many slots; 0 never.
    pub max_below_slots: u64,
}

impl Default for Auditor {
    fn default() -> Self {
        Self { every_slots: 150, exact_vaults: false, exit_code: 3, webhook: Secret::default(), max_below_slots: 150 }
    }
}

impl Auditor {
    /// Refuses what cannot work.
    pub fn validate(&self) -> Result<()> {
        ensure!((1..=1_000_000).contains(&self.every_slots), "auditor.every_slots must lie between 1 and 1000000");
        let known = self.webhook.is_empty() || self.webhook.begins(&["http://", "https://"]);
        ensure!(known, "auditor.webhook must begin with http(s)://");
        Ok(())
    }
}
