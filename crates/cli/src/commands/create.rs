//! `kedge create`.

use kedge_interface::address;
use kedge_interface::instruction::{CreateSubAccount, CreateTrader, KedgeInstruction};
use kedge_model::account::sub_account::{MAX_ORDERS, ORDER_STEP};
use serde_json::json;

use crate::args::Create;
use crate::error::{CliError, Result};
use crate::output::Output;
use crate::session::Session;

/// Creates the next sub-account of the keypair.
pub(crate) async fn run(session: &Session, options: &Create) -> Result<Output> {
    let authority = session.signer()?;
    if options.name.len() > 16 {
        return Err(CliError::Usage("a name has at most 16 bytes".into()));
    }
    let slots = usize::from(options.orders);
    if slots > MAX_ORDERS || slots % ORDER_STEP != 0 {
        return Err(CliError::Usage(format!("--orders is a multiple of {ORDER_STEP}, at most {MAX_ORDERS}")));
    }
    let trader = session.client.trader(&authority).await?;
    let id = trader.map_or(0, |trader| trader.next_sub_account);
    if options.referrer.is_some() && trader.is_some() {
        return Err(CliError::Usage("a referrer is named with the first sub-account, and not changed later".into()));
    }
    let mut instructions = Vec::new();
    if trader.is_none() {
        let create = CreateTrader::of(authority, authority);
        let create = match &options.referrer {
            Some(referrer) => create.referred_by(referrer),
            None => create,
        };
        instructions.push(create.instruction());
    }
    instructions.push(CreateSubAccount::of(authority, authority, id, &options.name, options.orders).instruction());
    let landed = session.send(&instructions).await?;
    let created = address::sub_account(&authority, id);
    let text = format!("created sub-account {id} \"{}\"\n{created}\n{}", options.name, super::signed(&landed));
    let json = json!({
        "id": id,
        "address": created.to_string(),
        "trader_created": trader.is_none(),
    });
    Ok(Output::new(text, json))
}
