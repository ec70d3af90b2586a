//! `kedge watch`.

use std::io::IsTerminal;
use std::time::Duration;

use kedge_client::shown::printable_json;

use super::account;
use crate::args::Watch;
use crate::error::{CliError, Result};
use crate::output::write_out;
use crate::session::Session;

/// Shows a sub-account until Ctrl-C. A terminal is cleared before each look; elsewhere the looks follow each other, as
/// JSON one a line.
pub async fn run(session: &Session, options: &Watch, json: bool) -> Result<()> {
    let clear = !json && std::io::stdout().is_terminal();
    let mut looks = 0u64;
    loop {
        let (address, data) = session.account(&options.which).await?;
        match account::show(session, address, &data).await {
            Ok(output) if json => write_out(&printable_json(&format!("{}\n", output.json))),
            Ok(output) if clear => write_out(&format!("\x1b[2J\x1b[H{}", output.shown())),
            Ok(output) => write_out(&format!("{}\n", output.shown())),
            // The endpoint may be back at the next look.
            Err(error @ CliError::Fetch(_)) if looks > 0 => error.print(json),
            Err(error) => return Err(error),
        }
        looks += 1;
        if options.count.is_some_and(|count| looks >= count) {
            return Ok(());
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(options.every)) => {}
            _ = tokio::signal::ctrl_c() => return Ok(()),
        }
    }
}
