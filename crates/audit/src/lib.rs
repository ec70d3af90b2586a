//! # kedge-audit: everything recomputed from raw accounts, to the last unit.
//!
//! The auditor trusts only the bytes and the model's layouts, neither the engine nor a keeper's copy of the exchange.
//!
//! A [`Snapshot`] is the result of one read, [`Statement::of`] adds it up, [`Marks`] holds the counters that only grow,
//! [`Judge`] decides which breaks count, and [`Auditor`] reads until the judge has decided.
//!
//! # One moment
//!
//! A chain changes while it is read, and a sum over accounts of different moments is wrong although nothing is broken.
//! So no equation has sides of different moments:
//!
//! * all accounts of the program come in one answer of one bank, at `confirmed` or later, when that bank is complete
//!   (see `kedge_client::Client::program_accounts_at`): they fit together whatever happens meanwhile;
//! * vaults belong to the token program and come in a second answer, each with its bank account. The vault is compared
//!   with the bank of the same answer, and the bank's deposits with the balances of the first answer. Together the two
//!   equations say that the tokens cover the balances, and a deposit or withdrawal between the answers disturbs
//!   neither.
//!
//! An endpoint can still answer wrongly. So a break counts when the next complete read, of a later slot, finds it
//! again: broken sums stay broken, a bad read does not. The amount may differ, for it goes on moving on a live chain. A
//! break of one read is reported as unconfirmed, and the marks stay those of the last read in which everything held. A
//! failed read is an error ([`Unread`]), never a statement.
//!
//! [`solvency`] commits to what everybody holds, in statements that are signed and chained.
//!
//! Without the feature `read` the crate adds up snapshots that its caller has, and needs no client.
//!
//! Any account may send tokens to a vault. Tokens beyond all claims are shown as donated. No instruction takes them
//! out, so they must never shrink while an auditor watches; with [`Rules::exact_vaults`] they are a break.
#![deny(missing_docs)]

#[cfg(feature = "read")]
mod alert;
#[cfg(feature = "read")]
mod auditor;
mod judge;
mod marks;
mod names;
mod pockets;
#[cfg(feature = "read")]
mod read;
mod snapshot;
pub mod solvency;
mod statement;
mod sums;
mod text;

#[cfg(feature = "read")]
pub use alert::alert;
#[cfg(feature = "read")]
pub use auditor::Auditor;
pub use judge::{Audited, Judge};
pub use marks::Marks;
#[cfg(feature = "read")]
pub use read::{Unread, read};
pub use snapshot::{Snapshot, Vault};
pub use statement::{Below, Break, Line, Margins, Rules, Statement, Sum, Unit};

#[cfg(all(test, feature = "read"))]
mod tests;
