//! Configuration of job `maker`, and of the kill switch of `jit` and `quoter`.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

/// Job `maker`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Maker {
    /// Keeps a ladder on the book.
    pub rest: bool,
    /// Joins auctions.
    pub join: bool,
    /// Least half-spread, millionths.
    pub edge_ppm: u32,
    /// Weight of the oracle's confidence in the half-spread, millionths.
    pub confidence_weight_ppm: u32,
    /// Weight of volatility in the half-spread, millionths.
    pub volatility_weight_ppm: u32,
    /// Most half-spread, millionths.
    pub max_edge_ppm: u32,
    /// How far a full position moves the middle, millionths.
    pub skew_ppm: u32,
    /// Orders on each side.
    pub levels: u32,
    /// The ladder is replaced once it is this share of the half-spread off, millionths.
    pub requote_ppm: u32,
    /// Seconds for which an order of a ladder stands, of `quoter` too; it is renewed at half of them.
    pub life_s: u32,
    /// When it has to stop.
    pub kill: Kill,
    /// Markets that are made.
    pub markets: Vec<MakerMarket>,
}

impl Default for Maker {
    fn default() -> Self {
        Self {
            rest: true,
            join: true,
            edge_ppm: 400,
            confidence_weight_ppm: 500_000,
            volatility_weight_ppm: 250_000,
            max_edge_ppm: 10_000,
            skew_ppm: 800,
            levels: 3,
            requote_ppm: 400_000,
            life_s: crate::jobs::maker::LIFE,
            kill: Kill::default(),
            markets: Vec::new(),
        }
    }
}

/// When makers have to stop; 0 never.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Kill {
    /// Loss of equity since the start, dollars.
    pub max_loss: f64,
    /// Loss of equity since its peak, dollars.
    pub max_drawdown: f64,
    /// Slots without a price.
    pub max_stale_slots: u64,
    /// Transactions that fail one after the other.
    pub max_refusals: u32,
    /// Stops while this file is there; empty for none.
    pub file: PathBuf,
}

impl Default for Kill {
    fn default() -> Self {
        let file = PathBuf::new();
        Self { max_loss: 0.0, max_drawdown: 1_000.0, max_stale_slots: 150, max_refusals: 20, file }
    }
}

/// A market of job `maker`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct MakerMarket {
    /// Index of the market.
    pub market: u16,
    /// Size of the nearest order, coins.
    pub size: f64,
    /// Largest size of one join, coins.
    pub max_join: f64,
    /// Largest position on either side, coins.
    pub max_position: f64,
}

impl Maker {
    /// Refuses what cannot work.
    pub fn validate(&self) -> Result<()> {
        super::load::positive("maker.kill.max_loss", self.kill.max_loss)?;
        super::load::positive("maker.kill.max_drawdown", self.kill.max_drawdown)?;
        ensure!(self.rest || self.join, "maker.rest and maker.join are both off: nothing is left to do");
        ensure!((4..=86_400).contains(&self.life_s), "maker.life_s must lie between 4 and 86400");
        ensure!(self.levels <= 16, "maker.levels must lie between 0 and 16");
        ensure!(self.edge_ppm <= self.max_edge_ppm, "maker.edge_ppm must not be over maker.max_edge_ppm");
        for market in &self.markets {
            super::load::positive("maker.markets.size", market.size)?;
            super::load::positive("maker.markets.max_join", market.max_join)?;
            super::load::positive("maker.markets.max_position", market.max_position)?;
        }
        Ok(())
    }
}
