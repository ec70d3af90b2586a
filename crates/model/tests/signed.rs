//! Signed orders: whose, of which program and market, and when they can be placed.

mod common;

use common::{BTC, DOLLAR, ONE, World, limit};
use kedge_model::account::order::signed_text;
use kedge_model::account::order::{OrderParams, Side, flags};
use kedge_model::action::{DOMAIN, MAX_MESSAGE, MAX_SIGNED_MS, PlaceSigned, SignedHeader, SignedMessage};
use kedge_model::error::{Error, Result};
use kedge_model::quantity::Price;

/// Address of the sub-account, and its text.
const ADDRESS: ([u8; 32], &str) = ([3; 32], "CktRuQ2mttgRGkXJtyksdKHjUdc2C4TgDzyB98oEzy8");
const PROGRAM: [u8; 32] = [8; 32];

fn bytes(slot: u64, max_slot: u64) -> SignedMessage {
    let header = SignedHeader { domain: DOMAIN, program: PROGRAM, sub_account: ADDRESS.0, nonce: 1, slot, max_slot };
    let mut buffer = [0; MAX_MESSAGE];
    let order = limit(BTC, Side::Long, ONE / 10, 50_000 * DOLLAR);
    SignedMessage::read(SignedMessage::write(&header, &[order], &mut buffer).unwrap()).unwrap()
}

fn text(market: &str, slot: u64) -> SignedMessage {
    let end = slot + 10;
    let text = format!(
        "Kedge orders in {market}, market 0: buy 0.1 limit price 50000; account {}; number 1; slots {slot} to {end}",
        ADDRESS.1
    );
    SignedMessage::read(text.as_bytes()).unwrap()
}

/// Places it for account 0, whose owner is `[1; 32]`: how many orders that are, and the sub-account's next number.
fn place(world: &World, message: &SignedMessage, change: impl Fn(&mut PlaceSigned<'_>)) -> Result<(usize, u64)> {
    let mut place = PlaceSigned { message, signer: [1; 32], program: PROGRAM, sub_account: ADDRESS.0 };
    change(&mut place);
    let mut world = world.clone();
    let _ = world.on_market(BTC, &[0], |context, _, accounts| place.execute(context, &mut accounts[0]))?;
    Ok((world.accounts[0].open().count(), world.accounts[0].head.signed_nonce))
}

#[test]
fn a_message_is_good_for_its_signer_account_and_program_alone() {
    let world = World::funded(1, 100_000);
    let slot = world.clock.slot;
    let (bytes, text) = (bytes(slot, slot + 10), text("BTC-PERP", slot));
    for message in [&bytes, &text] {
        assert_eq!(place(&world, message, |_| ()), Ok((1, 1)));
        assert_eq!(place(&world, message, |place| place.signer = [2; 32]), Err(Error::WrongAuthority));
        assert_eq!(place(&world, message, |place| place.sub_account[31] = 4), Err(Error::SignedOtherAccount));
    }
    assert_eq!(place(&world, &bytes, |place| place.program[31] = 9), Err(Error::SignedOtherProgram));
    assert_eq!(place(&world, &text, |place| place.program[31] = 9), Ok((1, 1)), "the account's address tells it");
}

#[test]
fn a_text_is_good_in_the_market_that_it_names() {
    let world = World::funded(1, 100_000);
    let slot = world.clock.slot;
    for (name, is) in [("BTC-PERP", true), ("BTC-PER", false), ("BTC-PERPX", false), ("ETH-PERP", false)] {
        let message = text(name, slot);
        assert_eq!(message.is_in("BTC-PERP"), is, "{name}");
        let wanted = if is { Ok((1, 1)) } else { Err(Error::WrongMarket) };
        assert_eq!(place(&world, &message, |_| ()), wanted, "{name}");
    }
    let bytes = bytes(slot, slot);
    assert!(bytes.is_in("BTC-PERP") && bytes.is_in("ETH-PERP"), "bytes name none");
    assert_eq!((bytes.is_text(), text("BTC-PERP", slot).is_text()), (false, true));
}

#[test]
fn a_message_is_placed_between_its_slots_which_are_ten_minutes_apart_at_most() {
    let world = World::funded(1, 100_000);
    let (now, long) = (world.clock.slot, MAX_SIGNED_MS.slots_up(world.board.slot_time()).unwrap().0);
    for (slot, end, wanted) in [
        (now, now, Ok((1, 1))),
        (now, now + long, Ok((1, 1))),
        (now, now + long + 1, Err(Error::SignedTooLong)),
        (now + 1, now + 10, Err(Error::SignedTooEarly)),
        (now - 10, now - 1, Err(Error::SignedOrderExpired)),
        (now - 10, now, Ok((1, 1))),
    ] {
        assert_eq!(place(&world, &bytes(slot, end), |_| ()), wanted, "{slot} to {end} in {now}");
    }
}

#[test]
fn a_number_that_does_not_fit_is_not_read_as_a_smaller_one() {
    let text = |size: &str, words: &str| {
        let account = ADDRESS.1;
        format!(
            "Kedge orders in BTC-PERP, market 0: buy {size} limit {words}; account {account}; number 1; slots 1 to 2"
        )
    };
    let read =
        |size: &str, words: &str| SignedMessage::read(text(size, words).as_bytes()).map(|message| message.orders()[0]);
    assert_eq!(read("18446744073.709551615", "price 1").unwrap().size.0, u64::MAX);
    assert_eq!(read("1", "price 1 client-id 18446744073709551615").unwrap().client_id, u64::MAX);
    assert_eq!(
        read("18446744073.70955161", "price 1").unwrap().size.0,
        u64::MAX - 5,
        "a digit fewer, in the same units"
    );
    for size in
        ["18446744073.709551616", "18446744074", "36893488147.5", "184467440737095516160", "99999999999999999999"]
    {
        assert!(read(size, "price 1").is_err(), "{size}");
    }
    for number in ["18446744073709551616", "18446744073709551620", "36893488147419103232", "184467440737095516170"] {
        assert!(read("1", &format!("price 1 client-id {number}")).is_err(), "{number}");
    }
    for (word, most) in [("extent", "4294967295"), ("link", "4294967295"), ("expires", "4294967295")] {
        assert!(read("1", &format!("price 1 {word} {most}")).is_ok(), "{word}");
        assert!(
            read("1", &format!("price 1 {word} 4294967296")).is_err()
                && read("1", &format!("price 1 {word} 4294967297")).is_err()
        );
    }
}

#[test]
fn an_address_is_read_whatever_its_length_and_has_one_text() {
    let world = World::funded(1, 100_000);
    let read = |address: &str| {
        let text = format!(
            "Kedge orders in BTC-PERP, market 0: buy 0.1 limit price 50000; account {address}; number 1; slots 1 to 2"
        );
        SignedMessage::read(text.as_bytes()).map(|message| message.header.sub_account)
    };
    // 44 digits, 43 and 32.
    let longest = "JEKNVnkbo3jma5nREBBJCDoXFVeKkD56V3xKrvRmWxFG";
    assert_eq!(read(longest), Ok([255; 32]));
    assert_eq!((read(ADDRESS.1), read(&"1".repeat(32))), (Ok(ADDRESS.0), Ok([0; 32])));
    for wrong in [
        longest.replace("WxFG", "WxFH"),
        format!("1{longest}"),
        "1".repeat(31),
        "1".repeat(33),
        // As many as a byte that counts them comes back to, and 32.
        "1".repeat(288),
    ] {
        assert_eq!(read(&wrong), Err(Error::SignedTextInvalid), "{wrong}");
    }
    // It is placed for that account alone.
    let (slot, end) = (world.clock.slot, world.clock.slot + 10);
    let text = format!(
        "Kedge orders in BTC-PERP, market 0: buy 0.1 limit price 50000; account {longest}; number 1; slots {slot} to {end}"
    );
    let message = SignedMessage::read(text.as_bytes()).unwrap();
    assert_eq!(place(&world, &message, |place| place.sub_account = [255; 32]), Ok((1, 1)));
    assert_eq!(place(&world, &message, |_| ()), Err(Error::SignedOtherAccount));
}

#[test]
fn an_offset_of_nothing_is_written_without_a_sign() {
    let order = OrderParams { flags: flags::OFFSET, ..limit(BTC, Side::Long, ONE, 0) };
    let written = |order| {
        let mut text = String::new();
        signed_text::write(&mut text, &SignedHeader::default(), ("BTC-PERP", ADDRESS.1), &[order]).unwrap();
        text
    };
    assert!(written(order).contains(": buy 1 limit offset 0; account "), "{}", written(order));
    let below = OrderParams { price: Price(u64::MAX), ..order };
    assert!(written(below).contains(": buy 1 limit offset -0.000001; account "), "{}", written(below));
}
