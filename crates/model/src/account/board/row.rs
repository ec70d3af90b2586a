//! One row of the board: where its price comes from and what it says now.

use super::combine::OraclePrice;
use super::policy::{Purpose, Requirement, RowState};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::num::PPM;
use crate::quantity::{Ppm, Price};
use crate::time::{Seconds, Slot, SlotTime};

/// Most oracle accounts that one row can combine.
pub const MAX_SOURCES: usize = 4;

/// Multiple of a row's age limit after which its feed counts as dead.
pub const DEAD_AGE_FACTOR: u64 = 60;

numbered! {
    /// Kind of an oracle account.
    pub enum SourceKind else InvalidParameter {
        /// The slot is not used.
        Unused = 0,
        /// Pyth pull `PriceUpdateV2`; the key is the feed id.
        PythPull = 1,
        /// Pyth push price account; the key is the account's address.
        PythPush = 2,
        /// Constant 1.00, for the quote asset of a local chain or test; the key is zero.
        Fixed = 3,
        /// Switchboard on-demand `PullFeedAccountData`; the key is the account's address.
        SwitchboardOnDemand = 4,
        /// Switchboard v2 `AggregatorAccountData`; the key is the account's address.
        SwitchboardV2 = 5,
    }
}

impl SourceKind {
    /// Whether a source of this kind names its account: nobody can then hand in another one.
    pub const fn names_account(self) -> bool {
        matches!(self, Self::PythPush | Self::SwitchboardOnDemand | Self::SwitchboardV2)
    }

    /// Largest sensible `min_signatures`: what one account of this kind can hold.
    const fn most_signatures(self) -> u8 {
        match self {
            // Guardians of the legacy receiver.
            Self::PythPull => 19,
            // Submissions of a feed.
            Self::SwitchboardOnDemand => 32,
            // Oracles of a round.
            Self::SwitchboardV2 => 16,
            Self::Unused | Self::PythPush | Self::Fixed => 0,
        }
    }
}

/// Pyth receivers, one bit each in [`PriceSource::owners`]. The program holds the address of each bit.
pub mod receivers {
    /// The receiver since the upgrade of 18 August 2026.
    pub const UPGRADED: u8 = 1;
    /// The receiver before it.
    pub const LEGACY: u8 = 2;
}

account_bytes! {
    /// One source of a row's price.
    pub struct PriceSource [40] {
        /// Feed id or address, by kind.
        0 => pub key: [u8; 32],
        /// [`SourceKind`] as a number.
        32 => pub kind: u8 as SourceKind,
        /// PythPull: fewest signatures with which a partially verified update counts; 0 accepts only full
        /// verification. Switchboard: fewest samples behind a value, where the feed's own minimum is lower.
        33 => pub min_signatures: u8,
        /// PythPull: receivers whose accounts count, bits of [`receivers`]; 0 is the upgraded one alone. Others: 0.
        34 => pub owners: u8,
        /// Power of ten of the source's units that one unit of the row's base is: 0, 3 or 6. A row of a thousand units of a
        /// token takes the token's price times a thousand. 0 for a fixed price.
        35 => pub multiple: u8,
        /// PythPull: publish time of the newest account that the row has been handed, Unix seconds; the account is the
        /// caller's choice, and one that is older than this hides what the row has heard. Zero when listed.
        36 => pub heard: u32,
    }
}

impl PriceSource {
    /// Whether a price that a caller brings for this source (or none) hides one that the row has heard and that still
    /// counts: only a source whose account the caller chooses can be silenced.
    #[inline]
    pub(super) fn is_hidden(&self, said: Option<&OraclePrice>, clock: &Clock, max_age: u32) -> bool {
        let heard = i64::from(self.heard);
        self.kind == SourceKind::PythPull as u8
            && clock.unix_time.saturating_sub(heard) <= i64::from(max_age)
            && said.is_none_or(|said| said.publish_time < heard)
    }

    /// The receivers whose accounts count: never none.
    #[inline]
    pub const fn receivers(&self) -> u8 {
        if self.owners == 0 { receivers::UPGRADED } else { self.owners }
    }

    /// Checks a source that a row is about to be listed with.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`].
    pub fn validate(&self) -> Result<SourceKind> {
        let kind = SourceKind::from_number(self.kind)?;
        let most_owners =
            if matches!(kind, SourceKind::PythPull) { receivers::UPGRADED | receivers::LEGACY } else { 0 };
        let sound = (self.key == [0; 32]) == matches!(kind, SourceKind::Fixed | SourceKind::Unused)
            && self.min_signatures <= kind.most_signatures()
            && self.owners <= most_owners
            && self.heard == 0
            && match kind {
                SourceKind::Fixed | SourceKind::Unused => self.multiple == 0,
                _ => matches!(self.multiple, 0 | 3 | 6),
            };
        if sound { Ok(kind) } else { Err(Error::InvalidParameter) }
    }
}

/// Checks the sources that a row is about to be listed with and counts them: unused slots stand last, no source
/// stands twice (it would make a quorum of itself), and a fixed price only where it is allowed.
///
/// # Errors
/// [`Error::InvalidParameter`].
pub fn count_sources(sources: &[PriceSource; MAX_SOURCES], allow_fixed: bool) -> Result<u8> {
    let mut count = 0usize;
    for (index, source) in sources.iter().enumerate() {
        let kind = source.validate()?;
        if kind == SourceKind::Unused {
            continue;
        }
        let earlier = sources.get(..index).unwrap_or_default();
        let repeated = earlier.iter().any(|other| other.kind == source.kind && other.key == source.key);
        if repeated || count != index || (kind == SourceKind::Fixed && !allow_fixed) {
            return Err(Error::InvalidParameter);
        }
        count = count.wrapping_add(1);
    }
    u8::try_from(count).map_err(|_| Error::Overflow)
}

account_bytes! {
    /// A combined price with its averages and its state.
    pub struct PriceRow [256] {
        /// The sources, `source_count` of them in use.
        0 => pub sources: [PriceSource; 4],
        /// Combined price.
        160 => pub price: Price,
        /// Combined confidence, in price units.
        168 => pub confidence: Price,
        /// Unix seconds of publication that enough of the sources used have reached.
        176 => pub publish_time: i64,
        /// Slot of publication that enough of the sources used have reached.
        184 => pub publish_slot: u64,
        /// Slot of the refresh that wrote the price; of a Stale row the slot since which no quorum was found.
        192 => pub refresh_slot: Slot,
        /// Five-minute time-weighted average.
        200 => pub twap_5m: Price,
        /// One-hour time-weighted average: also the average of the hourly funding period.
        208 => pub twap_1h: Price,
        /// Exponentially weighted distance of price and five-minute average, in price units.
        216 => pub deviation: Price,
        /// Publish time of the last sample in the averages.
        224 => pub sample_time: i64,
        /// [`RowState`] as a number.
        232 => pub state: u8 as RowState,
        /// Fresh sources that make the price Normal.
        233 => pub quorum: u8,
        /// Sources in use.
        234 => pub source_count: u8,
        /// Quiet refreshes since the jump.
        235 => pub confirmations: u8,
        /// Largest accepted confidence over price.
        236 => pub max_confidence: Ppm,
        /// Age in seconds past which a price no longer opens risk.
        240 => pub max_age: u32,
        /// Move against the five-minute average that counts as a jump.
        244 => pub jump_limit: Ppm,
        /// Publish time of the newest price that a quorum carried, Unix seconds.
        248 => pub quorum_time: i64,
    }
}

impl PriceRow {
    /// Age past which a price no longer opens risk.
    #[inline(always)]
    pub fn max_age(&self) -> Seconds {
        Seconds(u64::from(self.max_age))
    }

    /// The state at `clock`: what the last refresh found, or Stale once the price is too old.
    pub fn state_at(&self, clock: &Clock, max_age: Seconds) -> RowState {
        match RowState::from_number(self.state) {
            RowState::Halted => RowState::Halted,
            _ if self.price.is_zero() || clock.seconds_since(self.publish_time) > max_age => RowState::Stale,
            state => state,
        }
    }

    /// Refuses the row unless its state and age allow the purpose.
    ///
    /// # Errors
    /// [`Error::StaleRow`] when a refresh would help, [`Error::RowStateForbids`] when it would not.
    #[inline(never)]
    pub fn require(&self, purpose: Purpose, clock: &Clock) -> Result<()> {
        self.meet(purpose.requirement(), clock)
    }

    /// [`Self::require`] for a purpose whose requirement the caller has looked up.
    #[inline]
    fn meet(&self, requirement: Requirement, clock: &Clock) -> Result<()> {
        let max_age = Seconds(u64::from(self.max_age).wrapping_mul(requirement.age_factor));
        // Neither a stale nor a halted row is ever accepted: what is left to ask is whether the price is young.
        let young = !self.price.is_zero() && clock.seconds_since(self.publish_time) <= max_age;
        if young && requirement.accepts_number(self.state) { Ok(()) } else { Err(self.unmet(clock, max_age)) }
    }

    /// Why the row is not accepted.
    #[cold]
    #[inline(never)]
    fn unmet(&self, clock: &Clock, max_age: Seconds) -> Error {
        if self.state_at(clock, max_age) == RowState::Stale { Error::StaleRow } else { Error::RowStateForbids }
    }

    /// As [`Self::require`] with the purpose's requirement at hand, for valuing a position beside the one that is
    /// traded. A liquidation takes the last price
    /// of a halted row, and of one that nobody could refresh for [`DEAD_AGE_FACTOR`] times its age limit: a frozen
    /// feed must not shield an account.
    #[inline]
    pub fn require_value(&self, purpose: Purpose, requirement: Requirement, clock: &Clock) -> Result<()> {
        let Err(error) = self.meet(requirement, clock) else { return Ok(()) };
        if purpose == Purpose::Liquidate && self.is_given_up(clock) { Ok(()) } else { Err(error) }
    }

    /// Whether the row has a price and nothing better is to come: it is halted, or nobody could refresh it for
    /// [`DEAD_AGE_FACTOR`] times its age limit.
    pub fn is_given_up(&self, clock: &Clock) -> bool {
        let halted = RowState::from_number(self.state) == RowState::Halted;
        let dead =
            clock.seconds_since(self.publish_time) > Seconds(u64::from(self.max_age).wrapping_mul(DEAD_AGE_FACTOR));
        !self.price.is_zero() && (halted || dead)
    }

    /// Whether no source has brought a price for a time, in seconds of the clock and in slots: while the chain stands still
    /// nobody is silent. A row without a price is silent as long as the chain is old.
    ///
    /// # Errors
    /// [`Error::Overflow`].
    pub fn is_silent_for(&self, time: Seconds, clock: &Clock, slot_time: SlotTime) -> Result<bool> {
        let slots = clock.slots_since(Slot(self.publish_slot));
        Ok(!self.is_frozen() && clock.seconds_since(self.publish_time) >= time && slots.reach(time, slot_time)?)
    }

    /// Fixes the row at a price for good: no refresh is newer, and it serves every purpose.
    pub fn freeze(&mut self, price: Price) {
        (self.price, self.twap_5m, self.twap_1h) = (price, price, price);
        (self.confidence, self.deviation) = (Price::ZERO, Price::ZERO);
        (self.publish_time, self.sample_time) = (i64::MAX, i64::MAX);
        self.state = RowState::Normal as u8;
    }

    /// Halts the row, or lets it start again from Stale: with a quorum at once, with fewer sources after `max_age`.
    pub fn set_halted(&mut self, halted: bool, clock: &Clock) {
        self.state = if halted { RowState::Halted } else { RowState::Stale } as u8;
        if !halted {
            self.refresh_slot = clock.at();
        }
    }

    /// Lets a halted row start again once the halt has ended at `until`, Unix seconds.
    #[inline]
    pub(super) fn end_halt(&mut self, until: u32, clock: &Clock) {
        if self.state == RowState::Halted as u8 && clock.unix_time >= i64::from(until) {
            self.set_halted(false, clock);
        }
    }

    /// Whether the row is fixed at its market's settlement price.
    #[inline]
    pub fn is_frozen(&self) -> bool {
        self.publish_time == i64::MAX
    }

    /// The lower of price and five-minute average: what an asset is worth under strict pricing.
    #[inline]
    pub fn strict_low(&self) -> Price {
        self.price.min(self.twap_5m)
    }

    /// The higher of price and five-minute average: what a liability costs under strict pricing.
    #[inline]
    pub fn strict_high(&self) -> Price {
        self.price.max(self.twap_5m)
    }

    /// The price that a liquidation uses: the price itself, or in Jump the price held within the jump limit of
    /// the five-minute average.
    pub fn liquidation_price(&self) -> Result<Price> {
        if RowState::from_number(self.state) != RowState::Jump {
            return Ok(self.price);
        }
        let low = self.twap_5m.lowered(self.jump_limit, crate::num::Rounding::Up)?;
        let high = self.twap_5m.raised(self.jump_limit, crate::num::Rounding::Down)?;
        Ok(self.price.clamp(low, high))
    }

    /// The price that a purpose values positions at: the liquidation price for liquidations, else the price.
    #[inline]
    pub fn mark_for(&self, purpose: Purpose) -> Result<Price> {
        if purpose == Purpose::Liquidate { self.liquidation_price() } else { Ok(self.price) }
    }

    /// The sources in use.
    pub fn sources(&self) -> &[PriceSource] {
        self.sources.get(..usize::from(self.source_count)).unwrap_or(&self.sources)
    }

    /// Checks what must hold between instructions.
    pub fn invariant(&self) -> Result<()> {
        let count = usize::from(self.source_count);
        let configured = (1..=MAX_SOURCES).contains(&count)
            && self.quorum >= 1
            && self.quorum <= self.source_count
            && self.max_age > 0
            && u64::from(self.max_confidence.0) <= PPM
            && u64::from(self.jump_limit.0) <= PPM;
        // A row has either never been refreshed or has a price and both averages.
        let priced = self.price.is_zero() == self.twap_5m.is_zero() && self.price.is_zero() == self.twap_1h.is_zero();
        if configured && priced { Ok(()) } else { Err(Error::InvariantBroken) }
    }
}
