use kedge_model::clock::Clock;
use kedge_model::order::Side;
use kedge_model::quantity::{Amount, Base, Ppm, Price, Size};

use super::*;
use crate::jobs::stage::{Stage, market_order};

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
    assert_eq!(job.decide(&stage.world()), [Plan::of(Work::CancelAll { account: own, market: Some(0) })]);
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
