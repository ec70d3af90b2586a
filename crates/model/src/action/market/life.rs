//! Opening, closing, expiring and delisting a market. Settling it: [`crate::action::SettleMarket`].

use crate::account::bank::Bank;
use crate::account::board::{PriceBoard, Purpose};
use crate::account::exchange::Exchange;
use crate::account::market::{Market, MarketStatus};
use crate::account::pause::{MOST_PAUSED, pause, stamp};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::event::{EventKind, EventSink, MarketRecord, emit};
use crate::fault::{self, Fault};
use crate::num::{Checked, to_i64};
use crate::quantity::{Amount, Price, Quote};
use crate::rule::lifecycle::{DEBT_PERIOD, EXPIRY_NOTICE};
use crate::time::Seconds;

/// Opens a market, or switches it between trading and reduce-only.
#[must_use]
#[derive(Clone, Copy, Debug)]
pub struct SetMarketStatus {
    /// [`MarketStatus::Active`] or [`MarketStatus::ReduceOnly`].
    pub status: MarketStatus,
    /// How long it is reduce-only; nothing when it trades.
    pub length: Seconds,
}

impl SetMarketStatus {
    /// Refuses anybody but the admin, and the pauser who closes a market to new risk.
    ///
    /// # Errors
    /// [`Error::WrongAuthority`].
    #[inline]
    pub fn authorise(&self, exchange: &Exchange, signer: &[u8; 32]) -> Result<()> {
        let closes = self.status == MarketStatus::ReduceOnly;
        if closes && exchange.is_pauser(signer) { Ok(()) } else { exchange.require_admin(signer) }
    }

    /// Sets the status. A listed market opens only on a price that could open risk, with the vAMM at that price. A
    /// reduce-only market trades again by itself; one that is reduce-only keeps its end.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a status that is reached in another way, [`Error::MarketNotActive`] from
    /// settlement on, [`Error::MarketExpired`], [`Error::PauseTooLong`], [`Error::PauseTooSoon`], those of
    /// [`Market::validate_scale`] at the price, price rows.
    pub fn execute(
        self,
        board: &PriceBoard,
        market: &mut Market,
        clock: Clock,
        sink: &mut impl EventSink,
    ) -> Result<()> {
        market.require_unexpired(&clock)?;
        let before = MarketStatus::from_number(market.status)?;
        match (before, self.status) {
            (MarketStatus::Initialised, MarketStatus::Active) => {
                let row = &board.market(market.index)?.price;
                row.require(Purpose::IncreaseRisk, &clock)?;
                market.validate_scale(row.price)?;
                match market.amm.update(row, &clock) {
                    Ok(_) | Err(Error::AmmUpdateNotNeeded) => {}
                    Err(other) => return Err(other),
                }
                // Nothing was due before.
                (market.premium_time, market.funding_time) = (clock.unix_time, clock.unix_time);
            }
            (MarketStatus::Active | MarketStatus::ReduceOnly, MarketStatus::ReduceOnly) => {
                if !market.is_reduce_only(&clock) {
                    let (since, until) = (market.reduces_since, market.reduces_until);
                    market.reduces_until = pause(since, until, self.length, MOST_PAUSED, &clock)?;
                    market.reduces_since = stamp(clock.unix_time)?;
                }
            }
            (MarketStatus::Active | MarketStatus::ReduceOnly, MarketStatus::Active) => {
                market.reduces_until = market.reduces_until.min(stamp(clock.unix_time)?);
            }
            _ => return Err(Error::InvalidParameter),
        }
        market.status = self.status as u8;
        record(market, before as u8, clock, sink, MarketRecord::default());
        Ok(())
    }
}

/// Sets, moves or withdraws a market's expiry.
#[must_use]
#[derive(Clone, Copy, Debug)]
pub struct SetExpiry {
    /// Unix time, 0 for never.
    pub time: i64,
}

impl SetExpiry {
    /// Refuses anybody but the admin.
    ///
    /// # Errors
    /// [`Error::WrongAuthority`].
    #[inline]
    pub fn authorise(&self, exchange: &Exchange, signer: &[u8; 32]) -> Result<()> {
        exchange.require_admin(signer)
    }

    /// Sets the expiry in the market and in its row, [`EXPIRY_NOTICE`] ahead at least. Until the hour before
    /// the expiry it can be moved, with the same notice, or withdrawn. In that hour positions are worth what they will be
    /// settled at, and would jump to the oracle.
    ///
    /// # Errors
    /// [`Error::ExpiryTooSoon`], [`Error::MarketExpiring`], [`Error::MarketExpired`], [`Error::MarketNotActive`].
    pub fn execute(
        self,
        board: &mut PriceBoard,
        market: &mut Market,
        clock: Clock,
        sink: &mut impl EventSink,
    ) -> Result<()> {
        market.require_before_last_hour(&clock)?;
        if self.time != 0 && self.time < clock.unix_time.plus(to_i64(EXPIRY_NOTICE.0)?)? {
            return Err(Error::ExpiryTooSoon);
        }
        board.market_mut(market.index)?.set_expiry(self.time);
        market.expiry_time = self.time;
        record(market, market.status, clock, sink, MarketRecord::default());
        Ok(())
    }
}

/// Ends a market that is settled: anybody may.
#[must_use]
#[derive(Clone, Copy, Debug, Default)]
pub struct DelistMarket;

impl DelistMarket {
    /// Moves what is left (the vAMM's capital, fees, the insurance fund) to the protocol and marks the row as delisted.
    /// It stays on the board at the settlement price, so that no account that still names it is stopped by it.
    ///
    /// A debt that is not paid yet keeps no market on the list. Claims that wait for it stay, with the tokens for them and
    /// as much of the insurance fund as is owed, and [`crate::action::SettlePosition`] goes on as before; what has become free
    /// since is moved by the same call once more.
    ///
    /// # Errors
    /// [`Error::MarketNotSettling`], also when it is delisted and nothing has become free;
    /// [`Error::SettlementPending`] while a position is left, one that settlement has not looked at, or a claim that waits for no debt, or [`DEBT_PERIOD`] has
    /// not passed; [`Error::WrongRow`] for another bank than the quote bank.
    pub fn execute(
        self,
        exchange: &mut Exchange,
        board: &mut PriceBoard,
        market: &mut Market,
        bank: &mut Bank,
        clock: Clock,
        sink: &mut impl EventSink,
    ) -> Result<Amount> {
        if !market.is_settling() {
            return Err(Error::MarketNotSettling);
        }
        bank.require_quote()?;
        let waits = !market.debts.is_zero() && !fault::planted(Fault::SolventDebtorWrittenOff);
        let paid = market.users_quote.is_zero() && market.debts.is_zero();
        let settled = market.long_interest.is_zero()
            && market.short_interest.is_zero()
            && market.is_looked_through()?
            && (waits || paid)
            && clock.seconds_since(market.settlement_time) >= DEBT_PERIOD;
        if !settled {
            return Err(Error::SettlementPending);
        }
        let (pool, insurance) = (market.pnl_pool.min(market.settled_claims), market.insurance_fund.min(market.debts));
        let leftover = market.pnl_pool.minus(pool)?.plus(market.insurance_fund.minus(insurance)?)?;
        if market.status == MarketStatus::Delisted as u8 && leftover.is_zero() {
            return Err(Error::MarketNotSettling);
        }
        // The fees go, and what they bore of the losses with them.
        let borne = market.fees.plus(market.insurance_fees)?;
        market.settlement_loss = Amount(market.settlement_loss.0.saturating_sub(borne.0));
        (market.pnl_pool, market.insurance_fund) = (pool, insurance);
        (market.fees, market.insurance_fees, market.deficit) = (Amount::ZERO, Amount::ZERO, Amount::ZERO);
        // Against the claims and debts that are left, if any.
        (market.funding_pot, market.amm.quote) = (Quote::ZERO, pool.credit()?.minus(market.users_quote)?);
        bank.market_pools = bank.market_pools.minus(leftover)?;
        bank.protocol = bank.protocol.plus(leftover)?;
        market.protocol_fees = market.protocol_fees.saturating_add(leftover.0);
        board.market_mut(market.index)?.listed = crate::account::board::DELISTED;
        let before = market.status;
        market.status = MarketStatus::Delisted as u8;
        if before != market.status {
            exchange.delisted = exchange.delisted.checked_add(1).ok_or(Error::Overflow)?;
        }
        record(market, before, clock, sink, MarketRecord { leftover, ..MarketRecord::default() });
        Ok(leftover)
    }
}

/// Records what a market is now.
pub(in crate::action) fn record(
    market: &Market,
    before: u8,
    clock: Clock,
    sink: &mut impl EventSink,
    more: MarketRecord,
) {
    let record = MarketRecord {
        expiry_time: market.expiry_time,
        settlement_price: if market.is_settling() { market.settlement_price } else { Price::ZERO },
        time: clock.unix_time,
        market: market.index,
        status: market.status,
        status_before: before,
        ..more
    };
    emit(sink, EventKind::MarketChanged, &record);
}
