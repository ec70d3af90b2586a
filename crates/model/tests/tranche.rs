//! Staked insurance: vectors by somebody else (`vectors/tranche.json`), and what an attacker would try.

mod common;

use std::collections::BTreeMap;

use common::check::check;
use common::{BTC, DOLLAR, World, ioc, limit};
use kedge_model::Error;
use kedge_model::account::order::Side;
use kedge_model::account::position::{Position, status};
use kedge_model::account::trader::Trader;
use kedge_model::action::{CancelUnstake, PayTreasury, RequestUnstake, Stake, SweepFees, Unstake};
use kedge_model::clock::Clock;
use kedge_model::event::NoEvents;
use kedge_model::quantity::{Amount, Ppm, Quote};
use kedge_model::rule::tranche::{
    COOLDOWN, INSURANCE_PART, PAYMENT_WINDOW, PREMIUM, Pot, STREAM, Tranche, premiums, shares_for, tokens_for,
};
use proptest::prelude::*;
use serde_json::Value;

fn cases(kind: &str) -> Vec<Value> {
    let file: Value = serde_json::from_str(include_str!("../vectors/tranche.json")).unwrap();
    let cases: Vec<Value> = file["cases"].as_array().unwrap().iter().filter(|c| c["kind"] == kind).cloned().collect();
    assert!(cases.len() >= 14, "{} cases of {kind}", cases.len());
    cases
}

fn number(of: &Value, name: &str) -> u64 {
    of[name].as_u64().unwrap_or_else(|| panic!("{name}"))
}

fn at(seconds: u64) -> Clock {
    Clock { slot: 0, unix_time: i64::try_from(seconds).unwrap() }
}

#[test]
fn shares_and_tokens_are_those_of_the_vectors() {
    for case in cases("mint") {
        let (x, y) = (&case["inputs"], &case["expected"]);
        let (assets, all, tokens) = (Amount(number(x, "assets")), number(x, "shares"), Amount(number(x, "tokens")));
        let shares = shares_for(assets, all, tokens).unwrap();
        assert_eq!(shares, number(y, "shares"), "{}", case["id"]);
        let worth = tokens_for(assets.plus(tokens).unwrap(), all + shares, shares).unwrap();
        assert_eq!(worth.0, number(y, "worth_at_once"), "{}", case["id"]);
    }
    for case in cases("burn") {
        let (x, y) = (&case["inputs"], &case["expected"]);
        let tokens = tokens_for(Amount(number(x, "assets")), number(x, "shares"), number(x, "burned")).unwrap();
        assert_eq!(tokens.0, number(y, "tokens"), "{}", case["id"]);
    }
    for case in cases("premium") {
        let (x, y) = (&case["inputs"], &case["expected"]);
        assert_eq!(number(x, "premium"), u64::from(PREMIUM.0));
        assert_eq!(number(x, "insurance_part"), u64::from(INSURANCE_PART.0));
        let of = |name: &str| Tranche { shares: u64::from(x[name].as_bool().unwrap()), ..Tranche::default() };
        let fee = Amount(number(x, "taker_fee"));
        let (insurance, vault) = premiums(fee, &of("insurance_has_shares"), &of("vault_has_shares")).unwrap();
        assert_eq!((insurance.0, vault.0), (number(y, "insurance"), number(y, "vault")), "{}", case["id"]);
        assert_eq!(fee.0 - insurance.0 - vault.0, number(y, "left_in_fees"), "{}", case["id"]);
    }
}

/// Plays the operations of a case on a tranche and compares every number after each.
fn play(case: &Value) {
    let (mut tranche, mut now, mut open) = (Tranche::default(), 1_000_000u64, false);
    let (mut held, mut queue) = (BTreeMap::<String, u64>::new(), Vec::<(u64, String, u64)>::new());
    let cooldown = number(&case["inputs"], "cooldown");
    assert_eq!(number(&case["inputs"], "stream_seconds"), STREAM.0);
    tranche.flowed = i64::try_from(now).unwrap();
    let steps = case["expected"]["steps"].as_array().unwrap();
    for (op, expected) in case["inputs"]["ops"].as_array().unwrap().iter().zip(steps) {
        let (did, refused) = (&expected["did"], &expected["did"]["refused"]);
        let who = op["account"].as_str().unwrap_or_default().to_owned();
        let amount = op["amount"].as_u64().unwrap();
        let clock = at(now);
        tranche.flow(&clock).unwrap();
        match op["op"].as_str().unwrap() {
            // A default is settled in one instruction here, so that none is ever open.
            "deposit" | "pay" if open => assert!(!refused.is_null(), "{}", case["id"]),
            "deposit" if tranche.is_worn_out() => assert!(!refused.is_null(), "{}", case["id"]),
            "deposit" => match { tranche }.issue(Amount(amount), 0, &clock) {
                Ok(shares) => {
                    assert_eq!(tranche.issue(Amount(amount), 0, &clock), Ok(shares));
                    assert_eq!(shares, number(did, "shares"), "{}", case["id"]);
                    *held.entry(who).or_default() += shares;
                }
                Err(error) => assert!(error == Error::AmountZero && !refused.is_null(), "{}: {error:?}", case["id"]),
            },
            "request" => {
                let waiting: u64 = queue.iter().filter(|one| one.1 == who).map(|one| one.2).sum();
                if amount == 0 || amount + waiting > held.get(&who).copied().unwrap_or_default() {
                    assert!(!refused.is_null(), "{}", case["id"]);
                } else {
                    queue.push((now + cooldown, who, amount));
                }
            }
            "pay" => match queue.first().cloned() {
                Some((ripe, who, shares)) if ripe <= now => {
                    queue.remove(0);
                    *held.get_mut(&who).unwrap() -= shares;
                    assert_eq!(tranche.redeem(0, shares, &clock).unwrap().0, number(did, "tokens"), "{}", case["id"]);
                }
                _ => assert!(!refused.is_null(), "{}", case["id"]),
            },
            "premium" => tranche.add_premium(Amount(amount), &clock).unwrap(),
            "declare" => open = true,
            "settle" => {
                let amount = if open { amount } else { 0 };
                open = false;
                let taken = Amount(amount).min(tranche.room(Ppm(1_000_000), &clock).unwrap());
                tranche.lose(taken).unwrap();
                tranche.day = Default::default();
                assert_eq!(taken.0, number(did, "taken"), "{}", case["id"]);
            }
            "wait" => {
                now += amount;
                tranche.flow(&at(now)).unwrap();
            }
            "donate" => {}
            other => panic!("{other}"),
        }
        let stream = number(expected, "stream");
        assert_eq!(
            (tranche.assets.0, tranche.shares, tranche.premium.0),
            (number(expected, "assets"), number(expected, "shares"), stream),
            "{} after {op}",
            case["id"]
        );
        for (who, worth) in expected["worth"].as_object().unwrap() {
            let held = held.get(who).copied().unwrap_or_default();
            let now = tokens_for(tranche.assets, tranche.shares, held).unwrap();
            assert_eq!(now.0, worth.as_u64().unwrap(), "{who} of {} after {op}", case["id"]);
        }
    }
}

#[test]
fn sequences_go_as_the_vectors_say() {
    for case in cases("sequence").iter().chain(&cases("first_depositor")) {
        play(case);
    }
}

proptest! {
    #[test]
    fn who_gives_to_inflate_shares_loses_more_than_the_next_holder(
        first in 1u64..1 << 44,
        gift in 0u64..1 << 50,
        second in 1u64..1 << 50,
    ) {
        let (mut tranche, clock) = (Tranche::default(), at(1));
        let attacker = tranche.issue(Amount(first), 0, &clock).unwrap();
        tranche.add_premium(Amount(gift), &clock).unwrap();
        let later = at(1 + STREAM.0);
        let Ok(victim) = tranche.issue(Amount(second), 0, &later) else { return Ok(()) };
        let worth = tokens_for(tranche.assets, tranche.shares, victim).unwrap().0;
        let kept = tokens_for(tranche.assets, tranche.shares, attacker).unwrap().0;
        let (victim_lost, attacker_lost) = (second - worth, (first + gift).saturating_sub(kept));
        prop_assert!(victim_lost <= attacker_lost + 2, "{victim_lost} and {attacker_lost}");
    }

    #[test]
    fn no_sequence_pays_more_than_was_put_in(
        ops in proptest::collection::vec((0u8..5, 0usize..3, 1u64..1 << 40, 0u64..400_000), 1..40),
    ) {
        let (mut tranche, mut now) = (Tranche::default(), 1u64);
        let (mut held, mut born) = ([0u64; 3], [0u64; 3]);
        let (mut came, mut went) = (0u128, 0u128);
        for (op, who, amount, wait) in ops {
            now += wait;
            let clock = at(now);
            match op {
                0 | 1 => {
                    let before = tranche;
                    if let Ok(shares) = tranche.issue(Amount(amount), 0, &clock)
                        && (held[who] == 0 || born[who] == tranche.generation)
                    {
                        (held[who], born[who]) = (held[who] + shares, tranche.generation);
                        came += u128::from(amount);
                    } else {
                        tranche = before;
                    }
                }
                2 => {
                    tranche.add_premium(Amount(amount), &clock).unwrap();
                    came += u128::from(amount);
                }
                3 => {
                    let taken = Amount(amount << 4).min(tranche.room(Ppm(1_000_000), &clock).unwrap());
                    tranche.lose(taken).unwrap();
                    went += u128::from(taken.0);
                }
                _ => {
                    let shares = if amount & 1 == 0 { held[who] } else { held[who] / 2 };
                    went += u128::from(tranche.redeem(born[who], shares, &clock).unwrap().0);
                    held[who] -= shares;
                }
            }
            prop_assert_eq!(u128::from(tranche.claims().unwrap().0), came - went);
            let of = |generation: u64| {
                (0..3).filter(|who| held[*who] > 0 && born[*who] == generation).map(|who| held[who]).sum::<u64>()
            };
            prop_assert_eq!(tranche.shares, of(tranche.generation));
            for back in 1..=tranche.generation.min(2) {
                let generation = tranche.generation - back;
                prop_assert_eq!(tranche.ended[usize::from(generation & 1 == 1)].shares, of(generation));
            }
        }
    }
}

/// A world with one open position on each side, and people who stake.
struct Staking {
    world: World,
    people: Vec<Trader>,
}

impl Staking {
    fn new(people: u8) -> Self {
        let mut world = World::new(6);
        for account in [1, 2] {
            world.deposit(account, 0, 1_000_000 * DOLLAR).unwrap();
        }
        let one = common::ONE;
        world.place(2, limit(BTC, Side::Short, one, 60_000 * DOLLAR)).unwrap();
        let _ = world.take(1, ioc(BTC, Side::Long, one, 60_000 * DOLLAR), &[2]).unwrap();
        let people = (1..=people).map(|id| Trader::new(255, [id; 32], [0; 32]).unwrap()).collect();
        Self { world, people }
    }

    fn stake(&mut self, who: usize, amount: u64, least: u64) -> Result<u64, Error> {
        let (world, trader) = (&mut self.world, &mut self.people[who]);
        let (signer, before, bank) = (trader.authority, *trader, world.banks[0]);
        let stake = Stake { amount: Amount(amount), least_shares: least };
        let done = stake.execute(&world.exchange, &mut world.banks[0], trader, &signer, world.clock, &mut NoEvents);
        match done {
            Ok(_) => world.vaults[0] += amount,
            Err(_) => (*trader, world.banks[0]) = (before, bank),
        }
        self.check();
        done
    }

    fn request(&mut self, who: usize, shares: u64) -> Result<(), Error> {
        let signer = self.people[who].authority;
        RequestUnstake { pot: Pot::Insurance, shares }.execute(&mut self.people[who], &signer, self.world.clock)
    }

    fn unstake(&mut self, who: usize) -> Result<u64, Error> {
        let (world, trader) = (&mut self.world, &mut self.people[who]);
        let signer = trader.authority;
        let done =
            Unstake.execute(&world.exchange, &mut world.banks[0], trader, &signer, world.clock, &mut NoEvents)?;
        world.vaults[0] -= done.0;
        self.check();
        Ok(done.0)
    }

    /// An empty account defaults on so much, beyond the market's fees; returns what the stakes paid.
    fn default_of(&mut self, debt: u64) -> u64 {
        let world = &mut self.world;
        let debt = i64::try_from(debt + world.markets[BTC].fees.0).unwrap();
        world.accounts[0].head.positions[0] =
            Position { status: status::USED, market: World::index(BTC), quote: Quote(-debt), ..Position::default() };
        world.accounts[2].head.position_mut(World::index(BTC)).unwrap().quote.0 += debt;
        let report = world.bankrupt(BTC, 0).unwrap();
        self.check();
        report.staked.0
    }

    fn check(&mut self) {
        check(&mut self.world);
        for person in &self.people {
            person.invariant().unwrap();
        }
    }
}

#[test]
fn a_default_takes_of_the_stakes_what_the_tier_allows_a_day_and_of_what_waits_too() {
    let mut on = Staking::new(2);
    on.world.markets[BTC].tier = 3;
    let shares = on.stake(0, 100 * DOLLAR, 100_000 * DOLLAR).unwrap();
    on.stake(1, 300 * DOLLAR, 0).unwrap();
    // He sees a default come and asks to leave.
    on.request(0, shares).unwrap();
    assert_eq!(on.default_of(150 * DOLLAR) + on.default_of(1_000 * DOLLAR), 200 * DOLLAR, "half, in two defaults");
    assert_eq!(on.unstake(0).unwrap_err(), Error::UnstakeTooEarly);
    on.world.wait(COOLDOWN.0 - 1);
    assert_eq!(on.unstake(0).unwrap_err(), Error::UnstakeTooEarly);
    on.world.wait(1);
    assert_eq!(on.unstake(0), Ok(50 * DOLLAR), "his part of the loss is his");
    assert_eq!(on.unstake(0).unwrap_err(), Error::NothingRequested);
    assert_eq!(on.people[0].insurance.shares, 0);
}

#[test]
fn who_enters_after_a_default_or_around_it_gains_nothing() {
    let mut on = Staking::new(3);
    on.stake(0, 1_000 * DOLLAR, 0).unwrap();
    on.stake(1, 500 * DOLLAR, 0).unwrap();
    on.default_of(600 * DOLLAR);
    let bought = on.stake(2, 500 * DOLLAR, 0).unwrap();
    on.request(2, bought).unwrap();
    let early = on.people[1].insurance.shares;
    on.request(1, early).unwrap();
    on.world.wait(COOLDOWN.0);
    let (late, sandwich) = (on.unstake(2).unwrap(), on.unstake(1).unwrap());
    assert!(late <= 500 * DOLLAR && late + 2 >= 500 * DOLLAR, "{late}");
    assert_eq!(sandwich, 300 * DOLLAR, "he bears his part: 500 of 1,500");
}

#[test]
fn the_price_that_was_looked_at_is_kept_or_nothing_is_bought() {
    let mut on = Staking::new(2);
    on.stake(0, 1_000 * DOLLAR, 0).unwrap();
    let fair = shares_for(Amount(1_000 * DOLLAR), on.people[0].insurance.shares, Amount(DOLLAR)).unwrap();
    assert_eq!(on.stake(1, DOLLAR, fair + 1), Err(Error::SharesTooFew));
    assert_eq!(on.stake(1, DOLLAR, fair), Ok(fair));
    assert_eq!(on.stake(1, 0, 0), Err(Error::AmountZero));
}

#[test]
fn a_request_lapses_can_be_taken_back_and_is_only_its_owners() {
    let mut on = Staking::new(1);
    let shares = on.stake(0, 10 * DOLLAR, 0).unwrap();
    assert_eq!(on.request(0, 0), Err(Error::SharesTooMany));
    assert_eq!(on.request(0, shares + 1), Err(Error::SharesTooMany));
    on.request(0, shares / 2).unwrap();
    on.world.wait(COOLDOWN.0 + PAYMENT_WINDOW.0);
    assert_eq!(on.unstake(0), Err(Error::UnstakeLapsed), "nobody stays ready to leave");
    on.request(0, shares).unwrap();
    let (other, clock) = ([9; 32], on.world.clock);
    let person = &mut on.people[0];
    assert_eq!(CancelUnstake { pot: Pot::Insurance }.execute(person, &other), Err(Error::WrongAuthority));
    assert_eq!(
        RequestUnstake { pot: Pot::Insurance, shares: 1 }.execute(person, &other, clock),
        Err(Error::WrongAuthority)
    );
    let (bank, exchange) = (&mut on.world.banks[0], &on.world.exchange);
    assert_eq!(Unstake.execute(exchange, bank, person, &other, clock, &mut NoEvents), Err(Error::WrongAuthority));
    let stake = Stake { amount: Amount(1), least_shares: 0 };
    assert_eq!(stake.execute(exchange, bank, person, &other, clock, &mut NoEvents), Err(Error::WrongAuthority));
    assert_eq!(person.require_closable(), Err(Error::AccountNotEmpty));
    CancelUnstake { pot: Pot::Insurance }.execute(person, &[1; 32]).unwrap();
    assert_eq!(CancelUnstake { pot: Pot::Insurance }.execute(person, &[1; 32]), Err(Error::NothingRequested));
    assert_eq!(on.unstake(0), Err(Error::NothingRequested));
}

#[test]
fn a_premium_from_fees_is_earned_by_time_and_not_by_a_slot() {
    let mut on = Staking::new(2);
    on.stake(0, 1_000 * DOLLAR, 0).unwrap();
    on.world.settle(BTC, 1).unwrap();
    let fees = on.world.markets[BTC].fees.0;
    let swept = on.world.on_market(BTC, &[], |context, banks, _| SweepFees.execute(context, &mut banks[0])).unwrap();
    assert_eq!((swept.premium.0, swept.vault_premium), (fees / 10 * 6 / 10, Amount(0)), "the vault's part stays");
    on.check();
    // Somebody puts in a thousand times as much for a second.
    on.stake(1, 1_000_000 * DOLLAR, 0).unwrap();
    on.world.wait(1);
    let staker = on.people[1].insurance.shares;
    on.world.banks[0].tranche.flow(&on.world.clock).unwrap();
    let tranche = on.world.banks[0].tranche;
    let worth = tokens_for(tranche.assets, tranche.shares, staker).unwrap().0;
    assert!(worth <= 1_000_000 * DOLLAR + swept.premium.0 / STREAM.0 + 1, "{worth}");
    on.world.wait(STREAM.0);
    on.world.banks[0].tranche.flow(&on.world.clock).unwrap();
    on.check();
    assert_eq!(on.world.banks[0].tranche.premium, Amount(0));
    assert_eq!(on.world.banks[0].tranche.assets.0, 1_001_000 * DOLLAR + swept.premium.0);
}

#[test]
fn without_stakes_no_premium_leaves_the_fees() {
    let mut on = Staking::new(1);
    on.world.settle(BTC, 1).unwrap();
    let sweep = |on: &mut Staking| {
        on.world.on_market(BTC, &[], |context, banks, _| SweepFees.execute(context, &mut banks[0])).unwrap()
    };
    assert_eq!(sweep(&mut on).premium, Amount(0));
}

#[test]
fn a_tranche_that_is_wiped_out_begins_anew_and_what_is_left_is_the_old_holders() {
    let mut on = Staking::new(3);
    let old = on.stake(0, 1_000 * DOLLAR, 0).unwrap();
    // A unit is left of a thousand dollars.
    assert_eq!(on.default_of(1_000 * DOLLAR - 1), 1_000 * DOLLAR - 1);
    let new = on.stake(1, 1_000 * DOLLAR, 0).unwrap();
    assert_eq!((new, on.world.banks[0].tranche.generation), (old, 1), "at the first price again");
    assert_eq!(on.stake(0, DOLLAR, 0), Err(Error::StakeEnded));
    on.request(0, old).unwrap();
    on.world.wait(COOLDOWN.0);
    // The next one goes too: the place of the first is still taken.
    on.default_of(1_000 * DOLLAR);
    on.stake(2, DOLLAR, 0).unwrap();
    on.world.wait(86_400);
    on.default_of(DOLLAR);
    let third = on.stake(2, DOLLAR, 0);
    assert_eq!(third, Err(Error::TrancheWornOut), "the first generation has a unit to come");
    assert_eq!(on.unstake(0), Ok(1));
    let mut last = Staking { people: vec![Trader::new(255, [7; 32], [0; 32]).unwrap()], ..on };
    assert_eq!(last.stake(0, DOLLAR, 0), Ok(1_000 * DOLLAR));
}

#[test]
fn the_protocols_tokens_leave_to_the_treasury_alone_and_only_when_no_market_is_left() {
    let mut world = World::funded(2, 20_000);
    let clock = world.clock;
    (world.banks[0].protocol, world.vaults[0]) = (Amount(700), world.vaults[0] + 700);
    let pay = |world: &mut World| {
        world.attempt(|w| PayTreasury.execute(&w.exchange, &mut w.banks[0], None, clock, &mut NoEvents))
    };
    for left in 1..world.exchange.markets {
        world.exchange.delisted = world.exchange.markets - left;
        assert_eq!(pay(&mut world), Err(Error::MarketsRemain), "{left} trade");
    }
    world.exchange.delisted = world.exchange.markets;
    world.pause(kedge_model::account::exchange::operation::WITHDRAW);
    assert_eq!(pay(&mut world), Err(Error::OperationPaused));
    world.pause(0);
    let other = PayTreasury.execute(&world.exchange, &mut world.banks[1].clone(), None, clock, &mut NoEvents);
    assert_eq!(other, Err(Error::WrongRow));
    assert_eq!(pay(&mut world), Ok(Amount(700)));
    world.vaults[0] -= 700;
    check(&mut world);
    assert_eq!(pay(&mut world), Err(Error::AmountZero));
    // An exchange that lists again keeps again, and one that never listed pays nobody.
    (world.exchange.markets, world.banks[0].protocol) = (world.exchange.markets + 1, Amount(1));
    assert_eq!(pay(&mut world), Err(Error::MarketsRemain));
    (world.exchange.markets, world.exchange.delisted) = (0, 0);
    assert_eq!(pay(&mut world), Err(Error::MarketsRemain));
    assert_eq!(world.exchange.with_treasury([0; 32]), Err(Error::InvalidParameter));
}

#[test]
fn what_no_share_owns_goes_with_the_protocols_tokens_and_a_share_keeps_its_own() {
    let mut tranche = Tranche::default();
    let shares = tranche.issue(Amount(5_000_000), 0, &at(1_000)).unwrap();
    tranche.add_premium(Amount(700), &at(1_000)).unwrap();
    assert_eq!(tranche.take_ownerless(), Ok(Amount(0)));
    let paid = tranche.redeem(0, shares, &at(2_000)).unwrap();
    let rest = Amount(5_000_700 - paid.0);
    assert_eq!((tranche.take_ownerless(), tranche.claims()), (Ok(rest), Ok(Amount(0))));
    tranche.ended = [kedge_model::rule::tranche::Ended { assets: Amount(3), shares: 1 }; 2];
    tranche.ended[1].shares = 0;
    assert_eq!((tranche.take_ownerless(), tranche.claims()), (Ok(Amount(3)), Ok(Amount(3))));
}

#[test]
fn a_stake_that_stands_behind_no_market_leaves_at_once() {
    let mut world = World::funded(2, 20_000);
    let clock = world.clock;
    let signer = world.accounts[0].head.authority;
    let mut trader = Trader { authority: signer, ..Trader::default() };
    let stake = Stake { amount: Amount(9_000), least_shares: 0 };
    let shares =
        stake.execute(&world.exchange, &mut world.banks[0], &mut trader, &signer, clock, &mut NoEvents).unwrap();
    RequestUnstake { pot: Pot::Insurance, shares }.execute(&mut trader, &signer, clock).unwrap();
    let leave = |world: &World| {
        Unstake.execute(
            &world.exchange,
            &mut world.banks[0].clone(),
            &mut trader.clone(),
            &signer,
            clock,
            &mut NoEvents,
        )
    };
    assert_eq!(leave(&world), Err(Error::UnstakeTooEarly));
    world.exchange.delisted = world.exchange.markets - 1;
    assert_eq!(leave(&world), Err(Error::UnstakeTooEarly));
    world.exchange.delisted = world.exchange.markets;
    assert_eq!(leave(&world), Ok(Amount(9_000)));
}
