//! A market's form.

use kedge_model::action::{AmmParams, MarketParams};
use kedge_model::time::Millis;
use serde::Deserialize;

use super::row::RowForm;
use super::unit::{AtPrice, Dollars, Percent, Units};
use crate::error::{CliError, Result};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MarketForm {
    name: String,
    tier: u8,
    min_order: Units,
    step: Units,
    tick: AtPrice,
    max_open_interest: Units,
    max_position: Units,
    initial_margin: Percent,
    maintenance_margin: Percent,
    size_premium: u32,
    funding_cap: Percent,
    price_band: Percent,
    liquidator_fee: Percent,
    liquidator_fee_small: Percent,
    liquidator_fee_start: Percent,
    liquidation_ramp_ms: u32,
    small_position: Dollars,
    insurance_fee: Percent,
    insurance_cap: Dollars,
    liquidation_buffer: Percent,
    liquidation_share: Percent,
    liquidation_budget: Dollars,
    vault_limit: Percent,
    row: RowForm,
    vamm: Option<AmmForm>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AmmForm {
    sqrt_k: Units,
    peg: AtPrice,
    inventory_limit: Units,
    concentration: Percent,
    max_fill_fraction: u32,
    margin: Percent,
    base_spread: Percent,
    max_spread: Percent,
    inventory_spread: Percent,
    leverage_spread: Percent,
    volatility_factor: Percent,
    retreat_factor: Percent,
    revenue_spread: Percent,
    drawdown_limit: Percent,
    update_budget: Percent,
    flat_share: Percent,
    jit_share: Percent,
    depth_step: Percent,
}

impl MarketForm {
    /// The parameters of the market.
    ///
    /// # Errors
    /// [`CliError::Usage`] for a name of more than 16 bytes, and as the row's parameters.
    pub(super) fn params(&self) -> Result<MarketParams> {
        let mut name = [0; 16];
        let bytes = self.name.as_bytes();
        let slots = name.get_mut(..bytes.len()).filter(|slots| !slots.is_empty());
        let slots =
            slots.ok_or_else(|| CliError::Usage(format!("the name `{}` is not of 1 to 16 bytes", self.name)))?;
        slots.copy_from_slice(bytes);
        Ok(MarketParams {
            name,
            row: self.row.params()?,
            amm: self.vamm.as_ref().map(AmmForm::params).unwrap_or_default(),
            initial_margin: self.initial_margin.0,
            maintenance_margin: self.maintenance_margin.0,
            size_premium: self.size_premium,
            funding_cap: self.funding_cap.0,
            price_band: self.price_band.0,
            liquidator_fee: self.liquidator_fee.0,
            liquidator_fee_small: self.liquidator_fee_small.0,
            liquidator_fee_start: self.liquidator_fee_start.0,
            liquidation_ramp: Millis(u64::from(self.liquidation_ramp_ms)),
            liquidation_share: self.liquidation_share.0,
            vault_limit: self.vault_limit.0,
            insurance_fee: self.insurance_fee.0,
            liquidation_buffer: self.liquidation_buffer.0,
            small_position: self.small_position.0,
            min_order: self.min_order.0,
            step: self.step.0,
            tick: self.tick.0,
            max_open_interest: self.max_open_interest.0,
            max_position: self.max_position.0,
            insurance_cap: self.insurance_cap.0,
            liquidation_budget: self.liquidation_budget.0,
            tier: self.tier,
            ..MarketParams::default()
        })
    }
}

impl AmmForm {
    fn params(&self) -> AmmParams {
        AmmParams {
            sqrt_k: self.sqrt_k.0,
            peg: self.peg.0,
            inventory_limit: self.inventory_limit.0,
            concentration: self.concentration.0.0,
            base_spread: self.base_spread.0,
            max_spread: self.max_spread.0,
            inventory_spread: self.inventory_spread.0,
            max_fill_fraction: self.max_fill_fraction,
            margin: self.margin.0,
            update_budget: self.update_budget.0,
            flat_share: self.flat_share.0,
            volatility_factor: self.volatility_factor.0,
            retreat_factor: self.retreat_factor.0,
            leverage_spread: self.leverage_spread.0,
            revenue_spread: self.revenue_spread.0,
            drawdown_limit: self.drawdown_limit.0,
            jit_share: self.jit_share.0,
            depth_step: self.depth_step.0,
            ..AmmParams::default()
        }
    }
}
