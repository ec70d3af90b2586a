//! Scenes of the backstop vault.

use kedge_interface::address::{self, BACKSTOP};
use kedge_interface::error::AccountError;
use kedge_interface::instruction::{
    CreateBackstop, RequestUnstake, StakeVault, TakeOver, UnstakeVault, UnwindBackstop,
};
use kedge_model::Error;

use super::user::pair;
use super::{Named, Scene, underwater};
use crate::market::{BTC, DOLLAR, SOL, USDC, WSOL};
use crate::world::{User, World};

pub(super) const SCENES: &[Named] = &[
    ("create_backstop", create_backstop),
    ("stake_vault", stake_vault),
    ("unstake_vault", unstake_vault),
    ("take_over", take_over),
    ("unwind_backstop", unwind_backstop),
];

fn create_backstop() -> Scene {
    let (world, user, other, _) = pair();
    Scene::of(world, CreateBackstop { payer: user.authority, bank: address::bank(USDC) })
        .accepts("payer", other.authority, "anybody may pay the rent")
        .refuses("bank", address::bank(WSOL), Error::WrongRow, "a vault of another collateral")
}

/// Two people with shares of the vault, beside one who has none.
fn holders() -> (World, [User; 3]) {
    let (mut world, user, other, _) = pair();
    let third = world.rich(10_000);
    world.run(CreateBackstop { payer: user.authority, bank: address::bank(USDC) }).expect("created");
    for person in [user, other] {
        world.run(StakeVault::of(person.authority, person.wallet, 9_000 * DOLLAR, 0)).expect("staked");
    }
    (world, [user, other, third])
}

fn stake_vault() -> Scene {
    let (mut world, [user, other, _]) = holders();
    let (dollars, sol) = (world.token_owner(user.authority, USDC, 100 * DOLLAR), world.wallet(user, WSOL));
    Scene::of(world, StakeVault::of(user.authority, dollars.1, DOLLAR, 900 * DOLLAR))
        .refuses("authority", other.authority, Error::WrongAuthority, "somebody else stakes into this record")
        .refuses("trader", address::trader(&other.authority), Error::WrongAuthority, "shares for somebody else")
        .refuses("source", other.wallet, 4, "somebody else's tokens are staked")
        .refuses("source", sol, 3, "another mint's tokens are staked as dollars")
        .refuses("source", address::vault(USDC), 2040, "the vault's own tokens are staked")
        .refuses("backstop", other.sub, Error::BackstopMissing, "somebody else's account is bought into")
        .refuses("bank", address::bank(WSOL), AccountError::AccountWrongVault, "dollars are staked as SOL")
        .refuses("vault", dollars.1, 2040, "the tokens stay in the wallet")
        .refuses("vault", other.wallet, AccountError::AccountWrongVault, "the tokens go to a friend")
        .refuses("vault", address::vault(WSOL), AccountError::AccountWrongVault, "the tokens go to another vault")
}

fn unstake_vault() -> Scene {
    let (mut world, [user, other, _]) = holders();
    for person in [user, other] {
        world.run(RequestUnstake::of(person.authority, 1, 500 * DOLLAR)).expect("requested");
    }
    world.pass_ms(3 * 86_400_000);
    world.tick();
    let sol = world.wallet(user, WSOL);
    Scene::of(world, UnstakeVault::of(user.authority, user.wallet))
        .refuses("authority", other.authority, Error::WrongAuthority, "somebody else is paid")
        .refuses("trader", address::trader(&other.authority), Error::WrongAuthority, "somebody else's shares are paid")
        .refuses("bank", address::bank(WSOL), AccountError::AccountWrongVault, "dollars of the bank of SOL")
        .refuses("vault", address::vault(WSOL), AccountError::AccountWrongVault, "SOL for shares of the vault")
        .refuses("vault", other.wallet, AccountError::AccountWrongVault, "a friend's wallet as the token vault")
        .refuses("backstop", other.sub, Error::BackstopMissing, "somebody else's account pays")
        .refuses("destination", sol, 3, "a token account of another mint")
        .refuses("destination", address::vault(USDC), 2040, "the token vault pays itself")
}

/// A pocket in liquidation for so long that the vault takes over, and a bystander.
fn untaken() -> (World, User, User) {
    let (mut world, [.., third]) = holders();
    let user = underwater(&mut world);
    world.run(taking(user)).expect("the liquidation begins");
    world.pass_ms(31_000);
    world.tick();
    (world, user, third)
}

fn taking(user: User) -> TakeOver {
    TakeOver { market: address::market(SOL), bank: address::bank(USDC), sub_account: user.sub }
}

fn take_over() -> Scene {
    let (world, user, other) = untaken();
    Scene::of(world, taking(user))
        .refuses("sub_account", other.sub, Error::NotLiquidatable, "the vault takes over from a healthy account")
        .refuses("sub_account", BACKSTOP, 2040, "the vault takes over from itself")
        .refuses("backstop", other.sub, Error::BackstopMissing, "somebody else's account takes over unasked")
        .refuses("market", address::market(BTC), Error::NothingToLiquidate, "in a market without a position")
        .refuses("bank", address::bank(WSOL), Error::WrongRow, "another bank's vault")
}

fn unwind_backstop() -> Scene {
    let (mut world, user, _) = untaken();
    world.run(taking(user)).expect("taken over");
    Scene::of(world, UnwindBackstop { market: address::market(SOL), bank: address::bank(USDC) })
        .refuses("backstop", user.sub, Error::BackstopMissing, "somebody else's position is sold")
        .refuses("market", address::market(BTC), Error::PositionNotFound, "in a market in which it holds nothing")
        .refuses("bank", address::bank(WSOL), Error::WrongRow, "another bank's vault")
}
