//! `kedge position`, and the positions table of `kedge account`.

use kedge_model::board::PriceBoard;
use kedge_model::num::{BASE, Rounding, mul_div};
use kedge_model::position::Position;
use kedge_model::quantity::Price;
use kedge_model::sub_account::SubAccount;
use serde_json::{Value, json};

use crate::args;
use crate::decimal;
use crate::directory::Directory;
use crate::error::Result;
use crate::output::Output;
use crate::session::Session;
use crate::table::{Cell, Paint, Table};

/// Lists positions.
pub async fn run(session: &Session, options: &args::Position) -> Result<Output> {
    let directory = Directory::fetch(&session.client).await?;
    let market = options.market.as_deref().map(|name| directory.market(name)).transpose()?;
    let board = session.client.board().await?;
    let account = session.client.sub_account(session.sub_account(&options.which)?).await?;
    let (text, json) = table(session, &directory, &board, &account.head, market.map(|market| market.data.index))?;
    Ok(Output::new(text, json))
}

/// Positions of a sub-account, all or those of one market, as text and as JSON.
pub fn table(
    session: &Session,
    directory: &Directory,
    board: &PriceBoard,
    account: &SubAccount,
    market: Option<u16>,
) -> Result<(String, Value)> {
    let titles = ["MARKET", "SIDE", ">SIZE", ">ENTRY", ">ORACLE", ">PNL", ">FUNDING", ">BIDS", ">ASKS"];
    let mut table = Table::new(&titles);
    let mut list = Vec::new();
    let wanted = |position: &&Position| position.is_used() && market.is_none_or(|index| index == position.market);
    for position in account.positions.iter().filter(wanted) {
        let row = board.market(position.market)?;
        let funding = position.unsettled_funding(row.funding(position.base))?;
        let pnl = position.unrealised_pnl(row.price.price, row.funding(position.base))?;
        let side = match position.base.0 {
            0 => "flat",
            1.. => "long",
            _ => "short",
        };
        let entry = entry(position).map_or_else(|| "-".into(), decimal::price);
        table.row(vec![
            directory.market_name(position.market).into(),
            side.into(),
            decimal::size(position.base.size()).into(),
            entry.clone().into(),
            decimal::price(row.price.price).into(),
            Cell::painted(
                decimal::gain(pnl),
                match pnl.0 {
                    0 => Paint::Plain,
                    1.. => Paint::Good,
                    _ => Paint::Bad,
                },
            ),
            decimal::gain(funding).into(),
            decimal::size(position.open_bids).into(),
            decimal::size(position.open_asks).into(),
        ]);
        list.push(json!({
            "market": directory.market_name(position.market),
            "side": side,
            "base": decimal::base(position.base),
            "entry_price": entry,
            "oracle_price": decimal::price(row.price.price),
            "pnl": decimal::quote(pnl),
            "unsettled_funding": decimal::quote(funding),
            "settled_pnl": decimal::quote(position.settled_pnl),
            "open_bids": decimal::size(position.open_bids),
            "open_asks": decimal::size(position.open_asks),
            "open_orders": position.open_orders,
        }));
    }
    let text = if table.is_empty() { "no positions\n".into() } else { table.render(session.colour) };
    Ok((text, Value::Array(list)))
}

/// Mean price of entry, for reading; `None` when flat.
fn entry(position: &Position) -> Option<Price> {
    let size = position.base.size();
    mul_div(position.entry.magnitude().0, BASE, size.0, Rounding::Down).ok().map(Price)
}
