//! What can go wrong between a keeper and the cluster.

use kedge_client::FetchError;
use kedge_interface::account::DecodeError;

/// Why the world was not read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The cluster did not answer, or not with this.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// An account that must exist does not.
    #[error("the {0} account is missing")]
    Missing(&'static str),
    /// An account holds something else.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// An endpoint shows no account of an exchange that owes its users.
    #[error("the endpoint shows no sub-account, though the exchange owes its users")]
    Incredible,
}

/// Result of this crate.
pub type Result<T> = std::result::Result<T, Error>;
