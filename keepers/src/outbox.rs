//! Sends many transactions side by side and follows them until they have landed.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use kedge_interface::Instruction;
use solana_compute_budget_interface::ComputeBudgetInstruction;
use solana_hash::Hash;
use solana_keypair::Keypair;
use solana_message::{VersionedMessage, v0};
use solana_rpc_client::rpc_client::RpcClient;
use solana_rpc_client_api::config::RpcSendTransactionConfig;
use solana_signature::Signature;
use solana_signer::Signer;
use solana_transaction::versioned::VersionedTransaction;

use crate::action::Subject;
use crate::error::{Error, Result};

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
    /// Who signs and pays.
    pub signer: Arc<Keypair>,
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
    /// The error's text when it failed, or did not land.
    pub error: Option<String>,
    /// Slot in which it landed; zero when it did not.
    pub slot: u64,
    /// Time from sending to the status.
    pub latency: Duration,
}

struct Pending {
    parcel: Parcel,
    sent: Instant,
}

struct Shared {
    rpc: Arc<RpcClient>,
    blockhash: RwLock<Hash>,
    nonce: AtomicU64,
    pending: Mutex<HashMap<Signature, Pending>>,
    /// The slot up to which a subject is left alone; `u64::MAX` while its transaction is under way.
    busy: Mutex<HashMap<(usize, Subject), u64>>,
    receipts: Mutex<Sender<Receipt>>,
    stop: AtomicBool,
}

/// The sender: workers that sign and send, one follower.
pub struct Outbox {
    shared: Arc<Shared>,
    queue: Option<Sender<Parcel>>,
    threads: Vec<JoinHandle<()>>,
}

impl Outbox {
    /// Starts `workers` senders. Receipts come out of the channel in the order in which transactions land.
    ///
    /// # Errors
    /// [`Error::Rpc`] without a first blockhash, [`Error::Io`] when no thread can be made.
    pub fn start(rpc: Arc<RpcClient>, workers: usize) -> Result<(Self, Receiver<Receipt>)> {
        let blockhash = rpc.get_latest_blockhash().map_err(Error::rpc)?;
        let (receipts, landed) = channel();
        let shared = Arc::new(Shared {
            rpc,
            blockhash: RwLock::new(blockhash),
            nonce: AtomicU64::new(1),
            pending: Mutex::default(),
            busy: Mutex::default(),
            receipts: Mutex::new(receipts),
            stop: AtomicBool::new(false),
        });
        let (queue, parcels) = channel::<Parcel>();
        let parcels = Arc::new(Mutex::new(parcels));
        let mut threads = Vec::new();
        for index in 0..workers.max(1) {
            let (shared, parcels) = (Arc::clone(&shared), Arc::clone(&parcels));
            threads.push(thread::Builder::new().name(format!("sender-{index}")).spawn(move || {
                loop {
                    let next = parcels.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    let Ok(parcel) = next else { return };
                    if !shared.stop.load(Ordering::Relaxed) {
                        shared.send(parcel);
                    }
                }
            })?);
        }
        for (name, run) in [("follower", Shared::follow as fn(&Shared)), ("blockhash", Shared::renew as fn(&Shared))] {
            let shared = Arc::clone(&shared);
            threads.push(thread::Builder::new().name(name.into()).spawn(move || run(&shared))?);
        }
        Ok((Self { shared, queue: Some(queue), threads }, landed))
    }

    /// Whether a subject of an actor has a transaction under way, or one that a world of this slot does not show yet.
    #[must_use]
    pub fn is_busy(&self, actor: usize, subject: &Subject, slot: u64) -> bool {
        let busy = self.shared.busy.lock().unwrap_or_else(PoisonError::into_inner);
        busy.get(&(actor, *subject)).is_some_and(|until| slot <= *until)
    }

    /// Transactions under way.
    #[must_use]
    pub fn under_way(&self) -> usize {
        let busy = self.shared.busy.lock().unwrap_or_else(PoisonError::into_inner);
        busy.values().filter(|until| **until == u64::MAX).count()
    }

    /// Puts a parcel into the queue.
    pub fn send(&self, parcel: Parcel) {
        self.shared.set_busy(&parcel, u64::MAX);
        if let Some(queue) = &self.queue {
            // Closed only after `stop`.
            let _ = queue.send(parcel);
        }
    }

    /// Stops: what is queued is dropped, what is under way is followed for at most `patience`.
    pub fn stop(mut self, patience: Duration) {
        let deadline = Instant::now() + patience;
        while self.under_way() > 0 && Instant::now() < deadline {
            thread::sleep(TRACK_EVERY);
        }
        self.halt();
    }

    fn halt(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        self.queue = None;
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        self.halt();
    }
}

impl Shared {
    fn send(&self, parcel: Parcel) {
        let sent = Instant::now();
        let outcome = self.sign(&parcel).and_then(|transaction| {
            let signature = transaction.signatures.first().copied().unwrap_or_default();
            let waiting = Pending { parcel: parcel.clone(), sent };
            self.pending.lock().unwrap_or_else(PoisonError::into_inner).insert(signature, waiting);
            // The plan was rehearsed: a preflight would cost the time in which it comes too late.
            let config = RpcSendTransactionConfig { skip_preflight: true, ..RpcSendTransactionConfig::default() };
            self.rpc.send_transaction_with_config(&transaction, config).map_err(|error| {
                self.pending.lock().unwrap_or_else(PoisonError::into_inner).remove(&signature);
                Error::rpc(error)
            })
        });
        if let Err(error) = outcome {
            self.report(&parcel, Signature::default(), Some(error.to_string()), 0, sent);
        }
    }

    fn sign(&self, parcel: &Parcel) -> Result<VersionedTransaction> {
        let blockhash = *self.blockhash.read().unwrap_or_else(PoisonError::into_inner);
        // A price of a few micro-lamports costs nothing and makes equal instructions different transactions.
        let nonce = self.nonce.fetch_add(1, Ordering::Relaxed);
        let mut instructions = vec![
            ComputeBudgetInstruction::set_compute_unit_limit(parcel.compute_limit),
            ComputeBudgetInstruction::set_compute_unit_price(nonce),
        ];
        instructions.extend(parcel.instructions.iter().cloned());
        let refused = |error: &dyn std::fmt::Display| Error::Transaction(error.to_string());
        let message = v0::Message::try_compile(&parcel.signer.pubkey(), &instructions, &[], blockhash)
            .map_err(|error| refused(&error))?;
        VersionedTransaction::try_new(VersionedMessage::V0(message), &[&*parcel.signer])
            .map_err(|error| refused(&error))
    }

    /// Asks for the statuses of what is under way until told to stop.
    fn follow(&self) {
        while !self.stop.load(Ordering::Relaxed) {
            thread::sleep(TRACK_EVERY);
            let signatures: Vec<Signature> = {
                let pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
                pending.keys().take(STATUS_BATCH).copied().collect()
            };
            if signatures.is_empty() {
                continue;
            }
            let Ok(answer) = self.rpc.get_signature_statuses(&signatures) else { continue };
            for (signature, status) in signatures.into_iter().zip(answer.value) {
                match status {
                    Some(status) => {
                        let error = status.err.map(|error| error.to_string());
                        self.land(signature, error, status.slot);
                    }
                    None => self.give_up(signature),
                }
            }
        }
    }

    fn land(&self, signature: Signature, error: Option<String>, slot: u64) {
        let landed = self.pending.lock().unwrap_or_else(PoisonError::into_inner).remove(&signature);
        if let Some(Pending { parcel, sent }) = landed {
            self.report(&parcel, signature, error, slot, sent);
        }
    }

    fn give_up(&self, signature: Signature) {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        if pending.get(&signature).is_none_or(|waiting| waiting.sent.elapsed() < LOST_AFTER) {
            return;
        }
        let lost = pending.remove(&signature);
        drop(pending);
        if let Some(Pending { parcel, sent }) = lost {
            self.report(&parcel, signature, Some("did not land".into()), 0, sent);
        }
    }

    fn report(&self, parcel: &Parcel, signature: Signature, error: Option<String>, slot: u64, sent: Instant) {
        let rest = if error.is_some() { FAILURE_REST } else { 0 };
        self.set_busy(parcel, slot.saturating_add(rest));
        let receipt =
            Receipt { signature, label: parcel.label, actor: parcel.actor, error, slot, latency: sent.elapsed() };
        // Nobody listens any more only at the end.
        let _ = self.receipts.lock().unwrap_or_else(PoisonError::into_inner).send(receipt);
    }

    fn set_busy(&self, parcel: &Parcel, until: u64) {
        let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        busy.insert((parcel.actor, parcel.subject), until);
    }

    fn renew(&self) {
        while !self.stop.load(Ordering::Relaxed) {
            thread::sleep(BLOCKHASH_AGE);
            if let Ok(hash) = self.rpc.get_latest_blockhash() {
                *self.blockhash.write().unwrap_or_else(PoisonError::into_inner) = hash;
            }
        }
    }
}
