//! A chain on which the exchange runs: sending transactions, reading accounts, the clock.

use std::collections::BTreeMap;
use std::path::PathBuf;

use kedge_interface::PROGRAM_ID;
use kedge_interface::account::Account as Decoded;
use kedge_interface::error::{AccountError, ProgramError};
use kedge_interface::event::EventBatch;
use kedge_interface::instruction::name_of;
#[cfg(feature = "svm")]
use litesvm::LiteSVM;
use solana_account::Account;
use solana_instruction::Instruction;
use solana_instruction::error::InstructionError;
use solana_message::Message;
use solana_pubkey::Pubkey;
use solana_signature::Signature;
use solana_transaction::Transaction;
use solana_transaction_error::TransactionError;

use crate::chain::{Chain, EngineChain};

/// Milliseconds a slot on a machine on which nobody says otherwise.
pub const SLOT_MS: u64 = 400;
/// Milliseconds a slot today, and the shorter ones that the runtime has gates for.
pub const SLOT_LENGTHS: [u64; 5] = [SLOT_MS, 350, 300, 250, 200];

/// A transaction that succeeded.
#[derive(Clone, Debug)]
pub struct Done {
    /// Compute units of all instructions.
    pub compute: u64,
    /// Log of the transaction, in lines.
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
    /// A custom error number of the program, the framework or a called program.
    Number(u32),
    /// A builtin error of an instruction.
    Builtin(InstructionError),
    /// An error of the transaction as a whole.
    Transaction(TransactionError),
}

impl Refusal {
    /// Refusal of a list of accounts that is too short.
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

/// A refused transaction with its cost and log.
#[derive(Clone)]
pub struct Refused {
    /// Reason of the refusal.
    pub refusal: Refusal,
    /// Compute units up to the refusal.
    pub compute: u64,
    /// Log of the transaction, in lines.
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

/// A chain with the program, a clock and a purse for fees.
#[derive(Clone)]
pub struct Machine {
    chain: Chain,
    payer: Pubkey,
    /// Slot of the machine's clock.
    pub slot: u64,
    /// Unix time of the machine's clock in milliseconds.
    pub millis: u64,
    /// Milliseconds a slot.
    pub slot_ms: u64,
    /// Successful transactions so far.
    pub sent: u64,
    /// Lowest and highest compute units of each successful instruction.
    pub meter: BTreeMap<&'static str, (u64, u64)>,
}

/// Root folder of the checkout.
pub fn root() -> PathBuf {
    // Asked at run time, since checkouts may share a target folder and with it this binary.
    let package = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR");
    let mut above = PathBuf::from(package);
    while !above.join("Cargo.lock").is_file() {
        assert!(above.pop(), "the tests run from a checkout");
    }
    above
}

/// Path of the built program.
pub fn program_path() -> PathBuf {
    root().join("target").join("deploy").join("kedge.so")
}

/// The built program.
///
/// # Panics
/// When it is not built: no test is skipped.
pub fn program() -> Vec<u8> {
    std::fs::read(program_path())
        .unwrap_or_else(|error| panic!("target/deploy/kedge.so is not there ({error}): run `make program` first"))
}

impl Machine {
    /// Loads `target/deploy/kedge.so`.
    ///
    /// # Panics
    /// When the program is not built or does not load.
    #[cfg(feature = "svm")]
    pub fn start() -> Self {
        Self::on(LiteSVM::new(), &program())
    }

    /// The engine in place of the program: no bytecode, no compute units, no records.
    pub fn on_engine() -> Self {
        Self::of(Chain::Engine(EngineChain::default()))
    }

    /// [`Machine::start`] on a given virtual machine, with the program as given.
    #[cfg(feature = "svm")]
    pub fn on(svm: LiteSVM, program: &[u8]) -> Self {
        // Signatures are not verified: the program only sees each account's signer flag.
        let mut svm = svm
            .with_sigverify(false)
            .with_blockhash_check(false)
            .with_transaction_history(0)
            .with_log_bytes_limit(None);
        svm.add_program(PROGRAM_ID, program).expect("the loader accepts the program");
        Self::of(Chain::Svm(Box::new(svm)))
    }

    fn of(chain: Chain) -> Self {
        let payer = Pubkey::new_from_array([0xfe; 32]);
        let mut machine = Self {
            chain,
            payer,
            slot: 1_000_000,
            millis: 1_800_000_000_000,
            slot_ms: SLOT_MS,
            sent: 0,
            meter: BTreeMap::new(),
        };
        machine.endow(payer);
        machine.sync_clock();
        machine
    }

    /// Gives SOL to an address.
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

    /// Advances the clock by milliseconds.
    pub fn pass_ms(&mut self, millis: u64) {
        self.millis += millis;
        self.slot += millis.div_ceil(self.slot_ms);
        self.sync_clock();
    }

    /// Advances the clock by whole slots.
    pub fn pass_slots(&mut self, slots: u64) {
        self.slot += slots;
        self.millis += slots * self.slot_ms;
        self.sync_clock();
    }

    fn sync_clock(&mut self) {
        let (slot, time) = (self.slot, self.time());
        self.chain.set_clock(slot, time);
    }

    /// Writes an account directly.
    pub fn write(&mut self, address: Pubkey, account: Account) {
        self.chain.write(address, account);
    }

    /// Rent exemption in lamports of an account of `size` bytes.
    pub fn rent(&self, size: usize) -> u64 {
        self.chain.rent(size)
    }

    /// The account at an address; `None` for an empty one.
    pub fn account(&self, address: &Pubkey) -> Option<Account> {
        self.chain.account(address)
    }

    /// Data of an existing account.
    pub fn data(&self, address: &Pubkey) -> Vec<u8> {
        self.account(address).unwrap_or_else(|| panic!("{address} exists")).data
    }

    /// All accounts of the program, by address.
    pub fn program_accounts(&self) -> BTreeMap<Pubkey, Account> {
        self.accounts_of(&PROGRAM_ID)
    }

    /// All accounts of a program, by address.
    pub fn accounts_of(&self, program: &Pubkey) -> BTreeMap<Pubkey, Account> {
        self.chain.accounts_of(program)
    }

    /// All accounts of the program, decoded.
    pub fn decoded(&self) -> Vec<(Pubkey, Decoded)> {
        self.chain.decoded()
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
        let done = self.chain.send(transaction, instructions)?;
        self.sent += 1;
        if let [only] = instructions
            && let Some(name) = name_of(&only.data)
        {
            let seen = self.meter.entry(name).or_insert((u64::MAX, 0));
            *seen = (seen.0.min(done.compute), seen.1.max(done.compute));
        }
        Ok(done)
    }

    /// The exchange in memory, when the machine runs on the engine.
    pub fn engine(&self) -> Option<&kedge_engine::State> {
        match &self.chain {
            Chain::Engine(engine) => Some(&engine.state),
            #[cfg(feature = "svm")]
            Chain::Svm(_) => None,
        }
    }
}
