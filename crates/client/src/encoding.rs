//! Account data in the one encoding that is accepted.

use solana_account::Account;
use solana_account_decoder_client_types::{UiAccount, UiAccountData, UiAccountEncoding};

/// An account's bytes, when they come in the requested encoding. Compressed encodings are refused: they may decompress
/// to any size.
#[must_use]
pub fn plain(account: &UiAccount) -> Option<Vec<u8>> {
    match &account.data {
        UiAccountData::Binary(_, UiAccountEncoding::Base64) => account.data.decode(),
        _ => None,
    }
}

/// The account behind [`plain`] data; `None` for another encoding or an invalid owner.
pub(crate) fn raw(account: &UiAccount) -> Option<Account> {
    Some(Account {
        lamports: account.lamports,
        data: plain(account)?,
        owner: account.owner.parse().ok()?,
        executable: account.executable,
        rent_epoch: account.rent_epoch,
    })
}
