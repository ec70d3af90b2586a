//! A small scene for orders that wait or belong together: somebody in SOL, a maker, a keeper.

use super::check::check;
use super::{DOLLAR, ONE, SOL, World, ioc};
use kedge_model::account::order::{OrderParams, Side, flags};
use kedge_model::action::CancelOrder;
use kedge_model::event::NoEvents;
use kedge_model::quantity::Base;

/// Account of the orders, of somebody who trades against them, and of who does the services.
pub(crate) const OWNER: usize = 0;
pub(crate) const MAKER: usize = 2;
pub(crate) const CRANK: usize = 4;

/// A world in which the owner holds base units of SOL at 150.
pub(crate) fn holding(units: i64) -> World {
    let mut world = World::funded(6, 10_000);
    let (side, worst) = if units > 0 { (Side::Long, 170) } else { (Side::Short, 130) };
    if units != 0 {
        let size = units.unsigned_abs() * ONE;
        let _ = world.take(OWNER, ioc(SOL, side, size, worst * DOLLAR), &[]).unwrap();
    }
    assert_eq!(world.accounts[OWNER].position(SOL).base, Base(units * 1_000_000_000));
    world
}

/// Moves SOL to a price at once, within what is no jump.
pub(crate) fn quote(world: &mut World, price: u64) {
    world.wait(1);
    let _ = world.refresh_bank(0, DOLLAR).unwrap();
    let _ = world.refresh(SOL, price).unwrap();
}

/// Only reduces.
pub(crate) fn reducing(params: OrderParams) -> OrderParams {
    OrderParams { flags: params.flags | flags::REDUCE_ONLY, ..params }
}

pub(crate) fn cancel(world: &mut World, account: usize, id: u32) {
    world
        .attempt(|w| CancelOrder { id }.execute(&mut w.accounts[account].borrow(), &mut NoEvents).map(drop))
        .expect("an open order can always be cancelled");
    check(world);
}
