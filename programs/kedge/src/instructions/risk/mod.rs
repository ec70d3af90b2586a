//! Liquidation and default; anybody may.

pub mod liquidate;
pub mod settle_bankruptcy;
