//! Changes over a WebSocket.

use kedge_client::{AccountChange, Client, Content, Subscription, Update};
use kedge_interface::account::Account;
use kedge_model::account::sub_account::SubAccount;

use super::{Event, Next, Source};

/// A subscription to all sub-accounts of the exchange.
#[derive(Debug)]
pub struct Socket {
    changes: Subscription<AccountChange>,
    up: bool,
}

impl Socket {
    /// Subscribes. An endpoint that does not answer is tried again and again; until then the source is down.
    #[must_use]
    pub fn start(client: &Client) -> Self {
        Self { changes: client.subscribe_kind::<SubAccount>(), up: false }
    }
}

impl Source for Socket {
    fn name(&self) -> &'static str {
        "websocket"
    }

    fn next(&mut self) -> Next<'_> {
        Box::pin(async move {
            match self.changes.next().await {
                Some(Update::Change(change)) => {
                    let AccountChange { address, slot, content } = change;
                    match content {
                        Content::Account(Account::SubAccount(data)) => {
                            Event::Account { slot, version: 0, address, data: Some(*data) }
                        }
                        // Clusters do not report the end of an account, so that an empty notice is read from the chain.
                        _ => Event::Unclear { slot, address },
                    }
                }
                Some(Update::Connected) => {
                    self.up = true;
                    Event::Gap
                }
                Some(Update::Lost) | None => {
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
