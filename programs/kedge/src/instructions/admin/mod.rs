//! Setting up, listing, pausing.

pub mod accept_admin;
pub mod assign_fee_tier;
pub mod delist_market;
pub mod fund_pool;
pub mod halt_row;
pub mod initialize;
pub mod list_bank;
pub mod list_market;
pub mod pay_treasury;
pub mod propose_admin;
pub mod set_expiry;
pub mod set_fees;
pub mod set_market_status;
pub mod set_paused;
