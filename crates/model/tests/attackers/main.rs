//! Attackers who are told nothing: one person with several wallets, who chooses when to trade, when to refresh a row and
//! which accounts to bring, among honest people at true prices that the exchange learns from its sources alone.
//!
//! No set of wallets of one person ends richer than its trades at true prices explain; a row comes back; who is below
//! maintenance is taken over; nobody gets what he did not ask for. With one of five mended faults put back the same search
//! finds a rule broken, and prints how many acts that took; for the others the attacks stand in `faults`.

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
use search::search;

/// Acts of the search without a fault, for each of three seeds.
const SOUND: u64 = 50_000;
/// Acts within which a fault must be found.
const FOUND: u64 = 400_000;

#[test]
fn without_a_fault_no_rule_breaks() {
    for seed in 1..=3 {
        let found = search(seed, SOUND);
        assert_eq!(found.broken, None, "seed {seed}, episode {}, after {} acts", found.episode, found.actions);
        println!("seed {seed}: {} acts in {} episodes, every rule held", found.actions, found.episode);
    }
}

/// A fault put back alone: the search finds a broken rule, and tells after how many acts.
fn finds(fault: Fault, seed: u64, wanted: impl Fn(&Broken) -> bool) {
    let found = fault::with(fault, || search(seed, FOUND));
    println!("{fault:?}: {:?} after {} acts, in episode {}", found.broken, found.actions, found.episode);
    assert!(found.broken.as_ref().is_some_and(wanted), "{fault:?}: {found:?}");
}

fn richer(broken: &Broken) -> bool {
    matches!(broken, Broken::Richer(_))
}

#[test]
fn a_mark_that_the_last_fill_sets_is_found() {
    finds(Fault::LastFillSetsMark, 2, richer);
}

#[test]
fn an_offset_maker_that_is_taken_twice_is_found() {
    finds(Fault::OffsetMakerTakenTwice, 3, richer);
}

#[test]
fn a_vamm_that_sells_at_prices_of_before_a_pause_is_found() {
    finds(Fault::PausedUpdateStillTrades, 1, richer);
}

#[test]
fn a_frozen_row_that_thaws_is_found() {
    finds(Fault::FrozenRowThaws, 1, |broken| matches!(broken, Broken::Thawed(_)));
}

#[test]
fn a_credit_that_opens_a_slot_is_found() {
    finds(Fault::UnaskedCreditOpensSlot, 3, |broken| *broken == Broken::SlotOpened);
}

/// A survey for the table in docs/math/evidence.md: `FAULT=Name SEEDS=8 MOST=200000`.
#[test]
#[ignore = "takes minutes: how many acts each fault takes, over several seeds"]
fn survey() {
    let number = |name: &str, or: u64| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(or);
    let (seeds, most, first) = (number("SEEDS", 4), number("MOST", 100_000), number("FIRST", 1));
    let only = std::env::var("FAULT").unwrap_or_default();
    for seed in first..first + seeds {
        if only.is_empty() || only == "Sound" {
            let found = search(seed, most);
            println!("sound, seed {seed}: {:?} after {} acts, episode {}", found.broken, found.actions, found.episode);
            if found.broken.is_some() {
                println!("{found:?}");
            }
        }
    }
    for fault in
        Fault::ALL.iter().filter(|fault| only.is_empty() || only.split(',').any(|name| format!("{fault:?}") == name))
    {
        for seed in first..first + seeds {
            let start = std::time::Instant::now();
            let found = fault::with(*fault, || search(seed, most));
            let (broken, acts, episode) = (&found.broken, found.actions, found.episode);
            println!("{fault:?}, seed {seed}: {broken:?} after {acts} acts, episode {episode}, {:?}", start.elapsed());
        }
    }
}
