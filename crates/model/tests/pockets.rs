//! Isolated positions: nothing crosses the edge of a pocket, in either direction.

mod common;

use common::check::check;
use common::{BOOK, BTC, DOLLAR, ONE, SOL, World, ioc, limit};
use kedge_model::Error;
use kedge_model::account::board::{PriceBoard, Purpose};
use kedge_model::account::order::{Order, OrderParams, Side, flags};
use kedge_model::account::pocket::Pocket;
use kedge_model::account::position::{Position, status as alone};
use kedge_model::account::sub_account::{SubAccount, status};
use kedge_model::clock::Clock;
use kedge_model::quantity::{Amount, Base, FundingIndex, Ppm, Quote, Size};
use kedge_model::rule::margin::{self, Margin, MarginKind};
use kedge_model::time::Slot;
use proptest::prelude::*;

const TRADER: usize = 0;
const MAKER: usize = 2;
const LIQUIDATOR: usize = 4;

/// A trader with one BTC at 60,000 in the cross pocket and SOL at 150 isolated, long or short, and an order resting in
/// each market.
fn two_pockets(side: Side, sol: u64, cross: u64, collateral: u64) -> World {
    let mut world = World::new(6);
    world.deposit(TRADER, 0, (cross + collateral) * DOLLAR).unwrap();
    world.deposit(MAKER, 0, 1_000_000 * DOLLAR).unwrap();
    world.deposit(LIQUIDATOR, 0, 1_000_000 * DOLLAR).unwrap();
    world.isolate(TRADER, SOL, collateral * DOLLAR).unwrap();
    for (market, side, size, price) in [(SOL, side, sol * ONE, 150), (BTC, Side::Long, ONE, 60_000)] {
        world.place(MAKER, limit(market, side.opposite(), size, price * DOLLAR)).unwrap();
        let _ = world.take(TRADER, ioc(market, side, size, price * DOLLAR), &[MAKER]).unwrap();
    }
    world.place(TRADER, limit(SOL, Side::Long, ONE, 100 * DOLLAR)).unwrap();
    world.place(TRADER, limit(BTC, Side::Long, ONE / 1_000, 40_000 * DOLLAR)).unwrap();
    check(&mut world);
    world
}

/// All that a trader has outside of a market's pocket, byte for byte, and what it is worth. SOL is the isolated one.
fn outside(world: &World, market: usize) -> (Vec<Position>, Vec<Order>, Option<u64>, u8, Vec<Margin>) {
    let account = &world.accounts[TRADER];
    let here = World::index(market);
    let positions: Vec<Position> =
        account.head.positions.iter().filter(|p| p.is_used() && p.market != here).copied().collect();
    let orders: Vec<Order> = account.open().filter(|order| order.market != here).copied().collect();
    let kinds = [MarginKind::Initial, MarginKind::Fill, MarginKind::Maintenance];
    let margins = positions
        .iter()
        .flat_map(|p| kinds.map(|kind| world.margin_in(TRADER, usize::from(p.market), kind, Purpose::Liquidate)))
        .map(Result::unwrap)
        .collect();
    // The balance and the account's own marks belong to the cross pocket.
    let cross = status::BEING_LIQUIDATED | status::BANKRUPT;
    let (balance, marks) =
        if market == SOL { (Some(account.head.balance(0).0), account.head.status & cross) } else { (None, 0) };
    (positions, orders, balance, marks, margins)
}

/// Drives a market away, takes over, settles and writes off everything in it.
fn ruin(world: &mut World, market: usize, to: u64) {
    for part in 1..=4u64 {
        let (from, left) = (world.oracle(market).0, 5 - part);
        let step = (i128::from(to) - i128::from(from)) / i128::from(left);
        world.drive(market, u64::try_from(i128::from(from) + step).unwrap());
        for _ in 0..30 {
            if world.liquidate(market, TRADER, LIQUIDATOR, u64::MAX).is_err() {
                break;
            }
            check(world);
        }
        let _ = world.settle(market, TRADER);
        check(world);
    }
    let _ = world.bankrupt(market, TRADER);
    check(world);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 80, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_an_isolated_position_loses_is_at_most_its_collateral(
        long: bool, sol in 10u64..60, spare in 0u64..400, percent in 40u64..200,
    ) {
        let side = if long { Side::Long } else { Side::Short };
        // Initial margin is 15 a SOL; fee and the resting order come on top.
        let collateral = sol * 16 + 20 + spare;
        let mut world = two_pockets(side, sol, 8_000, collateral);
        let before = outside(&world, SOL);
        let equity = world.equity(TRADER);
        let pocket = i128::from(world.accounts[TRADER].position(SOL).isolated.0);
        prop_assert_eq!(pocket, i128::from(collateral * DOLLAR));
        ruin(&mut world, SOL, 150 * DOLLAR * percent / 100);
        prop_assert_eq!(outside(&world, SOL), before, "the loss came out of the rest");
        let lost = equity - world.equity(TRADER);
        // The BTC position may have won or lost nothing: its price stood still.
        prop_assert!(lost <= pocket, "{} lost of {}", lost, pocket);
    }

    #[test]
    fn a_cross_default_leaves_an_isolated_position_alone(long: bool, sol in 10u64..60, percent in 60u64..96) {
        let side = if long { Side::Long } else { Side::Short };
        let mut world = two_pockets(side, sol, 6_500, sol * 16 + 20);
        let before = outside(&world, BTC);
        ruin(&mut world, BTC, 60_000 * DOLLAR * percent / 100);
        prop_assert_eq!(outside(&world, BTC), before, "the shortage reached into the pocket");
        if percent < 85 {
            prop_assert!(world.accounts[TRADER].position(BTC).base.is_zero());
        }
        // It trades on, whatever became of the rest.
        let close = OrderParams { flags: flags::REDUCE_ONLY, ..ioc(SOL, side.opposite(), sol * ONE, 150 * DOLLAR) };
        world.place(MAKER, limit(SOL, side, sol * ONE, 150 * DOLLAR)).unwrap();
        let taken = world.take(TRADER, close, &[MAKER]).unwrap();
        prop_assert_eq!(taken.matched.size, Size(sol * ONE));
        check(&mut world);
    }
}

/// A sub-account with random positions, orders' exposure and balances; the second market's position is isolated.
fn account() -> impl Strategy<Value = SubAccount> {
    let position = (-(1i64 << 36)..1 << 36, -(1i64 << 40)..1 << 40, 0u64..1 << 34, 0u64..1 << 34, 0u32..300_000);
    let tokens = (0u64..1 << 42, 0u64..1 << 42);
    (prop::collection::vec(position, 3), tokens, -(1i64 << 38)..1 << 38).prop_map(|(positions, tokens, index)| {
        let mut account = SubAccount { version: SubAccount::VERSION, ..SubAccount::default() };
        account.credit(0, Amount(tokens.0)).unwrap();
        for (market, (base, quote, bids, asks, custom)) in positions.into_iter().enumerate() {
            let position = account.open_position(World::index(market)).unwrap();
            position.base = Base(base);
            position.quote = Quote(quote);
            position.funding_index = FundingIndex(index);
            (position.open_bids, position.open_asks, position.open_orders) = (Size(bids), Size(asks), 1);
            position.custom_margin = Ppm(custom);
        }
        let position = account.position_mut(1).unwrap();
        position.isolated = Amount(tokens.1);
        position.status |= alone::ISOLATED;
        account.status |= status::HAS_ISOLATED;
        account
    })
}

fn board() -> (Box<PriceBoard>, Clock) {
    let mut world = World::new(1);
    // Strict prices differ from the oracle's, and both sides have funding to settle.
    let _ = world.refresh(SOL, 148 * DOLLAR).unwrap();
    (world.board.markets[1].funding_long, world.board.markets[1].funding_short) = (FundingIndex(7), FundingIndex(-5));
    (world.board, world.clock)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_margins_of_both_pockets_add_up_to_the_cross_margin(account in account()) {
        let (board, clock) = board();
        let mut merged = account;
        let position = merged.position_mut(1).unwrap();
        let tokens = core::mem::take(&mut position.isolated);
        position.status &= !alone::ISOLATED;
        merged.status &= !status::HAS_ISOLATED;
        if !tokens.is_zero() {
            merged.credit(0, tokens).unwrap();
        }
        for kind in [MarginKind::Initial, MarginKind::Fill, MarginKind::Maintenance] {
            let of = |account: &SubAccount, market| {
                margin::margin_of(account, Pocket::of(account, market), &board, kind, Purpose::Withdraw, &clock).unwrap()
            };
            let (cross, isolated, whole) = (of(&account, 0), of(&account, 1), of(&merged, 1));
            prop_assert_eq!(of(&account, 2), cross);
            prop_assert_eq!(margin::margin_of(&account, Pocket::Cross, &board, kind, Purpose::Withdraw, &clock).unwrap(), cross);
            prop_assert_eq!(cross.collateral.0 + isolated.collateral.0, whole.collateral.0);
            prop_assert_eq!(cross.requirement.0 + isolated.requirement.0, whole.requirement.0);
            prop_assert_eq!(cross.liability.0 + isolated.liability.0, whole.liability.0);
        }
    }

    #[test]
    fn the_cross_margin_does_not_see_an_isolated_position(account in account(), other in account()) {
        let (board, clock) = board();
        let mut changed = account;
        *changed.position_mut(1).unwrap() = *other.position(1).unwrap();
        for kind in [MarginKind::Initial, MarginKind::Fill, MarginKind::Maintenance] {
            let of = |account: &SubAccount| {
                margin::margin_of(account, Pocket::Cross, &board, kind, Purpose::Withdraw, &clock).unwrap()
            };
            prop_assert_eq!(of(&account), of(&changed));
        }
    }

    #[test]
    fn a_higher_ratio_of_ones_own_never_asks_for_less(account in account(), more in 0u32..500_000) {
        let (board, clock) = board();
        let mut careful = account;
        for position in careful.positions.iter_mut().filter(|position| position.is_used()) {
            position.custom_margin = Ppm(position.custom_margin.0 + more);
        }
        for market in 0..3 {
            let of = |account: &SubAccount, kind| {
                margin::margin_of(account, Pocket::of(account, market), &board, kind, Purpose::Withdraw, &clock).unwrap()
            };
            let (before, after) = (of(&account, MarginKind::Initial), of(&careful, MarginKind::Initial));
            prop_assert!(after.requirement >= before.requirement);
            prop_assert_eq!(after.collateral, before.collateral);
            // It is a limit to opening risk: what liquidates is the market's own.
            for kind in [MarginKind::Fill, MarginKind::Maintenance] {
                prop_assert_eq!(of(&account, kind), of(&careful, kind));
            }
        }
    }
}

#[test]
fn an_isolated_default_is_paid_like_any_other_and_ends_the_pocket() {
    let mut world = two_pockets(Side::Long, 50, 8_000, 820);
    let balance = world.accounts[TRADER].head.balance(0);
    world.drive(SOL, 125 * DOLLAR);
    let first = world.liquidate(SOL, TRADER, LIQUIDATOR, u64::MAX).unwrap();
    assert_eq!(first.orders_cancelled, 1, "the order in this market alone");
    assert_eq!(world.accounts[TRADER].open().count(), 1);
    let head = &world.accounts[TRADER].head;
    assert_eq!((head.status, head.liquidation_slot, head.liquidations), (status::HAS_ISOLATED, Slot(0), 1));
    assert_ne!(world.accounts[TRADER].position(SOL).status & alone::BEING_LIQUIDATED, 0);
    // The owner can trade in the other pocket and not in this one.
    world.place(TRADER, limit(BTC, Side::Long, ONE / 1_000, 50_000 * DOLLAR)).unwrap();
    let here = limit(SOL, Side::Long, ONE, 100 * DOLLAR);
    assert_eq!(world.place(TRADER, here).unwrap_err(), Error::AccountBeingLiquidated);
    assert_eq!(world.transfer_isolated(TRADER, SOL, -1).unwrap_err(), Error::AccountBeingLiquidated);
    assert_eq!(world.merge(TRADER, SOL).unwrap_err(), Error::AccountBeingLiquidated);
    let mut bankrupt = first.bankrupt;
    while !bankrupt && !world.accounts[TRADER].position(SOL).base.is_zero() {
        bankrupt = world.liquidate(SOL, TRADER, LIQUIDATOR, u64::MAX).unwrap().bankrupt;
        check(&mut world);
    }
    let _ = world.settle(SOL, TRADER).unwrap();
    assert!(world.accounts[TRADER].position(SOL).isolated.is_zero());
    let report = world.bankrupt(SOL, TRADER).unwrap();
    assert!(report.deficit > Amount(0) && report.deficit.plus(report.fees).unwrap() == report.loss);
    assert!(!world.accounts[TRADER].position(SOL).is_used(), "nothing is left of it");
    assert_eq!(world.accounts[TRADER].head.status, 0);
    assert_eq!(world.accounts[TRADER].head.balance(0), balance, "not a unit of the rest");
    check(&mut world);
    // A new order in that market, once it trades again after the fall, is margined with the rest again.
    world.outlast();
    world.place(TRADER, limit(SOL, Side::Long, ONE, 100 * DOLLAR)).unwrap();
    assert!(!world.accounts[TRADER].position(SOL).is_isolated());
}

#[test]
fn a_top_up_ends_an_isolated_liquidation() {
    let mut world = two_pockets(Side::Long, 50, 9_000, 820);
    world.drive(SOL, 138 * DOLLAR + DOLLAR / 2);
    let step = world.liquidate(SOL, TRADER, LIQUIDATOR, ONE).unwrap();
    assert_eq!(step.base, Base(1_000_000_000));
    assert!(!world.health_in(TRADER, SOL).is_met());
    world.transfer_isolated(TRADER, SOL, 1_000_000_000).unwrap();
    assert_eq!(world.liquidate(SOL, TRADER, LIQUIDATOR, u64::MAX).map(|r| r.recovered), Ok(true));
    world.outlast();
    world.place(TRADER, limit(SOL, Side::Long, ONE, 100 * DOLLAR)).unwrap();
    assert_eq!(world.accounts[TRADER].position(SOL).status, alone::USED | alone::ISOLATED);
    check(&mut world);
}

#[test]
fn profit_of_an_isolated_position_stays_in_it_until_it_is_taken_out() {
    let mut world = two_pockets(Side::Long, 50, 9_000, 820);
    world.drive(SOL, 160 * DOLLAR);
    world.outlast();
    let _ = world.settle(SOL, MAKER).unwrap();
    let balance = world.accounts[TRADER].head.balance(0);
    let before = world.accounts[TRADER].position(SOL).isolated;
    world.place(MAKER, limit(SOL, Side::Long, 25 * ONE, 160 * DOLLAR)).unwrap();
    let _ = world.take(TRADER, ioc(SOL, Side::Short, 25 * ONE, 160 * DOLLAR), &[MAKER]).unwrap();
    let settled = world.settle(SOL, TRADER).unwrap().amount;
    assert!(settled.0 > 230_000_000, "ten dollars on twenty-five, less fees: {settled:?}");
    let after = world.accounts[TRADER].position(SOL).isolated;
    assert_eq!(after.0 - before.0, settled.0.unsigned_abs());
    assert_eq!(world.accounts[TRADER].head.balance(0), balance);
    // 10 % of 26 x 160 must stay.
    assert_eq!(world.transfer_isolated(TRADER, SOL, -700_000_000).unwrap_err(), Error::InsufficientMargin);
    world.transfer_isolated(TRADER, SOL, -600_000_000).unwrap();
    assert_eq!(world.accounts[TRADER].head.balance(0).0, balance.0 + 600_000_000);
    check(&mut world);
}

#[test]
fn an_existing_position_is_isolated_with_its_orders_and_merged_again() {
    let mut world = World::funded(6, 20_000);
    world.place(MAKER, limit(BOOK, Side::Short, 10 * ONE, 2_000 * DOLLAR)).unwrap();
    let _ = world.take(TRADER, ioc(BOOK, Side::Long, 10 * ONE, 2_000 * DOLLAR), &[MAKER]).unwrap();
    world.place(TRADER, limit(BOOK, Side::Long, 5 * ONE, 1_900 * DOLLAR)).unwrap();
    // Fifteen in the worst case: 3,000, and the fee of 20 is owed.
    assert_eq!(world.isolate(TRADER, BOOK, 3_019 * DOLLAR).unwrap_err(), Error::InsufficientMargin);
    world.isolate(TRADER, BOOK, 3_020 * DOLLAR).unwrap();
    assert_eq!(world.isolate(TRADER, BOOK, DOLLAR).unwrap_err(), Error::PositionIsolated);
    // Every order is judged by the pocket alone, though the balance would carry it.
    let more = limit(BOOK, Side::Long, ONE, 1_900 * DOLLAR);
    assert_eq!(world.place(TRADER, more).unwrap_err(), Error::InsufficientMargin);
    world.transfer_isolated(TRADER, BOOK, i64::try_from(200 * DOLLAR).unwrap()).unwrap();
    world.place(TRADER, more).unwrap();
    check(&mut world);
    // All of the balance may leave: nothing in the cross pocket is at stake, and no price is needed for that.
    let rest = world.accounts[TRADER].head.balance(0).0;
    world.wait(3_600);
    world.withdraw(TRADER, 0, rest).unwrap();
    assert_eq!(world.merge(TRADER, BOOK).unwrap_err(), Error::StaleRow);
    world.tick();
    world.merge(TRADER, BOOK).unwrap();
    assert_eq!(world.accounts[TRADER].head.balance(0), Amount(3_220 * DOLLAR));
    assert_eq!(world.accounts[TRADER].head.status, 0);
    assert_eq!(world.merge(TRADER, BOOK).unwrap_err(), Error::PositionNotIsolated);
    assert_eq!(world.merge(TRADER, BTC).unwrap_err(), Error::PositionNotFound);
    assert_eq!(world.transfer_isolated(TRADER, BOOK, 1).unwrap_err(), Error::PositionNotIsolated);
    check(&mut world);
}

#[test]
fn isolating_cannot_strip_what_the_rest_needs() {
    let mut world = World::funded(6, 10_000);
    world.place(MAKER, limit(BTC, Side::Short, ONE, 60_000 * DOLLAR)).unwrap();
    let _ = world.take(TRADER, ioc(BTC, Side::Long, ONE, 60_000 * DOLLAR), &[MAKER]).unwrap();
    // 6,000 of margin and the fee of 60 stay with the BTC.
    assert_eq!(world.isolate(TRADER, SOL, 3_941 * DOLLAR).unwrap_err(), Error::InsufficientMargin);
    assert_eq!(world.isolate(TRADER, SOL, 10_001 * DOLLAR).unwrap_err(), Error::InsufficientBalance);
    assert_eq!(world.isolate(TRADER, SOL, 0).unwrap_err(), Error::AmountZero);
    assert_eq!(world.isolate(TRADER, 23, DOLLAR).unwrap_err(), Error::RowNotListed);
    world.isolate(TRADER, SOL, 3_940 * DOLLAR).unwrap();
    assert_eq!(world.transfer_isolated(TRADER, SOL, 1).unwrap_err(), Error::InsufficientMargin);
    assert_eq!(world.transfer_isolated(TRADER, SOL, 0).unwrap_err(), Error::AmountZero);
    // What it was given comes back even when the rest is in need, and the empty pocket ends.
    world.drive(BTC, 57_000 * DOLLAR);
    assert!(!world.health(TRADER).is_met() || world.margin(TRADER, MarginKind::Initial, Purpose::Withdraw).is_ok());
    world.transfer_isolated(TRADER, SOL, -i64::try_from(3_940 * DOLLAR).unwrap()).unwrap();
    assert!(!world.accounts[TRADER].position(SOL).is_used());
    check(&mut world);
}

#[test]
fn ones_own_leverage_limits_what_is_opened() {
    let mut world = World::funded(6, 10_000);
    world.place(MAKER, limit(BOOK, Side::Short, 20 * ONE, 2_000 * DOLLAR)).unwrap();
    assert_eq!(world.leverage(TRADER, BOOK, 99_999).unwrap_err(), Error::InvalidParameter);
    assert_eq!(world.leverage(TRADER, BOOK, 1_000_001).unwrap_err(), Error::InvalidParameter);
    assert_eq!(world.leverage(TRADER, 23, 500_000).unwrap_err(), Error::RowNotListed);
    // Twice at most: 10,000 carry 20,000.
    world.leverage(TRADER, BOOK, 500_000).unwrap();
    assert!(world.accounts[TRADER].position(BOOK).is_used(), "the setting keeps its slot");
    let order = |size| ioc(BOOK, Side::Long, size, 2_000 * DOLLAR);
    assert_eq!(world.take(TRADER, order(10 * ONE), &[MAKER]).unwrap_err(), Error::InsufficientMargin);
    let _ = world.take(TRADER, order(9 * ONE), &[MAKER]).unwrap();
    // Raising it must leave initial margin met; lowering asks for nothing.
    assert_eq!(world.leverage(TRADER, BOOK, 600_000).unwrap_err(), Error::InsufficientMargin);
    world.leverage(TRADER, BOOK, 100_000).unwrap();
    let _ = world.take(TRADER, order(11 * ONE), &[MAKER]).unwrap();
    world.leverage(TRADER, BOOK, 0).unwrap();
    check(&mut world);

    // Set on an empty slot it survives the position and goes with the reset.
    world.leverage(3, SOL, 250_000).unwrap();
    world.isolate(3, SOL, 100 * DOLLAR).unwrap();
    world.transfer_isolated(3, SOL, -100_000_000).unwrap();
    let position = world.accounts[3].position(SOL);
    assert_eq!((position.status, position.custom_margin), (alone::USED, Ppm(250_000)));
    assert_eq!(world.accounts[3].head.status, 0);
    world.withdraw(3, 0, 10_000 * DOLLAR).unwrap();
    assert!(world.accounts[3].head.is_empty(), "a setting does not keep an account open");
    world.leverage(3, SOL, 0).unwrap();
    assert!(!world.accounts[3].position(SOL).is_used());
}

#[test]
fn an_isolated_position_can_be_a_makers_and_a_liquidators() {
    let mut world = World::funded(6, 20_000);
    world.isolate(MAKER, BOOK, 500 * DOLLAR).unwrap();
    // 500 carry five thousand, though 19,500 lie beside them.
    assert_eq!(
        world.place(MAKER, limit(BOOK, Side::Short, 3 * ONE, 2_000 * DOLLAR)).unwrap_err(),
        Error::InsufficientMargin
    );
    world.place(MAKER, limit(BOOK, Side::Short, 2 * ONE, 2_000 * DOLLAR)).unwrap();
    let _ = world.take(TRADER, ioc(BOOK, Side::Long, 2 * ONE, 2_000 * DOLLAR), &[MAKER]).unwrap();
    assert!(world.accounts[MAKER].position(BOOK).is_isolated());

    // A liquidator whose pocket in this market is too small for a take-over is refused, whatever it has elsewhere.
    let mut world = two_pockets(Side::Long, 50, 8_000, 820);
    world.isolate(LIQUIDATOR, SOL, 10 * DOLLAR).unwrap();
    world.drive(SOL, 138 * DOLLAR);
    let refused = world.liquidate(SOL, TRADER, LIQUIDATOR, u64::MAX);
    assert_eq!(refused.unwrap_err(), Error::InsufficientMargin);
    world.transfer_isolated(LIQUIDATOR, SOL, 1_000_000_000).unwrap();
    let _ = world.liquidate(SOL, TRADER, LIQUIDATOR, u64::MAX).unwrap();
    check(&mut world);
}

#[test]
fn of_two_isolated_positions_neither_is_in_the_others_pocket() {
    let mut account = SubAccount { version: SubAccount::VERSION, ..SubAccount::default() };
    for (market, quote) in [(0, -50), (1, 80)] {
        let position = account.open_position(market).unwrap();
        position.status |= alone::ISOLATED;
        position.quote = Quote(quote);
    }
    let pockets = [Pocket::Isolated(0), Pocket::Isolated(1), Pocket::Cross];
    assert_eq!(pockets.map(|pocket| pocket.claims(&account)), [Ok(Quote(-50)), Ok(Quote(80)), Ok(Quote::ZERO)]);
    let crossed = Position { status: alone::USED, ..Position::default() };
    assert_eq!(pockets.map(|pocket| pocket.holds(&crossed)), [false, false, true], "market 0, but not isolated");
}

#[test]
fn a_pocket_is_bankrupt_until_its_last_debt_is_written_off() {
    let mut world = World::funded(6, 10_000);
    world.withdraw(TRADER, 0, 10_000 * DOLLAR).unwrap();
    let debt = Quote(1_000_000_000);
    for market in [BTC, SOL, BOOK] {
        world.accounts[TRADER].head.open_position(World::index(market)).unwrap().quote = Quote(-debt.0);
        // What the trader owes is the vAMM's.
        let market = &mut world.markets[market];
        market.users_quote = market.users_quote.minus(debt).unwrap();
        market.amm.quote = market.amm.quote.plus(debt).unwrap();
    }
    check(&mut world);
    for (market, left) in [(BTC, true), (SOL, true), (BOOK, false)] {
        assert_eq!(world.bankrupt(market, TRADER).unwrap().loss.0, 1_000 * DOLLAR);
        check(&mut world);
        assert_eq!(Pocket::Cross.is_bankrupt(&world.accounts[TRADER].head), left, "after market {market}");
    }
}
