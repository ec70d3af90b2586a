//! Instructions and events in plain words.

mod ask;
mod event;
mod instruction;
pub mod life;

pub use ask::{order, params as order_params};
pub use event::{event, reason};
pub use instruction::{accounts, instruction};

use kedge_interface::event::EventBatch;
use kedge_model::event::Party;
use kedge_model::order::Side;
use serde_json::{Value, json};
use solana_pubkey::Pubkey;

use crate::directory::{Directory, short};
use crate::output::long;

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
        "seq": long(batch.header.seq),
        "slot": long(batch.header.slot),
        "events": events,
    });
    (lines, json)
}

/// A sub-account in a sentence.
pub fn party(party: &Party) -> String {
    format!("{}/{}", short(Pubkey::new_from_array(party.authority)), party.id)
}

/// `buy` or `sell`.
fn verb(side: u8) -> &'static str {
    if side == Side::Long as u8 { "buy" } else { "sell" }
}
