//! A price at any moment, from bars.

use super::candles::Candle;

/// A price path through bars: within each from the open over both extremes to the close, smoothly. A rising bar
/// visits its low first, a falling one its high: the shorter way, which claims no move that was not there.
#[derive(Clone, Debug)]
pub struct Path {
    candles: Vec<Candle>,
    /// How long a bar lasts, milliseconds.
    bar: i64,
}

/// How long a lone bar lasts.
const LONE_BAR_MS: i64 = 60_000;

impl Path {
    /// A path through bars, which are in order of time and at least one. A bar lasts as long as the shortest distance
    /// of two: recordings have holes.
    #[must_use]
    pub fn new(candles: Vec<Candle>) -> Self {
        let steps = candles.windows(2).map(|pair| pair[1].time - pair[0].time);
        let bar = steps.filter(|step| *step > 0).min().unwrap_or(LONE_BAR_MS);
        Self { candles, bar }
    }

    /// First moment, Unix milliseconds.
    #[must_use]
    pub fn start(&self) -> i64 {
        self.candles.first().map_or(0, |candle| candle.time)
    }

    /// Last moment, Unix milliseconds.
    #[must_use]
    pub fn end(&self) -> i64 {
        self.candles.last().map_or(0, |candle| candle.time + self.bar)
    }

    /// Price at a moment. Before the first bar it is the first open; in a gap, and after the last bar, the close
    /// before it is carried forward.
    #[must_use]
    pub fn price(&self, time: i64) -> f64 {
        let after = self.candles.partition_point(|candle| candle.time <= time);
        let Some(candle) = after.checked_sub(1).and_then(|index| self.candles.get(index)) else {
            return self.candles.first().map_or(0.0, |candle| candle.open);
        };
        let elapsed = (time - candle.time) as f64 / self.bar as f64;
        if elapsed >= 1.0 {
            return candle.close;
        }
        let (first, second) =
            if candle.close >= candle.open { (candle.low, candle.high) } else { (candle.high, candle.low) };
        let corners = [candle.open, first, second, candle.close];
        let place = elapsed * 3.0;
        let leg = (place as usize).min(2);
        let part = place - leg as f64;
        let smooth = part * part * (3.0 - 2.0 * part);
        corners[leg] + (corners[leg + 1] - corners[leg]) * smooth
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path() -> Path {
        let bar = |time, open, high, low, close| Candle { time, open, high, low, close };
        Path::new(vec![
            bar(0, 10.0, 14.0, 9.0, 12.0),
            bar(60_000, 12.0, 12.0, 6.0, 8.0),
            bar(240_000, 8.0, 8.0, 8.0, 8.0),
        ])
    }

    #[test]
    fn visits_the_corners_of_each_bar() {
        let path = path();
        let at = |seconds: i64| path.price(seconds * 1_000);
        assert_eq!([at(0), at(20), at(40), at(60)], [10.0, 9.0, 14.0, 12.0]);
        assert_eq!([at(60), at(80), at(100)], [12.0, 12.0, 6.0]);
        assert_eq!((at(-5), at(150), at(1_000)), (10.0, 8.0, 8.0));
        assert_eq!((path.start(), path.end()), (0, 300_000));
    }

    #[test]
    fn never_leaves_the_bar_and_never_jumps_inside_it() {
        let path = path();
        let mut before = path.price(0);
        for time in (0..120_000).step_by(100) {
            let price = path.price(time);
            let (low, high) = if time < 60_000 { (9.0, 14.0) } else { (6.0, 12.0) };
            assert!((low..=high).contains(&price), "{time}: {price}");
            assert!((price - before).abs() < 0.06, "{time}");
            before = price;
        }
    }

    #[test]
    fn bars_of_a_second_last_a_second() {
        let bar = |time, open: f64, close: f64| Candle { time, open, high: close, low: open, close };
        let path = Path::new(vec![bar(0, 1.0, 2.0), bar(5_000, 2.0, 3.0), bar(6_000, 3.0, 4.0)]);
        assert_eq!([path.price(1_000), path.price(5_000), path.price(7_000)], [2.0, 2.0, 4.0]);
        assert_eq!(path.end(), 7_000);
    }
}
