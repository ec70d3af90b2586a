//! The role of a slot, by the IDL's flags and its account before and after the instruction.

use kedge_interface::account::KINDS;
use kedge_interface::address::TOKEN_PROGRAM;
use kedge_interface::{EXCHANGE, PROGRAM_ID};
use solana_account::Account;
use solana_program_pack::Pack;
use solana_pubkey::Pubkey;
use spl_token_interface::state::{Account as TokenAccount, Mint};

use super::idl::Slot;

/// Role of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A signer.
    Signer,
    /// A program at a compiled-in address.
    Program,
    /// Another account at a compiled-in address: a sysvar, the event authority.
    Fixed,
    /// An account of this program, of the kind with this discriminator.
    Stored([u8; 8]),
    /// An address at which the instruction creates an account of this program.
    Created([u8; 8]),
    /// An address at which the instruction creates a vault.
    NewVault,
    /// A token account of the exchange.
    Vault,
    /// A token account that pays.
    Source,
    /// A token account that is paid.
    Destination,
    /// A mint.
    Mint,
    /// A price account of an oracle program.
    Oracle,
    /// An address that gets lamports.
    Receiver,
}

/// Name of the kind with this discriminator.
pub fn kind_name(kind: [u8; 8]) -> &'static str {
    KINDS.iter().find(|(_, discriminator)| *discriminator == kind).map_or("unknown", |(name, _)| name)
}

/// A token account's state, `None` for other accounts.
pub fn token(account: &Account) -> Option<TokenAccount> {
    (account.owner == TOKEN_PROGRAM).then(|| TokenAccount::unpack_unchecked(&account.data).ok()).flatten()
}

/// The discriminator of an account of this program.
pub fn kind(account: &Account) -> Option<[u8; 8]> {
    if account.owner == PROGRAM_ID { account.data.first_chunk().copied() } else { None }
}

impl Role {
    /// Role of a slot, declared or trailing (`None`), by its account before and after the instruction.
    ///
    /// # Panics
    /// When no rule fits.
    pub fn of(slot: Option<&Slot>, before: Option<&Account>, after: Option<&Account>) -> Self {
        // The program recognises its own accounts by kind and content, at fixed addresses too.
        let own = before.and_then(kind).or_else(|| after.and_then(kind)).is_some();
        match slot {
            Some(Slot { signer: true, .. }) => return Self::Signer,
            Some(Slot { address: Some(_), .. }) if !own => {
                return if before.is_some_and(|account| account.executable) { Self::Program } else { Self::Fixed };
            }
            _ => {}
        }
        let empty = |account: &&Account| account.owner == Pubkey::default() && account.data.is_empty();
        let Some(before) = before.filter(|account| !empty(account)) else {
            return match after {
                Some(after) if after.owner == TOKEN_PROGRAM => Self::NewVault,
                Some(after) => kind(after).map_or(Self::Receiver, Self::Created),
                None => Self::Receiver,
            };
        };
        if let Some(kind) = kind(before) {
            return Self::Stored(kind);
        }
        if before.owner == TOKEN_PROGRAM && before.data.len() == Mint::LEN {
            return Self::Mint;
        }
        if let Some(before) = token(before) {
            let left = after.and_then(token).map_or(0, |after| after.amount);
            return match before.owner {
                EXCHANGE => Self::Vault,
                _ if left < before.amount => Self::Source,
                _ => Self::Destination,
            };
        }
        assert!(slot.is_none(), "{slot:?} is held by {before:?}: the attack matrix has no rule for it");
        Self::Oracle
    }

    /// Name of the role in the table.
    pub fn name(self) -> String {
        match self {
            Self::Stored(kind) => kind_name(kind).to_owned(),
            Self::Created(kind) => format!("new {}", kind_name(kind)),
            other => format!("{other:?}"),
        }
    }
}
