//! Random conditional orders, slices and groups, and services to them.

use kedge_interface::instruction::Instruction;
use kedge_model::account::order::{Order, OrderKind, OrderParams, Side, flags};
use kedge_model::quantity::{Price, Size};

use crate::World;
use crate::random::Random;
use crate::world::User;

/// Conditional variants of the user's plain order: a waiting one, an entry with its bracket, or a pair that cancels
/// each other.
pub fn orders(world: &World, random: &mut Random, user: User, plain: OrderParams) -> Vec<OrderParams> {
    let (step, tick) = {
        let market = world.market(plain.market);
        (market.step.0, market.tick.0)
    };
    let plain = OrderParams { client_id: 0, auction_start: Price(0), auction_end: Price(0), ..plain };
    let plain = OrderParams { auction_ms: 0, flags: plain.flags & flags::REDUCE_ONLY, ..plain };
    let limit = plain.price.max(Price(tick));
    let waits = waiting(world, random, plain, tick);
    let leg = flags::LEG | flags::REDUCE_ONLY;
    match random.below(10) {
        0..5 => vec![waits],
        5..7 => {
            let slices = random.between(2, 9);
            let steps = (plain.size.0 / step / slices).max(1);
            let (kind, link) = (OrderKind::Twap as u8, *random.pick(&[10, 15, 30]));
            vec![OrderParams { kind, price: Price(0), extent: u32::try_from(steps).unwrap_or(1), link, ..plain }]
        }
        7..9 => {
            let entry = OrderParams { flags: 0, ..plain };
            let first = OrderParams { side: plain.side ^ 1, size: Size(0), flags: leg, ..waits };
            let (kind, trigger_price) = (OrderKind::StopMarket as u8, trigger(world, random, plain.market, tick));
            vec![entry, first, OrderParams { kind, trigger_price, extent: 0, price: Price(0), ..first }]
        }
        _ => {
            let long = world.position(user, plain.market).base.0 > 0;
            let side = if long { Side::Short } else { Side::Long } as u8;
            let (kind, reduces) = (OrderKind::Limit as u8, flags::REDUCE_ONLY);
            let first = OrderParams { kind, side, flags: reduces, price: limit, ..plain };
            vec![first, OrderParams { side, flags: leg, ..waits }]
        }
    }
}

fn waiting(world: &World, random: &mut Random, plain: OrderParams, tick: u64) -> OrderParams {
    use OrderKind::{StopLimit, StopMarket, TakeProfitLimit, TakeProfitMarket, TrailingStop};
    let kind = *random.pick(&[StopMarket, StopLimit, TakeProfitMarket, TakeProfitLimit, TrailingStop]);
    let trails = kind == TrailingStop;
    let bounded = kind.rests() || random.percent(30);
    OrderParams {
        kind: kind as u8,
        price: if bounded { plain.price.max(Price(tick)) } else { Price(0) },
        trigger_price: if trails && random.percent(70) { Price(0) } else { trigger(world, random, plain.market, tick) },
        extent: if trails { *random.pick(&[200, 2_000, 20_000]) } else { 0 },
        flags: plain.flags | *random.pick(&[0, 0, flags::TRIGGER_MARK, flags::TRIGGER_LAST]),
        ..plain
    }
}

fn trigger(world: &World, random: &mut Random, market: u16, tick: u64) -> Price {
    let oracle = world.prices[usize::from(market)];
    let away = oracle / 10_000 * random.below(150);
    Price(if random.percent(50) { oracle + away } else { oracle - away } / tick * tick)
}

/// A service to a random user's order, for its fee.
pub fn service(world: &World, random: &mut Random, crank: User) -> Option<Instruction> {
    let waits = |order: &Order| order.is_waiting() || !order.level().is_zero();
    let trails = |order: &Order| order.is_waiting() && order.kind == OrderKind::TrailingStop as u8;
    let sliced = |order: &Order| order.kind == OrderKind::Twap as u8;
    let choice = random.below(10);
    let (user, order) = match choice {
        0..5 => pick(world, random, waits),
        5..7 => pick(world, random, trails),
        7..9 => pick(world, random, sliced),
        _ => pick(world, random, |_| true),
    }?;
    if user == crank {
        return None;
    }
    Some(match choice {
        0..5 => world.triggering(crank, user, order.id).into(),
        5..7 => world.trailing(crank, user, order.id).into(),
        7..9 => world.slicing(crank, user, order.id).into(),
        _ => {
            let ids: &[u32] = if random.percent(50) { &[] } else { &[order.id] };
            world.expiring(crank, user, order.market, ids).into()
        }
    })
}

/// A random user's order that fits.
fn pick(world: &World, random: &mut Random, fits: impl Fn(&Order) -> bool) -> Option<(User, Order)> {
    let mut found = Vec::new();
    for user in &world.users {
        let data = world.sub(&user.sub);
        found.extend(data.open_orders().filter(|(_, order)| fits(order)).map(|(_, order)| (*user, *order)));
    }
    (!found.is_empty()).then(|| *random.pick(&found))
}
