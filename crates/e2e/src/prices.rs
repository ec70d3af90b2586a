//! Configuration of the prices that the oracle keeper publishes.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use kedge_testbed::listing::COINS;
use kedge_testbed::recorded::RecordedPrices;

/// Seconds until a fall begins.
pub const LEAD: u64 = 15;

/// Recorded prices from their start on; `speed` is market seconds a second. The recordings are written into `folder`.
pub fn recorded(recorded: &RecordedPrices, speed: f64, folder: &Path) -> Result<String> {
    let mut text = format!("{}start = {}\nspeed = {speed:?}\n", head("recorded"), recorded.start);
    for (coin, recording) in COINS.iter().zip(&recorded.texts) {
        let file = folder.join(format!("{}.csv", coin.symbol));
        std::fs::write(&file, recording).with_context(|| file.display().to_string())?;
        text += &feed(coin.symbol, &coin.feed_id, &format!("file = {:?}", file.display().to_string()));
    }
    Ok(text)
}

/// Prices that move a percent in a minute, so that keepers always have work.
pub fn restless(opening: &[f64], seed: u64) -> String {
    walk(opening, seed, 7.0, "")
}

/// Prices that do not move.
pub fn still(opening: &[f64]) -> String {
    walk(opening, 1, 0.0, "")
}

/// A fall of 30 % within a minute, which begins after [`LEAD`] seconds.
pub fn falling(opening: &[f64], seed: u64) -> String {
    let shock = format!("[[oracle.publish.shocks]]\nat_s = {LEAD}\nover_s = 60\nchange_bps = -3000\n");
    walk(opening, seed, 0.5, &shock)
}

/// A fall of 12 % within 20 seconds, which begins at once, from the prices of now.
pub fn planted(now: &[f64], seed: u64) -> String {
    let shock = "[[oracle.publish.shocks]]\nat_s = 3\nover_s = 20\nchange_bps = -1200\n";
    walk(now, seed, 0.5, shock)
}

fn walk(opening: &[f64], seed: u64, volatility: f64, shocks: &str) -> String {
    let mut text = format!("{}seed = {seed}\n{shocks}", head("generator"));
    for (coin, price) in COINS.iter().zip(opening) {
        text += &feed(coin.symbol, &coin.feed_id, &format!("price = {price:?}\nvolatility = {volatility:?}"));
    }
    text
}

/// Prices count from now on, so that a keeper that is restarted continues them.
fn head(source: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    format!("\n[oracle.publish]\nsource = {source:?}\ninterval_ms = 500\ndeviation_bps = 0\norigin = {now}\n")
}

fn feed(name: &str, id: &[u8; 32], rest: &str) -> String {
    let id: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("[[oracle.publish.feeds]]\nname = {name:?}\nid = {id:?}\n{rest}\n")
}
