//! Mistakes that another exchange of this kind made and repaired, each held against this one. The number behind a
//! test is the version of Drift's protocol-v2 that has the repair, or the audit that found it.

mod common;

use common::check::check;
use common::lifecycle::{set_expiry, settle_market};
use common::story::{LIQUIDATOR, MAKER, lean, liquidate_all, long, long_one};
use common::{BOOK, BTC, DOLLAR, ONE, SOL, START, World, ioc, limit, market_params};
use kedge_model::Error;
use kedge_model::account::board::{Purpose, RowState};
use kedge_model::account::exchange::operation;
use kedge_model::account::market::Market;
use kedge_model::account::order::{OrderParams, Side, flags};
use kedge_model::account::position::Position;
use kedge_model::account::sub_account::status;
use kedge_model::action::{ListMarket, PoolKind, SweepFees, UpdateAmm};
use kedge_model::num::{Rounding, mul_div};
use kedge_model::quantity::{Amount, Base, Ppm, Price, Quote, Size};
use kedge_model::rule::lifecycle::EXPIRY_NOTICE;
use kedge_model::rule::margin::MarginKind;

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
    world.outlast();
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
fn a_fill_is_held_to_the_band_in_both_directions() {
    // 2.130 #1772: the price of a fill was checked one way only.
    let mut world = World::funded(6, 100_000);
    for (side, price) in [(Side::Long, 2_101), (Side::Long, 1_899), (Side::Short, 2_101), (Side::Short, 1_899)] {
        let mut tried = world.clone();
        tried.place(MAKER, limit(BOOK, side.opposite(), ONE, price * DOLLAR)).unwrap();
        let taken = tried.take(0, ioc(BOOK, side, ONE, price * DOLLAR), &[MAKER]).unwrap();
        assert_eq!(taken.matched.size, Size(0), "{side:?} at {price}");
    }
    check(&mut world);
}

#[test]
fn the_largest_order_counts_the_premium_of_its_size() {
    // 2.125 #1693: the largest order was computed without the margin that its size adds.
    let mut world = World::funded(6, 1_000_000);
    world.board.markets[SOL].size_premium = 2_000;
    let market = &world.markets[SOL];
    let size = kedge_model::rule::risk::max_order_size(
        &world.accounts[0].head,
        &world.board,
        market,
        Side::Long,
        &world.clock,
    );
    let (size, step) = (size.unwrap(), market.step.0);
    let flat = mul_div(10_000_000 * DOLLAR, ONE, 150 * DOLLAR, Rounding::Down).unwrap();
    assert!(size.0 < flat, "ten times at {} would be {flat}", size.0);
    let mut more = world.clone();
    let refused = more.place(0, limit(SOL, Side::Long, size.0 + step, 149 * DOLLAR));
    assert_eq!(refused.unwrap_err(), Error::InsufficientMargin);
    world.place(0, limit(SOL, Side::Long, size.0, 149 * DOLLAR)).unwrap();
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
fn funding_goes_from_the_side_that_pushes_to_the_other_with_either_sign() {
    // 2.68 #931: the sign of funding was turned.
    for side in [Side::Long, Side::Short] {
        let mut world = World::funded(6, 100_000);
        lean(&mut world, SOL, LIQUIDATOR, side, 10 * ONE);
        let price = 150 * DOLLAR;
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
fn a_clock_that_has_not_moved_charges_no_hour() {
    // 2.65 #900: funding was computed from too few points.
    let mut world = World::funded(2, 1_000);
    assert_eq!(world.clock.unix_time, START);
    assert_eq!(world.fund(BTC).unwrap_err(), Error::FundingNotDue);
}

#[test]
fn no_market_is_listed_with_a_spread_that_leaves_nothing_to_widen() {
    // 2.152 #2052: the base spread was held against the wrong bound.
    let world = World::new(2);
    let listed = |base: u32, most: u32| {
        let mut params = market_params(b"NEW", Price(150 * DOLLAR), 1_000, 1_000_000, 1_000);
        (params.amm.base_spread, params.amm.max_spread) = (Ppm(base), Ppm(most));
        let (mut exchange, mut board) = (world.exchange, world.board.clone());
        ListMarket { params: &params }.execute(&mut exchange, &mut board, &mut Market::default(), world.clock).map(drop)
    };
    // The widest spread must fit into the initial margin of 10 %, and the base spread below the widest.
    assert_eq!(listed(49_999, 50_000), Ok(()));
    assert_eq!(listed(50_000, 50_000), Err(Error::InvalidParameter));
    assert_eq!(listed(u32::MAX, 50_000), Err(Error::InvalidParameter));
    assert_eq!(listed(1_000, 99_999), Ok(()));
    assert_eq!(listed(1_000, 100_000), Err(Error::InvalidParameter));
}

#[test]
fn the_price_of_the_last_moment_settles_no_market() {
    // 2.144 #1967: an expired market was settled at the price of the moment.
    let mut world = World::funded(4, 10_000);
    let time = world.clock.unix_time + i64::try_from(EXPIRY_NOTICE.0).unwrap();
    set_expiry(&mut world, BTC, time).unwrap();
    for _ in 0..59 {
        world.wait(EXPIRY_NOTICE.0 / 60 - 1);
        world.tick();
    }
    world.wait(EXPIRY_NOTICE.0 / 60 - 10);
    world.tick();
    // Four percent in the last ten seconds, which is no jump.
    for step in 1..=4 {
        world.wait(2);
        let _ = world.refresh(BTC, (60_000 + 600 * step) * DOLLAR).unwrap();
    }
    world.wait(1);
    let price = settle_market(&mut world, BTC).unwrap().price;
    assert!(price > Price(60_000 * DOLLAR) && price < Price(60_012 * DOLLAR), "a fiftieth of a percent, not {price:?}");
}

#[test]
fn a_post_only_order_that_only_reduces_opens_nothing() {
    // 2.137 #1878: of post-only orders nobody asked whether they only reduce.
    let mut world = World::funded(6, 100_000);
    let both = flags::POST_ONLY | flags::REDUCE_ONLY;
    let close = OrderParams { flags: both, ..limit(BOOK, Side::Short, ONE, 2_010 * DOLLAR) };
    assert_eq!(world.place(0, close).unwrap_err(), Error::ReduceOnlyWouldIncrease);
    long(&mut world, BOOK, ONE);
    world.place(0, close).unwrap();
    // Half of the position goes another way; of the resting order only the other half is there to be taken.
    world.place(MAKER, limit(BOOK, Side::Long, ONE / 2, 2_000 * DOLLAR)).unwrap();
    let _ = world.take(0, ioc(BOOK, Side::Short, ONE / 2, 2_000 * DOLLAR), &[MAKER]).unwrap();
    let taken = world.take(LIQUIDATOR, ioc(BOOK, Side::Long, 5 * ONE, 2_010 * DOLLAR), &[0]).unwrap();
    assert_eq!(taken.matched.size, Size(ONE / 2));
    assert_eq!(world.accounts[0].position(BOOK).base, Base(0));
    assert_eq!(
        world.take(LIQUIDATOR, ioc(BOOK, Side::Long, ONE, 2_010 * DOLLAR), &[0]).map(|t| t.matched.size),
        Ok(Size(0))
    );
    check(&mut world);
}

#[test]
fn post_only_is_judged_though_the_vamm_is_paused() {
    // 2.102 #1202: with the vAMM paused, the check of post-only orders went wrong.
    let mut world = World::funded(6, 100_000);
    world.fund_pool(BTC, PoolKind::Amm, 200_000 * DOLLAR).unwrap();
    let post = |price: u64| OrderParams { flags: flags::POST_ONLY, ..limit(BTC, Side::Long, ONE / 10, price * DOLLAR) };
    for paused in [0, operation::FILL_AMM, operation::FILL_AMM | operation::UPDATE_AMM] {
        world.pause(paused);
        // Whoever rests beyond the vAMM's offer would be crossed at the moment when the pause ends.
        assert_eq!(world.place(0, post(60_100)).unwrap_err(), Error::PostOnlyWouldCross, "{paused:#x}");
        let id = world.place(0, post(59_900)).unwrap();
        world.pause(0);
        assert_eq!(world.fill(BTC, 0, id, None, &[]).unwrap_err(), Error::NothingToFill);
    }
    check(&mut world);
}

#[test]
fn a_price_at_a_distance_never_falls_below_a_tick() {
    // 2.83 #874: with an offset larger than the oracle the price became negative.
    let mut world = World::funded(6, 100_000);
    let far = (3_000 * DOLLAR).cast_signed();
    let bid = OrderParams { flags: flags::OFFSET, ..limit(BOOK, Side::Long, ONE, (-far).cast_unsigned()) };
    let id = world.place(0, bid).unwrap();
    let order = world.accounts[0].find(id).unwrap();
    let tick = world.markets[BOOK].tick;
    assert_eq!(order.effective_price(world.oracle(BOOK), tick), Ok(tick));
    // Nobody can be made to sell there: the band holds.
    let sell = ioc(BOOK, Side::Short, ONE, tick.0);
    assert_eq!(world.take(MAKER, sell, &[0]).unwrap().matched.size, Size(0));
    check(&mut world);
}
