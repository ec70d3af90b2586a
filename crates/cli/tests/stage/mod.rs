//! A local chain with the real program, one bank and two markets, prices that follow the clock, and wallets.

#![allow(dead_code, reason = "each test binary uses its part")]

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use kedge_client::book;
use kedge_client::{Client, ComputeLimit, PriorityFee, SendConfig, Sender, SharedSigner};
use kedge_interface::address::pyth::{PUSH_ORACLE, RECEIVER, feed};
use kedge_interface::address::{self, PROGRAM_ID};
use kedge_interface::instruction::{
    CreateSubAccount, CreateTrader, Deposit, FillOrder, FundPool, Initialize, Instruction, ListBank, ListMarket,
    RefreshPrices, SetMarketStatus, UpdateFunding,
};
use kedge_localnet::{Localnet, LocalnetConfig};
use kedge_model::action::{AmmParams, BankParams, MarketParams, PoolKind, RowParams};
use kedge_model::board::{PriceSource, SourceKind};
use kedge_model::market::MarketStatus;
use kedge_model::order::{Order, OrderKind};
use kedge_model::quantity::{Amount, Ppm, Price, Size};
use solana_keypair::Keypair;
use solana_message::{VersionedMessage, v0};
use solana_pubkey::Pubkey;
use solana_rpc_client_api::config::RpcSendTransactionConfig;
use solana_signer::Signer;
use solana_transaction::versioned::VersionedTransaction;

pub const DOLLAR: u64 = 1_000_000;
const LAMPORTS: u64 = 20_000_000_000;
static STAGES: AtomicU32 = AtomicU32::new(0);
/// A market of the stage; sizes and prices in the exchange's units but for the depth, which is in coins.
struct Listing {
    name: &'static [u8],
    feed: [u8; 32],
    dollars: u64,
    depth: u64,
    step: u64,
    tick: u64,
    min_order: u64,
}

const MARKETS: [Listing; 2] = [
    Listing {
        name: b"SOL-PERP",
        feed: [1; 32],
        dollars: 180,
        depth: 1_000_000,
        step: 10_000_000,
        tick: 10_000,
        min_order: 100_000_000,
    },
    Listing {
        name: b"BTC-PERP",
        feed: [2; 32],
        dollars: 98_765,
        depth: 4_000,
        step: 100_000,
        tick: 100_000,
        min_order: 1_000_000,
    },
];

/// Everything that a session needs; dropping it stops the chain.
pub struct Stage {
    pub localnet: Arc<Localnet>,
    /// Folder of the wallets.
    pub folder: PathBuf,
    /// The collateral, which `admin.json` in the folder may mint.
    pub mint: Pubkey,
    prices: Prices,
}

impl Stage {
    /// Starts the chain and lists everything.
    pub fn start() -> Self {
        let admin = Keypair::new();
        let stage = Self::bare(&admin);
        stage.list(&admin);
        stage
    }

    /// Starts the chain with the program on it and a mint of the admin's, and nothing listed.
    pub fn bare(admin: &Keypair) -> Self {
        let package = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR");
        let mut above = Path::new(&package).ancestors();
        let elf = above.find_map(|folder| std::fs::read(folder.join("target/deploy/kedge.so")).ok());
        let elf = elf.expect("target/deploy/kedge.so is missing: run `make program`");
        let config = LocalnetConfig { slot_time: Duration::from_millis(100), ..LocalnetConfig::default() };
        let localnet = Arc::new(Localnet::start(config).expect("the local chain starts"));
        localnet.deploy(PROGRAM_ID, &elf).expect("the chain takes the program");
        // Tests of one binary run side by side.
        let number = STAGES.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("kedge-commands-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder for the wallets");
        let mint = Keypair::new().pubkey();
        localnet.create_mint(mint, 6, admin.pubkey()).unwrap();
        let prices = Prices::start(Arc::clone(&localnet));
        Self { localnet, folder, mint, prices }
    }

    fn list(&self, admin: &Keypair) {
        let admin = Arc::new(admin.insecure_clone());
        let key = admin.pubkey();
        self.write("admin", &admin);
        self.localnet.airdrop(key, LAMPORTS).unwrap();
        let source = self.localnet.set_token_account(key, self.mint, 10_000_000 * DOLLAR).unwrap();
        let client = Client::new(self.localnet.rpc_url(), Arc::clone(&admin) as SharedSigner);
        let config = SendConfig {
            compute: ComputeLimit::Fixed(1_000_000),
            priority: PriorityFee::None,
            poll: Duration::from_millis(20),
            ..SendConfig::default()
        };
        let sender = Sender::new(client, config);
        let (bank, vault) = (address::bank(0), address::vault(0));
        let mut steps: Vec<Instruction> = vec![
            Initialize { admin: key, pauser: key.to_bytes() }.into(),
            ListBank { admin: key, bank, mint: self.mint, vault, params: bank_params() }.into(),
        ];
        for (index, market) in (0u16..).zip(&MARKETS) {
            let at = address::market(index);
            steps.push(ListMarket { admin: key, market: at, params: market_params(market) }.into());
            for kind in [PoolKind::Amm, PoolKind::Insurance] {
                let amount = 1_000_000 * DOLLAR;
                steps.push(FundPool { payer: key, bank, market: at, source, vault, kind: kind as u8, amount }.into());
            }
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        for step in steps {
            runtime.block_on(sender.send(&[step], &[])).expect("the listing");
        }
        // Markets open on fresh prices.
        let oracles = MARKETS.iter().map(|market| feed(&PUSH_ORACLE, 0, &market.feed)).collect();
        let mut opening: Vec<Instruction> = vec![RefreshPrices { markets: vec![0, 1], banks: vec![0], oracles }.into()];
        let status = MarketStatus::Active as u8;
        opening
            .extend((0..2).map(|index| SetMarketStatus { signer: key, market: address::market(index), status }.into()));
        runtime.block_on(sender.send(&opening, &[])).expect("the opening");
    }

    /// A wallet with SOL and dollars; the path of its keypair file.
    pub fn wallet(&self, name: &str, dollars: u64) -> (PathBuf, Pubkey) {
        let keypair = Keypair::new();
        let owner = keypair.pubkey();
        self.localnet.airdrop(owner, LAMPORTS).unwrap();
        self.localnet.set_token_account(owner, self.mint, dollars * DOLLAR).unwrap();
        (self.write(name, &keypair), owner)
    }

    fn write(&self, name: &str, keypair: &Keypair) -> PathBuf {
        let file = self.folder.join(format!("{name}.json"));
        std::fs::write(&file, serde_json::to_string(&keypair.to_bytes().to_vec()).unwrap()).unwrap();
        file
    }

    /// A wallet with a sub-account 0 that holds so many dollars; the path of its keypair file, and the sub-account.
    pub fn trader(&self, name: &str, dollars: u64) -> (PathBuf, Pubkey) {
        let (file, owner) = self.wallet(name, dollars);
        let sender = self.sender(&file);
        let account = address::sub_account(&owner, 0);
        let from = address::token_account(&owner, &self.mint);
        let open: [Instruction; 3] = [
            CreateTrader::of(owner, owner).into(),
            CreateSubAccount::of(owner, owner, 0, "main", 4).into(),
            Deposit::of(owner, from, account, 0, dollars * DOLLAR).into(),
        ];
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(sender.send(&open, &[])).expect("an account");
        (file, account)
    }

    /// Open orders of a sub-account, as the chain has them.
    pub fn orders(&self, account: Pubkey) -> usize {
        let client = Client::new(self.localnet.rpc_url(), Arc::new(Keypair::new()));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(client.sub_account(account)).expect("the account").open_orders().count()
    }

    fn sender(&self, wallet: &Path) -> Sender {
        let bytes: Vec<u8> = serde_json::from_str(&std::fs::read_to_string(wallet).unwrap()).unwrap();
        let signer: SharedSigner = Arc::new(Keypair::try_from(bytes.as_slice()).unwrap());
        let config = SendConfig {
            compute: ComputeLimit::Fixed(1_000_000),
            priority: PriorityFee::None,
            poll: Duration::from_millis(20),
            ..SendConfig::default()
        };
        Sender::new(Client::new(self.localnet.rpc_url(), signer), config)
    }

    /// Moves a market's oracle.
    pub fn set_price(&self, market: usize, dollars: u64) {
        self.prices.values.lock().unwrap()[market] = dollars;
        // A price counts as newer from the next second on.
        std::thread::sleep(Duration::from_millis(1_300));
    }
}

impl Stage {
    /// Writes no more prices: somebody else does.
    pub fn hush(&self) {
        self.prices.stop.store(true, Ordering::Relaxed);
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// Somebody who fills orders against the book, as keepers do.
pub struct Keeper {
    sender: Sender,
    runtime: tokio::runtime::Runtime,
}

impl Keeper {
    /// A keeper that pays with a wallet of the stage.
    pub fn new(stage: &Stage, wallet: &Path) -> Self {
        let sender = stage.sender(wallet);
        Self { sender, runtime: tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap() }
    }

    /// Charges the funding of a market, at a price that is refreshed in front of it.
    pub fn charge_funding(&self, market: u16) {
        let oracles = vec![feed(&PUSH_ORACLE, 0, &MARKETS[usize::from(market)].feed)];
        let rows = vec![u8::try_from(market).unwrap()];
        let refresh = RefreshPrices { markets: rows, banks: vec![0], oracles };
        let update = UpdateFunding { market: address::market(market) };
        self.runtime.block_on(self.sender.send(&[refresh.into(), update.into()], &[])).expect("the funding");
    }

    /// Sends a transaction that fails on the chain and not before; its signature.
    pub fn send_failing(&self, instructions: &[Instruction]) -> String {
        let client = self.sender.client();
        self.runtime.block_on(async {
            let hash = client.rpc().get_latest_blockhash().await.unwrap();
            let payer = client.payer();
            let message = v0::Message::try_compile(&payer.pubkey(), instructions, &[], hash).unwrap();
            let signed = VersionedTransaction::try_new(VersionedMessage::V0(message), &[payer.as_ref()]).unwrap();
            let config = RpcSendTransactionConfig { skip_preflight: true, ..RpcSendTransactionConfig::default() };
            // The local chain answers with the failure.
            let _ = client.rpc().send_transaction_with_config(&signed, config).await;
            signed.signatures[0].to_string()
        })
    }

    /// Fills the market orders of somebody's first sub-account, waiting for their auctions for up to ten seconds.
    pub fn fill(&self, owner: &Pubkey) {
        self.runtime.block_on(async {
            let client = self.sender.client();
            let taker = address::sub_account(owner, 0);
            let end = Instant::now() + Duration::from_secs(10);
            while Instant::now() < end {
                let account = client.sub_account(taker).await.unwrap();
                let clock = client.clock().await.unwrap();
                let market = |order: &Order| order.kind == OrderKind::Market as u8 && order.is_open();
                let Some((slot, order)) = account.open_orders().find(|(_, order)| market(order)) else { return };
                let everybody = client.all_sub_accounts().await.unwrap();
                let oracle = client.board().await.unwrap().market(order.market).unwrap().price.price;
                let grid = book::Grid { oracle, tick: kedge_model::quantity::Price(1) };
                let wanted = (order.market, order.side(), order.price);
                let (makers, refs) = book::makers_for(&everybody, wanted, grid, &taker, 4, &clock);
                let signer = client.payer_address();
                let at = (order.id, u8::try_from(slot).unwrap());
                let fill = FillOrder::of(signer, address::market(order.market), taker, at, None, &makers, refs);
                // The auction may not have come far enough yet.
                let _ = self.sender.send(&[fill.into()], &[]).await;
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        });
    }
}

impl Keeper {
    /// Runs something while the market orders of somebody's first sub-account are filled.
    pub fn beside<T>(&self, owner: &Pubkey, run: impl FnOnce() -> T) -> T {
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    self.fill(owner);
                    std::thread::sleep(Duration::from_millis(50));
                }
            });
            // Also when what is run fails: the keeper must not be waited for without end.
            let _done = Done(&done);
            run()
        })
    }
}

/// Says that it is over when it is dropped.
struct Done<'a>(&'a AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Writes the Pyth accounts, slot by slot.
struct Prices {
    values: Arc<Mutex<Vec<u64>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Prices {
    fn start(localnet: Arc<Localnet>) -> Self {
        let values = Arc::new(Mutex::new(MARKETS.iter().map(|market| market.dollars).collect::<Vec<u64>>()));
        let stop = Arc::new(AtomicBool::new(false));
        let (shared, stopped) = (Arc::clone(&values), Arc::clone(&stop));
        publish(&localnet, &shared.lock().unwrap());
        let thread = std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                publish(&localnet, &shared.lock().unwrap());
                std::thread::sleep(Duration::from_millis(50));
            }
        });
        Self { values, stop, thread: Some(thread) }
    }
}

impl Drop for Prices {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn publish(localnet: &Localnet, prices: &[u64]) {
    const CLOCK: Pubkey = Pubkey::from_str_const("SysvarC1ock11111111111111111111111111111111");
    let Ok(Some(clock)) = localnet.account(CLOCK) else { return };
    let field = |at: usize| -> [u8; 8] { clock.data[at..at + 8].try_into().unwrap() };
    let (slot, time) = (u64::from_le_bytes(field(0)), i64::from_le_bytes(field(32)));
    for (market, dollars) in MARKETS.iter().zip(prices) {
        // A fully verified `PriceUpdateV2` at an exponent of -8, confident to a hundredth of a percent.
        let price = i64::try_from(dollars * 100_000_000).unwrap();
        let confidence = u64::try_from(price / 10_000).unwrap();
        let mut data = vec![0x22, 0xf1, 0x23, 0x63, 0x9d, 0x7e, 0xf4, 0xcd];
        data.extend(PUSH_ORACLE.as_ref());
        data.push(1);
        data.extend(market.feed);
        data.extend(price.to_le_bytes());
        data.extend(confidence.to_le_bytes());
        data.extend((-8i32).to_le_bytes());
        data.extend(time.to_le_bytes());
        data.extend((time - 1).to_le_bytes());
        data.extend(price.to_le_bytes());
        data.extend(confidence.to_le_bytes());
        data.extend(slot.to_le_bytes());
        data.resize(134, 0);
        let _ = localnet.set_account(feed(&PUSH_ORACLE, 0, &market.feed), 0, RECEIVER, data);
    }
}

fn row(kind: SourceKind, key: [u8; 32]) -> RowParams {
    let mut sources = [PriceSource::default(); 4];
    sources[0] = PriceSource { key, kind: kind as u8, ..PriceSource::default() };
    RowParams {
        sources,
        quorum: 1,
        max_confidence: Ppm(20_000),
        max_age: 30,
        jump_limit: Ppm(50_000),
        ..RowParams::default()
    }
}

fn bank_params() -> BankParams {
    BankParams {
        row: row(SourceKind::Fixed, [0; 32]),
        deposit_cap: Amount(1_000_000_000 * DOLLAR),
        initial_weight: Ppm(1_000_000),
        maintenance_weight: Ppm(1_000_000),
        ..BankParams::default()
    }
}

fn market_params(market: &Listing) -> MarketParams {
    let mut name = [0; 16];
    name[..market.name.len()].copy_from_slice(market.name);
    let depth = market.depth * 1_000_000_000;
    MarketParams {
        name,
        row: row(SourceKind::PythPull, market.feed),
        amm: AmmParams {
            sqrt_k: Size(depth),
            peg: Price(market.dollars * DOLLAR),
            inventory_limit: Size(depth / 50),
            concentration: 1_200_000,
            // Wider than the makers of these tests, who are asked first.
            base_spread: Ppm(4_000),
            max_spread: Ppm(20_000),
            inventory_spread: Ppm(1_500),
            max_fill_fraction: 2_000,
            margin: Ppm(100_000),
            update_budget: Ppm(500_000),
            flat_share: Ppm(20_000),
            ..AmmParams::default()
        },
        initial_margin: Ppm(66_667),
        maintenance_margin: Ppm(33_000),
        size_premium: 2,
        funding_cap: Ppm(1_000),
        price_band: Ppm(50_000),
        liquidator_fee: Ppm(5_000),
        liquidator_fee_small: Ppm(10_000),
        insurance_fee: Ppm(5_000),
        liquidation_buffer: Ppm(2_500),
        small_position: Amount(2_000 * DOLLAR),
        min_order: Size(market.min_order),
        step: Size(market.step),
        tick: Price(market.tick),
        max_open_interest: Size(depth / 10),
        max_position: Size(depth / 10),
        insurance_cap: Amount(20_000 * DOLLAR),
        ..MarketParams::default()
    }
}
