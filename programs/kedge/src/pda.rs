//! Addresses derived from this program: seeds, and the compiled-in ones with their bumps.

use anchor_lang::Address;
use kedge_abi::address::{self, base58};

pub use kedge_abi::address::{
    BACKSTOP_AUTHORITY, BANK_SEED, BOARD_SEED, EVENT_AUTHORITY_SEED, EXCHANGE_SEED, MARKET_SEED, SUB_ACCOUNT_SEED,
    TRADER_SEED, VAULT_SEED,
};

use crate::account::Address32;
use crate::error::AccountError;

/// The seeds of the exchange account with its bump: what signs for the vaults.
pub const EXCHANGE_SIGNER: [&[u8]; 2] = [EXCHANGE_SEED, &[address::EXCHANGE_BUMP]];
/// The seeds of the event authority with its bump: what signs the program's calls to itself.
pub const EVENT_SIGNER: [&[u8]; 2] = [EVENT_AUTHORITY_SEED, &[address::EVENT_AUTHORITY_BUMP]];

macro_rules! sole {
    ($( $(#[$meta:meta])* $name:ident is $at:ident or $refusal:ident )*) => { $(
        $(#[$meta])*
        pub struct $name;

        impl Address32 for $name {
            const ADDRESS: Address = address::$at;
            const BASE58: &'static str = base58::$at;
            const REFUSAL: AccountError = AccountError::$refusal;
        }
    )* };
}

sole! {
    /// The exchange account, authority of every vault.
    ExchangeAddress is EXCHANGE or AccountWrongAddress
    /// The price board.
    BoardAddress is BOARD or AccountWrongAddress
    /// The backstop vault's sub-account.
    BackstopAddress is BACKSTOP or AccountWrongAddress
    /// The signer of the program's event calls to itself.
    EventAuthority is EVENT_AUTHORITY or AccountWrongAddress
    /// This program.
    ThisProgram is PROGRAM_ID or AccountWrongProgram
    /// The SPL Token program.
    SplToken is TOKEN_PROGRAM or TokenProgramUnsupported
    /// The transaction's instructions, as the runtime shows them.
    InstructionsSysvar is INSTRUCTIONS_SYSVAR or AccountWrongAddress
    /// The system program.
    System is SYSTEM_PROGRAM or AccountWrongProgram
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_declared_program_is_the_one_that_clients_call() {
        assert_eq!(crate::ID, kedge_abi::address::PROGRAM_ID);
    }
}
