//! Job `oracle` puts prices onto the chain itself.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use kedge_interface::address;
use kedge_keeper::publishers::Message;
use solana_pubkey::Pubkey;

use crate::{PATIENCE, Running, check, command, restrict, sender};
use kedge_testbed::fixture::Fixture;

/// Deploys the mock receiver at the addresses of the real programs.
fn deploy_mock(fixture: &Fixture) {
    let mock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/deploy/kedge_mock_receiver.so");
    let mock = std::fs::read(mock).expect("target/deploy/kedge_mock_receiver.so is missing: run `make program`");
    for address in [address::pyth::RECEIVER, address::pyth::PUSH_ORACLE] {
        fixture.localnet.deploy(address, &mock).unwrap();
    }
}

/// Waits until the board has these prices, to a hundredth.
fn wait_for_prices(fixture: &Fixture, wallet: &Path, wanted: &[f64], running: &Running) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let client = sender(fixture.localnet.rpc_url(), wallet).client().clone();
    let start = Instant::now();
    loop {
        let board = runtime.block_on(client.board()).unwrap();
        let found = board.markets.iter().map(|row| row.price.price.0 as f64 / 1e6);
        let found: Vec<f64> = found.take(wanted.len()).collect();
        if found.iter().zip(wanted).all(|(found, wanted)| (found / wanted - 1.0).abs() < 0.01) {
            break;
        }
        assert!(start.elapsed() < PATIENCE, "{found:?} {:#?}", running.log.lock().unwrap());
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn the_process_publishes_prices_and_refreshes_rows() {
    let fixture = Fixture::start();
    fixture.hush();
    let (keeper, _) = fixture.wallet("keeper", 0);
    restrict(&keeper);
    let config = fixture.folder.join("publish.toml");
    // SOL goes to the sponsored account, BTC to the keeper's own, which is the newer of the two.
    let (own, _) = fixture.wallet("btc-price", 0);
    let feed = |name: &str, id: &str, more: &str| {
        format!("[[oracle.publish.feeds]]\nname = {name:?}\nid = {:?}\n{more}\n", id.repeat(32))
    };
    let text = format!(
        "[oracle]\nmin_age_s = 1\n[oracle.publish]\nsource = \"generator\"\ninterval_ms = 300\ndeviation_bps = 0\n{}{}",
        feed("SOL", "01", "price = 183.0"),
        feed("BTC", "02", &format!("price = 99000.0\naccount = {own:?}")),
    );
    std::fs::write(&config, text).unwrap();
    let started = || {
        let mut command = command(fixture.localnet.rpc_url(), &keeper);
        command.args(["--jobs", "oracle", "--config"]).arg(&config);
        command
    };
    let (said, code) = check(started());
    assert!(code == Some(1) && said.contains("publishing FAIL there is no program at rec2"), "{said}");
    deploy_mock(&fixture);
    let (said, code) = check(started());
    assert!(code == Some(0) && said.contains("publishing ok generator, 2 feeds"), "{said}");
    // The real receiver has a configuration account, and would refuse these prices.
    let configured = kedge_keeper::publishers::instruction::config();
    fixture.localnet.set_account(configured, 0, address::pyth::RECEIVER, vec![1; 8]).unwrap();
    let (said, code) = check(started());
    assert!(code == Some(1) && said.contains("publishing FAIL this chain has the real Pyth receiver"), "{said}");
    fixture.localnet.set_account(configured, 0, Pubkey::default(), Vec::new()).unwrap();

    let mut dry = started();
    dry.arg("--dry-run");
    let dry = Running::start(dry);
    let told = dry.wait_for("prices", |line| line["message"] == "would publish");
    assert!(told["prices"].as_str().is_some_and(|prices| prices.contains("SOL 183")), "{told}");
    assert_eq!(dry.terminate().0, Some(0));

    let real = Running::start(started());
    let published = |line: &str, name: &str| {
        let count = line.strip_prefix(&format!("kedge_keeper_prices_published_total{{feed=\"{name}\"}} "));
        count.and_then(|count| count.parse::<u64>().ok()).is_some_and(|count| count >= 3)
    };
    let metrics = real.wait_for_answer("/metrics", |status, body| {
        let has = |name: &str| body.lines().any(|line| published(line, name));
        status == 200 && has("SOL") && has("BTC")
    });
    assert!(metrics.contains("kedge_keeper_price_age_seconds{feed=\"SOL\"}"), "{metrics}");
    let failed = |line: &&str| line.starts_with("kedge_keeper_prices_failed_total{") && !line.ends_with(" 0");
    assert_eq!(metrics.lines().find(failed), None, "{metrics}");
    wait_for_prices(&fixture, &keeper, &[183.0, 99_000.0], &real);
    assert_eq!(real.terminate().0, Some(0));
}

/// A server that answers as Hermes does, for SOL at 185 dollars, published now.
fn hermes(clock: impl Fn() -> i64 + Send + 'static) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut request = [0; 4_096];
            let length = stream.read(&mut request).unwrap_or(0);
            let asked = String::from_utf8_lossy(&request[..length]).to_lowercase();
            let known = asked.contains(&"01".repeat(32)) && asked.contains("bearer s3cret");
            let message = Message::of([1; 32], 185.0, clock()).encode();
            // Header, a VAA of three signatures, one message without a proof.
            let mut update = b"PNAU\x01\x00\x00\x00".to_vec();
            update.extend(210u16.to_be_bytes());
            update.extend([1, 0, 0, 0, 4, 3]);
            update.extend([7; 3 * 66 + 6]);
            update.push(1);
            update.extend(u16::try_from(message.len()).unwrap().to_be_bytes());
            update.extend(&message);
            update.push(0);
            let data = BASE64_STANDARD.encode(update);
            let body = format!("{{\"binary\":{{\"encoding\":\"base64\",\"data\":[{data:?}]}}}}");
            let status = if known { "200 OK" } else { "401 Unauthorized" };
            let length = body.len();
            let _ = write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
        }
    });
    url
}

#[test]
fn the_process_publishes_what_hermes_says() {
    let fixture = Fixture::start();
    fixture.hush();
    deploy_mock(&fixture);
    let (keeper, _) = fixture.wallet("keeper", 0);
    restrict(&keeper);
    let chain = Arc::clone(&fixture.localnet);
    let url = hermes(move || kedge_testbed::cluster::local::clock(&chain).unwrap().unix_time);
    let config = fixture.folder.join("hermes.toml");
    let text = format!(
        "[oracle]\nmin_age_s = 1\n[oracle.publish]\nsource = \"hermes\"\nurl = {url:?}\ninterval_ms = 300\n\
         [[oracle.publish.feeds]]\nname = \"SOL\"\nid = {:?}\n",
        "01".repeat(32)
    );
    std::fs::write(&config, text).unwrap();
    let with_key = |key: &str| {
        let mut command = command(fixture.localnet.rpc_url(), &keeper);
        command.args(["--jobs", "oracle", "--config"]).arg(&config);
        command.env("KEDGE_KEEPER__ORACLE__PUBLISH__API_KEY", key);
        command
    };
    let (said, code) = check(with_key("wrong"));
    assert!(code == Some(1) && said.contains("publishing FAIL Hermes refused with 401"), "{said}");
    let (said, code) = check(with_key("s3cret"));
    assert!(code == Some(0) && said.contains("publishing ok hermes, 1 feeds"), "{said}");
    let real = Running::start(with_key("s3cret"));
    wait_for_prices(&fixture, &keeper, &[185.0], &real);
    let log = format!("{:?}", real.log.lock().unwrap());
    assert!(!log.contains("s3cret") && !log.contains(&url), "{log}");
    assert_eq!(real.terminate().0, Some(0));
}
