//! Waiting for a transaction, and sending it again until its blockhash expires.

use std::time::Instant;

use solana_instruction::Instruction;
use solana_rpc_client_api::client_error::{Error, ErrorKind};
use solana_signature::Signature;
use solana_transaction::versioned::VersionedTransaction;
use solana_transaction_error::TransactionError;

use super::{Landed, Sender};
use crate::SendError;
use crate::history::Past;

impl Sender {
    /// Sends until it lands; `None` when the blockhash expired first, after which it cannot land any more.
    ///
    /// An endpoint that refuses it, names another signature or falls silent may have passed it on: from the first time
    /// that it was handed over on, nothing but a status or the end of its blockhash is an outcome.
    pub(super) async fn land(
        &self,
        transaction: &VersionedTransaction,
        last_valid: u64,
        instructions: &[Instruction],
    ) -> Result<Option<Landed>, SendError> {
        let signature = transaction.signatures.first().copied().unwrap_or_default();
        let unknown = |reason: String| SendError::Unknown { signature, reason };
        let started = Instant::now();
        match self.submit(transaction).await {
            Ok(_) => {}
            // Nobody was reached.
            Err(SendError::Rpc(error)) if is_unreachable(&error) => return Err(SendError::Rpc(error)),
            Err(error) => return Err(unknown(error.to_string().trim_end_matches([';', ' ']).to_owned())),
        }
        let mut sent = Instant::now();
        loop {
            tokio::time::sleep(self.config.poll).await;
            // Height first: a status that is missing after the height was past is missing for good.
            let height = self.client.rpc().get_block_height().await.unwrap_or(0);
            let status = self.landed(&signature).await;
            if let Ok(Some(status)) = status {
                let leading = transaction.message.instructions().len().saturating_sub(instructions.len());
                return match status {
                    Ok(landed) => Ok(Some(landed)),
                    Err(error) => {
                        let logs = self.client.logs(&signature).await.unwrap_or_default();
                        Err(self.diagnose(error, logs, instructions, leading).await)
                    }
                };
            }
            if status.is_ok() && height > last_valid && started.elapsed() >= self.config.life {
                return Ok(None);
            }
            if started.elapsed() >= self.config.patience {
                return Err(unknown("the endpoint does not say what became of the transaction".into()));
            }
            if sent.elapsed() >= self.config.resend {
                // A node that refuses a repetition has the transaction already.
                let _ = self.submit(transaction).await;
                sent = Instant::now();
            }
        }
    }

    /// Whether a transaction has landed with the client's commitment: what became of one sent with
    /// [`Self::send_fast`].
    ///
    /// Errors: [`SendError::Refused`], [`SendError::Failed`] when it landed and failed; the instruction is then counted
    /// among all of the transaction's.
    pub async fn status(&self, signature: &Signature) -> Result<Option<Landed>, SendError> {
        match self.landed(signature).await? {
            None => Ok(None),
            Some(Ok(landed)) => Ok(Some(landed)),
            Some(Err(error)) => {
                let past = self.client.past(signature).await.ok().flatten();
                let logs = past.as_ref().map(|past| past.logs.clone()).unwrap_or_default();
                let instructions: Vec<Instruction> = past.iter().flat_map(Past::instructions).collect();
                Err(self.diagnose(error, logs, &instructions, 0).await)
            }
        }
    }

    /// The outcome once it has the client's commitment.
    async fn landed(&self, signature: &Signature) -> Result<Option<Result<Landed, TransactionError>>, SendError> {
        let statuses = self.client.rpc().get_signature_statuses(&[*signature]).await?.value;
        let status = statuses.into_iter().next().flatten();
        let Some(status) = status.filter(|status| status.satisfies_commitment(self.client.commitment())) else {
            return Ok(None);
        };
        Ok(Some(match status.err {
            None => Ok(Landed { signature: *signature, slot: status.slot }),
            Some(error) => Err(error),
        }))
    }
}

/// Whether a request has reached nobody.
fn is_unreachable(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Reqwest(error) if error.is_connect() || error.is_builder())
}
