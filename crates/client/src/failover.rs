//! Several JSON-RPC endpoints as one.
//!
//! A question goes to the first endpoint that is usable, in the order in which they were named, and on to the next when
//! it is not answered: no connection, no answer in time, too many requests, a node that says it is unhealthy, or an
//! answer of a slot that lies too far behind what another endpoint has shown. An endpoint that failed rests, longer each
//! time; when its rest is over one question tries it. Transactions go to all usable endpoints at once: whichever
//! reaches the leader first counts, and a repetition costs nothing.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures_util::future::select_ok;
use reqwest_middleware::reqwest::{Client as Http, Request, Response, StatusCode, header::RETRY_AFTER};
use reqwest_middleware::{ClientBuilder, Middleware, Next};
use serde_json::Value;
use solana_rpc_client::http_sender::HttpSender;
use solana_rpc_client::rpc_sender::{RpcSender, RpcTransportStats};
use solana_rpc_client_api::client_error::{Error, ErrorKind, Result};
use solana_rpc_client_api::custom_error;
use solana_rpc_client_api::request::{RpcError, RpcRequest};

/// Rest after a first failure; it doubles with each further one.
const FIRST_REST: Duration = Duration::from_millis(500);
/// Longest rest.
const LONGEST_REST: Duration = Duration::from_secs(30);

/// How long the slot that an endpoint has shown is held against others.
const REMEMBERED: Duration = Duration::from_secs(10);

/// How much is asked of an endpoint.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// Longest wait for an answer.
    pub timeout: Duration,
    /// Slots by which an answer may lie behind the latest slot that any endpoint has shown.
    pub max_lag: u64,
}

impl Default for Policy {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(10), max_lag: 20 }
    }
}

/// What is known of an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// Its address.
    pub url: String,
    /// Whether it is asked.
    pub usable: bool,
    /// Failures since its last good answer.
    pub failures: u32,
    /// Failures so far.
    pub failed: u64,
    /// Latest slot that it has shown; 0 for none.
    pub slot: u64,
}

/// The endpoints. Cloning shares them.
#[derive(Clone)]
pub struct Endpoints {
    all: Arc<[Endpoint]>,
    policy: Policy,
}

struct Endpoint {
    url: String,
    http: HttpSender,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    failures: u32,
    failed: u64,
    resting: Option<Instant>,
    slot: u64,
    /// When the slot was shown.
    shown: Option<Instant>,
}

impl State {
    /// The slot, unless it was shown long ago: a chain that was restarted begins at an earlier one.
    fn recent(&self) -> u64 {
        if self.shown.is_some_and(|shown| shown.elapsed() < REMEMBERED) { self.slot } else { 0 }
    }
}

impl Endpoints {
    /// Endpoints in the order of preference, at least one.
    ///
    /// # Errors
    /// When the HTTP client cannot be set up.
    pub fn new(urls: &[String], policy: Policy) -> std::result::Result<Self, reqwest_middleware::reqwest::Error> {
        let mut all = Vec::with_capacity(urls.len());
        for url in urls {
            let http = Http::builder()
                .default_headers(HttpSender::default_headers())
                .timeout(policy.timeout)
                .pool_idle_timeout(policy.timeout)
                .build()?;
            let http = ClientBuilder::new(http).with(RefusedForNow).build();
            let http = HttpSender::new_with_client_with_middleware(url, http);
            all.push(Endpoint { url: url.clone(), http, state: Mutex::default() });
        }
        Ok(Self { all: all.into(), policy })
    }

    /// What is known of each, in the order in which they were named.
    #[must_use]
    pub fn health(&self) -> Vec<Health> {
        let health = |endpoint: &Endpoint| {
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

    /// Rests the endpoint that is asked first, when there are others: what it answered cannot be, and how it looks is no
    /// sign of that.
    pub fn doubt(&self) {
        let now = Instant::now();
        let first = self.all.iter().find(|endpoint| endpoint.state().resting.is_none_or(|until| until <= now));
        if let Some(first) = first.filter(|_| self.all.len() > 1) {
            first.bad(Some(LONGEST_REST));
        }
    }

    /// The endpoints to be asked now, the best first: the usable ones in order, then those whose rest ends soonest.
    fn order(&self) -> Vec<&Endpoint> {
        let now = Instant::now();
        let mut order: Vec<(Option<Instant>, &Endpoint)> = Vec::with_capacity(self.all.len());
        for endpoint in self.all.iter() {
            let mut state = endpoint.state();
            let resting = state.resting.filter(|until| *until > now);
            if resting.is_none() && state.resting.is_some() {
                // One question tries it; the others go elsewhere until it has answered.
                state.resting = Some(now + self.policy.timeout);
            }
            order.push((resting, endpoint));
        }
        order.sort_by_key(|(resting, _)| *resting);
        order.into_iter().map(|(_, endpoint)| endpoint).collect()
    }

    fn latest(&self) -> u64 {
        self.all.iter().map(|endpoint| endpoint.state().recent()).max().unwrap_or(0)
    }

    async fn ask(&self, endpoint: &Endpoint, request: RpcRequest, params: Value) -> Result<Value> {
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
        let slot = slot_of(request, &answer);
        if slot > 0 && slot.saturating_add(self.policy.max_lag) < self.latest() {
            endpoint.bad(None);
            let text = format!("{} is at slot {slot}, others are at {}", endpoint.url, self.latest());
            return Err(ErrorKind::Custom(text).into());
        }
        endpoint.good(slot);
        Ok(answer)
    }

    /// From one to the next.
    async fn question(&self, request: RpcRequest, params: Value) -> Result<Value> {
        let mut last = None;
        for endpoint in self.order() {
            match self.ask(endpoint, request, params.clone()).await {
                Ok(answer) => return Ok(answer),
                Err(error) if is_judgement(&error) => return Err(error),
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(none))
    }

    /// To all that are usable; the first that takes it answers.
    async fn transaction(&self, params: Value) -> Result<Value> {
        let usable: Vec<usize> = {
            let now = Instant::now();
            let rests = |endpoint: &Endpoint| endpoint.state().resting.is_some_and(|until| until > now);
            let usable: Vec<usize> = (0..self.all.len()).filter(|index| !rests(&self.all[*index])).collect();
            if usable.is_empty() { (0..self.all.len()).collect() } else { usable }
        };
        let sends = usable.into_iter().map(|index| {
            let (endpoints, params) = (self.clone(), params.clone());
            // A task of its own: the slower ones go on when the first has answered.
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

/// Whether an endpoint has judged the request, so that another would say the same.
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

/// The slot of an answer; 0 when it does not say.
fn slot_of(request: RpcRequest, answer: &Value) -> u64 {
    match request {
        RpcRequest::GetSlot => answer.as_u64().unwrap_or(0),
        _ => answer["context"]["slot"].as_u64().unwrap_or(0),
    }
}

fn none() -> Error {
    ErrorKind::Custom("there is no endpoint".into()).into()
}

/// An endpoint that has enough for now.
#[derive(Debug, thiserror::Error)]
#[error("too many requests")]
struct TooMany {
    rest: Option<Duration>,
}

fn rest_of(error: &Error) -> Option<Duration> {
    match error.kind() {
        ErrorKind::Middleware(error) => error.downcast_ref::<TooMany>().and_then(|refused| refused.rest),
        _ => None,
    }
}

/// Turns `429 Too Many Requests` into an error at once; what is below would wait and ask the same endpoint again.
struct RefusedForNow;

#[async_trait]
impl Middleware for RefusedForNow {
    async fn handle(
        &self,
        request: Request,
        extensions: &mut http::Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<Response> {
        let response = next.run(request, extensions).await?;
        if response.status() != StatusCode::TOO_MANY_REQUESTS {
            return Ok(response);
        }
        let seconds = response.headers().get(RETRY_AFTER).and_then(|text| text.to_str().ok()?.parse().ok());
        Err(reqwest_middleware::Error::middleware(TooMany { rest: seconds.map(Duration::from_secs) }))
    }
}
