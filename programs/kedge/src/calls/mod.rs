//! Calls to other programs, and to this one for its events.
//!
//! All of them go through the unchecked fixed-size invoke: no heap, no borrow bookkeeping. It is sound because
//! typed accounts of this program are never among the accounts that a callee may write.

pub mod events;
pub mod signature;
pub mod token;
