//! `kedge cancel`.

use kedge_interface::instruction::user::ALL_MARKETS;
use kedge_interface::instruction::{CancelAll, CancelOrder, Instruction, KedgeInstruction};

use super::landed;
use crate::args::Cancel;
use crate::directory::Directory;
use crate::error::{CliError, Result};
use crate::output::Output;
use crate::session::Session;

/// Cancels that fit one transaction.
const AT_ONCE: usize = 24;

/// Cancels by id, by market, or everything: all or none of what is named.
pub async fn run(session: &Session, options: &Cancel) -> Result<Output> {
    let signer = session.signer()?;
    let directory = Directory::fetch(&session.client).await?;
    let (sub_account, account) = session.account(&options.which).await?;
    if options.orders.len() > AT_ONCE {
        return Err(CliError::Usage(format!("at most {AT_ONCE} ids at once; --all and --market take any number")));
    }
    for id in &options.orders {
        if account.open_orders().all(|(_, order)| order.id != *id) {
            return Err(CliError::NotFound(format!(
                "there is no open order {id} in sub-account {}; `kedge orders` lists what is open",
                account.head.id
            )));
        }
    }
    let instructions: Vec<Instruction> = if options.orders.is_empty() {
        let market = options.market.as_deref().map(|name| directory.market(name)).transpose()?;
        let market = market.map_or(ALL_MARKETS, |market| market.data.index);
        vec![CancelAll { signer, sub_account, market }.instruction()]
    } else {
        options.orders.iter().map(|id| CancelOrder { signer, sub_account, id: *id }.instruction()).collect()
    };
    let sent = session.send(&instructions).await?;
    landed(session, &directory, sent).await
}
