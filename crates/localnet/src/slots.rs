//! Slot production: one block per slot time, stamped with market time.

use std::{
    sync::{Arc, Mutex, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crossbeam_channel::{RecvTimeoutError, Sender, bounded};
use surfpool_core::surfnet::{locker::SurfnetSvmLocker, svm::SurfnetSvm};
use surfpool_types::SimnetCommand;

use crate::{MarketClock, history::History};

/// The thread that closes a block every slot time. Dropping it stops slot production.
pub(crate) struct Slots {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Slots {
    /// Starts the thread.
    pub(crate) fn start(
        svm: SurfnetSvmLocker,
        commands: Sender<SimnetCommand>,
        clock: Arc<Mutex<MarketClock>>,
        slot_time: Duration,
        mut history: History,
    ) -> std::io::Result<Self> {
        let (stop, stopped) = bounded::<()>(0);
        let thread = thread::Builder::new().name("localnet-slots".into()).spawn(move || {
            let mut requested = None;
            let mut due = Instant::now() + slot_time;
            while stopped.recv_deadline(due) == Err(RecvTimeoutError::Timeout) {
                // A late slot is not made up for: bursts of empty blocks would expire blockhashes early.
                due = (due + slot_time).max(Instant::now());
                let slot = {
                    let mut svm = svm.0.blocking_write();
                    stamp(&mut svm, &clock);
                    history.turn(&mut svm);
                    svm.get_latest_absolute_slot()
                };
                // Behind a burst of transactions the last request may still be queued; asking twice would pile up.
                if requested != Some(slot) {
                    requested = Some(slot);
                    if commands.send(SimnetCommand::SlotForward(None)).is_err() {
                        return;
                    }
                }
            }
        })?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Slots {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Sets the time of the block that closes next.
fn stamp(svm: &mut SurfnetSvm, clock: &Mutex<MarketClock>) {
    let now = clock.lock().unwrap_or_else(PoisonError::into_inner).milliseconds(Instant::now());
    // Closing a block adds one slot time to `updated_at` and makes the sum both the block's time and the clock's.
    svm.updated_at = u64::try_from(now).unwrap_or(0).saturating_sub(svm.slot_time);
}
