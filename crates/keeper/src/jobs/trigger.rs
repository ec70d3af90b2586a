//! Serves waiting and sliced orders: triggers them, moves trailing stops, releases slices.

use std::collections::BTreeSet;

use kedge_model::account::order::{Order, OrderKind, flags};
use kedge_model::rule::trigger;
use kedge_sender::{Call, Plan, Service, Subject};
use kedge_state::World;
use kedge_state::book::Watched;
use kedge_state::book::side::Entry;
use solana_pubkey::Pubkey;

use super::{Attention, Job};
use crate::trial::try_plan;

/// Serves every order that is due.
#[derive(Clone, Copy, Debug, Default)]
pub struct TriggerKeeper {
    /// The sub-account that gets the fees; none to work for nothing.
    pub account: Option<Pubkey>,
}

impl Job for TriggerKeeper {
    fn name(&self) -> &'static str {
        "trigger"
    }

    fn decide(&self, world: &World) -> Vec<Plan> {
        self.decide_within(world, &Attention::all())
    }

    fn decide_within(&self, world: &World, attention: &Attention<'_>) -> Vec<Plan> {
        let mut due = Vec::new();
        for (address, slot) in candidates(world) {
            let account = world.accounts.get(&address);
            let order =
                account.and_then(|account| account.orders.get(usize::from(slot))).filter(|order| order.is_open());
            let Some(order) = order else { continue };
            due.extend(services(world, order).into_iter().flatten().map(|service| (service, address, slot, order)));
        }
        // What closes positions first: nobody waits for a trail.
        due.sort_by_key(|(service, ..)| *service != Service::Trigger);
        let mut plans = Vec::new();
        for (service, address, slot, order) in attention.turn(due.len(), world.clock.slot).map(|place| due[place]) {
            if attention.is_full(plans.len()) {
                break;
            }
            if !attention.is_free(&Subject::Order(service.name(), address, order.id)) {
                continue;
            }
            if !attention.spend() {
                break;
            }
            plans.extend(self.plan(world, &address, service, slot, order));
        }
        plans
    }
}

impl TriggerKeeper {
    fn plan(&self, world: &World, owner: &Pubkey, service: Service, slot: u8, order: &Order) -> Option<Plan> {
        // Nobody pays itself.
        let crank = self.account.filter(|crank| crank != owner);
        let call = Call::serve(service, order.market, *owner, (order.id, slot), crank);
        try_plan(world, Plan::of(call), world.markets_of(owner)).ok()
    }
}

/// Orders that may need something, by owner and slot: those whose trigger the price has reached that they look at, and
/// those that are looked at at every tick.
fn candidates(world: &World) -> BTreeSet<(Pubkey, u8)> {
    let books = world.books();
    let mut found = BTreeSet::new();
    for market in &world.markets {
        let book = books.market(market.index);
        let mut add = |entry: &Entry| {
            found.insert((books.address(entry.account), entry.slot));
        };
        book.attended().for_each(&mut add);
        let Ok(row) = world.fresh.market(market.index) else { continue };
        let looks = [
            (Watched::Oracle, 0),
            (Watched::Mark, flags::TRIGGER_MARK),
            (Watched::Last, flags::TRIGGER & !flags::TRIGGER_MARK),
        ];
        for (watched, bits) in looks {
            if let Ok(price) = trigger::seen(market, row, &world.fresh, bits, &world.clock) {
                book.reached(watched, price).for_each(&mut add);
            }
        }
    }
    found
}

/// What an order may need now, at the price after a refresh.
fn services(world: &World, order: &Order) -> [Option<Service>; 2] {
    let (Some(market), Ok(row)) = (world.markets.get(usize::from(order.market)), world.fresh.market(order.market))
    else {
        return [None, None];
    };
    if order.kind == OrderKind::Twap as u8 {
        return [Some(Service::Slice), None];
    }
    let clock = &world.clock;
    let triggers = if order.is_waiting() {
        let seen = trigger::seen(market, row, &world.fresh, order.flags, clock);
        seen.is_ok_and(|price| trigger::is_reached(order, price))
    } else {
        row.price.liquidation_price().is_ok_and(|price| trigger::is_left_behind(order, price, clock.slot))
    };
    let trails = order.is_waiting() && order.kind == OrderKind::TrailingStop as u8;
    [triggers.then_some(Service::Trigger), (trails && !triggers).then_some(Service::Trail)]
}

#[cfg(test)]
mod tests {
    use kedge_interface::instruction::Decoded;
    use kedge_model::account::order::{OrderParams, Side, flags};
    use kedge_model::quantity::Price;

    use super::*;
    use crate::testing::RunPlan as _;
    use kedge_state::testing::{TestExchange, limit, market_order};

    fn waiting(kind: OrderKind, trigger: u64) -> OrderParams {
        let flags = flags::REDUCE_ONLY;
        OrderParams { kind: kind as u8, trigger_price: Price(trigger), flags, ..limit(Side::Short, 0, 1_000_000_000) }
    }

    /// Somebody long at 200, and a keeper.
    fn exchange() -> (TestExchange, Pubkey, TriggerKeeper) {
        let mut exchange = TestExchange::new();
        let (buyer, seller) = (exchange.trader(10_000_000_000), exchange.trader(10_000_000_000));
        exchange.trade(buyer, seller, 1_000_000_000, 200_000_000);
        let keeper = TriggerKeeper { account: Some(exchange.trader(1_000_000)) };
        (exchange, buyer, keeper)
    }

    fn calls(exchange: &TestExchange, keeper: TriggerKeeper) -> Vec<Call> {
        keeper.decide(&exchange.world()).into_iter().flat_map(|plan| plan.calls).collect()
    }

    #[test]
    fn triggers_what_the_price_reaches_and_starts_it_anew_when_it_runs_away() {
        let (mut exchange, owner, keeper) = exchange();
        let order_id = exchange.place(owner, waiting(OrderKind::StopMarket, 190_000_000));
        exchange.advance(2, 1);
        exchange.publish(191_000_000);
        assert_eq!(calls(&exchange, keeper), []);
        exchange.publish(190_000_000);
        let plans = keeper.decide(&exchange.world());
        let trigger = Call::serve(Service::Trigger, 0, owner, (order_id, 0), keeper.account);
        assert_eq!(plans, [Plan::of(trigger.clone()).after_refresh(vec![0])]);
        exchange.run_plan(&plans[0]);
        assert_eq!(calls(&exchange, keeper), [], "its auction runs");
        exchange.advance(20, 8);
        exchange.publish(190_000_000);
        assert_eq!(calls(&exchange, keeper), [], "a filler can still have it");
        exchange.publish(185_000_000);
        assert_eq!(calls(&exchange, keeper), [trigger]);
    }

    #[test]
    fn moves_a_trail_once_it_is_worth_it_and_never_back() {
        let (mut exchange, owner, keeper) = exchange();
        let order_id = exchange.place(owner, OrderParams { extent: 10_000, ..waiting(OrderKind::TrailingStop, 0) });
        exchange.advance(2, 1);
        exchange.publish(200_100_000);
        assert_eq!(calls(&exchange, keeper), []);
        exchange.publish(204_000_000);
        let plans = keeper.decide(&exchange.world());
        let trail = Call::serve(Service::Trail, 0, owner, (order_id, 0), keeper.account);
        assert_eq!(plans, [Plan::of(trail).after_refresh(vec![0])]);
        exchange.run_plan(&plans[0]);
        exchange.advance(2, 1);
        exchange.publish(203_000_000);
        assert_eq!(calls(&exchange, keeper), []);
        exchange.publish(201_900_000);
        assert!(matches!(calls(&exchange, keeper)[..], [Call { instruction: Decoded::TriggerOrder(_), .. }]));
    }

    #[test]
    fn releases_slices_when_they_are_due() {
        let (mut exchange, _, keeper) = exchange();
        let owner = exchange.trader(10_000_000_000);
        let twap = OrderParams {
            kind: OrderKind::Twap as u8,
            extent: 100,
            link: 20,
            ..market_order(Side::Long, 3_000_000_000)
        };
        exchange.place(owner, twap);
        exchange.advance(40, 16);
        exchange.publish(200_000_000);
        assert_eq!(calls(&exchange, keeper), []);
        exchange.advance(10, 4);
        exchange.publish(200_000_000);
        assert!(matches!(calls(&exchange, keeper)[..], [Call { instruction: Decoded::SliceOrder(_), .. }]));
    }
}
