//! `[rpc]`, `[source]` and `[jito]`: whom the keeper speaks to.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

use super::{Secret, text};

/// The endpoint.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rpc {
    /// JSON-RPC. Often carries a key, so it is never shown whole.
    #[serde(serialize_with = "text::secret")]
    pub url: Secret,
    /// Further endpoints in the order of preference, asked when the first does not answer.
    #[serde(serialize_with = "text::secrets")]
    pub backups: Vec<Secret>,
    /// Slots by which an endpoint's answer may lie behind what another has shown.
    pub max_lag_slots: u64,
    /// WebSocket; derived from the RPC endpoint when it is not given.
    #[serde(serialize_with = "text::optional_secret")]
    pub ws: Option<Secret>,
    /// Longest wait for an answer, milliseconds.
    pub timeout_ms: u64,
    /// Most megabytes of an answer, and of one that holds all accounts of the exchange; unpacked.
    pub max_answer_mb: usize,
    /// See [`Self::max_answer_mb`].
    pub max_snapshot_mb: usize,
    /// The shortest time that a slot can take, milliseconds: bounds the slots and heights that are believed.
    pub fastest_slot_ms: u64,
    /// Whether own trades need the price of a second endpoint.
    pub second_price: SecondPrice,
    /// How far the two prices may be apart, millionths.
    pub second_price_ppm: u32,
    /// How old the second one may be, seconds.
    pub second_price_s: u64,
    /// `check` fails when the chain's clock is this many seconds behind ours; 0 for a chain with a time of its own.
    pub max_clock_lag_s: u64,
}

impl Default for Rpc {
    fn default() -> Self {
        Self {
            url: Secret::from("http://127.0.0.1:8899"),
            backups: Vec::new(),
            max_lag_slots: 20,
            ws: None,
            timeout_ms: 10_000,
            max_answer_mb: 8,
            max_snapshot_mb: 64,
            fastest_slot_ms: 40,
            second_price: SecondPrice::Backups,
            second_price_ppm: 5_000,
            second_price_s: 5,
            max_clock_lag_s: 60,
        }
    }
}

/// When own trades need the price of a second endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SecondPrice {
    /// Where there are backups.
    Backups,
    /// Always: without a backup nothing is traded.
    Always,
    /// Never: the endpoint is our own.
    Never,
}

/// Where changes of accounts come from.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Source {
    /// How.
    pub kind: SourceKind,
    /// Kind `yellowstone`: its address. May carry a key, so it is never shown whole.
    #[serde(serialize_with = "text::secret")]
    pub url: Secret,
    /// Kind `yellowstone`: the token for it; better given as `KEDGE_KEEPER__SOURCE__TOKEN`.
    #[serde(serialize_with = "text::secret")]
    pub token: Secret,
    /// Folder into which everything that the keeper sees is recorded, a file a start; empty for nowhere.
    pub record: PathBuf,
    /// Largest recording, megabytes.
    pub record_mb: u64,
}

impl Default for Source {
    fn default() -> Self {
        let (url, token) = (Secret::default(), Secret::default());
        Self { kind: SourceKind::Websocket, url, token, record: PathBuf::new(), record_mb: 1_024 }
    }
}

/// How changes of accounts come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SourceKind {
    /// Over the WebSocket; polled while it is down.
    #[default]
    Websocket,
    /// All accounts are read at every look.
    Poll,
    /// Over Yellowstone gRPC; polled while it is down.
    Yellowstone,
}

/// Jito's block engine, which transactions go to instead of the endpoint.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct JitoEngine {
    /// Its bundles endpoint; empty for none. May carry a key, so it is never shown whole.
    #[serde(serialize_with = "text::secret")]
    pub url: Secret,
    /// Tip with each transaction, lamports.
    pub tip_lamports: u64,
}

impl Default for JitoEngine {
    fn default() -> Self {
        Self { url: Secret::default(), tip_lamports: 10_000 }
    }
}

impl Rpc {
    /// Whether every value lies in its range.
    pub fn validate(&self) -> Result<()> {
        ensure!((100..=120_000).contains(&self.timeout_ms), "rpc.timeout_ms must lie between 100 and 120000");
        for (name, url) in std::iter::once(("url", &self.url)).chain(self.backups.iter().map(|url| ("backups", url))) {
            ensure!(is_http(url), "rpc.{name} must begin with http(s)://");
        }
        ensure!((1..=1_000).contains(&self.max_answer_mb), "rpc.max_answer_mb must lie between 1 and 1000");
        ensure!((1..=10_000).contains(&self.max_snapshot_mb), "rpc.max_snapshot_mb must lie between 1 and 10000");
        ensure!((1..=10_000).contains(&self.fastest_slot_ms), "rpc.fastest_slot_ms must lie between 1 and 10000");
        ensure!(self.second_price_ppm <= 1_000_000, "rpc.second_price_ppm must lie between 0 and 1000000");
        ensure!((2..=600).contains(&self.second_price_s), "rpc.second_price_s must lie between 2 and 600");
        let alone = self.second_price == SecondPrice::Always && self.backups.is_empty();
        ensure!(!alone, "rpc.second_price always needs a second endpoint in rpc.backups");
        ensure!((1..=10_000).contains(&self.max_lag_slots), "rpc.max_lag_slots must lie between 1 and 10000");
        Ok(())
    }
}

impl Source {
    /// Whether every value lies in its range.
    pub fn validate(&self) -> Result<()> {
        let url = &self.url;
        ensure!(url.is_empty() || is_http(url), "source.url must begin with http(s)://");
        ensure!((1..=1_000_000).contains(&self.record_mb), "source.record_mb must lie between 1 and 1000000");
        let missing = self.kind == SourceKind::Yellowstone && url.is_empty();
        ensure!(!missing, "source.kind yellowstone needs source.url");
        let built = cfg!(feature = "yellowstone") || self.kind != SourceKind::Yellowstone;
        ensure!(built, "this kedge-keeper was built without Yellowstone gRPC (cargo feature yellowstone)");
        Ok(())
    }
}

impl JitoEngine {
    /// Whether every value lies in its range.
    pub fn validate(&self) -> Result<()> {
        ensure!(self.url.is_empty() || is_http(&self.url), "jito.url must begin with http(s)://");
        ensure!(
            (1_000..=100_000_000).contains(&self.tip_lamports),
            "jito.tip_lamports must lie between 1000 and 100000000"
        );
        Ok(())
    }
}

fn is_http(url: &Secret) -> bool {
    url.is_http()
}
