//! Sends many transactions side by side and follows them until they have landed or cannot land any more.
//!
//! A transaction is sent again and again until it has a status or its blockhash has expired: the same bytes, so that it
//! lands once or not at all. Only then is its subject free for another plan: neither an endpoint that refuses it or names
//! another signature, nor one whose height runs away, nor one that lags and knows no status, frees it before: that it has
//! expired is proven ([`kedge_client::outcome`]) or not believed, however long that takes. What the chain has refused is simulated in a bank
//! of that slot or a later one before it is signed again, and each failure is followed by a longer rest (`busy`). A
//! process that dies forgets what was under way; what it, or a copy of it, decides anew is refused by the program when the
//! first transaction has landed meanwhile, since every action of a keeper names the state that it acts on.

mod blockhash;
mod busy;
mod fees;
mod follow;
mod purse;
mod request;
mod sending;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use kedge_client::outcome::Life;
use kedge_client::{Client, SendError};
use kedge_interface::Instruction;
use solana_rpc_client::nonblocking::rpc_client::RpcClient;
use solana_rpc_client::rpc_client::RpcClientConfig;
use solana_signature::Signature;
use solana_transaction::versioned::VersionedTransaction;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::Subject;
use crate::alarm::Alarms;
use crate::bundle_relay::Refusal;
use crate::plan::MAX_COMPUTE;
use blockhash::{Blockhashes, VALID};
use busy::{Busy, End};
use fees::Fees;
pub use fees::{Bidding, Strategy, lamports};
pub use purse::{Purse, Reserved, SIGNATURE};
pub use request::{Failure, Permit, Receipt, Request};
pub use sending::{Compute, Sending};

/// Time between two looks at the transactions under way.
const TRACK_EVERY: Duration = Duration::from_millis(40);
/// Numbers by which equal instructions differ: more than are sent while a blockhash is the latest.
const NONCES: u32 = 1_024;

#[derive(Clone)]
struct Pending {
    request: Request,
    transaction: VersionedTransaction,
    sent: Instant,
    resent: Instant,
    /// Priority fee, lamports.
    fee: u64,
    /// Signature, blockhash, and the height after which it cannot land.
    life: Life,
    /// What was put aside for it.
    reserved: Reserved,
    /// What whoever got it had against it.
    refused: Option<String>,
}

impl Pending {
    /// Hands it over; the reason when whoever got it has judged it, rather than not answered.
    async fn submit(&self) -> Option<String> {
        match &self.request.relay {
            Some(relay) => match relay.submit(&self.transaction).await {
                Err(Refusal::Refused(reason)) => Some(reason),
                _ => None,
            },
            None => match self.request.sender.submit(&self.transaction).await {
                Err(error) if is_refusal(&error) => Some(error.to_string()),
                _ => None,
            },
        }
    }
}

struct Shared {
    client: Client,
    /// Each endpoint alone, where there are several.
    each: Vec<Arc<RpcClient>>,
    sending: Sending,
    fees: Arc<Fees>,
    purse: Purse,
    alarms: Alarms,
    permits: Semaphore,
    blockhashes: Mutex<Blockhashes>,
    resent: AtomicU64,
    signed: AtomicU64,
    nonce: AtomicU32,
    pending: Mutex<HashMap<Signature, Pending>>,
    busy: Mutex<Busy>,
    receipts: UnboundedSender<Receipt>,
}

/// Sends requests and follows them.
pub struct RequestSender {
    shared: Arc<Shared>,
    tasks: Vec<JoinHandle<()>>,
}

impl RequestSender {
    /// Receipts come out of the channel as transactions land.
    ///
    /// # Errors
    /// [`kedge_state::error::Error::Fetch`] without a first blockhash.
    pub async fn start(
        client: Client,
        sending: Sending,
    ) -> kedge_state::error::Result<(Self, UnboundedReceiver<Receipt>)> {
        let purse = Purse::new(sending.lamports_a_day);
        Self::with(client, sending, purse, Alarms::default()).await
    }

    /// The same with a purse and alarms that are shared with others.
    ///
    /// # Errors
    /// As [`Self::start`], also for a first blockhash that does not fit the chain's height.
    pub async fn with(
        client: Client,
        sending: Sending,
        purse: Purse,
        alarms: Alarms,
    ) -> kedge_state::error::Result<(Self, UnboundedReceiver<Receipt>)> {
        let first = follow::first(&client, sending.fastest_slot).await?;
        let (receipts, landed) = unbounded_channel();
        let fees = Arc::new(Fees::new(sending.bidding));
        let following = tokio::spawn(Arc::clone(&fees).follow(client.clone()));
        let commitment = client.commitment();
        let alone = |endpoint| Arc::new(RpcClient::new_sender(endpoint, RpcClientConfig::with_commitment(commitment)));
        let each = client.endpoints().each().into_iter().map(alone).collect();
        let shared = Arc::new(Shared {
            client,
            each,
            sending,
            fees,
            purse,
            alarms,
            permits: Semaphore::new(sending.at_once.max(1)),
            blockhashes: Mutex::new(first),
            resent: AtomicU64::new(0),
            signed: AtomicU64::new(0),
            nonce: AtomicU32::new(0),
            pending: Mutex::default(),
            busy: Mutex::default(),
            receipts,
        });
        let (follow, renew) = (Arc::clone(&shared).follow(), Arc::clone(&shared).renew());
        let tasks = vec![tokio::spawn(follow), tokio::spawn(renew), following];
        Ok((Self { shared, tasks }, landed))
    }

    /// Whether a subject of an actor has a transaction under way, or one that a world of this slot does not show yet, or
    /// rests after a failure.
    #[must_use]
    pub fn is_busy(&self, actor: usize, subject: &Subject, slot: u64) -> bool {
        locked(&self.shared.busy).is_busy(actor, subject, slot, Instant::now())
    }

    /// Subjects with a transaction under way.
    #[must_use]
    pub fn under_way(&self) -> usize {
        locked(&self.shared.busy).under_way()
    }

    /// Subjects that are remembered.
    #[must_use]
    pub fn remembered(&self) -> usize {
        locked(&self.shared.busy).kept()
    }

    /// Times that a transaction was sent again so far.
    #[must_use]
    pub fn resent(&self) -> u64 {
        self.shared.resent.load(Ordering::Relaxed)
    }

    /// Transactions that were signed so far.
    #[must_use]
    pub fn signed(&self) -> u64 {
        self.shared.signed.load(Ordering::Relaxed)
    }

    /// What may be spent in a day.
    #[must_use]
    pub fn purse(&self) -> &Purse {
        &self.shared.purse
    }

    /// What is offered for being early.
    #[must_use]
    pub fn bidding(&self) -> &Bidding {
        self.shared.fees.bidding()
    }

    /// Sends a request as soon as its turn comes; false when too many wait already.
    pub fn send(&self, request: Request) -> bool {
        {
            let mut busy = locked(&self.shared.busy);
            if busy.under_way() >= self.shared.sending.queue {
                return false;
            }
            busy.begin(request.actor, &request.subjects, Instant::now());
        }
        tokio::spawn(Arc::clone(&self.shared).send(request));
        true
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

impl Drop for RequestSender {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl Shared {
    async fn send(self: Arc<Self>, request: Request) {
        let Ok(_permit) = self.permits.acquire().await else { return };
        let sent = Instant::now();
        // The lease may have lapsed while it waited.
        let permitted = request.permit.as_ref().is_none_or(|permit| permit());
        let prepared = match permitted {
            true => self.prepare(&request, sent).await,
            false => Err(Failure::NotSent("this copy may not act any more".into())),
        };
        let pending = match prepared {
            Ok(pending) => pending,
            Err(failure) => {
                let end = End::Failed(request.decided);
                return self.report(&request, Signature::default(), Some(failure), (0, end), (sent, 0));
            }
        };
        let signature = pending.life.signature;
        // Followed from here on: an endpoint that answers with an error may have passed it on.
        locked(&self.pending).insert(signature, pending.clone());
        self.signed.fetch_add(1, Ordering::Relaxed);
        self.hand_over(signature, &pending).await;
    }

    /// Hands a transaction over, and remembers what was said against it.
    async fn hand_over(&self, signature: Signature, pending: &Pending) {
        if let Some(refusal) = pending.submit().await
            && let Some(waiting) = locked(&self.pending).get_mut(&signature)
        {
            waiting.refused = Some(refusal);
        }
    }

    /// A signed transaction that is paid for; why there is none.
    async fn prepare(&self, request: &Request, sent: Instant) -> Result<Pending, Failure> {
        let payer = request.sender.client().payer_address();
        let tip = request.relay.as_ref().and_then(|relay| relay.tip(&payer));
        let tipped = request.relay.as_ref().filter(|_| tip.is_some()).map_or(0, |relay| relay.tip_lamports());
        let instructions: Vec<Instruction> = request.instructions.iter().cloned().chain(tip).collect();
        let units = self.units(request, &instructions).await?;
        let price = self.fees.price(&request.contended, units, request.worth);
        let fee = fees::cost(units, price);
        let latest = locked(&self.blockhashes).latest(Instant::now());
        let recent = latest.ok_or_else(|| Failure::NotSent("there is no blockhash that is young enough".into()))?;
        let cost = SIGNATURE.saturating_add(fee).saturating_add(tipped);
        let Some(reserved) = self.purse.reserve(cost, request.is_urgent()) else {
            let ceiling = self.purse.ceiling();
            let reason = format!("the ceiling of {ceiling} lamports a day is reached");
            self.alarms.raise("ceiling", reason.clone());
            return Err(Failure::NotSent(reason));
        };
        self.alarms.end("ceiling");
        match request.sender.sign(&instructions, &[], units, price, recent.hash) {
            Ok(transaction) => {
                let signature = transaction.signatures.first().copied().unwrap_or_default();
                let life = Life { signature, blockhash: Some(recent.hash), last_valid: recent.last_valid };
                let (request, resent, refused) = (request.clone(), sent, None);
                Ok(Pending { request, transaction, sent, resent, fee, life, reserved, refused })
            }
            Err(error) => {
                self.purse.release(reserved);
                Err(Failure::NotSent(error.to_string()))
            }
        }
    }

    /// The compute limit to ask for. What the chain has refused is looked at first, in a bank that has seen that.
    async fn units(&self, request: &Request, instructions: &[Instruction]) -> Result<u32, Failure> {
        let refused = locked(&self.busy).refused(request.actor, &request.subjects);
        // A slot that was made up would never be reached.
        let refused = refused.map(|slot| slot.min(request.decided.saturating_add(VALID)));
        let margin = match self.sending.compute {
            Compute::Simulated { margin_percent } => Some(margin_percent),
            Compute::Estimated => refused.map(|_| 0),
        };
        let units = match margin {
            None => request.compute_limit,
            Some(margin) => {
                match request.sender.units_at(instructions, &[], margin, refused.unwrap_or(0)).await {
                    Ok(units) if self.sending.compute == Compute::Estimated => units.max(request.compute_limit),
                    Ok(units) => units,
                    Err(SendError::Refused(refused)) => return Err(Failure::Foreseen(refused.error)),
                    Err(SendError::Failed { error, .. }) => {
                        return Err(Failure::NotSent(format!("simulated: {error}")));
                    }
                    Err(error) if refused.is_some() => {
                        return Err(Failure::NotSent(format!("refused before, and not simulated: {error}")));
                    }
                    // Who cannot ask goes by the estimate: the plan was tried.
                    Err(_) => request.compute_limit,
                }
            }
        };
        // A few units more cost next to nothing, and a running number in the last ten bits makes equal instructions different
        // transactions.
        let nonce = self.nonce.fetch_add(1, Ordering::Relaxed) % NONCES;
        Ok(units.min(MAX_COMPUTE - 2 * NONCES).next_multiple_of(NONCES) + nonce)
    }
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
