//! The virtual AMM: maker of last resort, with capital of its own.

mod budget;
mod curve;
mod depth;
mod drawdown;
mod join;
mod quote;
mod shape;
mod spread;
mod update;

pub use curve::{Curve, CurveFill, k_cost, peg_for};
pub use depth::{ScaleBounds, affordable_scale};
pub use quote::{AmmFill, Availability};
pub use shape::ShapeReport;
pub use update::UpdateReport;

use crate::error::{Error, Result};
use crate::num::{PPM, Rounding};
use crate::quantity::{Amount, Base, Ppm, Price, Quote, Size};

/// Smallest concentration coefficient (exclusive), parts per million.
pub const MIN_CONCENTRATION: u32 = 1_000_000;
/// Largest concentration coefficient: the square root of two.
pub const MAX_CONCENTRATION: u32 = 1_414_200;

/// Largest factor of a spread term over its cause: ten times.
pub const MAX_FACTOR: Ppm = Ppm(10_000_000);
/// Largest change of the depth in one update, 2.2 %.
pub const MAX_DEPTH_STEP: Ppm = Ppm(22_000);

account_bytes! {
    /// Curve, inventory and parameters of a market's virtual AMM.
    pub struct Amm [256] {
        /// Base reserve.
        0 => pub base_reserve: Size,
        /// Quote reserve, before the peg.
        8 => pub quote_reserve: Size,
        /// Square root of the product of the reserves.
        16 => pub sqrt_k: Size,
        /// Peg: quote units per unit of quote reserve.
        24 => pub peg: Price,
        /// The vAMM's own position: users' net base with the sign turned.
        32 => pub base: Base,
        /// The vAMM's cash: capital put in, plus what trades brought.
        40 => pub quote: Quote,
        /// Capital put in over life.
        48 => pub capital: Amount,
        /// Largest position on either side.
        56 => pub inventory_limit: Size,
        /// Concentration: the base reserve stays within a factor of this of its balanced value, ppm.
        64 => pub concentration: u32,
        /// Distance of bid and ask at no inventory, over the mid.
        68 => pub base_spread: Ppm,
        /// Widest half spread: neither bid nor ask is further than this from the mid.
        72 => pub max_spread: Ppm,
        /// Spread added at full inventory on the side that would enlarge it, over the mid.
        76 => pub inventory_spread: Ppm,
        /// A fill takes at most the base reserve over this.
        80 => pub max_fill_fraction: u32,
        /// Capital that the position needs: equity stays above this share of its value.
        84 => pub margin: Ppm,
        /// Share of the spare equity that the budget of updates may use at once, and share of what came in that it gets
        /// an hour.
        88 => pub update_budget: Ppm,
        /// Inventory up to which the vAMM counts as nearly flat and may be recentred, share of the inventory limit.
        92 => pub flat_share: Ppm,
        /// Slot of the last update, or of the last price that was traded at.
        96 => pub update_slot: u64,
        /// Oracle price of then.
        104 => pub update_price: Price,
        /// Spread and share of the fees earned over life, quote.
        112 => pub earned: u64,
        /// Base that takers bought lately, decaying over an hour.
        120 => pub long_intensity: u64,
        /// Base that takers sold lately, decaying over an hour.
        128 => pub short_intensity: u64,
        /// Unix time of both.
        136 => pub intensity_time: i64,
        /// What updates of peg and depth may still cost, quote.
        144 => pub budget: Amount,
        /// Unix time at which the budget was last filled.
        152 => pub budget_time: i64,
        /// Spent on updates over life, quote.
        160 => pub spent: u64,
        /// Highest equity lately, decaying toward the present one, quote.
        168 => pub peak_equity: Quote,
        /// Unix time at which the peak was last judged.
        176 => pub peak_time: i64,
        /// Spread added per unit of the row's relative deviation, ppm.
        184 => pub volatility_factor: Ppm,
        /// Spread added on the side that a peg behind the oracle would favour, over the distance, ppm.
        188 => pub retreat_factor: Ppm,
        /// Spread added at full use of the capital, over the mid.
        192 => pub leverage_spread: Ppm,
        /// Spread added at the drawdown limit, over the mid.
        196 => pub revenue_spread: Ppm,
        /// Loss of equity over the peak at which the vAMM only closes, 0 for none.
        200 => pub drawdown_limit: Ppm,
        /// Part of a maker's match that the vAMM may join with.
        204 => pub jit_share: Ppm,
        /// Largest change of the depth in one update.
        208 => pub depth_step: Ppm,
        /// Slot of the last step of the depth, its lower 32 bits.
        212 => pub shape_slot: u32,
        /// Equity below which the vAMM only closes, quote.
        216 => pub floor_equity: Quote,
        /// What came in and is not yet in the budget, quote.
        224 => pub unbudgeted: Amount,
        /// Depth at listing: updates lower the depth when the budget is short, and raise it back to this.
        232 => pub listed_sqrt_k: Size,
        /// Distance of the oracle to the mid that the last update could not pay for, ppm of the mid; positive when the
        /// oracle is higher.
        240 => pub lag: i64,
        /// Oracle price that was traded at first in the slot of the last update.
        248 => pub slot_price: Price,
    }
}

impl Amm {
    /// The curve.
    #[inline]
    pub fn curve(&self) -> Curve {
        Curve { base: self.base_reserve, quote: self.quote_reserve, sqrt_k: self.sqrt_k, peg: self.peg }
    }

    /// Users' net base against the vAMM.
    #[inline]
    pub fn users_net(&self) -> Base {
        Base(self.base.0.wrapping_neg())
    }

    /// Cash plus position at a price, rounded down.
    #[inline]
    pub fn equity(&self, price: Price) -> Result<Quote> {
        self.quote.plus(self.instrument().value(self.base, price, Rounding::Down)?)
    }

    /// Capital that the position needs at a price.
    #[inline]
    pub fn required_capital(&self, price: Price) -> Result<Amount> {
        self.instrument().worth(self.base.size(), price, Rounding::Up)?.share(self.margin, Rounding::Up)
    }

    /// Equity above what the position needs, zero when it is below.
    pub fn spare_equity(&self, price: Price) -> Result<Amount> {
        let needed = self.required_capital(price)?.credit()?;
        Ok(self.equity(price)?.minus(needed)?.positive_part())
    }

    /// Checks what must hold between instructions.
    pub fn invariant(&self) -> Result<()> {
        if self.sqrt_k.is_zero() {
            // A market without a vAMM trades on makers alone.
            let off = self.base.is_zero() && self.base_reserve.is_zero() && self.quote_reserve.is_zero();
            return if off { Ok(()) } else { Err(Error::InvariantBroken) };
        }
        let sound = !self.base_reserve.is_zero()
            && !self.quote_reserve.is_zero()
            && !self.peg.is_zero()
            && self.base.size() < self.sqrt_k;
        if sound { Ok(()) } else { Err(Error::InvariantBroken) }
    }

    /// Checks parameters against the bounds compiled into the program.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`].
    pub fn validate_parameters(&self, initial_margin: Ppm) -> Result<()> {
        if self.sqrt_k.is_zero() {
            return Ok(());
        }
        let sound = self.concentration > MIN_CONCENTRATION
            && self.concentration <= MAX_CONCENTRATION
            && self.sqrt_k.0 <= 1 << 61
            && self.base_spread < self.max_spread
            && self.max_spread < initial_margin
            && self.inventory_spread <= self.max_spread
            && self.max_fill_fraction >= 1
            && self.margin >= initial_margin
            && u64::from(self.margin.0) <= PPM
            && u64::from(self.update_budget.0) <= PPM
            && u64::from(self.flat_share.0) <= PPM / 2
            && self.inventory_limit < self.sqrt_k
            && self.volatility_factor <= MAX_FACTOR
            && self.retreat_factor <= MAX_FACTOR
            && self.leverage_spread <= self.max_spread
            && self.revenue_spread <= self.max_spread
            && u64::from(self.drawdown_limit.0) <= PPM
            && u64::from(self.jit_share.0) <= PPM
            && self.depth_step <= MAX_DEPTH_STEP;
        if sound { Ok(()) } else { Err(Error::InvalidParameter) }
    }
}
