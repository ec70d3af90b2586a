//! What went wrong, and the exit code that says so.

use kedge_client::{FetchError, SendError};
use serde_json::json;

use crate::decimal::DecimalError;

/// Result of a command.
pub type Result<T> = core::result::Result<T, CliError>;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// What was typed does not make sense.
    #[error("{0}")]
    Usage(String),
    /// What was named does not exist.
    #[error("{0}")]
    NotFound(String),
    /// A number.
    #[error(transparent)]
    Decimal(#[from] DecimalError),
    /// Data from the cluster.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// A transaction.
    #[error(transparent)]
    Send(#[from] SendError),
    /// A rule of the model, asked here.
    #[error("{name}: {message}", name = .0.name(), message = .0.message())]
    Rule(kedge_model::Error),
}

impl From<kedge_model::Error> for CliError {
    fn from(error: kedge_model::Error) -> Self {
        Self::Rule(error)
    }
}

impl CliError {
    /// The process's exit code; the list stands in `kedge --help`.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) | Self::Decimal(_) => 2,
            Self::Send(SendError::Refused(_)) | Self::Rule(_) => 3,
            Self::Send(SendError::Expired { .. }) => 4,
            Self::NotFound(_) | Self::Fetch(FetchError::Missing { .. }) => 5,
            Self::Fetch(_) | Self::Send(_) => 1,
        }
    }

    /// Prints the error to standard error.
    pub fn print(&self, json: bool) {
        if json {
            eprintln!("{:#}", self.json());
            return;
        }
        eprintln!("error: {self}");
        match self {
            Self::Send(SendError::Refused(refused)) if !refused.stale.is_empty() => {
                eprintln!(
                    "hint: `kedge prices --refresh` refreshes them; if it does not help, the oracle accounts are old too"
                );
            }
            Self::Send(SendError::Failed { logs, .. }) => {
                for line in logs.iter().rev().take(8).rev() {
                    eprintln!("  {line}");
                }
            }
            _ => {}
        }
    }

    fn json(&self) -> serde_json::Value {
        let mut error = json!({ "message": self.to_string(), "exit_code": self.exit_code() });
        match self {
            Self::Send(SendError::Refused(refused)) => {
                error["instruction"] = json!(refused.name);
                error["code"] = json!(refused.error.code());
                error["name"] = json!(refused.error.name());
                error["stale_rows"] = refused.stale.iter().map(ToString::to_string).collect();
            }
            Self::Rule(rule) => error["name"] = json!(rule.name()),
            _ => {}
        }
        json!({ "error": error })
    }
}
