//! Beginning the settlement of a market that has expired, or whose row is silent.

use crate::account::board::{MarketRow, PriceBoard, Purpose};
use crate::account::exchange::{Exchange, operation};
use crate::account::market::{Market, MarketStatus};
use crate::account::pause::stamp;
use crate::action::market::life::record;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::event::{EventSink, MarketRecord};
use crate::fault::{self, Fault};
use crate::quantity::Price;
use crate::rule::lifecycle::{Silence, Terms};

/// What a call has done for the end of a market.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Announced that a row is silent.
    Announced,
    /// Settlement has begun.
    Settled(Terms),
}

/// Fixes the price at which the positions of an expired market, or of one with a silent row, are closed.
#[must_use]
#[derive(Clone, Copy, Debug, Default)]
pub struct SettleMarket;

impl SettleMarket {
    /// Fixes it from the average of the hour before the expiry ([`Market::settlement_terms`]) and freezes the row there.
    /// From now on orders can only be cancelled, and positions are closed one by one.
    ///
    /// Once a price from the expiry or later is in and the average covers half an hour, nothing moves it: it does not
    /// matter who calls, and when. A halted row, and one that nobody could refresh for long, counts at its last price for
    /// the seconds that are missing: the end of a feed must not be what keeps its market from ending.
    ///
    /// Before the expiry, or without one, a market ends whose row, or the row of the quote bank, no source has served for
    /// [`crate::rule::lifecycle::SILENCE`]: a first call announces it, and one at least
    /// [`crate::rule::lifecycle::SILENCE_NOTICE`] later settles it at the five-minute average of the last price that a
    /// quorum carried, inside the same bounds. A price in between takes the announcement back.
    ///
    /// # Errors
    /// [`Error::MarketNotExpired`], [`Error::MarketNotActive`] when it is settled already,
    /// [`Error::SettlementUnsampled`], [`Error::RowNotSilent`] after an announcement until the silence is over,
    /// [`Error::OperationPaused`] of all but the announcement, price rows.
    pub fn execute(
        self,
        exchange: &Exchange,
        board: &mut PriceBoard,
        market: &mut Market,
        clock: Clock,
        sink: &mut impl EventSink,
    ) -> Result<Ending> {
        if market.is_settling() {
            return Err(Error::MarketNotActive);
        }
        let silent = !market.is_expired(&clock);
        if silent && !is_over(board, market, &clock)? {
            (market.silence_time, market.silence_slot) = (stamp(clock.unix_time)?, low(clock.slot));
            record(market, market.status, clock, sink, MarketRecord { silent: 1, ..MarketRecord::default() });
            return Ok(Ending::Announced);
        }
        exchange.require_open(operation::SETTLE, &clock)?;
        let row = board.market_mut(market.index)?;
        let average = if silent { last_average(row)? } else { average(row, market, &clock)? };
        let terms = market.settlement_terms(average, &clock)?;
        market.pay_from_insurance(terms.insurance, &clock)?;
        market.amm.quote = market.amm.quote.plus(terms.insurance.credit()?)?;
        row.freeze(terms.price);
        market.settlement_price = terms.price;
        market.settlement_time = clock.unix_time;
        let before = market.status;
        market.status = MarketStatus::Settlement as u8;
        let silent = u8::from(silent);
        let more = MarketRecord { average, insurance: terms.insurance, silent, ..MarketRecord::default() };
        record(market, before, clock, sink, more);
        Ok(Ending::Settled(terms))
    }
}

/// Whether the silence of what the market needs is over; `false` where it is to be announced.
fn is_over(board: &PriceBoard, market: &Market, clock: &Clock) -> Result<bool> {
    match market.silence(board, clock)? {
        None => Err(Error::MarketNotExpired),
        Some(Silence::Announced) => Err(Error::RowNotSilent),
        Some(Silence::Due) => Ok(false),
        Some(Silence::Over) => Ok(true),
    }
}

/// The lower half of a slot number: a chain fills it in half a century.
fn low(slot: u64) -> u32 {
    u32::try_from(slot).unwrap_or(u32::MAX)
}

/// The five-minute average of a silent row at its last quorum; the price of a row that never had one, whose market has
/// never opened. In the hour before an expiry it counts for the part of it that is missing.
fn last_average(row: &MarketRow) -> Result<Price> {
    row.settles_at(if row.quorum_average.is_zero() { row.price.price } else { row.quorum_average })
}

/// The average that the market is settled at.
fn average(row: &MarketRow, market: &Market, clock: &Clock) -> Result<Price> {
    let empty = market.long_interest.is_zero() && market.short_interest.is_zero();
    if !(row.is_sampled() || (empty && row.price.price.is_zero())) || fault::planted(Fault::ExpiryAtSpot) {
        row.price.require_value(Purpose::Liquidate, Purpose::SettlePnl.requirement(), clock)?;
        if fault::planted(Fault::ExpiryAtSpot) {
            return Ok(row.price.twap_1h);
        }
        if !empty && !row.price.is_given_up(clock) {
            return Err(Error::SettlementUnsampled);
        }
    }
    row.settles_at(row.price.liquidation_price()?)
}
