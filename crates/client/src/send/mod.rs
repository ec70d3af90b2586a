//! Instructions to a confirmed transaction.

mod build;
mod config;
mod diagnose;
mod follow;
mod limits;

pub use build::lookup_table;
pub use config::{ComputeLimit, PriorityFee, SendConfig, recent_price};
pub use limits::{Limits, loaded_data_limit};

use std::time::Duration;

use futures_util::future::join;
use solana_hash::Hash;
use solana_instruction::Instruction;
use solana_rpc_client_api::config::{RpcSendTransactionConfig, RpcSimulateTransactionConfig};
use solana_rpc_client_api::request::RpcRequest;
use solana_rpc_client_api::response::Response;
use solana_signature::Signature;
use solana_transaction::versioned::VersionedTransaction;

use crate::outcome::{BLOCKHASH_SERVES, Landed, Life};
use crate::{Blockhash, Client, SendError, SharedSigner};

/// Compute units beyond what a simulation used, whatever that was: until the transaction lands, the state can have moved
/// so that more is to be done, as when a price is newer than the row that it was not newer than before.
const HEADROOM: u64 = 20_000;
/// Most compute units that a transaction may ask for.
const MAX_COMPUTE: u32 = 1_400_000;
/// Blocks by which two nodes may differ.
const SLACK: u64 = 32;
/// Times that a blockhash is asked for which fits the height of the chain, and the pause between.
const BLOCKHASHES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(400);

/// Sends transactions. Cloning is cheap enough for one a task.
#[derive(Clone)]
pub struct Sender {
    client: Client,
    config: SendConfig,
}

/// A transaction that is signed and not sent yet: from here on its signature is fixed, and there is one for its purpose.
#[derive(Clone, Debug)]
pub struct Signed {
    transaction: VersionedTransaction,
    life: Life,
    notes: Vec<String>,
    instructions: Vec<Instruction>,
    /// What the payer has, lamports.
    balance: Option<u64>,
}

impl Signed {
    /// Signature, blockhash, and how long that serves.
    #[must_use]
    pub fn life(&self) -> &Life {
        &self.life
    }

    /// What could not be found out, and what was taken instead.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }
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

    /// [`Self::prepare`] and [`Self::deliver`]: one signature, sent again until its outcome is certain.
    ///
    /// Errors: those of both, and [`SendError::Rejected`], [`SendError::Expired`] and [`SendError::Unknown`].
    pub async fn send(&self, instructions: &[Instruction], signers: &[SharedSigner]) -> Result<Landed, SendError> {
        let signed = self.prepare(instructions, signers).await?;
        self.deliver(&signed).await?.success()
    }

    /// Simulates and signs, and sends nothing yet. The payer signs too. What others paid and what it will use are asked of
    /// the endpoint; where it does not tell, no priority fee and the highest limit are taken, and noted.
    ///
    /// Errors: [`SendError::Refused`] names the instruction, the rule and stale rows; [`SendError::Blockhash`] a blockhash
    /// that does not fit the height of the chain.
    pub async fn prepare(&self, instructions: &[Instruction], signers: &[SharedSigner]) -> Result<Signed, SendError> {
        let mut notes = Vec::new();
        let limit = async {
            match self.config.compute {
                ComputeLimit::Fixed(units) => Ok(units.into()),
                ComputeLimit::Simulated { margin_percent } => self.limits(instructions, signers, margin_percent).await,
            }
        };
        let (price, limits) = join(self.price(instructions), limit).await;
        let price = price.unwrap_or_else(|error| {
            notes.push(format!("no priority fee: what others paid is not told ({error})"));
            0
        });
        let limits = match limits {
            Err(SendError::Rpc(error)) if !follow::is_connect(&error) => {
                notes.push(format!("not tried before it is sent: the endpoint cannot ({error})"));
                MAX_COMPUTE.into()
            }
            limits => limits?,
        };
        let (recent, balance) = join(self.fresh(), self.balance_at(0)).await;
        let recent = recent?;
        let transaction = self.sign(instructions, signers, limits, price, recent.hash)?;
        let signature = transaction.signatures.first().copied().unwrap_or_default();
        let life = Life { signature, blockhash: Some(recent.hash), last_valid: recent.last_valid };
        Ok(Signed { transaction, life, notes, instructions: instructions.to_vec(), balance })
    }

    /// A blockhash that fits the height of the chain, where that is told: one that serves no more, or longer than any can,
    /// is of a node that lags or of another chain.
    async fn fresh(&self) -> Result<Blockhash, SendError> {
        let mut tries = 0;
        loop {
            let rpc = self.client.rpc();
            let (recent, height) = join(self.client.blockhash(), rpc.get_block_height()).await;
            let recent = recent.map_err(SendError::from)?;
            let Ok(height) = height else { return Ok(recent) };
            let longest = height.saturating_add(BLOCKHASH_SERVES + SLACK);
            if (height.saturating_add(1)..=longest).contains(&recent.last_valid) {
                return Ok(recent);
            }
            tries += 1;
            if tries >= BLOCKHASHES {
                return Err(SendError::Blockhash { last_valid: recent.last_valid, height });
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Lamports of the payer in a bank that has seen a slot; `None` when that is not told.
    async fn balance_at(&self, least: u64) -> Option<u64> {
        let config = serde_json::json!({ "commitment": "processed", "minContextSlot": least });
        let asked = serde_json::json!([self.client.payer_address().to_string(), config]);
        let answer: Response<u64> = self.client.rpc().send(RpcRequest::GetBalance, asked).await.ok()?;
        (answer.context.slot >= least).then_some(answer.value)
    }

    /// Signs without sending: for keepers that race, [`Self::submit`] and submit again, and read the outcome from the
    /// chain. The caller keeps a recent blockhash and knows what the instructions cost: their compute units, or
    /// [`Limits`] where it has simulated. The limit of loaded data is [`loaded_data_limit`].
    ///
    /// Errors: a transaction that is too large, or a signer that fails.
    pub fn sign(
        &self,
        instructions: &[Instruction],
        signers: &[SharedSigner],
        limits: impl Into<Limits>,
        micro_lamports: u64,
        blockhash: Hash,
    ) -> Result<VersionedTransaction, SendError> {
        let Limits { units, loaded } = limits.into();
        let loaded = self.loaded_data_limit(instructions, loaded);
        self.build(instructions, signers, units, loaded, micro_lamports, blockhash)
    }

    /// [`Self::sign`] and [`Self::submit`].
    ///
    /// Errors: only what keeps the transaction from being sent.
    pub async fn send_fast(
        &self,
        instructions: &[Instruction],
        signers: &[SharedSigner],
        limits: impl Into<Limits>,
        micro_lamports: u64,
        blockhash: Hash,
    ) -> Result<Signature, SendError> {
        let transaction = self.sign(instructions, signers, limits, micro_lamports, blockhash)?;
        self.submit(&transaction).await
    }

    /// Compute units that the instructions would use now.
    ///
    /// Errors: as [`Self::send`], for a transaction that would fail.
    pub async fn simulate(&self, instructions: &[Instruction], signers: &[SharedSigner]) -> Result<u64, SendError> {
        Ok(self.simulate_at(instructions, signers, 0).await?.0)
    }

    /// The same and the bytes of accounts that they would load, where that is told, in a bank of at least this slot; 0
    /// for any.
    ///
    /// Errors: as [`Self::simulate`], also for an endpoint that is behind that slot.
    async fn simulate_at(
        &self,
        instructions: &[Instruction],
        signers: &[SharedSigner],
        least: u64,
    ) -> Result<(u64, Option<u32>), SendError> {
        let transaction = self.build(instructions, signers, MAX_COMPUTE, None, 0, Hash::default())?;
        let config = RpcSimulateTransactionConfig {
            sig_verify: false,
            replace_recent_blockhash: true,
            commitment: Some(self.client.commitment()),
            min_context_slot: (least > 0).then_some(least),
            ..RpcSimulateTransactionConfig::default()
        };
        let outcome = self.client.rpc().simulate_transaction_with_config(&transaction, config).await?.value;
        match outcome.err {
            None => Ok((outcome.units_consumed.unwrap_or(u64::from(MAX_COMPUTE)), outcome.loaded_accounts_data_size)),
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
        Ok(self.limits(instructions, signers, margin_percent).await?.units)
    }

    /// The same by a bank of at least this slot; 0 for any.
    ///
    /// Errors: as [`Self::simulate`], also for an endpoint that is behind that slot.
    pub async fn units_at(
        &self,
        instructions: &[Instruction],
        signers: &[SharedSigner],
        margin_percent: u32,
        least: u64,
    ) -> Result<u32, SendError> {
        Ok(self.limits_at(instructions, signers, margin_percent, least).await?.units)
    }

    /// What the instructions are to ask for: the compute limit of [`Self::units`], and what the simulation has loaded.
    ///
    /// Errors: as [`Self::simulate`].
    pub async fn limits(
        &self,
        instructions: &[Instruction],
        signers: &[SharedSigner],
        margin_percent: u32,
    ) -> Result<Limits, SendError> {
        self.limits_at(instructions, signers, margin_percent, 0).await
    }

    /// The same by a bank of at least this slot; 0 for any.
    ///
    /// Errors: as [`Self::units_at`].
    pub async fn limits_at(
        &self,
        instructions: &[Instruction],
        signers: &[SharedSigner],
        margin_percent: u32,
        least: u64,
    ) -> Result<Limits, SendError> {
        let (used, loaded) = self.simulate_at(instructions, signers, least).await?;
        let margin = used.saturating_mul(u64::from(margin_percent)).div_ceil(100).saturating_add(HEADROOM);
        let units = u32::try_from(used.saturating_add(margin)).unwrap_or(MAX_COMPUTE).min(MAX_COMPUTE);
        Ok(Limits { units, loaded })
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
