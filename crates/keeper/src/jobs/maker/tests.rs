use kedge_model::clock::Clock;
use kedge_model::order::{OrderParams, Side, flags};
use kedge_model::quantity::{Amount, Base, Ppm, Price, Size};
use kedge_sender::{MakerOrder, Receipt};

use super::*;
use crate::jobs::expiry::ExpiryKeeper;
use crate::jobs::stage::{Stage, limit, market_order};

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
    let place = plans.iter().flat_map(|plan| &plan.works).find_map(|work| match work {
        Work::Place { orders, .. } => Some(orders),
        _ => None,
    });
    let orders = place.unwrap_or_else(|| panic!("{plans:?}"));
    orders.iter().map(|order| (order.side, order.price.0, order.size.0)).collect()
}

#[test]
fn quotes_and_then_only_when_the_price_has_moved() {
    let mut stage = Stage::new();
    let own = stage.trader(100_000_000_000);
    let job = maker(own, LIMITS, true, false);
    assert_eq!(job.name(), "quoter");
    let plans = job.decide(&stage.world());
    assert_eq!(
        ladder_of(&plans),
        [
            (0, 199_800_000, 1_000_000_000),
            (0, 199_600_000, 2_000_000_000),
            (1, 200_200_000, 1_000_000_000),
            (1, 200_400_000, 2_000_000_000)
        ]
    );
    stage.run(&plans[0]);
    assert_eq!(job.decide(&stage.world()), []);
    stage.advance(1, 2);
    stage.publish(0, 200_050_000);
    assert_eq!(job.decide(&stage.world()), [], "2.5 bps are within half the spread");
    stage.advance(1, 2);
    stage.publish(0, 200_300_000);
    let plans = job.decide(&stage.world());
    assert_eq!(plans[0].works[0], Work::CancelAll { account: own, market: Some(0) });
    stage.run(&plans[0]);
    assert_eq!(stage.world().accounts[&own].head.open_orders, 4);
    let spread = job.figures().into_iter().find(|figure| figure.name == "spread_bps").unwrap();
    assert!((spread.value - 20.0).abs() < 0.1, "{spread:?}");
}

#[test]
fn a_full_position_is_quoted_on_one_side() {
    let mut stage = Stage::new();
    let (own, other) = (stage.trader(100_000_000_000), stage.trader(100_000_000_000));
    stage.trade(own, other, 10_000_000_000, 200_000_000);
    let ladder = ladder_of(&maker(own, LIMITS, true, false).decide(&stage.world()));
    assert!(ladder.iter().all(|(side, ..)| *side == Side::Short as u8));
    // Moved down by 20 bps: 199.60 and 10 bps from there, which is the vAMM's bid, so one tick above it.
    assert_eq!(ladder[0].1, 199_801_000);
    // Nearly full: what is left of the room, and no more.
    let roomy = Limits { max_position: Size(11_500_000_000), ..LIMITS };
    let ladder = ladder_of(&maker(own, roomy, true, false).decide(&stage.world()));
    let bids: Vec<u64> = ladder.iter().filter(|(side, ..)| *side == 0).map(|(.., size)| *size).collect();
    assert_eq!(bids, [1_000_000_000, 500_000_000]);
}

fn slots_until_it_joins(stage: &mut Stage, job: &Maker) -> u64 {
    for slots in 0..20 {
        if !job.decide(&stage.world()).is_empty() {
            return slots;
        }
        stage.advance(1, 0);
    }
    panic!("never joined");
}

#[test]
fn joins_once_the_price_is_better_than_fair_plus_edge() {
    let mut stage = Stage::new();
    let (own, taker) = (stage.trader(100_000_000_000), stage.trader(10_000_000_000));
    let order = stage.place(taker, market_order(Side::Long, 6_000_000_000));
    let job = maker(own, Limits { max_position: Size(8_000_000_000), ..LIMITS }, false, true);
    assert_eq!(job.name(), "jit");
    // 200.00 to 201.00 in 13 slots; it wants 200.20, which slot 3 brings.
    assert_eq!(slots_until_it_joins(&mut stage, &job), 3);
    let plans = job.decide(&stage.world());
    let [Work::Make { order_id, size, worst_price, .. }] = plans[0].works[..] else { panic!("{plans:?}") };
    assert_eq!((order_id, size, worst_price), (order, Size(5_000_000_000), Price(200_200_000)));
    stage.advance(1, 0);
    stage.run(&plans[0]);
    assert_eq!(stage.world().accounts[&own].base(0), Base(-5_000_000_000));
}

#[test]
fn a_position_waits_for_a_better_price_and_the_other_side_does_not() {
    let mut stage = Stage::new();
    let (own, taker) = (stage.trader(100_000_000_000), stage.trader(10_000_000_000));
    let job = maker(own, Limits { max_position: Size(8_000_000_000), ..LIMITS }, false, true);
    stage.trade(taker, own, 5_000_000_000, 200_000_000);
    // Short 5 of 8: fair value is 12.5 bps higher, so it wants 200.45.
    stage.place(taker, market_order(Side::Long, 1_000_000_000));
    assert_eq!(slots_until_it_joins(&mut stage, &job), 6);
    let other = stage.trader(10_000_000_000);
    stage.place(other, market_order(Side::Short, 1_000_000_000));
    let buys_back = |plan: &Plan| matches!(plan.works[0], Work::Make { taker, .. } if taker == other);
    assert!(job.decide(&stage.world()).iter().any(buys_back), "it buys back at once");
    // A full one joins nothing that would enlarge it.
    let full = maker(own, Limits { max_position: Size(5_000_000_000), ..LIMITS }, false, true);
    assert!(full.decide(&stage.world()).iter().all(buys_back));
}

#[test]
fn one_strategy_rests_and_joins() {
    let mut stage = Stage::new();
    let (own, taker) = (stage.trader(100_000_000_000), stage.trader(10_000_000_000));
    let job = maker(own, LIMITS, true, true);
    assert_eq!(job.name(), "maker");
    stage.place(taker, market_order(Side::Long, 1_000_000_000));
    stage.advance(5, 0);
    let names: Vec<_> = job.decide(&stage.world()).iter().map(Plan::name).collect();
    assert_eq!(names, ["place_and_make", "place_orders"]);
    assert_eq!(job.decide(&stage.world()), job.decide(&stage.world()), "the same world, the same plans");
}

#[test]
fn uncertainty_widens_the_spread_up_to_its_limit() {
    let mut stage = Stage::new();
    let own = stage.trader(100_000_000_000);
    let adaptive = Adaptive {
        confidence_weight: Ppm(1_000_000),
        volatility_weight: Ppm(500_000),
        max_edge: Ppm(5_000),
        ..plain()
    };
    let half = |stage: &Stage| {
        let world = stage.world();
        adaptive.half_spread(&View::of(&world, &world.accounts[&own], LIMITS).unwrap()).0
    };
    // The stage's prices are sure to 5 bps.
    let calm = half(&stage);
    assert!((1_500..1_600).contains(&calm), "{calm}");
    stage.advance(1, 2);
    stage.publish(0, 201_000_000);
    let moved = half(&stage);
    assert!(moved > calm + 1_000, "{moved} after half a percent");
    stage.advance(1, 2);
    stage.publish(0, 206_000_000);
    assert_eq!(half(&stage), 5_000);
}

fn killed(job: &Maker) -> f64 {
    job.figures().into_iter().find(|figure| figure.name == "killed").unwrap().value
}

#[test]
fn a_loss_from_the_peak_stops_it_for_good() {
    let mut stage = Stage::new();
    let (own, other) = (stage.trader(100_000_000_000), stage.trader(100_000_000_000));
    let job = guarded(own, KillLimits { max_drawdown: Amount(90_000_000), ..KillLimits::default() });
    stage.trade(own, other, 10_000_000_000, 200_000_000);
    let plans = job.decide(&stage.world());
    stage.run(plans.last().unwrap());
    assert_eq!((killed(&job), job.news()), (0.0, None));
    stage.advance(1, 2);
    stage.publish(0, 190_000_000);
    assert_eq!(job.decide(&stage.world()), [Plan::of(Work::CancelAll { account: own, market: Some(0) })]);
    assert!(job.news().unwrap().contains("fell from its peak of $"), "told once");
    assert_eq!((killed(&job), job.news()), (1.0, None));
    stage.run(&Plan::of(Work::CancelAll { account: own, market: Some(0) }));
    stage.advance(1, 2);
    stage.publish(0, 200_000_000);
    assert_eq!(job.decide(&stage.world()), [], "it stays off when the price comes back");
}

#[test]
fn the_operators_file_stops_it_and_arms_it_again() {
    let file = std::env::temp_dir().join(format!("kedge-kill-{}", std::process::id()));
    let _ = std::fs::remove_file(&file);
    let mut stage = Stage::new();
    let own = stage.trader(100_000_000_000);
    let job = guarded(own, KillLimits { file: Some(file.clone()), ..KillLimits::default() });
    let plans = job.decide(&stage.world());
    stage.run(&plans[0]);
    std::fs::write(&file, "").unwrap();
    let withdrawal = Plan::of(Work::CancelAll { account: own, market: Some(0) });
    assert_eq!(job.decide(&stage.world()), std::slice::from_ref(&withdrawal));
    let why = job.why(&withdrawal).unwrap();
    assert!(why.starts_with("the kill switch has fallen: "), "the reason is the true one: {why}");
    assert_eq!(job.why(&plans[0]), None, "a ladder is explained by its orders");
    std::fs::remove_file(&file).unwrap();
    assert_eq!(job.decide(&stage.world()), [], "the ladder still stands here, and is right");
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

fn base(stage: &Stage, account: Pubkey) -> i64 {
    stage.world().accounts[&account].base(0).0
}

/// Runs every plan, also what was decided before others were.
fn run_all(stage: &mut Stage, plans: &[Plan]) {
    plans.iter().for_each(|plan| stage.run(plan));
}

/// Somebody sells into the maker's bids as much as there is.
fn sell_into(stage: &mut Stage, maker: Pubkey) {
    let world = stage.world();
    let bids = world.accounts[&maker].orders_in(0).filter(|(_, order)| order.side() == Side::Long);
    let makers: Vec<MakerOrder> =
        bids.map(|(slot, order)| MakerOrder { account: maker, order_id: order.id, slot }).collect();
    let account = stage.trader(100_000_000_000);
    let order = OrderParams { flags: flags::IMMEDIATE_OR_CANCEL, ..limit(Side::Short, 190_000_000, 50_000_000_000) };
    let take = Work::Take { market: 0, account, order, min_fill: Size(0), makers };
    stage.run(&Plan::of(take));
}

#[test]
fn ladder_and_joins_share_the_limit() {
    let mut stage = Stage::new();
    stage.without_amm();
    let own = stage.trader(1_000_000_000_000);
    let job = maker(own, LIMITS, true, true);
    let most = LIMITS.max_position.0.cast_signed();
    let ladder = job.decide(&stage.world());
    run_all(&mut stage, &ladder);
    // Four sellers at once, and joins for all of them before the ladder is looked at again.
    let sellers: Vec<Pubkey> = (0..4).map(|_| stage.trader(10_000_000_000)).collect();
    for seller in &sellers {
        stage.place(*seller, market_order(Side::Short, 5_000_000_000));
    }
    for _ in 0..12 {
        stage.advance(1, 0);
        let plans = job.decide(&stage.world());
        let join = plans.iter().find(|plan| plan.name() == "place_and_make");
        join.into_iter().for_each(|plan| stage.run(plan));
        assert!(base(&stage, own) <= most - 3_000_000_000, "what rests is kept free: {}", base(&stage, own));
    }
    assert_eq!(base(&stage, own), 7_000_000_000, "joins go to the limit less the ladder");
    sell_into(&mut stage, own);
    assert_eq!(base(&stage, own), most, "and the ladder to the limit");
    // With a full position no bid is left, neither in a ladder that is sent twice.
    let ladder = job.decide(&stage.world());
    run_all(&mut stage, &ladder);
    run_all(&mut stage, &ladder);
    assert!(stage.world().accounts[&own].orders_in(0).all(|(_, order)| order.side() == Side::Short));
}

#[test]
fn a_ladder_has_what_joins_leave_whatever_the_position() {
    for position in [-9_000_000_000i64, -4_000_000_000, 0, 6_500_000_000, 8_000_000_000] {
        let mut stage = Stage::new();
        stage.without_amm();
        let (own, other) = (stage.trader(1_000_000_000_000), stage.trader(1_000_000_000_000));
        match position {
            0 => {}
            long if long > 0 => stage.trade(own, other, long.unsigned_abs(), 200_000_000),
            short => stage.trade(other, own, short.unsigned_abs(), 200_000_000),
        }
        let plans = maker(own, LIMITS, true, true).decide(&stage.world());
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
    let mut stage = Stage::new();
    let own = stage.trader(100_000_000_000);
    let job = maker(own, LIMITS, true, false);
    let plans = job.decide(&stage.world());
    assert_eq!(plans[0].works[0], Work::CancelAll { account: own, market: Some(0) }, "though none is seen to stand");
    for _ in 0..3 {
        run_all(&mut stage, &plans);
        assert_eq!(stage.world().accounts[&own].head.open_orders, 4);
    }
}

#[test]
fn a_quote_has_a_life_and_is_renewed_at_half_of_it() {
    let mut stage = Stage::new();
    let own = stage.trader(100_000_000_000);
    let job = maker(own, LIMITS, true, false).living(60);
    let plans = job.decide(&stage.world());
    run_all(&mut stage, &plans);
    let placed = stage.world().clock.unix_time;
    let expiries = |stage: &Stage| -> Vec<i64> {
        stage.world().accounts[&own].orders_in(0).map(|(_, order)| order.expires_at.into()).collect()
    };
    assert_eq!(expiries(&stage), [placed + 60; 4]);
    stage.advance(50, 29);
    stage.publish(0, 200_000_000);
    assert_eq!(job.decide(&stage.world()), []);
    stage.advance(2, 1);
    stage.publish(0, 200_000_000);
    let plans = job.decide(&stage.world());
    run_all(&mut stage, &plans);
    assert_eq!(expiries(&stage), [placed + 90; 4]);

    // The process dies: nobody trades on what it left, and an expiry keeper clears it away.
    stage.advance(200, 60);
    stage.publish(0, 200_000_000);
    let world = stage.world();
    assert!(world.accounts[&own].orders_in(0).all(|(_, order)| order.is_expired(&world.clock)));
    let plans = ExpiryKeeper { account: None }.decide(&world);
    assert!(!plans.is_empty());
    run_all(&mut stage, &plans);
    assert_eq!(stage.world().accounts[&own].head.open_orders, 0);
}

#[test]
fn who_leaves_cancels_what_may_stand_and_quotes_no_more() {
    let mut stage = Stage::new();
    let own = stage.trader(100_000_000_000);
    let job = maker(own, LIMITS, true, true);
    let ladder = job.decide(&stage.world());
    // A ladder that is under way is not seen yet.
    let withdrawal = [Plan::of(Work::CancelAll { account: own, market: Some(0) })];
    assert_eq!(job.farewell(&stage.world()), withdrawal);
    let why = job.why(&withdrawal[0]).unwrap();
    assert!(why.starts_with("the keeper stops"), "the reason is the true one: {why}");
    run_all(&mut stage, &ladder);
    assert_eq!(job.decide(&stage.world()), withdrawal, "nothing is quoted any more");
    assert_eq!(job.farewell(&stage.world()), withdrawal, "until one is known to have landed");
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
    assert_eq!(job.farewell(&stage.world()), withdrawal, "what is seen to stand");
    run_all(&mut stage, &withdrawal);
    assert_eq!((job.farewell(&stage.world()), job.decide(&stage.world())), (vec![], vec![]));
}

#[test]
fn a_ladder_that_cannot_stand_is_news_once() {
    let mut stage = Stage::new();
    let own = stage.trader(1_000_000);
    let unlisted = Limits { market: 9, ..LIMITS };
    let uses = Uses { ladder: true, joins: false };
    let job = Maker::new(own, Box::new(plain()), vec![LIMITS, unlisted], uses, KillLimits::default());
    assert_eq!(job.decide(&stage.world()), []);
    let news = job.news().unwrap();
    assert!(news.contains("market 0 cannot be quoted: InsufficientMargin"), "{news}");
    assert!(news.contains("market 9 cannot be quoted: RowNotListed"), "{news}");
    assert_eq!((job.decide(&stage.world()), job.news()), (vec![], None), "told once");
}
