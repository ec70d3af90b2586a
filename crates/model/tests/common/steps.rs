//! One step of a liquidation of an isolated position, on a market made of nothing but its parameters.

use super::{Account, World};
use kedge_model::account::board::{PriceRow, Purpose};
use kedge_model::account::market::Market;
use kedge_model::account::pocket::Pocket;
use kedge_model::account::position::{Position, status};
use kedge_model::action::{Context, Liquidate, LiquidationReport};
use kedge_model::error::Result;
use kedge_model::event::NoEvents;
use kedge_model::quantity::{Amount, Base, Ppm, Price, Quote, Size};
use kedge_model::rule::liquidation;
use kedge_model::rule::margin::{Margin, MarginKind, margin_of};

/// What a step starts from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    pub maintenance: u32,
    pub buffer: u32,
    pub fee: u32,
    pub fee_small: u32,
    pub insurance_fee: u32,
    pub small_position: u64,
    pub step: u64,
    pub min_order: u64,
    pub wanted: u64,
    pub base: i64,
    pub price: u64,
    pub tokens: u64,
    pub quote: i64,
}

/// The position before and after a step, and the step.
pub(crate) struct Outcome {
    pub before: Margin,
    pub after: Margin,
    pub report: LiquidationReport,
    pub position: Position,
    pub market: Market,
}

impl Outcome {
    /// What is missing after the step, the buffer included.
    pub(crate) fn shortage_left(&self, case: &Case) -> u64 {
        liquidation::shortage(&self.after, Ppm(case.buffer)).unwrap().0
    }
}

impl Case {
    /// Runs the step.
    pub(crate) fn run(&self) -> Result<Outcome> {
        let mut world = World::new(0);
        let row = &mut world.board.markets[0];
        (row.maintenance_margin, row.initial_margin) = (Ppm(self.maintenance), Ppm(1_000_000));
        let price = Price(self.price);
        row.price = PriceRow { price, twap_5m: price, twap_1h: price, ..row.price };
        let base = Base(self.base);
        let quote = Quote(self.quote);
        let (long, short) = if self.base > 0 { (base.size(), Size::ZERO) } else { (Size::ZERO, base.size()) };
        let market = &mut world.markets[0];
        *market = Market {
            liquidation_buffer: Ppm(self.buffer),
            liquidator_fee: Ppm(self.fee),
            liquidator_fee_small: Ppm(self.fee_small),
            insurance_fee: Ppm(self.insurance_fee),
            small_position: Amount(self.small_position),
            step: Size(self.step),
            min_order: Size(self.min_order),
            max_position: Size(u64::MAX),
            long_interest: long,
            short_interest: short,
            users_quote: quote,
            ..*market
        };
        let mut account = Account::new(1, 0);
        let mut liquidator = Account::new(2, 0);
        let position = Position { base, quote, isolated: Amount(self.tokens), ..Position::default() };
        account.head.positions[0] = Position { status: status::USED | status::ISOLATED, ..position };
        account.head.status = kedge_model::account::sub_account::status::HAS_ISOLATED;
        liquidator.head.credit(0, Amount(1 << 62)).unwrap();
        let margin = |account: &Account| {
            let (kind, purpose) = (MarginKind::Maintenance, Purpose::Liquidate);
            margin_of(&account.head, Pocket::Isolated(0), &world.board, kind, purpose, &world.clock)
        };
        let before = margin(&account)?;
        let mut context =
            Context { exchange: &world.exchange, board: &world.board, market, clock: world.clock, sink: &mut NoEvents };
        let step = Liquidate { max_size: Size(self.wanted), limit_price: Price::ZERO };
        let report = step.execute(&mut context, &mut account.borrow(), &mut liquidator.borrow())?;
        let position = account.head.positions[0];
        Ok(Outcome { before, after: margin(&account)?, report, position, market: *market })
    }
}
