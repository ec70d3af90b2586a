//! The oracle vendors' own crates against the program's parsers: recorded accounts, and accounts of the vendors' types,
//! read the same in both, and every wrong header byte is refused under its number.

mod mock_receiver;
mod pyth_pull;
mod pyth_push;
mod switchboard_on_demand;
mod switchboard_v2;

use base64::Engine as _;
use kedge_abi::error::AccountError;
use kedge_model::account::board::OraclePrice;
use rust_decimal::{Decimal, RoundingStrategy};
use solana_pubkey::Pubkey;

/// Result of a parser.
type Parsed = Result<OraclePrice, AccountError>;

/// The accounts in a file of `tests/fixtures`.
fn fixture(name: &str) -> Vec<serde_json::Value> {
    let path = format!("{}/../fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    match serde_json::from_str(&text).expect("JSON") {
        serde_json::Value::Array(list) => list,
        one => vec![one],
    }
}

/// A recorded account.
struct Recorded {
    what: String,
    layout: String,
    owner: Pubkey,
    data: Vec<u8>,
}

/// The recorded accounts of a file.
fn recorded(name: &str) -> Vec<Recorded> {
    let read = |account: &serde_json::Value| Recorded {
        what: account["what"].as_str().expect("a description").into(),
        layout: account["decoded"]["layout"].as_str().expect("a layout").into(),
        owner: account["owner_program"].as_str().and_then(|text| text.parse().ok()).expect("an owner"),
        data: base64::engine::general_purpose::STANDARD
            .decode(account["data_base64"].as_str().expect("data"))
            .expect("base64"),
    };
    fixture(name).iter().map(read).collect()
}

/// A decimal in millionths; `None` when they do not fit 64 bits.
fn millionths(value: Decimal, strategy: RoundingStrategy) -> Option<u64> {
    let scaled = value.checked_mul(Decimal::from(1_000_000))?;
    scaled.round_dp_with_strategy(0, strategy).try_into().ok()
}

/// `mantissa * 10^exponent`, as Pyth writes numbers; `None` beyond what a decimal holds.
fn scaled(mantissa: i128, exponent: i32) -> Option<Decimal> {
    match u32::try_from(exponent) {
        Ok(up) => Decimal::try_from_i128_with_scale(mantissa.checked_mul(10i128.checked_pow(up)?)?, 0).ok(),
        Err(_) => Decimal::try_from_i128_with_scale(mantissa, exponent.unsigned_abs()).ok(),
    }
}

const NEAREST: RoundingStrategy = RoundingStrategy::MidpointAwayFromZero;
const UP: RoundingStrategy = RoundingStrategy::ToPositiveInfinity;

/// Asserts that every changed bit of these bytes is refused with this error.
fn every_changed_bit(
    data: &[u8],
    bytes: core::ops::Range<usize>,
    error: AccountError,
    parse: impl Fn(&[u8]) -> Parsed,
) {
    assert!(parse(data).is_ok(), "the account is good as it is");
    for byte in bytes {
        for bit in 0..8 {
            let mut changed = data.to_vec();
            changed[byte] ^= 1 << bit;
            assert_eq!(parse(&changed), Err(error), "byte {byte}, bit {bit}");
        }
    }
}

/// Asserts that every changed bit of an address is refused with this error.
fn every_changed_address(right: Pubkey, error: AccountError, parse: impl Fn(&Pubkey) -> Parsed) {
    assert!(parse(&right).is_ok(), "the address is good as it is");
    for byte in 0..32 {
        for bit in 0..8 {
            let mut changed = right.to_bytes();
            changed[byte] ^= 1 << bit;
            assert_eq!(parse(&Pubkey::new_from_array(changed)), Err(error), "byte {byte}, bit {bit}");
        }
    }
}

/// Asserts that every other length, up to a little more than this one, is of the wrong type.
fn every_other_length(data: &[u8], parse: impl Fn(&[u8]) -> Parsed) {
    assert!(parse(data).is_ok(), "the account is good as it is");
    for length in (0..data.len()).chain([data.len() + 1, data.len() + 8, 2 * data.len()]) {
        let mut changed = data.to_vec();
        changed.resize(length, 0);
        assert_eq!(parse(&changed), Err(AccountError::OracleWrongType), "{length} bytes");
    }
}
