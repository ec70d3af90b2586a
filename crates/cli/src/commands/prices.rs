//! `kedge prices`.

use kedge_client::prices::{self, Row};
use kedge_model::account::board::{PriceRow, RowState, Session as Trading, SourceKind};
use kedge_units::decimal;
use serde_json::{Value, json};

use crate::args::Prices;
use crate::directory::Directory;
use crate::error::Result;
use crate::output::{Output, long};
use crate::session::Session;
use crate::table::{Cell, Paint, Table};

/// Shows the price rows, refreshed on request.
pub(crate) async fn run(session: &Session, options: &Prices) -> Result<Output> {
    let directory = Directory::fetch(&session.client).await?;
    let mut board = session.client.board().await?;
    let rows = prices::listed(&board);
    let mut signatures = Vec::new();
    if options.refresh {
        // A transaction has room for the accounts of about a dozen sources.
        for part in rows.chunks(6) {
            let refresh = session.refresh_all(&board, part).await?;
            signatures.push(session.send(&[refresh]).await?.signature.to_string());
        }
        board = session.client.board().await?;
    }
    let clock = session.client.clock().await?;
    let titles = ["ROW", ">PRICE", "STATE", ">AGE", ">LIMIT", ">5 MIN", ">1 HOUR", "SOURCES"];
    let mut table = Table::new(&titles);
    let mut list: Vec<Value> = Vec::new();
    for row in rows {
        let price = row.price(&board)?;
        let state = price.state_at(&clock, price.max_age());
        let trading = match row {
            Row::Market(index) => board.market(index)?.session(&clock),
            Row::Bank(_) => Trading::Open,
        };
        let word = match trading {
            Trading::Reserved => format!("{state:?}, reserved"),
            Trading::Calling => format!("{state:?}, called"),
            Trading::Opening(_) => format!("{state:?}, opening"),
            Trading::Open => format!("{state:?}"),
        };
        let good = state == RowState::Normal && trading == Trading::Open;
        let age = clock.seconds_since(price.publish_time).0;
        let name = match row {
            Row::Market(index) => directory.market_name(index),
            Row::Bank(index) => directory.bank_name(index),
        };
        let tick =
            if let Row::Market(index) = row { directory.tick(index) } else { kedge_model::quantity::Price::ZERO };
        table.row(vec![
            name.clone().into(),
            decimal::price_at(price.price, tick).into(),
            Cell::painted(word, if good { Paint::Good } else { Paint::Warn }),
            if price.publish_time == 0 { "-".into() } else { format!("{age} s").into() },
            format!("{} s", price.max_age).into(),
            decimal::price_at(price.twap_5m, tick).into(),
            decimal::price_at(price.twap_1h, tick).into(),
            sources(price).into(),
        ]);
        list.push(json!({
            "row": row.to_string(),
            "name": name,
            "price": decimal::price(price.price),
            "confidence": decimal::price(price.confidence),
            "state": format!("{state:?}"),
            "publish_time": long(price.publish_time),
            "age_seconds": long(age),
            "max_age_seconds": price.max_age,
            "twap_5m": decimal::price(price.twap_5m),
            "twap_1h": decimal::price(price.twap_1h),
            "sources": sources(price),
        }));
    }
    let json = json!({ "rows": list, "refreshed_by": signatures });
    Ok(Output::new(table.render(session.colour), json))
}

fn sources(price: &PriceRow) -> String {
    let kinds = price.sources().iter().map(|source| match SourceKind::from_number(source.kind) {
        Ok(SourceKind::PythPull) => "pyth",
        Ok(SourceKind::PythPush) => "pyth push",
        Ok(SourceKind::Fixed) => "fixed",
        Ok(SourceKind::SwitchboardOnDemand) => "switchboard",
        Ok(SourceKind::SwitchboardV2) => "switchboard v2",
        Ok(SourceKind::Unused) | Err(_) => "unknown",
    });
    kinds.collect::<Vec<_>>().join(", ")
}
