//! Dry runs: effect, changes and cost of a transaction that is not sent.

use std::collections::BTreeSet;

use kedge_client::{PriorityFee, recent_price};
use kedge_interface::PROGRAM_ID;
use kedge_interface::instruction;
use kedge_units::decimal;
use serde_json::{Value, json};
use solana_account_decoder_client_types::{UiAccount, UiAccountEncoding};
use solana_compute_budget_interface::ComputeBudgetInstruction;
use solana_hash::Hash;
use solana_instruction::Instruction;
use solana_message::{VersionedMessage, v0};
use solana_pubkey::Pubkey;
use solana_rpc_client_api::config::{RpcSimulateTransactionAccountsConfig, RpcSimulateTransactionConfig};
use solana_signature::Signature;
use solana_transaction::versioned::VersionedTransaction;

use crate::changes::{self, BeforeAfter};
use crate::confirm::{SIGNATURE_FEE, UNITS_MARGIN, priority_fee};
use crate::describe;
use crate::directory::{Directory, short};
use crate::error::{CliError, Result};
use crate::output::{Output, wrap};
use crate::session::Session;

/// Compute limit of simulations, which cost nothing.
const UNITS: u32 = 1_400_000;

/// Simulates the transaction of these instructions and describes its effect.
///
/// # Errors
/// The refusal that sending would meet.
pub(crate) async fn run(session: &Session, instructions: &[Instruction]) -> Result<Output> {
    let sender = session.sender()?;
    let units = sender.units(instructions, &[], UNITS_MARGIN).await.map_err(|error| session.advise(error.into()))?;
    let directory = Directory::fetch(&session.client).await?;
    let written = written(instructions);
    let before = session.client.accounts(&written).await?;
    let after = session.accounts_after(instructions, &written).await?.unwrap_or_default();
    let owner = session.signer()?;
    let snapshots = written.iter().zip(before).zip(after).map(|((address, before), after)| BeforeAfter {
        address: *address,
        lamports: (before.as_ref().map_or(0, |one| one.lamports), after.as_ref().map_or(0, |one| one.lamports)),
        before: before.filter(|one| one.lamports != 0).map(|one| one.data),
        after: after.filter(|one| one.lamports != 0).and_then(|one| one.data.decode()),
    });
    let snapshots: Vec<BeforeAfter> = snapshots.collect();
    let changes = changes::told(&directory, &owner, &snapshots);
    let rent = changes::rent(&owner, &snapshots);

    let price = price(session, &written).await?;
    let signatures = signatures(&owner, instructions);
    let base = signatures.saturating_mul(SIGNATURE_FEE);
    let fee = base.saturating_add(priority_fee(price, units));
    let steps: Vec<(Option<&str>, String)> =
        instructions.iter().map(|instruction| step(&directory, instruction)).collect();
    let doubts = session.doubts.borrow().clone();

    let mut text = String::from("dry run: nothing was sent. The transaction would\n");
    for (number, (_, told)) in (1u32..).zip(&steps) {
        text += &wrap(&format!("{number:>2}. "), told);
    }
    text += "and change\n";
    for change in &changes {
        text += &wrap("  - ", change);
    }
    if changes.is_empty() {
        text += "  - nothing of yours\n";
    }
    let sol = |lamports: u64| decimal::format(lamports, 9, 0);
    let mut cost = format!("network fee {} SOL, of it priority {} SOL", sol(fee), sol(fee - base));
    if rent > 0 {
        cost += &format!("; rent {} SOL, which comes back when the accounts are closed", sol(rent.unsigned_abs()));
    } else if rent < 0 {
        cost += &format!("; {} SOL of rent come back", sol(rent.unsigned_abs()));
    }
    text += &wrap("", &cost);
    for doubt in &doubts {
        text += &wrap("would ask first: ", doubt);
    }
    let json = json!({
        "dry_run": true,
        "instructions": steps.iter().map(|(name, told)| json!({ "name": name, "text": told })).collect::<Vec<_>>(),
        "changes": changes,
        "compute_units": units,
        "fee_sol": sol(fee),
        "priority_fee_sol": sol(fee - base),
        "rent_sol": decimal::format(rent, 9, 0),
        "doubts": doubts,
    });
    Ok(Output::new(text, json))
}

/// Joins the dry runs of a command that sends several transactions.
pub(crate) fn together(tries: Vec<Output>) -> CliError {
    let text = tries.iter().map(|one| one.text.as_str()).collect::<Vec<_>>().join("\n");
    let json = tries.into_iter().map(|one| one.json).collect();
    CliError::Dry(Box::new(Output::new(text, Value::Array(json))))
}

/// Priority price in micro-lamports a compute unit, as sending would choose it.
async fn price(session: &Session, written: &[Pubkey]) -> Result<u64> {
    match session.priority() {
        PriorityFee::None => Ok(0),
        PriorityFee::Fixed(price) => Ok(price),
        PriorityFee::Recent { percentile, max } => {
            // Without an answer the price is zero.
            Ok(recent_price(&session.client, written, percentile).await.unwrap_or(0).min(max))
        }
    }
}

fn written(instructions: &[Instruction]) -> Vec<Pubkey> {
    let metas = instructions.iter().flat_map(|instruction| &instruction.accounts);
    let written: BTreeSet<Pubkey> = metas.filter(|meta| meta.is_writable).map(|meta| meta.pubkey).collect();
    written.into_iter().collect()
}

/// Number of paid signatures: the signers', and those of signature instructions.
fn signatures(payer: &Pubkey, instructions: &[Instruction]) -> u64 {
    let metas = instructions.iter().flat_map(|instruction| &instruction.accounts);
    let mut signers: BTreeSet<Pubkey> = metas.filter(|meta| meta.is_signer).map(|meta| meta.pubkey).collect();
    signers.insert(*payer);
    let checked = instructions.iter().filter(|one| one.program_id.to_string().starts_with("Ed25519"));
    let checked: u64 = checked.map(|one| one.data.first().copied().map_or(0, u64::from)).sum();
    u64::try_from(signers.len()).unwrap_or(u64::MAX).saturating_add(checked)
}

/// Name and sentence of an instruction.
fn step(directory: &Directory, instruction: &Instruction) -> (Option<&'static str>, String) {
    let keys: Vec<Pubkey> = instruction.accounts.iter().map(|meta| meta.pubkey).collect();
    if instruction.program_id == PROGRAM_ID {
        let name = instruction::name_of(&instruction.data);
        let told = instruction::decode(&keys, &instruction.data).map_or_else(
            || name.unwrap_or("an instruction of the exchange").replace('_', " "),
            |decoded| describe::instruction(directory, &decoded),
        );
        return (name, told);
    }
    let program = instruction.program_id.to_string();
    let told = match () {
        () if program.starts_with("AToken") => "make sure that the wallet has an account for the token".into(),
        () if program.starts_with("Ed25519") => "have the signature of the message checked".into(),
        () => format!("call program {}", short(program)),
    };
    (None, told)
}

impl Session {
    /// Accounts as the instructions would leave them; `None` when they would fail.
    pub(crate) async fn accounts_after(
        &self,
        instructions: &[Instruction],
        addresses: &[Pubkey],
    ) -> Result<Option<Vec<Option<UiAccount>>>> {
        let payer = self.client.payer_address();
        let mut all = vec![ComputeBudgetInstruction::set_compute_unit_limit(UNITS)];
        all.extend_from_slice(instructions);
        let message = v0::Message::try_compile(&payer, &all, &[], Hash::default())
            .map_err(|error| CliError::Usage(error.to_string()))?;
        let signatures = vec![Signature::default(); usize::from(message.header.num_required_signatures)];
        let transaction = VersionedTransaction { signatures, message: VersionedMessage::V0(message) };
        let config = RpcSimulateTransactionConfig {
            sig_verify: false,
            replace_recent_blockhash: true,
            commitment: Some(self.client.commitment()),
            accounts: Some(RpcSimulateTransactionAccountsConfig {
                encoding: Some(UiAccountEncoding::Base64),
                addresses: addresses.iter().map(ToString::to_string).collect(),
            }),
            ..RpcSimulateTransactionConfig::default()
        };
        let simulated = self.client.rpc().simulate_transaction_with_config(&transaction, config).await;
        let outcome = simulated.map_err(kedge_client::FetchError::from)?.value;
        Ok(if outcome.err.is_some() { None } else { outcome.accounts })
    }
}
