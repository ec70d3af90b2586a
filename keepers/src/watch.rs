//! The mirror that several jobs share: polled, and polled sooner when something changes.

use std::time::{Duration, Instant};

use kedge_client::{AccountChange, Client, Subscription};
use tokio::time::{sleep, timeout};

use crate::World;
use crate::compose::Directory;
use crate::error::Result;
use crate::feed::Feed;

/// A row's price sources can be changed without anything being listed: addresses are learnt anew this often.
const LEARN_EVERY: Duration = Duration::from_secs(60);

/// A feed that waits for changes.
pub struct Watch {
    client: Client,
    feed: Feed,
    learnt: Instant,
    changes: Subscription<AccountChange>,
    least: Duration,
    most: Duration,
}

impl Watch {
    /// Looks at the exchange at least every `most` and, while accounts change, as often as every `least`.
    ///
    /// # Errors
    /// [`crate::error::Error::Fetch`], also when there is no exchange. A WebSocket endpoint that does not answer is no
    /// error: it is tried again, and until then the mirror is polled.
    pub async fn start(client: Client, least: Duration, most: Duration) -> Result<Self> {
        let feed = Feed::new(client.clone()).await?;
        let changes = client.subscribe();
        Ok(Self { client, feed, learnt: Instant::now(), changes, least, most })
    }

    /// Addresses of what is listed.
    #[must_use]
    pub fn directory(&self) -> std::sync::Arc<Directory> {
        self.feed.directory()
    }

    /// Waits until it is time for the next look.
    pub async fn wait(&mut self) {
        sleep(self.least).await;
        let changed = timeout(self.most.saturating_sub(self.least), self.changes.next()).await;
        if changed.is_ok() {
            // What else has changed until now is seen by the same look.
            while let Ok(Some(_)) = timeout(Duration::ZERO, self.changes.next()).await {}
        }
    }

    /// The world now. What was listed since the last look is in the next one.
    ///
    /// # Errors
    /// As [`Feed::poll`].
    pub async fn look(&mut self) -> Result<World> {
        let world = self.feed.poll().await?;
        let listed = (usize::from(world.exchange.markets), usize::from(world.exchange.banks));
        let directory = self.feed.directory();
        let old = listed != (directory.markets.len(), directory.banks.len()) || self.learnt.elapsed() >= LEARN_EVERY;
        // What is not learnt now is learnt at the next look: this one is sound without it.
        if old && let Ok(feed) = Feed::new(self.client.clone()).await {
            (self.feed, self.learnt) = (feed, Instant::now());
        }
        Ok(world)
    }
}
