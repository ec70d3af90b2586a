//! `pyth-solana-receiver-sdk`: `PriceUpdateV2`.

use anchor_lang_of_pyth::prelude::Pubkey as SdkKey;
use anchor_lang_of_pyth::{AccountDeserialize, AccountSerialize, Discriminator};
use kedge_abi::error::AccountError;
use kedge_model::account::board::{OraclePrice, receivers};
use kedge_model::quantity::Price;
use kedge_oracle::pyth_pull::{Expected, LEGACY_RECEIVER, RECEIVER, parse};
use kedge_tests::oracle::Update;
use proptest::prelude::*;
use pyth_solana_receiver_sdk::price_update::{PriceFeedMessage, PriceUpdateV2, VerificationLevel};
use solana_pubkey::Pubkey;

use crate::{
    NEAREST, Parsed, Recorded, UP, every_changed_address, every_changed_bit, every_other_length, millionths, recorded,
    scaled,
};

const BOTH: u8 = receivers::UPGRADED | receivers::LEGACY;

/// The account as the receiver stores it.
fn account(update: &PriceUpdateV2) -> Vec<u8> {
    let mut data = Vec::new();
    update.try_serialize(&mut data).expect("the vendor writes it");
    data.resize(PriceUpdateV2::LEN, 0);
    data
}

/// The vendor's reading, rounded as the program rounds.
pub(crate) fn by_vendor(data: &[u8]) -> Option<OraclePrice> {
    let update = PriceUpdateV2::try_deserialize(&mut &data[..]).expect("the vendor reads it");
    let message = update.price_message;
    let number = |mantissa: i128| scaled(mantissa, message.exponent);
    let price = millionths(number(message.price.into())?, NEAREST).filter(|price| *price > 0)?;
    Some(OraclePrice {
        price: Price(price),
        confidence: Price(millionths(number(message.conf.into())?, UP)?),
        publish_time: message.publish_time,
        publish_slot: update.posted_slot,
    })
}

fn expected(feed_id: &[u8; 32]) -> Expected<'_> {
    Expected { feed_id, receivers: BOTH, partial_from: Some(1), multiple: 0 }
}

fn feed_of(data: &[u8]) -> [u8; 32] {
    PriceUpdateV2::try_deserialize(&mut &data[..]).expect("the vendor reads it").price_message.feed_id
}

fn accounts() -> Vec<Recorded> {
    let list: Vec<_> = recorded("pyth_accounts.json").into_iter().filter(|one| one.layout == "PriceUpdateV2").collect();
    assert_eq!(list.len(), 20, "all pull accounts");
    list
}

fn sample(verification_level: VerificationLevel) -> PriceUpdateV2 {
    PriceUpdateV2 {
        write_authority: SdkKey::new_from_array([5; 32]),
        verification_level,
        price_message: PriceFeedMessage {
            feed_id: [7; 32],
            price: 10_259_321_149,
            conf: 1_385_000,
            exponent: -8,
            publish_time: 1_789_699_386,
            prev_publish_time: 1_789_699_385,
            ema_price: 10_201_000_000,
            ema_conf: 1_400_000,
        },
        posted_slot: 447_956_893,
    }
}

#[test]
fn recorded_accounts_read_the_same() {
    for one in accounts() {
        let feed = feed_of(&one.data);
        let parsed = parse(&RECEIVER, &one.data, &expected(&feed));
        assert_eq!(parsed.ok(), by_vendor(&one.data), "{}", one.what);
        assert!(parsed.is_ok(), "{}", one.what);
        let known = [RECEIVER, LEGACY_RECEIVER].contains(&one.owner);
        let owned = parse(&one.owner, &one.data, &expected(&feed));
        assert_eq!(owned, if known { parsed } else { Err(AccountError::OracleWrongOwner) }, "{}", one.what);
    }
}

#[test]
fn ids_and_sizes_are_the_vendors() {
    assert_eq!(LEGACY_RECEIVER.to_bytes(), pyth_solana_receiver_sdk::ID.to_bytes());
    assert_eq!(PriceUpdateV2::LEN, 134);
    assert_eq!(account(&sample(VerificationLevel::Full))[..8], *PriceUpdateV2::DISCRIMINATOR);
}

#[test]
fn what_other_tests_write_is_a_price_update() {
    for signatures in [None, Some(3)] {
        let update = Update {
            feed: [9; 32],
            price: 10_000_000,
            confidence: 2_000,
            publish_time: 1_700_000_000,
            posted_slot: 9,
            signatures,
        };
        let data = update.bytes();
        assert_eq!(parse(&RECEIVER, &data, &expected(&[9; 32])).ok(), by_vendor(&data));
        assert_eq!(by_vendor(&data).expect("a price").price, Price(10_000_000));
    }
}

proptest! {
    #[test]
    fn accounts_of_the_vendors_types_read_the_same(
        (price, conf, exponent) in (any::<i64>(), any::<u64>(), -18i32..8).prop_flat_map(|(price, conf, exponent)| {
            // Most prices are of everyday size, some are arbitrary.
            (Just(price), 0u32..40, Just(conf), 0u32..50, Just(exponent))
        }).prop_map(|(price, less, conf, fewer, exponent)| (price >> less, conf >> fewer, exponent)),
        feed_id in any::<[u8; 32]>(), times in any::<(i64, i64, i64, u64)>(), slot in any::<u64>(), signatures in prop::option::of(any::<u8>()),
    ) {
        let update = PriceUpdateV2 {
            write_authority: SdkKey::new_from_array(feed_id),
            verification_level: signatures
                .map_or(VerificationLevel::Full, |num_signatures| VerificationLevel::Partial { num_signatures }),
            price_message: PriceFeedMessage {
                feed_id, price, conf, exponent,
                publish_time: times.0, prev_publish_time: times.1, ema_price: times.2, ema_conf: times.3,
            },
            posted_slot: slot,
        };
        let data = account(&update);
        let parsed = parse(&RECEIVER, &data, &expected(&feed_id));
        if signatures == Some(0) {
            prop_assert_eq!(parsed, Err(AccountError::OracleVerificationTooWeak));
        } else {
            prop_assert_eq!(parsed.ok(), by_vendor(&data));
            prop_assert!(parsed.is_ok() || price <= 0 || parsed == Err(AccountError::OraclePriceOutOfRange));
            prop_assert!(price > 0 || parsed == Err(AccountError::OraclePriceNotPositive));
        }
        // The vendor orders verification levels as the program does.
        for least in [1u8, 5, 13] {
            let enough = update.verification_level.gte(VerificationLevel::Partial { num_signatures: least });
            let with = parse(&RECEIVER, &data, &Expected { partial_from: Some(least), ..expected(&feed_id) });
            prop_assert_eq!(with == Err(AccountError::OracleVerificationTooWeak), !enough);
        }
        let strict = parse(&RECEIVER, &data, &Expected { partial_from: None, ..expected(&feed_id) });
        prop_assert_eq!(strict == Err(AccountError::OracleVerificationTooWeak), signatures.is_some());
    }
}

#[test]
fn every_header_byte_counts() {
    for level in [VerificationLevel::Full, VerificationLevel::Partial { num_signatures: 5 }] {
        let data = account(&sample(level));
        let feed = [7; 32];
        let read = |data: &[u8]| -> Parsed { parse(&RECEIVER, data, &expected(&feed)) };
        every_changed_bit(&data, 0..8, AccountError::OracleWrongType, read);
        let message = if level == VerificationLevel::Full { 41 } else { 42 };
        every_changed_bit(&data, message..message + 32, AccountError::OracleWrongFeed, read);
        every_other_length(&data, read);
        // All invalid tags, and each valid tag with the other level's data.
        for tag in 2..=255 {
            let mut changed = data.clone();
            changed[40] = tag;
            assert_eq!(read(&changed), Err(AccountError::OracleWrongType), "level {tag}");
        }
        let mut other = data.clone();
        other[40] ^= 1;
        // The bytes behind the tag are shifted by one: the feed id is elsewhere.
        assert_eq!(read(&other), Err(AccountError::OracleWrongFeed));
        for (bit, owner) in [(receivers::UPGRADED, RECEIVER), (receivers::LEGACY, LEGACY_RECEIVER)] {
            let by = |owner: &Pubkey| parse(owner, &data, &Expected { receivers: bit, ..expected(&feed) });
            every_changed_address(owner, AccountError::OracleWrongOwner, by);
        }
    }
}
