//! Names and remedies of the status codes of failed instructions.

pub use kedge_abi::error::{ACCOUNTS_FROM, AccountError, RULES_FROM};

/// A custom error number of the program, classified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProgramError {
    /// A rule of the exchange refused the instruction.
    Rule(kedge_model::Error),
    /// The program refused one of the accounts.
    Account(AccountError),
    /// The framework, or a called program, refused.
    Framework(&'static FrameworkError),
    /// This version does not know the number.
    Unknown(u32),
}

impl ProgramError {
    /// Classifies a custom error number.
    pub fn from_code(code: u32) -> Self {
        let rule = code.checked_sub(RULES_FROM).and_then(kedge_model::Error::from_number);
        let account = code.checked_sub(ACCOUNTS_FROM).and_then(AccountError::from_number);
        match (account, rule, FRAMEWORK.iter().find(|error| error.code == code)) {
            (Some(account), _, _) => Self::Account(account),
            (_, Some(rule), _) => Self::Rule(rule),
            (_, _, Some(error)) => Self::Framework(error),
            _ => Self::Unknown(code),
        }
    }

    /// The custom error number.
    pub const fn code(self) -> u32 {
        match self {
            Self::Rule(error) => RULES_FROM + error as u32,
            Self::Account(error) => error.code(),
            Self::Framework(error) => error.code,
            Self::Unknown(code) => code,
        }
    }

    /// Name as in the IDL.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rule(error) => error.name(),
            Self::Account(error) => error.name(),
            Self::Framework(error) => error.name,
            Self::Unknown(_) => "Unknown",
        }
    }

    /// What is wrong, and what to do.
    pub const fn message(self) -> &'static str {
        match self {
            Self::Rule(error) => error.message(),
            Self::Account(error) => error.message(),
            Self::Framework(error) => error.message,
            Self::Unknown(_) => "The program is newer than this client; update the client.",
        }
    }
}

impl core::fmt::Display for ProgramError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} ({}): {}", self.name(), self.code(), self.message())
    }
}

impl core::error::Error for ProgramError {}

/// A refusal of the framework or of a called program that this program's instructions can end with.
#[derive(Debug, PartialEq, Eq)]
pub struct FrameworkError {
    /// Custom error number.
    pub code: u32,
    /// Name of the error at its source.
    pub name: &'static str,
    /// What is wrong, and what to do.
    pub message: &'static str,
}

const FRAMEWORK: &[FrameworkError] = &[
    // The SPL Token program and the system program share these numbers.
    FrameworkError {
        code: 1,
        name: "InsufficientFunds",
        message: "The account that pays holds fewer tokens or lamports than the instruction moves out of it.",
    },
    FrameworkError {
        code: 2000,
        name: "ConstraintMut",
        message: "An account that the instruction writes was not passed as writable.",
    },
    FrameworkError {
        code: 2040,
        name: "ConstraintDuplicateMutableAccount",
        message: "The same account was passed twice where one of them is written; pass each account once.",
    },
];
