//! Addresses derived from this program: seeds, and the compiled-in ones with their bumps.

use anchor_lang::Address;

use crate::account::Address32;
use crate::error::AccountError;

/// Seed of the one exchange account, which is also the authority of every vault.
pub const EXCHANGE_SEED: &[u8] = b"exchange";
/// Seed of the one price board.
pub const BOARD_SEED: &[u8] = b"board";
/// Seed of a market, followed by its index (u16, little-endian).
pub const MARKET_SEED: &[u8] = b"market";
/// Seed of a bank, followed by its index (u16, little-endian).
pub const BANK_SEED: &[u8] = b"bank";
/// Seed of a bank's token vault, followed by the bank's index (u16, little-endian).
pub const VAULT_SEED: &[u8] = b"vault";
/// Seed of a trader, followed by the authority.
pub const TRADER_SEED: &[u8] = b"trader";
/// Seed of a sub-account, followed by the authority and the id (u16, little-endian).
pub const SUB_ACCOUNT_SEED: &[u8] = b"sub";
/// Seed of the event authority, as the framework's event convention wants it.
pub const EVENT_AUTHORITY_SEED: &[u8] = b"__event_authority";

macro_rules! sole {
    ($(#[$meta:meta])* $name:ident $base58:literal bump $bump:literal seed $seed:ident refusal $refusal:ident) => {
        $(#[$meta])*
        pub struct $name;

        impl $name {
            /// The canonical bump of the address.
            pub const BUMP: u8 = $bump;
            /// The seeds with the bump: what signs for the address.
            pub const SIGNER: [&'static [u8]; 2] = [$seed, &[$bump]];
        }

        impl Address32 for $name {
            const ADDRESS: Address = Address::from_str_const($base58);
            const BASE58: &'static str = $base58;
            const REFUSAL: AccountError = AccountError::$refusal;
        }
    };
}

sole! {
    /// The exchange account, authority of every vault.
    ExchangeAddress "67k1PfytaZFrhYpQzHdcwu3fUQXRrJPtNGL5aN4mVMe2" bump 255 seed EXCHANGE_SEED refusal AccountWrongAddress
}
sole! {
    /// The price board.
    BoardAddress "AuNwPmxfEu1WEcfoBDGp8EPSjJzKwNDbuEsVqGBto2JQ" bump 253 seed BOARD_SEED refusal AccountWrongAddress
}
sole! {
    /// The signer of the program's event calls to itself.
    EventAuthority "4tShbAaQF2E5RKKTn6SEsRM5ky8mYdrAL4M3GAafKvxx" bump 255 seed EVENT_AUTHORITY_SEED refusal AccountWrongAddress
}

/// This program.
pub struct ThisProgram;

impl Address32 for ThisProgram {
    const ADDRESS: Address = crate::ID;
    const BASE58: &'static str = "KedM2evrTtXqVER2jphMbHg1KPX4d6KzEASdzX42B3t";
    const REFUSAL: AccountError = AccountError::AccountWrongProgram;
}

/// The SPL Token program.
pub struct SplToken;

impl Address32 for SplToken {
    const ADDRESS: Address = Address::from_str_const(Self::BASE58);
    const BASE58: &'static str = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA";
    const REFUSAL: AccountError = AccountError::TokenProgramUnsupported;
}

/// The transaction's instructions, as the runtime shows them.
pub struct InstructionsSysvar;

impl Address32 for InstructionsSysvar {
    const ADDRESS: Address = Address::from_str_const(Self::BASE58);
    const BASE58: &'static str = "Sysvar1nstructions1111111111111111111111111";
    const REFUSAL: AccountError = AccountError::AccountWrongAddress;
}

/// The system program.
pub struct System;

impl Address32 for System {
    const ADDRESS: Address = Address::new_from_array([0; 32]);
    const BASE58: &'static str = "11111111111111111111111111111111";
    const REFUSAL: AccountError = AccountError::AccountWrongProgram;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compiled_in_addresses_are_the_derived_ones() {
        let derive = |seed: &[u8]| Address::find_program_address(&[seed], &crate::ID);
        assert_eq!(derive(EXCHANGE_SEED), (ExchangeAddress::ADDRESS, ExchangeAddress::BUMP));
        assert_eq!(derive(BOARD_SEED), (BoardAddress::ADDRESS, BoardAddress::BUMP));
        assert_eq!(derive(EVENT_AUTHORITY_SEED), (EventAuthority::ADDRESS, EventAuthority::BUMP));
        assert_eq!(ThisProgram::BASE58, crate::ID.to_string());
    }
}
