//! `switchboard-on-demand`: `PullFeedAccountData`.

use bytemuck::Zeroable;
use kedge_abi::error::AccountError;
use kedge_model::account::board::OraclePrice;
use kedge_model::quantity::Price;
use kedge_oracle::switchboard_on_demand::{Expected, PROGRAM, parse};
use kedge_tests::oracle::{Quote, SWITCHBOARD_ON_DEMAND};
use proptest::prelude::*;
use rust_decimal::Decimal;
use solana_pubkey::Pubkey;
use switchboard_on_demand::{
    CurrentResult, Discriminator, ON_DEMAND_DEVNET_PID, ON_DEMAND_MAINNET_PID, PullFeedAccountData,
};

use crate::{NEAREST, Parsed, UP, every_changed_address, every_changed_bit, every_other_length, millionths, recorded};

const FEED: Pubkey = Pubkey::new_from_array([7; 32]);

const fn expected() -> Expected<'static> {
    Expected { address: &FEED, min_samples: 0, oldest_slot: 0, multiple: 0 }
}

fn read(data: &[u8]) -> Parsed {
    parse(&FEED, &PROGRAM, data, &expected())
}

fn bytes(feed: &PullFeedAccountData) -> Vec<u8> {
    [PullFeedAccountData::DISCRIMINATOR, bytemuck::bytes_of(feed)].concat()
}

fn load(data: &[u8]) -> PullFeedAccountData {
    assert_eq!(data[..8], *PullFeedAccountData::DISCRIMINATOR);
    bytemuck::pod_read_unaligned(&data[8..])
}

/// The vendor's reading, rounded as the program rounds: the largest distance of any sample from the value, the age of
/// the oldest sample, and the earlier of signing and posting.
fn by_vendor(feed: &PullFeedAccountData) -> Option<OraclePrice> {
    let value = feed.result.value()?;
    let spread = [feed.std_dev()?, value - feed.min_value()?, feed.max_value()? - value];
    let signed = feed.result_ts();
    let posted = feed.last_update_timestamp;
    Some(OraclePrice {
        price: Price(millionths(value, NEAREST).filter(|price| *price > 0)?),
        confidence: Price(millionths(spread.into_iter().max()?, UP)?),
        publish_time: if signed > 0 { posted.min(signed) } else { posted },
        publish_slot: feed.result.min_slot()?.min(feed.result.result_slot()?),
    })
}

/// A feed with a distinct value in every field that could be mistaken for another.
fn sample() -> PullFeedAccountData {
    let mut feed = PullFeedAccountData::zeroed();
    for (index, submission) in (0..).zip(feed.submissions.iter_mut()) {
        submission.slot = 282_612_000 + index;
        submission.landed_at = 282_612_100 + index;
        submission.value = 150_000_000_000_000_000_000 + i128::from(index);
    }
    feed.feed_hash = [0x4c; 32];
    feed.initialized_at = 1_723_059_676;
    feed.max_variance = 10_000_000_000;
    feed.min_responses = 1;
    feed.name = [b'n'; 32];
    feed.historical_result_idx = 9;
    feed.min_sample_size = 2;
    feed.last_update_timestamp = 1_723_244_190;
    feed.lut_slot = 11;
    feed.result = CurrentResult {
        value: 155_594_045_270_000_000_000,
        std_dev: 240_161_790_000_000_000,
        mean: 155_353_883_480_000_000_000,
        range: 480_323_580_000_000_000,
        min_value: 155_113_721_690_000_000_000,
        max_value: 155_694_045_270_000_000_000,
        num_samples: 3,
        submission_idx: 5,
        padding1: [0; 6],
        slot: 282_612_970,
        min_slot: 282_612_820,
        max_slot: 282_612_980,
    };
    feed.max_staleness = 250;
    feed
}

#[test]
fn recorded_accounts_read_the_same() {
    let list = recorded("switchboard_accounts.json");
    assert_eq!(list.len(), 3, "all on-demand feeds");
    for one in list {
        let feed = load(&one.data);
        let parsed = read(&one.data);
        assert!(parsed.is_ok(), "{}: {parsed:?}", one.what);
        assert_eq!(parsed.ok(), by_vendor(&feed), "{}", one.what);
        let owned = parse(&FEED, &one.owner, &one.data, &expected());
        let here = one.owner.to_bytes() == ON_DEMAND_MAINNET_PID.to_bytes();
        assert_eq!(owned, if here { parsed } else { Err(AccountError::OracleWrongOwner) }, "{}", one.what);
        // The number of samples, and one more.
        let with = |min_samples| parse(&FEED, &PROGRAM, &one.data, &Expected { min_samples, ..expected() });
        assert!(with(feed.result.num_samples).is_ok());
        assert_eq!(with(feed.result.num_samples + 1), Err(AccountError::OracleTooFewSamples));
        let since = |oldest_slot| parse(&FEED, &PROGRAM, &one.data, &Expected { oldest_slot, ..expected() });
        assert!(since(feed.result.min_slot).is_ok());
        assert_eq!(since(feed.result.min_slot + 1), Err(AccountError::OracleSamplesTooOld), "{}", one.what);
    }
}

#[test]
fn ids_and_sizes_are_the_vendors() {
    assert_eq!(PROGRAM.to_bytes(), ON_DEMAND_MAINNET_PID.to_bytes());
    assert_eq!(SWITCHBOARD_ON_DEMAND, PROGRAM);
    assert_eq!(size_of::<PullFeedAccountData>() + 8, 3_208);
    let devnet = Pubkey::new_from_array(ON_DEMAND_DEVNET_PID.to_bytes());
    let refused = parse(&FEED, &devnet, &bytes(&sample()), &expected());
    assert_eq!(refused, Err(AccountError::OracleWrongOwner), "feeds of the test cluster are no prices");
}

#[test]
fn what_other_tests_write_is_a_feed() {
    let quote = Quote { price: 10_000_000, confidence: 2_000, publish_time: 1_700_000_000, slot: 9 };
    let data = quote.switchboard_on_demand(3);
    let feed = load(&data);
    assert_eq!((feed.result.num_samples, feed.min_sample_size), (3, 1));
    assert_eq!(feed.result.value(), Some(Decimal::from(10)));
    assert_eq!(read(&data).ok(), by_vendor(&feed));
    assert_eq!(read(&quote.switchboard_on_demand(0)), Err(AccountError::OracleTooFewSamples));
}

proptest! {
    #[test]
    fn accounts_of_the_vendors_types_read_the_same(
        value in -1_000_000_000_000_000_000_000i128..70_000_000_000_000_000_000_000_000_000, less in 0u32..60,
        below in 0i128..1 << 90, above in 0i128..1 << 90, deviation in 0i128..1 << 90, fewer in 0u32..60,
        counts in (0u8..=32, 0u8..=32, 0u8..=32), index in 0u8..32,
        times in (0i64..1 << 40, prop::option::of(0i64..1 << 40)), slots in (1u64..1 << 40, 0u64..1_000, 0u64..1_000), asked in 0u64..1 << 40,
    ) {
        let mut feed = sample();
        let value = value >> less;
        // The lowest sample is positive, at most as far below the value as possible.
        let below = (below >> fewer).min(value.max(0));
        feed.result.value = value;
        feed.result.min_value = value - below;
        feed.result.max_value = value + (above >> fewer);
        feed.result.std_dev = deviation >> fewer;
        feed.result.num_samples = counts.0;
        feed.min_sample_size = counts.1;
        feed.result.submission_idx = index;
        feed.last_update_timestamp = times.0;
        feed.submission_timestamps[usize::from(index)] = times.1.unwrap_or_default();
        feed.result.min_slot = slots.0;
        feed.result.slot = slots.0 + slots.1;
        feed.result.max_slot = slots.0 + slots.1 + slots.2;
        let data = bytes(&feed);
        let parsed = parse(&FEED, &PROGRAM, &data, &Expected { address: &FEED, min_samples: counts.2, oldest_slot: asked, multiple: 0 });
        if counts.0 < counts.1.max(counts.2).max(1) {
            prop_assert_eq!(parsed, Err(AccountError::OracleTooFewSamples));
        } else if value <= 0 {
            prop_assert_eq!(parsed, Err(AccountError::OraclePriceNotPositive));
        } else if slots.0 < asked {
            prop_assert_eq!(parsed, Err(AccountError::OracleSamplesTooOld));
        } else {
            prop_assert_eq!(parsed.ok(), by_vendor(&feed));
            prop_assert!(parsed.is_ok() || parsed == Err(AccountError::OraclePriceOutOfRange));
        }
    }
}

#[test]
fn every_header_byte_counts() {
    let data = bytes(&sample());
    every_changed_bit(&data, 0..8, AccountError::OracleWrongType, read);
    every_other_length(&data, read);
    every_changed_address(PROGRAM, AccountError::OracleWrongOwner, |owner| parse(&FEED, owner, &data, &expected()));
    every_changed_address(FEED, AccountError::OracleWrongFeed, |address| parse(address, &PROGRAM, &data, &expected()));
}

#[test]
fn every_field_that_speaks_against_a_value_is_heard() {
    let refused = |change: fn(&mut PullFeedAccountData), error: AccountError| {
        let mut feed = sample();
        change(&mut feed);
        assert_eq!(read(&bytes(&feed)), Err(error));
    };
    for flag in 1..=255 {
        let mut feed = sample();
        feed.permit_write_by_authority = flag;
        assert_eq!(read(&bytes(&feed)), Err(AccountError::OracleNotIndependent));
    }
    refused(|feed| feed.result.num_samples = 1, AccountError::OracleTooFewSamples);
    refused(|feed| feed.min_sample_size = 4, AccountError::OracleTooFewSamples);
    refused(|feed| (feed.result.num_samples, feed.min_sample_size) = (0, 0), AccountError::OracleTooFewSamples);
    refused(|feed| feed.result.value = 0, AccountError::OraclePriceNotPositive);
    refused(|feed| feed.result.value = -1, AccountError::OraclePriceNotPositive);
    refused(|feed| feed.result.value = i128::MIN, AccountError::OraclePriceNotPositive);
    refused(|feed| feed.result.min_value = feed.result.value + 1, AccountError::OracleWrongType);
    refused(|feed| feed.result.min_value = -1, AccountError::OracleWrongType);
    refused(|feed| feed.result.max_value = feed.result.value - 1, AccountError::OracleWrongType);
    refused(|feed| feed.result.std_dev = -1, AccountError::OracleWrongType);
    refused(|feed| feed.result.submission_idx = 32, AccountError::OracleWrongType);
    refused(|feed| feed.result.max_value = i128::MAX, AccountError::OraclePriceOutOfRange);
    // Less than half a millionth.
    let small = |value: i128| {
        let mut feed = sample();
        feed.result = CurrentResult { value, min_value: 0, max_value: value, std_dev: 0, ..feed.result };
        read(&bytes(&feed)).map(|price| price.price)
    };
    assert_eq!(small(499_999_999_999), Err(AccountError::OraclePriceOutOfRange));
    assert_eq!(small(500_000_000_000), Ok(Price(1)));
    // No value was ever posted.
    let empty = [PullFeedAccountData::DISCRIMINATOR, &[0; 3_200]].concat();
    assert_eq!(read(&empty), Err(AccountError::OracleTooFewSamples));
    // A value that was signed before its posting counts from its signing; a time in the future does not count.
    for (signed, expected) in [(1_723_244_100, 1_723_244_100), (1_723_244_200, 1_723_244_190), (-5, 1_723_244_190)] {
        let mut feed = sample();
        feed.submission_timestamps[5] = signed;
        assert_eq!(read(&bytes(&feed)).expect("a price").publish_time, expected);
    }
}
