//! Where the accounts are: a state of its own, or changes over another.

use std::collections::BTreeMap;

use kedge_abi::error::AccountError;
use kedge_interface::account::{Account, DecodeError, SubAccountData, decode_any};
use kedge_model::account::bank::Bank;
use kedge_model::account::board::PriceBoard;
use kedge_model::account::exchange::Exchange;
use kedge_model::account::market::Market;
use kedge_model::account::trader::Trader;
use solana_pubkey::Pubkey;

use crate::Result;

/// Accounts that an instruction reads and writes.
pub trait Accounts {
    /// An account of the program; `None` when there is none.
    fn get(&self, at: &Pubkey) -> Option<&Account>;
    /// Writes an account of the program; `None` closes it.
    fn set(&mut self, at: Pubkey, account: Option<Account>);
    /// Tokens in a vault, in the mint's units; `None` when it does not exist.
    fn tokens(&self, vault: &Pubkey) -> Option<u64>;
    /// Writes the tokens of a vault.
    fn set_tokens(&mut self, vault: Pubkey, amount: u64);
    /// Decimals of a mint; `None` for what is no mint of the SPL Token program.
    fn decimals(&self, mint: &Pubkey) -> Option<u8>;
    /// Owner and data of a price account.
    fn oracle(&self, at: &Pubkey) -> Option<(&Pubkey, &[u8])>;

    /// An account of a kind.
    ///
    /// # Errors
    /// [`AccountError::AccountWrongOwner`] for one that does not exist, [`AccountError::AccountWrongType`] for another kind.
    fn read<T: Kind>(&self, at: &Pubkey) -> Result<&T> {
        let account = self.get(at).ok_or(AccountError::AccountWrongOwner)?;
        Ok(T::of(account).ok_or(AccountError::AccountWrongType)?)
    }

    /// Writes an account of a kind.
    fn write<T: Kind>(&mut self, at: Pubkey, value: T) {
        self.set(at, Some(value.into_account()));
    }
}

/// The content of an account of one kind.
pub trait Kind: Clone {
    /// The content, if the account is of this kind.
    fn of(account: &Account) -> Option<&Self>;
    /// The account with this content.
    fn into_account(self) -> Account;
}

macro_rules! kinds {
    ($( $variant:ident $content:ident )*) => { $(
        impl Kind for $content {
            fn of(account: &Account) -> Option<&Self> {
                if let Account::$variant(content) = account { Some(content) } else { None }
            }

            fn into_account(self) -> Account {
                Account::$variant(Box::new(self))
            }
        }
    )* };
}

kinds! {
    Exchange Exchange
    PriceBoard PriceBoard
    Market Market
    Bank Bank
    Trader Trader
    SubAccount SubAccountData
}

/// An exchange: every account of the program, and what it reads of others.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// Accounts of the program, by address.
    pub accounts: BTreeMap<Pubkey, Account>,
    /// Tokens in the vaults, in the mints' units.
    pub vaults: BTreeMap<Pubkey, u64>,
    /// Decimals of the mints.
    pub mints: BTreeMap<Pubkey, u8>,
    /// Owner and data of the price accounts.
    pub oracles: BTreeMap<Pubkey, (Pubkey, Vec<u8>)>,
}

impl State {
    /// Takes over an account's bytes; what is no account of the program is left aside.
    ///
    /// # Errors
    /// For the discriminator of a known kind in front of bytes that do not fit it.
    pub fn insert(&mut self, at: Pubkey, data: &[u8]) -> core::result::Result<(), DecodeError> {
        if let Some(account) = decode_any(data)? {
            self.accounts.insert(at, account);
        }
        Ok(())
    }

    /// Carries over what was tried.
    pub fn keep(&mut self, changes: Changes) {
        for (at, account) in changes.accounts {
            self.set(at, account);
        }
        self.vaults.extend(changes.vaults);
    }
}

impl Accounts for State {
    fn get(&self, at: &Pubkey) -> Option<&Account> {
        self.accounts.get(at)
    }

    fn set(&mut self, at: Pubkey, account: Option<Account>) {
        match account {
            Some(account) => drop(self.accounts.insert(at, account)),
            None => drop(self.accounts.remove(&at)),
        }
    }

    fn tokens(&self, vault: &Pubkey) -> Option<u64> {
        self.vaults.get(vault).copied()
    }

    fn set_tokens(&mut self, vault: Pubkey, amount: u64) {
        self.vaults.insert(vault, amount);
    }

    fn decimals(&self, mint: &Pubkey) -> Option<u8> {
        self.mints.get(mint).copied()
    }

    fn oracle(&self, at: &Pubkey) -> Option<(&Pubkey, &[u8])> {
        self.oracles.get(at).map(|(owner, data)| (owner, data.as_slice()))
    }
}

/// What an [`Overlay`] changed: accounts, with `None` for closed ones, and tokens of vaults.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// Accounts of the program.
    pub accounts: BTreeMap<Pubkey, Option<Account>>,
    /// Tokens of vaults.
    pub vaults: BTreeMap<Pubkey, u64>,
}

/// Changes over accounts that stay as they are: what is tried, and one transaction that may fail as a whole.
#[derive(Clone, Debug)]
pub struct Overlay<'a, A> {
    below: &'a A,
    /// What was changed so far.
    pub changes: Changes,
}

impl<'a, A: Accounts> Overlay<'a, A> {
    /// Nothing changed yet.
    pub fn over(below: &'a A) -> Self {
        Self { below, changes: Changes::default() }
    }
}

impl<A: Accounts> Accounts for Overlay<'_, A> {
    fn get(&self, at: &Pubkey) -> Option<&Account> {
        self.changes.accounts.get(at).map_or_else(|| self.below.get(at), Option::as_ref)
    }

    fn set(&mut self, at: Pubkey, account: Option<Account>) {
        self.changes.accounts.insert(at, account);
    }

    fn tokens(&self, vault: &Pubkey) -> Option<u64> {
        self.changes.vaults.get(vault).copied().or_else(|| self.below.tokens(vault))
    }

    fn set_tokens(&mut self, vault: Pubkey, amount: u64) {
        self.changes.vaults.insert(vault, amount);
    }

    fn decimals(&self, mint: &Pubkey) -> Option<u8> {
        self.below.decimals(mint)
    }

    fn oracle(&self, at: &Pubkey) -> Option<(&Pubkey, &[u8])> {
        self.below.oracle(at)
    }
}
