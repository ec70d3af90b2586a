//! Keepers with a broken source: a WebSocket that stays open and passes nothing, one with old slots, one that floods,
//! an endpoint that shows no accounts. The keeper reports each, and works on where it can.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use kedge_client::stream::{SILENCE, WAITING_BYTES};
use kedge_hostile::socket::{HalfOpen, Manner, Relay, Socket, account_notice};
use kedge_interface::PROGRAM_ID;
use serde_json::Value;
use solana_keypair::Keypair;
use solana_signer::Signer;

use crate::{ONE, PATIENCE, Running, SOL, buy, command, join, restrict, sender};
use kedge_testbed::fixture::Fixture;

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// A keeper's command that fills orders, and its WebSocket.
fn filler(fixture: &Fixture, runtime: &tokio::runtime::Runtime, url: &str, ws: &str) -> std::process::Command {
    let (keeper, _) = fixture.wallet("keeper", 1_000);
    restrict(&keeper);
    runtime.block_on(join(&sender(fixture.localnet.rpc_url(), &keeper), 100));
    let mut filler = command(url, &keeper);
    filler.args(["--ws", ws, "--jobs", "oracle,filler,amm"]);
    filler.env("KEDGE_KEEPER__ORACLE__MIN_AGE_S", "1").env("KEDGE_KEEPER__ACCOUNT__ID", "0");
    filler
}

impl Running {
    /// Waits for a status and text of `/readyz`. Returns how long that took.
    pub(crate) fn until_ready_says(&self, status: u16, what: &str, most: Duration) -> Duration {
        let start = Instant::now();
        loop {
            let (found, body) = self.get("/readyz");
            if found == status && body.contains(what) {
                return start.elapsed();
            }
            assert!(start.elapsed() < most, "/readyz still says {found} {body} after {most:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Resident memory, bytes.
    fn memory(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("Linux");
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("a line");
        line.split_whitespace().nth(1).and_then(|number| number.parse::<usize>().ok()).expect("a number") * 1024
    }
}

#[test]
fn a_half_open_stream_is_red_within_seconds_and_is_made_anew() {
    let (fixture, runtime) = (Fixture::start(), runtime());
    let target = fixture.localnet.ws_url().trim_start_matches("ws://").parse().unwrap();
    let passes = Duration::from_secs(5);
    let proxy = runtime.block_on(HalfOpen::start(target, passes));
    let ws = format!("ws://{}", proxy.address());
    let keeper = Running::start(filler(&fixture, &runtime, fixture.localnet.rpc_url(), &ws));
    keeper.until_ready_says(200, "ready", PATIENCE);
    let red = keeper.until_ready_says(503, "stream", passes + SILENCE + Duration::from_secs(6));
    println!("red {red:?} after it was ready; nothing passed from {passes:?} on");
    let _ = keeper.wait_for("the alarm", |line| line["message"].as_str().is_some_and(|text| text.starts_with("BLIND")));
    keeper.until_ready_says(200, "ready", PATIENCE);
    assert!(proxy.connections() >= 2, "{} connections", proxy.connections());
    assert_eq!(keeper.terminate().0, Some(0));
}

#[test]
fn a_stream_of_old_slots_is_red_and_its_orders_are_filled_all_the_same() {
    let (fixture, runtime) = (Fixture::start(), runtime());
    // As a node far behind, or one that stamps every notice with the slot of the subscription.
    let old = Arc::new(|message: &mut Value| {
        if let Some(slot) = message.pointer_mut("/params/result/context/slot") {
            *slot = 1.into();
        }
    });
    let relay = runtime.block_on(Relay::start(fixture.localnet.ws_url(), old));
    let keeper = Running::start(filler(&fixture, &runtime, fixture.localnet.rpc_url(), &relay.url()));
    keeper.until_ready_says(200, "ready", PATIENCE);
    let (trader, _) = fixture.wallet("trader", 100_000);
    let trader = sender(fixture.localnet.rpc_url(), &trader);
    let account = runtime.block_on(join(&trader, 50_000));
    let mut slowest = Duration::ZERO;
    for orders in 1..=10 {
        runtime.block_on(buy(&trader, account, ONE));
        let start = Instant::now();
        while runtime.block_on(base(&trader, account)) != orders * ONE as i64 {
            // The snapshot of every minute is not due yet, and no notice was taken in.
            assert!(start.elapsed() < Duration::from_secs(15), "order {orders}: {:#?}", keeper.log.lock().unwrap());
            std::thread::sleep(Duration::from_millis(50));
        }
        slowest = slowest.max(start.elapsed());
    }
    println!("slowest fill after {slowest:?}");
    keeper.until_ready_says(503, "outdated", Duration::from_secs(5));
    let metrics = keeper.wait_for_answer("/metrics", |_, body| body.contains("kedge_keeper_sees 0\n"));
    assert!(metrics.contains("kedge_keeper_mirror_events{kind=\"updates\"} 0\n"), "{metrics}");
    assert_eq!(keeper.terminate().0, Some(0));
}

async fn base(sender: &kedge_client::Sender, account: solana_pubkey::Pubkey) -> i64 {
    let found = sender.client().sub_account(account).await.unwrap();
    found.head.position(SOL).map_or(0, |position| position.base.0)
}

#[test]
fn a_flood_fills_no_memory() {
    let (fixture, runtime) = (Fixture::start(), runtime());
    let (address, program) = (Keypair::new().pubkey().to_string(), PROGRAM_ID.to_string());
    let text = account_notice(1, &address, &program, &"AAAA".repeat(16 << 10));
    let socket = runtime.block_on(Socket::start(Manner::Flood(text)));
    let keeper = Running::start(filler(&fixture, &runtime, fixture.localnet.rpc_url(), &socket.url()));
    let _ = keeper.wait_for_answer("/metrics", |status, _| status == 200);
    let (before, start) = (keeper.memory(), Instant::now());
    let mut most = 0;
    while start.elapsed() < Duration::from_secs(10) {
        most = most.max(keeper.memory().saturating_sub(before));
        std::thread::sleep(Duration::from_millis(50));
    }
    println!("{} MB more than at first", most >> 20);
    assert!(most < 2 * WAITING_BYTES + (64 << 20), "{most} bytes more");
    assert_eq!(keeper.terminate().0, Some(0));
}

/// An endpoint that shows no accounts of a program and passes everything else on.
fn without_accounts(chain: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let target = chain.trim_start_matches("http://").to_owned();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let target = target.clone();
            std::thread::spawn(move || {
                // One request a connection: the client connects again for the next.
                let _ = answer(stream, &target);
            });
        }
    });
    url
}

fn answer(mut near: TcpStream, target: &str) -> std::io::Result<()> {
    let (mut request, mut part) = (Vec::new(), [0; 16 << 10]);
    let body = loop {
        let read = near.read(&mut part)?;
        if read == 0 {
            return Ok(());
        }
        request.extend(&part[..read]);
        let text = String::from_utf8_lossy(&request);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let head = head.to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
        if length.is_some_and(|length| body.len() >= length) {
            break body.to_owned();
        }
    };
    let asked: Value = serde_json::from_str(&body)?;
    if asked["method"] != "getProgramAccounts" {
        return near.write_all(&ask(target, &body)?);
    }
    // With a plausible slot.
    let config = r#"{"commitment":"processed"}"#;
    let slot = ask(target, &format!(r#"{{"jsonrpc":"2.0","id":1,"method":"getSlot","params":[{config}]}}"#))?;
    let slot = String::from_utf8_lossy(&slot).into_owned();
    let slot: Value = serde_json::from_str(slot.split_once("\r\n\r\n").map_or("", |(_, body)| body))?;
    let result = serde_json::json!({ "context": { "slot": slot["result"] }, "value": [] });
    let said = serde_json::json!({ "jsonrpc": "2.0", "id": asked["id"], "result": result }).to_string();
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n";
    near.write_all(format!("{head}Content-Length: {}\r\n\r\n{said}", said.len()).as_bytes())
}

/// The chain's answer with its HTTP head.
fn ask(target: &str, body: &str) -> std::io::Result<Vec<u8>> {
    let mut far = TcpStream::connect(target)?;
    let head = format!("POST / HTTP/1.1\r\nHost: {target}\r\nContent-Type: application/json\r\nConnection: close\r\n");
    far.write_all(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes())?;
    let mut answer = Vec::new();
    far.read_to_end(&mut answer)?;
    Ok(answer)
}

#[test]
fn an_empty_list_is_not_believed_and_the_next_endpoint_is_asked() {
    let (fixture, runtime) = (Fixture::start(), runtime());
    let chain = fixture.localnet.rpc_url().to_owned();
    let hostile = without_accounts(&chain);
    let ws = fixture.localnet.ws_url().to_owned();

    // As the only endpoint it makes no keeper ready, and no keeper decides on an exchange without accounts.
    let alone = Running::start(filler(&fixture, &runtime, &hostile, &ws));
    let (trader, _) = fixture.wallet("trader", 100_000);
    let trader = sender(&chain, &trader);
    let account = runtime.block_on(join(&trader, 50_000));
    let _ = alone.wait_for("the reason", |line| {
        line["reason"].as_str().is_some_and(|reason| reason.contains("shows no sub-account"))
    });
    assert_eq!(alone.get("/readyz").0, 503);
    assert_eq!(alone.terminate().0, Some(0));

    // With a backup the keeper works.
    let config = fixture.folder.join("backups.toml");
    std::fs::write(&config, format!("[rpc]\nbackups = [{chain:?}]\n")).unwrap();
    let (keeper, _) = fixture.wallet("second", 1_000);
    restrict(&keeper);
    runtime.block_on(join(&sender(&chain, &keeper), 100));
    let mut both = command(&hostile, &keeper);
    both.args(["--ws", &ws, "--jobs", "oracle,filler,amm", "--config"]).arg(&config);
    both.env("KEDGE_KEEPER__ORACLE__MIN_AGE_S", "1").env("KEDGE_KEEPER__ACCOUNT__ID", "0");
    let both = Running::start(both);
    both.until_ready_says(200, "ready", PATIENCE);
    runtime.block_on(buy(&trader, account, ONE));
    let start = Instant::now();
    while runtime.block_on(base(&trader, account)) != ONE as i64 {
        assert!(start.elapsed() < PATIENCE, "{:#?}", both.log.lock().unwrap());
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(both.terminate().0, Some(0));
}
