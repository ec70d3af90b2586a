//! Liquidation and default; anybody may.

pub mod backstop;
pub mod liquidate;
pub mod liquidate_with_fill;
pub mod settle_bankruptcy;
