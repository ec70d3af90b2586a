//! Changes over a WebSocket.

use kedge_client::{AccountChange, Client, Subscription, Update};
use kedge_interface::account::Account;
use kedge_model::sub_account::SubAccount;

use super::{Event, Next, Source};

/// A subscription to all sub-accounts of the exchange.
#[derive(Debug)]
pub struct Socket {
    changes: Subscription<AccountChange>,
    up: bool,
}

impl Socket {
    /// Subscribes. An endpoint that does not answer is tried again and again; until then it is not up.
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
                    let data = match change.account {
                        Some(Account::SubAccount(data)) => Some(*data),
                        _ => None,
                    };
                    Event::Account { slot: change.slot, version: 0, address: change.address, data }
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
