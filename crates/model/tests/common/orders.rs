//! Order parameters in one call.

use super::World;
use kedge_model::account::order::{OrderKind, OrderParams, Side, flags};
use kedge_model::action::PlaceAndMake;
use kedge_model::quantity::{Base, Price, Size};

/// A limit order.
pub(crate) fn limit(market: usize, side: Side, size: u64, price: u64) -> OrderParams {
    OrderParams {
        market: World::index(market),
        kind: OrderKind::Limit as u8,
        side: side as u8,
        size: Size(size),
        price: Price(price),
        ..OrderParams::default()
    }
}

/// A market order with the exchange's own auction.
pub(crate) fn at_market(market: usize, side: Side, size: u64) -> OrderParams {
    OrderParams { kind: OrderKind::Market as u8, ..limit(market, side, size, 0) }
}

/// An order that waits for a trigger; limit kinds with a limit at the trigger.
pub(crate) fn waiting(market: usize, kind: OrderKind, side: Side, size: u64, trigger: u64) -> OrderParams {
    let price = if kind.rests() { trigger } else { 0 };
    OrderParams { kind: kind as u8, trigger_price: Price(trigger), ..limit(market, side, size, price) }
}

/// A leg of the order before it, or with a size one of two of which one cancels the other.
pub(crate) fn leg(params: OrderParams) -> OrderParams {
    OrderParams { flags: params.flags | flags::LEG | flags::REDUCE_ONLY, ..params }
}

/// A limit order that takes now and does not rest.
pub(crate) fn ioc(market: usize, side: Side, size: u64, price: u64) -> OrderParams {
    OrderParams { flags: flags::IMMEDIATE_OR_CANCEL, ..limit(market, side, size, price) }
}

/// A join of an auction at any price, without position limits.
pub(crate) fn join(order_id: u32, size: u64, worst_price: u64) -> PlaceAndMake {
    PlaceAndMake {
        order_id,
        slot: 0,
        size: Size(size),
        worst_price: Price(worst_price),
        min_position: Base(i64::MIN / 2),
        max_position: Base(i64::MAX / 2),
    }
}

/// The order with more flags.
pub(crate) fn with(bits: u16, params: OrderParams) -> OrderParams {
    OrderParams { flags: params.flags | bits, ..params }
}
