//! `[oracle.publish]`: prices that the keeper puts onto the chain itself.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use serde::{Deserialize, Deserializer, Serialize};
use solana_pubkey::Pubkey;

use crate::publishers::FeedId;

use super::{Secret, text};

/// What is published, from where, and when.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Publish {
    /// Where prices come from.
    pub source: Source,
    /// Between two looks at the source, milliseconds.
    pub interval_ms: u64,
    /// A price is published when it is this far from the last one, basis points; 0 for every newer price.
    pub deviation_bps: u32,
    /// And in any case after this many seconds.
    pub heartbeat_s: u64,
    /// Chain time at which a recording or a walk starts, Unix seconds; 0 for the start of the process. With a time, a
    /// keeper that is started again continues where the prices would be by then.
    pub origin: i64,
    /// Source `hermes`: its address. May carry a key, so it is never shown whole.
    #[serde(serialize_with = "text::secret")]
    pub url: Secret,
    /// Source `hermes`: key of the account there; better given as `KEDGE_KEEPER__ORACLE__PUBLISH__API_KEY`.
    #[serde(serialize_with = "text::optional_secret")]
    pub api_key: Option<Secret>,
    /// Source `hermes`: how long an answer may take, milliseconds.
    pub timeout_ms: u64,
    /// Source `hermes`: older prices are not published, seconds.
    pub max_age_s: u32,
    /// Source `recorded`: the moment of the recording at which it starts, Unix seconds; 0 for its first.
    pub start: i64,
    /// Source `recorded`: seconds of the recording in a second of the chain.
    pub speed: f64,
    /// Source `recorded`: start over at its end.
    pub repeat: bool,
    /// Source `generator`: equal seeds make equal prices.
    pub seed: u64,
    /// Source `generator`: moves by a script.
    pub shocks: Vec<Shock>,
    /// Feeds.
    pub feeds: Vec<Feed>,
}

impl Default for Publish {
    fn default() -> Self {
        Self {
            source: Source::None,
            interval_ms: 1_000,
            deviation_bps: 5,
            heartbeat_s: 5,
            origin: 0,
            url: Secret::from("https://hermes.pyth.network"),
            api_key: None,
            timeout_ms: 3_000,
            max_age_s: 20,
            start: 0,
            speed: 1.0,
            repeat: false,
            seed: 1,
            shocks: Vec::new(),
            feeds: Vec::new(),
        }
    }
}

/// Where prices come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// Nothing is published: somebody else keeps the price accounts.
    None,
    /// Pyth's service.
    Hermes,
    /// Candle files.
    Recorded,
    /// A random walk.
    Generator,
}

/// A price account of a feed.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PriceAccount {
    /// Feed id, 64 hexadecimal digits.
    #[serde(deserialize_with = "feed_id", serialize_with = "text::feed_id")]
    pub id: FeedId,
    /// Address of the account.
    #[serde(deserialize_with = "account", serialize_with = "text::address")]
    pub account: Pubkey,
}

/// A move by a script.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Shock {
    /// Seconds after the origin.
    pub at_s: u32,
    /// Seconds over which it happens.
    pub over_s: u32,
    /// By how much, basis points.
    pub change_bps: i32,
}

/// A feed.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Feed {
    /// Name in logs and metrics.
    pub name: String,
    /// Feed id, 64 hexadecimal digits.
    #[serde(deserialize_with = "feed_id", serialize_with = "text::feed_id")]
    pub id: FeedId,
    /// Keypair file of the price account; without one the sponsored account of the feed, on test chains only.
    pub account: Option<PathBuf>,
    /// Source `recorded`: candle file.
    pub file: Option<PathBuf>,
    /// Source `generator`: first price, dollars.
    pub price: Option<f64>,
    /// Source `generator`: expected growth in a year.
    #[serde(default)]
    pub drift: f64,
    /// Source `generator`: standard deviation of the logarithm in a year.
    #[serde(default = "volatility")]
    pub volatility: f64,
}

/// About that of SOL.
const fn volatility() -> f64 {
    0.8
}

impl Publish {
    /// Refuses what is out of range or not there.
    pub fn validate(&self) -> Result<()> {
        if self.source == Source::None {
            return Ok(());
        }
        ensure!(!self.feeds.is_empty(), "oracle.publish.source needs [[oracle.publish.feeds]]");
        ensure!(
            (100..=60_000).contains(&self.interval_ms),
            "oracle.publish.interval_ms must lie between 100 and 60000"
        );
        ensure!(self.deviation_bps <= 10_000, "oracle.publish.deviation_bps must lie between 0 and 10000");
        ensure!((1..=3_600).contains(&self.heartbeat_s), "oracle.publish.heartbeat_s must lie between 1 and 3600");
        ensure!((100..=60_000).contains(&self.timeout_ms), "oracle.publish.timeout_ms must lie between 100 and 60000");
        ensure!((1..=3_600).contains(&self.max_age_s), "oracle.publish.max_age_s must lie between 1 and 3600");
        ensure!(self.speed > 0.0 && self.speed <= 1e4, "oracle.publish.speed must lie between 0 and 10000");
        for shock in &self.shocks {
            ensure!(
                (-9_900..=100_000).contains(&shock.change_bps),
                "oracle.publish.shocks.change_bps must lie between -9900 and 100000"
            );
        }
        for (index, feed) in self.feeds.iter().enumerate() {
            let name = &feed.name;
            ensure!(
                self.feeds[..index].iter().all(|other| other.id != feed.id && other.name != *name),
                "oracle.publish.feeds names {name} twice"
            );
            match self.source {
                Source::Recorded => ensure!(feed.file.is_some(), "oracle.publish.feeds: {name} needs a file"),
                Source::Generator => {
                    let price = feed.price.unwrap_or(0.0);
                    ensure!(price > 0.0 && price <= 1e9, "oracle.publish.feeds: {name} needs a price");
                    ensure!(
                        (0.0..=10.0).contains(&feed.volatility) && (-10.0..=10.0).contains(&feed.drift),
                        "oracle.publish.feeds: drift and volatility of {name} must lie within 10"
                    );
                }
                Source::None | Source::Hermes => {}
            }
        }
        Ok(())
    }
}

fn account<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Pubkey, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| serde::de::Error::custom("not an address, which is base58 of 32 bytes"))
}

fn feed_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<FeedId, D::Error> {
    let text = String::deserialize(deserializer)?;
    read_feed_id(&text).ok_or_else(|| serde::de::Error::custom("not a feed id, which is 64 hexadecimal digits"))
}

/// Reads a feed id, with or without `0x`.
pub fn read_feed_id(text: &str) -> Option<FeedId> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let mut id = [0; 32];
    if digits.len() != 64 || !digits.is_ascii() {
        return None;
    }
    for (byte, place) in id.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(&digits[place..place + 2], 16).ok()?;
    }
    Some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Publish> {
        let publish: Publish = toml::from_str(text)?;
        publish.validate()?;
        Ok(publish)
    }

    fn feed(more: &str) -> String {
        format!("[[feeds]]\nname = \"SOL\"\nid = \"0x{}\"\n{more}\n", "ab".repeat(32))
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, told) in [
            ("source = \"generator\"".into(), "needs [[oracle.publish.feeds]]"),
            (format!("source = \"generator\"\n{}", feed("")), "SOL needs a price"),
            (format!("source = \"recorded\"\n{}", feed("price = 1.0")), "SOL needs a file"),
            (format!("source = \"hermes\"\n{0}{0}", feed("")), "names SOL twice"),
            (format!("source = \"hermes\"\ninterval_ms = 1\n{}", feed("")), "interval_ms must lie"),
            (format!("source = \"hermes\"\nspeed = 0.0\n{}", feed("")), "speed must lie"),
            ("[[feeds]]\nname = \"SOL\"\nid = \"12\"".into(), "not a feed id"),
            ("shocks = [{ at_s = 1, over_s = 2, change_bps = 3, after = 4 }]".into(), "unknown field `after`"),
        ] {
            let said = read(&text).unwrap_err().to_string();
            assert!(said.contains(told), "{said} instead of {told}");
        }
    }

    #[test]
    fn keys_are_not_shown() {
        let text = format!("source = \"hermes\"\nurl = \"https://a/s3cret\"\napi_key = \"s3cret\"\n{}", feed(""));
        let publish = read(&text).unwrap();
        assert_eq!((publish.url.expose(), publish.feeds[0].id), ("https://a/s3cret", [0xab; 32]));
        assert!(!format!("{publish:?}").contains("s3cret"));
    }
}
