//! One participant's state stopped another's action.

use super::common::check::check;
use super::common::{BOOK, BTC, DOLLAR, ONE, SOL, World, ioc, limit, market_params};
use kedge_model::Error;
use kedge_model::account::market::MarketStatus;
use kedge_model::account::order::Side;
use kedge_model::account::position::Position;
use kedge_model::action::{BankParams, RowParams};
use kedge_model::fault::{self, Fault};
use kedge_model::quantity::{Amount, Base, Ppm, Price, Quote, Size};

/// The account with the best offer, which cannot trade.
const POISON: usize = 2;
/// The account with a good offer right behind.
const GOOD: usize = 4;

/// Best offer by an account that is about to be unable to trade, a good one a tick behind.
fn two_offers(dollars: u64) -> World {
    let mut world = World::funded(8, dollars);
    for account in [0, GOOD] {
        world.deposit(account, 0, 100_000 * DOLLAR).unwrap();
    }
    world.place(POISON, limit(BOOK, Side::Short, ONE, 2_000 * DOLLAR)).unwrap();
    world.place(GOOD, limit(BOOK, Side::Short, 5 * ONE, 2_001 * DOLLAR)).unwrap();
    world
}

/// A buyer meets both: on the old rule it gets an error, on the rule as it is the good offer.
fn passes_over(what: &str, world: &World, refusal: Error) {
    let buy = ioc(BOOK, Side::Long, 2 * ONE, 2_002 * DOLLAR);
    let mut old = world.clone();
    let refused = fault::with(Fault::PoisonMakerRefusesFill, || old.take(0, buy, &[POISON, GOOD]));
    assert_eq!(refused.unwrap_err(), refusal, "{what}: the old rule");
    let mut now = world.clone();
    let taken = now.take(0, buy, &[POISON, GOOD]).unwrap().matched;
    assert_eq!((taken.size, taken.passed_over), (Size(2 * ONE), 1), "{what}");
    assert_eq!(taken.quote, Amount(4_002 * DOLLAR), "{what}: all of it from the good offer");
    let (before, after) = (&world.accounts[POISON], &now.accounts[POISON]);
    assert_eq!((after.head, &after.orders), (before.head, &before.orders), "{what}: nothing of it has changed");
    // A keeper's fill does the same.
    let mut filled = world.clone();
    let order = filled.place(0, limit(BOOK, Side::Long, 2 * ONE, 2_002 * DOLLAR)).unwrap();
    let matched = filled.fill(BOOK, 0, order, Some(1), &[POISON, GOOD]).unwrap().matched;
    assert_eq!((matched.size, matched.quote), (taken.size, taken.quote), "{what}");
}

#[test]
fn a_maker_below_its_margin_is_passed_over() {
    let mut world = two_offers(250);
    world.drive(BOOK, 2_095 * DOLLAR);
    passes_over("margin", &world, Error::MakerInsufficientMargin);
    let mut now = world.clone();
    let buy = ioc(BOOK, Side::Long, 2 * ONE, 2_002 * DOLLAR);
    let taken = now.take(0, buy, &[POISON, GOOD]).unwrap();
    assert_eq!(taken.matched.unbacked, 1);
    check(&mut now);
}

#[test]
fn a_maker_with_a_row_that_is_stale_elsewhere_is_passed_over() {
    let mut world = two_offers(10_000);
    let _ = world.take(POISON, ioc(SOL, Side::Long, ONE, 160 * DOLLAR), &[]).unwrap();
    world.wait(60);
    for (market, price) in [(BTC, 60_000), (BOOK, 2_000)] {
        let _ = world.refresh(market, price * DOLLAR).unwrap();
    }
    let _ = world.refresh_bank(0, DOLLAR).unwrap();
    passes_over("a stale row", &world, Error::StaleRow);
}

#[test]
fn a_maker_with_stale_collateral_is_passed_over() {
    let mut world = two_offers(10_000);
    world.deposit(POISON, 2, ONE).unwrap();
    world.wait(60);
    let _ = world.refresh(BOOK, 2_000 * DOLLAR).unwrap();
    let _ = world.refresh_bank(0, DOLLAR).unwrap();
    passes_over("stale collateral", &world, Error::StaleRow);
}

#[test]
fn a_maker_with_the_largest_position_is_passed_over() {
    let mut world = two_offers(10_000);
    // A take-over or a join of an auction may have filled the room that its order was placed for.
    let (market, full) = (World::index(BOOK), Base(-i64::try_from(ONE).unwrap()));
    world.accounts[POISON].head.position_mut(market).unwrap().base = full;
    world.markets[BOOK].short_interest.0 += ONE;
    world.accounts[6].head.open_position(market).unwrap().base = Base(-full.0);
    world.markets[BOOK].long_interest.0 += ONE;
    world.markets[BOOK].max_position = Size(3 * ONE / 2);
    let buy = ioc(BOOK, Side::Long, ONE, 2_002 * DOLLAR);
    let mut old = world.clone();
    let refused = fault::with(Fault::PoisonMakerRefusesFill, || old.take(0, buy, &[POISON, GOOD]));
    assert_eq!(refused.unwrap_err(), Error::PositionTooLarge);
    let taken = world.take(0, buy, &[POISON, GOOD]).unwrap().matched;
    assert_eq!((taken.size, taken.quote), (Size(ONE), Amount(2_001 * DOLLAR)));
    check(&mut world);
}

#[test]
fn a_maker_whose_numbers_overflow_is_passed_over() {
    for spoil in [
        |head: &mut kedge_model::account::sub_account::SubAccount| head.total_fees = Quote(i64::MIN),
        |head: &mut kedge_model::account::sub_account::SubAccount| {
            head.position_mut(World::index(BOOK)).unwrap().quote = Quote(i64::MAX - 1);
        },
    ] {
        let mut world = two_offers(10_000);
        spoil(&mut world.accounts[POISON].head);
        passes_over("its own numbers", &world, Error::Overflow);
    }
}

#[test]
fn a_maker_that_would_open_in_a_market_that_only_reduces_is_passed_over() {
    let mut world = two_offers(10_000);
    // The buyer closes a short, the good maker a long; the best offer would open one.
    for (account, base) in [(0, -2), (GOOD, 5), (6, -3)] {
        let side = if base > 0 { Side::Short } else { Side::Long };
        let size = u64::try_from(i64::abs(base)).unwrap() * ONE;
        let position = Position {
            status: 1,
            market: World::index(BOOK),
            base: Base(base * i64::try_from(ONE).unwrap()),
            ..world.accounts[account].position(BOOK)
        };
        *world.accounts[account].head.open_position(World::index(BOOK)).unwrap() = position;
        let interest = &mut world.markets[BOOK];
        if side == Side::Short { interest.long_interest.0 += size } else { interest.short_interest.0 += size }
    }
    let buy = kedge_model::account::order::OrderParams {
        flags: kedge_model::account::order::flags::REDUCE_ONLY
            | kedge_model::account::order::flags::IMMEDIATE_OR_CANCEL,
        ..limit(BOOK, Side::Long, 2 * ONE, 2_002 * DOLLAR)
    };
    world.markets[BOOK].status = MarketStatus::ReduceOnly as u8;
    world.markets[BOOK].reduces_until = u32::MAX;
    // What an order may trade is asked before it is met, so that nothing is undone here.
    assert_eq!(world.take(0, buy, &[POISON, GOOD]).unwrap().matched.quote, Amount(4_002 * DOLLAR));
    check(&mut world);
}

#[test]
fn an_offer_beyond_the_band_ends_the_walk_and_refuses_nothing() {
    let mut world = World::funded(8, 100_000);
    world.place(POISON, limit(BOOK, Side::Short, ONE, 2_001 * DOLLAR)).unwrap();
    world.place(GOOD, limit(BOOK, Side::Short, ONE / 100, 2_105 * DOLLAR)).unwrap();
    let buy = ioc(BOOK, Side::Long, 2 * ONE, 2_200 * DOLLAR);
    let mut old = world.clone();
    let refused = fault::with(Fault::BandRefusesFill, || old.take(0, buy, &[POISON, GOOD]));
    assert_eq!(refused.unwrap_err(), Error::PriceOutsideBand);
    let taken = world.take(0, buy, &[POISON, GOOD]).unwrap().matched;
    assert_eq!((taken.size, taken.quote), (Size(ONE), Amount(2_001 * DOLLAR)));
    check(&mut world);
    // So does one on the other side of the oracle, of an owner who gives away.
    world.place(POISON, limit(BOOK, Side::Short, ONE / 100, 1_890 * DOLLAR)).unwrap();
    world.place(GOOD, limit(BOOK, Side::Short, ONE, 2_002 * DOLLAR)).unwrap();
    let mut old = world.clone();
    let refused = fault::with(Fault::BandRefusesFill, || old.take(0, buy, &[POISON, GOOD]));
    assert_eq!(refused.unwrap_err(), Error::PriceOutsideBand);
    assert_eq!(world.take(0, buy, &[POISON, GOOD]).unwrap().matched.quote, Amount(2_002 * DOLLAR));
    check(&mut world);
}

#[test]
fn the_vamm_trades_up_to_the_band_and_no_further() {
    let mut world = World::funded(8, 10_000_000);
    world.fund_pool(SOL, kedge_model::action::PoolKind::Amm, 10_000_000 * DOLLAR).unwrap();
    world.markets[SOL].price_band = Ppm(2_000);
    for (side, limit) in [(Side::Long, 300), (Side::Short, 50)] {
        let order = ioc(SOL, side, 500 * ONE, limit * DOLLAR);
        let mut old = world.clone();
        let refused = fault::with(Fault::BandRefusesFill, || old.take(0, order, &[]));
        let mut now = world.clone();
        let taken = now.take(0, order, &[]).unwrap().matched;
        assert!(taken.amm_size > Size(0) && taken.size < Size(500 * ONE), "{side:?} {taken:?}");
        let price = u128::from(taken.quote.0) * u128::from(ONE) / u128::from(taken.size.0);
        let (low, high) = now.markets[SOL].band(now.oracle(SOL)).unwrap();
        assert!((u128::from(low.0)..=u128::from(high.0)).contains(&price), "{side:?} at {price}");
        assert_eq!(refused.unwrap_err(), Error::PriceOutsideBand, "{side:?}");
        check(&mut now);
    }
}

#[test]
fn a_token_that_counts_nothing_shields_nobody_from_liquidation() {
    let mut world = World::new(8);
    let nothing = BankParams {
        row: RowParams { quorum: 1, ..market_params(b"", Price(DOLLAR), 0, 10, 10).row },
        deposit_cap: Amount(1 << 50),
        initial_weight: Ppm(0),
        maintenance_weight: Ppm(0),
        ..BankParams::default()
    };
    world.list_bank(&nothing, 6);
    let _ = world.refresh_bank(3, DOLLAR).unwrap();
    for (account, dollars) in [(0, 6_100), (GOOD, 1_000_000), (6, 1_000_000)] {
        world.deposit(account, 0, dollars * DOLLAR).unwrap();
    }
    world.place(GOOD, limit(BTC, Side::Short, ONE, 60_000 * DOLLAR)).unwrap();
    let _ = world.take(0, ioc(BTC, Side::Long, ONE, 60_000 * DOLLAR), &[GOOD]).unwrap();
    // A unit of it, and its feed stops.
    world.deposit(0, 3, 1).unwrap();
    world.drive(BTC, 56_000 * DOLLAR);
    world.wait(60);
    let _ = world.refresh(BTC, 56_000 * DOLLAR).unwrap();
    let _ = world.refresh_bank(0, DOLLAR).unwrap();
    let mut old = world.clone();
    let refused = fault::with(Fault::WeightlessBalanceNeedsPrice, || old.liquidate(BTC, 0, 6, u64::MAX));
    assert_eq!(refused.unwrap_err(), Error::StaleRow);
    assert!(world.liquidate(BTC, 0, 6, u64::MAX).unwrap().base.size() > Size(0));
    // Nor does it keep its owner from trading.
    world.deposit(1, 0, 10_000 * DOLLAR).unwrap();
    world.deposit(1, 3, 1).unwrap();
    world.place(1, limit(BTC, Side::Long, ONE / 10, 55_000 * DOLLAR)).unwrap();
    check(&mut world);
}

#[test]
fn a_unit_of_what_has_no_price_now_shields_nobody_from_liquidation() {
    // Of a token that backs something, and of a position in another market, both of the owner's own making.
    let shield: [fn(&mut World); 3] = [
        |w| w.deposit(0, 2, 1).unwrap(),
        |w| {
            let _ = w.take(0, ioc(SOL, Side::Long, ONE / 10, 160 * DOLLAR), &[]).unwrap();
        },
        |w| {
            let _ = w.take(0, ioc(SOL, Side::Short, ONE / 10, 140 * DOLLAR), &[]).unwrap();
        },
    ];
    for shield in shield {
        let mut world = World::funded(8, 6_120);
        for account in [GOOD, 6] {
            world.deposit(account, 0, 1_000_000 * DOLLAR).unwrap();
        }
        world.place(GOOD, limit(BTC, Side::Short, ONE, 60_000 * DOLLAR)).unwrap();
        shield(&mut world);
        let _ = world.take(0, ioc(BTC, Side::Long, ONE, 60_000 * DOLLAR), &[GOOD]).unwrap();
        world.drive(BTC, 56_000 * DOLLAR);
        world.wait(60);
        let _ = world.refresh(BTC, 56_000 * DOLLAR).unwrap();
        let _ = world.refresh_bank(0, DOLLAR).unwrap();
        let mut old = world.clone();
        let refused = fault::with(Fault::WeightlessBalanceNeedsPrice, || old.liquidate(BTC, 0, 6, u64::MAX));
        assert_eq!(refused.unwrap_err(), Error::StaleRow);
        assert!(world.liquidate(BTC, 0, 6, u64::MAX).unwrap().base.size() > Size(0));
        check(&mut world);
    }
    // Collateral that may have come to be worth enough since is not taken for nothing.
    let mut world = World::funded(8, 3_100);
    for account in [GOOD, 6] {
        world.deposit(account, 0, 1_000_000 * DOLLAR).unwrap();
    }
    world.deposit(0, 2, 30 * ONE).unwrap();
    world.place(GOOD, limit(BTC, Side::Short, ONE, 60_000 * DOLLAR)).unwrap();
    let _ = world.take(0, ioc(BTC, Side::Long, ONE, 60_000 * DOLLAR), &[GOOD]).unwrap();
    world.drive(BTC, 55_000 * DOLLAR);
    let mut fresh = world.clone();
    assert!(fresh.liquidate(BTC, 0, 6, u64::MAX).is_ok(), "at the price of now it is too little");
    world.wait(60);
    let _ = world.refresh(BTC, 55_000 * DOLLAR).unwrap();
    let _ = world.refresh_bank(0, DOLLAR).unwrap();
    assert_eq!(world.liquidate(BTC, 0, 6, u64::MAX).unwrap_err(), Error::NotLiquidatable);
}

/// A large long (0) of an owner who has a small one as near to a default (1), a small one further from it (2) and one as
/// near (3) of somebody else, all liquidatable; the liquidator is 6.
fn decoys() -> World {
    let mut world = World::new(8);
    for (account, dollars) in [(0, 25_000), (1, 2_500), (2, 2_650), (3, 2_500), (GOOD, 1_000_000), (6, 1_000_000)] {
        world.deposit(account, 0, dollars * DOLLAR).unwrap();
    }
    for (account, size) in [(0, 4 * ONE), (1, 4 * ONE / 10), (2, 4 * ONE / 10), (3, 4 * ONE / 10)] {
        world.place(GOOD, limit(BTC, Side::Short, size, 60_000 * DOLLAR)).unwrap();
        let _ = world.take(account, ioc(BTC, Side::Long, size, 60_000 * DOLLAR), &[GOOD]).unwrap();
    }
    world.drive(BTC, 56_000 * DOLLAR);
    world.markets[BTC].liquidation_budget = Amount(1_000 * DOLLAR);
    world
}

#[test]
fn decoys_of_the_owner_and_those_further_from_a_default_shield_nothing() {
    for decoy in [1, 2] {
        let mut old = decoys();
        fault::with(Fault::DecoysUseBudget, || {
            let _ = old.liquidate(BTC, decoy, 6, u64::MAX).unwrap();
            assert_eq!(old.liquidate(BTC, 0, 6, u64::MAX).unwrap_err(), Error::LiquidationThrottled, "decoy {decoy}");
        });
        let mut world = decoys();
        let _ = world.liquidate(BTC, decoy, 6, u64::MAX).unwrap();
        assert!(world.markets[BTC].liquidated >= world.markets[BTC].liquidation_budget);
        assert!(world.liquidate(BTC, 0, 6, u64::MAX).unwrap().base.size() > Size(0), "decoy {decoy}");
        check(&mut world);
    }
    // The budget still holds back whom it is for: somebody as near, after somebody else.
    let mut world = decoys();
    let _ = world.liquidate(BTC, 3, 6, u64::MAX).unwrap();
    for other in [0, 1] {
        assert_eq!(world.liquidate(BTC, other, 6, u64::MAX).unwrap_err(), Error::LiquidationThrottled);
    }
    // And the same account after itself.
    let mut world = decoys();
    let _ = world.liquidate(BTC, 0, 6, u64::MAX).unwrap();
    assert_eq!(world.liquidate(BTC, 0, 6, u64::MAX).unwrap_err(), Error::LiquidationThrottled);
}

#[test]
fn a_step_between_accounts_of_one_owner_uses_no_budget() {
    let rich = |mut world: World| {
        world.deposit(1, 0, 100_000 * DOLLAR).unwrap();
        world
    };
    let mut old = rich(decoys());
    fault::with(Fault::DecoysUseBudget, || {
        let _ = old.liquidate(BTC, 0, 1, u64::MAX).unwrap();
        assert_eq!(old.liquidate(BTC, 3, 6, u64::MAX).unwrap_err(), Error::LiquidationThrottled);
    });
    let mut world = rich(decoys());
    let _ = world.liquidate(BTC, 0, 1, u64::MAX).unwrap();
    assert_eq!(world.markets[BTC].liquidated, Amount(0));
    let _ = world.liquidate(BTC, 3, 6, u64::MAX).unwrap();
    check(&mut world);
}

#[test]
fn a_share_that_nobody_asked_for_opens_no_position_slot() {
    // A stranger names the owner of accounts 2 and 3 as its referrer, and hands one of them in.
    let referred = || {
        let mut world = World::funded(8, 100_000);
        world.accounts[0].head.referrer = world.accounts[3].head.authority;
        world.place(GOOD, limit(BOOK, Side::Short, 3 * ONE, 2_000 * DOLLAR)).unwrap();
        world
    };
    let buy = ioc(BOOK, Side::Long, ONE, 2_000 * DOLLAR);
    let used = |world: &World| world.accounts[3].head.positions.iter().filter(|position| position.is_used()).count();
    let mut old = referred();
    fault::with(Fault::UnaskedCreditOpensSlot, || {
        let _ = old.take(0, buy, &[GOOD, 3]).unwrap();
    });
    assert_eq!(used(&old), 1, "a slot was taken for a few cents");
    let mut world = referred();
    let taken = world.take(0, buy, &[GOOD, 3]).unwrap().matched;
    assert_eq!((used(&world), taken.referrer_share), (0, Amount(0)));
    check(&mut world);
    // A builder is no other than a referrer.
    let mut built = referred();
    (built.accounts[0].head.referrer, built.accounts[0].head.builder) = ([0; 32], built.accounts[3].head.authority);
    built.accounts[0].head.builder_fee = Ppm(500);
    let order = kedge_model::account::order::OrderParams {
        flags: buy.flags | kedge_model::account::order::flags::BUILDER,
        ..buy
    };
    assert_eq!(built.take(0, order, &[GOOD, 3]).unwrap().matched.builder_fee, Amount(0));
    assert_eq!(used(&built), 0);
    // Who wants its share in a market has a slot there: a position, or a leverage of its own.
    world.leverage(3, BOOK, 100_000).unwrap();
    let taken = world.take(0, buy, &[GOOD, 3]).unwrap().matched;
    assert!(taken.referrer_share > Amount(0));
    assert_eq!(world.accounts[3].position(BOOK).quote.magnitude(), taken.referrer_share);
    check(&mut world);
    // The filler has signed: its reward, and its share as the referrer, may take a slot.
    let mut world = referred();
    let order = world.place(0, limit(BOOK, Side::Long, ONE, 2_000 * DOLLAR)).unwrap();
    let matched = world.fill(BOOK, 0, order, Some(3), &[GOOD]).unwrap().matched;
    assert!(matched.filler_reward > Amount(0) && matched.referrer_share > Amount(0));
    assert_eq!(used(&world), 1);
    check(&mut world);
}
