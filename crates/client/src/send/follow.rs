//! Sending a transaction again and again until its outcome is certain.

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

/// Time between two reads of the history, for a transaction without a status.
const HISTORY_EVERY: Duration = Duration::from_secs(5);
/// Time between two checks whether the transaction has expired.
const EVIDENCE_EVERY: Duration = Duration::from_secs(1);
/// Age of a transaction from which one of several endpoints is enough to prove that it has expired.
const LONE_AFTER: Duration = Duration::from_secs(120);
/// Submissions under way at once: a silent endpoint does not delay the next.
const AT_ONCE: usize = 3;
/// Blocks by which the heights of two nodes may differ.
const SLACK: u64 = 32;

/// A transaction and the evidence of its outcome so far.
struct Followed<'t> {
    life: Life,
    /// The caller's instructions; empty where they are not known.
    instructions: &'t [Instruction],
    /// Instructions that the sender put in front of them.
    leading: usize,
    /// Balance of the payer before the transaction was sent, lamports.
    balance: Option<u64>,
    started: Instant,
    history: Option<Instant>,
    evidence: Option<Instant>,
    /// The endpoint's last refusal of a submission.
    said: Option<String>,
    /// Why the evidence so far is not believed.
    doubt: Option<String>,
}

impl<'t> Followed<'t> {
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

/// Submissions under way, each with the signature that the endpoint named.
type Handing = JoinSet<Result<Signature, SendError>>;

impl Sender {
    /// Submits a signed transaction again and again until its outcome is certain or [`super::SendConfig::patience`] is
    /// over. The answer to a submission decides nothing: an endpoint that refuses, names another signature or falls
    /// silent may have passed the transaction on.
    ///
    /// # Errors
    /// [`SendError::Rpc`] when no endpoint could be reached, so that the transaction was not sent.
    pub async fn deliver(&self, signed: &Signed) -> Result<Outcome, SendError> {
        let mut followed = Followed::of(signed);
        match timeout(self.config.patience, self.insist(&signed.transaction, &mut followed)).await {
            Ok(outcome) => outcome,
            Err(_) => Ok(followed.unknown()),
        }
    }

    /// The outcome of a transaction by now, at one look. `last_valid` is the last block height at which it can land;
    /// without that height nothing proves that a missing transaction has expired.
    pub async fn outcome(&self, signature: Signature, last_valid: Option<u64>) -> Outcome {
        let life = Life { signature, blockhash: None, last_valid: last_valid.unwrap_or(u64::MAX) };
        let mut followed = Followed::new(life);
        let looking = async {
            match self.status(&mut followed).await {
                None if last_valid.is_some() => self.expired(true, &mut followed).await,
                found => found,
            }
        };
        let found = timeout(self.config.patience, looking).await.ok().flatten();
        found.unwrap_or_else(|| {
            let silent = "no block that the endpoint knows holds it, and it may still get into one";
            let reason = followed.doubt.unwrap_or_else(|| silent.into());
            Outcome::Unknown(Unknown { signature, last_valid, reason })
        })
    }

    /// [`Self::outcome`], waited for. Without `last_valid` the wait ends 150 blocks from now: a transaction that is
    /// signed already carries a blockhash that has expired by then.
    ///
    /// # Errors
    /// [`SendError::Rpc`] when the endpoint does not tell how high the chain is.
    pub async fn await_outcome(&self, signature: Signature, last_valid: Option<u64>) -> Result<Outcome, SendError> {
        let last_valid = match last_valid {
            Some(last_valid) => last_valid,
            None => self.client.rpc().get_block_height().await?.saturating_add(BLOCKHASH_SERVES + SLACK),
        };
        let mut followed = Followed::new(Life { signature, blockhash: None, last_valid });
        let waiting = async {
            loop {
                // A transaction that another process signed may be old: our clock tells nothing of its age.
                if let Some(outcome) = self.look(Duration::ZERO, &mut followed).await {
                    return outcome;
                }
                sleep(self.config.poll).await;
            }
        };
        let found = timeout(self.config.patience, waiting).await.ok();
        Ok(found.unwrap_or_else(|| followed.unknown()))
    }

    async fn insist(
        &self,
        transaction: &VersionedTransaction,
        followed: &mut Followed<'_>,
    ) -> Result<Outcome, SendError> {
        let (mut handing, mut first, mut sent) = (Handing::new(), true, Instant::now());
        self.hand_over(transaction, &mut handing);
        loop {
            sleep(self.config.poll).await;
            while let Some(done) = handing.try_join_next() {
                match done {
                    // No endpoint has the transaction.
                    Ok(Err(SendError::Rpc(error))) if first && self.is_unreachable(&error) => {
                        return Err(SendError::Rpc(error));
                    }
                    // A node that refuses a repetition has the transaction already.
                    Ok(Err(error)) if first => {
                        followed.said = Some(error.to_string().trim_end_matches([';', ' ']).to_owned());
                    }
                    _ => {}
                }
                first = false;
            }
            if let Some(outcome) = self.look(self.config.life, followed).await {
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

    /// Whether a submission reached no endpoint. Behind several endpoints, one may have been reached.
    fn is_unreachable(&self, error: &Error) -> bool {
        is_connect(error) && self.client.endpoints().each().len() == 1
    }

    /// One look at all evidence that is due. The transaction has not expired before it is `life` old.
    async fn look(&self, life: Duration, followed: &mut Followed<'_>) -> Option<Outcome> {
        if let Some(outcome) = self.status(followed).await {
            return Some(outcome);
        }
        if followed.started.elapsed() >= life && followed.evidence.is_none_or(|last| last.elapsed() >= EVIDENCE_EVERY) {
            let lone = followed.started.elapsed() >= LONE_AFTER;
            let outcome = self.expired(lone, followed).await;
            followed.evidence = Some(Instant::now());
            return outcome;
        }
        None
    }

    /// The outcome by status and history, when one of them tells it.
    async fn status(&self, followed: &mut Followed<'_>) -> Option<Outcome> {
        let told = self.client.rpc().get_signature_statuses(&[followed.life.signature]).await;
        let told = told.map(|answer| answer.value.into_iter().next().flatten());
        let status = match told {
            Ok(status) => status.filter(|status| status.satisfies_commitment(self.client.commitment())),
            Err(_) => None,
        };
        // A caller that accepts less than a confirmation does not wait for the history, which begins there.
        if let Some(status) = status.as_ref().filter(|_| !self.client.commitment().is_at_least_confirmed()) {
            return Some(self.judge(status.slot, status.err.clone(), None, followed).await);
        }
        let due = status.is_some() || followed.history.is_none_or(|last| last.elapsed() >= HISTORY_EVERY);
        if !due {
            return None;
        }
        self.recorded(status, followed).await
    }

    /// The outcome by the history, which holds the transaction itself; a status does not.
    async fn recorded(&self, status: Option<TransactionStatus>, followed: &mut Followed<'_>) -> Option<Outcome> {
        // Without a status, the first read of the history is due after a while.
        let first = followed.history.is_none() && status.is_none() && !followed.instructions.is_empty();
        followed.history = Some(Instant::now());
        if first {
            return None;
        }
        let said = |error: &Option<TransactionError>| {
            error.as_ref().map_or_else(|| "succeeded".to_owned(), |error| format!("failed ({error})"))
        };
        match (self.client.past(&followed.life.signature).await, status) {
            (Ok(Some(past)), status) => {
                let error = past.failure.as_ref().map(|failure| failure.error.clone());
                if let Some(status) = status.filter(|status| status.err != error) {
                    let (one, other) = (said(&status.err), said(&error));
                    followed.doubt =
                        Some(format!("the endpoint says that the transaction {one}, and in its history it {other}"));
                    return None;
                }
                Some(self.judge(past.slot, error, Some(past), followed).await)
            }
            (Ok(None), Some(status)) => {
                let (what, slot) = (said(&status.err), status.slot);
                followed.doubt = Some(format!(
                    "the endpoint says that the transaction {what} in slot {slot}, and its history does not hold it"
                ));
                None
            }
            // Where no history is kept, a finalized status counts.
            (Err(_), Some(status)) if status.satisfies_commitment(CommitmentConfig::finalized()) => {
                Some(self.judge(status.slot, status.err, None, followed).await)
            }
            _ => None,
        }
    }

    /// The outcome "expired", when it is proven that the transaction is in no block and can be in none any more.
    async fn expired(&self, lone: bool, followed: &mut Followed<'_>) -> Option<Outcome> {
        let evidence = self.client.evidence(&[followed.life], lone).await.into_iter().next()?;
        let Evidence::Expired { slot } = evidence else { return None };
        if let Some(before) = followed.balance
            && self.balance_at(slot).await != Some(before)
        {
            // A payer has less after its transaction landed.
            followed.doubt = Some(
                "the endpoint says that the transaction has expired, and the wallet does not hold what it held before"
                    .into(),
            );
            return None;
        }
        let Life { signature, last_valid, .. } = followed.life;
        let said = followed.said.clone();
        Some(Outcome::Expired(Expired { signature, last_valid, slot, said }))
    }

    /// The outcome of a transaction that is in a block.
    async fn judge(
        &self,
        slot: u64,
        error: Option<TransactionError>,
        past: Option<Past>,
        followed: &Followed<'_>,
    ) -> Outcome {
        let at = Landed { signature: followed.life.signature, slot };
        let Some(error) = error else { return Outcome::Landed(at) };
        let past = match past {
            Some(past) => Some(past),
            None => self.client.past(&at.signature).await.ok().flatten(),
        };
        let all: Vec<Instruction> = past.iter().flat_map(Past::instructions).collect();
        let logs = past.map(|past| past.logs).unwrap_or_default();
        let (instructions, leading) = if followed.instructions.is_empty() {
            (all.as_slice(), 0)
        } else {
            (followed.instructions, followed.leading)
        };
        let refused = self.refusal(&error, &logs, instructions, leading).await;
        Outcome::Rejected(Box::new(Rejected { at, error, refused, logs }))
    }
}

/// Whether the error says that no connection came about.
pub(super) fn is_connect(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Reqwest(error) if error.is_connect() || error.is_builder())
}
