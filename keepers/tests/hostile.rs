//! The built `kedge-keeper` with every job against endpoints that lie: it is unready within seconds, stays within its
//! memory limit, and works on when the lie ends.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use kedge_hostile::rpc::{Chain, Fate, Lie, MEMORY_MB, Server, most_memory_mb};
use solana_keypair::Keypair;
use solana_signer::Signer;
use tokio::time::sleep;

const CONFIG: &str = r#"
[keeper]
jobs = ["oracle", "filler", "trigger", "expiry", "amm", "funding", "settler", "closer", "liquidator", "bankruptcy", "maker"]
poll_ms = 300
[rpc]
timeout_ms = 2000
[source]
kind = "poll"
[account]
id = 0
[http]
listen = "127.0.0.1:0"
[[maker.markets]]
market = 0
size = 1.0
max_join = 1.0
max_position = 5.0
"#;

/// A keeper's process, killed at the end.
struct Keeper {
    child: Child,
    log: Arc<Mutex<Vec<String>>>,
    folder: PathBuf,
}

impl Keeper {
    fn start(name: &str, key: &Keypair, urls: &[&str]) -> Self {
        let folder = std::env::temp_dir().join(format!("kedge-hostile-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let (wallet, config) = (folder.join("wallet.json"), folder.join("keeper.toml"));
        std::fs::write(&wallet, serde_json::to_string(&key.to_bytes().to_vec()).unwrap()).unwrap();
        std::fs::set_permissions(&wallet, std::fs::Permissions::from_mode(0o600)).unwrap();
        let backups = format!("timeout_ms = 2000\nbackups = {:?}", &urls[1..]);
        std::fs::write(&config, CONFIG.replace("timeout_ms = 2000", &backups)).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_kedge-keeper"));
        command.arg("--config").arg(&config).arg("--rpc").arg(urls[0]).arg("--keypair").arg(&wallet);
        command.args(["--log-format", "json", "run"]).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the keeper starts");
        let log: Arc<Mutex<Vec<String>>> = Arc::default();
        let (lines, kept) = (BufReader::new(child.stderr.take().unwrap()).lines(), Arc::clone(&log));
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                kept.lock().unwrap().push(line);
            }
        });
        Self { child, log, folder }
    }

    fn address(&self) -> Option<String> {
        let log = self.log.lock().unwrap();
        let mut lines = log.iter().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        lines.find_map(|line| line["address"].as_str().map(str::to_owned))
    }

    /// Status and text of `/readyz`; 0 before it listens.
    fn ready(&self) -> (u16, String) {
        let Some(address) = self.address() else { return (0, String::new()) };
        let Ok(mut stream) = TcpStream::connect(address) else { return (0, String::new()) };
        let _ = write!(stream, "GET /readyz HTTP/1.1\r\nHost: keeper\r\nConnection: close\r\n\r\n");
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        (status, answer.lines().last().unwrap_or_default().to_owned())
    }

    /// Waits for a status of `/readyz`. Returns how long that took.
    async fn wait(&mut self, wanted: u16, most: Duration, about: &str) -> Duration {
        let started = Instant::now();
        loop {
            let (status, said) = self.ready();
            if status == wanted {
                return started.elapsed();
            }
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("{about}: it ended with {status}: {:#?}", self.log.lock().unwrap());
            }
            assert!(
                started.elapsed() < most,
                "{about}: {status} {said} instead of {wanted} after {most:?}: {:#?}",
                self.log.lock().unwrap().iter().rev().take(20).collect::<Vec<_>>()
            );
            sleep(Duration::from_millis(200)).await;
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A keeper whose only endpoint begins to lie, and later stops lying.
async fn session(lie: Lie) {
    let (key, about) = (Keypair::new(), format!("{lie:?}"));
    let chain = Chain::new(&[key.pubkey()]);
    chain.set_fate(Fate::Dropped);
    let server = Server::start(&chain).await;
    let mut keeper = Keeper::start(&about, &key, &[server.url()]);
    keeper.wait(200, Duration::from_secs(60), &about).await;
    server.set(Some(lie));
    let most = Duration::from_secs(lie.cost().red_s.unwrap());
    // The machine may be busy, and a process has to be asked.
    keeper.wait(503, most + Duration::from_secs(3), &about).await;
    sleep(Duration::from_secs(3)).await;
    let memory = most_memory_mb(keeper.child.id());
    println!("{lie:?}: {memory} MB");
    assert!(memory <= MEMORY_MB, "{lie:?}: {memory} MB");
    server.set(None);
    keeper.wait(200, Duration::from_secs(60), &about).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_keeper_whose_endpoint_lies_says_so_within_seconds_and_recovers() {
    let lies: Vec<Lie> = Lie::ALL.into_iter().filter(|lie| lie.cost().red_s.is_some()).collect();
    for some in lies.chunks(5) {
        let running: Vec<_> = some.iter().map(|lie| tokio::spawn(session(*lie))).collect();
        for session in running {
            session.await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn own_trades_stop_when_two_endpoints_tell_of_different_prices() {
    let key = Keypair::new();
    let chain = Chain::new(&[key.pubkey()]);
    chain.set_fate(Fate::Dropped);
    let (one, two) = (Server::start(&chain).await, Server::lying(&chain, Lie::WrongPrices).await);
    // The oracles continue from the board, which has the true price.
    sleep(Duration::from_secs(2)).await;
    let mut keeper = Keeper::start("prices", &key, &[one.url(), two.url()]);
    // The maker would quote at once, but it has no second price and reports that.
    keeper.wait(503, Duration::from_secs(60), "wrong prices").await;
    let said = |keeper: &Keeper| keeper.ready().1;
    let started = Instant::now();
    while !said(&keeper).contains("no second endpoint tells of the price") {
        assert!(started.elapsed() < Duration::from_secs(20), "{}", said(&keeper));
        sleep(Duration::from_millis(200)).await;
    }
    let quotes = |keeper: &Keeper| -> Vec<String> {
        let log = keeper.log.lock().unwrap();
        log.iter().filter(|line| line.contains("place_orders")).cloned().collect()
    };
    assert_eq!(quotes(&keeper), Vec::<String>::new(), "{:#?}", keeper.log.lock().unwrap());
    two.set(None);
    let started = Instant::now();
    while quotes(&keeper).is_empty() {
        assert!(started.elapsed() < Duration::from_secs(30), "it quotes once both agree: {}", said(&keeper));
        sleep(Duration::from_millis(200)).await;
    }
}
