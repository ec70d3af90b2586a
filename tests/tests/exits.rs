//! The way out on the built program: with operator, keepers and oracles gone, everybody leaves with everything.

use kedge_interface::address;
use kedge_interface::event::Event;
use kedge_interface::instruction::{Deposit, PayTreasury, RequestUnstake, SettleMarket, Stake, Unstake};
use kedge_model::Error;
use kedge_model::account::order::Side;
use kedge_model::quantity::Quote;
use kedge_tests::market::{BTC, DOLLAR, ONE, SOL, USDC, WSOL};
use kedge_tests::orders::{ioc, limit};
use kedge_tests::verbs::refused;
use kedge_tests::{World, token};

/// Longs and shorts, an order that rests, collateral of two kinds, a stake.
fn busy() -> World {
    let mut world = World::start();
    let [long, short, other] = [world.rich(10_000), world.rich(10_000), world.rich(5_000)];
    world.take(long, ioc(SOL, Side::Long, 10 * ONE, 152 * DOLLAR), &[]).expect("a long position");
    world.take(short, ioc(SOL, Side::Short, 4 * ONE, 148 * DOLLAR), &[]).expect("a short position");
    world.take(other, ioc(BTC, Side::Long, ONE / 100, 61_000 * DOLLAR), &[]).expect("a position elsewhere");
    world.place(long, limit(SOL, Side::Long, ONE, 140 * DOLLAR)).expect("it rests");
    world.deposit(other, WSOL, 3 * ONE).expect("the deposit arrives");
    world.run(Stake::of(other.authority, other.wallet, 500 * DOLLAR, 0)).expect("staked");
    world.move_price(SOL, 151 * DOLLAR);
    world
}

#[test]
fn with_everybody_gone_all_vaults_are_emptied_within_two_days() {
    let mut world = busy();
    let last_sign = world.time();
    let somebody = world.users[0].authority;
    let (treasury, mint) = (world.treasury(), world.mints[usize::from(USDC)]);
    world.token_owner(treasury, USDC, 0);
    refused(world.run(PayTreasury::of(&treasury, &mint)), Error::MarketsRemain);
    world.end_in_silence(somebody);
    for user in world.users.clone() {
        for bank in [USDC, WSOL] {
            let balance = world.balance(user, bank);
            if balance != 0 {
                world.withdraw(user, bank, balance).expect("nothing is at stake any more");
            }
        }
    }
    // The stake that stood behind the markets leaves without its thirteen days.
    let staker = world.users[2];
    let shares = 500 * DOLLAR * 1_000;
    world.run(RequestUnstake::of(staker.authority, 0, shares)).expect("requested");
    world.run(Unstake::of(staker.authority, staker.wallet)).expect("paid at once");
    let done = world.run(PayTreasury::of(&treasury, &mint)).expect("anybody pays the treasury");
    let [Event::Stake(record)] = done.events()[..] else { panic!("one record, not {:?}", done.events()) };
    let wallet = address::token_account(&treasury, &mint);
    assert_eq!(record.amount, Quote(-i64::try_from(token::amount(&world.machine, &wallet)).expect("in range")));
    assert_eq!((record.authority, record.shares), (treasury.to_bytes(), 0));
    for bank in [USDC, WSOL] {
        assert_eq!(token::amount(&world.machine, &address::vault(bank)), 0, "the vault of bank {bank}");
    }
    assert!(world.time() - last_sign <= 48 * 3_600);
    refused(world.run(PayTreasury::of(&treasury, &mint)), Error::AmountZero);
}

#[test]
fn a_silent_market_is_announced_and_a_price_takes_it_back() {
    let mut world = busy();
    let market = address::market(SOL);
    refused(world.run(SettleMarket { market }), Error::MarketNotExpired);
    world.pass_ms(23 * 3_600_000);
    let done = world.run(SettleMarket { market }).expect("announced");
    let [Event::MarketChanged(record)] = done.events()[..] else { panic!("one record, not {:?}", done.events()) };
    assert_eq!((record.silent, record.status, record.status_before), (1, 1, 1));
    refused(world.run(SettleMarket { market }), Error::RowNotSilent);
    world.pass_ms(1_800_000);
    world.refresh_everything();
    world.pass_ms(1_800_000);
    refused(world.run(SettleMarket { market }), Error::MarketNotExpired);
    let user = world.users[0];
    world.run(Deposit::of(user.authority, user.wallet, user.sub, USDC, DOLLAR)).expect("it goes on");
}
