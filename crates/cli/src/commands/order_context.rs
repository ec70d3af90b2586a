//! Context of an order: likely slips, and remedies for refusals.

use kedge_client::Found;
use kedge_interface::account::SubAccountData;
use kedge_model::Error as Rule;
use kedge_model::account::market::Market;
use kedge_model::account::order::{OrderKind, OrderParams, Side, flags};
use kedge_model::num::{PPM, Rounding, mul_div};
use kedge_model::quantity::{Amount, Price, Size};
use kedge_model::{rule::risk, rule::trigger};
use kedge_units::decimal;
use solana_pubkey::Pubkey;

use crate::args::Guards;
use crate::directory::Directory;
use crate::error::CliError;
use crate::view::View;

/// A market with a sub-account and current prices.
pub(crate) struct OrderContext<'a> {
    /// Listed markets and banks.
    pub directory: &'a Directory,
    /// Market of the order.
    pub market: &'a Found<Market>,
    /// Address of the sub-account.
    pub at: Pubkey,
    /// The sub-account of the order.
    pub account: &'a SubAccountData,
    /// Current prices.
    pub view: &'a View,
}

/// Origin of an order's numbers, for sentences about them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Typed {
    /// A new order: all numbers were typed.
    New,
    /// A changed order: only the new numbers were typed.
    Change,
}

impl OrderContext<'_> {
    /// Name of the market.
    pub(crate) fn name(&self) -> String {
        self.directory.market_name(self.market.data.index)
    }

    fn shown(&self, price: Price) -> String {
        decimal::price_at(price, self.market.data.tick)
    }

    fn oracle(&self) -> Price {
        self.view.board.market(self.market.data.index).map_or(Price::ZERO, |row| row.price.price)
    }

    /// The largest order on a side that margin and limits allow now; `None` when it cannot be computed.
    pub(crate) fn largest(&self, side: Side) -> Option<Size> {
        let (head, view) = (&self.account.head, self.view);
        risk::max_order_size(head, &view.board, &self.market.data, side, &view.clock).ok()
    }

    /// Questions about likely slips, one sentence each with the number and the limit that it exceeds. An order that
    /// will be refused for its size gets no other question.
    pub(crate) fn doubts(&self, orders: &[OrderParams], typed: Typed, guards: &Guards) -> Vec<String> {
        let Some(first) = orders.first() else { return Vec::new() };
        let mut doubts = Vec::new();
        for order in orders {
            doubts.extend(self.price_doubts(order, typed, guards.max_distance));
            doubts.extend(self.trigger_doubt(order, first, typed));
        }
        doubts.extend(self.size_doubts(first, guards));
        doubts
    }

    /// Questions about prices that are much worse than the order's reference price.
    fn price_doubts(&self, order: &OrderParams, typed: Typed, most: u64) -> Vec<String> {
        let (Ok(kind), Ok(side)) = (OrderKind::from_number(order.kind), Side::from_number(order.side)) else {
            return Vec::new();
        };
        if order.flags & flags::POST_ONLY != 0 {
            // A post-only order trades with nobody when it is placed.
            return Vec::new();
        }
        let waits = kind.waits() && !order.trigger_price.is_zero();
        let (measure, by) = if waits { (order.trigger_price, "trigger") } else { (self.oracle(), "oracle") };
        let offset = order.flags & flags::OFFSET != 0;
        let (price, flag) = if offset {
            let moved = i128::from(measure.0) + i128::from(order.price.0.cast_signed());
            (Price(u64::try_from(moved.max(1)).unwrap_or(u64::MAX)), "--offset puts it at")
        } else if kind.rests() || typed == Typed::Change {
            (order.price, "--limit")
        } else {
            (order.price, "--protection")
        };
        let prices = [(price, flag), (order.auction_start, "--auction-start"), (order.auction_end, "--auction-end")];
        let mut doubts = Vec::new();
        for (price, flag) in prices.into_iter().filter(|(price, _)| !price.is_zero() && !measure.is_zero()) {
            let beyond = if side.better(measure, price) { price.0.abs_diff(measure.0) } else { 0 };
            let Ok(share) = mul_div(beyond, PPM, measure.0, Rounding::Down) else { continue };
            if share > most {
                doubts.push(format!(
                    "{flag} {} is {}% {} the {by} {}, more than --max-distance {}: it may {} at any price up to there",
                    self.shown(price),
                    decimal::rounded(share, 4, 1),
                    if side == Side::Long { "above" } else { "below" },
                    self.shown(measure),
                    decimal::format(most, 4, 0),
                    if side == Side::Long { "buy" } else { "sell" },
                ));
            }
        }
        doubts
    }

    /// A question about a trigger price that is reached at once.
    fn trigger_doubt(&self, order: &OrderParams, first: &OrderParams, typed: Typed) -> Option<String> {
        let (kind, side) = (OrderKind::from_number(order.kind).ok()?, Side::from_number(order.side).ok()?);
        if !kind.waits() || order.trigger_price.is_zero() {
            return None;
        }
        // A bracket's leg waits from the price at which its order was filled.
        let leg = order.flags & flags::LEG != 0 && order.size.is_zero();
        let entry = leg && first.kind == OrderKind::Limit as u8 && first.flags & flags::OFFSET == 0;
        let (seen, which) = if entry {
            (first.price, "the limit of its order is")
        } else {
            let row = self.view.board.market(self.market.data.index).ok()?;
            let view = self.view;
            let seen = trigger::seen(&self.market.data, row, &view.board, order.flags, &view.clock).ok()?;
            let which = match order.flags & flags::TRIGGER {
                flags::TRIGGER_MARK => "the mark stands at",
                flags::TRIGGER_LAST => "the last price is",
                _ => "the oracle stands at",
            };
            (seen, which)
        };
        let above = kind.triggers_above(side);
        let reached = if above { seen >= order.trigger_price } else { seen <= order.trigger_price };
        let stop = matches!(kind, OrderKind::StopMarket | OrderKind::StopLimit | OrderKind::TrailingStop);
        let flag = match (typed, leg, order.flags & flags::LEG != 0, stop) {
            (Typed::Change, ..) => "--trigger-price",
            (_, true, _, true) => "--bracket-stop",
            (_, true, _, false) => "--bracket-profit",
            (_, false, true, _) => "--or-stop",
            (_, false, false, true) => "--stop",
            (_, false, false, false) => "--take-profit",
        };
        reached.then(|| {
            format!(
                "{flag} {} fires at once: {which} {}, and a {} to {} waits {} it",
                self.shown(order.trigger_price),
                self.shown(seen),
                if stop { "stop" } else { "take-profit" },
                if side == Side::Long { "buy" } else { "sell" },
                if above { "above" } else { "below" },
            )
        })
    }

    fn size_doubts(&self, order: &OrderParams, guards: &Guards) -> Vec<String> {
        let Ok(side) = Side::from_number(order.side) else { return Vec::new() };
        let mut doubts = Vec::new();
        if !self.reduces(order, side)
            && let Some(largest) = self.largest(side)
        {
            if order.size > largest {
                return doubts;
            }
            let share = mul_div(order.size.0, PPM, largest.0, Rounding::Down).unwrap_or(0);
            if share > guards.max_share {
                doubts.push(format!(
                    "{} is {}% of the largest order that margin and limits allow, {}; more than --max-share {}",
                    decimal::size(order.size),
                    decimal::rounded(share, 4, 1),
                    decimal::size(largest),
                    decimal::format(guards.max_share, 4, 0)
                ));
            }
        }
        let priced =
            if order.price.is_zero() || order.flags & flags::OFFSET != 0 { self.oracle() } else { order.price };
        let worth = order.size.value(priced, Rounding::Up).unwrap_or(Amount(u64::MAX));
        if worth.0 > guards.max_notional {
            doubts.push(format!(
                "it is worth {} dollars at {}, more than --max-notional {}",
                decimal::cents(worth.0),
                self.shown(priced),
                decimal::format(guards.max_notional, 6, 0)
            ));
        }
        doubts
    }

    /// Whether an order only makes the position smaller, or waits and needs no margin yet.
    fn reduces(&self, order: &OrderParams, side: Side) -> bool {
        let waits = OrderKind::from_number(order.kind).is_ok_and(OrderKind::waits);
        let position = self.account.head.position(self.market.data.index).copied().unwrap_or_default();
        let against = !position.base.is_zero() && Side::closing(position.base) == side;
        waits || order.flags & flags::REDUCE_ONLY != 0 || (against && order.size <= position.base.size())
    }

    /// Explains a refusal by the size that would have passed.
    pub(crate) fn explain(&self, error: CliError, order: &OrderParams) -> CliError {
        let Some(rule) = error.rule() else { return error };
        let Ok(side) = Side::from_number(order.side) else { return error };
        let (name, verb) = (self.name(), if side == Side::Long { "buy" } else { "sell" });
        let hint = match rule {
            Rule::InsufficientMargin | Rule::PositionTooLarge => match self.largest(side) {
                Some(Size::ZERO) => {
                    format!("no order to {verb} {name} fits the free margin: `kedge deposit` adds some")
                }
                Some(most) => format!(
                    "the largest order to {verb} {name} is {} now; `kedge risk {name} {verb} {}` shows what it does, \
                     `kedge deposit` adds collateral",
                    decimal::size(most),
                    decimal::size(most)
                ),
                None => return error,
            },
            Rule::OrderTooSmall => {
                let least = self.market.data.min_order;
                let worth = least.value(self.oracle(), Rounding::Up).unwrap_or_default();
                format!("the smallest order is {} {name}, worth {}", decimal::size(least), decimal::cents(worth.0))
            }
            Rule::FillTooSmall => format!(
                "a worse --limit or --protection reaches further, a smaller --min-fill asks less, --ioc takes what is \
                 there; `kedge book {name}` shows it"
            ),
            Rule::ReduceOnlyWouldIncrease => {
                let position = self.account.head.position(self.market.data.index).copied().unwrap_or_default();
                match position.base.0 {
                    0 => format!("there is no position in {name} to reduce: leave --reduce-only away"),
                    base => format!(
                        "the position in {name} is {} {}: only an order to {} reduces it; `kedge close {name}` does",
                        if base > 0 { "long" } else { "short" },
                        decimal::size(position.base.size()),
                        if base > 0 { "sell" } else { "buy" },
                    ),
                }
            }
            Rule::PriceOutsideBand => format!(
                "fills of {name} stay within {} of the oracle, which stands at {}",
                decimal::percent(self.market.data.price_band),
                self.shown(self.oracle())
            ),
            _ => return error,
        };
        error.advised(hint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Cli, Command};
    use crate::commands::ticket;
    use crate::view::sample_board;
    use clap::Parser;
    use kedge_model::account::sub_account::SubAccount;
    use kedge_model::clock::Clock;
    use kedge_model::quantity::{Base, Quote};

    /// SOL-PERP at 199 with 1,000 dollars and 2 coins long: margin allows some 70 more.
    fn fixture() -> (Directory, View, SubAccountData) {
        let market = Market {
            status: 1,
            name: *b"SOL-PERP\0\0\0\0\0\0\0\0",
            step: Size(10_000_000),
            tick: Price(10_000),
            min_order: Size(100_000_000),
            max_position: Size(1 << 50),
            ..Market::default()
        };
        let board = sample_board(Price(199_000_000));
        let mut head = SubAccount { version: 1, ..SubAccount::default() };
        head.credit(0, Amount(1_000_000_000)).unwrap();
        let position = head.open_position(0).unwrap();
        (position.base, position.quote) = (Base(2_000_000_000), Quote(-398_000_000));
        let directory = Directory { markets: vec![Found { address: Pubkey::default(), data: market }], banks: vec![] };
        let clock = Clock { slot: 10, unix_time: 1_010 };
        let view = View { board, clock, stale: vec![], refreshed: true };
        (directory, view, SubAccountData { head, orders: vec![] })
    }

    fn asked(line: &str) -> String {
        let (directory, view, account) = fixture();
        let market = &directory.markets[0];
        let context =
            OrderContext { directory: &directory, market, at: Pubkey::default(), account: &account, view: &view };
        let cli = Cli::try_parse_from(format!("kedge place SOL-PERP {line}").split(' ')).unwrap();
        let Command::Place(options) = cli.command else { panic!("not an order") };
        let size = ticket::size(&options.size, &market.data).unwrap();
        let orders = ticket::orders(&options, size, &market.data, 1_010).unwrap();
        context.doubts(&orders, Typed::New, &cli.guards).join("; ")
    }

    #[test]
    fn what_looks_like_a_slip_is_asked_about_and_nothing_else() {
        for (line, said) in [
            ("buy 1 --limit 250", "--limit 250.00 is 25.6% above the oracle 199.00, more than --max-distance 2"),
            ("sell 1 --limit 100 --ioc", "--limit 100.00 is 49.7% below the oracle"),
            ("buy 1 --protection 500", "--protection 500.00 is 151.3% above"),
            ("sell 1 --protection 100", "--protection 100.00 is 49.7% below"),
            ("buy 1 --offset 30", "--offset puts it at 229.00 is 15.1% above"),
            ("buy 1 --auction-start 199 --auction-end 300", "--auction-end 300.00 is 50.8% above"),
            (
                "sell 1 --stop 500",
                "--stop 500.00 fires at once: the oracle stands at 199.00, and a stop to sell waits below it",
            ),
            ("buy 1 --stop 100", "and a stop to buy waits above it"),
            ("sell 1 --take-profit 150", "--take-profit 150.00 fires at once"),
            ("sell 1 --stop 170 --limit 100", "--limit 100.00 is 41.2% below the trigger 170.00"),
            (
                "buy 1 --limit 198 --bracket-stop 199",
                "--bracket-stop 199.00 fires at once: the limit of its order is 198.00",
            ),
            ("buy 1 --bracket-profit 150", "--bracket-profit 150.00 fires at once: the oracle stands at 199.00"),
            ("sell 1 --limit 210 --reduce-only --or-stop 205", "--or-stop 205.00 fires at once"),
            ("buy 65", "65 is 8"),
            (
                "sell 2 --limit 199 --max-notional 300",
                "it is worth 398.00 dollars at 199.00, more than --max-notional 300",
            ),
            ("buy 1 --limit 200 --max-distance 0.1", "more than --max-distance 0.1"),
        ] {
            let found = asked(line);
            assert!(found.contains(said), "{line}: {found}");
        }
        for line in [
            "buy 5",
            "sell 2",
            "buy 1 --limit 150",
            "sell 1 --limit 250 --post-only",
            "buy 1 --limit 250 --post-only",
            "buy 1 --offset -30",
            "sell 1 --stop 170 --reduce-only",
            "sell 1 --trail 5 --reduce-only",
            "sell 1 --take-profit 220 --limit 219 --reduce-only",
            "buy 1 --limit 190 --bracket-stop 180 --bracket-profit 195",
            "buy 1 --protection 201",
            // Its size will be refused, and another question would hide that.
            "buy 5000",
        ] {
            assert_eq!(asked(line), "", "{line}");
        }
    }
}
