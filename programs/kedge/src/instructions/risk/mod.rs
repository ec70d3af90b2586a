//! Liquidation and default; anybody may.

pub mod liquidate;
pub mod liquidate_with_fill;
pub mod settle_bankruptcy;
