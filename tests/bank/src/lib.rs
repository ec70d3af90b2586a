//! # kedge-bank-tests: the built program on the bank of a validator
//!
//! The bank has what LiteSVM lacks: slots that follow one another, epochs, rent of whole transactions, lookup tables
//! that warm up, two transactions in one block, and program upgrades. The state comes from [`kedge_tests::World`],
//! where the same program made it; [`Chain`] puts it on the bank, runs transactions there and reads everything back, so
//! that the world's decoding and instructions keep working.
//!
//! * [`chain`]: the bank, its clock, transactions.
//! * [`program`]: programs as the upgradeable loader stores them, and their upgrade.
//! * [`person`]: users with keypairs.

pub mod chain;
pub mod person;
pub mod program;

pub use chain::{Chain, world};
pub use person::Person;
