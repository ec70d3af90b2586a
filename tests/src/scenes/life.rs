//! Scenes of a market's life.

use kedge_interface::address;
use kedge_interface::error::AccountError;
use kedge_interface::instruction::{PayTreasury, SetExpiry, SettleMarket};
use kedge_model::Error;
use kedge_model::account::order::Side;
use kedge_model::rule::lifecycle::{DEBT_PERIOD, PAYOUT_DELAY};

use super::{Named, Scene};
use crate::market::{BTC, DOLLAR, ETH, ONE, SOL, USDC, WSOL};
use crate::orders::{ioc, limit};
use crate::world::{User, World, key};

pub(super) const SCENES: &[Named] = &[
    ("set_expiry", set_expiry),
    ("settle_market", settle_market),
    ("settle_position", settle_position),
    ("delist_market", delist_market),
    ("pay_treasury", pay_treasury),
];

/// Three users with positions in SOL, one of them short, all with an order there; the market has expired.
fn expired() -> (World, [User; 3]) {
    let mut world = World::start();
    let users = [world.rich(10_000), world.rich(10_000), world.rich(10_000)];
    let [long, short, other] = users;
    world.take(long, ioc(SOL, Side::Long, 10 * ONE, 152 * DOLLAR), &[]).expect("a long position");
    world.take(short, ioc(SOL, Side::Short, 10 * ONE, 148 * DOLLAR), &[]).expect("a short position");
    world.take(other, ioc(BTC, Side::Long, ONE / 100, 61_000 * DOLLAR), &[]).expect("a position elsewhere");
    world.place(long, limit(SOL, Side::Long, ONE, 140 * DOLLAR)).expect("it rests");
    world.move_price(SOL, 146 * DOLLAR);
    world.run_out(SOL);
    (world, users)
}

fn set_expiry() -> Scene {
    let mut world = World::start();
    let stranger = key(6, 0);
    world.machine.endow(stranger);
    let (signer, pauser, time) = (world.admin, world.pauser, world.time() + 7_200);
    Scene::of(world, SetExpiry { signer, market: address::market(SOL), time })
        .refuses("signer", stranger, Error::WrongAuthority, "a stranger ends a market")
        .refuses("signer", pauser, Error::WrongAuthority, "the pauser ends a market")
        .accepts("market", address::market(BTC), "the admin may end any market")
}

fn settle_market() -> Scene {
    let (world, _) = expired();
    Scene::of(world, SettleMarket { market: address::market(SOL) }).refuses(
        "market",
        address::market(BTC),
        Error::MarketNotExpired,
        "a market that trades",
    )
}

fn settle_position() -> Scene {
    let (mut world, [long, short, other]) = expired();
    world.settle_market(SOL).expect("it has expired");
    let settling = world.settling(long, SOL);
    Scene::of(world, settling)
        .refuses("market", address::market(BTC), Error::MarketNotSettling, "a market that trades")
        .refuses("bank", address::bank(WSOL), Error::WrongRow, "into another collateral")
        .refuses("sub_account", other.sub, Error::PositionNotFound, "an account without a position")
        .accepts("sub_account", short.sub, "any position may be closed")
}

/// SOL settled and paid out, long enough ago to be delisted.
fn paid_out() -> World {
    let (mut world, [long, short, _]) = expired();
    world.settle_market(SOL).expect("it has expired");
    for user in [long, short] {
        world.settle_position(user, SOL).expect("it is closed");
    }
    world.pass_ms(PAYOUT_DELAY.0 * 1_000);
    for user in [long, short] {
        if world.position(user, SOL).is_used() {
            world.settle_position(user, SOL).expect("it is paid");
        }
    }
    world.pass_ms(DEBT_PERIOD.0 * 1_000);
    world
}

fn delist_market() -> Scene {
    let mut world = paid_out();
    let stranger = key(6, 0);
    world.machine.endow(stranger);
    let delisting = world.delisting(SOL);
    Scene::of(world, delisting)
        .accepts("signer", stranger, "what is left goes to the protocol, whoever asks")
        .refuses("market", address::market(ETH), Error::MarketNotSettling, "a market that trades")
        .refuses("bank", address::bank(WSOL), Error::WrongRow, "into another collateral than the pools'")
        .refuses("bank", address::bank(USDC + 7), kedge_interface::error::AccountError::AccountWrongOwner, "no bank")
}

/// The only market is delisted, and the treasury has a token account.
fn pay_treasury() -> Scene {
    let mut world = World::wound_up();
    let stranger = world.rich(1);
    let mint = world.mints[usize::from(USDC)];
    let treasury = world.treasury();
    world.token_owner(treasury, USDC, 0);
    Scene::of(world, PayTreasury::of(&treasury, &mint))
        .refuses("destination", stranger.wallet, Error::WrongOwner, "a stranger's wallet")
        .refuses("bank", address::bank(WSOL), AccountError::AccountWrongVault, "another bank's tokens")
        .refuses("vault", address::vault(WSOL), AccountError::AccountWrongVault, "another vault")
}
