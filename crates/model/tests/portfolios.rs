//! Stories of portfolios: what one market's loss does to the others, where it stops, and what hedges earn.

mod common;

use common::check::check;
use common::story::{LIQUIDATOR, MAKER, lean};
use common::{BTC, DOLLAR, ONE, SOL, World, ioc, limit};
use kedge_model::Error;
use kedge_model::account::board::Purpose;
use kedge_model::account::order::Side;
use kedge_model::account::pocket::Pocket;
use kedge_model::account::sub_account::status;
use kedge_model::action::PoolKind;
use kedge_model::quantity::{Amount, Base, FundingIndex, Price, Quote};
use kedge_model::rule::margin::MarginKind;

const TRADER: usize = 0;
/// The same person's second sub-account.
const SECOND: usize = 1;

/// A world without insurance, with makers and liquidators who have plenty.
fn world() -> World {
    let mut world = World::new(6);
    world.deposit(MAKER, 0, 2_000_000 * DOLLAR).unwrap();
    world.deposit(LIQUIDATOR, 0, 2_000_000 * DOLLAR).unwrap();
    world
}

/// A position against the maker at the oracle.
fn open(world: &mut World, account: usize, market: usize, side: Side, size: u64) {
    let price = world.oracle(market).0;
    world.place(MAKER, limit(market, side.opposite(), size, price)).unwrap();
    let taken = world.take(account, ioc(market, side, size, price), &[MAKER]).unwrap();
    assert_eq!(taken.matched.maker_size.0, size);
}

#[test]
fn a_loss_spreads_within_a_cross_pocket_and_stops_at_the_sub_account() {
    let mut world = world();
    for account in [TRADER, SECOND] {
        world.deposit(account, 0, 12_000 * DOLLAR).unwrap();
        open(&mut world, account, BTC, Side::Long, ONE / 2);
    }
    // The first strategy adds 400 SOL (60,000) in the same pocket; the second stays as it is.
    open(&mut world, TRADER, SOL, Side::Long, 400 * ONE);
    let second = world.accounts[SECOND].clone();
    let health = world.health(SECOND);

    // SOL falls by a fifth: 12,000 of loss. BTC has not moved, and its half at 10 % had 9,000 to spare.
    world.drive(SOL, 120 * DOLLAR);
    assert!(!world.health(TRADER).is_met());
    assert_eq!(world.liquidate(BTC, TRADER, LIQUIDATOR, u64::MAX).unwrap_err(), Error::LiquidationOrder);
    let mut taken = [0; 2];
    while let Some(&first) = world.reductions(TRADER, Pocket::Cross).unwrap().as_slice().first() {
        let market = usize::from(first);
        taken[market] += world.liquidate(market, TRADER, LIQUIDATOR, u64::MAX).unwrap().base.0;
        check(&mut world);
    }
    // The BTC position pays for the SOL loss: that is the price of cross margin.
    assert_eq!(taken, [i64::try_from(ONE / 2).unwrap(), i64::try_from(400 * ONE).unwrap()]);

    // The person's other sub-account is byte for byte what it was, and nobody can touch it.
    assert_eq!(world.accounts[SECOND].head, second.head);
    assert_eq!(world.health(SECOND), health);
    assert_eq!(world.liquidate(BTC, SECOND, LIQUIDATOR, u64::MAX).unwrap_err(), Error::NotLiquidatable);
}

#[test]
fn the_same_loss_in_an_isolated_position_stops_at_the_pocket() {
    let mut world = world();
    world.deposit(TRADER, 0, 12_000 * DOLLAR).unwrap();
    open(&mut world, TRADER, BTC, Side::Long, ONE / 2);
    world.isolate(TRADER, SOL, 6_100 * DOLLAR).unwrap();
    open(&mut world, TRADER, SOL, Side::Long, 400 * ONE);
    let (balance, position) = (world.accounts[TRADER].head.balance(0), world.accounts[TRADER].position(BTC));

    world.drive(SOL, 120 * DOLLAR);
    assert_eq!(world.liquidate(BTC, TRADER, LIQUIDATOR, u64::MAX).unwrap_err(), Error::NotLiquidatable);
    while !world.accounts[TRADER].position(SOL).base.is_zero() {
        let _ = world.liquidate(SOL, TRADER, LIQUIDATOR, u64::MAX).unwrap();
        check(&mut world);
    }
    let _ = world.settle(SOL, TRADER).unwrap();
    let report = world.bankrupt(SOL, TRADER).unwrap();
    // Lost: 12,000 and fees; paid by the pocket: 6,100. The rest is the market's to bear.
    assert!(report.loss > Amount(5_900 * DOLLAR) && report.loss < Amount(7_000 * DOLLAR), "{report:?}");
    assert_eq!((world.accounts[TRADER].head.balance(0), world.accounts[TRADER].position(BTC)), (balance, position));
    assert_eq!(world.accounts[TRADER].head.status, 0);
    check(&mut world);
}

#[test]
fn a_basis_trade_earns_the_funding_and_nothing_else() {
    // Spot as collateral, as many short: 100 SOL at 150, sold short once.
    let mut world = world();
    world.deposit(TRADER, 2, 100 * ONE).unwrap();
    open(&mut world, TRADER, SOL, Side::Short, 100 * ONE);
    let start = world.equity(TRADER);
    assert_eq!(start, 15_000_000_000 - 15_000_000, "10 bps of 15,000 for the fee");

    // Whatever the price does, the pair is worth the same, and nobody can liquidate it.
    for dollars in [165, 190, 230, 180, 140, 105, 150] {
        world.drive(SOL, dollars * DOLLAR);
        let from = world.board.banks[2].price.price.0;
        for part in 1..=10u64 {
            world.wait(60);
            let to = i128::from(dollars * DOLLAR);
            let at = i128::from(from) + (to - i128::from(from)) * i128::from(part) / 10;
            let _ = world.refresh_bank(2, u64::try_from(at).unwrap()).unwrap();
        }
        for _ in 0..4 {
            world.tick();
        }
        assert_eq!(world.equity(TRADER), start, "at {dollars}");
        let health = world.health(TRADER);
        assert!(health.is_met(), "at {dollars}: {health:?}");
        assert_eq!(world.liquidate(SOL, TRADER, LIQUIDATOR, u64::MAX).unwrap_err(), Error::NotLiquidatable);
    }

    // An hour in which longs pay: the mark is half a percent above the oracle.
    world.fund_pool(SOL, PoolKind::Amm, 200_000 * DOLLAR).unwrap();
    lean(&mut world, SOL, LIQUIDATOR, Side::Long, 100 * ONE);
    let hour = |world: &mut World| {
        let left = 3_600 - u64::try_from(world.clock.unix_time).unwrap() % 3_600;
        let _ = world.fund(SOL);
        let before = world.equity(TRADER);
        world.wait(left);
        world.tick();
        let rate = world.fund(SOL).unwrap().rate;
        check(world);
        (rate, world.equity(TRADER) - before)
    };
    let (rate, earned) = hour(&mut world);
    assert!(rate > 12_500 && earned > 0, "{rate} {earned}");
    // And one in which it turns: shorts pay, which is the risk of the trade.
    let _ = world.take(LIQUIDATOR, ioc(SOL, Side::Short, 200 * ONE, 144 * DOLLAR), &[]).unwrap();
    let (rate, earned) = hour(&mut world);
    assert!(rate < 0 && earned < 0, "{rate} {earned}");
}

#[test]
fn eight_hours_of_a_mark_half_a_percent_above_the_index() {
    // Index 60,000, mark 60,300. The interest of 0.01 % is clamped to 0.05 % against the premium: an hour costs
    // (0.5 % - 0.05 %) / 8, eight hours 0.45 % of the position's value.
    let mut world = world();
    world.deposit(TRADER, 0, 20_000 * DOLLAR).unwrap();
    world.fund_pool(BTC, PoolKind::Amm, 200_000 * DOLLAR).unwrap();
    lean(&mut world, BTC, LIQUIDATOR, Side::Long, ONE);
    open(&mut world, TRADER, BTC, Side::Long, ONE);
    assert_eq!(world.markets[BTC].mark(world.oracle(BTC)), Ok(Price(60_300 * DOLLAR)));
    let before = (world.equity(TRADER), world.equity(MAKER));
    for hour in 1..=8 {
        world.wait(3_599);
        world.tick();
        let report = world.fund(BTC).unwrap();
        assert_eq!(report.rate, 562_500, "hour {hour}");
        assert_eq!(report.deltas.long, FundingIndex(33_750_000_000), "33.75 a BTC");
        check(&mut world);
    }
    assert_eq!(before.0 - world.equity(TRADER), 270_000_000, "0.45 % of 60,000");
    assert_eq!(world.equity(MAKER) - before.1, 270_000_000, "all of it to the other side");
}

#[test]
fn an_account_in_liquidation_is_not_blocked_by_its_isolated_position() {
    // The isolated market's row is halted: nobody can value it. The rest is liquidated all the same.
    let mut world = world();
    world.deposit(TRADER, 0, 9_000 * DOLLAR).unwrap();
    world.isolate(TRADER, SOL, 2_000 * DOLLAR).unwrap();
    open(&mut world, TRADER, SOL, Side::Long, 40 * ONE);
    open(&mut world, TRADER, BTC, Side::Long, ONE);
    world.board.markets[SOL].price.state = 4;
    let prices = [58_000, 56_000, 54_200];
    for dollars in prices {
        world.wait(300);
        let _ = world.refresh(BTC, dollars * DOLLAR).unwrap();
        let _ = world.refresh_bank(0, DOLLAR).unwrap();
    }
    let step = world.liquidate(BTC, TRADER, LIQUIDATOR, u64::MAX).unwrap();
    assert!(step.base > Base(0));
    assert!(world.accounts[TRADER].head.has(status::BEING_LIQUIDATED));
    // And what needs no price of SOL goes on in the rest: a margin check of the cross pocket does not read its row.
    assert!(world.margin(TRADER, MarginKind::Maintenance, Purpose::ReduceRisk).is_ok());
    assert_eq!(world.liquidate(SOL, TRADER, LIQUIDATOR, u64::MAX).unwrap_err(), Error::NotLiquidatable);
    let quote = world.accounts[TRADER].position(SOL).quote;
    assert!(quote < Quote(0) && !world.accounts[TRADER].position(SOL).base.is_zero());
}

/// What a wave of liquidations did.
#[derive(Debug)]
struct Wave {
    liquidated: Vec<usize>,
    base: u64,
    lowest: u64,
}

/// Twelve longs of a BTC with ever more collateral, the market 5.7 % down, and liquidators who throw what they take
/// over on the spot market: each BTC costs it 1,500 dollars. Buyers bring it back by 250 a minute.
fn wave(budget: u64) -> Wave {
    let mut world = World::new(16);
    for account in [MAKER, LIQUIDATOR] {
        world.deposit(account, 0, 10_000_000 * DOLLAR).unwrap();
    }
    // Not the second sub-accounts of those two: nobody trades with himself.
    let longs: Vec<usize> = (0..16).filter(|account| ![MAKER / 2, LIQUIDATOR / 2].contains(&(account / 2))).collect();
    for (place, account) in longs.iter().enumerate() {
        // Each of them somebody else's.
        world.accounts[*account].head.authority = [100 + u8::try_from(place).unwrap(); 32];
        world.deposit(*account, 0, (6_100 + 150 * place as u64) * DOLLAR).unwrap();
        open(&mut world, *account, BTC, Side::Long, ONE);
    }
    world.markets[BTC].liquidation_budget = Amount(budget * DOLLAR);
    world.drive(BTC, 56_600 * DOLLAR);
    let mut wave = Wave { liquidated: Vec::new(), base: 0, lowest: u64::MAX };
    let mut price = 56_600 * DOLLAR;
    for _minute in 0..20 {
        for _round in 0..6 {
            let mut taken = 0;
            for account in &longs {
                if let Ok(step) = world.liquidate(BTC, *account, LIQUIDATOR, u64::MAX) {
                    taken += step.base.size().0;
                    if !wave.liquidated.contains(account) {
                        wave.liquidated.push(*account);
                    }
                }
            }
            wave.base += taken;
            price -= 1_500 * taken / 1_000;
            price = (price + 250 * DOLLAR / 6).min(56_600 * DOLLAR) / 100_000 * 100_000;
            wave.lowest = wave.lowest.min(price);
            world.wait(9);
            let _ = world.refresh(BTC, price).unwrap();
            let _ = world.refresh_bank(0, DOLLAR).unwrap();
            world.wait(1);
        }
        check(&mut world);
    }
    wave
}

#[test]
fn a_cascade_runs_through_and_a_budget_breaks_it() {
    let free = wave(0);
    let held = wave(10_000);
    // Without a budget each take-over reaches the next account, to the last.
    assert_eq!((free.liquidated.len(), free.base), (12, 12 * ONE), "{free:?}");
    assert!(free.lowest < 50_000 * DOLLAR, "{free:?}");
    // With one, the spot market has time to come back: a part of the three weakest is all that it takes.
    assert_eq!(held.liquidated.len(), 3, "{held:?}");
    assert!(held.base < ONE / 2 && held.lowest > 56_000 * DOLLAR, "{held:?}");
}
