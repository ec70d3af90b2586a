//! Endpoints that fail in every way in which endpoints fail, on loopback.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use kedge_client::failover::{Endpoints, Policy};
use serde_json::{Value, json};
use solana_rpc_client::rpc_sender::RpcSender;
use solana_rpc_client_api::client_error::ErrorKind;
use solana_rpc_client_api::request::{RpcError, RpcRequest};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const FINE: u8 = 0;
const SILENT: u8 = 1;
const LIMITED: u8 = 2;
const UNHEALTHY: u8 = 3;
const REFUSES: u8 = 4;
const CLOSES: u8 = 5;

/// An endpoint at a slot, which answers as its state says.
struct Server {
    url: String,
    state: Arc<AtomicU8>,
    slot: Arc<AtomicU64>,
    asked: Arc<AtomicU64>,
}

impl Server {
    async fn start(slot: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = Self { url, state: Arc::default(), slot: Arc::new(slot.into()), asked: Arc::default() };
        let (state, slot, asked) = (Arc::clone(&server.state), Arc::clone(&server.slot), Arc::clone(&server.asked));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(connection(stream, Arc::clone(&state), Arc::clone(&slot), Arc::clone(&asked)));
            }
        });
        server
    }

    fn set(&self, state: u8) {
        self.state.store(state, Ordering::SeqCst);
    }

    fn asked(&self) -> u64 {
        self.asked.load(Ordering::SeqCst)
    }
}

async fn connection(mut stream: TcpStream, state: Arc<AtomicU8>, slot: Arc<AtomicU64>, asked: Arc<AtomicU64>) {
    let mut bytes = Vec::new();
    loop {
        let body = loop {
            let text = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
            let length =
                text.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
            if let (Some(end), Some(length)) = (text.find("\r\n\r\n"), length)
                && bytes.len() >= end + 4 + length
            {
                let body = bytes[end + 4..end + 4 + length].to_vec();
                bytes.drain(..end + 4 + length);
                break body;
            }
            if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
                return;
            }
        };
        asked.fetch_add(1, Ordering::SeqCst);
        let request: Value = serde_json::from_slice(&body).unwrap();
        let slot = slot.load(Ordering::SeqCst);
        let result = match request["method"].as_str().unwrap() {
            "getSlot" => json!(slot),
            "sendTransaction" => json!("signature"),
            _ => json!({ "context": { "slot": slot }, "value": null }),
        };
        let error = |code: i64| json!({ "jsonrpc": "2.0", "id": 1, "error": { "code": code, "message": "no" } });
        let (status, answer) = match state.load(Ordering::SeqCst) {
            SILENT => return std::future::pending().await,
            CLOSES => return,
            LIMITED => ("429 Too Many Requests\r\nRetry-After: 2", error(429)),
            UNHEALTHY => ("200 OK", error(-32_005)),
            REFUSES => ("200 OK", error(-32_602)),
            _ => ("200 OK", json!({ "jsonrpc": "2.0", "id": 1, "result": result })),
        };
        let answer = answer.to_string();
        let head =
            format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", answer.len());
        if stream.write_all((head + &answer).as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn pair() -> (Server, Server, Endpoints) {
    let (one, two) = (Server::start(1_000).await, Server::start(1_002).await);
    let policy = Policy { timeout: Duration::from_millis(300), max_lag: 20, ..Policy::default() };
    let endpoints = Endpoints::new(&[one.url.clone(), two.url.clone()], policy).unwrap();
    (one, two, endpoints)
}

async fn slot(endpoints: &Endpoints) -> u64 {
    endpoints.send(RpcRequest::GetSlot, json!([])).await.unwrap().as_u64().unwrap()
}

#[tokio::test]
async fn the_first_is_asked_while_it_answers() {
    let (one, two, endpoints) = pair().await;
    for _ in 0..5 {
        assert_eq!(slot(&endpoints).await, 1_000);
    }
    assert_eq!((one.asked(), two.asked()), (5, 0));
}

#[tokio::test]
async fn whatever_fails_the_next_answers_and_the_first_is_left_alone() {
    for state in [SILENT, LIMITED, UNHEALTHY, CLOSES] {
        let (one, two, endpoints) = pair().await;
        one.set(state);
        let started = Instant::now();
        assert_eq!(slot(&endpoints).await, 1_002, "state {state}");
        assert!(started.elapsed() < Duration::from_secs(1), "state {state}: {:?}", started.elapsed());
        let asked = one.asked();
        assert_eq!(slot(&endpoints).await, 1_002);
        assert_eq!((one.asked(), two.asked()), (asked, 2), "state {state}: it rests");
        let health = endpoints.health();
        assert!(!health[0].usable && health[0].failures == 1 && health[1].usable, "state {state}: {health:?}");
        // It comes back as soon as it is tried and answers; 429 named its own rest.
        one.set(FINE);
        tokio::time::sleep(Duration::from_millis(if state == LIMITED { 2_100 } else { 600 })).await;
        assert_eq!(slot(&endpoints).await, 1_000, "state {state}");
        assert_eq!(endpoints.health()[0].failures, 0);
    }
}

#[tokio::test]
async fn a_rest_grows_with_each_failure_and_one_question_tries() {
    let (one, _two, endpoints) = pair().await;
    one.set(CLOSES);
    assert_eq!(slot(&endpoints).await, 1_002);
    tokio::time::sleep(Duration::from_millis(550)).await;
    let before = one.asked();
    let all: Vec<_> = (0..8).map(|_| slot(&endpoints)).collect();
    assert!(futures_util::future::join_all(all).await.into_iter().all(|slot| slot == 1_002));
    // The HTTP client may try a connection that was closed under it a second time by itself.
    assert!(one.asked() - before <= 2, "{} of 8 questions", one.asked() - before);
    tokio::time::sleep(Duration::from_millis(550)).await;
    let before = one.asked();
    assert_eq!(slot(&endpoints).await, 1_002);
    assert_eq!(one.asked(), before, "a second after the second failure it still rests");
}

#[tokio::test]
async fn an_endpoint_that_lags_is_passed_over() {
    let (one, two, endpoints) = pair().await;
    one.set(CLOSES);
    assert_eq!(slot(&endpoints).await, 1_002);
    two.slot.store(1_040, Ordering::SeqCst);
    assert_eq!(slot(&endpoints).await, 1_040);
    one.set(FINE);
    tokio::time::sleep(Duration::from_millis(600)).await;
    // 1,000 is 40 behind: not an answer, whatever is asked.
    let answer = endpoints.send(RpcRequest::GetAccountInfo, json!(["x"])).await.unwrap();
    assert_eq!(answer["context"]["slot"], 1_040);
    one.slot.store(1_041, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert_eq!(slot(&endpoints).await, 1_041);
}

#[tokio::test]
async fn a_judgement_is_an_answer_when_a_second_says_the_same() {
    let (one, two, endpoints) = pair().await;
    one.set(REFUSES);
    two.set(REFUSES);
    let error = endpoints.send(RpcRequest::GetAccountInfo, json!(["nonsense"])).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::RpcError(RpcError::RpcResponseError { code: -32_602, .. })), "{error:?}");
    assert_eq!(two.asked(), 1);
    assert!(endpoints.health().iter().all(|health| health.usable));
    // An endpoint that refuses what the other answers has failed.
    two.set(FINE);
    assert!(endpoints.send(RpcRequest::GetAccountInfo, json!(["x"])).await.is_ok());
    assert!(!endpoints.health()[0].usable);
}

#[tokio::test]
async fn one_of_three_sends_nobody_away() {
    let (one, two, ahead) = (Server::start(1_000).await, Server::start(1_002).await, Server::start(1_100).await);
    let policy = Policy { timeout: Duration::from_millis(300), max_lag: 20, ..Policy::default() };
    let urls = [&one, &two, &ahead].map(|server| server.url.clone());
    let endpoints = Endpoints::new(&urls, policy).unwrap();
    for alone in endpoints.each() {
        slot(&alone).await;
    }
    for _ in 0..5 {
        assert_eq!(slot(&endpoints).await, 1_000);
    }
    assert_eq!((one.asked(), two.asked(), ahead.asked()), (6, 1, 1));
}

#[tokio::test]
async fn a_slot_that_the_chain_cannot_have_is_no_slot() {
    let (one, two, endpoints) = pair().await;
    assert_eq!(slot(&endpoints).await, 1_000);
    for slot in [u64::MAX, 1_200] {
        two.slot.store(slot, Ordering::SeqCst);
        let alone = &endpoints.each()[1];
        assert!(alone.send(RpcRequest::GetSlot, json!([])).await.is_err(), "{slot}");
        assert!(!alone.health()[0].usable);
    }
    let before = one.asked();
    for _ in 0..20 {
        assert_eq!(slot(&endpoints).await, 1_000);
    }
    assert_eq!(one.asked() - before, 20, "every question stays where it belongs");
    // A `slot` in the answer of another method is not read as its slot.
    two.slot.store(u64::MAX, Ordering::SeqCst);
    let answer = endpoints.each()[1].send(RpcRequest::GetTransactionCount, json!([])).await.unwrap();
    assert_eq!(answer["context"]["slot"], u64::MAX);
    assert_eq!(slot(&endpoints).await, 1_000);
}

#[tokio::test]
async fn transactions_go_to_all() {
    let (one, two, endpoints) = pair().await;
    one.set(SILENT);
    let started = Instant::now();
    let answer = endpoints.send(RpcRequest::SendTransaction, json!(["AA=="])).await.unwrap();
    assert_eq!(answer, "signature");
    assert!(started.elapsed() < Duration::from_millis(250), "it does not wait for the silent one");
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!((one.asked(), two.asked()), (1, 1));
    one.set(CLOSES);
    two.set(CLOSES);
    assert!(endpoints.send(RpcRequest::SendTransaction, json!(["AA=="])).await.is_err());
}
