//! `kedge funding`.

use kedge_client::prices::Row;
use kedge_interface::account::name;
use kedge_model::rule::risk;
use kedge_units::decimal;
use serde_json::{Value, json};

use crate::args;
use crate::directory::Directory;
use crate::error::{CliError, Result};
use crate::output::{Output, long};
use crate::session::Session;
use crate::table::Table;

/// Shows funding rates, and the next payments of a sub-account's positions.
pub(crate) async fn run(session: &Session, options: &args::Funding) -> Result<Output> {
    let directory = Directory::fetch(&session.client).await?;
    let wanted =
        options.market.as_deref().map(|name| directory.market(name)).transpose()?.map(|found| found.data.index);
    let rows: Vec<Row> = directory.markets.iter().map(|market| Row::Market(market.data.index)).collect();
    let view = session.view(&rows).await?;
    // Rates need no account; payments are shown for one.
    let account = match session.account(&options.which).await {
        Ok((_, account)) => Some(account),
        // There is no sub-account, or no keypair that could own one.
        Err(CliError::NotFound(_) | CliError::Usage(_)) => None,
        Err(error) => return Err(error),
    };
    let mut table = Table::new(&["MARKET", ">LAST/H", ">NEXT/H", ">NEXT/YEAR", ">DUE IN", ">YOUR SIZE", ">YOU GET"]);
    let mut list: Vec<Value> = Vec::new();
    for market in directory.markets.iter().map(|found| &found.data) {
        if wanted.is_some_and(|index| index != market.index) {
            continue;
        }
        let row = view.board.market(market.index)?;
        let predicted = risk::predicted_funding(market, row, &view.clock).ok();
        let position = account.as_ref().and_then(|account| account.head.position(market.index).ok());
        let payment = position.zip(predicted).and_then(|(position, rate)| risk::funding_at(position, row, rate).ok());
        // Updates fall due when the chain's clock begins an hour.
        let due = if market.require_funding_due(view.clock.unix_time).is_ok() {
            0
        } else {
            3_600 - view.clock.unix_time.rem_euclid(3_600)
        };
        let rate =
            |rate: Option<i64>| rate.map_or_else(|| "?".into(), |rate| format!("{}%", decimal::rounded(rate, 7, 5)));
        let yearly = predicted
            .map_or_else(|| "?".into(), |rate| format!("{}%", decimal::rounded(i128::from(rate) * 24 * 365, 7, 2)));
        table.row(vec![
            name(&market.name).into(),
            rate(Some(market.funding_rate)).into(),
            rate(predicted).into(),
            yearly.into(),
            if due == 0 { "now".into() } else { format!("{} min", due.div_euclid(60) + 1).into() },
            position.map_or_else(|| "-".into(), |position| decimal::base(position.base)).into(),
            payment.map_or_else(|| "-".into(), |payment| decimal::signed_cents(payment.0)).into(),
        ]);
        list.push(json!({
            "market": name(&market.name),
            "last_rate_hourly_percent": decimal::format(market.funding_rate, 7, 0),
            "predicted_rate_hourly_percent": predicted.map(|rate| decimal::format(rate, 7, 0)),
            "last_update": long(market.funding_time),
            "due_in_seconds": long(due),
            "base": position.map(|position| decimal::base(position.base)),
            "predicted_payment": payment.map(decimal::quote),
        }));
    }
    let mut text = table.render(session.colour);
    text += "Positive rates: longs pay shorts. NEXT is what an update would charge now.\n";
    Ok(Output::new(text, Value::Array(list)))
}
