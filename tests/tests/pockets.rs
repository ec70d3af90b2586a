//! Isolated positions and a user's own leverage on the built program.

use kedge_interface::event::Event;
use kedge_model::Error;
use kedge_model::account::order::Side;
use kedge_model::account::position::status as alone;
use kedge_model::account::sub_account::status;
use kedge_model::quantity::{Amount, Ppm, Quote};
use kedge_tests::attacks::{attack, idl};
use kedge_tests::market::{BTC, DOLLAR, ONE, SOL, USDC};
use kedge_tests::orders::{ioc, limit};
use kedge_tests::scenes;
use kedge_tests::verbs::refused;
use kedge_tests::{User, World};

/// A user with an isolated long of 100 SOL that is below its maintenance margin, and 0.1 BTC beside it.
fn underwater(world: &mut World) -> User {
    let user = world.rich(20_000);
    world.isolate(user, SOL, 1_600 * DOLLAR).expect("a pocket");
    world.take(user, ioc(SOL, Side::Long, 100 * ONE, 152 * DOLLAR), &[]).expect("a large position");
    world.take(user, ioc(BTC, Side::Long, ONE / 10, 61_000 * DOLLAR), &[]).expect("another market");
    world.place(user, limit(BTC, Side::Long, ONE / 100, 50_000 * DOLLAR)).expect("a bid there");
    for dollars in [146, 142, 140] {
        world.pass_ms(400_000);
        world.move_price(SOL, dollars * DOLLAR);
    }
    user
}

#[test]
fn collateral_moves_between_balance_and_position_and_leaves_a_record() {
    let mut world = World::start();
    let user = world.rich(1_000);
    let done = world.isolate(user, SOL, 300 * DOLLAR).expect("isolated");
    let [Event::IsolatedCollateral(record)] = done.events()[..] else { panic!("one record: {:?}", done.events()) };
    assert_eq!((record.amount, record.tokens), (Quote(300_000_000), Amount(300 * DOLLAR)));
    assert_eq!((record.balance, record.market, record.isolated), (Amount(700 * DOLLAR), SOL, 1));
    let vault = world.vault(USDC);
    world.transfer_isolated(user, SOL, 100_000_000).expect("more");
    world.transfer_isolated(user, SOL, -50_000_000).expect("less");
    assert_eq!(world.position(user, SOL).isolated, Amount(350 * DOLLAR));
    let done = world.merge(user, SOL).expect("merged");
    let [Event::IsolatedCollateral(record)] = done.events()[..] else { panic!("one record: {:?}", done.events()) };
    assert_eq!((record.amount, record.tokens, record.isolated), (Quote(-350_000_000), Amount(0), 0));
    assert_eq!((world.balance(user, USDC), world.vault(USDC)), (1_000 * DOLLAR, vault));
    refused(world.merge(user, SOL), Error::PositionNotFound);
    refused(world.isolate(user, 20, DOLLAR), Error::RowNotListed);
}

#[test]
fn an_isolated_position_is_liquidated_without_the_rest() {
    let mut world = World::start();
    let liquidator = world.rich(100_000);
    let user = underwater(&mut world);
    let before = world.sub(&user.sub);
    refused(world.liquidate(liquidator, user, BTC, u64::MAX), Error::NotLiquidatable);
    let done = world.liquidate(liquidator, user, SOL, ONE).expect("a small step");
    let [Event::Liquidation(record)] = done.events()[..] else { panic!("one record: {:?}", done.events()) };
    assert_eq!((record.isolated, record.bankrupt, record.orders_cancelled), (1, 0, 0));
    let after = world.sub(&user.sub);
    assert_eq!(after.head.status, status::HAS_ISOLATED);
    assert_ne!(world.position(user, SOL).status & alone::BEING_LIQUIDATED, 0);
    assert_eq!((after.head.balances, after.head.open_orders), (before.head.balances, 1));
    assert_eq!(after.orders, before.orders);
    refused(world.place(user, limit(SOL, Side::Long, ONE, 139 * DOLLAR)), Error::AccountBeingLiquidated);
    world.place(user, limit(BTC, Side::Long, ONE / 100, 49_000 * DOLLAR)).expect("the rest trades on");
    world.withdraw(user, USDC, 100 * DOLLAR).expect("and pays out");
    world.transfer_isolated(user, SOL, 5_000_000_000).expect("a top-up is always possible");
    world.place(user, limit(SOL, Side::Long, ONE, 139 * DOLLAR)).expect("it is healthy");
    assert_eq!(world.position(user, SOL).status, alone::USED | alone::ISOLATED);
}

#[test]
fn an_isolated_default_costs_the_owner_the_pocket_and_no_more() {
    let mut world = World::start();
    let liquidator = world.rich(100_000);
    let user = underwater(&mut world);
    let balance = world.balance(user, USDC);
    for dollars in [136, 130, 125] {
        world.pass_ms(400_000);
        world.move_price(SOL, dollars * DOLLAR);
    }
    for _ in 0..60 {
        if world.position(user, SOL).base.is_zero() {
            break;
        }
        world.liquidate(liquidator, user, SOL, u64::MAX).expect("the position is taken over");
    }
    let done = world.settle(user, SOL).expect("the pocket pays what it can");
    let [Event::SettlePnl(record)] = done.events()[..] else { panic!("one record: {:?}", done.events()) };
    assert_eq!(record.isolated, 1);
    let done = world.bankrupt(user, SOL).expect("settled");
    let [Event::Bankruptcy(record)] = done.events()[..] else { panic!("one record: {:?}", done.events()) };
    assert!(record.isolated == 1 && record.loss > Amount(0));
    assert_eq!(world.balance(user, USDC), balance);
    assert_eq!(world.sub(&user.sub).head.status, 0);
    assert!(!world.position(user, SOL).is_used());
}

#[test]
fn ones_own_leverage_is_kept_and_lifted() {
    let mut world = World::start();
    let user = world.rich(1_000);
    refused(world.set_leverage(user, SOL, 1), Error::InvalidParameter);
    world.set_leverage(user, SOL, 500_000).expect("twice at most");
    assert_eq!(world.position(user, SOL).custom_margin, Ppm(500_000));
    refused(world.place(user, limit(SOL, Side::Long, 15 * ONE, 149 * DOLLAR)), Error::InsufficientMargin);
    world.place(user, limit(SOL, Side::Long, 12 * ONE, 149 * DOLLAR)).expect("within it");
    world.set_leverage(user, SOL, 0).expect("the market's own again");
    world.place(user, limit(SOL, Side::Long, 15 * ONE, 149 * DOLLAR)).expect("up to ten times");
}

#[test]
fn no_account_of_these_instructions_can_be_replaced() {
    let names = ["isolate_position", "transfer_isolated", "merge_position", "set_leverage"];
    for name in names {
        let idl = idl::instructions().into_iter().find(|idl| idl.name == name).expect("it is in the IDL");
        let scene = scenes::all().into_iter().find(|(scene, _)| *scene == name).expect("it has a scene").1;
        let matrix = attack(&idl, scene);
        assert!(matrix.wrong.is_empty(), "{name}:\n{}", matrix.wrong.join("\n"));
        assert!(matrix.attacks() > 10, "{name}: {} attacks", matrix.attacks());
    }
}
