//! The price board: one account from which every margin check of the exchange is answered.
//!
//! A permissionless refresh judges oracle accounts and writes rows; every other instruction reads them. A row
//! carries all that a position or a balance in it needs: price, state, averages, margin parameters and the
//! cumulative funding of both sides.

mod combine;
mod expiry;
mod live;
mod policy;
mod ratio;
mod refresh;
mod row;
mod velocity;

pub use combine::{OraclePrice, combine};
pub use expiry::{LEAST_SAMPLED, MOST_PER_SAMPLE, SETTLEMENT_WINDOW};
pub use live::LIVE_MS;
pub use policy::{Purpose, Requirement, RowState};
pub use ratio::size_premium_ratio;
pub use refresh::{JUMP_CONFIRMATIONS, RefreshReport, TWAP_1H, TWAP_5M, weighted_average};
pub use row::{DEAD_AGE_FACTOR, MAX_SOURCES, PriceRow, PriceSource, SourceKind, count_sources, receivers};
pub use velocity::{
    Before, CALL_LASTS, DEVIATIONS, HALT_LASTS, HALTS_AN_HOUR, LEAST_MOVE, OPENING_BANDS, OPENING_STEP, RESERVED_FOR,
    Session, VELOCITY_WINDOW,
};

use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::quantity::{FundingIndex, Ppm, Price, Size};
use crate::time::{Seconds, Slot, SlotTime};

/// Most markets that one board can list.
pub const MAX_MARKETS: usize = 24;
/// Most collateral banks that one board can list.
pub const MAX_BANKS: usize = 6;
/// [`MarketRow::listed`] of a market that has been delisted: its row stays readable at the settlement price.
pub const DELISTED: u8 = 2;

account_bytes! {
    /// What every margin check needs of a market: price, margin parameters, cumulative funding.
    pub struct MarketRow [344] {
        /// Combined oracle price of the base asset.
        0 => pub price: PriceRow,
        /// Initial margin ratio at no size.
        256 => pub initial_margin: Ppm,
        /// Maintenance margin ratio at no size.
        260 => pub maintenance_margin: Ppm,
        /// Size premium: added ratio (ppm) per square root of ten base units, in parts per hundred thousand.
        264 => pub size_premium: u32,
        /// 1 when the row is in use, [`DELISTED`] when its market has ended.
        268 => pub listed: u8 as Listing,
        /// Prices of a quorum in a row that have moved too far: 1 until the next, which halts or ends it.
        269 => pub moves: u8,
        /// Move within a minute past which the row is halted, parts per ten thousand.
        270 => pub move_limit: u16,
        /// Cumulative funding that a long has paid, quote per base at 1e9.
        272 => pub funding_long: FundingIndex,
        /// Cumulative funding that a short has received, quote per base at 1e9.
        280 => pub funding_short: FundingIndex,
        /// Unix time of the market's expiry, 0 for never and once the row is frozen.
        288 => pub expiry_time: i64,
        /// Prices of the hour before the expiry times the seconds that each counts, price units times seconds.
        296 => pub settlement_sum: u64,
        /// Seconds that the sum covers, at most an hour.
        304 => pub settlement_seconds: u32,
        /// Unix time at which the row's halt ends or has ended.
        308 => pub halt_until: u32,
        /// Five-minute average of the price at the last refresh that a quorum carried.
        312 => pub quorum_average: Price,
        /// Price of up to a minute ago against which moves are measured, zero before the first.
        320 => pub anchor: Price,
        /// The one before it.
        328 => pub anchor_before: Price,
        /// Unix time at which the last halt of its own began, 0 for never.
        336 => pub halted_at: u32,
        /// Quarters of a minute from each of the three halts before it to that one, rounded down; 255 for longer ago.
        340 => pub halts_before: [u8; 3],
        /// Seconds from the anchor to the row's price.
        343 => pub anchor_age: u8,
    }
}

account_bytes! {
    /// What every margin check needs of a collateral: price and weights.
    pub struct BankRow [288] {
        /// Combined oracle price of one whole token.
        0 => pub price: PriceRow,
        /// Weight of the value in initial margin.
        256 => pub initial_weight: Ppm,
        /// Weight of the value in maintenance margin.
        260 => pub maintenance_weight: Ppm,
        /// Decimals of the mint.
        264 => pub decimals: u8,
        /// 1 when the row is in use.
        265 => pub listed: u8 as bool,
        /// Padding.
        266 => pub padding: [u8; 2],
        /// Unix time at which the row's halt ends or has ended.
        268 => pub halt_until: u32,
        /// Reserved, zero.
        272 => pub reserved: [u64; 2],
    }
}

account_bytes! {
    /// All price rows of the exchange, and the measured slot time.
    pub struct PriceBoard [10048] {
        /// Layout version.
        0 => pub version: u8,
        /// Bump of the board's address.
        1 => pub bump: u8,
        /// Padding.
        2 => pub padding: [u8; 6],
        /// Measured microseconds a slot, zero before the first measurement.
        8 => pub slot_micros: SlotTime,
        /// Slot at which the running measurement began.
        16 => pub anchor_slot: Slot,
        /// Unix time at which the running measurement began.
        24 => pub anchor_time: i64,
        /// Reserved, zero.
        32 => pub reserved: [u64; 4],
        /// One row a market, by market index.
        64 => pub markets: [MarketRow; 24],
        /// One row a bank, by bank index.
        8320 => pub banks: [BankRow; 6],
    }
}

impl PriceBoard {
    /// Layout version that this code reads and writes.
    pub const VERSION: u8 = 1;

    /// Begins an empty board, whose account has this bump.
    #[inline]
    pub const fn begin(&mut self, bump: u8) {
        (self.version, self.bump) = (Self::VERSION, bump);
    }

    /// The row of a listed market, or of one that was.
    ///
    /// # Errors
    /// [`Error::RowNotListed`].
    #[inline]
    pub fn market(&self, index: u16) -> Result<&MarketRow> {
        match self.markets.get(usize::from(index)) {
            Some(row) if row.listed != 0 => Ok(row),
            _ => Err(Error::RowNotListed),
        }
    }

    /// The row of a listed market, to write.
    ///
    /// # Errors
    /// [`Error::RowNotListed`].
    #[inline]
    pub fn market_mut(&mut self, index: u16) -> Result<&mut MarketRow> {
        match self.markets.get_mut(usize::from(index)) {
            Some(row) if row.listed != 0 => Ok(row),
            _ => Err(Error::RowNotListed),
        }
    }

    /// The row of a listed bank.
    ///
    /// # Errors
    /// [`Error::RowNotListed`].
    #[inline]
    pub fn bank(&self, index: u16) -> Result<&BankRow> {
        match self.banks.get(usize::from(index)) {
            Some(row) if row.listed == 1 => Ok(row),
            _ => Err(Error::RowNotListed),
        }
    }

    /// The row of a listed bank, to write.
    ///
    /// # Errors
    /// [`Error::RowNotListed`].
    #[inline]
    pub fn bank_mut(&mut self, index: u16) -> Result<&mut BankRow> {
        match self.banks.get_mut(usize::from(index)) {
            Some(row) if row.listed == 1 => Ok(row),
            _ => Err(Error::RowNotListed),
        }
    }

    /// The slot time as measured, or [`SlotTime::DEFAULT`] before the first measurement.
    #[inline]
    pub const fn slot_time(&self) -> SlotTime {
        if self.slot_micros.is_zero() { SlotTime::DEFAULT } else { self.slot_micros }
    }

    /// Measures the slot time over windows of at least a minute of the chain's clock.
    ///
    /// The new value is half the old and half the window's, which is held to what is believed ([`SlotTime::measured`]); a
    /// clock that went backwards restarts the window.
    ///
    /// # Errors
    /// [`Error::Overflow`].
    pub fn measure_slot_time(&mut self, clock: &Clock) -> Result<()> {
        const WINDOW: Seconds = Seconds::MINUTE;
        if self.anchor_time == 0 || clock.unix_time < self.anchor_time || clock.at() < self.anchor_slot {
            self.anchor_time = clock.unix_time;
            self.anchor_slot = clock.at();
            return Ok(());
        }
        let seconds = clock.seconds_since(self.anchor_time);
        let slots = clock.slots_since(self.anchor_slot);
        if seconds < WINDOW || slots.is_zero() {
            return Ok(());
        }
        let both = self.slot_time().plus(SlotTime::measured(seconds, slots)?)?;
        self.slot_micros = SlotTime(both.0.wrapping_shr(1));
        self.anchor_time = clock.unix_time;
        self.anchor_slot = clock.at();
        Ok(())
    }

    /// Checks what must hold between instructions.
    pub fn invariant(&self) -> Result<()> {
        if self.version != Self::VERSION {
            return Err(Error::VersionUnsupported);
        }
        for row in self.markets.iter().filter(|row| row.listed != 0) {
            row.invariant()?;
        }
        for row in self.banks.iter().filter(|row| row.listed == 1) {
            row.invariant()?;
        }
        Ok(())
    }
}

impl MarketRow {
    /// Cumulative funding of the side that a position of this sign is on.
    #[inline]
    pub fn funding(&self, base: crate::quantity::Base) -> FundingIndex {
        if base.0 >= 0 { self.funding_long } else { self.funding_short }
    }

    /// Lets the row start again when its halt has ended: before every refresh.
    #[inline]
    pub fn end_halt(&mut self, clock: &Clock) {
        self.price.end_halt(self.halt_until, clock);
    }

    /// Initial margin ratio for a size, premium included, at most 100 %.
    #[inline]
    pub fn initial_ratio(&self, size: Size) -> Result<Ppm> {
        size_premium_ratio(self.initial_margin, size, self.size_premium)
    }

    /// Maintenance margin ratio for a size, premium included, at most 100 %.
    #[inline]
    pub fn maintenance_ratio(&self, size: Size) -> Result<Ppm> {
        size_premium_ratio(self.maintenance_margin, size, self.size_premium)
    }

    /// Checks what must hold between instructions.
    pub fn invariant(&self) -> Result<()> {
        self.price.invariant()?;
        let ordered = self.maintenance_margin.0 > 0
            && self.maintenance_margin < self.initial_margin
            && u64::from(self.initial_margin.0) <= crate::num::PPM;
        if ordered { Ok(()) } else { Err(Error::InvariantBroken) }
    }
}

impl BankRow {
    /// [`PriceRow::refresh`] of a row whose halt may have ended.
    ///
    /// # Errors
    /// As [`PriceRow::refresh`].
    pub fn refresh<S: Copy + Into<Option<OraclePrice>>>(
        &mut self,
        said: &[S],
        clock: &Clock,
        slot_time: SlotTime,
    ) -> Result<RefreshReport> {
        self.end_halt(clock);
        self.price.refresh(said, clock, slot_time)
    }

    /// As [`MarketRow::end_halt`].
    #[inline]
    pub fn end_halt(&mut self, clock: &Clock) {
        self.price.end_halt(self.halt_until, clock);
    }

    /// Checks what must hold between instructions.
    pub fn invariant(&self) -> Result<()> {
        self.price.invariant()?;
        let ordered = self.initial_weight <= self.maintenance_weight
            && u64::from(self.maintenance_weight.0) <= crate::num::PPM
            && self.decimals <= 12;
        if ordered { Ok(()) } else { Err(Error::InvariantBroken) }
    }
}
