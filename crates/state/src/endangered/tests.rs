//! For random prices and accounts the index finds exactly the accounts that a judgement of every account finds.

use kedge_model::account::board::{DELISTED, PriceRow, RowState};
use kedge_model::account::position::{Position, status as alone};
use kedge_model::account::sub_account::status;
use kedge_model::quantity::{Amount, Base, FundingIndex, Ppm, Price, Quote, Size};

use super::*;

const MARKETS: u16 = 6;
const BANKS: u16 = 3;

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// A signed amount up to `size` either way.
    fn around(&mut self, size: u64) -> i64 {
        i64::try_from(self.below(2 * size + 1)).unwrap() - i64::try_from(size).unwrap()
    }
}

fn row(price: u64, clock: &Clock) -> PriceRow {
    PriceRow {
        price: Price(price),
        twap_5m: Price(price),
        twap_1h: Price(price),
        publish_time: clock.unix_time,
        quorum: 1,
        source_count: 1,
        max_age: 30,
        jump_limit: Ppm(50_000),
        ..PriceRow::default()
    }
}

fn board(random: &mut Random, clock: &Clock) -> PriceBoard {
    let mut board = PriceBoard { version: PriceBoard::VERSION, ..PriceBoard::default() };
    for market in &mut board.markets[..usize::from(MARKETS)] {
        let scale = 5 + u32::try_from(random.below(6)).unwrap();
        market.price = row(10_000 + random.below(10u64.pow(scale)), clock);
        market.maintenance_margin = Ppm(5_000 + u32::try_from(random.below(60_000)).unwrap());
        market.initial_margin = Ppm(2 * market.maintenance_margin.0);
        market.size_premium = if random.once_in(2) { 0 } else { u32::try_from(random.below(300)).unwrap() };
        market.listed = 1;
    }
    for (index, bank) in board.banks[..usize::from(BANKS)].iter_mut().enumerate() {
        bank.price = row(if index == 0 { 1_000_000 } else { 1_000_000 + random.below(200_000_000) }, clock);
        bank.decimals = [6, 9, 8][index];
        bank.maintenance_weight = Ppm([1_000_000, 900_000, 750_000][index]);
        bank.initial_weight = Ppm([1_000_000, 800_000, 700_000][index]);
        bank.listed = 1;
    }
    board
}

/// An account whose collateral is a part of its requirement up to several times of it.
fn account(random: &mut Random, board: &PriceBoard) -> SubAccount {
    let mut account = SubAccount { version: SubAccount::VERSION, ..SubAccount::default() };
    let mut cross_need = 0;
    let count = usize::try_from(random.below(5)).unwrap();
    let first = u16::try_from(random.below(u64::from(MARKETS))).unwrap();
    for (market, slot) in (0..MARKETS).map(|step| (first + step) % MARKETS).zip(0..count) {
        let row = &board.markets[usize::from(market)];
        let price = row.price.price.0.max(1);
        // From a tenth of a quote token to a million.
        let value = 100_000 * 10u64.pow(u32::try_from(random.below(7)).unwrap()) + random.below(100_000);
        let size = (u128::from(value) * 1_000_000_000 / u128::from(price)).clamp(1, 1 << 50) as i64;
        let base = Base(if random.once_in(2) { size } else { -size });
        let traded = base.value(row.price.price, kedge_model::num::Rounding::Down).unwrap_or_default();
        let mut position = Position {
            base,
            quote: Quote(-traded.0 + random.around(value / 50)),
            funding_index: row.funding(base),
            market,
            status: alone::USED,
            custom_margin: Ppm(if random.once_in(4) { 200_000 } else { 0 }),
            ..Position::default()
        };
        if random.once_in(5) {
            position.open_bids = Size(random.below(3 * size.unsigned_abs() + 1));
            position.open_asks = Size(random.below(3 * size.unsigned_abs() + 1));
            position.open_orders = 1;
            account.open_orders += 1;
        }
        let need = value * u64::from(row.maintenance_margin.0) / 1_000_000 * (50 + random.below(400)) / 100;
        match random.below(12) {
            0..=2 => {
                position.status |= alone::ISOLATED;
                position.isolated = Amount(need);
                account.status |= status::HAS_ISOLATED;
                if random.once_in(10) {
                    position.status |= alone::BEING_LIQUIDATED;
                }
            }
            3 => {
                // Only a claim or a debt.
                position.base = Base::ZERO;
                position.quote = Quote(random.around(value));
            }
            _ => cross_need += need,
        }
        account.positions[slot] = position;
    }
    for bank in 0..BANKS {
        if bank == 0 || random.once_in(3) {
            let row = &board.banks[usize::from(bank)];
            let unit = 10u128.pow(u32::from(row.decimals));
            let tokens = u128::from(cross_need) * unit / u128::from(row.price.price.0.max(1));
            let tokens = tokens * u128::from(random.below(120)) / 100;
            if tokens > 0 {
                account.credit(bank, Amount(tokens.min(1 << 60) as u64)).unwrap();
            }
        }
    }
    if random.once_in(25) {
        account.status |= if random.once_in(2) { status::BEING_LIQUIDATED } else { status::BANKRUPT };
    }
    account
}

/// Moves one price, mostly a little, sometimes a lot, and gives the row a random state.
fn move_price(random: &mut Random, row: &mut PriceRow, clock: &Clock) {
    let reach = match random.below(40) {
        0 => 300_000,
        1..=3 => 30_000,
        _ => 2_500,
    };
    let moved = i128::from(row.price.0) * i128::from(1_000_000 + random.around(reach)) / 1_000_000;
    row.price = Price(u64::try_from(moved.max(1)).unwrap());
    row.confidence = Price(row.price.0 / 1_000);
    row.publish_time = clock.unix_time;
    if random.once_in(3) {
        row.twap_5m = Price(u64::midpoint(row.twap_5m.0, row.price.0).max(1));
    }
    row.state = match random.below(30) {
        0 => RowState::Halted,
        1 => RowState::Stale,
        2..=5 => RowState::Jump,
        6 => RowState::Degraded,
        _ => RowState::Normal,
    } as u8;
}

fn step(random: &mut Random, board: &mut PriceBoard, clock: &mut Clock) {
    clock.unix_time += i64::try_from(random.below(4)).unwrap();
    // Some rows become stale or invalid.
    if random.once_in(100) {
        clock.unix_time += 2_000;
    }
    let (markets, banks) = (usize::from(MARKETS), usize::from(BANKS));
    for market in &mut board.markets[..markets] {
        if random.once_in(3) {
            move_price(random, &mut market.price, clock);
        }
        if random.once_in(15) {
            let hour = market.price.price.0 as i64 / 1_000 * random.around(1_000);
            market.funding_long = FundingIndex(market.funding_long.0 + hour);
            market.funding_short = FundingIndex(market.funding_short.0 + hour / 2);
        }
        match random.below(400) {
            0 => market.maintenance_margin = Ppm(5_000 + u32::try_from(random.below(60_000)).unwrap()),
            1 => market.size_premium = u32::try_from(random.below(300)).unwrap(),
            2 => market.listed = [0, DELISTED][usize::from(random.once_in(2))],
            3 => market.price.price = Price::ZERO,
            4..=60 => {
                market.listed = 1;
                if market.price.price.is_zero() {
                    market.price.price = market.price.twap_1h;
                }
            }
            _ => {}
        }
    }
    for bank in &mut board.banks[..banks] {
        if random.once_in(6) {
            move_price(random, &mut bank.price, clock);
        }
        match random.below(400) {
            0 => bank.maintenance_weight = Ppm(500_000 + u32::try_from(random.below(500_001)).unwrap()),
            1 => bank.listed = 0,
            2..=80 => bank.listed = 1,
            _ => {}
        }
    }
}

#[test]
fn the_index_finds_what_a_full_scan_finds() {
    let (mut found, mut looked_at, mut all, mut appeared, mut unhurt) = (0, 0, 0, 0, 0);
    for seed in 0..6 {
        let mut random = Random(seed);
        let mut clock = Clock { slot: 1, unix_time: 1_700_000_000 };
        let mut board = board(&mut random, &clock);
        let mut accounts: Vec<SubAccount> = (0..400).map(|_| account(&mut random, &board)).collect();
        let mut index = Endangered::new(&board);
        for (number, account) in (0..).zip(&accounts) {
            index.update(number, account);
        }
        let mut last = Vec::new();
        for tick in 0..300 {
            step(&mut random, &mut board, &mut clock);
            // Accounts change before and after the prices do.
            let number = u32::try_from(random.below(400)).unwrap();
            accounts[number as usize] = account(&mut random, &board);
            if random.once_in(2) {
                index.update(number, &accounts[number as usize]);
                looked_at += index.tick(&board, |number| accounts.get(number as usize)).looked_at;
            } else {
                looked_at += index.tick(&board, |number| accounts.get(number as usize)).looked_at;
                index.update(number, &accounts[number as usize]);
            }
            all += accounts.len();
            let cases = index.cases(&board, &clock, |number| accounts.get(number as usize));
            let scanned = scan(&accounts, &board, &clock, 2);
            assert_eq!(cases, scanned, "seed {seed}, tick {tick}");
            found += cases.len();
            unhurt += usize::from(cases.len() < accounts.len() / 2);
            appeared += cases.iter().filter(|case| !last.contains(&(case.number, case.pocket))).count();
            last = cases.iter().map(|case| (case.number, case.pocket)).collect();
        }
    }
    // The comparison had substance: many cases came and went, and most accounts were not judged again.
    assert!(found > 5_000 && appeared > 1_500 && unhurt > 500, "{found} {appeared} {unhurt}");
    assert!(looked_at < all * 3 / 4, "{looked_at} of {all}");
}

/// A long of 10 at 200 with 250 of collateral and 5 % of maintenance: it fails below 184.21.
fn one_long() -> (PriceBoard, SubAccount, Clock) {
    let clock = Clock { slot: 1, unix_time: 1_700_000_000 };
    let mut board = board(&mut Random(0), &clock);
    board.markets[0].price = row(200_000_000, &clock);
    board.markets[0].size_premium = 0;
    board.markets[0].maintenance_margin = Ppm(50_000);
    let mut account = SubAccount { version: SubAccount::VERSION, ..SubAccount::default() };
    account.credit(0, Amount(250_000_000)).unwrap();
    account.positions[0] = Position {
        base: Base(10_000_000_000),
        quote: Quote(-2_000_000_000),
        status: alone::USED,
        ..Position::default()
    };
    (board, account, clock)
}

/// A row that fell by two thirds within minutes counts at more in a jump, and no longer once it is too old.
#[test]
fn age_endangers_nobody_unseen() {
    let (mut board, account, clock) = one_long();
    let jump = RowState::Jump as u8;
    board.markets[0].price.state = jump;
    let mut index = Endangered::new(&board);
    index.update(0, &account);
    // The five-minute average is 200, the jump limit a twentieth.
    board.markets[0].price.price = Price(60_000_000);
    for (age, endangered) in [(0, 0), (61, 1)] {
        let later = Clock { unix_time: clock.unix_time + age, ..clock };
        let _ = index.tick(&board, |_| Some(&account));
        let cases = index.cases(&board, &later, |_| Some(&account));
        assert_eq!(cases, scan(std::slice::from_ref(&account), &board, &later, 1), "{age}");
        assert_eq!(cases.len(), endangered, "{age}");
    }
}

#[test]
fn a_tick_inside_the_bounds_looks_at_nobody() {
    let (mut board, account, clock) = one_long();
    let mut index = Endangered::new(&board);
    index.update(0, &account);
    let lookup = |number| [&account].get(number as usize).copied();
    for (price, looked_at, cases) in [
        (230_000_000, 0, 0),
        (195_000_000, 0, 0),
        (185_000_000, 1, 0),
        (184_200_000, 1, 1),
        // It is watched until it has recovered.
        (190_000_000, 1, 0),
        (190_000_000, 0, 0),
    ] {
        board.markets[0].price.price = Price(price);
        assert_eq!(index.tick(&board, lookup).looked_at, looked_at, "at {price}");
        assert_eq!(index.cases(&board, &clock, lookup).len(), cases, "at {price}");
    }
}

#[test]
fn funding_and_terms_release_who_they_may_hurt() {
    let (mut board, account, _) = one_long();
    let mut index = Endangered::new(&board);
    index.update(0, &account);
    let lookup = |number| [&account].get(number as usize).copied();
    // A thousandth of the price a step: the eighth of 150 lasts for nine.
    for hour in 1..=10 {
        board.markets[0].funding_long = FundingIndex(hour * 200_000_000);
        assert_eq!(index.tick(&board, lookup).looked_at, usize::from(hour == 10), "in hour {hour}");
    }
    board.markets[0].maintenance_margin = Ppm(200_000);
    assert_eq!(index.tick(&board, lookup), Tick { looked_at: 1, watched: 1 });
    index.remove(0);
    assert_eq!(index.tick(&board, lookup), Tick { looked_at: 0, watched: 0 });
}
