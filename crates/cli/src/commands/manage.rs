//! `kedge delegate`, `kedge builder`, `kedge grow` and `kedge close-account`.

use kedge_interface::address;
use kedge_interface::instruction::{
    CloseSubAccount, CloseTrader, GrowOrders, KedgeInstruction, SetBuilder, SetDelegate,
};
use kedge_model::account::exchange::MAX_BUILDER_FEE;
use kedge_model::account::sub_account::{MAX_ORDERS, ORDER_STEP};
use kedge_model::quantity::Ppm;
use kedge_units::decimal;
use serde_json::json;

use crate::args::{Builder, CloseAccount, Delegate, Grow, Which};
use crate::error::{CliError, Result};
use crate::output::{Output, wrap};
use crate::session::Session;

/// Sets or removes the delegate.
pub(crate) async fn delegate(session: &Session, options: &Delegate) -> Result<Output> {
    let authority = session.signer()?;
    let (sub_account, account) = session.account(&Which::from(&options.own)).await?;
    let id = account.head.id;
    let delegate = options.delegate.map(|delegate| delegate.to_bytes()).unwrap_or_default();
    let sent = session.send(&[SetDelegate { authority, sub_account, delegate }.instruction()]).await?;
    let told = match options.delegate {
        Some(delegate) => {
            format!("{delegate} may place and cancel orders of sub-account {id}, and take nothing out")
        }
        None => format!("only the owner may trade for sub-account {id}"),
    };
    let text = wrap("", &told) + &super::signed(&sent);
    let json = json!({
        "id": id,
        "delegate": options.delegate.map(|delegate| delegate.to_string()),
    });
    Ok(Output::new(text, json))
}

/// Approves a builder's fee, or removes the approval.
pub(crate) async fn builder(session: &Session, options: &Builder) -> Result<Output> {
    let authority = session.signer()?;
    let (sub_account, account) = session.account(&Which::from(&options.own)).await?;
    let id = account.head.id;
    let fee = match &options.fee {
        Some(text) => {
            let fee = u32::try_from(decimal::parse(text.trim_end_matches('%'), 4)?).ok();
            let fee = fee.filter(|fee| *fee <= MAX_BUILDER_FEE.0);
            fee.ok_or_else(|| CliError::Usage(format!("--fee {text} is out of range: 0 to 0.1 percent")))?
        }
        None => 0,
    };
    let builder = options.builder.map(|builder| builder.to_bytes()).unwrap_or_default();
    let sent = session.send(&[SetBuilder { authority, sub_account, builder, fee }.instruction()]).await?;
    let told = match options.builder {
        Some(builder) => format!("{builder} gets {} of orders that come through it", decimal::percent(Ppm(fee))),
        None => "no builder gets a fee".into(),
    };
    let json = json!({
        "id": id,
        "builder": options.builder.map(|builder| builder.to_string()),
        "fee_percent": decimal::format(fee, 4, 0),
    });
    Ok(Output::new(wrap("", &told) + &super::signed(&sent), json))
}

/// Grows the order slots of a sub-account.
pub(crate) async fn grow(session: &Session, options: &Grow) -> Result<Output> {
    let payer = session.signer()?;
    let (sub_account, account) = session.account(&options.which).await?;
    let (before, after) = (account.orders.len(), usize::from(options.orders));
    if after > MAX_ORDERS || after % ORDER_STEP != 0 || after <= before {
        return Err(CliError::Usage(format!(
            "the new number of slots is a multiple of {ORDER_STEP}, more than the {before} of now, at most {MAX_ORDERS}"
        )));
    }
    let grow = GrowOrders { payer, sub_account, capacity: options.orders };
    let sent = session.send(&[grow.instruction()]).await?;
    let text = format!("room for {after} orders (before: {before})\n{}", super::signed(&sent));
    let json = json!({ "order_slots": after, "before": before });
    Ok(Output::new(text, json))
}

/// Closes a sub-account or the trader account.
pub(crate) async fn close(session: &Session, options: &CloseAccount) -> Result<Output> {
    let authority = session.signer()?;
    let receiver = options.receiver.unwrap_or(authority);
    let trader = address::trader(&authority);
    let (instruction, closed) = if options.trader {
        let found = session.client.trader(&authority).await?;
        let found = found.ok_or_else(|| CliError::NotFound("there is no trader account to close".into()))?;
        if found.sub_accounts != 0 {
            let left = found.sub_accounts;
            return Err(CliError::Usage(format!(
                "{left} sub-accounts are still open; `kedge accounts` lists them, `kedge close-account --account NUMBER` closes each"
            )));
        }
        if found.require_closable().is_err() {
            return Err(CliError::Usage(
                "the trader account has had a sub-account and stays: it holds the numbers and the referrer that must \
                 not begin anew"
                    .into(),
            ));
        }
        (CloseTrader { authority, receiver, trader }.instruction(), "the trader account".to_owned())
    } else {
        let (sub_account, account) = session.account(&Which::from(&options.own)).await?;
        let id = account.head.id;
        if !account.head.is_empty() {
            return Err(CliError::Usage(format!(
                "sub-account {id} is not empty: `kedge cancel --all`, `kedge close --all`, `kedge settle` and `kedge \
                 withdraw max` first; `kedge account --account {id}` shows what is left"
            )));
        }
        let close = CloseSubAccount { authority, receiver, trader, sub_account };
        (close.instruction(), format!("sub-account {id}"))
    };
    session.confirm(vec![format!("closing {closed} cannot be undone")])?;
    let sent = session.send(&[instruction]).await?;
    let text = format!("closed {closed}; its rent went to\n{receiver}\n{}", super::signed(&sent));
    let json = json!({ "closed": closed, "receiver": receiver.to_string() });
    Ok(Output::new(text, json))
}
