//! Prices, funding, settlement, liquidation and default.

use kedge_interface::address;
use kedge_interface::error::AccountError;
use kedge_interface::event::Event;
use kedge_interface::instruction::{KedgeInstruction, Liquidate, RefreshPrices, SettlePnl};
use kedge_model::Error;
use kedge_model::account::board::Purpose;
use kedge_model::account::board::RowState;
use kedge_model::account::order::Side;
use kedge_model::account::pocket::Pocket;
use kedge_model::account::sub_account::status;
use kedge_model::quantity::{Amount, Base, Price, Quote};
use kedge_model::rule::margin::{MarginKind, margin_of};
use kedge_tests::market::{BTC, DOLLAR, ONE, SOL, USDC, market_feed};
use kedge_tests::oracle::{self, Update};
use kedge_tests::orders::{ioc, limit};
use kedge_tests::scenes::{defaulter, underwater};
use kedge_tests::verbs::refused;
use kedge_tests::{User, World};

fn state(world: &World, market: u16) -> u8 {
    world.board().markets[usize::from(market)].price.state
}

#[test]
fn a_refresh_takes_newer_prices_and_leaves_the_row_alone_otherwise() {
    let mut world = World::start();
    world.pass_ms(2_000);
    oracle::publish(&mut world.machine, market_feed(SOL), 151 * DOLLAR);
    world.refresh(&[0], &[]).expect("refreshed");
    let row = world.board().markets[0].price;
    assert_eq!((row.price, row.confidence), (Price(151 * DOLLAR), Price(15_100)));
    assert_eq!((row.publish_time, row.publish_slot, row.state), (world.time(), world.slot, RowState::Normal as u8));
    assert!(row.twap_5m > Price(150 * DOLLAR) && row.twap_5m < Price(151 * DOLLAR), "an average moves slowly");
    let before = world.board_bytes();
    world.refresh(&[0], &[]).expect("no error in front of a transaction");
    assert_eq!(world.board_bytes(), before, "an equal price changes nothing");
    let older = Update {
        feed: market_feed(SOL),
        price: 100 * DOLLAR,
        confidence: 1_000,
        publish_time: world.time() - 1,
        posted_slot: world.slot,
        signatures: None,
    };
    oracle::write(&mut world.machine, &older);
    world.refresh(&[0], &[]).expect("an older price is no error");
    assert_eq!(world.board_bytes(), before, "an older price changes nothing");
}

#[test]
fn bad_updates_make_a_row_stale_and_never_move_its_price() {
    let mut world = World::start();
    world.pass_ms(31_000);
    let sound = Update {
        feed: market_feed(SOL),
        price: 151 * DOLLAR,
        confidence: 15_100,
        publish_time: world.time(),
        posted_slot: world.slot,
        signatures: None,
    };
    let cases = [
        ("too uncertain", Update { confidence: 800_000, ..sound }),
        ("too old", Update { publish_time: world.time() - 31, ..sound }),
        ("of the future", Update { publish_time: world.time() + 31, ..sound }),
        ("zero", Update { price: 0, ..sound }),
    ];
    for (what, update) in cases {
        oracle::write(&mut world.machine, &update);
        world.refresh(&[0], &[]).expect("a bad source is no error");
        assert_eq!(world.board().markets[0].price.price, Price(150 * DOLLAR), "{what}");
        assert_eq!(state(&world, SOL), RowState::Stale as u8, "{what}");
    }
    oracle::write(&mut world.machine, &Update { signatures: Some(12), ..sound });
    refused(world.refresh(&[0], &[]), kedge_interface::error::AccountError::OracleVerificationTooWeak);
    oracle::write(&mut world.machine, &sound);
    world.refresh(&[0], &[]).expect("sound again");
    assert_eq!(state(&world, SOL), RowState::Normal as u8);
    let extra = RefreshPrices {
        oracles: vec![oracle::address(&market_feed(SOL)), oracle::address(&market_feed(BTC))],
        ..world.refreshing(&[0], &[])
    };
    refused(world.run(extra), kedge_interface::error::AccountError::TooManyAccounts);
    refused(world.run(RefreshPrices { markets: vec![3], ..world.refreshing(&[0], &[]) }), Error::RowNotListed);
}

#[test]
fn a_jump_stops_new_risk_until_it_is_confirmed() {
    let mut world = World::start();
    let user = world.rich(10_000);
    world.take(user, ioc(SOL, Side::Long, 2 * ONE, 151 * DOLLAR), &[]).expect("a position");
    world.move_price(SOL, 160 * DOLLAR);
    assert_eq!(state(&world, SOL), RowState::Jump as u8);
    refused(world.place(user, limit(SOL, Side::Long, ONE, 159 * DOLLAR)), Error::RowStateForbids);
    let take = ioc(SOL, Side::Long, ONE, 161 * DOLLAR);
    refused(world.run(world.taking(user, take, ONE, &[])), Error::RowStateForbids);
    refused(world.update_amm(SOL), Error::RowStateForbids);
    for _ in 0..3 {
        world.tick();
    }
    assert_eq!(state(&world, SOL), RowState::Normal as u8, "three quiet refreshes confirm the new level");
    // The leap has halted the market too, whose end nobody has to bring about.
    refused(world.run(world.taking(user, take, ONE, &[])), Error::MarketReserved);
    for _ in 0..65 {
        world.tick();
    }
    world.run(world.taking(user, take, ONE, &[])).expect("open again");
}

#[test]
fn the_vamm_follows_the_oracle() {
    let mut world = World::start();
    refused(world.update_amm(SOL), Error::AmmUpdateNotNeeded);
    world.move_price(SOL, 152 * DOLLAR);
    let done = world.update_amm(SOL).expect("moved");
    let [Event::AmmUpdate(record)] = done.events()[..] else { panic!("one record, not {:?}", done.events()) };
    assert_eq!((record.peg_before, record.peg, record.cost), (Price(150 * DOLLAR), Price(152 * DOLLAR), Quote::ZERO));
    assert_eq!(world.market(SOL).amm.peg, Price(152 * DOLLAR));
}

#[test]
fn funding_is_due_once_an_hour_and_moves_money_from_side_to_side() {
    let mut world = World::start();
    let (long, short) = (world.rich(10_000), world.rich(10_000));
    world.place(short, limit(SOL, Side::Short, 20 * ONE, 150 * DOLLAR)).expect("rests");
    world.take(long, ioc(SOL, Side::Long, 20 * ONE, 150 * DOLLAR), &[short]).expect("a pair of positions");
    // The vAMM's users are net long by another trade, so that its price stands above the oracle.
    world.take(long, ioc(SOL, Side::Long, 20 * ONE, 152 * DOLLAR), &[]).expect("a premium");
    refused(world.update_funding(SOL), Error::FundingNotDue);
    world.pass_ms(3_600_000);
    refused(world.update_funding(SOL), Error::StaleRow);
    world.tick();
    let done = world.update_funding(SOL).expect("due");
    let [Event::Funding(record)] = done.events()[..] else { panic!("one record, not {:?}", done.events()) };
    assert!(record.rate > 0, "longs pay: {record:?}");
    let row = world.board().markets[usize::from(SOL)];
    assert_eq!((row.funding_long, row.funding_short), (record.long_index, record.short_index));
    refused(world.update_funding(SOL), Error::FundingNotDue);
    // Settling charges what the index says, rounded up: a thousandth of a unit is the index's own scale.
    let (held, before) = (world.position(long, SOL), world.market(SOL));
    let owed = held.base.0 / 1_000_000_000 * (record.long_index.0 - held.funding_index.0);
    world.move_price(SOL, 147 * DOLLAR);
    let balance = world.balance(long, USDC);
    world.settle(long, SOL).expect("a loss and the funding are paid");
    assert_eq!(world.position(long, SOL).funding_index, record.long_index);
    let funding = before.funding_pot.0 - world.market(SOL).funding_pot.0;
    assert_eq!(-funding, (owed + 999) / 1_000, "what the long paid went through the pot");
    assert!(world.balance(long, USDC) < balance);
}

#[test]
fn a_loss_is_paid_into_the_pool_and_a_profit_out_of_it() {
    let mut world = World::start();
    let (long, short) = (world.rich(10_000), world.rich(10_000));
    world.place(short, limit(SOL, Side::Short, 10 * ONE, 150 * DOLLAR)).expect("rests");
    world.take(long, ioc(SOL, Side::Long, 10 * ONE, 150 * DOLLAR), &[short]).expect("a pair of positions");
    let pool = world.market(SOL).pnl_pool.0;
    world.move_price(SOL, 154 * DOLLAR);
    let before = world.balance(short, USDC);
    world.settle(short, SOL).expect("the loss is paid");
    // 10 SOL times 4 dollars, less the rebate of 2 basis points of 1,500 dollars.
    assert_eq!(before - world.balance(short, USDC), 40 * DOLLAR - 300_000);
    assert_eq!(world.market(SOL).pnl_pool.0 - pool, 40 * DOLLAR - 300_000);
    let before = world.balance(long, USDC);
    world.settle(long, SOL).expect("the profit is paid");
    assert_eq!(world.balance(long, USDC) - before, 40 * DOLLAR - 1_500_000, "less the fee of 10 basis points");
    assert_eq!(world.position(long, SOL).settled_pnl, Quote(38_500_000));
    refused(world.settle(long, SOL), Error::NothingToSettle);
    refused(world.settle(long, BTC), Error::PositionNotFound);
}

#[test]
fn fees_are_shared_as_the_exchange_says() {
    let mut world = World::start();
    let user = world.rich(10_000);
    world.take(user, ioc(SOL, Side::Long, 10 * ONE, 151 * DOLLAR), &[]).expect("a fee is paid");
    let before = world.market(SOL);
    let fees = before.fees.0;
    assert!(fees > 1_500_000, "10 basis points of 1,500 dollars");
    let done = world.sweep(SOL).expect("swept");
    let [Event::FeeSweep(record)] = done.events()[..] else { panic!("one record, not {:?}", done.events()) };
    assert_eq!(record.amm, Amount(fees / 2));
    assert_eq!(record.insurance, Amount(fees / 4));
    assert_eq!(record.protocol, Amount(fees - fees / 2 - fees / 4));
    let after = world.market(SOL);
    assert_eq!(after.fees, Amount::ZERO);
    assert_eq!(after.insurance_fund.0 - before.insurance_fund.0, fees / 4);
    assert_eq!(world.bank(USDC).protocol, record.protocol);
    refused(world.sweep(SOL), Error::NothingToSettle);
}

fn free(world: &World, user: User) -> i64 {
    let (board, now) = (world.board(), world.now());
    let (kind, purpose) = (MarginKind::Maintenance, Purpose::Liquidate);
    let found = margin_of(&world.sub(&user.sub).head, Pocket::Cross, &board, kind, purpose, &now);
    found.and_then(|margin| margin.free()).expect("in range").0
}

#[test]
fn a_liquidation_restores_margin_at_a_discount() {
    let mut world = World::start();
    let liquidator = world.rich(100_000);
    let healthy = world.rich(10_000);
    let user = underwater(&mut world);
    let held = world.position(user, SOL).base;
    assert!(free(&world, user) < 0);
    refused(world.liquidate(liquidator, healthy, SOL, u64::MAX), Error::NotLiquidatable);
    let oracle = world.board().markets[0].price.price.0;
    let limited = Liquidate {
        signer: liquidator.authority,
        market: address::market(SOL),
        sub_account: user.sub,
        liquidator: liquidator.sub,
        max_size: u64::MAX,
        limit_price: oracle / 1_000 * 994,
    };
    refused(world.run(limited.clone()), Error::LiquidationPriceWorse);
    let step = Liquidate { limit_price: oracle / 1_000 * 995, ..limited };
    let done = world.run(step.clone()).expect("taken over");
    let [Event::Liquidation(record)] = done.events()[..] else { panic!("one record, not {:?}", done.events()) };
    assert_eq!(record.price, Price(oracle / 1_000 * 995), "half a percent off");
    let taken = world.position(liquidator, SOL).base;
    assert_eq!((record.base, world.position(user, SOL).base), (taken, Base(held.0 - taken.0)));
    assert!(taken.0 > 0 && taken.0 <= held.0 / 4 + 1, "at most a quarter at a time");
    assert_eq!(world.sub(&user.sub).head.liquidations, 1);
    for _ in 0..10 {
        if world.sub(&user.sub).head.status == 0 {
            break;
        }
        world.run(step.clone()).expect("the next step");
    }
    assert_eq!(world.sub(&user.sub).head.status, 0, "the buffer is restored");
    assert!(free(&world, user) > 0);
    assert!(world.position(user, SOL).base.0 > 0, "and no more was taken than needed");
    refused(world.run(step), Error::NotLiquidatable);
}

#[test]
fn orders_are_cancelled_before_anything_is_taken() {
    let mut world = World::start();
    let liquidator = world.rich(100_000);
    let user = world.rich(1_600);
    world.take(user, ioc(SOL, Side::Long, 95 * ONE, 152 * DOLLAR), &[]).expect("a large position");
    world.place(user, limit(SOL, Side::Long, 4 * ONE, 120 * DOLLAR)).expect("and a bid");
    for dollars in [146, 142, 140] {
        world.pass_ms(400_000);
        world.move_price(SOL, dollars * DOLLAR);
    }
    assert!(free(&world, user) < 0);
    let done = world.liquidate(liquidator, user, SOL, u64::MAX).expect("liquidated");
    assert!(matches!(done.events()[0], Event::OrderCancelled(_)), "{:?}", done.events());
    assert_eq!(world.sub(&user.sub).head.open_orders, 0);
}

#[test]
fn an_account_in_liquidation_can_be_topped_up_and_recovers() {
    let mut world = World::start();
    let liquidator = world.rich(100_000);
    let user = underwater(&mut world);
    world.liquidate(liquidator, user, SOL, ONE).expect("a small step");
    assert_eq!(world.sub(&user.sub).head.status, status::BEING_LIQUIDATED);
    refused(world.withdraw(user, USDC, 1), Error::AccountBeingLiquidated);
    refused(world.place(user, limit(SOL, Side::Long, ONE, 139 * DOLLAR)), Error::AccountBeingLiquidated);
    world.deposit(user, USDC, 5_000 * DOLLAR).expect("money may always come in");
    let base = world.position(user, SOL).base;
    world.place(user, limit(SOL, Side::Long, ONE, 139 * DOLLAR)).expect("the account is healthy");
    assert_eq!(world.position(user, SOL).base, base);
}

#[test]
fn a_default_is_paid_by_fees_the_vamm_and_the_insurance_fund() {
    let mut world = World::start();
    let (user, liquidator) = defaulter(&mut world);
    let debt = world.position(user, SOL).quote;
    assert!(debt.0 < 0, "the account owes: {debt:?}");
    refused(world.place(user, limit(SOL, Side::Long, ONE, 120 * DOLLAR)), Error::AccountBeingLiquidated);
    refused(world.liquidate(liquidator, user, SOL, 1), Error::NothingToLiquidate);
    let fund = world.market(SOL).insurance_fund;
    let fees = world.market(SOL).fees.0 + world.market(SOL).insurance_fees.0;
    assert!(fees > 0 && fees < debt.0.unsigned_abs());
    let done = world.bankrupt(user, SOL).expect("settled");
    let [Event::Bankruptcy(record)] = done.events()[..] else { panic!("one record, not {:?}", done.events()) };
    let loss = debt.0.unsigned_abs();
    assert_eq!(
        (record.loss.0, record.fees.0 + record.insurance_fees.0, record.amm.0 + record.insurance.0, record.deficit.0),
        (loss, fees, loss - fees, 0),
        "unswept fees first, then the vAMM and the fund, which have 500,000 and 50,000 dollars"
    );
    assert!(record.amm.0 > 0 && record.missing.0 == 0, "{record:?}");
    assert_eq!(fund.0 - world.market(SOL).insurance_fund.0, record.insurance.0);
    let kept = world.bank(USDC);
    assert_eq!((kept.next_default, kept.default_record(0)), (1, Some(&record)), "the bank remembers it");
    assert_eq!(record.paid(), Ok(record.loss));
    let head = world.sub(&user.sub).head;
    assert_eq!((head.status, head.is_empty()), (0, true), "the account starts anew");
    refused(world.bankrupt(user, SOL), Error::NotBankrupt);
}

#[test]
fn a_default_beyond_the_funds_is_taken_from_profits_where_they_become_tokens() {
    let mut world = World::bare().set_up(0);
    let mut params = kedge_tests::market::market_params(SOL);
    params.insurance_cap = Amount(10 * DOLLAR);
    world.list_market(&params, 150 * DOLLAR);
    world.tick();
    world.open_market(SOL);
    let patron = world.token_owner(kedge_tests::world::key(4, 2), USDC, 600_000 * DOLLAR);
    world.fund(patron, SOL, 1, 50_000 * DOLLAR).expect("the insurance fund");
    // Longs against a maker who is short: the loser has 1,600 dollars, the liquidator enough.
    let [winner, liquidator, loser] = [100_000, 100_000, 1_600].map(|dollars| world.rich(dollars));
    world.place(winner, limit(SOL, Side::Short, 95 * ONE, 150 * DOLLAR)).expect("the maker rests");
    world.take(loser, ioc(SOL, Side::Long, 95 * ONE, 150 * DOLLAR), &[winner]).expect("a large position");
    for dollars in [143, 136, 129, 122, 116] {
        world.pass_ms(400_000);
        world.move_price(SOL, dollars * DOLLAR);
    }
    while world.position(loser, SOL).base.0 != 0 {
        world.liquidate(liquidator, loser, SOL, u64::MAX).expect("a step");
    }
    world.settle(loser, SOL).expect("its tokens pay first");
    let done = world.bankrupt(loser, SOL).expect("settled");
    let [Event::Bankruptcy(record)] = done.events()[..] else { panic!("one record, not {:?}", done.events()) };
    assert_eq!((record.amm.0, record.insurance), (0, Amount(10 * DOLLAR)), "no vAMM; the cap of a day");
    assert!(record.deficit.0 > 100 * DOLLAR && record.missing == record.deficit && record.profits.0 > 0, "{record:?}");

    // The winner closes with the liquidator, and asks.
    world.place(liquidator, limit(SOL, Side::Short, 95 * ONE, 116 * DOLLAR)).expect("the other side");
    world.take(winner, ioc(SOL, Side::Long, 95 * ONE, 116 * DOLLAR), &[liquidator]).expect("closed");
    refused(world.convert(winner, SOL), Error::ProfitHeld);
    world.pass_ms(3_600_000);
    world.move_price(SOL, 116 * DOLLAR);
    refused(world.settle(winner, SOL), Error::ProfitOwnersAlone);
    let settle = |owner: &User| SettlePnl {
        market: address::market(SOL),
        bank: address::bank(USDC),
        sub_account: winner.sub,
        owner: vec![owner.authority],
    };
    refused(world.run(settle(&liquidator)), Error::WrongAuthority);
    let mut unsigned = settle(&winner).instruction();
    unsigned.accounts.last_mut().expect("the owner").is_signer = false;
    refused(world.run(unsigned), AccountError::AccountNotSigner);
    let twice = SettlePnl { owner: vec![winner.authority; 2], ..settle(&winner) };
    refused(world.run(twice), AccountError::TooManyAccounts);
    let done = world.run(settle(&winner)).expect("the owner's");
    let [Event::SettlePnl(record)] = done.events()[..] else { panic!("one record, not {:?}", done.events()) };
    assert!(record.amount.0 > 0 && record.written_off.0 > 0, "{record:?}");
    assert_eq!(world.market(SOL).haircuts, record.written_off.0);
}
