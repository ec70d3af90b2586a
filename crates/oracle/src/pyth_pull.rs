//! Pyth pull prices: `PriceUpdateV2` accounts of the Pyth receiver program.
//!
//! Layout (Borsh, little-endian): discriminator 8, write authority 32, verification level (tag 1 is `Full`;
//! tag 0 is `Partial` with one more byte, the number of signatures, which shifts everything after it), then the
//! price message: feed id 32, price i64, confidence u64, exponent i32, publish time i64, previous publish time
//! i64, EMA price i64, EMA confidence u64, and last the slot of posting u64.

use kedge_abi::error::AccountError;
use kedge_model::account::board::{OraclePrice, receivers};
use solana_address::{Address, address_eq};

use crate::{bytes, to_price_units};

pub use kedge_abi::address::pyth::{LEGACY_RECEIVER, RECEIVER};

/// `sha256("account:PriceUpdateV2")`, first 8 bytes.
const DISCRIMINATOR: [u8; 8] = [0x22, 0xf1, 0x23, 0x63, 0x9d, 0x7e, 0xf4, 0xcd];
/// Size of the account, the same for both verification levels.
const SIZE: usize = 134;
const VERIFICATION: usize = 40;
const PARTIAL: u8 = 0;
const FULL: u8 = 1;

/// A row's demands on a price update.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// Id of the feed.
    pub feed_id: &'a [u8; 32],
    /// Receivers whose accounts count, bits of [`receivers`].
    pub receivers: u8,
    /// Least number of signatures of a partially verified update; `None` asks for full verification.
    pub partial_from: Option<u8>,
    /// Power of ten of the feed's units that the price is of.
    pub multiple: u8,
}

/// Reads the price of an account of `owner` with these bytes.
///
/// # Errors
/// [`AccountError::OracleWrongOwner`], [`AccountError::OracleWrongType`], [`AccountError::OracleVerificationTooWeak`],
/// [`AccountError::OracleWrongFeed`] and those of the price itself.
#[inline]
pub fn parse(owner: &Address, data: &[u8], expected: &Expected<'_>) -> Result<OraclePrice, AccountError> {
    let accepted = (expected.receivers & receivers::UPGRADED != 0 && address_eq(owner, &RECEIVER))
        || (expected.receivers & receivers::LEGACY != 0 && address_eq(owner, &LEGACY_RECEIVER));
    if !accepted {
        return Err(AccountError::OracleWrongOwner);
    }
    if data.len() != SIZE || bytes::<8>(data, 0)? != DISCRIMINATOR {
        return Err(AccountError::OracleWrongType);
    }
    let message = match bytes::<2>(data, VERIFICATION)? {
        [FULL, _] => VERIFICATION + 1,
        [PARTIAL, signatures] => match expected.partial_from {
            Some(least) if signatures >= least => VERIFICATION + 2,
            _ => return Err(AccountError::OracleVerificationTooWeak),
        },
        _ => return Err(AccountError::OracleWrongType),
    };
    if bytes::<32>(data, message)? != *expected.feed_id {
        return Err(AccountError::OracleWrongFeed);
    }
    let (price, confidence) = to_price_units(
        i64::from_le_bytes(bytes(data, message + 32)?),
        u64::from_le_bytes(bytes(data, message + 40)?),
        i32::from_le_bytes(bytes(data, message + 48)?),
        expected.multiple,
    )?;
    Ok(OraclePrice {
        price,
        confidence,
        publish_time: i64::from_le_bytes(bytes(data, message + 52)?),
        publish_slot: u64::from_le_bytes(bytes(data, message + 84)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{Dump, dumps};

    fn pull_dumps() -> Vec<Dump> {
        let list: Vec<Dump> = dumps().into_iter().filter(|dump| dump.layout == "PriceUpdateV2").collect();
        assert!(list.len() >= 15, "the fixtures hold the pull accounts");
        list
    }

    fn lenient(dump: &Dump) -> Expected<'_> {
        let receivers = receivers::UPGRADED | receivers::LEGACY;
        Expected { feed_id: &dump.feed_id, receivers, partial_from: Some(1), multiple: 0 }
    }

    fn strict(dump: &Dump) -> Expected<'_> {
        Expected { partial_from: None, ..lenient(dump) }
    }

    #[test]
    fn real_accounts_parse_to_their_published_prices() {
        let (mut full, mut partial) = (0, 0);
        for dump in pull_dumps() {
            let parsed = parse(&RECEIVER, &dump.data, &lenient(&dump));
            assert_eq!(parsed, Ok(dump.expected_price()), "{}", dump.what);
            if dump.full {
                full += 1;
                assert_eq!(parse(&RECEIVER, &dump.data, &strict(&dump)), parsed);
            } else {
                partial += 1;
                assert_eq!(parse(&RECEIVER, &dump.data, &strict(&dump)), Err(AccountError::OracleVerificationTooWeak));
            }
        }
        assert!(full > 5 && partial > 3, "{full} full, {partial} partial");
    }

    #[test]
    fn partial_counts_only_with_enough_signatures() {
        for dump in pull_dumps().iter().filter(|dump| !dump.full) {
            let signatures = dump.data[VERIFICATION + 1];
            let with = |least| parse(&RECEIVER, &dump.data, &Expected { partial_from: Some(least), ..lenient(dump) });
            assert!(with(signatures).is_ok());
            assert_eq!(with(signatures + 1), Err(AccountError::OracleVerificationTooWeak));
        }
    }

    #[test]
    fn owners_are_the_receivers_that_the_row_names() {
        let mut foreign = 0;
        for dump in pull_dumps() {
            let table = [(receivers::UPGRADED, RECEIVER), (receivers::LEGACY, LEGACY_RECEIVER)];
            let known = table.iter().find(|(_, receiver)| *receiver == dump.owner).map(|(bit, _)| *bit);
            foreign += usize::from(known.is_none());
            for receivers in 0..4 {
                let result = parse(&dump.owner, &dump.data, &Expected { receivers, ..lenient(&dump) });
                let accepted = known.is_some_and(|bit| receivers & bit != 0);
                assert_eq!(result.is_ok(), accepted, "{} by {receivers}", dump.what);
                assert!(accepted || result == Err(AccountError::OracleWrongOwner));
            }
        }
        assert!(foreign > 3, "the fixtures hold accounts of another receiver");
    }

    #[test]
    fn another_feed_is_refused() {
        let list = pull_dumps();
        for (dump, other) in list.iter().flat_map(|a| list.iter().map(move |b| (a, b))) {
            if dump.feed_id != other.feed_id {
                assert_eq!(parse(&RECEIVER, &dump.data, &lenient(other)), Err(AccountError::OracleWrongFeed));
            }
        }
    }

    #[test]
    fn every_changed_byte_is_refused_or_without_meaning() {
        for dump in pull_dumps() {
            let message = if dump.full { 41 } else { 42 };
            let truth = dump.expected_price();
            for index in 0..dump.data.len() {
                for change in [0x01, 0x80, 0xff] {
                    let mut data = dump.data.clone();
                    data[index] ^= change;
                    let expected = if dump.full { strict(&dump) } else { lenient(&dump) };
                    let result = parse(&RECEIVER, &data, &expected);
                    let what = format!("{} byte {index} ^ {change:#x}: {result:?}", dump.what);
                    match index {
                        0..8 => assert_eq!(result, Err(AccountError::OracleWrongType), "{what}"),
                        // The write authority does not affect the price.
                        8..40 => assert_eq!(result, Ok(truth), "{what}"),
                        40 => assert!(result.is_err(), "{what}"),
                        // The number of signatures: from one on any number passes this row.
                        41 if !dump.full => {
                            assert!(result == Ok(truth) || data[41] == 0, "{what}");
                        }
                        _ if index < message + 32 => {
                            assert_eq!(result, Err(AccountError::OracleWrongFeed), "{what}");
                        }
                        // Price, confidence, exponent, publish time: the value moves or is refused.
                        _ if index < message + 60 => assert!(
                            result != Ok(truth) || index < message + 48,
                            "{what}: only digits below 1e-6 may vanish"
                        ),
                        _ if index < message + 84 => assert_eq!(result, Ok(truth), "{what}"),
                        _ if index < message + 92 => assert_ne!(result, Ok(truth), "{what}"),
                        _ => assert_eq!(result, Ok(truth), "{what}"),
                    }
                }
            }
        }
    }

    #[test]
    fn other_sizes_are_refused() {
        for dump in pull_dumps() {
            for length in (0..SIZE).chain([SIZE + 1, 3312]) {
                let mut data = dump.data.clone();
                data.resize(length, 0);
                assert_eq!(parse(&RECEIVER, &data, &lenient(&dump)), Err(AccountError::OracleWrongType));
            }
        }
    }
}
