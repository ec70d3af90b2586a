//! Sends many transactions side by side and follows them until they have landed.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use kedge_client::{Client, Sender};
use kedge_interface::Instruction;
use solana_hash::Hash;
use solana_signature::Signature;
use solana_transaction_error::TransactionError;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::action::Subject;
use crate::error::Result;

/// Age at which a blockhash is replaced.
const BLOCKHASH_AGE: Duration = Duration::from_millis(500);
/// Time between two looks at the transactions under way.
const TRACK_EVERY: Duration = Duration::from_millis(40);
/// Time after which a transaction without a status is given up.
const LOST_AFTER: Duration = Duration::from_secs(20);
/// Most signatures of one status request.
const STATUS_BATCH: usize = 256;
/// Slots for which the subject of a failed plan is left alone.
const FAILURE_REST: u64 = 4;

/// Instructions on their way.
#[derive(Clone)]
pub struct Parcel {
    /// Signs, pays and sends.
    pub sender: Sender,
    /// The instructions, without compute budget.
    pub instructions: Vec<Instruction>,
    /// Compute limit.
    pub compute_limit: u32,
    /// What the plan is called.
    pub label: &'static str,
    /// Who sends it: actors are numbered by the caller.
    pub actor: usize,
    /// What it is about.
    pub subject: Subject,
    /// Slot of the world in which it was decided.
    pub decided: u64,
}

/// What became of a parcel.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// Its transaction.
    pub signature: Signature,
    /// What the plan is called.
    pub label: &'static str,
    /// Who sent it.
    pub actor: usize,
    /// Why it failed or did not land.
    pub failure: Option<Failure>,
    /// Slot in which it landed; zero when it did not.
    pub slot: u64,
    /// Slot of the world in which it was decided.
    pub decided: u64,
    /// Time from sending to the status.
    pub latency: Duration,
}

/// Why a parcel did not do what it should.
#[derive(Clone, Debug, PartialEq)]
pub enum Failure {
    /// The chain refused it.
    Refused(TransactionError),
    /// It was not sent.
    NotSent(String),
    /// It did not land in time.
    Lost,
}

struct Pending {
    parcel: Parcel,
    sent: Instant,
}

struct Shared {
    client: Client,
    permits: Semaphore,
    blockhash: watch::Sender<Hash>,
    nonce: AtomicU64,
    pending: Mutex<HashMap<Signature, Pending>>,
    /// The slot up to which a subject is left alone; `u64::MAX` while its transaction is under way.
    busy: Mutex<HashMap<(usize, Subject), u64>>,
    receipts: UnboundedSender<Receipt>,
}

/// Sends parcels and follows them.
pub struct Outbox {
    shared: Arc<Shared>,
    tasks: Vec<JoinHandle<()>>,
}

impl Outbox {
    /// Sends at most `at_once` transactions side by side. Receipts come out of the channel as transactions land.
    ///
    /// # Errors
    /// [`crate::error::Error::Fetch`] without a first blockhash.
    pub async fn start(client: Client, at_once: usize) -> Result<(Self, UnboundedReceiver<Receipt>)> {
        let first = client.rpc().get_latest_blockhash().await.map_err(kedge_client::FetchError::from)?;
        let (receipts, landed) = unbounded_channel();
        let shared = Arc::new(Shared {
            client,
            permits: Semaphore::new(at_once.max(1)),
            blockhash: watch::Sender::new(first),
            nonce: AtomicU64::new(1),
            pending: Mutex::default(),
            busy: Mutex::default(),
            receipts,
        });
        let tasks = vec![tokio::spawn(Arc::clone(&shared).follow()), tokio::spawn(Arc::clone(&shared).renew())];
        Ok((Self { shared, tasks }, landed))
    }

    /// Whether a subject of an actor has a transaction under way, or one that a world of this slot does not show yet.
    #[must_use]
    pub fn is_busy(&self, actor: usize, subject: &Subject, slot: u64) -> bool {
        locked(&self.shared.busy).get(&(actor, *subject)).is_some_and(|until| slot <= *until)
    }

    /// Transactions under way.
    #[must_use]
    pub fn under_way(&self) -> usize {
        locked(&self.shared.busy).values().filter(|until| **until == u64::MAX).count()
    }

    /// Sends a parcel as soon as its turn comes.
    pub fn send(&self, parcel: Parcel) {
        self.shared.set_busy(&parcel, u64::MAX);
        tokio::spawn(Arc::clone(&self.shared).send(parcel));
    }

    /// Waits until nothing is under way any more, at most for `patience`; tells whether that came true.
    pub async fn settle(&self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        while self.under_way() > 0 {
            if Instant::now() >= deadline {
                return false;
            }
            sleep(TRACK_EVERY).await;
        }
        true
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl Shared {
    async fn send(self: Arc<Self>, parcel: Parcel) {
        let Ok(_permit) = self.permits.acquire().await else { return };
        let sent = Instant::now();
        let blockhash = *self.blockhash.borrow();
        // A price of a few micro-lamports costs nothing and makes equal instructions different transactions.
        let nonce = self.nonce.fetch_add(1, Ordering::Relaxed);
        // The plan was rehearsed: a simulation would cost the time in which it comes too late.
        let outcome = parcel.sender.send_fast(&parcel.instructions, &[], parcel.compute_limit, nonce, blockhash).await;
        match outcome {
            Ok(signature) => {
                locked(&self.pending).insert(signature, Pending { parcel, sent });
            }
            Err(error) => {
                let failure = Failure::NotSent(error.to_string());
                self.report(&parcel, Signature::default(), Some(failure), 0, sent);
            }
        }
    }

    /// Asks for the statuses of what is under way.
    async fn follow(self: Arc<Self>) {
        loop {
            sleep(TRACK_EVERY).await;
            let signatures: Vec<Signature> = locked(&self.pending).keys().take(STATUS_BATCH).copied().collect();
            if signatures.is_empty() {
                continue;
            }
            let Ok(answer) = self.client.rpc().get_signature_statuses(&signatures).await else { continue };
            for (signature, status) in signatures.into_iter().zip(answer.value) {
                match status {
                    Some(status) => {
                        let failure = status.err.map(Failure::Refused);
                        self.land(signature, failure, status.slot);
                    }
                    None => self.give_up(signature),
                }
            }
        }
    }

    fn land(&self, signature: Signature, failure: Option<Failure>, slot: u64) {
        let landed = locked(&self.pending).remove(&signature);
        if let Some(Pending { parcel, sent }) = landed {
            self.report(&parcel, signature, failure, slot, sent);
        }
    }

    fn give_up(&self, signature: Signature) {
        let old = locked(&self.pending).get(&signature).is_some_and(|waiting| waiting.sent.elapsed() >= LOST_AFTER);
        if old {
            self.land(signature, Some(Failure::Lost), 0);
        }
    }

    fn report(&self, parcel: &Parcel, signature: Signature, failure: Option<Failure>, slot: u64, sent: Instant) {
        let rest = if failure.is_some() { FAILURE_REST } else { 0 };
        self.set_busy(parcel, slot.saturating_add(rest));
        let receipt = Receipt {
            signature,
            label: parcel.label,
            actor: parcel.actor,
            failure,
            slot,
            decided: parcel.decided,
            latency: sent.elapsed(),
        };
        // Nobody listens any more only at the end.
        let _ = self.receipts.send(receipt);
    }

    fn set_busy(&self, parcel: &Parcel, until: u64) {
        locked(&self.busy).insert((parcel.actor, parcel.subject), until);
    }

    async fn renew(self: Arc<Self>) {
        loop {
            sleep(BLOCKHASH_AGE).await;
            if let Ok(hash) = self.client.rpc().get_latest_blockhash().await {
                self.blockhash.send_replace(hash);
            }
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
