//! The default waterfall: vectors by somebody else (`vectors/waterfall.json`), the order and the caps on a whole exchange, and
//! what an attacker would try.

mod common;

use common::check::check;
use common::{BTC, DOLLAR, ONE, World, ioc, limit};
use kedge_model::account::bank::DEFAULTS;
use kedge_model::account::order::Side;
use kedge_model::account::position::{Position, status};
use kedge_model::action::{BankruptcyReport, PoolKind};
use kedge_model::clock::Clock;
use kedge_model::quantity::{Amount, Ppm, Quote};
use kedge_model::rule::waterfall::{DayCap, lines};
use proptest::prelude::*;
use serde_json::Value;

const DAY: u64 = 86_400;

fn cases(kind: &str) -> Vec<Value> {
    let file: Value = serde_json::from_str(include_str!("../vectors/waterfall.json")).unwrap();
    let cases: Vec<Value> = file["cases"].as_array().unwrap().iter().filter(|c| c["kind"] == kind).cloned().collect();
    assert!(cases.len() >= 10, "{} cases of {kind}", cases.len());
    cases
}

fn amount(from: &Value, name: &str) -> Amount {
    Amount(from[name].as_u64().unwrap_or_else(|| panic!("{name}")))
}

/// The five funds with a cap by day, in the order of the vectors, each with its share's name.
const FUNDS: [(&str, &str); 4] =
    [("protocol", "protocol_share"), ("amm", "amm_share"), ("staked", "staked_share"), ("vault", "vault_share")];

/// What a fund of the vectors may give, by our cap.
fn room(state: &Value, inputs: &Value, fund: &str, share: &str, held: Amount) -> Amount {
    let day = DayCap { began: 0, held, used: amount(state, &format!("{fund}_used")) };
    let share = Ppm(u32::try_from(inputs[share].as_u64().unwrap()).unwrap());
    day.room(amount(state, fund), share).unwrap()
}

/// The lines from `fees` to `deficit` for what the pocket's own tokens leave.
fn divided(left: Amount, state: &Value, inputs: &Value, held: &[Amount; 4]) -> ([Amount; 9], Amount) {
    let [protocol, amm, staked, vault] = [0, 1, 2, 3].map(|k| {
        let (fund, share) = FUNDS[k];
        room(state, inputs, fund, share, held[k])
    });
    let used = amount(state, "market_insurance_used").0;
    let cap = Amount(amount(inputs, "market_cap").0.saturating_sub(used)).min(amount(state, "market_insurance"));
    let rooms = [
        amount(state, "fees"),
        amount(state, "insurance_fees"),
        protocol,
        amm,
        cap,
        staked,
        vault,
        amount(state, "adl_available"),
        amount(state, "claims"),
    ];
    lines(left, rooms).unwrap()
}

const LINES: [&str; 9] =
    ["fees", "insurance_fees", "protocol", "amm", "market_insurance", "staked", "vault", "adl", "haircut"];

fn assert_lines(got: ([Amount; 9], Amount), expected: &Value, id: &Value) {
    for (line, name) in got.0.into_iter().zip(LINES) {
        assert_eq!(line, amount(expected, name), "{name} of {id}");
    }
    assert_eq!(got.1, amount(expected, "deficit"), "deficit of {id}");
}

#[test]
fn a_default_is_divided_as_the_vectors_say() {
    for case in cases("default") {
        let (inputs, expected) = (&case["inputs"], &case["expected"]["lines"]);
        let held = FUNDS.map(|(fund, _)| amount(inputs, &format!("{fund}_day")));
        let left = amount(inputs, "default").minus(amount(expected, "own")).unwrap();
        assert_lines(divided(left, inputs, inputs, &held), expected, &case["id"]);
    }
}

#[test]
fn several_defaults_of_a_day_take_no_more_than_one() {
    for case in cases("sequence") {
        let inputs = &case["inputs"];
        let mut held = FUNDS.map(|(fund, _)| amount(inputs, &format!("{fund}_day")));
        let mut state = inputs.clone();
        let steps = inputs["steps"].as_array().unwrap().iter();
        for (step, expected) in steps.zip(case["expected"]["steps"].as_array().unwrap()) {
            match step["op"].as_str().unwrap() {
                "default" => {
                    let got = divided(amount(step, "amount"), &state, inputs, &held);
                    assert_lines(got, &expected["lines"], &case["id"]);
                }
                "fee" => {
                    let repaid = amount(step, "amount").min(amount(&state, "deficit"));
                    assert_eq!(repaid, amount(expected, "repaid"), "{}", case["id"]);
                }
                "day" => {
                    // A day later the cap begins anew with what is there.
                    let clock = Clock { slot: 0, unix_time: 86_400 };
                    held = FUNDS.map(|(fund, _)| {
                        let used = amount(&state, &format!("{fund}_used"));
                        let day = DayCap { began: 0, held: Amount(0), used }.at(amount(&state, fund), &clock);
                        assert_eq!(day.used, Amount(0));
                        day.held
                    });
                }
                other => panic!("{other}"),
            }
            state = expected["after"].clone();
        }
    }
}

proptest! {
    #[test]
    fn the_lines_and_what_is_left_are_the_loss(loss: u64, rooms: [u64; 6]) {
        let (lines, left) = lines(Amount(loss), rooms.map(Amount)).unwrap();
        let sum: u128 = lines.iter().map(|line| u128::from(line.0)).sum();
        prop_assert_eq!(sum + u128::from(left.0), u128::from(loss));
        let mut before = true;
        for (line, room) in lines.iter().zip(rooms) {
            prop_assert!(line.0 <= room);
            // A step gives something only when all before it have given all.
            prop_assert!(line.0 == 0 || before);
            before &= line.0 == room;
        }
        prop_assert!(left.0 == 0 || before);
    }

    #[test]
    fn a_default_that_is_split_takes_no_more_of_a_fund(
        held in 0u64..1 << 50,
        share in 0u32..=1_000_000,
        parts in proptest::collection::vec(0u64..1 << 48, 1..8),
    ) {
        let clock = Clock { slot: 0, unix_time: 1_000_000 };
        let taken = |parts: &[u64]| {
            let (mut day, mut fund) = (DayCap::default(), Amount(held));
            for part in parts {
                day = day.at(fund, &clock);
                let taken = Amount(*part).min(day.room(fund, Ppm(share)).unwrap());
                day.count(taken).unwrap();
                fund = fund.minus(taken).unwrap();
            }
            held - fund.0
        };
        prop_assert_eq!(taken(&parts), taken(&[parts.iter().sum()]));
    }
}

/// Two traders hold the two sides of one BTC, fees have been paid, the funds hold these dollars.
fn world(protocol: u64, insurance: u64) -> World {
    let mut world = World::new(6);
    for account in [1, 2] {
        world.deposit(account, 0, 100_000 * DOLLAR).unwrap();
    }
    world.place(2, limit(BTC, Side::Short, ONE, 60_000 * DOLLAR)).unwrap();
    let _ = world.take(1, ioc(BTC, Side::Long, ONE, 60_000 * DOLLAR), &[2]).unwrap();
    world.markets[BTC].insurance_cap = Amount(1_000_000 * DOLLAR);
    world.fund_pool(BTC, PoolKind::Insurance, insurance * DOLLAR).unwrap();
    // As a sweep leaves it: tokens of the vault that are the protocol's.
    world.banks[0].protocol.0 += protocol * DOLLAR;
    world.vaults[0] += protocol * DOLLAR;
    check(&mut world);
    world
}

/// An empty account owes the market so much, and the market's maker has it as profit.
fn owe(world: &mut World, account: usize, debt: u64) {
    let debt = i64::try_from(debt).unwrap();
    world.accounts[account].head.positions[0] =
        Position { status: status::USED, market: World::index(BTC), quote: Quote(-debt), ..Position::default() };
    let winner = world.accounts[2].head.position_mut(World::index(BTC)).unwrap();
    winner.quote.0 += debt;
    check(world);
}

fn default_of(world: &mut World, account: usize, debt: u64) -> BankruptcyReport {
    owe(world, account, debt);
    let report = world.bankrupt(BTC, account).unwrap();
    check(world);
    report
}

#[test]
fn a_default_goes_down_the_waterfall_and_leaves_its_statement() {
    let mut world = world(1_000, 500);
    let fees = world.markets[BTC].fees;
    assert!(fees.0 > 0);
    world.markets[BTC].insurance_fees.0 += 30 * DOLLAR;
    world.markets[BTC].funding_pot.0 -= i64::try_from(30 * DOLLAR).unwrap();
    world.markets[BTC].deficit.0 += 30 * DOLLAR;
    // An older deficit of 30 dollars has a claim on the fees before any default.
    let (free, debt) = (fees.0 - 30 * DOLLAR, 1_000 * DOLLAR);
    let report = default_of(&mut world, 0, debt);
    assert_eq!((report.fees, report.insurance_fees), (Amount(free), Amount(30 * DOLLAR)));
    assert_eq!((report.protocol, report.insurance), (Amount(250 * DOLLAR), Amount(500 * DOLLAR)));
    assert_eq!(report.amm, Amount(0), "the vAMM has no capital");
    let page = include_str!("../../../docs/waterfall.md");
    let row = |what: &str| {
        let line =
            page.lines().find(|line| line.starts_with(&format!("| {what} |"))).unwrap_or_else(|| panic!("{what}"));
        line.split('|').nth(3).unwrap().trim().parse::<u64>().unwrap() * DOLLAR
    };
    let lines = [
        ("unswept fees", report.fees),
        ("unswept insurance fees", report.insurance_fees),
        ("protocol's tranche", report.protocol),
        ("insurance fund", report.insurance),
        ("left as the deficit", report.deficit),
        ("together", report.loss),
    ];
    for (what, paid) in lines {
        assert_eq!(paid.0, row(what), "the page's {what}");
    }
    assert_eq!((world.markets[BTC].fees, world.markets[BTC].deficit), (Amount(0), report.deficit));
    assert_eq!(world.banks[0].protocol, Amount(750 * DOLLAR));

    let bank = &world.banks[0];
    let record = bank.default_record(0).unwrap();
    assert_eq!((record.number, record.market, record.loss), (0, World::index(BTC), Amount(debt)));
    assert_eq!((record.paid().unwrap(), record.time), (record.loss, world.clock.unix_time));
    assert_eq!(record.account, world.accounts[0].head.party());
    assert!(bank.default_record(1).is_none());
}

#[test]
fn a_self_default_in_parts_gets_no_more_of_a_fund_than_one() {
    let mut split = world(1_000, 500);
    let mut whole = split.clone();
    let fees = split.markets[BTC].fees.0;
    let _ = default_of(&mut whole, 0, fees + 2_000 * DOLLAR);
    let _ = default_of(&mut split, 0, fees);
    for _ in 0..8 {
        let report = default_of(&mut split, 0, 250 * DOLLAR);
        assert_eq!(report.fees, Amount(0));
    }
    assert_eq!(split.banks[0].protocol, Amount(750 * DOLLAR), "a quarter, however often it is asked");
    assert_eq!(split.banks[0].protocol, whole.banks[0].protocol);
    assert_eq!(split.markets[BTC].insurance_fund, whole.markets[BTC].insurance_fund);
    // The next day asks anew, a quarter of what is left.
    split.wait(DAY);
    let report = default_of(&mut split, 0, 1_000 * DOLLAR);
    assert_eq!(report.protocol, Amount(187_500_000));
    check(&mut split);
}

#[test]
fn the_markets_cap_holds_for_a_day_and_not_for_a_default() {
    let mut world = world(0, 10_000);
    world.markets[BTC].insurance_cap = Amount(300 * DOLLAR);
    let fees = world.markets[BTC].fees.0;
    assert_eq!(default_of(&mut world, 0, fees + 200 * DOLLAR).insurance, Amount(200 * DOLLAR));
    assert_eq!(default_of(&mut world, 0, 200 * DOLLAR).insurance, Amount(100 * DOLLAR));
    world.wait(DAY - 1);
    assert_eq!(default_of(&mut world, 0, 200 * DOLLAR).insurance, Amount(0));
    world.wait(1);
    assert_eq!(default_of(&mut world, 0, 200 * DOLLAR).insurance, Amount(200 * DOLLAR));
    assert_eq!(world.markets[BTC].insurance_fund, Amount(9_500 * DOLLAR));
}

#[test]
fn the_ring_keeps_the_last_defaults_by_their_numbers() {
    let mut world = world(0, 10_000);
    let count = DEFAULTS as u64 + 3;
    for debt in 1..=count {
        let _ = default_of(&mut world, 0, debt);
    }
    let bank = &world.banks[0];
    assert_eq!(bank.next_default, count);
    for number in 0..count + DEFAULTS as u64 {
        let loss = bank.default_record(number).map(|record| record.loss.0);
        let kept = (3..count).contains(&number);
        assert_eq!(loss, kept.then_some(number + 1), "default {number}");
    }
}
