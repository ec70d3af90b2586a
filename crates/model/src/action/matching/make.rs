//! Joining a taker's auction as a maker.

use crate::account::board::Purpose;
use crate::account::exchange::operation;
use crate::account::sub_account::SubAccountMut;
use crate::action::matching::{self, Matched, Trade};
use crate::action::order::place::tradable;
use crate::action::{Context, matching::join, matching::shares};
use crate::error::{Error, Result};
use crate::event::{EventSink, FillSource};
use crate::num::{Rounding, floor_to};
use crate::quantity::{Base, Price, Size};
use crate::rule::liquidation;
use crate::side::Side;

/// Takes the other side of an order whose auction is running, at the auction's price.
#[must_use]
#[derive(Clone, Copy, Debug)]
pub struct PlaceAndMake {
    /// Id of the taker's order.
    pub order_id: u32,
    /// Slot where it was seen; the id decides.
    pub slot: usize,
    /// Largest base to make.
    pub size: Size,
    /// The worst price that the maker accepts: lowest for a maker that sells, highest for one that buys.
    pub worst_price: Price,
    /// The maker's base must not be below this afterwards.
    pub min_position: Base,
    /// The maker's base must not be above this afterwards.
    pub max_position: Base,
}

impl PlaceAndMake {
    /// Trades with the taker. The size is what both sides have left, cut to the position limits. `others` are accounts
    /// of the taker's referrer and builder, to be paid.
    ///
    /// Where the trade makes the vAMM's inventory smaller, the vAMM joins with a share of the maker's size at the same
    /// price: [`crate::amm::Amm::join_size`].
    ///
    /// # Errors
    /// [`Error::AuctionNotRunning`], [`Error::WorstPriceExceeded`], [`Error::PositionLimit`] when not even
    /// a step fits the limits or would reduce where the market only reduces, [`Error::SelfTrade`], margin of either side.
    pub fn execute<S: EventSink>(
        self,
        context: &mut Context<'_, S>,
        maker: &mut SubAccountMut<'_>,
        taker: &mut SubAccountMut<'_>,
        others: &mut [SubAccountMut<'_>],
    ) -> Result<Matched> {
        let slot = taker.order_slot_near(self.order_id, self.slot)?;
        let order = *taker.order(slot)?;
        context.exchange.require_open(operation::FILL, &context.clock)?;
        // Orders from before the market closed to new risk may still reduce.
        context.market.require_open(true, &context.clock)?;
        if order.market != context.market.index {
            return Err(Error::WrongMarket);
        }
        taker.head.require_free_in(context.market.index)?;
        liquidation::require_free_in(maker.head, context.market.index, context.board, &context.clock)?;
        if taker.head.is_of(maker.head) {
            return Err(Error::SelfTrade);
        }
        if !order.in_auction(context.clock.slot) || order.is_expired(&context.clock) {
            return Err(Error::AuctionNotRunning);
        }
        let board = context.board;
        let row = board.market(context.market.index)?;
        row.price.require(Purpose::ReduceRisk, &context.clock)?;
        let (side, tick) = (order.side(), context.market.tick);
        let price = order.limit_price(context.clock.slot, row.price.price, tick)?;
        if !side.opposite().accepts(self.worst_price, price) {
            return Err(Error::WorstPriceExceeded);
        }
        let only_reduces = context.market.only_reduces(&context.clock);
        let size =
            self.limited(maker, side, context.market.index, only_reduces)?.min(tradable(context, taker, &order)?);
        let size = Size(floor_to(size.0, context.market.step.0));
        if size.is_zero() {
            return Err(Error::PositionLimit);
        }
        let interest = context.market.open_interest();
        let rounding = if side == Side::Long { Rounding::Up } else { Rounding::Down };
        let quote = size.value(price, rounding)?;
        let shares = shares::of(taker, &order, Some(maker), others);
        let fees = matching::fees_of(context, quote, taker, Some(maker), shares)?;
        matching::require_in_band(context.market.trading_band(row, &context.clock)?, price)?;
        let trade = Trade { size, quote, price, fees, source: FillSource::Jit, maker_order: 0 };
        let mut matched = Matched::default();
        let taker_realised = matching::take(context, row, taker, slot, &order, &trade, &mut matched)?;
        let effect = matching::make(context, row, maker, side, &trade)?;
        matched.maker_size = size;
        matching::fill_record(context, row, taker, maker.head.party(), &order, &trade, taker_realised, effect.realised);
        if context.market.amm.reduces_inventory(side) && !context.market.amm.jit_share.is_zero() {
            join::join(context, row, taker, slot, &order, (size, price), shares, &mut matched)?;
        }
        shares::pay(context, taker, Some(maker), others, &matched)?;
        matching::check_margin(context, taker, matched.increased)?;
        matching::check_maker(context, maker, effect.increased)?;
        context.market.require_interest_cap(interest)?;
        context.market.sample_premium(row.price.price, context.clock.unix_time)?;
        maker.head.last_active_slot = context.clock.slot;
        taker.head.release_position(order.market);
        maker.head.release_position(order.market);
        Ok(matched)
    }

    /// The maker's size inside its position limits, and of its position where the market `only_reduces`.
    fn limited(&self, maker: &SubAccountMut<'_>, taker_side: Side, market: u16, only_reduces: bool) -> Result<Size> {
        let base = maker.head.position(market).map_or(Base::ZERO, |position| position.base);
        let room = match taker_side {
            // The taker buys, the maker sells down to its lower limit.
            Side::Long => base.minus(self.min_position)?,
            Side::Short => self.max_position.minus(base)?,
        };
        let room = Size(u64::try_from(room.0).map_err(|_| Error::PositionLimit)?);
        let reduces = !base.is_zero() && Side::closing(base) == taker_side.opposite();
        Ok(match (only_reduces, reduces) {
            (false, _) => self.size.min(room),
            (true, true) => self.size.min(room).min(base.size()),
            (true, false) => Size::ZERO,
        })
    }
}
