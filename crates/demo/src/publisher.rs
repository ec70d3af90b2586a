//! Writes recorded prices into Pyth accounts as the chain's clock moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result};
use kedge_localnet::Localnet;
use kedge_model::clock::Clock;
use kedge_state::pyth::{OWNER, PriceUpdate, feed_address};
use solana_pubkey::{Pubkey, pubkey};

use crate::listing::COINS;
use crate::replay::Tape;

/// Pyth's exponent for these feeds.
const EXPONENT: i32 = -8;
/// Half-width of the confidence interval over the price: 5 bps.
const CONFIDENCE: f64 = 0.000_5;
/// Pause between two looks at the clock.
const LOOK_EVERY: Duration = Duration::from_millis(10);
const CLOCK: Pubkey = pubkey!("SysvarC1ock11111111111111111111111111111111");

/// Publishes one price a market and slot. Dropping it stops it.
pub struct Publisher {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Publisher {
    /// Publishes the prices of now and starts to follow the clock.
    pub fn start(localnet: Arc<Localnet>, tape: Arc<Tape>) -> Result<Self> {
        let feeds: Vec<Pubkey> = COINS.iter().map(|coin| feed_address(&coin.feed_id)).collect();
        publish(&localnet, &tape, &feeds, chain_clock(&localnet)?)?;
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::Builder::new().name("publisher".into()).spawn(move || {
            let mut last = Clock::default();
            while !stopped.load(Ordering::Relaxed) {
                thread::sleep(LOOK_EVERY);
                let Ok(clock) = chain_clock(&localnet) else { continue };
                if clock != last {
                    // A price that could not be written comes with the next slot.
                    let _ = publish(&localnet, &tape, &feeds, clock);
                    last = clock;
                }
            }
        })?;
        Ok(Self { stop, thread: Some(thread) })
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Slot and time that programs see now.
pub fn chain_clock(localnet: &Localnet) -> Result<Clock> {
    let data = localnet.account(CLOCK)?.context("the chain has no clock")?.data;
    let field = |at: usize| data.get(at..).and_then(|rest| rest.first_chunk::<8>()).copied().context("clock too short");
    Ok(Clock { slot: u64::from_le_bytes(field(0)?), unix_time: i64::from_le_bytes(field(32)?) })
}

fn publish(localnet: &Localnet, tape: &Tape, feeds: &[Pubkey], clock: Clock) -> Result<()> {
    for ((coin, path), feed) in COINS.iter().zip(&tape.paths).zip(feeds) {
        let price = path.price(clock.unix_time * 1_000) * 1e8;
        let update = PriceUpdate {
            feed_id: coin.feed_id,
            price: price.round() as i64,
            confidence: (price * CONFIDENCE).round() as u64,
            exponent: EXPONENT,
            publish_time: clock.unix_time,
            posted_slot: clock.slot,
        };
        localnet.set_account(*feed, 0, OWNER, update.encode())?;
    }
    Ok(())
}
