//! Listing markets and banks, inside the bounds compiled into the program.

use crate::account::bank::Bank;
use crate::account::board::{BankRow, MarketRow, PriceBoard, PriceRow, PriceSource, count_sources};
use crate::account::exchange::Exchange;
use crate::account::market::{Market, MarketStatus};
use crate::amm::Amm;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::num::{Checked, PPM};
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
    pub struct MarketParams [408] {
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
    /// A vAMM with these parameters, balanced at the peg.
    fn curve(&self) -> Amm {
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

impl RowParams {
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

/// Lists a market at the next index.
#[must_use]
#[derive(Clone, Copy, Debug)]
pub struct ListMarket<'a> {
    /// What to set.
    pub params: &'a MarketParams,
}

impl ListMarket<'_> {
    /// Refuses anybody but the admin.
    ///
    /// # Errors
    /// [`Error::WrongAuthority`].
    #[inline]
    pub fn authorise(&self, exchange: &Exchange, signer: &[u8; 32]) -> Result<()> {
        exchange.require_admin(signer)
    }

    /// Fills the market account and its row; the market trades once it is opened on a fresh price
    /// ([`crate::action::SetMarketStatus`]).
    ///
    /// # Errors
    /// [`Error::ListingFull`], [`Error::InvalidParameter`]; with a vAMM, whose peg is the price, those of
    /// [`Market::validate_scale`].
    pub fn execute(
        self,
        exchange: &mut Exchange,
        board: &mut PriceBoard,
        market: &mut Market,
        clock: Clock,
    ) -> Result<u16> {
        let index = exchange.markets;
        let row = board.markets.get_mut(usize::from(index)).ok_or(Error::ListingFull)?;
        let params = self.params;
        *row = MarketRow {
            price: params.row.row(false)?,
            initial_margin: params.initial_margin,
            maintenance_margin: params.maintenance_margin,
            size_premium: params.size_premium,
            listed: 1,
            ..MarketRow::default()
        };
        let amm = &params.amm;
        *market = Market {
            version: Market::VERSION,
            bump: market.bump,
            index,
            status: MarketStatus::Initialised as u8,
            tier: params.tier,
            name: params.name,
            amm: amm.curve(),
            insurance_cap: params.insurance_cap,
            next_order_seq: 1,
            min_order: params.min_order,
            step: params.step,
            tick: params.tick,
            max_open_interest: params.max_open_interest,
            max_position: params.max_position,
            premium_time: clock.unix_time,
            funding_time: clock.unix_time,
            funding_cap: params.funding_cap,
            price_band: params.price_band,
            liquidator_fee: params.liquidator_fee,
            liquidator_fee_small: params.liquidator_fee_small,
            insurance_fee: params.insurance_fee,
            liquidation_buffer: params.liquidation_buffer,
            small_position: params.small_position,
            liquidation_budget: params.liquidation_budget,
            liquidator_fee_start: params.liquidator_fee_start,
            liquidation_share: params.liquidation_share,
            liquidation_ramp: params.liquidation_ramp,
            ..Market::default()
        };
        market.validate_parameters(row)?;
        market.invariant().map_err(|_| Error::InvalidParameter)?;
        if !amm.sqrt_k.is_zero() {
            market.validate_scale(amm.peg)?;
        }
        exchange.markets = exchange.markets.plus(1)?;
        Ok(index)
    }
}

/// Lists a bank at the next index; the first is the quote bank.
#[must_use]
#[derive(Clone, Copy, Debug)]
pub struct ListBank<'a> {
    /// What to set.
    pub params: &'a BankParams,
    /// Mint.
    pub mint: [u8; 32],
    /// Vault.
    pub vault: [u8; 32],
    /// Decimals of the mint.
    pub decimals: u8,
}

impl ListBank<'_> {
    /// Refuses anybody but the admin, and collateral that would back something: a liquidation cannot take over other tokens
    /// than the quote bank's yet, so they may be held but count nothing.
    ///
    /// # Errors
    /// [`Error::WrongAuthority`], [`Error::InvalidParameter`].
    #[inline]
    pub fn authorise(params: &BankParams, exchange: &Exchange, signer: &[u8; 32]) -> Result<()> {
        exchange.require_admin(signer)?;
        let backs = exchange.banks != Bank::QUOTE && !params.maintenance_weight.is_zero();
        if backs { Err(Error::InvalidParameter) } else { Ok(()) }
    }

    /// Fills the bank account and its row. The quote bank has six decimals and counts in full.
    ///
    /// # Errors
    /// [`Error::ListingFull`], [`Error::InvalidParameter`].
    pub fn execute(self, exchange: &mut Exchange, board: &mut PriceBoard, bank: &mut Bank) -> Result<u16> {
        let index = exchange.banks;
        let row = board.banks.get_mut(usize::from(index)).ok_or(Error::ListingFull)?;
        let params = self.params;
        let full = u64::from(params.initial_weight.0) == PPM && u64::from(params.maintenance_weight.0) == PPM;
        let quote_sound = index != Bank::QUOTE || (self.decimals == 6 && full);
        // New collateral never counts in full, whoever lists it.
        let other_sound = index == Bank::QUOTE || params.maintenance_weight.0 <= 950_000;
        if !quote_sound || !other_sound || params.initial_weight > params.maintenance_weight || self.decimals > 12 {
            return Err(Error::InvalidParameter);
        }
        *row = BankRow {
            price: params.row.row(true)?,
            initial_weight: params.initial_weight,
            maintenance_weight: params.maintenance_weight,
            decimals: self.decimals,
            listed: 1,
            ..BankRow::default()
        };
        *bank = Bank {
            version: Bank::VERSION,
            bump: bank.bump,
            index,
            decimals: self.decimals,
            vault_bump: bank.vault_bump,
            mint: self.mint,
            vault: self.vault,
            deposit_cap: params.deposit_cap,
            ..Bank::default()
        };
        exchange.banks = exchange.banks.plus(1)?;
        Ok(index)
    }
}
