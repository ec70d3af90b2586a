//! Liquidations and defaults, with what must hold about them.

use super::World;
use super::check::check;
use super::ops::{MARKETS, Tally, WHALE, pick};
use super::pockets::{self, others, pocket};
use kedge_model::account::board::Purpose;
use kedge_model::account::pocket::Pocket;
use kedge_model::action::CancelAll;
use kedge_model::event::{CancelReason, NoEvents};
use kedge_model::rule::margin::{MarginKind, liquidation_margin};

/// Liquidates an account that is below maintenance to the end, settles what is left, and pays its debts.
pub(super) fn wind_up(world: &mut World, account: usize, tally: &mut Tally) {
    let (_, account) = pick(world, 0, account, |w, _, a| {
        let sick = |m| w.margin_in(a, m, MarginKind::Maintenance, Purpose::Liquidate).is_ok_and(|m| !m.is_met());
        (0..MARKETS).any(sick)
    });
    // Round after round, as each of them is the first to be reduced.
    for market in (0..60).flat_map(|_| 0..MARKETS) {
        if !world.accounts[account].position(market).base.is_zero() {
            liquidate(world, market, account, WHALE, 0, tally);
            check(world);
        }
    }
    for market in 0..MARKETS {
        let _ = world.settle(market, account);
        check(world);
    }
    for market in 0..MARKETS {
        bankrupt(world, market, account, tally);
        check(world);
    }
}

pub(super) fn bankrupt(world: &mut World, market: usize, account: usize, tally: &mut Tally) {
    let pocket = pocket(world, market, account);
    let others = others(world, pocket, account);
    let result = world.bankrupt(market, account);
    assert_eq!(pockets::others(world, pocket, account), others, "a default reached another pocket");
    tally.note(
        if pocket.is_isolated() && result.is_ok() { "isolated bankruptcy" } else { "bankruptcy" },
        result.map(|_| ()),
    );
}

pub(super) fn liquidate(
    world: &mut World,
    market: usize,
    account: usize,
    liquidator: usize,
    steps: u64,
    tally: &mut Tally,
) {
    let max = if steps == 0 { u64::MAX } else { steps * world.markets[market].step.0 };
    // As the step sees it: after the account's orders are gone.
    let mut cancelled = world.clone();
    let all = CancelAll { market: None, reason: CancelReason::Liquidation };
    let _ = all.execute(&mut cancelled.accounts[account].borrow(), &mut NoEvents).unwrap();
    let before = world.accounts[account].position(market).base;
    let pocket = pocket(world, market, account);
    let others = others(world, pocket, account);
    let judged = |world: &World| {
        let head = &world.accounts[account].head;
        liquidation_margin(head, Pocket::of(head, World::index(market)), &world.board, &world.clock)
    };
    let healthy = judged(&cancelled);
    let result = world.liquidate(market, account, liquidator, max);
    assert_eq!(pockets::others(world, pocket, account), others, "a liquidation reached another pocket");
    if let Ok(report) = &result {
        let (healthy, health) = (healthy.unwrap(), judged(world).unwrap());
        let after = world.accounts[account].position(market).base;
        assert!(after.0.unsigned_abs() <= before.0.unsigned_abs(), "a liquidation enlarged the position");
        assert!(after.0 == 0 || (after.0 > 0) == (before.0 > 0), "a liquidation turned the position");
        if healthy.collateral.0 >= 0 && !report.recovered {
            let (old, new) = (healthy.free().unwrap().0, health.free().unwrap().0);
            assert!(new >= old, "a liquidation step lowered the free margin from {old} to {new}");
        }
    }
    let name = match &result {
        Ok(report) if report.recovered => "recovered",
        Ok(_) if pocket.is_isolated() => "liquidate isolated",
        _ => "liquidate",
    };
    tally.note(name, result.map(|_| ()));
}
