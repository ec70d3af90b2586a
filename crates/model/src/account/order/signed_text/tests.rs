//! Texts of signed orders, written and read.

use super::*;
use crate::action::{SignedHeader, SignedMessage};
use crate::error::{Error, Result};
use crate::quantity::Price;
use crate::quantity::Size;
use crate::side::Side;
use std::string::String;
use std::vec::Vec;

fn read(text: &[u8]) -> Result<SignedMessage> {
    let mut message = SignedMessage::default();
    super::read(text, &mut message).map(|()| message)
}

/// 32 bytes and their text.
const ACCOUNT: ([u8; 32], &str) = ([3; 32], "CktRuQ2mttgRGkXJtyksdKHjUdc2C4TgDzyB98oEzy8");

fn header() -> SignedHeader {
    SignedHeader { sub_account: ACCOUNT.0, nonce: 7, slot: 1_000, max_slot: 1_150, ..SignedHeader::default() }
}

fn text(orders: &[OrderParams]) -> String {
    let mut text = String::new();
    write(&mut text, &header(), ("SOL-PERP", ACCOUNT.1), orders).expect("it can be said");
    text
}

fn bracket() -> [OrderParams; 2] {
    let entry = OrderParams {
        client_id: 9,
        price: Price(149_200_000),
        size: Size(1_500_000_000),
        kind: OrderKind::Limit as u8,
        flags: flags::POST_ONLY,
        market: 4,
        ..OrderParams::default()
    };
    let stop = OrderParams {
        trigger_price: Price(140_000_000),
        kind: OrderKind::StopMarket as u8,
        side: Side::Short as u8,
        flags: flags::LEG | flags::REDUCE_ONLY,
        market: 4,
        ..OrderParams::default()
    };
    [entry, stop]
}

#[test]
fn a_text_says_what_a_person_expects() {
    assert_eq!(
        text(&bracket()),
        "Kedge orders in SOL-PERP, market 4: buy 1.5 limit price 149.2 client-id 9 post-only; sell 0 stop trigger 140 \
         leg reduce-only; account CktRuQ2mttgRGkXJtyksdKHjUdc2C4TgDzyB98oEzy8; number 7; slots 1000 to 1150"
    );
    let below = OrderParams { price: Price(0u64.wrapping_sub(500_000)), flags: flags::OFFSET, ..bracket()[0] };
    assert!(text(&[below]).contains("limit offset -0.5 client-id 9;"), "{}", text(&[below]));
}

#[test]
fn what_was_written_is_read_and_one_letter_more_or_less_is_not() {
    let mut random = 7u64;
    let mut draw = move || {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        random >> 20
    };
    let said: u16 = WORDS.iter().map(|word| word.flag).sum();
    for _ in 0..2_000 {
        let mut any = |most: u64| if draw() % 3 == 0 { 0 } else { draw() % most };
        let orders: Vec<OrderParams> = (0..=any(3))
            .map(|_| OrderParams {
                client_id: any(u64::MAX),
                price: Price(any(1 << 44)),
                size: Size(any(1 << 44)),
                auction_start: Price(any(1 << 44)),
                auction_end: Price(any(1 << 44)),
                trigger_price: Price(any(1 << 44)),
                expires_at: any(1 << 32) as u32,
                auction_ms: any(1 << 32) as u32,
                extent: any(1 << 32) as u32,
                link: any(1 << 32) as u32,
                market: 4,
                flags: any(1 << 16) as u16 & said,
                kind: any(8) as u8,
                side: any(2) as u8,
                padding: [0; 2],
            })
            .collect();
        let text = text(&orders);
        let found = read(text.as_bytes()).unwrap_or_else(|error| panic!("{error:?}: {text}"));
        assert_eq!((found.header, found.orders()), (header(), orders.as_slice()), "{text}");
        assert_eq!(found.market.map(|name| name[..9] == *b"SOL-PERP\0"), Some(true));
        // Before the last number, of which any digits are a number.
        let at = any(text.len() as u64 - 4) as usize;
        let cut = &text.as_bytes()[..at];
        assert_eq!(read(cut).err(), Some(Error::SignedTextInvalid), "{text}");
        assert!(read([text.as_bytes(), b" "].concat().as_slice()).is_err());
        // In the market's name they would name another market.
        let spaced = read([cut, b"  ", &text.as_bytes()[at..]].concat().as_slice());
        assert!(spaced.is_err() || spaced.is_ok_and(|other| other.market != found.market), "{text} at {at}");
    }
}

#[test]
fn a_text_that_could_be_misread_is_refused() {
    let good = text(&bracket());
    let account = &ACCOUNT.1;
    let longer = std::format!("1{account}");
    for (what, with) in [
        ("price 149.2", "price 149.2 price 150"),
        ("price 149.2", "price 149.2 offset 1"),
        ("price 149.2", "price 149,2"),
        ("price 149.2", "price 149.2000001"),
        ("price 149.2", "price -149.2"),
        ("price 149.2", "price 0"),
        ("price 149.2", "price .2"),
        ("price 149.2", "price 1."),
        ("price 149.2", "price 18446744073709551616"),
        ("buy 1.5", "buy +1.5"),
        ("buy 1.5", "Buy 1.5"),
        ("buy 1.5", "hold 1.5"),
        ("buy 1.5 limit", "buy 1.5 iceberg"),
        ("client-id 9 post-only", "post-only client-id 9"),
        ("post-only", "post-only post-only"),
        ("post-only", "ioc"),
        ("market 4", "market 65536"),
        ("; number", " number"),
        ("sell 0", "\nsell 0"),
        (account, &longer),
        (account, &account[1..]),
        (account, "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"),
    ] {
        let changed = good.replacen(what, with, 1);
        assert_ne!(changed, good, "{what}");
        assert!(read(changed.as_bytes()).is_err(), "{changed}");
    }
    assert!(read(good.replace("SOL-PERP", "A-NAME-TOO-LONG-X").as_bytes()).is_err());
}

#[test]
fn an_envelope_is_taken_off_in_each_of_its_forms_and_no_other() {
    let text = text(&bracket());
    let length = (text.len() as u16).to_le_bytes();
    let full = [&ENVELOPE[..], &[0], &[5; 32], &[0, 1], &[9; 32], &length].concat();
    let first = [&ENVELOPE[..], &[0, 0], &length].concat();
    let second = [&ENVELOPE[..], &[1, 1], &[9; 32]].concat();
    assert_eq!([full.len(), first.len(), second.len()], [85, 20, 50]);
    assert_eq!(text_of(text.as_bytes()), Some(text.as_bytes()));
    for (header, kept) in [(full, [16, 50, 83, 84].as_slice()), (first, &[16, 18, 19]), (second, &[16, 17])] {
        let signed = [header.as_slice(), text.as_bytes()].concat();
        assert_eq!(text_of(&signed), Some(text.as_bytes()));
        for at in (0..16).chain(kept.iter().copied()).chain([header.len()]) {
            let mut changed = signed.clone();
            changed[at] ^= 0x40;
            assert_eq!(text_of(&changed), None, "byte {at} of {}", header.len());
        }
        // What hides a letter from the wallet hides it from the program too.
        assert_eq!(text_of(&[signed.as_slice(), b" "].concat()).is_some(), header.len() == 50);
        for length in 0..signed.len() {
            assert!(text_of(&signed[..length]).is_none() || header.len() == 50);
        }
    }
}

#[test]
fn what_no_text_can_say_is_not_written() {
    let [entry, stop] = bracket();
    let mut out = String::new();
    for orders in [
        &[][..],
        &[entry; 4],
        &[entry, OrderParams { market: 5, ..stop }],
        &[OrderParams { padding: [1, 0], ..entry }],
        &[OrderParams { flags: flags::IMMEDIATE_OR_CANCEL, ..entry }],
        &[OrderParams { flags: flags::HAS_LEGS, ..entry }],
        &[OrderParams { kind: 8, ..entry }],
        &[OrderParams { side: 2, ..entry }],
    ] {
        assert!(write(&mut out, &header(), ("SOL-PERP", ACCOUNT.1), orders).is_err(), "{orders:?}");
    }
}
