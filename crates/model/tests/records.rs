//! What the records of actions say: readers elsewhere know the exchange by them alone.

mod common;

use common::lifecycle::{run_out, settle_position};
use common::waiting::{CRANK, OWNER, holding, quote, reducing};
use common::{BOOK, DOLLAR, ONE, SOL, World, ioc, limit, waiting};
use kedge_model::account::market::MarketStatus;
use kedge_model::account::order::{OrderKind, Side};
use kedge_model::account::pocket::Pocket;
use kedge_model::account::position::status;
use kedge_model::account::sub_account::SubAccountMut;
use kedge_model::action::{
    CRANK_FEE, Context, DelistMarket, Deposit, ExpireOrders, Liquidate, ModifyOrder, ModifyParams, PlaceAndTake,
    PlaceOrders, SetExpiry, SetMarketStatus, SettleMarket, TriggerOrder, change,
};
use kedge_model::error::Error;
use kedge_model::event::{
    Batch, CancelReason, CancelRecord, CrankKind, CrankRecord, DepositRecord, Event, LiquidationRecord, MarketRecord,
    OrderRecord, Party, TransferRecord, decode,
};
use kedge_model::quantity::{Amount, Base, Ppm, Price, Quote, Size};
use kedge_model::rule::lifecycle::{DEBT_PERIOD, EXPIRY_NOTICE};
use kedge_model::time::Seconds;

/// What an action records.
fn told(act: impl FnOnce(&mut Batch<'_>)) -> Vec<Event> {
    let mut buffer = vec![0; 4_096];
    let mut batch = Batch::new(&mut buffer, 0);
    assert!(batch.is_empty());
    act(&mut batch);
    assert!(!batch.is_empty());
    decode(batch.finish([0; 32], 1, 1, 0).unwrap()).unwrap().1.collect()
}

/// What an action on SOL with two accounts records; the accounts and the market are changed by it.
fn told_of(
    world: &mut World,
    accounts: [usize; 2],
    act: impl FnOnce(&mut Context<'_, Batch<'_>>, &mut SubAccountMut<'_>, &mut SubAccountMut<'_>),
) -> Vec<Event> {
    let [mut one, mut other] = accounts.map(|account| world.accounts[account].clone());
    let market = &mut world.markets[SOL];
    let events = told(|sink| {
        let (exchange, board, clock) = (&world.exchange, &world.board, world.clock);
        let mut context = Context { exchange, board, market, clock, sink };
        act(&mut context, &mut one.borrow(), &mut other.borrow());
    });
    (world.accounts[accounts[0]], world.accounts[accounts[1]]) = (one, other);
    events
}

fn party(world: &World, account: usize) -> Party {
    let head = &world.accounts[account].head;
    Party { authority: head.authority, id: head.id, padding: [0; 6] }
}

#[test]
fn an_order_is_recorded_when_it_comes_is_served_and_goes() {
    let mut world = holding(10);
    let now = u32::try_from(world.clock.unix_time).unwrap();
    let resting = kedge_model::account::order::OrderParams {
        expires_at: now + 5,
        client_id: 77,
        ..limit(SOL, Side::Long, 3 * ONE, 100 * DOLLAR)
    };
    let stop = reducing(waiting(SOL, OrderKind::StopMarket, Side::Short, 10 * ONE, 145 * DOLLAR));
    let said = told_of(&mut world, [OWNER, CRANK], |context, owner, _| {
        let _ = PlaceOrders { orders: &[resting, stop] }.execute(context, owner).unwrap();
    });
    let orders: Vec<_> = world.accounts[OWNER].open().copied().collect();
    let placed = |order| {
        let account = party(&world, OWNER);
        Event::OrderPlaced(OrderRecord { account, order, reason: 0, padding: [0; 7] })
    };
    assert_eq!(said, [placed(orders[0]), placed(orders[1])]);

    quote(&mut world, 145 * DOLLAR);
    let id = orders[1].id;
    let said = told_of(&mut world, [OWNER, CRANK], |context, owner, crank| {
        let _ = TriggerOrder { order_id: id, slot: 0 }.execute(context, owner, Some(crank)).unwrap();
    });
    let open = world.accounts[OWNER].find(id).unwrap();
    let record = CrankRecord {
        account: party(&world, OWNER),
        crank: party(&world, CRANK),
        reward: CRANK_FEE,
        price: Price(145 * DOLLAR),
        level: 145 * DOLLAR,
        auction_start: open.auction_start,
        auction_end: open.auction_end,
        order_id: id,
        market: 1,
        kind: CrankKind::Trigger as u8,
        reason: 0,
        activation_slot: open.activation_slot,
    };
    assert!(open.auction_start > Price(0) && open.auction_end > Price(0) && open.activation_slot > 0);
    assert_eq!(said, [Event::Crank(record)]);

    world.wait(10);
    quote(&mut world, 145 * DOLLAR);
    let id = orders[0].id;
    let said = told_of(&mut world, [OWNER, CRANK], |context, owner, crank| {
        let _ = ExpireOrders { ids: &[id] }.execute(context, owner, Some(crank)).unwrap();
    });
    let gone = CancelRecord {
        account: party(&world, OWNER),
        client_id: 77,
        left: Size(3 * ONE),
        order_id: id,
        market: 1,
        side: Side::Long as u8,
        reason: CancelReason::Expired as u8,
    };
    let served = CrankRecord {
        account: party(&world, OWNER),
        crank: party(&world, CRANK),
        reward: CRANK_FEE,
        market: 1,
        kind: CrankKind::Expire as u8,
        ..CrankRecord::default()
    };
    assert_eq!(said, [Event::OrderCancelled(gone), Event::Crank(served)]);
}

#[test]
fn a_deposit_is_recorded_with_the_balance_after_it() {
    let mut world = World::funded(2, 100);
    let (account, bank) = (&mut world.accounts[1].head, &mut world.banks[0]);
    let said = told(|sink| {
        Deposit { amount: Amount(7), depositor: [1; 32] }
            .execute(&world.exchange, bank, account, world.clock, sink)
            .unwrap();
    });
    let account = party(&world, 1);
    let record =
        DepositRecord { account, amount: Amount(7), balance: Amount(100 * DOLLAR + 7), bank: 0, padding: [0; 6] };
    assert_eq!(said, [Event::Deposit(record)]);
}

#[test]
fn a_market_is_recorded_from_its_status_to_its_end() {
    let mut world = holding(10);
    let active = MarketStatus::Active as u8;
    let mut clock = world.clock;
    let now = clock.unix_time;
    let base = MarketRecord { time: now, market: 1, status: active, status_before: active, ..MarketRecord::default() };
    let said = told(|sink| {
        let set = SetMarketStatus { status: MarketStatus::ReduceOnly, length: Seconds::DAY };
        set.execute(&world.board, &mut world.markets[SOL], clock, sink).unwrap();
    });
    assert_eq!(said, [Event::MarketChanged(MarketRecord { status: MarketStatus::ReduceOnly as u8, ..base })]);
    world.markets[SOL].status = active;
    let time = now + i64::try_from(EXPIRY_NOTICE.0).unwrap();
    let said = told(|sink| SetExpiry { time }.execute(&mut world.board, &mut world.markets[SOL], clock, sink).unwrap());
    assert_eq!(said, [Event::MarketChanged(MarketRecord { expiry_time: time, ..base })]);

    let average = run_out(&mut world, SOL);
    clock = world.clock;
    let said = told(|sink| {
        let _ = SettleMarket.execute(&world.exchange, &mut world.board, &mut world.markets[SOL], clock, sink).unwrap();
    });
    let settled = MarketRecord {
        expiry_time: world.markets[SOL].expiry_time,
        settlement_price: average,
        average,
        time: clock.unix_time,
        status: MarketStatus::Settlement as u8,
        ..base
    };
    assert!(average > Price(0));
    assert_eq!(said, [Event::MarketChanged(settled)]);

    let _ = settle_position(&mut world, SOL, OWNER).unwrap();
    world.wait(DEBT_PERIOD.0);
    let _ = settle_position(&mut world, SOL, OWNER);
    clock = world.clock;
    let protocol = world.banks[0].protocol.0;
    let said = told(|sink| {
        let delist = DelistMarket;
        let _ = delist
            .execute(&mut world.exchange, &mut world.board, &mut world.markets[SOL], &mut world.banks[0], clock, sink)
            .unwrap();
    });
    let leftover = Amount(world.banks[0].protocol.0 - protocol);
    assert!(leftover > Amount(0));
    let wanted = MarketRecord {
        average: Price(0),
        leftover,
        time: clock.unix_time,
        status: MarketStatus::Delisted as u8,
        status_before: MarketStatus::Settlement as u8,
        ..settled
    };
    assert_eq!(said, [Event::MarketChanged(wanted)]);
}

#[test]
fn a_fill_and_a_change_are_recorded() {
    let mut world = World::funded(6, 100_000);
    let ask = world.place(OWNER, limit(SOL, Side::Short, 3 * ONE, 149 * DOLLAR));
    let ask = ask.unwrap();
    let size = Size(2 * ONE);
    let change = ModifyParams { order_id: ask, changes: change::SIZE, size, ..ModifyParams::default() };
    let said = told_of(&mut world, [OWNER, CRANK], |context, owner, _| {
        let _ = ModifyOrder { params: change }.execute(context, owner).unwrap();
    });
    let account = party(&world, OWNER);
    let order = world.accounts[OWNER].find(ask).unwrap();
    assert_eq!(
        said,
        [Event::OrderModified(OrderRecord { account, order, reason: CancelReason::Requested as u8, padding: [0; 7] })]
    );
    let makers = world.maker_refs(SOL, &[OWNER]);
    let order = ioc(SOL, Side::Long, ONE, 149 * DOLLAR);
    let said = told_of(&mut world, [CRANK, OWNER], |context, taker, maker| {
        let take = PlaceAndTake { order, min_fill: Size(0), makers: &makers };
        let maker = SubAccountMut { head: &mut *maker.head, orders: &mut *maker.orders };
        let _ = take.execute(context, taker, &mut [maker]).unwrap();
    });
    let fill = said.iter().find_map(|event| match event {
        Event::Fill(fill) => Some(*fill),
        _ => None,
    });
    let fill = fill.expect("a record");
    assert_eq!((fill.taker, fill.maker), (party(&world, CRANK), party(&world, OWNER)));
    assert_eq!((fill.size, fill.quote, fill.maker_order, fill.market), (Size(ONE), Amount(149 * DOLLAR), ask, 1));
    assert_eq!(
        (fill.side, fill.oracle, fill.taker_fee.0 > fill.maker_rebate.0),
        (Side::Long as u8, Price(150 * DOLLAR), true)
    );
}

/// The owner of 60 SOL at a profit owes a settled market more dollars than it has.
fn in_debt() -> World {
    let mut world = holding(60);
    for price in [157, 164, 171, 178] {
        world.drive(SOL, price * DOLLAR);
    }
    let head = &mut world.accounts[OWNER].head;
    let debt = i64::try_from(head.balance(0).0 + 300 * DOLLAR).unwrap();
    let position = head.open_position(World::index(BOOK)).unwrap();
    (position.status, position.quote) = (position.status | status::SETTLED, Quote(-debt));
    world
}

#[test]
fn what_is_realised_for_a_debt_is_recorded_and_costs_no_more_than_the_limit() {
    let start = in_debt();
    let step = |world: &mut World, limit_price: Price| {
        world.on_market(SOL, &[OWNER, CRANK], |context, _, accounts| {
            let (owner, crank) = accounts.split_first_mut().unwrap();
            Liquidate { max_size: Size(u64::MAX), limit_price }.execute(context, owner, &mut crank[0])
        })
    };
    let report = step(&mut start.clone(), Price(0)).unwrap();
    assert_eq!(step(&mut start.clone(), report.price), Ok(report));
    assert_eq!(step(&mut start.clone(), Price(report.price.0 - 1)), Err(Error::LiquidationPriceWorse));
    assert!(report.base > Base(0) && report.quote > Quote(0) && report.price > Price(170 * DOLLAR), "{report:?}");

    let mut world = start.clone();
    let said = told_of(&mut world, [OWNER, CRANK], |context, owner, crank| {
        let step = Liquidate { max_size: Size(u64::MAX), limit_price: Price(0) };
        let _ = step.execute(context, owner, crank).unwrap();
    });
    let record = LiquidationRecord {
        account: party(&world, OWNER),
        liquidator: party(&world, CRANK),
        base: report.base,
        quote: report.quote,
        price: report.price,
        shortage: Quote(300_000_000),
        shortage_after: Pocket::Cross.settled_debt(&world.accounts[OWNER].head).unwrap().credit().unwrap(),
        liquidator_fee: world.markets[SOL].liquidator_fee,
        market: 1,
        ..LiquidationRecord::default()
    };
    assert!(record.shortage_after < record.shortage && record.liquidator_fee > Ppm(0), "{record:?}");
    assert_eq!(said, [Event::Liquidation(record)]);
}

#[test]
fn tokens_that_are_bought_for_a_debt_are_recorded() {
    let mut world = holding(0);
    world.deposit(OWNER, 2, 10 * ONE).unwrap();
    world.markets[SOL].status = MarketStatus::Settlement as u8;
    let position = world.accounts[OWNER].head.open_position(1).unwrap();
    (position.status, position.quote) = (position.status | status::SETTLED, Quote(-10_297_000_000));
    let said = told_of(&mut world, [OWNER, CRANK], |context, owner, crank| {
        let step = Liquidate { max_size: Size(u64::MAX), limit_price: Price(0) };
        let _ = step.execute(context, owner, crank).unwrap();
    });
    // Two SOL at 150 less one percent.
    let account = party(&world, OWNER);
    let record = LiquidationRecord {
        account,
        liquidator: party(&world, CRANK),
        quote: Quote(297_000_000),
        price: Price(148_500_000),
        shortage: Quote(297_000_000),
        liquidator_fee: Ppm(10_000),
        market: 1,
        ..LiquidationRecord::default()
    };
    let to = world.accounts[CRANK].head.id;
    let moved = TransferRecord { from: account, amount: Amount(2 * ONE), to, bank: 2, padding: [0; 4] };
    assert_eq!(said, [Event::Liquidation(record), Event::Transfer(moved)]);
}

#[test]
fn a_settlement_records_what_the_insurance_pays() {
    let mut world = holding(10);
    quote(&mut world, 157 * DOLLAR);
    let average = run_out(&mut world, SOL);
    // The vAMM owes the profit and has nothing.
    world.markets[SOL].pnl_pool = Amount(0);
    let (clock, before) = (world.clock, world.markets[SOL]);
    let said = told(|sink| {
        let _ = SettleMarket.execute(&world.exchange, &mut world.board, &mut world.markets[SOL], clock, sink).unwrap();
    });
    let paid = before.insurance_fund.minus(world.markets[SOL].insurance_fund).unwrap();
    assert!(paid > Amount(0), "{paid:?}");
    let record = MarketRecord {
        expiry_time: before.expiry_time,
        settlement_price: average,
        average,
        insurance: paid,
        time: clock.unix_time,
        market: 1,
        status: MarketStatus::Settlement as u8,
        status_before: MarketStatus::Active as u8,
        ..MarketRecord::default()
    };
    assert_eq!(said, [Event::MarketChanged(record)]);
}
