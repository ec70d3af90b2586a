//! All accounts as of one moment.

use std::time::Duration;

use kedge_client::{Client, FetchError, read_clock};
use kedge_interface::PROGRAM_ID;
use kedge_interface::account::{DecodeError, decode, decode_any};
use kedge_interface::address::{self, TOKEN_PROGRAM};
use kedge_model::account::bank::Bank;
use kedge_model::account::board::MAX_BANKS;
use kedge_model::clock::Clock;
use solana_account::Account;
use solana_pubkey::Pubkey;
use tokio::time::sleep;

use crate::{Snapshot, Vault};

/// Reads that are tried before the exchange counts as unread.
const TRIES: u32 = 12;
/// Pause between two tries: longer each time, up to four times this.
const PAUSE: Duration = Duration::from_millis(150);
/// Offset of the amount in a token account, bytes.
const AMOUNT: usize = 64;

/// Why a read gave no snapshot.
#[derive(Debug, thiserror::Error)]
pub enum Unread {
    /// The endpoint did not answer, or is behind the slot asked for.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The exchange, its board or the clock is not there.
    #[error("there is no {0} account")]
    Missing(&'static str),
}

/// Reads all accounts at slot `least` or later; a read that fails is tried again, twelve times in all.
///
/// # Errors
/// [`Unread`], of the last try.
pub async fn read(client: &Client, least: u64) -> Result<Snapshot, Unread> {
    let mut outside = vec![solana_sdk_ids::sysvar::clock::ID];
    outside.extend((0u16..).take(MAX_BANKS).flat_map(|index| [address::vault(index), address::bank(index)]));
    let mut tried = 0;
    loop {
        match once(client, &outside, least).await {
            Err(Unread::Fetch(_)) if tried + 1 < TRIES => tried += 1,
            outcome => return outcome,
        }
        sleep(PAUSE * tried.min(4)).await;
    }
}

/// One read: the program's accounts first, then, in a second answer, the clock and each vault with its bank.
async fn once(client: &Client, outside: &[Pubkey], least: u64) -> Result<Snapshot, Unread> {
    let all = client.program_accounts_at(least).await?;
    // The second answer comes from a later slot, so that every bank of the first is in it.
    let outside = client.accounts_at(outside, all.slot).await?.value;
    let clock = outside.first().and_then(Option::as_ref).and_then(|account| read_clock(&account.data));
    let clock = clock.ok_or(Unread::Missing("clock"))?;
    let raw = all.value.into_iter().map(|(address, account)| (address, account.data));
    Snapshot::decode(all.slot, clock, raw, vaults(outside.get(1..).unwrap_or_default()))
}

/// Vaults of one answer, which holds each vault and behind it its bank.
pub(super) fn vaults(pairs: &[Option<Account>]) -> Vec<Option<Vault>> {
    let vault = |pair: &[Option<Account>]| {
        let [Some(vault), Some(bank)] = pair else { return None };
        let bank: Bank = decode(&bank.data).ok().filter(|_| bank.owner == PROGRAM_ID)?;
        let [first, second] = bank.tranche.ended;
        let staked = [bank.tranche.assets, bank.tranche.premium, first.assets, second.assets];
        // The vault's own money is the balance of its sub-account, a deposit like any other.
        let [third, fourth] = bank.backstop.tranche.ended;
        let beside = [bank.backstop.tranche.premium, bank.backstop.due, third.assets, fourth.assets];
        let claims = [bank.deposits, bank.market_pools, bank.protocol].into_iter().chain(staked).chain(beside);
        let claims = claims.map(|part| i128::from(part.0));
        Some(Vault { tokens: vault_tokens(vault)?, claims: claims.sum() })
    };
    pairs.chunks(2).map(vault).collect()
}

impl Snapshot {
    /// A snapshot of raw accounts in any order.
    ///
    /// # Errors
    /// [`Unread::Missing`] without an exchange or a board.
    pub fn decode(
        slot: u64,
        clock: Clock,
        raw: impl IntoIterator<Item = (Pubkey, Vec<u8>)>,
        vaults: Vec<Option<Vault>>,
    ) -> Result<Self, Unread> {
        let decoded = raw.into_iter().filter_map(|(address, data)| match decode_any(&data) {
            Ok(Some(account)) => Some(Ok((address, account))),
            // A closed account keeps its address for the rest of its slot, without lamports and data.
            Ok(None) if data.iter().all(|byte| *byte == 0) => None,
            Ok(None) => Some(Err((address, "no kind of account of the program".into()))),
            Err(error @ (DecodeError::Size { .. } | DecodeError::Kind { .. })) => {
                Some(Err((address, error.to_string())))
            }
        });
        Self::collect(slot, clock, decoded, vaults).map_err(Unread::Missing)
    }
}

fn vault_tokens(account: &Account) -> Option<u64> {
    let data = Some(&account.data).filter(|_| account.owner == TOKEN_PROGRAM)?;
    Some(u64::from_le_bytes(*data.get(AMOUNT..)?.first_chunk()?))
}
