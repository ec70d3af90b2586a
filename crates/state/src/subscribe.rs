//! The mirror that several jobs share, and the times of its looks.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use kedge_client::Client;
use solana_pubkey::Pubkey;
use tokio::time::{sleep, timeout};

use crate::error::{Error, Result};
use crate::mirror::recording::Recorder;
use crate::mirror::source::{Poll, Socket, Source};
use crate::mirror::{Blind, Counts, Event, Mirror, is_incredible};
use crate::pyth::Alternatives;
use crate::snapshot::{Accounts, Again, SnapshotReader};
use crate::{Directory, World};

/// Time after which addresses are derived anew: a row's price sources can be changed without a new listing.
const LEARN_EVERY: Duration = Duration::from_secs(60);
/// Time after which everything is read again, whatever the source reports.
const SNAPSHOT_EVERY: Duration = Duration::from_secs(60);
/// Time for which a source must be up after a loss until it is relied on again.
const PROBATION: Duration = Duration::from_secs(3);
/// Longest time of a source's first connection.
const FIRST_CONNECTION: Duration = Duration::from_secs(5);
/// Most events of one look, so that a fast stream cannot delay its end.
const EVENTS_A_LOOK: usize = 1 << 15;

/// A mirror that follows a source.
pub struct Subscriber {
    client: Client,
    reader: SnapshotReader,
    alternatives: Alternatives,
    learnt: Instant,
    source: Box<dyn Source>,
    mirror: Option<Mirror>,
    recorder: Option<Recorder>,
    /// Why recording ended.
    unrecorded: Option<String>,
    read: Instant,
    started: Instant,
    /// When the source was lost or came back; `None` for a source that was never lost.
    lost: Option<Instant>,
    was_up: bool,
    /// Losses after which another endpoint was asked.
    doubted: u64,
    /// Sub-accounts that could not be decoded at their last reading.
    unreadable: BTreeSet<Pubkey>,
    least: Duration,
    most: Duration,
}

impl Subscriber {
    /// Looks at the exchange at least every `most` and, while accounts change, as often as every `least`; follows the
    /// accounts over a WebSocket. Beside the sponsored accounts of Pyth feeds it reads `alternatives`.
    ///
    /// # Errors
    /// [`crate::error::Error::Fetch`], also for a cluster without an exchange. A WebSocket endpoint that does not
    /// answer is no error: it is tried again, and until then the accounts are polled.
    pub async fn start(client: Client, least: Duration, most: Duration, alternatives: Alternatives) -> Result<Self> {
        let source = Box::new(Socket::start(&client));
        Self::following(source, client, least, most, alternatives).await
    }

    /// [`Self::start`] without a WebSocket: all accounts are read at every look.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn polling(client: Client, least: Duration, most: Duration, alternatives: Alternatives) -> Result<Self> {
        Self::following(Box::new(Poll), client, least, most, alternatives).await
    }

    /// [`Self::start`] with any source.
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
        let reader = SnapshotReader::with(client.clone(), &alternatives).await?;
        let now = Instant::now();
        let (mirror, recorder, unrecorded) = (None, None, None);
        Ok(Self {
            client,
            reader,
            alternatives,
            learnt: now,
            source,
            mirror,
            recorder,
            unrecorded,
            read: now,
            started: now,
            lost: None,
            was_up: false,
            doubted: 0,
            unreadable: BTreeSet::new(),
            least,
            most,
        })
    }

    /// Records everything that the mirror takes in.
    #[must_use]
    pub fn recording(self, recorder: Recorder) -> Self {
        let mut subscriber = Self { recorder: Some(recorder), ..self };
        subscriber.record_addresses();
        subscriber
    }

    /// Bytes recorded so far, or why recording ended; `None` when it was never asked for.
    #[must_use]
    pub fn recorded(&self) -> Option<std::result::Result<u64, &str>> {
        let broken = self.unrecorded.as_deref().map(Err);
        broken.or_else(|| self.recorder.as_ref().map(|recorder| Ok(recorder.written())))
    }

    /// Addresses of listed markets and banks.
    #[must_use]
    pub fn directory(&self) -> std::sync::Arc<Directory> {
        self.reader.directory()
    }

    /// The mirror's counters, and whether its source is up; zeros before the first look.
    #[must_use]
    pub fn counts(&self) -> (Counts, bool) {
        (self.mirror.as_ref().map(|mirror| mirror.counts).unwrap_or_default(), self.source.is_up())
    }

    /// Why the mirror cannot be relied on; `None` while it can, and without a stream.
    #[must_use]
    pub fn blind(&self) -> Option<Blind> {
        if let Some(blind) = self.mirror.as_ref().and_then(Mirror::blind) {
            return Some(blind);
        }
        let up = self.source.is_up() && self.lost.is_none_or(|lost| lost.elapsed() >= PROBATION);
        match (up || !self.source.streams(), self.lost) {
            (true, _) => None,
            (false, None) if self.started.elapsed() < FIRST_CONNECTION => Some(Blind::Unconnected),
            _ => Some(Blind::Down),
        }
    }

    /// Sub-accounts that could not be decoded at their last reading: the world is without them.
    #[must_use]
    pub fn unreadable(&self) -> &BTreeSet<Pubkey> {
        &self.unreadable
    }

    /// Waits until it is time for the next look.
    pub async fn wait(&mut self) {
        sleep(self.least).await;
        let event = timeout(self.most.saturating_sub(self.least), self.source.next()).await;
        if let Ok(event) = event {
            self.apply(event);
        }
    }

    /// The world now. A listing since the last look is in the next one.
    ///
    /// # Errors
    /// As [`SnapshotReader::poll`].
    pub async fn look(&mut self) -> Result<&World> {
        // Events so far are applied first: accounts are read after them, and so are later.
        // Without a mirror the source's first answer may only be that it is up: the snapshot follows.
        for _ in 0..EVENTS_A_LOOK {
            let Ok(event) = timeout(Duration::ZERO, self.source.next()).await else { break };
            self.apply(event);
        }
        let known = self.mirror.as_ref().is_some_and(|mirror| !mirror.wants_snapshot());
        if known && self.source.is_up() && self.read.elapsed() < SNAPSHOT_EVERY {
            self.reread().await?;
            let rest = self.reader.rest().await?;
            let world = self.reader.world(&rest)?;
            self.record(|recorder| recorder.rest(&rest));
            if let Some(mirror) = &mut self.mirror {
                mirror.refresh(world);
            }
        } else {
            // Sub-accounts first: an order is then never newer than the clock that judges it.
            let Accounts { slot, found: accounts, unreadable } = self.reader.accounts().await?;
            let rest = self.reader.rest().await?;
            let mut world = self.reader.world(&rest)?;
            self.unreadable = unreadable;
            let known = self.mirror.as_ref().map(|mirror| &mirror.world().accounts);
            let write = |recorder: &mut Recorder| {
                recorder.snapshot(slot, &accounts, known)?;
                recorder.rest(&rest)
            };
            if known.is_some() || !(accounts.is_empty() && is_incredible(&world)) {
                record(&mut self.recorder, &mut self.unrecorded, write);
            }
            world.accounts = accounts;
            self.take_in(slot, world)?;
        }
        self.learn().await;
        match &self.mirror {
            Some(mirror) => Ok(mirror.world()),
            None => unreachable!("without one there was an error"),
        }
    }

    /// Applies all accounts. When they cannot be all, the next endpoint is asked.
    fn take_in(&mut self, slot: u64, world: World) -> Result<()> {
        self.read = Instant::now();
        let credible = match &mut self.mirror {
            Some(mirror) => mirror.snapshot(slot, world),
            None if is_incredible(&world) => false,
            None => {
                self.mirror = Some(Mirror::new(world));
                true
            }
        };
        let blind = self.mirror.as_ref().and_then(Mirror::blind);
        let losses = self.mirror.as_ref().map_or(0, |mirror| mirror.counts.losses);
        let unmended = matches!(blind, Some(Blind::Unbalanced(_))) && losses > self.doubted;
        if !credible || unmended {
            self.doubted = losses;
            self.client.endpoints().doubt();
        }
        if self.mirror.is_none() { Err(Error::Incredible) } else { Ok(()) }
    }

    /// Reads again the accounts that the mirror doubts.
    async fn reread(&mut self) -> Result<()> {
        let doubts = self.mirror.as_ref().map(Mirror::doubts).unwrap_or_default();
        if doubts.is_empty() {
            return Ok(());
        }
        let Again { slot, found, unreadable } = self.reader.some(&doubts).await?;
        self.record(|recorder| recorder.again(slot, &found));
        for address in doubts {
            self.unreadable.remove(&address);
        }
        self.unreadable.extend(unreadable);
        if let Some(mirror) = &mut self.mirror {
            mirror.reread(slot, found);
        }
        Ok(())
    }

    fn apply(&mut self, event: Event) {
        let up = self.source.is_up();
        // The source's first connection is no return.
        if up != self.was_up && (!up || self.lost.is_some()) {
            self.lost = Some(Instant::now());
        }
        self.was_up = up;
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
        let directory = self.reader.directory();
        let count = |listed: usize| u16::try_from(listed).unwrap_or(u16::MAX);
        self.record(|recorder| recorder.learnt(count(directory.markets.len()), count(directory.banks.len())));
    }

    /// Derives the addresses of markets and banks that were listed meanwhile.
    async fn learn(&mut self) {
        let Some(world) = self.mirror.as_ref().map(Mirror::world) else { return };
        let listed = (usize::from(world.exchange.markets), usize::from(world.exchange.banks));
        let directory = self.reader.directory();
        let old = listed != (directory.markets.len(), directory.banks.len()) || self.learnt.elapsed() >= LEARN_EVERY;
        // A listing that is missed now is found at the next look: this look is complete without it.
        if old && let Ok(reader) = SnapshotReader::with(self.client.clone(), &self.alternatives).await {
            (self.reader, self.learnt) = (reader, Instant::now());
            self.record_addresses();
        }
    }
}

/// Records with `write`; after a failure nothing more is recorded, so that no recording has a hole.
fn record(
    recorder: &mut Option<Recorder>,
    unrecorded: &mut Option<String>,
    write: impl FnOnce(&mut Recorder) -> std::io::Result<()>,
) {
    if let Some(Err(error)) = recorder.as_mut().map(write) {
        (*recorder, *unrecorded) = (None, Some(error.to_string()));
    }
}
