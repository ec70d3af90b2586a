//! Situations that several tests begin with.

use super::check::check;
use super::{BTC, DOLLAR, ONE, World, ioc, limit};
use kedge_model::account::order::Side;
use kedge_model::quantity::{Ppm, Size};

/// The one who is traded with.
pub(crate) const MAKER: usize = 2;
/// The one who takes over.
pub(crate) const LIQUIDATOR: usize = 4;

/// The trader, account 0, is long so many of a market against the maker, at the oracle.
pub(crate) fn long(world: &mut World, market: usize, size: u64) {
    let price = world.oracle(market).0;
    world.place(MAKER, limit(market, Side::Short, size, price)).unwrap();
    let taken = world.take(0, ioc(market, Side::Long, size, price), &[MAKER]).unwrap();
    assert_eq!(taken.matched.maker_size, Size(size));
}

/// A trader with so many dollars and one BTC, a maker and a liquidator with plenty.
pub(crate) fn long_one(dollars: u64) -> World {
    let mut world = World::new(6);
    world.deposit(0, 0, dollars * DOLLAR).unwrap();
    world.deposit(MAKER, 0, 1_000_000 * DOLLAR).unwrap();
    world.deposit(LIQUIDATOR, 0, 1_000_000 * DOLLAR).unwrap();
    long(&mut world, BTC, ONE);
    world
}

/// Somebody trades so many with a market's vAMM, whose full inventory makes a premium of one percent from now on and is
/// twice as many: the premium is half a percent as long as nobody else trades with it and the open interest is no larger.
pub(crate) fn lean(world: &mut World, market: usize, account: usize, side: Side, size: u64) {
    let amm = &mut world.markets[market].amm;
    (amm.base_spread, amm.inventory_spread, amm.inventory_limit) = (Ppm(10_000), Ppm(10_000), Size(2 * size));
    let price = world.oracle(market).0;
    let limit = if side == Side::Long { price / 100 * 104 } else { price / 100 * 96 };
    let taken = world.take(account, ioc(market, side, size, limit), &[]).unwrap();
    assert_eq!(taken.matched.amm_size, Size(size));
}

/// Takes over all of the trader's BTC and settles what the balance pays.
pub(crate) fn liquidate_all(world: &mut World) {
    while !world.accounts[0].position(BTC).base.is_zero() {
        let _ = world.liquidate(BTC, 0, LIQUIDATOR, u64::MAX).unwrap();
        check(world);
    }
    let _ = world.settle(BTC, 0).unwrap();
}
