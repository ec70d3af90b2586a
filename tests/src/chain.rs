//! What a machine runs on.

use std::collections::BTreeMap;

use kedge_engine::{Accounts, Moment, Overlay, State, apply};
use kedge_interface::PROGRAM_ID;
use kedge_interface::account::Account as Decoded;
#[cfg(feature = "svm")]
use kedge_interface::account::decode_any;
use kedge_interface::address::TOKEN_PROGRAM;
#[cfg(feature = "svm")]
use kedge_interface::event::{EventBatch, from_logs};
use kedge_interface::instruction::decode;
use kedge_model::clock::Clock;
use kedge_model::event::NoEvents;
#[cfg(feature = "svm")]
use litesvm::LiteSVM;
use solana_account::Account;
use solana_instruction::Instruction;
use solana_program_pack::Pack;
use solana_pubkey::Pubkey;
use solana_transaction::Transaction;
use spl_token_interface::state::{Account as TokenAccount, AccountState, Mint};

use crate::agreement;
use crate::machine::{Done, Refused};

/// Lamports a byte and of an empty account, as the runtime asks for them.
const RENT: (u64, u64) = (6_960, 890_880);

/// A chain: the built program on a virtual machine, or the engine.
#[derive(Clone)]
pub enum Chain {
    /// The program's bytecode in LiteSVM.
    #[cfg(feature = "svm")]
    Svm(Box<LiteSVM>),
    /// The engine.
    Engine(EngineChain),
}

/// The engine with what is around it: accounts of other programs, the clock. Wallets always have enough: a session looks at
/// the vaults.
#[derive(Clone, Debug, Default)]
pub struct EngineChain {
    /// The exchange.
    pub state: State,
    others: BTreeMap<Pubkey, Account>,
    clock: Clock,
}

impl Chain {
    pub(crate) fn set_clock(&mut self, slot: u64, unix_time: i64) {
        match self {
            #[cfg(feature = "svm")]
            Self::Svm(svm) => {
                let old = svm.get_sysvar::<solana_clock::Clock>();
                svm.set_sysvar(&solana_clock::Clock { slot, unix_timestamp: unix_time, ..old });
            }
            Self::Engine(engine) => engine.clock = Clock { slot, unix_time },
        }
    }

    pub(crate) fn rent(&self, size: usize) -> u64 {
        match self {
            #[cfg(feature = "svm")]
            Self::Svm(svm) => svm.minimum_balance_for_rent_exemption(size),
            Self::Engine(_) => RENT.1 + RENT.0 * u64::try_from(size).expect("a small account"),
        }
    }

    pub(crate) fn write(&mut self, address: Pubkey, account: Account) {
        match self {
            #[cfg(feature = "svm")]
            Self::Svm(svm) => svm.set_account(address, account).expect("the account is accepted"),
            Self::Engine(engine) => engine.write(address, account),
        }
    }

    pub(crate) fn account(&self, address: &Pubkey) -> Option<Account> {
        match self {
            #[cfg(feature = "svm")]
            Self::Svm(svm) => svm.get_account(address),
            Self::Engine(engine) => engine.account(address),
        }
    }

    pub(crate) fn accounts_of(&self, program: &Pubkey) -> BTreeMap<Pubkey, Account> {
        match self {
            #[cfg(feature = "svm")]
            Self::Svm(svm) => svm.get_program_accounts(program).into_iter().collect(),
            Self::Engine(engine) => engine.accounts_of(program),
        }
    }

    pub(crate) fn decoded(&self) -> Vec<(Pubkey, Decoded)> {
        match self {
            #[cfg(feature = "svm")]
            Self::Svm(svm) => {
                let read =
                    |data: &[u8]| decode_any(data).expect("every account decodes").expect("every account is known");
                let accounts = svm.get_program_accounts(&PROGRAM_ID);
                accounts.into_iter().map(|(address, account)| (address, read(&account.data))).collect()
            }
            Self::Engine(engine) => {
                engine.state.accounts.iter().map(|(address, account)| (*address, account.clone())).collect()
            }
        }
    }

    pub(crate) fn send(&mut self, transaction: Transaction, instructions: &[Instruction]) -> Result<Done, Refused> {
        match self {
            #[cfg(feature = "svm")]
            Self::Svm(svm) => send(svm, transaction),
            Self::Engine(engine) => {
                drop(transaction);
                engine.send(instructions)
            }
        }
    }
}

#[cfg(feature = "svm")]
fn send(svm: &mut LiteSVM, transaction: Transaction) -> Result<Done, Refused> {
    let keys = transaction.message.account_keys.clone();
    match svm.send_transaction(transaction) {
        Ok(meta) => {
            let logged = from_logs(meta.logs.iter().map(String::as_str));
            let mut batches: Vec<EventBatch> = logged.into_iter().map(|logged| logged.batch).collect();
            for inner in meta.inner_instructions.iter().flatten() {
                let program = keys[usize::from(inner.instruction.program_id_index)];
                batches.extend(EventBatch::from_inner(&program, &inner.instruction.data));
            }
            Ok(Done { compute: meta.compute_units_consumed, logs: meta.logs, batches })
        }
        Err(failed) => Err(Refused {
            refusal: failed.err.into(),
            compute: failed.meta.compute_units_consumed,
            logs: failed.meta.logs,
        }),
    }
}

impl EngineChain {
    fn write(&mut self, address: Pubkey, account: Account) {
        if account.owner == TOKEN_PROGRAM {
            if let Ok(mint) = Mint::unpack(&account.data) {
                self.state.mints.insert(address, mint.decimals);
            }
        } else if account.owner != Pubkey::default() {
            self.state.oracles.insert(address, (account.owner, account.data.clone()));
        }
        self.others.insert(address, account);
    }

    fn account(&self, address: &Pubkey) -> Option<Account> {
        if let Some(account) = self.state.get(address) {
            return Some(Account { data: account.encode(), owner: PROGRAM_ID, ..Account::default() });
        }
        match self.state.tokens(address) {
            Some(amount) => Some(vault(amount)),
            None => self.others.get(address).cloned(),
        }
    }

    fn accounts_of(&self, program: &Pubkey) -> BTreeMap<Pubkey, Account> {
        if *program == PROGRAM_ID {
            let own = self.state.accounts.keys();
            return own.filter_map(|address| Some((*address, self.account(address)?))).collect();
        }
        let others = self.others.iter().filter(|(_, account)| account.owner == *program);
        others.map(|(address, account)| (*address, account.clone())).collect()
    }

    /// A transaction: all its instructions or none. One of another program verifies a signature for the next.
    fn send(&mut self, instructions: &[Instruction]) -> Result<Done, Refused> {
        let mut tried = Overlay::over(&self.state);
        let mut signature = None;
        for instruction in instructions {
            if instruction.program_id != PROGRAM_ID {
                signature = Some(instruction.data.as_slice());
                continue;
            }
            let keys: Vec<Pubkey> = instruction.accounts.iter().map(|meta| meta.pubkey).collect();
            let decoded = decode(&keys, &instruction.data).expect("an instruction of the program");
            let moment = Moment { clock: self.clock, signature: signature.take() };
            let applied = apply(&mut tried, &decoded, &moment, &mut NoEvents);
            applied.map_err(|refusal| Refused { refusal: agreement::number(refusal), compute: 0, logs: Vec::new() })?;
        }
        let changes = tried.changes;
        self.state.keep(changes);
        Ok(Done { compute: 0, logs: Vec::new(), batches: Vec::new() })
    }
}

/// A token account with so many tokens.
fn vault(amount: u64) -> Account {
    let wallet = TokenAccount { amount, state: AccountState::Initialized, ..TokenAccount::default() };
    let mut data = vec![0; TokenAccount::LEN];
    wallet.pack_into_slice(&mut data);
    Account { data, owner: TOKEN_PROGRAM, ..Account::default() }
}
