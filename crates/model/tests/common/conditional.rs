//! Random orders that wait, come in slices or belong together, and the services to them.

use super::asks::{Ask, ask, params};
use super::ops::{ACCOUNTS, Tally, account, nth_order};
use super::{World, leg};
use kedge_model::account::board::Purpose;
use kedge_model::account::order::{Order, OrderKind, OrderParams, Side, flags};
use kedge_model::action::TriggerReport;
use kedge_model::event::CancelReason;
use kedge_model::num::floor_to;
use kedge_model::quantity::{Price, Size};
use kedge_model::rule::margin::MarginKind;
use proptest::prelude::*;

/// What is particular to an order of these kinds: its kind, the trigger in hundredths of a percent of the oracle, where
/// it looks, the trail.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    pub kind: u8,
    pub trigger: i64,
    pub source: u16,
    pub extent: u32,
}

#[derive(Clone, Debug)]
pub(crate) enum Op {
    Place { account: usize, ask: Ask, terms: Terms },
    Twap { account: usize, ask: Ask, slices: u64 },
    Bracket { account: usize, ask: Ask, terms: Terms, second: Terms },
    OneCancelsOther { account: usize, nth: usize, ask: Ask, terms: Terms },
    Trigger { account: usize, nth: usize, crank: Option<usize> },
    Trail { account: usize, nth: usize, crank: Option<usize> },
    Slice { account: usize, nth: usize, crank: Option<usize> },
    Expire { account: usize, market: usize, crank: Option<usize> },
}

fn terms() -> impl Strategy<Value = Terms> {
    let source = prop_oneof![4 => Just(0u16), 1 => Just(flags::TRIGGER_MARK), 1 => Just(flags::TRIGGER_LAST)];
    (2u8..7, -150i64..150, source, prop_oneof![Just(100u32), 500u32..50_000])
        .prop_map(|(kind, trigger, source, extent)| Terms { kind, trigger, source, extent })
}

pub(crate) fn op() -> impl Strategy<Value = Op> {
    let served = || (account(), 0usize..6, proptest::option::of(account()));
    prop_oneof![
        4 => (account(), ask(), terms()).prop_map(|(account, ask, terms)| Op::Place { account, ask, terms }),
        2 => (account(), ask(), 1u64..12).prop_map(|(account, ask, slices)| Op::Twap { account, ask, slices }),
        3 => (account(), ask(), terms(), terms())
            .prop_map(|(account, ask, terms, second)| Op::Bracket { account, ask, terms, second }),
        2 => (account(), 0usize..4, ask(), terms())
            .prop_map(|(account, nth, ask, terms)| Op::OneCancelsOther { account, nth, ask, terms }),
        9 => served().prop_map(|(account, nth, crank)| Op::Trigger { account, nth, crank }),
        2 => served().prop_map(|(account, nth, crank)| Op::Trail { account, nth, crank }),
        3 => served().prop_map(|(account, nth, crank)| Op::Slice { account, nth, crank }),
        2 => (account(), 0usize..3, proptest::option::of(account()))
            .prop_map(|(account, market, crank)| Op::Expire { account, market, crank }),
    ]
}

fn with_terms(world: &World, plain: OrderParams, terms: Terms) -> OrderParams {
    let market = usize::from(plain.market);
    let (oracle, tick) = (world.oracle(market).0, world.markets[market].tick.0);
    let raw = i128::from(oracle) * i128::from(10_000 + terms.trigger) / 10_000;
    let trigger = floor_to(u64::try_from(raw).unwrap(), tick).max(tick);
    let trails = terms.kind == OrderKind::TrailingStop as u8;
    let rests = OrderKind::from_number(terms.kind).unwrap().rests();
    OrderParams {
        kind: terms.kind,
        price: if rests || terms.trigger % 3 == 0 { plain.price.max(Price(tick)) } else { Price::ZERO },
        trigger_price: Price(if trails && terms.trigger % 2 == 0 { 0 } else { trigger }),
        extent: if trails { terms.extent } else { 0 },
        auction_start: Price::ZERO,
        auction_end: Price::ZERO,
        auction_ms: 0,
        flags: plain.flags & flags::REDUCE_ONLY | terms.source,
        ..plain
    }
}

/// The nth order for which something holds, from an account on.
fn nth_that(world: &World, account: usize, nth: usize, fits: impl Fn(&Order) -> bool) -> Option<(usize, Order)> {
    let mut found = Vec::new();
    for at in (0..ACCOUNTS).map(|offset| (account + offset) % ACCOUNTS) {
        found.extend(world.accounts[at].open().filter(|order| fits(order)).map(|order| (at, *order)));
    }
    (!found.is_empty()).then(|| found[nth % found.len()])
}

pub(crate) fn step(world: &mut World, op: &Op, tally: &mut Tally) {
    match op {
        Op::Place { .. } | Op::Twap { .. } | Op::Bracket { .. } | Op::OneCancelsOther { .. } => place(world, op, tally),
        Op::Trigger { account, nth, crank } => {
            let slot = world.clock.slot;
            let restarts = |order: &Order| {
                let triggered = !order.level().is_zero() && order.kind == OrderKind::Market as u8;
                triggered && !order.in_auction(slot)
            };
            // One whose auction is over first: there are few.
            let found = nth_that(world, *account, *nth, restarts);
            let Some((at, order)) = found.or_else(|| nth_that(world, *account, *nth, Order::is_waiting)) else {
                return;
            };
            trigger(world, at, &order, crank.filter(|crank| *crank != at), tally);
        }
        Op::Trail { account, nth, crank } => {
            let trails = |order: &Order| order.kind == OrderKind::TrailingStop as u8;
            let Some((at, order)) = nth_that(world, *account, *nth, trails) else { return };
            let result = world.trail(usize::from(order.market), at, order.id, crank.filter(|crank| *crank != at));
            if let Ok(report) = &result {
                let forward = match order.side() {
                    Side::Short => report.trigger_price > order.level(),
                    Side::Long => report.trigger_price < order.level(),
                };
                assert!(forward, "a trail went backwards");
            }
            tally.note("trail", result.map(drop));
        }
        Op::Slice { account, nth, crank } => {
            let slices = |order: &Order| order.kind == OrderKind::Twap as u8;
            let Some((at, order)) = nth_that(world, *account, *nth, slices) else { return };
            let result = world.slice(usize::from(order.market), at, order.id, crank.filter(|crank| *crank != at));
            if let Ok(report) = &result {
                assert!(report.released <= order.size && report.released >= order.released());
            }
            tally.note("slice", result.map(drop));
        }
        Op::Expire { account, market, crank } => {
            let result = world.expire(*market, *account, &[], crank.filter(|crank| crank != account));
            tally.note("expire", result.map(drop));
        }
    }
}

fn place(world: &mut World, op: &Op, tally: &mut Tally) {
    match op {
        Op::Place { account, ask, terms } => {
            let order = with_terms(world, params(world, *account, ask), *terms);
            tally.note("place waiting", world.place(*account, order).map(drop));
        }
        Op::Twap { account, ask, slices } => {
            let plain = params(world, *account, ask);
            let step = world.markets[ask.market].step.0;
            let extent = u32::try_from((plain.size.0 / step / slices).max(1)).unwrap_or(u32::MAX);
            let terms = Terms { kind: OrderKind::Twap as u8, trigger: 1, source: 0, extent };
            let plain = with_terms(world, plain, terms);
            let order = OrderParams { trigger_price: Price::ZERO, extent, link: 10, ..plain };
            tally.note("place twap", world.place(*account, order).map(drop));
        }
        Op::Bracket { account, ask, terms, second } => {
            let entry = OrderParams { flags: 0, client_id: 0, ..params(world, *account, ask) };
            let close = OrderParams { side: entry.side ^ 1, size: Size::ZERO, ..entry };
            let legs = [*terms, *second].map(|terms| leg(with_terms(world, close, terms)));
            tally.note("place bracket", world.place_all(*account, &[entry, legs[0], legs[1]]).map(drop));
        }
        Op::OneCancelsOther { account, nth, ask, terms } => {
            let mut account = *account;
            let Some((id, market)) = nth_order(world, &mut account, *nth) else { return };
            let named = world.accounts[account].find(id).unwrap();
            let plain = params(world, account, &Ask { market, client_id: 0, ..*ask });
            let side = named.side ^ u8::from(terms.trigger % 5 == 0);
            let plain = OrderParams { size: named.remaining().unwrap(), flags: named.flags, side, ..plain };
            let order = with_terms(world, plain, *terms);
            let order = OrderParams { flags: order.flags | flags::LEG, link: id, ..order };
            tally.note("place other", world.place(account, order).map(drop));
        }
        _ => unreachable!("only orders come here"),
    }
}

fn trigger(world: &mut World, at: usize, before: &Order, crank: Option<usize>, tally: &mut Tally) {
    let market = usize::from(before.market);
    let health = |w: &World| {
        let margin = w.margin_in(at, market, MarginKind::Maintenance, Purpose::Liquidate);
        margin.and_then(|margin| margin.free()).ok().map(|free| free.0)
    };
    let worst = |w: &World| w.accounts[at].position(market).worst_case_base().unwrap().size();
    let (free, exposed) = (health(world), worst(world));
    let result = world.trigger(market, at, before.id, crank);
    if let Ok(report) = &result {
        triggered(world, at, before, report);
        if worst(world) > exposed {
            let margin = world.margin_in(at, market, MarginKind::Initial, Purpose::IncreaseRisk).unwrap();
            assert!(margin.is_met(), "risk was opened below initial margin");
        } else if let (Some(before), Some(after)) = (free, health(world)) {
            assert!(before < 0 || after >= 0, "a fee made the account liquidatable");
        }
    }
    let name = match &result {
        Ok(report) if report.removed != CancelReason::None => "trigger removed",
        Ok(_) if !before.is_waiting() => "restart",
        _ => "trigger",
    };
    tally.note(name, result.map(drop));
}

/// What must hold of every order that was triggered.
fn triggered(world: &World, account: usize, before: &Order, report: &TriggerReport) {
    if before.is_waiting() {
        let rises = match (before.kind, before.side()) {
            (2 | 3 | 6, Side::Long) | (4 | 5, Side::Short) => true,
            (2 | 3 | 6, Side::Short) | (4 | 5, Side::Long) => false,
            other => panic!("{other:?} never waits"),
        };
        let level = before.level();
        let reached = if rises { report.price >= level } else { report.price <= level };
        assert!(reached, "{before:?} was triggered at {:?}, on the wrong side", report.price);
    } else {
        assert_eq!(report.reward.0, 0, "another auction is free");
    }
    let Some(after) = world.accounts[account].find(before.id) else {
        assert_eq!(report.removed, CancelReason::Margin, "only a lack of margin removes");
        return;
    };
    assert!(!after.is_waiting() && after.remaining() == before.remaining());
    if before.is_waiting() {
        let next = world.markets[usize::from(before.market)].next_order_seq;
        assert_eq!(after.seq + 1, next, "it comes behind everything");
        if !before.price().is_zero() {
            assert_eq!(after.price, before.price, "the owner's limit stays");
        }
    }
}
