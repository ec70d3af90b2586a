//! Instructions of everybody on the engine: the sessions of `kedge-tests` with choices that the fuzzer makes. Two bytes are
//! a choice: who, what, how much, how long. After every instruction all books balance; a broken rule is a crash.

#![no_main]

use std::cell::RefCell;

use kedge_fuzz::count;
use kedge_tests::World;
use kedge_tests::random::Random;
use kedge_tests::session::{MARKETS, Session, Tally};
use libfuzzer_sys::fuzz_target;

/// Seed of who is on board at the start.
const SEED: u64 = 1;

thread_local! {
    static TALLY: RefCell<Tally> = RefCell::new(Tally::default());
    static START: Session = Session::open(World::on_engine(MARKETS), Random::new(SEED));
}

fuzz_target!(|data: &[u8]| {
    let mut session = START.with(Session::clone).with(Random::of_bytes(data));
    while session.goes_on() {
        session.turn();
    }
    let tally = std::mem::take(&mut session.tally);
    let length = tally.done.values().chain(tally.refused.values()).sum();
    TALLY.with_borrow_mut(|total| total.add(tally));
    count(length, || TALLY.with_borrow(|tally| format!("{tally:#?}")));
});
