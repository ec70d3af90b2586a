//! Order parameters in one call.

use kedge_model::order::{OrderKind, OrderParams, Side, flags};
use kedge_model::quantity::{Price, Size};

/// A limit order that rests.
pub fn limit(market: u16, side: Side, size: u64, price: u64) -> OrderParams {
    OrderParams {
        market,
        kind: OrderKind::Limit as u8,
        side: side as u8,
        size: Size(size),
        price: Price(price),
        ..OrderParams::default()
    }
}

/// A limit order that only makes.
pub fn post_only(market: u16, side: Side, size: u64, price: u64) -> OrderParams {
    OrderParams { flags: flags::POST_ONLY, ..limit(market, side, size, price) }
}

/// A limit order that takes now and does not rest.
pub fn ioc(market: u16, side: Side, size: u64, price: u64) -> OrderParams {
    OrderParams { flags: flags::IMMEDIATE_OR_CANCEL, ..limit(market, side, size, price) }
}

/// A market order with the auction that the oracle gives; `limit` zero for the band.
pub fn market(index: u16, side: Side, size: u64, limit: u64) -> OrderParams {
    OrderParams {
        market: index,
        kind: OrderKind::Market as u8,
        side: side as u8,
        size: Size(size),
        price: Price(limit),
        ..OrderParams::default()
    }
}

/// A market order whose auction runs between two prices.
pub fn auction(index: u16, side: Side, size: u64, start: u64, end: u64) -> OrderParams {
    OrderParams { auction_start: Price(start), auction_end: Price(end), ..market(index, side, size, end) }
}
