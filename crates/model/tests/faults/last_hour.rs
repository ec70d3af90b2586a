//! What trades in the hour before an expiry, and what does not.

use super::expiry::{announce, glide};
use crate::common::check::check;
use crate::common::lifecycle::set_expiry;
use crate::common::{BTC, DOLLAR, ONE, World, ioc, join, limit, with};
use kedge_model::account::order::{OrderParams, Side, flags};
use kedge_model::action::{SweepFees, UpdateAmm};
use kedge_model::error::Error;
use kedge_model::fault::{Fault, with as plant};
use kedge_model::quantity::{Base, Price, Size};
use kedge_model::rule::risk;

#[test]
fn from_the_last_hour_on_the_expiry_and_funding_stand_and_old_orders_only_reduce() {
    let mut world = World::funded(10, 100_000);
    let time = announce(&mut world, BTC);
    let _ = world.take(0, ioc(BTC, Side::Long, ONE / 2, 61_000 * DOLLAR), &[]).unwrap();
    // Orders that would open: one of nobody's position, one larger than its owner's.
    world.place(2, limit(BTC, Side::Long, ONE, 59_990 * DOLLAR)).unwrap();
    world.place(4, limit(BTC, Side::Short, ONE, 61_500 * DOLLAR)).unwrap();
    let _ = world.take(6, ioc(BTC, Side::Long, ONE / 4, 62_000 * DOLLAR), &[]).unwrap();
    world.place(6, limit(BTC, Side::Short, ONE, 60_100 * DOLLAR)).unwrap();
    let _ = world.take(8, ioc(BTC, Side::Short, ONE / 2, 58_000 * DOLLAR), &[]).unwrap();
    let offset = with(flags::OFFSET, limit(BTC, Side::Long, ONE / 10, (-5_000_000i64).cast_unsigned()));
    world.place(4, offset).unwrap();
    glide(&mut world, BTC, 60_000 * DOLLAR, 3_600, 50);
    assert_eq!(set_expiry(&mut world, BTC, time + 7_200).unwrap_err(), Error::MarketExpiring);
    assert_eq!(set_expiry(&mut world, BTC, 0).unwrap_err(), Error::MarketExpiring);
    assert_eq!(world.fund(BTC).unwrap_err(), Error::MarketExpiring);
    assert_eq!(world.place(8, limit(BTC, Side::Long, ONE, 59_000 * DOLLAR)).unwrap_err(), Error::MarketReduceOnly);
    glide(&mut world, BTC, 60_000 * DOLLAR, 50, 50);
    // A seller who reduces meets no bid that would open, and the vAMM for what it has sold.
    let close = |side, size, price| with(flags::REDUCE_ONLY, ioc(BTC, side, size, price));
    let sold = world.take(0, close(Side::Short, ONE / 4, 59_000 * DOLLAR), &[2, 4]).unwrap().matched;
    assert_eq!((sold.maker_size, sold.amm_size), (Size(0), Size(ONE / 4)));
    // The order that is larger than its owner's position fills as far as it reduces.
    let bought = world.take(8, close(Side::Long, ONE / 2, 60_100 * DOLLAR), &[6]).unwrap().matched;
    assert_eq!(bought.maker_size, Size(ONE / 4));
    assert_eq!(world.accounts[6].position(BTC).base, Base(0));
    check(&mut world);
    let sweep = world.on_market(BTC, &[], |context, banks, _| SweepFees.execute(context, &mut banks[0]));
    assert!(sweep.is_ok() || sweep == Err(Error::NothingToSettle));
    check(&mut world);
}

/// An order at 5 under the oracle that would reduce its owner's short, and a seller who reduces: what they trade.
fn meet_an_offset_order() -> Size {
    let mut world = World::funded(10, 100_000);
    let _ = announce(&mut world, BTC);
    let _ = world.take(4, ioc(BTC, Side::Short, ONE / 4, 58_000 * DOLLAR), &[]).unwrap();
    let _ = world.take(0, ioc(BTC, Side::Long, ONE / 4, 62_000 * DOLLAR), &[]).unwrap();
    let offset = limit(BTC, Side::Long, ONE / 4, (-5_000_000i64).cast_unsigned());
    world.place(4, with(flags::OFFSET | flags::REDUCE_ONLY, offset)).unwrap();
    glide(&mut world, BTC, 60_000 * DOLLAR, 3_700, 50);
    let sell = with(flags::REDUCE_ONLY, ioc(BTC, Side::Short, ONE / 4, 59_000 * DOLLAR));
    world.take(0, sell, &[4]).unwrap().matched.maker_size
}

#[test]
fn orders_at_a_distance_to_the_oracle_do_not_trade_in_the_last_hour() {
    assert_eq!(plant(Fault::ExpiryAtSpot, meet_an_offset_order), Size(ONE / 4));
    assert_eq!(meet_an_offset_order(), Size(0));
}

/// A buyer who closes by an auction, a maker with nothing to close and the vAMM, which is long.
fn join_an_auction(price: u64) -> Result<(Size, Size), Error> {
    let mut world = World::funded(10, 100_000);
    let _ = announce(&mut world, BTC);
    let _ = world.take(0, ioc(BTC, Side::Short, ONE, 58_000 * DOLLAR), &[]).unwrap();
    let _ = world.take(4, ioc(BTC, Side::Long, ONE / 2, 62_000 * DOLLAR), &[]).unwrap();
    glide(&mut world, BTC, 60_000 * DOLLAR, 6_200, 50);
    for part in 1..=10 {
        glide(&mut world, BTC, (60_000 - 200 * part) * DOLLAR, 50, 10);
        let _ = world.on_market(BTC, &[], |context, _, _| UpdateAmm.execute(context));
    }
    let order = OrderParams {
        auction_ms: 10_000,
        auction_start: Price(price),
        auction_end: Price(price),
        ..with(flags::REDUCE_ONLY, limit(BTC, Side::Long, ONE, price))
    };
    let id = world.place(0, order)?;
    glide(&mut world, BTC, 58_000 * DOLLAR, 8, 2);
    let nothing = world.join(BTC, 6, 0, join(id, ONE / 4, 1));
    assert!(kedge_model::fault::planted(Fault::ExpiryAtSpot) || nothing == Err(Error::PositionLimit), "it would open");
    let matched = world.join(BTC, 4, 0, join(id, ONE / 2, 1))?;
    check(&mut world);
    Ok((matched.maker_size, matched.amm_size))
}

#[test]
fn makers_of_an_auction_only_reduce_and_the_vamm_joins_at_no_less_than_the_average() {
    let (_, amm) = plant(Fault::ExpiryAtSpot, || join_an_auction(59_500 * DOLLAR)).unwrap();
    assert!(amm > Size(0), "the vAMM sold at spot");
    assert_eq!(join_an_auction(59_500 * DOLLAR).unwrap(), (Size(ONE / 2), Size(0)));
    let (maker, amm) = join_an_auction(60_800 * DOLLAR).unwrap();
    assert_eq!(maker, Size(ONE / 2));
    assert!(amm > Size(0));
}

#[test]
fn the_liquidation_price_of_the_last_hour_is_where_margin_ends() {
    let mut world = World::funded(6, 100_000);
    let _ = announce(&mut world, BTC);
    world.withdraw(0, 0, 93_000 * DOLLAR).unwrap();
    let _ = world.take(0, ioc(BTC, Side::Long, ONE, 62_000 * DOLLAR), &[]).unwrap();
    let mut last = Price(0);
    glide(&mut world, BTC, 60_000 * DOLLAR, 3_600, 60);
    for _ in 0..5 {
        glide(&mut world, BTC, 60_000 * DOLLAR, 600, 60);
        let (head, market) = (&world.accounts[0].head, World::index(BTC));
        let found = risk::liquidation_price(head, &world.board, market, &world.clock).unwrap().unwrap();
        // The less of the hour is to come, the further spot has to go.
        assert!(last.is_zero() || found < last, "{found:?} {last:?}");
        last = found;
        for (price, met) in [(found, true), (Price(found.0 - 1), false)] {
            let mut there = world.clone();
            there.board.markets[BTC].price.price = price;
            assert_eq!(there.health(0).is_met(), met, "{price:?}");
        }
    }
    glide(&mut world, BTC, 60_000 * DOLLAR, 600, 60);
    let head = &world.accounts[0].head;
    assert_eq!(
        risk::liquidation_price(head, &world.board, World::index(BTC), &world.clock),
        Ok(None),
        "no price decides"
    );
}
