//! Candle files.

use anyhow::{Context, Result, ensure};

/// One bar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candle {
    /// Opening time, Unix milliseconds.
    pub time: i64,
    /// First price.
    pub open: f64,
    /// Highest price.
    pub high: f64,
    /// Lowest price.
    pub low: f64,
    /// Last price.
    pub close: f64,
}

/// Reads `timestamp_ms,open,high,low,close,volume` with a header line; bars in order of time.
///
/// # Errors
/// A row that is not six numbers, a bar whose extremes do not enclose it, times out of order, no bar at all.
pub fn parse(text: &str) -> Result<Vec<Candle>> {
    let mut candles: Vec<Candle> = Vec::new();
    for (index, line) in text.lines().enumerate().skip(1).filter(|(_, line)| !line.trim().is_empty()) {
        let row = || format!("line {}: {line}", index + 1);
        let fields: Vec<&str> = line.trim().split(',').collect();
        let &[time, open, high, low, close, _] = &fields[..] else { anyhow::bail!(row()) };
        let number = |field: &str| field.parse::<f64>().with_context(row);
        let candle = Candle {
            time: time.parse().with_context(row)?,
            open: number(open)?,
            high: number(high)?,
            low: number(low)?,
            close: number(close)?,
        };
        let inside = |price: f64| (candle.low..=candle.high).contains(&price);
        ensure!(candle.low > 0.0 && inside(candle.open) && inside(candle.close), row());
        ensure!(candles.last().is_none_or(|last| last.time < candle.time), "{}: out of order", row());
        candles.push(candle);
    }
    ensure!(!candles.is_empty(), "no candle");
    Ok(candles)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_rows_and_refuses_broken_ones() {
        let good = "timestamp_ms,open,high,low,close,volume\n1000,2,3,1,2.5,7\n61000,2.5,2.5,2,2,1\n";
        let candles = parse(good).unwrap();
        assert_eq!(candles[0], Candle { time: 1_000, open: 2.0, high: 3.0, low: 1.0, close: 2.5 });
        assert_eq!(candles.len(), 2);
        for bad in ["", "h\n", "h\n1,2,3\n", "h\n1,2,3,1,x,7\n", "h\n1,4,3,1,2,7\n", "h\n2,2,3,1,2,7\n1,2,3,1,2,7\n"] {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
    }
}
