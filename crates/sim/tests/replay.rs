//! One seed is one replay, and a run ends with every ledger adding up.

use kedge_sim::Simulation;
use kedge_sim::coins::Parameters;
use kedge_sim::measure::Figures;
use kedge_sim::prices::Scenario;

const ACCOUNTS: usize = 1_000;

fn run(scenario: Scenario, seed: u64, tried: Parameters) -> Figures {
    Simulation::new(scenario, ACCOUNTS, seed, &|_| {}).unwrap().run(tried).unwrap()
}

#[test]
fn the_same_seed_ends_in_the_same_state_and_another_in_another() {
    let [first, again, other] = [7, 7, 8].map(|seed| run(Scenario::Crash, seed, Parameters::TEMPLATE));
    assert_eq!(first, again);
    assert_ne!(first.digest, other.digest);
    assert!(first.liquidations > 0 && first.unloaded > 0.0, "{first:?}");
}

#[test]
fn a_noon_liquidates_nobody_and_a_crash_with_poor_liquidators_leaves_debt_that_somebody_pays() {
    let calm = run(Scenario::Calm, 1, Parameters::TEMPLATE);
    assert_eq!((calm.liquidations, calm.defaults, calm.under_water.times), (0, 0, 0), "{calm:?}");
    let poor = Parameters { capital: 300, lead: 1_000_000, ..Parameters::TEMPLATE };
    let crash = run(Scenario::Crash, 1, poor);
    assert!(crash.uncapitalised > 0 && crash.defaults > 0 && crash.under_water.mean > 2.0, "{crash:?}");
    let paid = crash.fees + crash.insurance + crash.amm + crash.deficit;
    assert!((crash.bad_debt - paid).abs() < 1e-3, "{crash:?}");
}

#[test]
fn a_budget_makes_liquidations_wait() {
    let [free, bounded] =
        [0, 5_000].map(|budget| run(Scenario::Crash, 1, Parameters { budget, ..Parameters::TEMPLATE }));
    assert_eq!(free.throttled, 0);
    assert!(bounded.throttled > 0 && bounded.under_water.mean > free.under_water.mean, "{free:?} {bounded:?}");
}
