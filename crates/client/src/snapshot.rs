//! All accounts of the exchange as of one moment.

use kedge_interface::PROGRAM_ID;
use kedge_interface::account::{DecodeError, SubAccountData, decode_sub_account};
use kedge_model::account::sub_account::SubAccount;
use solana_account::Account;
use solana_account_decoder_client_types::UiAccount;
use solana_commitment_config::CommitmentConfig;
use solana_hash::Hash;
use solana_pubkey::Pubkey;
use solana_rpc_client_api::config::{RpcAccountInfoConfig, RpcProgramAccountsConfig};
use solana_rpc_client_api::request::RpcRequest;
use solana_rpc_client_api::response::{OptionalContext, Response, RpcBlockhash, RpcKeyedAccount};

use crate::encoding::{plain, raw};
use crate::fetch::kind_filter;
use crate::{Client, FetchError, Found};

/// An answer with the slot of its bank.
#[derive(Clone, Debug)]
pub struct At<T> {
    /// Slot of the bank that answered.
    pub slot: u64,
    /// Content of the answer.
    pub value: T,
}

/// All sub-accounts of an answer.
#[derive(Clone, Debug, Default)]
pub struct SubAccounts {
    /// Sub-accounts that could be read.
    pub found: Vec<Found<SubAccountData>>,
    /// Addresses of sub-accounts that could not be read, with the reason.
    pub unreadable: Vec<(Pubkey, DecodeError)>,
}

/// Content of one requested address.
#[expect(clippy::large_enum_variant, reason = "short-lived, and nearly always the large one")]
#[derive(Clone, Debug)]
pub enum Read {
    /// The address holds this sub-account.
    Found(SubAccountData),
    /// The address holds no account of the exchange.
    Gone,
    /// The address holds an account of the exchange that cannot be read.
    Unreadable,
}

/// A blockhash with its validity, as an endpoint reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blockhash {
    /// The blockhash itself.
    pub hash: Hash,
    /// The last block height at which a transaction with it can land.
    pub last_valid: u64,
    /// Slot of the bank that answered.
    pub slot: u64,
}

impl Client {
    /// The latest blockhash at the client's commitment.
    ///
    /// # Errors
    /// [`FetchError::Rpc`], and [`FetchError::Missing`] for a text that is no hash.
    pub async fn blockhash(&self) -> Result<Blockhash, FetchError> {
        let asked = serde_json::json!([self.commitment()]);
        let answer: Response<RpcBlockhash> = self.rpc().send(RpcRequest::GetLatestBlockhash, asked).await?;
        let RpcBlockhash { blockhash, last_valid_block_height: last_valid } = answer.value;
        let missing = FetchError::Missing { what: "blockhash in the answer of the endpoint", address: PROGRAM_ID };
        Ok(Blockhash { hash: blockhash.parse().map_err(|_| missing)?, last_valid, slot: answer.context.slot })
    }

    /// Every account that the program owns, of any kind, in one answer.
    ///
    /// The answer is of one bank. At a commitment of at least `confirmed` a validator's bank is complete and does not
    /// change while it is read, so the accounts fit together; a `processed` client therefore asks for `confirmed` here.
    /// An endpoint whose bank is behind slot `least` is refused.
    ///
    /// # Errors
    /// [`FetchError::Rpc`], also for an endpoint that is behind and for one that does not name its slot.
    pub async fn program_accounts_at(&self, least: u64) -> Result<At<Vec<(Pubkey, Account)>>, FetchError> {
        let config = RpcProgramAccountsConfig {
            account_config: self.steady(least),
            with_context: Some(true),
            ..RpcProgramAccountsConfig::default()
        };
        let asked = serde_json::json!([PROGRAM_ID.to_string(), config]);
        let answer: OptionalContext<Vec<RpcKeyedAccount>> =
            self.rpc().send(RpcRequest::GetProgramAccounts, asked).await?;
        let OptionalContext::Context(Response { context, value }) = answer else {
            return Err(FetchError::Missing { what: "slot in the answer of the endpoint about", address: PROGRAM_ID });
        };
        let read = |keyed: RpcKeyedAccount| {
            let address: Pubkey = keyed.pubkey.parse().ok()?;
            Some((address, raw(&keyed.account)?))
        };
        let count = value.len();
        let value: Vec<_> = value.into_iter().filter_map(read).collect();
        if value.len() != count {
            return Err(FetchError::Missing { what: "readable account in the answer about", address: PROGRAM_ID });
        }
        Ok(At { slot: context.slot, value })
    }

    /// Up to a hundred accounts in one answer, `None` where there is nothing; as [`Self::program_accounts_at`].
    ///
    /// # Errors
    /// As [`Self::program_accounts_at`].
    pub async fn accounts_at(&self, at: &[Pubkey], least: u64) -> Result<At<Vec<Option<Account>>>, FetchError> {
        let answer = self.rpc().get_multiple_ui_accounts_with_config(at, self.steady(least)).await?;
        let value = answer.value.into_iter().map(|account| account.as_ref().and_then(raw));
        Ok(At { slot: answer.context.slot, value: value.collect() })
    }

    /// All sub-accounts at the client's own commitment, with the slot of the bank that answered. An unreadable
    /// sub-account is named and does not hide the others.
    ///
    /// # Errors
    /// As [`Self::program_accounts_at`].
    pub async fn all_sub_accounts_at(&self) -> Result<At<SubAccounts>, FetchError> {
        let config = RpcProgramAccountsConfig {
            filters: Some(vec![kind_filter::<SubAccount>()]),
            account_config: self.account_config(),
            with_context: Some(true),
            ..RpcProgramAccountsConfig::default()
        };
        let asked = serde_json::json!([PROGRAM_ID.to_string(), config]);
        let answer: OptionalContext<Vec<RpcKeyedAccount>> =
            self.rpc().send(RpcRequest::GetProgramAccounts, asked).await?;
        let OptionalContext::Context(Response { context, value }) = answer else {
            return Err(FetchError::Missing { what: "slot in the answer of the endpoint about", address: PROGRAM_ID });
        };
        let mut all = SubAccounts::default();
        for keyed in value {
            // An invalid address cannot be reported under any name.
            let Ok(address) = keyed.pubkey.parse() else { continue };
            match decode_sub_account(&plain(&keyed.account).unwrap_or_default()) {
                Ok(data) => all.found.push(Found { address, data }),
                Err(error) => all.unreadable.push((address, error)),
            }
        }
        Ok(At { slot: context.slot, value: all })
    }

    /// Up to a hundred sub-accounts at the client's own commitment, in the order in which they are asked for, with the slot
    /// of the bank that answered.
    ///
    /// # Errors
    /// [`FetchError::Rpc`].
    pub async fn sub_accounts_at(&self, at: &[Pubkey]) -> Result<At<Vec<Read>>, FetchError> {
        let answer = self.rpc().get_multiple_ui_accounts_with_config(at, self.account_config()).await?;
        let read = |account: Option<UiAccount>| match account.as_ref().map(raw) {
            None => Read::Gone,
            Some(Some(account)) if account.owner != PROGRAM_ID => Read::Gone,
            Some(Some(account)) => decode_sub_account(&account.data).map_or(Read::Unreadable, Read::Found),
            Some(None) => Read::Unreadable,
        };
        let value: Vec<Read> = answer.value.into_iter().map(read).collect();
        if value.len() != at.len() {
            return Err(FetchError::Missing {
                what: "account for each that was asked for in the answer about",
                address: PROGRAM_ID,
            });
        }
        Ok(At { slot: answer.context.slot, value })
    }

    fn steady(&self, least: u64) -> RpcAccountInfoConfig {
        let commitment =
            if self.commitment().is_at_least_confirmed() { self.commitment() } else { CommitmentConfig::confirmed() };
        RpcAccountInfoConfig {
            commitment: Some(commitment),
            min_context_slot: (least > 0).then_some(least),
            ..self.account_config()
        }
    }
}
