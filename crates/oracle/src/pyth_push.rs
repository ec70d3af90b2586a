//! Pyth push prices: the legacy price accounts (version 2) of the Pyth oracle program.
//!
//! Layout (`repr(C)`, little-endian): magic u32, version u32, account type u32, size u32, price type u32,
//! exponent i32, two counts u32, last slot u64, valid slot u64, two EMAs of 24 bytes, timestamp i64 at 96, ...,
//! the aggregate at 208: price i64, confidence u64, status u32, corporate action u32, slot of publishing u64.
//! The account carries no feed id: its address is the feed's identity.

use solana_address::{Address, address_eq};

use kedge_model::account::board::OraclePrice;

use crate::{bytes, to_price_units};
use kedge_abi::error::AccountError;

/// The Pyth oracle program.
pub const ORACLE: Address = Address::from_str_const("FsJ3A3u2vn5cTVofAjvy6y5kwABJAqYWpe4975bi2epH");

/// Size of a price account.
const SIZE: usize = 3312;
const MAGIC: u32 = 0xa1b2_c3d4;
const VERSION: u32 = 2;
/// Account type "price".
const ACCOUNT_PRICE: u32 = 3;
/// Price type "price".
const TYPE_PRICE: u32 = 1;
/// Bytes in use; at least up to the aggregate's end.
const AGGREGATE_END: u32 = 240;
/// Status "trading".
const TRADING: u32 = 1;

const TIMESTAMP: usize = 96;
const AGGREGATE: usize = 208;

/// Reads the price of `10^multiple` units out of the account at `address` with these bytes.
///
/// A dead feed goes on moving its timestamp with a frozen price; its status is then not `Trading`, and it is
/// refused.
///
/// # Errors
/// [`AccountError::OracleWrongFeed`] for another address, [`AccountError::OracleWrongOwner`],
/// [`AccountError::OracleWrongType`], [`AccountError::OracleNotTrading`] and those of the price itself.
#[inline]
pub fn parse(
    address: &Address,
    owner: &Address,
    data: &[u8],
    expected: &Address,
    multiple: u8,
) -> Result<OraclePrice, AccountError> {
    if !address_eq(address, expected) {
        return Err(AccountError::OracleWrongFeed);
    }
    if !address_eq(owner, &ORACLE) {
        return Err(AccountError::OracleWrongOwner);
    }
    if data.len() != SIZE {
        return Err(AccountError::OracleWrongType);
    }
    let word = |offset| bytes(data, offset).map(u32::from_le_bytes);
    let header = [word(0)?, word(4)?, word(8)?, word(16)?];
    let used = word(12)?;
    if header != [MAGIC, VERSION, ACCOUNT_PRICE, TYPE_PRICE] || used < AGGREGATE_END || used as usize > SIZE {
        return Err(AccountError::OracleWrongType);
    }
    if word(AGGREGATE + 16)? != TRADING {
        return Err(AccountError::OracleNotTrading);
    }
    let (price, confidence) = to_price_units(
        i64::from_le_bytes(bytes(data, AGGREGATE)?),
        u64::from_le_bytes(bytes(data, AGGREGATE + 8)?),
        i32::from_le_bytes(bytes(data, 20)?),
        multiple,
    )?;
    Ok(OraclePrice {
        price,
        confidence,
        publish_time: i64::from_le_bytes(bytes(data, TIMESTAMP)?),
        publish_slot: u64::from_le_bytes(bytes(data, AGGREGATE + 24)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{Dump, dumps};

    const FEED: Address = Address::new_from_array([7; 32]);

    fn push_dumps() -> Vec<Dump> {
        let list: Vec<Dump> = dumps().into_iter().filter(|dump| dump.layout != "PriceUpdateV2").collect();
        assert_eq!(list.len(), 5, "the fixtures hold the push accounts");
        list
    }

    fn read(data: &[u8]) -> Result<OraclePrice, AccountError> {
        parse(&FEED, &ORACLE, data, &FEED, 0)
    }

    #[test]
    fn real_accounts_parse_to_their_published_prices() {
        let mut living = 0;
        for dump in push_dumps() {
            if dump.trading {
                living += 1;
                assert_eq!(read(&dump.data), Ok(dump.expected_price()), "{}", dump.what);
            }
        }
        assert_eq!(living, 4);
    }

    #[test]
    fn a_dead_feed_is_refused() {
        let dead: Vec<Dump> = push_dumps().into_iter().filter(|dump| !dump.trading).collect();
        assert_eq!(dead.len(), 1);
        assert_eq!(read(&dead[0].data), Err(AccountError::OracleNotTrading));
    }

    #[test]
    fn every_status_but_trading_is_refused() {
        let mut data = push_dumps()[0].data.clone();
        for status in [0, 2, 3, 4, 256, u32::MAX] {
            data[AGGREGATE + 16..AGGREGATE + 20].copy_from_slice(&status.to_le_bytes());
            assert_eq!(read(&data), Err(AccountError::OracleNotTrading));
        }
    }

    #[test]
    fn owner_address_and_size_are_checked() {
        for dump in push_dumps().iter().filter(|dump| dump.trading) {
            let believed = parse(&FEED, &dump.owner, &dump.data, &FEED, 0);
            assert_eq!(believed.is_ok(), dump.owner == ORACLE);
            assert_eq!(parse(&FEED, &Address::default(), &dump.data, &FEED, 0), Err(AccountError::OracleWrongOwner));
            assert_eq!(parse(&Address::default(), &ORACLE, &dump.data, &FEED, 0), Err(AccountError::OracleWrongFeed));
            for length in [0, 4, 134, 239, SIZE - 1, SIZE + 1] {
                let mut data = dump.data.clone();
                data.resize(length, 0);
                assert_eq!(read(&data), Err(AccountError::OracleWrongType));
            }
        }
    }

    #[test]
    fn every_changed_byte_is_refused_or_without_meaning() {
        for dump in push_dumps().iter().filter(|dump| dump.trading) {
            let truth = dump.expected_price();
            for index in 0..dump.data.len() {
                let mut data = dump.data.clone();
                data[index] ^= 0x81;
                let result = read(&data);
                let what = format!("{} byte {index}: {result:?}", dump.what);
                match index {
                    0..12 | 16..20 => assert_eq!(result, Err(AccountError::OracleWrongType), "{what}"),
                    // The used size may move within the account.
                    12..16 => assert!(result == Ok(truth) || result == Err(AccountError::OracleWrongType), "{what}"),
                    20..24 | 96..104 => assert_ne!(result, Ok(truth), "{what}"),
                    208..224 => assert!(result != Ok(truth) || index < 210 || (216..218).contains(&index), "{what}"),
                    224..228 => assert_eq!(result, Err(AccountError::OracleNotTrading), "{what}"),
                    232..240 => assert_ne!(result, Ok(truth), "{what}"),
                    _ => assert_eq!(result, Ok(truth), "{what}"),
                }
            }
        }
    }
}
