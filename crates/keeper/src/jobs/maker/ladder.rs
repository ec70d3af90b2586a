//! Keeping a ladder of post-only orders as quoted.

use kedge_interface::error::ProgramError;
use kedge_model::Error;
use kedge_model::account::market::Market;
use kedge_model::account::order::{OrderKind, OrderParams, Side, flags};
use kedge_model::num::{ceil_to, floor_to};
use kedge_model::quantity::{Price, Size};
use kedge_sender::{Call, Plan};
use kedge_state::{Account, World};
use solana_pubkey::Pubkey;

use super::{Level, Quotes};
use crate::trial::try_plan;

/// Replaces a market's standing orders when they are not what is quoted, or when half of their life is over; `None` when
/// they are near enough. What stands is always cancelled in front, seen or not: a ladder that is sent twice, by one process
/// or by two, is one ladder.
///
/// # Errors
/// Why it cannot quote now (a jump, no margin, no room for its orders), with what to do instead: at least nobody trades on
/// its old prices.
pub(crate) fn replace(
    world: &World,
    maker: &Pubkey,
    own: &Account,
    market: &Market,
    quotes: &Quotes,
    life: u32,
) -> Result<Option<Plan>, (ProgramError, Option<Plan>)> {
    let now = world.clock.unix_time;
    let orders = orders(market, quotes, expiry(now, life).ok_or((ProgramError::Rule(Error::Overflow), None))?);
    let standing = own.orders_in(market.index).count();
    if standing == orders.len() && !is_off(own, market, &orders, quotes) && !is_old(own, market, now, life) {
        return Ok(None);
    }
    let calls = vec![Call::cancel_all(*maker, Some(market.index))];
    if orders.is_empty() {
        return Ok((standing > 0).then_some(Plan { refresh: Vec::new(), calls }));
    }
    let place = Call::place(market.index, *maker, orders);
    let with_ladder = Plan { refresh: Vec::new(), calls: calls.iter().cloned().chain([place]).collect() };
    let rows = world.markets_of(maker).into_iter().chain([market.index]);
    match try_plan(world, with_ladder, rows.collect::<Vec<_>>()) {
        Ok(plan) => Ok(Some(plan)),
        Err(error) => Err((error, (standing > 0).then_some(Plan { refresh: Vec::new(), calls }))),
    }
}

/// When an order expires that is placed now.
fn expiry(now: i64, life: u32) -> Option<u32> {
    u32::try_from(now.checked_add(life.into())?).ok()
}

/// Whether an order of a market has lived half of its life, or has none that ends.
fn is_old(own: &Account, market: &Market, now: i64, life: u32) -> bool {
    let young = |expires_at: u32| i64::from(expires_at).saturating_sub(now) > i64::from(life / 2);
    own.orders_in(market.index).any(|(_, order)| order.expires_at == 0 || !young(order.expires_at))
}

fn orders(market: &Market, quotes: &Quotes, expires_at: u32) -> Vec<OrderParams> {
    let levels = |side: Side, levels: &[Level]| -> Vec<OrderParams> {
        let order = |level: &Level| {
            let size = Size(floor_to(level.size.0, market.step.0));
            (size >= market.min_order).then_some(OrderParams {
                market: market.index,
                kind: OrderKind::Limit as u8,
                side: side as u8,
                flags: flags::POST_ONLY,
                price: postable(market, side, level.price)?,
                size,
                expires_at,
                ..OrderParams::default()
            })
        };
        levels.iter().filter_map(order).collect()
    };
    let mut orders = levels(Side::Long, &quotes.bids);
    orders.extend(levels(Side::Short, &quotes.asks));
    orders
}

/// A price on the tick, kept on its own side of the vAMM's touch so that it can be posted.
pub(crate) fn postable(market: &Market, side: Side, wanted: Price) -> Option<Price> {
    let amm = (!market.amm.sqrt_k.is_zero()).then(|| market.amm.touch(side).ok()).flatten();
    let tick = market.tick.0;
    let price = match side {
        Side::Long => {
            let wanted = floor_to(wanted.0, tick);
            amm.map_or(wanted, |ask| wanted.min(floor_to(ask.0.saturating_sub(1), tick)))
        }
        Side::Short => {
            let wanted = ceil_to(wanted.0, tick).ok()?;
            match amm {
                Some(bid) => wanted.max(ceil_to(bid.0.checked_add(1)?, tick).ok()?),
                None => wanted,
            }
        }
    };
    (price > 0).then_some(Price(price))
}

/// Whether a side's best standing order is not where it belongs, or a side is wanted or not against what stands. Partly
/// filled orders may stand: their level is replaced with the next move.
fn is_off(own: &Account, market: &Market, orders: &[OrderParams], quotes: &Quotes) -> bool {
    [Side::Long, Side::Short].into_iter().any(|side| {
        let standing = own.orders_in(market.index).filter(|(_, order)| order.side() == side);
        let best = |a: Price, b: Price| if side.better(a, b) { a } else { b };
        let standing = standing.map(|(_, order)| order.price()).reduce(best);
        let wanted = orders.iter().filter(|order| order.side == side as u8).map(|order| order.price).reduce(best);
        match (standing, wanted) {
            (Some(standing), Some(wanted)) => {
                wanted.distance(standing).is_ok_and(|distance| distance > u64::from(quotes.requote.0))
            }
            (None, None) => false,
            _ => true,
        }
    })
}
