//! Changes over Yellowstone gRPC: a node's Geyser plugin, which reports every write as it happens.
//!
//! Beside the accounts the source subscribes to slots. Slots come several times a second whatever the exchange does, so
//! silence is a loss, and a dead slot says that its writes never happened. Writes of one slot are ordered by their
//! write version; the versions of two nodes cannot be compared, so a new connection begins with [`Event::Gap`].

use std::collections::HashMap;
use std::time::Duration;

use futures_util::stream;
use kedge_interface::PROGRAM_ID;
use kedge_interface::account::AccountKind;
use kedge_model::account::sub_account::SubAccount;
use solana_pubkey::Pubkey;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, ClientTlsConfig, Endpoint};
use tonic::{Request, Status};
use yellowstone_grpc_proto::geyser::geyser_client::GeyserClient;
use yellowstone_grpc_proto::geyser::subscribe_request_filter_accounts_filter::Filter;
use yellowstone_grpc_proto::geyser::subscribe_request_filter_accounts_filter_memcmp::Data;
use yellowstone_grpc_proto::geyser::subscribe_update::UpdateOneof;
use yellowstone_grpc_proto::geyser::{
    CommitmentLevel, GetVersionRequest, SlotStatus, SubscribeRequest, SubscribeRequestFilterAccounts,
    SubscribeRequestFilterAccountsFilter, SubscribeRequestFilterAccountsFilterMemcmp, SubscribeRequestFilterSlots,
    SubscribeRequestPing, SubscribeUpdateAccount,
};

use super::{Event, Next, Source};

/// Longest wait for a connection or an answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Silence after which a connection counts as lost: slots come several times a second.
const SILENCE: Duration = Duration::from_secs(5);
/// First and longest pause between two attempts to connect.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(10));
/// Largest message, bytes: the plugin's own limit.
const MAX_MESSAGE: usize = 64 << 20;
/// Events in the queue at most; while it is full the node keeps them, until it cuts the connection.
const QUEUE: usize = 4_096;
/// Name of our filters.
const NAME: &str = "kedge";

/// Why an endpoint cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum YellowstoneError {
    /// The address is of no known form.
    #[error("this is no address of a gRPC endpoint")]
    Address,
    /// The token has characters that no header takes.
    #[error("the token has characters that no header takes")]
    Token,
    /// The endpoint does not answer.
    #[error("it does not answer: {0}")]
    Silent(String),
    /// The endpoint refused.
    #[error("it refuses: {0}")]
    Refused(String),
}

/// Address and token of a node's Geyser plugin.
#[derive(Clone)]
pub struct Access {
    endpoint: Endpoint,
    token: Option<MetadataValue<Ascii>>,
    silence: Duration,
}

impl Access {
    /// An address with `http://` or `https://`, and the provider's token (`x-token`), empty for none.
    ///
    /// # Errors
    /// [`YellowstoneError::Address`] for a text that is no such address; [`YellowstoneError::Token`] for a token with
    /// characters that no header takes.
    pub fn new(url: &str, token: &str) -> Result<Self, YellowstoneError> {
        let endpoint = Endpoint::from_shared(url.to_owned()).map_err(|_| YellowstoneError::Address)?;
        let endpoint = endpoint
            .connect_timeout(PATIENCE)
            .tcp_nodelay(true)
            .http2_keep_alive_interval(SILENCE)
            .keep_alive_timeout(PATIENCE)
            .keep_alive_while_idle(true);
        let endpoint = if url.starts_with("https://") {
            let roots = ClientTlsConfig::new().with_webpki_roots();
            endpoint.tls_config(roots).map_err(|_| YellowstoneError::Address)?
        } else {
            endpoint
        };
        let token = match token {
            "" => None,
            token => {
                let mut value: MetadataValue<Ascii> = token.parse().map_err(|_| YellowstoneError::Token)?;
                value.set_sensitive(true);
                Some(value)
            }
        };
        Ok(Self { endpoint, token, silence: SILENCE })
    }

    /// The plugin's version.
    ///
    /// # Errors
    /// [`YellowstoneError::Silent`] when the endpoint does not answer; [`YellowstoneError::Refused`] when it refuses.
    pub async fn version(&self) -> Result<String, YellowstoneError> {
        let mut client = self.connect().await?;
        let asked = timeout(PATIENCE, client.get_version(self.request(GetVersionRequest {}))).await;
        let answer = asked.map_err(|_| YellowstoneError::Silent("no answer in time".into()))?;
        Ok(answer.map_err(|status| refused(&status))?.into_inner().version)
    }

    async fn connect(&self) -> Result<GeyserClient<Channel>, YellowstoneError> {
        let channel = self.endpoint.connect().await;
        let channel = channel.map_err(|error| YellowstoneError::Silent(reasons(&error)))?;
        Ok(GeyserClient::new(channel).max_decoding_message_size(MAX_MESSAGE))
    }

    fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        if let Some(token) = &self.token {
            request.metadata_mut().insert("x-token", token.clone());
        }
        request
    }
}

fn refused(status: &Status) -> YellowstoneError {
    YellowstoneError::Refused(format!("{:?}: {}", status.code(), status.message()))
}

/// An error with its causes.
fn reasons(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}

/// A subscription to all sub-accounts of the exchange.
#[derive(Debug)]
pub struct Yellowstone {
    events: Receiver<Told>,
    task: JoinHandle<()>,
    up: bool,
}

/// A message of the connection's task.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly all are events")]
enum Told {
    /// A subscription is up.
    Up,
    /// The subscription is down.
    Down,
    /// An event of the subscription.
    Event(Event),
}

impl Yellowstone {
    /// Subscribes. An endpoint that does not answer is tried again and again; until then the source is down.
    #[must_use]
    pub fn start(access: Access) -> Self {
        let (sender, events) = channel(QUEUE);
        Self { events, task: tokio::spawn(follow(access, sender)), up: false }
    }
}

impl Drop for Yellowstone {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Source for Yellowstone {
    fn name(&self) -> &'static str {
        "yellowstone"
    }

    fn next(&mut self) -> Next<'_> {
        Box::pin(async move {
            match self.events.recv().await {
                Some(Told::Event(event)) => event,
                Some(Told::Up) => {
                    self.up = true;
                    Event::Gap
                }
                Some(Told::Down) | None => {
                    self.up = false;
                    Event::Gap
                }
            }
        })
    }

    fn is_up(&self) -> bool {
        self.up
    }
}

/// Connects, reports, and connects again, with growing pauses between failures.
async fn follow(access: Access, events: Sender<Told>) {
    let mut pause = PAUSES.0;
    while !events.is_closed() {
        if listen(&access, &events).await {
            pause = PAUSES.0;
        }
        sleep(pause).await;
        pause = pause.saturating_mul(2).min(PAUSES.1);
    }
}

/// Reports changes until the connection is lost. Returns whether there was a connection.
async fn listen(access: &Access, events: &Sender<Told>) -> bool {
    let Ok(mut client) = access.connect().await else { return false };
    let (answers, asked) = channel(4);
    // The stream of our requests must stay open; it carries answers to pings.
    let requests = stream::unfold(asked, async |mut asked: Receiver<SubscribeRequest>| {
        asked.recv().await.map(|request| (request, asked))
    });
    if answers.try_send(wanted()).is_err() {
        return false;
    }
    let subscribed = timeout(PATIENCE, client.subscribe(access.request(requests))).await;
    let Ok(Ok(answer)) = subscribed else { return false };
    let mut updates = answer.into_inner();
    let mut stands = false;
    while let Ok(Ok(Some(update))) = timeout(access.silence, updates.message()).await {
        // The first message of any kind: changes from here on are reported.
        if !stands {
            stands = true;
            if events.send(Told::Up).await.is_err() {
                return true;
            }
        }
        let event = match update.update_oneof {
            Some(UpdateOneof::Account(update)) => account(update),
            Some(UpdateOneof::Slot(slot)) if slot.status == SlotStatus::SlotDead as i32 => Some(Event::Gap),
            Some(UpdateOneof::Ping(_)) => {
                let pong =
                    SubscribeRequest { ping: Some(SubscribeRequestPing { id: 1 }), ..SubscribeRequest::default() };
                // A full queue holds enough answers.
                let _ = answers.try_send(pong);
                None
            }
            _ => None,
        };
        if let Some(event) = event
            && events.send(Told::Event(event)).await.is_err()
        {
            return true;
        }
    }
    if stands {
        let _ = events.send(Told::Down).await;
    }
    stands
}

/// The request for all sub-accounts, and for slots, at the node's own bank.
fn wanted() -> SubscribeRequest {
    let kind = SubscribeRequestFilterAccountsFilterMemcmp {
        offset: 0,
        data: Some(Data::Bytes(SubAccount::DISCRIMINATOR.to_vec())),
    };
    let accounts = SubscribeRequestFilterAccounts {
        owner: vec![PROGRAM_ID.to_string()],
        filters: vec![SubscribeRequestFilterAccountsFilter { filter: Some(Filter::Memcmp(kind)) }],
        ..SubscribeRequestFilterAccounts::default()
    };
    let slots = SubscribeRequestFilterSlots { interslot_updates: Some(true), ..SubscribeRequestFilterSlots::default() };
    SubscribeRequest {
        accounts: HashMap::from([(NAME.to_owned(), accounts)]),
        slots: HashMap::from([(NAME.to_owned(), slots)]),
        commitment: Some(CommitmentLevel::Processed as i32),
        ..SubscribeRequest::default()
    }
}

/// A change of a sub-account; `None` for any other account. Unreadable bytes are a change, too.
fn account(update: SubscribeUpdateAccount) -> Option<Event> {
    let info = update.account?;
    let address = Pubkey::try_from(info.pubkey.as_slice()).ok()?;
    let bytes = (info.lamports > 0 && !info.data.is_empty()).then_some(info.data.as_slice());
    let unclear = Event::Unclear { slot: update.slot, address };
    Some(Event::account(update.slot, info.write_version, address, bytes).unwrap_or(unclear))
}

#[cfg(test)]
mod tests;
