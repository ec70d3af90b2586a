use kedge_interface::instruction::{Decoded, PlaceAndMake};
use kedge_model::account::order::{OrderParams, Side, flags};
use kedge_model::clock::Clock;
use kedge_model::quantity::{Amount, Base, Ppm, Size};
use kedge_sender::{MakerOrder, Receipt};
use kedge_state::testing::{TestExchange, limit, market_order};

use super::*;
use crate::jobs::expiry::ExpiryKeeper;
use crate::testing::RunPlan as _;

const LIMITS: Limits =
    Limits { market: 0, size: Size(1_000_000_000), max_join: Size(5_000_000_000), max_position: Size(10_000_000_000) };

/// A fixed spread of 10 bps to each side, two levels, 20 bps of skew.
fn plain() -> Adaptive {
    Adaptive {
        edge: Ppm(1_000),
        confidence_weight: Ppm(0),
        volatility_weight: Ppm(0),
        max_edge: Ppm(1_000),
        skew: Ppm(2_000),
        levels: 2,
        requote: Ppm(500_000),
    }
}

fn maker(account: Pubkey, limits: Limits, ladder: bool, joins: bool) -> Maker {
    Maker::new(account, Box::new(plain()), vec![limits], Uses { ladder, joins }, KillLimits::default())
}

fn guarded(account: Pubkey, kill: KillLimits) -> Maker {
    Maker::new(account, Box::new(plain()), vec![LIMITS], Uses { ladder: true, joins: true }, kill)
}

fn ladder_of(plans: &[Plan]) -> Vec<(u8, u64, u64)> {
    let place = plans.iter().flat_map(|plan| &plan.calls).find_map(|call| match &call.instruction {
        Decoded::PlaceOrders(place) => Some(&place.orders),
        _ => None,
    });
    let orders = place.unwrap_or_else(|| panic!("{plans:?}"));
    orders.iter().map(|order| (order.side, order.price.0, order.size.0)).collect()
}

#[test]
fn quotes_and_then_only_when_the_price_has_moved() {
    let mut exchange = TestExchange::new();
    let own = exchange.trader(100_000_000_000);
    let job = maker(own, LIMITS, true, false);
    assert_eq!(job.name(), "quoter");
    let plans = job.decide(&exchange.world());
    assert_eq!(
        ladder_of(&plans),
        [
            (0, 199_800_000, 1_000_000_000),
            (0, 199_600_000, 2_000_000_000),
            (1, 200_200_000, 1_000_000_000),
            (1, 200_400_000, 2_000_000_000)
        ]
    );
    exchange.run_plan(&plans[0]);
    assert_eq!(job.decide(&exchange.world()), []);
    exchange.advance(1, 2);
    exchange.publish(200_050_000);
    assert_eq!(job.decide(&exchange.world()), [], "2.5 bps are within half the spread");
    exchange.advance(1, 2);
    exchange.publish(200_300_000);
    let plans = job.decide(&exchange.world());
    assert_eq!(plans[0].calls[0], Call::cancel_all(own, Some(0)));
    exchange.run_plan(&plans[0]);
    assert_eq!(exchange.world().accounts[&own].head.open_orders, 4);
    let spread = job.figures().into_iter().find(|figure| figure.name == "spread_bps").unwrap();
    assert!((spread.value - 20.0).abs() < 0.1, "{spread:?}");
}

#[test]
fn a_full_position_is_quoted_on_one_side() {
    let mut exchange = TestExchange::new();
    let (own, other) = (exchange.trader(100_000_000_000), exchange.trader(100_000_000_000));
    exchange.trade(own, other, 10_000_000_000, 200_000_000);
    let ladder = ladder_of(&maker(own, LIMITS, true, false).decide(&exchange.world()));
    assert!(ladder.iter().all(|(side, ..)| *side == Side::Short as u8));
    // Moved down by 20 bps: 199.60 and 10 bps from there, which is the vAMM's bid, so one tick above it.
    assert_eq!(ladder[0].1, 199_801_000);
    // Nearly full: what is left of the room, and no more.
    let roomy = Limits { max_position: Size(11_500_000_000), ..LIMITS };
    let ladder = ladder_of(&maker(own, roomy, true, false).decide(&exchange.world()));
    let bids: Vec<u64> = ladder.iter().filter(|(side, ..)| *side == 0).map(|(.., size)| *size).collect();
    assert_eq!(bids, [1_000_000_000, 500_000_000]);
}

fn slots_until_it_joins(exchange: &mut TestExchange, job: &Maker) -> u64 {
    for slots in 0..20 {
        if !job.decide(&exchange.world()).is_empty() {
            return slots;
        }
        exchange.advance(1, 0);
    }
    panic!("never joined");
}

#[test]
fn joins_once_the_price_is_better_than_fair_plus_edge() {
    let mut exchange = TestExchange::new();
    let (own, taker) = (exchange.trader(100_000_000_000), exchange.trader(10_000_000_000));
    let order = exchange.place(taker, market_order(Side::Long, 6_000_000_000));
    let job = maker(own, Limits { max_position: Size(8_000_000_000), ..LIMITS }, false, true);
    assert_eq!(job.name(), "jit");
    // 200.00 to 201.00 in 13 slots; it wants 200.20, which slot 3 brings.
    assert_eq!(slots_until_it_joins(&mut exchange, &job), 3);
    let plans = job.decide(&exchange.world());
    let [Call { instruction: Decoded::PlaceAndMake(PlaceAndMake { order_id, size, worst_price, .. }), .. }] =
        plans[0].calls[..]
    else {
        panic!("{plans:?}")
    };
    assert_eq!((order_id, size, worst_price), (order, 5_000_000_000, 200_200_000));
    exchange.advance(1, 0);
    exchange.run_plan(&plans[0]);
    assert_eq!(exchange.world().accounts[&own].base(0), Base(-5_000_000_000));
}

#[test]
fn a_position_waits_for_a_better_price_and_the_other_side_does_not() {
    let mut exchange = TestExchange::new();
    let (own, taker) = (exchange.trader(100_000_000_000), exchange.trader(10_000_000_000));
    let job = maker(own, Limits { max_position: Size(8_000_000_000), ..LIMITS }, false, true);
    exchange.trade(taker, own, 5_000_000_000, 200_000_000);
    // Short 5 of 8: fair value is 12.5 bps higher, so it wants 200.45.
    exchange.place(taker, market_order(Side::Long, 1_000_000_000));
    assert_eq!(slots_until_it_joins(&mut exchange, &job), 6);
    let other = exchange.trader(10_000_000_000);
    exchange.place(other, market_order(Side::Short, 1_000_000_000));
    let buys_back =
        |plan: &Plan| matches!(&plan.calls[0].instruction, Decoded::PlaceAndMake(make) if make.taker == other);
    assert!(job.decide(&exchange.world()).iter().any(buys_back), "it buys back at once");
    // A full one joins nothing that would enlarge it.
    let full = maker(own, Limits { max_position: Size(5_000_000_000), ..LIMITS }, false, true);
    assert!(full.decide(&exchange.world()).iter().all(buys_back));
}

#[test]
fn one_strategy_rests_and_joins() {
    let mut exchange = TestExchange::new();
    let (own, taker) = (exchange.trader(100_000_000_000), exchange.trader(10_000_000_000));
    let job = maker(own, LIMITS, true, true);
    assert_eq!(job.name(), "maker");
    exchange.place(taker, market_order(Side::Long, 1_000_000_000));
    exchange.advance(5, 0);
    let names: Vec<_> = job.decide(&exchange.world()).iter().map(Plan::name).collect();
    assert_eq!(names, ["place_and_make", "place_orders"]);
    assert_eq!(job.decide(&exchange.world()), job.decide(&exchange.world()), "the same world, the same plans");
}

#[test]
fn uncertainty_widens_the_spread_up_to_its_limit() {
    let mut exchange = TestExchange::new();
    let own = exchange.trader(100_000_000_000);
    let adaptive = Adaptive {
        confidence_weight: Ppm(1_000_000),
        volatility_weight: Ppm(500_000),
        max_edge: Ppm(5_000),
        ..plain()
    };
    let half = |exchange: &TestExchange| {
        let world = exchange.world();
        adaptive.half_spread(&View::of(&world, &world.accounts[&own], LIMITS).unwrap()).0
    };
    // The exchange's prices are sure to 5 bps.
    let calm = half(&exchange);
    assert!((1_500..1_600).contains(&calm), "{calm}");
    exchange.advance(1, 2);
    exchange.publish(201_000_000);
    let moved = half(&exchange);
    assert!(moved > calm + 1_000, "{moved} after half a percent");
    exchange.advance(1, 2);
    exchange.publish(206_000_000);
    assert_eq!(half(&exchange), 5_000);
}

fn killed(job: &Maker) -> f64 {
    job.figures().into_iter().find(|figure| figure.name == "killed").unwrap().value
}

#[test]
fn a_loss_from_the_peak_stops_it_for_good() {
    let mut exchange = TestExchange::new();
    let (own, other) = (exchange.trader(100_000_000_000), exchange.trader(100_000_000_000));
    let job = guarded(own, KillLimits { max_drawdown: Amount(90_000_000), ..KillLimits::default() });
    exchange.trade(own, other, 10_000_000_000, 200_000_000);
    let plans = job.decide(&exchange.world());
    exchange.run_plan(plans.last().unwrap());
    assert_eq!((killed(&job), job.news()), (0.0, None));
    exchange.advance(1, 2);
    exchange.publish(190_000_000);
    assert_eq!(job.decide(&exchange.world()), [Plan::of(Call::cancel_all(own, Some(0)))]);
    assert!(job.news().unwrap().contains("fell from its peak of $"), "told once");
    assert_eq!((killed(&job), job.news()), (1.0, None));
    exchange.run_plan(&Plan::of(Call::cancel_all(own, Some(0))));
    exchange.advance(1, 2);
    exchange.publish(200_000_000);
    assert_eq!(job.decide(&exchange.world()), [], "it stays off when the price comes back");
}

#[test]
fn the_operators_file_stops_it_and_arms_it_again() {
    let file = std::env::temp_dir().join(format!("kedge-kill-{}", std::process::id()));
    let _ = std::fs::remove_file(&file);
    let mut exchange = TestExchange::new();
    let own = exchange.trader(100_000_000_000);
    let job = guarded(own, KillLimits { file: Some(file.clone()), ..KillLimits::default() });
    let plans = job.decide(&exchange.world());
    exchange.run_plan(&plans[0]);
    std::fs::write(&file, "").unwrap();
    let withdrawal = Plan::of(Call::cancel_all(own, Some(0)));
    assert_eq!(job.decide(&exchange.world()), std::slice::from_ref(&withdrawal));
    let why = job.why(&withdrawal).unwrap();
    assert!(why.starts_with("the kill switch has fallen: "), "the reason is the true one: {why}");
    assert_eq!(job.why(&plans[0]), None, "a ladder is explained by its orders");
    std::fs::remove_file(&file).unwrap();
    assert_eq!(job.decide(&exchange.world()), [], "the ladder still stands here, and is right");
    assert!(job.news().unwrap().contains("armed again"));
}

#[test]
fn refusals_and_a_price_that_stays_away_stop_it() {
    let clock = |slot| Clock { slot, unix_time: 0 };
    let limits = KillLimits { max_refusals: 3, max_stale_slots: 10, max_loss: Amount(5), ..KillLimits::default() };
    let mut switch = KillSwitch::new(limits.clone());
    for landed in [false, false, true, false, false] {
        switch.heard(landed);
    }
    assert_eq!(switch.look(clock(1), Some(100), None), None, "one that landed between them starts the count anew");
    switch.heard(false);
    assert_eq!(switch.look(clock(1), Some(100), None), Some(Cause::Refusals(3)));

    let mut switch = KillSwitch::new(limits.clone());
    assert_eq!(switch.look(clock(1), Some(100), Some(2)), None);
    assert_eq!(switch.look(clock(8), Some(100), None), None);
    assert_eq!(switch.look(clock(9), Some(100), Some(2)), None);
    assert_eq!(switch.look(clock(19), Some(100), Some(2)), None);
    assert_eq!(switch.look(clock(20), None, Some(2)), Some(Cause::Stale(2, 11)));

    let mut switch = KillSwitch::new(limits);
    assert_eq!(switch.look(clock(1), Some(100), None), None);
    assert_eq!(switch.look(clock(2), Some(95), None), None);
    assert_eq!(switch.look(clock(3), Some(94), None), Some(Cause::Loss(100, 94)));
    assert_eq!(switch.look(clock(4), Some(200), None), Some(Cause::Loss(100, 94)));
}

fn base(exchange: &TestExchange, account: Pubkey) -> i64 {
    exchange.world().accounts[&account].base(0).0
}

/// Runs every plan, also what was decided before others were.
fn run_all(exchange: &mut TestExchange, plans: &[Plan]) {
    plans.iter().for_each(|plan| exchange.run_plan(plan));
}

/// Somebody sells into the maker's bids as much as there is.
fn sell_into(exchange: &mut TestExchange, maker: Pubkey) {
    let world = exchange.world();
    let bids = world.accounts[&maker].orders_in(0).filter(|(_, order)| order.side() == Side::Long);
    let makers: Vec<MakerOrder> =
        bids.map(|(slot, order)| MakerOrder { account: maker, order_id: order.id, slot }).collect();
    let account = exchange.trader(100_000_000_000);
    let order = OrderParams { flags: flags::IMMEDIATE_OR_CANCEL, ..limit(Side::Short, 190_000_000, 50_000_000_000) };
    let take = Call::take(0, account, order, Size(0), &makers);
    exchange.run_plan(&Plan::of(take));
}

#[test]
fn ladder_and_joins_share_the_limit() {
    let mut exchange = TestExchange::new();
    exchange.without_amm();
    let own = exchange.trader(1_000_000_000_000);
    let job = maker(own, LIMITS, true, true);
    let most = LIMITS.max_position.0.cast_signed();
    let ladder = job.decide(&exchange.world());
    run_all(&mut exchange, &ladder);
    // Four sellers at once, and joins for all of them before the ladder is looked at again.
    let sellers: Vec<Pubkey> = (0..4).map(|_| exchange.trader(10_000_000_000)).collect();
    for seller in &sellers {
        exchange.place(*seller, market_order(Side::Short, 5_000_000_000));
    }
    for _ in 0..12 {
        exchange.advance(1, 0);
        let plans = job.decide(&exchange.world());
        let join = plans.iter().find(|plan| plan.name() == "place_and_make");
        join.into_iter().for_each(|plan| exchange.run_plan(plan));
        assert!(base(&exchange, own) <= most - 3_000_000_000, "what rests is kept free: {}", base(&exchange, own));
    }
    assert_eq!(base(&exchange, own), 7_000_000_000, "joins go to the limit less the ladder");
    sell_into(&mut exchange, own);
    assert_eq!(base(&exchange, own), most, "and the ladder to the limit");
    // With a full position no bid is left, neither in a ladder that is sent twice.
    let ladder = job.decide(&exchange.world());
    run_all(&mut exchange, &ladder);
    run_all(&mut exchange, &ladder);
    assert!(exchange.world().accounts[&own].orders_in(0).all(|(_, order)| order.side() == Side::Short));
}

#[test]
fn a_ladder_has_what_joins_leave_whatever_the_position() {
    for position in [-9_000_000_000i64, -4_000_000_000, 0, 6_500_000_000, 8_000_000_000] {
        let mut exchange = TestExchange::new();
        exchange.without_amm();
        let (own, other) = (exchange.trader(1_000_000_000_000), exchange.trader(1_000_000_000_000));
        match position {
            0 => {}
            long if long > 0 => exchange.trade(own, other, long.unsigned_abs(), 200_000_000),
            short => exchange.trade(other, own, short.unsigned_abs(), 200_000_000),
        }
        let plans = maker(own, LIMITS, true, true).decide(&exchange.world());
        let sizes =
            |side: u8| ladder_of(&plans).iter().filter(|one| one.0 == side).map(|one| one.2).sum::<u64>() as i64;
        for (side, own) in [(0, position), (1, -position)] {
            assert!(own.max(7_000_000_000) + sizes(side) <= 10_000_000_000, "{position}: {plans:?}");
        }
        assert!(sizes(0) + sizes(1) > 3_000_000_000, "{position}: both sides are still quoted where there is room");
    }
}

#[test]
fn a_first_ladder_that_is_sent_twice_is_one_ladder() {
    let mut exchange = TestExchange::new();
    let own = exchange.trader(100_000_000_000);
    let job = maker(own, LIMITS, true, false);
    let plans = job.decide(&exchange.world());
    assert_eq!(plans[0].calls[0], Call::cancel_all(own, Some(0)), "though none is seen to stand");
    for _ in 0..3 {
        run_all(&mut exchange, &plans);
        assert_eq!(exchange.world().accounts[&own].head.open_orders, 4);
    }
}

#[test]
fn a_quote_has_a_life_and_is_renewed_at_half_of_it() {
    let mut exchange = TestExchange::new();
    let own = exchange.trader(100_000_000_000);
    let job = maker(own, LIMITS, true, false).living(60);
    let plans = job.decide(&exchange.world());
    run_all(&mut exchange, &plans);
    let placed = exchange.world().clock.unix_time;
    let expiries = |exchange: &TestExchange| -> Vec<i64> {
        exchange.world().accounts[&own].orders_in(0).map(|(_, order)| order.expires_at.into()).collect()
    };
    assert_eq!(expiries(&exchange), [placed + 60; 4]);
    exchange.advance(50, 29);
    exchange.publish(200_000_000);
    assert_eq!(job.decide(&exchange.world()), []);
    exchange.advance(2, 1);
    exchange.publish(200_000_000);
    let plans = job.decide(&exchange.world());
    run_all(&mut exchange, &plans);
    assert_eq!(expiries(&exchange), [placed + 90; 4]);

    // The process dies: nobody trades on what it left, and an expiry keeper clears it away.
    exchange.advance(200, 60);
    exchange.publish(200_000_000);
    let world = exchange.world();
    assert!(world.accounts[&own].orders_in(0).all(|(_, order)| order.is_expired(&world.clock)));
    let plans = ExpiryKeeper { account: None }.decide(&world);
    assert!(!plans.is_empty());
    run_all(&mut exchange, &plans);
    assert_eq!(exchange.world().accounts[&own].head.open_orders, 0);
}

#[test]
fn who_leaves_cancels_what_may_stand_and_quotes_no_more() {
    let mut exchange = TestExchange::new();
    let own = exchange.trader(100_000_000_000);
    let job = maker(own, LIMITS, true, true);
    let ladder = job.decide(&exchange.world());
    // A ladder that is under way is not seen yet.
    let withdrawal = [Plan::of(Call::cancel_all(own, Some(0)))];
    assert_eq!(job.farewell(&exchange.world()), withdrawal);
    let why = job.why(&withdrawal[0]).unwrap();
    assert!(why.starts_with("the keeper stops"), "the reason is the true one: {why}");
    run_all(&mut exchange, &ladder);
    assert_eq!(job.decide(&exchange.world()), withdrawal, "nothing is quoted any more");
    assert_eq!(job.farewell(&exchange.world()), withdrawal, "until one is known to have landed");
    let receipt = |failure| Receipt {
        signature: Default::default(),
        label: "cancel_all",
        actor: 0,
        reward: Amount(0),
        failure,
        slot: 1,
        decided: 1,
        fee: 0,
        latency: Default::default(),
    };
    job.heard(&receipt(Some(kedge_sender::Failure::Expired)));
    job.heard(&receipt(None));
    assert_eq!(job.farewell(&exchange.world()), withdrawal, "what is seen to stand");
    run_all(&mut exchange, &withdrawal);
    assert_eq!((job.farewell(&exchange.world()), job.decide(&exchange.world())), (vec![], vec![]));
}

#[test]
fn a_ladder_that_cannot_stand_is_news_once() {
    let mut exchange = TestExchange::new();
    let own = exchange.trader(1_000_000);
    let unlisted = Limits { market: 9, ..LIMITS };
    let uses = Uses { ladder: true, joins: false };
    let job = Maker::new(own, Box::new(plain()), vec![LIMITS, unlisted], uses, KillLimits::default());
    assert_eq!(job.decide(&exchange.world()), []);
    let news = job.news().unwrap();
    assert!(news.contains("market 0 cannot be quoted: InsufficientMargin"), "{news}");
    assert!(news.contains("market 9 cannot be quoted: RowNotListed"), "{news}");
    assert_eq!((job.decide(&exchange.world()), job.news()), (vec![], None), "told once");
}
