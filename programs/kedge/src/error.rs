//! Refusals: the status codes that an instruction ends with. Their numbers are the clients' too.

pub use kedge_abi::error::{ACCOUNTS_FROM, AccountError, Outcome, RULES_FROM, Refusal};
