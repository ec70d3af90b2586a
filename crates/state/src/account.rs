//! A sub-account, decoded.

use kedge_interface::account::SubAccountData;
use kedge_model::account::board::PriceBoard;
use kedge_model::account::order::Order;
use kedge_model::account::pocket::Pocket;
use kedge_model::account::position::Position;
use kedge_model::account::sub_account::{SubAccount, SubAccountMut};
use kedge_model::clock::Clock;
use kedge_model::quantity::Base;
use kedge_model::rule::liquidation;

/// A sub-account with its orders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The fixed part of the account.
    pub head: Box<SubAccount>,
    /// The tail, free slots included; an order's index is the slot that instructions name.
    pub orders: Vec<Order>,
}

impl From<SubAccountData> for Account {
    fn from(data: SubAccountData) -> Self {
        Self { head: Box::new(data.head), orders: data.orders }
    }
}

impl Account {
    /// The model's view of the account, for its actions.
    pub fn borrow(&mut self) -> SubAccountMut<'_> {
        SubAccountMut { head: &mut self.head, orders: &mut self.orders }
    }

    /// Open orders with their slots.
    pub fn open_orders(&self) -> impl Iterator<Item = (u8, &Order)> {
        // The tail has at most 128 orders, so a slot fits a byte.
        (0u8..).zip(&self.orders).filter(|(_, order)| order.is_open())
    }

    /// Open orders in one market.
    pub fn orders_in(&self, market: u16) -> impl Iterator<Item = (u8, &Order)> {
        self.open_orders().filter(move |(_, order)| order.market == market)
    }

    /// Signed base in a market, zero without a position.
    #[must_use]
    pub fn base(&self, market: u16) -> Base {
        self.head.position(market).map_or(Base::ZERO, |position| position.base)
    }

    /// Whether the account may trade in a market: the pocket of its position there is neither bankrupt nor in a
    /// liquidation that has not ended.
    #[must_use]
    pub fn is_free(&self, market: u16, board: &PriceBoard, clock: &Clock) -> bool {
        // The model ends a liquidation whose cause is gone and therefore needs a copy; only flagged accounts are
        // copied.
        self.head.status == 0 || liquidation::require_free_in(&mut self.head.clone(), market, board, clock).is_ok()
    }

    /// The pockets: the cross one, and one for each isolated position.
    pub fn pockets(&self) -> impl Iterator<Item = Pocket> {
        let isolated = self.head.positions.iter().filter(|position| position.is_isolated());
        std::iter::once(Pocket::Cross).chain(isolated.map(|position| Pocket::Isolated(position.market)))
    }

    /// Positions of a pocket.
    pub fn positions_in(&self, pocket: Pocket) -> impl Iterator<Item = &Position> {
        self.head.positions.iter().filter(move |position| pocket.holds(position))
    }

    /// Whether both are the same sub-account of the same authority.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.head.authority == other.head.authority && self.head.id == other.head.id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_orders_carry_their_slots() {
        let head = SubAccount { version: SubAccount::VERSION, id: 3, ..SubAccount::default() };
        let order = |id, market, status| Order { id, market, status, ..Order::default() };
        let orders = vec![order(0, 0, 0), order(9, 1, 1), order(10, 0, 1)];
        let account = Account::from(SubAccountData { head, orders });
        assert_eq!(account.open_orders().map(|(slot, order)| (slot, order.id)).collect::<Vec<_>>(), [(1, 9), (2, 10)]);
        assert_eq!(account.orders_in(1).map(|(slot, _)| slot).collect::<Vec<_>>(), [1]);
        assert_eq!(account.base(0), Base::ZERO);
    }
}
