//! Pauses that end by themselves: how long a switch stops what it stops, and when it may do so again.
//!
//! A pause begins with its end. Nothing needs a hand to go on, and a switch that is set again and again stops less than
//! half of the time. What leaving needs ([`operation::LEAVING`]) has one clock for all its switches and for the halts of
//! rows: 24 hours from the first of them, then 48 hours without any, so that taking turns does not stretch a stop.

use crate::account::exchange::{Exchange, operation};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::time::Seconds;

/// Time from its beginning that a stop of leaving lasts at most, however many switches take part.
pub const MOST_STOPPED: Seconds = Seconds::DAY;
/// Time after that in which no other stop of leaving begins.
pub const LEAST_OPEN: Seconds = Seconds(2 * Seconds::DAY.0);
/// Time that a pause of another operation, and a reduce-only market, lasts at most.
pub const MOST_PAUSED: Seconds = Seconds(7 * Seconds::DAY.0);

/// A Unix time as the accounts keep it, to the year 2106.
///
/// # Errors
/// [`Error::Overflow`] before 1970 and after it.
pub(crate) fn stamp(time: i64) -> Result<u32> {
    u32::try_from(time).map_err(|_| Error::Overflow)
}

/// The end of a pause that begins now. The last one began at `since` and ended at `until`, zero for never: as long as it
/// lasted nothing stops again.
///
/// # Errors
/// [`Error::InvalidParameter`] for no time at all, [`Error::PauseTooLong`] beyond `most`, [`Error::PauseTooSoon`].
pub(crate) fn pause(since: u32, until: u32, length: Seconds, most: Seconds, clock: &Clock) -> Result<u32> {
    if length.is_zero() {
        return Err(Error::InvalidParameter);
    }
    if length > most {
        return Err(Error::PauseTooLong);
    }
    let (since, until) = (i64::from(since), i64::from(until));
    let lasted = crate::clock::elapsed(since, until);
    let gap = until != 0 && clock.unix_time < lasted.after(until);
    if gap {
        return Err(Error::PauseTooSoon);
    }
    stamp(length.after(clock.unix_time))
}

impl Exchange {
    /// Refuses a paused operation.
    ///
    /// # Errors
    /// [`Error::OperationPaused`].
    #[inline]
    pub fn require_open(&self, operations: u32, clock: &Clock) -> Result<()> {
        if self.is_paused(operations, clock) { Err(Error::OperationPaused) } else { Ok(()) }
    }

    /// Whether one of the operations is paused now.
    #[inline]
    pub fn is_paused(&self, operations: u32, clock: &Clock) -> bool {
        self.paused & operations != 0 && self.paused_now(clock) & operations != 0
    }

    /// The bits whose pause has not ended.
    #[cold]
    #[inline(never)]
    pub fn paused_now(&self, clock: &Clock) -> u32 {
        self.by_bit().filter(|(_, _, until)| clock.unix_time < i64::from(*until)).fold(0, |bits, (bit, ..)| bits | bit)
            & self.paused
    }

    /// Each operation's bit with the beginning and the end of its last pause.
    pub fn by_bit(&self) -> impl Iterator<Item = (u32, u32, u32)> + '_ {
        let times = self.paused_since.iter().zip(&self.paused_until);
        (0u32..).zip(times).map(|(number, (since, until))| (1u32.wrapping_shl(number), *since, *until))
    }

    /// Pauses operations for `length` (anybody with a role) or resumes them (the admin alone). What is paused already
    /// keeps its end.
    ///
    /// # Errors
    /// [`Error::WrongAuthority`], [`Error::InvalidParameter`] for unknown bits or no time, [`Error::PauseTooLong`],
    /// [`Error::PauseTooSoon`] for a switch that has not been off for as long as it was on, and for a stop of leaving
    /// within [`LEAST_OPEN`] after the last.
    pub fn set_paused(&mut self, signer: &[u8; 32], paused: u32, length: Seconds, clock: &Clock) -> Result<()> {
        if paused & !operation::ALL != 0 {
            return Err(Error::InvalidParameter);
        }
        let running = self.paused_now(clock);
        let (added, resumed) = (paused & !running, running & !paused);
        let admin = self.admin == *signer;
        if !(admin || (self.is_pauser(signer) && resumed == 0)) {
            return Err(Error::WrongAuthority);
        }
        let (mut changed, now) = (*self, stamp(clock.unix_time)?);
        let last = if added & operation::LEAVING == 0 { u32::MAX } else { changed.stop_leaving(length, clock)? };
        let ends = changed.paused_since.iter_mut().zip(&mut changed.paused_until);
        for (number, (since, until)) in (0u32..).zip(ends) {
            let bit = 1u32.wrapping_shl(number);
            if added & bit != 0 {
                let leaving = operation::LEAVING & bit != 0;
                let end = pause(*since, *until, length, if leaving { MOST_STOPPED } else { MOST_PAUSED }, clock)?;
                (*since, *until) = (now, if leaving { end.min(last) } else { end });
            } else if resumed & bit != 0 {
                *until = now;
            }
        }
        changed.paused = paused;
        *self = changed;
        Ok(())
    }

    /// The end of something that begins now and keeps accounts from leaving: `length` from now, at most
    /// [`MOST_STOPPED`] from the beginning of the stop that it belongs to.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for no time at all, [`Error::PauseTooLong`] beyond [`MOST_STOPPED`],
    /// [`Error::PauseTooSoon`] when the last stop's time is over and [`LEAST_OPEN`] after it is not.
    pub(crate) fn stop_leaving(&mut self, length: Seconds, clock: &Clock) -> Result<u32> {
        let until = pause(0, 0, length, MOST_STOPPED, clock)?;
        let last = MOST_STOPPED.after(i64::from(self.stopped_since));
        if self.stopped_since == 0 || clock.unix_time >= LEAST_OPEN.after(last) {
            self.stopped_since = stamp(clock.unix_time)?;
            return Ok(until);
        }
        if clock.unix_time < last { Ok(until.min(stamp(last)?)) } else { Err(Error::PauseTooSoon) }
    }
}
