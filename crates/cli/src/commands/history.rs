//! `kedge history`.

use kedge_client::history::Past;
use serde_json::json;
use solana_rpc_client::rpc_client::GetConfirmedSignaturesForAddress2Config;

use crate::args::History;
use crate::calendar;
use crate::describe;
use crate::directory::Directory;
use crate::error::Result;
use crate::output::{Output, long, wrap};
use crate::session::Session;
use crate::table::{Paint, paint};

/// The last transactions of a sub-account, newest first.
pub async fn run(session: &Session, options: &History) -> Result<Output> {
    let directory = Directory::fetch(&session.client).await?;
    let (address, _) = session.account(&options.which).await?;
    let config = GetConfirmedSignaturesForAddress2Config {
        limit: Some(usize::from(options.limit)),
        commitment: Some(session.client.commitment()),
        ..GetConfirmedSignaturesForAddress2Config::default()
    };
    let rpc = session.client.rpc();
    let found = rpc.get_signatures_for_address_with_config(&address, config).await;
    let mut text = String::new();
    let mut list = Vec::new();
    for status in found.map_err(kedge_client::FetchError::from)? {
        let Ok(signature) = status.signature.parse() else { continue };
        let past = match session.client.past(&signature).await {
            Ok(Some(past)) => past,
            Ok(None) => continue,
            // One that cannot be read hides itself, not the others.
            Err(error) => {
                text += &wrap("cannot be read: ", &error.to_string());
                text += &format!("{signature}\n\n");
                list.push(
                    json!({ "signature": status.signature, "slot": long(status.slot), "unread": error.to_string() }),
                );
                continue;
            }
        };
        let when = past.block_time.map_or_else(|| format!("slot {}", past.slot), calendar::date_time);
        let outcome = match &past.failure {
            None => String::new(),
            Some(_) => format!("  {}", paint("failed", Paint::Bad, session.colour)),
        };
        text += &format!("{when}{outcome}\n");
        let (lines, batches) = told(&directory, &past);
        for line in &lines {
            text += &wrap("  - ", line);
        }
        text += &format!("{signature}\n\n");
        list.push(json!({
            "signature": status.signature,
            "slot": long(past.slot),
            "block_time": past.block_time.map(long),
            "failed": past.failure.is_some(),
            "lines": lines,
            "batches": batches,
        }));
    }
    if list.is_empty() {
        text = "no transactions that the endpoint remembers\n".into();
    }
    Ok(Output::new(text.trim_end(), json!(list)))
}

/// What a transaction did: its events; without events its instructions; failed, why.
fn told(directory: &Directory, past: &Past) -> (Vec<String>, Vec<serde_json::Value>) {
    let (mut lines, mut batches) = (Vec::new(), Vec::new());
    for batch in past.events() {
        let (text, json) = describe::batch(directory, batch);
        lines.extend(text);
        batches.push(json);
    }
    if lines.is_empty() {
        let steps = past.steps.iter().filter_map(|step| step.decoded.as_ref());
        lines.extend(steps.map(|decoded| describe::instruction(directory, decoded)));
    }
    if let Some(failure) = &past.failure {
        let why = failure.program.map_or_else(|| failure.error.to_string(), |error| error.to_string());
        lines.push(format!("nothing was changed: {why}"));
    }
    (lines, batches)
}
