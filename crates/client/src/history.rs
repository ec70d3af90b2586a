//! Past transactions: instructions with their events, and failures.

use kedge_interface::PROGRAM_ID;
use kedge_interface::error::ProgramError;
use kedge_interface::event::{EVENT_IX_TAG, EventBatch, from_logs};
use kedge_interface::instruction::{self, Decoded};
use solana_commitment_config::CommitmentConfig;
use solana_instruction::error::InstructionError;
use solana_instruction::{AccountMeta, Instruction};
use solana_pubkey::Pubkey;
use solana_rpc_client_api::config::RpcTransactionConfig;
use solana_rpc_client_api::request::RpcRequest;
use solana_sdk_ids::{ed25519_program, secp256k1_program, secp256r1_program};
use solana_signature::Signature;
use solana_transaction::versioned::VersionedTransaction;
use solana_transaction_error::TransactionError;
use solana_transaction_status_client_types::{
    EncodedConfirmedTransactionWithStatusMeta, UiInnerInstructions, UiInstruction, UiTransactionEncoding,
    UiTransactionStatusMeta, option_serializer::OptionSerializer,
};

use crate::{Client, FetchError};

/// One instruction of a transaction.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Index of the transaction's instruction: this one, or the one that called it.
    pub instruction: usize,
    /// Whether another program called it.
    pub inner: bool,
    /// The program that ran.
    pub program: Pubkey,
    /// Accounts in order.
    pub accounts: Vec<Pubkey>,
    /// Data of the instruction.
    pub data: Vec<u8>,
    /// Name of the instruction; `None` for one of another program.
    pub name: Option<&'static str>,
    /// The instruction with its arguments; `None` for one of another program and for damaged data.
    pub decoded: Option<Decoded>,
    /// Events of the instruction; empty in a transaction that failed.
    pub events: Vec<EventBatch>,
}

/// A past transaction.
#[derive(Clone, Debug, PartialEq)]
pub struct Past {
    /// Slot of its block.
    pub slot: u64,
    /// Unix time of its block.
    pub block_time: Option<i64>,
    /// The account that paid the fee.
    pub payer: Pubkey,
    /// Fee in lamports.
    pub fee: u64,
    /// Compute units used.
    pub compute_units: Option<u64>,
    /// The instructions, and calls of the exchange by other programs, in order.
    pub steps: Vec<Step>,
    /// Why the transaction failed; `None` for one that succeeded.
    pub failure: Option<Failure>,
    /// Log of the transaction, in lines.
    pub logs: Vec<String>,
}

/// Why a transaction failed.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// The runtime's error.
    pub error: TransactionError,
    /// Index of the instruction that failed; `None` for a failure outside instructions.
    pub instruction: Option<usize>,
    /// The program's error, when the exchange refused.
    pub program: Option<ProgramError>,
}

impl Past {
    /// All batches of events in order; empty for a failed transaction.
    pub fn events(&self) -> impl Iterator<Item = &EventBatch> {
        self.steps.iter().flat_map(|step| &step.events)
    }

    /// The transaction's own instructions. Account flags are not recorded: all accounts are read-only here.
    pub fn instructions(&self) -> impl Iterator<Item = Instruction> {
        self.steps.iter().filter(|step| !step.inner).map(|step| {
            let accounts = step.accounts.iter().map(|address| AccountMeta::new_readonly(*address, false)).collect();
            Instruction { program_id: step.program, accounts, data: step.data.clone() }
        })
    }
}

impl Client {
    /// A past transaction; `None` when the endpoint does not know it or sends it without its effects.
    ///
    /// # Errors
    /// [`FetchError::Rpc`], [`FetchError::Missing`] for an answer about another transaction.
    pub async fn past(&self, signature: &Signature) -> Result<Option<Past>, FetchError> {
        let config = RpcTransactionConfig {
            encoding: Some(UiTransactionEncoding::Base64),
            // Endpoints do not serve processed transactions: `confirmed` is the least.
            commitment: Some(match self.commitment() {
                finalized if finalized.is_finalized() => finalized,
                _ => CommitmentConfig::confirmed(),
            }),
            max_supported_transaction_version: Some(0),
        };
        let asked = serde_json::json!([signature.to_string(), config]);
        let answer: Option<EncodedConfirmedTransactionWithStatusMeta> =
            self.rpc().send(RpcRequest::GetTransaction, asked).await?;
        let Some(found) = answer else { return Ok(None) };
        let (slot, block_time) = (found.slot, found.block_time);
        let Some((transaction, meta)) = found.transaction.transaction.decode().zip(found.transaction.meta) else {
            return Ok(None);
        };
        if transaction.signatures.first() != Some(signature) {
            let what = "transaction with the signature that was asked for in the answer about";
            return Err(FetchError::Missing { what, address: PROGRAM_ID });
        }
        Ok(Some(read(slot, block_time, &transaction, meta)))
    }
}

fn read(slot: u64, block_time: Option<i64>, transaction: &VersionedTransaction, meta: UiTransactionStatusMeta) -> Past {
    let mut keys = transaction.message.static_account_keys().to_vec();
    if let OptionSerializer::Some(loaded) = &meta.loaded_addresses {
        keys.extend(loaded.writable.iter().chain(&loaded.readonly).filter_map(|key| key.parse::<Pubkey>().ok()));
    }
    let logs = Option::<Vec<String>>::from(meta.log_messages).unwrap_or_default();
    let inner = Option::<Vec<UiInnerInstructions>>::from(meta.inner_instructions).unwrap_or_default();
    let mut steps = steps(transaction, &keys, &inner);
    if meta.err.is_some() {
        // A failed transaction undid what its earlier instructions recorded.
        steps.iter_mut().for_each(|step| step.events.clear());
    } else {
        logged(&mut steps, &run_by_a_program(transaction, &keys), &logs);
    }
    let failure = meta.err.map(|error| failure(error.into(), &steps));
    Past {
        slot,
        block_time,
        payer: keys.first().copied().unwrap_or_default(),
        fee: meta.fee,
        compute_units: meta.compute_units_consumed.into(),
        failure,
        steps,
        logs,
    }
}

/// Adds the events of the log; `run` holds the indices of the instructions that the log counts.
fn logged(steps: &mut [Step], run: &[usize], logs: &[String]) {
    for logged in from_logs(logs.iter().map(String::as_str)) {
        let index = run.get(logged.instruction).copied();
        let belongs = |step: &&mut Step| Some(step.instruction) == index && step.program == PROGRAM_ID;
        if let Some(step) = steps.iter_mut().find(belongs) {
            step.events.push(logged.batch);
        }
    }
}

/// Indices of the instructions that the log counts: the runtime checks signatures itself and logs nothing about it.
fn run_by_a_program(transaction: &VersionedTransaction, keys: &[Pubkey]) -> Vec<usize> {
    let silent = [ed25519_program::ID, secp256k1_program::ID, secp256r1_program::ID];
    let program = |index: u8| keys.get(usize::from(index));
    let all = transaction.message.instructions().iter().enumerate();
    all.filter(|(_, one)| !program(one.program_id_index).is_some_and(|id| silent.contains(id)))
        .map(|(index, _)| index)
        .collect()
}

fn steps(transaction: &VersionedTransaction, keys: &[Pubkey], inner: &[UiInnerInstructions]) -> Vec<Step> {
    let mut steps = Vec::new();
    for (index, top) in transaction.message.instructions().iter().enumerate() {
        steps.push(step(index, false, keys, top.program_id_index, &top.accounts, &top.data));
        let calls = inner.iter().filter(|calls| usize::from(calls.index) == index);
        for call in calls.flat_map(|calls| &calls.instructions) {
            let UiInstruction::Compiled(call) = call else { continue };
            let Ok(data) = bs58::decode(&call.data).into_vec() else { continue };
            if !program_is(keys, call.program_id_index) {
                continue;
            }
            if data.starts_with(&EVENT_IX_TAG) {
                let batch = EventBatch::from_inner(&PROGRAM_ID, &data);
                // The call comes from the instruction of the exchange that ran last.
                if let (Some(step), Some(batch)) = (steps.iter_mut().rev().find(|s| s.program == PROGRAM_ID), batch) {
                    step.events.push(batch);
                }
            } else {
                steps.push(step(index, true, keys, call.program_id_index, &call.accounts, &data));
            }
        }
    }
    steps
}

fn program_is(keys: &[Pubkey], index: u8) -> bool {
    keys.get(usize::from(index)) == Some(&PROGRAM_ID)
}

fn step(instruction: usize, inner: bool, keys: &[Pubkey], program: u8, accounts: &[u8], data: &[u8]) -> Step {
    let program = keys.get(usize::from(program)).copied().unwrap_or_default();
    let accounts: Vec<Pubkey> = accounts.iter().filter_map(|index| keys.get(usize::from(*index)).copied()).collect();
    let ours = program == PROGRAM_ID;
    Step {
        instruction,
        inner,
        program,
        name: if ours { instruction::name_of(data) } else { None },
        decoded: if ours { instruction::decode(&accounts, data) } else { None },
        accounts,
        data: data.to_vec(),
        events: Vec::new(),
    }
}

fn failure(error: TransactionError, steps: &[Step]) -> Failure {
    let (instruction, code) = match &error {
        TransactionError::InstructionError(index, InstructionError::Custom(code)) => {
            (Some(usize::from(*index)), Some(*code))
        }
        TransactionError::InstructionError(index, _) => (Some(usize::from(*index)), None),
        _ => (None, None),
    };
    let ours = steps.iter().any(|step| Some(step.instruction) == instruction && step.program == PROGRAM_ID);
    Failure { error, instruction, program: code.filter(|_| ours).map(ProgramError::from_code) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use kedge_model::event::EventHeader;
    use solana_message::{Message, VersionedMessage};

    /// The first of two instructions recorded an order, and the second was refused.
    #[test]
    fn a_failed_transaction_has_no_events() {
        let header = EventHeader { version: EventHeader::VERSION, ..EventHeader::default() };
        let message = bytemuck::bytes_of(&header);
        let line = format!("Program data: {}", base64::engine::general_purpose::STANDARD.encode(message));
        let call = bs58::encode([&EVENT_IX_TAG, message].concat()).into_string();
        let past = |error: serde_json::Value| {
            let meta = serde_json::json!({
                "err": error, "status": { "Ok": null }, "fee": 5000, "preBalances": [], "postBalances": [],
                "innerInstructions": [{ "index": 0, "instructions": [
                    { "programIdIndex": 1, "accounts": [], "data": call, "stackHeight": 2 },
                ] }],
                "logMessages": [format!("Program {PROGRAM_ID} invoke [1]"), line, format!("Program {PROGRAM_ID} success")],
            });
            let instruction = Instruction { program_id: PROGRAM_ID, accounts: Vec::new(), data: Vec::new() };
            let message = Message::new(&[instruction], Some(&Pubkey::new_from_array([7; 32])));
            let transaction =
                VersionedTransaction { signatures: Vec::new(), message: VersionedMessage::Legacy(message) };
            read(1, None, &transaction, serde_json::from_value(meta).unwrap())
        };
        let landed = past(serde_json::Value::Null);
        assert_eq!((landed.events().count(), landed.failure), (2, None));
        let failed = past(serde_json::json!({ "InstructionError": [1, { "Custom": 6000 }] }));
        assert_eq!(failed.events().count(), 0);
        assert_eq!(failed.failure.and_then(|failure| failure.instruction), Some(1));
    }
}
