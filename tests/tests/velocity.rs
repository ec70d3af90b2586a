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
    while world.time() < began + 30 {
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
    while world.time() < began + 60 {
        world.move_price(SOL, 160 * DOLLAR);
    }
    assert_eq!(session(&world), Session::Open);
    let row = world.board().markets[0];
    assert_eq!(market.trading_band(&row, &world.now()), market.band(Price(160 * DOLLAR)));
}
