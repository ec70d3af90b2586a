//! Configuration of a sender.

use std::collections::BTreeSet;
use std::time::Duration;

use solana_instruction::Instruction;
use solana_message::AddressLookupTableAccount;
use solana_pubkey::Pubkey;

use super::Sender;
use crate::{Client, SendError};

/// Compute limit of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComputeLimit {
    /// What a simulation used, with a margin for changes of the state until the transaction runs.
    Simulated {
        /// Added to the units used, percent, beside 20,000 units.
        margin_percent: u32,
    },
    /// This many units, without simulation.
    Fixed(u32),
}

/// Priority fee of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PriorityFee {
    /// No priority fee.
    None,
    /// Micro-lamports a compute unit.
    Fixed(u64),
    /// What recent transactions that wrote the same accounts paid.
    Recent {
        /// Percentile of the recent slots, 0 to 100.
        percentile: u8,
        /// Largest price, micro-lamports a compute unit.
        max: u64,
    },
}

/// How transactions are built and sent.
#[derive(Clone, Debug)]
pub struct SendConfig {
    /// Compute limit; by default simulated, with 15 percent.
    pub compute: ComputeLimit,
    /// Priority fee; by default the 60th percentile, at most a lamport a compute unit.
    pub priority: PriorityFee,
    /// Lookup tables that shorten transactions.
    pub lookup_tables: Vec<AddressLookupTableAccount>,
    /// Pause between two looks at the signature's status.
    pub poll: Duration,
    /// Pause after which an unconfirmed transaction is sent again.
    pub resend: Duration,
    /// Least time for which a blockhash is taken as valid, whatever the endpoint says: 150 blocks of a fast cluster.
    pub life: Duration,
    /// Time after which a transaction without an outcome counts as unknown. By then the slowest cluster has forgotten
    /// its blockhash, and a block beyond it is final.
    pub patience: Duration,
}

impl Default for SendConfig {
    fn default() -> Self {
        Self {
            compute: ComputeLimit::Simulated { margin_percent: 15 },
            priority: PriorityFee::Recent { percentile: 60, max: 1_000_000 },
            lookup_tables: Vec::new(),
            poll: Duration::from_millis(250),
            resend: Duration::from_secs(2),
            life: Duration::from_secs(45),
            patience: Duration::from_secs(180),
        }
    }
}

impl Sender {
    /// Price of a compute unit for a transaction that writes the accounts of these instructions, micro-lamports.
    ///
    /// # Errors
    /// [`SendError::Rpc`] when the endpoint does not tell recent fees.
    pub(super) async fn price(&self, instructions: &[Instruction]) -> Result<u64, SendError> {
        match self.config.priority {
            PriorityFee::None => Ok(0),
            PriorityFee::Fixed(price) => Ok(price),
            PriorityFee::Recent { percentile, max } => {
                let accounts = instructions.iter().flat_map(|instruction| &instruction.accounts);
                let written = accounts.filter(|account| account.is_writable).map(|account| account.pubkey);
                let written: Vec<Pubkey> = written.collect::<BTreeSet<_>>().into_iter().collect();
                Ok(recent_price(&self.client, &written, percentile).await?.min(max))
            }
        }
    }
}

/// A percentile of what recent transactions paid for a compute unit when they wrote one of these accounts,
/// micro-lamports. Each recent slot counts with the least price that was enough. Without accounts it is over all
/// transactions.
///
/// # Errors
/// [`SendError::Rpc`] when the endpoint does not tell recent fees.
pub async fn recent_price(client: &Client, written: &[Pubkey], percentile: u8) -> Result<u64, SendError> {
    // The endpoint takes at most 128 accounts.
    let written = written.get(..128).unwrap_or(written);
    let recent = client.rpc().get_recent_prioritization_fees(written).await?;
    Ok(at_percentile(recent.iter().map(|slot| slot.prioritization_fee).collect(), percentile))
}

/// The value below which `percentile` percent of the values lie (nearest rank); 0 for none.
fn at_percentile(mut values: Vec<u64>, percentile: u8) -> u64 {
    values.sort_unstable();
    let rank = values.len().saturating_mul(usize::from(percentile.min(100))).div_ceil(100);
    values.get(rank.saturating_sub(1)).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::at_percentile;

    #[test]
    fn percentiles_are_of_nearest_rank() {
        let values = vec![50, 10, 40, 20, 30];
        assert_eq!(at_percentile(values.clone(), 0), 10);
        assert_eq!(at_percentile(values.clone(), 20), 10);
        assert_eq!(at_percentile(values.clone(), 21), 20);
        assert_eq!(at_percentile(values.clone(), 60), 30);
        assert_eq!(at_percentile(values.clone(), 100), 50);
        assert_eq!(at_percentile(values, 255), 50);
        assert_eq!(at_percentile(vec![], 60), 0);
    }
}
