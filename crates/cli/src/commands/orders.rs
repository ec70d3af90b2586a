//! `kedge orders`.

use kedge_interface::account::SubAccountData;
use kedge_model::order::{Order, OrderKind, Side, flags};
use serde_json::{Value, json};

use crate::args;
use crate::decimal;
use crate::directory::Directory;
use crate::error::Result;
use crate::output::Output;
use crate::session::Session;
use crate::table::Table;

/// Lists open orders.
pub async fn run(session: &Session, options: &args::Orders) -> Result<Output> {
    let directory = Directory::fetch(&session.client).await?;
    let market = options.market.as_deref().map(|name| directory.market(name)).transpose()?;
    let (_, account) = session.account(&options.which).await?;
    let slot = session.client.clock().await?.slot;
    let (text, json) = table(session.colour, &directory, &account, market.map(|market| market.data.index), slot);
    Ok(Output::new(text, json))
}

/// Open orders of a sub-account, all or those of one market, as text and as JSON.
pub fn table(
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
        let mut notes: Vec<String> =
            flag_names(order).iter().map(|name| name.trim_end_matches("-only").into()).collect();
        if order.in_auction(slot) {
            notes.push("auction".into());
        }
        if order.client_id != 0 {
            notes.push(format!("#{}", order.client_id));
        }
        table.row(vec![
            order.id.to_string().into(),
            directory.market_name(order.market).into(),
            side.into(),
            kind.into(),
            decimal::size(order.size).into(),
            decimal::size(order.filled).into(),
            decimal::price_at(order.price, directory.tick(order.market)).into(),
            notes.join(" ").into(),
        ]);
        list.push(json!({
            "id": order.id,
            "slot": place,
            "client_id": order.client_id,
            "market": directory.market_name(order.market),
            "side": side,
            "kind": kind,
            "size": decimal::size(order.size),
            "filled": decimal::size(order.filled),
            "price": decimal::price(order.price),
            "flags": flag_names(order),
            "in_auction": order.in_auction(slot),
            "expires_at": (order.expires_at != 0).then_some(order.expires_at),
        }));
    }
    let text = if table.is_empty() { "no open orders\n".into() } else { table.render(colour) };
    (text, Value::Array(list))
}

/// Name of an order kind.
pub fn kind_name(number: u8) -> &'static str {
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

fn flag_names(order: &Order) -> Vec<&'static str> {
    let known =
        [(flags::POST_ONLY, "post-only"), (flags::REDUCE_ONLY, "reduce-only"), (flags::IMMEDIATE_OR_CANCEL, "ioc")];
    known.iter().filter(|(bit, _)| order.has(*bit)).map(|(_, name)| *name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use kedge_model::market::Market;
    use kedge_model::order::STATUS_OPEN;
    use kedge_model::quantity::{Price, Size};
    use kedge_model::sub_account::SubAccount;

    #[test]
    fn orders_fit_the_terminal() {
        let order = Order {
            id: 123_456,
            size: Size(12_345_600_000_000),
            filled: Size(1_234_500_000_000),
            price: Price(98_765_430_000),
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
