//! Instructions whose effect is compared, byte for byte, with the model's own.

use kedge_interface::error::AccountError;
use kedge_interface::instruction::{Instruction, name_of};
use kedge_model::Error;

use crate::machine::Refusal;
use crate::mirror::Mirror;
use crate::world::World;

/// What program and model agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreed {
    /// It went through, and every account is what the model says.
    Done,
    /// Both refused it for this reason.
    Refused(Error),
    /// The program refused an account that was there twice, before any rule was asked.
    Duplicate,
}

impl World {
    /// Runs one instruction and compares with the model.
    ///
    /// # Panics
    /// When program and model differ, or a rule of conservation does not hold afterwards.
    pub fn run_in_agreement(&mut self, instruction: &Instruction) -> Agreed {
        self.run_behind_in_agreement(None, instruction)
    }

    /// [`World::run_in_agreement`] with an instruction in front that changes no account.
    ///
    /// # Panics
    /// As [`World::run_in_agreement`].
    pub fn run_behind_in_agreement(&mut self, front: Option<Instruction>, instruction: &Instruction) -> Agreed {
        let name = name_of(&instruction.data).expect("an instruction of the program");
        let expected = Mirror::of(&self.machine).behind(front.clone()).expect(instruction);
        let transaction: Vec<Instruction> = front.into_iter().chain([instruction.clone()]).collect();
        let result = self.run_all(&transaction);
        match (result, expected) {
            (Ok(_), Ok(accounts)) => {
                let found = self.program_accounts();
                assert!(found.keys().eq(accounts.keys()), "{name}: the accounts are not the same ones");
                for (address, account) in &accounts {
                    let found = &found[address].data;
                    assert_eq!(*found, account.data, "{name}: account {address} is not what the model says");
                }
                Agreed::Done
            }
            (Err(refused), Err(error)) if refused.refusal == Refusal::from(error) => Agreed::Refused(error),
            (Err(refused), _) if is_duplicate(&refused.refusal) => {
                let metas = &instruction.accounts;
                let twice = |at: usize| metas[..at].iter().any(|meta| meta.pubkey == metas[at].pubkey);
                assert!((0..metas.len()).any(twice), "{name}: no account is there twice");
                Agreed::Duplicate
            }
            (result, expected) => {
                panic!("{name}: the program says {:?}, the model {:?}", result.map(drop), expected.map(drop))
            }
        }
    }
}

fn is_duplicate(refusal: &Refusal) -> bool {
    *refusal == Refusal::Number(2040) || *refusal == Refusal::from(AccountError::AccountDuplicate)
}
