//! Scenes of set-up and roles.

use kedge_interface::address;
use kedge_interface::error::AccountError;
use kedge_interface::instruction::{
    AcceptAdmin, AssignFeeTier, HaltRow, Initialize, ProposeAdmin, SetFees, SetMarketStatus, SetPaused,
};
use kedge_model::Error;
use kedge_model::account::exchange::FeeSchedule;

use super::{Named, Scene};
use crate::market::{BTC, DOLLAR, SOL, USDC, WSOL, bank_params, market_params};
use crate::token;
use crate::world::{World, key};

pub(super) const SCENES: &[Named] = &[
    ("assign_fee_tier", assign_fee_tier),
    ("initialize", initialize),
    ("set_fees", set_fees),
    ("list_bank", list_bank),
    ("list_market", list_market),
    ("set_market_status", set_market_status),
    ("set_paused", set_paused),
    ("halt_row", halt_row),
    ("propose_admin", propose_admin),
    ("accept_admin", accept_admin),
    ("fund_pool", fund_pool),
];

/// An authority with SOL and without a role.
fn stranger(world: &mut World) -> solana_pubkey::Pubkey {
    let stranger = key(6, 0);
    world.machine.endow(stranger);
    stranger
}

fn initialize() -> Scene {
    let mut world = World::bare();
    let stranger = stranger(&mut world);
    let initialize =
        Initialize { admin: world.admin, pauser: world.pauser.to_bytes(), treasury: world.treasury().to_bytes() };
    Scene::of(world, initialize)
        .accepts("admin", stranger, "the first caller becomes the admin")
        .refuses("exchange", key(6, 1), AccountError::AccountWrongAddress, "an exchange at an address of choice")
        .refuses("board", key(6, 1), AccountError::AccountWrongAddress, "a board at an address of choice")
}

fn set_fees() -> Scene {
    let mut world = World::start();
    let stranger = stranger(&mut world);
    let (signer, pauser) = (world.admin, world.pauser);
    Scene::of(world, SetFees { signer, schedule: FeeSchedule::initial() })
        .refuses("signer", stranger, Error::WrongAuthority, "a stranger sets the fees")
        .refuses("signer", pauser, Error::WrongAuthority, "the pauser sets the fees")
}

fn list_bank() -> Scene {
    let mut world = World::start();
    let stranger = stranger(&mut world);
    let mint = key(3, 2);
    token::mint(&mut world.machine, mint, 6);
    world.mints.push(mint);
    let modern = key(3, 3);
    super::forge(&mut world, &mint, modern, |account| {
        account.owner = solana_pubkey::Pubkey::from_str_const("TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb");
    });
    let listing = world.listing_of_bank(&bank_params(2));
    let user = world.rich(1);
    Scene::of(world, listing)
        .refuses("admin", stranger, Error::WrongAuthority, "a stranger lists a bank")
        .refuses("bank", address::bank(3), AccountError::AccountWrongAddress, "an index is left out")
        .refuses("bank", address::bank(WSOL), AccountError::AccountAlreadyExists, "a listed bank is listed anew")
        .refuses("vault", address::vault(3), AccountError::AccountWrongAddress, "another bank's future vault")
        .refuses("vault", user.wallet, AccountError::AccountWrongAddress, "somebody's wallet as the vault")
        .refuses("mint", modern, AccountError::TokenProgramUnsupported, "a Token-2022 mint")
        .refuses("mint", user.wallet, AccountError::AccountWrongMint, "a token account as the mint")
}

fn list_market() -> Scene {
    let mut world = World::start();
    let stranger = stranger(&mut world);
    let listing = world.listing_of_market(&market_params(3));
    Scene::of(world, listing)
        .refuses("admin", stranger, Error::WrongAuthority, "a stranger lists a market")
        .refuses("market", address::market(4), AccountError::AccountWrongAddress, "an index is left out")
        .refuses("market", address::market(SOL), AccountError::AccountAlreadyExists, "a listed market is listed anew")
}

fn set_market_status() -> Scene {
    let mut world = World::start();
    let stranger = stranger(&mut world);
    let status = SetMarketStatus { signer: world.admin, market: address::market(SOL), status: 2, seconds: 60 };
    Scene::of(world, status).refuses("signer", stranger, Error::WrongAuthority, "a stranger closes a market").accepts(
        "market",
        address::market(BTC),
        "the admin switches any market",
    )
}

fn set_paused() -> Scene {
    let mut world = World::start();
    let stranger = stranger(&mut world);
    let pause = SetPaused { signer: world.pauser, paused: 3, seconds: 60 };
    Scene::of(world, pause).refuses("signer", stranger, Error::WrongAuthority, "a stranger pauses")
}

fn halt_row() -> Scene {
    let mut world = World::start();
    let stranger = stranger(&mut world);
    let halt = HaltRow { signer: world.pauser, kind: 0, index: SOL, halted: true, seconds: 60 };
    Scene::of(world, halt).refuses("signer", stranger, Error::WrongAuthority, "a stranger halts a row")
}

fn propose_admin() -> Scene {
    let mut world = World::start();
    let stranger = stranger(&mut world);
    let (signer, pauser) = (world.admin, world.pauser);
    Scene::of(world, ProposeAdmin { signer, next: stranger.to_bytes() })
        .refuses("signer", stranger, Error::WrongAuthority, "a stranger proposes an admin")
        .refuses("signer", pauser, Error::WrongAuthority, "the pauser proposes an admin")
}

fn accept_admin() -> Scene {
    let mut world = World::start();
    let stranger = stranger(&mut world);
    let (admin, next) = (world.admin, key(6, 2));
    world.run(ProposeAdmin { signer: admin, next: next.to_bytes() }).expect("proposed");
    Scene::of(world, AcceptAdmin { signer: next })
        .refuses("signer", stranger, Error::WrongAuthority, "a stranger accepts")
        .refuses("signer", admin, Error::WrongAuthority, "the present admin accepts")
}

fn assign_fee_tier() -> Scene {
    let mut world = World::start();
    let (user, other, admin) = (world.rich(10_000), world.rich(10_000), world.admin);
    let trader = address::trader(&user.authority);
    Scene::of(world, AssignFeeTier { signer: admin, trader, tier: 3 })
        .refuses("signer", user.authority, Error::WrongAuthority, "a trader betters the own tier")
        .accepts("trader", address::trader(&other.authority), "the admin assigns any trader's tier")
}

fn fund_pool() -> Scene {
    let mut world = World::start();
    let user = world.rich(1_000);
    let other = world.rich(1_000);
    let sol = world.wallet(user, WSOL);
    let funding = world.funding((user.authority, user.wallet), SOL, 1, 10 * DOLLAR);
    Scene::of(world, funding)
        .refuses("payer", other.authority, 4, "somebody else gives the tokens away")
        .accepts("market", address::market(BTC), "anybody may fund any market")
        .refuses("source", other.wallet, 4, "somebody else's tokens are given away")
        .refuses("source", sol, 3, "another mint's tokens")
        .refuses("source", address::vault(USDC), 2040, "the vault's own tokens are given")
        .refuses("bank", address::bank(WSOL), AccountError::AccountWrongVault, "the pool of another bank")
        .refuses("vault", user.wallet, 2040, "the tokens stay in a wallet")
        .refuses("vault", address::vault(WSOL), AccountError::AccountWrongVault, "the tokens go to another vault")
}
