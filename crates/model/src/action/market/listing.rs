//! Listing markets and banks, inside the bounds compiled into the program.

use crate::account::bank::Bank;
use crate::account::board::{BankRow, MarketRow, PriceBoard};
use crate::account::exchange::Exchange;
use crate::account::market::{Market, MarketStatus};
use crate::action::market::parameters::{BankParams, MarketParams};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::num::{Checked, PPM};

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
            vault_limit: params.vault_limit,
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
