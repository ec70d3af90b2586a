//! Joining auctions at the quoted prices.

use std::collections::BTreeSet;

use kedge_model::account::market::Market;
use kedge_model::account::order::{Order, Side};
use kedge_model::num::{ceil_to, floor_to};
use kedge_model::quantity::{Base, Price, Size};
use kedge_sender::{Call, Plan};
use kedge_state::{Account, World};
use solana_pubkey::Pubkey;

use super::{Level, Limits, Quotes};
use crate::jobs::sharers;
use crate::trial::try_plan;

/// A join for every auction of a market that the quotes are good for.
pub(crate) fn joins(
    world: &World,
    maker: &Pubkey,
    own: &Account,
    market: &Market,
    limits: &Limits,
    quotes: &Quotes,
) -> Vec<Plan> {
    let now = world.clock.slot;
    let books = world.books();
    // By owner and slot.
    let attended = books.market(market.index).attended();
    let auctions: BTreeSet<(Pubkey, u8)> = attended.map(|entry| (books.address(entry.account), entry.slot)).collect();
    let mut plans = Vec::new();
    for (taker, slot) in &auctions {
        let Some(account) = world.accounts.get(taker) else { continue };
        let order = account.orders.get(usize::from(*slot)).filter(|order| order.is_open() && order.in_auction(now));
        let Some(order) = order else { continue };
        if account.is_same(own) || !account.is_free(market.index, &world.fresh, &world.clock) {
            continue;
        }
        let quote = match order.side() {
            // The taker buys: it sells.
            Side::Long => quotes.sell,
            Side::Short => quotes.buy,
        };
        let Some(quote) = quote else { continue };
        plans.extend(join(world, maker, market, limits, (taker, *slot, order), quote));
    }
    plans
}

/// Joins one auction once its price is as good as the quote.
pub(crate) fn join(
    world: &World,
    maker: &Pubkey,
    market: &Market,
    limits: &Limits,
    (taker, slot, order): (&Pubkey, u8, &Order),
    quote: Level,
) -> Option<Plan> {
    let worst_price = match order.side() {
        Side::Long => Price(ceil_to(quote.price.0, market.tick.0).ok()?),
        Side::Short => Price(floor_to(quote.price.0, market.tick.0)),
    };
    let price = order.limit_price(world.clock.slot, world.oracle(market.index), market.tick).ok()?;
    if !order.side().opposite().accepts(worst_price, price) {
        return None;
    }
    let limit = i64::try_from(limits.max_position.0).ok()?;
    let size = Size(floor_to(order.remaining().ok()?.min(quote.size).0, market.step.0));
    if size.is_zero() {
        return None;
    }
    let bounds = (Base(limit.checked_neg()?), Base(limit));
    let sharers = sharers::of(world, taker, order, &[*maker]);
    let join = Call::make(market.index, *maker, (*taker, order.id, slot), size, worst_price, bounds, sharers);
    let rows = world.markets_of(taker).into_iter().chain(world.markets_of(maker));
    try_plan(world, Plan::of(join), rows.collect::<Vec<_>>()).ok()
}
