//! One file a command.

pub mod account;
pub mod collateral;
pub mod create;
pub mod explain;
pub mod markets;
pub mod order;
pub mod place;
pub mod position;
pub mod prices;

use kedge_client::Landed;
use serde_json::{Value, json};

use crate::describe;
use crate::directory::Directory;
use crate::error::Result;
use crate::output::Output;
use crate::session::Session;

/// What a transaction that landed did, by its events.
async fn landed(session: &Session, directory: &Directory, landed: Landed) -> Result<Output> {
    let past = session.client.past(&landed.signature).await?;
    let (mut lines, mut events): (Vec<String>, Vec<Value>) = (Vec::new(), Vec::new());
    for batch in past.iter().flat_map(kedge_client::history::Past::events) {
        let (text, json) = describe::batch(directory, batch);
        lines.extend(text);
        events.push(json);
    }
    let mut text = String::new();
    for line in lines {
        text += &format!("{line}\n");
    }
    text += &format!("transaction {}\n", landed.signature);
    let json = json!({ "signature": landed.signature.to_string(), "slot": landed.slot, "batches": events });
    Ok(Output::new(text, json))
}
