//! `pyth-sdk-solana`: the price accounts of the oracle program.

use kedge_abi::error::AccountError;
use kedge_model::account::board::OraclePrice;
use kedge_model::quantity::Price;
use kedge_oracle::pyth_push::{ORACLE, parse};
use kedge_tests::oracle::{PYTH_PUSH, Quote};
use proptest::prelude::*;
use pyth_sdk_solana::state::{
    AccountType, MAGIC, PriceStatus, PriceType, SolanaPriceAccount, VERSION_2, load_price_account,
};
use solana_pubkey::Pubkey;

use crate::{
    NEAREST, Parsed, UP, every_changed_address, every_changed_bit, every_other_length, millionths, recorded, scaled,
};

const FEED: Pubkey = Pubkey::new_from_array([7; 32]);

fn read(data: &[u8]) -> Parsed {
    parse(&FEED, &ORACLE, data, &FEED, 0)
}

/// The vendor's reading of a trading feed, rounded as the program rounds.
fn by_vendor(data: &[u8]) -> Option<OraclePrice> {
    // The vendor casts in place: the bytes need the chain's alignment.
    let mut words = vec![0u64; data.len().div_ceil(8)];
    bytemuck::cast_slice_mut::<u64, u8>(&mut words)[..data.len()].copy_from_slice(data);
    let account: &SolanaPriceAccount = load_price_account(bytemuck::cast_slice(&words)).expect("the vendor reads it");
    if account.agg.status != PriceStatus::Trading {
        return None;
    }
    let number = |mantissa: i128| scaled(mantissa, account.expo);
    let price = millionths(number(account.agg.price.into())?, NEAREST).filter(|price| *price > 0)?;
    Some(OraclePrice {
        price: Price(price),
        confidence: Price(millionths(number(account.agg.conf.into())?, UP)?),
        publish_time: account.get_publish_time(),
        publish_slot: account.agg.pub_slot,
    })
}

/// An account of the vendor's type, written in place over zeros, as on chain.
fn account(price: i64, conf: u64, expo: i32, status: PriceStatus, change: impl Fn(&mut SolanaPriceAccount)) -> Vec<u8> {
    let mut words = vec![0u64; size_of::<SolanaPriceAccount>() / 8];
    let account: &mut SolanaPriceAccount = bytemuck::from_bytes_mut(bytemuck::cast_slice_mut(&mut words));
    account.magic = MAGIC;
    account.ver = VERSION_2;
    account.atype = AccountType::Price as u32;
    account.size = 240;
    account.ptype = PriceType::Price;
    account.expo = expo;
    account.num = 21;
    account.num_qt = 14;
    account.last_slot = 234_590_445;
    account.valid_slot = 234_590_444;
    account.timestamp = 1_701_981_042;
    account.prev_slot = 234_590_440;
    account.prev_price = 77;
    account.prev_conf = 7;
    account.prev_timestamp = 1_701_981_000;
    account.agg.price = price;
    account.agg.conf = conf;
    account.agg.status = status;
    account.agg.pub_slot = 234_590_446;
    change(account);
    bytemuck::cast_slice(&words).to_vec()
}

#[test]
fn recorded_accounts_read_the_same() {
    let list: Vec<_> = recorded("pyth_accounts.json").into_iter().filter(|one| one.layout != "PriceUpdateV2").collect();
    assert_eq!(list.len(), 5, "all push accounts");
    let mut dead = 0;
    for one in list {
        let expected = by_vendor(&one.data);
        assert_eq!(read(&one.data).ok(), expected, "{}", one.what);
        if expected.is_none() {
            dead += 1;
            assert_eq!(read(&one.data), Err(AccountError::OracleNotTrading), "{}", one.what);
        }
        let owned = parse(&FEED, &one.owner, &one.data, &FEED, 0);
        assert_eq!(owned == Err(AccountError::OracleWrongOwner), one.owner != ORACLE, "{}", one.what);
    }
    assert_eq!(dead, 1, "the feed that only moves its timestamp");
}

#[test]
fn what_other_tests_write_is_a_price_account() {
    let quote = Quote { price: 10_000_000, confidence: 2_000, publish_time: 1_700_000_000, slot: 9 };
    assert_eq!(PYTH_PUSH, ORACLE);
    assert_eq!(read(&quote.pyth_push(1)).ok(), by_vendor(&quote.pyth_push(1)));
    assert_eq!(read(&quote.pyth_push(1)).expect("a price").price, Price(10_000_000));
    assert_eq!(by_vendor(&quote.pyth_push(0)), None);
}

proptest! {
    #[test]
    fn accounts_of_the_vendors_types_read_the_same(
        price in any::<i64>(), less in 0u32..40, conf in any::<u64>(), fewer in 0u32..50, expo in -18i32..8,
        status in prop::sample::select(vec![
            PriceStatus::Unknown, PriceStatus::Trading, PriceStatus::Trading, PriceStatus::Trading,
            PriceStatus::Halted, PriceStatus::Auction, PriceStatus::Ignored,
        ]),
        times in any::<(i64, i64, u64)>(),
    ) {
        let price = price >> less;
        let data = account(price, conf >> fewer, expo, status, |account| {
            account.timestamp = times.0;
            account.prev_timestamp = times.1;
            account.agg.pub_slot = times.2;
        });
        let parsed = read(&data);
        prop_assert_eq!(parsed.ok(), by_vendor(&data));
        if status != PriceStatus::Trading {
            prop_assert_eq!(parsed, Err(AccountError::OracleNotTrading));
        } else if price <= 0 {
            prop_assert_eq!(parsed, Err(AccountError::OraclePriceNotPositive));
        } else {
            prop_assert!(parsed.is_ok() || parsed == Err(AccountError::OraclePriceOutOfRange));
        }
    }
}

#[test]
fn every_header_byte_counts() {
    let data = account(3_211_250_000, 3_000_000, -8, PriceStatus::Trading, |_| {});
    // Magic, version, type of account; then type of price, then status, all four bytes of each.
    every_changed_bit(&data, 0..12, AccountError::OracleWrongType, read);
    every_changed_bit(&data, 16..20, AccountError::OracleWrongType, read);
    every_changed_bit(&data, 224..228, AccountError::OracleNotTrading, read);
    every_other_length(&data, read);
    for used in [0, 239, 3_313, u32::MAX] {
        let mut changed = data.clone();
        changed[12..16].copy_from_slice(&u32::to_le_bytes(used));
        assert_eq!(read(&changed), Err(AccountError::OracleWrongType), "{used} bytes used");
    }
    every_changed_address(ORACLE, AccountError::OracleWrongOwner, |owner| parse(&FEED, owner, &data, &FEED, 0));
    every_changed_address(FEED, AccountError::OracleWrongFeed, |address| parse(address, &ORACLE, &data, &FEED, 0));
}
