//! Finds orders that cross and has them filled.

use std::collections::{BTreeMap, BTreeSet};

use kedge_engine::Report;
use kedge_interface::error::ProgramError;
use kedge_interface::instruction::Decoded;
use kedge_model::Error;
use kedge_model::account::board::Purpose;
use kedge_model::account::market::Market;
use kedge_model::account::order::{Order, Side, flags};
use kedge_model::action::Matched;
use kedge_model::num::Rounding;
use kedge_model::quantity::Price;
use kedge_sender::plan::maker_accounts;
use kedge_sender::{Call, MakerOrder, Plan, Subject};
use kedge_state::World;
use kedge_state::book::Resting;
use solana_pubkey::Pubkey;

use super::{Attention, Job, sharers};
use crate::trial::{Series, Trial};

/// Fills crossing orders for the reward.
#[derive(Clone, Copy, Debug)]
pub struct Filler {
    /// Sub-account that the rewards go to.
    pub account: Option<Pubkey>,
    /// Most maker accounts in one fill: each is an account of the transaction.
    pub max_makers: usize,
    /// Most maker orders in one fill.
    pub max_orders: usize,
    /// Most fills in one transaction.
    pub max_fills: usize,
    /// Slots for which an order that has become fillable in its auction is left to the makers who may join it: they act
    /// on the same slot, and of two who do the second pays for nothing.
    pub yield_slots: u64,
}

impl Job for Filler {
    fn name(&self) -> &'static str {
        "filler"
    }

    /// At most one fill a taker account: the next one is decided on what the first left. Fills of orders that rest are
    /// packed; an order in its auction is contested, and its fill goes alone.
    fn decide(&self, world: &World) -> Vec<Plan> {
        self.decide_within(world, &Attention::all())
    }

    fn decide_within(&self, world: &World, attention: &Attention<'_>) -> Vec<Plan> {
        let trial = Trial::refreshed(world);
        for plan in attention.under_way() {
            // What has landed is refused, and changes nothing.
            trial.assume(plan);
        }
        let attention = attention.packing(self.max_fills);
        let candidates: Vec<(Pubkey, BTreeSet<u8>)> = candidates(world).into_iter().collect();
        let mut found = Vec::new();
        for (taker, slots) in attention.turn(candidates.len(), world.clock.slot).map(|place| &candidates[place]) {
            if attention.is_full(found.len()) || attention.is_spent() {
                break;
            }
            let Some(account) = world.accounts.get(taker) else { continue };
            for slot in slots {
                let Some(order) = account.orders.get(usize::from(*slot)).filter(|order| order.is_open()) else {
                    continue;
                };
                if !attention.is_free(&Subject::Order(FILL, *taker, order.id)) {
                    break;
                }
                let free = account.is_free(order.market, &world.fresh, &world.clock);
                let Some(market) = world.markets.get(usize::from(order.market)).filter(|_| free) else { continue };
                if let Some(plan) = self.fill(world, &trial, &attention, market, (taker, *slot, order)) {
                    // The next fill finds what this one leaves: two that count on one maker, or on one quote of the
                    // vAMM, would race each other.
                    if !trial.assume(&plan) {
                        break;
                    }
                    found.push((plan, !order.is_resting(world.clock.slot)));
                    break;
                }
            }
        }
        self.pack(world, found)
    }
}

/// Name of the instruction, as in the IDL and in the subject of a fill.
const FILL: &str = "fill_order";

/// Orders that may have something to fill: those that take or are in an auction, those that another resting order or the
/// vAMM may cross, those whose time is over, and reduce-only ones, which may have nothing left to reduce. By owner and slot.
fn candidates(world: &World) -> BTreeMap<Pubkey, BTreeSet<u8>> {
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

/// How often a fill of one order is tried: each time without the makers that the one before passed over.
const TRIES: usize = 4;

impl Filler {
    fn fill(
        &self,
        world: &World,
        trial: &Trial<'_>,
        attention: &Attention<'_>,
        market: &Market,
        (taker, slot, order): (&Pubkey, u8, &Order),
    ) -> Option<Plan> {
        let expired = order.is_expired(&trial.clock);
        if (order.has(flags::POST_ONLY) || order.is_waiting()) && !expired {
            return None;
        }
        let limit = order.limit_price(trial.clock.slot, world.oracle(market.index), market.tick).ok()?;
        // The vAMM moves to the oracle before it quotes: near the limit is worth a trial.
        let near_amm = order.side().accepts(limit, world.oracle(order.market));
        let mut useless: Vec<Pubkey> = Vec::new();
        let mut best = None;
        for _ in 0..TRIES {
            let makers = self.makers(world, market, taker, order, limit, &useless);
            if !(expired || near_amm || !makers.is_empty() || order.has(flags::REDUCE_ONLY)) {
                break;
            }
            if !attention.spend() {
                break;
            }
            let accounts = maker_accounts(&makers);
            let filler = self.account.filter(|filler| filler != taker && !accounts.contains(filler));
            let there: Vec<Pubkey> = accounts.iter().copied().chain(filler).collect();
            let sharers = sharers::of(world, taker, order, &there);
            let call = Call::fill(order.market, *taker, (order.id, slot), filler, &makers, &sharers);
            let passed_over = match trial.run(&call) {
                Ok(Report::Fill(report)) => {
                    best = Some((call, makers, report.matched));
                    report.matched.passed_over
                }
                Err(ProgramError::Rule(Error::NothingToFill | Error::MakerInsufficientMargin)) => u64::MAX,
                Ok(_) | Err(_) => break,
            };
            let known = useless.len();
            let passed =
                (0u32..).zip(&accounts).filter(|(at, _)| passed_over.checked_shr(*at).is_some_and(|b| b & 1 != 0));
            useless.extend(passed.map(|(_, account)| *account));
            if useless.len() == known {
                break;
            }
        }
        let (call, makers, matched) = best?;
        if self.yields(market, order, &matched, trial.clock.slot) {
            return None;
        }
        let amm_size = matched.amm_size;
        let rows = maker_accounts(&makers).into_iter().chain([*taker]).flat_map(|account| world.markets_of(&account));
        let mut refresh = world.outdated(rows.collect::<Vec<_>>());
        let around = |maker: &MakerOrder| {
            let order =
                world.accounts.get(&maker.account).and_then(|maker_of| maker_of.orders.get(usize::from(maker.slot)));
            order.is_some_and(|order| order.has(flags::OFFSET))
        };
        let at_oracle = !amm_size.is_zero() || order.has(flags::OFFSET) || makers.iter().any(around);
        if at_oracle && !refresh.contains(&order.market) {
            // What trades at the oracle does so at a live price alone: a slot or two from now the row may be too old.
            refresh.push(order.market);
            refresh.sort_unstable();
        }
        Some(Plan::of(call).after_refresh(refresh))
    }

    /// Whether a fill is left to makers for now: at the auction's price of [`Self::yield_slots`] ago it was not there yet.
    fn yields(&self, market: &Market, order: &Order, matched: &Matched, slot: u64) -> bool {
        if self.yield_slots == 0 || !order.in_auction(slot) {
            return false;
        }
        let before = slot.saturating_sub(self.yield_slots);
        if before < order.activation_slot {
            return true;
        }
        let side = order.side();
        let rounding = if side == Side::Long { Rounding::Down } else { Rounding::Up };
        let worst = order.limit_price(before, Price::ZERO, market.tick);
        let Ok(worst) = worst.and_then(|price| matched.size.value(price, rounding)) else { return false };
        if side == Side::Long { matched.quote > worst } else { matched.quote < worst }
    }

    /// The best makers for an order, within the limits of a transaction, without those that are known to be of no use.
    fn makers(
        &self,
        world: &World,
        market: &Market,
        taker: &Pubkey,
        order: &Order,
        limit: Price,
        useless: &[Pubkey],
    ) -> Vec<MakerOrder> {
        let taker_rests = order.is_resting(world.clock.slot);
        let mut accounts: Vec<Pubkey> = Vec::new();
        let mut makers = Vec::new();
        for (resting, account) in against(world, market, order.side(), limit) {
            if makers.len() >= self.max_orders {
                break;
            }
            if account == *taker || useless.contains(&account) || (taker_rests && resting.seq >= order.seq) {
                continue;
            }
            if !accounts.contains(&account) {
                if accounts.len() >= self.max_makers {
                    continue;
                }
                accounts.push(account);
            }
            makers.push(MakerOrder { account, order_id: resting.id, slot: resting.slot });
        }
        makers
    }

    /// Puts fills of resting orders together as far as a transaction holds them; each is tried on what those before
    /// it leave. What does not go along goes alone.
    fn pack(&self, world: &World, found: Vec<(Plan, bool)>) -> Vec<Plan> {
        let mut plans: Vec<Plan> = Vec::with_capacity(found.len());
        let mut open: Option<(usize, Series<'_>)> = None;
        for (plan, contested) in found {
            if contested || self.max_fills <= 1 {
                plans.push(plan);
                continue;
            }
            if let Some((place, series)) = &mut open {
                let joined = join(&plans[*place], &plan);
                if joined.calls.len() <= self.max_fills && weight(&joined) <= MOST_ACCOUNTS && series.fill(&plan) {
                    plans[*place] = joined;
                    continue;
                }
            }
            let mut series = Series::new(world);
            // It was tried alone already, on the same world.
            let _ = series.fill(&plan);
            open = Some((plans.len(), series));
            plans.push(plan);
        }
        plans
    }
}

/// Accounts that differ between fills, and refreshed rows, that a transaction of 1,232 bytes has room for beside those
/// that every fill names: 32 bytes each, with as much again kept for the arguments.
const MOST_ACCOUNTS: usize = 14;

fn join(one: &Plan, other: &Plan) -> Plan {
    let mut refresh: Vec<u16> = one.refresh.iter().chain(&other.refresh).copied().collect();
    refresh.sort_unstable();
    refresh.dedup();
    Plan { refresh, calls: one.calls.iter().chain(&other.calls).cloned().collect() }
}

/// Accounts that a plan's fills name, each once.
fn weight(plan: &Plan) -> usize {
    let mut accounts = BTreeSet::<Pubkey>::new();
    let mut markets = BTreeSet::new();
    for call in &plan.calls {
        if let Decoded::FillOrder(fill) = &call.instruction {
            markets.insert(call.market);
            accounts.extend(fill.filler_and_makers.iter().chain([&fill.taker]));
        }
    }
    accounts.len() + markets.len() + plan.refresh.len()
}

/// The oracle price at which orders at a distance from it can be makers; none when nobody may open risk on it.
fn makers_oracle(world: &World, market: u16) -> Option<Price> {
    let row = &world.fresh.market(market).ok()?.price;
    row.require(Purpose::IncreaseRisk, &world.clock).ok()?;
    Some(row.price)
}

/// The resting orders that a taker on `side` with `limit` can trade with now, the best first, with their owners.
fn against<'w>(
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::RunPlan as _;
    use kedge_state::testing::{TestExchange, limit, market_order};

    fn filler() -> Filler {
        Filler { account: None, max_makers: 4, max_orders: 8, max_fills: 4, yield_slots: 0 }
    }

    #[test]
    fn leaves_a_quiet_book_alone() {
        let mut exchange = TestExchange::new();
        let (a, b) = (exchange.trader(10_000_000_000), exchange.trader(10_000_000_000));
        exchange.place(a, limit(Side::Long, 195_000_000, 1_000_000_000));
        exchange.place(b, limit(Side::Short, 205_000_000, 1_000_000_000));
        exchange.advance(1, 1);
        assert_eq!(filler().decide(&exchange.world()), []);
    }

    #[test]
    fn crosses_resting_orders_with_the_older_as_maker() {
        let mut exchange = TestExchange::new();
        exchange.without_amm();
        let (a, b) = (exchange.trader(10_000_000_000), exchange.trader(10_000_000_000));
        let maker = exchange.place(a, limit(Side::Long, 200_000_000, 1_000_000_000));
        let taker = exchange.place(b, limit(Side::Short, 199_000_000, 1_000_000_000));
        exchange.advance(1, 1);
        let plans = filler().decide(&exchange.world());
        let makers = [MakerOrder { account: a, order_id: maker, slot: 0 }];
        let expected = Call::fill(0, b, (taker, 0), None, &makers, &[]);
        assert_eq!(plans.into_iter().flat_map(|plan| plan.calls).collect::<Vec<_>>(), [expected]);
    }

    #[test]
    fn an_order_at_a_distance_stands_where_the_oracle_puts_it() {
        let mut exchange = TestExchange::new();
        exchange.without_amm();
        let (a, b, c) =
            (exchange.trader(10_000_000_000), exchange.trader(10_000_000_000), exchange.trader(10_000_000_000));
        exchange.place(a, limit(Side::Short, 200_200_000, 1_000_000_000));
        let above = limit(Side::Short, 100_000, 1_000_000_000);
        exchange.place(b, kedge_model::account::order::OrderParams { flags: flags::OFFSET, ..above });
        exchange.advance(1, 1);
        let makers = best_makers(&exchange.world(), 0, Side::Long, Price(200_100_000), &c, 8);
        assert_eq!(makers.iter().map(|maker| maker.account).collect::<Vec<_>>(), [b]);
    }

    #[test]
    fn waits_for_the_auction_to_reach_the_maker() {
        let mut exchange = TestExchange::new();
        exchange.without_amm();
        let (a, b) = (exchange.trader(10_000_000_000), exchange.trader(10_000_000_000));
        exchange.place(a, limit(Side::Short, 200_500_000, 1_000_000_000));
        exchange.place(b, market_order(Side::Long, 1_000_000_000));
        let mut slots = 0;
        while filler().decide(&exchange.world()).is_empty() {
            exchange.advance(1, 0);
            slots += 1;
            assert!(slots < 20, "the auction ends half a percent above 200");
        }
        // 5 s at 400 ms a slot is 13 slots; 200 to 201 reaches 200.5 after 7 of them.
        assert_eq!(slots, 7);
    }

    #[test]
    fn the_best_maker_is_passed_first_and_never_the_taker_itself() {
        let mut exchange = TestExchange::new();
        exchange.without_amm();
        let (a, b, c) =
            (exchange.trader(10_000_000_000), exchange.trader(10_000_000_000), exchange.trader(10_000_000_000));
        exchange.place(a, limit(Side::Short, 200_200_000, 1_000_000_000));
        exchange.place(b, limit(Side::Short, 200_100_000, 1_000_000_000));
        exchange.place(c, limit(Side::Short, 200_050_000, 1_000_000_000));
        exchange.advance(1, 1);
        let makers = best_makers(&exchange.world(), 0, Side::Long, Price(200_150_000), &c, 8);
        assert_eq!(makers.iter().map(|maker| maker.account).collect::<Vec<_>>(), [b]);
        let makers = best_makers(&exchange.world(), 0, Side::Long, Price(300_000_000), &Pubkey::default(), 8);
        assert_eq!(makers.iter().map(|maker| maker.account).collect::<Vec<_>>(), [c, b, a]);
    }

    #[test]
    fn offers_that_nobody_backs_keep_no_taker_from_the_next() {
        let mut exchange = TestExchange::new();
        exchange.without_amm();
        let (taker, good) = (exchange.trader(10_000_000_000), exchange.trader(10_000_000_000));
        // More of them than one fill names.
        let poor: Vec<Pubkey> = (0..5).map(|_| exchange.trader(22_000_000)).collect();
        for account in &poor {
            exchange.place(*account, limit(Side::Short, 200_000_000, 1_000_000_000));
        }
        exchange.place(good, limit(Side::Short, 200_100_000, 1_000_000_000));
        exchange.advance(2, 10);
        exchange.publish(209_000_000);
        exchange.run_plan(&Plan { refresh: vec![0], calls: Vec::new() });
        exchange.place(taker, limit(Side::Long, 200_200_000, 1_000_000_000));
        exchange.advance(1, 1);
        let plans = filler().decide(&exchange.world());
        let [plan] = &plans[..] else { panic!("one fill, not {plans:?}") };
        let Some(Call { instruction: Decoded::FillOrder(fill), .. }) = plan.purpose() else {
            panic!("a fill, not {plan:?}")
        };
        assert_eq!((fill.makers.len(), fill.split()), (1, (None, &[good][..])));
        let named = best_makers(&exchange.world(), 0, Side::Long, Price(200_200_000), &taker, 8);
        assert_eq!(named.iter().map(|maker| maker.account).collect::<Vec<_>>(), [good]);
    }

    #[test]
    fn fills_of_resting_orders_share_a_transaction() {
        let mut exchange = TestExchange::new();
        exchange.without_amm();
        let traders: Vec<Pubkey> = (0..4).map(|_| exchange.trader(10_000_000_000)).collect();
        exchange.place(traders[0], limit(Side::Long, 200_000_000, 1_000_000_000));
        exchange.place(traders[1], limit(Side::Long, 199_900_000, 1_000_000_000));
        exchange.place(traders[2], limit(Side::Short, 199_800_000, 1_000_000_000));
        exchange.place(traders[3], limit(Side::Short, 199_800_000, 1_000_000_000));
        exchange.advance(1, 1);
        let plans = filler().decide(&exchange.world());
        assert_eq!(plans.iter().map(|plan| plan.calls.len()).collect::<Vec<_>>(), [2], "{plans:?}");
        assert_eq!(plans[0].subjects().len(), 2);
        exchange.run_plan(&plans[0]);
        let world = exchange.world();
        let bases: Vec<i64> = traders.iter().map(|trader| world.accounts[trader].base(0).0).collect();
        assert_eq!(bases, [1_000_000_000, 1_000_000_000, -1_000_000_000, -1_000_000_000]);
        // Alone each of them goes by itself.
        let one = Filler { max_fills: 1, ..filler() };
        assert_eq!(filler().decide(&world), one.decide(&world));
    }

    #[test]
    fn two_fills_do_not_count_on_one_maker() {
        let mut exchange = TestExchange::new();
        exchange.without_amm();
        let traders: Vec<Pubkey> = (0..3).map(|_| exchange.trader(10_000_000_000)).collect();
        // One buyer for two sellers: the second has nothing left to trade with.
        exchange.place(traders[0], limit(Side::Long, 200_000_000, 1_000_000_000));
        exchange.place(traders[1], limit(Side::Short, 199_800_000, 1_000_000_000));
        exchange.place(traders[2], limit(Side::Short, 199_800_000, 1_000_000_000));
        exchange.advance(1, 1);
        let world = exchange.world();
        let plans = filler().decide(&world);
        assert_eq!(plans.iter().map(|plan| plan.calls.len()).collect::<Vec<_>>(), [1]);
        // Nor while the first is under way, about whose order nothing more is decided.
        let taken = plans[0].subjects();
        let is_free = |subject: &Subject| !taken.contains(subject);
        let attention = || Attention::new(4, &is_free);
        assert_eq!(filler().decide_within(&world, &attention().after(&plans)), []);
        assert_eq!(filler().decide_within(&world, &attention()).len(), 1, "who does not know of it decides so");
    }

    #[test]
    fn a_fill_by_the_vamm_brings_its_own_refresh_and_one_by_a_maker_only_a_newer_price() {
        let mut exchange = TestExchange::new();
        let (a, b) = (exchange.trader(10_000_000_000), exchange.trader(10_000_000_000));
        exchange.place(a, limit(Side::Long, 201_000_000, 1_000_000_000));
        exchange.advance(1, 1);
        exchange.publish(200_000_000);
        let mut world = exchange.world();
        world.board = world.fresh.clone();
        let plans = filler().decide(&world);
        // The row is as new as its source, and may be a slot too old when the transaction lands.
        assert_eq!(plans.iter().map(|plan| &plan.refresh[..]).collect::<Vec<_>>(), [[0]], "{plans:?}");
        exchange.without_amm();
        exchange.place(b, limit(Side::Short, 200_500_000, 1_000_000_000));
        let mut world = exchange.world();
        world.board = world.fresh.clone();
        let plans = filler().decide(&world);
        assert_eq!(plans.iter().map(|plan| plan.refresh.len()).collect::<Vec<_>>(), [0], "{plans:?}");
    }

    #[test]
    fn an_order_in_its_auction_is_left_to_makers_for_a_while() {
        let mut exchange = TestExchange::new();
        let trader = exchange.trader(10_000_000_000);
        exchange.place(trader, market_order(Side::Long, 1_000_000_000));
        // Slot of the first fill by slots that are yielded.
        let first = |exchange: &TestExchange, yield_slots| {
            let mut exchange = exchange.clone();
            (0..16).find(|_| {
                exchange.advance(1, 0);
                exchange.publish(200_000_000);
                let plans = Filler { yield_slots, ..filler() }.decide(&exchange.world());
                !plans.is_empty()
            })
        };
        let at_once = first(&exchange, 0).expect("the auction comes to the vAMM's price");
        assert_eq!(first(&exchange, 1), Some(at_once + 1));
        assert_eq!(first(&exchange, 2), Some(at_once + 2));
    }

    #[test]
    fn an_order_in_its_auction_goes_alone() {
        let mut exchange = TestExchange::new();
        let (a, b, c) =
            (exchange.trader(10_000_000_000), exchange.trader(10_000_000_000), exchange.trader(10_000_000_000));
        exchange.place(a, market_order(Side::Long, 1_000_000_000));
        exchange.place(b, market_order(Side::Long, 1_000_000_000));
        exchange.place(c, market_order(Side::Long, 1_000_000_000));
        exchange.advance(13, 5);
        exchange.publish(200_000_000);
        let plans = filler().decide(&exchange.world());
        assert_eq!(plans.iter().map(|plan| plan.calls.len()).collect::<Vec<_>>(), [1, 1, 1], "{plans:?}");
    }
}
