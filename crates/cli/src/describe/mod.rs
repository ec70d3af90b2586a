//! Instructions and events in plain words.

mod event;
mod instruction;

pub use event::event;
pub use instruction::{accounts, instruction};

use kedge_interface::event::EventBatch;
use kedge_model::event::Party;
use kedge_model::order::{Order, OrderKind, Side, flags};
use serde_json::{Value, json};
use solana_pubkey::Pubkey;

use crate::decimal;
use crate::directory::{Directory, short};

/// A batch of events: one sentence each, and the raw fields.
pub fn batch(directory: &Directory, batch: &EventBatch) -> (Vec<String>, Value) {
    let described: Vec<(String, Value)> = batch.events.iter().map(|found| event(directory, found)).collect();
    let (mut lines, events): (Vec<String>, Vec<Value>) = described.into_iter().unzip();
    if batch.is_partial() {
        lines.push("more records, of a newer version of the exchange".into());
    }
    let json = json!({
        "signer": Pubkey::new_from_array(batch.header.signer).to_string(),
        "market": (batch.header.market != kedge_model::event::NO_MARKET).then_some(batch.header.market),
        "seq": batch.header.seq,
        "slot": batch.header.slot,
        "events": events,
    });
    (lines, json)
}

/// A sub-account in a sentence.
fn party(party: &Party) -> String {
    format!("{}/{}", short(Pubkey::new_from_array(party.authority)), party.id)
}

/// `buy` or `sell`.
fn verb(side: u8) -> &'static str {
    if side == Side::Long as u8 { "buy" } else { "sell" }
}

/// The flags of an order behind commas.
fn flag_text(bits: u16) -> String {
    let known = [
        (flags::POST_ONLY, ", post-only"),
        (flags::REDUCE_ONLY, ", reduce-only"),
        (flags::IMMEDIATE_OR_CANCEL, ", immediate-or-cancel"),
    ];
    known.iter().filter(|(bit, _)| bits & bit != 0).map(|(_, text)| *text).collect()
}

/// Size, side, market and price of an order that stands in a sub-account.
pub fn order(directory: &Directory, order: &Order) -> String {
    let kind = if order.kind == OrderKind::Market as u8 { "market" } else { "limit" };
    format!(
        "{kind} {} {} {} at {} or better{}",
        verb(order.side),
        decimal::size(order.size),
        directory.market_name(order.market),
        decimal::price(order.price),
        flag_text(order.flags)
    )
}
