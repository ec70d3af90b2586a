//! More mistakes of another exchange and findings of its audits, each held against this one; see `regressions.rs`. Here:
//! prices, averages, pauses, banks and records.

mod common;

use common::check::check;
use common::story::{LIQUIDATOR, MAKER, liquidate_all, long, long_one};
use common::{BOOK, BTC, DOLLAR, ONE, SOL, World, ioc, limit};
use kedge_model::Error;
use kedge_model::account::board::{OraclePrice, weighted_average};
use kedge_model::account::exchange::operation;
use kedge_model::account::order::{OrderParams, Side, flags};
use kedge_model::action::{Context, Liquidate, PlaceOrders, PoolKind, Transfer, UpdateAmm};
use kedge_model::event::{Batch, Event, NoEvents, decode};
use kedge_model::num::{Rounding, mul_div};
use kedge_model::quantity::{Amount, Base, Ppm, Price, Size};
use kedge_model::rule::margin::token_value;
use kedge_model::time::Seconds;

#[test]
fn every_switch_stops_its_operation_and_nothing_else() {
    // 2.157 #2108: the vAMM filled though it was paused.
    let mut start = long_one(20_000);
    start.fund_pool(BTC, PoolKind::Amm, 200_000 * DOLLAR).unwrap();
    start.place(MAKER, limit(BTC, Side::Long, ONE / 10, 59_900 * DOLLAR)).unwrap();
    let mut sick = long_one(6_100);
    sick.drive(BTC, 56_500 * DOLLAR);
    type Attempt = fn(&mut World) -> Result<(), Error>;
    let attempts: [(u32, Attempt); 8] = [
        (operation::DEPOSIT, |w| w.deposit(0, 0, DOLLAR)),
        (operation::WITHDRAW, |w| w.withdraw(0, 0, DOLLAR)),
        (operation::PLACE, |w| w.place(0, limit(BTC, Side::Short, ONE / 10, 62_000 * DOLLAR)).map(|_| ())),
        (operation::FILL, |w| {
            let order = limit(BTC, Side::Short, ONE / 10, 59_900 * DOLLAR);
            w.take(0, order, &[MAKER]).map(|_| ())
        }),
        (operation::TRANSFER, |w| w.isolate(1, SOL, DOLLAR)),
        (operation::FUNDING, |w| {
            w.wait(3_600);
            w.tick();
            w.fund(BTC).map(|_| ())
        }),
        (operation::SETTLE, |w| w.settle(BTC, 0).map(|_| ())),
        (operation::UPDATE_AMM, |w| {
            w.drive(BTC, 60_500 * DOLLAR);
            w.on_market(BTC, &[], |context, _, _| UpdateAmm.execute(context)).map(|_| ())
        }),
    ];
    start.deposit(1, 0, 100 * DOLLAR).unwrap();
    for (bit, attempt) in attempts {
        let mut paused = start.clone();
        paused.pause(bit);
        assert_eq!(attempt(&mut paused), Err(Error::OperationPaused), "bit {bit:#x}");
        // With the other switches thrown it goes through; placing is part of taking.
        let mut others = start.clone();
        others.pause(operation::ALL & !bit & !(operation::PLACE | operation::FILL_AMM));
        if bit == operation::PLACE {
            others.pause(operation::ALL & !bit);
        }
        attempt(&mut others).unwrap_or_else(|error| panic!("bit {bit:#x}: {error:?}"));
    }
    sick.pause(operation::LIQUIDATE);
    assert_eq!(sick.liquidate(BTC, 0, LIQUIDATOR, u64::MAX).unwrap_err(), Error::OperationPaused);
    sick.pause(operation::ALL & !operation::LIQUIDATE);
    let _ = sick.liquidate(BTC, 0, LIQUIDATOR, u64::MAX).unwrap();
    // The vAMM alone stands aside: a taker finds the makers and nobody else.
    let taking = |w: &mut World| w.take(0, ioc(BTC, Side::Short, ONE / 5, 59_000 * DOLLAR), &[MAKER]).unwrap().matched;
    let mut paused = start.clone();
    paused.pause(operation::FILL_AMM);
    let (without, with) = (taking(&mut paused), taking(&mut start));
    assert_eq!((without.amm_size, without.maker_size), (Size(0), Size(ONE / 10)));
    assert!(with.amm_size > Size(0));
}

#[test]
fn a_source_that_says_zero_is_no_source() {
    // 2.148 #2023: a price of zero was taken.
    let mut world = World::funded(2, 1_000);
    world.wait(1);
    let before = world.board.markets[BTC].price;
    assert!(!world.refresh(BTC, 0).unwrap().updated);
    assert_eq!(world.oracle(BTC), before.price);
    let (clock, micros) = (world.clock, world.board.slot_time());
    let seen = |price| OraclePrice {
        price: Price(price),
        confidence: Price(1),
        publish_time: world.clock.unix_time,
        publish_slot: world.clock.slot,
    };
    // Beside a good one it does not count, and is not the lower end of anything.
    let mut row = before;
    assert!(!row.refresh(&[seen(0), seen(60_000 * DOLLAR)], &clock, micros).unwrap().updated, "one of two");
    row.quorum = 1;
    let _ = row.refresh(&[seen(0), seen(60_000 * DOLLAR)], &clock, micros).unwrap();
    assert_eq!((row.price, row.publish_time), (Price(60_000 * DOLLAR), clock.unix_time));
}

#[test]
fn a_source_that_is_certain_does_no_harm() {
    // 2.111 #1497: a confidence of zero went into a division.
    let mut world = World::funded(6, 100_000);
    world.wait(1);
    let (clock, micros) = (world.clock, world.board.slot_time());
    let (price, confidence) = (Price(60_000 * DOLLAR), Price(0));
    let seen = OraclePrice { price, confidence, publish_time: clock.unix_time, publish_slot: clock.slot };
    let _ = world.board.markets[BTC].price.refresh(&[seen; 2], &clock, micros).unwrap();
    assert_eq!(world.board.markets[BTC].price.confidence, Price(0));
    let taken = world.take(0, ioc(BTC, Side::Long, ONE / 10, 60_100 * DOLLAR), &[]).unwrap().matched;
    let paid = mul_div(taken.quote.0, ONE, taken.size.0, Rounding::Down).unwrap();
    assert!(paid >= 60_030 * DOLLAR, "half of the base spread at least: {paid}");
    check(&mut world);
}

#[test]
fn a_number_at_the_end_of_its_range_is_refused_and_not_cut() {
    // 2.86 #1078 and 2.96 #1232: casts cut numbers off, and a fee's product left its range.
    let mut world = World::funded(6, 100_000);
    let before = world.accounts[0].head;
    for size in [u64::MAX, 1 << 63, u64::MAX / 1_000_000 * 1_000_000, (1 << 63) / 1_000_000 * 1_000_000] {
        for (side, price) in [(Side::Long, 2_000 * DOLLAR), (Side::Short, 2_000 * DOLLAR), (Side::Long, 1 << 62)] {
            let order = limit(BOOK, side, size, price / 10_000 * 10_000);
            world.place(0, order).unwrap_err();
            world.take(0, order, &[MAKER]).unwrap_err();
        }
    }
    for (amount, refused) in [(u64::MAX, Error::Overflow), (1 << 63, Error::DepositCapReached)] {
        assert_eq!(world.deposit(0, 0, amount).unwrap_err(), refused);
        assert_eq!(world.withdraw(0, 0, amount).unwrap_err(), Error::InsufficientBalance);
        assert_eq!(world.isolate(0, BOOK, amount).unwrap_err(), Error::InsufficientBalance);
    }
    assert_eq!(world.transfer_isolated(0, BOOK, i64::MIN).unwrap_err(), Error::PositionNotFound);
    assert_eq!(world.accounts[0].head, before);
    check(&mut world);
}

#[test]
fn what_is_left_below_a_step_can_be_closed() {
    // 2.137 #1799: leftovers smaller than a step could not be filled.
    let mut world = World::funded(6, 100_000);
    long(&mut world, BOOK, ONE);
    // The market's step grows tenfold; the position is no multiple of it.
    world.markets[BOOK].step = Size(300_000_000);
    world.markets[BOOK].min_order = Size(300_000_000);
    world.place(MAKER, limit(BOOK, Side::Long, 6 * 300_000_000, 2_000 * DOLLAR)).unwrap();
    let close = OrderParams { flags: flags::REDUCE_ONLY, ..limit(BOOK, Side::Short, 4 * 300_000_000, 2_000 * DOLLAR) };
    assert_eq!(world.take(0, close, &[MAKER]).unwrap().matched.size, Size(ONE));
    assert!(world.accounts[0].position(BOOK).base.is_zero());
    check(&mut world);
}

#[test]
fn averages_do_not_drift_through_rounding() {
    // 2.134 #1783: whole-number division bent the averages of small numbers over time.
    for (from, to) in [(1_000u64, 1_007u64), (1_007, 1_000), (3, 1), (10_000_000, 10_000_001)] {
        let mut average = Price(from);
        for _ in 0..20_000 {
            average = weighted_average(average, Price(to), Seconds(1), Seconds(300)).unwrap();
        }
        // Half a unit of rounding a step cannot hold it farther away than half a period's worth.
        assert!(average.0.abs_diff(to) <= 150, "{from} stays at {} on the way to {to}", average.0);
    }
    // Up and down in turn leads nowhere.
    let mut average = Price(1_000);
    for step in 0..20_000u64 {
        average = weighted_average(average, Price(if step % 2 == 0 { 1_090 } else { 910 }), Seconds(60), Seconds(300))
            .unwrap();
    }
    assert!(average.0.abs_diff(1_000) <= 20, "{average:?}");
}

#[test]
fn a_vault_that_is_short_by_a_unit_pays_nobody() {
    // 2.105 #1387: withdrawals went on from a vault that no longer covered the claims.
    let mut world = World::funded(2, 1_000);
    world.vaults[0] -= 1;
    assert_eq!(world.withdraw(0, 0, DOLLAR).unwrap_err(), Error::InsufficientVault);
    world.vaults[0] += 1;
    world.withdraw(0, 0, DOLLAR).unwrap();
}

#[test]
fn tokens_of_few_decimals_are_worth_what_they_are() {
    // 2.104 #1399: amounts of mints with less than six decimals were scaled the wrong way.
    for decimals in 0..=12u8 {
        let whole = 10u64.pow(u32::from(decimals));
        assert_eq!(token_value(Amount(3 * whole), Price(150 * DOLLAR), decimals).unwrap(), Amount(450 * DOLLAR));
        assert_eq!(token_value(Amount(1), Price(1), decimals).unwrap(), Amount(1 / whole));
    }
}

#[test]
fn a_cap_of_deposits_stops_what_comes_in_and_nothing_that_goes_out() {
    // 2.90 #1169: a cap was checked in the wrong direction.
    let mut world = World::funded(2, 1_000);
    world.banks[0].deposit_cap = Amount(500 * DOLLAR);
    assert_eq!(world.deposit(0, 0, 1).unwrap_err(), Error::DepositCapReached);
    world.withdraw(0, 0, 600 * DOLLAR).unwrap();
    assert_eq!(world.deposit(0, 0, 1).unwrap_err(), Error::DepositCapReached, "1,400 are still above 500");
    world.withdraw(1, 0, 1_000 * DOLLAR).unwrap();
    world.deposit(0, 0, 100 * DOLLAR).unwrap();
}

#[test]
fn nothing_is_settled_at_a_stale_price() {
    // 2.70 #940.
    let mut world = World::funded(6, 100_000);
    long(&mut world, BTC, ONE);
    world.wait(21);
    assert_eq!(world.settle(BTC, 0).unwrap_err(), Error::StaleRow);
    assert_eq!(world.fund(BTC).unwrap_err(), Error::FundingNotDue);
    world.wait(3_600);
    assert_eq!(world.fund(BTC).unwrap_err(), Error::StaleRow);
}

#[test]
fn a_batch_of_orders_is_margined_as_one() {
    // Audit: of several orders placed at once only the last was checked.
    let mut world = World::funded(6, 1_000);
    let third = limit(BOOK, Side::Long, 2 * ONE, 1_990 * DOLLAR);
    for _ in 0..2 {
        let mut one = world.clone();
        one.place(0, third).unwrap();
    }
    let all = world.on_market(BOOK, &[0], |context, _, accounts| {
        PlaceOrders { orders: &[third, third, third] }.execute(context, &mut accounts[0])
    });
    assert_eq!(all.unwrap_err(), Error::InsufficientMargin);
    assert_eq!(world.accounts[0].head.open_orders, 0);
    check(&mut world);
}

#[test]
fn a_transfer_asks_for_what_a_withdrawal_asks_for() {
    // Audit: moving a deposit to another account skipped the checks of taking it out.
    let transfer = |world: &mut World, amount: u64| {
        world.attempt(|w| {
            let (clock, (from, to)) = (w.clock, w.accounts.split_at_mut(1));
            let (from, to) = (&mut from[0].head, &mut to[0].head);
            Transfer { amount: Amount(amount), bank: 0 }.execute(&w.exchange, &w.board, from, to, clock, &mut NoEvents)
        })
    };
    let mut world = long_one(7_000);
    for amount in [1, 500 * DOLLAR, 900 * DOLLAR, 1_000 * DOLLAR, 7_000 * DOLLAR] {
        assert_eq!(transfer(&mut world.clone(), amount), world.clone().withdraw(0, 0, amount), "{amount}");
    }
    assert_eq!(transfer(&mut world.clone(), 1_000 * DOLLAR), Err(Error::InsufficientMargin));
    let mut stale = world.clone();
    stale.wait(60);
    assert_eq!(transfer(&mut stale, DOLLAR), Err(Error::StaleRow));
    world.drive(BTC, 55_500 * DOLLAR);
    let _ = world.liquidate(BTC, 0, LIQUIDATOR, ONE / 100).unwrap();
    assert_eq!(transfer(&mut world, DOLLAR), Err(Error::AccountBeingLiquidated));
    check(&mut world);
}

#[test]
fn stale_collateral_backs_no_new_risk() {
    // Audit #143, #144: fills that open risk went through on an old price of the collateral.
    let mut world = World::funded(6, 100_000);
    world.withdraw(0, 0, 100_000 * DOLLAR).unwrap();
    world.deposit(0, 2, 1_000 * ONE).unwrap();
    world.place(MAKER, limit(BOOK, Side::Short, ONE, 2_000 * DOLLAR)).unwrap();
    world.wait(11);
    let _ = world.refresh(BOOK, 2_000 * DOLLAR).unwrap();
    let _ = world.refresh_bank(0, DOLLAR).unwrap();
    let order = ioc(BOOK, Side::Long, ONE, 2_000 * DOLLAR);
    assert_eq!(world.take(0, order, &[MAKER]).unwrap_err(), Error::StaleRow);
    let _ = world.refresh_bank(2, 150 * DOLLAR).unwrap();
    let _ = world.take(0, order, &[MAKER]).unwrap();
}

#[test]
fn a_vamm_without_a_spread_fills_nothing_beyond_the_limit() {
    // Audit: with a base spread of zero, fills passed the taker's limit.
    let mut world = World::funded(6, 1_000_000);
    world.markets[BTC].amm.base_spread = Ppm(0);
    for (side, limit) in [(Side::Long, 60_012 * DOLLAR), (Side::Short, 59_988 * DOLLAR)] {
        let taken = world.take(0, ioc(BTC, side, 5 * ONE, limit), &[]).unwrap().matched;
        let price = mul_div(taken.quote.0, ONE, taken.size.0.max(1), Rounding::Down).unwrap();
        assert!(taken.size > Size(0) && taken.size < Size(5 * ONE));
        assert!(side.accepts(Price(limit), Price(price)), "{side:?} filled at {price}");
        world.tick();
    }
    check(&mut world);
}

#[test]
fn a_refused_fill_leaves_no_sample() {
    // Audit: quotes that filled nothing put their stamp on the averages.
    let mut world = World::funded(6, 100_000);
    let id = world.place(0, limit(BTC, Side::Long, ONE / 10, 59_000 * DOLLAR)).unwrap();
    world.tick();
    let before = world.markets[BTC];
    assert_eq!(world.fill(BTC, 0, id, None, &[]).unwrap_err(), Error::NothingToFill);
    assert_eq!(world.markets[BTC], before);
}

#[test]
fn after_a_default_the_vamm_pays_its_line_and_funding_nothing_of_it() {
    // Audit #89: funding charged the vAMM again for a loss that had been spread.
    let mut world = long_one(6_100);
    world.fund_pool(BTC, PoolKind::Amm, 100_000 * DOLLAR).unwrap();
    world.deposit(1, 0, 1_000_000 * DOLLAR).unwrap();
    let _ = world.take(1, ioc(BTC, Side::Long, ONE / 2, 61_000 * DOLLAR), &[]).unwrap();
    assert_eq!(world.markets[BTC].amm.base, Base(-500_000_000));
    world.drive(BTC, 50_000 * DOLLAR);
    liquidate_all(&mut world);
    let before = world.markets[BTC].amm.quote;
    let report = world.bankrupt(BTC, 0).unwrap();
    let paid = before.minus(world.markets[BTC].amm.quote).unwrap();
    assert_eq!((paid.magnitude(), report.deficit), (report.amm, Amount(0)), "{report:?}");
    assert_eq!(report.amm, report.loss.minus(report.fees).unwrap().minus(report.insurance_fees).unwrap());
    world.wait(3_600);
    world.tick();
    let quote = world.markets[BTC].amm.quote;
    let funding = world.fund(BTC).unwrap();
    assert_eq!(world.markets[BTC].amm.quote.minus(quote).unwrap(), funding.deltas.amm, "funding alone");
    check(&mut world);
}

#[test]
fn averages_start_anew_after_a_gap() {
    // Audit: after hours without a price the old average still bound the new one.
    let mut world = World::funded(2, 1_000);
    world.wait(2 * 3_600);
    let _ = world.refresh(BTC, 45_000 * DOLLAR).unwrap();
    let row = world.board.markets[BTC].price;
    assert_eq!((row.twap_5m, row.twap_1h), (Price(45_000 * DOLLAR), Price(45_000 * DOLLAR)));
}

#[test]
fn the_record_of_a_liquidation_says_whether_it_ended_in_bankruptcy() {
    // Audit: the record's field was a constant.
    let mut world = long_one(6_100);
    world.drive(BTC, 50_000 * DOLLAR);
    let _ = world.settle(BTC, 0).unwrap();
    let mut said = Vec::new();
    while !world.accounts[0].position(BTC).base.is_zero() {
        let mut buffer = vec![0; 4_096];
        let mut batch = Batch::new(&mut buffer, 0);
        let (mut account, mut liquidator) = (world.accounts[0].clone(), world.accounts[LIQUIDATOR].clone());
        let mut context = Context {
            exchange: &world.exchange,
            board: &world.board,
            market: &mut world.markets[BTC],
            clock: world.clock,
            sink: &mut batch,
        };
        let step = Liquidate { max_size: Size(u64::MAX), limit_price: Price(0) };
        let report = step.execute(&mut context, &mut account.borrow(), &mut liquidator.borrow()).unwrap();
        (world.accounts[0], world.accounts[LIQUIDATOR]) = (account, liquidator);
        let message = batch.finish([0; 32], 1, 1, 0).unwrap();
        let (_, mut events) = decode(message).unwrap();
        let record = events.find_map(|event| match event {
            Event::Liquidation(record) => Some(record),
            _ => None,
        });
        let record = record.expect("a record");
        assert_eq!((record.bankrupt == 1, record.isolated), (report.bankrupt, 0));
        said.push(record.bankrupt);
    }
    assert!(said.len() > 1, "{said:?}");
    assert_eq!(said.iter().map(|bankrupt| u64::from(*bankrupt)).sum::<u64>(), 1, "{said:?}");
    assert_eq!(said.last(), Some(&1));
}
