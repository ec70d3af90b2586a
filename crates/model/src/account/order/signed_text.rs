//! Signed orders as a text that a person can read, also on a hardware wallet.
//!
//! The text is the message: the program reads the orders out of it, so nothing else than what was shown can be placed.
//!
//! ```text
//! Kedge orders in SOL-PERP, market 0: buy 1.5 limit price 149.2 post-only; sell 0 stop trigger 140 leg reduce-only;
//! account 4Nd1mYvFvbGL...; number 7; slots 1000 to 1150
//! ```
//!
//! (One line.) An order is a side, a size, a kind, and then words of [`WORDS`] in their order, with a number behind those
//! that have one. It is signed as it is, or in an envelope of Solana's off-chain messages, which wallets add themselves:
//! version 0 (with application domain and one signer), version 0 as the first tools wrote it (without both), or version 1.

use core::fmt;

use crate::account::order::{OrderKind, OrderParams, flags};
use crate::action::{MAX_SIGNED_ORDERS, SignedHeader, SignedMessage};
use crate::error::{Error, Result};
use crate::quantity::Size;
use crate::side::Side;

/// What every text begins with; then the market's name.
pub const OPENING: &[u8] = b"Kedge orders in ";
/// What every off-chain message begins with.
pub const ENVELOPE: &[u8; 16] = b"\xffsolana offchain";

/// A word of an order: what it is called, where its number goes and with how many decimals, and the flag it sets.
struct Word {
    name: Name,
    /// Offset in [`OrderParams`]; [`NO_NUMBER`] for none.
    at: u8,
    decimals: u8,
    wide: bool,
    flag: u16,
}

/// Bytes of the longest envelope in front of its text.
const LONGEST_HEADER: usize = 85;
/// Longest word.
const NAME: usize = 16;
/// A zero-padded word: in two integers, which compare as they are where bytes would be loaded one by one.
type Name = [u64; 2];
const NO_NUMBER: u8 = u8::MAX;
const PRICE_DECIMALS: u8 = 6;
const SIZE_DECIMALS: u8 = 9;

const fn name(text: &[u8]) -> Name {
    let mut name = [0u64; 2];
    let mut at = 0;
    while at < text.len() {
        name[at.wrapping_shr(3)] |= (text[at] as u64).wrapping_shl((at as u32 & 7).wrapping_mul(8));
        at = at.wrapping_add(1);
    }
    name
}

const fn number(text: &[u8], at: usize, decimals: u8, wide: bool) -> Word {
    Word { name: name(text), at: at as u8, decimals, wide, flag: 0 }
}

const fn flag(text: &[u8], flag: u16) -> Word {
    Word { name: name(text), at: NO_NUMBER, decimals: 0, wide: false, flag }
}

/// The words of an order, in the order in which they stand. A number that is zero is not written, but for an offset.
const WORDS: [Word; 19] = [
    number(b"price", core::mem::offset_of!(OrderParams, price), PRICE_DECIMALS, true),
    Word {
        name: name(b"offset"),
        at: core::mem::offset_of!(OrderParams, price) as u8,
        decimals: PRICE_DECIMALS,
        wide: true,
        flag: flags::OFFSET,
    },
    number(b"from", core::mem::offset_of!(OrderParams, auction_start), PRICE_DECIMALS, true),
    number(b"to", core::mem::offset_of!(OrderParams, auction_end), PRICE_DECIMALS, true),
    number(b"auction-ms", core::mem::offset_of!(OrderParams, auction_ms), 0, false),
    number(b"trigger", core::mem::offset_of!(OrderParams, trigger_price), PRICE_DECIMALS, true),
    number(b"extent", core::mem::offset_of!(OrderParams, extent), 0, false),
    number(b"link", core::mem::offset_of!(OrderParams, link), 0, false),
    number(b"expires", core::mem::offset_of!(OrderParams, expires_at), 0, false),
    number(b"client-id", core::mem::offset_of!(OrderParams, client_id), 0, true),
    flag(b"post-only", flags::POST_ONLY),
    flag(b"slide", flags::SLIDE),
    flag(b"leg", flags::LEG),
    flag(b"reduce-only", flags::REDUCE_ONLY),
    flag(b"trigger-mark", flags::TRIGGER_MARK),
    flag(b"trigger-last", flags::TRIGGER_LAST),
    flag(b"cancel-taker", flags::SELF_CANCEL_TAKER),
    flag(b"decrement", flags::SELF_DECREMENT),
    flag(b"builder", flags::BUILDER),
];

/// Kinds by their number.
const KINDS: [Name; 8] = [
    name(b"market"),
    name(b"limit"),
    name(b"stop"),
    name(b"stop-limit"),
    name(b"profit"),
    name(b"profit-limit"),
    name(b"trailing"),
    name(b"twap"),
];
const _: () = assert!(OrderKind::Twap as usize + 1 == KINDS.len(), "every kind has its name");

/// The text in what was signed: all of it, or what an envelope holds; `None` for another beginning.
///
/// What a wallet does not show must not be read: so the header names one signer, behind whom the text begins, and its
/// length. Taken for another form, a header has bytes of the signer's key where the text would have letters.
#[inline(never)]
pub(crate) fn text_of(signed: &[u8]) -> Option<&[u8]> {
    // No text is shorter than the longest header.
    let header: &[u8; LONGEST_HEADER] = signed.first_chunk()?;
    let text = |at: usize| signed.get(at..).filter(|text| begins(text, OPENING));
    if !begins(signed, ENVELOPE) {
        return text(0);
    }
    let length = |low: u8, high: u8| usize::from(u16::from_le_bytes([low, high]));
    let [second, third] = [header[17], header[18]];
    match header[16] {
        // Signer count, one signer.
        1 if second == 1 => text(50),
        // Format, length: as the first tools wrote it.
        0 if length(third, header[19]) == signed.len().wrapping_sub(20) => text(20),
        // Application domain, format, signer count, one signer, length.
        0 if header[50] == 1 && length(header[83], header[84]) == signed.len().wrapping_sub(LONGEST_HEADER) => {
            text(LONGEST_HEADER)
        }
        _ => None,
    }
}

/// Whether a text begins with another. Not inlined: against a known text, bytes would be loaded one by one.
#[inline(never)]
pub(crate) fn begins(text: &[u8], with: &[u8]) -> bool {
    text.starts_with(with)
}

/// Reads a text into an empty message.
///
/// # Errors
/// [`Error::SignedTextInvalid`] where it leaves the form.
#[inline(never)]
pub(crate) fn read(text: &[u8], said: &mut SignedMessage) -> Result<()> {
    let mut reader = Reader { rest: text, failed: false };
    reader.expect(OPENING);
    said.market = Some(bytemuck::cast(reader.until(b',')));
    reader.expect(b", market ");
    let index = reader.decimal(0);
    let market = index as u16;
    reader.failed |= index != u64::from(market);
    reader.expect(b": ");
    for order in &mut said.orders {
        order.side = if reader.skip(b"sell ") { Side::Short as u8 } else { Side::Long as u8 };
        if order.side == Side::Long as u8 && !reader.skip(b"buy ") {
            break;
        }
        order.market = market;
        reader.order(order);
        reader.expect(b"; ");
        said.count = said.count.wrapping_add(1);
    }
    reader.expect(b"account ");
    said.header.sub_account = reader.address();
    reader.expect(b"; number ");
    said.header.nonce = reader.decimal(0);
    reader.expect(b"; slots ");
    said.header.slot = reader.decimal(0);
    reader.expect(b" to ");
    said.header.max_slot = reader.decimal(0);
    let whole = !reader.failed && said.count != 0 && reader.rest.is_empty();
    if whole { Ok(()) } else { Err(Error::SignedTextInvalid) }
}

/// Reads on after a failure, to no effect: one question at the end is less code than one after every word.
struct Reader<'a> {
    rest: &'a [u8],
    failed: bool,
}

impl Reader<'_> {
    /// Goes past a text if it is there.
    #[inline(never)]
    fn skip(&mut self, literal: &[u8]) -> bool {
        match self.rest.strip_prefix(literal) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    #[inline(never)]
    fn expect(&mut self, literal: &[u8]) {
        self.failed |= !self.skip(literal);
    }

    /// Takes the next character if it passes.
    #[inline(always)]
    fn take(&mut self, pass: impl FnOnce(u8) -> Option<u8>) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        let taken = pass(*first)?;
        self.rest = rest;
        Some(taken)
    }

    /// What stands before a character, or before the end of an order; at most 16 bytes.
    #[inline(never)]
    fn until(&mut self, end: u8) -> Name {
        let mut word = Name::default();
        for place in bytemuck::cast_mut::<Name, [u8; NAME]>(&mut word) {
            match self.take(|byte| (byte != end && byte != b';').then_some(byte)) {
                Some(byte) => *place = byte,
                None => break,
            }
        }
        word
    }

    /// Digits behind those of a value, and how many.
    #[inline(never)]
    fn digits(&mut self, mut value: u64) -> (u64, u8) {
        let mut count = 0u8;
        while let Some(digit) = self.take(|byte| byte.is_ascii_digit().then(|| byte.wrapping_sub(b'0'))) {
            let sum = value.wrapping_mul(10).wrapping_add(u64::from(digit));
            self.failed |= value > u64::MAX / 10 || sum < u64::from(digit);
            (value, count) = (sum, count.saturating_add(1));
        }
        self.failed |= count == 0;
        (value, count)
    }

    /// A number with at most so many digits behind its point, in units of the last of them.
    #[inline(never)]
    fn decimal(&mut self, decimals: u8) -> u64 {
        let ((mut value, _), mut behind) = (self.digits(0), 0);
        if self.skip(b".") {
            (value, behind) = self.digits(value);
        }
        self.failed |= behind > decimals;
        for _ in behind..decimals {
            self.failed |= value > u64::MAX / 10;
            value = value.wrapping_mul(10);
        }
        value
    }

    /// An address in base58.
    #[inline(never)]
    fn address(&mut self) -> [u8; 32] {
        /// A fifth power of 58 times a word of 32 bits leaves room for what is carried.
        const AT_ONCE: usize = 5;
        // The value in words of 32 bits, the lowest first.
        let mut words = [0u64; 8];
        let text = self.rest;
        // Each leading 1 is a byte of zero.
        let zeros = text.iter().take_while(|digit| **digit == b'1').count();
        loop {
            let (mut part, mut scale) = (0u64, 1u64);
            for _ in 0..AT_ONCE {
                let Some(digit) = self.take(base58) else { break };
                (part, scale) = (part.wrapping_mul(58).wrapping_add(u64::from(digit)), scale.wrapping_mul(58));
            }
            if scale == 1 || self.failed {
                break;
            }
            for word in &mut words {
                let sum = word.wrapping_mul(scale).wrapping_add(part);
                (*word, part) = (sum & 0xffff_ffff, sum.wrapping_shr(32));
            }
            self.failed |= part != 0 || text.len().wrapping_sub(self.rest.len()) > 44;
        }
        let [a, b, c, d, e, f, g, h] = words;
        let double = |low: u64, high: u64| (high.wrapping_shl(32) | low).to_be();
        let bytes: [u8; 32] = bytemuck::cast([double(g, h), double(e, f), double(c, d), double(a, b)]);
        // Each leading 1 is a byte of zero: no address has two texts.
        self.failed |= bytes.iter().take_while(|byte| **byte == 0).count() != zeros;
        bytes
    }

    /// Size, kind and words of an order.
    #[inline(never)]
    fn order(&mut self, order: &mut OrderParams) {
        order.size = Size(self.decimal(SIZE_DECIMALS));
        self.expect(b" ");
        let kind = self.until(b' ');
        let kind = KINDS.iter().position(|known| *known == kind);
        self.failed |= kind.is_none();
        order.kind = kind.unwrap_or(0) as u8;
        let mut words = WORDS.iter();
        while self.skip(b" ") {
            let name = self.until(b' ');
            // Only what comes later in the list: so no word stands twice.
            let Some(word) = words.find(|word| word.name == name) else {
                self.failed = true;
                return;
            };
            order.flags |= word.flag;
            if word.at != NO_NUMBER {
                self.expect(b" ");
                self.put(word, order);
            }
        }
    }

    /// Reads a word's number to its place. Only an offset may be zero, and stands where no price does.
    fn put(&mut self, word: &Word, order: &mut OrderParams) {
        let offset = word.flag == flags::OFFSET;
        let negative = offset && self.skip(b"-");
        let value = self.decimal(word.decimals);
        self.failed |= if offset { !order.price.is_zero() } else { value == 0 };
        let value = if negative { 0u64.wrapping_sub(value) } else { value };
        let width = if word.wide { 8 } else { 4 };
        self.failed |= !word.wide && value > 0xffff_ffff;
        let to = bytemuck::bytes_of_mut(order).get_mut(usize::from(word.at)..).and_then(|bytes| bytes.get_mut(..width));
        if let (Some(to), Some(from)) = (to, value.to_le_bytes().get(..width)) {
            to.copy_from_slice(from);
        }
    }
}

/// The value of a digit in base58.
#[inline(always)]
fn base58(digit: u8) -> Option<u8> {
    const NONE: u8 = 255;
    const DIGITS: [u8; 256] = {
        let letters = *b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
        let mut digits = [NONE; 256];
        let mut value = 0;
        while value < letters.len() {
            digits[letters[value] as usize] = value as u8;
            value += 1;
        }
        digits
    };
    let value = DIGITS[digit as usize];
    if value == NONE { None } else { Some(value) }
}

/// Writes the text of a message.
///
/// * `market`: the name of the market of all orders.
/// * `account`: the address of the sub-account in base58.
///
/// # Errors
/// What the writer gives, and an error for what no text can say: no order, orders of several markets, flags that
/// have no word, padding.
pub fn write(
    out: &mut impl fmt::Write,
    header: &SignedHeader,
    (market, account): (&str, &str),
    orders: &[OrderParams],
) -> fmt::Result {
    let index = orders.first().ok_or(fmt::Error)?.market;
    if orders.len() > MAX_SIGNED_ORDERS || orders.iter().any(|order| order.market != index || order.padding != [0; 2]) {
        return Err(fmt::Error);
    }
    out.write_str("Kedge orders in ")?;
    write!(out, "{market}, market {index}: ")?;
    for order in orders {
        write_order(out, order)?;
        out.write_str("; ")?;
    }
    write!(out, "account {account}; number {}; slots {} to {}", header.nonce, header.slot, header.max_slot)
}

fn write_order(out: &mut impl fmt::Write, order: &OrderParams) -> fmt::Result {
    let side = Side::from_number(order.side).map_err(|_| fmt::Error)?;
    out.write_str(if side == Side::Long { "buy " } else { "sell " })?;
    write_decimal(out, order.size.0, SIZE_DECIMALS)?;
    out.write_str(" ")?;
    let kind = KINDS.get(usize::from(order.kind)).ok_or(fmt::Error)?;
    write_name(out, kind)?;
    let (mut said, offset) = (0, order.flags & flags::OFFSET != 0);
    for word in &WORDS {
        let value = value_of(word, order);
        let present = match word.flag {
            // The same number: as a price, or as an offset to one.
            flags::OFFSET => offset,
            0 if word.at == WORDS[0].at => value != 0 && !offset,
            0 => value != 0,
            bit => order.flags & bit != 0,
        };
        if !present {
            continue;
        }
        said |= word.flag;
        out.write_str(" ")?;
        write_name(out, &word.name)?;
        if word.at == NO_NUMBER {
            continue;
        }
        out.write_str(" ")?;
        let signed = value.cast_signed();
        if word.flag == flags::OFFSET && signed < 0 {
            out.write_str("-")?;
            write_decimal(out, signed.unsigned_abs(), word.decimals)?;
        } else {
            write_decimal(out, value, word.decimals)?;
        }
    }
    if said == order.flags { Ok(()) } else { Err(fmt::Error) }
}

/// The number that a word stands before.
fn value_of(word: &Word, order: &OrderParams) -> u64 {
    let bytes = bytemuck::bytes_of(order).get(usize::from(word.at)..).unwrap_or_default();
    if word.wide {
        bytes.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
    } else {
        bytes.first_chunk().map_or(0, |bytes| u64::from(u32::from_le_bytes(*bytes)))
    }
}

fn write_name(out: &mut impl fmt::Write, name: &Name) -> fmt::Result {
    let name: &[u8; NAME] = bytemuck::cast_ref(name);
    let length = name.iter().position(|byte| *byte == 0).unwrap_or(NAME);
    let text = name.get(..length).and_then(|name| core::str::from_utf8(name).ok()).ok_or(fmt::Error)?;
    out.write_str(text)
}

/// A number with as few digits behind its point as say all of it.
fn write_decimal(out: &mut impl fmt::Write, value: u64, decimals: u8) -> fmt::Result {
    let scale = 10u64.wrapping_pow(u32::from(decimals)).max(1);
    let (whole, mut part) = (value.checked_div(scale).unwrap_or(0), value.checked_rem(scale).unwrap_or(0));
    write!(out, "{whole}")?;
    if part == 0 {
        return Ok(());
    }
    let mut width = usize::from(decimals);
    while part % 10 == 0 {
        (part, width) = (part / 10, width.saturating_sub(1));
    }
    write!(out, ".{part:0width$}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantity::Price;
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
}
