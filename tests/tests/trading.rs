//! Trades: payments, priority, and refusals.

use kedge_interface::address;
use kedge_interface::event::Event;
use kedge_model::Error;
use kedge_model::account::order::{OrderParams, Side, flags};
use kedge_model::event::{CancelReason, FillRecord, FillSource};
use kedge_model::quantity::{Amount, Base, Price, Quote, Size};
use kedge_tests::machine::Done;
use kedge_tests::market::{DOLLAR, ONE, SOL, USDC, market_params};
use kedge_tests::orders::{auction, ioc, limit, market};
use kedge_tests::verbs::refused;
use kedge_tests::{User, World};

fn fills(done: &Done) -> Vec<FillRecord> {
    let fill = |event: &Event| if let Event::Fill(record) = event { Some(*record) } else { None };
    done.events().iter().filter_map(fill).collect()
}

/// A taker, two makers, a keeper, ten thousand dollars each.
fn stage() -> (World, [User; 4]) {
    let mut world = World::start();
    let users = [(); 4].map(|()| world.rich(10_000));
    (world, users)
}

fn sell(dollars: u64, size: u64) -> OrderParams {
    limit(SOL, Side::Short, size, dollars * DOLLAR)
}

#[test]
fn a_fill_moves_base_quote_fee_rebate_and_reward() {
    let (mut world, [taker, maker, _, keeper]) = stage();
    world.place(maker, sell(150, 3 * ONE)).expect("the maker rests");
    let id = world.place(taker, limit(SOL, Side::Long, 2 * ONE, 150 * DOLLAR)).expect("the taker is placed");
    let before = world.market(SOL);
    let done = world.fill(keeper, taker, id, &[maker]).expect("filled");
    let bought = world.position(taker, SOL);
    // Two SOL at 150; the taker pays 10 basis points.
    assert_eq!((bought.base, bought.entry), (Base(2_000_000_000), Quote(-300_000_000)));
    assert_eq!(bought.quote, Quote(-300_300_000));
    let sold = world.position(maker, SOL);
    assert_eq!((sold.base, sold.entry, sold.quote), (Base(-2_000_000_000), Quote(300_000_000), Quote(300_060_000)));
    assert_eq!((sold.open_asks, sold.open_orders), (Size(ONE), 1));
    assert_eq!(world.position(keeper, SOL).quote, Quote(30_000));
    let market = world.market(SOL);
    assert_eq!(market.fees, Amount(210_000), "what rebate and reward leave of the fee");
    assert_eq!((market.long_interest, market.short_interest), (Size(2 * ONE), Size(2 * ONE)));
    assert_eq!(market.amm.base, before.amm.base, "the maker was better than the vAMM");
    assert_eq!((market.last_fill_price, market.volume), (Price(150 * DOLLAR), 2 * ONE));
    assert_eq!(world.sub(&maker.sub).orders[0].filled, Size(2 * ONE));
    assert_eq!(world.sub(&taker.sub).head.open_orders, 0);
    let [record] = fills(&done)[..] else { panic!("one fill, not {:?}", done.events()) };
    assert_eq!(
        (record.size, record.quote, record.source),
        (Size(2 * ONE), Amount(300_000_000), FillSource::Book as u8)
    );
    assert_eq!(
        (record.taker_fee, record.maker_rebate, record.filler_reward),
        (Amount(300_000), Amount(60_000), Amount(30_000))
    );
    assert_eq!(
        (record.taker.authority, record.maker.authority),
        (taker.authority.to_bytes(), maker.authority.to_bytes())
    );
    assert_eq!(done.batches[0].header.seq, market.next_event_seq);
}

#[test]
fn the_best_price_comes_first_and_at_one_price_the_oldest() {
    let (mut world, [taker, first, second, keeper]) = stage();
    world.place(first, limit(SOL, Side::Short, ONE, 149_900_000)).expect("rests");
    world.place(second, limit(SOL, Side::Short, ONE, 149_800_000)).expect("rests");
    world.place(second, limit(SOL, Side::Short, ONE, 149_900_000)).expect("rests");
    let id = world.place(taker, limit(SOL, Side::Long, 5 * ONE / 2, 150 * DOLLAR)).expect("placed");
    // The order in which a keeper names makers does not matter.
    let done = world.fill(keeper, taker, id, &[second, first]).expect("filled");
    let found: Vec<_> = fills(&done).iter().map(|f| (f.maker.authority, f.size.0, f.quote.0)).collect();
    let (first, second) = (first.authority.to_bytes(), second.authority.to_bytes());
    assert_eq!(
        found,
        [(second, ONE, 149_800_000), (first, ONE, 149_900_000), (second, ONE / 2, 74_950_000)],
        "price, then time"
    );
}

#[test]
fn the_vamm_stands_between_makers_at_its_own_price() {
    let (mut world, [taker, near, far, keeper]) = stage();
    let touch = world.market(SOL).amm.touch(Side::Long).expect("a price").0;
    assert_eq!(touch, 150_075_000, "half of the base spread of ten basis points");
    world.place(near, sell(150, ONE)).expect("better than the vAMM");
    world.place(far, sell(152, ONE)).expect("worse than the vAMM");
    let id = world.place(taker, limit(SOL, Side::Long, 10 * ONE, 153 * DOLLAR)).expect("placed");
    world.tick();
    let done = world.fill(keeper, taker, id, &[near, far]).expect("filled");
    let found = fills(&done);
    let sources: Vec<u8> = found.iter().map(|fill| fill.source).collect();
    assert_eq!(sources, [FillSource::Book as u8, FillSource::Amm as u8], "the far maker is not needed");
    assert_eq!(found[1].size, Size(9 * ONE));
    let market = world.market(SOL);
    assert_eq!(market.amm.base, Base(-9 * i64::try_from(ONE).expect("one")));
    assert!(found[1].quote.0 >= 9 * touch, "the vAMM sells no cheaper than its touch");
    assert!(found[1].quote.0 <= 9 * 151 * DOLLAR, "and the depth is what was listed");
}

#[test]
fn the_vamm_fills_an_order_only_at_a_price_published_after_it() {
    let (mut world, [taker, _, _, keeper]) = stage();
    world.pass_ms(2_000);
    let id = world.place(taker, limit(SOL, Side::Long, ONE, 152 * DOLLAR)).expect("placed");
    refused(world.fill(keeper, taker, id, &[]), Error::NothingToFill);
    world.tick();
    world.fill(keeper, taker, id, &[]).expect("a price of now");
}

#[test]
fn the_vamm_fills_no_order_at_a_price_that_has_aged() {
    let (mut world, [taker, _, _, keeper]) = stage();
    let id = world.place(taker, limit(SOL, Side::Long, 2 * ONE, 152 * DOLLAR)).expect("placed");
    world.tick();
    // Seven slots of 400 ms are more than the 2.4 seconds of a live price.
    world.pass_slots(7);
    refused(world.fill(keeper, taker, id, &[]), Error::NothingToFill);
    world.refresh_everything();
    world.pass_slots(2);
    world.fill(keeper, taker, id, &[]).expect("a live price");
    // An order at a distance from the oracle takes at such a price alone, too, and says why it does not.
    let offset = OrderParams { flags: flags::OFFSET, ..limit(SOL, Side::Long, ONE, DOLLAR) };
    let id = world.place(taker, offset).expect("placed");
    world.pass_slots(8);
    refused(world.fill(keeper, taker, id, &[]), Error::PriceNotLive);
}

#[test]
fn a_maker_joins_an_auction_at_its_price() {
    let (mut world, [taker, maker, _, _]) = stage();
    let id = world.place(taker, auction(SOL, Side::Long, 2 * ONE, 150 * DOLLAR, 151 * DOLLAR)).expect("placed");
    world.pass_slots(4);
    // Four of thirteen slots: 150 + 4/13, down to the tick.
    let price = 150_307_000;
    refused(world.run(world.making(maker, taker, id, ONE, price + 1_000)), Error::WorstPriceExceeded);
    let limited = |min_position| kedge_interface::instruction::PlaceAndMake {
        min_position,
        ..world.making(maker, taker, id, ONE, price)
    };
    let (none, half) = (limited(0), limited(-i64::try_from(ONE / 2).expect("half")));
    refused(world.run(none), Error::PositionLimit);
    let done = world.run(half).expect("half a SOL within the limit");
    let [record] = fills(&done)[..] else { panic!("one fill, not {:?}", done.events()) };
    assert_eq!((record.size, record.quote, record.source), (Size(ONE / 2), Amount(price / 2), FillSource::Jit as u8));
    world.run(world.making(maker, taker, id, 5 * ONE, price)).expect("no more than the order");
    assert_eq!(world.position(taker, SOL).base, Base(2_000_000_000));
    refused(world.run(world.making(maker, taker, id, ONE, price)), Error::OrderNotFound);
    let late = world.place(taker, market(SOL, Side::Long, ONE, 0)).expect("placed");
    world.pass_slots(14);
    refused(world.run(world.making(maker, taker, late, ONE, DOLLAR)), Error::AuctionNotRunning);
}

#[test]
fn a_market_order_that_nobody_wants_waits_at_its_limit() {
    let (mut world, [taker, maker, _, keeper]) = stage();
    let id = world.place(taker, market(SOL, Side::Long, ONE, 148 * DOLLAR)).expect("placed");
    refused(world.fill(keeper, taker, id, &[]), Error::NothingToFill);
    world.pass_slots(14);
    refused(world.fill(keeper, taker, id, &[]), Error::NothingToFill);
    world.place(maker, sell(148, ONE)).expect("somebody wants it");
    let done = world.fill(keeper, taker, id, &[maker]).expect("filled");
    assert_eq!(fills(&done)[0].quote, Amount(148 * DOLLAR));
}

#[test]
fn place_and_take_fills_at_least_what_was_asked_for_or_nothing() {
    let (mut world, [taker, maker, _, _]) = stage();
    world.place(maker, sell(150, ONE)).expect("rests");
    let order = limit(SOL, Side::Long, 3 * ONE, 150 * DOLLAR);
    refused(world.run(world.taking(taker, order, 2 * ONE, &[maker])), Error::FillTooSmall);
    world.run(world.taking(taker, order, ONE, &[maker])).expect("one is there");
    assert_eq!(world.position(taker, SOL).open_bids, Size(2 * ONE), "the rest of a limit order rests");
    world.cancel_all(taker, SOL).expect("cancelled");
    world.place(maker, sell(150, ONE)).expect("rests");
    let at_once = OrderParams { flags: flags::IMMEDIATE_OR_CANCEL, ..order };
    world.run(world.taking(taker, at_once, 0, &[maker])).expect("one is there");
    assert_eq!(world.sub(&taker.sub).head.open_orders, 0, "the rest is cancelled");
    assert_eq!(world.position(taker, SOL).base, Base(2_000_000_000));
}

#[test]
fn reduce_only_never_turns_a_position() {
    let (mut world, [taker, maker, _, _]) = stage();
    world.take(taker, ioc(SOL, Side::Long, ONE, 151 * DOLLAR), &[]).expect("a position");
    world.place(maker, limit(SOL, Side::Long, 5 * ONE, 150 * DOLLAR)).expect("rests");
    let close = OrderParams { flags: flags::REDUCE_ONLY, ..ioc(SOL, Side::Short, 5 * ONE, 149 * DOLLAR) };
    let close = OrderParams { flags: close.flags | flags::IMMEDIATE_OR_CANCEL, ..close };
    world.take(taker, close, &[maker]).expect("closed");
    assert_eq!(world.position(taker, SOL).base, Base::ZERO);
    refused(world.take(taker, close, &[maker]), Error::ReduceOnlyWouldIncrease);
}

#[test]
fn nobody_trades_with_himself() {
    let (mut world, [taker, _, _, keeper]) = stage();
    world.place(taker, sell(150, ONE)).expect("rests");
    let id = world.place(taker, limit(SOL, Side::Long, ONE, 150 * DOLLAR)).expect("placed");
    let duplicate = kedge_interface::error::AccountError::AccountDuplicate;
    refused(world.fill(keeper, taker, id, &[taker]), duplicate);
    refused(world.take(taker, ioc(SOL, Side::Long, ONE, 150 * DOLLAR), &[taker]), duplicate);
}

#[test]
fn margin_holds_after_the_fill_on_both_sides() {
    let (mut world, [taker, maker, _, keeper]) = stage();
    // 600 SOL are 90,000 dollars: nine tenths of what ten thousand carry.
    world.place(maker, sell(150, 600 * ONE)).expect("the maker rests");
    let free = world.balance(maker, USDC);
    refused(world.withdraw(maker, USDC, free / 2), Error::InsufficientMargin);
    let id = world.place(taker, limit(SOL, Side::Long, 600 * ONE, 150 * DOLLAR)).expect("placed");
    // The price rises to where the maker, selling at 150, could not carry the short.
    world.move_price(SOL, 155 * DOLLAR);
    world.pass_ms(400_000);
    world.move_price(SOL, 160 * DOLLAR);
    refused(world.fill(keeper, taker, id, &[maker]), Error::NothingToFill);
    world.move_price(SOL, 157 * DOLLAR);
    refused(world.fill(keeper, taker, id, &[maker]), Error::MakerInsufficientMargin);
    world.move_price(SOL, 150 * DOLLAR);
    world.pass_ms(400_000);
    world.tick();
    world.fill(keeper, taker, id, &[maker]).expect("both carry it");
}

#[test]
fn a_maker_that_cannot_trade_is_passed_over_and_its_order_can_be_ended() {
    let (mut world, [taker, poor, good, keeper]) = stage();
    world.place(poor, sell(150, 600 * ONE)).expect("rests");
    world.place(good, sell(151, 10 * ONE)).expect("rests behind");
    world.move_price(SOL, 155 * DOLLAR);
    world.pass_ms(400_000);
    world.move_price(SOL, 157 * DOLLAR);
    let before = world.sub(&poor.sub);
    // Selling 600 at 150 leaves too little margin: a taker of that size gets the next maker's orders.
    let buy = ioc(SOL, Side::Long, 600 * ONE, 152 * DOLLAR);
    let done = world.take(taker, buy, &[poor, good]).expect("the good offer is taken");
    let [fill] = fills(&done)[..] else { panic!("one fill, not {:?}", done.events()) };
    assert_eq!((fill.size, fill.maker.authority), (Size(10 * ONE), good.authority.to_bytes()));
    assert_eq!(world.sub(&poor.sub), before, "nothing of the other has changed");
    // Its order shows size that its margin cannot carry: a keeper ends it and gets its cent.
    let order = before.open_orders().next().expect("it rests").1.id;
    refused(world.run(world.expiring(keeper, poor, SOL, &[])), Error::NothingExpired);
    world.run(world.expiring(keeper, poor, SOL, &[order])).expect("ended");
    assert_eq!(world.sub(&poor.sub).head.open_orders, 0);
    assert_eq!(world.position(keeper, SOL).quote, Quote(10_000));
}

#[test]
fn an_offer_beyond_the_band_holds_up_none_inside_it() {
    let (mut world, [taker, near, far, _]) = stage();
    world.place(near, sell(150, ONE)).expect("rests");
    world.place(far, sell(159, ONE)).expect("rests far away");
    let buy = ioc(SOL, Side::Long, 2 * ONE, 170 * DOLLAR);
    let done = world.take(taker, buy, &[near, far]).expect("what is inside the band trades");
    assert!(fills(&done).iter().all(|fill| fill.maker.authority != far.authority.to_bytes()));
    assert_eq!(world.sub(&near.sub).head.open_orders, 0);
    assert_eq!(world.sub(&far.sub).head.open_orders, 1);
}

#[test]
fn open_interest_has_its_cap() {
    let mut world = World::bare().set_up(0);
    let mut params = market_params(SOL);
    (params.max_open_interest, params.max_position) = (Size(3 * ONE), Size(3 * ONE));
    world.list_market(&params, 150 * DOLLAR);
    world.tick();
    world.open_market(SOL);
    let users = [(); 4].map(|()| world.rich(10_000));
    for maker in [users[0], users[1]] {
        world.place(maker, sell(150, 2 * ONE)).expect("rests");
    }
    world.take(users[2], ioc(SOL, Side::Long, 2 * ONE, 150 * DOLLAR), &[users[0]]).expect("below the cap");
    refused(world.take(users[3], ioc(SOL, Side::Long, 2 * ONE, 150 * DOLLAR), &[users[1]]), Error::OpenInterestCap);
    world.take(users[3], ioc(SOL, Side::Long, ONE, 150 * DOLLAR), &[users[1]]).expect("up to the cap");
}

#[test]
fn too_many_makers_are_refused() {
    let (mut world, [taker, maker, _, keeper]) = stage();
    world.place(maker, sell(150, ONE)).expect("rests");
    let id = world.place(taker, limit(SOL, Side::Long, ONE, 150 * DOLLAR)).expect("placed");
    let mut filling = world.filling(keeper, taker, id, true, &[maker]);
    let reference = filling.makers[0];
    filling.makers = vec![reference; 17];
    refused(world.run(filling.clone()), Error::TooManyMakers);
    filling.makers = vec![kedge_model::action::MakerRef { account: 1, ..reference }];
    refused(world.run(filling), Error::TooManyMakers);
    let crowd: Vec<User> = (0..9).map(|_| world.user()).collect();
    let crowded = world.filling(keeper, taker, id, true, &crowd);
    refused(world.run(crowded), kedge_interface::error::AccountError::TooManyAccounts);
    // A reference twice fills once.
    let mut twice = world.filling(keeper, taker, id, true, &[maker]);
    twice.makers = vec![reference; 2];
    world.run(twice).expect("filled");
    assert_eq!(world.position(taker, SOL).base, Base(1_000_000_000));
}

#[test]
fn an_expired_order_is_removed_and_pays_nothing() {
    let (mut world, [taker, maker, _, keeper]) = stage();
    world.place(maker, sell(150, ONE)).expect("rests");
    let expires_at = u32::try_from(world.time() + 5).expect("before 2106");
    let order = OrderParams { expires_at, ..limit(SOL, Side::Long, ONE, 150 * DOLLAR) };
    let id = world.place(taker, order).expect("placed");
    world.pass_ms(5_000);
    let done = world.fill(keeper, taker, id, &[maker]).expect("removed");
    let [Event::OrderCancelled(record)] = done.events()[..] else { panic!("one record, not {:?}", done.events()) };
    assert_eq!((record.order_id, record.reason), (id, CancelReason::Expired as u8));
    assert_eq!(world.position(taker, SOL).base, Base::ZERO);
    assert_eq!(world.position(keeper, SOL).quote, Quote::ZERO);
    assert_eq!(world.sub(&maker.sub).head.open_orders, 1);
}

#[test]
fn a_market_whose_books_are_off_by_a_unit_trades_no_more() {
    let mut world = World::start();
    let user = world.rich(10_000);
    let mut broken = world.market(SOL);
    broken.fees = broken.fees.plus(Amount(1)).expect("in range");
    let (at, order) = (address::market(SOL), ioc(SOL, Side::Long, ONE, 152 * DOLLAR));
    let mut account = world.account(&at).expect("the market");
    let sound = account.clone();
    account.data[8..].copy_from_slice(bytemuck::bytes_of(&broken));
    world.machine.write(at, account);
    let taking = world.taking(user, order, 0, &[]);
    refused(world.machine.send(taking), Error::InvariantBroken);
    world.machine.write(at, sound);
    world.take(user, order, &[]).expect("it trades again");
}
