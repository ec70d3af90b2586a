//! Accounts of the exchange, decoded.

use kedge_interface::account::{AccountKind, SubAccountData, decode, decode_sub_account};
use kedge_interface::{BOARD, EXCHANGE, PROGRAM_ID, address};
use kedge_model::Layout;
use kedge_model::account::bank::Bank;
use kedge_model::account::board::{MAX_BANKS, MAX_MARKETS, PriceBoard};
use kedge_model::account::exchange::Exchange;
use kedge_model::account::market::Market;
use kedge_model::account::sub_account::SubAccount;
use kedge_model::account::trader::Trader;
use kedge_model::clock::Clock;
use solana_account::Account;
use solana_account_decoder_client_types::{UiAccount, UiAccountEncoding};
use solana_pubkey::Pubkey;
use solana_rpc_client_api::config::{RpcAccountInfoConfig, RpcProgramAccountsConfig};
use solana_rpc_client_api::filter::{Memcmp, RpcFilterType};
use solana_rpc_client_api::request::RpcRequest;
use solana_rpc_client_api::response::Response;

use crate::encoding::{plain, raw};
use crate::{Client, FetchError};

/// An account with its address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found<T> {
    /// Address of the account.
    pub address: Pubkey,
    /// Decoded content of the account.
    pub data: T,
}

/// Offset of the authority in sub-accounts and traders, discriminator included.
const AUTHORITY: usize = 8 + core::mem::offset_of!(SubAccount, authority);
/// Offset of the delegate in sub-accounts, discriminator included.
const DELEGATE: usize = 8 + core::mem::offset_of!(SubAccount, delegate);

impl Client {
    /// Raw accounts in the order of their addresses, `None` for an address without one. Any number of addresses.
    ///
    /// # Errors
    /// [`FetchError::Rpc`], [`FetchError::Missing`] for an incomplete answer.
    pub async fn accounts(&self, addresses: &[Pubkey]) -> Result<Vec<Option<Account>>, FetchError> {
        // Largest number of addresses in one request.
        const AT_ONCE: usize = 100;
        let mut accounts = Vec::with_capacity(addresses.len());
        for part in addresses.chunks(AT_ONCE) {
            let answered = self.rpc().get_multiple_ui_accounts_with_config(part, self.account_config()).await?.value;
            if answered.len() != part.len() {
                let address = part.first().copied().unwrap_or_default();
                return Err(FetchError::Missing {
                    what: "answer with as many accounts as were asked for, from",
                    address,
                });
            }
            for (address, account) in part.iter().zip(answered) {
                accounts.push(account.map(|account| readable(*address, &account)).transpose()?);
            }
        }
        Ok(accounts)
    }

    /// The raw account at an address, `None` when there is none.
    ///
    /// # Errors
    /// [`FetchError::Rpc`], [`FetchError::Missing`] for data in another encoding.
    pub async fn account(&self, at: Pubkey) -> Result<Option<Account>, FetchError> {
        let asked = serde_json::json!([at.to_string(), self.account_config()]);
        let answer: Response<Option<UiAccount>> = self.rpc().send(RpcRequest::GetAccountInfo, asked).await?;
        answer.value.map(|account| readable(at, &account)).transpose()
    }

    /// The decoded account at an address, `None` when there is none.
    ///
    /// # Errors
    /// As [`Self::account`], [`FetchError::Missing`] for an account of another program, [`FetchError::Decode`] for one
    /// of another kind.
    pub async fn find<T: AccountKind>(&self, at: Pubkey) -> Result<Option<T>, FetchError> {
        let found = self.account(at).await?;
        found.map(|account| read(at, &account, decode::<T>)).transpose()
    }

    /// The decoded account at an address.
    ///
    /// # Errors
    /// As [`Self::find`], [`FetchError::Missing`] when there is none.
    pub async fn get<T: AccountKind>(&self, at: Pubkey) -> Result<T, FetchError> {
        self.find(at).await?.ok_or(FetchError::Missing { what: T::NAME, address: at })
    }

    /// The exchange account: roles, switches and fees.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn exchange(&self) -> Result<Exchange, FetchError> {
        self.get(EXCHANGE).await
    }

    /// The board: all prices and margin parameters.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn board(&self) -> Result<Box<PriceBoard>, FetchError> {
        Ok(Box::new(self.get(BOARD).await?))
    }

    /// The market with an index.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn market(&self, index: u16) -> Result<Market, FetchError> {
        self.get(address::market(index)).await
    }

    /// The bank with an index.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn bank(&self, index: u16) -> Result<Bank, FetchError> {
        self.get(address::bank(index)).await
    }

    /// The trader account of an authority, `None` before it was created.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub async fn trader(&self, authority: &Pubkey) -> Result<Option<Trader>, FetchError> {
        self.find(address::trader(authority)).await
    }

    /// All markets by index: as many as the exchange lists, each at the address that the program gives it.
    ///
    /// # Errors
    /// As [`Self::get`], [`FetchError::Missing`] for an account that does not carry the index of its address.
    pub async fn markets(&self) -> Result<Vec<Found<Market>>, FetchError> {
        let listed = self.exchange().await?.markets;
        self.listed(listed, MAX_MARKETS, address::market, |market: &Market| market.index).await
    }

    /// All banks by index.
    ///
    /// # Errors
    /// As [`Self::markets`].
    pub async fn banks(&self) -> Result<Vec<Found<Bank>>, FetchError> {
        let listed = self.exchange().await?.banks;
        self.listed(listed, MAX_BANKS, address::bank, |bank: &Bank| bank.index).await
    }

    async fn listed<T: AccountKind>(
        &self,
        count: u16,
        most: usize,
        place: impl Fn(u16) -> Pubkey,
        index: impl Fn(&T) -> u16,
    ) -> Result<Vec<Found<T>>, FetchError> {
        if usize::from(count) > most {
            return Err(FetchError::Missing { what: "believable number of listings", address: EXCHANGE });
        }
        let addresses: Vec<Pubkey> = (0..count).map(place).collect();
        let accounts = self.accounts(&addresses).await?;
        let mut found = Vec::with_capacity(addresses.len());
        for ((number, address), account) in (0..count).zip(addresses).zip(accounts) {
            let account = account.ok_or(FetchError::Missing { what: T::NAME, address })?;
            let data = read(address, &account, decode::<T>)?;
            if index(&data) != number {
                return Err(FetchError::Missing { what: "account with the index of its address", address });
            }
            found.push(Found { address, data });
        }
        Ok(found)
    }

    /// A sub-account with its orders.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn sub_account(&self, at: Pubkey) -> Result<SubAccountData, FetchError> {
        let account =
            self.account(at).await?.ok_or(FetchError::Missing { what: <SubAccount as Layout>::NAME, address: at })?;
        read(at, &account, decode_sub_account)
    }

    /// The sub-accounts of an authority, by id.
    ///
    /// # Errors
    /// [`FetchError::Rpc`], [`FetchError::Decode`].
    pub async fn sub_accounts_of(&self, authority: &Pubkey) -> Result<Vec<Found<SubAccountData>>, FetchError> {
        self.sub_accounts_where(AUTHORITY, authority).await
    }

    /// The sub-accounts that name a delegate, by authority and id.
    ///
    /// # Errors
    /// [`FetchError::Rpc`], [`FetchError::Decode`].
    pub async fn sub_accounts_delegated_to(&self, delegate: &Pubkey) -> Result<Vec<Found<SubAccountData>>, FetchError> {
        self.sub_accounts_where(DELEGATE, delegate).await
    }

    /// All sub-accounts of the exchange.
    ///
    /// # Errors
    /// [`FetchError::Rpc`], [`FetchError::Decode`].
    pub async fn all_sub_accounts(&self) -> Result<Vec<Found<SubAccountData>>, FetchError> {
        self.program_accounts(vec![kind_filter::<SubAccount>()], decode_sub_account).await
    }

    /// All accounts of a kind without a tail.
    ///
    /// # Errors
    /// [`FetchError::Rpc`], [`FetchError::Decode`].
    pub async fn all<T: AccountKind>(&self) -> Result<Vec<Found<T>>, FetchError> {
        self.program_accounts(vec![kind_filter::<T>()], decode::<T>).await
    }

    /// The chain's clock, as programs see it.
    ///
    /// # Errors
    /// As [`Self::account`], [`FetchError::Missing`] for no clock.
    pub async fn clock(&self) -> Result<Clock, FetchError> {
        let address = solana_sdk_ids::sysvar::clock::ID;
        let clock = self.account(address).await?.and_then(|clock| read_clock(&clock.data));
        clock.ok_or(FetchError::Missing { what: "clock", address })
    }

    async fn sub_accounts_where(&self, offset: usize, key: &Pubkey) -> Result<Vec<Found<SubAccountData>>, FetchError> {
        let owner = RpcFilterType::Memcmp(Memcmp::new_base58_encoded(offset, key.as_ref()));
        let mut found = self.program_accounts(vec![kind_filter::<SubAccount>(), owner], decode_sub_account).await?;
        found.sort_by_key(|account| (account.data.head.authority, account.data.head.id));
        Ok(found)
    }

    async fn program_accounts<T>(
        &self,
        filters: Vec<RpcFilterType>,
        decode: impl Fn(&[u8]) -> Result<T, kedge_interface::account::DecodeError>,
    ) -> Result<Vec<Found<T>>, FetchError> {
        let config = RpcProgramAccountsConfig {
            filters: Some(filters),
            account_config: self.account_config(),
            ..RpcProgramAccountsConfig::default()
        };
        let found = self.rpc().get_program_ui_accounts_with_config(&PROGRAM_ID, config).await?;
        found
            .into_iter()
            .map(|(address, account)| {
                let data = plain(&account).unwrap_or_default();
                let data = decode(&data).map_err(|error| FetchError::Decode { address, error })?;
                Ok(Found { address, data })
            })
            .collect()
    }

    pub(crate) fn account_config(&self) -> RpcAccountInfoConfig {
        RpcAccountInfoConfig {
            encoding: Some(UiAccountEncoding::Base64),
            commitment: Some(self.commitment()),
            ..RpcAccountInfoConfig::default()
        }
    }
}

/// Selects accounts that begin with the discriminator of a kind.
pub(crate) fn kind_filter<T: AccountKind>() -> RpcFilterType {
    RpcFilterType::Memcmp(Memcmp::new_base58_encoded(0, &T::DISCRIMINATOR))
}

/// The account, when its data came in the requested encoding.
fn readable(address: Pubkey, account: &UiAccount) -> Result<Account, FetchError> {
    raw(account).ok_or(FetchError::Missing { what: "account in the encoding that was asked for", address })
}

fn read<T>(
    address: Pubkey,
    account: &Account,
    decode: impl Fn(&[u8]) -> Result<T, kedge_interface::account::DecodeError>,
) -> Result<T, FetchError> {
    if account.owner != PROGRAM_ID {
        return Err(FetchError::Missing { what: "account of the exchange", address });
    }
    decode(&account.data).map_err(|error| FetchError::Decode { address, error })
}

/// Slot and Unix time, in seconds, of the clock sysvar's data; `None` when the data is too short.
#[must_use]
pub fn read_clock(data: &[u8]) -> Option<Clock> {
    let clock: solana_clock::Clock = wincode::deserialize(data).ok()?;
    Some(Clock { slot: clock.slot, unix_time: clock.unix_timestamp })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_is_read_from_its_first_and_last_field() {
        let mut data = [0u8; 40];
        data[..8].copy_from_slice(&7u64.to_le_bytes());
        data[32..].copy_from_slice(&(-9i64).to_le_bytes());
        assert_eq!(read_clock(&data), Some(Clock { slot: 7, unix_time: -9 }));
        assert_eq!(read_clock(&[&data[..], &[1]].concat()), Some(Clock { slot: 7, unix_time: -9 }), "a longer one");
        assert_eq!(read_clock(&data[..39]), None);
    }
}
