//! What the scheduler charges for a transaction.
//!
//! The formula is that of agave's `CostModel`, which judges it in `tests/bank/tests/bank/cost.rs`.

use std::collections::BTreeSet;

use kedge_interface::address::{self, ED25519_PROGRAM};
use solana_account::Account;
use solana_compute_budget_interface::ComputeBudgetInstruction;
use solana_instruction::Instruction;
use solana_loader_v3_interface::state::UpgradeableLoaderState;
use solana_message::Message;
use solana_pubkey::Pubkey;
use solana_sdk_ids::{bpf_loader_upgradeable, sysvar};
use solana_signature::Signature;
use solana_transaction::Transaction;

use crate::machine::Machine;
use crate::market::SOL;

/// Units of all transactions of a second that may write one account: 24,000,000 in a slot of 400 ms.
pub const ACCOUNT_UNITS_A_SECOND: u64 = 60_000_000;

/// Units a signature of the transaction.
const SIGNATURE: u64 = 720;
/// Units a signature that the Ed25519 program verifies.
const VERIFIED: u64 = 2_400;
/// Units an account that may be written.
const WRITE_LOCK: u64 = 300;
/// Bytes of instruction data for a unit.
const DATA_BYTES: u64 = 4;
/// Bytes of a page of loaded data, begun ones included, and its units.
const PAGE_BYTES: u64 = 32 * 1_024;
const PAGE: u64 = 8;
/// Units that the runtime takes for each instruction of the compute-budget program.
const LIMIT_INSTRUCTION: u64 = 150;

/// Bytes that the runtime adds for each account that exists.
const ACCOUNT_BASE: usize = 64;

/// A measured transaction as a client sends it: paid by its first signer, or by a purse where nobody signs, with a limit of
/// units and a limit of loaded data that are just enough.
#[derive(Clone, Debug)]
pub struct Bill {
    /// The transaction. Its signatures are placeholders.
    pub transaction: Transaction,
    /// Compute units of all its instructions, the two limits among them.
    pub units: u64,
    /// Bytes of the accounts that it loads.
    pub loaded: u64,
}

/// What one measurement came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// Compute units of the instructions, without those of limits.
    pub units: u64,
    /// Transaction cost of the instructions behind both limits, units.
    pub cost: u64,
    /// Whether the transaction writes a market, of which there is one for all its traders.
    pub writes_market: bool,
}

/// A transaction's accounts and what they hold, before it runs.
pub struct Loaded(u64);

impl Loaded {
    /// Bytes that a transaction of these instructions loads on a machine now.
    pub fn on(machine: &Machine, instructions: &[Instruction]) -> Self {
        let message = limited(machine, instructions, 0, 0).message;
        Self(loaded_bytes(&message.account_keys, |address| machine.account(address)))
    }

    /// The bill of the instructions, which used so many units.
    pub fn bill(&self, machine: &Machine, instructions: &[Instruction], used: u64) -> Bill {
        let units = used + 2 * LIMIT_INSTRUCTION;
        Bill { transaction: limited(machine, instructions, units, self.0), units, loaded: self.0 }
    }
}

/// Instructions behind both limits.
fn limited(machine: &Machine, instructions: &[Instruction], units: u64, loaded: u64) -> Transaction {
    let number = |value: u64| u32::try_from(value).expect("within the limits of a transaction");
    let mut all = vec![
        ComputeBudgetInstruction::set_compute_unit_limit(number(units)),
        ComputeBudgetInstruction::set_loaded_accounts_data_size_limit(number(loaded)),
    ];
    all.extend_from_slice(instructions);
    let signer = instructions.iter().flat_map(|one| &one.accounts).find(|meta| meta.is_signer);
    let message = Message::new(&all, Some(&signer.map_or_else(|| machine.payer(), |meta| meta.pubkey)));
    let signatures = vec![Signature::from([7; 64]); usize::from(message.header.num_required_signatures)];
    Transaction { signatures, message }
}

/// Bytes of accounts that a transaction with these keys loads (SIMD-0186): the data of each that exists and 64 bytes, of a
/// program that can be upgraded also its program data. Nothing for the instructions sysvar.
pub fn loaded_bytes(keys: &[Pubkey], account: impl Fn(&Pubkey) -> Option<Account>) -> u64 {
    let mut seen: BTreeSet<Pubkey> = keys.iter().copied().collect();
    let mut bytes = 0;
    for key in keys.iter().filter(|key| !sysvar::instructions::check_id(key)) {
        let Some(found) = account(key) else { continue };
        bytes += ACCOUNT_BASE + found.data.len();
        if bpf_loader_upgradeable::check_id(&found.owner)
            && let Ok(UpgradeableLoaderState::Program { programdata_address }) = wincode::deserialize(&found.data)
            && seen.insert(programdata_address)
        {
            bytes += account(&programdata_address).map_or(0, |code| ACCOUNT_BASE + code.data.len());
        }
    }
    u64::try_from(bytes).expect("at most 64 MiB")
}

impl Bill {
    /// Transaction cost in units.
    pub fn cost(&self) -> u64 {
        let message = &self.transaction.message;
        let count = |number: usize| u64::try_from(number).expect("a transaction is small");
        let data = message.instructions.iter().map(|instruction| instruction.data.len()).sum();
        let verifying = message
            .instructions
            .iter()
            .filter(|instruction| message.account_keys[usize::from(instruction.program_id_index)] == ED25519_PROGRAM);
        let verified = verifying.map(|instruction| instruction.data.first().copied().map_or(0, u64::from)).sum::<u64>();
        SIGNATURE * u64::from(message.header.num_required_signatures)
            + VERIFIED * verified
            + WRITE_LOCK * count(self.written().count())
            + count(data) / DATA_BYTES
            + self.units
            + PAGE * self.loaded.div_ceil(PAGE_BYTES)
    }

    /// The accounts that the transaction may write.
    pub fn written(&self) -> impl Iterator<Item = &Pubkey> {
        let Message { header, account_keys, .. } = &self.transaction.message;
        let signers = usize::from(header.num_required_signatures);
        let (signed, unsigned) = account_keys.split_at(signers);
        let signed = &signed[..signers - usize::from(header.num_readonly_signed_accounts)];
        let unsigned = &unsigned[..unsigned.len() - usize::from(header.num_readonly_unsigned_accounts)];
        signed.iter().chain(unsigned)
    }

    /// The figures of a row.
    pub fn spent(&self) -> Spent {
        let units = self.units - 2 * LIMIT_INSTRUCTION;
        let market = address::market(SOL);
        let writes_market = self.written().any(|written| *written == market);
        Spent { units, cost: self.cost(), writes_market }
    }
}
