//! Configuration of each job.

use serde::{Deserialize, Serialize};

use super::publish;

/// Job `oracle`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Oracle {
    /// A row is refreshed when the newer price is at least this many seconds younger.
    pub min_age_s: u64,
    /// Price accounts that are read beside the sponsored ones of their feeds.
    pub accounts: Vec<publish::PriceAccount>,
    /// Prices that this keeper puts onto the chain itself.
    pub publish: publish::Publish,
}

impl Default for Oracle {
    fn default() -> Self {
        Self { min_age_s: 5, accounts: Vec::new(), publish: publish::Publish::default() }
    }
}

/// Job `amm`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Amm {
    /// Distance of mid and oracle from which on a move is worth a transaction, millionths.
    pub threshold_ppm: u32,
}

impl Default for Amm {
    fn default() -> Self {
        Self { threshold_ppm: 400 }
    }
}

/// Job `filler`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Filler {
    /// Most maker accounts in one fill.
    pub max_makers: usize,
    /// Most maker orders in one fill.
    pub max_orders: usize,
    /// Most fills in one transaction.
    pub max_fills: usize,
    /// Slots for which an order that has become fillable in its auction is left to makers, four more at most
    /// while races are lost; 0 to race them.
    pub yield_slots: u64,
}

impl Default for Filler {
    fn default() -> Self {
        Self { max_makers: 4, max_orders: 8, max_fills: 4, yield_slots: 2 }
    }
}

/// Job `settler`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settler {
    /// Least profit or loss of an open position to settle, dollars.
    pub min_pnl: f64,
    /// The same of a closed position.
    pub min_flat: f64,
    /// Least fees to sweep, dollars.
    pub min_fees: f64,
}

impl Default for Settler {
    fn default() -> Self {
        Self { min_pnl: 1_000.0, min_flat: 1.0, min_fees: 100.0 }
    }
}

/// Job `tiers`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tiers {
    /// Least volume of a sub-account to count, dollars.
    pub min_volume: f64,
}

impl Default for Tiers {
    fn default() -> Self {
        Self { min_volume: 100_000.0 }
    }
}

/// Job `liquidator`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Liquidator {
    /// What becomes of what it takes over.
    pub mode: LiquidatorMode,
    /// Largest value of its position in one market, dollars.
    pub max_value: f64,
    /// Largest value of all its positions together, dollars.
    pub max_total: f64,
    /// Share of its collateral that a take-over must leave free, millionths.
    pub headroom_ppm: u32,
    /// Least profit of a flip, fees paid, millionths of its value.
    pub min_profit_ppm: u32,
    /// How much worse than the oracle a take-over may be, millionths.
    pub tolerance_ppm: u32,
    /// Largest value of one unwinding order, dollars.
    pub unwind_value: f64,
}

impl Default for Liquidator {
    fn default() -> Self {
        Self {
            mode: LiquidatorMode::Hold,
            max_value: 50_000.0,
            max_total: 100_000.0,
            headroom_ppm: 200_000,
            min_profit_ppm: 500,
            tolerance_ppm: 0,
            unwind_value: 10_000.0,
        }
    }
}

/// What becomes of what the liquidator takes over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LiquidatorMode {
    /// Keeps it, within its limits.
    Hold,
    /// Sells it in the same transaction, or does nothing.
    Flip,
    /// Whichever of the two is worth more.
    Best,
}

/// Job `jit`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Jit {
    /// What it wants over its fair value, millionths.
    pub edge_ppm: u32,
    /// How far a full position moves its fair value, millionths.
    pub skew_ppm: u32,
    /// Markets in which it joins.
    pub markets: Vec<JitMarket>,
}

impl Default for Jit {
    fn default() -> Self {
        Self { edge_ppm: 500, skew_ppm: 1_000, markets: Vec::new() }
    }
}

/// A market of job `jit`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct JitMarket {
    /// Index of the market.
    pub market: u16,
    /// Largest size of one fill, coins.
    pub max_size: f64,
    /// Largest position on either side, coins.
    pub max_position: f64,
}

/// Job `quoter`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Quoter {
    /// Orders on each side.
    pub levels: u32,
    /// Distance of the first order from the middle, and of each from the next, millionths.
    pub distance_ppm: u32,
    /// How far a full position moves the middle, millionths.
    pub skew_ppm: u32,
    /// The ladder is replaced once its middle is this far off, millionths.
    pub requote_ppm: u32,
    /// Markets that are quoted.
    pub markets: Vec<QuoterMarket>,
}

impl Default for Quoter {
    fn default() -> Self {
        Self { levels: 3, distance_ppm: 500, skew_ppm: 800, requote_ppm: 200, markets: Vec::new() }
    }
}

/// A market of job `quoter`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct QuoterMarket {
    /// Index of the market.
    pub market: u16,
    /// Size of the nearest order, coins.
    pub size: f64,
    /// Largest position on either side, coins.
    pub max_position: f64,
}
