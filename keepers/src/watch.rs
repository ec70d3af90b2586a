//! The mirror that several jobs share, and when to look at it again.

use std::time::{Duration, Instant};

use kedge_client::Client;
use tokio::time::{sleep, timeout};

use crate::World;
use crate::compose::Directory;
use crate::core::mirror::source::{Poll, Socket, Source};
use crate::core::mirror::tape::Recorder;
use crate::core::mirror::{Counts, Event, Mirror};
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
    recorder: Option<Recorder>,
    /// Why nothing is recorded any more.
    unrecorded: Option<String>,
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
        let (mirror, recorder, unrecorded) = (None, None, None);
        Ok(Self {
            client,
            feed,
            alternatives,
            learnt: now,
            source,
            mirror,
            recorder,
            unrecorded,
            read: now,
            least,
            most,
        })
    }

    /// The same, recording everything that the mirror is made of.
    #[must_use]
    pub fn recording(self, recorder: Recorder) -> Self {
        let mut watch = Self { recorder: Some(recorder), ..self };
        watch.record_addresses();
        watch
    }

    /// Bytes that are recorded so far, or why nothing is recorded any more; `None` when nothing ever was.
    #[must_use]
    pub fn recorded(&self) -> Option<std::result::Result<u64, &str>> {
        let broken = self.unrecorded.as_deref().map(Err);
        broken.or_else(|| self.recorder.as_ref().map(|recorder| Ok(recorder.written())))
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
        if let Ok(event) = event {
            self.apply(event);
        }
    }

    /// The world now. What was listed since the last look is in the next one.
    ///
    /// # Errors
    /// As [`Feed::poll`].
    pub async fn look(&mut self) -> Result<&World> {
        // What the source knows until now comes first: what is read after it is later.
        // Without a mirror the first answer of the source may only be that it is there: the snapshot comes after it.
        while let Ok(event) = timeout(Duration::ZERO, self.source.next()).await {
            self.apply(event);
        }
        let known = self.mirror.as_ref().is_some_and(|mirror| !mirror.wants_snapshot());
        if known && self.source.is_up() && self.read.elapsed() < SNAPSHOT_EVERY {
            let rest = self.feed.rest().await?;
            let world = self.feed.world(&rest)?;
            self.record(|recorder| recorder.rest(&rest));
            if let Some(mirror) = &mut self.mirror {
                mirror.refresh(world);
            }
        } else {
            // Sub-accounts first: an order is then never newer than the clock that judges it.
            let (slot, accounts) = self.feed.accounts().await?;
            let rest = self.feed.rest().await?;
            let mut world = self.feed.world(&rest)?;
            let known = self.mirror.as_ref().map(|mirror| &mirror.world().accounts);
            let write = |recorder: &mut Recorder| {
                recorder.snapshot(slot, &accounts, known)?;
                recorder.rest(&rest)
            };
            record(&mut self.recorder, &mut self.unrecorded, write);
            world.accounts = accounts;
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

    fn apply(&mut self, event: Event) {
        if self.mirror.is_some() {
            self.record(|recorder| recorder.event(&event));
        }
        if let Some(mirror) = &mut self.mirror {
            mirror.apply(event);
        }
    }

    fn record(&mut self, write: impl FnOnce(&mut Recorder) -> std::io::Result<()>) {
        record(&mut self.recorder, &mut self.unrecorded, write);
    }

    fn record_addresses(&mut self) {
        let directory = self.feed.directory();
        let count = |listed: usize| u16::try_from(listed).unwrap_or(u16::MAX);
        self.record(|recorder| recorder.learnt(count(directory.markets.len()), count(directory.banks.len())));
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
            self.record_addresses();
        }
    }
}

/// Records something; when that fails, nothing more, so that no recording has a hole.
fn record(
    recorder: &mut Option<Recorder>,
    unrecorded: &mut Option<String>,
    write: impl FnOnce(&mut Recorder) -> std::io::Result<()>,
) {
    if let Some(Err(error)) = recorder.as_mut().map(write) {
        (*recorder, *unrecorded) = (None, Some(error.to_string()));
    }
}
