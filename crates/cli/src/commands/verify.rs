//! `kedge verify`: has the program add up its own books.

use kedge_interface::instruction::{KedgeInstruction, Verify};
use serde_json::{Value, json};

use crate::directory::Directory;
use crate::error::{CliError, Result};
use crate::output::Output;
use crate::session::Session;

/// Sends one transaction a bank; the program refuses the first whose books do not add up.
pub(crate) async fn run(session: &Session) -> Result<Output> {
    let directory = Directory::fetch(&session.client).await?;
    let markets = u16::try_from(directory.markets.len()).map_err(|_| CliError::Usage("too many markets".into()))?;
    let (mut text, mut verified) = (String::new(), Vec::<Value>::new());
    for bank in &directory.banks {
        let verify = Verify::of(bank.data.index, markets);
        let behind = verify.markets.len();
        let landed = session.send(&[verify.instruction()]).await?;
        let name = directory.bank_name(bank.data.index);
        text += &match behind {
            0 => format!("{name}: the vault covers what is owed\n"),
            _ => format!("{name}: the books of {behind} markets add up, and the vault covers what is owed\n"),
        };
        verified.push(json!({ "bank": name, "markets": behind, "signature": landed.signature.to_string() }));
    }
    Ok(Output::new(text, json!({ "verified": verified })))
}
