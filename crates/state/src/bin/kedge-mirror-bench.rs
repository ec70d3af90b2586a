//! Times the mirror of the exchange on a million synthetic sub-accounts, against its targets, and a cold start over HTTP.
//!
//! Usage: `kedge-mirror-bench [ACCOUNTS] [COLD]`. The accounts are the same in every run. The cold start asks a server in
//! this process for all accounts as a validator would answer, over JSON-RPC on loopback.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use kedge_client::{Client, SharedSigner};
use kedge_interface::account::{AccountKind, SubAccountData};
use kedge_model::account::board::{PriceBoard, PriceRow};
use kedge_model::account::exchange::Exchange;
use kedge_model::account::market::Market;
use kedge_model::account::order::{Order, OrderKind, RawLimit, STATUS_OPEN};
use kedge_model::account::position::{Position, status};
use kedge_model::account::sub_account::SubAccount;
use kedge_model::clock::Clock;
use kedge_model::quantity::{Amount, Base, Ppm, Price, Quote, Size};
use kedge_state::mirror::{Event, Mirror};
use kedge_state::{Account, World};
use solana_keypair::Keypair;
use solana_pubkey::Pubkey;

const ACCOUNTS: usize = 1_000_000;
const COLD: usize = 100_000;
const UPDATES: usize = 200_000;
const MARKETS: u16 = 20;
const CLOCK: Clock = Clock { slot: 1_000, unix_time: 1_700_000_000 };
const PRICE: u64 = 100_000_000;

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}

fn board() -> Box<PriceBoard> {
    let mut board = Box::new(PriceBoard { version: PriceBoard::VERSION, ..PriceBoard::default() });
    let row = PriceRow {
        price: Price(PRICE),
        twap_5m: Price(PRICE),
        twap_1h: Price(PRICE),
        publish_time: CLOCK.unix_time,
        quorum: 1,
        source_count: 1,
        max_age: 30,
        jump_limit: Ppm(50_000),
        ..PriceRow::default()
    };
    for market in &mut board.markets[..usize::from(MARKETS)] {
        (market.price, market.listed) = (row, 1);
        (market.maintenance_margin, market.initial_margin) = (Ppm(50_000), Ppm(100_000));
    }
    let bank = &mut board.banks[0];
    (bank.price, bank.decimals, bank.listed) = (PriceRow { price: Price(1_000_000), ..row }, 6, 1);
    (bank.maintenance_weight, bank.initial_weight) = (Ppm(1_000_000), Ppm(1_000_000));
    board
}

/// One account of three has a position, or two; one of twenty has orders.
fn account(random: &mut Random, seq: &mut u64) -> SubAccountData {
    let mut head = SubAccount { version: SubAccount::VERSION, ..SubAccount::default() };
    head.credit(0, Amount(1_000_000_000 + random.below(1_000_000_000))).expect("a balance");
    let mut orders = Vec::new();
    let first = random.below(MARKETS.into()) as u16;
    for index in 0..if random.below(3) == 0 { 1 + random.below(2) as u16 } else { 0 } {
        let base = random.below(20_000_000_000) as i64 - 10_000_000_000;
        head.positions[usize::from(index)] = Position {
            market: (first + index) % MARKETS,
            status: status::USED,
            base: Base(base),
            quote: Quote(-base / 10),
            ..Position::default()
        };
    }
    if random.below(20) == 0 {
        for _ in 0..1 + random.below(4) {
            *seq += 1;
            let buys = random.below(2) == 0;
            let away = 1_000 * (1 + random.below(500));
            orders.push(Order {
                seq: *seq,
                id: *seq as u32,
                market: first,
                status: STATUS_OPEN,
                kind: OrderKind::Limit as u8,
                side: u8::from(!buys),
                size: Size(1_000_000_000),
                price: RawLimit::price(Price(if buys { PRICE - away } else { PRICE + away })),
                ..Order::default()
            });
        }
    }
    SubAccountData { head, orders }
}

fn address(index: usize) -> Pubkey {
    let mut bytes = [7; 32];
    // Addresses are as evenly spread as hashes.
    bytes[..8].copy_from_slice(&(index as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes());
    Pubkey::new_from_array(bytes)
}

fn empty() -> World {
    let mut world = World::new(CLOCK, Exchange::new(1, [1; 32], [2; 32]).expect("an exchange"), board());
    world.markets = (0..MARKETS).map(|index| Market { index, tick: Price(1_000), ..Market::default() }).collect();
    world
}

/// Resident memory of this process, bytes.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    text.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * 4_096
}

fn percentile(times: &[u64], part: f64) -> f64 {
    times[((times.len() - 1) as f64 * part) as usize] as f64 / 1_000.0
}

/// The account's bytes on chain.
fn bytes(data: &SubAccountData) -> Vec<u8> {
    let mut bytes = SubAccount::DISCRIMINATOR.to_vec();
    bytes.extend_from_slice(bytemuck::bytes_of(&data.head));
    bytes.extend_from_slice(bytemuck::cast_slice(&data.orders));
    bytes
}

fn mirror(count: usize) {
    let mut random = Random(1);
    let mut seq = 0;
    let before = resident();
    let mut world = empty();
    for index in 0..count {
        world.accounts.insert(address(index), Account::from(account(&mut random, &mut seq)));
    }
    let started = Instant::now();
    let mut mirror = Mirror::new(world);
    let built = started.elapsed();
    let held = resident() - before;
    println!("{count} sub-accounts: books and index built in {:.2} s", built.as_secs_f64());
    println!(
        "held in {:.2} GB of resident memory, {} bytes an account (target 4 GB)",
        held as f64 / 1e9,
        held / count as u64
    );

    // Bytes of the chain are decoded and stored; books, sums and index follow.
    let changes: Vec<(Pubkey, Vec<u8>)> = (0..UPDATES)
        .map(|_| (address(random.below(count as u64) as usize), bytes(&account(&mut random, &mut seq))))
        .collect();
    let mut times = Vec::with_capacity(UPDATES);
    let mut slot = CLOCK.slot;
    let mut looks = Duration::ZERO;
    let looked = Instant::now();
    for (part, changes) in changes.chunks(1_000).enumerate() {
        slot += 1;
        for (address, bytes) in changes {
            let started = Instant::now();
            let event = Event::account(slot, 0, *address, Some(bytes)).expect("a sub-account");
            mirror.apply(event);
            times.push(started.elapsed().as_nanos() as u64);
        }
        let mut rest = empty();
        rest.clock.slot = slot;
        rest.board.markets[part % usize::from(MARKETS)].price.price = Price(PRICE + part as u64 * 1_000);
        rest.fresh = rest.board.clone();
        let started = Instant::now();
        mirror.refresh(rest);
        looks += started.elapsed();
    }
    let all = looked.elapsed();
    times.sort_unstable();
    let mean = times.iter().sum::<u64>() as f64 / times.len() as f64 / 1_000.0;
    println!(
        "an update: mean {mean:.2} us, p50 {:.2}, p99 {:.2} (target 5); a look after 1,000 of them, index included: {:.2} ms",
        percentile(&times, 0.5),
        percentile(&times, 0.99),
        looks.as_secs_f64() * 1e3 / (UPDATES / 1_000) as f64
    );
    println!("{:.2} us for each update with its share of the look", all.as_secs_f64() * 1e6 / UPDATES as f64);
    println!(
        "books {:016x}, {} watched",
        mirror.world().books().hash(),
        mirror.world().watched.as_ref().map_or(0, |w| w.len())
    );
}

/// Answers one connection as a validator would.
fn answer(mut stream: TcpStream, accounts: &str) -> std::io::Result<()> {
    let mut request = Vec::new();
    let mut part = [0; 4_096];
    loop {
        let read = stream.read(&mut part)?;
        if read == 0 {
            return Ok(());
        }
        request.extend_from_slice(&part[..read]);
        let text = String::from_utf8_lossy(&request);
        let Some(end) = text.find("\r\n\r\n") else { continue };
        let length: usize = text
            .to_ascii_lowercase()
            .lines()
            .find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok())
            .unwrap_or(0);
        if request.len() < end + 4 + length {
            continue;
        }
        request.clear();
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", accounts.len());
        stream.write_all(head.as_bytes())?;
        stream.write_all(accounts.as_bytes())?;
    }
}

fn cold(count: usize) {
    let mut random = Random(2);
    let mut seq = 0;
    let mut text = String::from(r#"{"jsonrpc":"2.0","id":0,"result":{"context":{"slot":1000},"value":["#);
    for index in 0..count {
        let data = BASE64_STANDARD.encode(bytes(&account(&mut random, &mut seq)));
        let comma = if index == 0 { "" } else { "," };
        text += &format!(
            r#"{comma}{{"pubkey":"{}","account":{{"lamports":1,"data":["{data}","base64"],"owner":"{}","executable":false,"rentEpoch":0,"space":0}}}}"#,
            address(index),
            kedge_interface::PROGRAM_ID
        );
    }
    text += "]}}";
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port on loopback");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let (text, size) = (Arc::new(text.clone()), text.len());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let text = Arc::clone(&text);
            // The client closes the connection when it is done.
            std::thread::spawn(move || answer(stream, &text));
        }
    });
    let signer: SharedSigner = Arc::new(Keypair::new());
    let client = Client::new(&url, signer);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let started = Instant::now();
    let found = runtime.block_on(client.all_sub_accounts_at()).expect("all accounts");
    let read = started.elapsed();
    let mut world = empty();
    world.accounts = found.value.found.into_iter().map(|found| (found.address, Account::from(found.data))).collect();
    let mirror = Mirror::new(world);
    println!(
        "cold start with {} accounts over HTTP ({:.0} MB): {:.2} s, of which reading and decoding {:.2} s (target 10)",
        mirror.world().accounts.len(),
        size as f64 / 1e6,
        started.elapsed().as_secs_f64(),
        read.as_secs_f64()
    );
}

fn main() {
    let mut counts = std::env::args().skip(1).map(|text| text.parse::<usize>().expect("a number of accounts"));
    let (count, start) = (counts.next().unwrap_or(ACCOUNTS), counts.next().unwrap_or(COLD));
    mirror(count);
    cold(start);
}
