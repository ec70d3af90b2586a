//! Ways to take money or block others that must not work.

mod common;

use common::check::check;
use common::{BOOK, BTC, DOLLAR, ONE, World, ioc, join, limit, market_params};
use kedge_model::Error;
use kedge_model::account::board::{Purpose, RowState};
use kedge_model::account::market::MarketStatus;
use kedge_model::account::order::{OrderKind, OrderParams, Side, flags};
use kedge_model::account::position::Position;
use kedge_model::account::sub_account::status;
use kedge_model::action::{PoolKind, UpdateAmm};
use kedge_model::quantity::{Amount, Base, Ppm, Price, Quote, Size};
use kedge_model::rule::margin::MarginKind;

const MAKER: usize = 2;
const LIQUIDATOR: usize = 4;

#[test]
fn taking_at_once_opens_no_more_than_initial_margin_allows() {
    let mut world = World::funded(6, 10_000);
    world.deposit(MAKER, 0, 1_000_000 * DOLLAR).unwrap();
    world.place(MAKER, limit(BOOK, Side::Short, 100 * ONE, 2_000 * DOLLAR)).unwrap();
    // 10,000 carry 100,000 at ten times; 65 x 2,000 would pass at the margin of a fill (7.5 %).
    let order = ioc(BOOK, Side::Long, 65 * ONE, 2_000 * DOLLAR);
    assert_eq!(world.take(0, order, &[MAKER]).unwrap_err(), Error::InsufficientMargin);
    let order = ioc(BOOK, Side::Long, 49 * ONE, 2_000 * DOLLAR);
    assert_eq!(world.take(0, order, &[MAKER]).unwrap().matched.size, Size(49 * ONE));
}

#[test]
fn a_vamm_that_cannot_follow_the_oracle_sells_nothing_below_it() {
    let mut world = World::funded(6, 1_000_000);
    // No budget: the peg stays where moving it would cost.
    world.markets[BTC].amm.update_budget = Ppm(0);
    let bought = world.take(0, ioc(BTC, Side::Long, 5 * ONE, 61_000 * DOLLAR), &[]).unwrap();
    assert!(bought.matched.amm_size > Size(0));
    world.drive(BTC, 63_000 * DOLLAR);
    let amm = &world.markets[BTC].amm;
    let (mid, before) = (amm.curve().mid().unwrap(), amm.equity(Price(63_000 * DOLLAR)).unwrap());
    assert!(mid < Price(61_000 * DOLLAR), "the curve lags at {mid:?}");
    let below = world.take(1, ioc(BTC, Side::Long, ONE, 63_000 * DOLLAR), &[]).unwrap();
    assert_eq!(below.matched.size, Size(0), "nothing at or below the oracle");
    let above = world.take(1, ioc(BTC, Side::Long, ONE, 66_000 * DOLLAR), &[]).unwrap();
    assert!(above.matched.size > Size(0));
    assert!(
        above.matched.quote
            >= above.matched.size.value(Price(63_000 * DOLLAR), kedge_model::num::Rounding::Up).unwrap()
    );
    assert!(world.markets[BTC].amm.equity(Price(63_000 * DOLLAR)).unwrap() >= before);
    check(&mut world);
}

#[test]
fn a_quote_that_is_gone_does_not_count_as_premium() {
    let mut world = World::funded(6, 1_000_000);
    let _ = world.take(0, ioc(BTC, Side::Long, 9 * ONE, 62_000 * DOLLAR), &[]).unwrap();
    let (premium, amm) = (world.markets[BTC].premium_last, world.markets[BTC].amm);
    assert!(amm.curve().mid().unwrap() > Price(61_000 * DOLLAR), "the trade moved the curve by 1.8 %");
    assert_eq!(premium, 900_000, "nine of twenty at 0.2 %, and nothing for the curve");
    world.tick();
    let _ = world.on_market(BTC, &[], |context, _, _| UpdateAmm.execute(context)).unwrap();
    assert!(world.markets[BTC].amm.curve().mid().unwrap() < Price(60_001 * DOLLAR));
    assert_eq!(world.markets[BTC].premium_last, premium, "what the vAMM holds is still there");
}

#[test]
fn a_market_that_closes_to_new_risk_fills_no_old_order_that_opens() {
    let mut world = World::funded(6, 100_000);
    world.place(MAKER, limit(BOOK, Side::Short, 2 * ONE, 2_000 * DOLLAR)).unwrap();
    let _ = world.take(0, ioc(BOOK, Side::Long, ONE, 2_000 * DOLLAR), &[MAKER]).unwrap();
    let opening = world.place(1, limit(BOOK, Side::Long, ONE, 2_000 * DOLLAR)).unwrap();
    world.markets[BOOK].status = MarketStatus::ReduceOnly as u8;
    world.markets[BOOK].reduces_until = u32::MAX;
    assert_eq!(world.fill(BOOK, 1, opening, None, &[MAKER]).unwrap_err(), Error::NothingToFill, "both would open");
    let mut other = world.clone();
    other.markets[BOOK].status = MarketStatus::Active as u8;
    other.place(0, limit(BOOK, Side::Short, ONE, 2_000 * DOLLAR)).unwrap();
    let opening = other.place(4, limit(BOOK, Side::Long, ONE, 2_000 * DOLLAR)).unwrap();
    other.markets[BOOK].status = MarketStatus::ReduceOnly as u8;
    other.markets[BOOK].reduces_until = u32::MAX;
    assert_eq!(other.fill(BOOK, 4, opening, None, &[0]).unwrap_err(), Error::NothingToFill, "the taker would");
    assert_eq!(world.place(1, limit(BOOK, Side::Long, ONE, 2_000 * DOLLAR)).unwrap_err(), Error::MarketReduceOnly);
    let close = |side| OrderParams { flags: flags::REDUCE_ONLY, ..limit(BOOK, side, ONE, 2_000 * DOLLAR) };
    let closing = world.place(MAKER, close(Side::Long)).unwrap();
    assert_eq!(world.take(0, close(Side::Short), &[MAKER]).unwrap().matched.size, Size(ONE));
    assert!(world.accounts[MAKER].open().all(|order| order.id != closing));
    check(&mut world);
}

#[test]
fn a_liquidator_leaves_no_dust_behind() {
    let mut world = World::funded(6, 6_100);
    world.deposit(MAKER, 0, 100_000 * DOLLAR).unwrap();
    world.deposit(LIQUIDATOR, 0, 100_000 * DOLLAR).unwrap();
    world.place(MAKER, limit(BTC, Side::Short, ONE, 60_000 * DOLLAR)).unwrap();
    let _ = world.take(0, ioc(BTC, Side::Long, ONE, 60_000 * DOLLAR), &[MAKER]).unwrap();
    world.drive(BTC, 56_000 * DOLLAR);
    assert_eq!(world.liquidate(BTC, 0, LIQUIDATOR, 1).unwrap_err(), Error::AmountZero);
    assert_eq!(world.liquidate(BTC, 0, LIQUIDATOR, 99_999).unwrap_err(), Error::AmountZero);
    let step = world.liquidate(BTC, 0, LIQUIDATOR, 100_001).unwrap();
    assert_eq!(step.base, Base(100_000), "whole steps only");
    check(&mut world);
}

#[test]
fn money_after_a_default_does_not_lock_the_account() {
    let mut world = World::funded(6, 6_100);
    world.deposit(MAKER, 0, 100_000 * DOLLAR).unwrap();
    world.deposit(LIQUIDATOR, 0, 200_000 * DOLLAR).unwrap();
    world.place(MAKER, limit(BTC, Side::Short, ONE, 60_000 * DOLLAR)).unwrap();
    let _ = world.take(0, ioc(BTC, Side::Long, ONE, 60_000 * DOLLAR), &[MAKER]).unwrap();
    world.drive(BTC, 50_000 * DOLLAR);
    while !world.accounts[0].position(BTC).base.is_zero() {
        let _ = world.liquidate(BTC, 0, LIQUIDATOR, u64::MAX).unwrap();
    }
    let _ = world.settle(BTC, 0).unwrap();
    world.accounts[0].head.status |= status::BANKRUPT;
    // The owner pays up instead: the debt is settled from the new balance, and the account is free again.
    world.deposit(0, 0, 50_000 * DOLLAR).unwrap();
    assert_eq!(world.bankrupt(BTC, 0).unwrap_err(), Error::NotBankrupt);
    let free = world.clone();
    // A part of it is not enough, whichever way it comes.
    world.accounts[0].head.debit(0, Amount(49_999 * DOLLAR)).unwrap();
    let _ = world.settle(BTC, 0).unwrap();
    assert!(world.accounts[0].position(BTC).quote.0 < 0);
    assert!(world.accounts[0].head.has(status::BANKRUPT), "something is owed still");
    world = free;
    let _ = world.settle(BTC, 0).unwrap();
    assert!(!world.accounts[0].head.has(status::BANKRUPT));
    world.accounts[0].head.status = 0;
    let left = world.accounts[0].head.balance(0);
    world.withdraw(0, 0, left.0).unwrap();
    check(&mut world);
}

#[test]
fn a_deficit_is_not_handed_out_as_excess() {
    let mut world = World::funded(6, 100_000);
    let market = &mut world.markets[BOOK];
    let before = market.net_users_pnl(Price(2_000 * DOLLAR)).unwrap();
    // A hole of 500: the pot is short by what nobody paid.
    market.deficit = Amount(500 * DOLLAR);
    market.funding_pot = Quote(-500_000_000);
    assert_eq!(market.net_users_pnl(Price(2_000 * DOLLAR)).unwrap(), before);
}

#[test]
fn trading_with_a_friend_pays_the_fees_and_wins_nothing() {
    // Two owners who share what they win. Both fill with each other at the edges of the band, in both orders.
    for (first, second) in [(2_098, 1_902), (1_902, 2_098)] {
        let mut world = World::funded(6, 100_000);
        let before = world.equity(0) + world.equity(MAKER);
        for (side, price) in [(Side::Long, first), (Side::Short, second)] {
            world.place(MAKER, limit(BOOK, side.opposite(), 20 * ONE, price * DOLLAR)).unwrap();
            let taken = world.take(0, ioc(BOOK, side, 20 * ONE, price * DOLLAR), &[MAKER]).unwrap();
            assert_eq!(taken.matched.size, Size(20 * ONE));
            world.tick();
        }
        let paid = before - world.equity(0) - world.equity(MAKER);
        // 10 bps taker less 2 bps rebate on 40,000 twice.
        assert_eq!(paid, 64_000_000);
        assert_eq!(world.markets[BOOK].fees, Amount(64_000_000));
        check(&mut world);
        // What one won from the other is claimable only as far as somebody paid it into the pool.
        let profit = world.settle(BOOK, if first < second { 0 } else { MAKER });
        assert_eq!(profit.unwrap_err(), Error::NothingToSettle, "the pool is empty until the loser settles");
    }
}

#[test]
fn nothing_trades_outside_the_band_even_between_friends() {
    let mut world = World::funded(6, 100_000);
    world.place(MAKER, limit(BOOK, Side::Short, ONE, 2_101 * DOLLAR)).unwrap();
    let order = ioc(BOOK, Side::Long, ONE, 2_101 * DOLLAR);
    assert_eq!(world.take(0, order, &[MAKER]).unwrap().matched.size, Size(0));
    let order = world.place(0, limit(BOOK, Side::Long, ONE, 2_101 * DOLLAR)).unwrap();
    assert_eq!(world.fill(BOOK, 0, order, None, &[MAKER]).unwrap_err(), Error::NothingToFill);
}

#[test]
fn filler_and_maker_together_get_less_than_the_taker_pays() {
    let mut world = World::funded(6, 100_000);
    for tier in 0..8 {
        (world.accounts[0].head.fee_tier, world.accounts[0].head.tier_day) = (tier, u32::MAX);
        world.place(MAKER, limit(BOOK, Side::Short, ONE, 2_000 * DOLLAR)).unwrap();
        let order = world.place(0, limit(BOOK, Side::Long, ONE, 2_000 * DOLLAR)).unwrap();
        let before = world.markets[BOOK].fees;
        let report = world.fill(BOOK, 0, order, Some(3), &[MAKER]).unwrap();
        assert!(report.matched.filler_reward > Amount(0));
        assert!(world.markets[BOOK].fees > before, "the exchange keeps something in tier {tier}");
    }
    check(&mut world);
}

#[test]
fn reduce_only_orders_together_never_turn_the_position() {
    let mut world = World::funded(6, 100_000);
    world.place(MAKER, limit(BOOK, Side::Short, ONE, 2_000 * DOLLAR)).unwrap();
    let _ = world.take(0, ioc(BOOK, Side::Long, ONE, 2_000 * DOLLAR), &[MAKER]).unwrap();
    let reduce = OrderParams { flags: flags::REDUCE_ONLY, ..limit(BOOK, Side::Short, ONE, 2_000 * DOLLAR) };
    let orders = [0; 3].map(|_| world.place(0, reduce).unwrap());
    world.place(MAKER, limit(BOOK, Side::Long, 5 * ONE, 2_000 * DOLLAR)).unwrap();
    // As makers of one taker, all three at once.
    let _ = world.take(3, ioc(BOOK, Side::Long, 3 * ONE, 2_000 * DOLLAR), &[0]).unwrap();
    assert!(world.accounts[0].position(BOOK).base.is_zero());
    // What is left of them is removed by whoever tries to fill it, and the slot is free again.
    for order in &orders[1..] {
        let report = world.fill(BOOK, 0, *order, None, &[MAKER]).unwrap();
        assert_eq!(report.matched.size, Size(0));
    }
    assert_eq!(world.accounts[0].head.open_orders, 0);
    check(&mut world);
}

#[test]
fn nothing_of_size_zero_is_accepted() {
    let mut world = World::funded(6, 100_000);
    assert_eq!(world.place(0, limit(BOOK, Side::Long, 0, 2_000 * DOLLAR)).unwrap_err(), Error::InvalidOrder);
    assert_eq!(world.deposit(0, 0, 0).unwrap_err(), Error::AmountZero);
    assert_eq!(world.withdraw(0, 0, 0).unwrap_err(), Error::AmountZero);
    assert_eq!(world.fund_pool(BTC, PoolKind::Amm, 0).unwrap_err(), Error::AmountZero);
    let auction = OrderParams { kind: OrderKind::Market as u8, ..limit(BOOK, Side::Long, ONE, 0) };
    let id = world.place(0, auction).unwrap();
    assert_eq!(world.make(BOOK, MAKER, 0, join(id, 0, 1)).unwrap_err(), Error::PositionLimit);
    assert_eq!(world.make(BOOK, 0, MAKER, join(id, ONE, 1)).unwrap_err(), Error::OrderNotFound);
}

#[test]
fn a_full_set_of_positions_can_still_close_and_be_liquidated() {
    let mut world = World::funded(6, 6_100);
    world.deposit(MAKER, 0, 100_000 * DOLLAR).unwrap();
    world.deposit(LIQUIDATOR, 0, 100_000 * DOLLAR).unwrap();
    world.place(MAKER, limit(BTC, Side::Short, ONE, 60_000 * DOLLAR)).unwrap();
    let _ = world.take(0, ioc(BTC, Side::Long, ONE, 60_000 * DOLLAR), &[MAKER]).unwrap();
    // Fifteen more slots, in use by claims of a unit in other markets.
    for _ in 0..15 {
        world.list_market(&market_params(b"MORE", Price(10 * DOLLAR), 0, 1_000_000, 1_000));
    }
    for (index, slot) in world.accounts[0].head.positions.iter_mut().filter(|p| !p.is_used()).enumerate() {
        *slot = Position { status: 1, market: World::index(3 + index), quote: Quote(1), ..Position::default() };
    }
    assert_eq!(world.place(0, limit(BOOK, Side::Long, ONE, 1_900 * DOLLAR)).unwrap_err(), Error::NoPositionSlot);
    world.drive(BTC, 56_000 * DOLLAR);
    let step = world.liquidate(BTC, 0, LIQUIDATOR, u64::MAX).unwrap();
    assert!(step.base > Base(0));
    // The liquidator's own slots are its own concern.
    assert!(world.accounts[LIQUIDATOR].position(BTC).base > Base(0));
}

#[test]
fn an_owner_that_liquidates_itself_gains_nothing() {
    let mut world = World::funded(6, 6_100);
    world.deposit(MAKER, 0, 100_000 * DOLLAR).unwrap();
    world.deposit(1, 0, 100_000 * DOLLAR).unwrap();
    world.place(MAKER, limit(BTC, Side::Short, ONE, 60_000 * DOLLAR)).unwrap();
    let _ = world.take(0, ioc(BTC, Side::Long, ONE, 60_000 * DOLLAR), &[MAKER]).unwrap();
    world.drive(BTC, 56_500 * DOLLAR);
    let before = world.equity(0) + world.equity(1);
    let _ = world.liquidate(BTC, 0, 1, u64::MAX).unwrap();
    assert!(world.equity(0) + world.equity(1) <= before);
    check(&mut world);
}

#[test]
fn profit_that_is_not_realised_backs_neither_withdrawal_nor_new_risk() {
    let mut world = World::funded(6, 10_000);
    world.deposit(MAKER, 0, 100_000 * DOLLAR).unwrap();
    world.place(MAKER, limit(BTC, Side::Short, ONE, 60_000 * DOLLAR)).unwrap();
    let _ = world.take(0, ioc(BTC, Side::Long, ONE, 60_000 * DOLLAR), &[MAKER]).unwrap();
    world.drive(BTC, 70_000 * DOLLAR);
    assert_eq!(world.state(BTC), RowState::Normal as u8);
    let margin = world.margin(0, MarginKind::Initial, Purpose::Withdraw).unwrap();
    assert_eq!(margin.collateral, Quote(10_000_000_000), "the gain of 9,940 counts nothing");
    assert_eq!(world.withdraw(0, 0, 4_000 * DOLLAR).unwrap_err(), Error::InsufficientMargin);
    assert!(world.equity(0) > 19_000 * i128::from(DOLLAR));
}

#[test]
fn a_withdrawal_in_a_short_dip_of_a_shorts_price_uses_the_higher_average() {
    let mut world = World::funded(6, 10_000);
    world.deposit(MAKER, 0, 100_000 * DOLLAR).unwrap();
    world.place(MAKER, limit(BTC, Side::Long, ONE, 60_000 * DOLLAR)).unwrap();
    let _ = world.take(0, ioc(BTC, Side::Short, ONE, 60_000 * DOLLAR), &[MAKER]).unwrap();
    world.wait(1);
    let _ = world.refresh(BTC, 57_500 * DOLLAR).unwrap();
    let margin = world.margin(0, MarginKind::Initial, Purpose::Withdraw).unwrap();
    assert!(margin.liability > Amount(59_900 * DOLLAR), "{margin:?}");
}

#[test]
fn a_reduce_only_order_larger_than_the_position_closes_it_and_no_more() {
    let mut world = World::funded(6, 100_000);
    world.place(MAKER, limit(BOOK, Side::Short, ONE, 2_000 * DOLLAR)).unwrap();
    let _ = world.take(0, ioc(BOOK, Side::Long, ONE, 2_000 * DOLLAR), &[MAKER]).unwrap();
    let reduce = OrderParams { flags: flags::REDUCE_ONLY, ..limit(BOOK, Side::Short, 3 * ONE, 2_000 * DOLLAR) };
    world.place(0, reduce).unwrap();
    let taken = world.take(3, ioc(BOOK, Side::Long, 3 * ONE, 2_000 * DOLLAR), &[0]).unwrap();
    assert_eq!(taken.matched.size, Size(ONE));
    assert!(world.accounts[0].position(BOOK).base.is_zero());
    check(&mut world);
}

#[test]
fn a_maker_whose_margin_is_gone_is_not_filled() {
    let mut world = World::funded(6, 250);
    world.deposit(4, 0, 100_000 * DOLLAR).unwrap();
    world.place(MAKER, limit(BOOK, Side::Short, ONE, 2_000 * DOLLAR)).unwrap();
    world.drive(BOOK, 2_095 * DOLLAR);
    // Selling at 2,000 what is worth 2,095 leaves 155 of 250; 7.5 % of 2,095 is more.
    let taken = world.take(4, ioc(BOOK, Side::Long, ONE, 2_000 * DOLLAR), &[MAKER]).unwrap().matched;
    assert_eq!((taken.size, taken.unbacked, taken.passed_over), (Size(0), 1, 1));
    let order = world.place(4, limit(BOOK, Side::Long, ONE, 2_000 * DOLLAR)).unwrap();
    assert_eq!(world.fill(BOOK, 4, order, None, &[MAKER]).unwrap_err(), Error::MakerInsufficientMargin);
    world.deposit(MAKER, 0, 10 * DOLLAR).unwrap();
    let _ = world.take(4, ioc(BOOK, Side::Long, ONE, 2_000 * DOLLAR), &[MAKER]).unwrap();
    check(&mut world);
}

#[test]
fn the_fraction_of_a_unit_goes_against_the_taker() {
    let mut world = World::funded(6, 1_000);
    let fine = world.markets.len();
    world.list_market(&market_params(b"FINE", Price(10_001), 0, 10_000_000, 1));
    let _ = world.refresh(fine, 10_001).unwrap();
    world.open_market(fine).unwrap();
    // Steps that are worth less than a unit: finer than any market is opened with.
    (world.markets[fine].step, world.markets[fine].min_order) = (Size(1_000), Size(1_000));
    // 1,000,001 thousandths of a millionth at 0.010001: 10,001.010001 units.
    let size = 1_000_001_000;
    for (side, expected) in [(Side::Long, -10_002), (Side::Short, 10_001)] {
        let mut world = world.clone();
        for tier in &mut world.exchange.fees {
            (tier.taker, tier.maker_rebate) = (Ppm(0), Ppm(0));
        }
        world.place(MAKER, limit(fine, side.opposite(), size, 10_001)).unwrap();
        let _ = world.take(0, ioc(fine, side, size, 10_001), &[MAKER]).unwrap();
        assert_eq!(world.accounts[0].position(fine).quote, Quote(expected));
        assert_eq!(world.accounts[MAKER].position(fine).quote, Quote(-expected));
    }
}

#[test]
fn a_profit_on_paper_cannot_be_taken_out_of_what_others_paid_in() {
    let mut world = World::funded(6, 100_000);
    world.place(MAKER, limit(BOOK, Side::Short, 10 * ONE, 2_000 * DOLLAR)).unwrap();
    let _ = world.take(0, ioc(BOOK, Side::Long, 10 * ONE, 2_000 * DOLLAR), &[MAKER]).unwrap();
    world.drive(BOOK, 2_100 * DOLLAR);
    // The loser pays a thousand into the pool; the winner's thousand is not realised.
    assert!(world.settle(BOOK, MAKER).unwrap().amount < Quote(-990_000_000));
    let fees = i64::try_from(world.markets[BOOK].fees.0).unwrap();
    match world.settle(BOOK, 0) {
        Ok(report) => assert!(report.amount <= Quote(fees), "{report:?}"),
        Err(error) => assert_eq!(error, Error::NothingToSettle),
    }
    // Once closed it is, and is there.
    world.place(MAKER, limit(BOOK, Side::Long, 10 * ONE, 2_100 * DOLLAR)).unwrap();
    let _ = world.take(0, ioc(BOOK, Side::Short, 10 * ONE, 2_100 * DOLLAR), &[MAKER]).unwrap();
    assert!(world.settle(BOOK, 0).unwrap().amount > Quote(900_000_000));
    check(&mut world);
}

#[test]
fn an_account_never_trades_with_itself() {
    let mut world = World::funded(6, 100_000);
    // The same account handed in twice, as taker and as maker.
    world.accounts[1].head.id = world.accounts[0].head.id;
    world.place(1, limit(BOOK, Side::Short, ONE, 2_000 * DOLLAR)).unwrap();
    let taken = world.take(0, ioc(BOOK, Side::Long, ONE, 2_000 * DOLLAR), &[1]).unwrap();
    assert_eq!(taken.matched.size, Size(0));
    let auction = OrderParams { kind: OrderKind::Market as u8, ..limit(BOOK, Side::Long, ONE, 0) };
    let id = world.place(0, auction).unwrap();
    assert_eq!(world.make(BOOK, 1, 0, join(id, ONE, 1)).unwrap_err(), Error::SelfTrade);
    assert_eq!(world.liquidate(BOOK, 0, 1, ONE).unwrap_err(), Error::SelfTrade);
}

#[test]
fn an_order_in_its_own_auction_is_nobodys_maker() {
    let mut world = World::funded(6, 100_000);
    let auction = OrderParams {
        auction_start: Price(2_010 * DOLLAR),
        auction_end: Price(2_000 * DOLLAR),
        auction_ms: 4_000,
        ..limit(BOOK, Side::Short, ONE, 2_000 * DOLLAR)
    };
    world.place(MAKER, auction).unwrap();
    let taken = world.take(0, ioc(BOOK, Side::Long, ONE, 2_000 * DOLLAR), &[MAKER]).unwrap();
    assert_eq!(taken.matched.size, Size(0), "its price is still better than its limit");
    world.wait(4);
    world.tick();
    let taken = world.take(0, ioc(BOOK, Side::Long, ONE, 2_000 * DOLLAR), &[MAKER]).unwrap();
    assert_eq!(taken.matched.size, Size(ONE));
}

#[test]
fn the_cap_of_open_interest_holds_for_every_way_to_trade() {
    let mut world = World::funded(6, 100_000);
    world.markets[BOOK].max_open_interest = Size(2 * ONE);
    world.place(MAKER, limit(BOOK, Side::Short, 5 * ONE, 2_000 * DOLLAR)).unwrap();
    let taker = limit(BOOK, Side::Long, 3 * ONE, 2_000 * DOLLAR);
    assert_eq!(world.take(0, taker, &[MAKER]).unwrap_err(), Error::OpenInterestCap);
    let id = world.place(0, taker).unwrap();
    assert_eq!(world.fill(BOOK, 0, id, None, &[MAKER]).unwrap_err(), Error::OpenInterestCap);
    let auction = OrderParams { kind: OrderKind::Market as u8, ..limit(BOOK, Side::Long, 3 * ONE, 0) };
    let id = world.place(1, auction).unwrap();
    assert_eq!(world.make(BOOK, MAKER, 1, join(id, 3 * ONE, 1)).unwrap_err(), Error::OpenInterestCap);
    // At the cap, closing and handing over still pass.
    let two = ioc(BOOK, Side::Long, 2 * ONE, 2_000 * DOLLAR);
    assert_eq!(world.take(0, two, &[MAKER]).unwrap().matched.size, Size(2 * ONE));
    world.place(3, limit(BOOK, Side::Long, 2 * ONE, 2_000 * DOLLAR)).unwrap();
    let over = world.take(0, ioc(BOOK, Side::Short, 2 * ONE, 2_000 * DOLLAR), &[3]).unwrap();
    assert_eq!(over.matched.size, Size(2 * ONE));
    check(&mut world);
}
