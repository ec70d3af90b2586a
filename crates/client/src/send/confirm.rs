//! Waiting for a transaction, and sending it again until its blockhash expires.

use std::time::Instant;

use solana_instruction::Instruction;
use solana_signature::Signature;
use solana_transaction::versioned::VersionedTransaction;

use super::{Landed, Sender};
use crate::SendError;

impl Sender {
    /// Sends until it lands; `None` when the blockhash expired first, after which it cannot land any more.
    pub(super) async fn land(
        &self,
        transaction: &VersionedTransaction,
        last_valid: u64,
        instructions: &[Instruction],
    ) -> Result<Option<Landed>, SendError> {
        let signature = self.submit(transaction).await?;
        let mut sent = Instant::now();
        loop {
            tokio::time::sleep(self.config.poll).await;
            // Height first: a status that is missing after the height was past is missing for good.
            let height = self.client.rpc().get_block_height().await?;
            if let Some(landed) = self.status(&signature, instructions).await? {
                return Ok(Some(landed));
            }
            if height > last_valid {
                return Ok(None);
            }
            if sent.elapsed() >= self.config.resend {
                // A node that refuses a repetition has the transaction already.
                let _ = self.submit(transaction).await;
                sent = Instant::now();
            }
        }
    }

    /// Whether a transaction has landed with the client's commitment.
    ///
    /// Errors: [`SendError::Refused`], [`SendError::Failed`] when it landed and failed.
    pub async fn status(
        &self,
        signature: &Signature,
        instructions: &[Instruction],
    ) -> Result<Option<Landed>, SendError> {
        let statuses = self.client.rpc().get_signature_statuses(&[*signature]).await?.value;
        let Some(status) = statuses.into_iter().next().flatten() else { return Ok(None) };
        if !status.satisfies_commitment(self.client.commitment()) {
            return Ok(None);
        }
        match status.err {
            None => Ok(Some(Landed { signature: *signature, slot: status.slot })),
            Some(error) => {
                let logs = self.client.logs(signature).await.unwrap_or_default();
                Err(self.diagnose(error, logs, instructions).await)
            }
        }
    }
}
