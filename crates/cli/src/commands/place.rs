//! `kedge place`.

use kedge_client::book;
use kedge_client::prices::{self, Row};
use kedge_interface::instruction::{KedgeInstruction, PlaceAndTake, PlaceOrders};
use kedge_model::market::Market;
use kedge_model::num::is_multiple;
use kedge_model::order::{OrderKind, OrderParams, Side, flags};
use kedge_model::quantity::{Price, Size};

use super::landed;
use crate::args::{Place, SideArg};
use crate::decimal;
use crate::directory::Directory;
use crate::error::{CliError, Result};
use crate::output::Output;
use crate::session::Session;

/// Maker accounts that fit a transaction beside everything else.
const MAKER_ACCOUNTS: usize = 8;

/// Places an order, with a refresh of old prices in front.
pub async fn run(session: &Session, options: &Place) -> Result<Output> {
    let signer = session.signer()?;
    let directory = Directory::fetch(&session.client).await?;
    let market = directory.market(&options.market)?;
    let clock = session.client.clock().await?;
    let order = params(options, &market.data, clock.unix_time)?;
    if options.min_fill.is_some() && !(options.take || options.ioc) {
        return Err(CliError::Usage("--min-fill goes with --take or --ioc".into()));
    }
    let (at, account) = session.account(&options.which).await?;

    let board = session.client.board().await?;
    let mut rows = prices::in_use(&account.head);
    rows.push(Row::Market(order.market));
    let takes = options.take || options.ioc;
    let mut instructions: Vec<_> = if takes {
        // The vAMM trades only against a price at least as young as the order.
        vec![session.refresh_all(&board, &rows).await?]
    } else {
        session.refresh(&board, &rows, &clock).await?.into_iter().collect()
    };
    if takes {
        let everybody = session.client.all_sub_accounts().await?;
        let side = Side::from_number(order.side)?;
        let (maker_accounts, makers) =
            book::makers_for(&everybody, (order.market, side, order.price), &at, MAKER_ACCOUNTS, &clock);
        let min_fill = match &options.min_fill {
            Some(text) => decimal::parse(text, decimal::BASE)?,
            None => 0,
        };
        let take =
            PlaceAndTake { signer, market: market.address, sub_account: at, order, min_fill, makers, maker_accounts };
        instructions.push(take.instruction());
    } else {
        let place = PlaceOrders { signer, market: market.address, sub_account: at, orders: vec![order] };
        instructions.push(place.instruction());
    }
    let sent = session.send(&instructions).await?;
    landed(session, &directory, sent).await
}

/// A size in the exchange's units. Errors: off the market's step, before anything is sent.
pub fn size(text: &str, market: &Market) -> Result<Size> {
    let size = Size(decimal::parse(text, decimal::BASE)?);
    let off = |_| CliError::Usage(format!("size {text} is not a multiple of the step {}", decimal::size(market.step)));
    market.require_step(size).map_err(off)?;
    if size.is_zero() { Err(CliError::Usage("the size must be greater than zero".into())) } else { Ok(size) }
}

/// A price in the exchange's units. Errors: off the market's tick, before anything is sent.
pub fn price(text: &str, market: &Market) -> Result<Price> {
    let price = Price(decimal::parse(text, decimal::PRICE)?);
    if price.is_zero() {
        return Err(CliError::Usage("a price must be greater than zero".into()));
    }
    if is_multiple(price.0, market.tick.0) {
        return Ok(price);
    }
    Err(CliError::Usage(format!("price {text} is not a multiple of the tick {}", decimal::price(market.tick))))
}

/// The side that is meant.
pub fn side(side: SideArg) -> Side {
    match side {
        SideArg::Buy => Side::Long,
        SideArg::Sell => Side::Short,
    }
}

/// The order in the exchange's units. Errors: numbers off the market's step or tick, before anything is sent.
fn params(options: &Place, market: &Market, now: i64) -> Result<OrderParams> {
    let size = size(&options.size, market)?;
    let price = |text: &Option<String>| text.as_deref().map_or(Ok(Price::ZERO), |text| price(text, market));
    let kind = if options.limit.is_some() { OrderKind::Limit } else { OrderKind::Market };
    let bits = [
        (options.post_only, flags::POST_ONLY),
        (options.reduce_only, flags::REDUCE_ONLY),
        (options.ioc, flags::IMMEDIATE_OR_CANCEL),
    ];
    let expires_at = match options.expires_in {
        None => 0,
        Some(seconds) => u32::try_from(now.saturating_add(i64::from(seconds)))
            .map_err(|_| CliError::Usage("--expires-in is too far away".into()))?,
    };
    Ok(OrderParams {
        client_id: options.client_id,
        price: if kind == OrderKind::Limit { price(&options.limit)? } else { price(&options.protection)? },
        size,
        auction_start: price(&options.auction_start)?,
        auction_end: price(&options.auction_end)?,
        expires_at,
        auction_ms: options.auction_ms.unwrap_or(0),
        market: market.index,
        kind: kind as u8,
        side: side(options.side) as u8,
        flags: bits.iter().filter(|(set, _)| *set).map(|(_, bit)| bit).sum(),
        ..OrderParams::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Cli, Command};
    use clap::Parser;

    fn place(line: &str) -> Place {
        let cli = Cli::try_parse_from(format!("kedge place SOL-PERP {line}").split(' ')).unwrap();
        match cli.command {
            Command::Place(place) => place,
            _ => panic!("not an order"),
        }
    }

    fn market() -> Market {
        Market { index: 3, step: Size(100_000_000), tick: Price(10_000), ..Market::default() }
    }

    #[test]
    fn units_of_people_become_units_of_the_exchange() {
        let order = params(&place("sell 2.5 --limit 181.20 --post-only --expires-in 60"), &market(), 1_000).unwrap();
        assert_eq!((order.size, order.price), (Size(2_500_000_000), Price(181_200_000)));
        assert_eq!((order.kind, order.side, order.flags), (1, 1, flags::POST_ONLY));
        assert_eq!((order.market, order.expires_at), (3, 1_060));

        let order = params(&place("buy 1 --ioc --reduce-only --protection 190"), &market(), 1_000).unwrap();
        assert_eq!((order.kind, order.side, order.price), (0, 0, Price(190_000_000)));
        assert_eq!(order.flags, flags::IMMEDIATE_OR_CANCEL | flags::REDUCE_ONLY);
        assert_eq!(order.expires_at, 0);
    }

    #[test]
    fn numbers_off_step_and_tick_are_refused_before_sending() {
        let refused = |line| params(&place(line), &market(), 0).unwrap_err();
        assert_eq!(refused("buy 2.55").to_string(), "size 2.55 is not a multiple of the step 0.1");
        let tick = refused("buy 2.5 --limit 181.205");
        assert_eq!(tick.to_string(), "price 181.205 is not a multiple of the tick 0.01");
        assert_eq!(tick.exit_code(), 2);
        assert!(matches!(refused("buy 0.0000000001"), CliError::Decimal(_)));
    }
}
