//! Candle files.

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

/// Why a file is none of candles.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// A row is not six numbers, its extremes do not enclose it, or its time is not after the one before.
    #[error("line {number}: {text}")]
    Line {
        /// Its number, from 1.
        number: usize,
        /// The row.
        text: String,
    },
    /// No bar at all.
    #[error("no candle")]
    Empty,
}

/// Reads `timestamp_ms,open,high,low,close,volume` with a header line; bars in order of time.
///
/// # Errors
/// See [`Broken`].
pub fn parse(text: &str) -> Result<Vec<Candle>, Broken> {
    let mut candles: Vec<Candle> = Vec::new();
    for (index, line) in text.lines().enumerate().skip(1).filter(|(_, line)| !line.trim().is_empty()) {
        let after = candles.last().map(|last| last.time);
        let candle = row(line).filter(|candle| after.is_none_or(|time| time < candle.time));
        candles.push(candle.ok_or_else(|| Broken::Line { number: index + 1, text: line.to_owned() })?);
    }
    if candles.is_empty() { Err(Broken::Empty) } else { Ok(candles) }
}

fn row(line: &str) -> Option<Candle> {
    let fields: Vec<&str> = line.trim().split(',').collect();
    let &[time, open, high, low, close, _] = &fields[..] else { return None };
    let number = |field: &str| field.parse::<f64>().ok();
    let candle = Candle {
        time: time.parse().ok()?,
        open: number(open)?,
        high: number(high)?,
        low: number(low)?,
        close: number(close)?,
    };
    let inside = |price: f64| (candle.low..=candle.high).contains(&price);
    (candle.low > 0.0 && inside(candle.open) && inside(candle.close)).then_some(candle)
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
        assert_eq!(parse("h\n1,2,3,1,2,7\n1,2\n").unwrap_err().to_string(), "line 3: 1,2");
    }
}
