//! Switchboard on-demand prices: `PullFeedAccountData` accounts.
//!
//! Layout (`repr(C)`, little-endian, behind the 8-byte discriminator): 32 submissions of 64 bytes, authority 32,
//! queue 32, feed hash 32, initialised at i64, permissions u64, largest variance u64, fewest responses u32, name 32,
//! padding 1, whether the authority may write 1, history index 1, fewest samples 1, time of the last update i64 at
//! 2,216, lookup table slot u64, reserved 32, then the result at 2,264: value, standard deviation, mean, range,
//! lowest and highest value (six i128 at 1e18), number of samples u8, index of the submission u8, padding 6, and
//! the slots of the value, of the oldest and of the newest sample (u64 each); behind it the history and at 2,952
//! the times at which the submissions were signed (32 i64, zero where an older program wrote them).
//!
//! The value is the median of each oracle's latest submission that is young enough for the feed. Oracles sign a slot;
//! the payer chooses when to post. A value is therefore as old as its *oldest* sample, and posting late does not make
//! it newer.
//!
//! The feed's authority chooses what the oracles compute: a row should only name feeds of a trusted authority.

use solana_address::{Address, address_eq};

use kedge_model::account::board::OraclePrice;
use kedge_model::quantity::Price;

use crate::bytes;
use crate::decimal::{Toward, millionths};
use kedge_abi::error::AccountError;

/// The on-demand program on mainnet.
pub const PROGRAM: Address = Address::from_str_const("SBondMDrcV3K4kxZR1HNVT7osZxAHVHgYXL5Ze1oMUv");

/// `sha256("account:PullFeedAccountData")`, first 8 bytes.
const DISCRIMINATOR: [u8; 8] = [0xc4, 0x1b, 0x6c, 0xc4, 0x0a, 0xd7, 0xdb, 0x28];
/// Size of the account.
const SIZE: usize = 3208;
/// Decimals of every value.
const SCALE: u32 = 18;

const WRITE_BY_AUTHORITY: usize = 2213;
const MIN_SAMPLES: usize = 2215;
const LAST_UPDATE: usize = 2216;
const VALUE: usize = 2264;
const DEVIATION: usize = 2280;
const LOWEST: usize = 2328;
const HIGHEST: usize = 2344;
const SAMPLES: usize = 2360;
const SUBMISSION: usize = 2361;
const SLOT: usize = 2368;
const MIN_SLOT: usize = 2376;
const TIMES: usize = 2952;
/// Number of submissions, and of their times.
const SUBMISSIONS: usize = 32;

/// A row's demands on a feed.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// Address of the feed's account.
    pub address: &'a Address,
    /// Least number of samples, where the feed's own minimum is lower.
    pub min_samples: u8,
    /// Oldest slot in which a sample may have been signed.
    pub oldest_slot: u64,
    /// Power of ten of the feed's units that the price is of.
    pub multiple: u8,
}

/// Reads the price out of the account at `address` with these bytes.
///
/// The confidence is the larger of the standard deviation and the distance of the outermost sample from the value.
/// Publication is the earlier of posting and, where the account says it, signing; the slot is that of the oldest
/// sample.
///
/// # Errors
/// [`AccountError::OracleWrongFeed`] for another address, [`AccountError::OracleWrongOwner`],
/// [`AccountError::OracleWrongType`], [`AccountError::OracleNotIndependent`], [`AccountError::OracleTooFewSamples`],
/// [`AccountError::OracleSamplesTooOld`] and those of the price itself.
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
    if bytes::<1>(data, WRITE_BY_AUTHORITY)? != [0] {
        return Err(AccountError::OracleNotIndependent);
    }
    let [own_least] = bytes(data, MIN_SAMPLES)?;
    let [samples] = bytes(data, SAMPLES)?;
    if samples < own_least.max(expected.min_samples).max(1) {
        return Err(AccountError::OracleTooFewSamples);
    }
    let wide = |offset| bytes(data, offset).map(i128::from_le_bytes);
    let (value, deviation, lowest, highest) = (wide(VALUE)?, wide(DEVIATION)?, wide(LOWEST)?, wide(HIGHEST)?);
    if value <= 0 {
        return Err(AccountError::OraclePriceNotPositive);
    }
    if lowest < 0 || lowest > value || value > highest || deviation < 0 {
        return Err(AccountError::OracleWrongType);
    }
    let slot = u64::from_le_bytes(bytes(data, SLOT)?).min(u64::from_le_bytes(bytes(data, MIN_SLOT)?));
    if slot < expected.oldest_slot {
        return Err(AccountError::OracleSamplesTooOld);
    }
    // All four are between 0 and `highest`, and the distances cannot overflow.
    let uncertainty = deviation.max(value - lowest).max(highest - value).unsigned_abs();
    let scale = SCALE.saturating_sub(u32::from(expected.multiple));
    let price = millionths(value.unsigned_abs(), scale, Toward::Nearest)?;
    if price == 0 {
        return Err(AccountError::OraclePriceOutOfRange);
    }
    Ok(OraclePrice {
        price: Price(price),
        confidence: Price(millionths(uncertainty, scale, Toward::Up)?),
        publish_time: publish_time(data)?,
        publish_slot: slot,
    })
}

/// Publish time of the value: its posting or, when the account holds an earlier time of signing, that.
#[inline]
fn publish_time(data: &[u8]) -> Result<i64, AccountError> {
    let posted = i64::from_le_bytes(bytes(data, LAST_UPDATE)?);
    let [submission] = bytes(data, SUBMISSION)?;
    let submission = usize::from(submission);
    if submission >= SUBMISSIONS {
        return Err(AccountError::OracleWrongType);
    }
    let signed = i64::from_le_bytes(bytes(data, TIMES + 8 * submission)?);
    Ok(if signed > 0 { posted.min(signed) } else { posted })
}
