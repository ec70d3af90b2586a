//! `kedge orders`.

use kedge_interface::account::SubAccountData;
use kedge_model::account::order::{Order, OrderKind, STATUS_WAITING, Side, flags};
use kedge_model::quantity::{Price, Size};
use kedge_units::decimal;
use serde_json::{Value, json};

use crate::args;
use crate::directory::Directory;
use crate::error::Result;
use crate::output::{Output, long};
use crate::session::Session;
use crate::table::Table;

/// Lists open orders.
pub(crate) async fn run(session: &Session, options: &args::Orders) -> Result<Output> {
    let directory = Directory::fetch(&session.client).await?;
    let market = options.market.as_deref().map(|name| directory.market(name)).transpose()?;
    let (_, account) = session.account(&options.which).await?;
    let slot = session.client.clock().await?.slot;
    let (text, json) = table(session.colour, &directory, &account, market.map(|market| market.data.index), slot);
    Ok(Output::new(text, json))
}

/// Open orders of a sub-account, all or those of one market, as text and as JSON.
pub(crate) fn table(
    colour: bool,
    directory: &Directory,
    account: &SubAccountData,
    market: Option<u16>,
    slot: u64,
) -> (String, Value) {
    let mut table = Table::new(&[">ID", "MARKET", "SIDE", "KIND", ">SIZE", ">FILLED", ">PRICE", "NOTES"]);
    let mut list = Vec::new();
    let wanted = |order: &Order| market.is_none_or(|index| index == order.market);
    for (place, order) in account.open_orders().filter(|(_, order)| wanted(order)) {
        let kind = kind_name(order.kind);
        let side = if order.side() == Side::Long { "buy" } else { "sell" };
        let tick = directory.tick(order.market);
        table.row(vec![
            order.id.to_string().into(),
            directory.market_name(order.market).into(),
            side.into(),
            kind.into(),
            if order.size.is_zero() { "follows".into() } else { decimal::size(order.size).into() },
            decimal::size(order.filled).into(),
            price_text(order, tick).into(),
            notes(directory, order, slot).join(", ").into(),
        ]);
        list.push(json!({
            "id": order.id,
            "slot": place,
            "client_id": long(order.client_id),
            "market": directory.market_name(order.market),
            "side": side,
            "kind": kind,
            "size": decimal::size(order.size),
            "filled": decimal::size(order.filled),
            "price": (!order.price().is_zero()).then(|| decimal::price(order.price())),
            "offset": order.has(flags::OFFSET).then(|| decimal::format(order.offset(), decimal::PRICE, 2)),
            "waiting": order.status == STATUS_WAITING,
            "trigger_price": trigger(order).map(decimal::price),
            "trigger_source": trigger(order).map(|_| trigger_source(order)),
            "trail_percent": is(order, OrderKind::TrailingStop).then(|| decimal::format(order.extent, 4, 0)),
            "display": part(directory, order, OrderKind::Limit),
            "slice": part(directory, order, OrderKind::Twap),
            "slice_seconds": is(order, OrderKind::Twap).then_some(order.interval()),
            "leg_of": order.has(flags::LEG).then_some(order.link),
            "flags": flag_names(order),
            "in_auction": order.in_auction(slot),
            "expires_at": (order.expires_at != 0).then_some(order.expires_at),
        }));
    }
    let text = if table.is_empty() { "no open orders\n".into() } else { table.render(colour) };
    (text, Value::Array(list))
}

/// Name of an order kind.
pub(crate) fn kind_name(number: u8) -> &'static str {
    match OrderKind::from_number(number) {
        Ok(OrderKind::Market) => "market",
        Ok(OrderKind::Limit) => "limit",
        Ok(OrderKind::StopMarket) => "stop",
        Ok(OrderKind::StopLimit) => "stop-limit",
        Ok(OrderKind::TakeProfitMarket) => "profit",
        Ok(OrderKind::TakeProfitLimit) => "profit-limit",
        Ok(OrderKind::TrailingStop) => "trailing",
        Ok(OrderKind::Twap) => "twap",
        Err(_) => "unknown",
    }
}

fn is(order: &Order, kind: OrderKind) -> bool {
    order.kind == kind as u8
}

/// Trigger price of an order; `None` for one without.
fn trigger(order: &Order) -> Option<Price> {
    let waits = order.status == STATUS_WAITING && !is(order, OrderKind::Twap);
    (waits && !order.level().is_zero()).then_some(order.level())
}

fn trigger_source(order: &Order) -> &'static str {
    if order.has(flags::TRIGGER_MARK) {
        "mark"
    } else if order.has(flags::TRIGGER_LAST) {
        "last"
    } else {
        "oracle"
    }
}

/// Visible part of a limit order, or the size of a slice, in base.
fn part(directory: &Directory, order: &Order, kind: OrderKind) -> Option<String> {
    let market = directory.markets.iter().find(|market| market.data.index == order.market)?;
    let size = market.data.step.0.checked_mul(u64::from(order.extent))?;
    (is(order, kind) && size != 0).then(|| decimal::size(Size(size)))
}

fn price_text(order: &Order, tick: Price) -> String {
    if order.has(flags::OFFSET) {
        let offset = order.offset();
        let sign = if offset < 0 { "-" } else { "+" };
        return format!("oracle{sign}{}", decimal::price_at(Price(offset.unsigned_abs()), tick));
    }
    if order.price().is_zero() { "-".into() } else { decimal::price_at(order.price(), tick) }
}

/// Remarks beside the columns.
fn notes(directory: &Directory, order: &Order, slot: u64) -> Vec<String> {
    let tick = directory.tick(order.market);
    let mut notes = Vec::new();
    if let Some(trigger) = trigger(order) {
        let source = if trigger_source(order) == "oracle" { "" } else { trigger_source(order) };
        notes.push(format!("{source} at {}", decimal::price_at(trigger, tick)).trim_start().to_owned());
    }
    if is(order, OrderKind::TrailingStop) && order.status == STATUS_WAITING {
        notes.push(format!("{}% behind", decimal::format(order.extent, 4, 0)));
    }
    if let Some(part) = part(directory, order, OrderKind::Limit) {
        notes.push(format!("shows {part}"));
    }
    if let Some(slice) = part(directory, order, OrderKind::Twap) {
        notes.push(format!("{slice} every {} s", order.interval()));
    }
    if order.has(flags::LEG) {
        notes.push(format!("with {}", order.link));
    }
    let short = |name: &&'static str| name.trim_end_matches("-only").to_owned();
    notes.extend(flag_names(order).iter().filter(|name| **name != "offset").map(short));
    if order.in_auction(slot) {
        notes.push("auction".into());
    }
    if order.client_id != 0 {
        notes.push(format!("#{}", order.client_id));
    }
    notes
}

/// Names of the flags that matter to a trader.
pub(crate) fn flag_names(order: &Order) -> Vec<&'static str> {
    let known = [
        (flags::POST_ONLY, "post-only"),
        (flags::REDUCE_ONLY, "reduce-only"),
        (flags::IMMEDIATE_OR_CANCEL, "ioc"),
        (flags::FILL_OR_KILL, "fok"),
        (flags::SLIDE, "slide"),
        (flags::OFFSET, "offset"),
        (flags::BUILDER, "builder"),
        (flags::SELF_CANCEL_TAKER, "stp-cancel-taker"),
        (flags::SELF_DECREMENT, "stp-decrement"),
    ];
    known.iter().filter(|(bit, _)| order.has(*bit)).map(|(_, name)| *name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use kedge_model::account::market::Market;
    use kedge_model::account::order::{RawLevel, RawLimit, STATUS_OPEN};
    use kedge_model::account::sub_account::SubAccount;

    #[test]
    fn what_waits_and_what_moves_is_noted() {
        let market = Market {
            name: *b"SOL-PERP\0\0\0\0\0\0\0\0",
            step: Size(100_000_000),
            tick: Price(10_000),
            ..Market::default()
        };
        let found = kedge_client::Found { address: solana_pubkey::Pubkey::default(), data: market };
        let directory = Directory { markets: vec![found], banks: vec![] };
        let told = |order: Order| {
            let account = SubAccountData { head: SubAccount::default(), orders: vec![order] };
            let (text, json) = table(false, &directory, &account, None, 5);
            (text.lines().nth(1).unwrap().split_whitespace().collect::<Vec<_>>().join(" "), json[0].clone())
        };
        let size = Size(5_000_000_000);
        let stop = Order {
            id: 3,
            kind: OrderKind::StopMarket as u8,
            side: 1,
            size,
            status: STATUS_WAITING,
            trigger_price: RawLevel::trigger(Price(170_000_000)),
            flags: flags::REDUCE_ONLY | flags::TRIGGER_MARK,
            ..Order::default()
        };
        let (text, json) = told(stop);
        assert_eq!(text, "3 SOL-PERP sell stop 5 0 - mark at 170.00, reduce");
        assert_eq!((&json["trigger_price"], &json["trigger_source"]), (&json!("170.00"), &json!("mark")));
        let trail = Order { kind: OrderKind::TrailingStop as u8, extent: 25_000, flags: 0, ..stop };
        assert_eq!(told(trail).0, "3 SOL-PERP sell trailing 5 0 - at 170.00, 2.5% behind");
        let offset = Order {
            kind: OrderKind::Limit as u8,
            status: STATUS_OPEN,
            price: RawLimit::offset(-500_000),
            flags: flags::OFFSET,
            extent: 10,
            trigger_price: RawLevel::default(),
            ..stop
        };
        let (text, json) = told(offset);
        assert_eq!(text, "3 SOL-PERP sell limit 5 0 oracle-0.50 shows 1");
        assert_eq!((&json["offset"], &json["price"], &json["display"]), (&json!("-0.50"), &json!(null), &json!("1")));
        let twap = Order { kind: OrderKind::Twap as u8, flags: 0, price: RawLimit::default(), link: 60, ..offset };
        assert_eq!(told(twap).0, "3 SOL-PERP sell twap 5 0 - 1 every 60 s");
        let leg = Order { size: Size(0), flags: flags::LEG | flags::REDUCE_ONLY, link: 2, ..stop };
        assert_eq!(told(leg).0, "3 SOL-PERP sell stop follows 0 - at 170.00, with 2, reduce");
    }

    #[test]
    fn orders_fit_the_terminal() {
        let order = Order {
            id: 123_456,
            size: Size(12_345_600_000_000),
            filled: Size(1_234_500_000_000),
            price: RawLimit::price(Price(98_765_430_000)),
            flags: flags::POST_ONLY | flags::REDUCE_ONLY,
            kind: OrderKind::Limit as u8,
            status: STATUS_OPEN,
            ..Order::default()
        };
        let account = SubAccountData { head: SubAccount::default(), orders: vec![Order::default(), order] };
        let market = Market { name: *b"1MBTC-PERP\0\0\0\0\0\0", tick: Price(10_000), ..Market::default() };
        let found = kedge_client::Found { address: solana_pubkey::Pubkey::default(), data: market };
        let directory = Directory { markets: vec![found], banks: vec![] };
        let (text, json) = table(false, &directory, &account, None, 5);
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
        assert_eq!(
            (&json[0]["id"], &json[0]["slot"], &json[0]["expires_at"]),
            (&json!(123_456), &json!(1), &json!(null))
        );
        assert_eq!(table(false, &directory, &account, Some(1), 5).0, "no open orders\n");
    }
}
