//! Accounts: what is stored on the chain, and what a single one of them answers about itself.

pub mod backstop;
pub mod bank;
pub mod board;
pub mod client_id;
pub mod exchange;
pub mod market;
pub mod offer;
pub mod order;
pub mod pause;
pub mod pocket;
pub mod position;
pub mod sub_account;
mod telling;
pub mod trader;
