//! What can go wrong between a keeper and its RPC server.

use kedge_interface::account::DecodeError;
use solana_rpc_client_api::client_error::Error as ClientError;

/// Why the world was not read or a transaction not sent.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server.
    #[error("RPC: {0}")]
    Rpc(Box<ClientError>),
    /// An account that must exist does not.
    #[error("the {0} account is missing")]
    Account(&'static str),
    /// An account holds something else.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The transaction could not be put together.
    #[error("transaction: {0}")]
    Transaction(String),
    /// The operating system.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl Error {
    pub(crate) fn rpc(error: ClientError) -> Self {
        Self::Rpc(Box::new(error))
    }
}

/// Result of this crate.
pub type Result<T> = std::result::Result<T, Error>;
