use kedge_interface::instruction::{Decoded, Liquidate};
use kedge_model::quantity::Base;
use kedge_state::endangered::Roll;
use kedge_state::testing::{TestExchange, limit};

use super::*;
use crate::testing::RunPlan as _;

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
pub(crate) fn scene() -> (TestExchange, Pubkey, Pubkey) {
    let mut exchange = TestExchange::new();
    let (buyer, seller) = (exchange.trader(250_000_000), exchange.trader(10_000_000_000));
    let own = exchange.trader(100_000_000_000);
    exchange.trade(buyer, seller, 10_000_000_000, 200_000_000);
    exchange.advance(2, 10);
    (exchange, buyer, own)
}

#[test]
fn leaves_the_healthy_alone() {
    let (mut exchange, _, own) = scene();
    exchange.publish(190_000_000);
    assert_eq!(liquidator(own).decide(&exchange.world()), []);
}

/// The take-over of a plan that does nothing else.
fn liquidated(plan: &Plan) -> Option<&Liquidate> {
    match &plan.calls[..] {
        [Call { instruction: Decoded::Liquidate(step), .. }] => Some(step),
        _ => None,
    }
}

#[test]
fn takes_over_at_a_discount_and_within_its_limit() {
    let (mut exchange, buyer, own) = scene();
    exchange.publish(183_000_000);
    let one = Liquidator { max_value: Amount(183_000_000), ..liquidator(own) };
    let plans = one.decide(&exchange.world());
    let expected = Call::liquidate(0, buyer, own, Size(1_000_000_000), Price(183_000_000));
    assert_eq!(plans, [Plan::of(expected).after_refresh(vec![0])]);
    exchange.run_plan(&plans[0]);
    assert_eq!(exchange.world().accounts[&own].base(0), Base(1_000_000_000));
    assert!(
        one.decide(&exchange.world()).iter().all(|plan| plan.name() != "liquidate"),
        "the limit is reached: it unwinds only"
    );
}

#[test]
fn a_roll_changes_what_is_looked_at_and_not_what_is_decided() {
    let (mut exchange, buyer, own) = scene();
    let mut roll = Roll::of(&mut exchange.world());
    let mut plans = 0;
    for price in [195_000_000, 187_000_000, 183_000_000, 170_000_000, 195_000_000] {
        exchange.publish(price);
        let all = exchange.world();
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
pub(crate) fn clean_up(exchange: &mut TestExchange, job: &Liquidator) -> Vec<&'static str> {
    exchange.publish(170_000_000);
    let mut seen = Vec::new();
    for _ in 0..12 {
        let plans = job.decide(&exchange.world());
        let Some(plan) = plans.into_iter().find(|plan| plan.name() != "place_orders") else {
            break;
        };
        seen.push(plan.name());
        exchange.run_plan(&plan);
        exchange.advance(1, 1);
        exchange.publish(170_000_000);
    }
    seen
}

/// Somebody bids for 5 SOL each at 185 and 184.
fn with_bids(exchange: &mut TestExchange) -> Pubkey {
    let maker = exchange.trader(100_000_000_000);
    exchange.place(maker, limit(Side::Long, 185_000_000, 5_000_000_000));
    exchange.place(maker, limit(Side::Long, 184_000_000, 5_000_000_000));
    exchange.advance(1, 1);
    maker
}

#[test]
fn a_flip_sells_what_it_takes_over_and_keeps_the_difference() {
    let (mut exchange, buyer, own) = scene();
    exchange.without_amm();
    let flips = Liquidator { mode: Mode::Flip, ..liquidator(own) };
    exchange.publish(183_000_000);
    assert_eq!(flips.decide(&exchange.world()), [], "nobody to sell to");
    let _ = with_bids(&mut exchange);
    let world = exchange.world();
    let plans = flips.decide(&world);
    let [Call { instruction: Decoded::Liquidate(taken), .. }, Call { instruction: Decoded::PlaceAndTake(sold), .. }] =
        &plans[0].calls[..]
    else {
        panic!("{plans:?}")
    };
    let order = sold.order;
    assert_eq!((taken.sub_account, taken.max_size, order.size), (buyer, order.size.0, Size(sold.min_fill)));
    assert!(order.price > Price(taken.limit_price), "the fee comes on top");
    let told = crate::explain::explain(&plans[0], &world);
    assert!(told.subject.contains(&buyer.to_string()) && told.why.contains("sold at once"), "{told:?}");
    let before = exchange.world().accounts[&own].head.position(0).map_or(0, |position| position.quote.0);
    exchange.run_plan(&plans[0]);
    let head = &exchange.world().accounts[&own].head;
    let position = head.position(0).unwrap();
    assert_eq!(position.base, Base(0));
    assert_eq!(told.reward, Some(Amount(u64::try_from(position.quote.0 - before).unwrap())));
}

#[test]
fn the_best_of_both_holds_what_nobody_buys() {
    let (mut exchange, buyer, own) = scene();
    exchange.without_amm();
    exchange.publish(183_000_000);
    let best = Liquidator { mode: Mode::Best, ..liquidator(own) };
    let plans = best.decide(&exchange.world());
    assert!(liquidated(&plans[0]).is_some_and(|step| step.sub_account == buyer), "{plans:?}");
    let _ = with_bids(&mut exchange);
    assert_eq!(best.decide(&exchange.world())[0].calls.len(), 2);
    let greedy = Liquidator { min_profit: Ppm(100_000), ..best };
    assert_eq!(greedy.decide(&exchange.world())[0].calls.len(), 1, "ten percent nobody pays");
}

#[test]
fn a_liquidator_without_a_dollar_reduces_against_makers_for_a_fee() {
    let (mut exchange, buyer, _) = scene();
    exchange.without_amm();
    exchange.publish(183_000_000);
    let poor = exchange.trader(1);
    for mode in [Mode::Hold, Mode::Flip, Mode::Best] {
        assert_eq!(Liquidator { mode, ..liquidator(poor) }.decide(&exchange.world()), [], "nobody is there");
    }
    let _ = with_bids(&mut exchange);
    let world = exchange.world();
    let plans = liquidator(poor).decide(&world);
    let [Call { instruction: Decoded::LiquidateWithFill(step), .. }] = &plans[0].calls[..] else { panic!("{plans:?}") };
    assert_eq!((step.sub_account, step.liquidator, step.makers.len()), (buyer, poor, 2));
    let told = crate::explain::explain(&plans[0], &world);
    assert!(told.why.contains("with makers"), "{told:?}");
    exchange.run_plan(&plans[0]);
    let position = *exchange.world().accounts[&poor].head.position(0).unwrap();
    assert_eq!(position.base, Base(0));
    assert_eq!(told.reward.map(|fee| i64::try_from(fee.0).unwrap()), Some(position.quote.0));
    let greedy = Liquidator { min_profit: Ppm(100_000), ..liquidator(poor) };
    assert_eq!(greedy.decide(&world), [], "ten percent is beyond the discount");
}

#[test]
fn a_liquidation_that_nobody_takes_is_begun_once() {
    let (mut exchange, buyer, _) = scene();
    exchange.without_amm();
    exchange.ramped(Ppm(1_000), 60_000);
    exchange.publish(183_000_000);
    let poor = exchange.trader(1);
    let plans = liquidator(poor).decide(&exchange.world());
    let step = liquidated(&plans[0]).unwrap();
    assert_eq!((plans.len(), step.sub_account, step.max_size), (1, buyer, 0));
    exchange.run_plan(&plans[0]);
    assert_eq!(liquidator(poor).decide(&exchange.world()), []);
}

#[test]
fn all_markets_together_and_margin_limit_what_is_held() {
    let (mut exchange, _, own) = scene();
    exchange.without_amm();
    exchange.publish(183_000_000);
    let one = Liquidator { max_total: Amount(366_000_000), ..liquidator(own) };
    let plans = one.decide(&exchange.world());
    assert_eq!(liquidated(&plans[0]).map(|step| step.max_size), Some(2_000_000_000));
    let none = Liquidator { headroom: Ppm(1_000_000), ..liquidator(own) };
    assert_eq!(none.decide(&exchange.world()), [], "all of the collateral is to stay free");
    let some = Liquidator { headroom: Ppm(900_000), ..liquidator(own) };
    assert_eq!(some.decide(&exchange.world()).len(), 1);
}

#[test]
fn the_discount_is_what_a_take_over_earns() {
    let (mut exchange, _, own) = scene();
    exchange.publish(183_000_000);
    let world = exchange.world();
    let plans = liquidator(own).decide(&world);
    let told = crate::explain::explain(&plans[0], &world);
    let Some(Amount(reward)) = told.reward else { panic!("{told:?}") };
    let Some(planned) = liquidated(&plans[0]) else { panic!("{plans:?}") };
    let (max_size, limit_price) = (Size(u64::MAX >> 1), Price(0));
    let step = Call::liquidate(0, planned.sub_account, own, max_size, limit_price);
    let Ok(kedge_engine::Report::Liquidation(report)) = Trial::refreshed(&world).run(&step) else { panic!() };
    let value = i128::from(report.base.0) * 183_000_000 / 1_000_000_000;
    assert!((i128::from(reward) - (value - i128::from(report.quote.0))).abs() <= 1, "{reward} {report:?}");
}
