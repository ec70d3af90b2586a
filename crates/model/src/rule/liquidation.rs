//! How much of a position a liquidation takes, and at what price.

use crate::account::board::{PriceBoard, Purpose};
use crate::account::market::Market;
use crate::account::pocket::Pocket;
use crate::account::sub_account::{SubAccount, status};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::instrument::Instrument;
use crate::num::{BASE, Checked, PPM, Rounding, ceil_to, floor_to, mul_div};
use crate::quantity::{Amount, Base, Ppm, Price, Quote, Size};
use crate::rule::margin::{self, Margin, MarginKind};
use crate::side::Side;
use crate::time::Millis;

/// Largest part of a large position that one step takes.
pub const STEP_SHARE: Ppm = Ppm(250_000);

/// The liquidator's part of the discount, taker fee paid, of a step against makers.
pub const FILL_FEE_SHARE: Ppm = Ppm(500_000);

/// What the roundings of a step can leave of the shortage that it covered exactly: value down, requirement up, buffer
/// up, each by less than a unit (docs/math/liquidation.md). A step covers so much more.
pub const ROUNDING_UNITS: Amount = Amount(3);

/// Base whose transfer frees the missing margin.
///
/// Transferring one base frees `price * (ratio - liquidator_fee) - price * insurance_fee` of margin, rounded down.
/// `u64::MAX` when the fees eat what is freed. A step takes the result rounded up, of the shortage and
/// [`ROUNDING_UNITS`]. Source: drift 2.14, which rounds down; vectors H1-H6.
pub fn base_to_cover(
    shortage: Amount,
    ratio: Ppm,
    liquidator_fee: Ppm,
    insurance_fee: Ppm,
    price: Price,
    rounding: Rounding,
) -> Result<Size> {
    let fees = liquidator_fee.0.plus(insurance_fee.0)?;
    if ratio.0 <= fees || price.is_zero() {
        return Ok(Size(u64::MAX));
    }
    let freed = mul_div(price.0, u64::from(ratio.0.minus(fees)?), PPM, Rounding::Down)?;
    if freed == 0 {
        return Ok(Size(u64::MAX));
    }
    Ok(Size(mul_div(shortage.0, BASE, freed, rounding).unwrap_or(u64::MAX)))
}

/// Insurance fee of a liquidation, over the value at the oracle of what is taken: at most `max_fee`, and at most 95 % of
/// what is left of `ratio` once the liquidator's fee and the shortage over the value of the whole position are taken off.
/// `value` is rounded down and the shortage's part up, in one division: a pocket with nothing left pays none. Source: drift 2.14;
/// vectors H14-H16.
pub fn insurance_fee(shortage: Amount, value: Amount, ratio: Ppm, liquidator_fee: Ppm, max_fee: Ppm) -> Result<Ppm> {
    if ratio <= liquidator_fee || value.is_zero() {
        return Ok(Ppm::ZERO);
    }
    let needed = mul_div(shortage.0, PPM, value.0, Rounding::Up)?;
    let room = u64::from(ratio.0.minus(liquidator_fee.0)?).saturating_sub(needed);
    let allowed = mul_div(room, 95, 100, Rounding::Down)?;
    Ok(Ppm(u32::try_from(allowed.min(u64::from(max_fee.0))).map_err(|_| Error::Overflow)?))
}

/// What is missing: requirement plus buffer less collateral, zero when nothing is.
pub fn shortage(margin: &Margin, buffer: Ppm) -> Result<Amount> {
    let wanted = margin.requirement.plus(margin.liability.share(buffer, Rounding::Up)?)?;
    Ok(wanted.credit()?.minus(margin.collateral)?.positive_part())
}

/// Size of a liquidation step: what covers the shortage, at least the market's smallest order, at most a quarter
/// of a large position, and all of a small one; never more than the position or what the liquidator wants. A part of
/// a position is a multiple of the step, zero when the liquidator wants less than a step: no dust is left behind.
pub fn step_size(
    cover: Size,
    position: Size,
    is_small: bool,
    step: Size,
    min_order: Size,
    wanted: Size,
) -> Result<Size> {
    let wanted = if wanted >= position { position } else { Size(floor_to(wanted.0, step.0)) };
    if is_small {
        return Ok(wanted);
    }
    let quarter = Size(ceil_to(mul_div(position.0, u64::from(STEP_SHARE.0), PPM, Rounding::Up)?, step.0)?);
    let cover = Size(if cover.0 == u64::MAX { u64::MAX } else { ceil_to(cover.0, step.0).unwrap_or(u64::MAX) });
    let size = cover.min(quarter.max(min_order)).max(min_order).min(wanted);
    Ok(size)
}

/// The liquidator's discount so long after the liquidation began: from `start` to `most` in equal parts of `ramp`, rounded
/// down. `start` is held to `most`; a ramp of zero is over at once. Source: a Dutch auction; vectors/liquidation.json, kind discount.
pub fn discount(start: Ppm, most: Ppm, elapsed: Millis, ramp: Millis) -> Result<Ppm> {
    if elapsed >= ramp {
        return Ok(most);
    }
    let start = start.min(most);
    let grown = mul_div(u64::from(most.0.minus(start.0)?), elapsed.0, ramp.0, Rounding::Down)?;
    Ok(Ppm(start.0.plus(u32::try_from(grown).map_err(|_| Error::Overflow)?)?))
}

/// A discount held to what the pocket can give: its equity over the value of all its positions, rounded down, nothing
/// without equity. `margin` is the pocket's without orders.
pub fn affordable(discount: Ppm, margin: &Margin) -> Result<Ppm> {
    let equity = margin.collateral.positive_part();
    if margin.liability.is_zero() {
        return Ok(discount);
    }
    let wide = |a: u64, b: u64| u128::from(a).wrapping_mul(u128::from(b));
    if wide(equity.0, PPM) >= wide(u64::from(discount.0), margin.liability.0) {
        // The quotient below is no less: two products tell it without a division, whose result may leave 64 bits.
        return Ok(discount);
    }
    let most = mul_div(equity.0, PPM, margin.liability.0, Rounding::Down)?;
    Ok(Ppm(u32::try_from(most).unwrap_or(u32::MAX)).min(discount))
}

/// The discount at which a position of a pocket is taken over at a slot: of its size, grown since the liquidation began
/// ([`discount`]), within the pocket's equity ([`affordable`]), but never less than what it begins with: a position that
/// nobody gains by taking over would stay open, and its loss would grow with the price.
pub fn discount_at(market: &Market, is_small: bool, margin: &Margin, age: Millis) -> Result<Ppm> {
    let most = if is_small { market.liquidator_fee_small } else { market.liquidator_fee };
    let grown = discount(market.liquidator_fee_start, most, age, market.liquidation_ramp)?;
    Ok(affordable(grown, margin)?.max(market.liquidator_fee_start.min(grown)))
}

/// What a step against makers costs a pocket at the most, out of the discount of a take-over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FillTerms {
    /// The liquidator's fee, over the value at the oracle.
    pub fee: Ppm,
    /// How much worse than the oracle a fill may be.
    pub slippage: Ppm,
}

/// Splits a discount for a step against makers: the taker fee comes first, of the rest the liquidator gets a half rounded down
/// ([`FILL_FEE_SHARE`]), and what is left bounds the price. `None` for a discount below the taker fee: the pocket would pay more
/// than for a take-over.
pub fn fill_terms(discount: Ppm, taker_fee: Ppm) -> Result<Option<FillTerms>> {
    let Some(rest) = discount.0.checked_sub(taker_fee.0) else { return Ok(None) };
    let fee = mul_div(u64::from(rest), u64::from(FILL_FEE_SHARE.0), PPM, Rounding::Down)?;
    let fee = u32::try_from(fee).map_err(|_| Error::Overflow)?;
    Ok(Some(FillTerms { fee: Ppm(fee), slippage: Ppm(rest.minus(fee)?) }))
}

/// Value that may be liquidated in one window: the market's share of its open interest at a price, rounded down, at least
/// its floor; `None` for a market that has neither.
pub fn window_budget(market: &Market, price: Price) -> Result<Option<Amount>> {
    if market.liquidation_share.is_zero() {
        return Ok(Some(market.liquidation_budget).filter(|floor| !floor.is_zero()));
    }
    let open = market.instrument().worth(market.open_interest(), price, Rounding::Down)?;
    Ok(Some(open.share(market.liquidation_share, Rounding::Down)?.max(market.liquidation_budget)))
}

/// Markets in the order in which the positions of a pocket are reduced, the first `count` of the list: that which requires
/// the most maintenance margin first, of equal ones that of the lower index. A position whose row cannot be used is passed
/// over: it is not in the list. Open orders are cancelled before anything is reduced and do not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Order {
    /// Market indices.
    pub markets: [u16; 16],
    /// How many there are.
    pub count: usize,
}

impl Order {
    /// The markets.
    pub fn as_slice(&self) -> &[u16] {
        self.markets.get(..self.count).unwrap_or_default()
    }
}

/// The account once its orders are cancelled, as far as margins go.
fn without_orders(account: &SubAccount) -> SubAccount {
    let mut left = *account;
    for position in &mut left.positions {
        (position.open_bids, position.open_asks) = (Size::ZERO, Size::ZERO);
    }
    left
}

/// The market whose position a step would reduce now: the first of [`order`].
///
/// # Errors
/// As [`margin::liquidation_margin`].
pub fn first(account: &SubAccount, pocket: Pocket, board: &PriceBoard, clock: &Clock) -> Result<Option<u16>> {
    Ok(margin::first_to_reduce(&without_orders(account), pocket, board, clock)?.1)
}

/// The order in which a pocket would be reduced now ([`Order`]): [`margin::first_to_reduce`] asked again and again, each time
/// without the position that it named.
///
/// # Errors
/// As [`margin::liquidation_margin`].
pub fn order(account: &SubAccount, pocket: Pocket, board: &PriceBoard, clock: &Clock) -> Result<Order> {
    let mut left = without_orders(account);
    let mut order = Order::default();
    while let (_, Some(market)) = margin::first_to_reduce(&left, pocket, board, clock)? {
        let Some(place) = order.markets.get_mut(order.count) else { break };
        *place = market;
        order.count = order.count.wrapping_add(1);
        left.position_mut(market)?.base = Base::ZERO;
    }
    Ok(order)
}

/// Price of a take-over: the oracle moved by the liquidator's fee in the liquidator's favour.
pub fn takeover_price(position: Base, oracle: Price, fee: Ppm) -> Result<Price> {
    match Side::closing(position) {
        // The position is sold to the liquidator, who pays less.
        Side::Short => oracle.lowered(fee, Rounding::Up),
        Side::Long => oracle.raised(fee, Rounding::Down),
    }
}

/// Quote that the liquidated position gets (positive) or pays for a transfer of `base` (its own sign) at a price,
/// rounded against the liquidator by at most one unit.
pub fn takeover_quote(instrument: Instrument, base: Base, price: Price) -> Result<Quote> {
    instrument.value(base, price, Rounding::Up)
}

/// Refuses an account whose cross pocket is bankrupt or in liquidation. One that has recovered to its fill margin
/// leaves the liquidation here, and one that has something to pay with again is no longer bankrupt: no state may
/// outlive its cause.
///
/// # Errors
/// [`Error::AccountBankrupt`], [`Error::AccountBeingLiquidated`]; price rows of a flagged account.
#[inline]
pub fn require_free(account: &mut SubAccount, board: &PriceBoard, clock: &Clock) -> Result<()> {
    if account.status & !status::HAS_ISOLATED == 0 { Ok(()) } else { leave(account, Pocket::Cross, board, clock) }
}

/// The same for the pocket that a market's position and orders are in.
#[inline]
pub fn require_free_in(account: &mut SubAccount, market: u16, board: &PriceBoard, clock: &Clock) -> Result<()> {
    if account.status == 0 { Ok(()) } else { leave(account, Pocket::of(account, market), board, clock) }
}

/// Takes away the marks of a pocket that have outlived their cause, and refuses it when one stays.
#[inline(never)]
fn leave(account: &mut SubAccount, pocket: Pocket, board: &PriceBoard, clock: &Clock) -> Result<()> {
    if pocket.is_bankrupt(account) && pocket.uncovered_debt(account, board)?.is_zero() {
        pocket.set_bankrupt(account, false)?;
    }
    if pocket.is_being_liquidated(account) {
        let margin = margin::margin_of(account, pocket, board, MarginKind::Fill, Purpose::Liquidate, clock)?;
        if margin.is_met() {
            pocket.end_liquidation(account)?;
        }
    }
    pocket.require_free(account)
}
