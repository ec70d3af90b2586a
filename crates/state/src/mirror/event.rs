//! What a source tells, and what is counted of it.

use kedge_interface::account::{SubAccountData, decode_sub_account};
use solana_pubkey::Pubkey;

/// What a source tells.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "nearly all are accounts, and none is kept")]
pub enum Event {
    /// Something was lost, or may have been: everything is to be read again.
    Gap,
    /// A sub-account as of a slot; `None` when it is gone.
    Account {
        /// Slot of the change.
        slot: u64,
        /// Order of the writes within the slot, as a source knows it; zero where it does not.
        version: u64,
        /// Where.
        address: Pubkey,
        /// What it holds now.
        data: Option<SubAccountData>,
    },
    /// A sub-account changed, and what it holds now has to be read: its bytes were not to be understood, or were not told.
    Unclear {
        /// Slot of the change.
        slot: u64,
        /// Where.
        address: Pubkey,
    },
}

impl Event {
    /// A sub-account out of its bytes.
    ///
    /// # Errors
    /// [`crate::error::Error::Decode`] for bytes of something else.
    pub fn account(slot: u64, version: u64, address: Pubkey, bytes: Option<&[u8]>) -> crate::error::Result<Self> {
        Ok(Self::Account { slot, version, address, data: bytes.map(decode_sub_account).transpose()? })
    }
}

/// What is known of how the mirror does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Changes that were taken in.
    pub updates: u64,
    /// Changes that were older than what was there.
    pub outdated: u64,
    /// Gaps that a source told of.
    pub gaps: u64,
    /// Losses that the sums showed.
    pub losses: u64,
    /// Snapshots that were taken in.
    pub snapshots: u64,
    /// Changes that could not be: of a slot that the chain has not reached, or of more accounts than there are.
    pub impossible: u64,
    /// Changes whose bytes were not told or not to be understood.
    pub unclear: u64,
    /// Accounts that were read again by themselves.
    pub reread: u64,
    /// Lists of all accounts that were not believed.
    pub disbelieved: u64,
}
