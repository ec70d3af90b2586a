//! The way out, by exhaustive search: from every state that some moves lead to, all tokens leave within 48 hours.

mod common;
#[path = "exits/search.rs"]
mod search;

use search::{Scene, search};

/// Moves deep; `KEDGE_EXIT_DEPTH` for another number.
fn depth() -> usize {
    std::env::var("KEDGE_EXIT_DEPTH").ok().and_then(|depth| depth.parse().ok()).unwrap_or(3)
}

#[test]
fn no_state_is_a_funded_dead_end() {
    let found = search(Scene::new(), depth(), 5);
    println!("{} states, {} moves, no way out of {}", found.states, found.moves, found.dead_ends.len());
    assert!(found.dead_ends.is_empty(), "{:#?}", found.dead_ends);
    assert!(found.states > 500, "{}", found.states);
}
