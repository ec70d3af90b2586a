//! `kedge watch`, and the loop of all repeated output.

use std::io::IsTerminal;
use std::time::Duration;

use kedge_client::shown::printable_json;

use super::account;
use crate::args::Watch;
use crate::error::{CliError, Result};
use crate::output::{Output, write_out};
use crate::session::Session;

/// Shows a sub-account repeatedly until Ctrl-C.
pub(crate) async fn run(session: &Session, options: &Watch, json: bool) -> Result<()> {
    let look = async || {
        let (address, data) = session.account(&options.which).await?;
        account::show(session, address, &data).await
    };
    again(look, options.every, options.count, json).await
}

/// Repeats `look` every `every` seconds until Ctrl-C or `count` times. A terminal is cleared before each output;
/// elsewhere outputs follow each other, JSON one a line.
pub(crate) async fn again(
    look: impl AsyncFn() -> Result<Output>,
    every: u64,
    count: Option<u64>,
    json: bool,
) -> Result<()> {
    let clear = !json && std::io::stdout().is_terminal();
    let mut looks = 0u64;
    loop {
        match look().await {
            Ok(output) if json => write_out(&printable_json(&format!("{}\n", output.json))),
            Ok(output) if clear => write_out(&format!("\x1b[2J\x1b[H{}", output.shown())),
            Ok(output) => write_out(&format!("{}\n", output.shown())),
            // The endpoint may be back at the next look.
            Err(error @ CliError::Fetch(_)) if looks > 0 => error.print(json),
            Err(error) => return Err(error),
        }
        looks += 1;
        if count.is_some_and(|count| looks >= count) {
            return Ok(());
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(every)) => {}
            _ = tokio::signal::ctrl_c() => return Ok(()),
        }
    }
}
