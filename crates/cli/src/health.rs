//! Margin, health and liquidation prices of a sub-account, by the model's rules.

use kedge_model::account::pocket::Pocket;
use kedge_model::account::position::Position;
use kedge_model::account::sub_account::SubAccount;
use kedge_model::num::PPM;
use kedge_model::quantity::{Ppm, Price};
use kedge_model::rule::liquidation;
use kedge_model::rule::margin::Margin;
use kedge_model::rule::risk;
use kedge_units::decimal;
use serde_json::{Value, json};

use crate::directory::Directory;
use crate::error::Result;
use crate::table::{Cell, Paint, Table};
use crate::view::View;

/// Pockets of an account, the cross pocket first.
pub(crate) fn pockets(account: &SubAccount) -> Vec<Pocket> {
    let isolated = account.positions.iter().filter(|position| position.is_isolated());
    std::iter::once(Pocket::Cross).chain(isolated.map(|position| Pocket::Isolated(position.market))).collect()
}

/// Positions with base, a claim or open orders.
pub(crate) fn positions(account: &SubAccount) -> impl Iterator<Item = &Position> {
    account.positions.iter().filter(|position| position.is_used() && !position.is_empty())
}

/// Name of a pocket: its market, or the cross pocket.
pub(crate) fn pocket_name(directory: &Directory, pocket: Pocket) -> String {
    match pocket {
        Pocket::Cross => "cross".into(),
        Pocket::Isolated(market) => directory.market_name(market),
    }
}

/// The markets in whose order a pocket is reduced in a liquidation, first to last.
pub(crate) fn reduction_order(
    directory: &Directory,
    account: &SubAccount,
    pocket: Pocket,
    view: &View,
) -> Result<Vec<String>> {
    let order = liquidation::order(account, pocket, &view.board, &view.clock)?;
    Ok(order.as_slice().iter().map(|market| directory.market_name(*market)).collect())
}

/// Titles of the rows of [`row`].
pub(crate) const TITLES: [&str; 7] = ["MARGIN", ">EQUITY", ">INITIAL", ">FREE", ">MAINT.", ">HEALTH", ">LEVERAGE"];

/// One pocket of an account as a table row (behind `label`) and as JSON.
pub(crate) fn row(label: &str, account: &SubAccount, pocket: Pocket, view: &View) -> (Vec<Cell>, Value) {
    let (board, clock) = (&*view.board, &view.clock);
    let (initial, maintenance) =
        (risk::initial(account, pocket, board, clock), risk::maintenance(account, pocket, board, clock));
    let health = risk::health(account, pocket, board, clock);
    let leverage = risk::leverage(account, pocket, board, clock);
    let dash = || Cell::painted("?", Paint::Warn);
    let (required, free) = match &initial {
        Ok(margin) => {
            let free = margin.free().unwrap_or_default();
            let paint = if free.0 >= 0 { Paint::Good } else { Paint::Bad };
            (decimal::cents(margin.requirement.0).into(), Cell::painted(decimal::cents(free.0), paint))
        }
        Err(_) => (dash(), dash()),
    };
    let (equity, kept) = match &maintenance {
        Ok(margin) => (decimal::cents(margin.collateral.0).into(), decimal::cents(margin.requirement.0).into()),
        Err(_) => (dash(), dash()),
    };
    let cells = vec![
        label.into(),
        equity,
        required,
        free,
        kept,
        health.map_or_else(|_| dash(), health_cell),
        leverage.map_or_else(|_| dash(), |leverage| leverage.map_or_else(|| "none left".into(), decimal::times).into()),
    ];
    let side = |margin: kedge_model::Result<Margin>| match margin.and_then(|margin| Ok((margin, margin.free()?))) {
        Ok((margin, free)) => json!({
            "collateral": decimal::quote(margin.collateral),
            "requirement": decimal::value(margin.requirement),
            "free": decimal::quote(free),
            "liability": decimal::value(margin.liability),
        }),
        Err(error) => json!({ "error": error.name(), "message": error.message() }),
    };
    let json = json!({
        "initial": side(initial),
        "maintenance": side(maintenance),
        "health_percent": health.ok().map(|health| decimal::format(health.0, 4, 0)),
        "leverage": leverage.ok().flatten().map(|leverage| decimal::format(leverage, 6, 0)),
    });
    (cells, json)
}

/// All pockets of an account as a table and as JSON.
pub(crate) fn margins(directory: &Directory, account: &SubAccount, view: &View, colour: bool) -> (String, Value) {
    let mut table = Table::new(&TITLES);
    let mut list = Vec::new();
    for pocket in pockets(account) {
        let name = pocket_name(directory, pocket);
        let (cells, mut json) = row(&name, account, pocket, view);
        table.row(cells);
        json["pocket"] = json!(name);
        json["reduction_order"] = json!(reduction_order(directory, account, pocket, view).ok());
        list.push(json);
    }
    (table.render(colour), Value::Array(list))
}

fn health_cell(health: Ppm) -> Cell {
    let paint = match u64::from(health.0) {
        0 => Paint::Bad,
        some if some < PPM / 5 => Paint::Warn,
        _ => Paint::Good,
    };
    // Rounded down: only an account without risk reads as 100%.
    Cell::painted(format!("{}%", health.0 / 10_000), paint)
}

/// Liquidation price of a position; `None` when there is none, and when prices are too old.
pub(crate) fn liquidation(account: &SubAccount, market: u16, view: &View) -> Result<Option<Price>> {
    match risk::liquidation_price(account, &view.board, market, &view.clock) {
        Ok(price) => Ok(price),
        Err(kedge_model::Error::StaleRow | kedge_model::Error::RowStateForbids) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Distance of a price from the oracle, percent.
pub(crate) fn distance(view: &View, market: u16, price: Price) -> Option<String> {
    let oracle = view.board.market(market).ok()?.price.price;
    oracle.distance(price).ok().map(|ppm| decimal::format(ppm, 4, 0))
}
