//! The hourly funding update.

use crate::account::board::{MarketRow, Purpose};
use crate::account::exchange::{Exchange, operation};
use crate::account::market::Market;
use crate::clock::Clock;
use crate::error::Result;
use crate::event::{EventKind, EventSink, FundingRecord, emit};
use crate::fault::{Fault, planted};
use crate::num::Rounding;
use crate::quantity::{FundingIndex, Ppm, Quote};
use crate::rule::funding::{self, Deltas, PERIOD};
use crate::time::Seconds;

/// Share of its spare equity that the vAMM pays in one update at most.
const AMM_BUDGET: Ppm = Ppm(100_000);

/// Charges the hour's funding.
#[must_use]
#[derive(Clone, Copy, Debug, Default)]
pub struct UpdateFunding;

/// What a funding update did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FundingReport {
    /// Rate, parts per billion an hour.
    pub rate: i64,
    /// Index changes and the vAMM's part.
    pub deltas: Deltas,
}

impl UpdateFunding {
    /// Moves both indices by the rate of the average premium since the last update, for the seconds since then and at most
    /// for an hour of them. In the hour before an expiry funding stands still: a premium over the oracle is then no premium
    /// over what a position is worth.
    ///
    /// # Errors
    /// [`crate::Error::FundingNotDue`], [`crate::Error::OperationPaused`], [`crate::Error::MarketExpiring`],
    /// [`crate::Error::MarketExpired`], price rows.
    pub fn execute(
        self,
        exchange: &Exchange,
        row: &mut MarketRow,
        market: &mut Market,
        clock: Clock,
        sink: &mut impl EventSink,
    ) -> Result<FundingReport> {
        exchange.require_open(operation::FUNDING, &clock)?;
        market.require_before_last_hour(&clock)?;
        market.require_funding_due(clock.unix_time)?;
        row.price.require(Purpose::UpdateFunding, &clock)?;
        market.sample_premium(row.price.price, clock.unix_time)?;
        let elapsed = clock.seconds_since(market.funding_time);
        let premium = funding::average_premium(market.premium_sum, Seconds(market.premium_seconds))?;
        // The first update only starts the clock.
        let rate = if market.funding_time == 0 { 0 } else { funding::hourly_rate(premium, market.funding_cap)? };
        let charged = if planted(Fault::GapChargedAsHour) { PERIOD } else { elapsed };
        let delta = funding::index_delta(rate, row.price.twap_1h, charged)?;
        let budget = market.amm.spare_equity(row.price.price)?.share(AMM_BUDGET, Rounding::Down)?;
        // Funding needs a payer: with one side empty and no vAMM position nothing is charged.
        let deltas = if market.long_interest.is_zero() && market.short_interest.is_zero() {
            Deltas { long: FundingIndex::ZERO, short: FundingIndex::ZERO, amm: Quote::ZERO }
        } else {
            funding::split(delta, market.long_interest, market.short_interest, market.amm.base, budget)?
        };
        row.funding_long = row.funding_long.plus(deltas.long)?;
        row.funding_short = row.funding_short.plus(deltas.short)?;
        market.amm.quote = market.amm.quote.plus(deltas.amm)?;
        market.funding_pot = market.funding_pot.minus(deltas.amm)?;
        let paid = |size: crate::quantity::Size, delta: FundingIndex, long: bool| -> Result<Quote> {
            let base = size.on(if long { crate::side::Side::Long } else { crate::side::Side::Short })?;
            Ok(Quote(funding::payment(base, delta)?.0.wrapping_neg()))
        };
        market.funding_paid_long = market.funding_paid_long.plus(paid(market.long_interest, deltas.long, true)?)?;
        market.funding_paid_short =
            market.funding_paid_short.plus(paid(market.short_interest, deltas.short, false)?)?;
        market.premium_sum = 0;
        market.premium_seconds = 0;
        market.funding_time = clock.unix_time;
        market.funding_rate = rate;
        let record = FundingRecord {
            premium,
            rate,
            oracle: row.price.twap_1h,
            long_delta: deltas.long,
            short_delta: deltas.short,
            long_index: row.funding_long,
            short_index: row.funding_short,
            long_interest: market.long_interest,
            short_interest: market.short_interest,
            amm_payment: deltas.amm,
            amm_budget: budget,
            elapsed: elapsed.0,
            time: clock.unix_time,
            market: market.index,
            padding: [0; 6],
        };
        emit(sink, EventKind::Funding, &record);
        Ok(FundingReport { rate, deltas })
    }
}
