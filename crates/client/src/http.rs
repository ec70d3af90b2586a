//! JSON-RPC over HTTP with bounded answers.
//!
//! The endpoint decides what arrives: it may send an answer without an end, a body that decompresses to a thousand
//! times its size, or millions of empty lists. Bytes are therefore counted after decompression and as they arrive, and
//! the JSON values have a budget of memory. Redirections are not followed: a question goes to the configured endpoint
//! or nowhere.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, mpsc};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use reqwest_middleware::reqwest::{Client as Http, Error as Fault, Response, StatusCode, header, redirect};
use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use solana_rpc_client::http_sender::HttpSender;
use solana_rpc_client::rpc_sender::{RpcSender, RpcTransportStats};
use solana_rpc_client_api::client_error::{Error, ErrorKind, Result};
use solana_rpc_client_api::custom_error;
use solana_rpc_client_api::request::{RpcError, RpcRequest, RpcResponseErrorData};
use tokio::sync::{Semaphore, oneshot};
use tokio::time::sleep;

/// Largest answer in bytes of a method that returns a number, a hash or a signature.
const SHORT: usize = 64 * 1024;
/// Answers above this number of bytes are parsed on a thread of their own.
const LARGE: usize = 256 * 1024;
/// Characters of an endpoint's error message that are kept.
const MESSAGE: usize = 500;
/// Bytes of memory that a JSON value takes beside its text, rounded up; so does the first entry of an object beside key
/// and value, and each further entry. It holds for either kind of map that the JSON crate can be built with.
const VALUE: usize = 64;
const FIRST_ENTRY: usize = 640;
const ENTRY: usize = 128;
/// How often a patient client asks again after "too many requests".
const AGAIN: u32 = 5;

/// Limits on one answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest wait for a whole answer.
    pub timeout: Duration,
    /// Largest answer in bytes, decompressed.
    pub answer: usize,
    /// Largest answer in bytes that holds all accounts of a program, decompressed. Bytes and values together take at
    /// most three times as much memory.
    pub snapshot: usize,
}

impl Default for Limits {
    /// 30 seconds, 8 MB, and 64 MB: enough for some ten thousand traders, each with a sub-account of 16 order slots.
    fn default() -> Self {
        Self { timeout: Duration::from_secs(30), answer: 8_000_000, snapshot: 64_000_000 }
    }
}

impl Limits {
    /// Largest answer in bytes to a request.
    #[must_use]
    pub fn of(&self, request: RpcRequest) -> usize {
        match request {
            RpcRequest::GetProgramAccounts => self.snapshot,
            RpcRequest::SendTransaction
            | RpcRequest::GetSlot
            | RpcRequest::GetBlockHeight
            | RpcRequest::GetBalance
            | RpcRequest::GetLatestBlockhash => SHORT.min(self.answer),
            _ => self.answer,
        }
    }
}

/// An endpoint with bounded answers.
pub struct Bounded {
    http: Http,
    url: String,
    limits: Limits,
    patient: bool,
    /// One permit: large answers are read one after the other.
    large: Semaphore,
    number: AtomicU64,
    stats: Mutex<RpcTransportStats>,
}

impl Bounded {
    /// An endpoint that reports "too many requests" at once.
    ///
    /// # Errors
    /// When the HTTP client cannot be set up.
    pub fn new(url: &str, limits: Limits) -> std::result::Result<Self, reqwest_middleware::reqwest::Error> {
        let http = Http::builder()
            .default_headers(HttpSender::default_headers())
            .timeout(limits.timeout)
            .pool_idle_timeout(limits.timeout)
            .redirect(redirect::Policy::none())
            .build()?;
        let (number, stats) = (AtomicU64::new(0), Mutex::default());
        let large = Semaphore::new(1);
        Ok(Self { http, url: url.to_owned(), limits, patient: false, large, number, stats })
    }

    /// An endpoint that waits and asks again after "too many requests".
    #[must_use]
    pub fn patient(self) -> Self {
        Self { patient: true, ..self }
    }

    async fn ask(&self, request: RpcRequest, params: Value) -> Result<Value> {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let asked = request.build_request_json(number, params).to_string();
        let mut left = if self.patient { AGAIN } else { 0 };
        let _alone = match request {
            RpcRequest::GetProgramAccounts => self.large.acquire().await.ok(),
            _ => None,
        };
        let response = loop {
            let post = self.http.post(&self.url).header(header::CONTENT_TYPE, "application/json").body(asked.clone());
            let response = post.send().await.map_err(bare)?;
            if response.status() != StatusCode::TOO_MANY_REQUESTS {
                break response;
            }
            let seconds = response.headers().get(header::RETRY_AFTER).and_then(|text| text.to_str().ok()?.parse().ok());
            let rest = seconds.map(Duration::from_secs);
            if left == 0 {
                return Err(reqwest_middleware::Error::middleware(TooMany { rest }).into());
            }
            left -= 1;
            sleep(rest.unwrap_or(Duration::from_millis(500)).min(self.limits.timeout)).await;
        };
        if !response.status().is_success() {
            return Err(custom(format!("it answers {}", response.status())));
        }
        let limit = self.limits.of(request);
        let body = body(response, limit).await?;
        let mut answer = read(body, limit.saturating_mul(2)).await?;
        if answer["error"].is_object() {
            return Err(refusal(&mut answer["error"]));
        }
        if !answer.is_object() {
            return Err(custom("it answers with something else than a JSON object".into()));
        }
        Ok(answer["result"].take())
    }
}

#[async_trait]
impl RpcSender for Bounded {
    async fn send(&self, request: RpcRequest, params: Value) -> Result<Value> {
        let started = Instant::now();
        let outcome = self.ask(request, params).await;
        if let Ok(mut stats) = self.stats.lock() {
            stats.request_count += 1;
            stats.elapsed_time += started.elapsed();
        }
        outcome
    }

    fn get_transport_stats(&self) -> RpcTransportStats {
        self.stats.lock().map(|stats| stats.clone()).unwrap_or_default()
    }

    fn url(&self) -> String {
        self.url.clone()
    }
}

/// The endpoint reported too many requests.
#[derive(Debug, thiserror::Error)]
#[error("too many requests")]
pub(crate) struct TooMany {
    /// How long the endpoint asks to wait.
    pub rest: Option<Duration>,
}

fn custom(text: String) -> Error {
    ErrorKind::Custom(text).into()
}

/// Removes what may be a key from the error's URL: errors are shown and logged.
fn bare(mut error: Fault) -> Fault {
    if let Some(url) = error.url_mut() {
        // Both calls fail only for URLs without a host, which carry no user.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        url.set_query(None);
        url.set_fragment(None);
        let path = if url.path().len() > 1 { "/..." } else { "/" };
        url.set_path(path);
    }
    error
}

/// Reads the body, counting bytes as they arrive.
async fn body(mut response: Response, limit: usize) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(bare)? {
        if body.len() + piece.len() > limit {
            return Err(custom(format!("its answer is over {limit} bytes")));
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

/// The endpoint's JSON-RPC error, its message cut to [`MESSAGE`] characters.
fn refusal(error: &mut Value) -> Error {
    let Some(code) = error["code"].as_i64() else { return custom("it answers with an error without a code".into()) };
    let message: String = error["message"].as_str().unwrap_or_default().chars().take(MESSAGE).collect();
    let data = error["data"].take();
    let data = match code {
        custom_error::JSON_RPC_SERVER_ERROR_SEND_TRANSACTION_PREFLIGHT_FAILURE => serde_json::from_value(data)
            .map_or(RpcResponseErrorData::Empty, RpcResponseErrorData::SendTransactionPreflightFailure),
        custom_error::JSON_RPC_SERVER_ERROR_NODE_UNHEALTHY => {
            RpcResponseErrorData::NodeUnhealthy { num_slots_behind: data["numSlotsBehind"].as_u64() }
        }
        _ => RpcResponseErrorData::Empty,
    };
    RpcError::RpcResponseError { code, message, data }.into()
}

/// An answer, the budget in bytes for its values, and the channel of the waiting task.
type Job = (Vec<u8>, usize, oneshot::Sender<Result<Value>>);

/// Parses JSON, large answers on one thread for the whole process: no task waits for another's parsing, and the memory
/// that an allocator keeps per thread is kept once.
async fn read(body: Vec<u8>, budget: usize) -> Result<Value> {
    static READER: OnceLock<mpsc::Sender<Job>> = OnceLock::new();
    if body.len() <= LARGE {
        return parse(&body, budget);
    }
    let reader = READER.get_or_init(|| {
        let (jobs, queue) = mpsc::channel::<Job>();
        let work = move || {
            for (body, budget, done) in queue {
                // The receiver is gone when its task was cancelled.
                let _ = done.send(parse(&body, budget));
            }
        };
        // Without the thread the queue is gone, and every job ends in an error.
        drop(std::thread::Builder::new().name("answers".into()).spawn(work));
        jobs
    });
    let gone = || custom("there is no thread to read its answer".into());
    let (done, parsed) = oneshot::channel();
    reader.send((body, budget, done)).map_err(|_| gone())?;
    parsed.await.unwrap_or_else(|_| Err(gone()))
}

/// Parses JSON whose values take at most `budget` bytes of memory.
fn parse(body: &[u8], budget: usize) -> Result<Value> {
    let mut left = budget;
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value = Budget(&mut left).deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}

/// Parses a value and subtracts its memory from the budget.
struct Budget<'b>(&'b mut usize);

impl Budget<'_> {
    fn take<E: serde::de::Error>(&mut self, bytes: usize) -> std::result::Result<(), E> {
        *self.0 = self.0.checked_sub(bytes).ok_or_else(|| E::custom("the answer holds too many values"))?;
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Budget<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(mut self, reader: D) -> std::result::Result<Value, D::Error> {
        self.take::<D::Error>(VALUE)?;
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Budget<'_> {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> std::result::Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> std::result::Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> std::result::Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> std::result::Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> std::result::Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_str<E: serde::de::Error>(mut self, value: &str) -> std::result::Result<Value, E> {
        self.take::<E>(value.len())?;
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> std::result::Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Budget(&mut *self.0))? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut entries: A) -> std::result::Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let entry = if map.is_empty() { FIRST_ENTRY } else { ENTRY };
            self.take::<A::Error>(entry.saturating_add(key.len()))?;
            map.insert(key, entries.next_value_seed(Budget(&mut *self.0))?);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_read_as_it_is_and_only_within_its_budget() {
        let text = r#"{"a":[1,-2,2.5,true,null,"text \u00e4"],"b":{"c":18446744073709551615}}"#;
        assert_eq!(parse(text.as_bytes(), 10_000).unwrap(), serde_json::from_str::<Value>(text).unwrap());
        let many = format!("[{}0]", "0,".repeat(100_000));
        assert!(parse(many.as_bytes(), 6_000_000).is_err() && parse(many.as_bytes(), 6_500_000).is_ok());
        let objects = format!("[{}0]", "{\"a\":0},".repeat(10_000));
        assert!(parse(objects.as_bytes(), 7_600_000).is_err() && parse(objects.as_bytes(), 7_800_000).is_ok());
        assert!(parse(&vec![b'['; 1_000_000], usize::MAX).is_err(), "depth has a limit too");
        assert!(parse(b"{} x", 10_000).is_err(), "nothing stands behind the value");
    }

    #[test]
    fn messages_are_cut_and_codes_are_kept() {
        let mut error =
            serde_json::json!({ "code": -32_005, "message": "x".repeat(5_000), "data": { "numSlotsBehind": 7 } });
        let refused = refusal(&mut error);
        let ErrorKind::RpcError(RpcError::RpcResponseError { code, message, data }) = refused.kind() else {
            panic!("{refused}")
        };
        assert_eq!((*code, message.len()), (-32_005, MESSAGE));
        assert!(matches!(data, RpcResponseErrorData::NodeUnhealthy { num_slots_behind: Some(7) }));
    }
}
