//! Writing a row: combine, judge, average.

use super::combine::{MAX_CLOCK_LEAD, OraclePrice, combine};
use super::policy::RowState;
use super::row::{PriceRow, SourceKind};
use crate::clock::{Clock, elapsed};
use crate::error::{Error, Result};
use crate::fault::{Fault, planted};
use crate::num::{Checked, Rounding, mul_div_inline, saturating_sub};
use crate::quantity::Price;
use crate::time::{Seconds, Slot, SlotTime};

/// Period of the short average.
pub const TWAP_5M: Seconds = Seconds(300);
/// Period of the long average.
pub const TWAP_1H: Seconds = Seconds::HOUR;
/// Quiet refreshes with a newer price that end a jump.
pub const JUMP_CONFIRMATIONS: u8 = 3;
/// Part of the jump limit within which a refresh counts as quiet.
const QUIET_DIVISOR: u64 = 5;

/// Result of a refresh: the row's state and price, and whether the price is new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshReport {
    /// The state that the row has now.
    pub state: RowState,
    /// Whether a newer price was written.
    pub updated: bool,
    /// The price that the row has now.
    pub price: Price,
}

/// Average of `sample` weighted by `elapsed` and `average` weighted by the rest of `period`, to the nearest
/// unit (half up). With `elapsed >= period` the sample replaces the average: a gap reseeds.
pub fn weighted_average(average: Price, sample: Price, elapsed: Seconds, period: Seconds) -> Result<Price> {
    if elapsed >= period {
        return Ok(sample);
    }
    // Move the average toward the sample: no bias for small numbers, unlike weighing the products.
    let distance = sample.0.abs_diff(average.0);
    let (step, remainder) = kedge_libcalls::wide::mul_div(distance, elapsed.0, period.0).ok_or(Error::Overflow)?;
    let half = period.0.wrapping_shr(1);
    let rest = u64::from(remainder > half || (remainder == half && period.0 & 1 == 0));
    let step = Price(step.plus(rest)?);
    if sample >= average { average.plus(step) } else { average.minus(step) }
}

impl PriceRow {
    /// Refreshes the row from what its sources say, each at its place one price or nothing.
    ///
    /// An older or equal price changes nothing, so a refresh may be put in front of any transaction. Without
    /// a usable source the row becomes Stale and keeps its price. A halted row stays halted, and a frozen one as it is.
    ///
    /// Whoever refreshes chooses the account of a Pyth pull source, and with an old one makes the source say what it said
    /// then, or nothing. So neither says anything about the source:
    ///
    /// * an account that is older than one the row has heard, while that one still counts, changes nothing;
    /// * a price of fewer sources than the quorum changes nothing while the row's price is younger than `max_age`. After
    ///   that the row is Stale first, for another `max_age` in which nobody has brought a quorum, be it one that
    ///   contradicts itself. Only then are the other sources taken for dead, and the row is Degraded.
    ///
    /// A price of fewer may be younger than what the quorum has: the quorum's price takes the row back as long as it is no
    /// older than the last of its kind.
    ///
    /// # Errors
    /// [`crate::Error::Overflow`], [`crate::Error::DivisionByZero`].
    pub fn refresh<S: Copy + Into<Option<OraclePrice>>>(
        &mut self,
        said: &[S],
        clock: &Clock,
        slot_time: SlotTime,
    ) -> Result<RefreshReport> {
        if self.is_frozen() && !planted(Fault::FrozenRowThaws) {
            return Ok(self.report(false));
        }
        let chooses = planted(Fault::CallerChoosesSources);
        if self.is_hiding(said, clock) && !chooses {
            return Ok(self.report(false));
        }
        let combined = combine(said, clock, self.max_age(), self.max_confidence, self.quorum);
        let (seen, count) = match combined {
            Ok(found) => found,
            Err(Error::NoUsablePrice) => {
                self.find_none(said, clock);
                return Ok(self.report(false));
            }
            Err(other) => return Err(other),
        };
        let quorum = count >= self.quorum;
        if !quorum && !chooses && !self.takes_fewer(clock, slot_time)? {
            return Ok(self.report(false));
        }
        let newer = seen.publish_time > self.publish_time || self.price.is_zero();
        let restores = quorum && self.publish_time > self.quorum_time && seen.publish_time >= self.quorum_time;
        if !newer && !restores {
            return Ok(self.report(false));
        }
        if quorum {
            self.quorum_time = seen.publish_time;
        }
        let previous = self.price;
        self.judge(&seen, quorum, previous)?;
        self.average(&seen)?;
        self.price = seen.price;
        self.confidence = seen.confidence;
        self.publish_time = seen.publish_time;
        self.publish_slot = seen.publish_slot.min(slot_of(seen.publish_time, clock, slot_time)?.0);
        self.refresh_slot = clock.at();
        self.remember(said, clock);
        Ok(self.report(true))
    }

    /// Whether a source is brought with an account that is older than what the row has heard of it.
    #[inline]
    fn is_hiding<S: Copy + Into<Option<OraclePrice>>>(&self, said: &[S], clock: &Clock) -> bool {
        let brought = |index: usize| said.get(index).and_then(|one| (*one).into());
        self.sources()
            .iter()
            .enumerate()
            .any(|(index, source)| source.is_hidden(brought(index).as_ref(), clock, self.max_age))
    }

    /// Remembers of each source whose account the caller chooses how new it was. Times ahead of what counts are left out.
    fn remember<S: Copy + Into<Option<OraclePrice>>>(&mut self, said: &[S], clock: &Clock) {
        let latest = MAX_CLOCK_LEAD.after(clock.unix_time);
        for (source, one) in self.sources.iter_mut().zip(said) {
            let Some(said) = (*one).into() else { continue };
            if source.kind == SourceKind::PythPull as u8 && said.publish_time <= latest {
                source.heard = source.heard.max(u32::try_from(said.publish_time).unwrap_or(0));
            }
        }
    }

    /// No price: nothing usable was brought, or sources that contradict each other. The row's price goes on to count until
    /// it is too old. A quorum that contradicts itself is remembered: its sources live, so none of them counts alone.
    fn find_none<S: Copy + Into<Option<OraclePrice>>>(&mut self, said: &[S], clock: &Clock) {
        let usable =
            |one: &&S| (**one).into().is_some_and(|one| one.is_usable(clock, self.max_age(), self.max_confidence));
        let contradicts = said.iter().filter(usable).count() >= usize::from(self.quorum);
        if contradicts {
            self.remember(said, clock);
        }
        self.miss(clock, contradicts);
    }

    /// Makes a row Stale whose price is too old, and begins the time in which nobody brings a quorum; with `again` it
    /// begins anew. Halted rows stay halted.
    fn miss(&mut self, clock: &Clock, again: bool) {
        // What fewer sources said does not outlast a quorum that contradicts itself.
        let few = again && self.publish_time > self.quorum_time && !self.is_frozen();
        let young = clock.seconds_since(self.publish_time) <= self.max_age() && !self.price.is_zero();
        let state = RowState::from_number(self.state);
        if (young && !few) || state == RowState::Halted {
            return;
        }
        if again || state != RowState::Stale {
            self.refresh_slot = clock.at();
        }
        self.state = RowState::Stale as u8;
    }

    /// Whether a price of fewer sources than the quorum counts now: for a row that already lives on such prices, and for
    /// one that has been Stale for `max_age` since somebody looked for a quorum. A halted row waits for a quorum.
    fn takes_fewer(&mut self, clock: &Clock, slot_time: SlotTime) -> Result<bool> {
        match RowState::from_number(self.state) {
            RowState::Halted => Ok(false),
            RowState::Stale => clock.slots_since(self.refresh_slot).reach(self.max_age(), slot_time),
            _ if self.publish_time > self.quorum_time => Ok(true),
            _ => {
                self.miss(clock, false);
                Ok(false)
            }
        }
    }

    fn report(&self, updated: bool) -> RefreshReport {
        RefreshReport { state: RowState::from_number(self.state), updated, price: self.price }
    }

    /// The state machine: quorum first, then jumps, which end by themselves.
    fn judge(&mut self, seen: &OraclePrice, quorum: bool, previous: Price) -> Result<()> {
        let state = RowState::from_number(self.state);
        if state == RowState::Halted {
            return Ok(());
        }
        let limit = u64::from(self.jump_limit.0);
        let jumped = !self.twap_5m.is_zero() && self.twap_5m.distance(seen.price)? > limit;
        let next = if state == RowState::Jump {
            let quiet = !previous.is_zero() && previous.distance(seen.price)? <= quiet_limit(limit);
            self.confirmations = if quiet && quorum { self.confirmations.saturating_add(1) } else { 0 };
            if !jumped || self.confirmations >= JUMP_CONFIRMATIONS {
                // The new level is confirmed: the short average starts again from it.
                self.twap_5m = seen.price;
                self.confirmations = 0;
                if quorum { RowState::Normal } else { RowState::Degraded }
            } else {
                RowState::Jump
            }
        } else if jumped {
            self.confirmations = 0;
            RowState::Jump
        } else if quorum {
            RowState::Normal
        } else {
            RowState::Degraded
        };
        self.state = next as u8;
        Ok(())
    }

    /// Averages by elapsed time; a sample is first held within twice the jump limit of the average.
    fn average(&mut self, seen: &OraclePrice) -> Result<()> {
        if self.twap_5m.is_zero() || self.twap_1h.is_zero() {
            self.twap_5m = seen.price;
            self.twap_1h = seen.price;
            self.deviation = Price::ZERO;
            self.sample_time = seen.publish_time;
            return Ok(());
        }
        let elapsed = elapsed(self.sample_time, seen.publish_time);
        if elapsed.is_zero() {
            return Ok(());
        }
        let distance = Price(seen.price.0.abs_diff(self.twap_5m.0));
        self.deviation = weighted_average(self.deviation, distance, elapsed, TWAP_5M)?;
        self.twap_5m = weighted_average(
            self.twap_5m,
            self.clamped(self.twap_5m, seen.price, elapsed, TWAP_5M)?,
            elapsed,
            TWAP_5M,
        )?;
        self.twap_1h = weighted_average(
            self.twap_1h,
            self.clamped(self.twap_1h, seen.price, elapsed, TWAP_1H)?,
            elapsed,
            TWAP_1H,
        )?;
        self.sample_time = seen.publish_time;
        Ok(())
    }

    fn clamped(&self, average: Price, sample: Price, elapsed: Seconds, period: Seconds) -> Result<Price> {
        if elapsed >= period {
            return Ok(sample);
        }
        let reach = mul_div_inline(average.0, u64::from(self.jump_limit.0).times(2)?, crate::num::PPM, Rounding::Down)?;
        Ok(Price(sample.0.clamp(saturating_sub(average.0, reach), average.0.plus(reach)?)))
    }
}

fn quiet_limit(limit: u64) -> u64 {
    limit.checked_div(QUIET_DIVISOR).unwrap_or(limit)
}

/// The slot in which a publish time fell, by the measured slot time: an update that is posted late does not count
/// as newer than it is.
fn slot_of(publish_time: i64, clock: &Clock, slot_time: SlotTime) -> Result<Slot> {
    let lag = clock.seconds_since(publish_time).slots_down(slot_time)?;
    Ok(Slot(saturating_sub(clock.slot, lag.0)))
}
