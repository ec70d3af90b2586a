//! Set-up, listing, roles, switches.

use kedge_interface::instruction::{
    AcceptAdmin, HaltRow, Initialize, Instruction, ProposeAdmin, SetFees, SetMarketStatus, SetPaused,
};
use kedge_interface::{BOARD, EXCHANGE, address};
use kedge_model::Error;
use kedge_model::account::board::{PriceBoard, RowState};
use kedge_model::account::exchange::{Exchange, FeeSchedule, operation};
use kedge_model::account::market::MarketStatus;
use kedge_model::account::order::Side;
use kedge_model::quantity::{Amount, Ppm, Price, Size};
use kedge_tests::World;
use kedge_tests::agreement::Agreed;
use kedge_tests::market::{BTC, DOLLAR, ETH, ONE, SOL, USDC, WSOL, bank_params, first_price, market_params};
use kedge_tests::orders::{ioc, limit};
use kedge_tests::token;
use kedge_tests::verbs::refused;
use kedge_tests::world::key;
use solana_pubkey::Pubkey;

fn pause(world: &mut World, signer: Pubkey, paused: u32) -> kedge_tests::verbs::SendResult {
    world.run(SetPaused { signer, paused, seconds: 86_400 })
}

#[test]
fn initialize_creates_exchange_and_board_once() {
    let mut world = World::bare();
    world.initialize();
    let bump = Pubkey::find_program_address(&[b"exchange"], &kedge_interface::PROGRAM_ID).1;
    let expected =
        Exchange::new(bump, world.admin.to_bytes(), world.pauser.to_bytes()).expect("the first fees are sound");
    let expected = expected.with_treasury(world.treasury().to_bytes()).expect("it is somebody");
    assert_eq!(world.exchange(), expected);
    let bump = Pubkey::find_program_address(&[b"board"], &kedge_interface::PROGRAM_ID).1;
    assert_eq!(*world.board(), PriceBoard { version: PriceBoard::VERSION, bump, ..PriceBoard::default() });
    for address in [EXCHANGE, BOARD] {
        let account = world.account(&address).expect("created");
        assert_eq!(account.lamports, world.rent(account.data.len()), "no lamport more than the rent");
    }
    let again = Initialize { admin: key(6, 0), pauser: [0; 32], treasury: [1; 32] };
    world.machine.endow(key(6, 0));
    refused(world.run(again), kedge_interface::error::AccountError::AccountAlreadyExists);
}

#[test]
fn an_exchange_is_set_up_as_the_model_says() {
    let mut world = World::bare();
    let (admin, pauser) = (world.admin, world.pauser.to_bytes());
    let agreed = |world: &mut World, instruction: Instruction| {
        let agreed = world.run_in_agreement(&instruction);
        assert_eq!(agreed, Agreed::Done, "{instruction:?}");
    };
    let treasury = world.treasury().to_bytes();
    agreed(&mut world, Initialize { admin, pauser, treasury }.into());
    for (index, price) in [(USDC, DOLLAR), (WSOL, 150 * DOLLAR)] {
        let list = world.listing_of_bank(&bank_params(index));
        agreed(&mut world, list.into());
        world.bank_prices.push(price);
    }
    for index in [SOL, BTC, ETH] {
        let list = world.listing_of_market(&market_params(index));
        agreed(&mut world, list.into());
        world.prices.push(first_price(index));
    }
    world.refresh_everything();
    for index in [SOL, BTC, ETH] {
        let (market, status) = (address::market(index), MarketStatus::Active as u8);
        agreed(&mut world, SetMarketStatus { signer: admin, market, status, seconds: 0 }.into());
    }
}

#[test]
fn the_fee_schedule_is_replaced_inside_its_bounds() {
    let mut world = World::start();
    let mut schedule = FeeSchedule::initial();
    schedule.fees[0].taker = Ppm(800);
    schedule.max_filler_reward = 1_000_000;
    let signer = world.admin;
    world.run(SetFees { signer, schedule }).expect("inside the bounds");
    assert_eq!(world.exchange().fees[0].taker, Ppm(800));
    assert_eq!(world.exchange().max_filler_reward, 1_000_000);
    let refuse = |world: &mut World, change: fn(&mut FeeSchedule)| {
        let mut schedule = FeeSchedule::initial();
        change(&mut schedule);
        refused(world.run(SetFees { signer, schedule }), Error::InvalidParameter);
    };
    refuse(&mut world, |schedule| schedule.fees[3].taker = Ppm(3_001));
    refuse(&mut world, |schedule| schedule.fees[0].maker_rebate = Ppm(301));
    // A rebate that the taker's fee does not pay.
    refuse(&mut world, |schedule| schedule.fees[7].taker = Ppm(200));
    refuse(&mut world, |schedule| schedule.filler_share = Ppm(200_001));
    refuse(&mut world, |schedule| schedule.insurance_share = Ppm(500_001));
    refuse(&mut world, |schedule| schedule.min_auction_ms = 5_001);
    refuse(&mut world, |schedule| schedule.max_auction_ms = 600_001);
}

#[test]
fn a_new_admin_is_named_and_accepts() {
    let mut world = World::start();
    let (old, new) = (world.admin, key(6, 0));
    world.machine.endow(new);
    refused(world.run(AcceptAdmin { signer: new }), Error::WrongAuthority);
    world.run(ProposeAdmin { signer: old, next: new.to_bytes() }).expect("named");
    assert_eq!(world.exchange().admin, old.to_bytes(), "nothing changes before the new one accepts");
    world.run(AcceptAdmin { signer: new }).expect("accepted");
    assert_eq!((world.exchange().admin, world.exchange().pending_admin), (new.to_bytes(), [0; 32]));
    refused(world.run(ProposeAdmin { signer: old, next: old.to_bytes() }), Error::WrongAuthority);
    refused(world.run(AcceptAdmin { signer: new }), Error::WrongAuthority);
}

#[test]
fn the_pauser_pauses_and_the_admin_alone_resumes() {
    let mut world = World::start();
    let (admin, pauser) = (world.admin, world.pauser);
    pause(&mut world, pauser, operation::DEPOSIT).expect("the pauser pauses");
    pause(&mut world, pauser, operation::DEPOSIT | operation::PLACE).expect("the pauser pauses more");
    refused(pause(&mut world, pauser, operation::PLACE), Error::WrongAuthority);
    refused(pause(&mut world, pauser, 0), Error::WrongAuthority);
    refused(pause(&mut world, admin, operation::ALL + 1), Error::InvalidParameter);
    world.pass_ms(60_000);
    pause(&mut world, admin, 0).expect("the admin resumes");
    assert_eq!(world.exchange().paused, 0);
    refused(pause(&mut world, admin, operation::DEPOSIT), Error::PauseTooSoon);
}

#[test]
fn a_pause_renewed_for_ever_ends_all_the_same() {
    let mut world = World::start();
    let user = world.rich(20_000);
    let pauser = world.pauser;
    pause(&mut world, pauser, operation::WITHDRAW).expect("the pauser pauses");
    refused(world.withdraw(user, USDC, 1), Error::OperationPaused);
    world.pass_ms(86_399_000);
    refused(world.withdraw(user, USDC, 1), Error::OperationPaused);
    world.pass_ms(1_000);
    for paused in [operation::WITHDRAW, operation::SETTLE, operation::TRANSFER, operation::PLACE] {
        refused(pause(&mut world, pauser, paused), Error::PauseTooSoon);
    }
    let halt = HaltRow { signer: pauser, kind: 1, index: USDC, halted: true, seconds: 60 };
    refused(world.run(halt), Error::PauseTooSoon);
    world.refresh_everything();
    world.withdraw(user, USDC, 1).expect("nobody had to resume");
    world.pass_ms(48 * 3_600_000);
    refused(world.run(SetPaused { signer: pauser, paused: operation::WITHDRAW, seconds: 86_401 }), Error::PauseTooLong);
    pause(&mut world, pauser, operation::WITHDRAW).expect("after two days without");
}

#[test]
fn every_switch_stops_its_operation_and_cancelling_goes_on() {
    let mut world = World::start();
    let (user, maker) = (world.rich(20_000), world.rich(20_000));
    let second = world.create_sub_account(user.authority, 1, 4).expect("a second sub-account");
    world.take(user, ioc(SOL, Side::Long, 10 * ONE, 151 * DOLLAR), &[]).expect("a position");
    let order = world.place(user, limit(SOL, Side::Long, ONE, 149 * DOLLAR)).expect("an order");
    let auction = world.place(user, kedge_tests::orders::market(SOL, Side::Long, ONE, 0)).expect("an auction");
    let admin = world.admin;
    world.pass_ms(3_600_000);
    world.move_price(SOL, 148 * DOLLAR);
    pause(&mut world, admin, operation::ALL).expect("everything is paused");
    let paused = Error::OperationPaused;
    refused(world.deposit(user, USDC, 1), paused);
    refused(world.withdraw(user, USDC, 1), paused);
    refused(world.transfer(user, second, USDC, 1), paused);
    refused(world.place(user, limit(SOL, Side::Long, ONE, 149 * DOLLAR)), paused);
    refused(world.take(user, ioc(SOL, Side::Long, ONE, 151 * DOLLAR), &[]), paused);
    refused(world.fill(maker, user, auction, &[]), paused);
    refused(world.run(world.making(maker, user, auction, ONE, DOLLAR)), paused);
    refused(world.update_amm(SOL), paused);
    refused(world.update_funding(SOL), paused);
    refused(world.settle(user, SOL), paused);
    refused(world.sweep(SOL), paused);
    refused(world.liquidate(maker, user, SOL, ONE), paused);
    refused(world.bankrupt(user, SOL), paused);
    world.cancel(user, order).expect("cancelling is never paused");
    world.cancel_all(user, SOL).expect("cancelling is never paused");
    world.refresh_everything();
}

#[test]
fn a_paused_vamm_leaves_the_book_open() {
    let mut world = World::start();
    let (user, maker) = (world.rich(20_000), world.rich(20_000));
    let admin = world.admin;
    pause(&mut world, admin, operation::FILL_AMM).expect("the vAMM is paused");
    let take = ioc(SOL, Side::Long, ONE, 155 * DOLLAR);
    refused(world.run(world.taking(user, take, ONE, &[])), Error::FillTooSmall);
    world.place(maker, limit(SOL, Side::Short, ONE, 150 * DOLLAR)).expect("a maker rests");
    world.take(user, take, &[maker]).expect("the maker fills");
    assert_eq!(world.position(user, SOL).base.0, i64::try_from(ONE).expect("one"));
}

#[test]
fn a_reduce_only_market_takes_no_new_risk() {
    let mut world = World::start();
    let user = world.rich(20_000);
    world.take(user, ioc(SOL, Side::Long, 2 * ONE, 151 * DOLLAR), &[]).expect("a position");
    let (admin, pauser, market) = (world.admin, world.pauser, address::market(SOL));
    world
        .run(SetMarketStatus { signer: pauser, market, status: 2, seconds: 3_600 })
        .expect("the pauser closes a market");
    assert_eq!(world.market(SOL).status, MarketStatus::ReduceOnly as u8);
    refused(world.place(user, limit(SOL, Side::Long, ONE, 149 * DOLLAR)), Error::MarketReduceOnly);
    let mut close = ioc(SOL, Side::Short, ONE, 149 * DOLLAR);
    refused(world.take(user, close, &[]), Error::MarketReduceOnly);
    close.flags |= kedge_model::account::order::flags::REDUCE_ONLY;
    world.take(user, close, &[]).expect("positions may be closed");
    refused(world.run(SetMarketStatus { signer: pauser, market, status: 1, seconds: 3_600 }), Error::WrongAuthority);
    refused(world.run(SetMarketStatus { signer: admin, market, status: 0, seconds: 3_600 }), Error::InvalidParameter);
    refused(world.run(SetMarketStatus { signer: admin, market, status: 3, seconds: 3_600 }), Error::InvalidParameter);
    world.run(SetMarketStatus { signer: admin, market, status: 1, seconds: 3_600 }).expect("the admin opens it again");
    world.place(user, limit(SOL, Side::Long, ONE, 149 * DOLLAR)).expect("open");
}

#[test]
fn a_halted_row_stops_trading_until_the_admin_resumes_and_a_refresh_follows() {
    let mut world = World::start();
    let user = world.rich(20_000);
    let (admin, pauser) = (world.admin, world.pauser);
    let halt = |signer, index, halted| HaltRow { signer, kind: 0, index, halted, seconds: 3_600 };
    world.run(halt(pauser, SOL, true)).expect("the pauser halts");
    let take = ioc(SOL, Side::Long, ONE, 151 * DOLLAR);
    refused(world.take(user, take, &[]), Error::RowStateForbids);
    world.tick();
    refused(world.take(user, take, &[]), Error::RowStateForbids);
    refused(world.run(halt(pauser, SOL, false)), Error::WrongAuthority);
    world.run(halt(admin, SOL, false)).expect("the admin resumes");
    assert_eq!(world.board().markets[usize::from(SOL)].price.state, RowState::Stale as u8);
    refused(world.take(user, take, &[]), Error::StaleRow);
    world.tick();
    world.take(user, take, &[]).expect("a refresh brings the price back");
    world
        .run(HaltRow { signer: pauser, kind: 1, index: WSOL, halted: true, seconds: 3_600 })
        .expect("a bank's row too");
    refused(
        world.run(HaltRow { signer: pauser, kind: 2, index: SOL, halted: true, seconds: 3_600 }),
        Error::InvalidParameter,
    );
    refused(world.run(halt(pauser, 3, true)), Error::RowNotListed);
    refused(world.run(halt(pauser, 24, true)), Error::RowNotListed);
}

#[test]
fn listing_fills_account_and_row() {
    let world = World::start();
    let params = market_params(BTC);
    let (market, board) = (world.market(BTC), world.board());
    let row = board.market(BTC).expect("listed");
    assert_eq!((market.index, market.status, market.name), (BTC, MarketStatus::Active as u8, params.name));
    assert_eq!((market.amm.sqrt_k, market.amm.peg), (params.amm.sqrt_k, Price(60_000 * DOLLAR)));
    assert_eq!((market.amm.capital, market.insurance_fund), (Amount(500_000 * DOLLAR), Amount(50_000 * DOLLAR)));
    assert_eq!((row.initial_margin, row.maintenance_margin), (params.initial_margin, params.maintenance_margin));
    assert_eq!(row.price.price, Price(60_000 * DOLLAR));
    assert_eq!(world.exchange().markets, 3);
    let bank = world.bank(USDC);
    assert_eq!((bank.index, bank.decimals, bank.mint), (USDC, 6, world.mints[0].to_bytes()));
    assert_eq!((bank.vault, bank.deposit_cap), (address::vault(USDC).to_bytes(), Amount(1 << 50)));
    // The vault belongs to the exchange: no other signer can close it or take from it.
    let vault = world.data(&address::vault(USDC));
    assert_eq!(vault[32..64], EXCHANGE.to_bytes());
    assert_eq!(vault[72..108], [0; 36], "no delegate");
    assert_eq!(vault[129..165], [0; 36], "no close authority");
}

#[test]
fn parameters_out_of_bounds_are_not_listed() {
    let mut world = World::start();
    let mut refuse = |change: fn(&mut kedge_model::action::MarketParams)| {
        let mut params = market_params(3);
        change(&mut params);
        refused(world.run(world.listing_of_market(&params)), Error::InvalidParameter);
    };
    refuse(|params| params.initial_margin = params.maintenance_margin);
    refuse(|params| params.maintenance_margin = Ppm(4_999));
    refuse(|params| params.insurance_fee = Ppm(45_000));
    refuse(|params| params.funding_cap = Ppm(40_001));
    refuse(|params| params.price_band = Ppm(0));
    refuse(|params| params.step = Size(0));
    refuse(|params| params.tick = Price(0));
    refuse(|params| params.tier = 5);
    refuse(|params| params.row.quorum = 2);
    refuse(|params| params.row.max_age = 4);
    refuse(|params| params.row.sources[0].key = [0; 32]);
    refuse(|params| params.row.sources[0].kind = 3);
    refuse(|params| params.row.sources[0].kind = 9);
    let mut coarse = |change: fn(&mut kedge_model::action::MarketParams), error| {
        let mut params = market_params(3);
        change(&mut params);
        refused(world.run(world.listing_of_market(&params)), error);
    };
    coarse(|params| params.tick = Price(10_001), Error::TickOutOfRange);
    coarse(|params| (params.amm.peg, params.tick) = (Price(7_999), Price(1)), Error::PriceOutOfRange);
    coarse(|params| params.max_position = Size(0), Error::OpenInterestOutOfRange);
    let mut refuse = |change: fn(&mut kedge_model::action::BankParams)| {
        let mut params = bank_params(WSOL);
        change(&mut params);
        let mint = key(3, 2);
        token::mint(&mut world.machine, mint, 9);
        world.mints.truncate(2);
        world.mints.push(mint);
        refused(world.run(world.listing_of_bank(&params)), Error::InvalidParameter);
    };
    // A liquidation takes no other collateral over: it may not back anything.
    refuse(|params| params.maintenance_weight = Ppm(1));
    refuse(|params| params.initial_weight = Ppm(1));
    refuse(|params| params.row.max_confidence = Ppm(50_001));
}

#[test]
fn funding_a_pool_is_a_gift() {
    let mut world = World::start();
    let patron = world.token_owner(key(6, 0), USDC, 100 * DOLLAR);
    world.fund(patron, ETH, 0, 60 * DOLLAR).expect("the vAMM");
    world.fund(patron, ETH, 1, 30 * DOLLAR).expect("the insurance fund");
    let market = world.market(ETH);
    assert_eq!(market.amm.capital, Amount(500_060 * DOLLAR));
    assert_eq!(market.pnl_pool, Amount(500_060 * DOLLAR));
    assert_eq!(market.insurance_fund, Amount(50_030 * DOLLAR));
    assert_eq!(token::amount(&world.machine, &patron.1), 10 * DOLLAR);
    refused(world.fund(patron, ETH, 0, 0), Error::AmountZero);
    refused(world.fund(patron, ETH, 2, 1), Error::InvalidParameter);
    // The token program's own refusal: not enough tokens.
    refused(world.fund(patron, ETH, 0, 11 * DOLLAR), 1);
}

#[test]
fn the_board_has_twenty_four_rows() {
    let mut world = World::with_markets(24);
    world.prices.push(10 * DOLLAR);
    let listing = kedge_interface::instruction::ListMarket {
        admin: world.admin,
        market: address::market(24),
        params: market_params(24),
    };
    refused(world.run(listing), Error::ListingFull);
    let user = world.rich(1_000);
    let size = market_params(23).min_order.0;
    world.place(user, limit(23, Side::Long, size, 9 * DOLLAR)).expect("the last row trades");
}
