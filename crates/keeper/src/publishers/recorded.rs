//! Prices of a recorded day.

use super::path::Path;
use super::{FeedId, Look, Message, Offer, Prices, Unavailable};

/// How a recording is played.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Playing {
    /// Chain time at which it starts, Unix seconds; `None` for the first look. A copy that is started later, or again,
    /// continues where the recording is by then.
    pub origin: Option<i64>,
    /// Moment of the recording at which it starts, Unix seconds; `None` for the first that all feeds have.
    pub start: Option<i64>,
    /// Seconds of the recording that pass in a second of the chain.
    pub speed: f64,
    /// Whether it starts over at its end; else the last price stays.
    pub repeat: bool,
}

/// A recording of several feeds.
#[derive(Clone, Debug)]
pub struct Recorded {
    feeds: Vec<(FeedId, Path)>,
    playing: Playing,
    origin: Option<i64>,
    /// Milliseconds of the recording.
    start: i64,
    length: i64,
}

impl Recorded {
    /// Plays paths.
    ///
    /// # Errors
    /// When there is no moment that all recordings have, or when the start is not among them.
    pub fn new(feeds: Vec<(FeedId, Path)>, playing: Playing) -> Result<Self, Unavailable> {
        let first = feeds.iter().map(|(_, path)| path.start()).max().unwrap_or(0);
        let last = feeds.iter().map(|(_, path)| path.end()).min().unwrap_or(0);
        let start = playing.start.map_or(first, |seconds| seconds.saturating_mul(1_000));
        if !(first..last).contains(&start) {
            let (first, last) = (first / 1_000, last / 1_000);
            return Err(Unavailable::because(format!(
                "the recordings run together from {first} to {last}, which {} is not among",
                start / 1_000
            )));
        }
        Ok(Self { feeds, playing, origin: playing.origin, start, length: last - start })
    }

    /// Moment of the recording, milliseconds, at a time of the chain.
    fn moment(&mut self, now: i64) -> i64 {
        let origin = *self.origin.get_or_insert(now);
        // A cast saturates, and what lies before the origin is the start.
        let passed = (now.saturating_sub(origin).max(0) as f64 * self.playing.speed * 1e3) as i64;
        self.start + if self.playing.repeat { passed % self.length } else { passed.min(self.length) }
    }
}

impl Prices for Recorded {
    fn name(&self) -> &'static str {
        "recorded"
    }

    fn look(&mut self, now: i64) -> Look<'_> {
        let moment = self.moment(now);
        let offer = |(feed, path): &(FeedId, Path)| Offer::unproven(Message::of(*feed, path.price(moment), now));
        let offers = self.feeds.iter().map(offer).collect();
        Box::pin(std::future::ready(Ok(offers)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publishers::candles::Candle;
    use crate::publishers::testing::SOL;

    fn path() -> Path {
        // Rises by a dollar a minute for ten minutes.
        let bar = |minute: i32| Candle {
            time: i64::from(minute) * 60_000,
            open: 100.0 + f64::from(minute),
            low: 100.0 + f64::from(minute),
            high: 101.0 + f64::from(minute),
            close: 101.0 + f64::from(minute),
        };
        Path::new((0..10).map(bar).collect())
    }

    async fn at(source: &mut Recorded, now: i64) -> (f64, i64) {
        let offers = source.look(now).await.unwrap();
        let message = offers[0].message;
        (message.price as f64 / 1e8, message.publish_time)
    }

    #[tokio::test]
    async fn starts_runs_and_ends_as_told() {
        let playing = Playing { origin: None, start: Some(120), speed: 2.0, repeat: false };
        let mut source = Recorded::new(vec![(SOL, path())], playing).unwrap();
        assert_eq!(at(&mut source, 1_000).await, (102.0, 1_000));
        assert_eq!(at(&mut source, 1_060).await, (104.0, 1_060));
        assert_eq!(at(&mut source, 9_000).await, (110.0, 9_000));
        let mut again = Recorded::new(vec![(SOL, path())], Playing { repeat: true, ..playing }).unwrap();
        assert_eq!(at(&mut again, 0).await.0, 102.0);
        assert_eq!(at(&mut again, 240).await.0, 102.0, "eight minutes of recording are over");
        assert!(Recorded::new(vec![(SOL, path())], Playing { start: Some(601), ..playing }).is_err());
    }

    #[tokio::test]
    async fn a_copy_that_starts_later_says_the_same() {
        let playing = Playing { origin: Some(500), start: None, speed: 1.0, repeat: true };
        let mut first = Recorded::new(vec![(SOL, path())], playing).unwrap();
        let mut second = first.clone();
        at(&mut first, 510).await;
        assert_eq!(at(&mut first, 720).await, at(&mut second, 720).await);
        assert_eq!(at(&mut second, 400).await.0, 100.0, "before the origin it stands at its start");
    }
}
