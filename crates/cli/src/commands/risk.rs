//! `kedge risk`.

use kedge_client::prices::{self, Row};
use kedge_model::account::board::Purpose;
use kedge_model::account::exchange::Exchange;
use kedge_model::account::market::Market;
use kedge_model::account::order::Side;
use kedge_model::account::pocket::Pocket;
use kedge_model::account::sub_account::SubAccount;
use kedge_model::quantity::{Ppm, Price, Size};
use kedge_model::rule::auction;
use kedge_model::rule::margin::{self, MarginKind};
use kedge_model::rule::risk::{self, WhatIf};
use kedge_units::decimal;
use serde_json::{Value, json};

use super::{sized, ticket};
use crate::args;
use crate::directory::Directory;
use crate::error::Result;
use crate::health;
use crate::output::{Output, wrap};
use crate::session::Session;
use crate::table::{Paint, Table, paint};
use crate::view::View;

/// Shows risk now and after a hypothetical order.
pub(crate) async fn run(session: &Session, options: &args::Risk) -> Result<Output> {
    let directory = Directory::fetch(&session.client).await?;
    let (address, account) = session.account(&options.which).await?;
    let market = options.market.as_deref().map(|name| directory.market(name)).transpose()?.map(|market| &market.data);
    let mut rows = prices::in_use(&account.head);
    match market {
        Some(market) => rows.push(Row::Market(market.index)),
        None => rows.extend(directory.markets.iter().map(|market| Row::Market(market.data.index))),
    }
    let view = session.view(&rows).await?;
    let head = &account.head;
    let order = match (market, options.side, &options.size) {
        (Some(market), Some(side), Some(_)) => {
            let exchange = session.client.exchange().await?;
            let what_if = thought(options, market, ticket::side(side), &exchange, head, &view, &directory)?;
            Some(Thought::new(what_if, market, head, &view)?)
        }
        _ => None,
    };
    let shown = match market {
        Some(market) => vec![market],
        None => directory.markets.iter().map(|market| &market.data).collect(),
    };

    let mut text = String::new();
    let (margins, now) = health::margins(&directory, head, &view, session.colour);
    match &order {
        None => text += &margins,
        Some(order) => {
            text += &order.sentence(&directory, session.colour);
            text.push('\n');
            text += &order.table(&view, head, session.colour);
        }
    }
    text.push('\n');
    let filled = order.as_ref().map(|order| &order.filled);
    text += &liquidations(&directory, head, filled, &view, session.colour)?;
    text += &reductions(&directory, filled.unwrap_or(head), &view)?;
    text.push('\n');
    let (largest, largest_json) = largest(&shown, head, &view, session.colour);
    text += &largest;
    text += &view.warning();
    let json = json!({
        "account": { "address": address.to_string(), "id": head.id },
        "prices": view.source(),
        "now": { "pockets": now, "positions": positions_json(&directory, head, &view)? },
        "order": order.as_ref().map(|order| order.json(&directory)),
        "resting": order.as_ref().map(|order| after_json(&directory, &order.resting, &view)).transpose()?,
        "filled": order.as_ref().map(|order| after_json(&directory, &order.filled, &view)).transpose()?,
        "largest_orders": largest_json,
    });
    Ok(Output::new(text, json))
}

/// The hypothetical order of the command line.
fn thought(
    options: &args::Risk,
    market: &Market,
    side: Side,
    exchange: &Exchange,
    account: &SubAccount,
    view: &View,
    directory: &Directory,
) -> Result<WhatIf> {
    let price = match (&options.limit, &options.protection) {
        (Some(limit), _) => ticket::price(limit, market)?,
        (None, Some(protection)) => ticket::price(protection, market)?,
        (None, None) => {
            let row = &view.board.market(market.index)?.price;
            auction::derive(side, row.price, Price::ZERO, auction::width(row, market.price_band)?)?.1
        }
    };
    let dollars_at = match options.limit {
        Some(_) => price,
        None => view.board.market(market.index)?.price.price,
    };
    let size = sized::read(options.size.as_deref().unwrap_or_default(), market, directory, dollars_at)?.size;
    let fee = if options.post_only { Ppm::ZERO } else { exchange.fee_tier(account.tier_on(view.clock.day())).taker };
    Ok(WhatIf { market: market.index, side, size, price, fee, reduce_only: options.reduce_only })
}

/// A hypothetical order with its effects.
struct Thought {
    what_if: WhatIf,
    resting: SubAccount,
    filled: SubAccount,
    /// Why the exchange would refuse the order.
    refused: Option<String>,
    /// Why the order would be accepted and not be filled.
    warning: Option<String>,
}

impl Thought {
    fn new(what_if: WhatIf, market: &Market, account: &SubAccount, view: &View) -> Result<Self> {
        let row = view.board.market(market.index)?;
        let filled = what_if.filled(account, row)?;
        let resting = what_if.resting(account)?;
        let refused = if what_if.size < market.min_order && !what_if.reduce_only {
            Some(format!("the smallest order is {}", decimal::size(market.min_order)))
        } else if what_if.reduce_only {
            None
        } else {
            let largest = risk::max_order_size(account, &view.board, market, what_if.side, &view.clock)?;
            (what_if.size > largest)
                .then(|| format!("the largest that margin and limits allow is {}", decimal::size(largest)))
        };
        let pocket = Pocket::of(account, market.index);
        let purpose = Purpose::ReduceRisk;
        let kept = margin::margin_of(&filled, pocket, &view.board, MarginKind::Fill, purpose, &view.clock)?.is_met();
        let warning = (refused.is_none() && !kept && !Self::reduces(account, &filled, market.index))
            .then(|| "but not filled in full at that price: too little margin would be left".to_owned());
        Ok(Self { what_if, resting, filled, refused, warning })
    }

    fn reduces(before: &SubAccount, after: &SubAccount, market: u16) -> bool {
        let size = |account: &SubAccount| account.position(market).map_or(Size::ZERO, |position| position.base.size());
        size(after) < size(before)
    }

    fn describe(&self, directory: &Directory) -> String {
        let it = &self.what_if;
        format!(
            "{} {} {} at {}",
            if it.side == Side::Long { "buy" } else { "sell" },
            decimal::size(it.size),
            directory.market_name(it.market),
            decimal::price_at(it.price, directory.tick(it.market))
        )
    }

    fn sentence(&self, directory: &Directory, colour: bool) -> String {
        let order = self.describe(directory);
        let (verdict, colours) = match (&self.refused, &self.warning) {
            (Some(why), _) => (format!("{order}: would be refused; {why}"), Paint::Bad),
            (None, Some(why)) => (format!("{order}: would be accepted, {why}"), Paint::Warn),
            (None, None) => (format!("{order}: would be accepted"), Paint::Good),
        };
        format!("{}\n", paint(wrap("", &verdict).trim_end(), colours, colour))
    }

    fn table(&self, view: &View, before: &SubAccount, colour: bool) -> String {
        let pocket = Pocket::of(before, self.what_if.market);
        let mut table = Table::new(&health::TITLES);
        for (label, account) in [("now", before), ("while open", &self.resting), ("filled", &self.filled)] {
            table.row(health::row(label, account, pocket, view).0);
        }
        table.render(colour)
    }

    fn json(&self, directory: &Directory) -> Value {
        let it = &self.what_if;
        json!({
            "market": directory.market_name(it.market),
            "side": if it.side == Side::Long { "buy" } else { "sell" },
            "size": decimal::size(it.size),
            "price": decimal::price(it.price),
            "fee_percent": decimal::format(it.fee.0, 4, 0),
            "reduce_only": it.reduce_only,
            "accepted": self.refused.is_none(),
            "reason": self.refused.as_ref().or(self.warning.as_ref()),
        })
    }
}

/// Liquidation prices now and after the order's fill.
fn liquidations(
    directory: &Directory,
    now: &SubAccount,
    after: Option<&SubAccount>,
    view: &View,
    colour: bool,
) -> Result<String> {
    let titles: &[&str] = match after {
        None => &["MARKET", ">ORACLE", ">POSITION", ">LIQUIDATION", ">DISTANCE"],
        Some(_) => &["MARKET", ">ORACLE", ">NOW", ">LIQUIDATION", ">FILLED", ">LIQUIDATION"],
    };
    let mut table = Table::new(titles);
    let market_of =
        |account: &SubAccount| health::positions(account).map(|position| position.market).collect::<Vec<_>>();
    let mut markets: Vec<u16> = market_of(now);
    markets.extend(after.map(market_of).unwrap_or_default());
    markets.sort_unstable();
    markets.dedup();
    for market in markets {
        let tick = directory.tick(market);
        let held = |account: &SubAccount| -> Result<(String, Option<Price>)> {
            let Ok(position) = account.position(market) else { return Ok(("0".into(), None)) };
            if position.base.is_zero() {
                return Ok(("0".into(), None));
            }
            Ok((decimal::base(position.base), health::liquidation(account, market, view)?))
        };
        let price = |price: Option<Price>| price.map_or_else(|| "none".into(), |price| decimal::price_at(price, tick));
        let oracle = view.board.market(market)?.price.price;
        let (base, at) = held(now)?;
        let oracle_text = decimal::price_at(oracle, tick);
        let mut cells = vec![directory.market_name(market).into(), oracle_text.into(), base.into(), price(at).into()];
        match after {
            None => {
                let distance = at.and_then(|at| oracle.distance(at).ok());
                cells.push(
                    distance.map_or_else(|| "-".into(), |ppm| format!("{}%", decimal::rounded(ppm, 4, 1))).into(),
                );
            }
            Some(after) => {
                let (base, at) = held(after)?;
                cells.push(base.into());
                cells.push(price(at).into());
            }
        }
        table.row(cells);
    }
    Ok(if table.is_empty() { "no positions\n".into() } else { table.render(colour) })
}

/// A line for each pocket of several positions: in which order a liquidation would reduce them.
fn reductions(directory: &Directory, account: &SubAccount, view: &View) -> Result<String> {
    let mut text = String::new();
    for pocket in health::pockets(account) {
        let order = health::reduction_order(directory, account, pocket, view)?;
        if order.len() > 1 {
            text += &wrap("", &format!("a liquidation reduces first to last: {}", order.join(", ")));
        }
    }
    Ok(text)
}

/// The largest orders by market and side.
fn largest(markets: &[&Market], account: &SubAccount, view: &View, colour: bool) -> (String, Value) {
    let mut table = Table::new(&["LARGEST ORDER", ">BUY", ">SELL"]);
    let mut list = Vec::new();
    for market in markets {
        let size = |side| risk::max_order_size(account, &view.board, market, side, &view.clock);
        let (buy, sell) = (size(Side::Long), size(Side::Short));
        let name = kedge_interface::account::name(&market.name);
        let cell = |size: kedge_model::Result<Size>| size.map_or_else(|error| error.name().to_owned(), decimal::size);
        table.row(vec![name.clone().into(), cell(buy).into(), cell(sell).into()]);
        list.push(json!({
            "market": name,
            "buy": buy.ok().map(decimal::size),
            "sell": sell.ok().map(decimal::size),
            "error": buy.err().or(sell.err()).map(kedge_model::Error::name),
        }));
    }
    (table.render(colour), Value::Array(list))
}

fn positions_json(directory: &Directory, account: &SubAccount, view: &View) -> Result<Value> {
    let mut list = Vec::new();
    for position in health::positions(account) {
        let at = if position.base.is_zero() { None } else { health::liquidation(account, position.market, view)? };
        list.push(json!({
            "market": directory.market_name(position.market),
            "base": decimal::base(position.base),
            "oracle_price": decimal::price(view.board.market(position.market)?.price.price),
            "liquidation_price": at.map(decimal::price),
            "distance_percent": at.and_then(|at| health::distance(view, position.market, at)),
        }));
    }
    Ok(Value::Array(list))
}

fn after_json(directory: &Directory, account: &SubAccount, view: &View) -> Result<Value> {
    let mut pockets = Vec::new();
    for pocket in health::pockets(account) {
        let (_, mut json) = health::row("", account, pocket, view);
        json["pocket"] = json!(health::pocket_name(directory, pocket));
        json["reduction_order"] = json!(health::reduction_order(directory, account, pocket, view)?);
        pockets.push(json);
    }
    Ok(json!({ "pockets": pockets, "positions": positions_json(directory, account, view)? }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Cli, Command};
    use crate::error::CliError;
    use crate::view::sample_board;
    use clap::Parser;
    use kedge_client::Found;
    use kedge_model::account::board::PriceBoard;
    use kedge_model::clock::Clock;
    use kedge_model::quantity::{Amount, Base, Quote};
    use solana_pubkey::Pubkey;

    /// The widest numbers that tables must hold: 98,765.4321 dollars a coin, seven figures in the account.
    fn context() -> (Directory, Box<PriceBoard>, SubAccount, View) {
        let mut name = [0; 16];
        name[..10].copy_from_slice(b"1MBTC-PERP");
        let market = Market {
            index: 0,
            status: 1,
            name,
            step: Size(100_000),
            tick: Price(100),
            min_order: Size(1_000_000),
            max_position: Size(1 << 50),
            ..Market::default()
        };
        let board = sample_board(Price(98_765_432_100));
        let mut account = SubAccount { version: 1, ..SubAccount::default() };
        account.credit(0, Amount(1_234_567_890_123)).unwrap();
        let position = account.open_position(0).unwrap();
        (position.base, position.quote) = (Base(-12_345_600_000), Quote(1_219_300_000_000));
        let directory = Directory { markets: vec![Found { address: Pubkey::default(), data: market }], banks: vec![] };
        let clock = Clock { slot: 10, unix_time: 1_010 };
        let view = View { board: board.clone(), clock, stale: vec![], refreshed: true };
        (directory, board, account, view)
    }

    fn options(line: &str) -> args::Risk {
        match Cli::try_parse_from(format!("kedge risk {line}").split(' ')).unwrap().command {
            Command::Risk(risk) => risk,
            _ => panic!("not risk"),
        }
    }

    #[test]
    fn large_numbers_fit_the_terminal() {
        let (directory, _, account, view) = context();
        let market = &directory.markets[0].data;
        let exchange = Exchange::new(1, [1; 32], [2; 32]).unwrap();
        let options = options("1MBTC-PERP sell 12.3456 --limit 98765.4321");
        let what_if = thought(&options, market, Side::Short, &exchange, &account, &view, &directory).unwrap();
        let thought = Thought::new(what_if, market, &account, &view).unwrap();
        let mut text = thought.sentence(&directory, false) + &thought.table(&view, &account, false);
        text += &liquidations(&directory, &account, Some(&thought.filled), &view, false).unwrap();
        text += &liquidations(&directory, &account, None, &view, false).unwrap();
        text += &largest(&[market], &account, &view, false).0;
        text += &health::margins(&directory, &account, &view, false).0;
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
        assert!(text.contains("sell 12.3456 1MBTC-PERP at 98765.4321: would be accepted"), "{text}");
        let json = thought.json(&directory);
        assert_eq!((&json["accepted"], &json["size"]), (&json!(true), &json!("12.3456")));
    }

    #[test]
    fn orders_that_would_be_refused_say_why() {
        let (directory, _, account, view) = context();
        let market = &directory.markets[0].data;
        let exchange = Exchange::new(1, [1; 32], [2; 32]).unwrap();
        let told = |line: &str, side| {
            let what_if = thought(&options(line), market, side, &exchange, &account, &view, &directory).unwrap();
            Thought::new(what_if, market, &account, &view).unwrap()
        };
        let huge = told("0 sell 100000", Side::Short);
        assert!(huge.sentence(&directory, false).contains("would be refused; the largest that margin"));
        assert_eq!(huge.json(&directory)["accepted"], json!(false));
        assert!(told("0 buy 0.0001", Side::Long).refused.unwrap().contains("smallest order is 0.001"));
        assert!(told("0 buy 1 --reduce-only", Side::Long).refused.is_none());
        let bad = thought(&options("0 buy 0.00005"), market, Side::Long, &exchange, &account, &view, &directory);
        assert!(matches!(bad, Err(CliError::Usage(_))));
    }

    #[test]
    fn what_cannot_be_known_is_marked() {
        let (directory, _, account, mut view) = context();
        view.clock.unix_time = 5_000;
        view.stale = vec![Row::Market(0)];
        let (text, json) = health::margins(&directory, &account, &view, false);
        assert!(text.contains('?'), "{text}");
        assert_eq!(json[0]["initial"]["error"], json!("StaleRow"));
        assert!(view.warning().contains("market row 0"));
    }
}
