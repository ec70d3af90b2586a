//! Random orders, in terms of what the account can carry.

use super::World;
use super::changes::{Extras, extras};
use super::ops::market;
use kedge_model::account::order::{OrderKind, OrderParams};
use kedge_model::num::floor_to;
use kedge_model::quantity::{Price, Size};
use proptest::prelude::*;

/// An order in relative terms: price in hundredths of a percent of the oracle, size in parts per ten thousand of what
/// the account's equity carries at ten times.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask {
    pub market: usize,
    pub side: u8,
    pub kind: u8,
    pub flags: u16,
    pub part: u64,
    pub offset: i64,
    pub auction: bool,
    pub expires: bool,
    pub client_id: u64,
    pub extras: Extras,
}

pub(crate) fn ask() -> impl Strategy<Value = Ask> {
    let flags = prop_oneof![8 => Just(0u16), 1 => Just(1), 2 => Just(2), 2 => Just(4), 1 => Just(6)];
    let part = prop_oneof![1 => 1u64..100, 3 => 100u64..4_000, 6 => 4_000u64..10_000];
    let offset = prop_oneof![4 => -60i64..60, 2 => -700i64..700];
    // Few that meet each other: most orders are to be placed.
    let client_id = prop_oneof![4 => Just(0u64), 1 => 1u64..40, 4 => 40u64..1 << 40];
    let rest = (any::<bool>(), proptest::bool::weighted(0.1), client_id, extras());
    (market(), 0u8..2, 0u8..2, flags, part, offset, rest).prop_map(
        |(market, side, kind, flags, part, offset, (auction, expires, client_id, extras))| Ask {
            market,
            side,
            kind,
            flags,
            part,
            offset,
            auction,
            expires,
            client_id,
            extras,
        },
    )
}

pub(crate) fn params(world: &World, account: usize, ask: &Ask) -> OrderParams {
    let market = &world.markets[ask.market];
    let value = world.equity(account).max(0) * 10 * i128::from(ask.part) / 10_000;
    let size = u64::try_from(value * 1_000_000_000 / i128::from(world.oracle(ask.market).0)).unwrap_or(0);
    let size = floor_to(size.min(1 << 50), market.step.0).max(market.step.0);
    let oracle = world.oracle(ask.market).0;
    let raw = (i128::from(oracle) * i128::from(10_000 + ask.offset) / 10_000).max(1);
    let price = floor_to(u64::try_from(raw).unwrap(), market.tick.0).max(market.tick.0);
    let is_market = ask.kind == OrderKind::Market as u8;
    let (start, end) = if ask.auction && !is_market {
        // Forward for the side: from the better of oracle and limit to the limit.
        let start = if ask.side == 0 { oracle.min(price) } else { oracle.max(price) };
        (start, price)
    } else {
        (0, 0)
    };
    OrderParams {
        client_id: ask.client_id,
        price: Price(if is_market && ask.auction { 0 } else { price }),
        size: Size(size),
        auction_start: Price(start),
        auction_end: Price(end),
        expires_at: if ask.expires { u32::try_from(world.clock.unix_time + 3).unwrap() } else { 0 },
        auction_ms: if ask.auction && !is_market { 4_000 } else { 0 },
        market: World::index(ask.market),
        kind: ask.kind,
        side: ask.side,
        flags: ask.flags,
        ..OrderParams::default()
    }
}
