//! A market: its vAMM, its ledger, its limits.
//!
//! The ledger is exact after every action:
//!
//! * base: `long_interest - short_interest + amm.base = 0`;
//! * quote: `users_quote + amm.quote + fees + insurance_fees + funding_pot = pnl_pool`,
//!
//! where `users_quote` is the sum of all positions' claims. What leaves a position for a balance leaves the pool
//! with it, so the sum of all claims on the vault never changes by settling. Rounding dust stays in
//! `funding_pot`.

use crate::account::board::MarketRow;
use crate::amm::Amm;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::num::{Checked, PPM, Rounding, is_multiple, mul_div};
use crate::quantity::{Amount, Base, Ppm, Price, Quote, Size};
use crate::rule::funding;
use crate::rule::tiers;
use crate::time::{Millis, Slot};

/// Ticks that a price has at least when a market is listed: a tick is at most a thousandth of it.
pub const TICKS: u64 = 1_000;
/// Ticks that the price band has at least on either side of the oracle.
pub const BAND_TICKS: u64 = 10;
/// Smallest hourly index of the interest alone, so that rounding it loses a hundredth at most.
pub const LEAST_INDEX: i64 = 100;
/// Longest time in which the discount of a liquidation grows: ten minutes.
pub const LONGEST_RAMP: Millis = Millis(600_000);
/// Smallest worth of a step in quote units, so that rounding a fill of one loses a hundredth at most.
pub const LEAST_STEP: Amount = Amount(100);

numbered! {
    /// Status of a market.
    pub enum MarketStatus else InvalidParameter {
        /// Listed, not yet trading.
        Initialised = 0,
        /// Trading.
        Active = 1,
        /// Only positions that shrink, until [`Market::reduces_until`]; then it trades as an active one.
        ReduceOnly = 2,
        /// Expired: positions are closed at the settlement price, claims are paid.
        Settlement = 3,
        /// Nothing is left.
        Delisted = 4,
    }
}

account_bytes! {
    /// A perpetual-futures market.
    pub struct Market [816] {
        /// Layout version.
        0 => pub version: u8,
        /// Bump of the account's address.
        1 => pub bump: u8,
        /// Market index: also the board's row.
        2 => pub index: u16,
        /// [`MarketStatus`] as a number.
        4 => pub status: u8 as MarketStatus,
        /// Risk tier, 0 the safest.
        5 => pub tier: u8,
        /// Padding.
        6 => pub padding: [u8; 2],
        /// Name, UTF-8, zero-padded.
        8 => pub name: [u8; 16],
        /// The virtual AMM.
        24 => pub amm: Amm,
        /// Sum of users' long positions.
        280 => pub long_interest: Size,
        /// Sum of users' short positions.
        288 => pub short_interest: Size,
        /// Sum of users' position claims.
        296 => pub users_quote: Quote,
        /// Exchange fees not yet swept.
        304 => pub fees: Amount,
        /// Insurance fees of liquidations not yet swept.
        312 => pub insurance_fees: Amount,
        /// Funding between what was charged and what was settled, rounding dust included, less the deficit.
        320 => pub funding_pot: Quote,
        /// Quote tokens that back the ledger.
        328 => pub pnl_pool: Amount,
        /// Quote tokens of the insurance fund.
        336 => pub insurance_fund: Amount,
        /// Most that the insurance fund pays for the defaults of a day.
        344 => pub insurance_cap: Amount,
        /// Losses that nobody has paid yet; repaid by the next fees.
        352 => pub deficit: Amount,
        /// Sequence number of the next order.
        360 => pub next_order_seq: u64,
        /// Sequence number of the next event batch.
        368 => pub next_event_seq: u64,
        /// Smallest order.
        376 => pub min_order: Size,
        /// Sizes are multiples of this.
        384 => pub step: Size,
        /// Prices are multiples of this.
        392 => pub tick: Price,
        /// Cap of each side's open interest.
        400 => pub max_open_interest: Size,
        /// Largest position of one sub-account.
        408 => pub max_position: Size,
        /// Price of the last fill.
        416 => pub last_fill_price: Price,
        /// Time-weighted premium of the running funding period, parts per billion times seconds.
        424 => pub premium_sum: i64,
        /// Seconds covered by `premium_sum`.
        432 => pub premium_seconds: u64,
        /// Premium in force since the last sample, parts per billion.
        440 => pub premium_last: i64,
        /// Unix time of the last premium sample.
        448 => pub premium_time: i64,
        /// Unix time of the last funding update.
        456 => pub funding_time: i64,
        /// Rate of the last funding update, parts per billion an hour.
        464 => pub funding_rate: i64,
        /// Largest hourly funding rate, parts per million.
        472 => pub funding_cap: Ppm,
        /// Fills must be within this of the oracle.
        476 => pub price_band: Ppm,
        /// Largest discount at which a liquidator takes over.
        480 => pub liquidator_fee: Ppm,
        /// The same for small positions.
        484 => pub liquidator_fee_small: Ppm,
        /// Insurance fund's fee on what is liquidated, over its value at the oracle.
        488 => pub insurance_fee: Ppm,
        /// Margin above maintenance that a liquidation restores.
        492 => pub liquidation_buffer: Ppm,
        /// Value up to which a position counts as small and is liquidated whole, quote units.
        496 => pub small_position: Amount,
        /// Users' base traded over life.
        504 => pub volume: u64,
        /// Funding that longs paid over life (negative: received).
        512 => pub funding_paid_long: Quote,
        /// Funding that shorts paid over life (negative: received).
        520 => pub funding_paid_short: Quote,
        /// Fees swept to the protocol over life.
        528 => pub protocol_fees: u64,
        /// Profit given up over life because a loss was unpaid.
        536 => pub haircuts: u64,
        /// Unix time at which the market closes for settlement, 0 for never.
        544 => pub expiry_time: i64,
        /// Price at which positions are closed once the market is in settlement.
        552 => pub settlement_price: Price,
        /// Exponentially weighted premium of the mark over the oracle, parts per billion.
        560 => pub basis: i64,
        /// Unix time of the last basis sample.
        568 => pub basis_time: i64,
        /// Fees paid to referrers and builders over life, quote.
        576 => pub shared_fees: u64,
        /// Least value that may be liquidated in one window; 0 for no limit where `liquidation_share` is 0 too.
        584 => pub liquidation_budget: Amount,
        /// Value liquidated in the running window.
        592 => pub liquidated: Amount,
        /// Slot at which the running window began.
        600 => pub liquidation_window: Slot,
        /// Slot of the last fill.
        608 => pub last_fill_slot: Slot,
        /// Unix time at which settlement began.
        616 => pub settlement_time: i64,
        /// Debts of positions that settlement has closed and that are not paid yet.
        624 => pub debts: Amount,
        /// Claims paid since settlement began.
        632 => pub paid_out: Amount,
        /// Claims given up since settlement began, because nobody was left to pay them.
        640 => pub written_off: Amount,
        /// Defaults in settlement that the insurance fund did not pay: they are missing from profits before the vAMM.
        648 => pub settlement_loss: Amount,
        /// Claims of positions that settlement has looked at, not paid and not given up yet.
        656 => pub settled_claims: Amount,
        /// What defaults of a running day have taken from the vAMM.
        664 => pub amm_used: Amount,
        /// Unix time at which that day began.
        672 => pub amm_day: i64,
        /// What defaults of a running day have taken from the insurance fund.
        680 => pub insurance_used: Amount,
        /// Unix time at which that day began.
        688 => pub insurance_day: i64,
        /// Unix time at which the market last became reduce-only.
        696 => pub reduces_since: u32,
        /// Unix time at which it trades again by itself, or did; zero for never reduce-only.
        700 => pub reduces_until: u32,
        /// Unix time at which the silence of a price row was last announced; zero for never.
        704 => pub silence_time: u32,
        /// Slot at which it was, as far as 32 bits hold it.
        708 => pub silence_slot: u32,
        /// Unix time at which the present deficit, or the last one, began.
        712 => pub deficit_time: i64,
        /// Unix time at which a liquidation found a pocket with nothing left, and profit began to be held.
        720 => pub insolvency_time: i64,
        /// Reserved, zero.
        728 => pub reserved2: u32,
        /// Largest position that the backstop vault takes over here, over its value; 0 for none.
        732 => pub vault_limit: Ppm,
        /// Discount with which a liquidation begins; it grows to that of the position's size.
        736 => pub liquidator_fee_start: Ppm,
        /// Share of the open interest's value that may be liquidated in one window, where that is more than
        /// `liquidation_budget`.
        740 => pub liquidation_share: Ppm,
        /// Time in which the discount grows to the whole, milliseconds; 0 for a discount that is whole at once.
        744 => pub liquidation_ramp: Millis,
        /// Price of the last fills, weighted by their value: what triggers take for the last price.
        752 => pub last_price: Price,
        /// What of `liquidated` pockets had that were at least one, two and three eighths of their requirement short.
        760 => pub liquidated_near: [u64; 3],
        /// First eight bytes of the owner of whose accounts most was liquidated in the running window, as far as one word
        /// can tell.
        784 => pub liquidated_owner: u64,
        /// What of `liquidated` is that owner's at the least.
        792 => pub liquidated_of_owner: Amount,
        /// Id of that owner's sub-account, 65,535 for several.
        800 => pub liquidated_account: u16,
        /// Padding.
        802 => pub padding2: [u8; 6],
        /// Unix time of the vault's last order to reduce its position.
        808 => pub unwound: i64,
    }
}

impl Market {
    /// Layout version that this code reads and writes.
    pub const VERSION: u8 = 1;

    /// Sum of all users' signed base.
    pub fn users_base(&self) -> Result<Base> {
        Ok(Base(crate::num::to_i64(self.long_interest.0)?.minus(crate::num::to_i64(self.short_interest.0)?)?))
    }

    /// Refuses a size that is not a positive multiple of the step.
    pub fn require_step(&self, size: Size) -> Result<()> {
        if is_multiple(size.0, self.step.0) { Ok(()) } else { Err(Error::NotStepMultiple) }
    }

    /// Refuses a price that is not a multiple of the tick.
    pub fn require_tick(&self, price: Price) -> Result<()> {
        if is_multiple(price.0, self.tick.0) { Ok(()) } else { Err(Error::NotTickMultiple) }
    }

    /// Lowest and highest price of a fill around the oracle.
    #[inline]
    pub fn band(&self, oracle: Price) -> Result<(Price, Price)> {
        Ok((oracle.lowered(self.price_band, Rounding::Up)?, oracle.raised(self.price_band, Rounding::Down)?))
    }

    /// [`Self::band`] as it is now: narrower while the row opens after a halt, and none while it is reserved.
    ///
    /// # Errors
    /// [`Error::MarketReserved`].
    #[inline]
    pub fn trading_band(&self, row: &MarketRow, clock: &Clock) -> Result<(Price, Price)> {
        let (oracle, width) = (row.price.price, row.fills_within(self.price_band, clock)?);
        Ok((oracle.lowered(width, Rounding::Up)?, oracle.raised(width, Rounding::Down)?))
    }

    /// Follows a user's base from `before` to `after` in the open interest.
    #[inline]
    pub fn track_interest(&mut self, before: Base, after: Base) -> Result<()> {
        let part = |base: Base| if base.0 >= 0 { (base.size(), Size::ZERO) } else { (Size::ZERO, base.size()) };
        let ((long_before, short_before), (long_after, short_after)) = (part(before), part(after));
        self.long_interest = self.long_interest.plus(long_after)?.minus(long_before)?;
        self.short_interest = self.short_interest.plus(short_after)?.minus(short_before)?;
        Ok(())
    }

    /// Open interest: the larger of both sides.
    #[inline]
    pub fn open_interest(&self) -> Size {
        self.long_interest.max(self.short_interest)
    }

    /// Refuses open interest above the cap when it grew from `before`: what shrinks always passes.
    ///
    /// # Errors
    /// [`Error::OpenInterestCap`].
    #[inline]
    pub fn require_interest_cap(&self, before: Size) -> Result<()> {
        let now = self.open_interest();
        if now <= before || now <= self.max_open_interest { Ok(()) } else { Err(Error::OpenInterestCap) }
    }

    /// What all users together would take out at a price (negative: bring in), unsettled funding included. The pot
    /// is short of a deficit, which is nobody's funding.
    pub fn net_users_pnl(&self, price: Price) -> Result<Quote> {
        let funding = self.funding_pot.plus(self.deficit.credit()?)?;
        self.users_quote.plus(funding)?.plus(self.instrument().value(self.users_base()?, price, Rounding::Up)?)
    }

    /// The vAMM's equity at a price: its cash plus its base.
    #[inline]
    pub fn amm_equity(&self, price: Price) -> Result<Quote> {
        self.amm.equity(price)
    }

    /// Next order sequence number.
    pub(crate) fn take_order_seq(&mut self) -> Result<u64> {
        let seq = self.next_order_seq;
        self.next_order_seq = seq.plus(1)?;
        Ok(seq)
    }

    /// Checks what must hold between instructions: the exact ledger, the vAMM, the limits.
    #[inline]
    pub fn invariant(&self) -> Result<()> {
        if self.version != Self::VERSION {
            return Err(Error::VersionUnsupported);
        }
        let base = self.users_base()?.plus(self.amm.base)?;
        let ledger = self
            .users_quote
            .plus(self.amm.quote)?
            .plus(self.fees.credit()?)?
            .plus(self.insurance_fees.credit()?)?
            .plus(self.funding_pot)?
            .minus(self.pnl_pool.credit()?)?;
        if !base.is_zero() || !ledger.is_zero() {
            return Err(Error::InvariantBroken);
        }
        if self.status >= MarketStatus::Settlement as u8 {
            // The vAMM takes the other side of every position that is closed, whatever its curve.
            return Ok(());
        }
        self.amm.invariant()
    }

    /// Checks what the market counts in against the price that it is listed or opened at: nothing of it may round away.
    /// What a unit is too small or too large for, a multiple of the source's units mends ([`crate::account::board::PriceSource`]).
    ///
    /// # Errors
    /// [`Error::TickOutOfRange`] for a tick above one part in [`TICKS`] of the price, or a band of less than
    /// [`BAND_TICKS`] ticks on a side; [`Error::PriceOutOfRange`] where the interest of an hour is an index below
    /// [`LEAST_INDEX`], or a step is worth less than [`LEAST_STEP`]; [`Error::OpenInterestOutOfRange`] for a largest position
    /// below the smallest order, and open interest that could be worth more than a quarter of what a claim can hold.
    pub fn validate_scale(&self, price: Price) -> Result<()> {
        let ticks = price.usable()?.0.checked_div(self.tick.0).ok_or(Error::InvalidParameter)?;
        if ticks < TICKS || mul_div(ticks, u64::from(self.price_band.0), PPM, Rounding::Down)? < BAND_TICKS {
            return Err(Error::TickOutOfRange);
        }
        let interest = funding::hourly_rate(0, Ppm(u32::MAX))?;
        if funding::index_delta(interest, price, funding::PERIOD)?.0 < LEAST_INDEX
            || self.instrument().worth(self.step, price, Rounding::Down)? < LEAST_STEP
        {
            return Err(Error::PriceOutOfRange);
        }
        let worth = self.instrument().worth(self.max_open_interest, price, Rounding::Up).unwrap_or(Amount(u64::MAX));
        if self.max_position < self.min_order || worth.0 > u64::MAX >> 3 {
            return Err(Error::OpenInterestOutOfRange);
        }
        Ok(())
    }

    /// Checks parameters against the bounds compiled into the program, those of the tier ([`tiers::TIERS`]) among them,
    /// together with the board's row.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`].
    pub fn validate_parameters(&self, row: &MarketRow) -> Result<()> {
        let (initial, maintenance) = (u64::from(row.initial_margin.0), u64::from(row.maintenance_margin.0));
        let fees = u64::from(self.liquidator_fee_small.0.max(self.liquidator_fee.0))
            .wrapping_add(u64::from(self.insurance_fee.0));
        let tier = tiers::of(self.tier)?;
        let funding = u64::from(self.funding_cap.0);
        let sound = initial <= crate::num::PPM
            && row.initial_margin >= tier.initial_margin
            && row.price.jump_limit <= tier.jump_limit
            && maintenance >= 5_000
            && maintenance < initial
            // A liquidation at the edge must leave something, also when the hour's funding was taken from it: fees and
            // funding stay below maintenance.
            && fees.wrapping_add(funding) < maintenance
            && u64::from(self.liquidation_buffer.0) <= maintenance
            && self.liquidator_fee_start <= self.liquidator_fee.min(self.liquidator_fee_small)
            && self.liquidation_ramp <= LONGEST_RAMP
            && u64::from(self.liquidation_share.0) <= PPM
            && self.vault_limit <= tier.vault_limit
            && self.price_band.0 > 0
            && self.price_band.0 <= row.initial_margin.0.max(50_000)
            && self.price_band <= tier.price_band
            && self.funding_cap <= tier.funding_cap
            && self.step.0 > 0
            && self.tick.0 > 0
            && self.min_order >= self.step
            && is_multiple(self.min_order.0, self.step.0)
            && self.max_position.0 <= self.max_open_interest.0
            && self.max_open_interest.0 <= 1 << 60
            && MarketStatus::from_number(self.status).is_ok();
        if !sound {
            return Err(Error::InvalidParameter);
        }
        self.amm.validate_parameters(row.initial_margin)
    }
}
