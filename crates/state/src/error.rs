//! Errors of reading the exchange from a cluster.

use kedge_client::FetchError;
use kedge_interface::account::DecodeError;

/// Why the exchange could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The cluster did not answer, or without the account asked for.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// An account that must exist does not.
    #[error("the {0} account is missing")]
    Missing(&'static str),
    /// The bytes of an account are of another kind.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// An endpoint shows no account of an exchange that owes its users.
    #[error("the endpoint shows no sub-account, though the exchange owes its users")]
    Incredible,
}

/// Result of this crate.
pub type Result<T> = std::result::Result<T, Error>;
