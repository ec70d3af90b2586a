//! Derived addresses.

use solana_pubkey::Pubkey;

/// The exchange program.
pub const PROGRAM_ID: Pubkey = Pubkey::from_str_const("KedM2evrTtXqVER2jphMbHg1KPX4d6KzEASdzX42B3t");
/// The exchange account, authority of every vault: seed `exchange`.
pub const EXCHANGE: Pubkey = Pubkey::from_str_const("67k1PfytaZFrhYpQzHdcwu3fUQXRrJPtNGL5aN4mVMe2");
/// The price board: seed `board`.
pub const BOARD: Pubkey = Pubkey::from_str_const("AuNwPmxfEu1WEcfoBDGp8EPSjJzKwNDbuEsVqGBto2JQ");
/// The signer of the program's event calls to itself: seed `__event_authority`.
pub const EVENT_AUTHORITY: Pubkey = Pubkey::from_str_const("4tShbAaQF2E5RKKTn6SEsRM5ky8mYdrAL4M3GAafKvxx");
/// The transaction's instructions, as the runtime shows them.
pub const INSTRUCTIONS_SYSVAR: Pubkey = Pubkey::from_str_const("Sysvar1nstructions1111111111111111111111111");
/// The ed25519 program.
pub const ED25519_PROGRAM: Pubkey = Pubkey::from_str_const("Ed25519SigVerify111111111111111111111111111");
/// The system program.
pub const SYSTEM_PROGRAM: Pubkey = Pubkey::new_from_array([0; 32]);
/// The SPL Token program.
pub const TOKEN_PROGRAM: Pubkey = Pubkey::from_str_const("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA");
/// The associated token account program.
pub const ASSOCIATED_TOKEN_PROGRAM: Pubkey = Pubkey::from_str_const("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL");

/// Seed of the exchange account.
pub const EXCHANGE_SEED: &[u8] = b"exchange";
/// Seed of the price board.
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
/// Seed of the event authority.
pub const EVENT_AUTHORITY_SEED: &[u8] = b"__event_authority";

fn derive(seeds: &[&[u8]]) -> Pubkey {
    Pubkey::find_program_address(seeds, &PROGRAM_ID).0
}

/// A market.
pub fn market(index: u16) -> Pubkey {
    derive(&[MARKET_SEED, &index.to_le_bytes()])
}

/// A collateral bank.
pub fn bank(index: u16) -> Pubkey {
    derive(&[BANK_SEED, &index.to_le_bytes()])
}

/// A bank's token account.
pub fn vault(index: u16) -> Pubkey {
    derive(&[VAULT_SEED, &index.to_le_bytes()])
}

/// The trader account of an authority.
pub fn trader(authority: &Pubkey) -> Pubkey {
    derive(&[TRADER_SEED, authority.as_ref()])
}

/// A sub-account of an authority.
pub fn sub_account(authority: &Pubkey, id: u16) -> Pubkey {
    derive(&[SUB_ACCOUNT_SEED, authority.as_ref(), &id.to_le_bytes()])
}

/// The associated token account of an owner for a mint of the SPL Token program.
pub fn token_account(owner: &Pubkey, mint: &Pubkey) -> Pubkey {
    let seeds = [owner.as_ref(), TOKEN_PROGRAM.as_ref(), mint.as_ref()];
    Pubkey::find_program_address(&seeds, &ASSOCIATED_TOKEN_PROGRAM).0
}

/// The Pyth push-oracle programs, which keep one `PriceUpdateV2` account a feed up to date.
pub mod pyth {
    use solana_pubkey::Pubkey;

    /// Push oracle since the upgrade of 18 August 2026.
    pub const PUSH_ORACLE: Pubkey = Pubkey::from_str_const("pyt2F414BA6dPttK6RddPZUdHfapoBN24GL5wbrPCou");
    /// Push oracle before the upgrade.
    pub const LEGACY_PUSH_ORACLE: Pubkey = Pubkey::from_str_const("pythWSnswVUd12oZpeFP8e9CVaEqJg25g1Vtc2biRsT");
    /// Receiver since the upgrade: the owner of the price accounts.
    pub const RECEIVER: Pubkey = Pubkey::from_str_const("rec2HHDDnjLfj4kE7VyEtFA1HPGQLK33259532cRyHp");
    /// Receiver before the upgrade.
    pub const LEGACY_RECEIVER: Pubkey = Pubkey::from_str_const("rec5EKMGg6MxZYaMdyBfgwp4d5rB9T1VQH5pJv5LtFJ");

    /// The feed account of a push oracle. Shard 0 is the one that Pyth's sponsors keep up to date.
    pub fn feed(push_oracle: &Pubkey, shard: u16, feed_id: &[u8; 32]) -> Pubkey {
        Pubkey::find_program_address(&[&shard.to_le_bytes(), feed_id], push_oracle).0
    }
}
