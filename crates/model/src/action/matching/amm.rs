//! The vAMM's part in a run.

use super::trade::{fees_of, fill_record, take};
use super::types::{Matched, Taker, Trade, require_in_band};
use crate::account::board::MarketRow;
use crate::account::exchange::operation;
use crate::account::sub_account::SubAccountMut;
use crate::action::Context;
use crate::amm::Availability;
use crate::error::{Error, Result};
use crate::event::{EventSink, FillSource, Party};
use crate::fault::{self, Fault};
use crate::num::{BASE, Rounding, mul_div_inline};
use crate::quantity::{Price, Quote, Size};
use crate::time::Slot;

/// The vAMM's part in a run.
pub(super) struct Amm {
    /// What it may still trade; none when it is unavailable.
    left: Option<Size>,
    /// A price that its next unit is no better than: what tells without the curve that it has nothing to offer up to a
    /// limit.
    touch: Price,
    /// Whether it has been asked. Makers that are better than any price of the vAMM fill without it.
    asked: bool,
}

impl Amm {
    const ABSENT: Self = Self { left: None, touch: Price::ZERO, asked: true };

    pub(super) fn look<S: EventSink>(context: &Context<'_, S>, row: &MarketRow, order: &Taker) -> Result<Self> {
        let paused = |operation| context.exchange.is_paused(operation, &context.clock);
        if paused(operation::FILL_AMM) || context.market.amm.sqrt_k.is_zero() {
            return Ok(Self::ABSENT);
        }
        // Every quote is held to the oracle of now.
        let unbound = paused(operation::UPDATE_AMM) && fault::planted(Fault::PausedUpdateStillTrades);
        let bound = context.market.amm.bound(order.order.side(), if unbound { None } else { Some(row.price.price) })?;
        Ok(Self { left: Some(Size(u64::MAX)), touch: bound, asked: false })
    }

    /// Whether it is there, how much of it, and at what price.
    #[inline(never)]
    fn ask<S: EventSink>(
        &mut self,
        context: &mut Context<'_, S>,
        row: &MarketRow,
        order: &Taker,
        limit: Price,
    ) -> Result<()> {
        let side = order.order.side();
        self.asked = true;
        let market = &*context.market;
        self.left = None;
        let (since, slot_time) = (Slot(order.order.activation_slot), context.board.slot_time());
        let available = market.amm.availability(market, &row.price, side, since, &context.clock, slot_time);
        // A vAMM that cannot tell is passed over, as a maker is.
        let Ok(Availability::Upto(size)) = available else { return Ok(()) };
        // The curve follows the oracle before it quotes; a peg that it cannot pay for stays.
        if !context.exchange.is_paused(operation::UPDATE_AMM, &context.clock) {
            match context.market.amm.update(&row.price, &context.clock) {
                Ok(_) | Err(Error::AmmUpdateNotNeeded) => {}
                Err(_) => return Ok(()),
            }
        }
        self.left = Some(size);
        // Without a maker to compare with, the curve is asked anyway.
        self.touch = if limit == order.limit { limit } else { context.market.amm.touch(side)? };
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "one fill touches all of them")]
    pub(super) fn fill<S: EventSink>(
        &mut self,
        context: &mut Context<'_, S>,
        row: &MarketRow,
        taker: &mut SubAccountMut<'_>,
        order: &Taker,
        wanted: Size,
        limit: Price,
        matched: &mut Matched,
    ) -> Result<Size> {
        let side = order.order.side();
        if !self.asked && side.accepts(limit, self.touch) {
            self.ask(context, row, order, limit)?;
        }
        let Some(left) = self.left.filter(|left| !left.is_zero()) else { return Ok(Size::ZERO) };
        let hold = row.hold(side)?;
        if !side.accepts(limit, self.touch) || hold.is_some_and(|hold| !side.accepts(limit, hold)) {
            return Ok(Size::ZERO);
        }
        let quoted = context.market.amm.quote(side, wanted.min(left), Some(limit), context.market.step, &row.price);
        let Ok(Some(mut fill)) = quoted else { return Ok(Size::ZERO) };
        if let Some(hold) = hold {
            fill.hold_to(side, hold)?;
        }
        context.market.amm.book(side, &fill)?;
        self.left = Some(left.minus(fill.size)?);
        // It went up to the limit, or has nothing left to give or nobody to give it to.
        self.touch = limit;
        let fees = fees_of(context, fill.quote, taker, None, order.shares)?;
        let price = Price(mul_div_inline(fill.quote.0, BASE, fill.size.0, Rounding::Down)?);
        if fault::planted(Fault::BandRefusesFill) {
            require_in_band(order.band, price)?;
        }
        let trade = Trade { size: fill.size, quote: fill.quote, price, fees, source: FillSource::Amm, maker_order: 0 };
        let taker_realised = take(context, row, taker, order.slot, &order.order, &trade, matched)?;
        fill_record(context, row, taker, Party::default(), &order.order, &trade, taker_realised, Quote::ZERO);
        matched.amm_size = matched.amm_size.plus(fill.size)?;
        Ok(fill.size)
    }
}
