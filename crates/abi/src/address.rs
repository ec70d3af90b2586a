//! Program id, compiled-in addresses with their bumps, seeds of the other addresses, and ids of foreign programs.

use solana_address::Address;

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
/// Seed of the backstop vault's authority, an address that no account or key has.
pub const BACKSTOP_SEED: &[u8] = b"backstop";
/// Seed of the event authority: the framework's convention for events.
pub const EVENT_AUTHORITY_SEED: &[u8] = b"__event_authority";

/// Canonical bump of [`EXCHANGE`].
pub const EXCHANGE_BUMP: u8 = 255;
/// Canonical bump of [`BOARD`].
pub const BOARD_BUMP: u8 = 253;
/// Canonical bump of [`EVENT_AUTHORITY`].
pub const EVENT_AUTHORITY_BUMP: u8 = 255;

macro_rules! addresses {
    ($( $(#[$doc:meta])* $name:ident $text:literal )*) => {
        $( $(#[$doc])* pub const $name: Address = Address::from_str_const($text); )*

        /// The same addresses in base58.
        pub mod base58 {
            $( $(#[$doc])* pub const $name: &str = $text; )*
        }
    };
}

addresses! {
    /// The exchange program.
    PROGRAM_ID "KedM2evrTtXqVER2jphMbHg1KPX4d6KzEASdzX42B3t"
    /// The exchange account, authority of every vault: seed `exchange`.
    EXCHANGE "67k1PfytaZFrhYpQzHdcwu3fUQXRrJPtNGL5aN4mVMe2"
    /// The price board: seed `board`.
    BOARD "AuNwPmxfEu1WEcfoBDGp8EPSjJzKwNDbuEsVqGBto2JQ"
    /// The signer of the program's event calls to itself: seed `__event_authority`.
    EVENT_AUTHORITY "4tShbAaQF2E5RKKTn6SEsRM5ky8mYdrAL4M3GAafKvxx"
    /// Authority of the backstop vault's sub-account: seed `backstop`.
    BACKSTOP_AUTHORITY "ryzkGkZVeU8khK29GL3FPBWPXuP6fBjtiJEe4de3MS6"
    /// The backstop vault's sub-account: number 0 of its authority.
    BACKSTOP "7Emh2cHDeMkXmz6hA9CM3NBmn3FQdBzXYArjgwM6vMrj"
    /// The sysvar that holds the transaction's instructions.
    INSTRUCTIONS_SYSVAR "Sysvar1nstructions1111111111111111111111111"
    /// The ed25519 program: the runtime verifies its instructions before the transaction runs.
    ED25519_PROGRAM "Ed25519SigVerify111111111111111111111111111"
    /// The system program.
    SYSTEM_PROGRAM "11111111111111111111111111111111"
    /// The SPL Token program.
    TOKEN_PROGRAM "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"
    /// The associated token account program.
    ASSOCIATED_TOKEN_PROGRAM "ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL"
}

/// Pyth's programs: a push oracle keeps one `PriceUpdateV2` account a feed current, a receiver owns it.
pub mod pyth {
    use solana_address::Address;

    /// Push oracle since the upgrade of 18 August 2026.
    pub const PUSH_ORACLE: Address = Address::from_str_const("pyt2F414BA6dPttK6RddPZUdHfapoBN24GL5wbrPCou");
    /// Push oracle before the upgrade.
    pub const LEGACY_PUSH_ORACLE: Address = Address::from_str_const("pythWSnswVUd12oZpeFP8e9CVaEqJg25g1Vtc2biRsT");
    /// Receiver since the upgrade: the owner of the price accounts.
    pub const RECEIVER: Address = Address::from_str_const("rec2HHDDnjLfj4kE7VyEtFA1HPGQLK33259532cRyHp");
    /// Receiver before the upgrade.
    pub const LEGACY_RECEIVER: Address = Address::from_str_const("rec5EKMGg6MxZYaMdyBfgwp4d5rB9T1VQH5pJv5LtFJ");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compiled_in_addresses_are_the_derived_ones() {
        let derive = |seed: &[u8]| Address::find_program_address(&[seed], &PROGRAM_ID);
        assert_eq!(derive(EXCHANGE_SEED), (EXCHANGE, EXCHANGE_BUMP));
        assert_eq!(derive(BOARD_SEED), (BOARD, BOARD_BUMP));
        assert_eq!(derive(EVENT_AUTHORITY_SEED), (EVENT_AUTHORITY, EVENT_AUTHORITY_BUMP));
        assert_eq!(derive(BACKSTOP_SEED).0, BACKSTOP_AUTHORITY);
        let seeds: [&[u8]; 3] = [SUB_ACCOUNT_SEED, BACKSTOP_AUTHORITY.as_ref(), &[0, 0]];
        assert_eq!(Address::find_program_address(&seeds, &PROGRAM_ID).0, BACKSTOP);
        assert_eq!(SYSTEM_PROGRAM, Address::default());
    }
}
