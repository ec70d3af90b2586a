//! What can go wrong between here and the chain.

use core::fmt;

use kedge_interface::account::DecodeError;
use kedge_interface::error::ProgramError;
use solana_pubkey::Pubkey;
use solana_rpc_client_api::client_error;
use solana_transaction_error::TransactionError;

use crate::outcome::{Expired, Rejected, Unknown};
use crate::row::Row;
use crate::shown::discreet;

/// An account that could not be read.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The endpoint did not answer, or refused.
    #[error("the RPC endpoint: {}", discreet(&.0.to_string()))]
    Rpc(Box<client_error::Error>),
    /// Nothing is at the address.
    #[error("there is no {what} at {address}")]
    Missing {
        /// What was looked for.
        what: &'static str,
        /// Where.
        address: Pubkey,
    },
    /// Something else is at the address.
    #[error("account {address}: {error}")]
    Decode {
        /// Where.
        address: Pubkey,
        /// Why it was not read.
        error: DecodeError,
    },
    /// A rule of the model refused what was asked of the data.
    #[error("{name}: {message}", name = .0.name(), message = .0.message())]
    Rule(kedge_model::Error),
}

impl From<client_error::Error> for FetchError {
    fn from(error: client_error::Error) -> Self {
        Self::Rpc(Box::new(error))
    }
}

impl From<kedge_model::Error> for FetchError {
    fn from(error: kedge_model::Error) -> Self {
        Self::Rule(error)
    }
}

/// An instruction that the program refused.
#[derive(Clone, Debug)]
pub struct Refused {
    /// Index among the instructions that were handed in.
    pub instruction: usize,
    /// Name of the instruction, when it is one of the exchange.
    pub name: Option<&'static str>,
    /// Why.
    pub error: ProgramError,
    /// Rows of the board that are too old, when that is why.
    pub stale: Vec<Row>,
    /// The transaction's log.
    pub logs: Vec<String>,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} was refused: {}", self.name.unwrap_or("an instruction"), self.error)?;
        for (index, row) in self.stale.iter().enumerate() {
            write!(f, "{} {row}", if index == 0 { " Stale:" } else { "," })?;
        }
        Ok(())
    }
}

/// A transaction that did not land, or was not sent at all.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The program would refuse an instruction: it was tried, and not sent.
    #[error("{0}")]
    Refused(Box<Refused>),
    /// The transaction would fail for a reason outside the program: it was tried, and not sent.
    #[error("the transaction failed: {error}")]
    Failed {
        /// Why.
        error: TransactionError,
        /// Its log.
        logs: Vec<String>,
    },
    /// It is in a block and failed: it paid its fee.
    #[error("{0}")]
    Rejected(Box<Rejected>),
    /// It was not included in time, and cannot be any more.
    #[error("{0}")]
    Expired(Expired),
    /// It was handed over, and nobody can say what became of it.
    #[error("{0}")]
    Unknown(Unknown),
    /// The blockhash that the endpoint offers cannot be signed with: nothing was sent.
    #[error("the endpoint offers a blockhash that serves up to block {last_valid}, and tells of block {height}")]
    Blockhash {
        /// The last block height for which it is said to serve.
        last_valid: u64,
        /// The height of the chain.
        height: u64,
    },
    /// The transaction could not be put together.
    #[error("the transaction cannot be built: {0}")]
    Build(String),
    /// A signature is missing or was refused.
    #[error("signing: {0}")]
    Sign(#[from] solana_signer::SignerError),
    /// The endpoint did not answer, or refused.
    #[error("the RPC endpoint: {}", discreet(&.0.to_string()))]
    Rpc(Box<client_error::Error>),
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.refused {
            Some(refused) => refused.fmt(f),
            None => write!(f, "the transaction failed: {}", self.error),
        }
    }
}

impl fmt::Display for Expired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { signature, last_valid, said, .. } = self;
        write!(f, "{signature} was not included up to block {last_valid} and cannot be any more")?;
        said.as_ref().map_or(Ok(()), |said| write!(f, "; it was said: {said}"))
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { signature, reason, .. } = self;
        write!(f, "{reason}; whether {signature} has landed is not known: look at it before you try again")
    }
}

impl SendError {
    /// The program's error, when it was the program that refused.
    pub fn program_error(&self) -> Option<ProgramError> {
        match self {
            Self::Refused(refused) => Some(refused.error),
            Self::Rejected(rejected) => rejected.refused.as_ref().map(|refused| refused.error),
            _ => None,
        }
    }

    /// The rule of the exchange that refused.
    pub fn rule(&self) -> Option<kedge_model::Error> {
        match self.program_error() {
            Some(ProgramError::Rule(rule)) => Some(rule),
            _ => None,
        }
    }
}

impl From<client_error::Error> for SendError {
    fn from(error: client_error::Error) -> Self {
        Self::Rpc(Box::new(error))
    }
}

impl From<FetchError> for SendError {
    fn from(error: FetchError) -> Self {
        match error {
            FetchError::Rpc(error) => Self::Rpc(error),
            other => Self::Build(other.to_string()),
        }
    }
}
