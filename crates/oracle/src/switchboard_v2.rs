//! Switchboard v2 prices: legacy `AggregatorAccountData` accounts.
//!
//! Layout (packed, little-endian): discriminator 8, name 32, metadata 128, reserved 32, queue 32, batch size u32,
//! fewest oracle results u32 at 236, fewest job results u32, ..., the latest confirmed round at 341: successes u32,
//! errors u32, closed 1, slot of opening u64, time of opening i64, then result, standard deviation, lowest and
//! highest response, each a decimal of mantissa i128 and scale u32. The account is the feed's identity.
//!
//! A round opens before its oracles answer: its time and slot are no later than what they saw.

use solana_address::{Address, address_eq};

use kedge_model::account::board::OraclePrice;
use kedge_model::quantity::Price;

use crate::bytes;
use crate::decimal::{Toward, millionths};
use kedge_abi::error::AccountError;

/// The v2 program, on every cluster.
pub const PROGRAM: Address = Address::from_str_const("SW1TCH7qEPTdLsDHRgPuMQjbQxKdH2aBStViMFnt64f");

/// `sha256("account:AggregatorAccountData")`, first 8 bytes.
const DISCRIMINATOR: [u8; 8] = [0xd9, 0xe6, 0x41, 0x65, 0xc9, 0xa2, 0x1b, 0x7d];
/// Size of the account.
const SIZE: usize = 3851;

const MIN_RESULTS: usize = 236;
const SUCCESSES: usize = 341;
const OPEN_SLOT: usize = 350;
const OPEN_TIME: usize = 358;
const RESULT: usize = 366;
const DEVIATION: usize = 386;
const LOWEST: usize = 406;
const HIGHEST: usize = 426;

/// A row's demands on a feed.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// Address of the feed's account.
    pub address: &'a Address,
    /// Least number of results of a round, where the feed's own minimum is lower.
    pub min_results: u8,
    /// Power of ten of the feed's units that the price is of.
    pub multiple: u8,
}

/// Reads the price out of the account at `address` with these bytes.
///
/// A round counts with at least as many results as feed and row ask for, whatever the feed's way of resolving.
/// The confidence is the larger of the standard deviation and the distance of the outermost response from the
/// result.
///
/// # Errors
/// [`AccountError::OracleWrongFeed`] for another address, [`AccountError::OracleWrongOwner`],
/// [`AccountError::OracleWrongType`], [`AccountError::OracleTooFewSamples`] and those of the price itself.
#[inline]
pub fn parse(
    address: &Address,
    owner: &Address,
    data: &[u8],
    expected: &Expected<'_>,
) -> Result<OraclePrice, AccountError> {
    if !address_eq(address, expected.address) {
        return Err(AccountError::OracleWrongFeed);
    }
    if !address_eq(owner, &PROGRAM) {
        return Err(AccountError::OracleWrongOwner);
    }
    if data.len() != SIZE || bytes::<8>(data, 0)? != DISCRIMINATOR {
        return Err(AccountError::OracleWrongType);
    }
    let word = |offset| bytes(data, offset).map(u32::from_le_bytes);
    if word(SUCCESSES)? < word(MIN_RESULTS)?.max(u32::from(expected.min_results)).max(1) {
        return Err(AccountError::OracleTooFewSamples);
    }
    let decimal = |offset, toward| decimal(data, offset, expected.multiple, toward);
    let price = decimal(RESULT, Toward::Nearest)?.ok_or(AccountError::OraclePriceNotPositive)?;
    let damaged = AccountError::OracleWrongType;
    let deviation = decimal(DEVIATION, Toward::Up)?.ok_or(damaged)?;
    let lowest = decimal(LOWEST, Toward::Down)?.ok_or(damaged)?;
    let highest = decimal(HIGHEST, Toward::Up)?.ok_or(damaged)?;
    if price == 0 {
        // The result is zero, or less than a millionth.
        let zero = bytes::<16>(data, RESULT)? == [0; 16];
        return Err(if zero { AccountError::OraclePriceNotPositive } else { AccountError::OraclePriceOutOfRange });
    }
    if lowest > price || highest < price {
        return Err(damaged);
    }
    Ok(OraclePrice {
        price: Price(price),
        confidence: Price(deviation.max(price.abs_diff(lowest)).max(highest.abs_diff(price))),
        publish_time: i64::from_le_bytes(bytes(data, OPEN_TIME)?),
        publish_slot: u64::from_le_bytes(bytes(data, OPEN_SLOT)?),
    })
}

/// The decimal at an offset, of `10^multiple` units, in millionths; `None` for a negative one.
#[inline]
fn decimal(data: &[u8], offset: usize, multiple: u8, toward: Toward) -> Result<Option<u64>, AccountError> {
    let mantissa = i128::from_le_bytes(bytes(data, offset)?);
    let scale = u32::from_le_bytes(bytes(data, offset + 16)?);
    let Ok(mantissa) = u128::try_from(mantissa) else { return Ok(None) };
    let multiple = u32::from(multiple);
    let Some(missing) = multiple.checked_sub(scale) else {
        return millionths(mantissa, scale - multiple, toward).map(Some);
    };
    // The scale is smaller than the multiple: whole units.
    let power = 10u128.checked_pow(missing).ok_or(AccountError::OraclePriceOutOfRange)?;
    millionths(mantissa.checked_mul(power).ok_or(AccountError::OraclePriceOutOfRange)?, 0, toward).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_multiple_moves_the_point_or_adds_digits() {
        let of = |mantissa: i128, scale: u32, multiple: u8| {
            let data = [&mantissa.to_le_bytes()[..], &scale.to_le_bytes()].concat();
            decimal(&data, 0, multiple, Toward::Nearest)
        };
        assert_eq!(of(1_234_567, 11, 0), Ok(Some(12)));
        assert_eq!(of(1_234_567, 11, 3), Ok(Some(12_346)));
        assert_eq!(of(1_234_567, 11, 6), Ok(Some(12_345_670)));
        for scale in 0..=6 {
            assert_eq!(of(7, scale, 6), Ok(Some(7_000_000 * 10u64.pow(6 - scale))), "seven at {scale}");
        }
        assert_eq!(of(-7, 0, 6), Ok(None));
        assert_eq!(of(i128::MAX, 0, 6), Err(AccountError::OraclePriceOutOfRange));
    }
}
