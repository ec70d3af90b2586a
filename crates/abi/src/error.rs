//! Refusals: the status codes of failed instructions.
//!
//! Three sources, one number space:
//! * the rules of the exchange (the model's errors), from [`RULES_FROM`];
//! * the program's checks of its accounts ([`AccountError`]), from [`ACCOUNTS_FROM`];
//! * what the runtime and the framework report by themselves (`ProgramError`), unchanged.

use core::num::NonZeroU64;

use solana_program_error::ProgramError;

/// First number of the model's errors: Anchor's start of custom error numbers.
pub const RULES_FROM: u32 = 6000;
/// First number of the program's own account errors.
pub const ACCOUNTS_FROM: u32 = 6500;

/// Result of everything below the instruction entry.
pub type Outcome<T = ()> = core::result::Result<T, Refusal>;

/// A status code in one register: what `?` carries through an instruction.
///
/// It exists so that model errors, account errors and runtime errors all convert into it by `?` and a
/// `Result<(), Refusal>` is one register: zero is success, as for the runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct Refusal(NonZeroU64);

impl Refusal {
    /// The number as clients see it in a `Custom` error, or the runtime's builtin code above 32 bits.
    pub const fn code(self) -> u64 {
        self.0.get()
    }

    /// A status code; none of the three sources has a zero.
    #[inline(always)]
    const fn of(code: u64) -> Self {
        match NonZeroU64::new(code) {
            Some(code) => Self(code),
            None => Self(NonZeroU64::MAX),
        }
    }
}

impl From<ProgramError> for Refusal {
    #[cold]
    #[inline]
    fn from(error: ProgramError) -> Self {
        Self::of(u64::from(error))
    }
}

impl From<Refusal> for ProgramError {
    // Every refused instruction ends here.
    #[cold]
    #[inline(never)]
    fn from(refusal: Refusal) -> Self {
        match u32::try_from(refusal.code()) {
            Ok(number) => ProgramError::Custom(number),
            Err(_) => ProgramError::from(refusal.code()),
        }
    }
}

macro_rules! account_errors {
    ($( $number:literal $name:ident $text:literal )*) => {
        /// Why an account was refused. Numbers are append-only, counted from [`ACCOUNTS_FROM`].
        // One register wide, as the model's errors.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u64)]
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

            /// What is wrong, and what to do.
            pub const fn message(self) -> &'static str {
                match self { $(AccountError::$name => $text,)* }
            }

            /// The error with this number, counted from [`ACCOUNTS_FROM`]; `None` for an unknown number.
            pub fn from_number(number: u32) -> Option<AccountError> {
                match number { $($number => Some(AccountError::$name),)* _ => None }
            }

            /// The status code of the failed instruction.
            pub const fn code(self) -> u32 {
                ACCOUNTS_FROM + self as u32
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

impl From<kedge_model::Error> for Refusal {
    #[inline(always)]
    fn from(error: kedge_model::Error) -> Self {
        Self::of(u64::from(RULES_FROM + error as u32))
    }
}

impl From<AccountError> for Refusal {
    #[inline(always)]
    fn from(error: AccountError) -> Self {
        Self::of(u64::from(error.code()))
    }
}

impl From<AccountError> for ProgramError {
    #[inline(always)]
    fn from(error: AccountError) -> Self {
        ProgramError::Custom(error.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn account_errors_are_numbered_without_gaps() {
        for (number, error) in (0u32..).zip(AccountError::ALL) {
            assert_eq!((*error as u32, AccountError::from_number(number)), (number, Some(*error)), "{error:?}");
            assert!(error.message().ends_with('.'), "{error:?}: the text is a sentence");
        }
        assert_eq!(AccountError::from_number(AccountError::ALL.len() as u32), None);
    }

    #[test]
    fn the_two_ranges_do_not_meet() {
        assert!(kedge_model::Error::ALL.len() < (ACCOUNTS_FROM - RULES_FROM) as usize);
        let refusal = Refusal::from(kedge_model::Error::StaleRow);
        assert_eq!(ProgramError::from(refusal), ProgramError::Custom(6000 + kedge_model::Error::StaleRow as u32));
    }

    #[test]
    fn builtin_codes_survive_the_round_trip() {
        for error in [
            ProgramError::InvalidSeeds,
            ProgramError::MissingRequiredSignature,
            ProgramError::NotEnoughAccountKeys,
            ProgramError::Custom(0),
            ProgramError::Custom(2040),
        ] {
            let refusal = Refusal::from(error.clone());
            assert_eq!(ProgramError::from(refusal), error);
        }
    }
}
