//! Random trades, with what must hold about them.

use super::changes::{asked, same_owner};
use super::ops::{ACCOUNTS, Op, Tally, nth_order};
use super::{World, join};
use kedge_model::account::board::Purpose;
use kedge_model::account::order::flags;
use kedge_model::rule::margin::MarginKind;

/// The vAMM's equity at the oracle.
fn amm_equity(world: &World, market: usize) -> i64 {
    world.markets[market].amm_equity(world.oracle(market)).unwrap().0
}

/// Takes, fills or joins.
pub(super) fn trade(world: &mut World, op: &Op, tally: &mut Tally) {
    let without = |makers: &[usize], gone: &[usize]| -> Vec<usize> {
        makers.iter().copied().filter(|maker| !gone.contains(maker)).collect()
    };
    match op {
        Op::Take { taker, ask, makers } => {
            let makers = without(makers, &[*taker]);
            let before = amm_equity(world, ask.market);
            let order = asked(world, *taker, ask);
            let position = world.accounts[*taker].position(ask.market);
            let result = world.take(*taker, order, &makers);
            assert!(amm_equity(world, ask.market) >= before, "the vAMM never trades worse than the oracle");
            let after = world.accounts[*taker].position(ask.market);
            let worst = |p: &kedge_model::account::position::Position| p.worst_case_base().unwrap().size();
            if result.is_ok() && worst(&after) > worst(&position) && after.base.size() > position.base.size() {
                let margin = world.margin_in(*taker, ask.market, MarginKind::Initial, Purpose::IncreaseRisk).unwrap();
                assert!(margin.is_met(), "risk was opened below initial margin: {margin:?}");
            }
            if let Ok(report) = &result {
                let alone = makers.iter().all(|maker| same_owner(world, *taker, *maker));
                assert!(!alone || report.matched.maker_size.is_zero(), "an owner traded with itself");
                assert!(order.flags & flags::FILL_OR_KILL == 0 || report.matched.size == order.size, "part of all");
                if report.matched.self_trades > 0 {
                    tally.note("met itself", Ok(()));
                }
                if order.flags & flags::FILL_OR_KILL != 0 {
                    tally.note("filled or killed", Ok(()));
                }
            }
            tally.note(
                if result.is_ok_and(|r| r.matched.amm_size.0 > 0) { "take amm" } else { "take" },
                result.map(|_| ()),
            );
        }
        Op::Fill { taker, nth, filler, makers } => {
            let mut taker = *taker;
            let Some((id, market)) = nth_order(world, &mut taker, *nth) else { return };
            let filler = filler.filter(|filler| *filler != taker);
            let makers = without(makers, &[taker, filler.unwrap_or(taker)]);
            let before = amm_equity(world, market);
            let result = world.fill(market, taker, id, filler, &makers);
            assert!(amm_equity(world, market) >= before, "the vAMM never trades worse than the oracle");
            tally.note("fill", result.map(|_| ()));
        }
        Op::Make { maker, taker, nth, steps } => {
            // One whose auction runs, when there is any.
            let auctioned: Vec<_> = (0..ACCOUNTS)
                .map(|at| (at + taker) % ACCOUNTS)
                .filter(|at| !same_owner(world, *at, *maker))
                .flat_map(|at| world.accounts[at].open().map(move |order| (at, *order)))
                .filter(|(_, order)| order.in_auction(world.clock.slot))
                .collect();
            let mut taker = *taker;
            let found = match auctioned.as_slice() {
                [] => nth_order(world, &mut taker, *nth),
                some => {
                    let (at, order) = some[nth % some.len()];
                    taker = at;
                    Some((order.id, usize::from(order.market)))
                }
            };
            let Some((id, market)) = found else { return };
            if *maker == taker {
                return;
            }
            let size = steps * world.markets[market].step.0;
            let side = world.accounts[taker].open().find(|order| order.id == id).unwrap().side();
            let worst = if side == kedge_model::account::order::Side::Long { 1 } else { u64::MAX };
            let before = amm_equity(world, market);
            let result = world.join(market, *maker, taker, join(id, size, worst));
            assert!(amm_equity(world, market) >= before, "the vAMM never trades worse than the oracle");
            if let Ok(matched) = &result {
                assert!(!same_owner(world, *maker, taker), "an owner traded with itself");
                if !matched.amm_size.is_zero() {
                    tally.note("make and amm", Ok(()));
                }
            }
            tally.note("make", result.map(|_| ()));
        }
        _ => unreachable!("only trades come here"),
    }
}
