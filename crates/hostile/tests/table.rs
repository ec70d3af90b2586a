//! The table of lies in the documents is the one that the tests assert.

use kedge_hostile::rpc::{Lie, MEMORY_MB, table};

const DOCUMENT: &str = include_str!("../../../docs/keepers/endpoints.md");

#[test]
fn the_table_of_lies_is_the_one_that_is_tested() {
    assert!(DOCUMENT.contains(&table()), "docs/keepers/endpoints.md must hold this table:\n{}", table());
    assert!(DOCUMENT.contains(&format!("{MEMORY_MB} MB")), "and the limit of {MEMORY_MB} MB");
}

#[test]
fn every_lie_is_listed_once() {
    let listed: std::collections::BTreeSet<Lie> = Lie::ALL.into_iter().collect();
    assert_eq!(listed.len(), Lie::ALL.len());
    assert_eq!(Lie::BadTransaction as usize + 1, Lie::ALL.len(), "the last of the enumeration is the last of the list");
}
