//! The backstop vault on the built program.

use kedge_interface::address::{self, BACKSTOP};
use kedge_interface::error::AccountError;
use kedge_interface::event::Event;
use kedge_interface::instruction::{
    CreateBackstop, KedgeInstruction, RequestUnstake, SettleBankruptcy, StakeVault, TakeOver, UnstakeVault,
    UnwindBackstop,
};
use kedge_model::Error;
use kedge_model::account::order::{Side, flags};
use kedge_model::quantity::{Amount, Quote};
use kedge_tests::market::{DOLLAR, ONE, SOL, USDC, market_params};
use kedge_tests::orders::ioc;
use kedge_tests::scenes::{defaulter, underwater};
use kedge_tests::verbs::refused;
use kedge_tests::world::key;
use kedge_tests::{User, World};

/// A vault with so many dollars of one holder.
fn vault(dollars: u64) -> (World, User) {
    let mut world = World::start();
    let user = vault_in(&mut world, dollars);
    (world, user)
}

fn vault_in(world: &mut World, dollars: u64) -> User {
    let user = world.rich(100);
    world.run(CreateBackstop { payer: user.authority, bank: address::bank(USDC) }).expect("created");
    let (who, wallet) = world.token_owner(user.authority, USDC, dollars * DOLLAR);
    let done = world.run(StakeVault::of(who, wallet, dollars * DOLLAR, 0)).expect("staked");
    let [Event::Stake(record)] = done.events()[..] else { panic!("one record, not {:?}", done.events()) };
    assert_eq!((record.amount.0.unsigned_abs(), record.pot), (dollars * DOLLAR, 1));
    user
}

#[test]
fn what_nobody_took_is_taken_over_sold_in_orders_and_the_holders_are_paid_in_three_days() {
    let (mut world, holder) = vault(50_000);
    let user = underwater(&mut world);
    let (market, bank) = (address::market(SOL), address::bank(USDC));
    let taking = TakeOver { market, bank, sub_account: user.sub };
    world.run(taking.clone()).expect("it begins");
    refused(world.run(taking.clone()), Error::TakeOverTooEarly);
    world.pass_ms(31_000);
    world.tick();
    let done = world.run(taking).expect("taken over");
    let [Event::Liquidation(record)] = done.events()[..] else { panic!("one record, not {:?}", done.events()) };
    assert_eq!(record.liquidator.authority, address::BACKSTOP_AUTHORITY.to_bytes());
    let held = world.sub(&BACKSTOP).head.position(SOL).expect("a position").base;
    assert!(held.0 > 0 && held == record.base);
    let unwind = UnwindBackstop { market, bank };
    world.run(unwind.clone()).expect("placed");
    refused(world.run(unwind.clone()), Error::UnwindNotDue);
    let order = *world.sub(&BACKSTOP).open_orders().next().expect("an order").1;
    assert_eq!((order.side(), order.flags), (Side::Short, flags::REDUCE_ONLY | flags::OFFSET));
    let buyer = world.rich(10_000);
    let maker = User { sub: BACKSTOP, ..holder };
    world.take(buyer, ioc(SOL, Side::Long, order.size.0, 141 * DOLLAR), &[maker]).expect("bought");
    let left = world.sub(&BACKSTOP).head.position(SOL).expect("a position").base;
    assert_eq!(held.0 - left.0, i64::try_from(order.size.0).expect("small"));
    assert!(left.0 > 0 && held.0 < i64::try_from(100 * ONE).expect("small"));
    let shares = 10_000_000_000;
    world.run(RequestUnstake::of(holder.authority, 1, shares)).expect("requested");
    refused(world.run(UnstakeVault::of(holder.authority, holder.wallet)), Error::UnstakeTooEarly);
    world.pass_ms(3 * 86_400_000);
    world.tick();
    let done = world.run(UnstakeVault::of(holder.authority, holder.wallet)).expect("paid");
    let [Event::Stake(paid)] = done.events()[..] else { panic!("one record, not {:?}", done.events()) };
    assert!(paid.amount < Quote(0) && paid.amount > Quote(-11 * i64::try_from(DOLLAR).expect("small")));
}

#[test]
fn a_default_beyond_the_insurance_is_the_vaults_up_to_its_cap_and_never_without_its_account() {
    let mut world = World::bare().set_up(0);
    let mut params = market_params(SOL);
    params.insurance_cap = Amount(10 * DOLLAR);
    world.list_market(&params, 150 * DOLLAR);
    world.tick();
    world.open_market(SOL);
    let patron = world.token_owner(key(4, 2), USDC, 600_000 * DOLLAR);
    world.fund(patron, SOL, 0, 500_000 * DOLLAR).expect("the vAMM");
    world.fund(patron, SOL, 1, 50_000 * DOLLAR).expect("the insurance fund");
    vault_in(&mut world, 1_000);
    let (user, _) = defaulter(&mut world);
    let before = world.sub(&BACKSTOP).head.balance(USDC);
    let mut without =
        SettleBankruptcy { market: address::market(SOL), bank: address::bank(USDC), sub_account: user.sub }
            .instruction();
    let at = without.accounts.iter().position(|meta| meta.pubkey == BACKSTOP).expect("the vault's account");
    without.accounts[at].pubkey = user.authority;
    refused(world.run(without), AccountError::AccountWrongAddress);
    // At a price that is too old nothing of the vAMM is known to be spare.
    world.pass_ms(120_000);
    let done = world.bankrupt(user, SOL).expect("settled");
    let [Event::Bankruptcy(record)] = done.events()[..] else { panic!("one record, not {:?}", done.events()) };
    assert_eq!((record.paid(), record.amm), (Ok(record.loss), Amount(0)));
    let rest = record.loss.0 - record.fees.0 - record.insurance_fees.0 - record.protocol.0 - 10 * DOLLAR;
    assert_eq!((record.insurance.0, record.backstop.0), (10 * DOLLAR, rest.min(150 * DOLLAR)));
    assert!(record.backstop.0 > 10 * DOLLAR, "{record:?}");
    assert_eq!(before.0 - world.sub(&BACKSTOP).head.balance(USDC).0, record.backstop.0);
}
