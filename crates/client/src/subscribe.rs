//! Changes as they happen, across disconnections.

use std::time::Duration;

use futures_util::{Stream, StreamExt};
use kedge_interface::PROGRAM_ID;
use kedge_interface::account::{Account, AccountKind, decode_any};
use kedge_interface::event::{LoggedBatch, from_logs};
use solana_pubkey::Pubkey;
use solana_pubsub_client::nonblocking::pubsub_client::PubsubClient;
use solana_rpc_client_api::config::{RpcProgramAccountsConfig, RpcTransactionLogsConfig, RpcTransactionLogsFilter};
use solana_rpc_client_api::filter::RpcFilterType;
use solana_rpc_client_api::response::{Response, RpcKeyedAccount, RpcLogsResponse};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::Client;
use crate::fetch::kind_filter;

/// Longest pause between two attempts to connect.
const MAX_PAUSE: Duration = Duration::from_secs(10);

/// What a subscription delivers.
#[derive(Clone, Debug)]
pub enum Update<T> {
    /// The connection stands, at first or again. What happened before it was missed: fetch now.
    Connected,
    /// A change.
    Change(T),
    /// The connection is gone; it is tried again.
    Lost,
}

/// An account of the exchange changed.
#[derive(Clone, Debug)]
pub struct AccountChange {
    /// Where.
    pub address: Pubkey,
    /// Slot of the change.
    pub slot: u64,
    /// What it holds now; `None` when it was closed or is of an unknown kind.
    pub account: Option<Account>,
}

/// A transaction of the exchange left a log.
#[derive(Clone, Debug)]
pub struct LogChange {
    /// Its signature, base58.
    pub signature: String,
    /// Its slot.
    pub slot: u64,
    /// Whether it failed.
    pub failed: bool,
    /// Records from the log (those of self-calls are in the transaction, see [`crate::history`]).
    pub batches: Vec<LoggedBatch>,
}

/// A running subscription; dropping it ends it.
#[derive(Debug)]
pub struct Subscription<T> {
    updates: mpsc::Receiver<Update<T>>,
    task: JoinHandle<()>,
}

impl<T> Subscription<T> {
    /// The next update; `None` only when the runtime shuts down.
    pub async fn next(&mut self) -> Option<Update<T>> {
        self.updates.recv().await
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
        self.run(move |updates, socket| {
            let config = config.clone();
            async move {
                let (stream, _unsubscribe) = socket.program_subscribe(&PROGRAM_ID, Some(config)).await.ok()?;
                forward(stream, &updates, account_change).await
            }
        })
    }

    /// Logs of all transactions of the exchange.
    pub fn subscribe_logs(&self) -> Subscription<LogChange> {
        let commitment = self.commitment();
        self.run(move |updates, socket| async move {
            let filter = RpcTransactionLogsFilter::Mentions(vec![PROGRAM_ID.to_string()]);
            let config = RpcTransactionLogsConfig { commitment: Some(commitment) };
            let (stream, _unsubscribe) = socket.logs_subscribe(filter, config).await.ok()?;
            forward(stream, &updates, |notice| Some(log_change(notice))).await
        })
    }

    /// Connects, runs `listen`, and connects again when it ends, with growing pauses while connecting fails.
    fn run<T, F, W>(&self, listen: F) -> Subscription<T>
    where
        T: Send + 'static,
        F: Fn(mpsc::Sender<Update<T>>, PubsubClient) -> W + Send + 'static,
        W: Future<Output = Option<()>> + Send,
    {
        let (sender, updates) = mpsc::channel(1_024);
        let url = self.ws_url().to_string();
        let task = tokio::spawn(async move {
            let mut pause = Duration::from_millis(100);
            while !sender.is_closed() {
                if let Ok(socket) = PubsubClient::new(url.as_str()).await
                    && listen(sender.clone(), socket).await.is_some()
                {
                    pause = Duration::from_millis(100);
                }
                tokio::time::sleep(pause).await;
                pause = pause.saturating_mul(2).min(MAX_PAUSE);
            }
        });
        Subscription { updates, task }
    }
}

/// Passes a stream on until it ends; `None` when nobody listens any more.
async fn forward<N, T>(
    mut stream: impl Stream<Item = N> + Unpin,
    updates: &mpsc::Sender<Update<T>>,
    change: impl Fn(N) -> Option<T>,
) -> Option<()> {
    updates.send(Update::Connected).await.ok()?;
    while let Some(notice) = stream.next().await {
        if let Some(change) = change(notice) {
            updates.send(Update::Change(change)).await.ok()?;
        }
    }
    updates.send(Update::Lost).await.ok()?;
    Some(())
}

fn account_change(notice: Response<RpcKeyedAccount>) -> Option<AccountChange> {
    let address = notice.value.pubkey.parse().ok()?;
    let data = notice.value.account.data.decode().unwrap_or_default();
    Some(AccountChange { address, slot: notice.context.slot, account: decode_any(&data).ok().flatten() })
}

fn log_change(notice: Response<RpcLogsResponse>) -> LogChange {
    LogChange {
        batches: from_logs(notice.value.logs.iter().map(String::as_str)),
        signature: notice.value.signature,
        slot: notice.context.slot,
        failed: notice.value.err.is_some(),
    }
}
