//! Rules: what is computed about accounts without changing them.

pub mod auction;
pub mod backstop;
pub mod fees;
pub mod funding;
pub mod group;
pub mod liability;
pub mod lifecycle;
pub mod liquidation;
pub mod margin;
pub mod risk;
pub mod tiers;
pub mod tranche;
pub mod trigger;
pub mod waterfall;
pub mod weights;
