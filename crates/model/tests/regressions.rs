//! Mistakes that another exchange of this kind made and repaired, each held against this one. The number behind a
//! test is the version of Drift's protocol-v2 that has the repair, or the audit that found it.

mod common;

use common::check::check;
use common::{BOOK, BTC, DOLLAR, ONE, SOL, START, World, ioc, limit};
use kedge_model::Error;
use kedge_model::action::{Context, Liquidate, PlaceOrders, PoolKind, SweepFees, UpdateAmm};
use kedge_model::board::{OraclePrice, Purpose, RowState, weighted_average};
use kedge_model::event::{Batch, Event, decode};
use kedge_model::exchange::operation;
use kedge_model::margin::{MarginKind, token_value};
use kedge_model::num::{Rounding, mul_div};
use kedge_model::order::{OrderParams, Side, flags};
use kedge_model::position::Position;
use kedge_model::quantity::{Amount, Base, Ppm, Price, Quote, Size};
use kedge_model::sub_account::status;

const MAKER: usize = 2;
const LIQUIDATOR: usize = 4;

/// A trader is long so many of a market against a maker, at the oracle.
fn long(world: &mut World, market: usize, size: u64) {
    let price = world.oracle(market).0;
    world.place(MAKER, limit(market, Side::Short, size, price)).unwrap();
    let taken = world.take(0, ioc(market, Side::Long, size, price), &[MAKER]).unwrap();
    assert_eq!(taken.matched.maker_size, Size(size));
}

/// A trader with so many dollars and one BTC, a maker and a liquidator with plenty.
fn long_one(dollars: u64) -> World {
    let mut world = World::new(6);
    world.deposit(0, 0, dollars * DOLLAR).unwrap();
    world.deposit(MAKER, 0, 1_000_000 * DOLLAR).unwrap();
    world.deposit(LIQUIDATOR, 0, 1_000_000 * DOLLAR).unwrap();
    long(&mut world, BTC, ONE);
    world
}

/// Takes over all of the trader's BTC and settles what the balance pays.
fn liquidate_all(world: &mut World) {
    while !world.accounts[0].position(BTC).base.is_zero() {
        let _ = world.liquidate(BTC, 0, LIQUIDATOR, u64::MAX).unwrap();
        check(world);
    }
    let _ = world.settle(BTC, 0).unwrap();
}

#[test]
fn a_liquidation_ends_on_every_healthy_path() {
    // 2.159 #2122: an account stayed in liquidation after its cause was gone.
    let begun = || {
        let mut world = long_one(6_100);
        world.drive(BTC, 56_500 * DOLLAR);
        let step = world.liquidate(BTC, 0, LIQUIDATOR, ONE / 100).unwrap();
        assert!(!step.recovered && world.accounts[0].head.has(status::BEING_LIQUIDATED));
        world
    };
    // The price comes back, and the owner simply goes on.
    let mut world = begun();
    world.drive(BTC, 60_000 * DOLLAR);
    world.place(0, limit(BTC, Side::Short, ONE / 100, 61_000 * DOLLAR)).unwrap();
    assert_eq!(world.accounts[0].head.status, 0);
    // Money comes in.
    let mut world = begun();
    world.deposit(0, 0, 5_000 * DOLLAR).unwrap();
    world.withdraw(0, 0, DOLLAR).unwrap();
    assert_eq!(world.accounts[0].head.status, 0);
    // A keeper finds it healthy.
    let mut world = begun();
    world.deposit(0, 0, 5_000 * DOLLAR).unwrap();
    assert!(world.liquidate(BTC, 0, LIQUIDATOR, u64::MAX).unwrap().recovered);
    assert_eq!(world.accounts[0].head.status, 0);
    // The take-over itself was enough.
    let mut world = begun();
    while world.accounts[0].head.status != 0 {
        let _ = world.liquidate(BTC, 0, LIQUIDATOR, u64::MAX).unwrap();
    }
    assert!(!world.accounts[0].position(BTC).base.is_zero());
    check(&mut world);
}

#[test]
fn a_bankruptcy_that_has_lost_its_cause_holds_nobody() {
    // 2.159 #2122, for the other mark: the owner pays up instead of defaulting.
    let mut world = long_one(6_100);
    world.drive(BTC, 50_000 * DOLLAR);
    liquidate_all(&mut world);
    world.accounts[0].head.status |= status::BANKRUPT;
    assert_eq!(world.withdraw(0, 0, 1).unwrap_err(), Error::AccountBankrupt);
    world.deposit(0, 0, 10_000 * DOLLAR).unwrap();
    // Free to act again, and the debt counts in every margin until it is settled.
    assert_eq!(world.withdraw(0, 0, 10_000 * DOLLAR).unwrap_err(), Error::InsufficientMargin);
    world.withdraw(0, 0, DOLLAR).unwrap();
    assert_eq!(world.accounts[0].head.status, 0);
    check(&mut world);
}

#[test]
fn a_change_of_mode_is_checked_after_it() {
    // 2.159 #2116: a margin mode could be switched on below the margin that it asks for.
    let mut world = long_one(6_100);
    world.drive(BTC, 59_000 * DOLLAR);
    assert!(!world.margin(0, MarginKind::Initial, Purpose::Withdraw).unwrap().is_met());
    assert_eq!(world.isolate(0, BTC, 5_000 * DOLLAR).unwrap_err(), Error::InsufficientMargin);
    assert_eq!(world.isolate(0, SOL, DOLLAR).unwrap_err(), Error::InsufficientMargin);
    assert_eq!(world.leverage(0, BTC, 200_000).unwrap_err(), Error::InsufficientMargin);
    world.deposit(0, 0, 10_000 * DOLLAR).unwrap();
    world.isolate(0, BTC, 8_000 * DOLLAR).unwrap();
    world.withdraw(0, 0, world.accounts[0].head.balance(0).0).unwrap();
    world.drive(BTC, 57_500 * DOLLAR);
    assert_eq!(world.merge(0, BTC).unwrap_err(), Error::InsufficientMargin);
    check(&mut world);
}

#[test]
fn every_pocket_defaults_for_itself() {
    // 2.159 #2123: isolated positions were counted when the rest was bankrupt.
    let mut world = long_one(7_000);
    world.isolate(0, SOL, 500 * DOLLAR).unwrap();
    long(&mut world, SOL, 20 * ONE);
    world.drive(BTC, 50_000 * DOLLAR);
    liquidate_all(&mut world);
    assert!(world.accounts[0].position(SOL).isolated > Amount(0), "it has collateral, and it is not the rest's");
    let report = world.bankrupt(BTC, 0).unwrap();
    assert!(report.loss > Amount(0));
    assert_eq!(world.accounts[0].head.status, status::HAS_ISOLATED);
    assert!(!world.accounts[0].position(SOL).base.is_zero());
    assert_eq!(world.bankrupt(SOL, 0).unwrap_err(), Error::NotBankrupt);
    check(&mut world);
}

#[test]
fn a_claim_that_cannot_be_settled_now_holds_up_no_default() {
    // 2.139 #1909 and audits: something left somewhere made a loss unresolvable.
    let mut world = long_one(6_100);
    // The trader has a claim of 7 on a market whose pool is empty: the loser has not settled.
    for (account, quote) in [(0, 7_000_000), (3, -7_000_000)] {
        *world.accounts[account].head.open_position(World::index(BOOK)).unwrap() =
            Position { status: 1, market: World::index(BOOK), quote: Quote(quote), ..Position::default() };
    }
    world.deposit(3, 0, 100 * DOLLAR).unwrap();
    world.drive(BTC, 50_000 * DOLLAR);
    liquidate_all(&mut world);
    assert!(world.settle(BOOK, 0).is_err(), "nobody has paid in");
    let debt = world.accounts[0].position(BTC).quote.magnitude();
    let report = world.bankrupt(BTC, 0).unwrap();
    assert_eq!(report.loss, Amount(debt.0 - 7_000_000), "what the claim covers is late, not lost");
    assert_eq!(world.accounts[0].head.status, 0);
    assert_eq!(world.bankrupt(BTC, 0).unwrap_err(), Error::NotBankrupt);
    // Once the pool can pay, the claim pays the rest of the debt.
    assert_eq!(world.settle(BOOK, 3).unwrap().amount, Quote(-7_000_000));
    assert_eq!(world.settle(BOOK, 0).unwrap().amount, Quote(7_000_000));
    assert_eq!(world.settle(BTC, 0).unwrap().amount, Quote(-7_000_000));
    assert!(world.accounts[0].head.is_empty());
    check(&mut world);
}

#[test]
fn debts_in_two_markets_are_settled_only_as_far_as_they_exceed_the_claims() {
    let mut world = World::new(4);
    let debts = [(BTC, -50_000_000i64), (SOL, -30_000_000), (BOOK, 60_000_000)];
    for (market, quote) in debts {
        let position = world.accounts[0].head.open_position(World::index(market)).unwrap();
        position.quote = Quote(quote);
        (world.markets[market].users_quote, world.markets[market].funding_pot) = (Quote(quote), Quote(-quote));
    }
    // 80 owed, 60 to come: 20 are lost, wherever they are settled.
    assert_eq!(world.bankrupt(SOL, 0).unwrap().loss, Amount(20_000_000));
    assert_eq!(world.bankrupt(SOL, 0).unwrap_err(), Error::NotBankrupt);
    assert_eq!(world.bankrupt(BTC, 0).unwrap_err(), Error::NotBankrupt);
    assert_eq!(world.accounts[0].position(SOL).quote, Quote(-10_000_000));
    assert_eq!(world.accounts[0].head.status, 0);
}

#[test]
fn an_order_far_from_the_market_moves_no_average() {
    // 2.159 #2124: bids that nobody would meet moved the averages.
    let mut world = World::funded(6, 100_000);
    let before = (world.markets[BTC].mark(world.oracle(BTC)).unwrap(), world.markets[BTC].premium_last);
    world.place(MAKER, limit(BTC, Side::Long, ONE / 10, 58_000 * DOLLAR)).unwrap();
    world.place(MAKER, limit(BTC, Side::Short, ONE / 10, 62_500 * DOLLAR)).unwrap();
    world.tick();
    let _ = world.on_market(BTC, &[], |context, _, _| UpdateAmm.execute(context));
    assert_eq!((world.markets[BTC].mark(world.oracle(BTC)).unwrap(), world.markets[BTC].premium_last), before);
    assert_eq!(world.markets[BTC].basis, 0);
}

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
        paused.exchange.paused = bit;
        assert_eq!(attempt(&mut paused), Err(Error::OperationPaused), "bit {bit:#x}");
        // With the other switches thrown it goes through; placing is part of taking.
        let mut others = start.clone();
        others.exchange.paused = operation::ALL & !bit & !(operation::PLACE | operation::FILL_AMM);
        if bit == operation::PLACE {
            others.exchange.paused = operation::ALL & !bit;
        }
        attempt(&mut others).unwrap_or_else(|error| panic!("bit {bit:#x}: {error:?}"));
    }
    sick.exchange.paused = operation::LIQUIDATE;
    assert_eq!(sick.liquidate(BTC, 0, LIQUIDATOR, u64::MAX).unwrap_err(), Error::OperationPaused);
    sick.exchange.paused = operation::ALL & !operation::LIQUIDATE;
    let _ = sick.liquidate(BTC, 0, LIQUIDATOR, u64::MAX).unwrap();
    // The vAMM alone stands aside: a taker finds the makers and nobody else.
    let taking = |w: &mut World| w.take(0, ioc(BTC, Side::Short, ONE / 5, 59_000 * DOLLAR), &[MAKER]).unwrap().matched;
    let mut paused = start.clone();
    paused.exchange.paused = operation::FILL_AMM;
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
    let (clock, micros) = (world.clock, world.board.slot_micros());
    let seen = |price| OraclePrice {
        price: Price(price),
        confidence: Price(1),
        publish_time: world.clock.unix_time,
        publish_slot: world.clock.slot,
    };
    // Beside a good one it does not count, and is not the lower end of anything.
    let mut row = before;
    let _ = row.refresh(&[seen(0), seen(60_000 * DOLLAR)], &clock, micros).unwrap();
    assert_eq!((row.price, RowState::from_number(row.state)), (Price(60_000 * DOLLAR), RowState::Degraded));
}

#[test]
fn reducing_stays_possible_where_opening_is_not() {
    // 2.143 #1968: fills that only reduce were refused with those that open.
    let mut world = World::funded(6, 100_000);
    long(&mut world, BOOK, 10 * ONE);
    world.place(MAKER, limit(BOOK, Side::Long, 10 * ONE, 1_870 * DOLLAR)).unwrap();
    world.place(MAKER, limit(BOOK, Side::Short, 10 * ONE, 1_890 * DOLLAR)).unwrap();
    world.wait(1);
    let _ = world.refresh(BOOK, 1_880 * DOLLAR).unwrap();
    assert_eq!(world.state(BOOK), RowState::Jump as u8);
    let opens = ioc(BOOK, Side::Long, ONE, 1_890 * DOLLAR);
    assert_eq!(world.take(0, opens, &[MAKER]).unwrap_err(), Error::RowStateForbids);
    // The maker would grow by it, so it is the maker's own position that must shrink as well.
    let reduces = ioc(BOOK, Side::Short, ONE, 1_870 * DOLLAR);
    assert_eq!(world.take(0, reduces, &[MAKER]).unwrap().matched.size, Size(ONE));
    check(&mut world);
}

#[test]
fn settling_without_a_position_or_without_a_claim_is_an_error() {
    // 2.141 #1928: a settlement without a position panicked. 2.133 #1809: one of nothing succeeded silently.
    let mut world = World::funded(6, 100_000);
    assert_eq!(world.settle(BTC, 0).unwrap_err(), Error::PositionNotFound);
    world.place(0, limit(BTC, Side::Long, ONE / 10, 59_000 * DOLLAR)).unwrap();
    assert_eq!(world.settle(BTC, 0).unwrap_err(), Error::NothingToSettle);
    assert_eq!(world.bankrupt(SOL, 0).unwrap_err(), Error::NotBankrupt);
}

#[test]
fn a_deficit_is_repaid_though_the_pool_is_full() {
    // 2.139 #1909: a deficit could not be resolved while the pool held anything.
    let mut world = World::funded(6, 100_000);
    long(&mut world, BTC, ONE);
    let market = &mut world.markets[BTC];
    assert!(!market.pnl_pool.is_zero());
    market.deficit = Amount(40 * DOLLAR);
    market.funding_pot = market.funding_pot.minus(Quote(40_000_000)).unwrap();
    market.amm.quote = market.amm.quote.plus(Quote(40_000_000)).unwrap();
    let fees = market.fees;
    let swept = world.on_market(BTC, &[], |context, banks, _| SweepFees.execute(context, &mut banks[0])).unwrap();
    assert_eq!((swept.deficit, world.markets[BTC].deficit), (Amount(40 * DOLLAR), Amount(0)));
    assert_eq!(swept.insurance.0 + swept.amm.0 + swept.protocol.0, fees.0 - 40 * DOLLAR);
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
            average = weighted_average(average, Price(to), 1, 300).unwrap();
        }
        // Half a unit of rounding a step cannot hold it farther away than half a period's worth.
        assert!(average.0.abs_diff(to) <= 150, "{from} stays at {} on the way to {to}", average.0);
    }
    // Up and down in turn leads nowhere.
    let mut average = Price(1_000);
    for step in 0..20_000u64 {
        average = weighted_average(average, Price(if step % 2 == 0 { 1_090 } else { 910 }), 60, 300).unwrap();
    }
    assert!(average.0.abs_diff(1_000) <= 20, "{average:?}");
}

#[test]
fn a_fill_is_held_to_the_band_in_both_directions() {
    // 2.130 #1772: the price of a fill was checked one way only.
    let mut world = World::funded(6, 100_000);
    for (side, price) in [(Side::Long, 2_101), (Side::Long, 1_899), (Side::Short, 2_101), (Side::Short, 1_899)] {
        let mut tried = world.clone();
        tried.place(MAKER, limit(BOOK, side.opposite(), ONE, price * DOLLAR)).unwrap();
        let refused = tried.take(0, ioc(BOOK, side, ONE, price * DOLLAR), &[MAKER]);
        assert_eq!(refused.unwrap_err(), Error::PriceOutsideBand, "{side:?} at {price}");
    }
    check(&mut world);
}

#[test]
fn the_largest_order_counts_the_premium_of_its_size() {
    // 2.125 #1693: the largest order was computed without the margin that its size adds.
    let mut world = World::funded(6, 1_000_000);
    world.board.markets[SOL].size_premium = 2_000;
    let market = &world.markets[SOL];
    let size =
        kedge_model::risk::max_order_size(&world.accounts[0].head, &world.board, market, Side::Long, &world.clock);
    let (size, step) = (size.unwrap(), market.step.0);
    let flat = mul_div(10_000_000 * DOLLAR, ONE, 150 * DOLLAR, Rounding::Down).unwrap();
    assert!(size.0 < flat, "ten times at {} would be {flat}", size.0);
    let mut more = world.clone();
    let refused = more.place(0, limit(SOL, Side::Long, size.0 + step, 149 * DOLLAR));
    assert_eq!(refused.unwrap_err(), Error::InsufficientMargin);
    world.place(0, limit(SOL, Side::Long, size.0, 149 * DOLLAR)).unwrap();
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
fn a_profit_does_not_leave_an_account_that_is_to_be_liquidated() {
    // 2.79 #1020 and 2.83 #1045: profit was paid out while the account was below maintenance.
    let mut world = World::funded(6, 9_000);
    for account in [MAKER, LIQUIDATOR] {
        world.deposit(account, 0, 1_000_000 * DOLLAR).unwrap();
    }
    long(&mut world, BTC, ONE);
    long(&mut world, BOOK, 5 * ONE);
    // A realised profit of 500 in one market, for which the pool has the tokens.
    world.drive(BOOK, 2_100 * DOLLAR);
    world.place(MAKER, limit(BOOK, Side::Long, 5 * ONE, 2_100 * DOLLAR)).unwrap();
    let _ = world.take(0, ioc(BOOK, Side::Short, 5 * ONE, 2_100 * DOLLAR), &[MAKER]).unwrap();
    let _ = world.settle(BOOK, MAKER).unwrap();
    world.drive(BTC, 53_000 * DOLLAR);
    assert!(!world.health(0).is_met());
    assert_eq!(world.settle(BOOK, 0).unwrap_err(), Error::InsufficientMargin);
    // Losses are paid at any time.
    assert!(world.settle(BTC, 0).unwrap().amount.0 < 0);
    check(&mut world);
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
fn funding_goes_from_the_side_that_pushes_to_the_other_with_either_sign() {
    // 2.68 #931: the sign of funding was turned.
    for (side, price) in [(Side::Long, 150_750_000), (Side::Short, 149_250_000)] {
        let mut world = World::funded(6, 100_000);
        world.markets[SOL].amm.base_spread = Ppm(10_000);
        world.place(MAKER, limit(SOL, side.opposite(), 10 * ONE, price)).unwrap();
        let _ = world.take(0, ioc(SOL, side, 10 * ONE, price), &[MAKER]).unwrap();
        let before = (world.equity(0), world.equity(MAKER));
        world.wait(3_599);
        world.tick();
        let report = world.fund(SOL).unwrap();
        assert_eq!(report.rate > 0, side == Side::Long);
        let (paid, received) = (before.0 - world.equity(0), world.equity(MAKER) - before.1);
        assert!(paid > 0 && (0..=1).contains(&(paid - received)), "{side:?} paid {paid}, {received} arrived");
        check(&mut world);
    }
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
fn after_a_socialised_loss_nobody_pays_it_twice() {
    // Audit #89: funding charged the vAMM again for a loss that had been spread.
    let mut world = long_one(6_100);
    world.fund_pool(BTC, PoolKind::Amm, 500_000 * DOLLAR).unwrap();
    world.deposit(1, 0, 1_000_000 * DOLLAR).unwrap();
    let _ = world.take(1, ioc(BTC, Side::Long, 2 * ONE, 61_000 * DOLLAR), &[]).unwrap();
    assert_eq!(world.markets[BTC].amm.base, Base(-2_000_000_000));
    world.drive(BTC, 50_000 * DOLLAR);
    liquidate_all(&mut world);
    let before = world.markets[BTC].amm.quote;
    let report = world.bankrupt(BTC, 0).unwrap();
    let share = before.minus(world.markets[BTC].amm.quote).unwrap();
    // Users hold 3 long and 1 short, the vAMM 2 short: a third is its.
    assert!(share.0.unsigned_abs().abs_diff(report.socialised.0 / 3) <= 1, "{share:?} of {report:?}");
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

#[test]
fn a_clock_that_has_not_moved_charges_no_hour() {
    // 2.65 #900: funding was computed from too few points.
    let mut world = World::funded(2, 1_000);
    assert_eq!(world.clock.unix_time, START);
    assert_eq!(world.fund(BTC).unwrap_err(), Error::FundingNotDue);
}
