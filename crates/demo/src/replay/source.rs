//! Where recordings come from: the data folder, or the sample inside the program.

use std::path::Path as FilePath;

use anyhow::{Context, Result, ensure};
use kedge_keeper::publish::candles;
use kedge_keeper::publish::path::Path;

use crate::calendar;

/// Which day is replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Scenario {
    /// 3 February 2025: ETH fell 9.6 % in a minute and 23 % in an hour.
    Crash,
    /// 4 January 2025: 1 to 3 % in a day.
    Calm,
}

/// The recordings of all markets.
#[derive(Clone, Debug)]
pub struct Tape {
    /// One path a market, in the order of [`SYMBOLS`].
    pub paths: Vec<Path>,
    /// The recordings as they were read, in the same order.
    pub texts: Vec<String>,
    /// What was read, for the report.
    pub source: String,
    /// Where the replay starts, Unix seconds.
    pub start: i64,
    /// Seconds that it lasts.
    pub length: i64,
}

/// Markets in listing order.
pub const SYMBOLS: [&str; 3] = ["sol", "btc", "eth"];

const SAMPLE: [&str; 3] = [
    include_str!("../../data/solusdt_1m_2025-02-03_binance.csv"),
    include_str!("../../data/btcusdt_1m_2025-02-03_binance.csv"),
    include_str!("../../data/ethusdt_1m_2025-02-03_binance.csv"),
];

impl Scenario {
    /// Name of a symbol's file in the data folder.
    fn file(self, symbol: &str) -> String {
        match self {
            Self::Crash => format!("{symbol}usdt_1m_2025-02-02_03_binance.csv"),
            Self::Calm => format!("{symbol}usdt_1m_2025-01-04_binance.csv"),
        }
    }

    /// Where the replay starts when nobody says otherwise.
    fn default_start(self) -> i64 {
        match self {
            // Half past midnight: 85 quiet minutes, the fall from 01:55 to 02:08, the rebound.
            Self::Crash => 1_738_542_600,
            Self::Calm => 1_735_992_000,
        }
    }
}

impl Tape {
    /// Reads the recordings.
    ///
    /// # Errors
    /// Files that are there but broken; a start outside the recordings; the calm day without a data folder.
    pub fn open(folder: &FilePath, scenario: Scenario, from: Option<&str>, minutes: u32) -> Result<Self> {
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
            (SAMPLE.map(str::to_owned).to_vec(), "the sample that ships with the demo".to_owned())
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_holds_the_fall() {
        let tape = Tape::open(FilePath::new("nowhere"), Scenario::Crash, None, 240).unwrap();
        assert_eq!((tape.start, tape.length), (1_738_542_600, 240 * 60));
        let eth = &tape.paths[2];
        let lowest = (0..240 * 60).map(|second| eth.price((tape.start + second) * 1_000)).fold(f64::MAX, f64::min);
        assert!(lowest < 2_150.0 && eth.price(tape.start * 1_000) > 2_700.0, "{lowest}");
    }

    #[test]
    fn says_what_is_missing() {
        let nowhere = FilePath::new("nowhere");
        assert!(Tape::open(nowhere, Scenario::Calm, None, 10).is_err());
        assert!(Tape::open(nowhere, Scenario::Crash, Some("2024-01-01T00:00"), 10).is_err());
    }
}
