//! A lease as a key in NATS JetStream.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_nats::jetstream::context::KeyValueErrorKind;
use async_nats::jetstream::kv::{CreateErrorKind, Operation, Store, UpdateErrorKind};
use async_nats::jetstream::stream::{Config, DiscardPolicy};
use async_nats::{ConnectOptions, ServerAddr, jetstream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::Standing;
use super::moment::Moment;

/// Times in the life of a lease that it is written again.
const RENEWALS: u32 = 4;
/// Questions between two looks at the bucket's terms.
const TERMS_EVERY: u32 = 4;

/// What is agreed on.
#[derive(Clone)]
pub struct Terms {
    /// Servers, separated by commas; may carry a user and a password.
    pub url: String,
    /// The bucket. It is created when it is not there.
    pub bucket: String,
    /// Which lease: copies that should not work at once name the same.
    pub name: String,
    /// Who we are: no two copies may say the same.
    pub holder: String,
    /// How long a lease outlives its holder.
    pub ttl: Duration,
}

/// Why there can be no lease on such terms.
#[derive(Debug, thiserror::Error)]
pub enum LeaseError {
    /// An address.
    #[error("{0:?} is no address of a NATS server")]
    Address(String),
    /// The bucket is somebody else's.
    #[error("bucket {bucket} forgets after {found:?}, not after {wanted:?}: another ttl or another bucket")]
    Bucket {
        /// Its name.
        bucket: String,
        /// How long it keeps entries.
        found: Duration,
        /// How long it should.
        wanted: Duration,
    },
    /// The server does not do it.
    #[error("NATS: {0}")]
    Nats(String),
}

impl LeaseError {
    fn nats(error: impl std::fmt::Display) -> Self {
        Self::Nats(error.to_string())
    }
}

struct State {
    /// Since when it is held, counted from before it was asked for.
    since: Option<Moment>,
    /// When the server last answered.
    heard: Moment,
    /// Who holds it instead.
    other: Option<String>,
    /// Why the server could not be asked.
    trouble: Option<String>,
}

/// One copy's side of a lease.
pub struct Lease {
    state: Arc<Mutex<State>>,
    ttl: Duration,
    stop: Arc<Notify>,
    task: JoinHandle<()>,
}

impl Lease {
    /// Takes part. A server that does not answer is no error: it is asked again.
    ///
    /// # Errors
    /// [`LeaseError::Address`], [`LeaseError::Bucket`].
    pub async fn start(terms: Terms) -> Result<Self, LeaseError> {
        let mut hand = Hand::new(terms)?;
        let ttl = hand.terms.ttl;
        // Terms that cannot work are told at once.
        if let Ok(Err(error @ LeaseError::Bucket { .. })) = timeout(ttl / RENEWALS, hand.open()).await {
            return Err(error);
        }
        let state = Arc::new(Mutex::new(State { since: None, heard: Moment::now(), other: None, trouble: None }));
        let stop = Arc::new(Notify::new());
        let task = tokio::spawn(keep(hand, Arc::clone(&state), Arc::clone(&stop)));
        Ok(Self { state, ttl, stop, task })
    }

    /// How this copy stands now.
    #[must_use]
    pub fn standing(&self) -> Standing {
        let (state, now) = (locked(&self.state), Moment::now());
        stands(&state, &now, self.ttl)
    }

    /// Who holds it instead, or why nobody can be asked.
    #[must_use]
    pub fn reason(&self) -> Option<String> {
        let state = locked(&self.state);
        state.trouble.clone().or_else(|| state.other.clone())
    }

    /// Gives it back, so that nobody has to wait until it is forgotten.
    pub async fn release(&self) {
        self.stop.notify_one();
        let asked = Instant::now();
        while !self.task.is_finished() && asked.elapsed() < self.ttl {
            sleep(Duration::from_millis(5)).await;
        }
    }
}

/// How a copy stands at a moment. Held by the clock that says most; without an answer by the steady one, since who has slept
/// has not asked: it asks before it works.
fn stands(state: &State, now: &Moment, ttl: Duration) -> Standing {
    if state.since.is_some_and(|since| now.most_since(&since) < ttl) {
        Standing::Held
    } else if now.steady_since(&state.heard) <= ttl {
        Standing::Waits
    } else {
        Standing::Alone
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Whether the server does what a lease needs; how the lease stands, in words.
///
/// # Errors
/// As [`Lease::start`], and [`LeaseError::Nats`] for a server that does not answer.
pub async fn check(terms: Terms) -> Result<String, LeaseError> {
    let mut hand = Hand::new(terms)?;
    let patience = hand.terms.ttl;
    let asked = timeout(patience, async {
        let store = hand.open().await?.clone();
        store.entry(hand.terms.name.as_str()).await.map_err(LeaseError::nats)
    });
    let found = asked.await.map_err(|_| LeaseError::Nats("no answer".into()))??;
    Ok(match found.filter(|entry| entry.operation == Operation::Put) {
        Some(entry) => format!("{} is held by {}", hand.terms.name, printed(&entry.value)),
        None => format!("{} is free", hand.terms.name),
    })
}

/// Asks again and again.
async fn keep(mut hand: Hand, state: Arc<Mutex<State>>, stop: Arc<Notify>) {
    let pause = hand.terms.ttl / RENEWALS;
    loop {
        let (began, asked) = (Instant::now(), Moment::now());
        let reached = timeout(pause, hand.reach()).await;
        let reached = reached.unwrap_or_else(|_| Err(LeaseError::Nats("no answer".into())));
        {
            let mut state = locked(&state);
            match reached {
                Ok(Reached::Held) => {
                    *state = State { since: Some(asked), heard: Moment::now(), other: None, trouble: None };
                }
                Ok(Reached::Other(other)) => {
                    *state = State { since: None, heard: Moment::now(), other: Some(other), trouble: None };
                }
                // It lapses by itself.
                Err(error) => state.trouble = Some(error.to_string()),
            }
        }
        let stops = tokio::select! {
            () = sleep(pause.saturating_sub(began.elapsed())) => false,
            () = stop.notified() => true,
        };
        if stops {
            locked(&state).since = None;
            hand.give_back().await;
            return;
        }
    }
}

/// What came of asking.
enum Reached {
    Held,
    Other(String),
}

/// The connection, and the revision that we wrote.
struct Hand {
    terms: Terms,
    servers: Vec<ServerAddr>,
    client: Option<async_nats::Client>,
    store: Option<Store>,
    revision: Option<u64>,
    /// Questions since the bucket's terms were looked at.
    asked: u32,
}

impl Hand {
    fn new(terms: Terms) -> Result<Self, LeaseError> {
        let server = |url: &str| url.trim().parse().map_err(|_| LeaseError::Address(host(url).into()));
        let servers = terms.url.split(',').map(server).collect::<Result<_, _>>()?;
        Ok(Self { terms, servers, client: None, store: None, revision: None, asked: 0 })
    }

    /// The bucket, connected to.
    async fn open(&mut self) -> Result<&Store, LeaseError> {
        let pause = self.terms.ttl / RENEWALS;
        let client = match &self.client {
            Some(client) => client.clone(),
            None => {
                let options = ConnectOptions::new()
                    .name(format!("kedge-keeper {}", self.terms.holder))
                    .connection_timeout(pause)
                    .request_timeout(Some(pause))
                    .retry_on_initial_connect();
                let client = options.connect(&self.servers[..]).await.map_err(LeaseError::nats)?;
                self.client.insert(client).clone()
            }
        };
        match &mut self.store {
            Some(store) => Ok(store),
            empty => {
                let mut context = jetstream::new(client);
                context.set_timeout(pause);
                let store = match context.get_key_value(self.terms.bucket.as_str()).await {
                    Ok(store) => store,
                    Err(error) if error.kind() == KeyValueErrorKind::GetBucket => {
                        // Two that create the same bucket are both right.
                        let stream = bucket(&self.terms);
                        context.create_stream(stream).await.map_err(LeaseError::nats)?;
                        context.get_key_value(self.terms.bucket.as_str()).await.map_err(LeaseError::nats)?
                    }
                    Err(error) => return Err(LeaseError::nats(error)),
                };
                let found = store.stream.cached_info().config.max_age;
                if found != self.terms.ttl {
                    let (bucket, wanted) = (self.terms.bucket.clone(), self.terms.ttl);
                    return Err(LeaseError::Bucket { bucket, found, wanted });
                }
                Ok(empty.insert(store))
            }
        }
    }

    /// Takes the lease, or keeps it, or learns whose it is.
    async fn reach(&mut self) -> Result<Reached, LeaseError> {
        let outcome = self.ask().await;
        if outcome.is_err() {
            // The bucket may be gone with its server: it is looked for again.
            self.store = None;
        }
        outcome
    }

    async fn ask(&mut self) -> Result<Reached, LeaseError> {
        let (name, mine) = (self.terms.name.clone(), self.terms.holder.clone());
        let known = self.revision;
        let store = self.open().await?.clone();
        self.asked += 1;
        if self.asked >= TERMS_EVERY {
            let found = store.stream.get_info().await.map_err(LeaseError::nats)?.config.max_age;
            if found != self.terms.ttl {
                let (bucket, wanted) = (self.terms.bucket.clone(), self.terms.ttl);
                return Err(LeaseError::Bucket { bucket, found, wanted });
            }
            self.asked = 0;
        }
        let tried = match known {
            Some(revision) => match store.update(&name, mine.clone().into(), revision).await {
                Err(error) if error.kind() == UpdateErrorKind::WrongLastRevision => None,
                other => Some(other.map_err(LeaseError::nats)?),
            },
            None => match store.create(&name, mine.clone().into()).await {
                Err(error) if error.kind() == CreateErrorKind::AlreadyExists => None,
                other => Some(other.map_err(LeaseError::nats)?),
            },
        };
        self.revision = tried;
        if tried.is_some() {
            return Ok(Reached::Held);
        }
        let found = store.entry(name.as_str()).await.map_err(LeaseError::nats)?;
        match found.filter(|entry| entry.operation == Operation::Put) {
            // What we sent arrived after we had given it up.
            Some(entry) if entry.value == mine.as_bytes() => {
                let again = store.update(&name, mine.into(), entry.revision).await.map_err(LeaseError::nats)?;
                self.revision = Some(again);
                Ok(Reached::Held)
            }
            Some(entry) => Ok(Reached::Other(printed(&entry.value))),
            None => Ok(Reached::Other("nobody".into())),
        }
    }

    async fn give_back(&mut self) {
        if let (Some(store), Some(revision)) = (&self.store, self.revision) {
            let _ = store.delete_expect_revision(&self.terms.name, Some(revision)).await;
        }
    }
}

/// The stream behind the bucket. `create_key_value` would ask for the account first, in a form that servers before 2.10 do
/// not answer in.
fn bucket(terms: &Terms) -> Config {
    let bucket = &terms.bucket;
    Config {
        name: format!("KV_{bucket}"),
        description: Some("leases of keepers".into()),
        subjects: vec![format!("$KV.{bucket}.>")],
        max_messages_per_subject: 1,
        max_age: terms.ttl,
        discard: DiscardPolicy::New,
        allow_rollup: true,
        deny_delete: true,
        allow_direct: true,
        num_replicas: 1,
        ..Config::default()
    }
}

/// A holder's name as it may be shown: whoever may write the bucket has chosen it.
fn printed(holder: &[u8]) -> String {
    let text: String = String::from_utf8_lossy(holder).chars().take(80).collect();
    kedge_client::shown::printable(&text).into_owned()
}

/// An address without user and password.
fn host(url: &str) -> &str {
    url.rsplit_once('@').map_or(url, |(_, host)| host)
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_slept_asks_before_it_works() {
        let ttl = Duration::from_secs(10);
        let asked = Moment::now();
        let held = State { since: Some(asked), heard: asked, other: None, trouble: None };
        assert_eq!(stands(&held, &Moment::now(), ttl), Standing::Held);
        // The wall's and the machine's clocks went on, the steady one did not.
        let awake = asked.after_sleep(Duration::from_secs(60));
        assert_eq!(stands(&held, &awake, ttl), Standing::Waits, "neither held nor alone");
        let before = asked.after_sleep(Duration::from_secs(9));
        assert_eq!(stands(&held, &before, ttl), Standing::Held);
    }

    #[test]
    fn a_holder_s_name_is_shown_and_not_obeyed() {
        assert_eq!(printed(b"a\x1b[2J\xff"), "a\\u{1b}[2J\u{fffd}");
        assert_eq!(printed(&[b'x'; 1_000]).len(), 80);
    }
}
