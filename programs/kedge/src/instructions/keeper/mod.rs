//! What keeps a market running; anybody may.

pub mod expire_orders;
pub mod fill_order;
pub mod refresh_prices;
pub mod settle_market;
pub mod settle_pnl;
pub mod settle_position;
pub mod slice_order;
pub mod sweep_fees;
pub mod trail_order;
pub mod trigger_order;
pub mod uncross;
pub mod update_amm;
pub mod update_fee_tier;
pub mod update_funding;
pub mod verify;
