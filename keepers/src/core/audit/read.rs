//! All accounts as of one moment.

use std::time::Duration;

use kedge_client::{Client, FetchError};
use kedge_interface::account::{Account as Decoded, DecodeError, SubAccountData, decode_any};
use kedge_interface::address::{self, BOARD, EXCHANGE, TOKEN_PROGRAM};
use kedge_model::bank::Bank;
use kedge_model::board::{MAX_BANKS, PriceBoard};
use kedge_model::clock::Clock;
use kedge_model::exchange::Exchange;
use kedge_model::market::Market;
use kedge_model::trader::Trader;
use solana_pubkey::Pubkey;
use tokio::time::sleep;

/// Reads that may fail before the exchange counts as unread.
const TRIES: u32 = 12;
/// Pause between two of them: longer each time, up to four times this.
const PAUSE: Duration = Duration::from_millis(150);
/// Where a token account's amount stands.
const AMOUNT: usize = 64;

/// The exchange as of one slot, decoded.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The slot of the program's accounts.
    pub slot: u64,
    /// The chain's clock when the read began.
    pub clock: Clock,
    /// Roles, switches and fees.
    pub exchange: Box<Exchange>,
    /// The price board as it stands.
    pub board: Box<PriceBoard>,
    /// Markets by index.
    pub markets: Vec<(Pubkey, Market)>,
    /// Banks by index.
    pub banks: Vec<(Pubkey, Bank)>,
    /// Traders by address.
    pub traders: Vec<(Pubkey, Trader)>,
    /// Sub-accounts by address.
    pub accounts: Vec<(Pubkey, SubAccountData)>,
    /// Tokens in the vaults by index of the bank, `None` for a vault that is not there or no token account.
    pub vaults: Vec<Option<u64>>,
    /// Accounts that are none of the program's kinds, or do not fit theirs.
    pub strange: Vec<(Pubkey, String)>,
}

/// Why there is no snapshot.
#[derive(Debug, thiserror::Error)]
pub enum Unread {
    /// The endpoint did not answer, or is behind.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// There is no exchange.
    #[error("there is no {0} account")]
    Missing(&'static str),
    /// Vaults changed during every read.
    #[error("deposits or withdrawals during each of {0} reads; with a faster endpoint there are fewer")]
    Restless(u32),
}

/// Reads until an answer is of one moment, at slot `least` or later.
///
/// # Errors
/// [`Unread`]; the reason of the last try.
pub async fn read(client: &Client, least: u64) -> Result<Snapshot, Unread> {
    let mut outside = vec![solana_sdk_ids::sysvar::clock::ID];
    outside.extend((0u16..).take(MAX_BANKS).map(address::vault));
    let mut outcome = Err(Unread::Restless(TRIES));
    for tried in 0..TRIES {
        if tried > 0 {
            sleep(PAUSE * tried.min(4)).await;
        }
        match once(client, &outside, least).await {
            Ok(Some(snapshot)) => return Ok(snapshot),
            Ok(None) => outcome = Err(Unread::Restless(TRIES)),
            Err(missing @ Unread::Missing(_)) => return Err(missing),
            Err(error) => outcome = Err(error),
        }
    }
    outcome
}

/// One read; `None` when it is not of one moment.
async fn once(client: &Client, outside: &[Pubkey], least: u64) -> Result<Option<Snapshot>, Unread> {
    let before = client.accounts_at(outside, least).await?;
    let all = client.program_accounts_at(before.slot).await?;
    let after = client.accounts_at(outside, all.slot).await?;
    let tokens = |accounts: &[Option<_>]| accounts.iter().skip(1).map(vault_tokens).collect::<Vec<_>>();
    let (vaults, later) = (tokens(&before.value), tokens(&after.value));
    if vaults != later || before.slot > all.slot || all.slot > after.slot {
        return Ok(None);
    }
    let clock = before.value.first().and_then(Option::as_ref).and_then(|account| clock(&account.data));
    let clock = clock.ok_or(Unread::Missing("clock"))?;
    let raw = all.value.into_iter().map(|(address, account)| (address, account.data));
    Snapshot::decode(all.slot, clock, raw, vaults).map(Some)
}

impl Snapshot {
    /// Out of raw accounts in any order.
    ///
    /// # Errors
    /// [`Unread::Missing`] without exchange or board.
    pub fn decode(
        slot: u64,
        clock: Clock,
        raw: impl IntoIterator<Item = (Pubkey, Vec<u8>)>,
        vaults: Vec<Option<u64>>,
    ) -> Result<Self, Unread> {
        let (mut exchange, mut board) = (None, None);
        let (mut markets, mut banks, mut traders, mut accounts) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut strange = Vec::new();
        for (address, data) in raw {
            match decode_any(&data) {
                Ok(Some(Decoded::Exchange(found))) if address == EXCHANGE => exchange = Some(found),
                Ok(Some(Decoded::PriceBoard(found))) if address == BOARD => board = Some(found),
                Ok(Some(Decoded::Market(found))) => markets.push((address, *found)),
                Ok(Some(Decoded::Bank(found))) => banks.push((address, *found)),
                Ok(Some(Decoded::Trader(found))) => traders.push((address, *found)),
                Ok(Some(Decoded::SubAccount(found))) => accounts.push((address, *found)),
                Ok(Some(Decoded::Exchange(_) | Decoded::PriceBoard(_))) => {
                    strange.push((address, "a second exchange or price board".into()));
                }
                // A closed account keeps its address for the rest of its slot, without lamports and data.
                Ok(None) if data.iter().all(|byte| *byte == 0) => {}
                Ok(None) => strange.push((address, "no kind of account of the program".into())),
                Err(error @ (DecodeError::Size { .. } | DecodeError::Kind { .. })) => {
                    strange.push((address, error.to_string()));
                }
            }
        }
        markets.sort_by_key(|(_, market)| market.index);
        banks.sort_by_key(|(_, bank)| bank.index);
        traders.sort_by_key(|(address, _)| *address);
        accounts.sort_by_key(|(address, _)| *address);
        Ok(Self {
            slot,
            clock,
            exchange: exchange.ok_or(Unread::Missing("exchange"))?,
            board: board.ok_or(Unread::Missing("price board"))?,
            markets,
            banks,
            traders,
            accounts,
            vaults,
            strange,
        })
    }
}

/// Slot and time of the clock sysvar, the first and the last of five 64-bit fields.
fn clock(data: &[u8]) -> Option<Clock> {
    let slot = u64::from_le_bytes(*data.first_chunk()?);
    let unix_time = i64::from_le_bytes(*data.get(32..)?.first_chunk()?);
    Some(Clock { slot, unix_time })
}

fn vault_tokens(account: &Option<solana_account::Account>) -> Option<u64> {
    let account = account.as_ref().filter(|account| account.owner == TOKEN_PROGRAM)?;
    Some(u64::from_le_bytes(*account.data.get(AMOUNT..)?.first_chunk()?))
}
