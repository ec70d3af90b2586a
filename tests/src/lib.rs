//! # kedge-tests: the built program on a virtual machine
//!
//! [`World`] is an exchange on LiteSVM with the program as deployed: real accounts, the real token program, real
//! compute units. After every transaction all accounts of the program are read back and conservation is checked
//! ([`conservation`]).
//!
//! * [`agreement`]: instructions compared, byte for byte and record for record, with the engine.
//! * [`chain`]: what a machine runs on: the built program in LiteSVM, or the engine.
//! * [`machine`]: sending transactions, reading accounts, the clock.
//! * [`world`]: the exchange with its mints, oracles, markets and users.
//! * [`verbs`]: actions of users, keepers and the admin, one method each.
//! * [`orders`]: constructors of order parameters.
//! * [`scenes`]: for each instruction a situation in which it succeeds, and the accounts that do not belong there.
//! * [`attacks`]: every account of every instruction replaced by one that does not belong there.
//! * [`bench`]: compute units of every instruction.

pub mod agreement;
#[cfg(feature = "svm")]
pub mod attacks;
#[cfg(feature = "svm")]
pub mod bench;
pub mod chain;
pub mod conditional;
pub mod conservation;
pub mod lifecycle;
pub mod machine;
pub mod market;
pub mod oracle;
pub mod orders;
#[cfg(feature = "profile")]
pub mod profile;
pub mod random;
#[cfg(feature = "svm")]
pub mod scenes;
pub mod session;
pub mod signed;
pub mod token;
pub mod verbs;
pub mod world;

pub use machine::{Done, Machine, Refusal, Refused};
pub use world::{User, World};
