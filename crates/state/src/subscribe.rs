//! The mirror that several jobs share, and when to look at it again.

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

/// A row's price sources can be changed without anything being listed: addresses are learnt anew this often.
const LEARN_EVERY: Duration = Duration::from_secs(60);
/// Everything is read again this often, whatever the source says.
const SNAPSHOT_EVERY: Duration = Duration::from_secs(60);
/// A source that was lost has to stand for this long until it is relied on again.
const PROBATION: Duration = Duration::from_secs(3);
/// Time that the first connection of a source may take.
const FIRST_CONNECTION: Duration = Duration::from_secs(5);
/// Events that are taken in at one look; what comes faster for longer must not keep the look from its end.
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
    /// Why nothing is recorded any more.
    unrecorded: Option<String>,
    read: Instant,
    started: Instant,
    /// When the source was lost, or stood again after that; `None` for one that never was.
    lost: Option<Instant>,
    was_up: bool,
    /// Losses for which another endpoint was asked.
    doubted: u64,
    /// Sub-accounts that could not be read when they were last.
    unreadable: BTreeSet<Pubkey>,
    least: Duration,
    most: Duration,
}

impl Subscriber {
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

    /// The same, recording everything that the mirror is made of.
    #[must_use]
    pub fn recording(self, recorder: Recorder) -> Self {
        let mut subscriber = Self { recorder: Some(recorder), ..self };
        subscriber.record_addresses();
        subscriber
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
        self.reader.directory()
    }

    /// How the mirror does, and whether its source is up; zeros before the first look.
    #[must_use]
    pub fn counts(&self) -> (Counts, bool) {
        (self.mirror.as_ref().map(|mirror| mirror.counts).unwrap_or_default(), self.source.is_up())
    }

    /// Why what is seen cannot be relied on; nothing while it can, and for a source that is none.
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

    /// Sub-accounts that could not be read when they were last: what they hold is not in the world.
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

    /// The world now. What was listed since the last look is in the next one.
    ///
    /// # Errors
    /// As [`SnapshotReader::poll`].
    pub async fn look(&mut self) -> Result<&World> {
        // What the source knows until now comes first: what is read after it is later.
        // Without a mirror the first answer of the source may only be that it is there: the snapshot comes after it.
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

    /// Takes in all accounts. When they cannot be all, the next endpoint is asked.
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

    /// Reads again what the mirror doubts.
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
        // The first time that it stands is no return.
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

    /// Learns the addresses of what was listed meanwhile.
    async fn learn(&mut self) {
        let Some(world) = self.mirror.as_ref().map(Mirror::world) else { return };
        let listed = (usize::from(world.exchange.markets), usize::from(world.exchange.banks));
        let directory = self.reader.directory();
        let old = listed != (directory.markets.len(), directory.banks.len()) || self.learnt.elapsed() >= LEARN_EVERY;
        // What is not learnt now is learnt at the next look: this one is sound without it.
        if old && let Ok(reader) = SnapshotReader::with(self.client.clone(), &self.alternatives).await {
            (self.reader, self.learnt) = (reader, Instant::now());
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
