//! From listing to delisting: when a market trades, at what price it is settled, and what a claim on it is paid.

use crate::account::bank::Bank;
use crate::account::board::{PriceBoard, PriceRow, SETTLEMENT_WINDOW};
use crate::account::market::{Market, MarketStatus};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::fault::{self, Fault};
use crate::num::{BASE, Rounding, mul_div};
use crate::quantity::{Amount, Price, Quote};
use crate::rule::{tiers, waterfall};
use crate::time::{Seconds, Slot, SlotTime};

/// Time between setting an expiry and the expiry at least: an hour's notice of the hour in which the market only
/// reduces.
pub const EXPIRY_NOTICE: Seconds = Seconds(2 * SETTLEMENT_WINDOW.0);
/// Time after the beginning of settlement before which no profit is paid: in them all positions are closed and
/// all debts that anybody owes the market are known.
pub const PAYOUT_DELAY: Seconds = Seconds::HOUR;
/// Time after the beginning of settlement for which debts are waited for: then the pool pays claims without them, and the
/// market can be delisted. With the day of [`SILENCE`], or of a pause, before it a market is paid out within two days.
pub const DEBT_PERIOD: Seconds = Seconds(12 * Seconds::HOUR.0);
/// Time without a price of its row, in seconds and in slots, after which anybody ends a market.
pub const SILENCE: Seconds = Seconds::DAY;
/// Time before that at which it is announced at the latest, in seconds and in slots: sources that are left may speak.
pub const SILENCE_NOTICE: Seconds = Seconds::HOUR;

/// Hours in which the price of collateral that no source has served for [`SILENCE`] falls from its last average to nothing.
pub const AUCTION_HOURS: u64 = 12;

/// The price at which tokens of a bank with a silent row are bought for a debt: the five-minute average of its last
/// price, less a twelfth with each hour, in seconds and in slots, that the silence lasts beyond [`SILENCE`]; at least one unit.
/// `None` for a row that is not silent, or has never had a price.
///
/// # Errors
/// [`crate::Error::Overflow`].
pub fn auction_price(row: &PriceRow, clock: &Clock, slot_time: SlotTime) -> Result<Option<Price>> {
    let silent = |hours: u64| {
        let time = Seconds(SILENCE.0.saturating_add(hours.saturating_mul(Seconds::HOUR.0)));
        row.is_silent_for(time, clock, slot_time)
    };
    if row.price.is_zero() || !silent(0)? {
        return Ok(None);
    }
    let mut left = AUCTION_HOURS;
    for hour in 1..=AUCTION_HOURS {
        if !silent(hour)? {
            break;
        }
        left = AUCTION_HOURS.saturating_sub(hour);
    }
    Ok(Some(Price(mul_div(row.twap_5m.0, left, AUCTION_HOURS, Rounding::Up)?.max(1))))
}

/// How far a market with a silent row is on its way to settlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// Long enough without a price, and not announced.
    Due,
    /// Announced, and not over.
    Announced,
    /// Anybody may settle the market.
    Over,
}

/// Terms of a market's settlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Price at which all positions are closed.
    pub price: Price,
    /// What the insurance fund gives to the pool.
    pub insurance: Amount,
}

/// How a claim on a settling market is split into paid and written off.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payout {
    /// Paid.
    pub paid: Amount,
    /// Given up: no debtor is left to pay it.
    pub written_off: Amount,
}

impl Market {
    /// Whether the expiry has come.
    #[inline]
    pub fn is_expired(&self, clock: &Clock) -> bool {
        self.expiry_time != 0 && clock.unix_time >= self.expiry_time
    }

    /// Whether the hour before the expiry has begun: positions are worth what they will be settled at, and the market only
    /// reduces.
    #[inline]
    pub fn in_last_hour(&self, clock: &Clock) -> bool {
        self.expiry_time != 0
            && clock.unix_time >= SETTLEMENT_WINDOW.before(self.expiry_time)
            && !fault::planted(Fault::ExpiryAtSpot)
    }

    /// How long the market's row or the quote bank's has been silent; `None` while both had a price within [`SILENCE`] less
    /// [`SILENCE_NOTICE`]. The one counts that has been silent for longer: without either nobody can take tokens out beside a
    /// position. An announcement counts for the silence in which it was made. A row that never had a price is announced for
    /// the whole [`SILENCE`].
    ///
    /// # Errors
    /// [`Error::RowNotListed`], [`Error::Overflow`].
    pub fn silence(&self, board: &PriceBoard, clock: &Clock) -> Result<Option<Silence>> {
        let (own, quote) = (&board.market(self.index)?.price, &board.bank(Bank::QUOTE)?.price);
        let row = if quote.publish_time < own.publish_time { quote } else { own };
        let slot_time = board.slot_time();
        let first = Seconds(SILENCE.0.saturating_sub(SILENCE_NOTICE.0));
        if fault::planted(Fault::SilentRowHoldsMarket) || !row.is_silent_for(first, clock, slot_time)? {
            return Ok(None);
        }
        let announced = i64::from(self.silence_time);
        if announced == 0 || announced <= row.publish_time {
            return Ok(Some(Silence::Due));
        }
        let notice = if row.price.is_zero() { SILENCE } else { SILENCE_NOTICE };
        let noticed = clock.seconds_since(announced) >= notice
            && clock.slots_since(Slot(u64::from(self.silence_slot))).reach(notice, slot_time)?;
        let over = noticed && row.is_silent_for(SILENCE, clock, slot_time)?;
        Ok(Some(if over { Silence::Over } else { Silence::Announced }))
    }

    /// Whether every trade must make its parties' positions smaller.
    #[inline]
    pub fn only_reduces(&self, clock: &Clock) -> bool {
        self.is_reduce_only(clock) || self.in_last_hour(clock)
    }

    /// Whether admin or pauser has made the market reduce-only, and that has not ended.
    #[inline]
    pub fn is_reduce_only(&self, clock: &Clock) -> bool {
        self.status == MarketStatus::ReduceOnly as u8 && clock.unix_time < i64::from(self.reduces_until)
    }

    /// Whether settlement has begun.
    #[inline]
    pub fn is_settling(&self) -> bool {
        self.status >= MarketStatus::Settlement as u8
    }

    /// Refuses orders and fills unless the market trades; `reduces` for those that only make a position smaller. In the
    /// hour before the expiry only those pass.
    ///
    /// # Errors
    /// [`Error::MarketNotActive`], [`Error::MarketReduceOnly`], [`Error::MarketExpired`].
    #[inline]
    pub fn require_open(&self, reduces: bool, clock: &Clock) -> Result<()> {
        match MarketStatus::from_number(self.status)? {
            MarketStatus::Active => {}
            MarketStatus::ReduceOnly if reduces || !self.is_reduce_only(clock) => {}
            MarketStatus::ReduceOnly => return Err(Error::MarketReduceOnly),
            _ => return Err(Error::MarketNotActive),
        }
        if self.is_expired(clock) {
            Err(Error::MarketExpired)
        } else if !reduces && self.in_last_hour(clock) {
            Err(Error::MarketReduceOnly)
        } else {
            Ok(())
        }
    }

    /// Refuses what ends an hour before the expiry: funding, and another expiry.
    ///
    /// # Errors
    /// As [`Self::require_unexpired`], [`Error::MarketExpiring`].
    #[inline]
    pub fn require_before_last_hour(&self, clock: &Clock) -> Result<()> {
        self.require_unexpired(clock)?;
        if self.in_last_hour(clock) { Err(Error::MarketExpiring) } else { Ok(()) }
    }

    /// Refuses what ends with the market's expiry: moves of the vAMM, and its status.
    ///
    /// # Errors
    /// [`Error::MarketNotActive`], [`Error::MarketExpired`].
    #[inline]
    pub fn require_unexpired(&self, clock: &Clock) -> Result<()> {
        if self.is_settling() {
            Err(Error::MarketNotActive)
        } else if self.is_expired(clock) {
            Err(Error::MarketExpired)
        } else {
            Ok(())
        }
    }

    /// What users' claims at a price exceed the pool by.
    fn uncovered(&self, price: Price) -> Result<Amount> {
        Ok(self.net_users_pnl(price)?.minus(self.pnl_pool.credit()?)?.positive_part())
    }

    /// How the market is settled at an average of the oracle: at that price, and what the vAMM cannot pay of it comes from
    /// the insurance fund, as for any default.
    ///
    /// Where that is not enough and another price inside the market's band would let the pool pay all claims, that price is
    /// taken: those pay who stand against the vAMM. Otherwise the price stays, and what is missing is missing from every
    /// profit in proportion ([`Self::payout`]): a price far away would move as much between longs and shorts for nothing.
    ///
    /// # Errors
    /// [`crate::Error::Overflow`].
    pub fn settlement_terms(&self, average: Price, clock: &Clock) -> Result<Terms> {
        let missing = self.uncovered(average)?;
        let old = fault::planted(Fault::ExpiryAtSpot);
        let insurance = missing.min(if old { self.insurance_fund } else { self.insurance_room(clock)? });
        let missing = missing.minus(insurance)?;
        let net = self.users_base()?;
        let plain = Terms { price: average, insurance };
        if missing.is_zero() || net.is_zero() {
            return Ok(plain);
        }
        let Ok(distance) = mul_div(missing.0, BASE, net.size().0, Rounding::Up) else { return Ok(plain) };
        let price = if net.0 > 0 { average.0.saturating_sub(distance) } else { average.0.saturating_add(distance) };
        let (low, high) = self.band(average)?;
        if Price(price) < low || Price(price) > high {
            return Ok(plain);
        }
        Ok(Terms { price: Price(price), insurance })
    }

    /// What a claim is paid now, of which `before` has been paid already: the share that all claims can be paid, and the
    /// rest once the debts that are missing have come in.
    ///
    /// All claims there ever were are `C`, all money for them is `M`: what the pool holds and has paid, but no more than
    /// `C` less what is owed (it may still come) and less what was lost by defaults in settlement, which fees bear first,
    /// then profits, and the vAMM last. Everybody has `M / C` of a claim paid in the end, in whatever order and however often they
    /// ask. After [`DEBT_PERIOD`] what is owed is not waited for: the pool, of which the vAMM's capital is a part, pays
    /// what it can, and the vAMM gets the debts that still come. As long as a debt is left nothing is given up. Rounded down.
    ///
    /// The pool pays users before anybody else: fees, insurance fees and the vAMM get what is left.
    ///
    /// # Errors
    /// [`Error::SettlementPending`] while positions are open or there are some that settlement has not looked at,
    /// in the first [`PAYOUT_DELAY`], and while only debts that are not paid yet would pay more.
    pub fn payout(&self, claim: Amount, before: Amount, clock: &Clock) -> Result<Payout> {
        let since = clock.seconds_since(self.settlement_time);
        let open = !self.long_interest.is_zero() || !self.short_interest.is_zero();
        if open || since < PAYOUT_DELAY {
            return Err(Error::SettlementPending);
        }
        if fault::planted(Fault::SolventDebtorWrittenOff) {
            return self.payout_by_deadline(claim, since);
        }
        if !self.is_looked_through()? {
            return Err(Error::SettlementPending);
        }
        let claims = self.settled_claims.plus(self.paid_out)?.plus(self.written_off)?;
        let lost = self.settlement_loss.0.saturating_sub(self.fees.plus(self.insurance_fees)?.0);
        let waits = since < DEBT_PERIOD || fault::planted(Fault::ClaimWaitsForever);
        let owed = if waits { self.debts } else { Amount::ZERO };
        let sure = Amount(claims.0.saturating_sub(owed.0).saturating_sub(lost));
        let means = self.pnl_pool.plus(self.paid_out)?.min(sure);
        let due = mul_div(claim.plus(before)?.0, means.0, claims.0, Rounding::Down)?.saturating_sub(before.0);
        let paid = Amount(due).min(claim).min(self.pnl_pool);
        if self.debts.is_zero() {
            return Ok(Payout { paid, written_off: claim.minus(paid)? });
        }
        if paid.is_zero() { Err(Error::SettlementPending) } else { Ok(Payout { paid, written_off: Amount::ZERO }) }
    }

    /// Whether settlement has looked at every position: then the claims and debts that it has counted are all there are.
    pub(crate) fn is_looked_through(&self) -> Result<bool> {
        Ok(self.users_quote.plus(self.debts.credit()?)? == self.settled_claims.credit()?)
    }

    /// The old rule: debts are waited for, at most [`DEBT_PERIOD`].
    fn payout_by_deadline(&self, claim: Amount, since: Seconds) -> Result<Payout> {
        let claims = Amount(self.users_quote.plus(self.debts.credit()?)?.positive_part().0.max(claim.0));
        if self.pnl_pool >= claims {
            return Ok(Payout { paid: claim, written_off: Amount::ZERO });
        }
        if !self.debts.is_zero() && since < DEBT_PERIOD {
            return Err(Error::SettlementPending);
        }
        let paid = Amount(mul_div(claim.0, self.pnl_pool.0, claims.0, Rounding::Down)?);
        Ok(Payout { paid, written_off: claim.minus(paid)? })
    }

    /// Takes a claim out of the ledger that nobody will pay: against the deficit that caused it, and beyond that against
    /// what the vAMM owes.
    pub(crate) fn write_off(&mut self, amount: Amount) -> Result<()> {
        let deficit = amount.min(self.deficit);
        self.users_quote = self.users_quote.minus(amount.credit()?)?;
        self.deficit = self.deficit.minus(deficit)?;
        self.funding_pot = self.funding_pot.plus(deficit.credit()?)?;
        self.amm.quote = self.amm.quote.plus(amount.minus(deficit)?.credit()?)?;
        self.haircuts = self.haircuts.saturating_add(amount.0);
        self.written_off = self.written_off.plus(amount)?;
        Ok(())
    }

    /// What the insurance fund may still pay today: the market's cap and its tier's share of the fund, less what it paid
    /// since the day began, so that something is left for the next and a default that is split gets no more than one.
    /// Settlement is no exception: an end that everybody knows of can be prepared for.
    pub(crate) fn insurance_room(&self, clock: &Clock) -> Result<Amount> {
        if fault::planted(Fault::ExpiryAtSpot) && self.is_settling() {
            return Ok(self.insurance_fund);
        }
        let share = tiers::of(self.tier)?.insurance_share;
        let used = if self.insurance_day_over(clock) { Amount::ZERO } else { self.insurance_used };
        let most = self.insurance_cap.min(self.insurance_fund.plus(used)?.share(share, Rounding::Down)?);
        Ok(Amount(most.0.saturating_sub(used.0)).min(self.insurance_fund))
    }

    /// Whether the day of the insurance fund's cap is over: it begins with the first payment after that.
    fn insurance_day_over(&self, clock: &Clock) -> bool {
        clock.seconds_since(self.insurance_day) >= Seconds::DAY
    }

    /// Moves tokens from the insurance fund to the pool of the ledger, for a default.
    ///
    /// # Errors
    /// [`crate::Error::Overflow`].
    pub(crate) fn pay_from_insurance(&mut self, amount: Amount, clock: &Clock) -> Result<()> {
        if self.insurance_day_over(clock) {
            (self.insurance_used, self.insurance_day) = (Amount::ZERO, clock.unix_time);
        }
        self.insurance_used = self.insurance_used.plus(amount)?;
        self.insurance_fund = self.insurance_fund.minus(amount)?;
        self.pnl_pool = self.pnl_pool.plus(amount)?;
        Ok(())
    }

    /// Repays the deficit from fees, which come before anything else that fees are for. It is an open hole in the funding
    /// pot: fees fill it inside the ledger, no token moves. Returns what was repaid.
    ///
    /// # Errors
    /// [`crate::Error::Overflow`].
    pub(crate) fn repay_deficit(&mut self) -> Result<Amount> {
        let repaid = self.deficit.min(self.fees);
        self.fees = self.fees.minus(repaid)?;
        self.funding_pot = self.funding_pot.plus(repaid.credit()?)?;
        self.deficit = self.deficit.minus(repaid)?;
        Ok(repaid)
    }

    /// What the vAMM gives for the defaults of a day: half of its spare equity at a price, what it gave in that day counted
    /// in, and no more than the spare equity. Rounded down.
    ///
    /// # Errors
    /// [`crate::Error::Overflow`].
    pub(crate) fn amm_room(&self, price: Price, clock: &Clock) -> Result<Amount> {
        let spare = self.amm.spare_equity(price)?;
        let used = if self.amm_day_over(clock) { Amount::ZERO } else { self.amm_used };
        let most = spare.plus(used)?.share(waterfall::AMM_SHARE, Rounding::Down)?;
        Ok(Amount(most.0.saturating_sub(used.0)).min(spare))
    }

    /// Whether the day of the vAMM's cap is over: it begins with the first payment after that.
    fn amm_day_over(&self, clock: &Clock) -> bool {
        clock.seconds_since(self.amm_day) >= Seconds::DAY
    }

    /// Takes a part of a default from the vAMM's cash. No token moves: what the vAMM has in the pool is the users' then.
    ///
    /// # Errors
    /// [`crate::Error::Overflow`].
    pub(crate) fn pay_from_amm(&mut self, amount: Amount, clock: &Clock) -> Result<()> {
        if amount.is_zero() {
            return Ok(());
        }
        if self.amm_day_over(clock) {
            (self.amm_used, self.amm_day) = (Amount::ZERO, clock.unix_time);
        }
        self.amm_used = self.amm_used.plus(amount)?;
        self.amm.quote = self.amm.quote.minus(amount.credit()?)?;
        Ok(())
    }

    /// Adds a loss that nobody has paid to the deficit: a hole in the funding pot.
    ///
    /// # Errors
    /// [`crate::Error::Overflow`].
    pub(crate) fn add_deficit(&mut self, amount: Amount, clock: &Clock) -> Result<()> {
        if amount.is_zero() {
            return Ok(());
        }
        if self.deficit.is_zero() {
            self.deficit_time = clock.unix_time;
        }
        self.deficit = self.deficit.plus(amount)?;
        self.funding_pot = self.funding_pot.minus(amount.credit()?)?;
        Ok(())
    }

    /// Notes that a pocket with a position here owes more than it has by an amount: profit is held from now on, unless it was held
    /// in the last two [`waterfall::INSOLVENCY_HOLD`]s, so that nobody holds it for ever.
    pub(crate) fn note_insolvency(&mut self, lacks: Amount, clock: &Clock) {
        let over = Seconds(2 * waterfall::INSOLVENCY_HOLD.0);
        if lacks >= waterfall::LEAST_INSOLVENCY && clock.seconds_since(self.insolvency_time) >= over {
            self.insolvency_time = clock.unix_time;
        }
    }

    /// Refuses to turn profit into tokens while a default is in sight that nobody has settled: who leaves before it would leave
    /// the loss to the rest.
    ///
    /// # Errors
    /// [`Error::ProfitHeld`].
    pub(crate) fn require_no_insolvency(&self, clock: &Clock) -> Result<()> {
        let held = clock.seconds_since(self.insolvency_time) < waterfall::INSOLVENCY_HOLD;
        if held { Err(Error::ProfitHeld) } else { Ok(()) }
    }

    /// Refuses to turn profit into tokens in the first [`waterfall::HAIRCUT_DELAY`] of a deficit. Later defaults do not begin
    /// it anew: a claim that comes before the losers of then have been settled bears a larger share, never a smaller one.
    ///
    /// # Errors
    /// [`Error::ProfitHeld`].
    pub(crate) fn require_haircut_time(&self, clock: &Clock) -> Result<()> {
        let waits = clock.seconds_since(self.deficit_time) < waterfall::HAIRCUT_DELAY;
        if waits { Err(Error::ProfitHeld) } else { Ok(()) }
    }

    /// Takes what a haircut has a position give up out of the ledger: it fills the deficit.
    ///
    /// # Errors
    /// [`crate::Error::Overflow`].
    pub(crate) fn give_up(&mut self, amount: Amount) -> Result<()> {
        self.users_quote = self.users_quote.minus(amount.credit()?)?;
        self.deficit = self.deficit.minus(amount)?;
        self.funding_pot = self.funding_pot.plus(amount.credit()?)?;
        self.haircuts = self.haircuts.saturating_add(amount.0);
        Ok(())
    }

    /// What the vAMM can still pay of a default where nobody holds a position: its cash.
    pub(crate) fn amm_means(&self) -> Result<Amount> {
        let means: Quote = if fault::planted(Fault::ExpiryAtSpot) && self.is_settling() {
            self.amm.equity(self.settlement_price)?
        } else {
            self.amm.quote
        };
        Ok(means.positive_part())
    }
}
