//! Money that nobody could take out without an operator.

use crate::common::check::check;
use crate::common::lifecycle::*;
use crate::common::{BOOK, BTC, DOLLAR, ONE, World, ioc, limit};
use kedge_model::account::order::Side;
use kedge_model::action::Ending;
use kedge_model::error::Error;
use kedge_model::fault::{Fault, with as plant};
use kedge_model::quantity::Amount;
use kedge_model::rule::lifecycle::{DEBT_PERIOD, PAYOUT_DELAY};

#[path = "../exits/search.rs"]
mod search;

#[test]
fn the_search_for_a_way_out_finds_what_keeps_money_in() {
    for fault in [Fault::SilentRowHoldsMarket, Fault::DeadCollateralIsKept] {
        let found = plant(fault, || search::search(search::Scene::new(), 2, 2));
        assert_eq!(found.dead_ends.len(), 2, "{fault:?} in {} states", found.states);
        assert!(found.dead_ends.iter().all(|(_, tokens)| *tokens > DOLLAR), "{:?}", found.dead_ends);
    }
    let found = search::search(search::Scene::new(), 2, 3);
    assert!(found.dead_ends.is_empty() && found.states > 100, "{found:?}");
}

#[test]
fn a_silent_row_holds_no_market() {
    let silent = || {
        let mut world = World::funded(2, 20_000);
        let _ = world.take(0, ioc(BTC, Side::Long, ONE / 10, 62_000 * DOLLAR), &[]).unwrap();
        world.wait(30 * 86_400);
        let first = end_market(&mut world, BTC);
        world.wait(3_600);
        (first, end_market(&mut world, BTC))
    };
    assert_eq!(
        plant(Fault::SilentRowHoldsMarket, silent),
        (Err(Error::MarketNotExpired), Err(Error::MarketNotExpired))
    );
    let (first, second) = silent();
    assert_eq!(first, Ok(Ending::Announced));
    assert!(matches!(second, Ok(Ending::Settled(_))), "{second:?}");
}

#[test]
fn a_claim_does_not_wait_for_a_debt_while_the_pool_holds_tokens() {
    let late = || {
        let mut world = World::new(6);
        for (account, dollars) in [(0, 20_000), (2, 2_000)] {
            world.deposit(account, 0, dollars * DOLLAR).unwrap();
        }
        // The debtor has means that are no dollars, and nobody takes them.
        world.deposit(2, 2, 10 * ONE).unwrap();
        world.place(0, limit(BOOK, Side::Long, 8 * ONE, 2_000 * DOLLAR)).unwrap();
        let _ = world.take(2, ioc(BOOK, Side::Short, 8 * ONE, 2_000 * DOLLAR), &[0]).unwrap();
        for price in [2_090, 2_180, 2_270, 2_360, 2_450, 2_500] {
            world.drive(BOOK, price * DOLLAR);
        }
        let _ = run_out(&mut world, BOOK);
        let _ = settle_market(&mut world, BOOK).unwrap();
        for account in [2, 0] {
            let _ = settle_position(&mut world, BOOK, account).unwrap();
        }
        world.wait(PAYOUT_DELAY.0);
        let _ = settle_position(&mut world, BOOK, 0).unwrap();
        world.wait(10 * DEBT_PERIOD.0);
        let _ = settle_position(&mut world, BOOK, 0);
        let _ = delist(&mut world, BOOK).unwrap();
        check(&mut world);
        world.markets[BOOK].pnl_pool
    };
    let kept = plant(Fault::ClaimWaitsForever, late);
    assert!(kept > Amount(10 * DOLLAR), "the old rule keeps {kept:?} for nobody");
    assert_eq!(late(), Amount(0));
}
