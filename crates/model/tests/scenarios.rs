//! Stories with exact numbers.

mod common;

use common::check::check;
use common::story::lean;
use common::{BOOK, BTC, DOLLAR, ONE, SOL, World, ioc, limit, market_params};
use kedge_model::Error;
use kedge_model::account::board::RowState;
use kedge_model::account::order::{OrderKind, OrderParams, Side, flags};
use kedge_model::account::sub_account::status;
use kedge_model::action::{CancelOrder, MakerRef, PoolKind, SweepFees};
use kedge_model::event::NoEvents;
use kedge_model::quantity::{Amount, Base, FundingIndex, Ppm, Price, Quote, Size};

const MAKER: usize = 2;
const LIQUIDATOR: usize = 4;

/// A trader with so many dollars is long one BTC from 60,000 against a maker, at a fee of 60.
fn long_one(world: &mut World, dollars: u64) -> usize {
    world.deposit(0, 0, dollars * DOLLAR).unwrap();
    world.deposit(MAKER, 0, 100_000 * DOLLAR).unwrap();
    world.deposit(LIQUIDATOR, 0, 100_000 * DOLLAR).unwrap();
    world.place(MAKER, limit(BTC, Side::Short, ONE, 60_000 * DOLLAR)).unwrap();
    let report = world.take(0, ioc(BTC, Side::Long, ONE, 60_000 * DOLLAR), &[MAKER]).unwrap();
    assert_eq!((report.matched.size, report.matched.fees), (Size(ONE), Amount(60 * DOLLAR)));
    0
}

/// A world whose BTC market has another maintenance margin and insurance cap, and a vAMM without capital.
fn world_with(maintenance: u32, insurance_cap: u64) -> World {
    let mut world = World::new(6);
    world.markets[BTC].insurance_cap = Amount(insurance_cap * DOLLAR);
    world.board.markets[BTC].maintenance_margin = Ppm(maintenance);
    world
}

#[test]
fn a_long_of_ten_times_is_liquidated_in_steps_as_btc_falls_from_60000_to_58000() {
    let mut world = world_with(95_000, 0);
    let trader = long_one(&mut world, 6_100);
    assert_eq!(world.liquidate(BTC, trader, LIQUIDATOR, u64::MAX).unwrap_err(), Error::NotLiquidatable);

    world.drive(BTC, 59_500 * DOLLAR);
    // Equity 6,100 - 60 - 500 = 5,540; wanted 10 % of 59,500 = 5,950; a base frees 10 % - 0.5 % - 0.5 % of 59,500 =
    // 5,355; 410 / 5,355 = 0.076563..., the next step is 0.0766, at 59,500 - 0.5 %, and 0.5 % of 59,500 is insurance's.
    let first = world.liquidate(BTC, trader, LIQUIDATOR, u64::MAX).unwrap();
    assert_eq!((first.base, first.price), (Base(76_600_000), Price(59_202_500_000)));
    assert_eq!((first.quote, first.insurance_fee), (Quote(4_534_911_500), Amount(22_788_500)));
    assert_eq!(world.markets[BTC].insurance_fees, Amount(22_788_500));
    check(&mut world);
    assert!(!world.accounts[trader].head.has(status::BEING_LIQUIDATED));
    assert_eq!(world.liquidate(BTC, trader, LIQUIDATOR, u64::MAX).unwrap_err(), Error::NotLiquidatable);

    let mut left = ONE - 76_600_000;
    for dollars in [59_000, 58_500, 58_000] {
        world.drive(BTC, dollars * DOLLAR);
        let before = world.health(trader).free().unwrap();
        let step = world.liquidate(BTC, trader, LIQUIDATOR, u64::MAX).unwrap();
        let taken = step.base.size().0;
        assert!(taken > 0 && taken <= left.div_ceil(4) + 100_000, "{taken} of {left}");
        left -= taken;
        assert_eq!(world.accounts[trader].position(BTC).base, Base(i64::try_from(left).unwrap()));
        assert!(world.health(trader).free().unwrap() > before && world.health(trader).is_met());
        check(&mut world);
    }
    assert!(left > ONE / 2, "partial liquidations left {left}");
    assert_eq!(world.accounts[trader].head.liquidations, 4);
}

#[test]
fn a_deep_fall_takes_a_quarter_at_a_time() {
    let mut world = world_with(95_000, 0);
    let trader = long_one(&mut world, 6_100);
    world.drive(BTC, 56_000 * DOLLAR);
    for expected in [250_000_000, 187_500_000, 140_700_000] {
        let step = world.liquidate(BTC, trader, LIQUIDATOR, u64::MAX).unwrap();
        assert_eq!(step.base, Base(expected));
        assert!(world.accounts[trader].head.has(status::BEING_LIQUIDATED));
        let order = limit(BTC, Side::Short, ONE / 10, 57_000 * DOLLAR);
        assert_eq!(world.place(trader, order).unwrap_err(), Error::AccountBeingLiquidated);
    }
    // Money ends it: the next call finds the account healthy.
    world.deposit(trader, 0, 10_000 * DOLLAR).unwrap();
    assert!(world.liquidate(BTC, trader, LIQUIDATOR, u64::MAX).unwrap().recovered);
    assert!(!world.accounts[trader].head.has(status::BEING_LIQUIDATED));
    check(&mut world);
}

/// Liquidates to the end, pays what the balance holds, and returns the debt.
fn ruin(world: &mut World, market: usize, trader: usize, price: u64) -> u64 {
    world.drive(market, price);
    while !world.accounts[trader].position(market).base.is_zero() {
        let _ = world.liquidate(market, trader, LIQUIDATOR, u64::MAX).unwrap();
        check(world);
    }
    assert_eq!(world.bankrupt(market, trader).unwrap_err(), Error::NotBankrupt, "the balance pays first");
    assert!(world.settle(market, trader).unwrap().amount.0 < 0);
    check(world);
    world.accounts[trader].position(market).quote.0.unsigned_abs()
}

#[test]
fn a_default_in_a_market_of_many_units_is_booked_in_full() {
    // A million units at a cent.
    let mut world = World::funded(6, 600);
    let cheap = world.markets.len();
    world.list_market(&market_params(b"CENT", Price(10_000), 0, ONE, 1));
    let _ = world.refresh(cheap, 10_000).unwrap();
    world.open_market(cheap).unwrap();
    world.deposit(LIQUIDATOR, 0, 100_000 * DOLLAR).unwrap();
    world.place(MAKER, limit(cheap, Side::Short, 500_000 * ONE, 10_000)).unwrap();
    let _ = world.take(0, ioc(cheap, Side::Long, 500_000 * ONE, 10_000), &[MAKER]).unwrap();
    let debt = ruin(&mut world, cheap, 0, 8_000);
    let report = world.bankrupt(cheap, 0).unwrap();
    assert!(report.fees > Amount(0));
    assert_eq!(report.deficit, Amount(debt - report.fees.0));
    check(&mut world);
}

#[test]
fn a_default_is_paid_by_the_insurance_up_to_its_cap_and_then_by_profits() {
    let mut world = world_with(50_000, 1_000);
    world.fund_pool(BTC, PoolKind::Insurance, 20_000 * DOLLAR).unwrap();
    let trader = long_one(&mut world, 6_100);
    let debt = ruin(&mut world, BTC, trader, 50_000 * DOLLAR);
    assert_eq!(debt, 3_960 * DOLLAR, "equity was 6,040 - 10,000, and no liquidator's fees come on top");
    let (maker, liquidator) = (world.equity(MAKER), world.equity(LIQUIDATOR));

    let report = world.bankrupt(BTC, trader).unwrap();
    assert_eq!((report.loss, report.insurance), (Amount(debt), Amount(1_000 * DOLLAR)));
    let fees = report.fees.0 + report.insurance_fees.0;
    assert!(fees > 0 && world.markets[BTC].fees == Amount(0), "unswept fees go first");
    assert_eq!((report.amm, report.deficit), (Amount(0), Amount(debt - fees - 1_000 * DOLLAR)));
    assert_eq!(world.markets[BTC].insurance_fund, Amount(19_000 * DOLLAR));
    assert_eq!(world.accounts[trader].head.status, 0);
    assert!(!world.accounts[trader].position(BTC).is_used());
    // Nobody's position or claim has changed: what is missing shows where profit becomes tokens.
    for (account, before) in [(MAKER, maker), (LIQUIDATOR, liquidator)] {
        assert_eq!(world.equity(account), before);
    }
    check(&mut world);
    assert_eq!(world.bankrupt(BTC, trader).unwrap_err(), Error::NotBankrupt);

    // Whoever opens, turns or closes later owes nothing of the past.
    world.deposit(1, 0, 100_000 * DOLLAR).unwrap();
    world.deposit(3, 0, 100_000 * DOLLAR).unwrap();
    for (side, size) in [(Side::Short, ONE), (Side::Long, 2 * ONE), (Side::Short, ONE)] {
        world.outlast();
        world.place(3, limit(BTC, side.opposite(), size, 50_000 * DOLLAR)).unwrap();
        let _ = world.take(1, ioc(BTC, side, size, 50_000 * DOLLAR), &[3]).unwrap();
        check(&mut world);
    }
    // 10 bps on four BTC, and no more.
    assert_eq!(world.equity(1), 100_000_000_000 - 200_000_000);
}

#[test]
fn a_default_with_no_position_open_becomes_a_deficit_that_fees_repay() {
    let mut world = world_with(50_000, 1_000);
    world.fund_pool(BTC, PoolKind::Insurance, 400 * DOLLAR).unwrap();
    let trader = long_one(&mut world, 6_100);
    let debt = ruin(&mut world, BTC, trader, 50_000 * DOLLAR);
    // The last two positions close each other.
    world.outlast();
    world.place(LIQUIDATOR, limit(BTC, Side::Short, ONE, 50_000 * DOLLAR)).unwrap();
    let _ = world.take(MAKER, ioc(BTC, Side::Long, ONE, 50_000 * DOLLAR), &[LIQUIDATOR]).unwrap();
    assert_eq!(world.markets[BTC].long_interest, Size(0));

    let report = world.bankrupt(BTC, trader).unwrap();
    assert_eq!((report.loss, report.insurance), (Amount(debt), Amount(400 * DOLLAR)));
    assert_eq!(report.amm, Amount(0));
    let left = debt - report.fees.0 - report.insurance_fees.0 - 400 * DOLLAR;
    assert_eq!(report.deficit, Amount(left));
    check(&mut world);
    world.place(LIQUIDATOR, limit(BTC, Side::Short, ONE, 50_000 * DOLLAR)).unwrap();
    let _ = world.take(MAKER, ioc(BTC, Side::Long, ONE, 50_000 * DOLLAR), &[LIQUIDATOR]).unwrap();

    let fees = world.markets[BTC].fees;
    let swept = world.on_market(BTC, &[], |context, banks, _| SweepFees.execute(context, &mut banks[0])).unwrap();
    assert!(fees > Amount(0));
    assert_eq!(swept.deficit, fees, "the next fees go to the hole first");
    assert_eq!(world.markets[BTC].deficit, Amount(left - fees.0));
    check(&mut world);
}

#[test]
fn with_no_position_open_the_vamms_capital_pays_a_default() {
    let mut world = world_with(50_000, 0);
    world.fund_pool(BTC, PoolKind::Amm, 50_000 * DOLLAR).unwrap();
    let trader = long_one(&mut world, 6_100);
    let debt = ruin(&mut world, BTC, trader, 50_000 * DOLLAR);
    world.outlast();
    world.place(LIQUIDATOR, limit(BTC, Side::Short, ONE, 50_000 * DOLLAR)).unwrap();
    let _ = world.take(MAKER, ioc(BTC, Side::Long, ONE, 50_000 * DOLLAR), &[LIQUIDATOR]).unwrap();
    let report = world.bankrupt(BTC, trader).unwrap();
    let borne = debt - report.fees.0 - report.insurance_fees.0;
    assert_eq!((report.amm, report.deficit), (Amount(borne), Amount(0)));
    assert_eq!(world.markets[BTC].amm.quote, Quote(i64::try_from(50_000 * DOLLAR - borne).unwrap()));
    check(&mut world);
}

#[test]
fn a_position_flips_through_zero_in_one_fill() {
    let mut world = World::funded(6, 200_000);
    world.place(MAKER, limit(BOOK, Side::Short, 10 * ONE, 2_000 * DOLLAR)).unwrap();
    let _ = world.take(0, ioc(BOOK, Side::Long, 10 * ONE, 2_000 * DOLLAR), &[MAKER]).unwrap();
    world.place(MAKER, limit(BOOK, Side::Long, 25 * ONE, 2_010 * DOLLAR)).unwrap();
    let _ = world.take(0, ioc(BOOK, Side::Short, 25 * ONE, 2_010 * DOLLAR), &[MAKER]).unwrap();
    let position = world.accounts[0].position(BOOK);
    assert_eq!(position.base, Base(-15_000_000_000));
    assert_eq!(position.entry, Quote(30_150 * 1_000_000), "15 sold at 2,010");
    // Bought 10 for 20,000 (fee 20), sold 25 for 50,250 (fee 50.25).
    assert_eq!(position.quote, Quote(30_179_750_000));
    assert_eq!(world.accounts[MAKER].position(BOOK).base, Base(15_000_000_000));
    assert_eq!(
        (world.markets[BOOK].long_interest, world.markets[BOOK].short_interest),
        (Size(15 * ONE), Size(15 * ONE))
    );
    check(&mut world);
}

#[test]
fn a_makers_cancel_that_lands_before_the_fill_wins() {
    let mut world = World::funded(6, 100_000);
    let resting = world.place(MAKER, limit(BOOK, Side::Short, ONE, 2_000 * DOLLAR)).unwrap();
    let refs = world.maker_refs(BOOK, &[MAKER]);
    assert_eq!(refs, [MakerRef { order_id: resting, account: 0, slot: 0, padding: [0; 2] }]);
    let taker = world.place(0, limit(BOOK, Side::Long, ONE, 2_000 * DOLLAR)).unwrap();
    let _ = CancelOrder { id: resting }.execute(&mut world.accounts[MAKER].borrow(), &mut NoEvents).unwrap();
    // Another order now stands in the same slot, at a worse price: the id decides, not the slot.
    world.place(MAKER, limit(BOOK, Side::Short, ONE, 1_990 * DOLLAR)).unwrap();
    let result = world.on_market(BOOK, &[0, MAKER], |context, _, accounts| {
        let (taker_account, makers) = accounts.split_first_mut().unwrap();
        let fill = kedge_model::action::FillOrder { order_id: taker, slot: 0, makers: &refs };
        fill.execute(context, taker_account, None, makers)
    });
    assert_eq!(result.unwrap_err(), Error::NothingToFill);
    assert!(world.accounts[MAKER].position(BOOK).base.is_zero());
    check(&mut world);
}

#[test]
fn longs_pay_shorts_an_hour_of_a_mark_above_the_index() {
    let mut world = World::funded(6, 100_000);
    // Users are net long by half of what they hold: impact prices half a percent above the oracle.
    lean(&mut world, SOL, LIQUIDATOR, Side::Long, 10 * ONE);
    common::story::long(&mut world, SOL, 10 * ONE);
    assert_eq!(world.markets[SOL].mark(world.oracle(SOL)), Ok(Price(150_750_000)));
    assert_eq!(world.fund(SOL).unwrap_err(), Error::FundingNotDue);
    let before = (world.equity(0), world.equity(MAKER));
    world.wait(3_599);
    world.tick();
    // Premium 0.5 % for the hour; interest is clamped to -0.05 %: (0.5 % - 0.05 %) / 8 = 0.05625 % of 150.
    let report = world.fund(SOL).unwrap();
    assert_eq!(report.rate, 562_500);
    assert_eq!((report.deltas.long, report.deltas.short), (FundingIndex(84_375_000), FundingIndex(84_375_000)));
    assert_eq!(before.0 - world.equity(0), 843_750, "ten long pay 0.084375 each");
    assert_eq!(world.equity(MAKER) - before.1, 843_750, "ten short get it");
    assert_eq!(world.fund(SOL).unwrap_err(), Error::FundingNotDue);
    check(&mut world);
    // Settling moves nothing between them.
    let _ = world.settle(SOL, 0);
    let _ = world.settle(SOL, MAKER);
    assert_eq!(before.0 - world.equity(0), 843_750);
    check(&mut world);
}

#[test]
fn without_a_vamm_a_wash_trade_sets_no_premium() {
    let mut world = World::funded(6, 100_000);
    world.place(MAKER, limit(BOOK, Side::Short, 10 * ONE, 2_090 * DOLLAR)).unwrap();
    let _ = world.take(0, ioc(BOOK, Side::Long, 10 * ONE, 2_090 * DOLLAR), &[MAKER]).unwrap();
    world.wait(3_599);
    world.tick();
    // Interest alone: 0.01 % / 8.
    assert_eq!(world.fund(BOOK).unwrap().rate, 12_500);
    check(&mut world);
}

#[test]
fn a_frozen_row_does_not_shield_the_rest_of_an_account() {
    let mut world = World::funded(6, 100_000);
    world.place(MAKER, limit(BOOK, Side::Short, ONE, 2_000 * DOLLAR)).unwrap();
    let _ = world.take(0, ioc(BOOK, Side::Long, ONE, 2_000 * DOLLAR), &[MAKER]).unwrap();
    world.place(MAKER, limit(SOL, Side::Short, 6_000 * ONE, 150 * DOLLAR + 200_000)).unwrap();
    let _ = world.take(0, ioc(SOL, Side::Long, 6_000 * ONE, 150 * DOLLAR + 200_000), &[MAKER]).unwrap();
    world.board.markets[usize::from(World::index(BOOK))].price.state = RowState::Halted as u8;
    world.wait(30);
    for price in [146, 142, 138, 134] {
        world.wait(300);
        let _ = world.refresh(SOL, price * DOLLAR).unwrap();
        let _ = world.refresh_bank(0, DOLLAR).unwrap();
    }
    assert_eq!(world.liquidate(BOOK, 0, MAKER, u64::MAX).unwrap_err(), Error::RowStateForbids);
    let report = world.liquidate(SOL, 0, MAKER, u64::MAX).unwrap();
    assert!(report.base.0 > 0);
}

#[test]
fn the_vamms_capital_stops_it_from_opening_but_not_from_closing() {
    let mut world = World::new(6);
    world.deposit(0, 0, 100_000 * DOLLAR).unwrap();
    world.fund_pool(BTC, PoolKind::Amm, 1_200 * DOLLAR).unwrap();
    // 1,200 at a margin of 10 % carry 12,000: 0.2 BTC.
    let bought = world.take(0, ioc(BTC, Side::Long, ONE, 63_000 * DOLLAR), &[]).unwrap();
    assert_eq!(bought.matched.amm_size, Size(ONE / 5));
    // The spread was earned on top, which carries a little more; then it is used up.
    let more = world.take(0, ioc(BTC, Side::Long, ONE, 63_000 * DOLLAR), &[]).unwrap();
    assert!(more.matched.amm_size < Size(ONE / 500), "{:?}", more.matched.amm_size);
    world.drive(BTC, 62_000 * DOLLAR);
    let none = world.take(0, ioc(BTC, Side::Long, ONE, 65_000 * DOLLAR), &[]).unwrap();
    assert_eq!(none.matched.size, Size(0), "its equity no longer carries what it has");
    // Its short loses: without capital left it still buys back.
    let all = world.accounts[0].position(BTC).base.size().0;
    let sold = world.take(0, ioc(BTC, Side::Short, all, 59_000 * DOLLAR), &[]).unwrap();
    assert_eq!(sold.matched.amm_size, Size(all));
    assert!(world.markets[BTC].amm.base.is_zero());
    check(&mut world);
}

#[test]
fn a_stale_row_opens_nothing_and_lets_go_of_what_is_open() {
    let mut world = World::funded(6, 100_000);
    world.place(MAKER, limit(BOOK, Side::Short, 10 * ONE, 2_000 * DOLLAR)).unwrap();
    let _ = world.take(0, ioc(BOOK, Side::Long, ONE, 2_000 * DOLLAR), &[MAKER]).unwrap();
    let bid = world.place(MAKER, limit(BOOK, Side::Long, ONE, 1_999 * DOLLAR)).unwrap();
    world.wait(11);
    let market_order =
        OrderParams { kind: OrderKind::Market as u8, price: Price(0), ..limit(BOOK, Side::Long, ONE, 0) };
    assert_eq!(world.place(0, market_order).unwrap_err(), Error::StaleRow);
    assert_eq!(world.place(0, limit(BOOK, Side::Long, ONE, 1_900 * DOLLAR)).unwrap_err(), Error::StaleRow);
    assert_eq!(world.take(0, ioc(BOOK, Side::Long, ONE, 2_000 * DOLLAR), &[MAKER]).unwrap_err(), Error::StaleRow);
    assert_eq!(world.withdraw(0, 0, DOLLAR).unwrap_err(), Error::StaleRow);
    world.deposit(0, 0, DOLLAR).unwrap();
    // Closing stays possible four times as long.
    let half = OrderParams {
        flags: flags::REDUCE_ONLY | flags::IMMEDIATE_OR_CANCEL,
        ..limit(BOOK, Side::Short, ONE / 2, 1_999 * DOLLAR)
    };
    assert_eq!(world.take(0, half, &[MAKER]).unwrap().matched.size, Size(ONE / 2));
    world.wait(30);
    assert_eq!(world.take(0, half, &[MAKER]).unwrap_err(), Error::StaleRow);
    // Cancelling needs no price at all.
    let _ = CancelOrder { id: bid }.execute(&mut world.accounts[MAKER].borrow(), &mut NoEvents).unwrap();
    check(&mut world);
}

#[test]
fn a_jump_is_liquidated_at_a_price_that_the_average_bounds() {
    let mut world = world_with(50_000, 0);
    let trader = long_one(&mut world, 8_000);
    world.wait(1);
    let _ = world.refresh(BTC, 48_000 * DOLLAR).unwrap();
    let row = world.board.markets[BTC].price;
    assert_eq!(RowState::from_number(row.state), RowState::Jump);
    // The average moved by a second of the held sample: 60,000 - 6,000 / 300.
    assert_eq!(row.twap_5m, Price(59_980 * DOLLAR));
    let bounded = row.liquidation_price().unwrap();
    assert_eq!(bounded, Price(56_981 * DOLLAR));
    // At the bounded price 7,940 - 3,019 covers 5 %: a price that may be wrong liquidates nobody.
    assert_eq!(world.liquidate(BTC, trader, LIQUIDATOR, u64::MAX).unwrap_err(), Error::NotLiquidatable);
    assert_eq!(world.place(trader, limit(BTC, Side::Long, ONE, 48_000 * DOLLAR)).unwrap_err(), Error::RowStateForbids);
    // One that is below maintenance at the bounded price is taken over there, not at 48,000.
    let mut poor = world.clone();
    poor.accounts[trader].head.debit(0, Amount(3_000 * DOLLAR)).unwrap();
    let step = poor.liquidate(BTC, trader, LIQUIDATOR, u64::MAX).unwrap();
    assert_eq!(step.price, Price(56_696_095_000), "56,981 less 0.5 %");

    // Three quiet refreshes confirm the new level; now it counts.
    for _ in 0..3 {
        world.tick();
    }
    assert_eq!(world.state(BTC), RowState::Normal as u8);
    let step = world.liquidate(BTC, trader, LIQUIDATOR, u64::MAX).unwrap();
    assert_eq!(step.price, Price(48_000 * DOLLAR), "no discount where no equity is left");
    check(&mut world);
}

#[test]
fn listing_refuses_parameters_that_could_not_be_liquidated() {
    let mut world = World::new(2);
    let good = market_params(b"NEW", Price(10 * DOLLAR), 1_000, 1_000_000, 1_000);
    for bad in [
        kedge_model::action::MarketParams { maintenance_margin: Ppm(14_000), ..good },
        kedge_model::action::MarketParams { initial_margin: Ppm(50_000), ..good },
        kedge_model::action::MarketParams { step: Size(0), ..good },
        kedge_model::action::MarketParams { price_band: Ppm(200_000), ..good },
    ] {
        let mut market = kedge_model::account::market::Market::default();
        let list = kedge_model::action::ListMarket { params: &bad };
        let result = list.execute(&mut world.exchange, &mut world.board, &mut market, world.clock);
        assert_eq!(result.unwrap_err(), Error::InvalidParameter);
    }
    assert_eq!(world.exchange.markets, 3);
}
