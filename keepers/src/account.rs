//! A sub-account as it stands in an account's bytes.

use kedge_model::order::Order;
use kedge_model::quantity::Base;
use kedge_model::sub_account::{SubAccount, SubAccountMut};

/// A sub-account with its orders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The fixed part.
    pub head: Box<SubAccount>,
    /// The tail, free slots included: an order's place in it is the slot that instructions name.
    pub orders: Vec<Order>,
}

impl Account {
    /// Decodes an account's data, discriminator included; `None` when it is no sub-account's.
    #[must_use]
    pub fn decode(data: &[u8]) -> Option<Self> {
        let decoded = kedge_interface::account::decode_sub_account(data).ok()?;
        Some(Self { head: Box::new(decoded.head), orders: decoded.orders })
    }

    /// The model's view, to run actions on.
    pub fn borrow(&mut self) -> SubAccountMut<'_> {
        SubAccountMut { head: &mut self.head, orders: &mut self.orders }
    }

    /// Open orders with their slots.
    pub fn open_orders(&self) -> impl Iterator<Item = (u8, &Order)> {
        // The tail never exceeds 128 orders, so a slot fits a byte.
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

    /// Whether both are the same sub-account of the same person.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.head.authority == other.head.authority && self.head.id == other.head.id
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kedge_interface::account::AccountKind;

    #[test]
    fn decodes_head_and_tail() {
        let head = SubAccount { version: SubAccount::VERSION, id: 3, ..SubAccount::default() };
        let order = Order { id: 9, status: 1, ..Order::default() };
        let mut data = SubAccount::DISCRIMINATOR.to_vec();
        data.extend_from_slice(bytemuck::bytes_of(&head));
        data.extend_from_slice(bytemuck::bytes_of(&Order::default()));
        data.extend_from_slice(bytemuck::bytes_of(&order));
        let account = Account::decode(&data).unwrap();
        assert_eq!(account.head.id, 3);
        assert_eq!(account.open_orders().map(|(slot, order)| (slot, order.id)).collect::<Vec<_>>(), [(1, 9)]);
        data.push(0);
        assert_eq!(Account::decode(&data), None);
    }
}
