//! `kedge outcome`.

use kedge_client::outcome::Landed;
use serde_json::json;

use crate::args::OutcomeOf;
use crate::error::{CliError, Result};
use crate::output::{Output, long};
use crate::session::Session;

/// Shows the outcome of a transaction. Anything but success is the error that the sending command would have ended
/// with.
pub(crate) async fn run(session: &Session, options: &OutcomeOf) -> Result<Output> {
    let signature = options.signature();
    let signature = signature.ok_or_else(|| CliError::Usage("a signature is base58 of 64 bytes".into()))?;
    let Landed { signature, slot } = session.outcome(signature, options.last_valid, options.wait).await?.success()?;
    let text = format!("landed in slot {slot}; `kedge explain` says what it did\n{signature}\n");
    Ok(Output::new(text, json!({ "outcome": "landed", "signature": signature.to_string(), "slot": long(slot) })))
}
