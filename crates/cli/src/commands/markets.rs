//! `kedge markets`.

use kedge_client::Found;
use kedge_client::prices::Row;
use kedge_interface::account::name;
use kedge_model::account::board::{MarketRow, RowState, Session as Trading};
use kedge_model::account::market::{Market, MarketStatus};
use kedge_model::account::order::Side;
use kedge_model::clock::Clock;
use kedge_model::rule::waterfall::HAIRCUT_DELAY;
use kedge_units::decimal;
use serde_json::{Value, json};

use crate::args::Markets;
use crate::calendar;
use crate::directory::Directory;
use crate::error::Result;
use crate::output::{Output, long};
use crate::session::Session;
use crate::table::{Cell, Paint, Table};
use crate::view::View;

/// Lists the markets, or shows one.
pub(crate) async fn run(session: &Session, options: &Markets) -> Result<Output> {
    let directory = Directory::fetch(&session.client).await?;
    let rows: Vec<Row> = directory.markets.iter().map(|market| Row::Market(market.data.index)).collect();
    let view = session.view(&rows).await?;
    if let Some(wanted) = &options.market {
        let found = directory.market(wanted)?;
        let row = view.board.market(found.data.index)?;
        return Ok(Output::new(detail(&found.data, row, &view.clock), json(found, row, &view)));
    }
    let titles = [">#", "MARKET", "STATUS", ">ORACLE", ">BID", ">ASK", ">FUNDING/H", ">INTEREST", ">MARGIN"];
    let mut table = Table::new(&titles);
    let mut list: Vec<Value> = Vec::new();
    for found in &directory.markets {
        let market = &found.data;
        let row = view.board.market(market.index)?;
        let (bid, ask) = touches(market, row);
        let price = |price: Option<_>| price.map_or_else(|| "-".into(), |price| decimal::price_at(price, market.tick));
        let normal = state(row, &view) == RowState::Normal;
        table.row(vec![
            market.index.to_string().into(),
            name(&market.name).into(),
            status(market, row, &view.clock).into(),
            Cell::painted(
                decimal::price_at(row.price.price, market.tick),
                if normal { Paint::Plain } else { Paint::Warn },
            ),
            price(bid).into(),
            price(ask).into(),
            format!("{}%", decimal::rounded(market.funding_rate, 7, 5)).into(),
            decimal::rounded(market.open_interest().0, decimal::BASE, 2).into(),
            format!("{}%", decimal::rounded(row.initial_margin.0, 4, 2)).into(),
        ]);
        list.push(json(found, row, &view));
    }
    let text = if table.is_empty() { "no market is listed\n".into() } else { table.render(session.colour) };
    Ok(Output::new(text, Value::Array(list)))
}

/// Bid and ask of the vAMM for one unit; `None` on a side that it does not trade.
fn touches(
    market: &Market,
    row: &MarketRow,
) -> (Option<kedge_model::quantity::Price>, Option<kedge_model::quantity::Price>) {
    let trades = |side| market.amm.capacity(side, row.price.price, market.step).is_ok_and(|size| !size.is_zero());
    let touch = |side| trades(side).then(|| market.amm.touch_on(side, &row.price).ok()).flatten();
    (touch(Side::Short), touch(Side::Long))
}

fn state(row: &MarketRow, view: &View) -> RowState {
    row.price.state_at(&view.clock, row.price.max_age())
}

fn detail(market: &Market, row: &MarketRow, clock: &Clock) -> String {
    let (bid, ask) = touches(market, row);
    let price = |price: Option<_>| price.map_or_else(|| "none".into(), decimal::price);
    let percent = |ppm| decimal::percent(ppm);
    let lines = [
        ("market", format!("{} (index {})", name(&market.name), market.index)),
        ("status", status(market, row, clock).into()),
        ("halt", halt(row, clock)),
        ("expiry", crate::describe::life::expiry(market.expiry_time)),
        ("oracle price", decimal::price(row.price.price)),
        ("vAMM bid / ask", format!("{} / {}", price(bid), price(ask))),
        ("smallest order", decimal::size(market.min_order)),
        ("size step", decimal::size(market.step)),
        ("price tick", decimal::price(market.tick)),
        ("largest position", decimal::size(market.max_position)),
        (
            "initial margin",
            format!("{} (a leverage of {})", percent(row.initial_margin), decimal::leverage(row.initial_margin)),
        ),
        ("maintenance margin", percent(row.maintenance_margin)),
        ("fills within", within(market, row, clock)),
        ("liquidation fee", percent(market.liquidator_fee)),
        ("last funding", format!("{} an hour", decimal::percent_of_billion(market.funding_rate))),
        ("largest funding", format!("{} an hour", percent(market.funding_cap))),
        ("long interest", decimal::size(market.long_interest)),
        ("short interest", decimal::size(market.short_interest)),
        ("interest cap", decimal::size(market.max_open_interest)),
        ("insurance fund", decimal::cents(market.insurance_fund.0)),
        ("deficit", deficit(market, row)),
    ];
    lines.iter().map(|(label, value)| format!("{label:<20}{value}\n")).collect()
}

/// What the market lacks of its users' profits, and from when on owners turn those into tokens.
fn deficit(market: &Market, row: &MarketRow) -> String {
    if market.deficit.is_zero() {
        return "none".into();
    }
    let from = market.deficit_time.saturating_add_unsigned(HAIRCUT_DELAY.0);
    format!(
        "{} of profits of {}; owners turn profit into tokens from {}",
        decimal::cents(market.deficit.0),
        market.net_users_pnl(row.price.price).map_or_else(|_| "?".into(), decimal::quote),
        calendar::date_time(from)
    )
}

fn json(found: &Found<Market>, row: &MarketRow, view: &View) -> Value {
    let market = &found.data;
    let (bid, ask) = touches(market, row);
    json!({
        "index": market.index,
        "name": name(&market.name),
        "address": found.address.to_string(),
        "status": status(market, row, &view.clock),
        "halt": row.halt_ends(&view.clock).map(|(reserved, ends)| json!({
            "reserved_until": long(reserved),
            "ends": long(ends),
            "fills_within_percent": row.fills_within(market.price_band, &view.clock).ok().map(|band| decimal::format(band.0, 4, 0)),
        })),
        "expiry_time": (market.expiry_time != 0).then(|| long(market.expiry_time)),
        "settlement_price": market.is_settling().then(|| decimal::price(market.settlement_price)),
        "oracle_price": decimal::price(row.price.price),
        "price_state": format!("{:?}", state(row, view)),
        "vamm_bid": bid.map(decimal::price),
        "vamm_ask": ask.map(decimal::price),
        "last_fill_price": (!market.last_fill_price.is_zero()).then(|| decimal::price(market.last_fill_price)),
        "funding_rate_hourly_percent": decimal::format(market.funding_rate, 7, 0),
        "funding_cap_hourly_percent": decimal::format(market.funding_cap.0, 4, 0),
        "long_interest": decimal::size(market.long_interest),
        "short_interest": decimal::size(market.short_interest),
        "max_open_interest": decimal::size(market.max_open_interest),
        "max_position": decimal::size(market.max_position),
        "initial_margin_percent": decimal::format(row.initial_margin.0, 4, 0),
        "maintenance_margin_percent": decimal::format(row.maintenance_margin.0, 4, 0),
        "price_band_percent": decimal::format(market.price_band.0, 4, 0),
        "liquidator_fee_percent": decimal::format(market.liquidator_fee.0, 4, 0),
        "insurance_fund": decimal::value(market.insurance_fund),
        "deficit": decimal::value(market.deficit),
        "deficit_time": (!market.deficit.is_zero()).then(|| long(market.deficit_time)),
        "net_profit": market.net_users_pnl(row.price.price).ok().map(decimal::quote),
        "min_order": decimal::size(market.min_order),
        "step": decimal::size(market.step),
        "tick": decimal::price(market.tick),
    })
}

/// The market's status in a word; `halted` while its price row is, `reserved`, `called` and `opening` in a halt that ends by itself.
fn status(market: &Market, row: &MarketRow, clock: &Clock) -> &'static str {
    if market.status != MarketStatus::Active as u8 {
        return crate::describe::life::status(market.status);
    }
    match row.session(clock) {
        _ if row.price.state == RowState::Halted as u8 => "halted",
        Trading::Reserved => "reserved",
        Trading::Calling => "called",
        Trading::Opening(_) => "opening",
        Trading::Open => crate::describe::life::status(market.status),
    }
}

/// Until when a halt that ends by itself lasts.
fn halt(row: &MarketRow, clock: &Clock) -> String {
    let Some((reserved, ends)) = row.halt_ends(clock) else { return "none".into() };
    let left = |until: i64| until.saturating_sub(clock.unix_time).max(0);
    match row.session(clock) {
        Trading::Reserved | Trading::Calling => {
            format!("reserved: fills in {} s, the whole band in {} s", left(reserved), left(ends))
        }
        _ => format!("opening: the whole band in {} s", left(ends)),
    }
}

/// How far from the oracle fills reach now.
fn within(market: &Market, row: &MarketRow, clock: &Clock) -> String {
    row.fills_within(market.price_band, clock)
        .map_or_else(|_| "nothing".into(), |band| format!("{} of the oracle", decimal::percent(band)))
}
