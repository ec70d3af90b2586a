//! Random flags on orders, and changes of orders.

use super::World;
use super::asks::{Ask, ask, params};
use super::ops::{Tally, account, nth_order};
use kedge_model::account::board::Purpose;
use kedge_model::account::order::{Order, OrderKind, OrderParams, flags};
use kedge_model::action::{ModifyParams, OrderFilter, change};
use kedge_model::num::floor_to;
use kedge_model::quantity::{Price, Size};
use kedge_model::rule::margin::MarginKind;
use proptest::prelude::*;

/// What few orders ask for: flags, and the part that is shown in tenths of the whole (0 for all).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extras {
    pub bits: u16,
    pub show: u64,
}

pub(crate) fn extras() -> impl Strategy<Value = Extras> {
    let bits = prop_oneof![
        8 => Just(0u16),
        2 => Just(flags::OFFSET),
        1 => Just(flags::OFFSET | flags::POST_ONLY | flags::SLIDE),
        2 => Just(flags::POST_ONLY | flags::SLIDE),
        1 => Just(flags::FILL_OR_KILL),
        2 => Just(flags::SELF_CANCEL_TAKER),
        2 => Just(flags::SELF_DECREMENT),
    ];
    (bits, prop_oneof![4 => Just(0u64), 1 => 1u64..5]).prop_map(|(bits, show)| Extras { bits, show })
}

/// The order with its extras.
pub(crate) fn asked(world: &World, account: usize, ask: &Ask) -> OrderParams {
    let plain = params(world, account, ask);
    let market = &world.markets[ask.market];
    let mut order = OrderParams { flags: plain.flags | ask.extras.bits, ..plain };
    if ask.kind == OrderKind::Market as u8 {
        order.flags &= !(flags::OFFSET | flags::SLIDE | flags::POST_ONLY);
        return order;
    }
    if order.flags & flags::OFFSET != 0 {
        let distance = order.price.0.cast_signed() - world.oracle(ask.market).0.cast_signed();
        let tick = market.tick.0.cast_signed();
        order.price = Price((distance / tick * tick).cast_unsigned());
        (order.auction_start, order.auction_end, order.auction_ms) = (Price::ZERO, Price::ZERO, 0);
    }
    // Mostly sound: what contradicts itself is refused, and tests of its own see to that.
    if order.flags & flags::POST_ONLY != 0 {
        (order.auction_start, order.auction_end, order.auction_ms) = (Price::ZERO, Price::ZERO, 0);
    }
    if order.flags & flags::AT_ONCE != 0 {
        return order;
    }
    order.extent = u32::try_from(order.size.0 / market.step.0 * ask.extras.show / 10).unwrap();
    order
}

#[derive(Clone, Debug)]
pub(crate) enum Op {
    Modify { account: usize, nth: usize, ask: Ask, changes: u8 },
    Replace { account: usize, nth: usize, ask: Ask, second: bool, strict: bool },
    Cancel { account: usize, nth: usize, what: u8 },
}

pub(crate) fn op() -> impl Strategy<Value = Op> {
    let changes = prop_oneof![
        3 => Just(change::PRICE),
        3 => Just(change::SIZE),
        1 => Just(change::EXPIRY),
        1 => Just(change::TRIGGER),
        1 => Just(change::EXTENT),
        1 => 0u8..64,
    ];
    prop_oneof![
        6 => (account(), 0usize..6, ask(), changes)
            .prop_map(|(account, nth, ask, changes)| Op::Modify { account, nth, ask, changes }),
        3 => (account(), 0usize..6, ask(), any::<bool>(), any::<bool>())
            .prop_map(|(account, nth, ask, second, strict)| Op::Replace { account, nth, ask, second, strict }),
        1 => (account(), 0usize..6, 0u8..16).prop_map(|(account, nth, what)| Op::Cancel { account, nth, what }),
    ]
}

fn worst(world: &World, account: usize, market: usize) -> Size {
    world.accounts[account].position(market).worst_case_base().unwrap().size()
}

/// Risk that grew by orders alone is under initial margin.
fn require_margin(world: &World, account: usize, market: usize, before: Size) {
    if worst(world, account, market) > before {
        let margin = world.margin_in(account, market, MarginKind::Initial, Purpose::IncreaseRisk).unwrap();
        assert!(margin.is_met(), "risk was opened below initial margin: {margin:?}");
    }
}

pub(crate) fn step(world: &mut World, op: &Op, tally: &mut Tally) {
    match *op {
        Op::Modify { mut account, nth, ask, changes } => {
            let Some((id, market)) = nth_order(world, &mut account, nth) else { return };
            let order = world.accounts[account].find(id).unwrap();
            let terms = Ask { market, side: order.side, kind: OrderKind::Limit as u8, ..ask };
            let bits = order.flags & flags::OFFSET;
            let wanted =
                asked(world, account, &Ask { extras: Extras { bits, show: ask.extras.show }, flags: 0, ..terms });
            let params = ModifyParams {
                price: wanted.price,
                size: if ask.part % 2 == 0 { wanted.size } else { halved(&order, world.markets[market].step) },
                trigger_price: if order.is_waiting() { order.level() } else { wanted.price },
                order_id: id,
                expires_at: u32::try_from(world.clock.unix_time + 40).unwrap(),
                extent: wanted.extent,
                changes,
                ..ModifyParams::default()
            };
            let before = worst(world, account, market);
            let result = world.modify(market, account, params);
            if let Ok(report) = &result {
                require_margin(world, account, market, before);
                let now = world.accounts[account].find(id).unwrap();
                assert_eq!((now, now.client_id, now.filled), (report.order, order.client_id, order.filled));
                let same = (now.seq, now.activation_slot) == (order.seq, order.activation_slot);
                assert!(if report.kept_place { same } else { now.activation_slot == world.clock.slot });
                assert!(!report.kept_place || (now.price == order.price && now.size <= order.size));
            }
            tally.note("modify", result.map(drop));
        }
        Op::Replace { mut account, nth, ask, second, strict } => {
            let Some((id, market)) = nth_order(world, &mut account, nth) else { return };
            let order = asked(world, account, &Ask { market, ..ask });
            let quotes = [order, OrderParams { client_id: 0, ..order }];
            let before = worst(world, account, market);
            let orders = &quotes[..1 + usize::from(second)];
            let ids = if second { vec![id, 4_000_000] } else { vec![id] };
            let result = world.replace(market, account, &ids, orders, strict);
            if result.is_ok() {
                require_margin(world, account, market, before);
                assert!(world.accounts[account].find(id).is_none());
            }
            tally.note("replace", result.map(drop));
        }
        Op::Cancel { mut account, nth, what } => {
            let Some((id, market)) = nth_order(world, &mut account, nth) else { return };
            let order = world.accounts[account].find(id).unwrap();
            let filter = OrderFilter {
                client_id: if what & 1 == 0 { 0 } else { order.client_id },
                market: if what & 2 == 0 { World::index(market) } else { OrderFilter::ANY.market },
                side: if what & 4 == 0 { order.side } else { OrderFilter::BOTH },
                ..OrderFilter::ANY
            };
            let ids = if what & 8 == 0 { vec![] } else { vec![id, 4_000_000] };
            let cancelled = world.cancel_orders(account, filter, &ids).expect("cancelling is never refused");
            assert!(cancelled >= 1 && world.accounts[account].find(id).is_none());
            tally.note("cancel orders", Ok(()));
        }
    }
}

/// Half of what an order has left, above what is filled.
fn halved(order: &Order, step: Size) -> Size {
    let left = order.size.0.saturating_sub(order.filled.0);
    Size(order.filled.0 + floor_to(left / 2, step.0))
}

/// Whether two accounts are one owner's.
pub(crate) fn same_owner(world: &World, one: usize, other: usize) -> bool {
    world.accounts[one].head.is_of(&world.accounts[other].head)
}
