//! # kedge-bank-tests: the built program on the bank of a validator
//!
//! What LiteSVM does not have: slots that follow one another, epochs, rent of whole transactions, lookup tables that
//! warm up, two transactions in one block, programs that are upgraded. The state comes from
//! [`kedge_tests::World`], where the same program made it; [`Chain`] puts it on the bank, runs transactions there and
//! reads everything back, so that the world's decoding and its instructions keep working.
//!
//! * [`chain`]: the bank, its clock, transactions.
//! * [`program`]: programs as the upgradeable loader stores them, and their upgrade.
//! * [`person`]: users who can sign.

pub mod chain;
pub mod person;
pub mod program;

pub use chain::{Chain, world};
pub use person::Person;
