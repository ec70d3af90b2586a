//! `kedge markets`.

use kedge_interface::account::name;
use kedge_model::board::RowState;
use kedge_model::market::{Market, MarketStatus};
use kedge_model::order::Side;
use serde_json::{Value, json};

use crate::decimal;
use crate::error::Result;
use crate::output::Output;
use crate::session::Session;
use crate::table::{Cell, Paint, Table};

/// Lists the markets.
pub async fn run(session: &Session) -> Result<Output> {
    let board = session.client.board().await?;
    let clock = session.client.clock().await?;
    let titles =
        ["#", "MARKET", "STATUS", ">ORACLE", ">VAMM BID", ">VAMM ASK", ">FUNDING/H", ">LONG", ">SHORT", ">MARGIN"];
    let mut table = Table::new(&titles);
    let mut list: Vec<Value> = Vec::new();
    for found in session.client.markets().await? {
        let market = &found.data;
        let row = board.market(market.index)?;
        let state = row.price.state_at(&clock, u64::from(row.price.max_age));
        let touch = |side| {
            let quoted = !market.amm.sqrt_k.is_zero();
            quoted.then(|| market.amm.touch(side).ok()).flatten().map(decimal::price)
        };
        let (bid, ask) = (touch(Side::Short), touch(Side::Long));
        let dash = |text: &Option<String>| Cell::from(text.clone().unwrap_or_else(|| "-".into()));
        table.row(vec![
            market.index.to_string().into(),
            name(&market.name).into(),
            status(market).into(),
            Cell::painted(
                decimal::price(row.price.price),
                if state == RowState::Normal { Paint::Plain } else { Paint::Warn },
            ),
            dash(&bid),
            dash(&ask),
            decimal::percent_of_billion(market.funding_rate).into(),
            decimal::size(market.long_interest).into(),
            decimal::size(market.short_interest).into(),
            decimal::percent(row.initial_margin).into(),
        ]);
        list.push(json!({
            "index": market.index,
            "name": name(&market.name),
            "address": found.address.to_string(),
            "status": status(market),
            "oracle_price": decimal::price(row.price.price),
            "price_state": format!("{state:?}"),
            "vamm_bid": bid,
            "vamm_ask": ask,
            "funding_rate_hourly_percent": decimal::format(market.funding_rate, 7, 0),
            "long_interest": decimal::size(market.long_interest),
            "short_interest": decimal::size(market.short_interest),
            "max_open_interest": decimal::size(market.max_open_interest),
            "initial_margin_percent": decimal::format(row.initial_margin.0, 4, 0),
            "maintenance_margin_percent": decimal::format(row.maintenance_margin.0, 4, 0),
            "min_order": decimal::size(market.min_order),
            "step": decimal::size(market.step),
            "tick": decimal::price(market.tick),
        }));
    }
    let text = if table.is_empty() { "no market is listed\n".into() } else { table.render(session.colour) };
    Ok(Output::new(text, Value::Array(list)))
}

fn status(market: &Market) -> &'static str {
    match MarketStatus::from_number(market.status) {
        Ok(MarketStatus::Initialised) => "listed",
        Ok(MarketStatus::Active) => "active",
        Ok(MarketStatus::ReduceOnly) => "reduce-only",
        Err(_) => "unknown",
    }
}
