//! Scenes of isolated positions and of a user's own leverage.

use kedge_interface::instruction::{IsolatePosition, MergePosition, SetLeverage, TransferIsolated};
use kedge_model::Error;
use kedge_model::account::order::Side;
use solana_pubkey::Pubkey;

use super::user::pair;
use super::{Named, Scene};
use crate::market::{DOLLAR, ONE, SOL};
use crate::orders::ioc;
use crate::world::{User, World};

pub(super) const SCENES: &[Named] = &[
    ("isolate_position", isolate_position),
    ("transfer_isolated", transfer_isolated),
    ("merge_position", merge_position),
    ("set_leverage", set_leverage),
];

/// Two users with a position in SOL, isolated on request, and a delegate of the first.
fn holders(isolated: bool) -> (World, User, User, Pubkey) {
    let (mut world, user, other, delegate) = pair();
    for holder in [user, other] {
        world.take(holder, ioc(SOL, Side::Long, ONE, 152 * DOLLAR), &[]).expect("a position");
        if isolated {
            world.isolate(holder, SOL, 100 * DOLLAR).expect("it is isolated");
        }
    }
    (world, user, other, delegate)
}

fn isolate_position() -> Scene {
    let (world, user, other, delegate) = holders(false);
    let isolate = IsolatePosition { signer: user.authority, sub_account: user.sub, market: SOL, amount: 100 * DOLLAR };
    Scene::of(world, isolate)
        .accepts("signer", delegate, "nothing leaves the sub-account")
        .refuses("signer", other.authority, Error::WrongAuthority, "somebody else isolates")
        .refuses("sub_account", other.sub, Error::WrongAuthority, "somebody else's balance is moved")
}

fn transfer_isolated() -> Scene {
    let (world, user, other, delegate) = holders(true);
    let transfer = TransferIsolated { signer: user.authority, sub_account: user.sub, market: SOL, amount: -10_000_000 };
    Scene::of(world, transfer)
        .accepts("signer", delegate, "nothing leaves the sub-account")
        .refuses("signer", other.authority, Error::WrongAuthority, "somebody else strips the position")
        .refuses("sub_account", other.sub, Error::WrongAuthority, "somebody else's position is stripped")
}

fn merge_position() -> Scene {
    let (world, user, other, delegate) = holders(true);
    Scene::of(world, MergePosition { signer: user.authority, sub_account: user.sub, market: SOL })
        .accepts("signer", delegate, "nothing leaves the sub-account")
        .refuses("signer", other.authority, Error::WrongAuthority, "somebody else ends the isolation")
        .refuses("sub_account", other.sub, Error::WrongAuthority, "somebody else's isolation is ended")
}

fn set_leverage() -> Scene {
    let (world, user, other, delegate) = holders(false);
    let set = SetLeverage { authority: user.authority, sub_account: user.sub, market: SOL, ratio: 500_000 };
    Scene::of(world, set)
        .refuses("authority", delegate, Error::WrongAuthority, "the delegate lifts its own limit")
        .refuses("authority", other.authority, Error::WrongAuthority, "somebody else sets it")
        .refuses("sub_account", other.sub, Error::WrongAuthority, "somebody else's leverage is set")
}
