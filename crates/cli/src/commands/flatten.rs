//! `kedge close` and `kedge reverse`.

use kedge_client::Found;
use kedge_client::Landed;
use kedge_model::account::market::Market;
use kedge_model::account::order::{OrderParams, Side, flags};
use kedge_model::quantity::Size;
use kedge_units::decimal;
use serde_json::Value;

use super::order_context::{OrderContext, Typed};
use super::place::{self, How};
use super::{sized, ticket};
use crate::args::{Close, Reverse, Which};
use crate::directory::Directory;
use crate::dry;
use crate::error::{CliError, Result};
use crate::health;
use crate::output::{Output, wrap};
use crate::session::Session;

/// Closes a position, a part of it, or all positions.
pub(crate) async fn close(session: &Session, options: &Close) -> Result<Output> {
    let directory = Directory::fetch(&session.client).await?;
    if let Some(market) = &options.market {
        let market = directory.market(market)?;
        let part = Part { size: options.size.as_deref(), protection: options.protection.as_deref() };
        return one(session, &directory, market, &options.which, options.wait, |context, size| {
            closing(context, size, &part)
        })
        .await;
    }
    let (_, account) = session.account(&options.which).await?;
    let open: Vec<u16> = health::positions(&account.head)
        .filter(|position| !position.base.is_zero())
        .map(|position| position.market)
        .collect();
    let (mut done, mut tries) = (Vec::new(), Vec::new());
    for index in &open {
        let market = directory.market(&index.to_string())?;
        let closed = one(session, &directory, market, &options.which, options.wait, |context, size| {
            closing(context, size, &Part { size: None, protection: None })
        });
        match closed.await {
            Ok(output) => done.push(output),
            Err(CliError::Dry(output)) => tries.push(*output),
            Err(error) => {
                done.iter().for_each(|one| session.done_before(one));
                return Err(error);
            }
        }
    }
    if !tries.is_empty() {
        return Err(dry::together(tries));
    }
    if done.is_empty() {
        return Ok(Output::new("no positions to close\n", Value::Array(Vec::new())));
    }
    let mut text = done.iter().map(|one| one.text.as_str()).collect::<Vec<_>>().join("\n");
    if account.head.open_orders > 0 {
        let told = format!("{} open orders stay: `kedge cancel --all` is for them", account.head.open_orders);
        text += &wrap("", &told);
    }
    let code = done.iter().map(|one| one.code).max().unwrap_or(0);
    Ok(Output::new(text, done.into_iter().map(|one| one.json).collect()).with_code(code))
}

/// Reverses a position.
pub(crate) async fn reverse(session: &Session, options: &Reverse) -> Result<Output> {
    let directory = Directory::fetch(&session.client).await?;
    let market = directory.market(&options.market)?;
    one(session, &directory, market, &options.which, options.wait, |context, held| {
        let twice = held.0.checked_mul(2).map(Size);
        let twice = twice.ok_or_else(|| CliError::Usage("the position is too large to turn round at once".into()))?;
        let mut order = place::market_order(&context.market.data, side(context), twice, 0);
        if let Some(text) = &options.protection {
            order.price = ticket::price(text, &context.market.data)?;
        }
        Ok(order)
    })
    .await
}

/// The part of a position to close, as typed.
struct Part<'a> {
    size: Option<&'a str>,
    protection: Option<&'a str>,
}

fn closing(context: &OrderContext<'_>, held: Size, part: &Part<'_>) -> Result<OrderParams> {
    let market = &context.market.data;
    let size = match part.size {
        None => held,
        Some(text) => {
            let oracle = context.view.board.market(market.index)?.price.price;
            // The last part of a position may be smaller than the market's smallest order.
            let least = Market { min_order: market.step, ..*market };
            sized::read(text, &least, context.directory, oracle)?.size
        }
    };
    if size > held {
        return Err(CliError::Usage(format!(
            "the position in {} is {}: {} is more than there is to close",
            context.name(),
            decimal::size(held),
            decimal::size(size)
        )));
    }
    let mut order = place::market_order(market, side(context), size, flags::REDUCE_ONLY);
    if let Some(text) = part.protection {
        order.price = ticket::price(text, market)?;
    }
    Ok(order)
}

/// The side that closes the position.
fn side(context: &OrderContext<'_>) -> Side {
    let held = context.account.head.position(context.market.data.index).copied().unwrap_or_default();
    Side::closing(held.base)
}

/// Sends one order against a position.
async fn one(
    session: &Session,
    directory: &Directory,
    market: &Found<Market>,
    which: &Which,
    wait: bool,
    make: impl FnOnce(&OrderContext<'_>, Size) -> Result<OrderParams>,
) -> Result<Output> {
    session.signer()?;
    let (at, account) = session.account(which).await?;
    let held = account.head.position(market.data.index).copied().unwrap_or_default().base.size();
    let name = directory.market_name(market.data.index);
    if held.is_zero() {
        return Err(CliError::NotFound(format!(
            "sub-account {} has no position in {name}; `kedge positions` lists them",
            account.head.id
        )));
    }
    let view = session.view(&place::rows(&account, market)).await?;
    let context = OrderContext { directory, market, at, account: &account, view: &view };
    let order = make(&context, held)?;
    session.confirm(context.doubts(&[order], Typed::New, &session.guards))?;
    let sent: Landed = place::send(session, &context, &[order], &[]).await?;
    place::told(session, &context, &order, sent, How { at_once: false, whole: false, wait }).await
}
