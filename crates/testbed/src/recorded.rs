//! Prices of recorded days, from the data folder or the sample inside the program.

use std::path::Path as FilePath;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use kedge_keeper::publishers::candles::{self, Candle};
use kedge_keeper::publishers::path::Path;

use crate::calendar;

/// A day to replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Scenario {
    /// 3 February 2025: ETH fell 9.6 % in a minute and 23 % in an hour.
    Crash,
    /// 4 January 2025: 1 to 3 % in a day.
    Calm,
    /// No recording: prices of today, SOL within 0.05 % of 180 dollars, BTC of 98,765, ETH of 2,800, so that the
    /// figures in guides stay true however long it runs.
    Quiet,
}

/// Dollars around which the quiet day's prices move, in listing order.
const QUIET: [f64; 3] = [180.0, 98_765.0, 2_800.0];
/// Swing of the quiet day, a part of the price, and minutes from one top to the next.
const QUIET_SWING: f64 = 0.000_5;
const QUIET_PERIOD: i64 = 11;
/// Minutes of the quiet day; its last price stays.
const QUIET_MINUTES: i64 = 2 * 24 * 60;

/// The prices of all markets over a part of a recorded day.
#[derive(Clone, Debug)]
pub struct RecordedPrices {
    /// One path a market, in the order of [`SYMBOLS`].
    pub paths: Vec<Path>,
    /// The recordings as they were read, in the same order.
    pub texts: Vec<String>,
    /// Origin of the prices, for the report.
    pub source: String,
    /// Market time at which the replay starts, Unix seconds.
    pub start: i64,
    /// Market seconds of the replay.
    pub length: i64,
}

/// Markets in listing order.
pub const SYMBOLS: [&str; 3] = ["sol", "btc", "eth"];

const SAMPLE: [&str; 3] = [
    include_str!("../data/solusdt_1m_2025-02-03_binance.csv"),
    include_str!("../data/btcusdt_1m_2025-02-03_binance.csv"),
    include_str!("../data/ethusdt_1m_2025-02-03_binance.csv"),
];

impl Scenario {
    /// Name of a symbol's file in the data folder.
    fn file(self, symbol: &str) -> String {
        match self {
            Self::Crash => format!("{symbol}usdt_1m_2025-02-02_03_binance.csv"),
            Self::Calm | Self::Quiet => format!("{symbol}usdt_1m_2025-01-04_binance.csv"),
        }
    }

    /// Market time at which the replay starts by default, Unix seconds.
    fn default_start(self) -> i64 {
        match self {
            // Half past midnight: 85 quiet minutes, the fall from 01:55 to 02:08, the rebound.
            Self::Crash => 1_738_542_600,
            Self::Calm | Self::Quiet => 1_735_992_000,
        }
    }
}

/// Bars of a minute from `start` on that swing around a price.
fn quiet(dollars: f64, start: i64) -> Vec<Candle> {
    let at = |minute: i64| {
        let turns = minute as f64 / QUIET_PERIOD as f64;
        dollars * (1.0 + QUIET_SWING * (turns * std::f64::consts::TAU).sin())
    };
    (0..QUIET_MINUTES)
        .map(|minute| {
            let (open, close) = (at(minute), at(minute + 1));
            Candle { time: (start + minute * 60) * 1_000, open, high: open.max(close), low: open.min(close), close }
        })
        .collect()
}

impl RecordedPrices {
    /// Reads the recordings.
    ///
    /// # Errors
    /// For broken files, a start outside the recordings, and the calm day without a data folder.
    pub fn open(folder: &FilePath, scenario: Scenario, from: Option<&str>, minutes: u32) -> Result<Self> {
        if scenario == Scenario::Quiet {
            ensure!(from.is_none(), "the quiet scenario starts now: leave out --from");
            return Self::quiet(minutes);
        }
        let files = SYMBOLS.map(|symbol| folder.join(scenario.file(symbol)));
        let complete = files.iter().all(|file| file.is_file());
        let (texts, source) = if complete {
            let read =
                |file: &std::path::PathBuf| std::fs::read_to_string(file).with_context(|| file.display().to_string());
            let texts = files.iter().map(read).collect::<Result<Vec<_>>>()?;
            (texts, files.each_ref().map(|file| file.display().to_string()).join(", "))
        } else {
            ensure!(
                scenario == Scenario::Crash,
                "{} holds no recordings of the calm day; name their folder with --data",
                folder.display()
            );
            (SAMPLE.map(str::to_owned).to_vec(), "the sample that ships with Kedge".to_owned())
        };
        let paths = texts
            .iter()
            .zip(SYMBOLS)
            .map(|(text, symbol)| candles::parse(text).map(Path::new).with_context(|| format!("{symbol} candles")))
            .collect::<Result<Vec<_>>>()?;
        let start = from.map_or(Ok(scenario.default_start()), calendar::parse)?;
        let first = paths.iter().map(Path::start).max().unwrap_or(0) / 1_000;
        let last = paths.iter().map(Path::end).min().unwrap_or(0) / 1_000;
        ensure!(
            (first..last).contains(&start),
            "the recordings run from {} to {}; --from lies outside",
            calendar::date_time(first),
            calendar::date_time(last)
        );
        let length = (i64::from(minutes) * 60).min(last - start);
        Ok(Self { paths, texts, source, start, length })
    }

    /// The quiet day, which starts now by this machine's clock.
    fn quiet(minutes: u32) -> Result<Self> {
        let start = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())?;
        let bars = QUIET.map(|dollars| quiet(dollars, start));
        let text = |bars: &Vec<Candle>| {
            let lines = bars
                .iter()
                .map(|bar| format!("{},{:.4},{:.4},{:.4},{:.4},0\n", bar.time, bar.open, bar.high, bar.low, bar.close));
            "timestamp_ms,open,high,low,close,volume\n".to_owned() + &lines.collect::<String>()
        };
        Ok(Self {
            texts: bars.iter().map(text).collect(),
            paths: bars.into_iter().map(Path::new).collect(),
            source: "prices that hardly move".to_owned(),
            start,
            length: i64::from(minutes) * 60,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_holds_the_fall() {
        let prices = RecordedPrices::open(FilePath::new("nowhere"), Scenario::Crash, None, 240).unwrap();
        assert_eq!((prices.start, prices.length), (1_738_542_600, 240 * 60));
        let eth = &prices.paths[2];
        let lowest = (0..240 * 60).map(|second| eth.price((prices.start + second) * 1_000)).fold(f64::MAX, f64::min);
        assert!(lowest < 2_150.0 && eth.price(prices.start * 1_000) > 2_700.0, "{lowest}");
    }

    #[test]
    fn quiet_prices_start_now_and_stay_where_guides_say_they_are() {
        let prices = RecordedPrices::open(FilePath::new("nowhere"), Scenario::Quiet, None, u32::MAX).unwrap();
        let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap();
        assert!((prices.start - now).abs() < 5);
        for day in [0, 1, 30] {
            for (path, around) in prices.paths.iter().zip(QUIET) {
                let off = (path.price((prices.start + day * 86_400 + 77) * 1_000) / around - 1.0).abs();
                assert!(off <= QUIET_SWING, "{off} of {around}");
            }
        }
        assert!(RecordedPrices::open(FilePath::new("nowhere"), Scenario::Quiet, Some("2025-01-04T00:00"), 1).is_err());
    }

    #[test]
    fn says_what_is_missing() {
        let nowhere = FilePath::new("nowhere");
        assert!(RecordedPrices::open(nowhere, Scenario::Calm, None, 10).is_err());
        assert!(RecordedPrices::open(nowhere, Scenario::Crash, Some("2024-01-01T00:00"), 10).is_err());
    }
}
