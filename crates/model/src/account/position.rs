//! A position in one market: base, its quote claim, and the open orders that could enlarge it.

use crate::account::board::MarketRow;
use crate::error::{Error, Result};
use crate::num::{BASE, FUNDING_TO_QUOTE, PPM, Rounding, mul_div_inline, to_i64};
use crate::quantity::{Amount, Base, FundingIndex, Ppm, Price, Quote, Size};
use crate::side::Side;

/// Status bits of a position.
pub mod status {
    /// The slot is in use.
    pub const USED: u8 = 1;
    /// The position is margined alone, by its own collateral.
    pub const ISOLATED: u8 = 2;
    /// A liquidation of this isolated position has begun and has not ended.
    pub const BEING_LIQUIDATED: u8 = 4;
    /// Nothing but debt is left of this isolated position.
    pub const BANKRUPT: u8 = 8;
    /// Closed at its market's settlement price; a debt that is left is counted there.
    pub const SETTLED: u8 = 16;
    /// All known bits.
    pub const ALL: u8 = USED | ISOLATED | BEING_LIQUIDATED | BANKRUPT | SETTLED;
}

account_bytes! {
    /// A position in one market.
    pub struct Position [72] {
        /// Signed base: positive is long.
        0 => pub base: Base,
        /// Claim (positive) or debt (negative) against the market's pnl pool, funding up to the index included.
        8 => pub quote: Quote,
        /// Quote at which the present base was entered, without fees and funding. Of a position that was settled: what has
        /// been paid of its claim.
        16 => pub entry: Quote,
        /// Funding index of the position's side up to which funding is in `quote`.
        24 => pub funding_index: FundingIndex,
        /// Base of open buy orders that can enlarge the position.
        32 => pub open_bids: Size,
        /// Base of open sell orders that can enlarge the position.
        40 => pub open_asks: Size,
        /// Profit and loss moved to the balance over the position's life.
        48 => pub settled_pnl: Quote,
        /// Market index.
        56 => pub market: u16,
        /// Open orders in this market.
        58 => pub open_orders: u8,
        /// Bits of [`status`].
        59 => pub status: u8,
        /// The user's own floor of the initial margin ratio, 0 for none.
        60 => pub custom_margin: Ppm,
        /// Quote tokens that back this position alone, when it is isolated.
        64 => pub isolated: Amount,
    }
}

/// Result of a trade in a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TradeEffect {
    /// Profit or loss realised against the entry, quote.
    pub realised: Quote,
    /// Whether the position ended larger, or on the other side.
    pub increased: bool,
}

impl Position {
    /// Whether the slot holds a position or orders of a market.
    #[inline]
    pub const fn is_used(&self) -> bool {
        self.status & status::USED != 0
    }

    /// Whether the position is margined alone, by its own collateral.
    #[inline]
    pub const fn is_isolated(&self) -> bool {
        self.status & status::ISOLATED != 0
    }

    /// Whether the slot is in use and margined together with the rest of the sub-account.
    #[inline]
    pub const fn is_cross(&self) -> bool {
        self.status & (status::USED | status::ISOLATED) == status::USED
    }

    /// Whether nothing is left that would be lost by freeing the slot; the user's own margin ratio is a setting, and
    /// stays ([`Self::vacate`]).
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.base.0 == 0 && self.quote.0 == 0 && self.open_orders == 0 && self.isolated.0 == 0
    }

    /// Whether nothing of the position can lose or owe anything: no base, no order that could open some, no debt.
    #[inline]
    pub const fn is_idle(&self) -> bool {
        self.base.0 == 0 && self.quote.0 >= 0 && self.open_bids.0 == 0 && self.open_asks.0 == 0
    }

    /// Frees the slot. One with a margin ratio of the user's own stays in use, with nothing else in it.
    pub fn vacate(&mut self) {
        let kept = (self.market, self.custom_margin);
        *self = Self::default();
        if !kept.1.is_zero() {
            self.status = status::USED;
            (self.market, self.custom_margin) = kept;
        }
    }

    /// Funding owed (negative) or due (positive) between two indices for a base, rounded down: against the user
    /// either way.
    #[inline]
    pub fn funding_payment(base: Base, from: FundingIndex, to: FundingIndex) -> Result<Quote> {
        if base.0 == 0 || from == to {
            return Ok(Quote::ZERO);
        }
        let moved = to.minus(from)?;
        let scale = BASE.wrapping_mul(FUNDING_TO_QUOTE);
        let pays = (base.0 > 0) == (moved.0 > 0);
        let magnitude = mul_div_inline(
            base.0.unsigned_abs(),
            moved.0.unsigned_abs(),
            scale,
            if pays { Rounding::Up } else { Rounding::Down },
        )?;
        let signed = to_i64(magnitude)?;
        Ok(Quote(if pays { signed.wrapping_neg() } else { signed }))
    }

    /// Unsettled funding at the market's present index of this side.
    #[inline]
    pub fn unsettled_funding(&self, index: FundingIndex) -> Result<Quote> {
        Self::funding_payment(self.base, self.funding_index, index)
    }

    /// Base in the worse of two worlds: all bids filled, or all asks filled.
    #[inline]
    pub fn worst_case_base(&self) -> Result<Base> {
        if self.open_bids.is_zero() && self.open_asks.is_zero() {
            return Ok(self.base);
        }
        let up = self.base.plus(self.open_bids.on(Side::Long)?)?;
        let down = self.base.plus(self.open_asks.on(Side::Short)?)?;
        Ok(if up.0.unsigned_abs() > down.0.unsigned_abs() { up } else { down })
    }

    /// Unrealised profit and loss at a price of the market with this row, unsettled funding included, rounded down.
    #[inline]
    pub fn unrealised_pnl(&self, row: &MarketRow, price: Price) -> Result<Quote> {
        let funding = self.unsettled_funding(row.funding(self.base))?;
        self.quote.plus(funding)?.plus(row.instrument().value(self.base, price, Rounding::Down)?)
    }

    /// Applies a trade. `quote` has the opposite sign of `base` (a buyer pays). The entry moves with an increase,
    /// and is reduced in proportion by a decrease; a flip closes and opens.
    ///
    /// Funding must be settled first. Source: drift vectors M7-M13.
    pub fn trade(&mut self, base: Base, quote: Quote) -> Result<TradeEffect> {
        let before = self.base;
        let after = before.plus(base)?;
        let same_side = before.0 == 0 || (before.0 > 0) == (base.0 > 0);
        let realised = if same_side {
            self.entry = self.entry.plus(quote)?;
            Quote::ZERO
        } else if base.0.unsigned_abs() <= before.0.unsigned_abs() {
            let closed = proportion(self.entry, base.size(), before.size())?;
            self.entry = self.entry.minus(closed)?;
            closed.plus(quote)?
        } else {
            let closing = proportion(quote, before.size(), base.size())?;
            let realised = self.entry.plus(closing)?;
            self.entry = quote.minus(closing)?;
            realised
        };
        self.base = after;
        self.quote = self.quote.plus(quote)?;
        let increased = after.0.unsigned_abs() > before.0.unsigned_abs()
            || (after.0 != 0 && before.0 != 0 && (after.0 > 0) != (before.0 > 0));
        Ok(TradeEffect { realised, increased })
    }

    /// Adds or removes open exposure of an order.
    pub fn add_open(&mut self, side: Side, size: Size) -> Result<()> {
        let open = self.open_mut(side);
        *open = open.plus(size)?;
        Ok(())
    }

    /// Removes open exposure of an order.
    pub fn remove_open(&mut self, side: Side, size: Size) -> Result<()> {
        let open = self.open_mut(side);
        *open = open.minus(size)?;
        Ok(())
    }

    fn open_mut(&mut self, side: Side) -> &mut Size {
        match side {
            Side::Long => &mut self.open_bids,
            Side::Short => &mut self.open_asks,
        }
    }

    /// Checks what must hold between instructions.
    pub fn invariant(&self) -> Result<()> {
        let sound = if self.is_used() {
            const ALONE: u8 = status::BEING_LIQUIDATED | status::BANKRUPT;
            self.status & !status::ALL == 0
                && (self.is_isolated() || (self.isolated.is_zero() && self.status & ALONE == 0))
                && (self.status & status::BANKRUPT == 0 || self.base.is_zero())
                && u64::from(self.custom_margin.0) <= PPM
                && (self.open_orders != 0 || (self.open_bids.is_zero() && self.open_asks.is_zero()))
        } else {
            let nothing = self.is_empty() && self.open_bids.is_zero() && self.open_asks.is_zero();
            self.status == 0 && nothing && self.custom_margin.is_zero()
        };
        if sound { Ok(()) } else { Err(Error::InvariantBroken) }
    }
}

/// `amount * part / whole`, toward zero.
fn proportion(amount: Quote, part: Size, whole: Size) -> Result<Quote> {
    let magnitude = to_i64(mul_div_inline(amount.0.unsigned_abs(), part.0, whole.0, Rounding::Down)?)?;
    Ok(Quote(if amount.0 < 0 { magnitude.checked_neg().ok_or(Error::Overflow)? } else { magnitude }))
}

/// Claim of a position that may be settled into the balance now.
///
/// A loss in full; a profit up to what was realised above the entry plus the pool's excess over all users' net
/// profit. Source: drift vectors M1-M6.
pub fn claimable_pnl(pnl: Quote, quote: Quote, entry: Quote, pool_excess: Quote) -> Result<Quote> {
    if pnl.0 <= 0 {
        return Ok(pnl);
    }
    let realised = Quote(quote.minus(entry)?.0.max(0));
    let bound = realised.plus(Quote(pool_excess.0.max(0)))?;
    Ok(Quote(pnl.0.min(bound.0)))
}
