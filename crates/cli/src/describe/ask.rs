//! Orders in plain words.

use kedge_model::account::order::{Order, OrderKind, OrderParams, RawLevel, RawLimit, flags};
use kedge_model::quantity::{Price, Size};
use kedge_units::decimal;

use super::verb;
use crate::directory::Directory;

/// An order of a sub-account.
pub(crate) fn order(directory: &Directory, order: &Order) -> String {
    let kind = OrderKind::from_number(order.kind).unwrap_or(OrderKind::Limit);
    let part = directory
        .markets
        .iter()
        .find(|market| market.data.index == order.market)
        .and_then(|market| market.data.step.0.checked_mul(u64::from(order.extent)))
        .map_or_else(|| format!("{} steps", order.extent), |size| decimal::size(Size(size)));
    let what = if order.size.is_zero() && order.has(flags::LEG) {
        "what its order fills of".into()
    } else {
        decimal::size(order.size)
    };
    let mut text = format!("{} {} {what} {}", name(kind), verb(order.side), directory.market_name(order.market));
    // A triggered order is a market or limit order from then on.
    if kind.waits() {
        let toward = if kind.triggers_above(order.side()) { "above" } else { "below" };
        match order.level() {
            Price::ZERO => {}
            at => text += &format!(" once the {} is at or {toward} {}", source(order), decimal::price(at)),
        }
    }
    match (kind, order.price()) {
        (OrderKind::TrailingStop, _) => {
            text += &format!(", {}% behind the price", decimal::format(order.extent, 4, 0));
        }
        (OrderKind::Twap, _) => text += &format!(" in slices of {part}, one every {} s", order.interval()),
        _ if order.has(flags::OFFSET) => text += &format!(" {}", distance(order.offset())),
        (kind, _) if kind.waits() && !kind.rests() => {}
        (_, Price::ZERO) => text += " at the worst price of its auction or better",
        (kind, price) if kind.waits() => text += &format!(", then at {} or better", decimal::price(price)),
        (_, price) => text += &format!(" at {} or better", decimal::price(price)),
    }
    if kind == OrderKind::Limit && order.extent != 0 {
        text += &format!(", showing {part} at a time");
    }
    text + &flag_text(order.flags)
}

/// The parameters of an order to place.
pub(crate) fn params(directory: &Directory, params: &OrderParams) -> String {
    let asked = Order {
        price: RawLimit::of(params.limit()),
        size: params.size,
        trigger_price: RawLevel::trigger(params.trigger_price),
        extent: params.extent,
        link: params.link,
        market: params.market,
        flags: params.flags,
        kind: params.kind,
        side: params.side,
        ..Order::default()
    };
    let auction = match params.auction_start {
        Price::ZERO => String::new(),
        start => format!(", auction from {} to {}", decimal::price(start), decimal::price(params.auction_end)),
    };
    order(directory, &asked) + &auction
}

fn name(kind: OrderKind) -> &'static str {
    match kind {
        OrderKind::Market => "market",
        OrderKind::Limit => "limit",
        OrderKind::StopMarket | OrderKind::StopLimit => "stop",
        OrderKind::TakeProfitMarket | OrderKind::TakeProfitLimit => "take-profit",
        OrderKind::TrailingStop => "trailing stop",
        OrderKind::Twap => "TWAP",
    }
}

fn source(order: &Order) -> &'static str {
    if order.has(flags::TRIGGER_MARK) {
        "mark"
    } else if order.has(flags::TRIGGER_LAST) {
        "last fill"
    } else {
        "oracle"
    }
}

/// A price at a signed distance to the oracle.
fn distance(offset: i64) -> String {
    let size = decimal::price(Price(offset.unsigned_abs()));
    match offset {
        0 => "at the oracle".into(),
        1.. => format!("{size} above the oracle"),
        _ => format!("{size} below the oracle"),
    }
}

/// Names of an order's flags, each after a comma.
fn flag_text(bits: u16) -> String {
    let known = [
        (flags::SLIDE, ", sliding"),
        (flags::POST_ONLY, ", post-only"),
        (flags::REDUCE_ONLY, ", reduce-only"),
        (flags::IMMEDIATE_OR_CANCEL, ", immediate-or-cancel"),
        (flags::FILL_OR_KILL, ", fill-or-kill"),
        (flags::BUILDER, ", through the builder"),
    ];
    known.iter().filter(|(bit, _)| bits & bit != 0).map(|(_, text)| *text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use kedge_client::Found;
    use kedge_model::account::market::Market;
    use kedge_model::account::order::Side;
    use solana_pubkey::Pubkey;

    #[test]
    fn every_kind_has_its_sentence() {
        let mut name = [0; 16];
        name[..8].copy_from_slice(b"SOL-PERP");
        let market = Market { name, step: Size(100_000_000), tick: Price(10_000), ..Market::default() };
        let directory = Directory { markets: vec![Found { address: Pubkey::default(), data: market }], banks: vec![] };
        let base = OrderParams { size: Size(5_000_000_000), side: Side::Short as u8, ..OrderParams::default() };
        let told =
            |kind: OrderKind, change: OrderParams| params(&directory, &OrderParams { kind: kind as u8, ..change });
        let price = Price(181_200_000);
        assert_eq!(told(OrderKind::Market, base), "market sell 5 SOL-PERP at the worst price of its auction or better");
        assert_eq!(
            told(OrderKind::Limit, OrderParams { price, flags: flags::POST_ONLY | flags::SLIDE, ..base }),
            "limit sell 5 SOL-PERP at 181.20 or better, sliding, post-only"
        );
        let stop = OrderParams { trigger_price: Price(170_000_000), flags: flags::REDUCE_ONLY, ..base };
        assert_eq!(
            told(OrderKind::StopMarket, stop),
            "stop sell 5 SOL-PERP once the oracle is at or below 170.00, reduce-only"
        );
        assert_eq!(
            told(OrderKind::TakeProfitLimit, OrderParams { price, flags: flags::TRIGGER_MARK, ..stop }),
            "take-profit sell 5 SOL-PERP once the mark is at or above 170.00, then at 181.20 or better"
        );
        assert_eq!(
            told(OrderKind::TrailingStop, OrderParams { extent: 25_000, flags: 0, trigger_price: Price::ZERO, ..stop }),
            "trailing stop sell 5 SOL-PERP, 2.5% behind the price"
        );
        assert_eq!(
            told(OrderKind::Twap, OrderParams { extent: 10, link: 60, ..base }),
            "TWAP sell 5 SOL-PERP in slices of 1, one every 60 s"
        );
        let offset =
            OrderParams { price: Price((-500_000i64).cast_unsigned()), flags: flags::OFFSET, extent: 10, ..base };
        assert_eq!(told(OrderKind::Limit, offset), "limit sell 5 SOL-PERP 0.50 below the oracle, showing 1 at a time");
        let leg = OrderParams { size: Size::ZERO, flags: flags::LEG | flags::REDUCE_ONLY, ..stop };
        assert_eq!(
            told(OrderKind::StopMarket, leg),
            "stop sell what its order fills of SOL-PERP once the oracle is at or below 170.00, reduce-only"
        );
        let auction = OrderParams { auction_start: Price(180_000_000), auction_end: price, ..base };
        assert!(told(OrderKind::Market, auction).ends_with("or better, auction from 180.00 to 181.20"));
    }
}
