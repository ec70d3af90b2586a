//! What is left of an order that took: it rests, goes, or nothing of it happens.

mod common;

use common::check::check;
use common::story::{long, long_one};
use common::{BOOK, BTC, DOLLAR, ONE, World, at_market, join, limit, with};
use kedge_model::action::Liquidate;
use kedge_model::error::Error;
use kedge_model::order::{OrderParams, Side, flags};
use kedge_model::quantity::{Amount, Ppm, Price, Size};

const TAKER: usize = 0;
const MAKER: usize = 2;

/// Two units are offered at 2,000; what an order leaves open and holds after it has taken them.
fn taken(order: OrderParams, dollars: u64) -> Result<(Vec<Size>, i64), Error> {
    let mut world = World::funded(4, 100_000);
    if dollars < 100_000 {
        world.withdraw(TAKER, 0, (100_000 - dollars) * DOLLAR).unwrap();
    }
    world.place(MAKER, limit(BOOK, Side::Short, 2 * ONE, 2_000 * DOLLAR)).unwrap();
    let report = world.take(TAKER, order, &[MAKER])?;
    check(&mut world);
    let left = world.accounts[TAKER].open().map(|order| order.remaining().unwrap()).collect();
    assert_eq!(i64::try_from(report.matched.size.0).unwrap(), world.accounts[TAKER].position(BOOK).base.0);
    Ok((left, world.accounts[TAKER].position(BOOK).base.0))
}

#[test]
fn what_is_left_of_a_limit_order_rests_and_of_others_goes() {
    let buy = |units| limit(BOOK, Side::Long, units * ONE, 2_000 * DOLLAR);
    let (one, two) = (1_000_000_000, 2_000_000_000);
    assert_eq!(taken(buy(3), 100_000), Ok((vec![Size(ONE)], two)));
    assert_eq!(taken(buy(2), 100_000), Ok((vec![], two)));
    assert_eq!(taken(buy(1), 100_000), Ok((vec![], one)));
    assert_eq!(taken(with(flags::IMMEDIATE_OR_CANCEL, buy(3)), 100_000), Ok((vec![], two)));
    assert_eq!(taken(at_market(BOOK, Side::Long, 3 * ONE), 100_000), Ok((vec![], two)));
    assert_eq!(taken(with(flags::FILL_OR_KILL, buy(3)), 100_000), Err(Error::FillTooSmall));
    assert_eq!(taken(with(flags::FILL_OR_KILL, buy(2)), 100_000), Ok((vec![], two)));
}

#[test]
fn what_rests_needs_initial_margin_as_what_was_filled_does() {
    let buy = |units| limit(BOOK, Side::Long, units * ONE, 2_000 * DOLLAR);
    // A tenth of 6,000 is asked for three units, filled or not.
    assert_eq!(taken(buy(3), 700).map(|(left, _)| left), Ok(vec![Size(ONE)]));
    assert_eq!(taken(buy(3), 590), Err(Error::InsufficientMargin));
    assert_eq!(taken(with(flags::IMMEDIATE_OR_CANCEL, buy(2)), 450).map(|(left, _)| left), Ok(vec![]));
    assert_eq!(taken(with(flags::IMMEDIATE_OR_CANCEL, buy(2)), 390), Err(Error::InsufficientMargin));
}

#[test]
fn a_maker_without_margin_fills_nothing() {
    let mut world = World::funded(4, 100_000);
    world.place(MAKER, limit(BOOK, Side::Short, 2 * ONE, 2_000 * DOLLAR)).unwrap();
    world.accounts[MAKER].head.balances[0].amount.0 = DOLLAR;
    let order = limit(BOOK, Side::Long, ONE, 2_000 * DOLLAR);
    let report = world.take(TAKER, with(flags::IMMEDIATE_OR_CANCEL, order), &[MAKER]);
    assert!(report.is_err() || report.is_ok_and(|report| report.matched.size == Size(0)));
    assert_eq!(world.accounts[MAKER].position(BOOK).base.0, 0);
}

#[test]
fn a_builder_gets_its_fee_of_orders_that_say_so_alone() {
    let fee = |builder: u8, bits: u16| {
        let mut world = World::funded(4, 100_000);
        (world.accounts[TAKER].head.builder, world.accounts[TAKER].head.builder_fee) = ([builder; 32], Ppm(500));
        world.place(MAKER, limit(BOOK, Side::Short, 2 * ONE, 2_000 * DOLLAR)).unwrap();
        let order = with(flags::IMMEDIATE_OR_CANCEL | bits, limit(BOOK, Side::Long, 2 * ONE, 2_000 * DOLLAR));
        let matched = world.take(TAKER, order, &[MAKER]).unwrap().matched;
        check(&mut world);
        matched.builder_fee
    };
    // The maker's owner is 2; half a thousandth of 4,000.
    assert_eq!(fee(2, flags::BUILDER), Amount(2 * DOLLAR));
    assert_eq!([fee(2, 0), fee(0, flags::BUILDER), fee(3, flags::BUILDER), fee(0, 0)], [Amount(0); 4]);
}

#[test]
fn a_liquidator_pays_no_more_than_its_limit() {
    let mut world = long_one(6_100);
    world.drive(BTC, 50_000 * DOLLAR);
    let step = |limit: Price| {
        let mut world = world.clone();
        world.on_market(BTC, &[0, 2], |context, _, accounts| {
            let (account, liquidator) = accounts.split_first_mut().unwrap();
            let liquidate = Liquidate { max_size: Size(u64::MAX), limit_price: limit };
            liquidate.execute(context, account, &mut liquidator[0])
        })
    };
    let price = step(Price(0)).unwrap().price;
    assert_eq!(step(price).unwrap().price, price);
    assert_eq!(step(Price(price.0 + 1)).unwrap().price, price);
    assert_eq!(step(Price(price.0 - 1)), Err(Error::LiquidationPriceWorse));
}

#[test]
fn settling_a_claim_settles_its_funding_first() {
    let mut world = World::funded(4, 100_000);
    long(&mut world, BTC, ONE);
    for _ in 0..62 {
        world.wait(59);
        world.tick();
    }
    let _ = world.fund(BTC).unwrap();
    let row = world.board.markets[BTC];
    let before = world.accounts[0].position(BTC);
    let owed = before.unsettled_funding(row.funding(before.base)).unwrap();
    assert!(owed.0 < 0, "longs pay: {owed:?}");
    let pot = world.markets[BTC].funding_pot;
    let _ = world.settle(BTC, 0).unwrap();
    let after = world.accounts[0].position(BTC);
    assert_eq!(after.funding_index, row.funding(before.base));
    assert_eq!(world.markets[BTC].funding_pot.0 - pot.0, -owed.0);
    check(&mut world);
}

#[test]
fn a_price_between_two_ticks_is_refused() {
    let mut world = World::funded(2, 100_000);
    let tick = world.markets[BOOK].tick.0;
    let at = |price| limit(BOOK, Side::Long, ONE, price);
    assert_eq!(world.place(0, at(1_500 * DOLLAR + 1)), world.place(0, at(1_500 * DOLLAR + tick - 1)));
    assert!(world.place(0, at(1_500 * DOLLAR + 1)).is_err() && world.place(0, at(1_500 * DOLLAR + tick)).is_ok());
}

#[test]
fn who_joins_an_auction_has_margin_for_it() {
    let joined = |dollars: u64| {
        let mut world = World::funded(4, 100_000);
        let id = world.place(TAKER, at_market(BTC, Side::Long, ONE)).unwrap();
        world.withdraw(MAKER, 0, (100_000 - dollars) * DOLLAR).unwrap();
        world.make(BTC, MAKER, TAKER, join(id, ONE, 1))
    };
    assert_eq!(joined(90_000), Ok(Size(ONE)));
    assert_eq!(joined(100), Err(Error::MakerInsufficientMargin));
}
