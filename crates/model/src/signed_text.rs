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

use crate::action::{MAX_SIGNED_ORDERS, SignedHeader};
use crate::error::{Error, Result};
use crate::num::Checked;
use crate::order::{OrderKind, OrderParams, Side, flags};
use crate::quantity::Size;

/// What every text begins with; then the market's name.
pub const OPENING: &[u8] = b"Kedge orders in ";
/// What every off-chain message begins with.
pub const ENVELOPE: &[u8; 16] = b"\xffsolana offchain";

/// Bytes of an envelope in front of the text: version 0, its first form, and version 1.
const HEADERS: [usize; 3] = [85, 20, 50];

/// A word of an order: what it is called, where its number goes and with how many decimals, and the flag it sets.
struct Word {
    name: [u8; NAME],
    /// Offset in [`OrderParams`]; [`NO_NUMBER`] for none.
    at: u8,
    decimals: u8,
    wide: bool,
    flag: u16,
}

/// Longest word.
const NAME: usize = 16;
const NO_NUMBER: u8 = u8::MAX;
const PRICE_DECIMALS: u8 = 6;
const SIZE_DECIMALS: u8 = 9;

const fn name(text: &[u8]) -> [u8; NAME] {
    let mut name = [0; NAME];
    let mut at = 0;
    while at < text.len() {
        name[at] = text[at];
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
const KINDS: [[u8; NAME]; 8] = [
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

/// What a text says.
pub(crate) struct Said {
    /// Its account, number and slots.
    pub header: SignedHeader,
    /// Name of the market, zero-padded.
    pub market: [u8; 16],
    /// Orders, of which the first `count` are there.
    pub orders: [OrderParams; MAX_SIGNED_ORDERS],
    /// How many.
    pub count: usize,
}

/// The text in what was signed: all of it, or what an envelope holds.
///
/// Errors: [`Error::SignedFormUnknown`].
pub(crate) fn text_of(signed: &[u8]) -> Result<&[u8]> {
    if signed.starts_with(OPENING) {
        return Ok(signed);
    }
    if signed.starts_with(ENVELOPE) {
        // No two of them fit the same bytes: where one has its text the others have bytes that are not printed.
        for length in HEADERS {
            if let Some((header, text)) = signed.split_at_checked(length)
                && text.starts_with(OPENING)
                && is_envelope(header, text.len())
            {
                return Ok(text);
            }
        }
    }
    Err(Error::SignedFormUnknown)
}

/// Whether this is the whole of an envelope's header before a text of this length.
fn is_envelope(header: &[u8], length: usize) -> bool {
    let byte = |at: usize| header.get(at).copied().unwrap_or(u8::MAX);
    if byte(16) == 1 {
        return header.len() == 50 && byte(17) == 1;
    }
    let Some([.., low, high]) = header.last_chunk::<2>() else { return false };
    let sized = usize::from(u16::from_le_bytes([*low, *high])) == length;
    // All formats are printed as they are, as long as they are these letters.
    let (format, signers) = if header.len() == 85 { (byte(49), byte(50)) } else { (byte(17), 1) };
    byte(16) == 0 && header.len() != 50 && sized && format <= 2 && signers == 1
}

/// Reads a text.
///
/// Errors: [`Error::SignedTextInvalid`] where it leaves the form.
pub(crate) fn read(text: &[u8]) -> Result<Said> {
    let mut reader = Reader { rest: text };
    reader.expect(OPENING)?;
    let market = reader.until(b',').ok_or(Error::SignedTextInvalid)?;
    reader.expect(b", market ")?;
    let index = u16::try_from(reader.decimal(0)?).map_err(|_| Error::SignedTextInvalid)?;
    reader.expect(b": ")?;
    let mut said = Said { header: SignedHeader::default(), market, orders: Default::default(), count: 0 };
    for order in &mut said.orders {
        let side = match () {
            () if reader.expect(b"buy ").is_ok() => Side::Long,
            () if reader.expect(b"sell ").is_ok() => Side::Short,
            () => break,
        };
        *order = reader.order(index, side)?;
        reader.expect(b"; ")?;
        said.count = said.count.wrapping_add(1);
    }
    reader.expect(b"account ")?;
    said.header.sub_account = reader.address()?;
    reader.expect(b"; number ")?;
    said.header.nonce = reader.decimal(0)?;
    reader.expect(b"; slots ")?;
    said.header.slot = reader.decimal(0)?;
    reader.expect(b" to ")?;
    said.header.max_slot = reader.decimal(0)?;
    if said.count != 0 && reader.rest.is_empty() { Ok(said) } else { Err(Error::SignedTextInvalid) }
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    #[inline(never)]
    fn expect(&mut self, literal: &[u8]) -> Result<()> {
        self.rest = self.rest.strip_prefix(literal).ok_or(Error::SignedTextInvalid)?;
        Ok(())
    }

    /// What stands before a character, or before the end of a word for none of its kind; at most 16 bytes.
    #[inline(never)]
    fn until(&mut self, end: u8) -> Option<[u8; NAME]> {
        let mut word = [0; NAME];
        let mut length = 0usize;
        for byte in self.rest {
            if *byte == end || *byte == b';' {
                break;
            }
            *word.get_mut(length)? = *byte;
            length = length.wrapping_add(1);
        }
        self.rest = self.rest.get(length..)?;
        Some(word)
    }

    /// A number with at most so many digits behind its point, in units of the last of them.
    #[inline(never)]
    fn decimal(&mut self, decimals: u8) -> Result<u64> {
        let (mut value, mut whole, mut behind) = (0u64, 0u8, None::<u8>);
        while let Some((first, rest)) = self.rest.split_first() {
            match (*first, behind) {
                (digit @ b'0'..=b'9', _) => {
                    value = value.times(10)?.plus(u64::from(digit.wrapping_sub(b'0')))?;
                    match &mut behind {
                        Some(count) => *count = count.wrapping_add(1),
                        None => whole = 1,
                    }
                }
                (b'.', None) if whole != 0 => behind = Some(0),
                _ => break,
            }
            self.rest = rest;
        }
        let behind_point = behind.unwrap_or(0);
        if whole == 0 || behind == Some(0) || behind_point > decimals {
            return Err(Error::SignedTextInvalid);
        }
        for _ in behind_point..decimals {
            value = value.times(10)?;
        }
        Ok(value)
    }

    /// An address in base58.
    #[inline(never)]
    fn address(&mut self) -> Result<[u8; 32]> {
        const DIGITS: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
        const LONGEST: u8 = 44;
        // The value in words of 32 bits, the lowest first. Five digits at a time, while a word can take them.
        let (mut words, mut ones, mut digits) = ([0u64; 8], 0usize, 0u8);
        let (mut part, mut scale) = (0u64, 1u64);
        let mut enter = |part: u64, scale: u64| -> Result<()> {
            let mut carry = part;
            for word in &mut words {
                let sum = word.wrapping_mul(scale).wrapping_add(carry);
                (*word, carry) = (sum & 0xffff_ffff, sum.wrapping_shr(32));
            }
            if carry == 0 { Ok(()) } else { Err(Error::SignedTextInvalid) }
        };
        while let Some((first, rest)) = self.rest.split_first() {
            let Some(digit) = DIGITS.iter().position(|digit| digit == first) else { break };
            if digits == LONGEST {
                return Err(Error::SignedTextInvalid);
            }
            if digit == 0 && ones == usize::from(digits) {
                ones = ones.wrapping_add(1);
            }
            digits = digits.wrapping_add(1);
            (part, scale) = (part.wrapping_mul(58).wrapping_add(digit as u64), scale.wrapping_mul(58));
            if scale == 656_356_768 {
                enter(part, scale)?;
                (part, scale) = (0, 1);
            }
            self.rest = rest;
        }
        enter(part, scale)?;
        let mut bytes = [0; 32];
        for (chunk, word) in bytes.rchunks_exact_mut(4).zip(&words) {
            chunk.copy_from_slice(&(*word as u32).to_be_bytes());
        }
        // Each leading 1 is a byte of zero: no address has two texts.
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        if zeros == ones { Ok(bytes) } else { Err(Error::SignedTextInvalid) }
    }

    /// Size, kind and words of an order.
    #[inline(never)]
    fn order(&mut self, market: u16, side: Side) -> Result<OrderParams> {
        let size = Size(self.decimal(SIZE_DECIMALS)?);
        self.expect(b" ")?;
        let kind = self.until(b' ').ok_or(Error::SignedTextInvalid)?;
        let kind = KINDS.iter().position(|known| *known == kind).ok_or(Error::SignedTextInvalid)?;
        let (kind, side) = (kind as u8, side as u8);
        let mut order = OrderParams { size, market, kind, side, ..OrderParams::default() };
        let mut words = WORDS.iter();
        while self.expect(b" ").is_ok() {
            let name = self.until(b' ').ok_or(Error::SignedTextInvalid)?;
            // Only what comes later in the list: so no word stands twice.
            let word = words.find(|word| word.name == name).ok_or(Error::SignedTextInvalid)?;
            order.flags |= word.flag;
            if word.at != NO_NUMBER {
                self.expect(b" ")?;
                self.put(word, &mut order)?;
            }
        }
        Ok(order)
    }

    /// Reads a word's number to its place, which must be empty.
    fn put(&mut self, word: &Word, order: &mut OrderParams) -> Result<()> {
        let offset = word.flag == flags::OFFSET;
        let negative = offset && self.expect(b"-").is_ok();
        let mut value = self.decimal(word.decimals)?;
        if negative {
            value = 0u64.wrapping_sub(value);
        }
        let small = u32::try_from(value).map_err(|_| Error::SignedTextInvalid);
        let at = usize::from(word.at);
        let bytes = bytemuck::bytes_of_mut(order).get_mut(at..).ok_or(Error::SignedTextInvalid)?;
        let taken = if word.wide {
            let place = bytes.first_chunk_mut::<8>().ok_or(Error::SignedTextInvalid)?;
            core::mem::replace(place, value.to_le_bytes()) != [0; 8]
        } else {
            let place = bytes.first_chunk_mut::<4>().ok_or(Error::SignedTextInvalid)?;
            core::mem::replace(place, small?.to_le_bytes()) != [0; 4]
        };
        if taken || (value == 0 && !offset) { Err(Error::SignedTextInvalid) } else { Ok(()) }
    }
}

/// Writes the text of a message.
///
/// * `market`: the name of the market of all orders.
/// * `account`: the address of the sub-account in base58.
///
/// Errors: what the writer gives, and an error for what no text can say: no order, orders of several markets, flags that
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

fn write_name(out: &mut impl fmt::Write, name: &[u8; NAME]) -> fmt::Result {
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
            assert_eq!((found.header, &found.orders[..found.count]), (header(), orders.as_slice()), "{text}");
            assert_eq!(&found.market[..9], b"SOL-PERP\0");
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
        assert_eq!([full.len(), first.len(), second.len()], HEADERS);
        assert_eq!(text_of(text.as_bytes()), Ok(text.as_bytes()));
        for (header, kept) in [(full, [16, 49, 50, 83, 84].as_slice()), (first, &[16, 17, 18, 19]), (second, &[16, 17])]
        {
            let signed = [header.as_slice(), text.as_bytes()].concat();
            assert_eq!(text_of(&signed), Ok(text.as_bytes()));
            for at in (0..16).chain(kept.iter().copied()) {
                let mut changed = signed.clone();
                changed[at] ^= 0x40;
                assert_eq!(text_of(&changed), Err(Error::SignedFormUnknown), "byte {at} of {}", header.len());
            }
            assert_eq!(text_of(&[signed.as_slice(), b" "].concat()).is_ok(), header.len() == 50);
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
