//! LiteSVM with the compiled program loaded.

use std::collections::BTreeMap;
use std::path::PathBuf;

use kedge_interface::PROGRAM_ID;
use kedge_interface::account::{Account as Decoded, decode_any};
use kedge_interface::error::{AccountError, ProgramError};
use kedge_interface::event::{EventBatch, from_logs};
use kedge_interface::instruction::name_of;
use litesvm::LiteSVM;
use solana_account::Account;
use solana_clock::Clock;
use solana_instruction::Instruction;
use solana_instruction::error::InstructionError;
use solana_message::Message;
use solana_pubkey::Pubkey;
use solana_signature::Signature;
use solana_transaction::Transaction;
use solana_transaction_error::TransactionError;

/// Milliseconds a slot on this machine.
pub const SLOT_MS: u64 = 400;

/// A transaction that went through.
#[derive(Clone, Debug)]
pub struct Done {
    /// Compute units of all its instructions.
    pub compute: u64,
    /// Log lines.
    pub logs: Vec<String>,
    /// Batches of records, from self-calls and from the log.
    pub batches: Vec<EventBatch>,
}

impl Done {
    /// All records, in order.
    pub fn events(&self) -> Vec<kedge_interface::event::Event> {
        self.batches.iter().flat_map(|batch| batch.events.iter().copied()).collect()
    }
}

/// Why a transaction was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A number of the program, of the framework or of a called program.
    Number(u32),
    /// A builtin error of an instruction.
    Builtin(InstructionError),
    /// The transaction as a whole.
    Transaction(TransactionError),
}

impl Refusal {
    /// The list of accounts is too short.
    #[expect(deprecated, reason = "the runtime still returns it")]
    pub const fn too_few_accounts() -> Self {
        Self::Builtin(InstructionError::NotEnoughAccountKeys)
    }
}

impl From<kedge_model::Error> for Refusal {
    fn from(error: kedge_model::Error) -> Self {
        Self::Number(kedge_interface::error::RULES_FROM + error as u32)
    }
}

impl From<AccountError> for Refusal {
    fn from(error: AccountError) -> Self {
        Self::Number(kedge_interface::error::ACCOUNTS_FROM + error as u32)
    }
}

impl From<u32> for Refusal {
    fn from(number: u32) -> Self {
        Self::Number(number)
    }
}

impl From<InstructionError> for Refusal {
    fn from(error: InstructionError) -> Self {
        Self::Builtin(error)
    }
}

impl From<TransactionError> for Refusal {
    fn from(error: TransactionError) -> Self {
        match error {
            TransactionError::InstructionError(_, InstructionError::Custom(number)) => Self::Number(number),
            TransactionError::InstructionError(_, error) => Self::Builtin(error),
            other => Self::Transaction(other),
        }
    }
}

/// A refused transaction: why, at what cost, and what the log says.
#[derive(Clone)]
pub struct Refused {
    /// Why.
    pub refusal: Refusal,
    /// Compute units until then.
    pub compute: u64,
    /// Log lines.
    pub logs: Vec<String>,
}

impl std::fmt::Debug for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.refusal {
            Refusal::Number(number) => write!(f, "{}", ProgramError::from_code(*number))?,
            other => write!(f, "{other:?}")?,
        }
        write!(f, " after {} CU", self.compute)
    }
}

/// The virtual machine with the program, a clock and a purse for fees.
pub struct Machine {
    svm: LiteSVM,
    payer: Pubkey,
    /// Slot.
    pub slot: u64,
    /// Unix milliseconds.
    pub millis: u64,
    /// Successful transactions so far.
    pub sent: u64,
    /// Cheapest and dearest run of each instruction that went through.
    pub meter: BTreeMap<&'static str, (u64, u64)>,
}

/// The checkout.
pub fn root() -> PathBuf {
    // Asked at run time, as checkouts may share a target folder and with it this binary.
    let package = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR");
    let mut above = PathBuf::from(package);
    while !above.join("Cargo.lock").is_file() {
        assert!(above.pop(), "the tests run from a checkout");
    }
    above
}

/// Where the built program is.
pub fn program_path() -> PathBuf {
    root().join("target").join("deploy").join("kedge.so")
}

/// The built program.
///
/// # Panics
/// When it is not built: nothing here is skipped.
pub fn program() -> Vec<u8> {
    std::fs::read(program_path())
        .unwrap_or_else(|error| panic!("target/deploy/kedge.so is not there ({error}): run `make program` first"))
}

impl Machine {
    /// Loads `target/deploy/kedge.so`.
    ///
    /// # Panics
    /// When the program is not built or does not load.
    pub fn start() -> Self {
        Self::on(LiteSVM::new(), &program())
    }

    /// [`Machine::start`] on a given virtual machine, with the program as given.
    pub fn on(svm: LiteSVM, program: &[u8]) -> Self {
        // Signatures are not verified: what the program sees is the signer flag of each account.
        let mut svm = svm
            .with_sigverify(false)
            .with_blockhash_check(false)
            .with_transaction_history(0)
            .with_log_bytes_limit(None);
        svm.add_program(PROGRAM_ID, program).expect("the loader accepts the program");
        let payer = Pubkey::new_from_array([0xfe; 32]);
        let mut machine =
            Self { svm, payer, slot: 1_000_000, millis: 1_800_000_000_000, sent: 0, meter: BTreeMap::new() };
        machine.endow(payer);
        machine.sync_clock();
        machine
    }

    /// Gives an address SOL.
    pub fn endow(&mut self, address: Pubkey) {
        let account = Account { lamports: 1_000_000_000_000_000, ..Account::default() };
        self.write(address, account);
    }

    /// Who pays the fees here.
    pub fn payer(&self) -> Pubkey {
        self.payer
    }

    /// Unix seconds of the chain's clock.
    pub fn time(&self) -> i64 {
        i64::try_from(self.millis / 1_000).expect("a time of our age")
    }

    /// Moves the clock.
    pub fn pass_ms(&mut self, millis: u64) {
        self.millis += millis;
        self.slot += millis.div_ceil(SLOT_MS);
        self.sync_clock();
    }

    /// Moves the clock by whole slots.
    pub fn pass_slots(&mut self, slots: u64) {
        self.slot += slots;
        self.millis += slots * SLOT_MS;
        self.sync_clock();
    }

    fn sync_clock(&mut self) {
        let clock = Clock { slot: self.slot, unix_timestamp: self.time(), ..self.svm.get_sysvar::<Clock>() };
        self.svm.set_sysvar(&clock);
    }

    /// Writes an account directly.
    pub fn write(&mut self, address: Pubkey, account: Account) {
        self.svm.set_account(address, account).expect("the account is accepted");
    }

    /// Lamports that make an account of this size exempt from rent.
    pub fn rent(&self, size: usize) -> u64 {
        self.svm.minimum_balance_for_rent_exemption(size)
    }

    /// An account as it is.
    pub fn account(&self, address: &Pubkey) -> Option<Account> {
        self.svm.get_account(address)
    }

    /// Data of an account that exists.
    pub fn data(&self, address: &Pubkey) -> Vec<u8> {
        self.account(address).unwrap_or_else(|| panic!("{address} exists")).data
    }

    /// All accounts of the program, by address.
    pub fn program_accounts(&self) -> BTreeMap<Pubkey, Account> {
        self.accounts_of(&PROGRAM_ID)
    }

    /// All accounts of a program, by address.
    pub fn accounts_of(&self, program: &Pubkey) -> BTreeMap<Pubkey, Account> {
        self.svm.get_program_accounts(program).into_iter().collect()
    }

    /// All accounts of the program, decoded.
    pub fn decoded(&self) -> Vec<(Pubkey, Decoded)> {
        let read = |data: &[u8]| decode_any(data).expect("every account decodes").expect("every account is known");
        self.program_accounts().into_iter().map(|(address, account)| (address, read(&account.data))).collect()
    }

    /// The transaction that [`Machine::send`] sends.
    pub fn transaction(&self, instructions: &[Instruction]) -> Transaction {
        let message = Message::new(instructions, Some(&self.payer));
        let signatures = vec![Signature::from([7; 64]); usize::from(message.header.num_required_signatures)];
        Transaction { signatures, message }
    }

    /// Sends one instruction.
    pub fn send(&mut self, instruction: impl Into<Instruction>) -> Result<Done, Refused> {
        self.send_all(&[instruction.into()])
    }

    /// Sends instructions in one transaction.
    pub fn send_all(&mut self, instructions: &[Instruction]) -> Result<Done, Refused> {
        let transaction = self.transaction(instructions);
        let keys = transaction.message.account_keys.clone();
        match self.svm.send_transaction(transaction) {
            Ok(meta) => {
                self.sent += 1;
                let compute = meta.compute_units_consumed;
                if let [only] = instructions
                    && let Some(name) = name_of(&only.data)
                {
                    let seen = self.meter.entry(name).or_insert((u64::MAX, 0));
                    *seen = (seen.0.min(compute), seen.1.max(compute));
                }
                let logged = from_logs(meta.logs.iter().map(String::as_str));
                let mut batches: Vec<EventBatch> = logged.into_iter().map(|logged| logged.batch).collect();
                for inner in meta.inner_instructions.iter().flatten() {
                    let program = keys[usize::from(inner.instruction.program_id_index)];
                    batches.extend(EventBatch::from_inner(&program, &inner.instruction.data));
                }
                Ok(Done { compute, logs: meta.logs, batches })
            }
            Err(failed) => Err(Refused {
                refusal: failed.err.into(),
                compute: failed.meta.compute_units_consumed,
                logs: failed.meta.logs,
            }),
        }
    }
}
