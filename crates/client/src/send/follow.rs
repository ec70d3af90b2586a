//! Handing a transaction over, again and again, until it is certain what became of it.

use std::time::{Duration, Instant};

use solana_commitment_config::CommitmentConfig;
use solana_instruction::Instruction;
use solana_rpc_client_api::client_error::{Error, ErrorKind};
use solana_signature::Signature;
use solana_transaction::versioned::VersionedTransaction;
use solana_transaction_error::TransactionError;
use solana_transaction_status_client_types::TransactionStatus;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::{Sender, Signed};
use crate::SendError;
use crate::history::Past;
use crate::outcome::{BLOCKHASH_SERVES, Evidence, Expired, Landed, Life, Outcome, Rejected, Unknown};

/// Time between two looks into the history for what has no status.
const HISTORY_EVERY: Duration = Duration::from_secs(5);
/// Time between two looks at whether it has expired.
const EVIDENCE_EVERY: Duration = Duration::from_secs(1);
/// Age of a transaction at which one of several endpoints is enough to say that it has expired.
const LONE_AFTER: Duration = Duration::from_secs(120);
/// Times that it is handed over side by side: an endpoint that is silent holds nobody up.
const AT_ONCE: usize = 3;
/// Blocks by which two nodes may differ.
const SLACK: u64 = 32;

/// What has been seen of a transaction.
struct Watch<'t> {
    life: Life,
    /// Its instructions; empty where they are not known.
    instructions: &'t [Instruction],
    /// Instructions of the transaction in front of them.
    leading: usize,
    /// What the payer had before it was sent, lamports.
    balance: Option<u64>,
    started: Instant,
    history: Option<Instant>,
    evidence: Option<Instant>,
    /// What was said when it was handed over, when that was not yes.
    said: Option<String>,
    /// Why what is told is not believed.
    doubt: Option<String>,
}

impl<'t> Watch<'t> {
    fn new(life: Life) -> Self {
        let started = Instant::now();
        let (history, evidence, said, doubt) = (None, None, None, None);
        Self { life, instructions: &[], leading: 0, balance: None, started, history, evidence, said, doubt }
    }

    fn of(signed: &'t Signed) -> Self {
        let leading = signed.transaction.message.instructions().len().saturating_sub(signed.instructions.len());
        let (instructions, balance) = (signed.instructions.as_slice(), signed.balance);
        Self { instructions, leading, balance, ..Self::new(signed.life) }
    }

    fn unknown(self) -> Outcome {
        let Life { signature, last_valid, .. } = self.life;
        let silent = "the endpoint does not say what became of the transaction";
        let reason = self.doubt.or(self.said).unwrap_or_else(|| silent.into());
        Outcome::Unknown(Unknown { signature, last_valid: Some(last_valid), reason })
    }
}

/// What was submitted, and how it went.
type Handing = JoinSet<Result<Signature, SendError>>;

impl Sender {
    /// Hands a signed transaction over, and the same again, until its outcome is certain or
    /// [`super::SendConfig::patience`] is over. What an endpoint says when it is handed over decides nothing: one that
    /// refuses, names another signature or falls silent may have passed it on.
    ///
    /// # Errors
    /// [`SendError::Rpc`] when nobody could be reached and it was therefore not sent.
    pub async fn deliver(&self, signed: &Signed) -> Result<Outcome, SendError> {
        let mut watch = Watch::of(signed);
        match timeout(self.config.patience, self.insist(&signed.transaction, &mut watch)).await {
            Ok(outcome) => outcome,
            Err(_) => Ok(watch.unknown()),
        }
    }

    /// What became of a transaction by now, at one look. `last_valid` is the last block height at which it can land; without
    /// it nothing proves that a transaction that is not found has expired.
    pub async fn outcome(&self, signature: Signature, last_valid: Option<u64>) -> Outcome {
        let life = Life { signature, blockhash: None, last_valid: last_valid.unwrap_or(u64::MAX) };
        let mut watch = Watch::new(life);
        let looking = async {
            match self.status(&mut watch).await {
                None if last_valid.is_some() => self.expired(true, &mut watch).await,
                found => found,
            }
        };
        let found = timeout(self.config.patience, looking).await.ok().flatten();
        found.unwrap_or_else(|| {
            let silent = "no block that the endpoint knows holds it, and it may still get into one";
            let reason = watch.doubt.unwrap_or_else(|| silent.into());
            Outcome::Unknown(Unknown { signature, last_valid, reason })
        })
    }

    /// The same, waited for. Whoever signed it before now used a blockhash that has expired 150 blocks from now: without
    /// `last_valid` that is the end.
    ///
    /// # Errors
    /// [`SendError::Rpc`] when the endpoint does not tell how high the chain is.
    pub async fn await_outcome(&self, signature: Signature, last_valid: Option<u64>) -> Result<Outcome, SendError> {
        let last_valid = match last_valid {
            Some(last_valid) => last_valid,
            None => self.client.rpc().get_block_height().await?.saturating_add(BLOCKHASH_SERVES + SLACK),
        };
        let mut watch = Watch::new(Life { signature, blockhash: None, last_valid });
        let waiting = async {
            loop {
                // What somebody else signed may be old: our clock tells nothing of its age.
                if let Some(outcome) = self.look(Duration::ZERO, &mut watch).await {
                    return outcome;
                }
                sleep(self.config.poll).await;
            }
        };
        let found = timeout(self.config.patience, waiting).await.ok();
        Ok(found.unwrap_or_else(|| watch.unknown()))
    }

    async fn insist(&self, transaction: &VersionedTransaction, watch: &mut Watch<'_>) -> Result<Outcome, SendError> {
        let (mut handing, mut first, mut sent) = (Handing::new(), true, Instant::now());
        self.hand_over(transaction, &mut handing);
        loop {
            sleep(self.config.poll).await;
            while let Some(done) = handing.try_join_next() {
                match done {
                    // Nobody has it but us.
                    Ok(Err(SendError::Rpc(error))) if first && self.is_unreachable(&error) => {
                        return Err(SendError::Rpc(error));
                    }
                    // A node that refuses a repetition has the transaction already.
                    Ok(Err(error)) if first => {
                        watch.said = Some(error.to_string().trim_end_matches([';', ' ']).to_owned());
                    }
                    _ => {}
                }
                first = false;
            }
            if let Some(outcome) = self.look(self.config.life, watch).await {
                return Ok(outcome);
            }
            if sent.elapsed() >= self.config.resend && handing.len() < AT_ONCE {
                self.hand_over(transaction, &mut handing);
                sent = Instant::now();
            }
        }
    }

    fn hand_over(&self, transaction: &VersionedTransaction, handing: &mut Handing) {
        let (sender, transaction) = (self.clone(), transaction.clone());
        handing.spawn(async move { sender.submit(&transaction).await });
    }

    /// Whether a request has reached nobody. Of several endpoints one may have been reached.
    fn is_unreachable(&self, error: &Error) -> bool {
        is_connect(error) && self.client.endpoints().each().len() == 1
    }

    /// One look at everything that is due. It has not expired before it is `life` old.
    async fn look(&self, life: Duration, watch: &mut Watch<'_>) -> Option<Outcome> {
        if let Some(outcome) = self.status(watch).await {
            return Some(outcome);
        }
        if watch.started.elapsed() >= life && watch.evidence.is_none_or(|last| last.elapsed() >= EVIDENCE_EVERY) {
            let lone = watch.started.elapsed() >= LONE_AFTER;
            let outcome = self.expired(lone, watch).await;
            watch.evidence = Some(Instant::now());
            return outcome;
        }
        None
    }

    /// The outcome by a status and the history, when one of them tells of any.
    async fn status(&self, watch: &mut Watch<'_>) -> Option<Outcome> {
        let told = self.client.rpc().get_signature_statuses(&[watch.life.signature]).await;
        let told = told.map(|answer| answer.value.into_iter().next().flatten());
        let status = match told {
            Ok(status) => status.filter(|status| status.satisfies_commitment(self.client.commitment())),
            Err(_) => None,
        };
        // Who waits for less than a confirmation does not wait for the history, which begins there.
        if let Some(status) = status.as_ref().filter(|_| !self.client.commitment().is_at_least_confirmed()) {
            return Some(self.judge(status.slot, status.err.clone(), None, watch).await);
        }
        let due = status.is_some() || watch.history.is_none_or(|last| last.elapsed() >= HISTORY_EVERY);
        if !due {
            return None;
        }
        self.recorded(status, watch).await
    }

    /// The outcome by the history: it holds the transaction itself, which a status does not.
    async fn recorded(&self, status: Option<TransactionStatus>, watch: &mut Watch<'_>) -> Option<Outcome> {
        // Where nothing is known yet, the first look is due after a while.
        let first = watch.history.is_none() && status.is_none() && !watch.instructions.is_empty();
        watch.history = Some(Instant::now());
        if first {
            return None;
        }
        let said = |error: &Option<TransactionError>| {
            error.as_ref().map_or_else(|| "succeeded".to_owned(), |error| format!("failed ({error})"))
        };
        match (self.client.past(&watch.life.signature).await, status) {
            (Ok(Some(past)), status) => {
                let error = past.failure.as_ref().map(|failure| failure.error.clone());
                if let Some(status) = status.filter(|status| status.err != error) {
                    let (one, other) = (said(&status.err), said(&error));
                    watch.doubt =
                        Some(format!("the endpoint says that the transaction {one}, and in its history it {other}"));
                    return None;
                }
                Some(self.judge(past.slot, error, Some(past), watch).await)
            }
            (Ok(None), Some(status)) => {
                let (what, slot) = (said(&status.err), status.slot);
                watch.doubt = Some(format!(
                    "the endpoint says that the transaction {what} in slot {slot}, and its history does not hold it"
                ));
                None
            }
            // Where no history is kept, what cannot be undone counts.
            (Err(_), Some(status)) if status.satisfies_commitment(CommitmentConfig::finalized()) => {
                Some(self.judge(status.slot, status.err, None, watch).await)
            }
            _ => None,
        }
    }

    /// The end, when it is proven that it is in no block and can be in none any more.
    async fn expired(&self, lone: bool, watch: &mut Watch<'_>) -> Option<Outcome> {
        let evidence = self.client.evidence(&[watch.life], lone).await.into_iter().next()?;
        let Evidence::Expired { slot } = evidence else { return None };
        if let Some(before) = watch.balance
            && self.balance_at(slot).await != Some(before)
        {
            // Whoever pays for a transaction has less afterwards.
            watch.doubt = Some(
                "the endpoint says that the transaction has expired, and the wallet does not hold what it held before"
                    .into(),
            );
            return None;
        }
        let Life { signature, last_valid, .. } = watch.life;
        let said = watch.said.clone();
        Some(Outcome::Expired(Expired { signature, last_valid, slot, said }))
    }

    /// What became of a transaction that is in a block.
    async fn judge(
        &self,
        slot: u64,
        error: Option<TransactionError>,
        past: Option<Past>,
        watch: &Watch<'_>,
    ) -> Outcome {
        let at = Landed { signature: watch.life.signature, slot };
        let Some(error) = error else { return Outcome::Landed(at) };
        let past = match past {
            Some(past) => Some(past),
            None => self.client.past(&at.signature).await.ok().flatten(),
        };
        let all: Vec<Instruction> = past.iter().flat_map(Past::instructions).collect();
        let logs = past.map(|past| past.logs).unwrap_or_default();
        let (instructions, leading) =
            if watch.instructions.is_empty() { (all.as_slice(), 0) } else { (watch.instructions, watch.leading) };
        let refused = self.refusal(&error, &logs, instructions, leading).await;
        Outcome::Rejected(Box::new(Rejected { at, error, refused, logs }))
    }
}

/// Whether no connection came about.
pub(super) fn is_connect(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Reqwest(error) if error.is_connect() || error.is_builder())
}
