//! Writing the text of signed orders.

use core::fmt;

use super::{KINDS, NAME, NO_NUMBER, Name, SIZE_DECIMALS, WORDS, Word};
use crate::account::order::{OrderParams, flags};
use crate::action::{MAX_SIGNED_ORDERS, SignedHeader};
use crate::side::Side;

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
