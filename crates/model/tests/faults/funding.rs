//! What sets funding: a fill of six cents while the peg lags, and two seconds that were charged as an hour.

use super::common::{BTC, DOLLAR, ONE, World, ioc, limit};
use kedge_model::account::order::Side;
use kedge_model::action::FundingReport;
use kedge_model::fault::{Fault, with};
use kedge_model::quantity::{Ppm, Quote};
use kedge_model::rule::funding::{PERIOD, index_delta};

const WALLET: usize = 0;
const OTHER_WALLET: usize = 2;

/// A long of five while the price runs away from a vAMM without a budget; then the smallest order there is, between two
/// wallets of one person just above its bid; then the hour. What the wallets paid for the small trade, and what
/// the funding moved.
fn six_cents() -> (u64, FundingReport, i128) {
    let mut world = World::funded(4, 1_000_000);
    world.markets[BTC].amm.update_budget = Ppm(0);
    let _ = world.take(WALLET, ioc(BTC, Side::Long, 5 * ONE, 62_000 * DOLLAR), &[]).unwrap();
    world.drive(BTC, 63_000 * DOLLAR);
    let smallest = world.markets[BTC].min_order.0;
    world.place(OTHER_WALLET, limit(BTC, Side::Long, smallest, 60_700 * DOLLAR)).unwrap();
    let wash = world.take(WALLET, ioc(BTC, Side::Short, smallest, 60_700 * DOLLAR), &[OTHER_WALLET]).unwrap();
    world.wait(PERIOD.0 - u64::try_from(world.clock.unix_time).unwrap() % PERIOD.0);
    world.tick();
    let before = world.equity(WALLET) + world.equity(OTHER_WALLET);
    let report = world.fund(BTC).unwrap();
    let received = world.equity(WALLET) + world.equity(OTHER_WALLET) - before;
    (wash.matched.fees.0, report, received)
}

#[test]
fn a_fill_of_six_cents_set_everybodys_funding_while_the_peg_lagged() {
    let (fee, report, received) = with(Fault::LastFillSetsMark, six_cents);
    assert!(fee < 61_000, "{fee}");
    assert!(report.rate < -1_000_000, "more than 0.1 % an hour, from the vAMM to its takers: {report:?}");
    assert!(received > 300_000_000 && report.deltas.amm < Quote(-300_000_000), "{received} for {fee}: {report:?}");

    let (_, report, received) = six_cents();
    assert_eq!(report.rate, 12_500, "the interest alone");
    assert!(received < 0, "and longs pay it: {received}");
}

/// The funding of the two seconds after an update that came an hour late, and what its rate makes of an hour.
fn two_seconds() -> (FundingReport, i64) {
    let mut world = World::funded(4, 1_000_000);
    let _ = world.take(WALLET, ioc(BTC, Side::Long, 9 * ONE, 62_000 * DOLLAR), &[]).unwrap();
    world.wait(2 * PERIOD.0 - 3);
    world.tick();
    let late = world.fund(BTC).unwrap();
    let hour =
        |report: &FundingReport| index_delta(report.rate, world.board.markets[BTC].price.twap_1h, PERIOD).unwrap().0;
    assert_eq!(late.deltas.long.0, hour(&late), "two hours are paid as one");
    let mut after = world.clone();
    after.wait(1);
    after.tick();
    let report = after.fund(BTC).unwrap();
    (report, hour(&report))
}

#[test]
fn two_seconds_of_premium_were_charged_as_an_hour() {
    let (report, hour) = with(Fault::GapChargedAsHour, two_seconds);
    assert!(report.rate > 12_500);
    assert_eq!(report.deltas.long.0, hour);

    let (report, hour) = two_seconds();
    assert!(report.rate > 12_500);
    let charged = report.deltas.long.0 * i64::try_from(PERIOD.0).unwrap();
    assert!((0..=1_800).contains(&(hour - charged / 2)), "two seconds of an hour: {charged} of {hour}");
}
