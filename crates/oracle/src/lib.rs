//! # kedge-oracle: parsers of foreign price accounts
//!
//! Accounts are parsed in place: owner, kind, feed, verification and status are checked before the price is used. No
//! heap, no floating point. The program and every client that foresees its reading call the same [`read`].
//!
//! * [`pyth_pull`]: price updates of the Pyth receivers (`PriceUpdateV2`)
//! * [`pyth_push`]: the legacy price accounts of the Pyth oracle program
//! * [`switchboard_on_demand`]: feeds of Switchboard's on-demand program (`PullFeedAccountData`)
//! * [`switchboard_v2`]: the legacy feeds of Switchboard v2 (`AggregatorAccountData`)
//!
//! Staleness and the size of the confidence interval are judged by the model, which knows the row's rules.

#![cfg_attr(not(test), no_std)]
#![deny(missing_docs, clippy::missing_errors_doc)]

pub mod decimal;
pub mod pyth_pull;
pub mod pyth_push;
pub mod switchboard_on_demand;
pub mod switchboard_v2;

use kedge_abi::error::{AccountError, Outcome};
use kedge_model::account::board::{OraclePrice, PriceSource, SourceKind};
use kedge_model::clock::Clock;
use kedge_model::quantity::Price;
use kedge_model::time::{Seconds, SlotTime};
use solana_address::Address;

/// The moment at which a row's sources are read.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    /// Slot and Unix time of the reading.
    pub clock: &'a Clock,
    /// Measured slot time.
    pub slot_time: SlotTime,
    /// Age limit of the row's prices in seconds.
    pub max_age: u32,
}

impl Moment<'_> {
    /// The oldest slot within the row's age limit.
    #[inline]
    fn oldest_slot(&self) -> kedge_model::Result<u64> {
        let slots = Seconds(u64::from(self.max_age)).slots_down(self.slot_time)?;
        Ok(self.clock.slot.saturating_sub(slots.0))
    }
}

/// Reads one source of a row: the price in the account at `address` of `owner` with these bytes, or `None` for an
/// account that is the source's but has no price now, so that the row's other sources count without it.
///
/// `None` covers only faults that the caller cannot choose: a missing or out-of-range price and, for a source that
/// names its account, any other fault of that account. A closed feed must not block the row's remaining sources.
///
/// # Errors
/// [`kedge_model::Error::SourceMismatch`] for a source that has no account; the kind's errors for an account that is
/// not the source's.
#[inline(always)]
pub fn read(
    source: &PriceSource,
    address: &Address,
    owner: &Address,
    data: &[u8],
    moment: &Moment<'_>,
) -> Outcome<Option<OraclePrice>> {
    let kind = SourceKind::from_number(source.kind)?;
    let named = Address::from(source.key);
    let seen = match kind {
        SourceKind::PythPull => pyth_pull::parse(
            owner,
            data,
            &pyth_pull::Expected {
                feed_id: &source.key,
                receivers: source.receivers(),
                partial_from: (source.min_signatures > 0).then_some(source.min_signatures),
                multiple: source.multiple,
            },
        ),
        SourceKind::PythPush => pyth_push::parse(address, owner, data, &named, source.multiple),
        SourceKind::SwitchboardOnDemand => switchboard_on_demand::parse(
            address,
            owner,
            data,
            &switchboard_on_demand::Expected {
                address: &named,
                min_samples: source.min_signatures,
                oldest_slot: moment.oldest_slot()?,
                multiple: source.multiple,
            },
        ),
        SourceKind::SwitchboardV2 => switchboard_v2::parse(
            address,
            owner,
            data,
            &switchboard_v2::Expected {
                address: &named,
                min_results: source.min_signatures,
                multiple: source.multiple,
            },
        ),
        SourceKind::Unused | SourceKind::Fixed => return Err(kedge_model::Error::SourceMismatch.into()),
    };
    match seen {
        Ok(price) => Ok(Some(price)),
        Err(error) if is_silent(kind, error) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Whether an error means that the account is the source's and has no price now.
#[inline]
fn is_silent(kind: SourceKind, error: AccountError) -> bool {
    match error {
        AccountError::OracleNotTrading | AccountError::OraclePriceNotPositive | AccountError::OraclePriceOutOfRange => {
            true
        }
        // The caller chose the account and could have brought a better one: any account of the feed, however old.
        AccountError::OracleWrongFeed | AccountError::OracleVerificationTooWeak => false,
        _ => kind.names_account(),
    }
}

/// Decimals of a price in this exchange.
const DECIMALS: i32 = 6;

/// Converts the price of `10^multiple` units and its confidence from `10^exponent` to 1e6: the price to the nearest
/// (half up), the confidence up.
///
/// # Errors
/// [`AccountError::OraclePriceNotPositive`], [`AccountError::OraclePriceOutOfRange`] when the price is below half a
/// millionth, or either number or the exponent does not fit.
#[inline]
pub(crate) fn to_price_units(
    price: i64,
    confidence: u64,
    exponent: i32,
    multiple: u8,
) -> Result<(Price, Price), AccountError> {
    if price <= 0 {
        return Err(AccountError::OraclePriceNotPositive);
    }
    let price = price.unsigned_abs();
    let shift = exponent.checked_add(DECIMALS + i32::from(multiple)).ok_or(AccountError::OraclePriceOutOfRange)?;
    let power = 10u64.checked_pow(shift.unsigned_abs()).ok_or(AccountError::OraclePriceOutOfRange)?;
    let (price, confidence) = if shift >= 0 {
        (price.checked_mul(power), confidence.checked_mul(power))
    } else {
        // `power` is at least 10. A sum above 64 bits cannot happen to a positive i64 plus 5e18 at most.
        (price.checked_add(power / 2).map(|sum| sum / power), Some(confidence.div_ceil(power)))
    };
    match (price, confidence) {
        (Some(price), Some(confidence)) if price > 0 => Ok((Price(price), Price(confidence))),
        _ => Err(AccountError::OraclePriceOutOfRange),
    }
}

/// `N` bytes at an offset within the data.
#[inline(always)]
fn bytes<const N: usize>(data: &[u8], offset: usize) -> Result<[u8; N], AccountError> {
    data.get(offset..).and_then(|rest| rest.first_chunk::<N>()).copied().ok_or(AccountError::OracleWrongType)
}

#[cfg(test)]
mod fixtures;

#[cfg(test)]
mod tests {
    use super::*;

    fn units(price: i64, confidence: u64, exponent: i32) -> Result<(u64, u64), AccountError> {
        to_price_units(price, confidence, exponent, 0).map(|(price, confidence)| (price.0, confidence.0))
    }

    #[test]
    fn prices_round_to_nearest_and_confidence_up() {
        assert_eq!(units(10_259_321_149, 1_385_000, -8), Ok((102_593_211, 13_850)));
        assert_eq!(units(149, 101, -8), Ok((1, 2)));
        assert_eq!(units(150, 100, -8), Ok((2, 1)));
        assert_eq!(units(345_526, 517, -10), Ok((35, 1)));
        assert_eq!(units(7, 0, -6), Ok((7, 0)));
        assert_eq!(units(7, 3, 2), Ok((700_000_000, 300_000_000)));
    }

    #[test]
    fn a_multiple_counts_before_digits_are_cut_off() {
        let of = |multiple| to_price_units(1_234_567, 517, -11, multiple).map(|(price, width)| (price.0, width.0));
        assert_eq!(of(0), Ok((12, 1)));
        assert_eq!(of(3), Ok((12_346, 6)));
        assert_eq!(of(6), Ok((12_345_670, 5_170)));
        assert_eq!(to_price_units(i64::MAX, 0, -6, 6), Err(AccountError::OraclePriceOutOfRange));
    }

    #[test]
    fn prices_that_do_not_fit_are_refused() {
        use AccountError::{OraclePriceNotPositive, OraclePriceOutOfRange};
        assert_eq!(units(0, 1, -8), Err(OraclePriceNotPositive));
        assert_eq!(units(-5, 1, -8), Err(OraclePriceNotPositive));
        assert_eq!(units(i64::MIN, 1, -8), Err(OraclePriceNotPositive));
        assert_eq!(units(49, 1, -8), Err(OraclePriceOutOfRange));
        assert_eq!(units(i64::MAX, 1, 0), Err(OraclePriceOutOfRange));
        assert_eq!(units(1, u64::MAX, 0), Err(OraclePriceOutOfRange));
        assert_eq!(units(1, 1, i32::MAX), Err(OraclePriceOutOfRange));
        assert_eq!(units(1, 1, i32::MIN), Err(OraclePriceOutOfRange));
        assert_eq!(units(i64::MAX, u64::MAX, -26), Err(OraclePriceOutOfRange));
        assert_eq!(units(i64::MAX, u64::MAX, -25), Ok((1, 2)));
        assert_eq!(units(i64::MAX, u64::MAX, -24), Ok((9, 19)));
    }
}
