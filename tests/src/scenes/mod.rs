//! One scene for each instruction: an exchange in which exactly this instruction succeeds with these accounts.
//!
//! The attack matrix ([`crate::attacks`]) takes the instructions from `idl/kedge.json` and fails for one without a
//! scene. How to add one:
//!
//! 1. `cargo xtask idl`, so that the IDL has the instruction.
//! 2. Write `fn name() -> Scene` in `admin.rs`, `user.rs` or `keeper.rs` and a line `("name", name)` in that file's
//!    `SCENES`. Build the world, then `Scene::of(world, Instruction { .. })`. Let it be a case in which the instruction
//!    does all that it can do: makers behind it, tokens that move, a second user.
//! 3. Say what only the instruction knows: what happens when a sound account of the same kind stands in a slot.
//!    `.refuses(slot, account, error, attempt)` when it does not belong there, `.accepts(slot, account, why)` when
//!    anyone's will do. Each signer, each market, bank, trader and sub-account, and each mint needs one of both. An
//!    account that pays tokens needs no line, but a second user with such tokens.
//! 4. `.may_end_before("trailing 0", why)` when the accounts from there on may be left out.
//! 5. `.behind(instruction)` puts another instruction in front of it in the transaction.
//!
//! Everything else (owner, kind, size, signature, writable, duplicates, closed accounts, addresses, programs, lists
//! that are too short or too long) follows from the IDL and from what the accounts are: no line is needed, and none
//! can be left out.

mod admin;
mod backstop;
mod keeper;
mod life;
mod pocket;
mod user;

use kedge_interface::account::AccountKind;
use kedge_interface::instruction::{AccountMeta, Instruction, InstructionSpec, KedgeInstruction};
use solana_account::Account;
use solana_pubkey::Pubkey;

use crate::machine::Refusal;
use crate::world::World;

pub use keeper::{defaulter, underwater};

/// A sound account of the same kind that does not belong in a slot.
pub struct Foreign {
    /// Name of the slot; trailing accounts are called `trailing 0`, ...
    pub slot: &'static str,
    /// The account that is passed instead.
    pub account: Pubkey,
    /// The demanded refusal.
    pub refusal: Refusal,
    /// Description of the attack.
    pub attempt: &'static str,
}

/// Another account of the same kind with which the instruction succeeds too.
pub struct Open {
    /// Name of the slot.
    pub slot: &'static str,
    /// The account that is passed instead.
    pub account: Pubkey,
    /// Reason why it is acceptable.
    pub why: &'static str,
}

/// A world with an instruction that succeeds in it.
pub struct Scene {
    /// World of the scene.
    pub world: World,
    /// Description of the instruction.
    pub spec: InstructionSpec,
    /// Instructions in front of it in the transaction.
    pub front: Vec<Instruction>,
    /// The instruction under attack.
    pub instruction: Instruction,
    /// Accounts that do not belong in their slots.
    pub foreign: Vec<Foreign>,
    /// Slots in which another account is acceptable.
    pub open: Vec<Open>,
    /// Trailing accounts before which the list may end, with the reason.
    pub optional: Vec<(&'static str, &'static str)>,
}

impl Scene {
    fn of<T: KedgeInstruction>(world: World, instruction: T) -> Self {
        Self {
            world,
            spec: T::SPEC,
            front: Vec::new(),
            instruction: instruction.instruction(),
            foreign: Vec::new(),
            open: Vec::new(),
            optional: Vec::new(),
        }
    }

    fn refuses(
        mut self,
        slot: &'static str,
        account: Pubkey,
        refusal: impl Into<Refusal>,
        attempt: &'static str,
    ) -> Self {
        self.foreign.push(Foreign { slot, account, refusal: refusal.into(), attempt });
        self
    }

    fn accepts(mut self, slot: &'static str, account: Pubkey, why: &'static str) -> Self {
        self.open.push(Open { slot, account, why });
        self
    }

    fn may_end_before(mut self, slot: &'static str, why: &'static str) -> Self {
        self.optional.push((slot, why));
        self
    }

    fn behind(mut self, front: Instruction) -> Self {
        self.front.push(front);
        self
    }

    /// The scene's transaction with `instruction` in it.
    pub fn transaction(&self, instruction: Instruction) -> Vec<Instruction> {
        self.front.iter().cloned().chain([instruction]).collect()
    }

    /// Number of accounts behind the declared ones.
    pub fn trailing(&self) -> usize {
        self.instruction.accounts.len() - self.spec.accounts.len()
    }

    /// Name of the account at an index.
    pub fn slot_name(&self, at: usize) -> String {
        match self.spec.accounts.get(at) {
            Some(account) => account.name.to_owned(),
            None => format!("trailing {}", at - self.spec.accounts.len()),
        }
    }

    /// Index of the account with a name.
    pub fn slot_at(&self, name: &str) -> usize {
        (0..self.instruction.accounts.len())
            .find(|at| self.slot_name(*at) == name)
            .unwrap_or_else(|| panic!("{} has no account {name}", self.spec.name))
    }

    /// The instruction with another account in a slot.
    pub fn with(&self, at: usize, change: impl FnOnce(&mut AccountMeta)) -> Instruction {
        let mut instruction = self.instruction.clone();
        change(&mut instruction.accounts[at]);
        instruction
    }
}

/// Writes a changed copy of an account to another address.
pub fn forge(world: &mut World, original: &Pubkey, at: Pubkey, change: impl FnOnce(&mut Account)) {
    let mut account = world.account(original).unwrap_or_else(|| panic!("{original} exists"));
    change(&mut account);
    world.machine.write(at, account);
}

/// Address of some account of a kind in the world.
pub fn specimen<T: AccountKind>(world: &World) -> Option<Pubkey> {
    let found = |data: &[u8]| data.starts_with(&T::DISCRIMINATOR);
    world.program_accounts().into_iter().find(|(_, account)| found(&account.data)).map(|(address, _)| address)
}

/// An instruction's name and scene.
pub type Named = (&'static str, fn() -> Scene);

/// All scenes.
pub fn all() -> Vec<Named> {
    admin::SCENES
        .iter()
        .chain(user::SCENES)
        .chain(pocket::SCENES)
        .chain(keeper::SCENES)
        .chain(life::SCENES)
        .chain(backstop::SCENES)
        .copied()
        .collect()
}
