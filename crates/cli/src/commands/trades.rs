//! `kedge trades`.

use kedge_client::Found;
use kedge_client::history::Past;
use kedge_interface::event::Event;
use kedge_model::account::market::Market;
use kedge_model::account::order::Side;
use kedge_model::event::{FillSource, Party};
use kedge_model::num::{BASE, Rounding, mul_div};
use kedge_model::quantity::{Amount, Base, Price, Size};
use kedge_units::decimal;
use serde_json::{Value, json};
use solana_pubkey::Pubkey;
use solana_signature::Signature;

use super::tail;
use crate::args::Trades;
use crate::calendar;
use crate::directory::Directory;
use crate::error::Result;
use crate::output::{Output, long, wrap};
use crate::past::{Walk, before};
use crate::session::Session;
use crate::table::Table;

/// A trade in a market.
struct Trade {
    /// Sequence number among the market's records.
    seq: u64,
    /// Whether the taker bought.
    buys: bool,
    size: Size,
    quote: Amount,
    /// Source of the fill.
    from: &'static str,
    taker: Party,
    maker: Option<Party>,
    taker_fee: Amount,
    maker_rebate: Amount,
    oracle: Option<Price>,
}

impl Trade {
    /// Mean price of the trade, rounded down to the last digit.
    fn price(&self) -> Price {
        Price(mul_div(self.quote.0, BASE, self.size.0, Rounding::Down).unwrap_or(0))
    }
}

/// A trade with its transaction.
struct Told {
    trade: Trade,
    /// Unix time of its block.
    time: Option<i64>,
    slot: u64,
    signature: Signature,
}

/// Lists the latest trades of a market, newest first, or follows them; `None` when they were printed already.
pub(crate) async fn run(session: &Session, options: &Trades, json: bool) -> Result<Option<Output>> {
    let directory = Directory::fetch(&session.client).await?;
    let market = directory.market(session.market(options.market.as_deref())?)?;
    if options.follow {
        let name = directory.market_name(market.data.index);
        follow(session, options, market, &name, json).await?;
        return Ok(None);
    }
    tail::require_limit(options.limit)?;
    list(session, options, &directory, market).await.map(Some)
}

async fn follow(session: &Session, options: &Trades, market: &Found<Market>, name: &str, json: bool) -> Result<()> {
    let titles = columns(["TIME (UTC)", "SIDE", "SIZE", "PRICE", "VALUE", "FROM"]);
    let followed = tail::Followed {
        address: market.address,
        called: name,
        titles: if session.colour { format!("\x1b[1m{titles}\x1b[0m") } else { titles },
        limit: options.limit,
        look: options.look,
        count: options.count,
    };
    let reads = |past: &Past, signature: &Signature| {
        let told = told(past, market.data.index, signature);
        told.iter().rev().map(|one| (one.line(market.data.tick), one.json(name))).collect()
    };
    tail::run(session, &followed, &reads, json).await
}

async fn list(session: &Session, options: &Trades, directory: &Directory, market: &Found<Market>) -> Result<Output> {
    let name = directory.market_name(market.data.index);
    let (index, tick) = (market.data.index, market.data.tick);
    let start = before(options.before.as_deref())?;
    let mut walk = Walk::new(&session.client, market.address, start, options.look);
    let limit = usize::try_from(options.limit).unwrap_or(usize::MAX);
    let mut table = Table::new(&["TIME (UTC)", "SIDE", ">SIZE", ">PRICE", ">VALUE", "FROM"]);
    let mut list = Vec::new();
    let (mut last, mut read, mut unread) = (None, 0u32, 0u32);
    while list.len() < limit
        && let Some(found) = walk.next().await?
    {
        (last, read) = (Some(found.signature), read + 1);
        let Ok(past) = &found.past else {
            unread += 1;
            continue;
        };
        for told in told(past, index, &found.signature) {
            let trade = &told.trade;
            table.row(vec![
                calendar::short(told.time).into(),
                if trade.buys { "buy" } else { "sell" }.into(),
                decimal::size(trade.size).into(),
                decimal::price_at(trade.price(), tick).into(),
                decimal::cents(trade.quote.0).into(),
                trade.from.into(),
            ]);
            list.push(told.json(&name));
        }
    }
    let mut text = if table.is_empty() { format!("no trades of {name}\n") } else { table.render(session.colour) };
    if unread > 0 {
        text += &wrap("", &format!("{unread} transactions cannot be read and may hold trades."));
    }
    let more = !walk.ended();
    if let (true, Some(last)) = (more, last) {
        text += &format!("read {read} transactions; older: kedge trades {name} --before\n{last}\n");
    }
    let json = json!({
        "market": name,
        "trades": list,
        "transactions_read": read,
        "transactions_unread": unread,
        "before": last.filter(|_| more).map(|last| last.to_string()),
    });
    Ok(Output::new(text, json))
}

/// Trades of a market in a transaction, newest first.
fn told(past: &Past, market: u16, signature: &Signature) -> Vec<Told> {
    let mut found = Vec::new();
    for batch in past.events() {
        found.extend(batch.events.iter().filter_map(|event| read(event, market, batch.header.seq)));
    }
    let told = |trade| Told { trade, time: past.block_time, slot: past.slot, signature: *signature };
    found.into_iter().rev().map(told).collect()
}

fn read(event: &Event, market: u16, seq: u64) -> Option<Trade> {
    match event {
        Event::Fill(record) if record.market == market => {
            let from = match record.source {
                source if source == FillSource::Amm as u8 => "vAMM",
                source if source == FillSource::Jit as u8 => "auction",
                _ => "book",
            };
            Some(Trade {
                seq,
                buys: record.side == Side::Long as u8,
                size: record.size,
                quote: record.quote,
                from,
                taker: record.taker,
                maker: (from != "vAMM").then_some(record.maker),
                taker_fee: record.taker_fee,
                maker_rebate: record.maker_rebate,
                oracle: Some(record.oracle),
            })
        }
        Event::Liquidation(record) if record.market == market && record.base != Base::ZERO => Some(Trade {
            seq,
            buys: record.base.0 > 0,
            size: record.base.size(),
            quote: record.quote.magnitude(),
            from: "liquidation",
            taker: record.liquidator,
            maker: Some(record.account),
            taker_fee: Amount::ZERO,
            maker_rebate: Amount::ZERO,
            oracle: None,
        }),
        _ => None,
    }
}

impl Told {
    /// The trade in columns of fixed width, since later trades are unknown.
    fn line(&self, tick: Price) -> String {
        let trade = &self.trade;
        columns([
            &calendar::short(self.time),
            if trade.buys { "buy" } else { "sell" },
            &decimal::size(trade.size),
            &decimal::price_at(trade.price(), tick),
            &decimal::cents(trade.quote.0),
            trade.from,
        ])
    }

    /// The trade as JSON.
    fn json(&self, market: &str) -> Value {
        let party =
            |party: &Party| json!({ "authority": Pubkey::new_from_array(party.authority).to_string(), "id": party.id });
        let trade = &self.trade;
        json!({
            "market": market,
            "signature": self.signature.to_string(),
            "slot": long(self.slot),
            "block_time": self.time.map(long),
            "seq": long(trade.seq),
            "side": if trade.buys { "buy" } else { "sell" },
            "size": decimal::size(trade.size),
            "price": decimal::price(trade.price()),
            "value": decimal::value(trade.quote),
            "from": trade.from,
            "taker": party(&trade.taker),
            "maker": trade.maker.as_ref().map(party),
            "taker_fee": decimal::value(trade.taker_fee),
            "maker_rebate": decimal::value(trade.maker_rebate),
            "oracle_price": trade.oracle.map(decimal::price),
        })
    }
}

fn columns([time, side, size, price, value, from]: [&str; 6]) -> String {
    format!("{time:14}  {side:4}  {size:>12}  {price:>12}  {value:>14}  {from}\n")
}

#[cfg(test)]
mod tests {
    use super::columns;

    #[test]
    fn a_line_fits_a_terminal() {
        let widest =
            columns(["11-30 23:59:59", "sell", "1000000.1234", "123456.12345", "99999999999.99", "liquidation"]);
        assert!(widest.trim_end().len() <= 80, "{widest}");
        let short = columns(["11-30 23:59:59", "buy", "1", "5", "5.00", "book"]);
        assert_eq!(widest.find(" liquidation"), short.find(" book"), "columns stand below each other");
    }
}
