//! `kedge order`.

use kedge_interface::account::SubAccountData;
use kedge_interface::instruction::user::ALL_MARKETS;
use kedge_interface::instruction::{CancelAll, CancelOrder, KedgeInstruction};
use kedge_model::order::{Order, OrderKind, Side, flags};
use serde_json::{Value, json};

use super::{landed, place};
use crate::args::{self, Cancel, List};
use crate::decimal;
use crate::directory::Directory;
use crate::error::Result;
use crate::output::Output;
use crate::session::Session;
use crate::table::Table;

/// Places, cancels or lists.
pub async fn run(session: &Session, command: &args::Order) -> Result<Output> {
    match command {
        args::Order::Place(options) => place::run(session, options).await,
        args::Order::Cancel(options) => cancel(session, options).await,
        args::Order::List(options) => list(session, options).await,
    }
}

async fn cancel(session: &Session, options: &Cancel) -> Result<Output> {
    let signer = session.signer()?;
    let sub_account = session.sub_account(&options.which)?;
    let directory = Directory::fetch(&session.client).await?;
    let instruction = match options.order {
        Some(id) => CancelOrder { signer, sub_account, id }.instruction(),
        None => {
            let market = options.market.as_deref().map(|name| directory.market(name)).transpose()?;
            let market = market.map_or(ALL_MARKETS, |market| market.data.index);
            CancelAll { signer, sub_account, market }.instruction()
        }
    };
    let sent = session.send(&[instruction]).await?;
    landed(session, &directory, sent).await
}

async fn list(session: &Session, options: &List) -> Result<Output> {
    let directory = Directory::fetch(&session.client).await?;
    let market = options.market.as_deref().map(|name| directory.market(name)).transpose()?;
    let account = session.client.sub_account(session.sub_account(&options.which)?).await?;
    let slot = session.client.clock().await?.slot;
    let (text, json) = table(session, &directory, &account, market.map(|market| market.data.index), slot);
    Ok(Output::new(text, json))
}

fn table(
    session: &Session,
    directory: &Directory,
    account: &SubAccountData,
    market: Option<u16>,
    slot: u64,
) -> (String, Value) {
    let mut table =
        Table::new(&[">ID", "MARKET", "SIDE", "KIND", ">SIZE", ">FILLED", ">PRICE", ">CLIENT ID", "FLAGS", "AUCTION"]);
    let mut list = Vec::new();
    let wanted = |order: &Order| market.is_none_or(|index| index == order.market);
    for (place, order) in account.open_orders().filter(|(_, order)| wanted(order)) {
        let kind = if order.kind == OrderKind::Market as u8 { "market" } else { "limit" };
        let side = if order.side() == Side::Long { "buy" } else { "sell" };
        let auction = if order.in_auction(slot) { "running" } else { "" };
        let client_id = if order.client_id == 0 { String::new() } else { order.client_id.to_string() };
        table.row(vec![
            order.id.to_string().into(),
            directory.market_name(order.market).into(),
            side.into(),
            kind.into(),
            decimal::size(order.size).into(),
            decimal::size(order.filled).into(),
            decimal::price(order.price).into(),
            client_id.into(),
            flag_names(order).join(" ").into(),
            auction.into(),
        ]);
        list.push(json!({
            "id": order.id,
            "slot": place,
            "client_id": order.client_id,
            "market": directory.market_name(order.market),
            "side": side,
            "kind": kind,
            "size": decimal::size(order.size),
            "filled": decimal::size(order.filled),
            "price": decimal::price(order.price),
            "flags": flag_names(order),
            "in_auction": order.in_auction(slot),
            "expires_at": order.expires_at,
        }));
    }
    let text = if table.is_empty() { "no open orders\n".into() } else { table.render(session.colour) };
    (text, Value::Array(list))
}

fn flag_names(order: &Order) -> Vec<&'static str> {
    let known =
        [(flags::POST_ONLY, "post-only"), (flags::REDUCE_ONLY, "reduce-only"), (flags::IMMEDIATE_OR_CANCEL, "ioc")];
    known.iter().filter(|(bit, _)| order.has(*bit)).map(|(_, name)| *name).collect()
}
