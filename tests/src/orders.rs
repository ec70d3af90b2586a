//! Constructors of order parameters.

use kedge_model::account::order::{OrderKind, OrderParams, Side, flags};
use kedge_model::quantity::{Price, Size};

/// A resting limit order.
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

/// A post-only limit order.
pub fn post_only(market: u16, side: Side, size: u64, price: u64) -> OrderParams {
    OrderParams { flags: flags::POST_ONLY, ..limit(market, side, size, price) }
}

/// An immediate-or-cancel limit order.
pub fn ioc(market: u16, side: Side, size: u64, price: u64) -> OrderParams {
    OrderParams { flags: flags::IMMEDIATE_OR_CANCEL, ..limit(market, side, size, price) }
}

/// A market order with the oracle's auction; `limit` zero protects it by the price band.
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

/// A waiting order; limit kinds have their limit at the trigger.
pub fn waiting(index: u16, kind: OrderKind, side: Side, size: u64, trigger: u64) -> OrderParams {
    let price = if kind.rests() { trigger } else { 0 };
    OrderParams { kind: kind as u8, trigger_price: Price(trigger), ..limit(index, side, size, price) }
}

/// A TWAP with `steps` steps a slice and a slice every `seconds` seconds.
pub fn twap(index: u16, side: Side, size: u64, steps: u32, seconds: u32) -> OrderParams {
    OrderParams { kind: OrderKind::Twap as u8, extent: steps, link: seconds, ..market(index, side, size, 0) }
}

/// A leg of the order before it or, with a size, half of a pair that cancels each other.
pub fn leg(params: OrderParams) -> OrderParams {
    OrderParams { flags: params.flags | flags::LEG | flags::REDUCE_ONLY, ..params }
}

/// A market order whose auction runs between two prices.
pub fn auction(index: u16, side: Side, size: u64, start: u64, end: u64) -> OrderParams {
    OrderParams { auction_start: Price(start), auction_end: Price(end), ..market(index, side, size, end) }
}
