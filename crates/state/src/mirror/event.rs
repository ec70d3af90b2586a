//! Events of a source, and the mirror's counters.

use kedge_interface::account::{SubAccountData, decode_sub_account};
use solana_pubkey::Pubkey;

/// An event of a source.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "nearly all are accounts, and none is kept")]
pub enum Event {
    /// Changes were lost, or may have been: everything is to be read again.
    Gap,
    /// A sub-account as of a slot; `None` for a closed one.
    Account {
        /// Slot of the change.
        slot: u64,
        /// Order of the writes within the slot; zero from a source that does not number them.
        version: u64,
        /// Address of the sub-account.
        address: Pubkey,
        /// The account after the change.
        data: Option<SubAccountData>,
    },
    /// A sub-account changed and has to be read: its bytes were missing or of no known form.
    Unclear {
        /// Slot of the change.
        slot: u64,
        /// Address of the sub-account.
        address: Pubkey,
    },
}

impl Event {
    /// An event of a sub-account's bytes.
    ///
    /// # Errors
    /// [`crate::error::Error::Decode`] for the bytes of another kind of account.
    pub fn account(slot: u64, version: u64, address: Pubkey, bytes: Option<&[u8]>) -> crate::error::Result<Self> {
        Ok(Self::Account { slot, version, address, data: bytes.map(decode_sub_account).transpose()? })
    }
}

/// Counters of a mirror since its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Changes applied.
    pub updates: u64,
    /// Changes that were older than the mirror's account.
    pub outdated: u64,
    /// Gaps that the source reported.
    pub gaps: u64,
    /// Losses that the sums revealed.
    pub losses: u64,
    /// Snapshots applied.
    pub snapshots: u64,
    /// Impossible changes: of a slot that the chain has not reached, or of more accounts than were created.
    pub impossible: u64,
    /// Changes whose bytes were missing or of no known form.
    pub unclear: u64,
    /// Accounts that were read again one by one.
    pub reread: u64,
    /// Lists of all accounts that were not believed.
    pub disbelieved: u64,
}
