//! Resting orders that cross each other and that no fill serves: those of a halt, at its call, and post-only ones.

use kedge_model::account::board::Session;
use kedge_model::account::market::Market;
use kedge_model::account::order::{Side, flags};
use kedge_model::action::{MAX_MAKER_ORDERS, MAX_MAKERS};
use kedge_model::quantity::Price;
use kedge_sender::{Call, MakerOrder, Plan, Subject};
use kedge_state::World;
use kedge_state::book::Resting;
use solana_pubkey::Pubkey;

use super::super::Attention;
use crate::trial::Trial;

/// Name of the instruction, as in the IDL.
const UNCROSS: &str = "uncross";

/// One plan a market in which crossed orders would trade now: the best of both sides, as many as a call takes.
pub(super) fn plans(world: &World, trial: &Trial<'_>, attention: &Attention<'_>) -> Vec<Plan> {
    let mut plans = Vec::new();
    for market in &world.markets {
        let Ok(row) = world.fresh.market(market.index) else { continue };
        let session = row.session(&world.clock);
        if session == Session::Reserved || !attention.is_free(&Subject::Market(UNCROSS, market.index)) {
            continue;
        }
        let oracle = row.price.price;
        let orders = match session {
            Session::Calling => crossing(world, market, oracle, oracle),
            _ => made(world, market),
        };
        if orders.len() < 2 || !attention.spend() {
            continue;
        }
        let call = Call::uncross(market.index, &orders);
        if trial.run(&call).is_err() {
            continue;
        }
        // A call asks for a price of after the halt, which the row may not have yet.
        let rows = orders.iter().flat_map(|order| world.markets_of(&order.account));
        let mut refresh = world.outdated(rows.collect::<Vec<_>>());
        if session == Session::Calling && !refresh.contains(&market.index) {
            refresh.push(market.index);
            refresh.sort_unstable();
        }
        plans.push(Plan::of(call).after_refresh(refresh));
    }
    plans
}

/// Orders that cross of which the newer is post-only: no fill takes it as its taker.
fn made(world: &World, market: &Market) -> Vec<MakerOrder> {
    let book = world.books().market(market.index);
    let (Some(bid), Some(ask)) = (book.best(Side::Long, None, market.tick), book.best(Side::Short, None, market.tick))
    else {
        return Vec::new();
    };
    if bid < ask {
        return Vec::new();
    }
    let orders = crossing(world, market, ask, bid);
    let makes = |order: &MakerOrder| {
        let account = world.accounts.get(&order.account);
        let found = account.and_then(|account| account.orders.get(usize::from(order.slot)));
        found.is_some_and(|found| found.has(flags::POST_ONLY))
    };
    if orders.iter().any(makes) { orders } else { Vec::new() }
}

/// The best bids down to a price and the best asks up to another, in turns, within the limits of an instruction.
fn crossing(world: &World, market: &Market, lowest_bid: Price, highest_ask: Price) -> Vec<MakerOrder> {
    let books = world.books();
    let book = books.market(market.index);
    let mut bids = book.resting(Side::Long, lowest_bid, None, market.tick);
    let mut asks = book.resting(Side::Short, highest_ask, None, market.tick);
    let mut accounts: Vec<Pubkey> = Vec::new();
    let mut orders = Vec::new();
    let mut add = |order: Option<Resting>| {
        let Some(order) = order else { return false };
        let account = books.address(order.account);
        if orders.len() >= MAX_MAKER_ORDERS || (!accounts.contains(&account) && accounts.len() >= MAX_MAKERS) {
            return false;
        }
        if !accounts.contains(&account) {
            accounts.push(account);
        }
        orders.push(MakerOrder { account, order_id: order.id, slot: order.slot });
        true
    };
    loop {
        let (bid, ask) = (add(bids.next()), add(asks.next()));
        if !bid && !ask {
            break;
        }
    }
    orders
}
