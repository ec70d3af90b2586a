//! `kedge positions`, and the positions table of `kedge account`.

use kedge_client::prices;
use kedge_model::account::position::Position;
use kedge_model::account::sub_account::SubAccount;
use kedge_model::num::{BASE, Rounding, mul_div};
use kedge_model::quantity::{Price, Quote};
use kedge_units::decimal;
use serde_json::{Value, json};

use crate::args;
use crate::directory::Directory;
use crate::error::Result;
use crate::health;
use crate::output::{Output, wrap};
use crate::session::Session;
use crate::table::{Cell, Paint, Table};
use crate::view::View;

/// Lists positions.
pub(crate) async fn run(session: &Session, options: &args::Positions) -> Result<Output> {
    let directory = Directory::fetch(&session.client).await?;
    let market = options.market.as_deref().map(|name| directory.market(name)).transpose()?;
    let (_, account) = session.account(&options.which).await?;
    let view = session.view(&prices::in_use(&account.head)).await?;
    let market = market.map(|market| market.data.index);
    let (mut text, json) = table(session.colour, &directory, &view, &account.head, market)?;
    if json.as_array().is_some_and(|list| !list.is_empty()) {
        text += "PNL is after fees and funding, ENTRY before them; `kedge pnl` takes it apart.\n";
    }
    Ok(Output::new(text + &view.warning(), json))
}

/// Positions of a sub-account, all or those of one market, as text and as JSON.
pub(crate) fn table(
    colour: bool,
    directory: &Directory,
    view: &View,
    account: &SubAccount,
    market: Option<u16>,
) -> Result<(String, Value)> {
    let titles = ["MARKET", "SIDE", ">SIZE", ">ENTRY", ">ORACLE", ">PNL", ">FUNDING", ">LIQUIDATION"];
    let mut table = Table::new(&titles);
    let mut list = Vec::new();
    for position in health::positions(account).filter(|position| market.is_none_or(|index| index == position.market)) {
        let row = view.board.market(position.market)?;
        let tick = directory.tick(position.market);
        let funding = position.unsettled_funding(row.funding(position.base))?;
        let pnl = position.unrealised_pnl(row, row.settles_at(row.price.price)?)?;
        let side = match position.base.0 {
            0 => "flat",
            1.. => "long",
            _ => "short",
        };
        let entry = entry(position);
        // Only base can be liquidated; a claim or an open order has no liquidation price.
        let liquidation =
            if position.base.is_zero() { None } else { health::liquidation(account, position.market, view)? };
        let priced = |price: Option<Price>| price.map_or_else(|| "-".into(), |price| decimal::price_at(price, tick));
        table.row(vec![
            directory.market_name(position.market).into(),
            if position.is_isolated() { format!("{side} *").into() } else { side.into() },
            decimal::size(position.base.size()).into(),
            priced(entry).into(),
            decimal::price_at(row.price.price, tick).into(),
            gain(pnl),
            decimal::signed_cents(funding.0).into(),
            priced(liquidation).into(),
        ]);
        list.push(json!({
            "market": directory.market_name(position.market),
            "side": side,
            "base": decimal::base(position.base),
            "entry_price": entry.map(decimal::price),
            "oracle_price": decimal::price(row.price.price),
            "liquidation_price": liquidation.map(decimal::price),
            "pnl": decimal::quote(pnl),
            "unsettled_funding": decimal::quote(funding),
            "settled_pnl": decimal::quote(position.settled_pnl),
            "isolated_collateral": position.is_isolated().then(|| decimal::value(position.isolated)),
            "open_bids": decimal::size(position.open_bids),
            "open_asks": decimal::size(position.open_asks),
            "open_orders": position.open_orders,
        }));
    }
    let mut text = if table.is_empty() { "no positions\n".into() } else { table.render(colour) };
    let isolated = health::positions(account).filter(|position| position.is_isolated());
    let backed: Vec<String> = isolated
        .map(|position| format!("{} {}", directory.market_name(position.market), decimal::cents(position.isolated.0)))
        .collect();
    if !backed.is_empty() {
        text += &wrap("", &format!("* isolated, margined alone by collateral of its own: {}", backed.join(", ")));
    }
    text += &left_behind(directory, account);
    Ok((text, Value::Array(list)))
}

/// Collateral that stays isolated after its position was closed, with the command that moves it back.
fn left_behind(directory: &Directory, account: &SubAccount) -> String {
    let flat = |position: &&Position| position.is_isolated() && position.base.is_zero() && position.isolated.0 != 0;
    let told = health::positions(account).filter(flat).map(|position| {
        let name = directory.market_name(position.market);
        let own = decimal::cents(position.isolated.0);
        wrap(
            "",
            &format!("{name} is flat and still holds {own} of its own: `kedge isolate {name} --merge` brings it back"),
        )
    });
    told.collect()
}

/// A profit or loss in its colour.
fn gain(pnl: Quote) -> Cell {
    let paint = match pnl.0 {
        0 => Paint::Plain,
        1.. => Paint::Good,
        _ => Paint::Bad,
    };
    Cell::painted(decimal::signed_cents(pnl.0), paint)
}

/// Mean entry price, for reading; `None` when flat.
pub(crate) fn entry(position: &Position) -> Option<Price> {
    let size = position.base.size();
    mul_div(position.entry.magnitude().0, BASE, size.0, Rounding::Down).ok().map(Price)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kedge_model::account::position::status;
    use kedge_model::quantity::{Amount, Base};

    #[test]
    fn what_a_closed_position_kept_is_shown_with_the_way_back() {
        let directory = Directory { markets: vec![], banks: vec![] };
        let mut account = SubAccount::default();
        let position = account.open_position(3).unwrap();
        position.status |= status::ISOLATED;
        (position.isolated, position.base) = (Amount(550_000_000), Base(1));
        assert_eq!(left_behind(&directory, &account), "", "it is not closed");
        account.open_position(3).unwrap().base = Base(0);
        let told = left_behind(&directory, &account).split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(
            told,
            "market 3 is flat and still holds 550.00 of its own: `kedge isolate market 3 --merge` brings it back"
        );
    }
}
