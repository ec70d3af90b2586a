//! Beginning the settlement of a market that has expired.

use crate::account::board::{MarketRow, PriceBoard, Purpose};
use crate::account::exchange::{Exchange, operation};
use crate::account::market::{Market, MarketStatus};
use crate::action::market::life::record;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::event::{EventSink, MarketRecord};
use crate::fault::{self, Fault};
use crate::quantity::Price;
use crate::rule::lifecycle::Terms;

/// Fixes the price at which an expired market's positions are closed.
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
    /// # Errors
    /// [`Error::MarketNotExpired`], [`Error::MarketNotActive`] when it is settled already,
    /// [`Error::SettlementUnsampled`], [`Error::OperationPaused`], price rows.
    pub fn execute(
        self,
        exchange: &Exchange,
        board: &mut PriceBoard,
        market: &mut Market,
        clock: Clock,
        sink: &mut impl EventSink,
    ) -> Result<Terms> {
        exchange.require_open(operation::SETTLE, &clock)?;
        if market.is_settling() {
            return Err(Error::MarketNotActive);
        }
        if !market.is_expired(&clock) {
            return Err(Error::MarketNotExpired);
        }
        let row = board.market_mut(market.index)?;
        let average = average(row, market, &clock)?;
        let terms = market.settlement_terms(average, &clock)?;
        market.pay_from_insurance(terms.insurance, &clock)?;
        market.amm.quote = market.amm.quote.plus(terms.insurance.credit()?)?;
        row.freeze(terms.price);
        market.settlement_price = terms.price;
        market.settlement_time = clock.unix_time;
        let before = market.status;
        market.status = MarketStatus::Settlement as u8;
        let more = MarketRecord { average, insurance: terms.insurance, ..MarketRecord::default() };
        record(market, before, clock, sink, more);
        Ok(terms)
    }
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
