//! What must hold after every action, whether it succeeded or not.

use super::{Account, World};
use kedge_model::account::market::Market;
use kedge_model::quantity::{Amount, Quote};

/// Checks every account's own invariant and the exact sums over accounts.
pub(crate) fn check(world: &mut World) {
    world.exchange.invariant().unwrap();
    world.board.invariant().unwrap();
    for account in &mut world.accounts {
        account.borrow().invariant().unwrap();
    }
    let world = &*world;
    for (index, market) in world.markets.iter().enumerate() {
        market.invariant().unwrap();
        ledger(world, index, market);
    }
    banks(world);
    total(world);
}

fn positions(world: &World, market: usize) -> impl Iterator<Item = &kedge_model::account::position::Position> {
    let index = World::index(market);
    world.accounts.iter().flat_map(move |a| a.head.positions.iter().filter(move |p| p.is_used() && p.market == index))
}

fn ledger(world: &World, index: usize, market: &Market) {
    let (mut longs, mut shorts, mut quote, mut unsettled) = (0i128, 0i128, 0i128, 0i128);
    let row = world.board.market(World::index(index)).unwrap();
    for position in positions(world, index) {
        let base = i128::from(position.base.0);
        longs += base.max(0);
        shorts += (-base).max(0);
        quote += i128::from(position.quote.0);
        unsettled += i128::from(position.unsettled_funding(row.funding(position.base)).unwrap().0);
    }
    assert_eq!(longs, i128::from(market.long_interest.0), "long interest");
    assert_eq!(shorts, i128::from(market.short_interest.0), "short interest");
    assert_eq!(longs - shorts, -i128::from(market.amm.base.0), "users and vAMM together are flat");
    assert_eq!(quote, i128::from(market.users_quote.0), "sum of claims");
    // The pot pays exactly what is still to be settled; only rounding stays in it, and never less than nothing.
    let dust = i128::from(market.funding_pot.0) - unsettled + i128::from(market.deficit.0);
    assert!(dust >= 0, "market {index}: somebody received {dust} that nobody paid");
    assert!(dust <= world.dust_bound[index] + 16, "market {index}: {dust} units of dust");
}

fn banks(world: &World) {
    for (index, bank) in world.banks.iter().enumerate() {
        bank.invariant().unwrap();
        let balances: u64 = world.accounts.iter().map(|a| balance(a, index) + isolated(a, index)).sum();
        assert_eq!(bank.deposits.0, balances, "deposits of bank {index}");
        assert_eq!(bank.claims().unwrap().0, world.vaults[index], "claims on vault {index}");
        bank.require_covered(Amount(world.vaults[index])).unwrap();
    }
    let pools: u64 = world.markets.iter().map(|m| m.pnl_pool.0 + m.insurance_fund.0).sum();
    assert_eq!(world.banks[0].market_pools.0, pools, "pools of the markets");
}

fn balance(account: &Account, bank: usize) -> u64 {
    account.head.balance(World::index(bank)).0
}

/// What isolated positions hold of a bank: theirs is the quote bank alone.
fn isolated(account: &Account, bank: usize) -> u64 {
    if bank == 0 { account.head.positions.iter().map(|position| position.isolated.0).sum() } else { 0 }
}

/// The equities of everybody, at the oracles, are the money that was put in: exactly but for the fractions that
/// valuing each position cuts off, and never more.
fn total(world: &World) {
    let quote_balances: i128 = world.accounts.iter().map(|a| i128::from(balance(a, 0) + isolated(a, 0))).sum();
    let staked = Amount(world.banks[0].tranche.claims().unwrap().0 + world.banks[0].backstop.claims().unwrap().0);
    let mut sum = quote_balances + i128::from(world.banks[0].protocol.0) + i128::from(staked.0);
    let mut fractions = 0i128;
    for (index, market) in world.markets.iter().enumerate() {
        let row = world.board.market(World::index(index)).unwrap();
        let price = row.price.price;
        let mut unsettled = 0i128;
        for position in positions(world, index) {
            let pnl = position.unrealised_pnl(row, price).unwrap();
            sum += i128::from(pnl.0);
            unsettled += i128::from(position.unsettled_funding(row.funding(position.base)).unwrap().0);
            fractions += 1;
        }
        let Quote(amm) = market.amm_equity(price).unwrap();
        let dust = i128::from(market.funding_pot.0) - unsettled;
        sum += i128::from(amm) + i128::from(market.fees.0) + i128::from(market.insurance_fees.0);
        sum += i128::from(market.insurance_fund.0) + dust;
        fractions += 1;
    }
    let money = i128::from(world.vaults[0]);
    assert!(sum <= money, "{} units more than were put in", sum - money);
    assert!(sum >= money - fractions, "{} units are missing", money - sum);
}
