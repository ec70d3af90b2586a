//! One file a command, or a few that belong together.

pub mod account;
pub mod admin;
pub mod balances;
pub mod cancel;
pub mod collateral;
pub mod create;
pub mod explain;
pub mod funding;
pub mod history;
pub mod manage;
pub mod markets;
pub mod modify;
pub mod orders;
pub mod place;
pub mod pocket;
pub mod positions;
pub mod prices;
pub mod risk;
pub mod settle;
pub mod signed;
pub mod ticket;
pub mod watch;

use kedge_client::Landed;
use serde_json::{Value, json};

use crate::describe;
use crate::directory::Directory;
use crate::error::{CliError, Result};
use crate::output::{Output, wrap};
use crate::session::Session;

/// What a transaction that landed did, by its events.
async fn landed(session: &Session, directory: &Directory, landed: Landed) -> Result<Output> {
    // It has landed, whether or not the endpoint tells what it did.
    let (past, unread) = match session.client.past(&landed.signature).await {
        Ok(past) => (past, None),
        Err(error) => (None, Some(error.to_string())),
    };
    let (mut lines, mut events): (Vec<String>, Vec<Value>) = (Vec::new(), Vec::new());
    for batch in past.iter().flat_map(kedge_client::history::Past::events) {
        let (text, json) = describe::batch(directory, batch);
        lines.extend(text);
        events.push(json);
    }
    let mut text = String::new();
    for line in lines {
        text += &wrap("", &line);
    }
    if let Some(reason) = &unread {
        text = wrap("", &format!("it has landed; what it did cannot be read: {reason}"));
    } else if past.is_none() {
        text = "it has landed; the endpoint does not tell what it did\n".into();
    } else if text.is_empty() {
        text = "done; nothing was there to change\n".into();
    }
    text += &signed(&landed);
    let json = json!({ "signature": landed.signature.to_string(), "slot": landed.slot, "batches": events });
    Ok(Output::new(text, json))
}

/// The last line after a transaction; a signature is longer than a terminal is wide and stands alone.
fn signed(landed: &Landed) -> String {
    format!("transaction\n{}\n", landed.signature)
}

/// What to say of an order that is not there.
fn no_order(id: u32, sub_account: u16) -> CliError {
    CliError::NotFound(format!(
        "there is no open order {id} in sub-account {sub_account}; `kedge orders` lists what is open"
    ))
}
