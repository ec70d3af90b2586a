//! A visitor with a wallet, at a demo that another process serves.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use kedge_client::{Client, SendConfig, Sender, SharedSigner};
use kedge_interface::address;
use kedge_interface::instruction::user::{CreateSubAccount, CreateTrader, Deposit, PlaceOrders};
use kedge_model::account::order::{OrderKind, OrderParams, Side};
use kedge_model::quantity::{Price, Size};
use serde_json::Value;
use solana_keypair::Keypair;
use solana_pubkey::Pubkey;
use solana_signer::Signer;

pub(crate) const ONE: u64 = 1_000_000_000;
const SOL: u16 = 0;
const DOLLAR: u64 = 1_000_000;

/// Path of the program's bytecode.
pub(crate) fn program() -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR");
    let program = Path::new(&package).join("../../target/deploy/kedge.so");
    assert!(program.exists(), "target/deploy/kedge.so is missing: run `make program`");
    program
}

/// A demo that serves, killed at the end.
pub(crate) struct Demo {
    child: Child,
    /// The demo's description for programs.
    pub told: Value,
    said: Arc<Mutex<String>>,
}

impl Demo {
    /// Starts the demo and waits for its description; both outputs must be piped.
    pub(crate) fn serve(mut command: Command) -> Self {
        let mut child = command.spawn().expect("the demo starts");
        let said: Arc<Mutex<String>> = Arc::default();
        let (errors, kept) = (BufReader::new(child.stderr.take().expect("piped")).lines(), Arc::clone(&said));
        std::thread::spawn(move || {
            for line in errors.map_while(Result::ok) {
                *kept.lock().unwrap() += &(line + "\n");
            }
        });
        let mut first = String::new();
        let _ = BufReader::new(child.stdout.take().expect("piped")).read_line(&mut first);
        let told = serde_json::from_str(&first).unwrap_or_else(|_| panic!("{}", said.lock().unwrap()));
        Self { child, told, said }
    }

    /// The demo's output for people so far.
    pub(crate) fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The wallet that the demo has funded, with a sub-account.
pub(crate) struct Visitor {
    sender: Sender,
    account: Pubkey,
}

impl Visitor {
    /// Opens the account.
    pub(crate) async fn join(demo: &Demo) -> Self {
        let bytes: Vec<u8> = serde_json::from_value(demo.told["wallet"].clone()).expect("a keypair");
        let keypair = Keypair::try_from(bytes.as_slice()).expect("a keypair");
        let me = keypair.pubkey();
        let signer: SharedSigner = Arc::new(keypair);
        let client = Client::new(demo.told["rpc"].as_str().expect("an address"), signer);
        let sender = Sender::new(client, SendConfig { poll: Duration::from_millis(50), ..SendConfig::default() });
        let account = address::sub_account(&me, 0);
        let tokens = demo.told["tokens"].as_str().expect("an address").parse().expect("an address");
        let create = [
            CreateTrader::of(me, me).into(),
            CreateSubAccount::of(me, me, 0, "visitor", 4).into(),
            Deposit::of(me, tokens, account, 0, 20_000 * DOLLAR).into(),
        ];
        sender.send(&create, &[]).await.expect("account and deposit");
        Self { sender, account }
    }

    /// A market order of the exchange's own auction, up to 3 % from the oracle; waits for its confirmation.
    pub(crate) async fn order(&self, side: Side, size: u64) {
        let client = self.sender.client();
        let oracle = client.board().await.unwrap().market(SOL).unwrap().price.price.0;
        let tick = client.market(SOL).await.unwrap().tick.0;
        let price = oracle * if side == Side::Long { 103 } else { 97 } / 100 / tick * tick;
        let expires_at = u32::try_from(client.clock().await.unwrap().unix_time + 3_600).unwrap();
        let params = OrderParams {
            price: Price(price),
            size: Size(size),
            expires_at,
            market: SOL,
            kind: OrderKind::Market as u8,
            side: side as u8,
            ..OrderParams::default()
        };
        let (signer, market) = (client.payer_address(), address::market(SOL));
        let place = PlaceOrders { signer, market, sub_account: self.account, orders: vec![params] };
        self.sender.send(&[place.into()], &[]).await.expect("an order");
    }

    /// Waits until the position has a size. Returns how long that took.
    pub(crate) async fn wait_for_base(&self, base: u64, most: Duration) -> Duration {
        let start = Instant::now();
        loop {
            let found = self.sender.client().sub_account(self.account).await.unwrap();
            let held = found.head.position(SOL).map_or(0, |position| position.base.0);
            if held == i64::try_from(base).unwrap() && found.head.open_orders == 0 {
                return start.elapsed();
            }
            assert!(start.elapsed() < most, "still {held} after {most:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}
