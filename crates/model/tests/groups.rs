//! Orders that belong together: brackets, and orders of which one cancels the other.

mod common;

use common::check::check;
use common::waiting::{CRANK, MAKER, OWNER, cancel, holding, quote, reducing};
use common::{BOOK, DOLLAR, ONE, SOL, World, at_market, ioc, leg, limit, waiting, with};
use kedge_model::account::order::{OrderKind, OrderParams, Side, flags};
use kedge_model::error::Error;
use kedge_model::quantity::{Base, Price, Size};
use proptest::prelude::*;

/// An entry of 10 SOL at 148 with a stop at 140 and a take-profit at 160.
fn bracket(world: &mut World) -> (u32, u32, u32) {
    let entry = limit(SOL, Side::Long, 10 * ONE, 148 * DOLLAR);
    let stop = leg(waiting(SOL, OrderKind::StopMarket, Side::Short, 0, 140 * DOLLAR));
    let profit = leg(waiting(SOL, OrderKind::TakeProfitLimit, Side::Short, 0, 152 * DOLLAR));
    let first = world.place_all(OWNER, &[entry, stop, profit]).unwrap();
    check(world);
    (first, first + 1, first + 2)
}

#[test]
fn legs_follow_what_the_parent_fills_and_each_other() {
    let mut world = holding(0);
    let (parent, stop, profit) = bracket(&mut world);
    let left = |w: &World, id| w.accounts[OWNER].find(id).map(|order| order.remaining().unwrap().0);
    assert!(world.accounts[OWNER].find(parent).unwrap().has(flags::HAS_LEGS));
    assert_eq!((left(&world, stop), left(&world, profit)), (Some(0), Some(0)));
    quote(&mut world, 152 * DOLLAR);
    assert_eq!(world.trigger(SOL, OWNER, profit, None).map(drop), Err(Error::NothingToFill), "it sleeps");

    quote(&mut world, 148 * DOLLAR);
    let _ = world.take(MAKER, ioc(SOL, Side::Short, 4 * ONE, 148 * DOLLAR), &[OWNER]).unwrap();
    check(&mut world);
    assert_eq!((left(&world, stop), left(&world, profit)), (Some(4 * ONE), Some(4 * ONE)));

    quote(&mut world, 152 * DOLLAR);
    let _ = world.trigger(SOL, OWNER, profit, Some(CRANK)).unwrap();
    let _ = world.take(MAKER, ioc(SOL, Side::Long, ONE, 152 * DOLLAR), &[OWNER]).unwrap();
    check(&mut world);
    assert_eq!((left(&world, stop), left(&world, profit)), (Some(3 * ONE), Some(3 * ONE)));

    quote(&mut world, 148 * DOLLAR);
    let _ = world.take(MAKER, ioc(SOL, Side::Short, 2 * ONE, 148 * DOLLAR), &[OWNER]).unwrap();
    check(&mut world);
    assert_eq!((left(&world, stop), left(&world, profit)), (Some(5 * ONE), Some(5 * ONE)));

    // The rest of the entry goes: what it has filled stays protected.
    cancel(&mut world, OWNER, parent);
    assert_eq!((left(&world, stop), left(&world, profit)), (Some(5 * ONE), Some(5 * ONE)));
    quote(&mut world, 152 * DOLLAR);
    let _ = world.take(MAKER, ioc(SOL, Side::Long, 5 * ONE, 152 * DOLLAR), &[OWNER]).unwrap();
    check(&mut world);
    assert_eq!((left(&world, stop), left(&world, profit)), (None, None), "one done, both gone");
    assert_eq!(world.accounts[OWNER].position(SOL).base, Base::ZERO);
    assert_eq!(world.accounts[OWNER].head.open_orders, 0);
}

#[test]
fn legs_of_an_entry_that_never_filled_go_with_it() {
    let mut world = holding(0);
    let (parent, _, _) = bracket(&mut world);
    cancel(&mut world, OWNER, parent);
    assert_eq!(world.accounts[OWNER].open().count(), 0);
    assert!(!world.accounts[OWNER].head.positions[0].is_used());
}

#[test]
fn a_cancelled_leg_leaves_the_other() {
    let mut world = holding(0);
    let (_, stop, profit) = bracket(&mut world);
    quote(&mut world, 148 * DOLLAR);
    let _ = world.take(MAKER, ioc(SOL, Side::Short, 10 * ONE, 148 * DOLLAR), &[OWNER]).unwrap();
    cancel(&mut world, OWNER, profit);
    assert_eq!(world.accounts[OWNER].find(stop).unwrap().size, Size(10 * ONE));
}

#[test]
fn a_stop_sleeps_while_its_entry_can_still_fill() {
    let mut world = holding(0);
    let (parent, stop, profit) = bracket(&mut world);
    quote(&mut world, 148 * DOLLAR);
    let _ = world.take(MAKER, ioc(SOL, Side::Short, 4 * ONE, 148 * DOLLAR), &[OWNER]).unwrap();
    quote(&mut world, 152 * DOLLAR);
    let _ = world.trigger(SOL, OWNER, profit, None).unwrap();
    let _ = world.take(MAKER, ioc(SOL, Side::Long, 4 * ONE, 152 * DOLLAR), &[OWNER]).unwrap();
    check(&mut world);
    assert!(world.accounts[OWNER].find(profit).is_none());
    assert_eq!(world.accounts[OWNER].find(stop).unwrap().size, Size::ZERO);
    assert_eq!(world.expire(SOL, OWNER, &[], Some(CRANK)).map(drop), Err(Error::NothingExpired));
    quote(&mut world, 148 * DOLLAR);
    let _ = world.take(MAKER, ioc(SOL, Side::Short, 6 * ONE, 148 * DOLLAR), &[OWNER]).unwrap();
    check(&mut world);
    assert!(world.accounts[OWNER].find(parent).is_none());
    assert_eq!(world.accounts[OWNER].find(stop).unwrap().size, Size(6 * ONE));
}

#[test]
fn of_two_orders_one_cancels_the_other() {
    let mut world = holding(10);
    let profit = world.place(OWNER, reducing(limit(SOL, Side::Short, 10 * ONE, 152 * DOLLAR))).unwrap();
    let stop = leg(waiting(SOL, OrderKind::StopMarket, Side::Short, 10 * ONE, 145 * DOLLAR));
    let wrong = OrderParams { size: Size(9 * ONE), link: profit, ..stop };
    assert_eq!(world.place(OWNER, wrong).map(drop), Err(Error::InvalidOrder), "sizes must be the same");
    let stop = world.place(OWNER, OrderParams { link: profit, ..stop }).unwrap();
    check(&mut world);
    quote(&mut world, 152 * DOLLAR);
    let _ = world.take(MAKER, ioc(SOL, Side::Long, 4 * ONE, 152 * DOLLAR), &[OWNER]).unwrap();
    check(&mut world);
    assert_eq!(world.accounts[OWNER].find(stop).unwrap().size, Size(6 * ONE));
    quote(&mut world, 145 * DOLLAR);
    let _ = world.trigger(SOL, OWNER, stop, None).unwrap();
    world.wait(6);
    quote(&mut world, 145 * DOLLAR);
    assert_eq!(world.fill(SOL, OWNER, stop, None, &[]).unwrap().matched.size, Size(6 * ONE));
    check(&mut world);
    assert_eq!(world.accounts[OWNER].open().count(), 0, "the limit went with it");
}

#[test]
fn groups_have_four_members_at_most_and_their_own_rules() {
    let mut world = holding(0);
    let (parent, ..) = bracket(&mut world);
    let stop = leg(waiting(SOL, OrderKind::StopMarket, Side::Short, 0, 141 * DOLLAR));
    let more = OrderParams { link: parent, ..stop };
    let _ = world.place_all(OWNER, &[more, more]).unwrap();
    assert_eq!(world.place(OWNER, more).map(drop), Err(Error::GroupFull));
    let sized = OrderParams { size: Size(ONE), ..more };
    let same_side = OrderParams { side: Side::Long as u8, ..more };
    let opening = OrderParams { flags: flags::LEG, ..more };
    let nobody = OrderParams { link: 77, ..more };
    let linked = OrderParams { flags: flags::REDUCE_ONLY, ..sized };
    let owned = OrderParams { flags: more.flags | flags::HAS_LEGS, ..more };
    for (params, error) in [
        (sized, Error::InvalidOrder),
        (same_side, Error::InvalidOrder),
        (opening, Error::OrderTooSmall),
        (nobody, Error::OrderNotFound),
        (linked, Error::InvalidOrder),
        (owned, Error::InvalidOrder),
    ] {
        assert_eq!(world.place(OWNER, params).map(drop), Err(error), "{params:?}");
    }
    let plain = OrderParams { flags: flags::LEG, link: parent, ..limit(SOL, Side::Short, ONE, 155 * DOLLAR) };
    assert_eq!(world.place(OWNER, plain).map(drop), Err(Error::InvalidOrder), "a leg waits");
}

#[test]
fn a_number_that_happens_to_be_a_groups_makes_no_member() {
    let mut world = holding(0);
    world.accounts[OWNER].head.next_order_id = 59;
    let slices =
        OrderParams { kind: OrderKind::Twap as u8, extent: 100, link: 60, ..limit(SOL, Side::Long, 10 * ONE, 0) };
    let twap = world.place(OWNER, slices).unwrap();
    let (first, second) = (bracket(&mut world), bracket(&mut world));
    assert_eq!((twap, first.0), (59, 60), "seconds between slices, and a number");
    quote(&mut world, 148 * DOLLAR);
    let _ = world.take(MAKER, ioc(SOL, Side::Short, 4 * ONE, 148 * DOLLAR), &[OWNER]).unwrap();
    check(&mut world);
    let size = |id| world.accounts[OWNER].find(id).map(|order| order.size.0);
    assert_eq!((size(first.1), size(first.2)), (Some(4 * ONE), Some(4 * ONE)));
    assert_eq!((size(second.1), size(second.2), size(twap)), (Some(0), Some(0), Some(10 * ONE)));
}

#[test]
fn a_fill_of_one_of_two_that_open_is_judged_without_the_other() {
    let mut world = holding(0);
    let sell = world.place(OWNER, limit(SOL, Side::Short, 10 * ONE, 152 * DOLLAR)).unwrap();
    let stop = waiting(SOL, OrderKind::StopMarket, Side::Short, 10 * ONE, 145 * DOLLAR);
    let stop = world.place(OWNER, OrderParams { flags: flags::LEG, link: sell, ..stop }).unwrap();
    check(&mut world);
    quote(&mut world, 152 * DOLLAR);
    let report = world.take(MAKER, ioc(SOL, Side::Long, 10 * ONE, 152 * DOLLAR), &[OWNER]).unwrap();
    assert_eq!(report.matched.maker_size, Size(10 * ONE));
    check(&mut world);
    assert_eq!((world.accounts[OWNER].find(sell), world.accounts[OWNER].find(stop)), (None, None));
    assert_eq!(world.accounts[OWNER].position(SOL).base, Base(-10 * 1_000_000_000));
}

/// What may happen to a bracket.
#[derive(Clone, Copy, Debug)]
enum Move {
    Price(i64),
    Sell { steps: u64, bps: i64 },
    Buy { steps: u64, bps: i64 },
    Serve(usize),
    Fill(usize),
    Cancel(usize),
    Attach(i64),
    Expire,
}

fn moves() -> impl Strategy<Value = Move> {
    prop_oneof![
        6 => (-150i64..150).prop_map(Move::Price),
        5 => (1u64..400, -50i64..20).prop_map(|(steps, bps)| Move::Sell { steps, bps }),
        3 => (1u64..400, -20i64..50).prop_map(|(steps, bps)| Move::Buy { steps, bps }),
        6 => (0usize..4).prop_map(Move::Serve),
        4 => (0usize..4).prop_map(Move::Fill),
        1 => (0usize..4).prop_map(Move::Cancel),
        1 => (-150i64..0).prop_map(Move::Attach),
        1 => Just(Move::Expire),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// The owner trades through one bracket alone, so its position is what the parent has filled less what the legs
    /// have; and that is what every leg has left, whatever happens in whatever order.
    #[test]
    fn legs_have_left_what_the_parent_filled_less_what_they_did(
        waits: bool, kinds in (2u8..7, 2u8..7), sequence in prop::collection::vec(moves(), 10..60),
    ) {
        let mut world = holding(0);
        world.deposit(MAKER, 0, 1_000_000 * DOLLAR).unwrap();
        let entry = if waits {
            waiting(SOL, OrderKind::StopLimit, Side::Long, 5 * ONE, 150 * DOLLAR)
        } else {
            limit(SOL, Side::Long, 5 * ONE, 150 * DOLLAR)
        };
        let second = |kind: u8, trigger: u64| {
            let kind = OrderKind::from_number(kind).unwrap();
            let params = leg(waiting(SOL, kind, Side::Short, 0, trigger * DOLLAR));
            OrderParams { extent: if kind == OrderKind::TrailingStop { 10_000 } else { 0 }, ..params }
        };
        let parent = world.place_all(OWNER, &[entry, second(kinds.0, 148), second(kinds.1, 152)]).unwrap();
        for step in sequence {
            let nth = |w: &World, at: usize| {
                let count = w.accounts[OWNER].open().count();
                w.accounts[OWNER].open().nth(at % count.max(1)).copied()
            };
            let near = |w: &World, bps: i64| {
                let price = w.oracle(SOL).0.checked_add_signed(w.oracle(SOL).0 as i64 * bps / 10_000).unwrap();
                price / 1_000 * 1_000
            };
            match step {
                Move::Price(bps) => {
                    let price = near(&world, bps).clamp(130 * DOLLAR, 170 * DOLLAR);
                    quote(&mut world, price);
                }
                Move::Sell { steps, bps } => {
                    let order = ioc(SOL, Side::Short, steps * 10_000_000, near(&world, bps));
                    let _ = world.take(MAKER, order, &[OWNER]);
                }
                Move::Buy { steps, bps } => {
                    let order = ioc(SOL, Side::Long, steps * 10_000_000, near(&world, bps));
                    let _ = world.take(MAKER, order, &[OWNER]);
                }
                Move::Serve(at) => {
                    if let Some(order) = nth(&world, at) {
                        let _ = world.trail(SOL, OWNER, order.id, Some(CRANK));
                        let _ = world.trigger(SOL, OWNER, order.id, Some(CRANK));
                    }
                }
                Move::Fill(at) => {
                    if let Some(order) = nth(&world, at) {
                        let _ = world.fill(SOL, OWNER, order.id, None, &[MAKER]);
                    }
                }
                Move::Cancel(at) => {
                    if let Some(order) = nth(&world, at) {
                        cancel(&mut world, OWNER, order.id);
                    }
                }
                Move::Attach(bps) => {
                    let trigger = near(&world, bps);
                    let late = leg(waiting(SOL, OrderKind::StopMarket, Side::Short, 0, trigger));
                    let _ = world.place(OWNER, OrderParams { link: parent, ..late });
                }
                Move::Expire => drop(world.expire(SOL, OWNER, &[], Some(CRANK))),
            }
            check(&mut world);
            let base = world.accounts[OWNER].position(SOL).base;
            prop_assert!(base.0 >= 0, "the legs sold more than the parent bought");
            for order in world.accounts[OWNER].open().filter(|order| order.has(flags::LEG)) {
                prop_assert_eq!(order.remaining().unwrap(), base.size(), "{:?}", order);
            }
            // With an entry in the market no leg is gone for want of something to do, and none waits for nothing.
            if world.accounts[OWNER].find(parent).is_none() && base.is_zero() {
                prop_assert_eq!(world.accounts[OWNER].open().count(), 0);
            }
        }
    }
}

#[test]
fn nobody_follows_what_it_must_not() {
    let bad = |world: &World, params: OrderParams| {
        let refused = world.clone().place(OWNER, params).map(drop);
        assert_eq!(refused, Err(Error::InvalidOrder), "{params:?}");
    };
    let sleeping = leg(waiting(SOL, OrderKind::StopMarket, Side::Long, 0, 156 * DOLLAR));
    let sized = |link| OrderParams {
        link,
        ..with(flags::LEG, waiting(SOL, OrderKind::StopMarket, Side::Short, 4 * ONE, 140 * DOLLAR))
    };
    // What only reduces, and what is one of two, has no legs.
    let mut world = holding(10);
    let plain = world.place(OWNER, limit(SOL, Side::Short, 4 * ONE, 152 * DOLLAR)).unwrap();
    let reduces = world.place(OWNER, reducing(limit(SOL, Side::Short, 4 * ONE, 153 * DOLLAR))).unwrap();
    bad(&world, OrderParams { link: reduces, ..sleeping });
    let other = world.place(OWNER, sized(plain)).unwrap();
    bad(&world, OrderParams { link: other, ..sleeping });
    bad(&world, OrderParams { link: plain, ..sleeping });
    // Of three orders each cancels the others.
    let third = world.place(OWNER, OrderParams { trigger_price: Price(141 * DOLLAR), ..sized(other) }).unwrap();
    assert_eq!([other, third].map(|id| world.accounts[OWNER].find(id).unwrap().link), [plain; 2]);
    check(&mut world);
    // An order of a bracket is no partner, nor is one that trades at once, though as much is left of them.
    let mut world = holding(0);
    let (parent, stop, _) = bracket(&mut world);
    quote(&mut world, 148 * DOLLAR);
    let _ = world.take(MAKER, ioc(SOL, Side::Short, 4 * ONE, 148 * DOLLAR), &[OWNER]).unwrap();
    let market = world.place(OWNER, at_market(SOL, Side::Short, 4 * ONE)).unwrap();
    bad(&world, OrderParams { size: Size(6 * ONE), ..sized(parent) });
    bad(&world, sized(stop));
    bad(&world, sized(market));
    // Another bracket's late leg goes by its own.
    let entry = limit(SOL, Side::Long, 10 * ONE, 147 * DOLLAR);
    let own = leg(waiting(SOL, OrderKind::StopMarket, Side::Short, 0, 139 * DOLLAR));
    let second = world.place_all(OWNER, &[entry, own]).unwrap();
    let late = world.place(OWNER, OrderParams { link: second, ..own }).unwrap();
    assert_eq!(world.accounts[OWNER].find(late).unwrap().size, Size(0));
    check(&mut world);
}

#[test]
fn orders_of_one_group_that_meet_shrink_once() {
    let mut world = World::funded(6, 100_000);
    let bid = world.place(OWNER, limit(BOOK, Side::Long, 2 * ONE, 1_995 * DOLLAR)).unwrap();
    let stop = waiting(BOOK, OrderKind::StopLimit, Side::Short, 2 * ONE, 1_990 * DOLLAR);
    let stop = OrderParams { link: bid, ..with(flags::LEG | flags::SELF_DECREMENT, stop) };
    let stop = world.place(OWNER, stop).unwrap();
    let alone = world.place(OWNER, limit(BOOK, Side::Long, ONE, 1_996 * DOLLAR)).unwrap();
    world.wait(1);
    let _ = world.refresh_bank(0, DOLLAR).unwrap();
    let _ = world.refresh(BOOK, 1_990 * DOLLAR).unwrap();
    let _ = world.trigger(BOOK, OWNER, stop, None).unwrap();
    // One unit against the bid that belongs to nothing, the other against its own partner, which has one left.
    let report = world.fill(BOOK, OWNER, stop, None, &[]).unwrap();
    assert_eq!((report.matched.size, report.matched.self_trades), (Size(0), 2));
    for id in [bid, stop, alone] {
        assert_eq!(world.accounts[OWNER].find(id), None, "{id}");
    }
    check(&mut world);
}
