//! The book: resting orders of all sub-accounts, best first.

use kedge_interface::account::SubAccountData;
use kedge_model::account::order::{Order, Side};
use kedge_model::action::{Context, MAX_MAKER_ORDERS, MakerRef, unbacked_order};
use kedge_model::clock::Clock;
use kedge_model::event::NoEvents;
use kedge_model::quantity::{Price, Size};
use solana_pubkey::Pubkey;

use crate::Found;

/// A resting order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resting {
    /// Address of the sub-account.
    pub account: Pubkey,
    /// Slot among the sub-account's orders.
    pub slot: u8,
    /// The order as the sub-account holds it.
    pub order: Order,
    /// Price of the order at the oracle price of the [`Grid`].
    pub price: Price,
}

/// What turns an oracle-pegged order's distance into a price.
#[derive(Clone, Copy, Debug)]
pub struct Grid {
    /// The oracle price of the market.
    pub oracle: Price,
    /// The market's tick.
    pub tick: Price,
}

/// Resting orders of a market on one side: best price first, older before younger at one price.
pub fn resting(accounts: &[Found<SubAccountData>], market: u16, side: Side, grid: Grid, clock: &Clock) -> Vec<Resting> {
    let mut found: Vec<Resting> = accounts
        .iter()
        .filter(|account| account.data.head.require_free_in(market).is_ok())
        .flat_map(|account| account.data.open_orders().map(move |(slot, order)| (account.address, slot, order)))
        .filter(|(_, _, order)| {
            order.market == market && order.side() == side && order.is_resting(clock.slot) && !order.is_expired(clock)
        })
        .filter_map(|(account, slot, order)| {
            let price = order.effective_price(grid.oracle, grid.tick).ok()?;
            Some(Resting { account, slot: u8::try_from(slot).ok()?, order: *order, price })
        })
        .collect();
    // Best for the taker: the lowest offer, the highest bid.
    found.sort_by_key(|resting| {
        let price = resting.price.0;
        (if side == Side::Short { price } else { u64::MAX - price }, resting.order.seq)
    });
    found
}

/// Removes from the copied accounts every resting order of the market that its owner's margin could not carry through a
/// fill of `size`. A fill skips such an order, and naming it would waste one of the few places. An order that cannot be
/// judged stays.
pub fn drop_unbacked(accounts: &mut [Found<SubAccountData>], context: &Context<'_, NoEvents>, size: Size) {
    for account in accounts {
        for slot in 0..account.data.orders.len() {
            let order = account.data.orders[slot];
            let judged =
                order.is_open() && order.market == context.market.index && order.is_resting(context.clock.slot);
            if judged && unbacked_order(context, &mut account.data.as_mut(), &order, size) {
                account.data.orders[slot] = Order::default();
            }
        }
    }
}

/// The maker orders that a taker with a limit price (0 for any) would meet, best first: the accounts to pass and the
/// references into them. Orders of `own` are named too, so that the taker's self-trade flags decide what happens to
/// them. At most `accounts_limit` accounts are named.
pub fn makers_for(
    accounts: &[Found<SubAccountData>],
    (market, side, limit): (u16, Side, Price),
    grid: Grid,
    own: &Pubkey,
    accounts_limit: usize,
    clock: &Clock,
) -> (Vec<Pubkey>, Vec<MakerRef>) {
    let (mut addresses, mut refs) = (Vec::<Pubkey>::new(), Vec::new());
    for maker in resting(accounts, market, side.opposite(), grid, clock) {
        let crosses = limit.is_zero() || side.accepts(limit, maker.price);
        if !crosses || refs.len() >= MAX_MAKER_ORDERS {
            break;
        }
        if maker.account == *own {
            let account = MakerRef::OWN;
            refs.push(MakerRef { order_id: maker.order.id, account, slot: maker.slot, padding: [0; 2] });
            continue;
        }
        let known = addresses.iter().position(|address| *address == maker.account);
        let index = match known {
            Some(index) => index,
            None if addresses.len() < accounts_limit => {
                addresses.push(maker.account);
                addresses.len() - 1
            }
            None => continue,
        };
        let Ok(account) = u8::try_from(index) else { break };
        refs.push(MakerRef { order_id: maker.order.id, account, slot: maker.slot, padding: [0; 2] });
    }
    (addresses, refs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kedge_model::account::order::{OrderKind, RawLimit, STATUS_OPEN};
    use kedge_model::account::sub_account::{SubAccount, status};

    const CLOCK: Clock = Clock { slot: 100, unix_time: 1_000 };
    const GRID: Grid = Grid { oracle: Price(100), tick: Price(1) };

    fn order(id: u32, seq: u64, side: Side, price: u64) -> Order {
        Order {
            id,
            seq,
            side: side as u8,
            price: RawLimit::price(Price(price)),
            size: Size(10),
            kind: OrderKind::Limit as u8,
            status: STATUS_OPEN,
            activation_slot: 90,
            ..Order::default()
        }
    }

    fn account(number: u8, orders: Vec<Order>) -> Found<SubAccountData> {
        let head = SubAccount::default();
        Found { address: Pubkey::new_from_array([number; 32]), data: SubAccountData { head, orders } }
    }

    #[test]
    fn makers_come_best_first_then_oldest() {
        let accounts = [
            account(1, vec![order(1, 5, Side::Short, 101), order(2, 6, Side::Short, 100)]),
            account(2, vec![Order::default(), order(9, 3, Side::Short, 101), order(4, 8, Side::Short, 105)]),
            account(3, vec![order(7, 1, Side::Long, 99)]),
        ];
        let own = Pubkey::new_from_array([8; 32]);
        let (addresses, refs) = makers_for(&accounts, (0, Side::Long, Price(101)), GRID, &own, 4, &CLOCK);
        assert_eq!(addresses, [accounts[0].address, accounts[1].address]);
        let found: Vec<_> = refs.iter().map(|maker| (maker.account, maker.order_id, maker.slot)).collect();
        assert_eq!(found, [(0, 2, 1), (1, 9, 1), (0, 1, 0)]);

        let (addresses, refs) = makers_for(&accounts, (0, Side::Short, Price(0)), GRID, &own, 4, &CLOCK);
        assert_eq!((addresses, refs.len()), (vec![accounts[2].address], 1));
        let (addresses, refs) = makers_for(&accounts, (0, Side::Long, Price(0)), GRID, &accounts[0].address, 4, &CLOCK);
        let found: Vec<_> = refs.iter().map(|maker| (maker.account, maker.order_id)).collect();
        assert_eq!(found, [(MakerRef::OWN, 2), (0, 9), (MakerRef::OWN, 1), (0, 4)], "own orders need no account");
        assert_eq!(addresses, [accounts[1].address]);
        let (addresses, _) = makers_for(&accounts, (0, Side::Long, Price(0)), GRID, &own, 1, &CLOCK);
        assert_eq!(addresses.len(), 1);
    }

    #[test]
    fn an_order_at_a_distance_stands_where_the_oracle_puts_it() {
        let mut above = order(7, 9, Side::Short, 2);
        above.flags = kedge_model::account::order::flags::OFFSET;
        let accounts = [account(1, vec![order(1, 5, Side::Short, 103), above, order(2, 6, Side::Short, 102)])];
        let found = resting(&accounts, 0, Side::Short, GRID, &CLOCK);
        assert_eq!(found.iter().map(|r| (r.order.id, r.price.0)).collect::<Vec<_>>(), [(2, 102), (7, 102), (1, 103)]);
    }

    #[test]
    fn orders_that_cannot_make_are_left_out() {
        let mut expired = order(1, 1, Side::Short, 100);
        expired.expires_at = 999;
        let mut waiting = order(2, 2, Side::Short, 100);
        waiting.activation_slot = 101;
        let mut auction = order(3, 3, Side::Short, 100);
        auction.auction_slots = 50;
        let mut frozen = account(2, vec![order(4, 4, Side::Short, 100)]);
        frozen.data.head.status = status::BEING_LIQUIDATED;
        let mut other = order(5, 5, Side::Short, 100);
        other.market = 1;
        let accounts = [account(1, vec![expired, waiting, auction, other]), frozen];
        assert_eq!(resting(&accounts, 0, Side::Short, GRID, &CLOCK), []);
    }
}
