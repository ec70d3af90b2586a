//! `kedge book`.

use kedge_client::Found;
use kedge_client::book::{Grid, resting};
use kedge_client::prices::Row;
use kedge_interface::account::SubAccountData;
use kedge_model::account::board::PriceRow;
use kedge_model::account::market::Market;
use kedge_model::account::order::{Order, OrderKind, Side};
use kedge_model::amm::Availability;
use kedge_model::clock::Clock;
use kedge_model::num::Rounding;
use kedge_model::quantity::{Price, Size};
use kedge_model::time::{Slot, SlotTime};
use kedge_units::decimal;
use serde_json::{Value, json};

use super::{orders, watch};
use crate::args::Book;
use crate::directory::{Directory, short};
use crate::error::Result;
use crate::output::{Output, long, wrap};
use crate::session::Session;
use crate::table::{Cell, Paint, Table};

/// Shows a market's book, once or repeatedly.
pub(crate) async fn run(session: &Session, options: &Book, json: bool) -> Result<()> {
    let look = async || look(session, options).await;
    if options.watch {
        return watch::again(look, options.every, options.count, json).await;
    }
    look().await?.print(json);
    Ok(())
}

/// One price level of a side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Level {
    price: Price,
    size: Size,
    orders: u32,
}

async fn look(session: &Session, options: &Book) -> Result<Output> {
    let directory = Directory::fetch(&session.client).await?;
    let found = directory.market(session.market(options.market.as_deref())?)?;
    let market = &found.data;
    let everybody = session.client.all_sub_accounts_at().await?.value;
    let view = session.view(&[Row::Market(market.index)]).await?;
    let row = view.board.market(market.index)?.price;
    let grid = Grid { oracle: row.price, tick: market.tick };
    let sides = [Side::Long, Side::Short].map(|side| levels(&everybody.found, market, side, grid, &view.clock));
    let [bids, asks] = &sides;
    let name = directory.market_name(market.index);

    let last = match market.last_fill_price {
        Price::ZERO => "none".into(),
        price => decimal::price_at(price, market.tick),
    };
    let mut text = format!(
        "{name}  oracle {}  last {last}  spread {}  slot {}\n\n",
        decimal::price_at(row.price, market.tick),
        spread(bids, asks).unwrap_or_else(|| "none".into()),
        view.clock.slot
    );
    let depth = usize::from(options.depth);
    text += &ladder(session.colour, bids, asks, depth, market.tick);
    let (told, vamm) = vamm(market, &row, &view.clock, view.board.slot_time());
    text += &format!("\n{told}");
    let (told, auctions) = auctions(session.colour, &everybody.found, market, grid, &view.clock);
    text += &format!("\n{told}");
    if !everybody.unreadable.is_empty() {
        text += &wrap("", &format!("{} accounts cannot be read and are left out.", everybody.unreadable.len()));
    }
    text += &view.warning();
    let json = json!({
        "market": name,
        "slot": long(view.clock.slot),
        "oracle_price": decimal::price(row.price),
        "prices": view.source(),
        "last_fill_price": (!market.last_fill_price.is_zero()).then(|| decimal::price(market.last_fill_price)),
        "bids": levels_json(bids, depth),
        "asks": levels_json(asks, depth),
        "vamm": vamm,
        "auctions": auctions,
        "accounts_unread": everybody.unreadable.len(),
    });
    Ok(Output::new(text, json))
}

/// Price levels of a side, best first.
fn levels(all: &[Found<SubAccountData>], market: &Market, side: Side, grid: Grid, clock: &Clock) -> Vec<Level> {
    let mut levels: Vec<Level> = Vec::new();
    for order in resting(all, market.index, side, grid, clock) {
        let Ok(size) = order.order.shown(market.step) else { continue };
        match levels.last_mut() {
            Some(level) if level.price == order.price => {
                level.size = Size(level.size.0.saturating_add(size.0));
                level.orders += 1;
            }
            _ => levels.push(Level { price: order.price, size, orders: 1 }),
        }
    }
    levels
}

fn spread(bids: &[Level], asks: &[Level]) -> Option<String> {
    let (bid, ask) = (i128::from(bids.first()?.price.0), i128::from(asks.first()?.price.0));
    let bps = ((ask - bid) * 2_000_000).checked_div(ask + bid)?;
    Some(format!("{} bps", decimal::rounded(bps, 2, 1)))
}

/// Both sides beside each other as a table.
fn ladder(colour: bool, bids: &[Level], asks: &[Level], depth: usize, tick: Price) -> String {
    if bids.is_empty() && asks.is_empty() {
        return "nothing rests\n".into();
    }
    let mut table = Table::new(&[">TOTAL", ">SIZE", ">BID", ">ASK", ">SIZE", ">TOTAL"]);
    let (mut bought, mut sold) = (0u64, 0u64);
    for place in 0..depth.min(bids.len().max(asks.len())) {
        let half = |level: Option<&Level>, total: &mut u64, paint: Paint| -> [Cell; 3] {
            let Some(level) = level else { return Default::default() };
            *total = total.saturating_add(level.size.0);
            let price = Cell::painted(decimal::price_at(level.price, tick), paint);
            [price, decimal::size(level.size).into(), decimal::size(Size(*total)).into()]
        };
        let [price, size, total] = half(bids.get(place), &mut bought, Paint::Good);
        let [ask, offered, all] = half(asks.get(place), &mut sold, Paint::Bad);
        table.row(vec![total, size, price, ask, offered, all]);
    }
    let hidden = bids.len().saturating_sub(depth) + asks.len().saturating_sub(depth);
    let more = if hidden > 0 { format!("{hidden} more prices: --depth\n") } else { String::new() };
    table.render(colour) + &more
}

fn levels_json(levels: &[Level], depth: usize) -> Vec<Value> {
    let mut total = 0u64;
    let level = |level: &Level| {
        total = total.saturating_add(level.size.0);
        json!({
            "price": decimal::price(level.price),
            "size": decimal::size(level.size),
            "total": decimal::size(Size(total)),
            "orders": level.orders,
        })
    };
    levels.iter().take(depth).map(level).collect()
}

/// Bid and ask of the vAMM now.
fn vamm(market: &Market, row: &PriceRow, clock: &Clock, slot_time: SlotTime) -> (String, Value) {
    let mut text = String::new();
    let mut json = json!({});
    // The vAMM's bid is its price for a selling taker.
    for (name, verb, side) in [("bid", "buys", Side::Short), ("ask", "sells", Side::Long)] {
        let touch = market.amm.touch_on(side, row).ok().filter(|_| !market.amm.sqrt_k.is_zero());
        let upto = market.amm.availability(market, row, side, Slot(0), clock, slot_time);
        let (size, why) = match upto {
            Ok(Availability::Upto(size)) => (Some(size), None),
            Ok(Availability::No(error)) | Err(error) => (None, Some(error)),
        };
        let fill = size.and_then(|size| market.amm.quote(side, size, None, market.step, row).ok().flatten());
        let mean = fill.and_then(|fill| {
            let mean = kedge_model::num::mul_div(fill.quote.0, kedge_model::num::BASE, fill.size.0, Rounding::Down);
            mean.ok().map(Price)
        });
        let shown =
            |price: Option<Price>| price.map_or_else(|| "?".into(), |price| decimal::price_at(price, market.tick));
        text += &match (size, why) {
            (Some(size), _) => format!(
                "vAMM {verb} up to {} from {}, all of it at {} on average\n",
                decimal::size(size),
                shown(touch),
                shown(mean)
            ),
            (None, Some(error)) => {
                wrap("", &format!("vAMM {verb} nothing now ({}): {}", error.name(), error.message()))
            }
            (None, None) => String::new(),
        };
        json[name] = json!({
            "price": touch.map(decimal::price),
            "size": size.map(decimal::size),
            "mean_price": mean.map(decimal::price),
            "unavailable": why.map(kedge_model::Error::name),
        });
    }
    (text, json)
}

/// Orders in an auction, which any maker may join now.
fn auctions(
    colour: bool,
    all: &[Found<SubAccountData>],
    market: &Market,
    grid: Grid,
    clock: &Clock,
) -> (String, Value) {
    let mut table = Table::new(&["AUCTION", "SIDE", ">LEFT", ">PRICE", ">END", ">SLOTS", "OWNER", ">ORDER"]);
    let mut list = Vec::new();
    let runs = |order: &Order| {
        let takes = order.in_auction(clock.slot) || order.kind != OrderKind::Limit as u8;
        order.market == market.index && takes && !order.is_waiting() && !order.is_expired(clock)
    };
    for account in all {
        for (_, order) in account.data.open_orders().filter(|(_, order)| runs(order)) {
            let Ok(left) = order.remaining() else { continue };
            let end = order.activation_slot.saturating_add(order.auction_slots.into());
            let slots = end.saturating_sub(clock.slot);
            let side = if order.side() == Side::Long { "buy" } else { "sell" };
            let worst = if order.auction_end.is_zero() { order.price() } else { order.auction_end };
            let price = match order.in_auction(clock.slot) {
                true => order.limit_price(clock.slot, grid.oracle, grid.tick).unwrap_or(worst),
                false => worst,
            };
            table.row(vec![
                orders::kind_name(order.kind).into(),
                side.into(),
                decimal::size(left).into(),
                decimal::price_at(price, market.tick).into(),
                decimal::price_at(worst, market.tick).into(),
                slots.to_string().into(),
                short(account.address).into(),
                order.id.to_string().into(),
            ]);
            list.push(json!({
                "kind": orders::kind_name(order.kind),
                "side": side,
                "left": decimal::size(left),
                "price": decimal::price(price),
                "end_price": decimal::price(worst),
                "slots_left": slots,
                "sub_account": account.address.to_string(),
                "order": order.id,
            }));
        }
    }
    let text = if table.is_empty() { "no auction runs\n".into() } else { table.render(colour) };
    (text, Value::Array(list))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kedge_model::account::order::{RawLimit, STATUS_OPEN};
    use kedge_model::account::sub_account::SubAccount;
    use solana_pubkey::Pubkey;

    #[test]
    fn orders_at_a_price_are_one_level_and_an_iceberg_shows_its_tip() {
        let order = |seq: u64, price: u64, size: u64| Order {
            id: 1,
            seq,
            side: Side::Short as u8,
            price: RawLimit::price(Price(price)),
            size: Size(size),
            kind: OrderKind::Limit as u8,
            status: STATUS_OPEN,
            ..Order::default()
        };
        let iceberg = Order { extent: 2, ..order(2, 101, 90) };
        let account =
            |orders| Found { address: Pubkey::default(), data: SubAccountData { head: SubAccount::default(), orders } };
        let market = Market { step: Size(1), tick: Price(1), ..Market::default() };
        let all = [account(vec![order(1, 101, 7), order(3, 100, 5)]), account(vec![iceberg])];
        let grid = Grid { oracle: Price(100), tick: Price(1) };
        let found = levels(&all, &market, Side::Short, grid, &Clock { slot: 9, unix_time: 9 });
        let level = |price, size, orders| Level { price: Price(price), size: Size(size), orders };
        assert_eq!(found, [level(100, 5, 1), level(101, 9, 2)]);
        assert_eq!(spread(&[level(99, 1, 1)], &found), Some("100.5 bps".into()));
        let shown = ladder(false, &[level(99, 1, 1)], &found, 1, Price(1));
        assert!(shown.ends_with("1 more prices: --depth\n") && shown.lines().count() == 3, "{shown}");
    }
}
