//! A person: what holds across all sub-accounts of one authority.

use crate::error::{Error, Result};
use crate::rule::tranche::{Holding, Pot};

account_bytes! {
    /// Per-authority record.
    pub struct Trader [264] {
        /// Layout version.
        0 => pub version: u8,
        /// Bump of the account's address.
        1 => pub bump: u8,
        /// Fee tier by volume and assignment: what new sub-accounts get.
        2 => pub fee_tier: u8,
        /// Fee tier that the admin has assigned; volume can only better it.
        3 => pub assigned_tier: u8,
        /// Id that the next sub-account gets.
        4 => pub next_sub_account: u16,
        /// Open sub-accounts.
        6 => pub sub_accounts: u16,
        /// The authority.
        8 => pub authority: [u8; 32] as pubkey,
        /// Authority of the one who referred this person; zero for nobody.
        40 => pub referrer: [u8; 32] as pubkey,
        /// Newest day of `volumes`, days since the Unix epoch.
        72 => pub volume_day: u32,
        /// Last day, since the Unix epoch, for which `fee_tier` holds without counting anew.
        76 => pub tier_day: u32,
        /// Whole dollars traded on each of the last 30 days: day `d` stands at `d` modulo 30.
        80 => pub volumes: [u32; 30],
        /// Shares of the staked insurance.
        200 => pub insurance: Holding,
        /// Shares of the backstop vault.
        232 => pub vault: Holding,
    }
}

impl Trader {
    /// Layout version that this code reads and writes.
    pub const VERSION: u8 = 1;
    /// Most open sub-accounts of one authority.
    pub const MAX_SUB_ACCOUNTS: u16 = 256;

    /// The record of a person who was referred by `referrer` (zero for nobody).
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for one who refers herself.
    pub fn new(bump: u8, authority: [u8; 32], referrer: [u8; 32]) -> Result<Self> {
        if referrer == authority {
            return Err(Error::InvalidParameter);
        }
        Ok(Self { version: Self::VERSION, bump, authority, referrer, ..Self::default() })
    }

    /// Refuses to let the record go once it has given a sub-account its number. A record that began anew would hand out the
    /// same numbers, and with them the same addresses: what was signed for a sub-account that is closed would be good for
    /// its successor, and a referrer could be exchanged.
    ///
    /// # Errors
    /// [`Error::AccountNotEmpty`] while a sub-account is open or shares are staked, [`Error::RecordKept`].
    pub fn require_closable(&self) -> Result<()> {
        if self.sub_accounts != 0 || self.insurance.shares != 0 || self.vault.shares != 0 {
            return Err(Error::AccountNotEmpty);
        }
        if self.next_sub_account == 0 { Ok(()) } else { Err(Error::RecordKept) }
    }

    /// The shares of a pot.
    pub const fn holding_mut(&mut self, pot: Pot) -> &mut Holding {
        match pot {
            Pot::Insurance => &mut self.insurance,
            Pot::Vault => &mut self.vault,
        }
    }

    /// Checks what must hold between instructions.
    pub fn invariant(&self) -> Result<()> {
        if self.version != Self::VERSION {
            return Err(Error::VersionUnsupported);
        }
        if self.sub_accounts <= self.next_sub_account
            && self.sub_accounts <= Self::MAX_SUB_ACCOUNTS
            && self.insurance.waiting <= self.insurance.shares
            && self.vault.waiting <= self.vault.shares
        {
            Ok(())
        } else {
            Err(Error::InvariantBroken)
        }
    }
}
