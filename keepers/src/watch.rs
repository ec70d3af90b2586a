//! The mirror that several jobs share, and when to look at it again.

use std::time::{Duration, Instant};

use kedge_client::Client;
use tokio::time::{sleep, timeout};

use crate::World;
use crate::compose::Directory;
use crate::core::mirror::source::{Poll, Socket, Source};
use crate::core::mirror::{Counts, Mirror};
use crate::error::Result;
use crate::feed::Feed;
use crate::pyth::Alternatives;

/// A row's price sources can be changed without anything being listed: addresses are learnt anew this often.
const LEARN_EVERY: Duration = Duration::from_secs(60);
/// Everything is read again this often, whatever the source says.
const SNAPSHOT_EVERY: Duration = Duration::from_secs(60);

/// A mirror that follows a source.
pub struct Watch {
    client: Client,
    feed: Feed,
    alternatives: Alternatives,
    learnt: Instant,
    source: Box<dyn Source>,
    mirror: Option<Mirror>,
    read: Instant,
    least: Duration,
    most: Duration,
}

impl Watch {
    /// Looks at the exchange at least every `most` and, while accounts change, as often as every `least`; follows the
    /// accounts over a WebSocket. Beside the sponsored accounts of Pyth feeds it reads `alternatives`.
    ///
    /// # Errors
    /// [`crate::error::Error::Fetch`], also when there is no exchange. A WebSocket endpoint that does not answer is no
    /// error: it is tried again, and until then the accounts are polled.
    pub async fn start(client: Client, least: Duration, most: Duration, alternatives: Alternatives) -> Result<Self> {
        let source = Box::new(Socket::start(&client));
        Self::following(source, client, least, most, alternatives).await
    }

    /// The same without a WebSocket: all accounts are read at every look.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn polling(client: Client, least: Duration, most: Duration, alternatives: Alternatives) -> Result<Self> {
        Self::following(Box::new(Poll), client, least, most, alternatives).await
    }

    /// The same with any source.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn following(
        source: Box<dyn Source>,
        client: Client,
        least: Duration,
        most: Duration,
        alternatives: Alternatives,
    ) -> Result<Self> {
        let feed = Feed::with(client.clone(), &alternatives).await?;
        let now = Instant::now();
        Ok(Self { client, feed, alternatives, learnt: now, source, mirror: None, read: now, least, most })
    }

    /// Addresses of what is listed.
    #[must_use]
    pub fn directory(&self) -> std::sync::Arc<Directory> {
        self.feed.directory()
    }

    /// How the mirror does, and whether its source is up; zeros before the first look.
    #[must_use]
    pub fn counts(&self) -> (Counts, bool) {
        (self.mirror.as_ref().map(|mirror| mirror.counts).unwrap_or_default(), self.source.is_up())
    }

    /// Waits until it is time for the next look.
    pub async fn wait(&mut self) {
        sleep(self.least).await;
        let event = timeout(self.most.saturating_sub(self.least), self.source.next()).await;
        if let (Ok(event), Some(mirror)) = (event, &mut self.mirror) {
            mirror.apply(event);
        }
    }

    /// The world now. What was listed since the last look is in the next one.
    ///
    /// # Errors
    /// As [`Feed::poll`].
    pub async fn look(&mut self) -> Result<&World> {
        // What the source knows until now comes first: what is read after it is later.
        if let Some(mirror) = &mut self.mirror {
            while let Ok(event) = timeout(Duration::ZERO, self.source.next()).await {
                mirror.apply(event);
            }
        } else {
            // The first answer of the source may only be that it is there: the snapshot below comes after it.
            while timeout(Duration::ZERO, self.source.next()).await.is_ok() {}
        }
        let known = self.mirror.as_ref().is_some_and(|mirror| !mirror.wants_snapshot());
        if known && self.source.is_up() && self.read.elapsed() < SNAPSHOT_EVERY {
            let rest = self.feed.rest().await?;
            if let Some(mirror) = &mut self.mirror {
                mirror.refresh(rest);
            }
        } else {
            let (slot, world) = self.feed.snapshot().await?;
            self.read = Instant::now();
            match &mut self.mirror {
                Some(mirror) => mirror.snapshot(slot, world),
                None => self.mirror = Some(Mirror::new(world)),
            }
        }
        self.learn().await;
        match &self.mirror {
            Some(mirror) => Ok(mirror.world()),
            None => unreachable!("a snapshot was taken"),
        }
    }

    /// Learns the addresses of what was listed meanwhile.
    async fn learn(&mut self) {
        let Some(world) = self.mirror.as_ref().map(Mirror::world) else { return };
        let listed = (usize::from(world.exchange.markets), usize::from(world.exchange.banks));
        let directory = self.feed.directory();
        let old = listed != (directory.markets.len(), directory.banks.len()) || self.learnt.elapsed() >= LEARN_EVERY;
        // What is not learnt now is learnt at the next look: this one is sound without it.
        if old && let Ok(feed) = Feed::with(self.client.clone(), &self.alternatives).await {
            (self.feed, self.learnt) = (feed, Instant::now());
        }
    }
}
