//! Attackers who are told nothing: one person with several wallets, who chooses when to trade, when to refresh a row and
//! which accounts to bring, among honest people at true prices that the exchange learns from its sources alone.
//!
//! No set of wallets of one person ends richer than its trades at true prices explain; a row comes back; who is below
//! maintenance is taken over; nobody gets what he did not ask for. With a mended fault put back the same search finds a
//! rule broken, and prints how many acts that took.

#[path = "../common/mod.rs"]
mod common;

mod chance;
mod person;
mod rules;
mod scene;
mod search;
mod truth;

use kedge_model::fault::{self, Fault};
use rules::Broken;
use search::search;

/// Acts of the search without a fault.
const SOUND: u64 = 150_000;
/// Acts within which a fault must be found.
const FOUND: u64 = 1_500_000;

#[test]
fn without_a_fault_no_rule_breaks() {
    for seed in 1..=3 {
        let found = search(seed, SOUND / 3);
        assert_eq!(found.broken, None, "seed {seed}, episode {}, after {} acts", found.episode, found.actions);
        println!("seed {seed}: {} acts in {} episodes, every rule held", found.actions, found.episode);
    }
}

/// Each fault put back alone, from the same seeds.
fn finds(fault: Fault, wanted: impl Fn(&Broken) -> bool) {
    let found = fault::with(fault, || search(1, FOUND));
    println!("{fault:?}: {:?} after {} acts, in episode {}", found.broken, found.actions, found.episode);
    assert!(found.broken.as_ref().is_some_and(wanted), "{fault:?}: {found:?}");
}

/// What breaks with each fault put back, over many seeds.
#[test]
fn survey() {
    for seed in 1..=4 {
        println!("no fault, seed {seed}: {:?}", search(seed, 200_000));
    }
    for fault in Fault::ALL {
        for seed in 1..=3 {
            let found = fault::with(*fault, || search(seed, 100_000));
            println!(
                "{fault:?} seed {seed}: {:?} after {} acts, episode {}",
                found.broken, found.actions, found.episode
            );
        }
    }
}

#[test]
fn look() {
    println!("{:?}", search(1, 100_000));
}
