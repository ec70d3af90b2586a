//! Several JSON-RPC endpoints as one.
//!
//! A question goes to the first usable endpoint in the configured order. It goes on to the next when an endpoint does
//! not connect, does not answer in time, reports too many requests or an unhealthy node, or answers for a slot too far
//! behind what another endpoint has shown. An endpoint that failed rests, longer each time; when the rest is over, a
//! single question tries it. A transaction goes to all usable endpoints at once: the first to reach the leader counts,
//! and a repetition costs nothing. Each endpoint is judged by its own answer: an endpoint that names another signature
//! than the transaction's has not accepted it.
//!
//! A slot counts only where the method defines one, and only up to what the chain can have reached since the first slot
//! was seen. With three endpoints or more, answers are compared with the second highest slot, so that a single endpoint
//! cannot discredit the others.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::select_ok;
use serde_json::Value;
use solana_rpc_client::rpc_sender::{RpcSender, RpcTransportStats};
use solana_rpc_client_api::client_error::{Error, ErrorKind, Result};
use solana_rpc_client_api::custom_error;
use solana_rpc_client_api::request::{RpcError, RpcRequest};

use crate::http::{Bounded, Limits, TooMany};

/// Rest of an endpoint after its first failure; each further failure doubles it.
const FIRST_REST: Duration = Duration::from_millis(500);
/// Longest rest of an endpoint.
const LONGEST_REST: Duration = Duration::from_secs(30);

/// Time for which the slot of one endpoint is compared with the answers of the others.
const REMEMBERED: Duration = Duration::from_secs(10);
/// Tolerance in slots: for the first slot that is seen, and for a later slot ahead of the clock.
const SLACK: u64 = 150;
/// Time after which the anchor for plausible slots is taken anew.
const ANCHORED: Duration = Duration::from_secs(60);
/// Unix time before which no cluster has had a slot: 16 March 2020.
const GENESIS: u64 = 1_584_316_800;

/// Limits on the answers of an endpoint.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// Longest wait for an answer.
    pub timeout: Duration,
    /// Slots by which an answer may lag behind the latest slot of another endpoint.
    pub max_lag: u64,
    /// Largest answer in bytes, decompressed.
    pub max_answer: usize,
    /// Largest answer in bytes that holds all accounts of a program, decompressed.
    pub max_snapshot: usize,
    /// Shortest plausible slot time: it bounds the slots that are believed.
    pub fastest_slot: Duration,
    /// Whether to wait and ask again after "too many requests"; for clients with a single endpoint.
    pub patient: bool,
}

impl Default for Policy {
    fn default() -> Self {
        let Limits { answer, snapshot, .. } = Limits::default();
        Self {
            timeout: Duration::from_secs(10),
            max_lag: 20,
            max_answer: answer,
            max_snapshot: snapshot,
            fastest_slot: Duration::from_millis(40),
            patient: false,
        }
    }
}

impl Policy {
    const fn limits(&self) -> Limits {
        Limits { timeout: self.timeout, answer: self.max_answer, snapshot: self.max_snapshot }
    }
}

/// State of one endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// URL of the endpoint.
    pub url: String,
    /// Whether questions go to the endpoint now.
    pub usable: bool,
    /// Failures since its last good answer.
    pub failures: u32,
    /// Failures in total.
    pub failed: u64,
    /// Latest slot that the endpoint has shown; 0 for none.
    pub slot: u64,
}

/// Several endpoints. A clone shares their state.
#[derive(Clone)]
pub struct Endpoints {
    all: Arc<[Arc<Endpoint>]>,
    policy: Policy,
    anchor: Arc<Mutex<Option<Anchor>>>,
}

/// A slot that was believed, with the moment.
#[derive(Clone, Copy)]
struct Anchor {
    slot: u64,
    at: Instant,
    /// Wall clock, because it runs on while the machine sleeps.
    wall: SystemTime,
}

struct Endpoint {
    url: String,
    http: Bounded,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    failures: u32,
    failed: u64,
    resting: Option<Instant>,
    slot: u64,
    /// Moment at which the slot was shown.
    shown: Option<Instant>,
}

impl State {
    /// The slot, or 0 when it was shown long ago: a restarted chain begins at an earlier slot.
    fn recent(&self) -> u64 {
        if self.shown.is_some_and(|shown| shown.elapsed() < REMEMBERED) { self.slot } else { 0 }
    }
}

impl Endpoints {
    /// Endpoints in order of preference, at least one.
    ///
    /// # Errors
    /// When the HTTP client cannot be set up.
    pub fn new(urls: &[String], policy: Policy) -> std::result::Result<Self, reqwest_middleware::reqwest::Error> {
        let mut all = Vec::with_capacity(urls.len());
        for url in urls {
            let http = Bounded::new(url, policy.limits())?;
            let http = if policy.patient { http.patient() } else { http };
            all.push(Arc::new(Endpoint { url: url.clone(), http, state: Mutex::default() }));
        }
        Ok(Self { all: all.into(), policy, anchor: Arc::default() })
    }

    /// One [`Endpoints`] for each endpoint, in the configured order, to ask each alone. Their state is shared with this
    /// one.
    #[must_use]
    pub fn each(&self) -> Vec<Self> {
        let alone = |endpoint: &Arc<Endpoint>| Self {
            all: [Arc::clone(endpoint)].into(),
            policy: self.policy,
            anchor: Arc::clone(&self.anchor),
        };
        self.all.iter().map(alone).collect()
    }

    /// State of every endpoint, in the configured order.
    #[must_use]
    pub fn health(&self) -> Vec<Health> {
        let health = |endpoint: &Arc<Endpoint>| {
            let state = endpoint.state();
            Health {
                url: endpoint.url.clone(),
                usable: state.resting.is_none_or(|until| until <= Instant::now()),
                failures: state.failures,
                failed: state.failed,
                slot: state.slot,
            }
        };
        self.all.iter().map(health).collect()
    }

    /// Rests the endpoint that is asked first, when there are others: its answer was well-formed but impossible.
    pub fn doubt(&self) {
        let now = Instant::now();
        let first = self.all.iter().find(|endpoint| endpoint.state().resting.is_none_or(|until| until <= now));
        if let Some(first) = first.filter(|_| self.all.len() > 1) {
            first.bad(Some(LONGEST_REST));
        }
    }

    /// The endpoints to ask now, best first: the usable ones in order, then the others by the end of their rest.
    fn order(&self) -> Vec<&Endpoint> {
        let now = Instant::now();
        let mut order: Vec<(Option<Instant>, &Endpoint)> = Vec::with_capacity(self.all.len());
        for endpoint in self.all.iter().map(Arc::as_ref) {
            let mut state = endpoint.state();
            let resting = state.resting.filter(|until| *until > now);
            if resting.is_none() && state.resting.is_some() {
                // A single question tries the endpoint; other questions go elsewhere until it has answered.
                state.resting = Some(now + self.policy.timeout);
            }
            order.push((resting, endpoint));
        }
        order.sort_by_key(|(resting, _)| *resting);
        order.into_iter().map(|(_, endpoint)| endpoint).collect()
    }

    /// The slot that answers are compared with: the highest that was shown lately, with three endpoints or more the
    /// second highest.
    fn latest(&self) -> u64 {
        let mut shown: Vec<u64> = self.all.iter().map(|endpoint| endpoint.state().recent()).collect();
        shown.retain(|slot| *slot > 0);
        shown.sort_unstable_by_key(|slot| std::cmp::Reverse(*slot));
        shown.get(usize::from(shown.len() > 2)).copied().unwrap_or(0)
    }

    /// Whether the chain can have reached a slot by now. The first plausible slot becomes the anchor for later ones.
    fn is_possible(&self, slot: u64) -> bool {
        let fastest = self.policy.fastest_slot.max(Duration::from_millis(1)).as_millis();
        let slots = |time: Duration| u64::try_from(time.as_millis() / fastest).unwrap_or(u64::MAX);
        let mut anchor = self.anchor.lock().unwrap_or_else(PoisonError::into_inner);
        let wall = SystemTime::now();
        let most = match *anchor {
            Some(Anchor { slot, at, wall: then }) => {
                let passed = at.elapsed().max(wall.duration_since(then).unwrap_or_default());
                slot.saturating_add(slots(passed))
            }
            None => slots(wall.duration_since(UNIX_EPOCH + Duration::from_secs(GENESIS)).unwrap_or_default()),
        };
        if slot > most.saturating_add(SLACK) {
            return false;
        }
        if anchor.is_none_or(|anchor| anchor.at.elapsed() >= ANCHORED) {
            // The lowest slot of all endpoints: an endpoint that runs ahead must not widen what is believed.
            let shown = self.all.iter().map(|endpoint| endpoint.state().recent()).filter(|shown| *shown > 0);
            let slot = shown.fold(slot, u64::min);
            *anchor = Some(Anchor { slot, at: Instant::now(), wall });
        }
        true
    }

    async fn ask(&self, endpoint: &Endpoint, request: RpcRequest, params: Value) -> Result<Value> {
        let signature = if request == RpcRequest::SendTransaction { signature_of(&params) } else { None };
        let answer = match endpoint.http.send(request, params).await {
            Ok(answer) => answer,
            Err(error) => {
                if is_judgement(&error) {
                    endpoint.good(0);
                } else {
                    endpoint.bad(rest_of(&error));
                }
                return Err(error);
            }
        };
        if let Some(signature) = signature
            && answer.as_str() != Some(&signature)
        {
            endpoint.bad(None);
            return Err(told(format!("{} names another signature than {signature}", endpoint.url)));
        }
        let slot = slot_of(request, &answer);
        if slot > 0 && !self.is_possible(slot) {
            endpoint.bad(None);
            return Err(told(format!("{} names slot {slot}, which the chain cannot have reached", endpoint.url)));
        }
        if slot > 0 && slot.saturating_add(self.policy.max_lag) < self.latest() {
            endpoint.bad(None);
            return Err(told(format!("{} is at slot {slot}, others are at {}", endpoint.url, self.latest())));
        }
        endpoint.good(slot);
        Ok(answer)
    }

    /// Asks one endpoint after the other. A refusal counts when a second endpoint refuses too, or when there is no
    /// second: an endpoint that refuses what another answers has failed.
    async fn question(&self, request: RpcRequest, params: Value) -> Result<Value> {
        let (mut last, mut refused) = (None, None::<&Endpoint>);
        for endpoint in self.order() {
            match self.ask(endpoint, request, params.clone()).await {
                Ok(answer) => {
                    if let Some(refused) = refused {
                        refused.bad(None);
                    }
                    return Ok(answer);
                }
                Err(error) if is_judgement(&error) => {
                    if refused.is_some() {
                        return Err(error);
                    }
                    (last, refused) = (Some(error), Some(endpoint));
                }
                Err(error) => last = last.filter(|_| refused.is_some()).or(Some(error)),
            }
        }
        Err(last.unwrap_or_else(none))
    }

    /// Sends to all usable endpoints; the first acceptance is the answer.
    async fn transaction(&self, params: Value) -> Result<Value> {
        let usable: Vec<usize> = {
            let now = Instant::now();
            let rests = |endpoint: &Endpoint| endpoint.state().resting.is_some_and(|until| until > now);
            let usable: Vec<usize> = (0..self.all.len()).filter(|index| !rests(&self.all[*index])).collect();
            if usable.is_empty() { (0..self.all.len()).collect() } else { usable }
        };
        let sends = usable.into_iter().map(|index| {
            let (endpoints, params) = (self.clone(), params.clone());
            // Each in a task of its own: slower endpoints go on after the first has answered.
            let send =
                tokio::spawn(
                    async move { endpoints.ask(&endpoints.all[index], RpcRequest::SendTransaction, params).await },
                );
            Box::pin(async move { send.await.unwrap_or_else(|_| Err(none())) })
        });
        select_ok(sends).await.map(|(answer, _)| answer)
    }
}

impl Endpoint {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn good(&self, slot: u64) {
        let mut state = self.state();
        state.failures = 0;
        state.resting = None;
        if slot > 0 && slot >= state.recent() {
            (state.slot, state.shown) = (slot, Some(Instant::now()));
        }
    }

    fn bad(&self, rest: Option<Duration>) {
        let mut state = self.state();
        let doubled = FIRST_REST.saturating_mul(1 << state.failures.min(10));
        state.failures = state.failures.saturating_add(1);
        state.failed += 1;
        state.resting = Some(Instant::now() + rest.unwrap_or(doubled).min(LONGEST_REST));
    }
}

#[async_trait]
impl RpcSender for Endpoints {
    async fn send(&self, request: RpcRequest, params: Value) -> Result<Value> {
        match request {
            RpcRequest::SendTransaction => self.transaction(params).await,
            _ => self.question(request, params).await,
        }
    }

    fn get_transport_stats(&self) -> RpcTransportStats {
        let mut sum = RpcTransportStats::default();
        for endpoint in self.all.iter() {
            let stats = endpoint.http.get_transport_stats();
            sum.request_count += stats.request_count;
            sum.elapsed_time += stats.elapsed_time;
            sum.rate_limited_time += stats.rate_limited_time;
        }
        sum
    }

    fn url(&self) -> String {
        self.all.first().map_or_else(String::new, |endpoint| endpoint.url.clone())
    }
}

/// Whether an error judges the request itself, so that another endpoint would say the same.
fn is_judgement(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::RpcError(RpcError::RpcResponseError { code, .. }) => !matches!(
            *code,
            custom_error::JSON_RPC_SERVER_ERROR_NODE_UNHEALTHY
                | custom_error::JSON_RPC_SERVER_ERROR_MIN_CONTEXT_SLOT_NOT_REACHED
                | -32_603 // internal error
                | 429
        ),
        ErrorKind::TransactionError(_) | ErrorKind::SigningError(_) => true,
        _ => false,
    }
}

/// The slot of an answer; 0 when its method defines none.
fn slot_of(request: RpcRequest, answer: &Value) -> u64 {
    match request {
        RpcRequest::GetSlot => answer.as_u64().unwrap_or(0),
        RpcRequest::GetAccountInfo
        | RpcRequest::GetBalance
        | RpcRequest::GetFeeForMessage
        | RpcRequest::GetLatestBlockhash
        | RpcRequest::GetMultipleAccounts
        | RpcRequest::GetProgramAccounts
        | RpcRequest::GetSignatureStatuses
        | RpcRequest::GetTokenAccountBalance
        | RpcRequest::GetTokenAccountsByOwner
        | RpcRequest::GetTokenSupply
        | RpcRequest::IsBlockhashValid
        | RpcRequest::SimulateTransaction => answer["context"]["slot"].as_u64().unwrap_or(0),
        _ => 0,
    }
}

/// First signature of the transaction in the parameters of `sendTransaction`, base58; `None` when there is none.
fn signature_of(params: &Value) -> Option<String> {
    let text = params[0].as_str()?;
    let bytes = match params[1]["encoding"].as_str() {
        Some("base64") => STANDARD.decode(text).ok()?,
        _ => bs58::decode(text).into_vec().ok()?,
    };
    let (signatures, rest) = bytes.split_first()?;
    // A transaction that fits a packet has fewer than 128 signatures: their number is one byte.
    let known = (1..128).contains(signatures);
    known.then(|| rest.get(..64).map(|signature| bs58::encode(signature).into_string())).flatten()
}

fn told(text: String) -> Error {
    ErrorKind::Custom(text).into()
}

fn none() -> Error {
    ErrorKind::Custom("there is no endpoint".into()).into()
}

fn rest_of(error: &Error) -> Option<Duration> {
    match error.kind() {
        ErrorKind::Middleware(error) => error.downcast_ref::<TooMany>().and_then(|refused| refused.rest),
        _ => None,
    }
}
