//! Returns dead orders: those past their expiry, reduce-only ones with nothing left to reduce, and of the best of each
//! book those that their owners cannot back.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use kedge_model::account::order::{Order, Side};
use kedge_model::action::MAX_EXPIRED;
use kedge_model::event::CancelReason;
use kedge_sender::{Call, Plan, Subject};
use kedge_state::World;
use solana_pubkey::Pubkey;

use super::{Attention, Job};
use crate::trial::Trial;

/// Orders on each side of a book whose backing is looked at: what takers meet first.
const FRONT: usize = 8;

/// Returns every dead order.
#[derive(Clone, Copy, Debug, Default)]
pub struct ExpiryKeeper {
    /// The sub-account that gets the fees; none to work for nothing.
    pub account: Option<Pubkey>,
}

impl Job for ExpiryKeeper {
    fn name(&self) -> &'static str {
        "expiry"
    }

    fn decide(&self, world: &World) -> Vec<Plan> {
        self.decide_within(world, &Attention::all())
    }

    fn decide_within(&self, world: &World, attention: &Attention<'_>) -> Vec<Plan> {
        let trial = Trial::standing(world);
        let found: Vec<(Pubkey, u16)> = candidates(world).into_iter().collect();
        let mut plans = Vec::new();
        for (address, market) in attention.turn(found.len(), world.clock.slot).map(|place| found[place]) {
            if attention.is_full(plans.len()) {
                break;
            }
            if !attention.is_free(&Subject::Orders(address, market)) {
                continue;
            }
            let ids = dead(world, &address, market);
            if ids.is_empty() {
                continue;
            }
            if !attention.spend() {
                break;
            }
            let crank = self.account.filter(|crank| *crank != address);
            let expire = Call::expire(market, address, ids, crank);
            if trial.run(&expire).is_ok() {
                plans.push(Plan::of(expire));
            }
        }
        plans.extend(self.unbacked(world));
        plans
    }
}

impl ExpiryKeeper {
    /// Ends orders at the front of the books that their owners lack the margin for. Fills pass them over, and each takes the
    /// place of one that could trade.
    fn unbacked(&self, world: &World) -> Vec<Plan> {
        let trial = Trial::refreshed(world);
        let mut found: BTreeMap<(u16, Pubkey), Vec<u32>> = BTreeMap::new();
        for market in &world.markets {
            let oracle = world.oracle(market.index);
            let Ok((low, high)) = market.band(oracle) else { continue };
            let (books, index) = (world.books(), market.index);
            for (side, worst) in [(Side::Long, low), (Side::Short, high)] {
                let front = books.market(index).resting(side, worst, Some(oracle), market.tick).take(FRONT);
                for resting in front {
                    let address = books.address(resting.account);
                    let account = world.accounts.get(&address);
                    let order = account.and_then(|account| account.orders.get(usize::from(resting.slot)));
                    if order.is_some_and(|order| trial.is_unbacked(index, &address, order)) {
                        found.entry((index, address)).or_default().push(resting.id);
                    }
                }
            }
        }
        let plan = |((market, account), mut ids): ((u16, Pubkey), Vec<u32>)| {
            ids.truncate(MAX_EXPIRED);
            let crank = self.account.filter(|crank| *crank != account);
            let expire = Call::expire(market, account, ids, crank);
            trial.run(&expire).ok()?;
            Some(Plan::of(expire).after_refresh(world.outdated(world.markets_of(&account))))
        };
        found.into_iter().filter_map(plan).collect()
    }
}

/// Whose orders in which markets may be dead: past their expiry, or reduce-only beside a position that they do not reduce.
fn candidates(world: &World) -> BTreeSet<(Pubkey, u16)> {
    let books = world.books();
    let mut found = BTreeSet::new();
    for market in &world.markets {
        let book = books.market(market.index);
        // Each owner once before addresses are sorted.
        let owners: HashSet<u32> = book.expired(&world.clock).map(|entry| entry.account).collect();
        found.extend(owners.into_iter().map(|owner| (books.address(owner), market.index)));
        for entry in book.reducers() {
            let address = books.address(entry.account);
            let Some(account) = world.accounts.get(&address) else { continue };
            let (base, order) = (account.base(market.index), account.orders.get(usize::from(entry.slot)));
            if order.is_some_and(|order| base.is_zero() || Side::closing(base) != order.side()) {
                found.insert((address, market.index));
            }
        }
    }
    found
}

/// Ids of an account's dead orders in a market, as many as one instruction takes.
fn dead(world: &World, address: &Pubkey, market: u16) -> Vec<u32> {
    let Some(account) = world.accounts.get(address) else { return Vec::new() };
    // The copy is what the model looks at.
    let mut copy = account.clone();
    let copy = copy.borrow();
    let is_dead = |order: &Order| {
        let reason = kedge_model::action::dead_order(&copy, order, &world.clock);
        reason.is_ok_and(|reason| reason != CancelReason::None)
    };
    let dead = account.orders_in(market).filter(|(_, order)| is_dead(order));
    dead.map(|(_, order)| order.id).take(MAX_EXPIRED).collect()
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};
    use std::time::Instant;

    use kedge_model::account::order::{OrderKind, OrderParams, flags};
    use kedge_model::quantity::Price;

    use super::*;
    use crate::testing::RunPlan as _;
    use kedge_state::testing::{TestExchange, limit};

    #[test]
    fn returns_what_has_expired_and_what_has_nothing_left_to_reduce() {
        let mut exchange = TestExchange::new();
        let (buyer, seller) = (exchange.trader(10_000_000_000), exchange.trader(10_000_000_000));
        let keeper = ExpiryKeeper { account: Some(exchange.trader(1_000_000)) };
        exchange.trade(buyer, seller, 1_000_000_000, 200_000_000);
        let kind = OrderKind::StopMarket as u8;
        let stop = OrderParams { kind, trigger_price: Price(150_000_000), ..limit(Side::Short, 0, 1_000_000_000) };
        let stop = exchange.place(buyer, OrderParams { flags: flags::REDUCE_ONLY, ..stop });
        let expires_at = u32::try_from(exchange.world().clock.unix_time).unwrap() + 5;
        let resting = OrderParams { expires_at, ..limit(Side::Long, 190_000_000, 1_000_000_000) };
        let resting = exchange.place(buyer, resting);
        assert_eq!(keeper.decide(&exchange.world()), []);
        let expire = |ids| Plan::of(Call::expire(0, buyer, ids, keeper.account));
        exchange.advance(12, 5);
        assert_eq!(keeper.decide(&exchange.world()), [expire(vec![resting])]);
        exchange.run_plan(&expire(vec![resting]));
        exchange.trade(seller, buyer, 1_000_000_000, 200_000_000);
        assert_eq!(keeper.decide(&exchange.world()), [expire(vec![stop])]);
    }

    #[test]
    fn ends_what_its_owner_cannot_back_any_more() {
        let mut exchange = TestExchange::new();
        let (poor, rich) = (exchange.trader(22_000_000), exchange.trader(10_000_000_000));
        let keeper = ExpiryKeeper { account: Some(exchange.trader(1_000_000)) };
        let bad = exchange.place(poor, limit(Side::Short, 201_000_000, 1_000_000_000));
        exchange.place(rich, limit(Side::Short, 202_000_000, 1_000_000_000));
        assert_eq!(keeper.decide(&exchange.world()), []);
        exchange.advance(2, 10);
        exchange.publish(209_000_000);
        let plans = keeper.decide(&exchange.world());
        let [plan] = &plans[..] else { panic!("one plan, not {plans:?}") };
        let expire = Call::expire(0, poor, vec![bad], keeper.account);
        assert_eq!(plan.purpose(), Some(&expire));
        exchange.run_plan(plan);
        assert_eq!(keeper.decide(&exchange.world()), []);
    }

    /// 32,000 dead orders of a thousand owners.
    fn many() -> TestExchange {
        let mut exchange = TestExchange::new();
        let expires_at = u32::try_from(exchange.world().clock.unix_time).unwrap() + 5;
        for _ in 0..2_000 {
            let owner = exchange.trader(10_000_000_000);
            for level in 0..16 {
                let price = 190_000_000 + level * 10_000;
                exchange.place(owner, OrderParams { expires_at, ..limit(Side::Long, price, 100_000_000) });
            }
        }
        exchange.advance(12, 5);
        exchange
    }

    #[test]
    fn a_turn_costs_what_it_can_send_and_not_what_is_due() {
        let world = many().world();
        // As whoever keeps the mirror has them.
        let _ = world.books();
        let keeper = ExpiryKeeper { account: None };
        let started = Instant::now();
        let all = keeper.decide(&world);
        let everything = started.elapsed();
        assert!(all.len() >= 2_000, "{}", all.len());
        let (busy, asked) = (RefCell::new(HashSet::new()), Cell::new(0));
        let is_free = |subject: &Subject| {
            asked.set(asked.get() + 1);
            !busy.borrow().contains(subject)
        };
        let started = Instant::now();
        let first = keeper.decide_within(&world, &Attention::new(64, &is_free));
        let turn = started.elapsed();
        assert_eq!(first, all[..64]);
        println!("{} plans in {everything:?}, a turn of 64 in {turn:?}", all.len());
        assert!(turn < everything, "{turn:?} of {everything:?}");
        // What is under way is passed over, and the turn after it has others.
        busy.borrow_mut().extend(first.iter().map(Plan::subject));
        let second = keeper.decide_within(&world, &Attention::new(64, &is_free));
        assert_eq!(second.len(), 64);
        assert!(second.iter().all(|plan| !busy.borrow().contains(&plan.subject())));
        assert!(asked.get() < 1_000, "{}", asked.get());
    }
}
