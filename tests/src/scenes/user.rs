//! Scenes of traders.

use kedge_interface::address;
use kedge_interface::error::AccountError;
use kedge_interface::instruction::{
    CancelAll, CancelOrder, CancelOrders, CancelUnstake, CloseSubAccount, CloseTrader, CreateSubAccount, CreateTrader,
    Deposit, GrowOrders, RequestUnstake, RevokeSignedOrders, SetBuilder, SetDelegate, Stake, Transfer, Unstake,
    Withdraw,
};
use kedge_model::Error;
use kedge_model::account::order::Side;
use kedge_model::action::{ModifyParams, OrderFilter, change};
use kedge_model::quantity::{Price, Size};

use super::{Named, Scene};
use crate::market::{BTC, DOLLAR, ONE, SOL, USDC, WSOL};
use crate::orders::{ioc, limit};
use crate::world::{User, World, key};

pub(super) const SCENES: &[Named] = &[
    ("create_trader", create_trader),
    ("create_sub_account", create_sub_account),
    ("close_sub_account", close_sub_account),
    ("close_trader", close_trader),
    ("grow_orders", grow_orders),
    ("set_delegate", set_delegate),
    ("set_builder", set_builder),
    ("deposit", deposit),
    ("withdraw", withdraw),
    ("transfer", transfer),
    ("stake", stake),
    ("request_unstake", request_unstake),
    ("cancel_unstake", cancel_unstake),
    ("unstake", unstake),
    ("place_orders", place_orders),
    ("place_signed_orders", place_signed_orders),
    ("revoke_signed_orders", revoke_signed_orders),
    ("cancel_order", cancel_order),
    ("cancel_all", cancel_all),
    ("cancel_orders", cancel_orders),
    ("modify_order", modify_order),
    ("replace_orders", replace_orders),
    ("place_and_take", place_and_take),
];

/// An exchange with two users, and a delegate of the first.
pub(super) fn pair() -> (World, User, User, solana_pubkey::Pubkey) {
    let mut world = World::start();
    let (user, other) = (world.rich(10_000), world.rich(10_000));
    let delegate = key(6, 3);
    world.machine.endow(delegate);
    let named = SetDelegate { authority: user.authority, sub_account: user.sub, delegate: delegate.to_bytes() };
    world.run(named).expect("a delegate is named");
    (world, user, other, delegate)
}

fn create_trader() -> Scene {
    let (mut world, user, other, _) = pair();
    let person = key(6, 4);
    world.machine.endow(person);
    Scene::of(world, CreateTrader::of(other.authority, person))
        .accepts("payer", user.authority, "anybody may pay the rent")
        .refuses("trader", key(6, 5), AccountError::AccountWrongAddress, "a record at an address of choice")
        .refuses("trader", address::trader(&other.authority), AccountError::AccountAlreadyExists, "another's record")
        .refuses("authority", user.authority, AccountError::AccountWrongAddress, "another's signature")
}

fn create_sub_account() -> Scene {
    let (world, user, other, delegate) = pair();
    let create = CreateSubAccount::of(other.authority, user.authority, 1, "second", 8);
    Scene::of(world, create)
        .accepts("payer", delegate, "anybody may pay the rent")
        .refuses("authority", delegate, Error::WrongAuthority, "the delegate makes a sub-account")
        .refuses("trader", address::trader(&other.authority), Error::WrongAuthority, "another's record")
        .refuses(
            "sub_account",
            address::sub_account(&user.authority, 2),
            AccountError::AccountWrongAddress,
            "an id is left out",
        )
        .refuses("sub_account", user.sub, AccountError::AccountAlreadyExists, "an existing one is made anew")
}

fn close_sub_account() -> Scene {
    let (mut world, user, other, delegate) = pair();
    let sub_account = world.create_sub_account(user.authority, 1, 4).expect("a second sub-account");
    let theirs = world.create_sub_account(other.authority, 1, 4).expect("a second sub-account");
    let trader = address::trader(&user.authority);
    let close = CloseSubAccount { authority: user.authority, receiver: key(6, 6), trader, sub_account };
    Scene::of(world, close)
        .refuses("authority", other.authority, Error::WrongAuthority, "somebody else closes it")
        .refuses("authority", delegate, Error::WrongAuthority, "the delegate closes it")
        .refuses("sub_account", theirs, Error::WrongAuthority, "somebody else's is closed for its rent")
        .refuses("sub_account", user.sub, Error::AccountNotEmpty, "one with money is closed")
        .refuses("trader", address::trader(&other.authority), Error::WrongOwner, "another's count goes down")
        .refuses("receiver", sub_account, 2040, "the rent goes to the closed account")
}

fn close_trader() -> Scene {
    let (mut world, user, other, _) = pair();
    let person = key(6, 4);
    world.machine.endow(person);
    world.create_trader(person).expect("a trader");
    let close = CloseTrader { authority: person, receiver: key(6, 6), trader: address::trader(&person) };
    Scene::of(world, close)
        .refuses("authority", other.authority, Error::WrongAuthority, "somebody else closes it")
        .refuses("trader", address::trader(&user.authority), Error::WrongAuthority, "somebody else's is closed")
        .refuses("receiver", address::trader(&person), 2040, "the rent goes to the closed account")
}

fn grow_orders() -> Scene {
    let (world, user, other, _) = pair();
    Scene::of(world, GrowOrders { payer: other.authority, sub_account: user.sub, capacity: 32 })
        .accepts("payer", user.authority, "anybody may pay the rent")
        .accepts("sub_account", other.sub, "anybody may pay for anybody")
}

fn set_delegate() -> Scene {
    let (world, user, other, delegate) = pair();
    let name = SetDelegate { authority: user.authority, sub_account: user.sub, delegate: [9; 32] };
    Scene::of(world, name)
        .refuses("authority", other.authority, Error::WrongAuthority, "somebody names himself")
        .refuses("authority", delegate, Error::WrongAuthority, "the delegate names another")
        .refuses("sub_account", other.sub, Error::WrongAuthority, "a delegate of somebody else's")
}

fn set_builder() -> Scene {
    let (world, user, other, delegate) = pair();
    let builder = other.authority.to_bytes();
    Scene::of(world, SetBuilder { authority: user.authority, sub_account: user.sub, builder, fee: 100 })
        .refuses("authority", other.authority, Error::WrongAuthority, "the builder approves itself")
        .refuses("authority", delegate, Error::WrongAuthority, "the delegate spends the owner's money")
        .refuses("sub_account", other.sub, Error::WrongAuthority, "a builder of somebody else's")
}

fn deposit() -> Scene {
    let (world, user, other, delegate) = pair();
    let sol = world.wallet(user, WSOL);
    Scene::of(world, Deposit::of(user.authority, user.wallet, user.sub, USDC, DOLLAR))
        .accepts("sub_account", other.sub, "anybody may deposit for anybody")
        .refuses("source", other.wallet, 4, "somebody else's tokens are deposited")
        .refuses("depositor", delegate, 4, "the delegate deposits the owner's tokens")
        .refuses("source", sol, 3, "another mint's tokens are credited as dollars")
        .refuses("source", address::vault(USDC), 2040, "the vault's own tokens are credited")
        .refuses("bank", address::bank(WSOL), AccountError::AccountWrongVault, "dollars are credited as SOL")
        .refuses("vault", user.wallet, 2040, "the tokens stay in the wallet")
        .refuses("vault", other.wallet, AccountError::AccountWrongVault, "the tokens go to a friend")
        .refuses("vault", address::vault(WSOL), AccountError::AccountWrongVault, "the tokens go to another vault")
}

fn withdraw() -> Scene {
    let (world, user, other, delegate) = pair();
    let sol = world.wallet(user, WSOL);
    Scene::of(world, Withdraw::of(user.authority, user.wallet, user.sub, USDC, DOLLAR))
        .refuses("authority", other.authority, Error::WrongAuthority, "somebody else withdraws")
        .refuses("authority", delegate, Error::WrongAuthority, "the delegate withdraws")
        .refuses("sub_account", other.sub, Error::WrongAuthority, "somebody else's balance is debited")
        .refuses("bank", address::bank(WSOL), AccountError::AccountWrongVault, "dollars for a balance of SOL")
        .refuses("vault", address::vault(WSOL), AccountError::AccountWrongVault, "SOL for a balance of dollars")
        .refuses("vault", other.wallet, AccountError::AccountWrongVault, "a friend's wallet as the vault")
        .refuses("destination", sol, 3, "a token account of another mint")
        .refuses("destination", address::vault(USDC), 2040, "the vault pays itself")
}

fn stake() -> Scene {
    let (world, user, other, _) = pair();
    let sol = world.wallet(user, WSOL);
    Scene::of(world, Stake::of(user.authority, user.wallet, DOLLAR, 1_000 * DOLLAR))
        .refuses("authority", other.authority, Error::WrongAuthority, "somebody else stakes into this record")
        .refuses("trader", address::trader(&other.authority), Error::WrongAuthority, "shares for somebody else")
        .refuses("source", other.wallet, 4, "somebody else's tokens are staked")
        .refuses("source", sol, 3, "another mint's tokens are staked as dollars")
        .refuses("source", address::vault(USDC), 2040, "the vault's own tokens are staked")
        .refuses("bank", address::bank(WSOL), AccountError::AccountWrongVault, "dollars are staked as SOL")
        .refuses("vault", user.wallet, 2040, "the tokens stay in the wallet")
        .refuses("vault", other.wallet, AccountError::AccountWrongVault, "the tokens go to a friend")
        .refuses("vault", address::vault(WSOL), AccountError::AccountWrongVault, "the tokens go to another vault")
}

/// Two people with shares, the first of which asked to leave so many seconds ago.
fn leaving(seconds: u64) -> (World, User, User) {
    let (mut world, user, other, _) = pair();
    for person in [user, other] {
        world.run(Stake::of(person.authority, person.wallet, DOLLAR, 0)).expect("staked");
        world.run(RequestUnstake::of(person.authority, 0, 500 * DOLLAR)).expect("requested");
    }
    world.pass_ms(seconds * 1_000);
    (world, user, other)
}

fn request_unstake() -> Scene {
    let (world, user, other) = leaving(1);
    Scene::of(world, RequestUnstake::of(user.authority, 0, DOLLAR))
        .refuses("authority", other.authority, Error::WrongAuthority, "somebody else asks for the shares")
        .refuses("trader", address::trader(&other.authority), Error::WrongAuthority, "somebody else's shares wait")
}

fn cancel_unstake() -> Scene {
    let (world, user, other) = leaving(1);
    Scene::of(world, CancelUnstake::of(user.authority, 0))
        .refuses("authority", other.authority, Error::WrongAuthority, "somebody else takes it back")
        .refuses("trader", address::trader(&other.authority), Error::WrongAuthority, "somebody else's request")
}

fn unstake() -> Scene {
    let (world, user, other) = leaving(13 * 86_400);
    let sol = world.wallet(user, WSOL);
    Scene::of(world, Unstake::of(user.authority, user.wallet))
        .refuses("authority", other.authority, Error::WrongAuthority, "somebody else is paid")
        .refuses("trader", address::trader(&other.authority), Error::WrongAuthority, "somebody else's shares are paid")
        .refuses("bank", address::bank(WSOL), AccountError::AccountWrongVault, "dollars of the bank of SOL")
        .refuses("vault", address::vault(WSOL), AccountError::AccountWrongVault, "SOL for staked dollars")
        .refuses("vault", other.wallet, AccountError::AccountWrongVault, "a friend's wallet as the vault")
        .refuses("destination", sol, 3, "a token account of another mint")
        .refuses("destination", address::vault(USDC), 2040, "the vault pays itself")
}

fn transfer() -> Scene {
    let (mut world, user, other, delegate) = pair();
    let to = world.create_sub_account(user.authority, 1, 4).expect("a second sub-account");
    Scene::of(world, Transfer { authority: user.authority, from: user.sub, to, bank: USDC, amount: DOLLAR })
        .refuses("authority", other.authority, Error::WrongAuthority, "somebody else transfers")
        .refuses("authority", delegate, Error::WrongAuthority, "the delegate transfers")
        .refuses("from", other.sub, Error::WrongAuthority, "somebody else's balance is moved here")
        .refuses("to", other.sub, Error::WrongOwner, "the balance leaves the owner")
        .refuses("to", user.sub, 2040, "to itself")
}

fn place_orders() -> Scene {
    let (world, user, other, _) = pair();
    let placing = world.placing(user, &[limit(SOL, Side::Long, ONE, 149 * DOLLAR)]);
    Scene::of(world, placing)
        .refuses("signer", other.authority, Error::WrongAuthority, "somebody else places an order")
        .refuses("sub_account", other.sub, Error::WrongAuthority, "an order for somebody else")
        .refuses("market", address::market(BTC), Error::WrongMarket, "an order for another market")
}

fn place_signed_orders() -> Scene {
    let (mut world, user, other, _) = pair();
    let signer = world.signing_delegate(user);
    let orders = [limit(SOL, Side::Long, ONE, 149 * DOLLAR)];
    let (front, place) = world.signed(user, &signer, 1, &orders);
    Scene::of(world, place)
        .behind(front)
        .refuses("sub_account", other.sub, Error::WrongAuthority, "an order for somebody else")
        .refuses("market", address::market(BTC), Error::WrongMarket, "an order for another market")
}

fn revoke_signed_orders() -> Scene {
    let (world, user, other, _) = pair();
    Scene::of(world, RevokeSignedOrders { signer: user.authority, sub_account: user.sub, up_to: 9 })
        .refuses("signer", other.authority, Error::WrongAuthority, "somebody else revokes")
        .refuses("sub_account", other.sub, Error::WrongAuthority, "somebody else's messages are revoked")
}

fn resting() -> (World, User, User, u32) {
    let (mut world, user, other, _) = pair();
    let id = world.place(user, limit(SOL, Side::Long, ONE, 149 * DOLLAR)).expect("an order rests");
    world.place(other, limit(SOL, Side::Long, ONE, 149 * DOLLAR)).expect("an order rests");
    (world, user, other, id)
}

fn cancel_order() -> Scene {
    let (world, user, other, id) = resting();
    Scene::of(world, CancelOrder { signer: user.authority, sub_account: user.sub, id })
        .refuses("signer", other.authority, Error::WrongAuthority, "somebody else cancels")
        .refuses("sub_account", other.sub, Error::WrongAuthority, "somebody else's order is cancelled")
}

fn cancel_all() -> Scene {
    let (world, user, other, _) = resting();
    Scene::of(world, CancelAll { signer: user.authority, sub_account: user.sub, market: SOL })
        .refuses("signer", other.authority, Error::WrongAuthority, "somebody else cancels")
        .refuses("sub_account", other.sub, Error::WrongAuthority, "somebody else's orders are cancelled")
}

fn cancel_orders() -> Scene {
    let (world, user, other, id) = resting();
    let filter = OrderFilter { market: SOL, ..OrderFilter::ANY };
    Scene::of(world, CancelOrders { signer: user.authority, sub_account: user.sub, filter, ids: vec![id] })
        .refuses("signer", other.authority, Error::WrongAuthority, "somebody else cancels")
        .refuses("sub_account", other.sub, Error::WrongAuthority, "somebody else's orders are cancelled")
}

fn modify_order() -> Scene {
    let (world, user, other, id) = resting();
    let (price, size) = (Price(148 * DOLLAR), Size(2 * ONE));
    let changes = change::PRICE | change::SIZE;
    let modifying = world.modifying(user, ModifyParams { order_id: id, price, size, changes, ..Default::default() });
    Scene::of(world, modifying)
        .refuses("signer", other.authority, Error::WrongAuthority, "somebody else changes an order")
        .refuses("sub_account", other.sub, Error::WrongAuthority, "somebody else's order is changed")
        .refuses("market", address::market(BTC), Error::WrongMarket, "under another market's rules")
}

fn replace_orders() -> Scene {
    let (world, user, other, id) = resting();
    let replacing = world.replacing(user, SOL, &[id], &[limit(SOL, Side::Long, ONE, 148 * DOLLAR)]);
    Scene::of(world, replacing)
        .refuses("signer", other.authority, Error::WrongAuthority, "somebody else moves an order")
        .refuses("sub_account", other.sub, Error::WrongAuthority, "somebody else's order is moved")
        .refuses("market", address::market(BTC), Error::WrongMarket, "an order of another market is cancelled")
}

fn place_and_take() -> Scene {
    let (mut world, user, maker, _) = pair();
    let other = world.rich(10_000);
    world.place(maker, limit(SOL, Side::Short, ONE, 150 * DOLLAR)).expect("the maker rests");
    let taking = world.taking(user, ioc(SOL, Side::Long, ONE, 150 * DOLLAR), ONE, &[maker]);
    Scene::of(world, taking)
        .refuses("signer", other.authority, Error::WrongAuthority, "somebody else trades")
        .refuses("sub_account", other.sub, Error::WrongAuthority, "a trade for somebody else")
        .refuses("market", address::market(BTC), Error::WrongMarket, "a trade in another market")
        .refuses("trailing 0", user.sub, AccountError::AccountDuplicate, "the taker as its own maker")
        .refuses("trailing 0", other.sub, Error::FillTooSmall, "a maker without that order is left out")
}
