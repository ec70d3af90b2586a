//! Changes as they happen, across reconnections.

use std::sync::Arc;

use kedge_interface::PROGRAM_ID;
use kedge_interface::account::{Account, AccountKind, decode_any};
use kedge_interface::event::{LoggedBatch, from_logs};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use solana_pubkey::Pubkey;
use solana_rpc_client_api::config::{RpcProgramAccountsConfig, RpcTransactionLogsConfig, RpcTransactionLogsFilter};
use solana_rpc_client_api::filter::RpcFilterType;
use solana_rpc_client_api::response::{Response, RpcKeyedAccount, RpcLogsResponse};
use tokio::task::JoinHandle;

use crate::Client;
use crate::encoding::plain;
use crate::fetch::kind_filter;
use crate::stream::{Queue, SubscriptionRequest, follow};

/// An item of a subscription.
#[derive(Clone, Debug)]
pub enum Update<T> {
    /// The connection stands, at first or again. Earlier changes were missed: fetch now.
    Connected,
    /// One change.
    Change(T),
    /// Changes may have been lost: the connection broke, fell silent, or sent more than could be read. It is tried
    /// again.
    Lost,
}

/// A change of an account of the exchange.
#[derive(Clone, Debug)]
pub struct AccountChange {
    /// Address of the account.
    pub address: Pubkey,
    /// Slot of the change.
    pub slot: u64,
    /// Content after the change.
    pub content: Content,
}

/// Content of an account in a notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// An account of the exchange.
    Account(Account),
    /// The account was closed.
    Gone,
    /// The account cannot be read: an unknown kind, or a wrong size.
    Unreadable,
}

/// The log of a transaction of the exchange.
#[derive(Clone, Debug)]
pub struct LogChange {
    /// First signature of the transaction, base58.
    pub signature: String,
    /// Slot of its block.
    pub slot: u64,
    /// Whether the transaction failed.
    pub failed: bool,
    /// Records of the log, empty when the transaction failed. Records of self-calls are in the transaction, see
    /// [`crate::history`].
    pub batches: Vec<LoggedBatch>,
}

/// A running subscription; dropping it ends the connection.
#[derive(Debug)]
pub struct Subscription<T> {
    queue: Arc<Queue<T>>,
    task: JoinHandle<()>,
}

impl<T> Subscription<T> {
    /// Waits for the next update; `None` only when the runtime shuts down. Cancellation-safe.
    pub async fn next(&mut self) -> Option<Update<T>> {
        self.queue.next().await
    }
}

impl<T> Drop for Subscription<T> {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Client {
    /// Changes of all accounts of the exchange.
    pub fn subscribe(&self) -> Subscription<AccountChange> {
        self.subscribe_where(None)
    }

    /// Changes of the accounts of one kind.
    pub fn subscribe_kind<T: AccountKind>(&self) -> Subscription<AccountChange> {
        self.subscribe_where(Some(vec![kind_filter::<T>()]))
    }

    fn subscribe_where(&self, filters: Option<Vec<RpcFilterType>>) -> Subscription<AccountChange> {
        let config = RpcProgramAccountsConfig {
            filters,
            account_config: self.account_config(),
            ..RpcProgramAccountsConfig::default()
        };
        self.run("program", json!([PROGRAM_ID.to_string(), config]), account_change)
    }

    /// Logs of all transactions that name an account: a market, a sub-account, or with [`PROGRAM_ID`] any of the
    /// exchange.
    pub fn subscribe_logs(&self, of: &Pubkey) -> Subscription<LogChange> {
        let filter = RpcTransactionLogsFilter::Mentions(vec![of.to_string()]);
        let config = RpcTransactionLogsConfig { commitment: Some(self.commitment()) };
        self.run("logs", json!([filter, config]), log_change)
    }

    fn run<T: Send + 'static>(
        &self,
        operation: &'static str,
        params: Value,
        read: fn(Value) -> Option<T>,
    ) -> Subscription<T> {
        let queue = Queue::new();
        let wanted = SubscriptionRequest { operation, params, read };
        let task = tokio::spawn(follow(self.ws_url().to_owned(), wanted, Arc::clone(&queue)));
        Subscription { queue, task }
    }
}

fn notice<T: DeserializeOwned>(value: Value) -> Option<Response<T>> {
    serde_json::from_value(value).ok()
}

fn account_change(value: Value) -> Option<AccountChange> {
    let notice: Response<RpcKeyedAccount> = notice(value)?;
    let address = notice.value.pubkey.parse().ok()?;
    let data = plain(&notice.value.account);
    let content = match data.as_deref().map(|data| (data, decode_any(data))) {
        Some(([], _)) => Content::Gone,
        Some((_, Ok(Some(account)))) => Content::Account(account),
        _ => Content::Unreadable,
    };
    Some(AccountChange { address, slot: notice.context.slot, content })
}

fn log_change(value: Value) -> Option<LogChange> {
    let notice: Response<RpcLogsResponse> = notice(value)?;
    let failed = notice.value.err.is_some();
    Some(LogChange {
        // A failed transaction undid its records.
        batches: if failed { Vec::new() } else { from_logs(notice.value.logs.iter().map(String::as_str)) },
        signature: notice.value.signature,
        slot: notice.context.slot,
        failed,
    })
}
