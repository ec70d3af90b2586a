//! Thousands of random transactions, on the real bytecode and on the engine alone.

use std::collections::BTreeMap;

use kedge_interface::instruction;
use kedge_tests::World;
use kedge_tests::machine::SLOT_LENGTHS;
use kedge_tests::random::Random;
use kedge_tests::session::{MARKETS, Session, Tally};

/// Instructions that a session begins with and does not repeat, which `tests/admin.rs` compares, and those that only go
/// through once every market is delisted, which `tests/exits.rs` compares.
const ONCE: [&str; 2] = ["initialize", "pay_treasury"];

/// A session of so many turns, in which one market ends.
fn session(mut world: World, seed: u64, turns: u64) -> Tally {
    let length = usize::try_from(seed).expect("a small seed") % SLOT_LENGTHS.len();
    let slot_ms = SLOT_LENGTHS[length];
    world.machine.slot_ms = slot_ms;
    let mut session = Session::open(world, Random::new(seed));
    for turn in 1..=turns {
        session.turn();
        if turn == turns * 9 / 10 {
            session.end_market(u16::try_from(seed).expect("a small seed") % MARKETS);
        }
    }
    let believed = session.world.board().slot_time().0;
    assert!(believed.abs_diff(slot_ms * 1_000) <= slot_ms * 100, "slots of {slot_ms} ms are taken for {believed} us");
    session.tally
}

/// Every instruction went through: a generator that no longer reaches something would prove nothing about it.
fn reaches_everything(total: &Tally) {
    println!("{:#?}\n{:#?}", total.done, total.refused);
    for name in instruction::ALL.iter().map(|spec| spec.name).filter(|name| !ONCE.contains(name)) {
        assert!(total.done.get(name).is_some_and(|count| *count > 0), "{name} never went through");
    }
}

/// On the built program every account is byte for byte what the engine makes of it, every record and refusal too. Two
/// sessions at each length of a slot: no rule is counted in slots, so every instruction goes through at every length.
#[test]
fn random_sessions_keep_the_books_and_agree_with_the_model() {
    let mut total = Tally::default();
    for seed in 1..=10 {
        total.add(session(World::with_markets(MARKETS), seed, 2_000));
    }
    reaches_everything(&total);
}

/// The engine alone, on other seeds.
#[test]
fn longer_sessions_keep_the_books_on_the_engine() {
    let mut total = Tally::default();
    for seed in 11..=30 {
        total.add(session(World::on_engine(MARKETS), seed, 3_000));
    }
    reaches_everything(&total);
}

/// The same choices lead to the same outcomes on both: nothing in a session depends on what it runs on. (An account that
/// is there twice is refused by the framework there, by a rule here.)
#[test]
fn a_session_is_the_same_on_both() {
    let on = |world: World| {
        let tally = session(world, 31, 400);
        let mut refused = BTreeMap::<String, u64>::new();
        for (what, count) in tally.refused {
            let name = what.split(' ').next().unwrap_or_default().to_owned();
            *refused.entry(name).or_default() += count;
        }
        (tally.done, refused)
    };
    assert_eq!(on(World::with_markets(MARKETS)), on(World::on_engine(MARKETS)));
}
