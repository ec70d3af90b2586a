//! A fall without keepers, and the keepers that clear up after it: a position below maintenance, a bankrupt one, a
//! stop, an expired order, open claims; a maker that quotes and is stopped by its operator; and the auditor's
//! statement.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use kedge_client::Sender;
use kedge_interface::address;
use kedge_interface::instruction::user::{CreateSubAccount, CreateTrader, PlaceOrders};
use kedge_model::account::board::RowState;
use kedge_model::account::order::{OrderKind, OrderParams, Side, flags};
use kedge_model::quantity::{Price, Size};
use solana_pubkey::Pubkey;
use tokio::runtime::Runtime;

use crate::{ONE, PATIENCE, Running, SOL, buy, command, join, restrict, sender};
use kedge_testbed::fixture::Fixture;

/// Seconds that the market's clock jumps at each step of the fall, so that the averages follow.
const STEP: i64 = 400;

async fn place(sender: &Sender, account: Pubkey, order: OrderParams) {
    let (signer, market) = (sender.client().payer_address(), address::market(SOL));
    let place = PlaceOrders { signer, market, sub_account: account, orders: vec![order] };
    sender.send(&[place.into()], &[]).await.expect("an order");
}

async fn base(sender: &Sender, account: Pubkey) -> i64 {
    let found = sender.client().sub_account(account).await.unwrap();
    found.head.position(SOL).map_or(0, |position| position.base.0)
}

/// Waits until a condition holds.
fn wait(runtime: &Runtime, what: &str, keeper: &Running, mut is_so: impl AsyncFnMut() -> bool) {
    let start = Instant::now();
    while !runtime.block_on(is_so()) {
        assert!(start.elapsed() < PATIENCE, "{what}: {:#?}", keeper.log.lock().unwrap());
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// A wallet with a sub-account.
fn member(fixture: &Fixture, runtime: &Runtime, name: &str, deposit: u64) -> (Sender, Pubkey) {
    let (wallet, _) = fixture.wallet(name, deposit);
    let sender = sender(fixture.localnet.rpc_url(), &wallet);
    let account = runtime.block_on(join(&sender, deposit));
    (sender, account)
}

/// Lets the price fall step by step, each long enough for the averages to follow.
fn fall(fixture: &Fixture, runtime: &Runtime, keeper: &Running, client: &kedge_client::Client) {
    for dollars in [174, 168, 162] {
        fixture.set_price(usize::from(SOL), dollars);
        let time = runtime.block_on(client.clock()).unwrap().unix_time;
        fixture.localnet.set_time(time + STEP).unwrap();
        wait(runtime, "the fallen price", keeper, async || {
            let row = client.board().await.unwrap().market(SOL).unwrap().price;
            let seen = row.publish_time >= time + STEP && row.price.0 == dollars * 1_000_000;
            seen && row.state == RowState::Normal as u8
        });
    }
}

fn audit(fixture: &Fixture, wallet: &Path, more: &[&str]) -> (String, String, Option<i32>) {
    let output = command(fixture.localnet.rpc_url(), wallet).arg("audit").args(more).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr), output.status.code())
}

/// An address that receives one alert.
fn hook() -> (String, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let (told, heard) = mpsc::channel();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let (mut request, mut part) = (Vec::new(), [0; 4096]);
        while !request.ends_with(b"}") {
            let read = stream.read(&mut part).unwrap();
            request.extend(&part[..read]);
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
        told.send(String::from_utf8(request).unwrap()).unwrap();
    });
    (url, heard)
}

#[test]
fn keepers_clear_up_after_a_fall_and_everything_reconciles() {
    let fixture = Fixture::start();
    let url = fixture.localnet.rpc_url().to_owned();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (keeper, _) = fixture.wallet("keeper", 100_000);
    restrict(&keeper);
    let own = sender(&url, &keeper);
    let keeper_account = runtime.block_on(join(&own, 100_000));
    let client = own.client().clone();
    let (poor, poor_account) = member(&fixture, &runtime, "poor", 228);
    let (broke, broke_account) = member(&fixture, &runtime, "broke", 145);
    let (stopped, stopped_account) = member(&fixture, &runtime, "stopped", 5_000);

    // Positions and a stop; the keepers that would act on them do not run yet.
    let mut few = command(&url, &keeper);
    few.args(["--jobs", "oracle,filler,amm"]).env("KEDGE_KEEPER__ORACLE__MIN_AGE_S", "1");
    few.env("KEDGE_KEEPER__ACCOUNT__ID", "0");
    let few = Running::start(few);
    for (sender, account, size) in
        [(&poor, poor_account, 10), (&broke, broke_account, 10), (&stopped, stopped_account, 2)]
    {
        runtime.block_on(buy(sender, account, size * ONE));
        wait(&runtime, "a position", &few, async || base(sender, account).await == (size * ONE) as i64);
    }
    let stop = OrderParams {
        market: SOL,
        kind: OrderKind::StopMarket as u8,
        side: Side::Short as u8,
        size: Size(2 * ONE),
        trigger_price: Price(170_000_000),
        flags: flags::REDUCE_ONLY,
        ..OrderParams::default()
    };
    runtime.block_on(place(&stopped, stopped_account, stop));
    fall(&fixture, &runtime, &few, &client);
    let now = runtime.block_on(client.clock()).unwrap().unix_time;
    let bid = OrderParams {
        market: SOL,
        kind: OrderKind::Limit as u8,
        side: Side::Long as u8,
        price: Price(120_000_000),
        size: Size(ONE),
        expires_at: u32::try_from(now + 20).unwrap(),
        ..OrderParams::default()
    };
    runtime.block_on(place(&stopped, stopped_account, bid));
    assert_eq!(few.terminate().0, Some(0));
    fixture.localnet.set_time(now + 21).unwrap();
    let (said, ..) = audit(&fixture, &keeper, &[]);
    assert!(said.contains("2 below maintenance") && said.ends_with("EVERYTHING RECONCILES\n"), "{said}");

    // Expiry first and without a filler: a filler removes an expired order when it is faster.
    let mut alone = command(&url, &keeper);
    alone.args(["--jobs", "oracle,expiry"]).env("KEDGE_KEEPER__ORACLE__MIN_AGE_S", "1");
    alone.env("KEDGE_KEEPER__ACCOUNT__ID", "0");
    let alone = Running::start(alone);
    alone.wait_for("the expiry", |line| line["message"] == "landed" && line["action"] == "expire_orders");
    assert_eq!(alone.terminate().0, Some(0));

    // All keepers at work.
    let (hook, heard) = hook();
    let mut all = command(&url, &keeper);
    let jobs = "oracle,filler,trigger,expiry,amm,funding,settler,closer,liquidator,bankruptcy,auditor";
    all.args(["--jobs", jobs]).env("KEDGE_KEEPER__ORACLE__MIN_AGE_S", "1").env("KEDGE_KEEPER__ACCOUNT__ID", "0");
    all.env("KEDGE_KEEPER__SETTLER__MIN_PNL", "1").env("KEDGE_KEEPER__LIQUIDATOR__MODE", "best");
    all.env("KEDGE_KEEPER__AUDITOR__EVERY_SLOTS", "10").env("KEDGE_KEEPER__AUDITOR__WEBHOOK", hook);
    let all = Running::start(all);
    for (job, action) in [
        ("liquidator", "liquidate"),
        ("bankruptcy", "settle_bankruptcy"),
        ("trigger", "trigger_order"),
        ("settler", "settle_pnl"),
    ] {
        all.wait_for(action, |line| line["message"] == "landed" && line["job"] == job && line["action"] == action);
    }
    let told = all.wait_for("the take-over", |line| line["message"] == "sending" && line["job"] == "liquidator");
    assert!(told["reward_dollars"].as_f64().is_some_and(|reward| reward > 0.0), "{told}");
    wait(&runtime, "the clearing up", &all, async || {
        let open = client.sub_account(stopped_account).await.unwrap().head.open_orders;
        let broke = client.sub_account(broke_account).await.unwrap().head.is_empty();
        open == 0 && broke && base(&stopped, stopped_account).await == 0
    });
    wait(&runtime, "the unwinding", &all, async || base(&own, keeper_account).await == 0);
    let metrics = all.wait_for_answer("/metrics", |_, body| {
        body.contains("kedge_keeper_audit_below_maintenance 0\n") && body.contains("kedge_keeper_audit_in_default 0\n")
    });
    assert!(metrics.contains("kedge_keeper_audit_holds 1\n"), "{metrics}");
    assert!(!metrics.contains("kedge_keeper_audit_unconfirmed_total 1"), "{metrics}");
    let (said, _, code) = audit(&fixture, &keeper, &["--json"]);
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!((code, &said["holds"], &said["donated"]), (Some(0), &true.into(), &serde_json::json!([])), "{said}");

    // A token is missing: the auditor reports it, and ends the process with its own code.
    let vault = address::vault(0);
    let account = fixture.localnet.account(vault).unwrap().unwrap();
    let mut data = account.data.clone();
    let tokens = u64::from_le_bytes(data[64..72].try_into().unwrap()) - 1;
    data[64..72].copy_from_slice(&tokens.to_le_bytes());
    fixture.localnet.set_account(vault, account.lamports, account.owner, data).unwrap();
    let told = all.wait_for("the alarm", |line| line["message"] == "BROKEN");
    assert!(told["what"].as_str().unwrap().starts_with("bank 0: deposits + pools + protocol"), "{told}");
    let posted = heard.recv_timeout(PATIENCE).unwrap();
    assert!(posted.contains("Kedge does not reconcile") && posted.contains("bank 0"), "{posted}");
    let (said, why, code) = audit(&fixture, &keeper, &[]);
    assert!(code == Some(3) && why.contains("bank 0") && said.contains("DIFFERS FROM"), "{said}{why}");
    assert_eq!(all.ended(), Some(3));
}

#[test]
fn a_maker_quotes_until_its_operator_stops_it() {
    let fixture = Fixture::start();
    let url = fixture.localnet.rpc_url().to_owned();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (wallet, _) = fixture.wallet("maker", 200_000);
    restrict(&wallet);
    let own = sender(&url, &wallet);
    let account = runtime.block_on(join(&own, 200_000));
    let (kill, config) = (fixture.folder.join("kill"), fixture.folder.join("maker.toml"));
    let text = format!(
        "[account]\nid = 0\n[oracle]\nmin_age_s = 1\n[maker]\nlevels = 2\n[maker.kill]\nfile = {:?}\n\
         [[maker.markets]]\nmarket = 0\nsize = 1.0\nmax_join = 5.0\nmax_position = 20.0\n",
        kill.display().to_string()
    );
    std::fs::write(&config, text).unwrap();
    let mut maker = command(&url, &wallet);
    maker.args(["--jobs", "oracle,maker", "--config"]).arg(&config);
    let maker = Running::start(maker);
    let open = async || own.client().sub_account(account).await.unwrap().head.open_orders;
    wait(&runtime, "a ladder", &maker, async || open().await == 4);

    // The same strategy joins a taker's auction.
    let (taker, taker_account) = member(&fixture, &runtime, "taker", 5_000);
    runtime.block_on(buy(&taker, taker_account, 2 * ONE));
    wait(&runtime, "the join", &maker, async || base(&taker, taker_account).await == 2 * ONE as i64);
    assert_eq!(runtime.block_on(base(&own, account)), -(2 * ONE as i64));
    let figure = "kedge_keeper_figure{job=\"maker\",figure=\"equity_dollars\",market=\"\"} ";
    let metrics = maker.wait_for_answer("/metrics", |_, body| body.contains(figure));
    assert!(metrics.contains("kedge_keeper_figure{job=\"maker\",figure=\"killed\",market=\"\"} 0"), "{metrics}");

    std::fs::write(&kill, "").unwrap();
    maker
        .wait_for("the news", |line| line["news"].as_str().is_some_and(|news| news.contains("kill switch has fallen")));
    wait(&runtime, "the withdrawal", &maker, async || open().await == 0);
    std::fs::remove_file(&kill).unwrap();
    wait(&runtime, "a ladder again", &maker, async || open().await == 4);
    let now = runtime.block_on(own.client().clock()).unwrap().unix_time;
    let quotes = runtime.block_on(own.client().sub_account(account)).unwrap();
    for order in quotes.orders.iter().filter(|order| order.is_open()) {
        let left = i64::from(order.expires_at) - now;
        assert!((1..=120).contains(&left), "what a crash leaves is gone in {left} s");
    }
    let log = std::sync::Arc::clone(&maker.log);
    assert_eq!(maker.terminate().0, Some(0));
    assert_eq!(runtime.block_on(open()), 0, "what ends in order leaves nothing");
    let log = log.lock().unwrap();
    let last =
        log.iter().rfind(|line| line["action"] == "cancel_all" && line["why"].is_string()).expect("a withdrawal");
    assert!(last["why"].as_str().is_some_and(|why| why.starts_with("the keeper stops")), "the true reason: {last}");
}

#[test]
fn check_and_run_tell_what_a_maker_lacks() {
    let fixture = Fixture::start();
    let url = fixture.localnet.rpc_url().to_owned();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (wallet, _) = fixture.wallet("maker", 1_000);
    restrict(&wallet);
    let own = sender(&url, &wallet);
    let me = own.client().payer_address();
    let create = [CreateTrader::of(me, me).into(), CreateSubAccount::of(me, me, 0, "poor", 4).into()];
    runtime.block_on(own.send(&create, &[])).expect("an account without money");
    let with = |market: u16, levels: u32| {
        let mut command = command(&url, &wallet);
        let markets = format!("[{{ market = {market}, size = 1.0, max_join = 1.0, max_position = 5.0 }}]");
        command.env("KEDGE_KEEPER__ACCOUNT__ID", "0").env("KEDGE_KEEPER__MAKER__MARKETS", markets);
        command.env("KEDGE_KEEPER__MAKER__LEVELS", levels.to_string()).args(["--jobs", "maker"]);
        command
    };
    let (said, code) = crate::check(with(9, 3));
    assert!(code == Some(1) && said.contains("markets FAIL [[maker.markets]] names market 9: the last is 1"), "{said}");
    let (said, code) = crate::check(with(0, 3));
    assert!(said.contains("order slots FAIL the ladders need 6 order slots, the sub-account has 4"), "{said}");
    assert!(code == Some(1) && said.contains("collateral FAIL the sub-account holds nothing"), "{said}");
    let mut dead = with(0, 2);
    dead.args(["--ws", "ws://127.0.0.1:1"]);
    let (said, _) = crate::check(dead);
    assert!(said.contains("WebSocket endpoint FAIL ws://127.0.0.1:1 takes no subscription"), "{said}");
    assert!(said.contains("order slots ok 4 of 4") && said.contains("markets ok [0] trade"), "{said}");

    let refused = with(9, 2).arg("run").output().unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(refused.status.code() == Some(1) && said.contains("names market 9: the last is 1"), "{said}");
    let mut poor = with(0, 3);
    poor.args(["--ws", "ws://127.0.0.1:1"]);
    let poor = Running::start(poor);
    for need in ["collateral", "order slots"] {
        poor.wait_for(need, |line| line["need"] == need && line["level"] == "ERROR");
    }
    poor.wait_for("the dead source", |line| {
        line["message"].as_str().is_some_and(|said| said.starts_with("no changes come"))
    });
    assert_eq!(poor.terminate().0, Some(0));
}

impl Running {
    /// Waits for the process to end by itself. Returns its exit code.
    fn ended(mut self) -> Option<i32> {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(start.elapsed() < PATIENCE, "still running: {:#?}", self.log.lock().unwrap());
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// The example configuration is accepted without a change.
#[test]
fn the_example_is_accepted() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/example.toml");
    let output = Command::new(env!("CARGO_BIN_EXE_kedge-keeper"))
        .args(["--rpc", "http://127.0.0.1:1", "--config"])
        .arg(example)
        .arg("audit")
        .output()
        .unwrap();
    // The endpoint is missing: 1, and not 2 as for a wrong configuration.
    assert_eq!(output.status.code(), Some(1), "{output:?}");
}
