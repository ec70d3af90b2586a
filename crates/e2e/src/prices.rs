//! Prices that the oracle keeper publishes.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use kedge_keeper::config::publish::{Feed, Publish, Shock, Source};
use kedge_testbed::listing::COINS;
use kedge_testbed::recorded::RecordedPrices;

/// Seconds until a fall begins.
pub(crate) const LEAD: u32 = 15;

/// Recorded prices from their start on, at market seconds a second. They are written into `folder`.
pub(crate) fn recorded(recorded: &RecordedPrices, speed: f64, folder: &Path) -> Result<Publish> {
    let mut feeds = Vec::new();
    for ((name, id), recording) in COINS.iter().map(|coin| (coin.symbol, coin.feed_id)).zip(&recorded.texts) {
        let file = folder.join(format!("{name}.csv"));
        std::fs::write(&file, recording).with_context(|| file.display().to_string())?;
        feeds.push(Feed { file: Some(file), ..feed(name, id) });
    }
    Ok(Publish { start: recorded.start, speed, feeds, ..from_now_on(Source::Recorded) })
}

/// A market that moves a percent in a minute, so that there is always something to do.
pub(crate) fn restless(opening: &[f64], seed: u64) -> Publish {
    walk(opening, seed, 7.0, None)
}

/// Prices that stay where they are.
pub(crate) fn still(opening: &[f64]) -> Publish {
    walk(opening, 1, 0.0, None)
}

/// A fall of 30 % within a minute, which begins after [`LEAD`].
pub(crate) fn falling(opening: &[f64], seed: u64) -> Publish {
    walk(opening, seed, 0.5, Some(Shock { at_s: LEAD, over_s: 60, change_bps: -3_000 }))
}

/// A fall by 12 % within 20 seconds that comes at once, from the prices of now.
pub(crate) fn planted(now: &[f64], seed: u64) -> Publish {
    walk(now, seed, 0.5, Some(Shock { at_s: 3, over_s: 20, change_bps: -1_200 }))
}

fn walk(opening: &[f64], seed: u64, volatility: f64, shock: Option<Shock>) -> Publish {
    let feeds = COINS.iter().zip(opening);
    let feeds = feeds.map(|(coin, price)| Feed { price: Some(*price), volatility, ..feed(coin.symbol, coin.feed_id) });
    Publish { seed, feeds: feeds.collect(), shocks: shock.into_iter().collect(), ..from_now_on(Source::Generator) }
}

/// Every newer price, twice a second. Prices count from now on, so that a keeper that is started again continues where
/// they are by then.
fn from_now_on(source: Source) -> Publish {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let origin = i64::try_from(now).unwrap_or(0);
    Publish { source, interval_ms: 500, deviation_bps: 0, origin, ..Publish::default() }
}

fn feed(name: &str, id: [u8; 32]) -> Feed {
    Feed { name: name.into(), id, account: None, file: None, price: None, drift: 0.0, volatility: 0.0 }
}
