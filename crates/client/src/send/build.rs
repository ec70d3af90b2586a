//! A signed transaction of version 0.

use solana_address_lookup_table_interface::state::AddressLookupTable;
use solana_compute_budget_interface::ComputeBudgetInstruction;
use solana_hash::Hash;
use solana_instruction::Instruction;
use solana_message::{AddressLookupTableAccount, VersionedMessage, v0};
use solana_pubkey::Pubkey;
use solana_signer::Signer;
use solana_transaction::versioned::VersionedTransaction;

use super::{Sender, limits};
use crate::{Client, FetchError, SendError, SharedSigner};

/// Largest serialised transaction, bytes.
const MAX_BYTES: usize = 1_232;

/// Reads a lookup table from the chain, for [`super::SendConfig::lookup_tables`].
///
/// # Errors
/// [`FetchError::Rpc`] when the endpoint does not answer; [`FetchError::Missing`] when the account is not a lookup
/// table.
pub async fn lookup_table(client: &Client, address: Pubkey) -> Result<AddressLookupTableAccount, FetchError> {
    let missing = FetchError::Missing { what: "lookup table", address };
    let account = client.account(address).await?.unwrap_or_default();
    match AddressLookupTable::deserialize(&account.data) {
        Ok(table) => Ok(AddressLookupTableAccount { key: address, addresses: table.addresses.to_vec() }),
        Err(_) => Err(missing),
    }
}

/// The compute-budget instructions in front of the caller's; indices in errors count from behind them.
fn budget(units: u32, loaded: Option<u32>, micro_lamports: u64) -> Vec<Instruction> {
    let mut budget = vec![ComputeBudgetInstruction::set_compute_unit_limit(units)];
    if let Some(bytes) = loaded {
        budget.push(ComputeBudgetInstruction::set_loaded_accounts_data_size_limit(bytes));
    }
    if micro_lamports > 0 {
        budget.push(ComputeBudgetInstruction::set_compute_unit_price(micro_lamports));
    }
    budget
}

/// Bytes of a message with its signatures.
fn size(message: &VersionedMessage) -> usize {
    1 + 64 * usize::from(message.header().num_required_signatures) + message.serialize().len()
}

impl Sender {
    /// The limit of loaded data for instructions that the payer sends; `told` is what a simulation loaded.
    pub(super) fn loaded_data_limit(&self, instructions: &[Instruction], told: Option<u32>) -> Option<u32> {
        let (payer, tables) = (self.client.payer_address(), self.config.lookup_tables.len());
        limits::loaded_data_limit(instructions, &payer, tables, told)
    }

    /// Signs the instructions behind a compute budget. The payer signs, and each of `signers` once. The limit of loaded
    /// data is left out where its 8 bytes would make the transaction too large.
    ///
    /// # Errors
    /// [`SendError::Build`] for a transaction that is too large, [`SendError::Sign`] for a signer that fails.
    pub(super) fn build(
        &self,
        instructions: &[Instruction],
        signers: &[SharedSigner],
        units: u32,
        loaded: Option<u32>,
        micro_lamports: u64,
        blockhash: Hash,
    ) -> Result<VersionedTransaction, SendError> {
        let payer = self.client.payer();
        let compiled = |loaded: Option<u32>| {
            let mut all = budget(units, loaded, micro_lamports);
            all.extend_from_slice(instructions);
            v0::Message::try_compile(&payer.pubkey(), &all, &self.config.lookup_tables, blockhash)
                .map(VersionedMessage::V0)
                .map_err(|error| SendError::Build(error.to_string()))
        };
        let mut message = compiled(loaded)?;
        if loaded.is_some() && size(&message) > MAX_BYTES {
            message = compiled(None)?;
        }
        let size = size(&message);
        if size > MAX_BYTES {
            return Err(SendError::Build(format!(
                "{size} bytes, at most {MAX_BYTES}: use a lookup table or fewer instructions"
            )));
        }
        let mut keys: Vec<&dyn Signer> = vec![payer.as_ref()];
        for signer in signers {
            if keys.iter().all(|key| key.pubkey() != signer.pubkey()) {
                keys.push(signer.as_ref());
            }
        }
        Ok(VersionedTransaction::try_new(message, &keys)?)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use kedge_interface::instruction::{KedgeInstruction, UpdateAmm};
    use solana_keypair::Keypair;

    use super::*;
    use crate::{Limits, SendConfig};

    fn sender() -> Sender {
        Sender::new(Client::new("http://127.0.0.1:1", Arc::new(Keypair::new())), SendConfig::default())
    }

    /// An instruction of the exchange with some bytes behind its data.
    fn step(more: usize) -> Instruction {
        let mut step = UpdateAmm { market: Pubkey::new_unique() }.instruction();
        step.data.resize(step.data.len() + more, 0);
        step
    }

    /// The limit of loaded data of a signed transaction, and its bytes.
    fn limit(
        sender: &Sender,
        step: &Instruction,
        limits: impl Into<Limits>,
    ) -> Result<(Option<u32>, usize), SendError> {
        let signed = sender.sign(std::slice::from_ref(step), &[], limits, 1, Hash::default())?;
        let found = signed.message.instructions().iter().find_map(|instruction| match instruction.data.as_slice() {
            [4, bytes @ ..] if bytes.len() == 4 => bytes.try_into().ok().map(u32::from_le_bytes),
            _ => None,
        });
        Ok((found, size(&signed.message)))
    }

    #[test]
    fn every_transaction_limits_what_it_loads() {
        let (sender, step) = (sender(), step(0));
        let (fixed, _) = limit(&sender, &step, 200_000).unwrap();
        assert_eq!(fixed, sender.loaded_data_limit(std::slice::from_ref(&step), None));
        let (told, _) = limit(&sender, &step, Limits { units: 200_000, loaded: Some(3_000_000) }).unwrap();
        assert!(fixed.unwrap() > 1 << 20 && told.unwrap() > 3_750_000, "{fixed:?}, {told:?}");
    }

    #[test]
    fn the_limit_gives_way_where_its_bytes_have_no_room() {
        let sender = sender();
        let (some, bytes) = limit(&sender, &step(100), 200_000).unwrap();
        assert!(some.is_some());
        let room = 100 + MAX_BYTES - bytes;
        // The lengths in the message take a byte or two.
        let fits = |more: usize| limit(&sender, &step(more), 200_000).ok();
        let last = (room - 4..=room).rev().find(|more| fits(*more).is_some_and(|(limit, _)| limit.is_some())).unwrap();
        for more in last + 1..=last + 8 {
            assert!(
                matches!(fits(more), Some((None, bytes)) if bytes <= MAX_BYTES),
                "{more} of {last}: {:?}",
                fits(more)
            );
        }
        assert!(fits(last + 9).is_none());
    }
}
