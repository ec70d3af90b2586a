//! Users with keypairs.

use kedge_tests::market::{DOLLAR, ONE, USDC, WSOL};
use kedge_tests::{User, World};
use solana_keypair::Keypair;
use solana_signer::Signer;

/// A user of the world with the keypair of its authority.
pub struct Person {
    /// Keypair of the authority.
    pub key: Keypair,
    /// The user's addresses.
    pub user: User,
}

/// The keypair with a number, the same in every run.
pub fn key(number: u8) -> Keypair {
    Keypair::new_from_array([number; 32])
}

impl Person {
    /// Creates a user with 16 order slots and a deposit of `dollars`.
    pub fn new(world: &mut World, number: u8, dollars: u64) -> Self {
        let key = key(number);
        let authority = key.pubkey();
        world.endow(authority);
        world.create_trader(authority).expect("the trader is created");
        let sub = world.create_sub_account(authority, 0, 16).expect("the sub-account is created");
        world.token_owner(authority, WSOL, 1_000 * ONE);
        let (_, wallet) = world.token_owner(authority, USDC, 100_000_000 * DOLLAR);
        let user = User { authority, sub, wallet };
        world.users.push(user);
        world.deposit(user, USDC, dollars * DOLLAR).expect("the deposit arrives");
        Self { key, user }
    }
}
