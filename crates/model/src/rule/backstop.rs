//! What the backstop vault is worth, what it may take over, and in what pieces it sells.
//!
//! The vault is a sub-account: its equity is its dollars and, of each position, claim, funding and base. Base counts at the
//! worse of price and five-minute average, for whom it is to be worse: a holder who is paid gets the low value, a buyer of
//! shares pays the high one.

use crate::account::bank::Bank;
use crate::account::board::{MarketRow, PriceBoard, Purpose};
use crate::account::market::Market;
use crate::account::offer::MAX_OFFSET;
use crate::account::position::Position;
use crate::account::sub_account::SubAccount;
use crate::clock::Clock;
use crate::error::Result;
use crate::num::{BASE, Checked, PPM, Rounding, ceil_to, floor_to, mul_div, to_i64};
use crate::quantity::{Amount, Base, Ppm, Price, Quote, Size};
use crate::rule::margin::{self, MarginKind};
use crate::side::Side;
use crate::time::{Millis, Seconds};

/// Age from which the vault takes over a liquidation.
pub const TAKE_OVER_AGE: Millis = Millis(30_000);
/// Seconds between the vault's orders in a market; each ends when the next is due.
pub const PACE: Seconds = Seconds(60);
/// Part of its position that one order sells.
pub const SLICE: Ppm = Ppm(125_000);
/// Part of the market's discount that an order gives up against the oracle.
pub const CONCESSION: Ppm = Ppm(500_000);

/// Which rows serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prices {
    /// Those at which tokens may leave an account.
    Withdraw,
    /// The last price and average of each, whatever its state: what a default may take must not wait for a feed.
    Last,
}

/// What the vault is worth.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Worth {
    /// At the price worse for the vault, each position down.
    pub low: Quote,
    /// At the price better for the vault, each position up.
    pub high: Quote,
    /// Initial margin that its positions require, up.
    pub required: Amount,
}

/// What a sub-account that holds nothing but dollars and cross positions is worth.
///
/// # Errors
/// [`crate::Error::StaleRow`], [`crate::Error::RowStateForbids`] of a position with base; arithmetic.
#[inline(never)]
pub fn worth(account: &SubAccount, board: &PriceBoard, prices: Prices, clock: &Clock) -> Result<Worth> {
    let tokens = account.balance(Bank::QUOTE).credit()?;
    let mut sum = Worth { low: tokens, high: tokens, required: Amount::ZERO };
    for position in account.positions.iter().filter(|position| position.is_used()) {
        if position.base.is_zero() {
            (sum.low, sum.high) = (sum.low.plus(position.quote)?, sum.high.plus(position.quote)?);
            continue;
        }
        let row = board.market(position.market)?;
        if prices == Prices::Withdraw {
            row.price.require(Purpose::Withdraw, clock)?;
        }
        let (low, high, required) = value(position, row)?;
        (sum.low, sum.high) = (sum.low.plus(low)?, sum.high.plus(high)?);
        sum.required = sum.required.plus(required)?;
    }
    Ok(sum)
}

/// A position at the worse and the better price, and its initial margin.
fn value(position: &Position, row: &MarketRow) -> Result<(Quote, Quote, Amount)> {
    let (low, high) = (row.settles_at(row.price.strict_low())?, row.settles_at(row.price.strict_high())?);
    let (worse, better) = if position.base.0 > 0 { (low, high) } else { (high, low) };
    let claim = position.quote.plus(position.unsettled_funding(row.funding(position.base))?)?;
    let instrument = row.instrument();
    let ratio = margin::ratio(row, MarginKind::Initial, position.base.size(), Ppm::ZERO)?;
    Ok((
        claim.plus(instrument.value(position.base, worse, Rounding::Down)?)?,
        claim.plus(instrument.value(position.base, better, Rounding::Up)?)?,
        instrument.worth(position.base.size(), high, Rounding::Up)?.share(ratio, Rounding::Up)?,
    ))
}

/// What a default may take of the vault: what it may lose today, of the dollars that it has and its positions do not require.
///
/// # Errors
/// [`crate::Error::Overflow`].
pub fn payable(worth: &Worth, tokens: Amount, room: Amount) -> Result<Amount> {
    let free = worth.low.minus(worth.required.credit()?)?.positive_part();
    Ok(room.min(tokens).min(free))
}

/// Base on a side that the vault may still take over in a market: up to the market's limit of what the vault is worth, at a
/// price, in whole steps, beside what it holds there already; what it holds on the other side comes on top.
///
/// # Errors
/// [`crate::Error::Overflow`].
#[inline(never)]
pub fn take_over_room(market: &Market, held: Base, side: Side, worth: Amount, price: Price) -> Result<Size> {
    let most = worth.share(market.vault_limit, Rounding::Down)?;
    let most = mul_div(most.0, BASE, price.0.max(1), Rounding::Down).unwrap_or(u64::MAX);
    let most = floor_to(most.min(market.max_position.0), market.step.0);
    let same_side = (held.0 > 0) == (side == Side::Long);
    if most == 0 {
        return Ok(Size::ZERO);
    }
    Ok(Size(if same_side { most.saturating_sub(held.size().0) } else { most.plus(held.size().0)? }))
}

/// Size of the next order that reduces a position: an eighth of it, raised to the step and the smallest order, at most all; all
/// of a small one.
///
/// # Errors
/// [`crate::Error::Overflow`].
pub fn slice(market: &Market, held: Size, price: Price) -> Result<Size> {
    if market.instrument().worth(held, price, Rounding::Up)? <= market.small_position {
        return Ok(held);
    }
    let part = ceil_to(mul_div(held.0, u64::from(SLICE.0), PPM, Rounding::Up)?, market.step.0)?;
    Ok(Size(part.max(market.min_order.0)).min(held))
}

/// Distance of such an order to the oracle, in whole ticks down: what it gives up, positive for a buy. Half of the discount at
/// which large positions are taken over.
///
/// # Errors
/// [`crate::Error::Overflow`].
pub fn concession(market: &Market, side: Side, price: Price) -> Result<i64> {
    let of = mul_div(u64::from(market.liquidator_fee.0), u64::from(CONCESSION.0), PPM, Rounding::Down)?;
    let ticks = floor_to(mul_div(price.0, of, PPM, Rounding::Down)?, market.tick.0);
    let distance = to_i64(ticks)?.min(MAX_OFFSET.cast_signed());
    Ok(if side == Side::Long { distance } else { distance.wrapping_neg() })
}
