//! Orders that may be filled, and orders that they can be filled against.

use std::collections::{BTreeMap, BTreeSet};

use kedge_model::account::board::Purpose;
use kedge_model::account::market::Market;
use kedge_model::account::order::Side;
use kedge_model::quantity::Price;
use kedge_sender::MakerOrder;
use kedge_state::World;
use kedge_state::book::Resting;
use solana_pubkey::Pubkey;

use crate::trial::Trial;

/// Orders that may have something to fill: those that take or are in an auction, those that another resting order or the
/// vAMM may cross, those whose time is over, and reduce-only ones, which may have nothing left to reduce. By owner and slot.
pub(super) fn candidates(world: &World) -> BTreeMap<Pubkey, BTreeSet<u8>> {
    let books = world.books();
    let mut found: BTreeMap<Pubkey, BTreeSet<u8>> = BTreeMap::new();
    let mut add = |account: u32, slot: u8| {
        found.entry(books.address(account)).or_default().insert(slot);
    };
    for market in &world.markets {
        let (book, oracle) = (books.market(market.index), world.oracle(market.index));
        let others = book.attended().chain(book.expired(&world.clock)).chain(book.reducers());
        others.for_each(|entry| add(entry.account, entry.slot));
        for side in [Side::Long, Side::Short] {
            let across = book.best(side.opposite(), makers_oracle(world, market.index), market.tick);
            // The vAMM moves to the oracle before it quotes.
            let worst = match across {
                Some(best) if side.accepts(oracle, best) => best,
                _ => oracle,
            };
            book.resting(side, worst, Some(oracle), market.tick).for_each(|order| add(order.account, order.slot));
        }
    }
    found
}

/// The oracle price at which orders at a distance from it can be makers; none when nobody may open risk on it.
fn makers_oracle(world: &World, market: u16) -> Option<Price> {
    let row = &world.fresh.market(market).ok()?.price;
    row.require(Purpose::IncreaseRisk, &world.clock).ok()?;
    Some(row.price)
}

/// The resting orders that a taker on `side` with `limit` can trade with now, the best first, with their owners.
pub(super) fn against<'w>(
    world: &'w World,
    market: &'w Market,
    side: Side,
    limit: Price,
) -> impl Iterator<Item = (Resting, Pubkey)> + 'w {
    let (books, oracle) = (world.books(), makers_oracle(world, market.index));
    let orders = books.market(market.index).resting(side.opposite(), limit, oracle, market.tick);
    orders.filter_map(move |order| {
        let address = books.address(order.account);
        let account = world.accounts.get(&address)?;
        let expired = order.expires_at != 0 && world.clock.unix_time >= i64::from(order.expires_at);
        (!expired && account.is_free(market.index, &world.fresh, &world.clock)).then_some((order, address))
    })
}

/// The best resting orders that a taker on `side` with `limit` can trade with now, without those that their owners cannot
/// back: what a `place_and_take` passes.
#[must_use]
pub fn best_makers(
    world: &World,
    market: u16,
    side: Side,
    limit: Price,
    taker: &Pubkey,
    most: usize,
) -> Vec<MakerOrder> {
    let Some(market) = world.markets.get(usize::from(market)) else { return Vec::new() };
    let trial = Trial::refreshed(world);
    let usable = against(world, market, side, limit).filter(|(order, account)| {
        let found = world.accounts.get(account).and_then(|account| account.orders.get(usize::from(order.slot)));
        account != taker && found.is_some_and(|order| !trial.is_unbacked(market.index, account, order))
    });
    usable.take(most).map(|(order, account)| MakerOrder { account, order_id: order.id, slot: order.slot }).collect()
}
