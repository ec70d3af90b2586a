//! Reading the text of signed orders.

use super::{KINDS, NAME, NO_NUMBER, Name, OPENING, SIZE_DECIMALS, WORDS, Word};
use crate::account::order::{OrderParams, flags};
use crate::action::SignedMessage;
use crate::error::{Error, Result};
use crate::quantity::Size;
use crate::side::Side;

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
