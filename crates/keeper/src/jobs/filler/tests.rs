use super::*;
use crate::testing::RunPlan as _;
use kedge_interface::instruction::Decoded;
use kedge_state::testing::{TestExchange, limit, market_order};

fn filler() -> Filler {
    Filler { account: None, max_makers: 4, max_orders: 8, max_fills: 4, yield_slots: 0, patience: Patience::default() }
}

#[test]
fn leaves_a_quiet_book_alone() {
    let mut exchange = TestExchange::new();
    let (a, b) = (exchange.trader(10_000_000_000), exchange.trader(10_000_000_000));
    exchange.place(a, limit(Side::Long, 195_000_000, 1_000_000_000));
    exchange.place(b, limit(Side::Short, 205_000_000, 1_000_000_000));
    exchange.advance(1, 1);
    assert_eq!(filler().decide(&exchange.world()), []);
}

#[test]
fn crosses_resting_orders_with_the_older_as_maker() {
    let mut exchange = TestExchange::new();
    exchange.without_amm();
    let (a, b) = (exchange.trader(10_000_000_000), exchange.trader(10_000_000_000));
    let maker = exchange.place(a, limit(Side::Long, 200_000_000, 1_000_000_000));
    let taker = exchange.place(b, limit(Side::Short, 199_000_000, 1_000_000_000));
    exchange.advance(1, 1);
    let plans = filler().decide(&exchange.world());
    let makers = [MakerOrder { account: a, order_id: maker, slot: 0 }];
    let expected = Call::fill(0, b, (taker, 0), None, &makers, &[]);
    assert_eq!(plans.into_iter().flat_map(|plan| plan.calls).collect::<Vec<_>>(), [expected]);
}

#[test]
fn an_order_at_a_distance_stands_where_the_oracle_puts_it() {
    let mut exchange = TestExchange::new();
    exchange.without_amm();
    let (a, b, c) = (exchange.trader(10_000_000_000), exchange.trader(10_000_000_000), exchange.trader(10_000_000_000));
    exchange.place(a, limit(Side::Short, 200_200_000, 1_000_000_000));
    let above = limit(Side::Short, 100_000, 1_000_000_000);
    exchange.place(b, kedge_model::account::order::OrderParams { flags: flags::OFFSET, ..above });
    exchange.advance(1, 1);
    let makers = best_makers(&exchange.world(), 0, Side::Long, Price(200_100_000), &c, 8);
    assert_eq!(makers.iter().map(|maker| maker.account).collect::<Vec<_>>(), [b]);
}

#[test]
fn waits_for_the_auction_to_reach_the_maker() {
    let mut exchange = TestExchange::new();
    exchange.without_amm();
    let (a, b) = (exchange.trader(10_000_000_000), exchange.trader(10_000_000_000));
    exchange.place(a, limit(Side::Short, 200_500_000, 1_000_000_000));
    exchange.place(b, market_order(Side::Long, 1_000_000_000));
    let mut slots = 0;
    while filler().decide(&exchange.world()).is_empty() {
        exchange.advance(1, 0);
        slots += 1;
        assert!(slots < 20, "the auction ends half a percent above 200");
    }
    // 5 s at 400 ms a slot is 13 slots; 200 to 201 reaches 200.5 after 7 of them.
    assert_eq!(slots, 7);
}

#[test]
fn the_best_maker_is_passed_first_and_never_the_taker_itself() {
    let mut exchange = TestExchange::new();
    exchange.without_amm();
    let (a, b, c) = (exchange.trader(10_000_000_000), exchange.trader(10_000_000_000), exchange.trader(10_000_000_000));
    exchange.place(a, limit(Side::Short, 200_200_000, 1_000_000_000));
    exchange.place(b, limit(Side::Short, 200_100_000, 1_000_000_000));
    exchange.place(c, limit(Side::Short, 200_050_000, 1_000_000_000));
    exchange.advance(1, 1);
    let makers = best_makers(&exchange.world(), 0, Side::Long, Price(200_150_000), &c, 8);
    assert_eq!(makers.iter().map(|maker| maker.account).collect::<Vec<_>>(), [b]);
    let makers = best_makers(&exchange.world(), 0, Side::Long, Price(300_000_000), &Pubkey::default(), 8);
    assert_eq!(makers.iter().map(|maker| maker.account).collect::<Vec<_>>(), [c, b, a]);
}

#[test]
fn offers_that_nobody_backs_keep_no_taker_from_the_next() {
    let mut exchange = TestExchange::new();
    exchange.without_amm();
    let (taker, good) = (exchange.trader(10_000_000_000), exchange.trader(10_000_000_000));
    // More of them than one fill names.
    let poor: Vec<Pubkey> = (0..5).map(|_| exchange.trader(22_000_000)).collect();
    for account in &poor {
        exchange.place(*account, limit(Side::Short, 200_000_000, 1_000_000_000));
    }
    exchange.place(good, limit(Side::Short, 200_100_000, 1_000_000_000));
    exchange.advance(2, 10);
    exchange.publish(209_000_000);
    exchange.run_plan(&Plan { refresh: vec![0], calls: Vec::new() });
    exchange.place(taker, limit(Side::Long, 200_200_000, 1_000_000_000));
    exchange.advance(1, 1);
    let plans = filler().decide(&exchange.world());
    let [plan] = &plans[..] else { panic!("one fill, not {plans:?}") };
    let Some(Call { instruction: Decoded::FillOrder(fill), .. }) = plan.purpose() else {
        panic!("a fill, not {plan:?}")
    };
    assert_eq!((fill.makers.len(), fill.split()), (1, (None, &[good][..])));
    let named = best_makers(&exchange.world(), 0, Side::Long, Price(200_200_000), &taker, 8);
    assert_eq!(named.iter().map(|maker| maker.account).collect::<Vec<_>>(), [good]);
}

#[test]
fn fills_of_resting_orders_share_a_transaction() {
    let mut exchange = TestExchange::new();
    exchange.without_amm();
    let traders: Vec<Pubkey> = (0..4).map(|_| exchange.trader(10_000_000_000)).collect();
    exchange.place(traders[0], limit(Side::Long, 200_000_000, 1_000_000_000));
    exchange.place(traders[1], limit(Side::Long, 199_900_000, 1_000_000_000));
    exchange.place(traders[2], limit(Side::Short, 199_800_000, 1_000_000_000));
    exchange.place(traders[3], limit(Side::Short, 199_800_000, 1_000_000_000));
    exchange.advance(1, 1);
    let plans = filler().decide(&exchange.world());
    assert_eq!(plans.iter().map(|plan| plan.calls.len()).collect::<Vec<_>>(), [2], "{plans:?}");
    assert_eq!(plans[0].subjects().len(), 2);
    exchange.run_plan(&plans[0]);
    let world = exchange.world();
    let bases: Vec<i64> = traders.iter().map(|trader| world.accounts[trader].base(0).0).collect();
    assert_eq!(bases, [1_000_000_000, 1_000_000_000, -1_000_000_000, -1_000_000_000]);
    // Alone each of them goes by itself.
    let one = Filler { max_fills: 1, ..filler() };
    assert_eq!(filler().decide(&world), one.decide(&world));
}

#[test]
fn two_fills_do_not_count_on_one_maker() {
    let mut exchange = TestExchange::new();
    exchange.without_amm();
    let traders: Vec<Pubkey> = (0..3).map(|_| exchange.trader(10_000_000_000)).collect();
    // One buyer for two sellers: the second has nothing left to trade with.
    exchange.place(traders[0], limit(Side::Long, 200_000_000, 1_000_000_000));
    exchange.place(traders[1], limit(Side::Short, 199_800_000, 1_000_000_000));
    exchange.place(traders[2], limit(Side::Short, 199_800_000, 1_000_000_000));
    exchange.advance(1, 1);
    let world = exchange.world();
    let plans = filler().decide(&world);
    assert_eq!(plans.iter().map(|plan| plan.calls.len()).collect::<Vec<_>>(), [1]);
    // Nor while the first is under way, about whose order nothing more is decided.
    let taken = plans[0].subjects();
    let is_free = |subject: &Subject| !taken.contains(subject);
    let attention = || Attention::new(4, &is_free);
    assert_eq!(filler().decide_within(&world, &attention().after(&plans.iter().collect::<Vec<_>>())), []);
    assert_eq!(filler().decide_within(&world, &attention()).len(), 1, "who does not know of it decides so");
}

#[test]
fn a_fill_by_the_vamm_brings_its_own_refresh_and_one_by_a_maker_only_a_newer_price() {
    let mut exchange = TestExchange::new();
    let (a, b) = (exchange.trader(10_000_000_000), exchange.trader(10_000_000_000));
    exchange.place(a, limit(Side::Long, 201_000_000, 1_000_000_000));
    exchange.advance(1, 1);
    exchange.publish(200_000_000);
    let mut world = exchange.world();
    world.board = world.fresh.clone();
    let plans = filler().decide(&world);
    // The row is as new as its source, and may be a slot too old when the transaction lands.
    assert_eq!(plans.iter().map(|plan| &plan.refresh[..]).collect::<Vec<_>>(), [[0]], "{plans:?}");
    exchange.without_amm();
    exchange.place(b, limit(Side::Short, 200_500_000, 1_000_000_000));
    let mut world = exchange.world();
    world.board = world.fresh.clone();
    let plans = filler().decide(&world);
    assert_eq!(plans.iter().map(|plan| plan.refresh.len()).collect::<Vec<_>>(), [0], "{plans:?}");
}

#[test]
fn an_order_in_its_auction_is_left_to_makers_for_a_while() {
    let mut exchange = TestExchange::new();
    let trader = exchange.trader(10_000_000_000);
    exchange.place(trader, market_order(Side::Long, 1_000_000_000));
    // Slot of the first fill by slots that are yielded.
    let first = |exchange: &TestExchange, yield_slots| {
        let mut exchange = exchange.clone();
        (0..16).find(|_| {
            exchange.advance(1, 0);
            exchange.publish(200_000_000);
            let plans = Filler { yield_slots, ..filler() }.decide(&exchange.world());
            !plans.is_empty()
        })
    };
    let at_once = first(&exchange, 0).expect("the auction comes to the vAMM's price");
    assert_eq!(first(&exchange, 1), Some(at_once + 1));
    assert_eq!(first(&exchange, 2), Some(at_once + 2));
}

#[test]
fn an_order_in_its_auction_goes_alone() {
    let mut exchange = TestExchange::new();
    let (a, b, c) = (exchange.trader(10_000_000_000), exchange.trader(10_000_000_000), exchange.trader(10_000_000_000));
    exchange.place(a, market_order(Side::Long, 1_000_000_000));
    exchange.place(b, market_order(Side::Long, 1_000_000_000));
    exchange.place(c, market_order(Side::Long, 1_000_000_000));
    exchange.advance(13, 5);
    exchange.publish(200_000_000);
    let plans = filler().decide(&exchange.world());
    assert_eq!(plans.iter().map(|plan| plan.calls.len()).collect::<Vec<_>>(), [1, 1, 1], "{plans:?}");
}

#[test]
fn lets_two_that_only_make_trade_with_each_other() {
    let mut exchange = TestExchange::new();
    exchange.without_amm();
    let (a, b) = (exchange.trader(10_000_000_000), exchange.trader(10_000_000_000));
    let post_only = |side, price| kedge_model::account::order::OrderParams {
        flags: flags::POST_ONLY,
        ..limit(side, price, 1_000_000_000)
    };
    let bid = exchange.place(a, post_only(Side::Long, 200_000_000));
    let ask = exchange.place(b, post_only(Side::Short, 199_000_000));
    exchange.advance(1, 1);
    let plans = filler().decide(&exchange.world());
    let order = |account, order_id| MakerOrder { account, order_id, slot: 0 };
    let expected = Call::uncross(0, &[order(a, bid), order(b, ask)]);
    assert_eq!(plans.into_iter().flat_map(|plan| plan.calls).collect::<Vec<_>>(), [expected]);
}
