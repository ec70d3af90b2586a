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

/// Compute units added to what a simulation used, whatever its margin: the state can move until the transaction lands,
/// and a
/// price that was older than its row in the simulation can be newer by then.
const HEADROOM: u64 = 20_000;
/// Largest compute limit of a transaction, units.
const MAX_COMPUTE: u32 = 1_400_000;
/// Blocks by which the heights of two nodes may differ.
const SLACK: u64 = 32;
/// Requests for a blockhash that fits the height of the chain, and the pause between two.
const BLOCKHASHES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(400);

/// Sends transactions for one payer. A clone shares its connections, so that every task may have its own.
#[derive(Clone)]
pub struct Sender {
    client: Client,
    config: SendConfig,
}

/// A transaction that is signed and not sent yet. Its signature is fixed, so that sending it twice cannot trade twice.
#[derive(Clone, Debug)]
pub struct Signed {
    transaction: VersionedTransaction,
    life: Life,
    notes: Vec<String>,
    instructions: Vec<Instruction>,
    /// Balance of the payer before sending, lamports; `None` when the endpoint does not tell it.
    balance: Option<u64>,
}

impl Signed {
    /// Signature, blockhash, and the last block height at which the transaction can land.
    #[must_use]
    pub fn life(&self) -> &Life {
        &self.life
    }

    /// Defaults that were taken where the endpoint told no fee or could not simulate, a sentence each.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }
}

impl Sender {
    /// A sender for the client's payer.
    pub fn new(client: Client, config: SendConfig) -> Self {
        Self { client, config }
    }

    /// The client over which it reads and sends.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The configuration that it was made with.
    pub fn config(&self) -> &SendConfig {
        &self.config
    }

    /// [`Self::prepare`] and [`Self::deliver`]: one signature, sent again until its outcome is certain.
    ///
    /// # Errors
    /// Those of [`Self::prepare`] and [`Self::deliver`]; [`SendError::Rejected`], [`SendError::Expired`] or
    /// [`SendError::Unknown`] when the transaction did not succeed.
    pub async fn send(&self, instructions: &[Instruction], signers: &[SharedSigner]) -> Result<Landed, SendError> {
        let signed = self.prepare(instructions, signers).await?;
        self.deliver(&signed).await?.success()
    }

    /// Simulates and signs, and sends nothing yet. The payer signs too. The endpoint is asked for recent priority fees
    /// and for the units that the instructions use; where it does not tell, the transaction pays no priority fee and
    /// takes the highest limit, and [`Signed::notes`] says so.
    ///
    /// # Errors
    /// [`SendError::Refused`] and [`SendError::Failed`] when the simulation fails; [`SendError::Blockhash`] for a
    /// blockhash that does not fit the height of the chain; [`SendError::Build`] for a transaction that is too large;
    /// [`SendError::Sign`] for a signer that fails; [`SendError::Rpc`] when the endpoint cannot be reached, or offers
    /// no blockhash.
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

    /// A blockhash that fits the height of the chain, where the endpoint tells the height. A blockhash that has
    /// expired, or is valid for longer than any can be, comes from a node that lags or from another chain.
    ///
    /// # Errors
    /// [`SendError::Blockhash`] when none of several fits; [`SendError::Rpc`] when the endpoint offers none.
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

    /// Lamports of the payer in a bank of slot `least` or later; `None` when the endpoint does not tell.
    async fn balance_at(&self, least: u64) -> Option<u64> {
        let config = serde_json::json!({ "commitment": "processed", "minContextSlot": least });
        let asked = serde_json::json!([self.client.payer_address().to_string(), config]);
        let answer: Response<u64> = self.client.rpc().send(RpcRequest::GetBalance, asked).await.ok()?;
        (answer.context.slot >= least).then_some(answer.value)
    }

    /// Signs without sending. Keepers that race call [`Self::submit`] again and again and read the outcome from the
    /// chain. The caller keeps a recent blockhash and knows the compute units of the instructions, or has [`Limits`]
    /// from a simulation. The limit of loaded data is [`loaded_data_limit`].
    ///
    /// # Errors
    /// [`SendError::Build`] for a transaction that is too large; [`SendError::Sign`] for a signer that fails.
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

    /// [`Self::sign`] and [`Self::submit`]: returns once the endpoint has the transaction, not when it lands.
    ///
    /// # Errors
    /// Those of [`Self::sign`] and [`Self::submit`].
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
    /// # Errors
    /// [`SendError::Refused`] and [`SendError::Failed`] for a transaction that would fail; [`SendError::Build`] and
    /// [`SendError::Sign`] as [`Self::sign`]; [`SendError::Rpc`] when the endpoint does not simulate.
    pub async fn simulate(&self, instructions: &[Instruction], signers: &[SharedSigner]) -> Result<u64, SendError> {
        Ok(self.simulate_at(instructions, signers, 0).await?.0)
    }

    /// Compute units, and bytes of accounts that the instructions would load where the endpoint tells them, in a bank
    /// of slot `least` or later; 0 for any.
    ///
    /// # Errors
    /// As [`Self::simulate`]; [`SendError::Rpc`] also for an endpoint that is behind that slot.
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

    /// Compute limit for the instructions: what a simulation used, `margin_percent` of it, and 20,000 units.
    ///
    /// # Errors
    /// As [`Self::simulate`].
    pub async fn units(
        &self,
        instructions: &[Instruction],
        signers: &[SharedSigner],
        margin_percent: u32,
    ) -> Result<u32, SendError> {
        Ok(self.limits(instructions, signers, margin_percent).await?.units)
    }

    /// [`Self::units`] by a bank of slot `least` or later; 0 for any.
    ///
    /// # Errors
    /// As [`Self::simulate`]; [`SendError::Rpc`] also for an endpoint that is behind that slot.
    pub async fn units_at(
        &self,
        instructions: &[Instruction],
        signers: &[SharedSigner],
        margin_percent: u32,
        least: u64,
    ) -> Result<u32, SendError> {
        Ok(self.limits_at(instructions, signers, margin_percent, least).await?.units)
    }

    /// The compute limit of [`Self::units`], and the bytes of accounts that the same simulation loaded.
    ///
    /// # Errors
    /// As [`Self::simulate`].
    pub async fn limits(
        &self,
        instructions: &[Instruction],
        signers: &[SharedSigner],
        margin_percent: u32,
    ) -> Result<Limits, SendError> {
        self.limits_at(instructions, signers, margin_percent, 0).await
    }

    /// [`Self::limits`] by a bank of slot `least` or later; 0 for any.
    ///
    /// # Errors
    /// As [`Self::units_at`].
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

    /// Hands a transaction to the endpoint, without simulation and without waiting for its outcome.
    ///
    /// # Errors
    /// [`SendError::Rpc`] when the endpoint cannot be reached or refuses the transaction.
    pub async fn submit(&self, transaction: &VersionedTransaction) -> Result<Signature, SendError> {
        // The caller has simulated or wants speed, and resends by itself: the node need not.
        let config = RpcSendTransactionConfig {
            skip_preflight: true,
            max_retries: Some(0),
            ..RpcSendTransactionConfig::default()
        };
        Ok(self.client.rpc().send_transaction_with_config(transaction, config).await?)
    }
}
