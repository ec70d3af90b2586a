//! Pyth accounts of a local chain that follow its clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::Result;
use kedge_interface::pyth::PriceUpdate;
use kedge_localnet::Localnet;
use kedge_model::clock::Clock;
use kedge_state::pyth::{OWNER, feed_address};

use crate::cluster::local::clock;
use crate::listing::feeds;
use crate::recorded::RecordedPrices;

/// Pyth's exponent for these feeds.
const EXPONENT: i32 = -8;
/// Half-width of the confidence interval over the price: 5 bps.
const CONFIDENCE: f64 = 0.000_5;
/// Pause between two reads of the clock.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Writes one price a feed and slot until it is dropped.
pub struct FeedWriter {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl FeedWriter {
    /// Writes the prices of now and starts to follow the clock. `price` gives the dollars of a feed, by its index in
    /// `feeds`, at a moment of the chain.
    ///
    /// # Errors
    /// When the first prices cannot be written.
    pub fn start(
        localnet: Arc<Localnet>,
        feeds: Vec<[u8; 32]>,
        price: impl Fn(usize, Clock) -> f64 + Send + 'static,
    ) -> Result<Self> {
        write(&localnet, &feeds, &price, clock(&localnet)?)?;
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::Builder::new().name("feed-writer".into()).spawn(move || {
            let mut last = Clock::default();
            while !stopped.load(Ordering::Relaxed) {
                thread::sleep(LOOK_EVERY);
                let Ok(now) = clock(&localnet) else { continue };
                if now != last {
                    // A price that could not be written is written in the next slot.
                    let _ = write(&localnet, &feeds, &price, now);
                    last = now;
                }
            }
        })?;
        Ok(Self { stop, thread: Some(thread) })
    }

    /// Follows recorded prices of [`crate::listing::COINS`].
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn recorded(localnet: Arc<Localnet>, prices: Arc<RecordedPrices>) -> Result<Self> {
        let price = move |index: usize, now: Clock| {
            prices.paths.get(index).map_or(0.0, |path| path.price(now.unix_time * 1_000))
        };
        Self::start(localnet, feeds().to_vec(), price)
    }
}

impl Drop for FeedWriter {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn write(localnet: &Localnet, feeds: &[[u8; 32]], price: &impl Fn(usize, Clock) -> f64, now: Clock) -> Result<()> {
    for (index, feed_id) in feeds.iter().enumerate() {
        let price = price(index, now) * 1e8;
        let update = PriceUpdate {
            feed_id: *feed_id,
            price: price.round() as i64,
            confidence: (price * CONFIDENCE).round() as u64,
            exponent: EXPONENT,
            publish_time: now.unix_time,
            posted_slot: now.slot,
        };
        localnet.set_account(feed_address(feed_id), 0, OWNER, update.encode())?;
    }
    Ok(())
}
