//! The auditor: everything recomputed from raw accounts, to the last unit.
//!
//! A [`Snapshot`] is all accounts of the program and the banks' vaults as of one moment, [`Statement::of`] adds them up,
//! [`Marks`] remembers what can only grow, and [`Auditor`] decides what counts.
//!
//! # One moment
//!
//! A chain does not stand still while it is read, and a sum over accounts of different moments is wrong without anything
//! being broken. So:
//!
//! * all accounts of the program come in one answer of one bank, at `confirmed` or later, when that bank is complete
//!   (see [`kedge_client::Client::program_accounts_at`]): they fit together whatever happens meanwhile;
//! * vaults belong to the token program and come in answers of their own, one before and one after. The three slots must
//!   not run backwards, which they would when a balancer asked different endpoints, and each vault must be byte for byte
//!   the same before and after. Otherwise somebody deposited or withdrew meanwhile, and everything is read again.
//!
//! What is left is an endpoint that answers wrongly, and a vault that was changed and changed back within a read. So a
//! break counts when a second complete read of a later slot finds it again: broken sums stay broken, a bad read does
//! not. A break that is there stays unseen for a look at most if a wrong read hides it just then, because every look
//! starts from the raw accounts again. What cannot be read steadily is an error ([`Unread`]), never a statement.
//!
//! Anybody may send tokens to a vault. What it holds over all claims is shown as donated, cannot be taken out and
//! therefore must never shrink while an auditor watches; with [`Rules::exact_vaults`] it is a break.

mod alert;
mod auditor;
mod marks;
mod read;
mod statement;
mod sums;
mod text;

pub use alert::alert;
pub use auditor::{Audited, Auditor};
pub use marks::Marks;
pub use read::{Snapshot, Unread, read};
pub use statement::{Below, Break, Line, Margins, Rules, Statement};

#[cfg(test)]
mod tests;
