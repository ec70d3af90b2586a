//! What a trader is told before acting agrees with what the exchange then does: to the unit and to the step.

mod common;

use common::{BOOK, BTC, DOLLAR, ONE, SOL, World, ioc, limit};
use kedge_model::account::board::{PriceBoard, RowState};
use kedge_model::account::market::MarketStatus;
use kedge_model::account::order::Side;
use kedge_model::account::pocket::Pocket;
use kedge_model::account::sub_account::{SubAccount, status};
use kedge_model::error::Error;
use kedge_model::quantity::{Amount, Base, Ppm, Price, Quote, Size};
use kedge_model::rule::risk::{self, WhatIf};
use proptest::prelude::*;

/// A position in relative terms: base and open orders in parts per ten thousand of what 100,000 dollars buy.
#[derive(Clone, Copy, Debug)]
struct Held {
    market: usize,
    base: i64,
    bids: u64,
    asks: u64,
    /// Entry in parts per ten thousand of the oracle.
    entry: i64,
    /// The trader's own floor of the initial margin ratio.
    floor: u32,
    /// Dollars of a pocket of its own.
    alone: Option<u64>,
}

fn held(market: usize) -> impl Strategy<Value = Option<Held>> {
    let orders = || prop_oneof![3 => Just(0u64), 1 => 0u64..15_000];
    let floor = prop_oneof![4 => Just(0u32), 1 => 0u32..400_000];
    let alone = proptest::option::weighted(0.25, 1u64..20_000);
    let one = (-10_000i64..10_000, orders(), orders(), 7_000i64..13_000, floor, alone).prop_map(
        move |(base, bids, asks, entry, floor, alone)| Held { market, base, bids, asks, entry, floor, alone },
    );
    proptest::option::weighted(0.7, one)
}

#[derive(Clone, Debug)]
struct Case {
    held: Vec<Held>,
    dollars: u64,
    sol: u64,
}

fn case() -> impl Strategy<Value = Case> {
    let positions = (held(BTC), held(SOL), held(BOOK));
    (positions, 0u64..40_000, prop_oneof![2 => Just(0u64), 1 => 0u64..200]).prop_map(
        |((btc, sol, book), dollars, coins)| Case {
            held: [btc, sol, book].into_iter().flatten().collect(),
            dollars,
            sol: coins,
        },
    )
}

/// The world with an account of a case, put together by hand: any state may be asked about, also one that no sequence
/// of actions reaches.
fn world(case: &Case) -> World {
    let mut world = World::funded(2, 1);
    let head = &mut world.accounts[0].head;
    *head = SubAccount { version: SubAccount::VERSION, authority: [1; 32], ..SubAccount::default() };
    if case.dollars > 0 {
        head.credit(0, Amount(case.dollars * DOLLAR)).unwrap();
    }
    if case.sol > 0 {
        head.credit(2, Amount(case.sol * ONE)).unwrap();
    }
    for one in &case.held {
        let oracle = world.board.markets[one.market].price.price.0;
        let step = world.markets[one.market].step.0;
        let size = |parts: u64| (100_000 * DOLLAR * 1_000 / (oracle / 1_000) * 1_000 / 10_000 * parts) / step * step;
        let position = head.open_position(World::index(one.market)).unwrap();
        let base = Base(one.base.signum() * i64::try_from(size(one.base.unsigned_abs())).unwrap());
        let cost = i128::from(base.0) * i128::from(oracle) / 1_000_000_000 * i128::from(one.entry) / 10_000;
        position.base = base;
        position.quote = Quote(i64::try_from(-cost).unwrap());
        position.entry = position.quote;
        position.open_bids = Size(size(one.bids));
        position.open_asks = Size(size(one.asks));
        position.custom_margin = Ppm(one.floor);
        if let Some(dollars) = one.alone {
            position.isolated = Amount(dollars * DOLLAR);
            position.status |= kedge_model::account::position::status::ISOLATED;
            head.status |= status::HAS_ISOLATED;
        }
    }
    world
}

fn at(board: &PriceBoard, market: usize, price: u64) -> PriceBoard {
    let mut board = *board;
    board.markets[market].price.price = Price(price);
    board
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// At the liquidation price the maintenance margin holds; one unit of price further it does not; and nowhere
    /// between the oracle and there is it different from what it is at the oracle.
    #[test]
    fn liquidation_prices_are_exact(case in case(), between in 0u64..1_000) {
        let world = world(&case);
        let account = &world.accounts[0].head;
        for one in &case.held {
            let index = World::index(one.market);
            let pocket = Pocket::of(account, index);
            prop_assert_eq!(pocket.is_isolated(), one.alone.is_some());
            let met = |board: &PriceBoard| risk::maintenance(account, pocket, board, &world.clock).unwrap().is_met();
            let now = met(&world.board);
            let oracle = world.oracle(one.market).0;
            let found = risk::liquidation_price(account, &world.board, index, &world.clock).unwrap();
            let Some(Price(price)) = found else {
                for other in [1, oracle / 2, oracle * 2, oracle * 1_000] {
                    prop_assert_eq!(met(&at(&world.board, one.market, other)), now, "no price decides, {} does", other);
                }
                continue;
            };
            prop_assert!(met(&at(&world.board, one.market, price)), "margin holds at {}", price);
            let beyond: Vec<u64> = [price - 1, price + 1].into_iter().filter(|p| *p > 0).collect();
            prop_assert!(beyond.iter().any(|p| !met(&at(&world.board, one.market, *p))), "and fails one beyond {}", price);
            // Away from the boundary by more than rounding, the whole way is on one side.
            let way = oracle.abs_diff(price);
            let part = way / 1_000 * between;
            let step = if price > oracle { oracle + part } else { oracle - part };
            if way / 1_000 > 1_000 {
                prop_assert_eq!(met(&at(&world.board, one.market, step)), now, "at {} on the way to {}", step, price);
            }
        }
    }

    /// The exchange takes an order of the largest size, and refuses one that is a step larger for its margin or the
    /// market's limit.
    #[test]
    fn largest_orders_are_exact(case in case(), market in 0usize..3, buy in any::<bool>()) {
        let mut world = world(&case);
        let side = if buy { Side::Long } else { Side::Short };
        // Open exposure without orders in the tail is enough for margin; placing adds real ones.
        world.accounts[0].head.open_orders = 0;
        let (step, least) = (world.markets[market].step, world.markets[market].min_order);
        let largest =
            risk::max_order_size(&world.accounts[0].head, &world.board, &world.markets[market], side, &world.clock);
        let Size(largest) = largest.unwrap();
        prop_assert_eq!(largest % step.0, 0);
        let oracle = world.oracle(market).0;
        // Far from the vAMM, so that post-only and auctions play no part.
        let price = if buy { oracle / 2 } else { oracle * 2 } / 1_000_000 * 1_000_000;
        let mut trial = world.clone();
        if largest >= least.0 {
            trial.place(0, limit(market, side, largest, price)).unwrap();
            let pocket = Pocket::of(&world.accounts[0].head, World::index(market));
            let initial = risk::initial(&world.accounts[0].head, pocket, &world.board, &world.clock).unwrap();
            let after = risk::initial(&trial.accounts[0].head, pocket, &trial.board, &trial.clock).unwrap();
            prop_assert!(after.is_met() || !initial.is_met() || after == initial);
        } else {
            prop_assert_eq!(largest, 0);
        }
        let over = (largest + step.0).max(least.0);
        let refused = world.place(0, limit(market, side, over, price)).unwrap_err();
        prop_assert!(matches!(refused, Error::InsufficientMargin | Error::PositionTooLarge), "{:?}", refused);
    }

    /// The largest withdrawal leaves the account at or above initial margin; one unit more would be refused.
    #[test]
    fn largest_withdrawals_are_exact(case in case(), bank in prop_oneof![Just(0usize), Just(2)]) {
        let mut world = world(&case);
        for bank in [0, 2] {
            // The hand-made balances, as the banks would know them.
            let balance = world.accounts[0].head.balance(bank);
            world.banks[usize::from(bank)].deposits.0 += balance.0;
            world.vaults[usize::from(bank)] += balance.0;
        }
        let index = World::index(bank);
        let Amount(most) = risk::max_withdrawal(&world.accounts[0].head, &world.board, index, &world.clock).unwrap();
        let refused = world.clone().withdraw(0, bank, most + 1).unwrap_err();
        prop_assert!(matches!(refused, Error::InsufficientMargin | Error::InsufficientBalance), "{:?}", refused);
        if most > 0 {
            world.withdraw(0, bank, most).unwrap();
        }
    }

    /// Health lies between 0 and 100 %, is zero exactly when a liquidation may begin (or nothing at all is free), and
    /// falls with the collateral.
    #[test]
    fn health_follows_maintenance(case in case(), out in 1u64..40_000) {
        let world = world(&case);
        let account = &world.accounts[0].head;
        let health = risk::health(account, Pocket::Cross, &world.board, &world.clock).unwrap();
        let margin = risk::maintenance(account, Pocket::Cross, &world.board, &world.clock).unwrap();
        prop_assert!(health <= Ppm(1_000_000));
        prop_assert!(margin.is_met() || health == Ppm::ZERO);
        prop_assert_eq!(health == Ppm(1_000_000), margin.requirement.is_zero() && margin.is_met());
        let mut poorer = *account;
        if poorer.debit(0, Amount(out * DOLLAR)).is_ok() {
            prop_assert!(risk::health(&poorer, Pocket::Cross, &world.board, &world.clock).unwrap() <= health);
        }
        if let Some(leverage) = risk::leverage(account, Pocket::Cross, &world.board, &world.clock).unwrap() {
            let product = u128::from(leverage) * u128::from(margin.collateral.magnitude().0);
            prop_assert!(product >= u128::from(margin.liability.0) * 1_000_000, "rounded up");
        } else {
            prop_assert!(margin.collateral.0 <= 0 && !margin.liability.is_zero());
        }
    }

    /// What-if equals what happens: a take against one resting order leaves the account that was foretold.
    #[test]
    fn what_if_is_what_happens(lots in 1u64..500, buy in any::<bool>(), start in -300i64..300, funded in -50i64..50) {
        let mut world = World::funded(3, 1_000_000);
        let one = world.markets[BOOK].step.0;
        if start != 0 {
            let (first, second) = if start > 0 { (Side::Long, Side::Short) } else { (Side::Short, Side::Long) };
            let size = start.unsigned_abs() * one * 10;
            world.place(1, limit(BOOK, second, size, 2_000 * DOLLAR)).unwrap();
            let _ = world.take(0, ioc(BOOK, first, size, 2_000 * DOLLAR), &[1]).unwrap();
        }
        let row = &mut world.board.markets[BOOK];
        row.funding_long.0 += funded * 1_000_003;
        row.funding_short.0 += funded * 1_000_003;
        world.tick();
        let side = if buy { Side::Long } else { Side::Short };
        let (size, price) = (lots * one * 10, 2_001_230_000);
        world.place(2, limit(BOOK, side.opposite(), size, price)).unwrap();
        let what_if = WhatIf {
            market: World::index(BOOK),
            side,
            size: Size(size),
            price: Price(price),
            fee: world.exchange.fee_tier(0).taker,
            reduce_only: false,
        };
        let row = world.board.market(World::index(BOOK)).unwrap();
        let foretold = what_if.filled(&world.accounts[0].head, row).unwrap();
        let report = world.take(0, ioc(BOOK, side, size, price), &[2]).unwrap();
        prop_assert_eq!(report.matched.size, Size(size));
        let (told, is) = (foretold.position(World::index(BOOK)), world.accounts[0].head.position(World::index(BOOK)));
        match (told, is) {
            (Ok(told), Ok(is)) => {
                prop_assert_eq!(told.base, is.base);
                prop_assert_eq!(told.entry, is.entry);
                prop_assert_eq!(told.funding_index, is.funding_index);
                // A maker's quote is rounded for whom the book rounds; never better than foretold by more than a unit.
                prop_assert!(told.quote.0 <= is.quote.0 && is.quote.0 - told.quote.0 <= 1, "{:?} {:?}", told, is);
            }
            (told, is) => prop_assert!(is.is_err() && told.unwrap().base.is_zero()),
        }
    }
}

#[test]
fn a_plain_long_is_liquidated_where_arithmetic_says() {
    let mut world = World::funded(2, 10_000);
    world.accounts[0].head.open_position(World::index(BTC)).unwrap();
    let position = world.accounts[0].head.position_mut(World::index(BTC)).unwrap();
    (position.base, position.quote) = (Base(1_000_000_000), Quote(-60_000 * 1_000_000));
    // 10,000 + p - 60,000 = 5 % of p, so p = 50,000 / 0.95, rounded up to the unit.
    let account = &world.accounts[0].head;
    let price = risk::liquidation_price(account, &world.board, World::index(BTC), &world.clock).unwrap();
    assert_eq!(price, Some(Price(52_631_578_948)));
    assert_eq!(risk::health(account, Pocket::Cross, &world.board, &world.clock), Ok(Ppm(700_000)));
    assert_eq!(risk::leverage(account, Pocket::Cross, &world.board, &world.clock), Ok(Some(6_000_000)));
    // Free initial margin of 4,000 at 10x: two thirds of a coin, in steps of 0.0001.
    let market = &world.markets[BTC];
    let size = |side| risk::max_order_size(account, &world.board, market, side, &world.clock).unwrap();
    assert_eq!(size(Side::Long), Size(666_600_000));
    assert_eq!(size(Side::Short), Size(2_666_600_000), "closing and opening the other way");
    assert_eq!(risk::max_withdrawal(account, &world.board, 0, &world.clock), Ok(Amount(4_000 * DOLLAR)));

    // A short fails above, and an account that is under water recovers below.
    let position = world.accounts[0].head.position_mut(World::index(BTC)).unwrap();
    (position.base, position.quote) = (Base(-1_000_000_000), Quote(45_000 * 1_000_000));
    let account = &world.accounts[0].head;
    // 10,000 + 45,000 - p = 5 % of p, so p = 55,000 / 1.05, rounded down.
    let price = risk::liquidation_price(account, &world.board, World::index(BTC), &world.clock).unwrap();
    assert_eq!(price, Some(Price(52_380_952_380)));
    assert_eq!(risk::health(account, Pocket::Cross, &world.board, &world.clock), Ok(Ppm::ZERO));
    assert_eq!(risk::leverage(account, Pocket::Cross, &world.board, &world.clock), Ok(None), "5,000 below nothing");
}

#[test]
fn an_unlevered_long_is_never_liquidated_and_nobody_has_no_position() {
    let mut world = World::funded(2, 100_000);
    let account = &mut world.accounts[0].head;
    let position = account.open_position(World::index(SOL)).unwrap();
    (position.base, position.quote) = (Base(1_000_000_000), Quote(-150_000_000));
    let found = risk::liquidation_price(account, &world.board, World::index(SOL), &world.clock);
    assert_eq!(found, Ok(None));
    let missing = risk::liquidation_price(account, &world.board, World::index(BTC), &world.clock);
    assert_eq!(missing, Err(Error::PositionNotFound));
    assert_eq!(risk::health(&SubAccount::default(), Pocket::Cross, &world.board, &world.clock), Ok(Ppm(1_000_000)));
    assert_eq!(risk::leverage(&SubAccount::default(), Pocket::Cross, &world.board, &world.clock), Ok(Some(0)));
}

#[test]
fn what_forbids_an_order_is_said_instead_of_a_size() {
    let mut world = World::funded(2, 1_000);
    let ask = |world: &World| {
        let market = &world.markets[SOL];
        risk::max_order_size(&world.accounts[0].head, &world.board, market, Side::Long, &world.clock)
    };
    assert!(ask(&world).unwrap().0 > 0);
    world.markets[SOL].status = MarketStatus::ReduceOnly as u8;
    world.markets[SOL].reduces_until = u32::MAX;
    assert_eq!(ask(&world), Err(Error::MarketReduceOnly));
    world.markets[SOL].status = MarketStatus::Active as u8;
    let sound = world.accounts[0].head;
    let position = world.accounts[0].head.open_position(World::index(SOL)).unwrap();
    (position.base, position.quote) = (Base(20 * 1_000_000_000), Quote(-4_000_000_000));
    world.accounts[0].head.status = status::BEING_LIQUIDATED;
    assert_eq!(ask(&world), Err(Error::AccountBeingLiquidated));
    world.accounts[0].head = sound;
    world.wait(60);
    assert_eq!(ask(&world), Err(Error::StaleRow), "of the quote bank");
    // The row of the market itself may be old, halted or jumping: the price is handed in.
    world.tick();
    let position = world.accounts[0].head.open_position(World::index(SOL)).unwrap();
    (position.base, position.quote) = (Base(20_000_000_000), Quote(-3_000_000_000));
    let before = risk::liquidation_price(&world.accounts[0].head, &world.board, World::index(SOL), &world.clock);
    world.board.markets[SOL].price.state = RowState::Halted as u8;
    let halted = risk::liquidation_price(&world.accounts[0].head, &world.board, World::index(SOL), &world.clock);
    assert_eq!(before, halted);
    assert!(before.unwrap().is_some());
}

#[test]
fn reduce_only_never_enlarges() {
    let mut world = World::funded(2, 10_000);
    let row = *world.board.market(World::index(SOL)).unwrap();
    let what_if = |side| WhatIf {
        market: World::index(SOL),
        side,
        size: Size(5_000_000_000),
        price: Price(150 * DOLLAR),
        fee: Ppm(1_000),
        reduce_only: true,
    };
    let account = &mut world.accounts[0].head;
    let position = account.open_position(World::index(SOL)).unwrap();
    (position.base, position.quote, position.entry) = (Base(2_000_000_000), Quote(-300_000_000), Quote(-300_000_000));
    let closed = what_if(Side::Short).filled(account, &row).unwrap();
    let position = closed.position(World::index(SOL)).unwrap();
    assert_eq!((position.base, position.quote), (Base(0), Quote(-300_000)), "only the fee of 300 is left");
    assert_eq!(what_if(Side::Long).filled(account, &row), Err(Error::ReduceOnlyWouldIncrease));
    let resting = what_if(Side::Short).resting(account).unwrap();
    assert_eq!(resting.position(World::index(SOL)).unwrap().open_asks, Size::ZERO);
}

#[test]
fn the_predicted_funding_is_what_an_update_charges() {
    let mut world = World::funded(3, 1_000_000);
    let maker = limit(BTC, Side::Short, 5 * ONE, 60_300 * DOLLAR);
    world.place(1, maker).unwrap();
    let _ = world.take(0, ioc(BTC, Side::Long, 5 * ONE, 60_600 * DOLLAR), &[1]).unwrap();
    let index = World::index(BTC);
    let mut charged = Vec::new();
    for _ in 0..3 {
        world.wait(3_600);
        for _ in 0..4 {
            world.tick();
        }
        let row = *world.board.market(index).unwrap();
        let position = *world.accounts[0].head.position(index).unwrap();
        let rate = risk::predicted_funding(&world.markets[BTC], &row, &world.clock).unwrap();
        let foretold = risk::funding_at(&position, &row, rate).unwrap();
        let started = world.markets[BTC].funding_time != 0;
        let report = world.fund(BTC).unwrap();
        if started {
            assert_eq!(report.rate, rate);
            let row = world.board.market(index).unwrap();
            let owed = position.unsettled_funding(row.funding(position.base)).unwrap();
            let before = position.unsettled_funding(position.funding_index).unwrap();
            charged.push(owed.0);
            assert!((owed.0 - before.0 - foretold.0 * i64::try_from(charged.len()).unwrap()).abs() <= 3_000_000);
            assert!(foretold.0 < 0, "longs pay: the last fill was above the oracle");
        }
    }
    assert!(charged.len() >= 2);
}

#[test]
fn what_nothing_depends_on_can_leave_without_a_price() {
    let mut world = World::funded(2, 1_000);
    // Another balance stays behind, whose price a margin check would read.
    world.deposit(0, 1, DOLLAR).unwrap();
    world.wait(600);
    // A ratio of the trader's own holds a slot, and nothing is at stake in it.
    let position = world.accounts[0].head.open_position(World::index(SOL)).unwrap();
    position.custom_margin = Ppm(500_000);
    let most = |world: &World| risk::max_withdrawal(&world.accounts[0].head, &world.board, 0, &world.clock);
    assert_eq!(most(&world), Ok(Amount(1_000 * DOLLAR)));
    world.clone().withdraw(0, 0, 1_000 * DOLLAR).unwrap();
    let position = world.accounts[0].head.position_mut(World::index(SOL)).unwrap();
    (position.base, position.quote) = (Base(1_000_000_000), Quote(-150_000_000));
    assert_eq!(most(&world), Err(Error::StaleRow));
}
