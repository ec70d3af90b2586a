//! Action sequences on a whole exchange (several markets, users, makers, keepers, liquidators, defaults), chosen by
//! the fuzzer's bytes. After every action all that must hold is checked; a broken rule is a crash.
//!
//! Every 16 bytes seed the generators of the random tests for one action, so both reach the same actions; here the
//! fuzzer keeps the sequences that reach new code and builds on them. With `KEDGE_FUZZ_ACTIONS` it ends by itself after so
//! many actions and says which of them went through how often.

#![no_main]

use std::cell::RefCell;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use libfuzzer_sys::fuzz_target;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

#[path = "../../crates/model/tests/common/mod.rs"]
mod common;

use common::ops::{ACCOUNTS, Tally, WHALE, op, step};
use common::{DOLLAR, World};

unsafe extern "C" {
    fn _exit(code: i32) -> !;
}

/// Bytes of an action: a seed of its generators. What the fuzzer cuts out, doubles or moves are whole actions.
const SEED: usize = 16;
/// Most actions of one sequence.
const LONGEST: usize = 300;

static ACTIONS: AtomicU64 = AtomicU64::new(0);
static WANTED: OnceLock<u64> = OnceLock::new();

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
    let before = ACTIONS.fetch_add(length, Ordering::Relaxed);
    let done = before + length;
    if before / 1_000_000 != done / 1_000_000 {
        eprintln!("{} million actions", done / 1_000_000);
    }
    let wanted = *WANTED.get_or_init(|| {
        let wanted = std::env::var("KEDGE_FUZZ_ACTIONS").map_or(Ok(u64::MAX), |text| text.parse());
        wanted.expect("KEDGE_FUZZ_ACTIONS is a number of actions")
    });
    if done >= wanted {
        TALLY.with_borrow(|tally| eprintln!("{done} actions, every rule held after each\n{tally:#?}"));
        // The fuzzer takes an ordinary exit for a crash.
        // SAFETY: ends the process at once; nothing of it is used afterwards.
        unsafe { _exit(0) };
    }
});
