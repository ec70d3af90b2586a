//! `switchboard-solana`: `AggregatorAccountData`. The vendor's crate does not fit into this workspace's lock file:
//! `tests/fixtures/switchboard_v2` makes the accounts and records the vendor's reading.

use kedge_abi::error::AccountError;
use kedge_model::account::board::OraclePrice;
use kedge_model::quantity::Price;
use kedge_oracle::switchboard_v2::{Expected, PROGRAM, parse};
use kedge_tests::oracle::{Quote, SWITCHBOARD_V2};
use solana_pubkey::Pubkey;

use crate::{Parsed, every_changed_address, every_changed_bit, every_other_length, fixture};

const FEED: Pubkey = Pubkey::new_from_array([7; 32]);

const fn expected() -> Expected<'static> {
    Expected { address: &FEED, min_results: 0, multiple: 0 }
}

fn read(data: &[u8]) -> Parsed {
    parse(&FEED, &PROGRAM, data, &expected())
}

/// An account with the vendor's reading.
struct Case {
    what: String,
    data: Vec<u8>,
    /// Whether the vendor returns a result.
    result: bool,
    price: i64,
    expected: OraclePrice,
    successes: u8,
}

fn cases(file: &str) -> Vec<Case> {
    let read = |case: &serde_json::Value| {
        let number = |name: &str| case[name].as_i64().unwrap_or_else(|| panic!("{name} in {case}"));
        let [price, deviation, lowest, highest] = ["price", "deviation", "lowest", "highest"].map(number);
        assert_eq!(case["owner"].as_str(), Some(PROGRAM.to_string().as_str()));
        let hex = case["data"].as_str().expect("hexadecimal");
        let byte = |at: usize| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).expect("hexadecimal");
        Case {
            what: case["what"].as_str().expect("a description").into(),
            data: (0..hex.len() / 2).map(byte).collect(),
            result: case["result"].as_bool().unwrap_or(true),
            price,
            expected: OraclePrice {
                price: Price(price.unsigned_abs()),
                confidence: Price(deviation.max(price - lowest).max(highest - price).unsigned_abs()),
                publish_time: number("time"),
                publish_slot: number("slot").unsigned_abs(),
            },
            successes: u8::try_from(number("successes")).expect("few oracles"),
        }
    };
    fixture(file).iter().map(read).collect()
}

fn good() -> Vec<u8> {
    cases("switchboard_v2.json").swap_remove(0).data
}

#[test]
fn accounts_of_the_vendors_types_read_the_same() {
    let list = cases("switchboard_v2.json");
    assert_eq!(list.len(), 9);
    let mut read_ones = 0;
    for case in list {
        let parsed = read(&case.data);
        if !case.result {
            assert_eq!(parsed, Err(AccountError::OracleTooFewSamples), "{}", case.what);
        } else if case.price <= 0 {
            assert_eq!(parsed, Err(AccountError::OraclePriceNotPositive), "{}", case.what);
        } else {
            assert_eq!(parsed, Ok(case.expected), "{}", case.what);
            read_ones += 1;
        }
    }
    assert_eq!(read_ones, 6);
}

#[test]
fn a_recorded_account_reads_as_published() {
    let list = cases("switchboard_v2_recorded.json");
    let [case] = &list[..] else { panic!("one account") };
    assert_eq!(read(&case.data), Ok(case.expected), "{}", case.what);
    let with = |min_results| parse(&FEED, &PROGRAM, &case.data, &Expected { min_results, ..expected() });
    assert!(with(case.successes).is_ok());
    assert_eq!(with(case.successes + 1), Err(AccountError::OracleTooFewSamples));
}

#[test]
fn what_other_tests_write_is_a_feed() {
    assert_eq!(SWITCHBOARD_V2, PROGRAM);
    let quote = Quote { price: 10_000_000, confidence: 2_000, publish_time: 1_700_000_000, slot: 9 };
    let expected = OraclePrice {
        price: Price(10_000_000),
        confidence: Price(2_000),
        publish_time: 1_700_000_000,
        publish_slot: 9,
    };
    assert_eq!(read(&quote.switchboard_v2(3)), Ok(expected));
    assert_eq!(read(&quote.switchboard_v2(0)), Err(AccountError::OracleTooFewSamples));
}

#[test]
fn every_header_byte_counts() {
    let data = good();
    every_changed_bit(&data, 0..8, AccountError::OracleWrongType, read);
    every_other_length(&data, read);
    every_changed_address(PROGRAM, AccountError::OracleWrongOwner, |owner| parse(&FEED, owner, &data, &expected()));
    every_changed_address(FEED, AccountError::OracleWrongFeed, |address| parse(address, &PROGRAM, &data, &expected()));
}

#[test]
fn every_field_that_speaks_against_a_result_is_heard() {
    let with = |pieces: &[(usize, &[u8])]| {
        let mut data = good();
        for (at, bytes) in pieces {
            data[*at..*at + bytes.len()].copy_from_slice(bytes);
        }
        read(&data)
    };
    const RESULT: usize = 366;
    const DEVIATION: usize = 386;
    const LOWEST: usize = 406;
    const HIGHEST: usize = 426;
    let decimal = |mantissa: i128, scale: u32| [&mantissa.to_le_bytes()[..], &scale.to_le_bytes()].concat();
    let (minus, huge) = (decimal(-1, 8), decimal(i128::MAX, 0));
    assert_eq!(with(&[(RESULT, &minus)]), Err(AccountError::OraclePriceNotPositive));
    assert_eq!(with(&[(RESULT, &huge)]), Err(AccountError::OraclePriceOutOfRange));
    assert_eq!(with(&[(RESULT, &decimal(15_559_404_527, 29))]), Err(AccountError::OraclePriceOutOfRange));
    assert_eq!(with(&[(RESULT, &decimal(15_559_404_527, u32::MAX))]), Err(AccountError::OraclePriceOutOfRange));
    for at in [DEVIATION, LOWEST, HIGHEST] {
        assert_eq!(with(&[(at, &minus)]), Err(AccountError::OracleWrongType), "at {at}");
        assert_eq!(with(&[(at, &huge)]), Err(AccountError::OraclePriceOutOfRange), "at {at}");
    }
    assert_eq!(with(&[(LOWEST, &decimal(156, 0))]), Err(AccountError::OracleWrongType));
    assert_eq!(with(&[(HIGHEST, &decimal(155, 0))]), Err(AccountError::OracleWrongType));
    // Half a millionth and less.
    let small =
        |mantissa| with(&[(RESULT, &decimal(mantissa, 8)), (LOWEST, &decimal(0, 0)), (HIGHEST, &decimal(1, 0))]);
    assert_eq!(small(49), Err(AccountError::OraclePriceOutOfRange));
    assert_eq!(small(50).map(|price| price.price), Ok(Price(1)));
    // A feed without results that asks for none.
    assert_eq!(with(&[(341, &[0; 4]), (236, &[0; 4])]), Err(AccountError::OracleTooFewSamples));
    assert!(with(&[(341, &[1, 0, 0, 0]), (236, &[0; 4])]).is_ok());
    assert_eq!(with(&[(236, &[4, 0, 0, 0])]), Err(AccountError::OracleTooFewSamples));
}
