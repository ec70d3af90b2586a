//! Clusters for an exchange.

mod genesis;
pub mod local;
mod validator;

pub use genesis::Genesis;
pub use validator::{EXCHANGE, MOCK, Validator};
