//! Halts that end by themselves: a row whose price moves too fast is reserved for half a minute, and opens in steps.
//!
//! While a row is reserved its market fills nothing and begins no auction; cancels, post-only orders, deposits,
//! withdrawals, take-overs and settlements go on, each under the row's own state. What follows is a function of the
//! clock: nobody needs to do anything for it to end. Derivation: docs/math/halts.md.

use super::MarketRow;
use crate::clock::{Clock, elapsed};
use crate::error::{Error, Result};
use crate::fault::{self, Fault};
use crate::num::{Rounding, mul_div, quotient};
use crate::quantity::{Ppm, Price};
use crate::time::Seconds;

/// Longest time over which a move is measured.
pub const VELOCITY_WINDOW: Seconds = Seconds::MINUTE;
/// Time after which the price of before becomes what a move is measured against: two of them fit the window.
const HALF_WINDOW: Seconds = Seconds(30);
/// Multiple of the row's deviation past which a move halts.
pub const DEVIATIONS: u64 = 8;
/// Smallest move that halts, parts per ten thousand.
pub const LEAST_MOVE: u16 = 500;
/// Parts of a whole in [`MarketRow::move_limit`].
const PARTS: u64 = 10_000;
/// Time for which a row is reserved.
pub const RESERVED_FOR: Seconds = Seconds(30);
/// Most halts of a row in an hour.
pub const HALTS_AN_HOUR: usize = 4;
/// Time after that in which nothing but the call of crossed orders trades.
pub const CALL_LASTS: Seconds = Seconds(5);
/// Time of each step in which the band opens.
pub const OPENING_STEP: Seconds = Seconds(10);
/// How far from the oracle fills reach in each step; the market's own band holds where it is narrower.
pub const OPENING_BANDS: [Ppm; 3] = [Ppm(10_000), Ppm(20_000), Ppm(40_000)];
/// Time from the beginning of a halt until the market's own band holds again.
pub const HALT_LASTS: Seconds = Seconds(RESERVED_FOR.0 + CALL_LASTS.0 + 3 * OPENING_STEP.0);
/// Seconds that one of [`MarketRow::halts_before`] counts.
const QUARTER: Seconds = Seconds(15);

/// What a row's halt, if there was one, allows now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Session {
    /// Everything that the row's state allows.
    Open,
    /// Nothing is filled.
    Reserved,
    /// Crossed orders are called ([`crate::action::Uncross`]), and nothing else is filled.
    Calling,
    /// Fills reach so far from the oracle.
    Opening(Ppm),
}

/// What a row said before a refresh.
#[derive(Clone, Copy, Debug)]
pub struct Before {
    /// Its price.
    price: Price,
    /// Its deviation.
    deviation: Price,
    /// Publish time of the last sample in its averages.
    pub(super) sample_time: i64,
}

impl super::PriceRow {
    /// What the row says, to be compared with what a refresh makes of it ([`MarketRow::follow`]).
    #[inline(always)]
    pub const fn before(&self) -> Before {
        Before { price: self.price, deviation: self.deviation, sample_time: self.sample_time }
    }
}

impl MarketRow {
    /// What the row's last halt allows at `clock`: all readers ask here.
    #[inline(always)]
    pub fn session(&self, clock: &Clock) -> Session {
        let since = clock.seconds_since(i64::from(self.halted_at));
        if since >= HALT_LASTS { Session::Open } else { opening(since) }
    }

    /// When the row's last halt ends, Unix seconds: the reserved state with the call, and the steps in which it opens. `None` once it
    /// has.
    pub fn halt_ends(&self, clock: &Clock) -> Option<(i64, i64)> {
        let began = i64::from(self.halted_at);
        (self.session(clock) != Session::Open)
            .then(|| (CALL_LASTS.after(RESERVED_FOR.after(began)), HALT_LASTS.after(began)))
    }

    /// Refuses the row while it is reserved, the call included.
    ///
    /// # Errors
    /// [`Error::MarketReserved`].
    #[inline]
    pub fn require_unreserved(&self, clock: &Clock) -> Result<()> {
        if matches!(self.session(clock), Session::Reserved | Session::Calling)
            && !fault::planted(Fault::ReservedRowTrades)
        {
            Err(Error::MarketReserved)
        } else {
            Ok(())
        }
    }

    /// How far from the oracle fills reach now, of a market that lets them reach as far as `full`.
    ///
    /// # Errors
    /// [`Error::MarketReserved`].
    #[inline]
    pub fn fills_within(&self, full: Ppm, clock: &Clock) -> Result<Ppm> {
        match self.session(clock) {
            Session::Open => Ok(full),
            Session::Opening(band) => Ok(full.min(band)),
            Session::Reserved | Session::Calling if fault::planted(Fault::ReservedRowTrades) => Ok(full),
            Session::Reserved | Session::Calling => Err(Error::MarketReserved),
        }
    }

    /// Measures the move of a newer price and halts the row when two prices of a quorum in a row lie further than the limit
    /// from a price of the minute before the first of them, which the second follows within half a minute.
    ///
    /// The limit is [`DEVIATIONS`] times the row's deviation, at least [`LEAST_MOVE`], at most the price itself; it is
    /// taken whenever the price that moves are measured against is. Those are two, at most half the window apart: what
    /// moves that far within half the window is found wherever it begins, and nothing is that took longer than the
    /// window. Both begin anew after a gap, and with what a halt was made of, so that one move halts once.
    #[inline]
    pub(super) fn watch(&mut self, before: &Before, clock: &Clock) -> Result<()> {
        let now = self.price.price;
        let passed = elapsed(before.sample_time, self.price.sample_time);
        if self.anchor.is_zero() || passed > VELOCITY_WINDOW {
            self.moves = 0;
            self.anchor_before = now;
            return self.anchor(now, Seconds::ZERO, before.deviation);
        }
        if passed > HALF_WINDOW {
            self.moves = 0;
        }
        // A byte and a minute.
        let age = Seconds(passed.0.wrapping_add(u64::from(self.anchor_age)));
        if age > HALF_WINDOW && self.moves == 0 {
            let near = passed <= HALF_WINDOW && u64::from(self.anchor_age) <= HALF_WINDOW.0;
            self.anchor_before = if near { self.anchor } else { before.price };
            self.anchor(before.price, passed, before.deviation)?;
        } else {
            self.anchor_age = u8::try_from(age.0).unwrap_or(u8::MAX);
        }
        let carried = self.price.quorum_time == self.price.publish_time || fault::planted(Fault::AnyTickHalts);
        if !carried || !self.has_moved(now) {
            self.moves = 0;
            return Ok(());
        }
        if self.moves == 0 && !fault::planted(Fault::AnyTickHalts) {
            self.moves = 1;
            return Ok(());
        }
        self.moves = 0;
        self.anchor_before = now;
        self.anchor(now, Seconds::ZERO, before.deviation)?;
        self.begin_halt(clock);
        Ok(())
    }

    /// Whether a price lies further than the limit from one of the two that moves are measured against.
    #[inline]
    fn has_moved(&self, now: Price) -> bool {
        let (low, high) = if self.anchor < self.anchor_before {
            (self.anchor, self.anchor_before)
        } else {
            (self.anchor_before, self.anchor)
        };
        now.0.saturating_sub(low.0) > self.reach(low) || high.0.saturating_sub(now.0) > self.reach(high)
    }

    /// The limit of a move from a price, rounded down. The limit is at most the whole, so that nothing overflows.
    #[inline]
    fn reach(&self, price: Price) -> u64 {
        let limit = u64::from(self.move_limit);
        let whole = price.0.wrapping_div(PARTS);
        let rest = price.0.wrapping_rem(PARTS);
        whole.wrapping_mul(limit).wrapping_add(rest.wrapping_mul(limit).wrapping_div(PARTS))
    }

    /// Takes a price of so long ago as what moves are measured against, and the limit of a move.
    #[inline(never)]
    fn anchor(&mut self, price: Price, age: Seconds, deviation: Price) -> Result<()> {
        self.anchor = price;
        self.anchor_age = u8::try_from(age.0).unwrap_or(u8::MAX);
        let wide = deviation.0 >= quotient(price.0, DEVIATIONS, Rounding::Down)?;
        let limit = if wide || price.is_zero() {
            PARTS
        } else {
            mul_div(deviation.0, DEVIATIONS.wrapping_mul(PARTS), price.0, Rounding::Up)?
        };
        self.move_limit = u16::try_from(limit.min(PARTS)).unwrap_or(u16::MAX).max(LEAST_MOVE);
        Ok(())
    }

    /// Halts the row, unless it is reserved already or was halted [`HALTS_AN_HOUR`] times in the hour before.
    #[cold]
    #[inline(never)]
    fn begin_halt(&mut self, clock: &Clock) {
        let Ok(now) = u32::try_from(clock.unix_time) else { return };
        let since = clock.seconds_since(i64::from(self.halted_at));
        let [last, second, third] = self.halts_before;
        let quarters = u8::try_from(since.0.wrapping_div(QUARTER.0)).unwrap_or(u8::MAX);
        // Rounded down each, so that an hour is never shorter than one.
        let hour = u8::try_from(Seconds::HOUR.0.wrapping_div(QUARTER.0)).unwrap_or(u8::MAX);
        let fourth = third.saturating_add(quarters);
        if since < RESERVED_FOR || (fourth < hour && !fault::planted(Fault::HaltsWithoutEnd)) {
            return;
        }
        self.halts_before = [quarters, last.saturating_add(quarters), second.saturating_add(quarters)];
        self.halted_at = now;
    }
}

/// What a halt that has not ended allows so long after it began.
#[cold]
#[inline(never)]
fn opening(since: Seconds) -> Session {
    if since < RESERVED_FOR {
        return Session::Reserved;
    }
    const CALLED: Seconds = Seconds(RESERVED_FOR.0 + CALL_LASTS.0);
    if since < CALLED {
        return Session::Calling;
    }
    let step = since.0.wrapping_sub(CALLED.0).wrapping_div(OPENING_STEP.0);
    let band = usize::try_from(step).ok().and_then(|step| OPENING_BANDS.get(step));
    band.map_or(Session::Open, |band| Session::Opening(*band))
}
