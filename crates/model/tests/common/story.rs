//! Situations that several tests begin with.

use super::check::check;
use super::{BTC, DOLLAR, ONE, World, ioc, limit};
use kedge_model::order::Side;
use kedge_model::quantity::Size;

/// The one who is traded with.
pub const MAKER: usize = 2;
/// The one who takes over.
pub const LIQUIDATOR: usize = 4;

/// The trader, account 0, is long so many of a market against the maker, at the oracle.
pub fn long(world: &mut World, market: usize, size: u64) {
    let price = world.oracle(market).0;
    world.place(MAKER, limit(market, Side::Short, size, price)).unwrap();
    let taken = world.take(0, ioc(market, Side::Long, size, price), &[MAKER]).unwrap();
    assert_eq!(taken.matched.maker_size, Size(size));
}

/// A trader with so many dollars and one BTC, a maker and a liquidator with plenty.
pub fn long_one(dollars: u64) -> World {
    let mut world = World::new(6);
    world.deposit(0, 0, dollars * DOLLAR).unwrap();
    world.deposit(MAKER, 0, 1_000_000 * DOLLAR).unwrap();
    world.deposit(LIQUIDATOR, 0, 1_000_000 * DOLLAR).unwrap();
    long(&mut world, BTC, ONE);
    world
}

/// Takes over all of the trader's BTC and settles what the balance pays.
pub fn liquidate_all(world: &mut World) {
    while !world.accounts[0].position(BTC).base.is_zero() {
        let _ = world.liquidate(BTC, 0, LIQUIDATOR, u64::MAX).unwrap();
        check(world);
    }
    let _ = world.settle(BTC, 0).unwrap();
}
