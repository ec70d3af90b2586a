//! Errors between the client and the chain.

use core::fmt;

use kedge_interface::account::DecodeError;
use kedge_interface::error::ProgramError;
use solana_pubkey::Pubkey;
use solana_rpc_client_api::client_error;
use solana_transaction_error::TransactionError;

use crate::outcome::{Expired, Rejected, Unknown};
use crate::row::Row;
use crate::shown::discreet;

/// Why an account was not read.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The endpoint did not answer, or refused the request.
    #[error("the RPC endpoint: {}", discreet(&.0.to_string()))]
    Rpc(Box<client_error::Error>),
    /// The address holds no account.
    #[error("there is no {what} at {address}")]
    Missing {
        /// The kind of account that the caller asked for.
        what: &'static str,
        /// The address that was read.
        address: Pubkey,
    },
    /// The address holds an account of another kind, or of a broken size.
    #[error("account {address}: {error}")]
    Decode {
        /// The address that was read.
        address: Pubkey,
        /// Why the data is not of the expected kind.
        error: DecodeError,
    },
    /// A rule of the model refused the data.
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
    /// Index among the caller's instructions, without those that the sender adds.
    pub instruction: usize,
    /// Name of the instruction; `None` for one of another program.
    pub name: Option<&'static str>,
    /// The program's error.
    pub error: ProgramError,
    /// Rows of the board that are too old, when the error is about their age.
    pub stale: Vec<Row>,
    /// Log of the transaction, in lines.
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

/// Why a transaction did not land, or was not sent.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The program would refuse an instruction. The simulation said so; nothing was sent.
    #[error("{0}")]
    Refused(Box<Refused>),
    /// The transaction would fail outside the program. The simulation said so; nothing was sent.
    #[error("the transaction failed: {error}")]
    Failed {
        /// The runtime's error.
        error: TransactionError,
        /// Log of the simulation, in lines.
        logs: Vec<String>,
    },
    /// The transaction is in a block and failed: it paid its fee and changed nothing else.
    #[error("{0}")]
    Rejected(Box<Rejected>),
    /// The transaction was not included in time and can no longer be.
    #[error("{0}")]
    Expired(Expired),
    /// The transaction was handed over, and its outcome cannot be known.
    #[error("{0}")]
    Unknown(Unknown),
    /// The endpoint's blockhash is implausible, so that nothing was signed with it.
    #[error("the endpoint offers a blockhash that serves up to block {last_valid}, and tells of block {height}")]
    Blockhash {
        /// The last block height at which the blockhash is said to be valid.
        last_valid: u64,
        /// The block height that the same endpoint reports.
        height: u64,
    },
    /// The transaction could not be put together.
    #[error("the transaction cannot be built: {0}")]
    Build(String),
    /// A signature is missing, or a signer refused.
    #[error("signing: {0}")]
    Sign(#[from] solana_signer::SignerError),
    /// The endpoint did not answer, or refused the request.
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
    /// The program's error, when the program refused the transaction.
    pub fn program_error(&self) -> Option<ProgramError> {
        match self {
            Self::Refused(refused) => Some(refused.error),
            Self::Rejected(rejected) => rejected.refused.as_ref().map(|refused| refused.error),
            _ => None,
        }
    }

    /// The rule of the exchange that refused the transaction.
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
