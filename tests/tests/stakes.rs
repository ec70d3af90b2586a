//! Staked insurance on the built program.

use kedge_interface::event::Event;
use kedge_interface::instruction::{CancelUnstake, RequestUnstake, Stake, Unstake};
use kedge_model::Error;
use kedge_model::quantity::Quote;
use kedge_tests::market::{DOLLAR, USDC};
use kedge_tests::verbs::refused;
use kedge_tests::{World, token};

#[test]
fn stakes_wait_thirteen_days_and_are_paid_from_the_vault() {
    let mut world = World::start();
    let (user, other) = (world.rich(1_000), world.rich(1_000));
    let (who, wallet) = (user.authority, user.wallet);
    let held = token::amount(&world.machine, &wallet);
    let done = world.run(Stake::of(who, wallet, 100 * DOLLAR, 100_000 * DOLLAR)).expect("staked");
    let [Event::Stake(record)] = done.events()[..] else { panic!("one record, not {:?}", done.events()) };
    assert_eq!((record.amount, record.shares), (Quote(100_000_000), 100_000_000_000));
    assert_eq!(held - token::amount(&world.machine, &wallet), 100 * DOLLAR);
    assert_eq!(world.bank(USDC).tranche.assets.0, 100 * DOLLAR);
    refused(world.run(Stake::of(other.authority, other.wallet, DOLLAR, 1_001 * DOLLAR)), Error::SharesTooFew);
    refused(world.run(Unstake::of(who, wallet)), Error::NothingRequested);
    world.run(RequestUnstake::of(who, 0, record.shares)).expect("requested");
    refused(world.run(Unstake::of(who, wallet)), Error::UnstakeTooEarly);
    world.run(CancelUnstake::of(who, 0)).expect("taken back");
    world.run(RequestUnstake::of(who, 0, record.shares / 4)).expect("requested");
    world.pass_ms(13 * 86_400_000);
    let done = world.run(Unstake::of(who, wallet)).expect("paid");
    let [Event::Stake(paid)] = done.events()[..] else { panic!("one record, not {:?}", done.events()) };
    assert_eq!((paid.amount, paid.shares), (Quote(-25_000_000), record.shares / 4));
    assert_eq!(held - token::amount(&world.machine, &wallet), 75 * DOLLAR);
    world.run(RequestUnstake::of(who, 0, 1)).expect("requested");
    world.pass_ms(15 * 86_400_000);
    refused(world.run(Unstake::of(who, wallet)), Error::UnstakeLapsed);
}
