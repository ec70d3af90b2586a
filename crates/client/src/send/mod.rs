//! Instructions to a confirmed transaction.

mod build;
mod config;
mod confirm;
mod diagnose;

pub use build::lookup_table;
pub use config::{ComputeLimit, PriorityFee, SendConfig, recent_price};

use solana_hash::Hash;
use solana_instruction::Instruction;
use solana_rpc_client_api::config::{RpcSendTransactionConfig, RpcSimulateTransactionConfig};
use solana_signature::Signature;
use solana_transaction::versioned::VersionedTransaction;

use crate::{Client, SendError, SharedSigner};

/// Compute units beyond what a simulation used, whatever that was: until the transaction lands, the state can have moved
/// so that more is to be done, as when a price is newer than the row that it was not newer than before.
const HEADROOM: u64 = 20_000;
/// Most compute units that a transaction may ask for.
const MAX_COMPUTE: u32 = 1_400_000;

/// Sends transactions. Cloning is cheap enough for one a task.
#[derive(Clone)]
pub struct Sender {
    client: Client,
    config: SendConfig,
}

/// A transaction that landed and succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Landed {
    /// Its signature.
    pub signature: Signature,
    /// Its slot.
    pub slot: u64,
}

impl Sender {
    /// Sends for a client.
    pub fn new(client: Client, config: SendConfig) -> Self {
        Self { client, config }
    }

    /// The client.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// How transactions are built and sent.
    pub fn config(&self) -> &SendConfig {
        &self.config
    }

    /// Simulates, signs, sends, and sends the same again until it is confirmed or cannot land any more. Only
    /// [`SendConfig::attempts`] beyond one sign anew, and only when the blockhash has expired by the endpoint's word and by
    /// our clock. The payer signs too.
    ///
    /// Errors: [`SendError::Refused`] names the instruction, the rule and stale rows; [`SendError::Unknown`] the signature
    /// of what was handed over and has no outcome.
    pub async fn send(&self, instructions: &[Instruction], signers: &[SharedSigner]) -> Result<Landed, SendError> {
        let price = self.price(instructions).await?;
        let units = match self.config.compute {
            ComputeLimit::Fixed(units) => units,
            ComputeLimit::Simulated { margin_percent } => self.units(instructions, signers, margin_percent).await?,
        };
        for _ in 0..self.config.attempts {
            let recent = self.client.blockhash().await.map_err(SendError::from)?;
            let transaction = self.build(instructions, signers, units, price, recent.hash)?;
            if let Some(landed) = self.land(&transaction, recent.last_valid, instructions).await? {
                return Ok(landed);
            }
        }
        Err(SendError::Expired { attempts: self.config.attempts })
    }

    /// Signs without sending: for keepers that race, [`Self::submit`] and submit again, and read the outcome from the
    /// chain. The caller keeps a recent blockhash and knows what the instructions cost.
    ///
    /// Errors: a transaction that is too large, or a signer that fails.
    pub fn sign(
        &self,
        instructions: &[Instruction],
        signers: &[SharedSigner],
        units: u32,
        micro_lamports: u64,
        blockhash: Hash,
    ) -> Result<VersionedTransaction, SendError> {
        self.build(instructions, signers, units, micro_lamports, blockhash)
    }

    /// [`Self::sign`] and [`Self::submit`].
    ///
    /// Errors: only what keeps the transaction from being sent.
    pub async fn send_fast(
        &self,
        instructions: &[Instruction],
        signers: &[SharedSigner],
        units: u32,
        micro_lamports: u64,
        blockhash: Hash,
    ) -> Result<Signature, SendError> {
        let transaction = self.build(instructions, signers, units, micro_lamports, blockhash)?;
        self.submit(&transaction).await
    }

    /// Compute units that the instructions would use now.
    ///
    /// Errors: as [`Self::send`], for a transaction that would fail.
    pub async fn simulate(&self, instructions: &[Instruction], signers: &[SharedSigner]) -> Result<u64, SendError> {
        self.simulate_at(instructions, signers, 0).await
    }

    /// The same in a bank of at least this slot; 0 for any.
    ///
    /// Errors: as [`Self::simulate`], also for an endpoint that is behind that slot.
    pub async fn simulate_at(
        &self,
        instructions: &[Instruction],
        signers: &[SharedSigner],
        least: u64,
    ) -> Result<u64, SendError> {
        let transaction = self.build(instructions, signers, MAX_COMPUTE, 0, Hash::default())?;
        let config = RpcSimulateTransactionConfig {
            sig_verify: false,
            replace_recent_blockhash: true,
            commitment: Some(self.client.commitment()),
            min_context_slot: (least > 0).then_some(least),
            ..RpcSimulateTransactionConfig::default()
        };
        let outcome = self.client.rpc().simulate_transaction_with_config(&transaction, config).await?.value;
        match outcome.err {
            None => Ok(outcome.units_consumed.unwrap_or(u64::from(MAX_COMPUTE))),
            Some(error) => {
                let leading = transaction.message.instructions().len().saturating_sub(instructions.len());
                Err(self.diagnose(error.into(), outcome.logs.unwrap_or_default(), instructions, leading).await)
            }
        }
    }

    /// Compute limit for the instructions: what a simulation used, `margin_percent` of it, and some units in any case.
    ///
    /// Errors: as [`Self::simulate`].
    pub async fn units(
        &self,
        instructions: &[Instruction],
        signers: &[SharedSigner],
        margin_percent: u32,
    ) -> Result<u32, SendError> {
        self.units_at(instructions, signers, margin_percent, 0).await
    }

    /// The same by a bank of at least this slot; 0 for any.
    ///
    /// Errors: as [`Self::simulate_at`].
    pub async fn units_at(
        &self,
        instructions: &[Instruction],
        signers: &[SharedSigner],
        margin_percent: u32,
        least: u64,
    ) -> Result<u32, SendError> {
        let used = self.simulate_at(instructions, signers, least).await?;
        let margin = used.saturating_mul(u64::from(margin_percent)).div_ceil(100).saturating_add(HEADROOM);
        Ok(u32::try_from(used.saturating_add(margin)).unwrap_or(MAX_COMPUTE).min(MAX_COMPUTE))
    }

    /// Hands a transaction to the endpoint, without simulation and without waiting for what becomes of it.
    ///
    /// Errors: only what keeps the transaction from being sent.
    pub async fn submit(&self, transaction: &VersionedTransaction) -> Result<Signature, SendError> {
        // It was simulated already, or the caller wants speed. We resend; the node need not.
        let config = RpcSendTransactionConfig {
            skip_preflight: true,
            max_retries: Some(0),
            ..RpcSendTransactionConfig::default()
        };
        Ok(self.client.rpc().send_transaction_with_config(transaction, config).await?)
    }
}
