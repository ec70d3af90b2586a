//! One participant's state never stops another's action, and nobody changes what another has without being asked. (What
//! the old rules did stands in `faults/matching.rs`.)

mod common;

use common::check::check;
use common::{BOOK, BTC, DOLLAR, ONE, SOL, World, ioc, join, limit, waiting};
use kedge_model::Error;
use kedge_model::account::order::{OrderKind, OrderParams, Side, flags};
use kedge_model::account::position::Position;
use kedge_model::account::sub_account::status;
use kedge_model::account::trader::Trader;
use kedge_model::action::{CancelOrder, FillOrder, PlaceAndTake, UpdateFeeTier};
use kedge_model::event::{CancelReason, NoEvents};
use kedge_model::quantity::{Amount, Ppm, Quote, Size};

const MAKER: usize = 2;
const CRANK: usize = 6;

/// States that an account can be in or be brought into, and some that no action leads to.
type Spoiler = (&'static str, fn(&mut World, usize));
const SPOILERS: [Spoiler; 11] = [
    ("in liquidation", |w, at| w.accounts[at].head.status |= status::BEING_LIQUIDATED),
    ("bankrupt", |w, at| w.accounts[at].head.status |= status::BANKRUPT),
    ("without money", |w, at| w.accounts[at].head.balances = Default::default()),
    ("deep in debt", |w, at| w.accounts[at].head.open_position(1).unwrap().quote = Quote(-(1 << 50))),
    ("with fees at the lower end", |w, at| w.accounts[at].head.total_fees = Quote(i64::MIN)),
    ("with fees at the upper end", |w, at| w.accounts[at].head.total_fees = Quote(i64::MAX)),
    ("with a claim at the end", |w, at| w.accounts[at].head.open_position(2).unwrap().quote = Quote(i64::MAX)),
    ("with a stale position", |w, at| {
        w.accounts[at].head.open_position(1).unwrap().base.0 = 1;
        w.board.markets[SOL].price.publish_time -= 1_000;
    }),
    ("with stale collateral", |w, at| {
        w.accounts[at].head.credit(2, Amount(1)).unwrap();
        w.board.banks[2].price.publish_time -= 1_000;
    }),
    ("with all slots in use", |w, at| {
        let free = w.accounts[at].head.positions.iter_mut().filter(|position| !position.is_used());
        for (market, position) in (10..).zip(free) {
            *position = Position { status: 1, market, quote: Quote(1), ..Position::default() };
        }
    }),
    ("whose orders are gone", |w, at| {
        w.accounts[at].orders.fill(Default::default());
        w.accounts[at].head.positions = Default::default();
        w.accounts[at].head.open_orders = 0;
    }),
];

/// A buyer (0) whom somebody referred (6) and somebody built for (8), an offer by a maker (2) and one behind it (4).
fn crowd() -> World {
    let mut world = World::funded(12, 100_000);
    world.place(MAKER, limit(BOOK, Side::Short, ONE, 2_000 * DOLLAR)).unwrap();
    world.place(4, limit(BOOK, Side::Short, 5 * ONE, 2_001 * DOLLAR)).unwrap();
    let (referrer, builder) = (world.accounts[6].head.authority, world.accounts[8].head.authority);
    (world.accounts[0].head.referrer, world.accounts[0].head.builder) = (referrer, builder);
    world.accounts[0].head.builder_fee = Ppm(100);
    for account in [6, 8] {
        world.leverage(account, BOOK, 100_000).unwrap();
    }
    world
}

#[test]
fn no_state_of_a_maker_a_referrer_or_a_builder_refuses_a_fill() {
    let buy = OrderParams { flags: flags::BUILDER, ..limit(BOOK, Side::Long, 2 * ONE, 2_002 * DOLLAR) };
    for (what, spoil) in SPOILERS {
        for bystander in [MAKER, 6, 8] {
            let mut world = crowd();
            let order = world.place(0, buy).unwrap();
            spoil(&mut world, bystander);
            // The references were made before.
            let refs = crowd().refs(BOOK, 0, &[MAKER, 4]);
            let done = world.on_market(BOOK, &[0, 10, MAKER, 4, 6, 8], |context, _, accounts| {
                let (taker, rest) = accounts.split_first_mut().unwrap();
                let (filler, makers) = rest.split_first_mut().unwrap();
                let fill = FillOrder { order_id: order, slot: 0, makers: &refs };
                fill.execute(context, taker, Some(filler), makers)
            });
            let matched = done.unwrap_or_else(|error| panic!("{bystander} {what}: {error:?}")).matched;
            assert_eq!(matched.size, Size(2 * ONE), "{bystander} {what}");
        }
    }
}

#[test]
fn no_state_of_a_maker_a_referrer_or_a_builder_refuses_a_taker_at_once() {
    let buy =
        OrderParams { flags: flags::BUILDER | flags::FILL_OR_KILL, ..limit(BOOK, Side::Long, 2 * ONE, 2_002 * DOLLAR) };
    for (what, spoil) in SPOILERS {
        for bystander in [MAKER, 6, 8] {
            let mut world = crowd();
            spoil(&mut world, bystander);
            let refs = crowd().refs(BOOK, 0, &[MAKER, 4]);
            let done = world.on_market(BOOK, &[0, MAKER, 4, 6, 8], |context, _, accounts| {
                let (taker, makers) = accounts.split_first_mut().unwrap();
                PlaceAndTake { order: buy, min_fill: Size(0), makers: &refs }.execute(context, taker, makers)
            });
            let taken = done.unwrap_or_else(|error| panic!("{bystander} {what}: {error:?}"));
            assert_eq!(taken.matched.size, Size(2 * ONE), "{bystander} {what}");
        }
    }
}

#[test]
fn no_state_of_a_referrer_or_a_builder_refuses_a_join_of_an_auction() {
    for (what, spoil) in SPOILERS {
        for bystander in [6, 8] {
            let mut world = crowd();
            let kind = OrderKind::Market as u8;
            let buy = OrderParams { kind, flags: flags::BUILDER, ..limit(BOOK, Side::Long, ONE, 0) };
            let order = world.place(0, buy).unwrap();
            spoil(&mut world, bystander);
            let done = world.on_market(BOOK, &[4, 0, 6, 8], |context, _, accounts| {
                let [maker, taker, others @ ..] = accounts else { panic!("four accounts were borrowed") };
                join(order, ONE, 1).execute(context, maker, taker, others)
            });
            assert_eq!(done.map(|matched| matched.size), Ok(Size(ONE)), "{bystander} {what}");
        }
    }
}

#[test]
fn no_state_of_others_refuses_what_an_owner_does_with_its_own() {
    for (what, spoil) in SPOILERS {
        let mut world = crowd();
        for bystander in [MAKER, 4, 6, 8] {
            spoil(&mut world, bystander);
        }
        let done = |result: kedge_model::error::Result<()>| assert_eq!(result, Ok(()), "{what}");
        let order = world.place(0, limit(BOOK, Side::Long, ONE, 1_990 * DOLLAR)).unwrap();
        done(world.isolate(0, BOOK, 1_000 * DOLLAR));
        done(world.transfer_isolated(0, BOOK, -1));
        done(world.merge(0, BOOK));
        done(world.leverage(0, BOOK, 200_000));
        done(world.give(0, 0, DOLLAR));
        done(world.withdraw(0, 0, DOLLAR));
        done(
            world.attempt(|w| CancelOrder { id: order }.execute(&mut w.accounts[0].borrow(), &mut NoEvents).map(drop)),
        );
    }
}

#[test]
fn no_state_of_others_refuses_a_service_or_a_liquidation() {
    for (what, spoil) in SPOILERS {
        // A long of ten times of which a quarter is taken over, with the seller and the others in whatever state.
        let mut world = World::funded(12, 6_100);
        world.deposit(10, 0, 1_000_000 * DOLLAR).unwrap();
        world.deposit(4, 0, 1_000_000 * DOLLAR).unwrap();
        world.place(4, limit(BTC, Side::Short, ONE, 60_000 * DOLLAR)).unwrap();
        let _ = world.take(0, ioc(BTC, Side::Long, ONE, 60_000 * DOLLAR), &[4]).unwrap();
        let stop = waiting(BTC, OrderKind::StopMarket, Side::Short, ONE, 59_000 * DOLLAR);
        let stop = world.place(0, OrderParams { flags: flags::REDUCE_ONLY, ..stop }).unwrap();
        world.drive(BTC, 56_500 * DOLLAR);
        world.outlast();
        for bystander in [MAKER, 4, 6, 8] {
            spoil(&mut world, bystander);
        }
        let triggered = world.clone().trigger(BTC, 0, stop, Some(10)).map(|report| report.removed);
        assert_eq!(triggered, Ok(CancelReason::None), "{what}");
        let step = world.liquidate(BTC, 0, 10, u64::MAX).map(|step| step.base.size().0 > 0);
        assert_eq!(step, Ok(true), "{what}");
        let settled = world.settle(BTC, 0).map(|report| report.amount.0 < 0);
        assert_eq!(settled, Ok(true), "{what}");
    }
}

#[test]
fn a_vamm_that_cannot_tell_its_price_is_passed_over() {
    let mut world = World::funded(8, 100_000);
    world.place(MAKER, limit(SOL, Side::Short, 10 * ONE, 151 * DOLLAR)).unwrap();
    // Numbers that no trade leads to.
    world.markets[SOL].amm.quote = Quote(i64::MAX);
    world.markets[SOL].amm.base.0 = i64::MAX;
    let taken = world.take(0, ioc(SOL, Side::Long, 10 * ONE, 155 * DOLLAR), &[MAKER]).unwrap().matched;
    assert_eq!((taken.maker_size, taken.amm_size), (Size(10 * ONE), Size(0)));
    // Nor does it keep a maker from joining an auction.
    let market = OrderParams { kind: OrderKind::Market as u8, ..limit(SOL, Side::Long, 10 * ONE, 0) };
    let order = world.place(0, market).unwrap();
    let joined = world.join(SOL, 4, 0, join(order, ONE, 1)).unwrap();
    assert_eq!((joined.maker_size, joined.amm_size), (Size(ONE), Size(0)));
}

#[test]
fn a_stranger_brings_the_quote_token_and_what_is_there_and_nothing_else() {
    let mut world = World::new(4);
    for bank in [1, 2] {
        let before = world.accounts[0].clone();
        assert_eq!(world.give(0, bank, 1).unwrap_err(), Error::UnaskedToken);
        assert_eq!(world.accounts[0].head, before.head);
    }
    world.give(0, 0, DOLLAR).unwrap();
    world.deposit(0, 2, ONE).unwrap();
    world.give(0, 2, 1).unwrap();
    assert_eq!(world.accounts[0].head.balance(2), Amount(ONE + 1));
    // Once it is gone it is a new kind again.
    world.withdraw(0, 2, ONE + 1).unwrap();
    assert_eq!(world.give(0, 2, 1).unwrap_err(), Error::UnaskedToken);
    check(&mut world);
}

#[test]
fn a_record_that_has_given_numbers_never_begins_anew() {
    let mut trader = Trader::new(255, [1; 32], [2; 32]).unwrap();
    trader.require_closable().unwrap();
    (trader.next_sub_account, trader.sub_accounts) = (1, 1);
    assert_eq!(trader.require_closable(), Err(Error::AccountNotEmpty));
    trader.sub_accounts = 0;
    assert_eq!(trader.require_closable(), Err(Error::RecordKept));
    // So the next sub-account has another id, another address, and no number of the first is good for it.
    assert_eq!(trader.next_sub_account, 1);
}

#[test]
fn volume_counts_on_the_day_of_the_trade_whenever_it_is_counted() {
    let mut world = World::funded(8, 1_000_000);
    let mut trader = Trader::new(255, world.accounts[0].head.authority, [0; 32]).unwrap();
    world.exchange.tier_volumes = [0, 2_000, 3_000, 1 << 40, 1 << 40, 1 << 40, 1 << 40, 1 << 40].map(|v| v * DOLLAR);
    let trade = |world: &mut World| {
        world.place(MAKER, limit(BOOK, Side::Short, ONE, 2_000 * DOLLAR)).unwrap();
        world.take(0, ioc(BOOK, Side::Long, ONE, 2_000 * DOLLAR), &[MAKER]).unwrap().matched.fees
    };
    let mut count = |world: &mut World| {
        let head = &mut world.accounts[0].head;
        UpdateFeeTier.execute(&world.exchange, &mut trader, head, &world.clock).unwrap()
    };
    const DAY: u64 = 86_400;
    assert_eq!(trade(&mut world), Amount(2 * DOLLAR), "10 bps");
    // Counted ten days late, it is as old as it is.
    world.wait(10 * DAY);
    world.tick();
    assert_eq!(count(&mut world), 1);
    assert_eq!(trade(&mut world), Amount(1_800_000), "9 bps");
    assert_eq!(count(&mut world), 2);
    world.wait(19 * DAY);
    world.tick();
    assert_eq!(trade(&mut world), Amount(1_600_000), "8 bps on the last day of the first trade");
    // The first trade is thirty days old: nobody has counted, and the tier has ended.
    world.wait(DAY);
    world.tick();
    assert_eq!(trade(&mut world), Amount(2 * DOLLAR));
    assert_eq!(count(&mut world), 2, "three trades of the last thirty days");
    world.wait(21 * DAY);
    world.tick();
    assert_eq!(count(&mut world), 2);
    world.wait(30 * DAY);
    world.tick();
    assert_eq!(count(&mut world), 0);
    check(&mut world);
}

#[test]
fn to_refer_oneself_from_a_second_wallet_gives_back_a_part_of_the_fee_and_never_more() {
    // Nobody can tell a second wallet from a friend. What it is good for is bounded: taker, maker, referrer and filler
    // of one person together still pay, in every pair of tiers and with the largest shares that may be set.
    let mut world = World::funded(8, 100_000);
    world.accounts[0].head.referrer = world.accounts[4].head.authority;
    world.leverage(4, BOOK, 100_000).unwrap();
    for tier in 0..8u8 {
        for account in [0, MAKER] {
            (world.accounts[account].head.fee_tier, world.accounts[account].head.tier_day) = (tier, u32::MAX);
        }
        world.place(MAKER, limit(BOOK, Side::Short, ONE, 2_000 * DOLLAR)).unwrap();
        let order = world.place(0, limit(BOOK, Side::Long, ONE, 2_000 * DOLLAR)).unwrap();
        let before: i128 = [0, MAKER, 4, CRANK].iter().map(|account| world.equity(*account)).sum();
        let matched = world.fill(BOOK, 0, order, Some(CRANK), &[MAKER, 4]).unwrap().matched;
        let after: i128 = [0, MAKER, 4, CRANK].iter().map(|account| world.equity(*account)).sum();
        assert!(matched.referrer_share > Amount(0) && matched.filler_reward > Amount(0));
        assert!(after < before, "tier {tier}: {} won", after - before);
        let list = 2_000 * DOLLAR / 1_000_000 * u64::from(world.exchange.fee_tier(tier).taker.0);
        // Five percent of the fee, and fifteen of the rest.
        assert_eq!(list - matched.fees.0 + matched.referrer_share.0, list / 10_000 * 1_925);
    }
    check(&mut world);
}
