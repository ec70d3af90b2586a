//! The commands, one file each or a few that belong together.

pub(crate) mod account;
pub(crate) mod admin;
pub(crate) mod audit;
pub(crate) mod balances;
pub(crate) mod book;
pub(crate) mod cancel;
pub(crate) mod collateral;
pub(crate) mod create;
pub(crate) mod defaulted;
pub(crate) mod explain;
pub(crate) mod fees;
pub(crate) mod fills;
pub(crate) mod flatten;
pub(crate) mod follow;
pub(crate) mod funding;
pub(crate) mod history;
pub(crate) mod insurance;
pub(crate) mod manage;
pub(crate) mod markets;
pub(crate) mod modify;
pub(crate) mod order_context;
pub(crate) mod orders;
pub(crate) mod outcome;
pub(crate) mod payments;
pub(crate) mod place;
pub(crate) mod pnl;
pub(crate) mod pocket;
pub(crate) mod positions;
pub(crate) mod prices;
pub(crate) mod risk;
pub(crate) mod settle;
pub(crate) mod setup;
pub(crate) mod signed;
pub(crate) mod sized;
pub(crate) mod tail;
pub(crate) mod ticket;
pub(crate) mod trades;
pub(crate) mod vault;
pub(crate) mod verify;
pub(crate) mod wallet;
pub(crate) mod watch;

use kedge_client::Landed;
use kedge_client::history::Past;
use kedge_interface::event::Event;
use serde_json::{Value, json};

use crate::describe;
use crate::directory::Directory;
use crate::error::{CliError, Result};
use crate::output::{Output, long, wrap};
use crate::session::Session;

/// Effects of a landed transaction.
struct Receipt {
    /// Text and JSON, led by the ids of placed orders.
    output: Output,
    /// Events of the transaction; `None` when the endpoint does not show them.
    events: Option<Vec<Event>>,
    /// The text without fills, which are summed up elsewhere.
    beside: String,
}

/// Collects the effects of a landed transaction from its events.
async fn receipt(session: &Session, directory: &Directory, landed: Landed) -> Receipt {
    // The transaction has landed even when the endpoint does not show it.
    let (past, unread) = match session.client.past(&landed.signature).await {
        Ok(past) => (past, None),
        Err(error) => (None, Some(error.to_string())),
    };
    let (mut text, mut beside, mut batches) = (String::new(), String::new(), Vec::<Value>::new());
    for batch in past.iter().flat_map(Past::events) {
        let (lines, json) = describe::batch(directory, batch);
        for (place, line) in lines.iter().enumerate() {
            text += &wrap("", line);
            if !matches!(batch.events.get(place), Some(Event::Fill(_))) {
                beside += &wrap("", line);
            }
        }
        batches.push(json);
    }
    if let Some(reason) = &unread {
        text = wrap("", &format!("it has landed; what it did cannot be read: {reason}"));
    } else if past.is_none() {
        text = "it has landed; the endpoint does not tell what it did\n".into();
    } else if text.is_empty() {
        text = "done; nothing was there to change\n".into();
    }
    text += &signed(&landed);
    beside += &signed(&landed);
    let events = past.map(|past| past.events().flat_map(|batch| batch.events.clone()).collect::<Vec<Event>>());
    let placed = events.iter().flatten().filter_map(|event| match event {
        Event::OrderPlaced(record) => Some(record.order.id),
        _ => None,
    });
    let placed: Vec<u32> = placed.collect();
    let mut json = json!({
        "outcome": "landed",
        "signature": landed.signature.to_string(),
        "slot": long(landed.slot),
        "batches": batches,
    });
    if let Some(first) = placed.first() {
        json["order_id"] = json!(first);
        json["order_ids"] = json!(placed);
    }
    Receipt { output: Output::new(text, json), events, beside }
}

/// The output of [`receipt`] alone.
async fn landed(session: &Session, directory: &Directory, landed: Landed) -> Result<Output> {
    Ok(receipt(session, directory, landed).await.output)
}

/// The last line of a transaction's output: its signature alone, since it is wider than a terminal.
fn signed(landed: &Landed) -> String {
    format!("transaction\n{}\n", landed.signature)
}

/// The error for a missing order.
fn no_order(id: u32, sub_account: u16) -> CliError {
    CliError::NotFound(format!(
        "there is no open order {id} in sub-account {sub_account}; `kedge orders` lists what is open"
    ))
}
