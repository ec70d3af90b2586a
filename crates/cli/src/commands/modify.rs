//! `kedge modify`.

use kedge_client::prices::{self, Row};
use kedge_interface::address;
use kedge_interface::instruction::{KedgeInstruction, ModifyOrder};
use kedge_model::account::market::Market;
use kedge_model::account::order::{Order, OrderKind, OrderParams};
use kedge_model::action::{ModifyParams, change};
use kedge_model::quantity::{Price, Size};

use super::order_context::{OrderContext, Typed};
use super::{landed, ticket};
use crate::args::Modify;
use crate::directory::Directory;
use crate::error::{CliError, Result};
use crate::output::Output;
use crate::session::Session;

/// Changes an open order; its ids stay.
pub(crate) async fn run(session: &Session, options: &Modify) -> Result<Output> {
    let signer = session.signer()?;
    let directory = Directory::fetch(&session.client).await?;
    let (sub_account, account) = session.account(&options.which).await?;
    let found = account.open_orders().find(|(_, order)| order.id == options.order);
    let (slot, order) = found.ok_or_else(|| super::no_order(options.order, account.head.id))?;
    let market = directory.markets.iter().find(|market| market.data.index == order.market);
    let market = market.ok_or_else(|| CliError::NotFound("the order's market is not listed any more".into()))?;
    let clock = session.client.clock().await?;
    let mut params = params(options, order, &market.data, clock.unix_time)?;
    params.slot = u8::try_from(slot).unwrap_or(0);
    let mut rows = prices::in_use(&account.head);
    rows.push(Row::Market(order.market));
    let view = session.view(&rows).await?;
    let context = OrderContext { directory: &directory, market, at: sub_account, account: &account, view: &view };
    let changed = changed(order, &params);
    session.confirm(context.doubts(&[changed], Typed::Change, &session.guards))?;

    let board = session.client.board().await?;
    let mut instructions: Vec<_> = session.refresh(&board, &rows, &clock).await?.into_iter().collect();
    let modify = ModifyOrder { signer, market: address::market(order.market), sub_account, params };
    instructions.push(modify.instruction());
    let sent = session.send(&instructions).await.map_err(|error| context.explain(error, &changed))?;
    landed(session, &directory, sent).await
}

/// The changed order with only its new prices: the questions about the old ones were asked at its placing.
fn changed(order: &Order, params: &ModifyParams) -> OrderParams {
    let new = |bit, value: Price| if params.changes & bit != 0 { value } else { Price::ZERO };
    let waits = order.is_waiting();
    OrderParams {
        price: new(change::PRICE, params.price),
        // Its growth in size: the margin holds the rest already.
        size: if params.changes & change::SIZE != 0 {
            Size(params.size.0.saturating_sub(order.size.0))
        } else {
            Size::ZERO
        },
        // A new limit price is compared with the trigger price that stays.
        trigger_price: match (params.changes & change::TRIGGER != 0, waits) {
            (true, _) => params.trigger_price,
            (false, true) => order.level(),
            (false, false) => Price::ZERO,
        },
        market: order.market,
        flags: order.flags,
        kind: order.kind,
        side: order.side,
        ..OrderParams::default()
    }
}

/// The change in the exchange's units.
fn params(options: &Modify, order: &Order, market: &Market, now: i64) -> Result<ModifyParams> {
    let mut params = ModifyParams { order_id: order.id, ..ModifyParams::default() };
    if let Some(text) = &options.limit {
        params.price = ticket::price(text, market)?;
        params.changes |= change::PRICE;
    }
    if let Some(text) = &options.offset {
        params.price = ticket::offset(text, market)?;
        params.changes |= change::PRICE;
    }
    let mut whole = order.size;
    if let Some(text) = &options.size {
        whole = ticket::size(text, market)?;
        params.size = whole;
        params.changes |= change::SIZE;
    }
    if let Some(text) = &options.trigger_price {
        params.trigger_price = ticket::price(text, market)?;
        params.changes |= change::TRIGGER;
    }
    if let Some(seconds) = options.expires_in {
        params.expires_at = ticket::expiry(seconds, now)?;
        params.changes |= change::EXPIRY;
    }
    if options.no_expiry {
        params.changes |= change::EXPIRY;
    }
    if let Some(text) = &options.display {
        params.extent = ticket::steps(text, "--display", market, whole)?;
        params.changes |= change::EXTENT;
    }
    if let Some(text) = &options.trail {
        if order.kind != OrderKind::TrailingStop as u8 {
            return Err(CliError::Usage(format!("order {} is not a trailing stop", order.id)));
        }
        params.extent = ticket::trail(text)?;
        params.changes |= change::EXTENT;
    }
    Ok(params)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Cli, Command};
    use clap::Parser;

    #[test]
    fn only_what_is_named_changes() {
        let market = Market { step: Size(100_000_000), tick: Price(10_000), ..Market::default() };
        let order = Order { id: 7, size: Size(5_000_000_000), kind: OrderKind::Limit as u8, ..Order::default() };
        let parse = |line: &str| match Cli::try_parse_from(format!("kedge modify 7 {line}").split(' ')).unwrap().command
        {
            Command::Modify(modify) => params(&modify, &order, &market, 1_000),
            _ => panic!("not a change"),
        };
        let changed = parse("--limit 181.20").unwrap();
        assert_eq!((changed.changes, changed.price, changed.order_id), (change::PRICE, Price(181_200_000), 7));
        let changed = parse("--size 3 --display 1 --expires-in 60").unwrap();
        assert_eq!(changed.changes, change::SIZE | change::EXTENT | change::EXPIRY);
        assert_eq!((changed.size, changed.extent, changed.expires_at), (Size(3_000_000_000), 10, 1_060));
        let changed = parse("--no-expiry --trigger-price 170").unwrap();
        assert_eq!((changed.changes, changed.expires_at), (change::EXPIRY | change::TRIGGER, 0));
        assert!(parse("--display 5").is_err() && parse("--trail 2").is_err() && parse("--limit 0.001").is_err());
        assert!(Cli::try_parse_from(["kedge", "modify", "7"]).is_err(), "nothing to change");
    }
}
