//! Action sequences on a whole exchange (several markets, users, makers, keepers, liquidators, defaults), chosen by
//! the fuzzer's bytes. After every action all that must hold is checked; a broken rule is a crash.
//!
//! Every 16 bytes seed the generators of the random tests for one action, so both reach the same actions; here the
//! fuzzer keeps the sequences that reach new code and builds on them. With `KEDGE_FUZZ_ACTIONS` it ends by itself after so
//! many actions and says which of them went through how often.

#![no_main]

use std::cell::RefCell;

use kedge_fuzz::count;
use libfuzzer_sys::fuzz_target;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

#[path = "../../crates/model/tests/common/mod.rs"]
mod common;

use common::ops::{ACCOUNTS, Tally, WHALE, op, step};
use common::{DOLLAR, World};

/// Bytes of an action: a seed of its generators. What the fuzzer cuts out, doubles or moves are whole actions.
const SEED: usize = 16;
/// Most actions of one sequence.
const LONGEST: usize = 300;

thread_local! {
    static TALLY: RefCell<Tally> = RefCell::new(Tally::default());
    static START: World = {
        let mut world = World::funded(ACCOUNTS + 1, 12_000);
        world.deposit(WHALE, 0, 10_000_000 * DOLLAR).expect("the deposit arrives");
        world
    };
}

fuzz_target!(|data: &[u8]| {
    let generator = op();
    let mut world = START.with(World::clone);
    let mut length = 0u64;
    TALLY.with_borrow_mut(|tally| {
        for seed in data.chunks_exact(SEED).take(LONGEST) {
            let mut runner =
                TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::XorShift, seed));
            length += 1;
            let Ok(action) = generator.new_tree(&mut runner) else { return };
            step(&mut world, &action.current(), tally);
        }
    });
    count(length, || TALLY.with_borrow(|tally| format!("{tally:#?}")));
});
