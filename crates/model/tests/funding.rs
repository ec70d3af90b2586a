//! What sets funding: nobody earns more of it by trading than trading costs.

mod common;

use common::check::check;
use common::{BTC, DOLLAR, ONE, World, ioc, limit};
use kedge_model::account::market::Market;
use kedge_model::account::order::Side;
use kedge_model::action::UpdateAmm;
use kedge_model::amm::Amm;
use kedge_model::num::Rounding;
use kedge_model::quantity::{Base, Ppm, Price, Size};
use kedge_model::rule::funding::{INTEREST, MAX_PREMIUM, PERIOD, index_delta, payment};
use kedge_model::time::Seconds;
use proptest::prelude::*;

/// Two wallets of one person, and somebody else who is in the market already.
const WALLETS: [usize; 2] = [0, 2];
const OTHER: usize = 4;

#[derive(Clone, Debug)]
enum Step {
    /// A wallet trades with the vAMM, thousandths of a coin.
    Push { wallet: usize, long: bool, size: u64 },
    /// The wallets trade with one another at so many parts in a thousand of the oracle.
    Wash { long: bool, size: u64, price: u64 },
    /// The price moves, parts in ten thousand.
    Move(i64),
    /// The vAMM follows.
    Follow,
    /// Seconds pass.
    Wait(u64),
    /// The next hour begins and funding is charged.
    Hour,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => (0usize..2, any::<bool>(), 1u64..2_000).prop_map(|(wallet, long, size)| Step::Push { wallet, long, size }),
        2 => (any::<bool>(), 1u64..20, 955u64..1_045).prop_map(|(long, size, price)| Step::Wash { long, size, price }),
        3 => (-300i64..300).prop_map(Step::Move),
        1 => Just(Step::Follow),
        1 => (1u64..3_000).prop_map(Step::Wait),
        4 => Just(Step::Hour),
    ]
}

/// The world of a person with two wallets.
struct Person {
    world: World,
    /// Funding received over what the interest alone would have brought.
    received: i64,
    /// Fees, and what the vAMM's prices were worse than the oracle.
    paid: i64,
}

fn side(long: bool) -> Side {
    if long { Side::Long } else { Side::Short }
}

impl Person {
    fn new(budget: u32, spread: u32) -> Self {
        let mut world = World::funded(6, 20_000_000);
        let amm = &mut world.markets[BTC].amm;
        (amm.update_budget, amm.inventory_spread, amm.max_spread) = (Ppm(budget), Ppm(spread), Ppm(90_000));
        Self { world, received: 0, paid: 0 }
    }

    fn push(&mut self, account: usize, long: bool, size: u64) -> bool {
        let oracle = self.world.oracle(BTC);
        let at = if long { oracle.0 / 100 * 104 } else { oracle.0 / 100 * 96 } / 100_000 * 100_000;
        let Ok(done) = self.world.take(account, ioc(BTC, side(long), size * ONE / 1_000, at), &[]) else {
            return false;
        };
        let worth = done.matched.size.value(oracle, Rounding::Down).unwrap().0;
        let lost =
            if long { done.matched.quote.0 as i64 - worth as i64 } else { worth as i64 - done.matched.quote.0 as i64 };
        self.paid += lost + done.matched.fees.0 as i64;
        true
    }

    fn refresh(&mut self, price: u64) {
        let _ = self.world.refresh(BTC, price / 100_000 * 100_000);
        let _ = self.world.refresh_bank(0, DOLLAR);
    }

    fn act(&mut self, step: &Step) {
        let oracle = self.world.oracle(BTC).0;
        match *step {
            Step::Push { wallet, long, size } => drop(self.push(WALLETS[wallet], long, size)),
            Step::Wash { long, size, price } => {
                let (size, at) = (size * ONE / 1_000, oracle / 1_000 * price / 100_000 * 100_000);
                if self.world.place(WALLETS[0], limit(BTC, side(!long), size, at)).is_ok()
                    && let Ok(done) = self.world.take(WALLETS[1], ioc(BTC, side(long), size, at), &WALLETS[..1])
                {
                    self.paid += done.matched.fees.0 as i64;
                }
            }
            Step::Move(parts) => {
                self.world.wait(200);
                self.refresh(u64::try_from(oracle as i64 + oracle as i64 / 10_000 * parts).unwrap());
            }
            Step::Follow => drop(self.world.on_market(BTC, &[], |context, _, _| UpdateAmm.execute(context))),
            Step::Wait(seconds) => {
                self.world.wait(seconds);
                self.refresh(oracle);
            }
            Step::Hour => {
                self.world.wait(PERIOD.0 - u64::try_from(self.world.clock.unix_time).unwrap() % PERIOD.0);
                self.refresh(oracle);
                self.hour();
            }
        }
    }

    fn hour(&mut self) {
        let elapsed = self.world.clock.seconds_since(self.world.markets[BTC].funding_time);
        let twap = self.world.board.markets[BTC].price.twap_1h;
        let Ok(report) = self.world.fund(BTC) else { return };
        let interest = index_delta(INTEREST / 8, twap, elapsed).unwrap();
        for wallet in WALLETS {
            let base = self.world.accounts[wallet].position(BTC).base;
            let delta = if base.0 >= 0 { report.deltas.long } else { report.deltas.short };
            self.received += payment(base, delta).unwrap().0 - payment(base, interest).unwrap().0;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn two_wallets_of_one_person_get_no_more_funding_than_they_pay(
        steps in prop::collection::vec(step(), 1..60), budget in prop_oneof![Just(0u32), Just(500_000)],
        spread in prop_oneof![Just(2_000u32), Just(20_000), Just(80_000)],
    ) {
        let mut person = Person::new(budget, spread);
        for step in &steps {
            person.act(step);
            prop_assert!(person.received <= person.paid, "{} for {} after {step:?}", person.received, person.paid);
        }
        check(&mut person.world);
    }

    /// Beside somebody who holds as much as the market can: a push moves everybody's hour by no more than it cost.
    #[test]
    fn a_push_moves_an_hour_of_everybodys_funding_by_no_more_than_it_paid(
        long in any::<bool>(), theirs in 1u64..9_000, size in 1u64..9_000, held in 1u64..60, others in any::<bool>(),
        spread in prop_oneof![Just(2_000u32), Just(20_000), Just(80_000)],
    ) {
        let mut person = Person::new(500_000, spread);
        let price = person.world.oracle(BTC).0;
        prop_assert!(person.push(OTHER, others, theirs));
        person.world.place(WALLETS[0], limit(BTC, side(!long), held * ONE, price)).unwrap();
        let _ = person.world.take(OTHER, ioc(BTC, side(long), held * ONE, price), &WALLETS[..1]).unwrap();
        person.paid = 0;
        let hour = |world: &World| {
            let mut world = world.clone();
            world.wait(PERIOD.0);
            world.tick();
            let before = world.equity(WALLETS[0]) + world.equity(WALLETS[1]);
            let _ = world.fund(BTC).unwrap();
            world.equity(WALLETS[0]) + world.equity(WALLETS[1]) - before
        };
        let quiet = hour(&person.world);
        prop_assert!(person.push(WALLETS[1], !others, size));
        let pushed = hour(&person.world);
        // The interest on what was traded is nobody's push: an hour of it, and a unit of rounding for each.
        let interest = i64::try_from(size * price / 1_000 / 80_000).unwrap() + 8;
        prop_assert!(pushed - quiet <= i128::from(person.paid + interest), "{pushed} after {quiet}, paid {}", person.paid);
    }

    /// The theorem behind both, on bare markets: what a trade moves of the premium, over all that others can hold on
    /// a side and an hour, is at most half a base spread on the trade.
    #[test]
    fn a_trade_moves_the_premium_by_no_more_than_half_the_spread_it_pays(
        limit in 0u64..1 << 40, long in 0u64..1 << 40, short in 0u64..1 << 40, size in 1u64..1 << 40,
        inventory in 0u32..100_000, base in 0u32..100_000, taker in -1i64..2, maker in -1i64..2,
    ) {
        let market = |long: u64, short: u64| Market {
            amm: Amm {
                sqrt_k: Size(1 << 50), inventory_limit: Size(limit), base: Base(short as i64 - long as i64),
                inventory_spread: Ppm(inventory), base_spread: Ppm(base), ..Amm::default()
            },
            long_interest: Size(long), short_interest: Size(short), ..Market::default()
        };
        // Either party opens a long or a short, or closes one, or is the vAMM.
        let moved = |long: u64, short: u64, way: i64, opens: bool| -> Option<(u64, u64)> {
            Some(match (way, opens) {
                (0, _) => (long, short),
                (1, true) => (long + size, short),
                (1, false) => (long, short.checked_sub(size)?),
                (_, true) => (long, short + size),
                (_, false) => (long.checked_sub(size)?, short),
            })
        };
        for (opens, closes) in [(true, true), (true, false), (false, true), (false, false)] {
            // The other party is the vAMM, or trades the other way.
            let other = if maker == 0 { 0 } else { -taker };
            let Some((l, s)) = moved(long, short, taker, opens) else { continue };
            let Some((l, s)) = moved(l, s, other, closes) else { continue };
            let (before, after) = (market(long, short), market(l, s));
            let change = i128::from(after.impact_premium().unwrap()) - i128::from(before.impact_premium().unwrap());
            let whole = i128::from(after.open_interest().min(before.open_interest()).0);
            // Parts per billion an hour on the whole side, against parts per million on the trade.
            let paid = i128::from(size) * i128::from(base) * 1_000 / 2;
            prop_assert!(change.abs() * whole / 8 <= paid + whole, "{change} of {whole}: {paid}");
            prop_assert!(after.impact_premium().unwrap().abs() <= MAX_PREMIUM);
        }
    }
}

#[test]
fn the_premium_is_the_middle_of_the_prices_for_as_much_as_the_market_holds() {
    // Limit 20: a full inventory is 0.2 % off; a hundred on the book make the same inventory a fifth of that.
    let mut world = World::funded(6, 20_000_000);
    assert_eq!(world.markets[BTC].impact_premium(), Ok(0));
    let bought = world.take(0, ioc(BTC, Side::Long, 10 * ONE, 62_000 * DOLLAR), &[]).unwrap();
    assert_eq!(bought.matched.amm_size, Size(10 * ONE));
    assert_eq!(world.markets[BTC].premium_last, 1_000_000, "ten of twenty at 0.2 %");
    assert_eq!(world.markets[BTC].mark(Price(60_000 * DOLLAR)), Ok(Price(60_060 * DOLLAR)));
    world.place(2, limit(BTC, Side::Short, 90 * ONE, 60_000 * DOLLAR)).unwrap();
    let _ = world.take(4, ioc(BTC, Side::Long, 90 * ONE, 60_000 * DOLLAR), &[2]).unwrap();
    assert_eq!(world.markets[BTC].premium_last, 200_000, "ten of a hundred");
    // What the spread does not pay for moves nothing.
    world.markets[BTC].amm.base_spread = Ppm(100);
    assert_eq!(
        world.markets[BTC].impact_premium(),
        Ok(40_000),
        "four base spreads at most: ten of a hundred at 0.04 %"
    );
    world.markets[BTC].amm.base = Base(-world.markets[BTC].amm.base.0);
    assert_eq!(world.markets[BTC].impact_premium(), Ok(-40_000));
}

#[test]
fn an_hour_is_charged_by_the_second_and_once() {
    let price = Price(60_000 * DOLLAR);
    let hour = index_delta(12_500, price, PERIOD).unwrap().0;
    assert_eq!(hour, 750_000_000);
    assert_eq!(index_delta(12_500, price, Seconds(2)).unwrap().0, hour * 2 / 3_600);
    assert_eq!(index_delta(-12_500, price, Seconds(2)).unwrap().0, -(hour * 2 / 3_600), "toward zero on either side");
    for seconds in [PERIOD.0 + 1, 100 * PERIOD.0, u64::MAX] {
        assert_eq!(index_delta(12_500, price, Seconds(seconds)).unwrap().0, hour, "a lost hour is paid once");
    }
    assert_eq!(index_delta(12_500, price, Seconds(0)).unwrap().0, 0);
}
