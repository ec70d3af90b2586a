//! Clusters that an exchange can stand on.

mod genesis;
pub mod local;
mod validator;

pub use genesis::Genesis;
pub use validator::{EXCHANGE, MOCK, Validator};
