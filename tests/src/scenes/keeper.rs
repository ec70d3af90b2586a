//! Scenes of makers, keepers, liquidation and default.

use kedge_interface::address;
use kedge_interface::error::AccountError;
use kedge_interface::instruction::{
    Liquidate, LiquidateWithFill, SettleBankruptcy, SettlePnl, SweepFees, UpdateAmm, UpdateFeeTier, UpdateFunding,
    Verify,
};
use kedge_model::Error;
use kedge_model::account::order::{OrderKind, OrderParams, Side, flags};
use kedge_model::action::MakerRef;

use super::{Named, Scene};
use crate::market::{BTC, DOLLAR, ETH, ONE, SOL, USDC, WSOL, bank_feed, market_feed};
use crate::oracle;
use crate::orders::{ioc, limit, market, twap, waiting};
use crate::world::{User, World, key};

pub(super) const SCENES: &[Named] = &[
    ("update_fee_tier", update_fee_tier),
    ("place_and_make", place_and_make),
    ("refresh_prices", refresh_prices),
    ("fill_order", fill_order),
    ("trigger_order", trigger_order),
    ("trail_order", trail_order),
    ("slice_order", slice_order),
    ("expire_orders", expire_orders),
    ("update_amm", update_amm),
    ("update_funding", update_funding),
    ("settle_pnl", settle_pnl),
    ("sweep_fees", sweep_fees),
    ("verify", verify),
    ("liquidate", liquidate),
    ("liquidate_with_fill", liquidate_with_fill),
    ("settle_bankruptcy", settle_bankruptcy),
    ("uncross", uncross),
];

/// The first user's market order in its auction, a maker's order at the oracle, a keeper, and a bystander.
fn auction() -> (World, [User; 4], u32) {
    let mut world = World::start();
    let users = [(); 4].map(|()| world.rich(10_000));
    world.place(users[1], limit(SOL, Side::Short, ONE, 150 * DOLLAR)).expect("the maker rests");
    let id = world.place(users[0], market(SOL, Side::Long, ONE, 0)).expect("the taker is placed");
    world.pass_slots(3);
    (world, users, id)
}

fn place_and_make() -> Scene {
    let (world, [taker, maker, _, other], id) = auction();
    let making = world.making(maker, taker, id, ONE, DOLLAR);
    Scene::of(world, making)
        .refuses("signer", other.authority, Error::WrongAuthority, "somebody makes for the maker")
        .refuses("maker", other.sub, Error::WrongAuthority, "a trade for somebody else")
        .refuses("market", address::market(BTC), Error::WrongMarket, "the trade is booked in another market")
        .refuses("taker", other.sub, Error::OrderNotFound, "a taker without that order")
        .refuses("taker", maker.sub, 2040, "the maker as the taker")
}

fn fill_order() -> Scene {
    let (world, [taker, maker, keeper, other], id) = auction();
    let filling = world.filling(keeper, taker, id, true, &[maker]);
    Scene::of(world, filling)
        .refuses("signer", other.authority, Error::WrongAuthority, "the reward of another filler")
        .refuses("trailing 0", other.sub, Error::WrongAuthority, "the reward goes to somebody who did not sign")
        .refuses("trailing 0", taker.sub, AccountError::AccountDuplicate, "the taker as the filler")
        .refuses("trailing 1", taker.sub, AccountError::AccountDuplicate, "the taker as its own maker")
        .refuses("trailing 1", keeper.sub, AccountError::AccountDuplicate, "the filler as the maker")
        .refuses("taker", other.sub, Error::OrderNotFound, "a taker without that order")
        .refuses("taker", maker.sub, AccountError::AccountDuplicate, "the maker as the taker too")
        .refuses("market", address::market(BTC), Error::WrongMarket, "the trade is booked in another market")
}

/// Two post-only orders that cross, a keeper, and a bystander.
fn uncross() -> Scene {
    let mut world = World::start();
    let [seller, buyer, keeper, other] = [(); 4].map(|()| world.rich(10_000));
    let post_only = |side, price| OrderParams { flags: flags::POST_ONLY, ..limit(SOL, side, ONE, price) };
    // One tick apart, where the vAMM trades with neither.
    world.place(seller, post_only(Side::Short, 150 * DOLLAR)).expect("rests");
    world.place(buyer, post_only(Side::Long, 150 * DOLLAR)).expect("rests");
    let uncrossing = world.uncrossing(keeper, &[seller, buyer]);
    Scene::of(world, uncrossing)
        .accepts("signer", other.authority, "any account may")
        .refuses("market", address::market(BTC), Error::NothingToFill, "the orders are of another market")
        .refuses("trailing 0", other.sub, Error::NothingToFill, "an account without the order")
        .refuses("trailing 1", seller.sub, AccountError::AccountDuplicate, "the seller as the buyer too")
}

/// A user with a long position, a keeper, and a bystander.
fn holder() -> (World, [User; 3]) {
    let mut world = World::start();
    let users = [(); 3].map(|()| world.rich(10_000));
    world.take(users[0], ioc(SOL, Side::Long, 2 * ONE, 152 * DOLLAR), &[]).expect("a position");
    (world, users)
}

fn trigger_order() -> Scene {
    let (mut world, [owner, keeper, other]) = holder();
    let entry = waiting(SOL, OrderKind::StopMarket, Side::Long, ONE, 151 * DOLLAR);
    let id = world.place(owner, entry).expect("it waits");
    world.move_price(SOL, 151 * DOLLAR);
    let triggering = world.triggering(keeper, owner, id);
    served(Scene::of(world, triggering), owner, keeper, other, Error::OrderNotFound)
}

fn trail_order() -> Scene {
    let (mut world, [owner, keeper, other]) = holder();
    let params = OrderParams { extent: 10_000, ..waiting(SOL, OrderKind::TrailingStop, Side::Short, 2 * ONE, 0) };
    let id = world.place(owner, params).expect("it waits");
    world.move_price(SOL, 152 * DOLLAR);
    let trailing = world.trailing(keeper, owner, id);
    served(Scene::of(world, trailing), owner, keeper, other, Error::OrderNotFound)
}

fn slice_order() -> Scene {
    let (mut world, [owner, keeper, other]) = holder();
    let id = world.place(owner, twap(SOL, Side::Long, 4 * ONE, 100_000, 20)).expect("the first slice is out");
    world.pass_ms(20_000);
    world.tick();
    let slicing = world.slicing(keeper, owner, id);
    served(Scene::of(world, slicing), owner, keeper, other, Error::OrderNotFound)
}

fn expire_orders() -> Scene {
    let (mut world, [owner, keeper, other]) = holder();
    let expires_at = u32::try_from(world.time() + 4).expect("before 2106");
    let order = OrderParams { expires_at, ..limit(SOL, Side::Long, ONE, 140 * DOLLAR) };
    let stop =
        OrderParams { flags: flags::REDUCE_ONLY, ..waiting(SOL, OrderKind::StopMarket, Side::Short, ONE, DOLLAR) };
    world.place_all(owner, &[order, stop, order]).expect("they rest");
    world.pass_ms(5_000);
    world.tick();
    let expiring = world.expiring(keeper, owner, SOL, &[]);
    served(Scene::of(world, expiring), owner, keeper, other, Error::NothingExpired)
}

/// The refusals that all services to orders share.
fn served(scene: Scene, owner: User, keeper: User, other: User, elsewhere: Error) -> Scene {
    let wrong = if elsewhere == Error::NothingExpired { Error::NothingExpired } else { Error::WrongMarket };
    scene
        .refuses("signer", other.authority, Error::WrongAuthority, "the fee of another keeper")
        .refuses("trailing 0", other.sub, Error::WrongAuthority, "the fee goes to somebody who did not sign")
        .refuses("trailing 0", owner.sub, AccountError::AccountDuplicate, "the owner as the keeper")
        .may_end_before("trailing 0", "a keeper may serve without its fee")
        .refuses("sub_account", keeper.sub, AccountError::AccountDuplicate, "the keeper as the owner too")
        .refuses("sub_account", other.sub, elsewhere, "an owner without that order")
        .refuses("market", address::market(BTC), wrong, "the fee is booked in another market")
}

fn refresh_prices() -> Scene {
    let mut world = World::start();
    world.pass_ms(2_000);
    for (feed, price) in [(market_feed(SOL), 151), (market_feed(ETH), 2_501), (bank_feed(USDC), 1)] {
        oracle::publish(&mut world.machine, feed, price * DOLLAR);
    }
    let refreshing = world.refreshing(&[0, 2], &[0]);
    let foreign = oracle::address(&market_feed(BTC));
    let sol = oracle::address(&market_feed(SOL));
    let eth = oracle::address(&market_feed(ETH));
    let forged = key(6, 7);
    super::forge(&mut world, &sol, forged, |account| account.owner = address::TOKEN_PROGRAM);
    let resized = key(6, 8);
    super::forge(&mut world, &sol, resized, |account| account.data.push(0));
    let retyped = key(6, 9);
    super::forge(&mut world, &sol, retyped, |account| account.data[0] ^= 1);
    Scene::of(world, refreshing)
        .refuses("trailing 0", foreign, AccountError::OracleWrongFeed, "another market's price")
        .refuses("trailing 0", eth, AccountError::OracleWrongFeed, "the price of a market that is refreshed too")
        .refuses("trailing 1", sol, AccountError::OracleWrongFeed, "the same account again")
        .refuses("trailing 0", forged, AccountError::OracleWrongOwner, "a price that another program wrote")
        .refuses("trailing 0", resized, AccountError::OracleWrongType, "an account of another size")
        .refuses("trailing 0", retyped, AccountError::OracleWrongType, "an account of another kind")
        .refuses("trailing 2", key(6, 10), AccountError::OracleWrongOwner, "an account that does not exist")
}

fn update_amm() -> Scene {
    let mut world = World::start();
    world.prices[usize::from(BTC)] = 60_600 * DOLLAR;
    world.move_price(SOL, 151 * DOLLAR);
    Scene::of(world, UpdateAmm { market: address::market(SOL) }).accepts(
        "market",
        address::market(BTC),
        "the vAMM of any market may be moved",
    )
}

fn update_funding() -> Scene {
    let mut world = World::start();
    world.pass_ms(3_600_000);
    world.tick();
    Scene::of(world, UpdateFunding { market: address::market(SOL) }).accepts(
        "market",
        address::market(BTC),
        "the funding of any market may be charged",
    )
}

fn update_fee_tier() -> Scene {
    let mut world = World::start();
    let (user, other) = (world.rich(10_000), world.rich(10_000));
    let trader = address::trader(&user.authority);
    Scene::of(world, UpdateFeeTier { trader, sub_account: user.sub })
        .refuses("trader", address::trader(&other.authority), Error::WrongOwner, "volume for somebody else")
        .refuses("sub_account", other.sub, Error::WrongOwner, "somebody else's volume")
}

fn settle_pnl() -> Scene {
    let mut world = World::start();
    let (user, other) = (world.rich(10_000), world.rich(10_000));
    world.take(user, ioc(SOL, Side::Long, ONE, 151 * DOLLAR), &[]).expect("a position");
    world.move_price(SOL, 148 * DOLLAR);
    let (market, bank) = (address::market(SOL), address::bank(USDC));
    Scene::of(world, SettlePnl { market, bank, sub_account: user.sub, owner: vec![] })
        .refuses("market", address::market(BTC), Error::PositionNotFound, "in a market without a position")
        .refuses("bank", address::bank(WSOL), Error::WrongRow, "into another collateral")
        .refuses("sub_account", other.sub, Error::PositionNotFound, "an account without a position")
}

fn sweep_fees() -> Scene {
    let mut world = World::start();
    let user = world.rich(10_000);
    world.take(user, ioc(SOL, Side::Long, 10 * ONE, 151 * DOLLAR), &[]).expect("a fee is paid");
    Scene::of(world, SweepFees { market: address::market(SOL), bank: address::bank(USDC) })
        .refuses("market", address::market(BTC), Error::NothingToSettle, "a market without fees")
        .refuses("bank", address::bank(WSOL), Error::WrongRow, "into another collateral")
}

fn verify() -> Scene {
    let mut world = World::start();
    let user = world.rich(10_000);
    world.take(user, ioc(SOL, Side::Long, 10 * ONE, 151 * DOLLAR), &[]).expect("claims and fees are there");
    Scene::of(world, Verify::of(USDC, ETH + 1))
        .refuses("bank", address::bank(WSOL), AccountError::AccountWrongVault, "another bank's books")
        .refuses("vault", address::vault(WSOL), AccountError::AccountWrongVault, "another bank's tokens")
        .refuses("vault", user.wallet, AccountError::AccountWrongVault, "tokens that are not in the vault")
        .refuses("trailing 0", address::market(BTC), Error::WrongMarket, "a market counts twice")
        .refuses("trailing 1", address::market(SOL), Error::WrongMarket, "a market counts twice, another is left out")
        .refuses("trailing 2", user.sub, AccountError::AccountWrongType, "an account that is no market")
}

/// A user whose long position in SOL is below its maintenance margin, with equity left; prices are calm.
pub fn underwater(world: &mut World) -> User {
    let user = world.rich(1_600);
    world.take(user, ioc(SOL, Side::Long, 100 * ONE, 152 * DOLLAR), &[]).expect("a large position");
    for dollars in [146, 142, 140] {
        world.pass_ms(400_000);
        world.move_price(SOL, dollars * DOLLAR);
    }
    user
}

/// A user with nothing but a debt in SOL, and the liquidator who took the position over.
pub fn defaulter(world: &mut World) -> (User, User) {
    let liquidator = world.rich(100_000);
    let user = underwater(world);
    for dollars in [136, 130, 125] {
        world.pass_ms(400_000);
        world.move_price(SOL, dollars * DOLLAR);
    }
    // Each step takes a quarter of the position, and a small rest at once.
    for _ in 0..60 {
        if world.position(user, SOL).base.is_zero() {
            break;
        }
        world.liquidate(liquidator, user, SOL, u64::MAX).expect("the position is taken over");
    }
    assert!(world.position(user, SOL).base.is_zero(), "all of it is taken over");
    world.settle(user, SOL).expect("the balance pays what it can");
    assert_eq!(world.balance(user, USDC), 0);
    (user, liquidator)
}

fn liquidate() -> Scene {
    let mut world = World::start();
    let (liquidator, other) = (world.rich(100_000), world.rich(10_000));
    let user = underwater(&mut world);
    let market = address::market(SOL);
    let liquidate = Liquidate {
        signer: liquidator.authority,
        market,
        sub_account: user.sub,
        liquidator: liquidator.sub,
        max_size: u64::MAX,
        limit_price: 0,
    };
    Scene::of(world, liquidate)
        .refuses("signer", other.authority, Error::WrongAuthority, "somebody makes another the liquidator")
        .refuses("liquidator", other.sub, Error::WrongAuthority, "the position is put on somebody else")
        .refuses("liquidator", user.sub, 2040, "the account takes over its own position")
        .refuses("sub_account", other.sub, Error::NotLiquidatable, "a healthy account is liquidated")
        .refuses("market", address::market(BTC), Error::NothingToLiquidate, "in a market without a position")
}

fn liquidate_with_fill() -> Scene {
    let mut world = World::start();
    let [poor, maker, other] = [10, 100_000, 10_000].map(|dollars| world.rich(dollars));
    let user = underwater(&mut world);
    let at = world.prices[usize::from(SOL)];
    let bid = world.place(maker, limit(SOL, Side::Long, 100 * ONE, at)).expect("a maker bids");
    let fill = LiquidateWithFill {
        signer: poor.authority,
        market: address::market(SOL),
        sub_account: user.sub,
        liquidator: poor.sub,
        max_size: u64::MAX,
        makers: vec![MakerRef { order_id: bid, ..MakerRef::default() }],
        maker_accounts: vec![maker.sub],
    };
    Scene::of(world, fill)
        .refuses("signer", other.authority, Error::WrongAuthority, "somebody makes another the liquidator")
        .refuses("liquidator", other.sub, Error::WrongAuthority, "the fee goes to somebody who did not sign")
        .refuses("liquidator", user.sub, 2040, "the account liquidates itself")
        .refuses("sub_account", other.sub, Error::NotLiquidatable, "a healthy account is liquidated")
        .refuses("market", address::market(BTC), Error::NothingToLiquidate, "in a market without a position")
        .refuses("trailing 0", user.sub, AccountError::AccountDuplicate, "the account as its own maker")
        .refuses("trailing 0", poor.sub, AccountError::AccountDuplicate, "the liquidator as the maker")
}

fn settle_bankruptcy() -> Scene {
    let mut world = World::start();
    let other = world.rich(10_000);
    let (user, _) = defaulter(&mut world);
    let (market, bank) = (address::market(SOL), address::bank(USDC));
    Scene::of(world, SettleBankruptcy { market, bank, sub_account: user.sub })
        .refuses("sub_account", other.sub, Error::NotBankrupt, "the insurance pays a healthy account")
        .refuses("market", address::market(BTC), Error::PositionNotFound, "another market's insurance pays")
        .refuses("bank", address::bank(WSOL), Error::WrongRow, "another collateral pays")
}
