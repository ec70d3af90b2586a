//! Accounts of a small exchange, built by the model.

use std::collections::BTreeMap;

use kedge_interface::account::{AccountKind, encode_sub_account, name_bytes};
use kedge_interface::address::pyth::{PUSH_ORACLE, RECEIVER, feed};
use kedge_interface::address::{self, BOARD, EXCHANGE, PROGRAM_ID, TOKEN_PROGRAM};
use kedge_interface::pyth::PriceUpdate;
use kedge_model::account::bank::Bank;
use kedge_model::account::board::{OraclePrice, PriceBoard, PriceSource, SourceKind};
use kedge_model::account::exchange::Exchange;
use kedge_model::account::market::{Market, MarketStatus};
use kedge_model::account::order::Order;
use kedge_model::account::sub_account::SubAccount;
use kedge_model::account::trader::Trader;
use kedge_model::action::{AmmParams, BankParams, ListBank, ListMarket, MarketParams, RowParams};
use kedge_model::clock::Clock;
use kedge_model::quantity::{Amount, Ppm, Price, Size};
use kedge_model::time::SlotTime;
use solana_account::Account;
use solana_pubkey::Pubkey;

/// Names of the markets.
pub const NAMES: [&str; 2] = ["SOL-PERP", "BTC-PERP"];
/// Pyth feeds of the markets.
pub const FEEDS: [[u8; 32]; 2] = [[1; 32], [2; 32]];
/// Prices of the markets in millionths of a dollar.
pub const PRICES: [u64; 2] = [200_000_000, 60_000_000_000];
/// Mint of the quote bank.
const MINT: [u8; 32] = [9; 32];
/// Balance of each sub-account in millionths of a dollar.
const DEPOSIT: u64 = 1_000_000_000;
/// Address of the clock sysvar.
const CLOCK: Pubkey = Pubkey::from_str_const("SysvarC1ock11111111111111111111111111111111");
const LOADER: Pubkey = Pubkey::from_str_const("BPFLoaderUpgradeab1e11111111111111111111111");

pub(super) fn accounts(slot: u64, unix_time: i64, owners: &[Pubkey]) -> BTreeMap<Pubkey, Account> {
    let clock = Clock { slot, unix_time };
    let mut exchange = Exchange::new(1, [1; 32], [2; 32]).expect("an exchange");
    let mut board = Box::new(PriceBoard { version: PriceBoard::VERSION, ..PriceBoard::default() });
    let mut bank = Bank::default();
    let vault = address::vault(0).to_bytes();
    ListBank { params: &bank_params(), mint: MINT, vault, decimals: 6 }
        .execute(&mut exchange, &mut board, &mut bank)
        .expect("a bank");
    let mut accounts = BTreeMap::new();
    for (index, price) in PRICES.into_iter().enumerate() {
        let mut market = Market::default();
        let action = ListMarket { params: &market_params(index) };
        action.execute(&mut exchange, &mut board, &mut market, clock).expect("a market");
        market.status = MarketStatus::Active as u8;
        let seen = OraclePrice {
            price: Price(price),
            confidence: Price(price / 2_000),
            publish_time: unix_time,
            publish_slot: slot,
        };
        let _ = board.markets[index].price.refresh(&[seen], &clock, SlotTime::DEFAULT).expect("a price");
        let number = u16::try_from(index).expect("few markets");
        accounts.insert(address::market(number), ours(&market));
    }
    let dollar =
        OraclePrice { price: Price(1_000_000), confidence: Price::ZERO, publish_time: unix_time, publish_slot: slot };
    let _ = board.banks[0].price.refresh(&[dollar], &clock, SlotTime::DEFAULT).expect("a dollar");
    for owner in owners {
        let mut head = SubAccount {
            version: SubAccount::VERSION,
            authority: owner.to_bytes(),
            next_order_id: 1,
            ..SubAccount::default()
        };
        head.credit(0, Amount(DEPOSIT)).expect("a deposit");
        bank.deposits.0 += DEPOSIT;
        let data = encode_sub_account(&head, &[Order::default(); 16]);
        accounts.insert(address::sub_account(owner, 0), account(PROGRAM_ID, data));
        let trader = Trader { version: Trader::VERSION, authority: owner.to_bytes(), ..Trader::default() };
        accounts.insert(address::trader(owner), ours(&trader));
    }
    accounts.insert(EXCHANGE, ours(&exchange));
    accounts.insert(BOARD, ours(&*board));
    accounts.insert(address::bank(0), ours(&bank));
    let mut mint = vec![0; 82];
    (mint[44], mint[45]) = (6, 1);
    accounts.insert(Pubkey::new_from_array(MINT), account(TOKEN_PROGRAM, mint));
    let program = Account { executable: true, ..account(LOADER, vec![0; 36]) };
    accounts.insert(PROGRAM_ID, program);
    tick(&mut accounts, slot, unix_time);
    accounts
}

/// Updates clock and oracles to a slot and time.
pub(super) fn tick(accounts: &mut BTreeMap<Pubkey, Account>, slot: u64, unix_time: i64) {
    let mut clock = vec![0; 40];
    clock[..8].copy_from_slice(&slot.to_le_bytes());
    clock[32..].copy_from_slice(&unix_time.to_le_bytes());
    accounts.insert(CLOCK, account(Pubkey::from_str_const("Sysvar1111111111111111111111111111111111111"), clock));
    for (id, price) in FEEDS.iter().zip(PRICES) {
        accounts.insert(feed(&PUSH_ORACLE, 0, id), account(RECEIVER, update(id, price, slot, unix_time)));
    }
}

/// Doubles the oracle prices.
pub(super) fn overprice(accounts: &mut BTreeMap<Pubkey, Account>, slot: u64, unix_time: i64) {
    for (id, price) in FEEDS.iter().zip(PRICES) {
        accounts.insert(feed(&PUSH_ORACLE, 0, id), account(RECEIVER, update(id, 2 * price, slot, unix_time)));
    }
}

/// Gives the quote bank nine decimals.
pub(super) fn misplace_point(accounts: &mut BTreeMap<Pubkey, Account>) {
    change::<Bank>(accounts, address::bank(0), |bank| bank.decimals = 9);
}

/// Gives every market the first one's name.
pub(super) fn rename(accounts: &mut BTreeMap<Pubkey, Account>) {
    change::<Market>(accounts, address::market(1), |market| {
        market.name = [0; 16];
        market.name[..NAMES[0].len()].copy_from_slice(NAMES[0].as_bytes());
    });
}

fn change<T: AccountKind>(accounts: &mut BTreeMap<Pubkey, Account>, at: Pubkey, change: impl Fn(&mut T)) {
    let Some(found) = accounts.get_mut(&at) else { return };
    if let Ok(mut data) = kedge_interface::account::decode::<T>(&found.data) {
        change(&mut data);
        found.data = ours(&data).data;
    }
}

fn ours<T: AccountKind>(data: &T) -> Account {
    account(PROGRAM_ID, [&T::DISCRIMINATOR[..], bytemuck::bytes_of(data)].concat())
}

fn account(owner: Pubkey, data: Vec<u8>) -> Account {
    Account { lamports: 1_000_000_000, data, owner, executable: false, rent_epoch: u64::MAX }
}

fn update(id: &[u8; 32], price: u64, slot: u64, unix_time: i64) -> Vec<u8> {
    let confidence = price / 2_000;
    let price = i64::try_from(price).expect("a price");
    PriceUpdate { feed_id: *id, price, confidence, exponent: -6, publish_time: unix_time, posted_slot: slot }.encode()
}

fn row(kind: SourceKind, key: [u8; 32]) -> RowParams {
    let mut sources = [PriceSource::default(); 4];
    sources[0] = PriceSource { key, kind: kind as u8, ..PriceSource::default() };
    RowParams {
        sources,
        quorum: 1,
        max_confidence: Ppm(20_000),
        max_age: 60,
        jump_limit: Ppm(50_000),
        ..RowParams::default()
    }
}

fn bank_params() -> BankParams {
    BankParams {
        row: row(SourceKind::Fixed, [0; 32]),
        deposit_cap: Amount(u64::MAX),
        initial_weight: Ppm(1_000_000),
        maintenance_weight: Ppm(1_000_000),
        ..BankParams::default()
    }
}

fn market_params(index: usize) -> MarketParams {
    MarketParams {
        name: name_bytes(NAMES[index]),
        row: row(SourceKind::PythPull, FEEDS[index]),
        amm: AmmParams {
            sqrt_k: Size(1_000_000_000_000_000),
            peg: Price(PRICES[index]),
            inventory_limit: Size(10_000_000_000_000),
            concentration: 1_200_000,
            base_spread: Ppm(2_000),
            max_spread: Ppm(20_000),
            inventory_spread: Ppm(2_000),
            max_fill_fraction: 100,
            margin: Ppm(100_000),
            update_budget: Ppm(500_000),
            flat_share: Ppm(10_000),
            volatility_factor: Ppm(500_000),
            retreat_factor: Ppm(500_000),
            leverage_spread: Ppm(2_000),
            revenue_spread: Ppm(5_000),
            drawdown_limit: Ppm(300_000),
            jit_share: Ppm(500_000),
            depth_step: Ppm(1_000),
            ..AmmParams::default()
        },
        initial_margin: Ppm(100_000),
        maintenance_margin: Ppm(50_000),
        funding_cap: Ppm(1_000),
        price_band: Ppm(50_000),
        liquidator_fee: Ppm(5_000),
        liquidator_fee_small: Ppm(10_000),
        insurance_fee: Ppm(5_000),
        liquidation_buffer: Ppm(5_000),
        small_position: Amount(1_000_000_000),
        min_order: Size(100_000_000),
        step: Size(10_000_000),
        tick: Price(1_000),
        max_open_interest: Size(1_000_000_000_000_000),
        max_position: Size(1_000_000_000_000_000),
        insurance_cap: Amount(100_000_000_000),
        ..MarketParams::default()
    }
}
