//! Reports to the operator when no work is possible: a node that is not up yet or went away, a wallet without SOL, a
//! maker without a sub-account.

use std::io;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kedge_interface::address;
use kedge_interface::instruction::user::{CloseSubAccount, CreateSubAccount, CreateTrader};
use serde_json::Value;
use solana_keypair::Keypair;
use solana_pubkey::Pubkey;
use solana_signer::Signer;

use crate::{PATIENCE, Running, command, join, restrict, sender};
use kedge_testbed::fixture::Fixture;

/// A node's port that can be closed, with all its connections, and opened again.
struct Door {
    port: u16,
    target: String,
    open: Arc<AtomicBool>,
    streams: Arc<Mutex<Vec<TcpStream>>>,
}

impl Door {
    /// A closed door before the server at a URL.
    fn closed(url: &str) -> Self {
        let target = url.split_once("://").unwrap().1.to_owned();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self { port, target, open: Arc::default(), streams: Arc::default() }
    }

    fn at(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    fn open(&self) {
        self.open.store(true, Ordering::SeqCst);
        let listener = TcpListener::bind(self.at()).unwrap();
        listener.set_nonblocking(true).unwrap();
        let (open, streams, target) = (Arc::clone(&self.open), Arc::clone(&self.streams), self.target.clone());
        std::thread::spawn(move || {
            while open.load(Ordering::SeqCst) {
                let Ok((near, _)) = listener.accept() else {
                    std::thread::sleep(Duration::from_millis(5));
                    continue;
                };
                near.set_nonblocking(false).unwrap();
                let Ok(far) = TcpStream::connect(&target) else { continue };
                streams.lock().unwrap().extend([near.try_clone().unwrap(), far.try_clone().unwrap()]);
                for (mut from, mut to) in [(near.try_clone().unwrap(), far.try_clone().unwrap()), (far, near)] {
                    std::thread::spawn(move || {
                        let _ = io::copy(&mut from, &mut to);
                        let _ = to.shutdown(Shutdown::Both);
                    });
                }
            }
        });
    }

    fn close(&self) {
        self.open.store(false, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(50));
        for stream in self.streams.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

fn lines(keeper: &Running, wanted: impl Fn(&Value) -> bool) -> usize {
    keeper.log.lock().unwrap().iter().filter(|line| wanted(line)).count()
}

fn says(line: &Value, field: &str, what: &str) -> bool {
    line[field].as_str().is_some_and(|said| said.contains(what))
}

#[test]
fn a_keeper_that_starts_before_its_node_waits_for_it_and_one_that_loses_it_says_so_once() {
    let fixture = Fixture::start();
    let (wallet, _) = fixture.wallet("keeper", 1_000);
    restrict(&wallet);
    let (rpc, ws) = (Door::closed(fixture.localnet.rpc_url()), Door::closed(fixture.localnet.ws_url()));
    let at = rpc.at();
    let mut keeper = command(&format!("http://{at}"), &wallet);
    keeper.args(["--ws", &format!("ws://{}", ws.at()), "--jobs", "oracle,amm"]);
    keeper.env("KEDGE_KEEPER__ORACLE__MIN_AGE_S", "1");
    let keeper = Running::start(keeper);
    let silent = format!("the RPC endpoint http://{at} does not answer: ");
    keeper.until_ready_says(503, &silent, PATIENCE);
    keeper.wait_for("the alarm", |line| line["alarm"] == "endpoint" && says(line, "reason", &silent));
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(lines(&keeper, |line| says(line, "reason", "does not answer")), 1, "{:#?}", keeper.log.lock().unwrap());
    // Every series that alerts ask for is there from the start, with the value 0.
    let metrics = keeper.get("/metrics").1;
    assert!(metrics.contains("kedge_keeper_landed_total{job=\"oracle\"} 0\n"), "{metrics}");
    assert!(metrics.contains("kedge_keeper_lease_held 1\n"), "{metrics}");

    rpc.open();
    ws.open();
    keeper.until_ready_says(200, "ready", PATIENCE);
    keeper.wait_for("a refresh", |line| line["message"] == "started");

    rpc.close();
    ws.close();
    keeper.until_ready_says(503, "the exchange cannot be read either", PATIENCE);
    keeper.until_ready_says(503, "the exchange cannot be read: ", PATIENCE);
    let unread = |line: &Value| line["message"] == "the exchange could not be read";
    assert_eq!(lines(&keeper, unread), 1, "{:#?}", keeper.log.lock().unwrap());
    rpc.open();
    ws.open();
    keeper.until_ready_says(200, "ready", PATIENCE);
    assert_eq!(keeper.terminate().0, Some(0));
}

#[test]
fn a_keeper_that_waits_for_its_node_ends_on_a_signal() {
    let fixture = Fixture::start();
    let (wallet, _) = fixture.wallet("keeper", 1_000);
    restrict(&wallet);
    let keeper = Running::start(command("http://127.0.0.1:1", &wallet));
    keeper.until_ready_says(503, "does not answer", PATIENCE);
    assert_eq!(keeper.terminate().0, Some(0));
}

#[test]
fn a_wallet_without_sol_is_not_ready_until_it_has_some() {
    let fixture = Fixture::start();
    let (key, wallet) = (Keypair::new(), fixture.folder.join("empty.json"));
    std::fs::write(&wallet, serde_json::to_string(&key.to_bytes().to_vec()).unwrap()).unwrap();
    restrict(&wallet);
    let mut keeper = command(fixture.localnet.rpc_url(), &wallet);
    keeper.args(["--jobs", "oracle"]).env("KEDGE_KEEPER__ORACLE__MIN_AGE_S", "1");
    let keeper = Running::start(keeper);
    keeper.until_ready_says(503, "no SOL to send with", PATIENCE);
    keeper.wait_for("the alarm", |line| line["alarm"] == "wallet" && says(line, "reason", &key.pubkey().to_string()));
    keeper.wait_for_answer("/metrics", |_, body| {
        body.contains("kedge_keeper_landed_total{job=\"oracle\"} 0\n") && body.contains("kedge_keeper_alarms 1\n")
    });
    fixture.localnet.set_account(key.pubkey(), 1_000_000_000, Pubkey::default(), Vec::new()).unwrap();
    keeper.until_ready_says(200, "ready", PATIENCE);
    assert_eq!(keeper.terminate().0, Some(0));

    // A command that only reads needs no wallet.
    let other = fixture.folder.join("looks.json");
    std::fs::write(&other, serde_json::to_string(&Keypair::new().to_bytes().to_vec()).unwrap()).unwrap();
    restrict(&other);
    let mut dry = command(fixture.localnet.rpc_url(), &other);
    dry.args(["--jobs", "oracle", "--dry-run"]);
    let dry = Running::start(dry);
    dry.until_ready_says(200, "ready", PATIENCE);
    assert!(dry.get("/metrics").1.contains("kedge_keeper_dry_run 1\n"));
    assert_eq!(dry.terminate().0, Some(0));
}

#[test]
fn a_maker_whose_sub_account_is_gone_is_not_ready_and_says_so() {
    let fixture = Fixture::start();
    let url = fixture.localnet.rpc_url().to_owned();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    // An exchange without any account is not believed, so that one has to exist.
    let (other, _) = fixture.wallet("other", 1_000);
    runtime.block_on(join(&sender(&url, &other), 500));
    let (wallet, me) = fixture.wallet("maker", 1_000);
    restrict(&wallet);
    let own = sender(&url, &wallet);
    let create = [CreateTrader::of(me, me).into(), CreateSubAccount::of(me, me, 0, "maker", 8).into()];
    runtime.block_on(own.send(&create, &[])).expect("an account without money");
    let account = address::sub_account(&me, 0);
    let mut maker = command(&url, &wallet);
    let markets = "[{ market = 0, size = 1.0, max_join = 1.0, max_position = 5.0 }]";
    maker.env("KEDGE_KEEPER__ACCOUNT__ID", "0").env("KEDGE_KEEPER__MAKER__MARKETS", markets);
    maker.env("KEDGE_KEEPER__SOURCE__KIND", "poll").args(["--jobs", "maker"]);
    let maker = Running::start(maker);
    maker.until_ready_says(200, "ready", PATIENCE);
    let close = CloseSubAccount { authority: me, receiver: me, trader: address::trader(&me), sub_account: account };
    runtime.block_on(own.send(&[close.into()], &[])).expect("an empty account is closed");
    maker.until_ready_says(503, &format!("sub-account {account} does not exist"), PATIENCE);
    maker.wait_for("the alarm", |line| line["alarm"] == "sub-account" && says(line, "reason", "kedge create"));
    assert_eq!(maker.terminate().0, Some(0));
}
