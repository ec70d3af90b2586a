//! A signed transaction of version 0.

use solana_address_lookup_table_interface::state::AddressLookupTable;
use solana_compute_budget_interface::ComputeBudgetInstruction;
use solana_hash::Hash;
use solana_instruction::Instruction;
use solana_message::{AddressLookupTableAccount, VersionedMessage, v0};
use solana_pubkey::Pubkey;
use solana_signer::Signer;
use solana_transaction::versioned::VersionedTransaction;

use super::Sender;
use crate::{Client, FetchError, SendError, SharedSigner};

/// Largest serialised transaction.
const MAX_BYTES: usize = 1_232;

/// A lookup table from the chain, for [`super::SendConfig::lookup_tables`].
///
/// Errors: [`FetchError::Missing`] when the account is not a lookup table.
pub async fn lookup_table(client: &Client, address: Pubkey) -> Result<AddressLookupTableAccount, FetchError> {
    let missing = FetchError::Missing { what: "lookup table", address };
    let account = client.account(address).await?.unwrap_or_default();
    match AddressLookupTable::deserialize(&account.data) {
        Ok(table) => Ok(AddressLookupTableAccount { key: address, addresses: table.addresses.to_vec() }),
        Err(_) => Err(missing),
    }
}

/// Instructions that [`Sender::build`] puts in front: error indices are counted without them.
pub(super) fn budget(units: u32, micro_lamports: u64) -> Vec<Instruction> {
    let mut budget = vec![ComputeBudgetInstruction::set_compute_unit_limit(units)];
    if micro_lamports > 0 {
        budget.push(ComputeBudgetInstruction::set_compute_unit_price(micro_lamports));
    }
    budget
}

impl Sender {
    /// Signs the instructions behind a compute budget. The payer signs, and each of `signers` once.
    pub(super) fn build(
        &self,
        instructions: &[Instruction],
        signers: &[SharedSigner],
        units: u32,
        micro_lamports: u64,
        blockhash: Hash,
    ) -> Result<VersionedTransaction, SendError> {
        let payer = self.client.payer();
        let mut all = budget(units, micro_lamports);
        all.extend_from_slice(instructions);
        let message = v0::Message::try_compile(&payer.pubkey(), &all, &self.config.lookup_tables, blockhash)
            .map_err(|error| SendError::Build(error.to_string()))?;
        let mut keys: Vec<&dyn Signer> = vec![payer.as_ref()];
        for signer in signers {
            if keys.iter().all(|key| key.pubkey() != signer.pubkey()) {
                keys.push(signer.as_ref());
            }
        }
        let transaction = VersionedTransaction::try_new(VersionedMessage::V0(message), &keys)?;
        let size = 1 + 64 * transaction.signatures.len() + transaction.message.serialize().len();
        if size > MAX_BYTES {
            return Err(SendError::Build(format!(
                "{size} bytes, at most {MAX_BYTES}: use a lookup table or fewer instructions"
            )));
        }
        Ok(transaction)
    }
}
