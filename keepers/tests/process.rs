//! The built `kedge-keeper` as a process of its own, on a local chain with the real program: the findings of `check`, a
//! dry run, an order that the process fills, its metrics and health, and its end on a signal.

#[path = "process/blind.rs"]
mod blind;
#[cfg(feature = "nats")]
#[path = "process/fleet.rs"]
mod fleet;
#[cfg(feature = "yellowstone")]
#[path = "../../crates/state/tests/geyser/mod.rs"]
mod geyser;
#[path = "process/market.rs"]
mod market;
#[cfg(feature = "nats")]
#[path = "../../crates/sender/tests/nats/mod.rs"]
mod nats;
#[path = "process/publish.rs"]
mod publish;
#[path = "process/start.rs"]
mod start;
#[cfg(feature = "yellowstone")]
#[path = "process/yellowstone.rs"]
mod yellowstone;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use kedge_client::{Client, SendConfig, Sender, SharedSigner};
use kedge_interface::address;
use kedge_interface::instruction::user::{CreateSubAccount, CreateTrader, Deposit, PlaceOrders};
use kedge_localnet::{Localnet, LocalnetConfig};
use kedge_model::account::order::{OrderKind, OrderParams, Side};
use kedge_model::quantity::{Price, Size};
use kedge_testbed::fixture::{DOLLAR, Fixture};
use serde_json::Value;
use solana_keypair::{Keypair, read_keypair_file};
use solana_pubkey::Pubkey;

const SOL: u16 = 0;
const ONE: u64 = 1_000_000_000;
const PATIENCE: Duration = Duration::from_secs(60);

fn command(url: &str, keypair: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kedge-keeper"));
    command.arg("--rpc").arg(url).arg("--keypair").arg(keypair);
    command.env("KEDGE_KEEPER__HTTP__LISTEN", "127.0.0.1:0");
    command
}

/// Output of `check`, with runs of spaces as one, and its exit code.
fn check(mut command: Command) -> (String, Option<i32>) {
    let output = command.arg("check").output().expect("the keeper starts");
    let said = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    let lines = said.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    (lines.collect::<Vec<_>>().join("\n"), output.status.code())
}

/// `kedge-keeper run`, killed when the test ends early.
struct Running {
    child: Child,
    log: Arc<Mutex<Vec<Value>>>,
}

impl Running {
    fn start(mut command: Command) -> Self {
        command.args(["--log-format", "json", "run"]).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the keeper starts");
        let log: Arc<Mutex<Vec<Value>>> = Arc::default();
        let (lines, kept) = (BufReader::new(child.stderr.take().unwrap()).lines(), Arc::clone(&log));
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                kept.lock().unwrap().push(serde_json::from_str(&line).unwrap_or(Value::String(line)));
            }
        });
        Self { child, log }
    }

    /// Waits for a log line.
    fn wait_for(&self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let start = Instant::now();
        loop {
            let log = self.log.lock().unwrap();
            if let Some(line) = log.iter().find(|line| wanted(line)) {
                return line.clone();
            }
            assert!(start.elapsed() < PATIENCE, "no {what} in {log:#?}");
            drop(log);
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn address(&self) -> String {
        self.wait_for("address", |line| line["address"].is_string())["address"].as_str().unwrap().to_owned()
    }

    /// Status and body of an HTTP path.
    fn get(&self, path: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(self.address()).expect("the keeper listens");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: keeper\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
        (status, answer.split_once("\r\n\r\n").unwrap().1.to_owned())
    }

    /// Waits until a path answers with a status and a text.
    fn wait_for_answer(&self, path: &str, wanted: impl Fn(u16, &str) -> bool) -> String {
        let start = Instant::now();
        loop {
            let (status, body) = self.get(path);
            if wanted(status, &body) {
                return body;
            }
            assert!(start.elapsed() < PATIENCE, "{path} still says {status}\n{body}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Sends SIGTERM. Returns exit code and summary.
    fn terminate(mut self) -> (Option<i32>, String) {
        let status = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
        let mut said = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
        (self.child.wait().unwrap().code(), said)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn sender(url: &str, wallet: &Path) -> Sender {
    let signer: SharedSigner = Arc::new(read_keypair_file(wallet).unwrap());
    Sender::new(Client::new(url, signer), SendConfig::default())
}

/// A trader with a sub-account of its own.
async fn join(sender: &Sender, deposit: u64) -> Pubkey {
    let (client, me) = (sender.client(), sender.client().payer_address());
    let account = address::sub_account(&me, 0);
    let mint = client.bank(0).await.unwrap().mint.into();
    let tokens = address::token_account(&me, &mint);
    let create = [
        CreateTrader::of(me, me).into(),
        CreateSubAccount::of(me, me, 0, "test", 4).into(),
        Deposit::of(me, tokens, account, 0, deposit * DOLLAR).into(),
    ];
    sender.send(&create, &[]).await.expect("account and deposit");
    account
}

/// A market order to buy, up to 3 % over the board's price.
async fn buy(sender: &Sender, account: Pubkey, size: u64) {
    let client = sender.client();
    let oracle = client.board().await.unwrap().market(SOL).unwrap().price.price.0;
    let tick = client.market(SOL).await.unwrap().tick.0;
    let order = OrderParams {
        price: Price(oracle * 103 / 100 / tick * tick),
        size: Size(size),
        expires_at: u32::try_from(client.clock().await.unwrap().unix_time + 3_600).unwrap(),
        market: SOL,
        kind: OrderKind::Market as u8,
        side: Side::Long as u8,
        ..OrderParams::default()
    };
    let (signer, market) = (client.payer_address(), address::market(SOL));
    let place = PlaceOrders { signer, market, sub_account: account, orders: vec![order] };
    sender.send(&[place.into()], &[]).await.expect("a market order");
}

fn restrict(path: &PathBuf) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn check_tells_what_is_missing() {
    let localnet = Localnet::start(LocalnetConfig::default()).expect("the local chain starts");
    let wallet = std::env::temp_dir().join(format!("kedge-keeper-wallet-{}.json", std::process::id()));
    std::fs::write(&wallet, "[4444444, 23]").unwrap();
    restrict(&wallet);
    let (said, code) = check(command(localnet.rpc_url(), &wallet));
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("is not a keypair file") && !said.contains("4444444"), "{said}");

    let keypair = Keypair::new();
    std::fs::write(&wallet, serde_json::to_string(&keypair.to_bytes().to_vec()).unwrap()).unwrap();
    let (said, code) = check(command(localnet.rpc_url(), &wallet));
    assert_eq!(code, Some(1), "{said}");
    for line in [
        "key file ok",
        "RPC endpoint ok",
        "program FAIL there is nothing at",
        "exchange FAIL not initialised",
        "balance FAIL 0 SOL",
    ] {
        assert!(said.lines().any(|found| found.starts_with(line)), "{line:?} is not in\n{said}");
    }
    let (said, code) = check(command("http://127.0.0.1:1", &wallet));
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("RPC endpoint FAIL"), "{said}");
    let mut wrong = command(localnet.rpc_url(), &wallet);
    wrong.env("KEDGE_KEEPER__RPC__ULR", "x");
    let (said, code) = check(wrong);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("KEDGE_KEEPER__RPC__ULR: unknown field `ulr`"), "{said}");
    std::fs::remove_file(&wallet).unwrap();
}

#[test]
fn the_process_fills_an_order_and_ends_in_order() {
    let fixture = Fixture::start();
    let url = fixture.localnet.rpc_url().to_owned();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (keeper, keeper_address) = fixture.wallet("keeper", 1_000);
    let (trader, _) = fixture.wallet("trader", 100_000);

    let (said, code) = check(command(&url, &keeper));
    assert!(code == Some(1) && said.contains("key file mode FAIL others may read"), "{said}");
    restrict(&keeper);
    let (said, code) = check(command(&url, &keeper));
    assert!(code == Some(0) && said.contains("exchange ok 2 markets, 1 bank, nothing paused"), "{said}");
    let with_account = || {
        let mut command = command(&url, &keeper);
        command.env("KEDGE_KEEPER__ACCOUNT__ID", "0");
        command
    };
    let (said, code) = check(with_account());
    assert!(code == Some(1) && said.contains("sub-account FAIL create it with"), "{said}");
    let keeper_account = runtime.block_on(join(&sender(&url, &keeper), 100));
    let (said, code) = check(with_account());
    assert!(code == Some(0) && said.contains(&format!("sub-account ok {keeper_account}")), "{said}");

    // Another owner's account is refused.
    let (trader_sender, somebody) = (sender(&url, &trader), read_keypair_file(&trader).unwrap());
    let account = runtime.block_on(join(&trader_sender, 50_000));
    let mut foreign = with_account();
    foreign.env("KEDGE_KEEPER__ACCOUNT__AUTHORITY", solana_signer::Signer::pubkey(&somebody).to_string());
    let (said, code) = check(foreign);
    assert!(code == Some(1) && said.contains(&format!("{account} is not ours")), "{said}");

    // A dry run logs the transactions that it would send, and pays for nothing.
    let before = fixture.localnet.account(keeper_address).unwrap().unwrap().lamports;
    let mut dry = with_account();
    dry.args(["--dry-run", "--jobs", "oracle"]).env("KEDGE_KEEPER__ORACLE__MIN_AGE_S", "1");
    let dry = Running::start(dry);
    let told = dry.wait_for("decision", |line| line["message"] == "would send");
    assert_eq!((&told["job"], &told["action"]), (&Value::from("oracle"), &Value::from("refresh_prices")));
    assert!(told["why"].as_str().unwrap().contains("newer price"), "{told}");
    assert_eq!(dry.terminate().0, Some(0));
    assert_eq!(fixture.localnet.account(keeper_address).unwrap().unwrap().lamports, before);

    let mut real = with_account();
    real.args(["--jobs", "oracle,filler,amm,funding"]).env("KEDGE_KEEPER__ORACLE__MIN_AGE_S", "1");
    let records = fixture.folder.join("records");
    real.env("KEDGE_KEEPER__SOURCE__RECORD", &records);
    let real = Running::start(real);
    let _ = real.wait_for_answer("/readyz", |status, _| status == 200);
    assert_eq!(real.get("/healthz"), (200, "alive\n".into()));
    runtime.block_on(async {
        buy(&trader_sender, account, 2 * ONE).await;
        let start = Instant::now();
        loop {
            let found = trader_sender.client().sub_account(account).await.unwrap();
            let held = found.head.position(SOL).map_or(0, |position| position.base.0);
            if held == 2 * ONE as i64 && found.head.open_orders == 0 {
                break;
            }
            assert!(start.elapsed() < PATIENCE, "still {held}: {:#?}", real.log.lock().unwrap());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
    let told = real.wait_for("decision on the order", |line| line["action"] == "fill_order");
    assert_eq!((&told["job"], &told["market"]), (&Value::from("filler"), &Value::from("SOL-PERP")));
    assert!(told["subject"].as_str().unwrap().ends_with(&account.to_string()), "{told}");
    assert!(told["reward_dollars"].as_f64().unwrap() > 0.0, "{told}");
    let filled = real.wait_for("the fill", |line| line["message"] == "landed" && line["action"] == "fill_order");
    // No priority fee was offered; the signature was paid for.
    assert_eq!((&filled["fee_lamports"], &filled["priority_lamports"]), (&5_000.into(), &0.into()), "{filled}");
    let landed = |line: &str, name: &str| {
        line.strip_prefix(name).and_then(|rest| rest.trim().parse::<u64>().ok()).is_some_and(|count| count > 0)
    };
    let metrics = real.wait_for_answer("/metrics", |status, body| {
        status == 200
            && body.lines().any(|line| landed(line, "kedge_keeper_landed_total{job=\"filler\"}"))
            && body.lines().any(|line| landed(line, "kedge_keeper_landed_total{job=\"oracle\"}"))
    });
    for name in ["kedge_keeper_mirror_age_slots ", "kedge_keeper_wallet_lamports ", "kedge_keeper_landing_slots_count{"]
    {
        assert!(metrics.lines().any(|line| line.starts_with(name)), "{name}\n{metrics}");
    }
    let earned = runtime.block_on(trader_sender.client().sub_account(keeper_account)).unwrap();
    assert!(earned.head.position(SOL).is_ok_and(|position| position.quote.0 > 0), "the reward is the keeper's");

    let (code, summary) = real.terminate();
    assert_eq!(code, Some(0), "{summary}");
    let filler = summary.lines().find(|line| line.starts_with("filler")).unwrap_or_else(|| panic!("{summary}"));
    let cells: Vec<f64> = filler.split_whitespace().skip(1).map(|cell| cell.parse().unwrap()).collect();
    assert!(cells.len() == 5 && cells[3] > 0.0 && cells[4] >= 0.000_005, "earned and paid: {summary}");

    // A replay of the recording decides the same again, without endpoint or key.
    let recording = std::fs::read_dir(&records).unwrap().next().unwrap().unwrap().path();
    let (first, second) = (replay(&recording), replay(&recording));
    assert_eq!(first, second);
    let again = first.iter().find(|line| line["action"] == "fill_order").expect("the fill is decided again");
    for key in ["job", "market", "subject", "why", "reward_dollars", "refresh", "slot"] {
        assert_eq!(again[key], told[key], "{key}");
    }
}

/// Log lines of the transactions that `kedge-keeper replay` would send.
fn replay(recording: &Path) -> Vec<Value> {
    let mut command = command("http://127.0.0.1:1", Path::new("/nowhere"));
    command.env("KEDGE_KEEPER__ACCOUNT__ID", "0").env("KEDGE_KEEPER__ORACLE__MIN_AGE_S", "1");
    command.args(["--jobs", "oracle,filler,amm,funding", "--log-format", "json", "replay"]).arg(recording);
    let output = command.output().expect("the keeper starts");
    let (said, log) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success() && said.contains(" looks from slot "), "{said}{log}");
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut told: Vec<Value> = lines.filter(|line| line["message"] == "would send").collect();
    told.iter_mut().for_each(|line| line["timestamp"] = Value::Null);
    told
}
