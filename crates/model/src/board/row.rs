//! One row of the board: where its price comes from and what it says now.

use super::policy::{Purpose, Requirement, RowState};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::num::PPM;
use crate::quantity::{Ppm, Price};

/// Most oracle accounts that one row can combine.
pub const MAX_SOURCES: usize = 4;

/// Multiple of a row's age limit after which its feed counts as dead.
pub const DEAD_AGE_FACTOR: u64 = 60;

/// Kind of an oracle account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum SourceKind {
    /// The slot is not used.
    Unused = 0,
    /// Pyth pull `PriceUpdateV2`; the key is the feed id.
    PythPull = 1,
    /// Pyth push price account; the key is the account's address.
    PythPush = 2,
    /// Constant 1.00, for the quote asset of a local chain or test; the key is zero.
    Fixed = 3,
}

impl SourceKind {
    /// The kind with this number.
    pub fn from_number(number: u8) -> Result<Self> {
        match number {
            0 => Ok(Self::Unused),
            1 => Ok(Self::PythPull),
            2 => Ok(Self::PythPush),
            3 => Ok(Self::Fixed),
            _ => Err(Error::InvalidParameter),
        }
    }
}

account_bytes! {
    /// One source of a row's price.
    pub struct PriceSource [40] {
        /// Feed id or address, by kind.
        0 => pub key: [u8; 32],
        /// [`SourceKind`] as a number.
        32 => pub kind: u8,
        /// Fewest signatures with which a partially verified update counts; 0 accepts only full verification.
        33 => pub min_signatures: u8,
        /// Padding.
        34 => pub padding: [u8; 6],
    }
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
        /// Oldest publish time among the sources used, Unix seconds.
        176 => pub publish_time: i64,
        /// Oldest slot among the sources used at which their price was posted.
        184 => pub publish_slot: u64,
        /// Slot of the refresh that wrote the price.
        192 => pub refresh_slot: u64,
        /// Five-minute time-weighted average.
        200 => pub twap_5m: Price,
        /// One-hour time-weighted average: also the average of the hourly funding period.
        208 => pub twap_1h: Price,
        /// Exponentially weighted distance of price and five-minute average, in price units.
        216 => pub deviation: Price,
        /// Publish time of the last sample in the averages.
        224 => pub sample_time: i64,
        /// [`RowState`] as a number.
        232 => pub state: u8,
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
        /// Reserved, zero.
        248 => pub reserved: u64,
    }
}

impl PriceRow {
    /// The state at `clock`: what the last refresh found, or Stale once the price is too old.
    pub fn state_at(&self, clock: &Clock, max_age: u64) -> RowState {
        match RowState::from_number(self.state) {
            RowState::Halted => RowState::Halted,
            _ if self.price.is_zero() || clock.seconds_since(self.publish_time) > max_age => RowState::Stale,
            state => state,
        }
    }

    /// Refuses the row unless its state and age allow the purpose.
    ///
    /// Errors: [`Error::StaleRow`] when a refresh would help, [`Error::RowStateForbids`] when it would not.
    #[inline]
    pub fn require(&self, purpose: Purpose, clock: &Clock) -> Result<()> {
        self.meet(purpose.requirement(), clock)
    }

    /// [`Self::require`] for a purpose whose requirement the caller has looked up.
    #[inline]
    fn meet(&self, requirement: Requirement, clock: &Clock) -> Result<()> {
        let max_age = u64::from(self.max_age).wrapping_mul(requirement.age_factor);
        let state = self.state_at(clock, max_age);
        if requirement.accepts(state) {
            Ok(())
        } else if state == RowState::Stale {
            Err(Error::StaleRow)
        } else {
            Err(Error::RowStateForbids)
        }
    }

    /// As [`Self::require`] with the purpose's requirement at hand, for valuing a position beside the one that is
    /// traded. A liquidation takes the last price
    /// of a halted row, and of one that nobody could refresh for [`DEAD_AGE_FACTOR`] times its age limit: a frozen
    /// feed must not shield an account.
    #[inline]
    pub fn require_value(&self, purpose: Purpose, requirement: Requirement, clock: &Clock) -> Result<()> {
        let Err(error) = self.meet(requirement, clock) else { return Ok(()) };
        let halted = RowState::from_number(self.state) == RowState::Halted;
        let dead = clock.seconds_since(self.publish_time) > u64::from(self.max_age).wrapping_mul(DEAD_AGE_FACTOR);
        if purpose == Purpose::Liquidate && !self.price.is_zero() && (halted || dead) { Ok(()) } else { Err(error) }
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
