//! The demand of each cell, by the role of the slot and the column alone.

use kedge_interface::PROGRAM_ID;
use kedge_interface::account::AccountKind;
use kedge_interface::address::{INSTRUCTIONS_SYSVAR, SYSTEM_PROGRAM, TOKEN_PROGRAM};
use kedge_interface::error::AccountError;
use kedge_model::account::board::PriceBoard;
use kedge_model::account::exchange::Exchange;
use solana_account::Account;
use solana_program_pack::Pack;
use solana_pubkey::Pubkey;
use spl_token_interface::state::{Account as TokenAccount, Mint};

use super::Attack;
use super::idl::Slot;
use super::role::{Role, kind, token};
use crate::machine::Refusal;
use crate::scenes::{Foreign, Scene};
use crate::world::key;

/// Framework error: a written account is read-only in the transaction.
const CONSTRAINT_MUT: u32 = 2000;
/// Framework error: a written account is passed twice.
const CONSTRAINT_DUPLICATE: u32 = 2040;
/// The Token-2022 program.
pub(super) const TOKEN_2022: Pubkey = Pubkey::from_str_const("TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb");
/// A sysvar that no instruction takes.
const RENT_SYSVAR: Pubkey = Pubkey::from_str_const("SysvarRent111111111111111111111111111111111");

/// An attack: the transaction, and its demanded end.
pub struct Try {
    /// Description of the attack.
    pub what: String,
    /// The changed account in the slot; `None` for a changed list.
    pub instead: Option<Account>,
    /// The account metas of the instruction.
    pub accounts: Vec<solana_instruction::AccountMeta>,
    /// Acceptable refusals.
    pub expected: Vec<Refusal>,
}

/// Demand of a cell.
pub enum Demand {
    /// These attacks must be refused.
    Refused(Vec<Try>),
    /// The attack does not apply, for this reason.
    NotApplicable(&'static str),
    /// Any account of the kind may stand in the slot, for this reason; the scene names one, and it is tried.
    Open(&'static str),
    /// No rule fits: the scene must say.
    Unknown,
}

/// A slot of a scene's instruction.
pub struct Target<'a> {
    /// Scene of the instruction.
    pub scene: &'a Scene,
    /// Index in the list of accounts.
    pub at: usize,
    /// Declaration of the slot; `None` for trailing accounts.
    pub slot: Option<&'a Slot>,
    /// Roles of all accounts of the list.
    pub roles: &'a [Role],
    /// A copy of one account of each kind in the world, by discriminator.
    pub specimens: &'a [([u8; 8], Pubkey)],
}

impl Target<'_> {
    pub(super) fn role(&self) -> Role {
        self.roles[self.at]
    }

    pub(super) fn address(&self) -> Pubkey {
        self.scene.instruction.accounts[self.at].pubkey
    }

    pub(super) fn account(&self) -> Account {
        self.scene.world.account(&self.address()).unwrap_or_default()
    }

    /// A fresh empty address.
    pub(super) fn nowhere(&self) -> Pubkey {
        key(12, u8::try_from(self.at).expect("few accounts"))
    }

    fn with(&self, change: impl FnOnce(&mut solana_instruction::AccountMeta)) -> Vec<solana_instruction::AccountMeta> {
        self.scene.with(self.at, change).accounts
    }

    fn tried(&self, what: &str, accounts: Vec<solana_instruction::AccountMeta>, expected: impl Into<Refusal>) -> Try {
        Try { what: what.into(), instead: None, accounts, expected: vec![expected.into()] }
    }

    /// An attack with another account in the slot.
    pub(super) fn replaced(&self, what: &str, by: Pubkey, expected: impl Into<Refusal>) -> Try {
        self.tried(what, self.with(|meta| meta.pubkey = by), expected)
    }

    /// An attack with the account itself, changed.
    pub(super) fn changed(&self, what: &str, change: impl FnOnce(&mut Account), expected: impl Into<Refusal>) -> Try {
        let mut account = self.account();
        if account.lamports == 0 {
            account.lamports = 1_000_000_000;
        }
        change(&mut account);
        Try { instead: Some(account), ..self.tried(what, self.scene.instruction.accounts.clone(), expected) }
    }

    pub(super) fn closed(&self, expected: impl Into<Refusal>) -> Try {
        self.changed("closed", |account| *account = Account::default(), expected)
    }

    pub(super) fn is_used(&self, address: &Pubkey) -> bool {
        self.scene.instruction.accounts.iter().any(|meta| meta.pubkey == *address)
    }

    /// Token accounts of the world that the instruction does not take.
    pub(super) fn token_accounts(&self) -> Vec<(Pubkey, TokenAccount)> {
        let all = self.scene.world.accounts_of(&TOKEN_PROGRAM).into_iter();
        let free = all.filter(|(address, _)| !self.is_used(address));
        free.filter_map(|(address, account)| Some((address, token(&account)?))).collect()
    }

    /// Demand of the cell for a kind of attack.
    pub fn demand(&self, attack: Attack) -> Demand {
        let mut demand = match (attack, self.role()) {
            (Attack::Signature, _) => self.signature(),
            (Attack::ReadOnly, role) => self.read_only(role),
            (Attack::Twice, role) => self.twice(role),
            (Attack::Missing, _) => self.missing(),
            (_, Role::Signer) if attack != Attack::Stranger => {
                Demand::NotApplicable("a signer is known by its signature, whatever is at its address")
            }
            (_, Role::Signer | Role::Stored(_)) => self.stored(attack),
            (_, Role::Created(_) | Role::NewVault) => self.created(attack),
            (_, Role::Vault) => self.vault(attack),
            (_, Role::Source | Role::Destination) => self.wallet(attack),
            (_, Role::Mint) => self.mint(attack),
            (_, Role::Program | Role::Fixed) => self.fixed(attack),
            (_, Role::Oracle) => self.oracle(attack),
            (_, Role::Receiver) => Demand::NotApplicable("it only gets lamports, and the signer chooses who"),
        };
        if attack == Attack::Stranger {
            demand = self.add_declared(demand);
        }
        demand
    }

    /// Adds the scene's own attacks with accounts that do not belong in the slot.
    fn add_declared(&self, demand: Demand) -> Demand {
        let name = self.scene.slot_name(self.at);
        let declared = self.scene.foreign.iter().filter(|foreign| foreign.slot == name);
        let mut tries: Vec<Try> = declared
            .map(|Foreign { account, refusal, attempt, .. }| self.replaced(attempt, *account, refusal.clone()))
            .collect();
        match demand {
            Demand::Refused(more) => tries.extend(more),
            other if tries.is_empty() => return other,
            _ => {}
        }
        Demand::Refused(tries)
    }

    fn signature(&self) -> Demand {
        if self.role() != Role::Signer {
            return Demand::NotApplicable("only signers sign");
        }
        let accounts = self.with(|meta| meta.is_signer = false);
        Demand::Refused(vec![self.tried("no signature", accounts, AccountError::AccountNotSigner)])
    }

    fn read_only(&self, role: Role) -> Demand {
        if !self.scene.instruction.accounts[self.at].is_writable {
            return Demand::NotApplicable("the instruction does not write it");
        }
        let accounts = self.with(|meta| meta.is_writable = false);
        let expected = match role {
            Role::Signer | Role::Stored(_) | Role::Created(_) => AccountError::AccountNotWritable.into(),
            // The framework alone checks accounts of other programs.
            _ => Refusal::Number(CONSTRAINT_MUT),
        };
        Demand::Refused(vec![self.tried("read-only", accounts, expected)])
    }

    /// The account of every written slot, in this slot too. A pair of a declared and a trailing account is tried in the
    /// trailing slot.
    fn twice(&self, role: Role) -> Demand {
        match role {
            Role::Signer => return Demand::NotApplicable("no account of a program signs; a wallet may sign for two"),
            Role::Program | Role::Fixed => return Demand::NotApplicable("the address is compiled in"),
            Role::Oracle => {
                return Demand::NotApplicable("it is only read, and compared with the feed that is asked for");
            }
            _ => {}
        }
        let metas = &self.scene.instruction.accounts;
        let declared = metas.len() - self.scene.trailing();
        let earlier = if self.slot.is_some() { declared } else { metas.len() };
        let mut tries = Vec::new();
        for (other, meta) in metas.iter().enumerate().take(earlier) {
            let payer = self.roles[other] == Role::Signer;
            if other == self.at || !meta.is_writable || (payer && role == Role::Receiver) {
                continue;
            }
            let expected = match self.slot {
                Some(_) => Refusal::Number(CONSTRAINT_DUPLICATE),
                None => AccountError::AccountDuplicate.into(),
            };
            let what = format!("the account of {} too", self.scene.slot_name(other));
            let mut tried = self.replaced(&what, meta.pubkey, expected);
            if self.scene.world.account(&meta.pubkey).is_none() {
                // What does not exist yet is no account of the program either.
                tried.expected.push(AccountError::AccountWrongOwner.into());
            }
            tries.push(tried);
        }
        if tries.is_empty() { Demand::NotApplicable("nothing else is written") } else { Demand::Refused(tries) }
    }

    fn missing(&self) -> Demand {
        let name = self.scene.slot_name(self.at);
        if let Some((_, why)) = self.scene.optional.iter().find(|(slot, _)| *slot == name) {
            return Demand::Open(why);
        }
        let mut accounts = self.scene.instruction.accounts.clone();
        accounts.truncate(self.at);
        let mut short = self.tried("the list ends here", accounts, Refusal::too_few_accounts());
        if self.slot.is_none() {
            // A maker is named by its index: without the account the index points beyond the end.
            short.expected.push(kedge_model::Error::TooManyMakers.into());
        }
        Demand::Refused(vec![short])
    }

    fn stored(&self, attack: Attack) -> Demand {
        let role = self.role();
        let wrong = |tries| Demand::Refused(tries);
        match attack {
            Attack::Owner => wrong(vec![
                self.changed("of another program", |a| a.owner = TOKEN_PROGRAM, AccountError::AccountWrongOwner),
                self.changed("of the system program", |a| a.owner = SYSTEM_PROGRAM, AccountError::AccountWrongOwner),
            ]),
            Attack::Kind => {
                let wiped = |account: &mut Account| account.data[..8].fill(0);
                let mut tries = vec![self.changed("no discriminator", wiped, AccountError::AccountWrongType)];
                for (kind, specimen) in self.specimens.iter().filter(|(kind, _)| Role::Stored(*kind) != role) {
                    let what = super::role::kind_name(*kind);
                    tries.push(self.replaced(what, *specimen, AccountError::AccountWrongType));
                }
                wrong(tries)
            }
            Attack::Size => wrong(vec![
                self.changed("8 bytes more", |a| a.data.extend([0; 8]), AccountError::AccountWrongSize),
                self.changed("4 bytes", |a| a.data.truncate(4), AccountError::AccountWrongSize),
                self.changed("no bytes", |a| a.data.clear(), AccountError::AccountWrongSize),
            ]),
            Attack::Stranger if role == Role::Stored(Exchange::DISCRIMINATOR) => Demand::NotApplicable(ONE),
            Attack::Stranger if role == Role::Stored(PriceBoard::DISCRIMINATOR) => Demand::NotApplicable(ONE),
            Attack::Stranger => self.declared(role),
            Attack::Closed => wrong(vec![self.closed(AccountError::AccountWrongOwner)]),
            Attack::Address => Demand::NotApplicable(
                "only the program makes accounts of its own, and only at the derived address (rows \"new\")",
            ),
            _ => Demand::NotApplicable("it is an account of this program"),
        }
    }

    /// The scene's rule for another account of the same kind.
    pub(super) fn declared(&self, role: Role) -> Demand {
        let name = self.scene.slot_name(self.at);
        let same = |address: &Pubkey| match role {
            Role::Stored(own) => self.scene.world.account(address).as_ref().and_then(kind) == Some(own),
            Role::Mint => self.scene.world.account(address).is_some_and(|a| a.data.len() == Mint::LEN),
            _ => self.scene.world.account(address).is_none_or(|a| a.owner == SYSTEM_PROGRAM),
        };
        if let Some(open) = self.scene.open.iter().find(|open| open.slot == name && same(&open.account)) {
            return Demand::Open(open.why);
        }
        let refused = self.scene.foreign.iter().any(|foreign| foreign.slot == name && same(&foreign.account));
        if refused { Demand::Refused(Vec::new()) } else { Demand::Unknown }
    }

    fn created(&self, attack: Attack) -> Demand {
        let vault = self.role() == Role::NewVault;
        // The system program's error for an account in use.
        let in_use: Refusal = if vault { 0.into() } else { AccountError::AccountAlreadyExists.into() };
        let filled = |owner: Pubkey| move |a: &mut Account| (a.owner, a.data) = (owner, vec![0; 8]);
        let empty = |owner: Pubkey| move |a: &mut Account| a.owner = owner;
        match attack {
            Attack::Owner => Demand::Refused(vec![
                self.changed("taken by another program", filled(TOKEN_2022), in_use.clone()),
                self.changed("taken by another program without bytes", empty(TOKEN_2022), in_use.clone()),
                self.changed("taken by the system program", filled(SYSTEM_PROGRAM), in_use),
            ]),
            Attack::Kind => {
                Demand::Refused(vec![self.changed("taken by an account without kind", filled(PROGRAM_ID), in_use)])
            }
            Attack::Stranger if vault => {
                let other = |(address, _): &(Pubkey, _)| {
                    self.replaced("another token account", *address, AccountError::AccountWrongAddress)
                };
                Demand::Refused(self.token_accounts().iter().take(4).map(other).collect())
            }
            Attack::Stranger => {
                let own = self.specimens.iter().filter(|(kind, _)| Role::Created(*kind) == self.role());
                let taken = |(_, specimen): &([u8; 8], Pubkey)| {
                    self.replaced("one that exists", *specimen, AccountError::AccountAlreadyExists)
                };
                let tries: Vec<Try> = own.map(taken).collect();
                if tries.is_empty() { Demand::NotApplicable(ONE) } else { Demand::Refused(tries) }
            }
            Attack::Address => {
                let what = "an address of choice";
                Demand::Refused(vec![self.replaced(what, self.nowhere(), AccountError::AccountWrongAddress)])
            }
            _ => Demand::NotApplicable("the instruction creates it"),
        }
    }

    fn fixed(&self, attack: Attack) -> Demand {
        let sysvar = self.address() == INSTRUCTIONS_SYSVAR;
        let expected = match self.address() {
            TOKEN_PROGRAM => AccountError::TokenProgramUnsupported,
            _ if self.role() == Role::Program => AccountError::AccountWrongProgram,
            _ => AccountError::AccountWrongAddress,
        };
        match attack {
            Attack::Address => Demand::Refused(vec![self.replaced("nothing", self.nowhere(), expected)]),
            Attack::Program if self.role() == Role::Program => {
                let programs = [TOKEN_2022, TOKEN_PROGRAM, SYSTEM_PROGRAM, PROGRAM_ID];
                let others = programs.into_iter().filter(|program| !self.is_used(program));
                Demand::Refused(others.map(|program| self.replaced("another program", program, expected)).collect())
            }
            Attack::Program if sysvar => Demand::Refused(vec![self.replaced("another sysvar", RENT_SYSVAR, expected)]),
            _ => Demand::NotApplicable("the address is compiled in"),
        }
    }
}

/// Reason why no second account of the kind exists.
const ONE: &str = "there is one of the kind";
