//! A market whose price leaps, on chain: reserved, then open in steps, without anybody's hand.

use kedge_model::Error;
use kedge_model::account::board::Session;
use kedge_model::account::order::{OrderParams, Side, flags};
use kedge_model::quantity::Price;
use kedge_tests::World;
use kedge_tests::market::{DOLLAR, ONE, SOL};
use kedge_tests::orders::{ioc, limit};
use kedge_tests::verbs::refused;

fn session(world: &World) -> Session {
    world.board().markets[0].session(&world.now())
}

#[test]
fn a_leap_reserves_a_market_and_it_opens_by_itself() {
    let mut world = World::start();
    let [taker, maker] = [(); 2].map(|()| world.rich(10_000));
    for _ in 0..5 {
        world.move_price(SOL, 150 * DOLLAR);
    }
    let order = world.place(maker, limit(SOL, Side::Short, ONE, 159 * DOLLAR)).expect("rests");
    let post_only = |price| OrderParams { flags: flags::POST_ONLY, ..limit(SOL, Side::Short, ONE, price) };
    world.move_price(SOL, 160 * DOLLAR);
    assert_eq!(session(&world), Session::Open, "one tick");
    world.move_price(SOL, 160 * DOLLAR);
    assert_eq!(session(&world), Session::Reserved);
    let began = i64::from(world.board().markets[0].halted_at);
    assert_eq!(began, world.time());
    // The jump is confirmed long before, so that nothing but the halt refuses.
    while world.time() < began + 20 {
        world.move_price(SOL, 160 * DOLLAR);
    }
    let buy = ioc(SOL, Side::Long, ONE, 162 * DOLLAR);
    refused(world.take(taker, buy, &[maker]), Error::MarketReserved);
    refused(world.place(taker, limit(SOL, Side::Long, ONE, 140 * DOLLAR)), Error::MarketReserved);
    world.cancel(maker, order).expect("its owner takes it back");
    world.place(maker, post_only(164 * DOLLAR)).expect("post-only orders go on");
    world.withdraw(taker, 0, DOLLAR).expect("and withdrawals");
    while world.time() < began + 35 {
        world.move_price(SOL, 160 * DOLLAR);
    }
    // Within 1 %, then 2 %, then 4 %.
    world.cancel_all(maker, SOL).expect("empty");
    world.place(maker, post_only(163 * DOLLAR)).expect("rests");
    world.place(maker, post_only(161 * DOLLAR)).expect("rests");
    let (row, market) = (world.board().markets[0], world.market(SOL));
    let band = market.trading_band(&row, &world.now()).expect("open");
    assert_eq!(band, (Price(158_400_000), Price(161_600_000)));
    world.take(taker, ioc(SOL, Side::Long, ONE / 10, 170 * DOLLAR), &[maker]).expect("inside");
    assert!(world.market(SOL).last_fill_price <= band.1);
    while world.time() < began + 65 {
        world.move_price(SOL, 160 * DOLLAR);
    }
    assert_eq!(session(&world), Session::Open);
    let row = world.board().markets[0];
    assert_eq!(market.trading_band(&row, &world.now()), market.band(Price(160 * DOLLAR)));
}

#[test]
fn what_crosses_after_a_halt_trades_at_the_rows_price_alone() {
    let mut world = World::start();
    let [buyer, seller, keeper] = [(); 3].map(|()| world.rich(10_000));
    for _ in 0..5 {
        world.move_price(SOL, 150 * DOLLAR);
    }
    world.place(seller, limit(SOL, Side::Short, ONE, 151 * DOLLAR)).expect("rests");
    world.place(buyer, limit(SOL, Side::Long, ONE, 162 * DOLLAR)).expect("rests, and nobody has filled it");
    while session(&world) != Session::Reserved {
        world.move_price(SOL, 160 * DOLLAR);
    }
    let began = i64::from(world.board().markets[0].halted_at);
    while world.time() < began + 20 {
        world.move_price(SOL, 160 * DOLLAR);
    }
    let uncrossing = world.uncrossing(keeper, &[buyer, seller]);
    refused(world.run(uncrossing.clone()), Error::MarketReserved);
    while world.time() < began + 30 {
        world.move_price(SOL, 160 * DOLLAR);
    }
    assert_eq!(session(&world), Session::Calling);
    refused(world.take(keeper, ioc(SOL, Side::Long, ONE, 161 * DOLLAR), &[seller]), Error::MarketReserved);
    let done = world.run(uncrossing).expect("called");
    let [kedge_interface::event::Event::Fill(fill)] = done.events()[..] else { panic!("{:?}", done.events()) };
    // The newer one takes: ten basis points, of which two are the older one's.
    assert_eq!((fill.quote.0, fill.taker_fee.0, fill.maker_rebate.0), (160 * DOLLAR, 160_000, 32_000));
    let (bought, sold) = (world.position(buyer, SOL), world.position(seller, SOL));
    assert_eq!((bought.base.0, bought.quote.0), (ONE as i64, -160_160_000));
    assert_eq!((sold.base.0, sold.quote.0), (-(ONE as i64), 160_032_000));
    world.market(SOL).invariant().expect("its ledger is exact");
}
