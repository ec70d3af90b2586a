//! Attackers who are told nothing: one person with several wallets, who chooses when to trade, when to refresh a row and
//! which accounts to bring, among honest people at true prices that the exchange learns from its sources alone.
//!
//! The rules, whatever the person does (`rules`): no set of wallets of one person ends richer than its trades at true prices
//! explain, where a price is true that was so since the order and a moment ago; a row comes back; who is below maintenance is
//! taken over, and for the budget waits only behind others as near to a default; no honest order is refused because of
//! who else is there; funding charges the time that has passed; nobody gets what he did not ask for; no claim is written off
//! for somebody who can pay; a settled row stays.
//!
//! With a mended fault put back the same search, with the same weather and the same acts, finds a rule broken, and prints how
//! many acts that took; for one of them the weather is named. The seeds are fixed: a run is the same on every machine and every day. They are the
//! quickest of several ([`survey`] runs the others; docs/math/evidence.md has what it said), so that the whole stays within
//! a minute.

#[path = "../common/mod.rs"]
mod common;

mod chance;
mod keeper;
mod person;
mod rules;
mod scene;
mod search;
mod truth;
mod weather;

use kedge_model::fault::{self, Fault};
use rules::Broken;
use search::{search, search_in};
use weather::Weather;

/// Acts of the search without a fault, for each of three seeds.
const SOUND: u64 = 20_000;
/// Acts within which a fault must be found.
const FOUND: u64 = 60_000;

#[test]
fn without_a_fault_no_rule_breaks() {
    for seed in 1..=3 {
        let found = search(seed, SOUND);
        assert_eq!(found.broken, None, "seed {seed}: {found:?}");
        println!("seed {seed}: {} acts in {} episodes, every rule held", found.actions, found.episode);
    }
    let found = search_in(Some(PAUSED_HOUR), 2, SOUND);
    assert_eq!(found.broken, None, "a paused hour: {found:?}");
}

/// An hour ends while the vAMM's updates are paused.
const PAUSED_HOUR: Weather = Weather { hour_ends: true, paused_updates: true, ..Weather::CALM };

/// A fault put back alone: the search finds a broken rule, and tells after how many acts; without the fault as many acts from
/// the same seed break none.
fn finds(fault: Fault, seed: u64, wanted: impl Fn(&Broken) -> bool) {
    finds_in(None, fault, seed, wanted);
}

fn finds_in(only: Option<Weather>, fault: Fault, seed: u64, wanted: impl Fn(&Broken) -> bool) {
    let found = fault::with(fault, || search_in(only, seed, FOUND));
    println!("{fault:?}: {:?} after {} acts, in episode {}", found.broken, found.actions, found.episode);
    assert!(found.broken.as_ref().is_some_and(wanted), "{fault:?}: {found:?}");
    let sound = search_in(only, seed, found.actions);
    assert_eq!(sound.broken, None, "without {fault:?}: {sound:?}");
}

fn richer(broken: &Broken) -> bool {
    matches!(broken, Broken::Richer(_))
}

#[test]
fn trading_at_spot_before_an_expiry_is_found() {
    finds(Fault::ExpiryAtSpot, 2, richer);
}

#[test]
fn a_flat_vamm_that_takes_stale_prices_is_found() {
    finds(Fault::FlatTakesStalePrice, 2, richer);
}

#[test]
fn a_caller_who_chooses_the_sources_is_found() {
    finds(Fault::CallerChoosesSources, 2, |broken| matches!(broken, Broken::RowStuck(_)));
}

#[test]
fn an_order_that_waits_for_an_old_row_is_found() {
    finds(Fault::OldRowAtFill, 9, richer);
}

/// The one that is told its weather: it takes a peg that lags for an hour, and a position that is held beyond it. In any weather
/// eleven seeds of 60,000 acts (some ten seconds each) did not find it.
#[test]
fn a_mark_that_the_last_fill_sets_is_found() {
    finds_in(Some(PAUSED_HOUR), Fault::LastFillSetsMark, 2, richer);
}

#[test]
fn an_offset_maker_that_is_taken_twice_is_found() {
    finds(Fault::OffsetMakerTakenTwice, 3, richer);
}

#[test]
fn a_frozen_row_that_thaws_is_found() {
    finds(Fault::FrozenRowThaws, 2, |broken| matches!(broken, Broken::Thawed(_)));
}

#[test]
fn a_vamm_that_sells_at_prices_of_before_a_pause_is_found() {
    finds(Fault::PausedUpdateStillTrades, 1, richer);
}

#[test]
fn a_claim_that_is_written_off_for_who_can_pay_is_found() {
    finds(Fault::SolventDebtorWrittenOff, 9, |broken| matches!(broken, Broken::WrittenOff(_)));
}

#[test]
fn decoys_that_use_up_the_budget_are_found() {
    finds(Fault::DecoysUseBudget, 3, |broken| matches!(broken, Broken::Shielded(_)));
}

#[test]
fn a_credit_that_opens_a_slot_is_found() {
    finds(Fault::UnaskedCreditOpensSlot, 1, |broken| *broken == Broken::SlotOpened);
}

#[test]
fn seconds_that_are_charged_as_an_hour_are_found() {
    finds(Fault::GapChargedAsHour, 1, |broken| matches!(broken, Broken::Overcharged(_)));
}

#[test]
fn a_maker_that_refuses_everybodys_fill_is_found() {
    finds(Fault::PoisonMakerRefusesFill, 1, |broken| matches!(broken, Broken::Stopped(_)));
}

#[test]
fn a_leg_outside_of_the_band_that_refuses_a_fill_is_found() {
    finds(Fault::BandRefusesFill, 2, |broken| *broken == Broken::Stopped(kedge_model::Error::PriceOutsideBand));
}

#[test]
fn a_balance_without_a_price_that_shields_is_found() {
    finds(Fault::WeightlessBalanceNeedsPrice, 2, |broken| matches!(broken, Broken::LeftAlone(_)));
}

/// A number that the environment names.
fn number(name: &str, or: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(or)
}

/// Every fault, or those that `FAULT` names (`Sound` for none put back), over `SEEDS` seeds from `FIRST` on, with `MOST` acts
/// for each.
#[test]
#[ignore = "takes minutes, and says how many acts each fault takes over several seeds"]
fn survey() {
    let (first, seeds, most) = (number("FIRST", 1), number("SEEDS", 8), number("MOST", 150_000));
    let only = std::env::var("FAULT").unwrap_or_default();
    let wanted = |name: &str| only.is_empty() || only.split(',').any(|word| word == name);
    let tell = |name: &str, seed: u64, search: &dyn Fn() -> search::Found| {
        let start = std::time::Instant::now();
        let found = search();
        let (broken, acts, episode) = (&found.broken, found.actions, found.episode);
        println!("{name}, seed {seed}: {broken:?} after {acts} acts, episode {episode}, {:?}", start.elapsed());
        if name == "Sound" && broken.is_some() {
            println!("{found:?}");
        }
    };
    for seed in first..first + seeds {
        if wanted("Sound") {
            tell("Sound", seed, &|| search(seed, most));
        }
        for fault in Fault::ALL {
            let name = format!("{fault:?}");
            if wanted(&name) {
                tell(&name, seed, &|| fault::with(*fault, || search(seed, most)));
            }
        }
    }
}
