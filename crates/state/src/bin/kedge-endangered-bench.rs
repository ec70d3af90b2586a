//! Times the index of endangered accounts on a million synthetic sub-accounts, against its targets.
//!
//! Usage: `kedge-endangered-bench [ACCOUNTS]`. The accounts and prices are the same in every run.

use std::time::{Duration, Instant};

use kedge_model::account::board::{PriceBoard, PriceRow};
use kedge_model::account::pocket::Pocket;
use kedge_model::account::position::{Position, status};
use kedge_model::account::sub_account::SubAccount;
use kedge_model::clock::Clock;
use kedge_model::quantity::{Amount, Base, Ppm, Price, Quote, Size};
use kedge_model::rule::margin::{self, MarginKind};
use kedge_state::endangered::{Endangered, scan};

const ACCOUNTS: usize = 1_000_000;
const MARKETS: usize = 20;
const CLOCK: Clock = Clock { slot: 1, unix_time: 1_700_000_000 };

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

fn row(price: u64) -> PriceRow {
    PriceRow {
        price: Price(price),
        twap_5m: Price(price),
        twap_1h: Price(price),
        publish_time: CLOCK.unix_time,
        quorum: 1,
        source_count: 1,
        max_age: 30,
        jump_limit: Ppm(50_000),
        ..PriceRow::default()
    }
}

/// Twenty markets at prices from 0.01 to 100,000: five of 20 times leverage, the rest of 10; a dollar and a coin as
/// collateral.
fn board(random: &mut Random) -> PriceBoard {
    let mut board = PriceBoard { version: PriceBoard::VERSION, ..PriceBoard::default() };
    for (index, market) in board.markets[..MARKETS].iter_mut().enumerate() {
        market.price = row(10_000 * [1, 100, 10_000, 1_000_000, 10_000_000][index % 5] + random.below(10_000));
        let maintenance = if index < 5 { 25_000 } else { 50_000 };
        (market.maintenance_margin, market.initial_margin) = (Ppm(maintenance), Ppm(2 * maintenance));
        market.size_premium = 20;
        market.listed = 1;
    }
    for (bank, (price, decimals, weight)) in
        board.banks.iter_mut().zip([(1_000_000, 6, 1_000_000), (180_000_000, 9, 900_000)])
    {
        bank.price = row(price);
        (bank.decimals, bank.listed) = (decimals, 1);
        (bank.maintenance_weight, bank.initial_weight) = (Ppm(weight), Ppm(weight - 100_000));
    }
    board
}

/// One to four positions in different markets, half of all in the first five; leverage 1 to 3 for two in five accounts,
/// to 8 for as many, above for the rest; profits and losses since; every fifth with an open order, every tenth with the
/// coin as collateral. Accounts below maintenance are drawn again.
fn account(random: &mut Random, board: &PriceBoard) -> SubAccount {
    loop {
        let mut account = SubAccount { version: SubAccount::VERSION, ..SubAccount::default() };
        let mut notional = 0u64;
        for slot in 0..=[0, 0, 0, 0, 1, 1, 1, 2, 2, 3][random.below(10) as usize] {
            let end = if random.below(2) == 0 { 5 } else { MARKETS as u64 };
            let market = random.below(end) as u16;
            if account.position(market).is_ok() {
                continue;
            }
            let price = board.markets[usize::from(market)].price.price;
            // 100 to 100,000 in quote, small ones more often.
            let value = 100_000_000 * 10u64.pow(random.below(3) as u32) + random.below(1_000_000_000);
            let size = (u128::from(value) * 1_000_000_000 / u128::from(price.0)) as i64;
            let base = Base(if random.below(2) == 0 { size } else { -size });
            let moved = (value / 1_000) as i64 * (random.below(101) as i64 - 50);
            let open = random.below(5) == 0;
            account.positions[slot] = Position {
                base,
                quote: Quote(if base.0 > 0 { -(value as i64) } else { value as i64 } + moved),
                open_bids: Size(if open { size as u64 / 2 } else { 0 }),
                open_orders: u8::from(open),
                market,
                status: status::USED,
                ..Position::default()
            };
            account.open_orders += u8::from(open);
            notional += value;
        }
        let tenths = match random.below(10) {
            0..=3 => 10 + random.below(20),
            4..=7 => 30 + random.below(50),
            _ => 80 + random.below(120),
        };
        let collateral = notional * 10 / tenths;
        let coin = random.below(10) == 0;
        let credited = if coin {
            account.credit(1, Amount(collateral * 1_000 / 180))
        } else {
            account.credit(0, Amount(collateral))
        };
        credited.expect("an empty account has room for a balance");
        let purpose = kedge_model::account::board::Purpose::Liquidate;
        let opened = margin::margin_of(&account, Pocket::Cross, board, MarginKind::Maintenance, purpose, &CLOCK);
        if opened.expect("rows are fresh").is_met() {
            return account;
        }
    }
}

fn timed<T>(run: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let result = run();
    (start.elapsed(), result)
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

fn report(what: &str, took: Duration, target: Option<f64>, note: &str) -> bool {
    let met = target.is_none_or(|target| ms(took) < target);
    let target = target.map_or(String::from("-"), |target| format!("{target:.0}"));
    println!("{what:<44} {:>10.2} {target:>10}  {:<6} {note}", ms(took), if met { "ok" } else { "MISSED" });
    met
}

fn main() -> std::process::ExitCode {
    let count = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(ACCOUNTS);
    let mut random = Random(1);
    let mut board = board(&mut random);
    let accounts: Vec<SubAccount> = (0..count).map(|_| account(&mut random, &board)).collect();
    let positions: usize =
        accounts.iter().map(|account| account.positions.iter().filter(|p| p.is_used()).count()).sum();
    println!("{count} accounts, {positions} positions in {MARKETS} markets\n");
    println!("{:<44} {:>10} {:>10}", "", "ms", "target");

    let (took, mut index) = timed(|| {
        let mut index = Endangered::new(&board);
        for (number, account) in (0..).zip(&accounts) {
            index.update(number, account);
        }
        index
    });
    let mut met = report("build", took, None, "one thread");
    let lookup = |number: u32| accounts.get(number as usize);

    let mut ticks = Vec::new();
    for market in 0..MARKETS {
        let price = board.markets[market].price.price;
        for moved in [99, 100, 101, 100] {
            board.markets[market].price.price = Price(price.0 * moved / 100);
            let (took, tick) = timed(|| index.tick(&board, lookup));
            // The way back recomputes hardly any account: only the ways out count.
            if moved != 100 {
                ticks.push((took, tick.looked_at));
            }
        }
    }
    ticks.sort_unstable();
    let note = |looked_at: usize| format!("{looked_at} looked at, one thread");
    let (median, worst) = (ticks[ticks.len() / 2], ticks[ticks.len() - 1]);
    met &= report("1 % tick of one market, median of 40", median.0, Some(5.0), &note(median.1));
    met &= report("1 % tick of one market, worst of 40", worst.0, Some(5.0), &note(worst.1));

    let still = timed(|| index.tick(&board, lookup));
    met &= report("tick without a move", still.0, Some(5.0), &note(still.1.looked_at));
    let prices = board.markets.map(|row| row.price.price);
    for (what, moved) in [("1 % fall of all markets", 99), ("the way back", 100)] {
        for (row, price) in board.markets.iter_mut().zip(prices) {
            row.price.price = Price(price.0 * moved / 100);
        }
        let (took, tick) = timed(|| index.tick(&board, lookup));
        met &= report(what, took, None, &note(tick.looked_at));
        let (took, scanned) = timed(|| scan(&accounts, &board, &CLOCK, 2));
        met &= report("full scan", took, Some(500.0), "two threads");
        let (took, cases) = timed(|| index.cases(&board, &CLOCK, lookup));
        met &= report("judgement of the watched", took, None, &format!("{} pockets", cases.len()));
        if cases != scanned {
            println!("the index found {} pockets, the scan {}", cases.len(), scanned.len());
            met = false;
        }
    }

    let (own, each) = (index.bytes() / count.max(1), size_of::<SubAccount>());
    println!("\nbytes an account: {each} of its own, {own} of the index");
    println!("all: {:.2} GB, target 4 GB", (count * each + index.bytes()) as f64 / 1e9);
    if met { std::process::ExitCode::SUCCESS } else { std::process::ExitCode::FAILURE }
}
