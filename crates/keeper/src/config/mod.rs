//! The configuration: one TOML file, every key with its default.

pub mod args;
pub mod audit;
pub mod endpoints;
pub mod fleet;
mod jobs;
mod load;
pub mod maker;
pub mod publish;
pub mod send;
mod text;

use std::path::PathBuf;

use serde::{Deserialize, Deserializer, Serialize};
use solana_pubkey::Pubkey;

use crate::config::args::LogFormat;
pub use jobs::{Amm, Filler, Jit, JitMarket, Liquidator, LiquidatorMode, Oracle, Quoter, QuoterMarket, Settler, Tiers};
pub use kedge_client::Secret;
pub use load::load;

/// Everything that an operator may set.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// What runs.
    pub keeper: Keeper,
    /// The endpoint.
    pub rpc: endpoints::Rpc,
    /// Where changes of accounts come from.
    pub source: endpoints::Source,
    /// Who signs and pays.
    pub wallet: Wallet,
    /// The sub-account that earns and trades.
    pub account: Option<Account>,
    /// Jito's block engine.
    pub jito: endpoints::JitoEngine,
    /// This copy among several.
    pub shard: fleet::Share,
    /// Which of several copies works.
    pub lease: fleet::Lease,
    /// How transactions are sent.
    pub send: send::Send,
    /// Logs.
    pub log: Log,
    /// Metrics and health.
    pub http: Http,
    /// Job `oracle`.
    pub oracle: Oracle,
    /// Job `amm`.
    pub amm: Amm,
    /// Job `filler`.
    pub filler: Filler,
    /// Job `settler`.
    pub settler: Settler,
    /// Job `tiers`.
    pub tiers: Tiers,
    /// Job `liquidator`.
    pub liquidator: Liquidator,
    /// Job `jit`.
    pub jit: Jit,
    /// Job `quoter`.
    pub quoter: Quoter,
    /// Job `maker`.
    pub maker: maker::Maker,
    /// Job `auditor`.
    pub auditor: audit::Auditor,
}

/// What runs.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Keeper {
    /// Jobs in the order in which they decide.
    pub jobs: Vec<JobName>,
    /// Say what would be sent, send nothing.
    pub dry_run: bool,
    /// Shortest and longest time between two looks at the exchange, milliseconds.
    pub tick_ms: u64,
    /// See [`Self::tick_ms`].
    pub poll_ms: u64,
    /// Transactions sent side by side.
    pub at_once: usize,
    /// Plans that one job may send in one tick.
    pub per_tick: usize,
    /// How long what is under way may take after a signal, seconds.
    pub patience_s: u64,
}

impl Default for Keeper {
    fn default() -> Self {
        let jobs =
            vec![JobName::Oracle, JobName::Filler, JobName::Trigger, JobName::Expiry, JobName::Amm, JobName::Funding];
        Self { jobs, dry_run: false, tick_ms: 100, poll_ms: 1_000, at_once: 64, per_tick: 64, patience_s: 15 }
    }
}

/// A job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum JobName {
    /// Refreshes prices, and publishes them where it is told to.
    Oracle,
    /// Fills orders against makers and the vAMM.
    Filler,
    /// Triggers, trails and slices orders.
    Trigger,
    /// Returns dead orders, and settles expired markets.
    Expiry,
    /// Moves the vAMM to the oracle.
    Amm,
    /// Charges the hour's funding.
    Funding,
    /// Settles profit and loss, and sweeps fees.
    Settler,
    /// Counts volume for fee tiers.
    Tiers,
    /// Closes positions of markets in settlement.
    Closer,
    /// Takes over what is below maintenance.
    Liquidator,
    /// Settles defaults.
    Bankruptcy,
    /// Lets the backstop vault take over what nobody took, and unwinds it.
    Backstop,
    /// Quotes a ladder and joins auctions, with a spread that adapts.
    Maker,
    /// Joins auctions at a fixed spread.
    Jit,
    /// Quotes a ladder at a fixed spread.
    Quoter,
    /// Adds everything up from raw accounts.
    Auditor,
}

/// Names of jobs, separated by commas.
pub fn names(jobs: &[JobName]) -> String {
    jobs.iter().map(|job| job.name()).collect::<Vec<_>>().join(", ")
}

impl JobName {
    /// As it is written in the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Oracle => "oracle",
            Self::Filler => "filler",
            Self::Trigger => "trigger",
            Self::Expiry => "expiry",
            Self::Amm => "amm",
            Self::Funding => "funding",
            Self::Settler => "settler",
            Self::Tiers => "tiers",
            Self::Closer => "closer",
            Self::Liquidator => "liquidator",
            Self::Bankruptcy => "bankruptcy",
            Self::Backstop => "backstop",
            Self::Maker => "maker",
            Self::Jit => "jit",
            Self::Quoter => "quoter",
            Self::Auditor => "auditor",
        }
    }

    /// Whether it trades for an account of its own.
    pub const fn needs_account(self) -> bool {
        matches!(self, Self::Liquidator | Self::Maker | Self::Jit | Self::Quoter)
    }
}

/// Who signs and pays.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Wallet {
    /// Keypair file.
    pub keypair: PathBuf,
    /// `check` fails below this balance, SOL.
    pub min_balance_sol: f64,
}

impl Default for Wallet {
    fn default() -> Self {
        Self { keypair: "keeper.json".into(), min_balance_sol: 0.1 }
    }
}

/// The sub-account that earns and trades.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Account {
    /// Its id under the authority.
    pub id: u16,
    /// Its authority, when the wallet is only its delegate.
    #[serde(deserialize_with = "address", serialize_with = "text::optional_address")]
    pub authority: Option<Pubkey>,
}

/// Logs.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// How they are written.
    pub format: LogFormat,
    /// What is written.
    pub level: String,
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::Text, level: "info".into() }
    }
}

/// Metrics and health.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Http {
    /// Address to listen on; empty for none. Port 0 takes a free one, which the log names.
    pub listen: String,
    /// Ready while the mirror is younger than this many slots.
    pub max_age_slots: u64,
}

impl Default for Http {
    fn default() -> Self {
        Self { listen: "127.0.0.1:9464".into(), max_age_slots: 25 }
    }
}

impl Config {
    /// The file that amounts to this configuration, secrets included: to be written for a keeper, never to be shown.
    ///
    /// # Errors
    /// A whole number above what TOML holds, 2^63 - 1.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        toml::to_string(self)
    }

    /// The WebSocket endpoint.
    pub fn ws_url(&self) -> Secret {
        let derived = || Secret::from(kedge_client::ws_url(self.rpc.url.expose()).as_str());
        self.rpc.ws.clone().unwrap_or_else(derived)
    }

    /// Markets that the configured makers quote, and which job does.
    pub fn made(&self) -> Vec<(JobName, u16)> {
        let markets = |job: JobName| -> Vec<u16> {
            match job {
                JobName::Maker => self.maker.markets.iter().map(|one| one.market).collect(),
                JobName::Jit => self.jit.markets.iter().map(|one| one.market).collect(),
                JobName::Quoter => self.quoter.markets.iter().map(|one| one.market).collect(),
                _ => Vec::new(),
            }
        };
        let of = |job: &JobName| markets(*job).into_iter().map(|market| (*job, market)).collect::<Vec<_>>();
        self.keeper.jobs.iter().flat_map(of).collect()
    }

    /// Every address that is spoken to, with the key that names it.
    pub fn addresses(&self) -> Vec<(&'static str, Secret)> {
        let mut all = vec![("rpc.url", self.rpc.url.clone()), ("rpc.ws", self.ws_url())];
        all.extend(self.rpc.backups.iter().map(|url| ("rpc.backups", url.clone())));
        all.push(("source.url", self.source.url.clone()));
        all.push(("jito.url", self.jito.url.clone()));
        all.push(("auditor.webhook", self.auditor.webhook.clone()));
        if self.oracle.publish.source == publish::Source::Hermes {
            all.push(("oracle.publish.url", self.oracle.publish.url.clone()));
        }
        all.extend(self.lease.url.expose().split(',').map(|url| ("lease.url", Secret::from(url.trim()))));
        all.retain(|(_, url)| !url.is_empty());
        all
    }

    /// Everything that must not be shown.
    pub fn secrets(&self) -> Vec<Secret> {
        let tokens = [Some(self.source.token.clone()), self.oracle.publish.api_key.clone()];
        self.addresses().into_iter().map(|(_, url)| url).chain(tokens.into_iter().flatten()).collect()
    }
}

fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Pubkey>, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(|_| serde::de::Error::custom("not an address, which is base58 of 32 bytes"))
}
