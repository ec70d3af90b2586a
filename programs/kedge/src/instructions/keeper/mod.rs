//! What keeps a market running; anybody may.

pub mod fill_order;
pub mod refresh_prices;
pub mod settle_pnl;
pub mod sweep_fees;
pub mod update_amm;
pub mod update_funding;
