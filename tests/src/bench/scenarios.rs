//! One function a row: brings the stage to the point, measures one instruction.

use kedge_interface::address;
use kedge_interface::instruction::{
    CancelAll, CancelOrder, CreateBackstop, CreateSubAccount, CreateTrader, Deposit, Liquidate, LiquidateWithFill,
    PlaceSignedOrders, SettlePnl, Stake, StakeVault, TakeOver, UpdateAmm, UpdateFunding, Verify, Withdraw,
};
use kedge_model::account::order::{OrderKind, OrderParams, Side};
use kedge_model::action::{MakerRef, ModifyParams, SignedHeader, change};
use kedge_model::quantity::{Price, Size};
use solana_pubkey::Pubkey;

use super::cost::Spent;
use super::stage::Stage;
use crate::machine::Refusal;
use crate::market::{DOLLAR, SOL, USDC};
use crate::orders::{ioc, limit, market, waiting};
use crate::signed::{enclosed, message, signer, text, verify};
use crate::world::key;

fn dollars(stage: &Stage) -> u64 {
    1_000 + 53 * stage.sample
}

/// Creates a trader and a sub-account with room for 16 orders.
pub fn create(stage: &mut Stage) -> Spent {
    let authority = key(9, u8::try_from(stage.sample).expect("few samples"));
    stage.world.endow(authority);
    let trader = CreateTrader::of(authority, authority).into();
    let sub = CreateSubAccount::of(authority, authority, 0, "main", 16).into();
    stage.measured(&[trader, sub]).expect("both are created");
    stage.spent()
}

/// Deposits USDC.
pub fn deposit(stage: &mut Stage) -> Spent {
    let (user, amount) = (stage.user, dollars(stage) * DOLLAR);
    stage.cost(Deposit::of(user.authority, user.wallet, user.sub, USDC, amount))
}

/// Withdraws USDC.
pub fn withdraw(stage: &mut Stage) -> Spent {
    let (user, amount) = (stage.user, dollars(stage) * DOLLAR);
    stage.cost(Withdraw::of(user.authority, user.wallet, user.sub, USDC, amount))
}

/// Stakes USDC with the insurance.
pub fn stake(stage: &mut Stage) -> Spent {
    let (user, amount) = (stage.user, dollars(stage) * DOLLAR);
    stage.cost(Stake::of(user.authority, user.wallet, amount, 0))
}

/// Adds up the books of all markets.
pub fn verify_books(stage: &mut Stage) -> Spent {
    let markets = stage.world.exchange().markets;
    stage.cost(Verify::of(USDC, markets))
}

/// An exchange with a backstop vault of so many dollars.
fn vaulted(stage: &mut Stage, dollars: u64) {
    let payer = stage.user.authority;
    stage.world.run(CreateBackstop { payer, bank: address::bank(USDC) }).expect("created");
    let holder = stage.makers[2].authority;
    let (_, wallet) = stage.world.token_owner(holder, USDC, dollars * DOLLAR);
    stage.world.run(StakeVault::of(holder, wallet, dollars * DOLLAR, 0)).expect("staked");
}

/// Buys shares of the backstop vault.
pub fn stake_vault(stage: &mut Stage) -> Spent {
    vaulted(stage, 1_000);
    let (user, amount) = (stage.user, dollars(stage) * DOLLAR);
    stage.cost(StakeVault::of(user.authority, user.wallet, amount, 0))
}

/// Lets the backstop vault take over part of a large position.
pub fn take_over(stage: &mut Stage) -> Spent {
    vaulted(stage, 1_000_000);
    let user = stage.user;
    sink(stage);
    let taking = TakeOver { market: address::market(SOL), bank: address::bank(USDC), sub_account: user.sub };
    stage.world.run(taking.clone()).expect("it begins");
    stage.world.pass_ms(31_000);
    stage.world.tick();
    let before = stage.world.position(user, SOL).base.0;
    let cost = stage.cost(taking);
    assert!(stage.world.position(user, SOL).base.0 < before, "a part was taken over");
    cost
}

/// Places one limit order.
pub fn place_limit(stage: &mut Stage) -> Spent {
    let order = limit(SOL, Side::Long, stage.size(SOL, dollars(stage)), stage.price(SOL, -100));
    let placing = stage.world.placing(stage.user, &[order]);
    stage.cost(placing)
}

/// Places a market order whose auction follows from the oracle.
pub fn place_market(stage: &mut Stage) -> Spent {
    let order = market(SOL, Side::Long, stage.size(SOL, dollars(stage)), 0);
    let placing = stage.world.placing(stage.user, &[order]);
    stage.cost(placing)
}

/// Places one limit order that was signed off the chain, as bytes.
pub fn place_signed(stage: &mut Stage) -> Spent {
    signed(stage, message)
}

/// The same as a text in an off-chain envelope.
pub fn place_text(stage: &mut Stage) -> Spent {
    signed(stage, |header, orders| enclosed(&text(header, "SOL-PERP", orders), &signer(77)))
}

fn signed(stage: &mut Stage, write: impl FnOnce(&SignedHeader, &[OrderParams]) -> Vec<u8>) -> Spent {
    let order = limit(SOL, Side::Long, stage.size(SOL, dollars(stage)), stage.price(SOL, -100));
    let delegate = stage.world.signing_delegate(stage.user);
    let written = write(&stage.world.signed_header(stage.user, 7), &[order]);
    let place = PlaceSignedOrders { market: address::market(SOL), sub_account: stage.user.sub };
    stage.measured(&[verify(&delegate, &written), place.into()]).expect("it is placed");
    stage.spent()
}

fn five(stage: &Stage) -> Vec<kedge_model::account::order::OrderParams> {
    let size = stage.size(SOL, dollars(stage));
    (1..=5).map(|step| limit(SOL, Side::Long, size, stage.price(SOL, -100 * step))).collect()
}

/// Places five limit orders in one instruction.
pub fn place_five(stage: &mut Stage) -> Spent {
    let placing = stage.world.placing(stage.user, &five(stage));
    stage.cost(placing)
}

/// Cancels one of five orders.
pub fn cancel_one(stage: &mut Stage) -> Spent {
    let first = stage.world.sub(&stage.user.sub).head.next_order_id;
    stage.world.place_all(stage.user, &five(stage)).expect("five orders rest");
    stage.cost(CancelOrder { signer: stage.user.authority, sub_account: stage.user.sub, id: first + 2 })
}

/// Cancels five orders.
pub fn cancel_five(stage: &mut Stage) -> Spent {
    stage.world.place_all(stage.user, &five(stage)).expect("five orders rest");
    stage.cost(CancelAll { signer: stage.user.authority, sub_account: stage.user.sub, market: SOL })
}

/// Moves one of five orders and makes it larger.
pub fn modify(stage: &mut Stage) -> Spent {
    let first = stage.world.sub(&stage.user.sub).head.next_order_id;
    stage.world.place_all(stage.user, &five(stage)).expect("five orders rest");
    let params = ModifyParams {
        order_id: first + 2,
        price: Price(stage.price(SOL, -150)),
        size: Size(2 * stage.size(SOL, dollars(stage))),
        changes: change::PRICE | change::SIZE,
        ..ModifyParams::default()
    };
    let modifying = stage.world.modifying(stage.user, params);
    stage.cost(modifying)
}

/// Replaces five quotes by five others that add no risk.
pub fn replace_five(stage: &mut Stage) -> Spent {
    let first = stage.world.sub(&stage.user.sub).head.next_order_id;
    stage.world.place_all(stage.user, &five(stage)).expect("five orders rest");
    let ids: Vec<u32> = (first..first + 5).collect();
    let replacing = stage.world.replacing(stage.user, SOL, &ids, &five(stage));
    stage.cost(replacing)
}

fn take(stage: &mut Stage, makers: usize) -> Spent {
    let order = ioc(SOL, Side::Long, stage.size(SOL, dollars(stage)), stage.price(SOL, 100));
    let taking = stage.world.taking(stage.user, order, order.size.0, &stage.makers[..makers]);
    stage.cost(taking)
}

/// Places and takes from the vAMM.
pub fn take_amm(stage: &mut Stage) -> Spent {
    take(stage, 0)
}

/// Places and takes from one maker.
pub fn take_maker(stage: &mut Stage) -> Spent {
    stage.rest_asks(1, 2 * dollars(stage));
    take(stage, 1)
}

/// Joins the user's auction.
pub fn make(stage: &mut Stage) -> Spent {
    let size = stage.size(SOL, dollars(stage));
    let id = stage.place(market(SOL, Side::Long, size, 0));
    stage.world.pass_slots(2);
    let making = stage.world.making(stage.makers[0], stage.user, id, size, DOLLAR);
    stage.cost(making)
}

/// Joins the user's auction beside the vAMM, whose inventory that makes smaller.
pub fn make_join(stage: &mut Stage) -> Spent {
    let size = stage.size(SOL, 4 * dollars(stage));
    // The vAMM bought what this user sold, and more.
    let seller = stage.makers[1];
    let order = ioc(SOL, Side::Short, 5 * size, stage.price(SOL, -300));
    stage.world.take(seller, order, &[]).expect("the vAMM buys");
    stage.world.tick();
    let id = stage.place(market(SOL, Side::Long, size, 0));
    stage.world.pass_slots(10);
    stage.world.refresh_everything();
    let making = stage.world.making(stage.makers[0], stage.user, id, size / 2, DOLLAR);
    let done = stage.measured(&[making.into()]).expect("the maker joins");
    let fills = done.events().iter().filter(|e| matches!(e, kedge_interface::event::Event::Fill(_))).count();
    assert_eq!(fills, 2, "the vAMM joins too");
    stage.spent()
}

/// Fills a market order of the user halfway through its auction; the makers rest better than the vAMM and have
/// `share` percent of the order together. What they lack is the vAMM's, also where that is a remainder of rounding.
fn fill(stage: &mut Stage, makers: usize, share: u64) -> Spent {
    let parts = u64::try_from(makers.max(1)).expect("few makers");
    let total = 4 * dollars(stage);
    stage.rest_asks(makers, total * share / 100 / parts);
    let id = stage.place(market(SOL, Side::Long, stage.size(SOL, total), 0));
    stage.world.pass_slots(8);
    stage.world.refresh_everything();
    let filling = stage.world.filling(stage.keeper, stage.user, id, true, &stage.makers[..makers]);
    let done = stage.measured(&[filling.into()]).expect("the fill goes through");
    let fills = done.events().iter().filter(|e| matches!(e, kedge_interface::event::Event::Fill(_))).count();
    assert_eq!(fills, makers + usize::from(share < 100), "fills of {makers} makers");
    stage.spent()
}

/// Fills against the vAMM.
pub fn fill_amm(stage: &mut Stage) -> Spent {
    fill(stage, 0, 0)
}

/// Fills against one maker.
pub fn fill_one(stage: &mut Stage) -> Spent {
    fill(stage, 1, 110)
}

/// Fills against four makers.
pub fn fill_four(stage: &mut Stage) -> Spent {
    fill(stage, 4, 110)
}

/// Fills against six makers.
pub fn fill_six(stage: &mut Stage) -> Spent {
    fill(stage, 6, 110)
}

/// Fills half against one maker and half against the vAMM.
pub fn fill_half(stage: &mut Stage) -> Spent {
    fill(stage, 1, 50)
}

/// A fill of an order that is gone.
pub fn fill_lost(stage: &mut Stage) -> Spent {
    stage.rest_asks(1, dollars(stage));
    let id = stage.place(market(SOL, Side::Long, stage.size(SOL, dollars(stage)), 0));
    let filling = stage.world.filling(stage.keeper, stage.user, id, true, &stage.makers[..1]);
    stage.world.cancel(stage.user, id).expect("the order is cancelled");
    let refused = stage.measured(&[filling.into()]).expect_err("the race is lost");
    assert_eq!(refused.refusal, Refusal::from(kedge_model::Error::OrderNotFound));
    stage.spent()
}

/// Triggers a stop that opens risk, for a keeper who gets the fee.
pub fn trigger(stage: &mut Stage) -> Spent {
    let trigger = stage.price(SOL, 20);
    let entry = waiting(SOL, OrderKind::StopMarket, Side::Long, stage.size(SOL, dollars(stage)), trigger);
    let id = stage.place(entry);
    stage.world.move_price(SOL, trigger + 3 * stage.sample);
    let triggering = stage.world.triggering(stage.keeper, stage.user, id);
    let cost = stage.cost(triggering);
    let data = stage.world.sub(&stage.user.sub);
    assert!(data.open_orders().any(|(_, order)| order.id == id && !order.is_waiting()), "it trades now");
    cost
}

/// Settles a profit.
pub fn settle(stage: &mut Stage) -> Spent {
    // Closing half realises a profit that the pool can pay.
    stage.world.sweep(SOL).expect("there are fees");
    let sub_account = stage.user.sub;
    stage.cost(SettlePnl { market: address::market(SOL), bank: address::bank(USDC), sub_account, owner: vec![] })
}

/// Puts the user into a large position that does not meet its maintenance margin.
fn sink(stage: &mut Stage) {
    let user = stage.user;
    let free = stage.world.balance(user, USDC);
    stage.world.withdraw(user, USDC, free - 30_000 * DOLLAR).expect("most money leaves");
    for _ in 0..2 {
        let order = ioc(SOL, Side::Long, stage.size(SOL, 120_000 + stage.sample), stage.price(SOL, 200));
        stage.world.take(user, order, &[]).expect("a large position is opened");
        stage.world.tick();
    }
    for _ in 0..3 {
        stage.world.pass_ms(400_000);
        let price = stage.world.prices[usize::from(SOL)] / 1_000 * 965;
        stage.world.move_price(SOL, price);
    }
}

/// Takes over part of a large position.
pub fn liquidate(stage: &mut Stage) -> Spent {
    let user = stage.user;
    sink(stage);
    let before = stage.world.position(user, SOL).base.0;
    let cost = stage.cost(Liquidate {
        signer: stage.makers[0].authority,
        market: address::market(SOL),
        sub_account: user.sub,
        liquidator: stage.makers[0].sub,
        max_size: u64::MAX,
        limit_price: 0,
    });
    let after = stage.world.position(user, SOL).base.0;
    assert!(0 < after && after < before, "a part was taken over");
    cost
}

/// Reduces part of a large position against a maker.
pub fn liquidate_fill(stage: &mut Stage) -> Spent {
    let user = stage.user;
    sink(stage);
    let (maker, liquidator) = (stage.makers[1], stage.makers[0]);
    let market = address::market(SOL);
    let size = stage.size(SOL, 120_000);
    let bid = limit(SOL, Side::Long, size, stage.price(SOL, 0));
    let order_id = stage.world.place(maker, bid).expect("a maker bids");
    let before = stage.world.position(user, SOL).base.0;
    let cost = stage.cost(LiquidateWithFill {
        signer: liquidator.authority,
        market,
        sub_account: user.sub,
        liquidator: liquidator.sub,
        max_size: u64::MAX,
        makers: vec![MakerRef { order_id, ..MakerRef::default() }],
        maker_accounts: vec![maker.sub],
    });
    let after = stage.world.position(user, SOL).base.0;
    assert!(0 < after && after < before, "a part was filled");
    assert!(stage.world.position(maker, SOL).base.0 > 0, "by the maker");
    cost
}

/// Moves the vAMM, which has a position, to the oracle.
pub fn update_amm(stage: &mut Stage) -> Spent {
    stage.world.prices[usize::from(SOL)] += 50_000;
    stage.world.tick();
    stage.cost(UpdateAmm { market: address::market(SOL) })
}

/// Charges an hour's funding.
pub fn update_funding(stage: &mut Stage) -> Spent {
    stage.world.pass_ms(3_600_000);
    stage.world.tick();
    stage.cost(UpdateFunding { market: address::market(SOL) })
}

fn refresh(stage: &mut Stage, rows: u8) -> Spent {
    stage.world.pass_ms(1_000);
    for (market, price) in stage.world.prices.clone().into_iter().enumerate() {
        let feed = crate::market::market_feed(u16::try_from(market).expect("few markets"));
        crate::oracle::publish(&mut stage.world.machine, feed, price + 100_000 + 3 * stage.sample);
    }
    let rows: Vec<u8> = (0..rows).collect();
    let refreshing = stage.world.refreshing(&rows, &[]);
    stage.cost(refreshing)
}

/// Refreshes one row from one Pyth account.
pub fn refresh_first(stage: &mut Stage) -> Spent {
    refresh(stage, 1)
}

/// What one of seven further rows costs.
pub fn refresh_further(stage: &mut Stage) -> Spent {
    let one = refresh(stage, 1);
    let all = refresh(stage, 8);
    Spent { units: (all.units - one.units) / 7, cost: (all.cost - one.cost) / 7, writes_market: false }
}

/// The accounts and bytes of a fill with four makers by a keeper with a reward, without a lookup table, signed by one
/// key.
pub fn four_maker_transaction(stage: &mut Stage) -> (usize, usize) {
    stage.rest_asks(4, dollars(stage));
    let id = stage.place(market(SOL, Side::Long, stage.size(SOL, dollars(stage)), 0));
    let filling = stage.world.filling(stage.keeper, stage.user, id, true, &stage.makers[..4]);
    let message = solana_message::Message::new(&[filling.into()], Some(&stage.keeper.authority));
    let accounts: &[Pubkey] = &message.account_keys;
    (accounts.len(), 1 + 64 + message.serialize().len())
}
