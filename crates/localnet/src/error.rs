use solana_pubkey::Pubkey;

/// What can go wrong with an embedded chain.
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
        /// The account that was to be written.
        address: Pubkey,
        /// The chain's words.
        reason: String,
    },
    /// A token account was asked for a mint that does not exist or is not a mint.
    #[error("{0} is not an SPL Token mint on this chain: create it with `create_mint`")]
    NotAMint(Pubkey),
    /// A balance would leave the range of u64.
    #[error("the balance of {0} would overflow")]
    Overflow(Pubkey),
}

/// The result of a call to the embedded chain.
pub type Result<T> = std::result::Result<T, Error>;
