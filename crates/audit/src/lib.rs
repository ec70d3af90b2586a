//! # kedge-audit: everything recomputed from raw accounts, to the last unit.
//!
//! It believes nobody: neither the engine nor a keeper's copy of the exchange, only the bytes and the model's layouts.
//!
//! A [`Snapshot`] is what one read gives, [`Statement::of`] adds it up, [`Marks`] remembers what can only grow, [`Judge`]
//! decides what counts, and [`Auditor`] reads until it has decided.
//!
//! # One moment
//!
//! A chain does not stand still while it is read, and a sum over accounts of different moments is wrong without anything
//! being broken. So no equation has sides of different moments:
//!
//! * all accounts of the program come in one answer of one bank, at `confirmed` or later, when that bank is complete
//!   (see [`kedge_client::Client::program_accounts_at`]): they fit together whatever happens meanwhile;
//! * vaults belong to the token program and come in a second answer, and in that one each comes with its bank account.
//!   The vault is compared with what the bank says there, and that the bank's deposits are the balances is an equation of
//!   the first answer. Together they say that the tokens cover the balances, and nobody who deposits or withdraws between
//!   the answers can disturb either.
//!
//! What is left is an endpoint that answers wrongly. So a break counts when the next complete read, of a later slot, finds
//! it again: broken sums stay broken, a bad read does not. The amount may differ, for it goes on moving on a live chain.
//! What was found once is told as unconfirmed, and the marks stay those of the last read in which everything held. What
//! cannot be read is an error ([`Unread`]), never a statement.
//!
//! Anybody may send tokens to a vault. What it holds over all claims is shown as donated, cannot be taken out and
//! therefore must never shrink while an auditor watches; with [`Rules::exact_vaults`] it is a break.
#![deny(missing_docs)]

mod alert;
mod auditor;
mod judge;
mod marks;
mod pockets;
mod read;
mod statement;
mod sums;
mod text;

pub use alert::alert;
pub use auditor::Auditor;
pub use judge::{Audited, Judge};
pub use marks::Marks;
pub use read::{Snapshot, Unread, Vault, read};
pub use statement::{Below, Break, Line, Margins, Rules, Statement, Sum, Unit};

#[cfg(test)]
mod tests;
