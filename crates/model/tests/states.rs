//! What must hold between instructions: each rule by a state that keeps it and one that breaks it.

mod common;

use common::{Account, BTC, DOLLAR, ONE, SOL, World, limit};
use kedge_model::account::bank::Bank;
use kedge_model::account::market::{Market, MarketStatus};
use kedge_model::account::order::{
    Order, OrderKind, RawLevel, RawLimit, STATUS_FREE, STATUS_OPEN, STATUS_WAITING, Side, flags,
};
use kedge_model::account::position::{Position, status};
use kedge_model::account::sub_account::status as whole;
use kedge_model::account::trader::Trader;
use kedge_model::error::Error;
use kedge_model::event::NoEvents;
use kedge_model::quantity::{Amount, Base, Ppm, Price, Quote, Size};

const BROKEN: kedge_model::error::Result<()> = Err(Error::InvariantBroken);

/// Ways in which a state may be changed so that it stays sound, and ways that break it.
fn judge<T: Clone>(
    sound: &T,
    invariant: fn(&mut T) -> kedge_model::error::Result<()>,
    kept: &[fn(&mut T)],
    broken: &[fn(&mut T)],
) {
    let with = |change: &fn(&mut T)| {
        let mut state = sound.clone();
        change(&mut state);
        invariant(&mut state)
    };
    assert_eq!(with(&((|_| ()) as fn(&mut T))), Ok(()));
    kept.iter().enumerate().for_each(|(at, change)| assert_eq!(with(change), Ok(()), "kept {at}"));
    broken.iter().enumerate().for_each(|(at, change)| assert_eq!(with(change), BROKEN, "broken {at}"));
}

#[test]
fn an_order_is_sound() {
    let open = Order {
        id: 1,
        price: RawLimit::price(Price(5)),
        size: Size(10),
        kind: OrderKind::Limit as u8,
        status: STATUS_OPEN,
        ..Order::default()
    };
    judge(
        &open,
        |order| order.invariant(),
        &[
            |o| o.filled = Size(9),
            |o| o.kind = OrderKind::Market as u8,
            |o| o.side = Side::Short as u8,
            |o| (o.flags, o.link) = (flags::LEG, 7),
            |o| o.flags = flags::HAS_LEGS,
            |o| (o.status, o.kind, o.id) = (STATUS_FREE, 99, 0),
        ],
        &[
            |o| o.id = 0,
            |o| o.side = 2,
            |o| o.flags = 1 << 14,
            |o| (o.flags, o.link) = (flags::LEG | flags::HAS_LEGS, 7),
            |o| o.flags = flags::LEG,
            |o| o.filled = Size(10),
            |o| o.kind = OrderKind::StopLimit as u8,
            |o| o.kind = 8,
            |o| o.status = 3,
        ],
    );
    let twap =
        Order { kind: OrderKind::Twap as u8, trigger_price: RawLevel::released(Size(6)), extent: 2, link: 30, ..open };
    judge(
        &twap,
        |order| order.invariant(),
        &[
            |o| o.filled = Size(6),
            |o| o.set_released(Size(10)),
            |o| (o.filled, o.trigger_price) = (Size(9), RawLevel::released(Size(10))),
        ],
        &[
            |o| o.id = 0,
            |o| o.flags = flags::LEG,
            |o| (o.filled, o.trigger_price) = (Size(10), RawLevel::released(Size(10))),
            |o| o.filled = Size(7),
            |o| o.set_released(Size(11)),
            |o| o.extent = 0,
            |o| o.link = 0,
        ],
    );
    let waiting = Order {
        kind: OrderKind::StopMarket as u8,
        status: STATUS_WAITING,
        trigger_price: RawLevel::trigger(Price(4)),
        ..open
    };
    judge(
        &waiting,
        |order| order.invariant(),
        &[
            |o| o.kind = OrderKind::TrailingStop as u8,
            |o| (o.size, o.flags, o.link) = (Size(0), flags::LEG | flags::REDUCE_ONLY, 7),
        ],
        &[
            |o| o.id = 0,
            |o| o.kind = OrderKind::Limit as u8,
            |o| o.kind = OrderKind::Market as u8,
            |o| o.kind = OrderKind::Twap as u8,
            |o| o.filled = Size(1),
            |o| o.set_level(Price(0)),
            |o| o.size = Size(0),
            |o| (o.size, o.flags, o.link) = (Size(0), flags::LEG, 7),
            |o| (o.size, o.flags) = (Size(0), flags::REDUCE_ONLY),
            |o| o.auction_slots = 1,
        ],
    );
}

#[test]
fn a_position_is_sound() {
    let used = Position { status: status::USED, base: Base(3), ..Position::default() };
    judge(
        &used,
        |position| position.invariant(),
        &[
            |p| p.status |= status::ISOLATED | status::BEING_LIQUIDATED,
            |p| (p.status, p.isolated) = (p.status | status::ISOLATED, Amount(1)),
            |p| (p.status, p.base) = (p.status | status::ISOLATED | status::BANKRUPT, Base(0)),
            |p| p.custom_margin = Ppm(1_000_000),
            |p| (p.open_orders, p.open_bids, p.open_asks) = (1, Size(1), Size(1)),
        ],
        &[
            |p| p.status |= 32,
            |p| p.isolated = Amount(1),
            |p| p.status |= status::BEING_LIQUIDATED,
            |p| (p.status, p.base) = (p.status | status::BANKRUPT, Base(0)),
            |p| p.status |= status::ISOLATED | status::BANKRUPT,
            |p| p.custom_margin = Ppm(1_000_001),
            |p| p.open_bids = Size(1),
            |p| p.open_asks = Size(1),
        ],
    );
    judge(
        &Position::default(),
        |position| position.invariant(),
        &[|p| p.market = 3],
        &[
            |p| p.status = status::ISOLATED,
            |p| p.base = Base(1),
            |p| p.quote = Quote(-1),
            |p| p.open_bids = Size(1),
            |p| p.open_asks = Size(1),
            |p| p.custom_margin = Ppm(1),
        ],
    );
}

#[test]
fn a_sub_account_is_sound() {
    let mut world = World::funded(1, 100_000);
    for (market, side, price) in [(BTC, Side::Long, 50_000), (BTC, Side::Short, 70_000), (SOL, Side::Long, 100)] {
        world.place(0, limit(market, side, ONE, price * DOLLAR)).unwrap();
    }
    let account: Account = world.accounts[0].clone();
    judge(
        &account,
        |account| account.borrow().invariant(),
        &[|a| a.head.status = whole::BEING_LIQUIDATED],
        &[
            |a| a.head.status = 8,
            |a| a.head.status = whole::HAS_ISOLATED,
            |a| a.head.positions[0].status |= status::ISOLATED,
            |a| a.head.open_orders += 1,
            |a| a.head.positions[0].open_orders += 1,
            |a| a.head.positions[1].market = a.head.positions[0].market,
            |a| a.head.positions[0].status |= 32,
            |a| a.head.positions[0].open_bids.0 += 1,
            |a| a.head.positions[0].open_asks.0 -= 1,
            |a| a.orders[0].status = STATUS_FREE,
            |a| a.orders[0].filled = a.orders[0].size,
            |a| a.orders[0].filled.0 += 1,
            |a| a.orders[0].flags |= flags::REDUCE_ONLY,
        ],
    );
    let mut old = account;
    old.head.version = 0;
    assert_eq!(old.borrow().invariant(), Err(Error::VersionUnsupported));
}

#[test]
fn a_market_and_a_bank_are_sound() {
    let world = World::funded(2, 100_000);
    judge(
        &world.markets[BTC],
        |market| market.invariant(),
        &[
            |m| (m.fees.0, m.pnl_pool.0) = (m.fees.0 + 5, m.pnl_pool.0 + 5),
            |m| (m.status, m.amm.peg) = (MarketStatus::Settlement as u8, Price(0)),
            |m| (m.status, m.amm.peg) = (MarketStatus::Delisted as u8, Price(0)),
        ],
        &[
            |m| m.long_interest.0 += 1,
            |m| m.short_interest.0 += 1,
            |m| m.amm.base.0 += 1,
            |m| m.users_quote.0 += 1,
            |m| m.amm.quote.0 += 1,
            |m| m.fees.0 += 1,
            |m| m.insurance_fees.0 += 1,
            |m| m.funding_pot.0 += 1,
            |m| m.pnl_pool.0 += 1,
            |m| (m.status, m.users_quote.0) = (MarketStatus::Settlement as u8, m.users_quote.0 + 1),
            |m| m.amm.peg = Price(0),
            |m| (m.status, m.amm.peg) = (MarketStatus::ReduceOnly as u8, Price(0)),
        ],
    );
    let old = Market { version: 0, ..world.markets[BTC] };
    assert_eq!(old.invariant(), Err(Error::VersionUnsupported));
    let [quote, other] = [world.banks[0], world.banks[1]];
    judge(&quote, |bank| bank.invariant(), &[|b| b.protocol.0 += 1], &[]);
    judge(&other, |bank| bank.invariant(), &[|b| b.deposits.0 += 1], &[|b| b.market_pools.0 = 1, |b| b.protocol.0 = 1]);
    assert_eq!(Bank { version: 0, ..quote }.invariant(), Err(Error::VersionUnsupported));
    let far = Bank { deposits: Amount(u64::MAX), market_pools: Amount(0), protocol: Amount(1), ..quote };
    assert!(far.invariant().is_err(), "claims are counted in 64 bits");
    let claims = quote.claims().unwrap();
    assert_eq!(claims.0, quote.deposits.0 + quote.market_pools.0 + quote.protocol.0);
    assert_eq!((quote.require_covered(claims), quote.require_covered(Amount(claims.0 - 1))), {
        (Ok(()), Err(Error::InsufficientVault))
    });
}

#[test]
fn a_group_of_orders_is_sound() {
    let parent = Order {
        id: 1,
        size: Size(10),
        filled: Size(5),
        kind: OrderKind::Limit as u8,
        flags: flags::HAS_LEGS,
        status: STATUS_OPEN,
        ..Order::default()
    };
    let leg = |id| Order {
        id,
        size: Size(5),
        filled: Size(0),
        link: 1,
        kind: OrderKind::StopMarket as u8,
        flags: flags::LEG | flags::REDUCE_ONLY,
        side: Side::Short as u8,
        status: STATUS_WAITING,
        ..parent
    };
    let mut group = Account::new(1, 0);
    group.orders[..3].copy_from_slice(&[parent, leg(2), leg(3)]);
    judge(
        &group,
        |group| group.borrow().groups_invariant(),
        &[
            |g| (g.orders[1].size, g.orders[2].size) = (Size(0), Size(0)),
            |g| (g.orders[1].size, g.orders[2].size) = (Size(4), Size(4)),
            |g| g.orders[1].status = STATUS_OPEN,
            |g| g.orders[0].status = STATUS_FREE,
            |g| (g.orders[0].status, g.orders[1].side) = (STATUS_FREE, Side::Long as u8),
            |g| (g.orders[2].size, g.orders[2].filled) = (Size(7), Size(2)),
        ],
        &[
            |g| g.orders[1].size = Size(4),
            |g| g.orders[2].size = Size(4),
            |g| (g.orders[1].size, g.orders[2].size) = (Size(6), Size(6)),
            |g| (g.orders[0].status, g.orders[1].size, g.orders[2].size) = (STATUS_FREE, Size(0), Size(0)),
            |g| (g.orders[0].flags, g.orders[1].size, g.orders[2].size) = (0, Size(0), Size(0)),
            |g| (g.orders[1].status, g.orders[1].size, g.orders[2].size) = (STATUS_OPEN, Size(0), Size(0)),
            |g| g.orders[1].side = Side::Long as u8,
            |g| g.orders[2].flags = flags::LEG,
            |g| (g.orders[1].market, g.orders[2].market) = (1, 1),
            |g| g.orders[2].market = 1,
            |g| (g.orders[0].status, g.orders[2].market) = (STATUS_FREE, 1),
            |g| (3..6).for_each(|at| g.orders[at] = Order { id: 10, ..g.orders[1] }),
        ],
    );
}

/// A bracket whose entry has filled 4 with a leg that waits and one that was triggered, two orders of which one cancels the
/// other, and beside them an order in another market and a TWAP whose seconds between slices are the bracket's number.
fn grouped() -> Account {
    let mut account = Account::new(1, 1);
    let plain = |id, market, size| Order {
        id,
        market,
        size: Size(size),
        kind: OrderKind::Limit as u8,
        status: STATUS_OPEN,
        ..Order::default()
    };
    let entry = Order { filled: Size(4), flags: flags::HAS_LEGS, ..plain(60, 1, 10) };
    let leg = |id, size, filled| Order {
        filled: Size(filled),
        side: Side::Short as u8,
        flags: flags::LEG | flags::REDUCE_ONLY,
        link: 60,
        ..plain(id, 1, size)
    };
    let one = Order { flags: flags::LEG, link: 70, ..plain(70, 2, 3) };
    let twap = Order { kind: OrderKind::Twap as u8, link: 60, ..plain(80, 1, 9) };
    let waits = |order| Order { status: STATUS_WAITING, kind: OrderKind::StopMarket as u8, ..order };
    let all = [plain(1, 3, 5), entry, waits(leg(61, 4, 0)), leg(62, 6, 2), one, waits(Order { id: 71, ..one }), twap];
    account.orders[..all.len()].copy_from_slice(&all);
    account
}

#[test]
fn groups_are_sound() {
    fn sleeps(account: &mut Account) {
        for order in &mut account.orders[2..4] {
            (order.size, order.filled, order.status) = (Size(0), Size(0), STATUS_WAITING);
        }
    }
    judge(
        &grouped(),
        |account| account.borrow().groups_invariant(),
        &[
            |a| a.orders[1] = Order::default(),
            |a| {
                a.orders[1].filled = Size(0);
                sleeps(a);
            },
        ],
        &[
            |a| a.orders[1].market = 9,
            |a| a.orders[1].side = Side::Short as u8,
            |a| a.orders[2].flags = flags::LEG,
            |a| a.orders[3].status = 3,
            |a| a.orders[1].filled = Size(3),
            |a| (7..10).for_each(|slot| a.orders[slot] = a.orders[2]),
            |a| {
                a.orders[1] = Order::default();
                sleeps(a);
            },
            |a| (a.orders[2].size, a.orders[3].size) = (Size(0), Size(2)),
            |a| a.orders[5].market = 1,
            |a| a.orders[5].size = Size(2),
        ],
    );
}

#[test]
fn a_group_knows_its_members() {
    let mut account = grouped();
    let known = |account: &mut Account| {
        let account = account.borrow();
        (account.parent_lives(60), account.group_size(60), account.parent_lives(70), account.group_size(70))
    };
    assert_eq!(known(&mut account), (true, 2, false, 2));
    // Neither a slot that is free nor an entry of another number is the parent.
    account.orders[1].status = STATUS_FREE;
    account.orders[3].status = STATUS_FREE;
    account.orders[0].flags = flags::HAS_LEGS;
    assert_eq!(known(&mut account), (false, 1, false, 2));
}

#[test]
fn an_order_is_filled_to_its_size_and_no_further() {
    let filled = |size| {
        let mut account = Account::new(1, 1);
        account.orders[0] = Order { flags: flags::REDUCE_ONLY, ..grouped().orders[0] };
        account.head.open_position(3).unwrap().open_orders = 1;
        account.head.open_orders = 1;
        account.borrow().fill_order(0, Size(size), &mut NoEvents).map(|()| account.find(1).map(|order| order.filled.0))
    };
    assert_eq!((filled(4), filled(5), filled(6)), (Ok(Some(4)), Ok(None), Err(Error::InvariantBroken)));
}

#[test]
fn a_trader_is_sound() {
    let trader = Trader::new(255, [1; 32], [0; 32]).unwrap();
    judge(
        &Trader { next_sub_account: 300, sub_accounts: 256, ..trader },
        |trader| trader.invariant(),
        &[|t| t.sub_accounts = 0, |t| t.next_sub_account = 256],
        &[|t| t.sub_accounts = 257, |t| t.next_sub_account = 255],
    );
}
