//! Runs the attacks.

use std::collections::BTreeMap;

use kedge_interface::account::{AccountKind, KINDS};
use kedge_interface::address::TOKEN_PROGRAM;
use kedge_interface::error::AccountError;
use kedge_interface::{PROGRAM_ID, account};
use kedge_model::account::sub_account::SubAccount;
use solana_account::Account;
use solana_instruction::AccountMeta;
use solana_pubkey::Pubkey;

use super::role::kind;
use super::rules::{Demand, Target, Try};
use super::{Attack, Role, idl};
use crate::machine::Refusal;
use crate::scenes::{Scene, forge};
use crate::world::{World, key};

/// Result of a cell.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// This number of attacks was refused, with these errors.
    Refused(usize, Vec<Refusal>),
    /// The attack does not apply, for this reason.
    NotApplicable(&'static str),
    /// Any account of the kind may stand in the slot, for this reason.
    Open(&'static str),
}

/// A slot under one kind of attack.
#[derive(Clone, Debug)]
pub struct Cell {
    /// Name of the instruction.
    pub instruction: String,
    /// Name of the slot.
    pub slot: String,
    /// Role of the slot.
    pub role: Role,
    /// Kind of attack.
    pub attack: Attack,
    /// Result of the attacks.
    pub verdict: Verdict,
}

/// Cells of some instructions, and faults.
#[derive(Clone, Debug, Default)]
pub struct Matrix {
    /// All cells.
    pub cells: Vec<Cell>,
    /// Number of attacks with surplus accounts.
    pub surplus: usize,
    /// Number of instructions that succeeded unattacked.
    pub passed: usize,
    /// Faults: attacks that did not end as demanded.
    pub wrong: Vec<String>,
}

impl Matrix {
    /// Adds the cells of another matrix.
    pub fn add(&mut self, other: Self) {
        self.cells.extend(other.cells);
        self.surplus += other.surplus;
        self.passed += other.passed;
        self.wrong.extend(other.wrong);
    }

    /// Number of refused attacks.
    pub fn attacks(&self) -> usize {
        let count = |cell: &Cell| if let Verdict::Refused(count, _) = cell.verdict { count } else { 0 };
        self.surplus + self.cells.iter().map(count).sum::<usize>()
    }
}

type Snapshot = BTreeMap<Pubkey, Option<Account>>;

/// All state that an instruction could have changed.
fn snapshot(world: &World, accounts: &[AccountMeta]) -> Snapshot {
    let mut all: Snapshot = BTreeMap::new();
    for program in [PROGRAM_ID, TOKEN_PROGRAM] {
        all.extend(world.accounts_of(&program).into_iter().map(|(address, account)| (address, Some(account))));
    }
    all.extend(accounts.iter().map(|meta| (meta.pubkey, world.account(&meta.pubkey))));
    all
}

/// A copy of one account of each kind at its own address, so that no duplicate check comes first.
fn specimens(world: &mut World) -> Vec<([u8; 8], Pubkey)> {
    let accounts = world.program_accounts();
    let mut copies = Vec::new();
    for (number, (_, wanted)) in (0u8..).zip(KINDS) {
        if let Some((original, _)) = accounts.iter().find(|(_, account)| kind(account) == Some(*wanted)) {
            let at = key(8, number);
            forge(world, original, at, |_| {});
            copies.push((*wanted, at));
        }
    }
    copies
}

/// An instruction under attack.
struct Run<'a> {
    idl: &'a idl::Instruction,
    build: fn() -> Scene,
    matrix: Matrix,
}

/// Attacks an instruction in its scene.
pub fn attack(idl: &idl::Instruction, build: fn() -> Scene) -> Matrix {
    let mut run = Run { idl, build, matrix: Matrix::default() };
    if let Some(roles) = run.roles() {
        run.attack(&roles);
        run.fund_beforehand(&roles);
    }
    run.matrix
}

impl Run<'_> {
    fn wrong(&mut self, what: impl std::fmt::Display) {
        self.matrix.wrong.push(format!("{}: {what}", self.idl.name));
    }

    /// Runs the scene's instruction, or a changed one, and expects success.
    fn passes(&mut self, scene: &mut Scene, accounts: Vec<AccountMeta>, what: &str) -> bool {
        let instruction = kedge_interface::instruction::Instruction { accounts, ..scene.instruction.clone() };
        match scene.world.machine.send_all(&scene.transaction(instruction)) {
            Ok(_) => {
                self.matrix.passed += 1;
                true
            }
            Err(refused) => {
                self.wrong(format!("does not go through {what}: {refused:?}"));
                false
            }
        }
    }

    /// Role of each account of the scene; `None` when the scene's instruction fails.
    fn roles(&mut self) -> Option<Vec<Role>> {
        let mut scene = (self.build)();
        let metas = scene.instruction.accounts.clone();
        let fits = scene.instruction.data.starts_with(&self.idl.discriminator)
            && metas.len() == self.idl.slots.len() + scene.trailing()
            && self.idl.slots.iter().zip(&metas).all(|(slot, meta)| {
                (slot.signer, slot.writable) == (meta.is_signer, meta.is_writable)
                    && slot.address.is_none_or(|address| address == meta.pubkey)
            });
        if !fits {
            self.wrong("the scene's instruction is not what the IDL says: run `make idl`");
            return None;
        }
        let before: Vec<_> = metas.iter().map(|meta| scene.world.account(&meta.pubkey)).collect();
        if !self.passes(&mut scene, metas.clone(), "in its scene") {
            return None;
        }
        let after = metas.iter().map(|meta| scene.world.account(&meta.pubkey));
        let accounts = before.iter().zip(after).enumerate();
        Some(accounts.map(|(at, (was, is))| Role::of(self.idl.slots.get(at), was.as_ref(), is.as_ref())).collect())
    }

    fn attack(&mut self, roles: &[Role]) {
        let mut scene = (self.build)();
        let specimens = specimens(&mut scene.world);
        for at in 0..roles.len() {
            for attack in Attack::ALL {
                let slot = self.idl.slots.get(at);
                let target = Target { scene: &scene, at, slot, roles, specimens: &specimens };
                let demand = target.demand(attack);
                let verdict = match demand {
                    Demand::NotApplicable(why) => Verdict::NotApplicable(why),
                    Demand::Open(why) => Verdict::Open(why),
                    Demand::Refused(tries) => {
                        let seen: Vec<Refusal> =
                            tries.into_iter().filter_map(|one| self.one(&mut scene, at, attack, one)).collect();
                        Verdict::Refused(seen.len(), seen)
                    }
                    Demand::Unknown => {
                        let slot = scene.slot_name(at);
                        self.wrong(format!(
                            "the scene says nothing about another {} in {slot}: add .refuses({slot:?}, ...) or \
                             .accepts({slot:?}, ...)",
                            roles[at].name()
                        ));
                        continue;
                    }
                };
                let (instruction, slot) = (self.idl.name.clone(), scene.slot_name(at));
                self.matrix.cells.push(Cell { instruction, slot, role: roles[at], attack, verdict });
            }
        }
        self.surplus(&mut scene, &specimens);
        let metas = scene.instruction.accounts.clone();
        self.passes(&mut scene, metas, "after all attacks, which should have left nothing behind");
        for (slot, why) in (self.build)().optional {
            let mut scene = (self.build)();
            let mut accounts = scene.instruction.accounts.clone();
            accounts.truncate(scene.slot_at(slot));
            self.passes(&mut scene, accounts, &format!("without {slot}, though {why}"));
        }
        for open in (self.build)().open {
            let mut scene = (self.build)();
            let accounts = scene.with(scene.slot_at(open.slot), |meta| meta.pubkey = open.account).accounts;
            self.passes(&mut scene, accounts, &format!("with another {}, though {}", open.slot, open.why));
        }
    }

    /// Runs one attack; returns its refusal.
    fn one(&mut self, scene: &mut Scene, at: usize, attack: Attack, one: Try) -> Option<Refusal> {
        let Try { what, instead, accounts, expected } = one;
        let title = format!("{} / {} / {what}", scene.slot_name(at), attack.title());
        let address = scene.instruction.accounts[at].pubkey;
        let original = scene.world.account(&address).unwrap_or_default();
        let patched = instead.is_some();
        if let Some(account) = instead {
            scene.world.machine.write(address, account);
        }
        let before = snapshot(&scene.world, &accounts);
        let instruction = kedge_interface::instruction::Instruction { accounts, ..scene.instruction.clone() };
        let sent = scene.world.machine.send_all(&scene.transaction(instruction.clone()));
        let seen = match sent {
            Ok(_) => {
                self.wrong(format!("{title}: went through, not {expected:?}"));
                // The attack has changed the world: later ones get a fresh one.
                *scene = (self.build)();
                let _ = specimens(&mut scene.world);
                return None;
            }
            Err(refused) => {
                if !expected.contains(&refused.refusal) {
                    self.wrong(format!("{title}: {refused:?}, not {expected:?}"));
                }
                refused.refusal
            }
        };
        if snapshot(&scene.world, &instruction.accounts) != before {
            self.wrong(format!("{title}: it was refused and something changed"));
        }
        if patched {
            scene.world.machine.write(address, original);
        }
        Some(seen)
    }

    /// Attacks with surplus accounts, where the instruction accepts any number.
    fn surplus(&mut self, scene: &mut Scene, specimens: &[([u8; 8], Pubkey)]) {
        let Some(written) = scene.spec.trailing else { return };
        let mut accounts = scene.instruction.accounts.clone();
        if written {
            let sub_account = SubAccount::DISCRIMINATOR;
            let specimen = specimens.iter().find(|(kind, _)| *kind == sub_account).expect("a sub-account").1;
            for number in 0..16 {
                let copy = key(9, number);
                forge(&mut scene.world, &specimen, copy, |_| {});
                accounts.push(AccountMeta::new(copy, false));
            }
        } else {
            accounts.extend(accounts.last().cloned());
        }
        let at = scene.instruction.accounts.len() - 1;
        let expected = vec![AccountError::TooManyAccounts.into()];
        let more = Try { what: "more accounts behind it".into(), instead: None, accounts, expected };
        if self.one(scene, at, Attack::Missing, more).is_some() {
            self.matrix.surplus += 1;
        }
    }

    /// Lamports at an address beforehand do not keep the account from being created there.
    fn fund_beforehand(&mut self, roles: &[Role]) {
        for (at, role) in roles.iter().enumerate() {
            if !matches!(role, Role::Created(_) | Role::NewVault) {
                continue;
            }
            let mut scene = (self.build)();
            let metas = scene.instruction.accounts.clone();
            let address = metas[at].pubkey;
            scene.world.machine.write(address, Account { lamports: 1_000_000, ..Account::default() });
            if self.passes(&mut scene, metas, "with lamports at an address to create") {
                let account = scene.world.account(&address).expect("it was created");
                let rent = scene.world.rent(account.data.len());
                if account.lamports < rent || account::decode_any(&account.data).is_err() {
                    self.wrong(format!("{} with lamports beforehand: {account:?}", scene.slot_name(at)));
                }
            }
        }
    }
}
