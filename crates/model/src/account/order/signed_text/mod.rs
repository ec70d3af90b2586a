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

mod read;
mod write;

pub(crate) use read::read;
pub use write::write;

use crate::account::order::{OrderKind, OrderParams, flags};

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

#[cfg(test)]
mod tests;
