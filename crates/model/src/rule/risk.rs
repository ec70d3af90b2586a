//! What a trader asks before acting: how healthy the account is, at which price it is liquidated, how large an order
//! may be, how much may leave, what funding is coming, and what the account would be after a fill.
//!
//! Nothing here is a formula of its own. Every answer is found by asking [`margin::margin_of`] about a copy, so that it
//! cannot differ from what the exchange does; boundaries are found by bisection because the size premium is not linear.
//! Each answer is about one [`Pocket`]: an isolated position neither helps nor harms the rest.

use crate::account::board::{MarketRow, PriceBoard, Purpose, RowState};
use crate::account::market::Market;
use crate::account::pocket::Pocket;
use crate::account::position::Position;
use crate::account::sub_account::SubAccount;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::num::{PPM, Rounding, mul_div};
use crate::quantity::{Amount, Ppm, Price, Quote, Size};
use crate::rule::fees;
use crate::rule::funding;
use crate::rule::liquidation;
use crate::rule::margin::{self, Margin, MarginKind};
use crate::side::Side;
use crate::time::Seconds;

/// Initial margin as placing an order asks for it: strict prices, open orders in the worst case.
///
/// # Errors
/// [`Error::StaleRow`], [`Error::RowStateForbids`]; [`Error::PositionNotFound`] for a pocket that is not there;
/// arithmetic.
pub fn initial(account: &SubAccount, pocket: Pocket, board: &PriceBoard, clock: &Clock) -> Result<Margin> {
    margin::margin_of(account, pocket, board, MarginKind::Initial, Purpose::IncreaseRisk, clock)
}

/// Maintenance margin as a liquidator sees it.
///
/// # Errors
/// As [`initial`].
pub fn maintenance(account: &SubAccount, pocket: Pocket, board: &PriceBoard, clock: &Clock) -> Result<Margin> {
    margin::margin_of(account, pocket, board, MarginKind::Maintenance, Purpose::Liquidate, clock)
}

/// Part of the collateral that maintenance margin leaves free: 100 % when nothing is required, 0 when a liquidation may
/// begin. Rounded down.
///
/// # Errors
/// As [`maintenance`].
#[inline]
pub fn health(account: &SubAccount, pocket: Pocket, board: &PriceBoard, clock: &Clock) -> Result<Ppm> {
    let margin = maintenance(account, pocket, board, clock)?;
    let free = margin.free()?;
    if free.0 < 0 {
        return Ok(Ppm::ZERO);
    }
    if margin.requirement.is_zero() {
        return Ok(Ppm(1_000_000));
    }
    let ratio = mul_div(free.magnitude().0, PPM, margin.collateral.magnitude().0, Rounding::Down)?;
    u32::try_from(ratio).map(Ppm).map_err(|_| Error::Overflow)
}

/// Value of the positions (open orders in the worst case) over the collateral, parts per million, rounded up; `None`
/// when there are positions and no collateral is left.
///
/// # Errors
/// As [`maintenance`].
#[inline]
pub fn leverage(account: &SubAccount, pocket: Pocket, board: &PriceBoard, clock: &Clock) -> Result<Option<u64>> {
    let margin = maintenance(account, pocket, board, clock)?;
    if margin.liability.is_zero() {
        return Ok(Some(0));
    }
    if margin.collateral.0 <= 0 {
        return Ok(None);
    }
    mul_div(margin.liability.0, PPM, margin.collateral.magnitude().0, Rounding::Up).map(Some)
}

/// The last price of a market, moving against the account, at which the pocket of its position there still meets its
/// maintenance margin while all other prices stay: one price unit (a millionth) further, a liquidation may begin. For a
/// pocket that fails it now, the first price at which it would recover.
///
/// `None` when no price decides: the margin holds at every price that fits the exchange's numbers, or at none. The
/// market's own row counts as fresh and in the Normal state; open orders count in their worst case. In the hour before an
/// expiry the price is the oracle's, which counts for what is left of the hour: in its last seconds none may decide.
///
/// # Errors
/// [`Error::PositionNotFound`]; of the other rows as [`maintenance`].
#[inline]
pub fn liquidation_price(
    account: &SubAccount,
    board: &PriceBoard,
    market: u16,
    clock: &Clock,
) -> Result<Option<Price>> {
    account.position(market)?;
    let pocket = Pocket::of(account, market);
    let mut probe = *board;
    let current = probe.market(market)?.price.price.usable()?.0;
    // `None` where a number leaves its range: no such price is ever asked about.
    let mut holds = |price: u64| -> Result<Option<bool>> {
        let row = &mut probe.market_mut(market)?.price;
        (row.price, row.publish_time, row.state) = (Price(price), clock.unix_time, RowState::Normal as u8);
        match maintenance(account, pocket, &probe, clock) {
            Ok(margin) => Ok(Some(margin.is_met())),
            Err(Error::Overflow) => Ok(None),
            Err(error) => Err(error),
        }
    };
    let now = holds(current)?.ok_or(Error::Overflow)?;
    let mut other = 1;
    if holds(other)? == Some(now) {
        other = current;
        loop {
            let Some(doubled) = other.checked_mul(2) else { return Ok(None) };
            other = doubled;
            match holds(other)? {
                None => return Ok(None),
                Some(held) if held != now => break,
                Some(_) => {}
            }
        }
    }
    let (inside, outside) = if now { (current, other) } else { (other, current) };
    boundary(inside, outside, |price| Ok(holds(price)?.unwrap_or(false))).map(|price| Some(Price(price)))
}

/// The largest order on a side of a market that the exchange would accept to rest now: a multiple of the step that
/// keeps the position within the market's limit and initial margin met, or does not enlarge the position's worst case.
/// Zero when the smallest order is too large.
///
/// Fees and the distance of the order's price to the oracle are not in it: they count once the order fills.
///
/// # Errors
/// The market's status, an account in liquidation, [`Error::NoPositionSlot`]; as [`initial`].
#[inline]
pub fn max_order_size(
    account: &SubAccount,
    board: &PriceBoard,
    market: &Market,
    side: Side,
    clock: &Clock,
) -> Result<Size> {
    market.require_open(false, clock)?;
    let mut start = *account;
    liquidation::require_free_in(&mut start, market.index, board, clock)?;
    let pocket = Pocket::of(&start, market.index);
    let before = start.open_position(market.index)?.worst_case_base()?.size();
    // Rows that are too old are an error and not a small size.
    let _ = initial(&start, pocket, board, clock)?;
    let step = market.step.0.max(1);
    let fits = |steps: u64| -> Result<bool> {
        let Some(size) = steps.checked_mul(step) else { return Ok(false) };
        let mut probe = start;
        let position = probe.open_position(market.index)?;
        match position.add_open(side, Size(size)).and_then(|()| position.worst_case_base()) {
            Ok(worst) if worst.size() <= before => Ok(true),
            Ok(worst) if worst.size() > market.max_position => Ok(false),
            Ok(_) => in_range(initial(&probe, pocket, board, clock)),
            Err(Error::Overflow) => Ok(false),
            Err(error) => Err(error),
        }
    };
    let steps = boundary(0, u64::MAX, fits)?;
    let size = Size(steps.saturating_mul(step));
    Ok(if size < market.min_order { Size::ZERO } else { size })
}

/// The most tokens of a bank that may leave the cross pocket now: all of the balance when nothing is at stake, else as
/// far as initial margin stays met. Zero when it is not met already.
///
/// # Errors
/// An account in liquidation; price rows as a withdrawal needs them.
#[inline]
pub fn max_withdrawal(account: &SubAccount, board: &PriceBoard, bank: u16, clock: &Clock) -> Result<Amount> {
    let mut start = *account;
    liquidation::require_free(&mut start, board, clock)?;
    let balance = start.balance(bank);
    if start.positions.iter().all(|position| !position.is_cross() || position.is_idle()) {
        return Ok(balance);
    }
    let fits = |amount: u64| -> Result<bool> {
        let mut probe = start;
        if amount != 0 {
            probe.debit(bank, Amount(amount))?;
        }
        in_range(margin::margin_of(&probe, Pocket::Cross, board, MarginKind::Initial, Purpose::Withdraw, clock))
    };
    if fits(balance.0)? {
        return Ok(balance);
    }
    if !fits(0)? {
        return Ok(Amount::ZERO);
    }
    boundary(0, balance.0, fits).map(Amount)
}

/// The hourly rate that a funding update would charge if it ran now, parts per billion: of the premium samples taken
/// since the last update, and the premium in force until now.
///
/// # Errors
/// An oracle price of zero; arithmetic.
#[inline]
pub fn predicted_funding(market: &Market, row: &MarketRow, clock: &Clock) -> Result<i64> {
    if market.require_before_last_hour(clock).is_err() {
        // Nothing is charged any more.
        return Ok(0);
    }
    let mut probe = *market;
    probe.sample_premium(row.price.price, clock.unix_time)?;
    let premium = funding::average_premium(probe.premium_sum, Seconds(probe.premium_seconds))?;
    funding::hourly_rate(premium, market.funding_cap)
}

/// What a position would receive (positive) or pay for an hour at that rate, before the update holds receivers to what payers bring.
///
/// # Errors
/// [`crate::Error::Overflow`].
#[inline]
pub fn funding_at(position: &Position, row: &MarketRow, rate: i64) -> Result<Quote> {
    funding::payment(position.base, funding::index_delta(rate, row.price.twap_1h, funding::PERIOD)?)
}

/// An order that is only thought of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WhatIf {
    /// Market.
    pub market: u16,
    /// Buy or sell.
    pub side: Side,
    /// Size in base.
    pub size: Size,
    /// Price at which it fills.
    pub price: Price,
    /// Fee over the traded quote.
    pub fee: Ppm,
    /// Whether it can only reduce the position.
    pub reduce_only: bool,
}

impl WhatIf {
    /// The account while the order rests.
    ///
    /// # Errors
    /// [`Error::NoPositionSlot`]; arithmetic.
    #[inline]
    pub fn resting(&self, account: &SubAccount) -> Result<SubAccount> {
        let mut after = *account;
        let position = after.open_position(self.market)?;
        if !self.reduce_only {
            position.add_open(self.side, self.size)?;
        }
        Ok(after)
    }

    /// The account once the order is filled in full at its price, taker fee paid: funding settled, the traded quote and
    /// the fee rounded against the account.
    ///
    /// # Errors
    /// [`Error::NoPositionSlot`], [`Error::ReduceOnlyWouldIncrease`]; arithmetic.
    #[inline]
    pub fn filled(&self, account: &SubAccount, row: &MarketRow) -> Result<SubAccount> {
        let mut after = *account;
        let position = after.open_position(self.market)?;
        let mut size = self.size;
        if self.reduce_only {
            if position.base.is_zero() || Side::closing(position.base) != self.side {
                return Err(Error::ReduceOnlyWouldIncrease);
            }
            size = size.min(position.base.size());
        }
        position.quote = position.quote.plus(position.unsettled_funding(row.funding(position.base))?)?;
        let (quote, value) = match self.side {
            Side::Long => {
                let value = size.value(self.price, Rounding::Up)?;
                (value.debit()?, value)
            }
            Side::Short => {
                let value = size.value(self.price, Rounding::Down)?;
                (value.credit()?, value)
            }
        };
        position.trade(size.on(self.side)?, quote)?;
        position.funding_index = row.funding(position.base);
        position.quote = position.quote.plus(fees::taker_fee(value, self.fee)?.debit()?)?;
        Ok(after)
    }
}

/// Whether a margin is met; one that leaves the range of numbers is not.
fn in_range(margin: Result<Margin>) -> Result<bool> {
    match margin {
        Ok(margin) => Ok(margin.is_met()),
        Err(Error::Overflow) => Ok(false),
        Err(error) => Err(error),
    }
}

/// The last number on the way from `inside`, where a statement holds, to `outside`, where it does not, at which it
/// holds.
#[inline]
fn boundary(mut inside: u64, mut outside: u64, mut holds: impl FnMut(u64) -> Result<bool>) -> Result<u64> {
    while inside.abs_diff(outside) > 1 {
        let middle = u64::midpoint(inside, outside);
        if holds(middle)? {
            inside = middle;
        } else {
            outside = middle;
        }
    }
    Ok(inside)
}
