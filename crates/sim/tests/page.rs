//! docs/parameters.md is what its generator writes, as far as a small run says.

use kedge_sim::Simulation;
use kedge_sim::cases::{cases, run};
use kedge_sim::page::{FULL, SMALL, page};
use kedge_sim::prices::Scenario;

/// A page without what stands on a run of the full size.
fn without_full(page: &str) -> String {
    let (before, rest) = page.split_once(FULL[0]).expect("the full part begins");
    let (_, after) = rest.split_once(FULL[1]).expect("the full part ends");
    format!("{before}{after}")
}

#[test]
fn the_page_is_what_its_generator_writes() {
    let simulation = Simulation::new(Scenario::Crash, SMALL, 1, &|_| {}).unwrap();
    let rows = run(&simulation, &cases(true), 2, &mut |_, _| {}).unwrap();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/parameters.md");
    let written = std::fs::read_to_string(file).expect("docs/parameters.md is there");
    assert!(
        without_full(&written) == without_full(&page(&rows, &rows)),
        "docs/parameters.md is not what its generator writes: run `make sim ARGS=--write`"
    );
}
