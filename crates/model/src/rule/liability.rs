//! How much of a token liability a liquidator takes over, and what it gets in collateral for it.
//!
//! Multipliers are parts per million: `asset_multiplier` above one is the premium at which the liquidator gets the
//! collateral, `liability_multiplier` below one the discount at which it takes the liability. Pure functions: the
//! take-over of collateral other than the quote token is built on them.

use crate::error::{Error, Result};
use crate::num::{Checked, PPM, Rounding, mul_div, saturating_sub};
use crate::quantity::{Amount, Ppm, Price};
use crate::rule::margin::token_unit;

/// Weights and fees of a transfer of a liability against an asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransferTerms {
    /// Weight of the asset.
    pub asset_weight: Ppm,
    /// Weight of the liability, at least one.
    pub liability_weight: Ppm,
    /// Value of asset per value of liability, numerator.
    pub asset_multiplier: Ppm,
    /// Value of asset per value of liability, denominator.
    pub liability_multiplier: Ppm,
    /// Insurance fee over the value of the liability.
    pub insurance_fee: Ppm,
}

/// Liability tokens whose transfer frees the missing margin, rounded down, at least one; `u64::MAX` when no amount
/// does.
///
/// Transferring a value of one frees `liability_weight * (1 - insurance_fee)` less
/// `asset_weight * asset_multiplier / liability_multiplier`. Source: drift 2.14; vectors H7-H11.
pub fn transfer_to_cover(shortage: Amount, terms: &TransferTerms, price: Price, decimals: u8) -> Result<Amount> {
    let asset = mul_div(
        u64::from(terms.asset_weight.0),
        u64::from(terms.asset_multiplier.0),
        u64::from(terms.liability_multiplier.0),
        Rounding::Down,
    )?;
    let liability = u64::from(terms.liability_weight.0);
    let fee = mul_div(liability, u64::from(terms.insurance_fee.0), PPM, Rounding::Up)?;
    let freed = saturating_sub(saturating_sub(liability, asset), fee);
    if terms.asset_weight >= terms.liability_weight || freed == 0 {
        return Ok(Amount(u64::MAX));
    }
    let value = mul_div(price.usable()?.0, freed, PPM, Rounding::Down)?;
    if value == 0 {
        return Ok(Amount(u64::MAX));
    }
    let tokens = mul_div(shortage.0, token_unit(decimals)?, value, Rounding::Down).unwrap_or(u64::MAX);
    Ok(Amount(tokens.max(1)))
}

/// Liability tokens that an asset pays for: its value times `liability_multiplier / asset_multiplier`, rounded up
/// (the liquidator takes over the fraction), at least one.
///
/// Source: drift 2.14; vectors H12, H13.
pub fn transfer_for_asset(asset_value: Amount, terms: &TransferTerms, price: Price, decimals: u8) -> Result<Amount> {
    let paid = u128::from(asset_value.0)
        .times(u128::from(terms.liability_multiplier.0))?
        .times(u128::from(token_unit(decimals)?))?;
    let divisor = u128::from(terms.asset_multiplier.0).times(u128::from(price.usable()?.0))?;
    let whole = paid.checked_div(divisor).ok_or(Error::DivisionByZero)?;
    let part = paid.checked_rem(divisor).ok_or(Error::DivisionByZero)?;
    let tokens = u64::try_from(whole).map_err(|_| Error::Overflow)?.plus(u64::from(part != 0))?;
    Ok(Amount(tokens.max(1)))
}
