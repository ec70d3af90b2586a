//! Finds orders that cross and has them filled.

use std::collections::BTreeMap;

use kedge_model::board::Purpose;
use kedge_model::market::Market;
use kedge_model::order::{Order, Side, flags};
use kedge_model::quantity::Price;
use solana_pubkey::Pubkey;

use super::Job;
use crate::rehearsal::{Rehearsal, maker_accounts};
use crate::{MakerOrder, Plan, Work, World};

/// Fills crossing orders for the reward.
#[derive(Clone, Copy, Debug)]
pub struct Filler {
    /// Sub-account that the rewards go to.
    pub account: Option<Pubkey>,
    /// Most maker accounts in one fill: each is an account of the transaction.
    pub max_makers: usize,
    /// Most maker orders in one fill.
    pub max_orders: usize,
}

/// A resting order on one side of a market.
#[derive(Clone, Copy, Debug)]
struct Resting {
    price: Price,
    seq: u64,
    maker: MakerOrder,
}

/// The resting orders of one market, best first.
#[derive(Clone, Debug, Default)]
struct Book {
    bids: Vec<Resting>,
    asks: Vec<Resting>,
}

impl Book {
    /// The side that a taker on `side` trades with.
    fn against(&self, side: Side) -> &[Resting] {
        match side {
            Side::Long => &self.asks,
            Side::Short => &self.bids,
        }
    }
}

impl Job for Filler {
    fn name(&self) -> &'static str {
        "filler"
    }

    /// At most one fill a taker account: the next one is decided on what the first left.
    fn decide(&self, world: &World) -> Vec<Plan> {
        let books = books(world);
        let rehearsal = Rehearsal::refreshed(world);
        let mut plans = Vec::new();
        for (taker, account) in &world.accounts {
            let free = |order: &Order| account.is_free(order.market, &world.fresh, &world.clock);
            let found = account.open_orders().filter(|(_, order)| free(order)).find_map(|(slot, order)| {
                let market = world.markets.get(usize::from(order.market))?;
                let book = books.get(&order.market)?;
                self.fill(world, &rehearsal, market, book, taker, slot, order)
            });
            plans.extend(found);
        }
        plans
    }
}

impl Filler {
    #[expect(clippy::too_many_arguments, reason = "one order in its surroundings")]
    fn fill(
        &self,
        world: &World,
        rehearsal: &Rehearsal<'_>,
        market: &Market,
        book: &Book,
        taker: &Pubkey,
        slot: u8,
        order: &Order,
    ) -> Option<Plan> {
        let expired = order.is_expired(&rehearsal.clock);
        if (order.has(flags::POST_ONLY) || order.is_waiting()) && !expired {
            return None;
        }
        let limit = order.limit_price(rehearsal.clock.slot, world.oracle(market.index), market.tick).ok()?;
        let makers = self.makers(book, taker, order, limit, rehearsal.clock.slot);
        // The vAMM moves to the oracle before it quotes: near the limit is worth a rehearsal.
        let near_amm = order.side().accepts(limit, world.oracle(order.market));
        if !(expired || near_amm || !makers.is_empty() || order.has(flags::REDUCE_ONLY)) {
            return None;
        }
        let filler = self.account.filter(|filler| filler != taker && makers.iter().all(|m| m.account != *filler));
        let _ = rehearsal.fill(order.market, taker, order.id, slot, filler.as_ref(), &makers).ok()?;
        let rows = maker_accounts(&makers).into_iter().chain([*taker]).flat_map(|account| world.markets_of(&account));
        let refresh = world.outdated(rows.collect::<Vec<_>>());
        let work = Work::Fill { market: order.market, taker: *taker, order_id: order.id, slot, filler, makers };
        Some(Plan::of(work).after_refresh(refresh))
    }

    /// The best makers for an order, within the limits of a transaction.
    fn makers(&self, book: &Book, taker: &Pubkey, order: &Order, limit: Price, slot: u64) -> Vec<MakerOrder> {
        let side = order.side();
        let taker_rests = order.is_resting(slot);
        let mut accounts: Vec<Pubkey> = Vec::new();
        let mut makers = Vec::new();
        for resting in book.against(side) {
            if !side.accepts(limit, resting.price) || makers.len() >= self.max_orders {
                break;
            }
            let maker = resting.maker;
            if maker.account == *taker || (taker_rests && resting.seq >= order.seq) {
                continue;
            }
            if !accounts.contains(&maker.account) {
                if accounts.len() >= self.max_makers {
                    continue;
                }
                accounts.push(maker.account);
            }
            makers.push(maker);
        }
        makers
    }
}

/// The books of all markets.
fn books(world: &World) -> BTreeMap<u16, Book> {
    let slot = world.clock.slot;
    let mut books: BTreeMap<u16, Book> = world.markets.iter().map(|m| (m.index, Book::default())).collect();
    for (address, account) in &world.accounts {
        for (place, order) in account.open_orders() {
            let free = account.is_free(order.market, &world.fresh, &world.clock);
            if !free || !order.is_resting(slot) || order.is_expired(&world.clock) {
                continue;
            }
            let Some(book) = books.get_mut(&order.market) else { continue };
            let Some(price) = price(world, order) else { continue };
            let maker = MakerOrder { account: *address, order_id: order.id, slot: place };
            let resting = Resting { price, seq: order.seq, maker };
            match order.side() {
                Side::Long => book.bids.push(resting),
                Side::Short => book.asks.push(resting),
            }
        }
    }
    for book in books.values_mut() {
        book.bids.sort_by_key(|resting| (std::cmp::Reverse(resting.price), resting.seq));
        book.asks.sort_by_key(|resting| (resting.price, resting.seq));
    }
    books
}

/// Price of a resting order now; none for one at a distance to an oracle that nobody may open risk on.
fn price(world: &World, order: &Order) -> Option<Price> {
    if !order.has(flags::OFFSET) {
        return Some(order.price);
    }
    let row = &world.fresh.market(order.market).ok()?.price;
    row.require(Purpose::IncreaseRisk, &world.clock).ok()?;
    order.effective_price(row.price, world.markets.get(usize::from(order.market))?.tick).ok()
}

/// The best resting orders that a taker on `side` with `limit` can trade with now: what a `place_and_take` passes.
#[must_use]
pub fn best_makers(
    world: &World,
    market: u16,
    side: Side,
    limit: Price,
    taker: &Pubkey,
    most: usize,
) -> Vec<MakerOrder> {
    let books = books(world);
    let Some(book) = books.get(&market) else { return Vec::new() };
    let usable = book.against(side).iter().filter(|r| r.maker.account != *taker && side.accepts(limit, r.price));
    usable.take(most).map(|resting| resting.maker).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::stage::{Stage, limit, market_order};

    fn filler() -> Filler {
        Filler { account: None, max_makers: 4, max_orders: 8 }
    }

    #[test]
    fn leaves_a_quiet_book_alone() {
        let mut stage = Stage::new();
        let (a, b) = (stage.trader(10_000_000_000), stage.trader(10_000_000_000));
        stage.place(a, limit(Side::Long, 195_000_000, 1_000_000_000));
        stage.place(b, limit(Side::Short, 205_000_000, 1_000_000_000));
        stage.advance(1, 1);
        assert_eq!(filler().decide(&stage.world()), []);
    }

    #[test]
    fn crosses_resting_orders_with_the_older_as_maker() {
        let mut stage = Stage::new();
        stage.without_amm();
        let (a, b) = (stage.trader(10_000_000_000), stage.trader(10_000_000_000));
        let maker = stage.place(a, limit(Side::Long, 200_000_000, 1_000_000_000));
        let taker = stage.place(b, limit(Side::Short, 199_000_000, 1_000_000_000));
        stage.advance(1, 1);
        let plans = filler().decide(&stage.world());
        let expected = Work::Fill {
            market: 0,
            taker: b,
            order_id: taker,
            slot: 0,
            filler: None,
            makers: vec![MakerOrder { account: a, order_id: maker, slot: 0 }],
        };
        assert_eq!(plans.into_iter().flat_map(|plan| plan.works).collect::<Vec<_>>(), [expected]);
    }

    #[test]
    fn an_order_at_a_distance_stands_where_the_oracle_puts_it() {
        let mut stage = Stage::new();
        stage.without_amm();
        let (a, b, c) = (stage.trader(10_000_000_000), stage.trader(10_000_000_000), stage.trader(10_000_000_000));
        stage.place(a, limit(Side::Short, 200_200_000, 1_000_000_000));
        let above = limit(Side::Short, 100_000, 1_000_000_000);
        stage.place(b, kedge_model::order::OrderParams { flags: flags::OFFSET, ..above });
        stage.advance(1, 1);
        let makers = best_makers(&stage.world(), 0, Side::Long, Price(200_100_000), &c, 8);
        assert_eq!(makers.iter().map(|maker| maker.account).collect::<Vec<_>>(), [b]);
    }

    #[test]
    fn waits_for_the_auction_to_reach_the_maker() {
        let mut stage = Stage::new();
        stage.without_amm();
        let (a, b) = (stage.trader(10_000_000_000), stage.trader(10_000_000_000));
        stage.place(a, limit(Side::Short, 200_500_000, 1_000_000_000));
        stage.place(b, market_order(Side::Long, 1_000_000_000));
        let mut slots = 0;
        while filler().decide(&stage.world()).is_empty() {
            stage.advance(1, 0);
            slots += 1;
            assert!(slots < 20, "the auction ends half a percent above 200");
        }
        // 5 s at 400 ms a slot is 13 slots; 200 to 201 reaches 200.5 after 7 of them.
        assert_eq!(slots, 7);
    }

    #[test]
    fn the_best_maker_is_passed_first_and_never_the_taker_itself() {
        let mut stage = Stage::new();
        stage.without_amm();
        let (a, b, c) = (stage.trader(10_000_000_000), stage.trader(10_000_000_000), stage.trader(10_000_000_000));
        stage.place(a, limit(Side::Short, 200_200_000, 1_000_000_000));
        stage.place(b, limit(Side::Short, 200_100_000, 1_000_000_000));
        stage.place(c, limit(Side::Short, 200_050_000, 1_000_000_000));
        stage.advance(1, 1);
        let makers = best_makers(&stage.world(), 0, Side::Long, Price(200_150_000), &c, 8);
        assert_eq!(makers.iter().map(|maker| maker.account).collect::<Vec<_>>(), [b]);
        let makers = best_makers(&stage.world(), 0, Side::Long, Price(300_000_000), &Pubkey::default(), 8);
        assert_eq!(makers.iter().map(|maker| maker.account).collect::<Vec<_>>(), [c, b, a]);
    }
}
