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

/// An order that waits for a trigger; limit kinds with a limit at the trigger.
pub fn waiting(index: u16, kind: OrderKind, side: Side, size: u64, trigger: u64) -> OrderParams {
    let price = if kind.rests() { trigger } else { 0 };
    OrderParams { kind: kind as u8, trigger_price: Price(trigger), ..limit(index, side, size, price) }
}

/// A TWAP of so many steps a slice, one slice every so many seconds.
pub fn twap(index: u16, side: Side, size: u64, steps: u32, seconds: u32) -> OrderParams {
    OrderParams { kind: OrderKind::Twap as u8, extent: steps, link: seconds, ..market(index, side, size, 0) }
}

/// A leg of the order before it, or with a size one of two of which one cancels the other.
pub fn leg(params: OrderParams) -> OrderParams {
    OrderParams { flags: params.flags | flags::LEG | flags::REDUCE_ONLY, ..params }
}

/// A market order whose auction runs between two prices.
pub fn auction(index: u16, side: Side, size: u64, start: u64, end: u64) -> OrderParams {
    OrderParams { auction_start: Price(start), auction_end: Price(end), ..market(index, side, size, end) }
}
