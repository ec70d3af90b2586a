//! Rare order parameters, and changes of orders.

use crate::User;
use kedge_interface::address;
use kedge_interface::instruction::{CancelOrders, Instruction, PlaceOrders, ReplaceOrders};
use kedge_model::account::order::{OrderKind, OrderParams, Side, flags};
use kedge_model::action::{ModifyParams, OrderFilter, change};
use kedge_model::quantity::{Price, Size};

use super::Session;

impl Session {
    /// The order, now and then with a rare parameter.
    pub(super) fn dressed(&mut self, order: OrderParams) -> OrderParams {
        if self.random.percent(60) {
            return order;
        }
        let (step, tick) = {
            let market = self.world.market(order.market);
            (market.step.0, market.tick.0)
        };
        let who_yields = *self.random.pick(&[flags::SELF_CANCEL_TAKER, flags::SELF_DECREMENT, flags::SELF_TRADE]);
        let mut order = order;
        if self.random.percent(50) {
            order.flags |= who_yields;
        }
        if order.kind == OrderKind::Market as u8 {
            return order;
        }
        if self.random.percent(30) {
            let part = order.size.0 / step / self.random.between(1, 8);
            order.extent = u32::try_from(part).unwrap_or(u32::MAX);
        }
        if self.random.percent(30) {
            order.flags |= flags::POST_ONLY | flags::SLIDE;
        }
        if self.random.percent(40) {
            let oracle = self.world.prices[usize::from(order.market)];
            let distance = order.price.0.cast_signed() - oracle.cast_signed();
            let tick = tick.cast_signed();
            order.price = Price((distance / tick * tick).cast_unsigned());
            order.flags |= flags::OFFSET;
        }
        if order.flags & (flags::POST_ONLY | flags::OFFSET) != 0 {
            (order.auction_start, order.auction_end, order.auction_ms) = (Price(0), Price(0), 0);
        }
        order
    }

    /// The second sub-account of a user: its orders are the user's own.
    pub(super) fn second(&self, user: User) -> User {
        let at = self.world.users.iter().position(|other| *other == user).expect("a user");
        User { sub: self.seconds[at], ..user }
    }

    /// An order of the second sub-account, which may meet one of the first.
    fn facing(&mut self, user: User) -> Instruction {
        let second = self.second(user);
        let market = self.market_of(user);
        let oracle = self.world.prices[usize::from(market)];
        let tick = self.world.market(market).tick.0;
        let order = self.order(user, market);
        let away = oracle / 10_000 * self.random.below(20);
        let price = if order.side == Side::Long as u8 { oracle + away } else { oracle - away } / tick * tick;
        let order = OrderParams {
            kind: OrderKind::Limit as u8,
            price: Price(price),
            size: order.size.min(Size(self.world.market(market).min_order.0 * 20)),
            flags: 0,
            auction_ms: 0,
            expires_at: 0,
            ..order
        };
        let (signer, market) = (user.authority, address::market(market));
        PlaceOrders { signer, market, sub_account: second.sub, orders: vec![order] }.into()
    }

    /// A change of one of the user's orders, or of several.
    pub(super) fn change(&mut self, user: User) -> Option<Instruction> {
        if self.random.percent(20) {
            return Some(self.facing(user));
        }
        let id = self.open_order(user)?;
        let data = self.world.sub(&user.sub);
        let found = *data.open_orders().find(|(_, order)| order.id == id)?.1;
        let wanted = self.order(user, found.market);
        Some(match self.random.below(10) {
            0..5 => {
                let market = self.world.market(found.market);
                let oracle = self.world.prices[usize::from(found.market)].cast_signed();
                let tick = market.tick.0.cast_signed();
                let distance = (wanted.price.0.cast_signed() - oracle) / tick * tick;
                let half = (found.size.0 - found.filled.0) / 2 / market.step.0 * market.step.0;
                let all = u64::from(change::ALL) + 2;
                let one = *self.random.pick(&[change::PRICE, change::SIZE, change::TRIGGER, change::EXPIRY]);
                let params = ModifyParams {
                    price: if found.has(flags::OFFSET) { Price(distance.cast_unsigned()) } else { wanted.price },
                    size: if self.random.percent(50) { wanted.size } else { Size(found.filled.0 + half) },
                    trigger_price: wanted.price,
                    order_id: id,
                    expires_at: u32::try_from(self.world.time() + 600).expect("before 2106"),
                    extent: u32::try_from(found.size.0 / market.step.0 / 3).unwrap_or(0),
                    changes: if self.random.percent(80) { one } else { self.random.below(all) as u8 },
                    ..ModifyParams::default()
                };
                self.world.modifying(user, params).into()
            }
            5..8 => {
                let count = self.random.between(0, 2);
                let orders: Vec<OrderParams> = (0..count)
                    .map(|_| self.order(user, found.market))
                    .map(|order| OrderParams { client_id: 0, ..order })
                    .collect();
                let orders = orders.into_iter().map(|order| self.dressed(order)).collect::<Vec<_>>();
                let ids = if self.random.percent(70) { vec![id] } else { vec![id, u32::MAX] };
                let strict = self.random.percent(50);
                ReplaceOrders { strict, ..self.world.replacing(user, found.market, &ids, &orders) }.into()
            }
            _ => {
                let any = OrderFilter::ANY;
                let filter = match self.random.below(5) {
                    0 => OrderFilter { client_id: found.client_id, ..any },
                    1 => OrderFilter { side: found.side, market: found.market, ..any },
                    2 => OrderFilter { side: found.side, ..any },
                    3 => OrderFilter { side: 7, ..any },
                    _ => any,
                };
                let ids = if self.random.percent(60) { vec![id, u32::MAX] } else { vec![] };
                CancelOrders { signer: user.authority, sub_account: user.sub, filter, ids }.into()
            }
        })
    }
}
