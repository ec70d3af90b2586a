//! `kedge delegate`, `kedge builder`, `kedge grow` and `kedge close`.

use kedge_interface::address;
use kedge_interface::instruction::{
    CloseSubAccount, CloseTrader, GrowOrders, KedgeInstruction, SetBuilder, SetDelegate,
};
use kedge_model::quantity::Ppm;
use kedge_model::sub_account::{MAX_ORDERS, ORDER_STEP};
use serde_json::json;

use crate::args::{Builder, Close, Delegate, Grow, Which};
use crate::decimal;
use crate::error::{CliError, Result};
use crate::output::{Output, wrap};
use crate::session::Session;

/// Names or removes the delegate.
pub async fn delegate(session: &Session, options: &Delegate) -> Result<Output> {
    let authority = session.signer()?;
    let (sub_account, _) = session.account(&Which { authority: None, id: options.id }).await?;
    let delegate = options.delegate.map(|delegate| delegate.to_bytes()).unwrap_or_default();
    let sent = session.send(&[SetDelegate { authority, sub_account, delegate }.instruction()]).await?;
    let told = match options.delegate {
        Some(delegate) => {
            format!("{delegate} may place and cancel orders of sub-account {}, and take nothing out", options.id)
        }
        None => format!("nobody but the owner may trade for sub-account {}", options.id),
    };
    let text = wrap("", &told) + &super::signed(&sent);
    let json = json!({
        "id": options.id,
        "delegate": options.delegate.map(|delegate| delegate.to_string()),
        "signature": sent.signature.to_string(),
    });
    Ok(Output::new(text, json))
}

/// Approves a builder's fee, or nobody's.
pub async fn builder(session: &Session, options: &Builder) -> Result<Output> {
    let authority = session.signer()?;
    let (sub_account, _) = session.account(&Which { authority: None, id: options.id }).await?;
    let fee = match &options.fee {
        Some(text) => u32::try_from(decimal::parse(text, 4)?)
            .map_err(|_| CliError::Usage(format!("a fee of {text} percent is too much")))?,
        None => 0,
    };
    let builder = options.builder.map(|builder| builder.to_bytes()).unwrap_or_default();
    let sent = session.send(&[SetBuilder { authority, sub_account, builder, fee }.instruction()]).await?;
    let told = match options.builder {
        Some(builder) => format!("{builder} gets {} of orders that come through it", decimal::percent(Ppm(fee))),
        None => "no builder gets a fee".into(),
    };
    let json = json!({
        "id": options.id,
        "builder": options.builder.map(|builder| builder.to_string()),
        "fee_percent": decimal::format(fee, 4, 0),
        "signature": sent.signature.to_string(),
    });
    Ok(Output::new(wrap("", &told) + &super::signed(&sent), json))
}

/// Grows the tail of orders.
pub async fn grow(session: &Session, options: &Grow) -> Result<Output> {
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
    let json = json!({ "order_slots": after, "before": before, "signature": sent.signature.to_string() });
    Ok(Output::new(text, json))
}

/// Closes a sub-account or the trader account.
pub async fn close(session: &Session, options: &Close) -> Result<Output> {
    let authority = session.signer()?;
    let receiver = options.receiver.unwrap_or(authority);
    let trader = address::trader(&authority);
    let (instruction, closed) = if options.trader {
        let found = session.client.trader(&authority).await?;
        let found = found.ok_or_else(|| CliError::NotFound("there is no trader account to close".into()))?;
        if found.sub_accounts != 0 {
            let left = found.sub_accounts;
            return Err(CliError::Usage(format!(
                "{left} sub-accounts are still open; `kedge accounts` lists them, `kedge close --id` closes each"
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
        let (sub_account, account) = session.account(&Which { authority: None, id: options.id }).await?;
        if !account.head.is_empty() {
            return Err(CliError::Usage(format!(
                "sub-account {} is not empty: cancel its orders, close its positions, settle and withdraw first; \
                 `kedge account --id {0}` shows what is left",
                options.id
            )));
        }
        let close = CloseSubAccount { authority, receiver, trader, sub_account };
        (close.instruction(), format!("sub-account {}", options.id))
    };
    if !options.yes {
        return Err(CliError::Usage(format!("closing {closed} cannot be undone; add --yes to do it")));
    }
    let sent = session.send(&[instruction]).await?;
    let text = format!("closed {closed}; its rent went to\n{receiver}\n{}", super::signed(&sent));
    let json = json!({ "closed": closed, "receiver": receiver.to_string(), "signature": sent.signature.to_string() });
    Ok(Output::new(text, json))
}
