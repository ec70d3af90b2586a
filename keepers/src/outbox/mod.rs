//! Sends many transactions side by side and follows them until they have landed or cannot land any more.
//!
//! A transaction is sent again and again until it has a status or its blockhash has expired: the same bytes, so that it
//! lands once or not at all. Only then is its subject free for another plan. A process that dies forgets what was under
//! way; what it, or a copy of it, decides anew is refused by the program when the first transaction has landed
//! meanwhile, since every action of a keeper names the state that it acts on.

mod fees;
mod parcel;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use kedge_client::{Client, SendError};
use kedge_interface::Instruction;
use solana_hash::Hash;
use solana_signature::Signature;
use solana_transaction::versioned::VersionedTransaction;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::action::{MAX_COMPUTE, Subject};
use crate::relay::Refusal;
use fees::Fees;
pub use fees::{Bidding, Strategy, lamports};
pub use parcel::{Failure, Parcel, Receipt};

/// Age at which a blockhash is replaced.
const BLOCKHASH_AGE: Duration = Duration::from_millis(500);
/// Time between two looks at the transactions under way.
const TRACK_EVERY: Duration = Duration::from_millis(40);
/// Time after which a transaction without a status is sent again.
const RESEND_EVERY: Duration = Duration::from_secs(2);
/// Time between two looks at the chain's height while something is under way.
const HEIGHT_EVERY: Duration = Duration::from_secs(1);
/// Time after which a transaction is given up when the endpoint does not even tell its height.
const LOST_AFTER: Duration = Duration::from_secs(120);
/// Most signatures of one status request.
const STATUS_BATCH: usize = 256;
/// Slots for which the subject of a failed plan is left alone.
const FAILURE_REST: u64 = 4;
/// Numbers by which equal instructions differ: more than are sent while a blockhash is the latest.
const NONCES: u32 = 1_024;

/// How much compute a transaction asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compute {
    /// What its plan takes at most: costs no time.
    #[default]
    Estimated,
    /// What a simulation used, and a margin: costs a request, and finds out what the rehearsal did not know.
    Simulated {
        /// Added to what was used, percent, beside a fixed number of units.
        margin_percent: u32,
    },
}

/// How transactions are sent.
#[derive(Clone, Copy, Debug)]
pub struct Sending {
    /// Transactions sent side by side.
    pub at_once: usize,
    /// Compute limits.
    pub compute: Compute,
    /// Priority fees.
    pub bidding: Bidding,
}

impl Sending {
    /// At most `at_once` side by side, without simulation and without priority fees.
    #[must_use]
    pub fn plain(at_once: usize) -> Self {
        Self { at_once, compute: Compute::default(), bidding: Bidding::default() }
    }
}

#[derive(Clone)]
struct Pending {
    parcel: Parcel,
    transaction: VersionedTransaction,
    sent: Instant,
    resent: Instant,
    /// Priority fee, lamports.
    fee: u64,
    /// Height after which it cannot land.
    last_valid: u64,
}

impl Pending {
    /// Hands it over; the reason when whoever got it has judged it, rather than not answered.
    async fn submit(&self) -> Option<String> {
        match &self.parcel.relay {
            Some(relay) => match relay.submit(&self.transaction).await {
                Err(Refusal::Refused(reason)) => Some(reason),
                _ => None,
            },
            None => match self.parcel.sender.submit(&self.transaction).await {
                Err(error) if is_refusal(&error) => Some(error.to_string()),
                _ => None,
            },
        }
    }
}

/// A blockhash and the last height at which it serves.
#[derive(Clone, Copy)]
struct Recent {
    hash: Hash,
    last_valid: u64,
}

struct Shared {
    client: Client,
    compute: Compute,
    fees: Arc<Fees>,
    permits: Semaphore,
    blockhash: watch::Sender<Recent>,
    resent: AtomicU64,
    nonce: AtomicU32,
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
    /// Receipts come out of the channel as transactions land.
    ///
    /// # Errors
    /// [`crate::error::Error::Fetch`] without a first blockhash.
    pub async fn start(client: Client, sending: Sending) -> crate::error::Result<(Self, UnboundedReceiver<Receipt>)> {
        let first = recent(&client).await.map_err(kedge_client::FetchError::from)?;
        let (receipts, landed) = unbounded_channel();
        let fees = Arc::new(Fees::new(sending.bidding));
        let following = tokio::spawn(Arc::clone(&fees).follow(client.clone()));
        let shared = Arc::new(Shared {
            client,
            compute: sending.compute,
            fees,
            permits: Semaphore::new(sending.at_once.max(1)),
            blockhash: watch::Sender::new(first),
            resent: AtomicU64::new(0),
            nonce: AtomicU32::new(0),
            pending: Mutex::default(),
            busy: Mutex::default(),
            receipts,
        });
        let (follow, renew) = (Arc::clone(&shared).follow(), Arc::clone(&shared).renew());
        let tasks = vec![tokio::spawn(follow), tokio::spawn(renew), following];
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

    /// Times that a transaction was sent again so far.
    #[must_use]
    pub fn resent(&self) -> u64 {
        self.shared.resent.load(Ordering::Relaxed)
    }

    /// What is offered for being early.
    #[must_use]
    pub fn bidding(&self) -> &Bidding {
        self.shared.fees.bidding()
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
        // The lease may have lapsed while it waited.
        if parcel.permit.as_ref().is_some_and(|permit| !permit()) {
            let failure = Failure::NotSent("this copy may not act any more".into());
            return self.report(&parcel, Signature::default(), Some(failure), 0, (sent, 0));
        }
        let recent = *self.blockhash.borrow();
        let payer = parcel.sender.client().payer_address();
        let tip = parcel.relay.as_ref().and_then(|relay| relay.tip(&payer));
        let instructions: Vec<Instruction> = parcel.instructions.iter().cloned().chain(tip).collect();
        let units = match self.units(&parcel, &instructions).await {
            Ok(units) => units,
            Err(failure) => return self.report(&parcel, Signature::default(), Some(failure), 0, (sent, 0)),
        };
        let price = self.fees.price(&parcel.contended, units, parcel.worth);
        let fee = fees::cost(units, price);
        let signed = parcel.sender.sign(&instructions, &[], units, price, recent.hash);
        let transaction = match signed {
            Ok(transaction) => transaction,
            Err(error) => {
                let failure = Failure::NotSent(error.to_string());
                return self.report(&parcel, Signature::default(), Some(failure), 0, (sent, 0));
            }
        };
        let signature = transaction.signatures.first().copied().unwrap_or_default();
        let pending = Pending { transaction, sent, resent: sent, fee, last_valid: recent.last_valid, parcel };
        // Followed from here on: an endpoint that answers with an error may have passed it on.
        locked(&self.pending).insert(signature, pending.clone());
        if let Some(refusal) = pending.submit().await {
            self.land(signature, Some(Failure::NotSent(refusal)), 0);
        }
    }

    /// The compute limit to ask for.
    async fn units(&self, parcel: &Parcel, instructions: &[Instruction]) -> Result<u32, Failure> {
        let units = match self.compute {
            Compute::Estimated => parcel.compute_limit,
            Compute::Simulated { margin_percent } => {
                match parcel.sender.units(instructions, &[], margin_percent).await {
                    Ok(units) => units,
                    Err(SendError::Refused(refused)) => return Err(Failure::Foreseen(refused.error)),
                    Err(SendError::Failed { error, .. }) => {
                        return Err(Failure::NotSent(format!("simulated: {error}")));
                    }
                    // Who cannot ask goes by the estimate: the plan was rehearsed.
                    Err(_) => parcel.compute_limit,
                }
            }
        };
        // A few units more cost next to nothing, and a running number in the last ten bits makes equal instructions different
        // transactions.
        let nonce = self.nonce.fetch_add(1, Ordering::Relaxed) % NONCES;
        Ok(units.min(MAX_COMPUTE - 2 * NONCES).next_multiple_of(NONCES) + nonce)
    }

    /// Asks for the statuses of what is under way, and sends again what has none.
    async fn follow(self: Arc<Self>) {
        let (mut height, mut asked) = (0, None::<Instant>);
        loop {
            sleep(TRACK_EVERY).await;
            let signatures: Vec<Signature> = locked(&self.pending).keys().copied().collect();
            if signatures.is_empty() {
                continue;
            }
            // Height first: a status that is missing after the height was past is missing for good.
            if asked.is_none_or(|asked| asked.elapsed() >= HEIGHT_EVERY) {
                height = self.client.rpc().get_block_height().await.unwrap_or(height);
                asked = Some(Instant::now());
            }
            for part in signatures.chunks(STATUS_BATCH) {
                let Ok(answer) = self.client.rpc().get_signature_statuses(part).await else { continue };
                for (signature, status) in part.iter().zip(answer.value) {
                    match status {
                        Some(status) => self.land(*signature, status.err.map(Failure::Refused), status.slot),
                        None => self.insist(*signature, height),
                    }
                }
            }
            // An endpoint that is silent for that long will not tell any more.
            let lost: Vec<Signature> = locked(&self.pending)
                .iter()
                .filter(|(_, pending)| pending.sent.elapsed() >= LOST_AFTER)
                .map(|(signature, _)| *signature)
                .collect();
            lost.into_iter().for_each(|signature| self.land(signature, Some(Failure::Lost), 0));
        }
    }

    fn land(&self, signature: Signature, failure: Option<Failure>, slot: u64) {
        let landed = locked(&self.pending).remove(&signature);
        if let Some(Pending { parcel, sent, fee, .. }) = landed {
            self.report(&parcel, signature, failure, slot, (sent, fee));
        }
    }

    /// Sends again what has no status yet, or gives up what cannot land any more.
    fn insist(self: &Arc<Self>, signature: Signature, height: u64) {
        let mut pending = locked(&self.pending);
        let Some(waiting) = pending.get_mut(&signature) else { return };
        if height > waiting.last_valid {
            drop(pending);
            self.land(signature, Some(Failure::Expired), 0);
        } else if waiting.resent.elapsed() >= RESEND_EVERY {
            waiting.resent = Instant::now();
            let again = waiting.clone();
            drop(pending);
            self.resent.fetch_add(1, Ordering::Relaxed);
            // A node that refuses a repetition has the transaction already.
            tokio::spawn(async move { drop(again.submit().await) });
        }
    }

    fn report(
        &self,
        parcel: &Parcel,
        signature: Signature,
        failure: Option<Failure>,
        slot: u64,
        (sent, fee): (Instant, u64),
    ) {
        let rest = if failure.is_some() { FAILURE_REST } else { 0 };
        self.set_busy(parcel, slot.saturating_add(rest));
        let receipt = Receipt {
            signature,
            label: parcel.label,
            actor: parcel.actor,
            reward: parcel.reward,
            failure,
            slot,
            decided: parcel.decided,
            fee,
            latency: sent.elapsed(),
        };
        // Nobody listens any more only at the end.
        let _ = self.receipts.send(receipt);
    }

    fn set_busy(&self, parcel: &Parcel, until: u64) {
        let mut busy = locked(&self.busy);
        for subject in &parcel.subjects {
            busy.insert((parcel.actor, *subject), until);
        }
    }

    async fn renew(self: Arc<Self>) {
        loop {
            sleep(BLOCKHASH_AGE).await;
            if let Ok(recent) = recent(&self.client).await {
                // An endpoint that lags behind may tell of an older one.
                self.blockhash.send_if_modified(|known| {
                    let newer = recent.last_valid > known.last_valid;
                    if newer {
                        *known = recent;
                    }
                    newer
                });
            }
        }
    }
}

async fn recent(client: &Client) -> Result<Recent, solana_rpc_client_api::client_error::Error> {
    let (hash, last_valid) = client.rpc().get_latest_blockhash_with_commitment(client.commitment()).await?;
    Ok(Recent { hash, last_valid })
}

/// Whether the endpoint has judged the transaction, rather than not answered.
fn is_refusal(error: &kedge_client::SendError) -> bool {
    use solana_rpc_client_api::client_error::ErrorKind;
    match error {
        kedge_client::SendError::Rpc(error) => {
            matches!(error.kind(), ErrorKind::RpcError(_) | ErrorKind::TransactionError(_))
        }
        _ => true,
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
