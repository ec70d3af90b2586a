//! Compares instructions with the engine: every byte of every account, every record, every refusal.

use kedge_engine::{Moment, Report, State, apply};
use kedge_interface::PROGRAM_ID;
use kedge_interface::error::{AccountError, RULES_FROM};
use kedge_interface::event::{Event, decode as decode_events};
use kedge_interface::instruction::{Decoded, Instruction, decode, name_of};
use kedge_model::Error;
use kedge_model::account::bank::Bank;
use kedge_model::clock::Clock;
use kedge_model::event::{Batch, NO_MARKET};
use solana_pubkey::Pubkey;

use crate::machine::{Machine, Refusal};
use crate::token;
use crate::world::World;

/// Room for the records of one instruction, in bytes.
const RECORDS: usize = 65_536;

/// What program and engine agree on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreed {
    /// The instruction succeeded, and every account and record is the engine's.
    Done,
    /// Both refused the instruction with this error.
    Refused(Error),
    /// The program refused a duplicate account before it asked any rule.
    Duplicate,
}

impl World {
    /// Runs one instruction and compares with the engine.
    ///
    /// # Panics
    /// When program and engine differ, or a rule of conservation does not hold afterwards.
    pub fn run_in_agreement(&mut self, instruction: &Instruction) -> Agreed {
        self.run_behind_in_agreement(None, instruction)
    }

    /// [`World::run_in_agreement`] with an instruction in front that changes no account of the exchange.
    ///
    /// # Panics
    /// As [`World::run_in_agreement`].
    pub fn run_behind_in_agreement(&mut self, front: Option<Instruction>, instruction: &Instruction) -> Agreed {
        let name = name_of(&instruction.data).expect("an instruction of the program");
        if self.engine().is_some() {
            return self.run_on_engine(name, front, instruction);
        }
        let expected = expected(&self.machine, front.as_ref(), instruction);
        let transaction: Vec<Instruction> = front.into_iter().chain([instruction.clone()]).collect();
        let result = self.run_all(&transaction);
        match (result, expected) {
            (Ok(done), Ok((state, events))) => {
                let found = self.program_accounts();
                assert!(found.keys().eq(state.accounts.keys()), "{name}: the accounts are not the same ones");
                for (address, account) in &state.accounts {
                    same_bytes(name, address, &found[address].data, &account.encode());
                }
                for (vault, tokens) in &state.vaults {
                    assert_eq!(token::amount(&self.machine, vault), *tokens, "{name}: tokens in {vault}");
                }
                assert_eq!(done.events(), events, "{name}: the records are not those of the engine");
                Agreed::Done
            }
            (Err(refused), Err(refusal)) if refused.refusal == number(refusal) => agreed(name, refusal),
            (Err(refused), _) if is_duplicate(&refused.refusal) => {
                let metas = &instruction.accounts;
                let twice = |at: usize| metas[..at].iter().any(|meta| meta.pubkey == metas[at].pubkey);
                assert!((0..metas.len()).any(twice), "{name}: no account is there twice");
                Agreed::Duplicate
            }
            (result, expected) => {
                panic!("{name}: the program says {:?}, the engine {:?}", result.map(drop), expected.map(drop))
            }
        }
    }
}

impl World {
    /// What the engine itself makes of an instruction.
    fn run_on_engine(&mut self, name: &str, front: Option<Instruction>, instruction: &Instruction) -> Agreed {
        let transaction: Vec<Instruction> = front.into_iter().chain([instruction.clone()]).collect();
        match self.run_all(&transaction) {
            Ok(_) => Agreed::Done,
            Err(refused) if is_duplicate(&refused.refusal) => Agreed::Duplicate,
            Err(refused) => rule(name, &refused.refusal),
        }
    }
}

fn same_bytes(name: &str, address: &Pubkey, program: &[u8], engine: &[u8]) {
    assert_eq!(program.len(), engine.len(), "{name}: bytes of account {address}");
    if let Some(at) = (0..program.len()).find(|at| program[*at] != engine[*at]) {
        let (program, engine) = (&program[at..program.len().min(at + 16)], &engine[at..engine.len().min(at + 16)]);
        panic!("{name}: account {address} from byte {at} on: program {program:?}, engine {engine:?}");
    }
}

/// The engine's result: state and records, or a refusal.
fn expected(
    machine: &Machine,
    front: Option<&Instruction>,
    instruction: &Instruction,
) -> kedge_engine::Result<(State, Vec<Event>)> {
    let keys: Vec<Pubkey> = instruction.accounts.iter().map(|meta| meta.pubkey).collect();
    let decoded = decode(&keys, &instruction.data).expect("an instruction of the program");
    let mut state = state(machine, &decoded);
    let clock = Clock { slot: machine.slot, unix_time: machine.time() };
    let moment = Moment { clock, signature: front.map(|front| front.data.as_slice()) };
    let mut buffer = vec![0; RECORDS];
    let mut batch = Batch::new(&mut buffer, 0);
    let _: Report = apply(&mut state, &decoded, &moment, &mut batch)?;
    let message = batch.finish([0; 32], 0, 0, NO_MARKET)?;
    let (_, events) = decode_events(message).expect("the engine's records are records");
    Ok((state, events.collect()))
}

/// The exchange on the machine as an engine's state, with the foreign accounts that the instruction reads.
fn state(machine: &Machine, decoded: &Decoded) -> State {
    let mut state = State::default();
    for (address, account) in machine.program_accounts() {
        assert_eq!(account.owner, PROGRAM_ID);
        state.insert(address, &account.data).expect("the account is of a known kind");
    }
    let banks = state.accounts.values().filter_map(<Bank as kedge_engine::Kind>::of);
    let vaults: Vec<Pubkey> = banks.map(|bank| Pubkey::from(bank.vault)).collect();
    state.vaults = vaults.into_iter().map(|vault| (vault, token::amount(machine, &vault))).collect();
    match decoded {
        Decoded::ListBank(i) => {
            state.mints.insert(i.mint, token::decimals(machine, &i.mint));
        }
        Decoded::RefreshPrices(i) => {
            let accounts = i.oracles.iter().filter_map(|at| Some((*at, machine.account(at)?)));
            state.oracles = accounts.map(|(at, account)| (at, (account.owner, account.data))).collect();
        }
        _ => {}
    }
    state
}

/// An engine's refusal as the machine reports it.
pub(crate) fn number(refusal: kedge_engine::Refusal) -> Refusal {
    match u32::try_from(refusal.code()) {
        Ok(number) => Refusal::Number(number),
        // The engine returns only one of the runtime's builtin errors.
        Err(_) => Refusal::too_few_accounts(),
    }
}

fn agreed(name: &str, refusal: kedge_engine::Refusal) -> Agreed {
    let refusal = number(refusal);
    if is_duplicate(&refusal) { Agreed::Duplicate } else { rule(name, &refusal) }
}

/// The rule behind a refusal.
fn rule(name: &str, refusal: &Refusal) -> Agreed {
    let Refusal::Number(code) = refusal else { panic!("{name}: {refusal:?}") };
    match code.checked_sub(RULES_FROM).and_then(Error::from_number) {
        Some(error) => Agreed::Refused(error),
        None => panic!("{name}: an account of the session was refused: {refusal:?}"),
    }
}

fn is_duplicate(refusal: &Refusal) -> bool {
    *refusal == Refusal::Number(2040) || *refusal == Refusal::from(AccountError::AccountDuplicate)
}
