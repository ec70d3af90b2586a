use kedge_model::quantity::Base;
use kedge_state::endangered::Roll;

use super::*;
use crate::jobs::stage::{Stage, limit};

pub(crate) fn liquidator(account: Pubkey) -> Liquidator {
    Liquidator {
        account,
        mode: Mode::Hold,
        max_value: Amount(1_000_000_000_000),
        max_total: Amount(1_000_000_000_000),
        headroom: Ppm(0),
        tolerance: Ppm(0),
        min_profit: Ppm(0),
        unwind_value: Amount(1_000_000_000),
    }
}

/// A buyer of 10 SOL at 200 with 250 of collateral: maintenance is 5 %.
pub(crate) fn scene() -> (Stage, Pubkey, Pubkey) {
    let mut stage = Stage::new();
    let (buyer, seller) = (stage.trader(250_000_000), stage.trader(10_000_000_000));
    let own = stage.trader(100_000_000_000);
    stage.trade(buyer, seller, 10_000_000_000, 200_000_000);
    stage.advance(2, 10);
    (stage, buyer, own)
}

#[test]
fn leaves_the_healthy_alone() {
    let (mut stage, _, own) = scene();
    stage.publish(0, 190_000_000);
    assert_eq!(liquidator(own).decide(&stage.world()), []);
}

#[test]
fn takes_over_at_a_discount_and_within_its_limit() {
    let (mut stage, buyer, own) = scene();
    stage.publish(0, 183_000_000);
    let one = Liquidator { max_value: Amount(183_000_000), ..liquidator(own) };
    let plans = one.decide(&stage.world());
    let expected = Work::Liquidate {
        market: 0,
        account: buyer,
        liquidator: own,
        max_size: Size(1_000_000_000),
        limit_price: Price(183_000_000),
    };
    assert_eq!(plans, [Plan::of(expected).after_refresh(vec![0])]);
    stage.run(&plans[0]);
    assert_eq!(stage.world().accounts[&own].base(0), Base(1_000_000_000));
    assert!(
        one.decide(&stage.world()).iter().all(|plan| plan.name() != "liquidate"),
        "the limit is reached: it unwinds only"
    );
}

#[test]
fn a_roll_changes_what_is_looked_at_and_not_what_is_decided() {
    let (mut stage, buyer, own) = scene();
    let mut roll = Roll::of(&mut stage.world());
    let mut plans = 0;
    for price in [195_000_000, 187_000_000, 183_000_000, 170_000_000, 195_000_000] {
        stage.publish(0, price);
        let all = stage.world();
        let mut some = all.clone();
        let _ = roll.follow(&mut some, &[]);
        assert!(some.endangered().all(|(address, _)| *address == buyer) && all.endangered().count() == 3);
        let decided = liquidator(own).decide(&some);
        assert_eq!(decided, liquidator(own).decide(&all), "at {price}");
        plans += decided.len();
    }
    assert_eq!(plans, 2);
}

/// Runs the liquidator at 170 until it only unwinds.
pub(crate) fn clean_up(stage: &mut Stage, job: &Liquidator) -> Vec<&'static str> {
    stage.publish(0, 170_000_000);
    let mut seen = Vec::new();
    for _ in 0..12 {
        let plans = job.decide(&stage.world());
        let Some(plan) = plans.into_iter().find(|plan| plan.name() != "place_orders") else {
            break;
        };
        seen.push(plan.name());
        stage.run(&plan);
        stage.advance(1, 1);
        stage.publish(0, 170_000_000);
    }
    seen
}

/// Somebody bids for 5 SOL each at 185 and 184.
fn with_bids(stage: &mut Stage) -> Pubkey {
    let maker = stage.trader(100_000_000_000);
    stage.place(maker, limit(Side::Long, 185_000_000, 5_000_000_000));
    stage.place(maker, limit(Side::Long, 184_000_000, 5_000_000_000));
    stage.advance(1, 1);
    maker
}

#[test]
fn a_flip_sells_what_it_takes_over_and_keeps_the_difference() {
    let (mut stage, buyer, own) = scene();
    stage.without_amm();
    let flips = Liquidator { mode: Mode::Flip, ..liquidator(own) };
    stage.publish(0, 183_000_000);
    assert_eq!(flips.decide(&stage.world()), [], "nobody to sell to");
    let _ = with_bids(&mut stage);
    let world = stage.world();
    let plans = flips.decide(&world);
    let [Work::Liquidate { account, max_size, limit_price, .. }, Work::Take { order, min_fill, .. }] =
        &plans[0].works[..]
    else {
        panic!("{plans:?}")
    };
    assert_eq!((*account, *max_size, order.size), (buyer, order.size, *min_fill));
    assert!(order.price > *limit_price, "the fee comes on top");
    let told = crate::explain::explain(&plans[0], &world);
    assert!(told.subject.contains(&buyer.to_string()) && told.why.contains("sold at once"), "{told:?}");
    let before = stage.world().accounts[&own].head.position(0).map_or(0, |position| position.quote.0);
    stage.run(&plans[0]);
    let head = &stage.world().accounts[&own].head;
    let position = head.position(0).unwrap();
    assert_eq!(position.base, Base(0));
    assert_eq!(told.reward, Some(Amount(u64::try_from(position.quote.0 - before).unwrap())));
}

#[test]
fn the_best_of_both_holds_what_nobody_buys() {
    let (mut stage, buyer, own) = scene();
    stage.without_amm();
    stage.publish(0, 183_000_000);
    let best = Liquidator { mode: Mode::Best, ..liquidator(own) };
    let plans = best.decide(&stage.world());
    assert!(matches!(plans[0].works[..], [Work::Liquidate { account, .. }] if account == buyer), "{plans:?}");
    let _ = with_bids(&mut stage);
    assert_eq!(best.decide(&stage.world())[0].works.len(), 2);
    let greedy = Liquidator { min_profit: Ppm(100_000), ..best };
    assert_eq!(greedy.decide(&stage.world())[0].works.len(), 1, "ten percent nobody pays");
}

#[test]
fn all_markets_together_and_margin_limit_what_is_held() {
    let (mut stage, _, own) = scene();
    stage.publish(0, 183_000_000);
    let one = Liquidator { max_total: Amount(366_000_000), ..liquidator(own) };
    let [Work::Liquidate { max_size, .. }] = one.decide(&stage.world())[0].works[..] else { panic!() };
    assert_eq!(max_size, Size(2_000_000_000));
    let none = Liquidator { headroom: Ppm(1_000_000), ..liquidator(own) };
    assert_eq!(none.decide(&stage.world()), [], "all of the collateral is to stay free");
    let some = Liquidator { headroom: Ppm(900_000), ..liquidator(own) };
    assert_eq!(some.decide(&stage.world()).len(), 1);
}

#[test]
fn the_discount_is_what_a_take_over_earns() {
    let (mut stage, _, own) = scene();
    stage.publish(0, 183_000_000);
    let world = stage.world();
    let plans = liquidator(own).decide(&world);
    let told = crate::explain::explain(&plans[0], &world);
    let Some(Amount(reward)) = told.reward else { panic!("{told:?}") };
    let Ok(report) = Trial::refreshed(&world).liquidate(
        0,
        &match plans[0].works[0] {
            Work::Liquidate { account, .. } => account,
            _ => panic!(),
        },
        &own,
        Liquidate { max_size: Size(u64::MAX >> 1), limit_price: Price(0) },
    ) else {
        panic!()
    };
    let value = i128::from(report.base.0) * 183_000_000 / 1_000_000_000;
    assert!((i128::from(reward) - (value - i128::from(report.quote.0))).abs() <= 1, "{reward} {report:?}");
}
