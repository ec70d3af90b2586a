//! Recorded prices of one day, by the second.

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;
use serde::Serialize;

/// Minutes of 10 October 2025 from 12:00 to 14:00 and from 20:00 to 22:30 UTC: SOL and ETH from trades on Gemini, whose holes
/// are real, BTC from Binance's mark price.
const RECORDED: [&str; 3] = [
    include_str!("../data/sol_1m_2025-10-10.csv"),
    include_str!("../data/btc_1m_2025-10-10.csv"),
    include_str!("../data/eth_1m_2025-10-10.csv"),
];

/// A part of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scenario {
    /// 20:45 to 22:15 UTC: SOL falls by 17 %, BTC by 12 %, ETH by 8 %, most of it within 15 minutes
    Crash,
    /// 12:00 to 13:30 UTC of the same day, an ordinary noon
    Calm,
}

impl Scenario {
    /// First second, Unix time.
    #[must_use]
    pub const fn start(self) -> i64 {
        match self {
            Self::Crash => 1_760_129_100,
            Self::Calm => 1_760_097_600,
        }
    }

    /// Seconds that it lasts.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        90 * 60
    }
}

/// A minute of trading.
#[derive(Clone, Copy, Debug)]
struct Bar {
    /// Unix seconds at which it begins.
    time: i64,
    /// Prices that it passes at its start, after a third, after two thirds and at its end, dollars.
    points: [f64; 4],
}

/// The price of one coin through the recorded parts of the day.
#[derive(Clone, Debug)]
pub struct Path(Vec<Bar>);

impl Path {
    /// SOL, BTC and ETH.
    ///
    /// # Errors
    /// For a recording that is not one.
    pub fn recorded() -> Result<Vec<Self>> {
        RECORDED.iter().map(|text| Self::parse(text)).collect()
    }

    /// Reads minutes. A minute that falls passes its high before its low, any other its low first.
    fn parse(text: &str) -> Result<Self> {
        let bar = |line: &str| -> Result<Bar> {
            let fields =
                line.split(',').map(str::parse::<f64>).collect::<Result<Vec<_>, _>>().context(line.to_owned())?;
            ensure!(fields.len() == 6 && fields.iter().skip(1).take(4).all(|price| *price > 0.0), "{line}: six fields");
            let (open, high, low, close) = (fields[1], fields[2], fields[3], fields[4]);
            let points = if close < open { [open, high, low, close] } else { [open, low, high, close] };
            Ok(Bar { time: fields[0] as i64 / 1_000, points })
        };
        text.lines().skip(1).map(bar).collect::<Result<Vec<_>>>().map(Self)
    }

    /// Dollars at a second. Where no minute was recorded the last price stays; before the first, the first.
    #[must_use]
    pub fn at(&self, second: i64) -> f64 {
        let after = self.0.partition_point(|bar| bar.time <= second);
        let Some(bar) = after.checked_sub(1).and_then(|index| self.0.get(index)) else {
            return self.0.first().map_or(0.0, |bar| bar.points[0]);
        };
        let passed = (second - bar.time) as f64 / 20.0;
        if passed >= 3.0 {
            return bar.points[3];
        }
        let (third, share) = (passed as usize, passed.fract());
        bar.points[third] + (bar.points[third + 1] - bar.points[third]) * share
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_recording_holds_the_crash_and_a_noon_without_one() {
        let paths = Path::recorded().unwrap();
        let fall = |scenario: Scenario, path: &Path| {
            let start = path.at(scenario.start());
            let lowest =
                (0..scenario.seconds()).map(|second| path.at(scenario.start() + second)).fold(f64::MAX, f64::min);
            1.0 - lowest / start
        };
        for (path, least) in paths.iter().zip([0.16, 0.11, 0.08]) {
            let (crash, calm) = (fall(Scenario::Crash, path), fall(Scenario::Calm, path));
            assert!(crash > least && calm < 0.015, "{crash} {calm}");
        }
    }

    #[test]
    fn a_minute_passes_its_four_prices_and_a_hole_keeps_the_last() {
        let path = Path::parse("head\n60000,10,12,8,9,1\n240000,9,9,7,8,1").unwrap();
        assert_eq!(
            [60, 80, 100, 119, 120, 200, 239].map(|second| path.at(second)).map(f64::round),
            [10.0, 12.0, 8.0, 9.0, 9.0, 9.0, 9.0]
        );
        assert_eq!((path.at(0), path.at(1_000)), (10.0, 8.0));
        assert!(Path::parse("head\n1,2,3").is_err() && Path::parse("head\n1,2,x,3,4,5").is_err());
    }
}
