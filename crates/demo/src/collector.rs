//! Reads every landed transaction back from the chain and counts its events.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kedge_client::Client;
use kedge_keeper::jobs::Job;
use kedge_sender::{Failure, Receipt};
use kedge_state::mirror::Blind;
use solana_signature::Signature;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::{JoinHandle, JoinSet};

use crate::tally::Tally;

/// Reads of transactions under way at once.
const AT_ONCE: usize = 4;
/// Reads of one transaction at most: it has a status a little before it can be read.
const TRIES: u32 = 40;
const PAUSE: Duration = Duration::from_millis(100);

/// Counts in the background until it is finished.
pub struct Collector {
    tally: Arc<Mutex<Tally>>,
    task: JoinHandle<()>,
}

impl Collector {
    /// Counts all receipts of a channel until it closes, and passes each to the job of its actor. Orders of `takers`
    /// are counted apart from others.
    pub fn start(
        client: Client,
        receipts: UnboundedReceiver<Receipt>,
        takers: BTreeSet<[u8; 32]>,
        jobs: BTreeMap<usize, Arc<dyn Job>>,
    ) -> Self {
        let tally = Arc::new(Mutex::new(Tally { takers, ..Tally::default() }));
        let task = tokio::spawn(collect(client, receipts, Arc::clone(&tally), jobs));
        Self { tally, task }
    }

    /// The counts so far.
    pub fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a look at the exchange, with the reason when it could not be relied on.
    pub fn looked(&self, blind: Option<Blind>) {
        let mut tally = self.tally();
        tally.looks += 1;
        if let Some(why) = blind {
            *tally.blind.entry(why.to_string()).or_default() += 1;
        }
    }

    /// Waits until the channel is closed and everything is read, at most for `patience`.
    pub async fn finish(self, patience: Duration) -> Tally {
        let _ = tokio::time::timeout(patience, self.task).await;
        self.tally.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn collect(
    client: Client,
    mut receipts: UnboundedReceiver<Receipt>,
    tally: Arc<Mutex<Tally>>,
    jobs: BTreeMap<usize, Arc<dyn Job>>,
) {
    let permits = Arc::new(Semaphore::new(AT_ONCE));
    let mut reading = JoinSet::new();
    while let Some(receipt) = receipts.recv().await {
        if let Some(job) = jobs.get(&receipt.actor) {
            job.heard(&receipt);
        }
        tally.lock().unwrap_or_else(PoisonError::into_inner).receipt(&receipt);
        while reading.try_join_next().is_some() {}
        if matches!(receipt.failure, Some(Failure::NotSent(_) | Failure::Expired)) {
            continue;
        }
        let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { return };
        let (client, tally) = (client.clone(), Arc::clone(&tally));
        reading.spawn(async move {
            let past = read(&client, &receipt.signature).await;
            let mut tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
            match past {
                Some(past) => tally.past(&past),
                None => tally.unread += 1,
            }
            drop(permit);
        });
    }
    while reading.join_next().await.is_some() {}
}

async fn read(client: &Client, signature: &Signature) -> Option<kedge_client::history::Past> {
    for _ in 0..TRIES {
        if let Ok(Some(past)) = client.past(signature).await {
            return Some(past);
        }
        tokio::time::sleep(PAUSE).await;
    }
    None
}
