use solana_pubkey::Pubkey;

/// Errors of an embedded chain.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No pair of free ports was found, or a thread or runtime could not be created.
    #[error("the operating system refused: {0}")]
    Io(#[from] std::io::Error),
    /// The chain did not come up.
    #[error("the local chain did not start: {0}")]
    Start(String),
    /// The configuration cannot work.
    #[error("invalid configuration: {0}")]
    Config(&'static str),
    /// An account was refused, for example an executable that does not pass the verifier.
    #[error("account {address} was refused: {reason}")]
    Account {
        /// Address of the refused account.
        address: Pubkey,
        /// Message of the chain.
        reason: String,
    },
    /// The address of a mint holds no SPL Token mint.
    #[error("{0} is not an SPL Token mint on this chain: create it with `create_mint`")]
    NotAMint(Pubkey),
    /// A balance would leave the range of u64.
    #[error("the balance of {0} would overflow")]
    Overflow(Pubkey),
}

/// The result of a call to the embedded chain.
pub type Result<T> = std::result::Result<T, Error>;
