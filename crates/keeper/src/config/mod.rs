//! The configuration: one TOML file, every key with its default.

pub mod args;
pub mod audit;
pub mod endpoints;
pub mod fleet;
mod load;
pub mod maker;
pub mod publish;
pub mod send;
mod text;

use std::path::PathBuf;

use serde::{Deserialize, Deserializer, Serialize};
use solana_pubkey::Pubkey;

use crate::config::args::LogFormat;
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

/// Job `oracle`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Oracle {
    /// A row is refreshed when the newer price is at least this many seconds younger.
    pub min_age_s: u64,
    /// Price accounts that are read beside the sponsored ones of their feeds.
    pub accounts: Vec<publish::PriceAccount>,
    /// Prices that this keeper puts onto the chain itself.
    pub publish: publish::Publish,
}

impl Default for Oracle {
    fn default() -> Self {
        Self { min_age_s: 5, accounts: Vec::new(), publish: publish::Publish::default() }
    }
}

/// Job `amm`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Amm {
    /// Distance of mid and oracle from which on a move is worth a transaction, millionths.
    pub threshold_ppm: u32,
}

impl Default for Amm {
    fn default() -> Self {
        Self { threshold_ppm: 400 }
    }
}

/// Job `filler`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Filler {
    /// Most maker accounts in one fill.
    pub max_makers: usize,
    /// Most maker orders in one fill.
    pub max_orders: usize,
    /// Most fills in one transaction.
    pub max_fills: usize,
    /// Slots for which an order that has become fillable in its auction is left to makers, four more at most
    /// while races are lost; 0 to race them.
    pub yield_slots: u64,
}

impl Default for Filler {
    fn default() -> Self {
        Self { max_makers: 4, max_orders: 8, max_fills: 4, yield_slots: 2 }
    }
}

/// Job `settler`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settler {
    /// Least profit or loss of an open position to settle, dollars.
    pub min_pnl: f64,
    /// The same of a closed position.
    pub min_flat: f64,
    /// Least fees to sweep, dollars.
    pub min_fees: f64,
}

impl Default for Settler {
    fn default() -> Self {
        Self { min_pnl: 1_000.0, min_flat: 1.0, min_fees: 100.0 }
    }
}

/// Job `tiers`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tiers {
    /// Least volume of a sub-account to count, dollars.
    pub min_volume: f64,
}

impl Default for Tiers {
    fn default() -> Self {
        Self { min_volume: 100_000.0 }
    }
}

/// Job `liquidator`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Liquidator {
    /// What becomes of what it takes over.
    pub mode: LiquidatorMode,
    /// Largest value of its position in one market, dollars.
    pub max_value: f64,
    /// Largest value of all its positions together, dollars.
    pub max_total: f64,
    /// Share of its collateral that a take-over must leave free, millionths.
    pub headroom_ppm: u32,
    /// Least profit of a flip, fees paid, millionths of its value.
    pub min_profit_ppm: u32,
    /// How much worse than the oracle a take-over may be, millionths.
    pub tolerance_ppm: u32,
    /// Largest value of one unwinding order, dollars.
    pub unwind_value: f64,
}

impl Default for Liquidator {
    fn default() -> Self {
        Self {
            mode: LiquidatorMode::Hold,
            max_value: 50_000.0,
            max_total: 100_000.0,
            headroom_ppm: 200_000,
            min_profit_ppm: 500,
            tolerance_ppm: 0,
            unwind_value: 10_000.0,
        }
    }
}

/// What becomes of what the liquidator takes over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LiquidatorMode {
    /// Keeps it, within its limits.
    Hold,
    /// Sells it in the same transaction, or does nothing.
    Flip,
    /// Whichever of the two is worth more.
    Best,
}

/// Job `jit`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Jit {
    /// What it wants over its fair value, millionths.
    pub edge_ppm: u32,
    /// How far a full position moves its fair value, millionths.
    pub skew_ppm: u32,
    /// Markets in which it joins.
    pub markets: Vec<JitMarket>,
}

impl Default for Jit {
    fn default() -> Self {
        Self { edge_ppm: 500, skew_ppm: 1_000, markets: Vec::new() }
    }
}

/// A market of job `jit`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct JitMarket {
    /// Index of the market.
    pub market: u16,
    /// Largest size of one fill, coins.
    pub max_size: f64,
    /// Largest position on either side, coins.
    pub max_position: f64,
}

/// Job `quoter`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Quoter {
    /// Orders on each side.
    pub levels: u32,
    /// Distance of the first order from the middle, and of each from the next, millionths.
    pub distance_ppm: u32,
    /// How far a full position moves the middle, millionths.
    pub skew_ppm: u32,
    /// The ladder is replaced once its middle is this far off, millionths.
    pub requote_ppm: u32,
    /// Markets that are quoted.
    pub markets: Vec<QuoterMarket>,
}

impl Default for Quoter {
    fn default() -> Self {
        Self { levels: 3, distance_ppm: 500, skew_ppm: 800, requote_ppm: 200, markets: Vec::new() }
    }
}

/// A market of job `quoter`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct QuoterMarket {
    /// Index of the market.
    pub market: u16,
    /// Size of the nearest order, coins.
    pub size: f64,
    /// Largest position on either side, coins.
    pub max_position: f64,
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
