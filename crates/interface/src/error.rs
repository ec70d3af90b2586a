//! Numbers of failed instructions as names and as what to do.

/// First number of the model's errors.
pub const RULES_FROM: u32 = 6000;
/// First number of the program's account errors.
pub const ACCOUNTS_FROM: u32 = 6500;

/// A custom error number of the program, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProgramError {
    /// A rule of the exchange.
    Rule(kedge_model::Error),
    /// An account that was handed in.
    Account(AccountError),
    /// A check of the framework.
    Framework(&'static FrameworkError),
    /// A number that this version does not know.
    Unknown(u32),
}

impl ProgramError {
    /// Reads a custom error number.
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

    /// The number.
    pub const fn code(self) -> u32 {
        match self {
            Self::Rule(error) => RULES_FROM + error as u32,
            Self::Account(error) => ACCOUNTS_FROM + error as u32,
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

    /// What happened and what to do.
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

/// A check of the framework that instructions of the program can fail.
#[derive(Debug, PartialEq, Eq)]
pub struct FrameworkError {
    /// Number.
    pub code: u32,
    /// Name.
    pub name: &'static str,
    /// What happened and what to do.
    pub message: &'static str,
}

const FRAMEWORK: &[FrameworkError] = &[
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

macro_rules! account_errors {
    ($( $number:literal $name:ident $text:literal )*) => {
        /// Why an account that was handed in was refused. Numbers are append-only.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u32)]
        pub enum AccountError {
            $( #[doc = $text] $name = $number, )*
        }

        impl AccountError {
            /// All errors in the order of their numbers.
            pub const ALL: &'static [AccountError] = &[$(AccountError::$name),*];

            /// Name as in the IDL.
            pub const fn name(self) -> &'static str {
                match self { $(AccountError::$name => stringify!($name),)* }
            }

            /// What happened and what to do.
            pub const fn message(self) -> &'static str {
                match self { $(AccountError::$name => $text,)* }
            }

            /// The error with this number, if there is one.
            pub fn from_number(number: u32) -> Option<AccountError> {
                match number { $($number => Some(AccountError::$name),)* _ => None }
            }
        }
    };
}

account_errors! {
    0 AccountWrongOwner "The account is owned by another program or was not created yet; check the address."
    1 AccountWrongType "The account belongs to this program but is of another kind; check the order of the accounts."
    2 AccountWrongSize "The account's size does not fit its kind; run the migration or finish growing it first."
    3 AccountNotWritable "The account must be passed as writable."
    4 AccountNotSigner "The account must sign the transaction."
    5 AccountWrongAddress "The account is not at its derived address; derive it from the documented seeds."
    6 AccountAlreadyExists "The account exists already."
    7 AccountDuplicate "The same account was passed twice; each maker may appear once and never as the taker."
    8 AccountWrongProgram "The program account is not the one that the instruction names."
    9 AccountWrongMint "The mint is not the bank's mint."
    10 AccountWrongVault "The token account is not the bank's vault."
    11 TokenProgramUnsupported "Only mints of the SPL Token program can be listed; Token-2022 mints are refused."
    12 TooManyAccounts "More trailing accounts were passed than the instruction takes."
    13 GrowthStepTooLarge "An account grows by at most 10,240 bytes in one instruction; repeat the step."
    14 OracleWrongOwner "The oracle account is not owned by an accepted oracle program."
    15 OracleWrongType "The oracle account is not a price account of the source's kind, or its bytes are damaged."
    16 OracleWrongFeed "The oracle account holds another feed than the row's source names."
    17 OracleVerificationTooWeak "The price update carries fewer signatures than the row asks for; post a fully verified update."
    18 OracleNotTrading "The feed's status is not Trading: the price is frozen; wait or use another source."
    19 OraclePriceNotPositive "The oracle's price is zero or negative."
    20 OraclePriceOutOfRange "The oracle's price or exponent does not fit a price at 1e6."
    21 OracleTooFewSamples "Fewer oracles stand behind the feed's value than the feed or the row asks for; update the feed."
    22 OracleSamplesTooOld "The samples behind the feed's value were signed too long ago; update the feed with new ones."
    23 OracleNotIndependent "The feed's authority may write its value without any oracle: it is no price source."
}
