//! The backstop vault: what an attacker would try, what it may lose, and that it gets rid of what it took.

mod common;

use common::check::check;
use common::story::{LIQUIDATOR, MAKER};
use common::vault::Vaulted;
use common::{BOOK, BTC, DOLLAR, ONE, World, ioc, limit};
use kedge_model::Error;
use kedge_model::account::backstop::LOSS_CAP;
use kedge_model::account::order::{Side, flags};
use kedge_model::account::position::{Position, status};
use kedge_model::account::sub_account;
use kedge_model::action::{PayTreasury, SweepFees};
use kedge_model::event::NoEvents;
use kedge_model::quantity::{Amount, Base, Ppm, Price, Quote, Size};
use kedge_model::rule::backstop::{PACE, Prices, worth};
use kedge_model::rule::tranche::{STREAM, VAULT_COOLDOWN, VAULT_WINDOW, shares_for, tokens_for};
use kedge_model::time::Millis;
use proptest::prelude::*;

/// A vault with so many dollars of person 0; the vault may hold so much of what it is worth in every market.
fn vault(people: u8, dollars: u64, limit: u32) -> Vaulted {
    let mut world = World::new(6);
    for rich in [MAKER, LIQUIDATOR] {
        world.deposit(rich, 0, 10_000_000 * DOLLAR).unwrap();
    }
    for market in &mut world.markets {
        (market.vault_limit, market.liquidation_ramp) = (Ppm(limit), Millis(60_000));
        market.liquidator_fee_start = Ppm(1_000);
    }
    let mut on = Vaulted::of(world, people);
    if dollars > 0 {
        on.stake(0, dollars * DOLLAR, 0).unwrap();
    }
    on
}

/// Account 0 has so many dollars and a position at the oracle's price, against the maker.
fn open(on: &mut Vaulted, market: usize, side: Side, size: u64, dollars: u64) {
    let world = &mut on.world;
    world.deposit(0, 0, dollars * DOLLAR).unwrap();
    let price = world.oracle(market).0;
    world.place(MAKER, limit(market, side.opposite(), size, price)).unwrap();
    let taken = world.take(0, ioc(market, side, size, price), &[MAKER]).unwrap();
    assert_eq!(taken.matched.maker_size, Size(size));
}

/// What the vault is worth at the price that is worse for it.
fn low(on: &Vaulted) -> u64 {
    let worth = worth(&on.account().head, &on.world.board, Prices::Last, &on.world.clock).unwrap();
    u64::try_from(worth.low.0).unwrap()
}

fn day_later(on: &mut Vaulted) {
    on.world.wait(86_400);
    on.world.tick();
}

/// JELLY, March 2025: somebody is short of a thin coin, takes out what he can and squeezes it, so that a vault inherits the
/// short and goes on losing. Here it inherits what the market's limit says, and loses that limit's part of the move.
#[test]
fn a_squeezed_position_is_inherited_up_to_the_markets_limit_and_no_further() {
    let mut on = vault(1, 1_000_000, 50_000);
    open(&mut on, BOOK, Side::Short, 2_000 * ONE, 410_000);
    on.world.drive(BOOK, 2_150 * DOLLAR);
    assert!(on.take_over(BOOK, 0).unwrap().base.is_zero(), "the first call begins the liquidation");
    assert_eq!(on.take_over(BOOK, 0).unwrap_err(), Error::TakeOverTooEarly);
    let step = on.take_over_late(BOOK, 0).unwrap();
    let most = 50_000 * ONE / 2_150;
    assert_eq!(step.base, Base(-i64::try_from(most / 1_000_000 * 1_000_000).unwrap()), "a twentieth of a million");
    // The discount has made it a little richer, and the limit a little wider.
    while on.take_over(BOOK, 0).is_ok() {}
    assert_eq!(on.take_over(BOOK, 0).unwrap_err(), Error::BackstopLimit);
    let held = on.account().position(BOOK).base.size();
    assert!(held.0 >= most / 1_000_000 * 1_000_000 && held.0 <= most + most / 1_000, "{held:?} of {most}");
    // The squeeze goes on to twice the price: the vault loses a twentieth of what it had.
    for price in [2_400, 2_800, 3_300, 3_900, 4_300] {
        on.world.drive(BOOK, price * DOLLAR);
        let _ = on.take_over(BOOK, 0);
    }
    let lost = 1_000_000 * DOLLAR - low(&on);
    assert!((45_000 * DOLLAR..=51_000 * DOLLAR).contains(&lost), "{lost}");
    assert_eq!(on.account().position(BOOK).base.size(), held, "and it took nothing more");
}

#[test]
fn markets_without_a_limit_are_left_alone_and_so_is_what_somebody_takes_in_time() {
    let mut on = vault(1, 1_000_000, 0);
    open(&mut on, BOOK, Side::Short, 100 * ONE, 20_500);
    on.world.drive(BOOK, 2_150 * DOLLAR);
    assert_eq!(on.take_over_late(BOOK, 0).unwrap_err(), Error::BackstopLimit);
    on.world.markets[BOOK].vault_limit = Ppm(50_000);
    let vault = on.vault();
    assert_eq!(on.take_over(BOOK, vault).unwrap_err(), Error::BackstopMissing, "the vault is named twice");
    let fine = on.world.accounts.len() - 2;
    assert_eq!(on.take_over(BOOK, fine).unwrap_err(), Error::NotLiquidatable);
    on.world.liquidate(BOOK, 0, LIQUIDATOR, u64::MAX).unwrap();
    while on.world.liquidate(BOOK, 0, LIQUIDATOR, u64::MAX).is_ok_and(|step| !step.recovered) {}
    assert!(on.take_over(BOOK, 0).is_err());
    assert!(on.account().position(BOOK).base.is_zero());
}

#[test]
fn the_vault_gives_a_pocket_no_better_price_than_an_outside_liquidator() {
    let mut on = vault(1, 1_000_000, 500_000);
    open(&mut on, BTC, Side::Long, ONE, 6_200);
    on.world.drive(BTC, 56_500 * DOLLAR);
    let _ = on.take_over(BTC, 0).unwrap();
    let mut compared = 0;
    for second in (2..=120).step_by(2) {
        on.world.wait(1);
        on.world.tick();
        on.world.clock.slot += 1;
        let (mut outside, mut vault) = (on.world.clone(), on.clone());
        let other = outside.liquidate(BTC, 0, LIQUIDATOR, u64::MAX).unwrap();
        match vault.take_over(BTC, 0) {
            Err(Error::TakeOverTooEarly) => assert!(second < 30, "{second}"),
            taken => {
                let taken = taken.unwrap();
                assert!(taken.price <= other.price, "{:?} {:?}", taken.price, other.price);
                assert!(second >= 60 || taken.price < other.price, "dearer while the discount still grows");
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 46);
}

#[test]
fn what_the_vault_took_is_sold_by_orders_that_anybody_places_and_that_only_reduce() {
    let mut on = vault(1, 10_000_000, 50_000);
    open(&mut on, BOOK, Side::Short, 200 * ONE, 41_000);
    on.world.drive(BOOK, 2_150 * DOLLAR);
    assert!(on.take_over_late(BOOK, 0).unwrap().base.0 < 0);
    while on.take_over(BOOK, 0).is_ok_and(|step| !step.recovered) {}
    assert!(on.account().position(BOOK).base.0 < -100 * i64::try_from(ONE).unwrap());
    assert_eq!(on.unwind(BTC).unwrap_err(), Error::PositionNotFound);
    let mut orders = 0;
    while !on.account().position(BOOK).base.is_zero() {
        let held = on.account().position(BOOK).base.size().0;
        let (size, distance) = on.unwind(BOOK).unwrap();
        assert_eq!(on.unwind(BOOK).unwrap_err(), Error::UnwindNotDue);
        let [order] = on.account().open().copied().collect::<Vec<_>>()[..] else { panic!("one order") };
        assert_eq!(order.flags, flags::REDUCE_ONLY | flags::OFFSET);
        assert_eq!((order.side, order.size), (Side::Long as u8, size));
        let small = held * 2_150 / ONE <= 1_000;
        assert_eq!(size.0, if small { held } else { held.div_ceil(8).next_multiple_of(1_000_000).max(10_000_000) });
        // A quarter of a percent above the oracle: somebody sells to it there.
        assert_eq!(distance, i64::try_from(2_150 * DOLLAR / 400 / 10_000 * 10_000).unwrap());
        let price = on.world.oracle(BOOK).0 + distance.unsigned_abs();
        if orders % 3 != 2 {
            let vault = on.vault();
            let sold = on.world.take(LIQUIDATOR, ioc(BOOK, Side::Short, size.0, price), &[vault]).unwrap();
            assert_eq!(sold.matched.maker_size, size);
        }
        orders += 1;
        for _ in 0..PACE.0 {
            on.world.tick();
        }
        on.check();
    }
    assert!((20..80).contains(&orders), "{orders} orders");
}

#[test]
fn past_what_it_may_lose_in_a_day_it_takes_over_and_pays_nothing_until_the_next() {
    let mut on = vault(1, 1_000_000, 500_000);
    open(&mut on, BOOK, Side::Short, 200 * ONE, 41_000);
    on.world.drive(BOOK, 2_150 * DOLLAR);
    day_later(&mut on);
    let _ = on.take_over_late(BOOK, 0).unwrap();
    // It holds a position that loses more than 15 % of it.
    let at = on.vault();
    let position = on.world.accounts[at].head.position_mut(World::index(BOOK)).unwrap();
    position.quote.0 -= 160_000 * i64::try_from(DOLLAR).unwrap();
    on.world.accounts[MAKER].head.position_mut(World::index(BOOK)).unwrap().quote.0 +=
        160_000 * i64::try_from(DOLLAR).unwrap();
    assert_eq!(on.take_over(BOOK, 0).unwrap_err(), Error::BackstopSpent);
    // A new holder's money makes no room for the loss of the day.
    on.stake(0, 12_000 * DOLLAR, 0).unwrap();
    assert_eq!(on.take_over(BOOK, 0).unwrap_err(), Error::BackstopSpent);
    day_later(&mut on);
    assert!(!on.take_over_late(BOOK, 0).unwrap().base.is_zero());
}

#[test]
fn a_default_takes_of_the_vault_what_it_may_lose_in_a_day_after_the_insurance_and_not_for_its_own() {
    let mut on = vault(2, 1_000, 50_000);
    on.stake(1, 3_000 * DOLLAR, 0).unwrap();
    let first = on.default_of(BTC, 400 * DOLLAR);
    assert_eq!((first.backstop.0, first.deficit.0 + first.amm.0), (400 * DOLLAR, 0));
    let second = on.default_of(BTC, 400 * DOLLAR);
    assert_eq!(second.backstop.0, 200 * DOLLAR, "15 % of 4,000 in a day, however it is split");
    assert_eq!(on.default_of(BTC, 400 * DOLLAR).backstop.0, 0);
    day_later(&mut on);
    assert_eq!(on.default_of(BTC, 10_000 * DOLLAR).backstop.0, 3_400 * DOLLAR * u64::from(LOSS_CAP.0) / 1_000_000);
    // Without the vault's account nobody may settle: the step cannot be left out.
    let vault = on.world.vault.take();
    let market = World::index(BTC);
    on.world.accounts[0].head.positions[0] =
        Position { status: status::USED, market, quote: Quote(-1), ..Position::default() };
    assert_eq!(on.world.bankrupt(BTC, 0).unwrap_err(), Error::BackstopMissing);
    on.world.accounts[0].head.positions[0] = Position::default();
    on.world.vault = vault;
    // Its own default is borne by the steps after it, and while it lasts nobody enters or leaves.
    let at = on.vault();
    let balance = on.account().head.balance(0).0;
    on.world.accounts[at].head.debit(0, Amount(balance)).unwrap();
    on.world.accounts[MAKER].head.credit(0, Amount(balance)).unwrap();
    let owed = i64::try_from(5 * DOLLAR).unwrap();
    on.world.accounts[at].head.positions[0] =
        Position { status: status::USED, market, quote: Quote(-owed), ..Position::default() };
    on.world.accounts[MAKER].head.open_position(market).unwrap().quote.0 += owed;
    on.request(0, 1).unwrap();
    on.world.wait(VAULT_COOLDOWN.0);
    on.world.tick();
    assert_eq!(on.stake(1, DOLLAR, 0), Err(Error::AccountBankrupt));
    assert_eq!(on.unstake(0), Err(Error::AccountBankrupt));
    assert_eq!(on.default_of(BTC, DOLLAR).backstop.0, 0, "it has nothing to give while it is short itself");
    let report = on.world.bankrupt(BTC, at).unwrap();
    assert_eq!((report.loss.0, report.backstop.0), (5 * DOLLAR, 0));
    on.check();
}

#[test]
fn a_gift_reaches_the_vault_by_no_instruction_and_the_first_depositor_inflates_nothing() {
    let mut on = vault(2, 0, 50_000);
    let at = on.vault();
    on.stake(0, 1, 0).unwrap();
    assert_eq!(on.world.give(at, 0, 1_000_000 * DOLLAR).unwrap_err(), Error::BackstopDeposit);
    assert_eq!(on.world.give(at, 1, DOLLAR).unwrap_err(), Error::UnaskedToken);
    // What comes in all the same, as a profit or a premium, costs its giver more than it takes from the next.
    let gift = 1_000_000 * DOLLAR;
    on.world.accounts[at].head.credit(0, Amount(gift)).unwrap();
    (on.world.banks[0].deposits.0, on.world.vaults[0]) =
        (on.world.banks[0].deposits.0 + gift, on.world.vaults[0] + gift);
    assert_eq!(on.stake(1, 400 * DOLLAR, 0), Err(Error::AmountZero), "it would get no share");
    let fair = shares_for(Amount(gift + 1), 1_000, Amount(900 * DOLLAR)).unwrap();
    assert_eq!(on.stake(1, 900 * DOLLAR, fair + 1), Err(Error::SharesTooFew));
    let victim = on.stake(1, 900 * DOLLAR, 0).unwrap();
    for (who, shares) in [(0, 1_000), (1, victim)] {
        on.request(who, shares).unwrap();
    }
    on.world.wait(VAULT_COOLDOWN.0);
    on.world.tick();
    let (attacker, victim) = (on.unstake(0).unwrap(), on.unstake(1).unwrap());
    let (lost, gained) = (900 * DOLLAR - victim, (gift + 1).saturating_sub(attacker));
    assert!(lost <= gained, "the victim lost {lost}, the giver {gained}");
}

#[test]
fn who_sees_a_default_come_or_enters_after_it_bears_and_gains_nothing() {
    let mut on = vault(3, 1_000, 50_000);
    let early = on.stake(1, 500 * DOLLAR, 0).unwrap();
    on.request(1, early).unwrap();
    assert_eq!(on.unstake(1), Err(Error::UnstakeTooEarly));
    assert_eq!(on.default_of(BTC, 600 * DOLLAR).backstop.0, 225 * DOLLAR);
    let late = on.stake(2, 500 * DOLLAR, 0).unwrap();
    on.request(2, late).unwrap();
    on.world.wait(VAULT_COOLDOWN.0 - 1);
    on.world.tick();
    assert_eq!(on.unstake(1), Ok(425 * DOLLAR), "what waits bears its part: 15 %");
    on.world.wait(1);
    on.world.tick();
    let got = on.unstake(2).unwrap();
    assert!(got <= 500 * DOLLAR && got + 2 >= 500 * DOLLAR, "{got}");
    // A request that is not paid in time lapses.
    let all = on.people[0].vault.shares;
    assert_eq!(on.request(0, all + 1), Err(Error::SharesTooMany));
    on.request(0, all).unwrap();
    on.world.wait(VAULT_COOLDOWN.0 + VAULT_WINDOW.0);
    on.world.tick();
    assert_eq!(on.unstake(0), Err(Error::UnstakeLapsed));
    on.cancel(0).unwrap();
    assert_eq!(on.unstake(0), Err(Error::NothingRequested));
}

#[test]
fn shares_are_bought_high_and_paid_low_where_price_and_average_differ() {
    let mut on = vault(2, 1_000_000, 500_000);
    open(&mut on, BOOK, Side::Short, 200 * ONE, 41_000);
    on.world.drive(BOOK, 2_150 * DOLLAR);
    let _ = on.take_over_late(BOOK, 0).unwrap();
    let before = low(&on);
    // One print 4 % lower: the average has not followed.
    on.world.wait(1);
    let _ = on.world.refresh(BOOK, 2_064 * DOLLAR).unwrap();
    let _ = on.world.refresh_bank(0, DOLLAR).unwrap();
    let row = &on.world.board.market(World::index(BOOK)).unwrap().price;
    assert!(row.twap_5m > Price(2_100 * DOLLAR));
    let shares = on.stake(1, 100_000 * DOLLAR, 0).unwrap();
    let tranche = on.world.banks[0].backstop.tranche;
    let paid = tokens_for(Amount(low(&on)), tranche.shares, shares).unwrap().0;
    assert!(paid < 100_000 * DOLLAR, "in and out at once loses: {paid}");
    assert!(low(&on) - 100_000 * DOLLAR <= before + before / 1_000);
    // A row that no feed serves lets nobody in or out, and holds up no default.
    on.request(1, shares).unwrap();
    on.world.wait(VAULT_COOLDOWN.0);
    assert_eq!(on.unstake(1), Err(Error::StaleRow));
    assert_eq!(on.stake(1, DOLLAR, 0), Err(Error::StaleRow));
}

#[test]
fn a_holder_is_paid_what_positions_do_not_require_and_the_rest_once_they_are_unwound() {
    let mut on = vault(1, 100_000, 1_000_000);
    open(&mut on, BTC, Side::Long, ONE, 6_200);
    on.world.drive(BTC, 56_500 * DOLLAR);
    let _ = on.take_over_late(BTC, 0).unwrap();
    assert!(on.account().position(BTC).base.0 > 0);
    let all = on.people[0].vault.shares;
    on.request(0, all).unwrap();
    for _ in 0..12 {
        on.world.wait(VAULT_COOLDOWN.0 / 12);
        on.world.tick();
    }
    // What it earned by the discount is a claim on the market yet, and what is left must carry the position.
    assert_eq!(on.unstake(0), Err(Error::InsufficientBalance));
    assert_eq!(on.people[0].vault.waiting, all, "the request still stands");
    let mut most = on.clone();
    for (of, part, expected) in [(&mut most, 99, Err(Error::InsufficientMargin)), (&mut on, 50, Ok(()))] {
        of.cancel(0).unwrap();
        of.request(0, all / 100 * part).unwrap();
        of.world.wait(VAULT_COOLDOWN.0);
        of.world.tick();
        assert_eq!(of.unstake(0).map(|_| ()), expected, "{part} %");
    }
}

#[test]
fn a_premium_is_the_vaults_by_time_and_reaches_its_balance() {
    let mut on = vault(2, 1_000, 50_000);
    open(&mut on, BTC, Side::Long, ONE, 60_000);
    on.world.settle(BTC, 0).unwrap();
    let fees = on.world.markets[BTC].fees.0;
    let sweep = |on: &mut Vaulted| {
        on.world.on_market(BTC, &[], |context, banks, _| SweepFees.execute(context, &mut banks[0])).unwrap()
    };
    let swept = sweep(&mut on);
    assert_eq!((swept.premium.0, swept.vault_premium.0), (0, fees / 10 * 4 / 10));
    on.check();
    // A thousand times as much for a second earns a second's part.
    let shares = on.stake(1, 1_000_000 * DOLLAR, 0).unwrap();
    on.request(1, shares).unwrap();
    on.world.wait(1);
    on.world.tick();
    on.stake(0, 1, 0).unwrap();
    let tranche = on.world.banks[0].backstop.tranche;
    let worth = tokens_for(tranche.assets, tranche.shares, shares).unwrap().0;
    assert!(worth <= 1_000_000 * DOLLAR + 2 * swept.vault_premium.0 / STREAM.0 + 1, "{worth}");
    on.world.wait(STREAM.0);
    on.world.tick();
    on.stake(0, 1, 0).unwrap();
    assert_eq!(on.account().head.balance(0).0, 1_001_000 * DOLLAR + 2 + swept.vault_premium.0);
    assert_eq!(on.world.banks[0].backstop.claims().unwrap(), Amount(0));
}

#[test]
fn a_vault_that_is_wiped_out_begins_anew_once_it_is_flat_and_what_is_left_is_the_old_holders() {
    let mut on = vault(3, 1_000, 50_000);
    let old = on.people[0].vault.shares;
    let at = on.vault();
    // All but half a unit in a thousand is lost to the maker.
    let lost = 999_999_600;
    on.world.accounts[at].head.debit(0, Amount(lost)).unwrap();
    on.world.accounts[MAKER].head.credit(0, Amount(lost)).unwrap();
    let held = on.world.accounts[at].head.open_position(World::index(BOOK)).unwrap();
    held.quote.0 += 1;
    on.world.accounts[MAKER].head.open_position(World::index(BOOK)).unwrap().quote.0 -= 1;
    assert_eq!(on.stake(1, 1_000 * DOLLAR, 0), Err(Error::BackstopNotFlat));
    on.world.accounts[at].head.positions = Default::default();
    on.world.accounts[MAKER].head.positions[0].quote.0 += 1;
    let new = on.stake(1, 1_000 * DOLLAR, 0).unwrap();
    assert_eq!((new, on.world.banks[0].backstop.tranche.generation), (old, 1), "at the first price again");
    assert_eq!(on.account().head.balance(0).0, 1_000 * DOLLAR);
    assert_eq!(on.stake(0, DOLLAR, 0), Err(Error::StakeEnded));
    on.request(0, old).unwrap();
    on.world.wait(VAULT_COOLDOWN.0);
    on.world.tick();
    assert_eq!(on.unstake(0), Ok(400), "what was left is theirs");
    assert_eq!(on.account().head.balance(0).0, 1_000 * DOLLAR);
}

#[derive(Clone, Debug)]
enum Op {
    Stake(usize, u64),
    Request(usize, u64),
    Unstake(usize),
    Wait(u64),
    Price(u64),
    TakeOver,
    Unwind,
    Sell,
    Default(u64),
    Sweep,
    Deposit(u64),
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        2 => (0usize..3, 1u64..100_000 * DOLLAR).prop_map(|(who, amount)| Op::Stake(who, amount)),
        2 => (0usize..3, 1u64..5).prop_map(|(who, part)| Op::Request(who, part)),
        2 => (0usize..3).prop_map(Op::Unstake),
        3 => (1u64..2 * 86_400).prop_map(Op::Wait),
        4 => (1_700u64..2_400).prop_map(Op::Price),
        6 => Just(Op::TakeOver),
        3 => Just(Op::Unwind),
        3 => Just(Op::Sell),
        1 => (1u64..50_000 * DOLLAR).prop_map(Op::Default),
        1 => Just(Op::Sweep),
        1 => (1u64..20_000).prop_map(Op::Deposit),
    ];
    proptest::collection::vec(op, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// Whatever happens, claims are the tokens, people's shares are the vault's, a take-over never leaves the vault above the
    /// market's limit, and holders together are worth no more than its equity.
    #[test]
    fn the_vault_stays_within_its_limits_and_its_shares_within_its_equity(ops in ops(), short in any::<bool>()) {
        let mut on = vault(3, 100_000, 200_000);
        let side = if short { Side::Short } else { Side::Long };
        open(&mut on, BOOK, side, 100 * ONE, 20_500);
        let vault = on.vault();
        for op in ops {
            let market = BOOK;
            match op {
                Op::Stake(who, amount) => drop(on.stake(who, amount, 0)),
                Op::Request(who, part) => drop(on.request(who, on.people[who].vault.shares / part)),
                Op::Unstake(who) => drop(on.unstake(who)),
                Op::Wait(seconds) => {
                    on.world.wait(seconds);
                    on.world.tick();
                }
                Op::Price(price) => on.world.drive(market, price * DOLLAR),
                Op::TakeOver => {
                    let _ = on.take_over(market, 0);
                    on.world.wait(30);
                    on.world.tick();
                    let (before, held) = (low(&on), on.account().position(market).base);
                    if let Ok(step) = on.take_over(market, 0)
                        && on.account().position(market).base.0.abs() > held.0.abs()
                    {
                        let price = on.world.oracle(market).0;
                        let size = on.account().position(market).base.size().0;
                        let value = u128::from(size) * u128::from(price) / u128::from(ONE);
                        prop_assert!(value * 5 <= u128::from(before) + 5, "{value} of {before}: {step:?}");
                    }
                }
                Op::Unwind => drop(on.unwind(market)),
                Op::Sell => {
                    let order = on.account().open().next().copied();
                    if let Some(order) = order {
                        let (price, side) = (on.world.oracle(market).0, order.side().opposite());
                        let edge = if side == Side::Long { price * 102 / 100 } else { price * 98 / 100 };
                        let edge = edge / 10_000 * 10_000;
                        let _ = on.world.take(LIQUIDATOR, ioc(market, side, order.size.0, edge), &[vault]);
                    }
                }
                Op::Default(debt) => {
                    if on.world.accounts[0].head.positions.iter().all(|position| !position.is_used())
                        && on.world.accounts[0].head.balance(0).is_zero()
                    {
                        let _ = on.default_of(BTC, debt);
                    }
                }
                Op::Sweep => {
                    let _ = on.world.on_market(market, &[], |c, banks, _| SweepFees.execute(c, &mut banks[0]));
                }
                Op::Deposit(dollars) => drop(on.world.deposit(0, 0, dollars * DOLLAR)),
            }
            on.check();
            check(&mut on.world);
            let tranche = on.world.banks[0].backstop.tranche;
            let worth = low(&on);
            let mut together = 0;
            for person in &on.people {
                if person.vault.generation == tranche.generation {
                    together += tokens_for(Amount(worth), tranche.shares, person.vault.shares).unwrap().0;
                }
            }
            prop_assert!(together <= worth);
            prop_assert!(!on.account().head.has(sub_account::status::BANKRUPT));
        }
    }
}

/// Once no market is left the vault stands behind nothing: its holders leave at once, and what no share owns, the units of the
/// virtual shares and a gift, goes with the protocol's tokens, so that the vault of the bank ends at zero.
#[test]
fn of_an_exchange_that_is_wound_up_the_last_holder_leaves_at_once_and_nothing_stays_behind() {
    let mut on = vault(1, 1_000, 50_000);
    let shares = on.people[0].vault.shares;
    on.request(0, shares).unwrap();
    assert_eq!(on.unstake(0).unwrap_err(), Error::UnstakeTooEarly);
    on.world.exchange.delisted = on.world.exchange.markets;
    let pay = |on: &mut Vaulted| {
        let (at, clock) = (on.vault(), on.world.clock);
        let World { exchange, banks, accounts, .. } = &mut on.world;
        PayTreasury.execute(exchange, &mut banks[0], Some(&mut accounts[at].head), clock, &mut NoEvents)
    };
    let at = on.vault();
    on.world.accounts[at].head.credit(0, Amount(7)).unwrap();
    on.world.banks[0].deposits.0 += 7;
    on.world.vaults[0] += 7;
    let before = on.account().head.balance(0);
    assert_eq!(pay(&mut on), Err(Error::AmountZero), "shares own what is there");
    let paid = on.unstake(0).unwrap();
    let left = before.0 - paid;
    assert!(left > 0 && left < DOLLAR, "{left} units are of the virtual shares");
    assert_eq!(pay(&mut on), Ok(Amount(left)));
    on.world.vaults[0] -= left;
    on.check();
    assert!(on.account().head.balance(0).is_zero());
    let mut other = on.world.accounts[0].head;
    let World { exchange, banks, clock, .. } = &mut on.world;
    let wrong = PayTreasury.execute(exchange, &mut banks[0], Some(&mut other), *clock, &mut NoEvents);
    assert_eq!(wrong, Err(Error::BackstopMissing));
}
