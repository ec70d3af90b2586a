//! Addresses derived from seeds.

use solana_pubkey::Pubkey;

pub use kedge_abi::address::{
    ASSOCIATED_TOKEN_PROGRAM, BACKSTOP, BACKSTOP_AUTHORITY, BACKSTOP_SEED, BANK_SEED, BOARD, BOARD_SEED,
    ED25519_PROGRAM, EVENT_AUTHORITY, EVENT_AUTHORITY_SEED, EXCHANGE, EXCHANGE_SEED, INSTRUCTIONS_SYSVAR, MARKET_SEED,
    PROGRAM_ID, SUB_ACCOUNT_SEED, SYSTEM_PROGRAM, TOKEN_PROGRAM, TRADER_SEED, VAULT_SEED,
};

fn derive(seeds: &[&[u8]]) -> Pubkey {
    Pubkey::find_program_address(seeds, &PROGRAM_ID).0
}

/// Address of the market with an index.
pub fn market(index: u16) -> Pubkey {
    derive(&[MARKET_SEED, &index.to_le_bytes()])
}

/// Address of the bank with an index.
pub fn bank(index: u16) -> Pubkey {
    derive(&[BANK_SEED, &index.to_le_bytes()])
}

/// Address of a bank's token vault.
pub fn vault(index: u16) -> Pubkey {
    derive(&[VAULT_SEED, &index.to_le_bytes()])
}

/// Address of an authority's trader account.
pub fn trader(authority: &Pubkey) -> Pubkey {
    derive(&[TRADER_SEED, authority.as_ref()])
}

/// Address of an authority's sub-account with an id.
pub fn sub_account(authority: &Pubkey, id: u16) -> Pubkey {
    derive(&[SUB_ACCOUNT_SEED, authority.as_ref(), &id.to_le_bytes()])
}

/// The associated token account of an owner for a mint of the SPL Token program.
pub fn token_account(owner: &Pubkey, mint: &Pubkey) -> Pubkey {
    let seeds = [owner.as_ref(), TOKEN_PROGRAM.as_ref(), mint.as_ref()];
    Pubkey::find_program_address(&seeds, &ASSOCIATED_TOKEN_PROGRAM).0
}

/// Feed accounts of Pyth's push oracles, which keep one `PriceUpdateV2` account a feed current.
pub mod pyth {
    use solana_pubkey::Pubkey;

    pub use kedge_abi::address::pyth::{LEGACY_PUSH_ORACLE, LEGACY_RECEIVER, PUSH_ORACLE, RECEIVER};

    /// Address of a push oracle's feed account. Pyth's sponsors keep shard 0 current.
    pub fn feed(push_oracle: &Pubkey, shard: u16, feed_id: &[u8; 32]) -> Pubkey {
        Pubkey::find_program_address(&[&shard.to_le_bytes(), feed_id], push_oracle).0
    }
}
