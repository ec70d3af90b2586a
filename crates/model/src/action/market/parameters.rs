//! What a listing sets: parameters of rows, vAMMs, markets and banks, and the templates of them.

use crate::account::board::{PriceRow, PriceSource, SourceKind, count_sources};
use crate::amm::Amm;
use crate::error::{Error, Result};
use crate::quantity::{Amount, Ppm, Price, Size};
use crate::time::Millis;

account_bytes! {
    /// Sources and judgement of a price row.
    pub struct RowParams [184] {
        /// Sources; unused slots have kind 0 and stand last.
        0 => pub sources: [PriceSource; 4],
        /// Fresh sources that make the price Normal.
        160 => pub quorum: u8,
        /// Padding.
        161 => pub padding: [u8; 3],
        /// Largest accepted confidence over price.
        164 => pub max_confidence: Ppm,
        /// Age in seconds past which a price no longer opens risk.
        168 => pub max_age: u32,
        /// Move against the five-minute average that counts as a jump.
        172 => pub jump_limit: Ppm,
        /// Padding.
        176 => pub padding2: u64,
    }
}

account_bytes! {
    /// The vAMM of a market; `sqrt_k` zero for a market without one.
    pub struct AmmParams [88] {
        /// Depth: base reserve and quote reserve at the start.
        0 => pub sqrt_k: Size,
        /// Peg at the start: the price.
        8 => pub peg: Price,
        /// Largest position on either side.
        16 => pub inventory_limit: Size,
        /// Concentration, ppm.
        24 => pub concentration: u32,
        /// Distance of bid and ask at no inventory.
        28 => pub base_spread: Ppm,
        /// Widest half spread.
        32 => pub max_spread: Ppm,
        /// Spread added at full inventory.
        36 => pub inventory_spread: Ppm,
        /// A fill takes at most the base reserve over this.
        40 => pub max_fill_fraction: u32,
        /// Capital over the value of the position.
        44 => pub margin: Ppm,
        /// Budget of updates: share of the spare equity that it may use at once, and share of what came in that it gets
        /// an hour.
        48 => pub update_budget: Ppm,
        /// Inventory over its limit up to which the vAMM counts as nearly flat.
        52 => pub flat_share: Ppm,
        /// Spread added per unit of the row's relative deviation.
        56 => pub volatility_factor: Ppm,
        /// Spread added on the side that a peg behind the oracle would favour, over the distance.
        60 => pub retreat_factor: Ppm,
        /// Spread added at full use of the capital.
        64 => pub leverage_spread: Ppm,
        /// Spread added at the drawdown limit.
        68 => pub revenue_spread: Ppm,
        /// Loss of equity over its peak at which the vAMM only closes, 0 for none.
        72 => pub drawdown_limit: Ppm,
        /// Part of a maker's match in an auction that the vAMM may join with, 0 for none.
        76 => pub jit_share: Ppm,
        /// Largest change of the depth in one update, 0 for none.
        80 => pub depth_step: Ppm,
        /// Padding.
        84 => pub padding: u32,
    }
}

account_bytes! {
    /// Everything that listing a market sets.
    pub struct MarketParams [416] {
        /// Name, UTF-8, zero-padded.
        0 => pub name: [u8; 16],
        /// Price row.
        16 => pub row: RowParams,
        /// The vAMM.
        200 => pub amm: AmmParams,
        /// Initial margin ratio.
        288 => pub initial_margin: Ppm,
        /// Maintenance margin ratio.
        292 => pub maintenance_margin: Ppm,
        /// Size premium, parts per hundred thousand a square root of ten units.
        296 => pub size_premium: u32,
        /// Largest hourly funding rate.
        300 => pub funding_cap: Ppm,
        /// Fills must be within this of the oracle.
        304 => pub price_band: Ppm,
        /// Liquidator's discount, large positions.
        308 => pub liquidator_fee: Ppm,
        /// Liquidator's discount, small positions.
        312 => pub liquidator_fee_small: Ppm,
        /// Insurance fee of liquidations.
        316 => pub insurance_fee: Ppm,
        /// Margin above maintenance that a liquidation restores.
        320 => pub liquidation_buffer: Ppm,
        /// Discount with which a liquidation begins; at most the two above.
        324 => pub liquidator_fee_start: Ppm,
        /// Value up to which a position counts as small.
        328 => pub small_position: Amount,
        /// Smallest order.
        336 => pub min_order: Size,
        /// Sizes are multiples of this.
        344 => pub step: Size,
        /// Prices are multiples of this.
        352 => pub tick: Price,
        /// Cap of each side's open interest.
        360 => pub max_open_interest: Size,
        /// Largest position of one sub-account.
        368 => pub max_position: Size,
        /// Most that the insurance fund pays for one default.
        376 => pub insurance_cap: Amount,
        /// Least value that may be liquidated in one window; 0 for no limit where `liquidation_share` is 0 too.
        384 => pub liquidation_budget: Amount,
        /// Risk tier.
        392 => pub tier: u8,
        /// Padding.
        393 => pub padding2: [u8; 3],
        /// Share of the open interest's value that may be liquidated in one window; 0 leaves `liquidation_budget` alone.
        396 => pub liquidation_share: Ppm,
        /// Time in which the liquidator's discount grows to the whole, milliseconds, at most ten minutes; 0 for at once.
        400 => pub liquidation_ramp: Millis,
        /// Largest position that the backstop vault takes over, over its value; 0 for none.
        408 => pub vault_limit: Ppm,
        /// Padding.
        412 => pub padding3: u32,
    }
}

account_bytes! {
    /// Everything that listing a bank sets.
    pub struct BankParams [208] {
        /// Price row.
        0 => pub row: RowParams,
        /// Largest sum of deposits.
        184 => pub deposit_cap: Amount,
        /// Weight in initial margin.
        192 => pub initial_weight: Ppm,
        /// Weight in maintenance margin.
        196 => pub maintenance_weight: Ppm,
        /// Padding.
        200 => pub padding: u64,
    }
}

impl AmmParams {
    /// What a listing sets in a vAMM, whatever its market; depth, peg and inventory are the market's own.
    #[must_use]
    pub fn template() -> Self {
        Self {
            concentration: 1_200_000,
            base_spread: Ppm(1_000),
            max_spread: Ppm(20_000),
            inventory_spread: Ppm(1_500),
            max_fill_fraction: 2_000,
            margin: Ppm(100_000),
            update_budget: Ppm(500_000),
            flat_share: Ppm(20_000),
            volatility_factor: Ppm(500_000),
            retreat_factor: Ppm(500_000),
            leverage_spread: Ppm(2_000),
            revenue_spread: Ppm(5_000),
            drawdown_limit: Ppm(300_000),
            jit_share: Ppm(500_000),
            depth_step: Ppm(1_000),
            ..Self::default()
        }
    }

    /// A vAMM with these parameters, balanced at the peg.
    pub(super) fn curve(&self) -> Amm {
        Amm {
            base_reserve: self.sqrt_k,
            quote_reserve: self.sqrt_k,
            sqrt_k: self.sqrt_k,
            peg: self.peg,
            inventory_limit: self.inventory_limit,
            concentration: self.concentration,
            base_spread: self.base_spread,
            max_spread: self.max_spread,
            inventory_spread: self.inventory_spread,
            max_fill_fraction: self.max_fill_fraction,
            margin: self.margin,
            update_budget: self.update_budget,
            flat_share: self.flat_share,
            volatility_factor: self.volatility_factor,
            retreat_factor: self.retreat_factor,
            leverage_spread: self.leverage_spread,
            revenue_spread: self.revenue_spread,
            drawdown_limit: self.drawdown_limit,
            jit_share: self.jit_share,
            depth_step: self.depth_step,
            listed_sqrt_k: self.sqrt_k,
            ..Amm::default()
        }
    }
}

impl MarketParams {
    /// What a listing sets, whatever its market: the vAMM's [`AmmParams::template`], fees and liquidations. Name, row, margins,
    /// sizes and caps are the market's own.
    #[must_use]
    pub fn template() -> Self {
        Self {
            amm: AmmParams::template(),
            funding_cap: Ppm(1_000),
            price_band: Ppm(50_000),
            liquidator_fee: Ppm(5_000),
            liquidator_fee_small: Ppm(10_000),
            liquidator_fee_start: Ppm(1_000),
            liquidation_ramp: Millis(60_000),
            liquidation_share: Ppm(50_000),
            vault_limit: Ppm(50_000),
            liquidation_budget: Amount(50_000_000_000),
            insurance_fee: Ppm(5_000),
            liquidation_buffer: Ppm(2_500),
            small_position: Amount(2_000_000_000),
            ..Self::default()
        }
    }
}

impl RowParams {
    /// What a listing sets in a row with one source.
    #[must_use]
    pub fn template(kind: SourceKind, key: [u8; 32]) -> Self {
        let mut sources = [PriceSource::default(); 4];
        sources[0] = PriceSource { key, kind: kind as u8, ..PriceSource::default() };
        Self {
            sources,
            quorum: 1,
            max_confidence: Ppm(20_000),
            max_age: 30,
            jump_limit: Ppm(50_000),
            ..Self::default()
        }
    }

    /// An empty row with these parameters.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`].
    pub fn row(&self, allow_fixed: bool) -> Result<PriceRow> {
        let count = count_sources(&self.sources, allow_fixed)?;
        let sound = count >= 1
            && self.quorum >= 1
            && self.quorum <= count
            && (5..=600).contains(&self.max_age)
            && (100..=50_000).contains(&self.max_confidence.0)
            && (5_000..=500_000).contains(&self.jump_limit.0);
        if !sound {
            return Err(Error::InvalidParameter);
        }
        Ok(PriceRow {
            sources: self.sources,
            quorum: self.quorum,
            source_count: count,
            max_confidence: self.max_confidence,
            max_age: self.max_age,
            jump_limit: self.jump_limit,
            state: crate::account::board::RowState::Stale as u8,
            ..PriceRow::default()
        })
    }
}
