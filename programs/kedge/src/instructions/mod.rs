//! One file an instruction: its accounts, what it checks, its handler.

pub mod admin;
pub mod keeper;
pub mod maker;
pub mod risk;
pub mod user;

mod common;

/// What nearly every instruction needs.
mod prelude {
    pub use super::common::{clock, model_context};
    pub use crate::account::{New, Payer, Read, Signed, Sole, Trailing, Write};
    pub use crate::args::Arg;
    pub use crate::calls;
    pub use crate::calls::events::Records;
    pub use crate::error::{AccountError, Outcome};
    pub use crate::pda::{self, EventAuthority, SplToken, System, ThisProgram};
    pub use anchor_lang::prelude::*;
    pub use arrayvec::ArrayVec;
    pub use bytemuck::TransparentWrapper;
    pub use kedge_model::account::bank::Bank;
    pub use kedge_model::account::board::PriceBoard;
    pub use kedge_model::account::exchange::Exchange;
    pub use kedge_model::account::market::Market;
    pub use kedge_model::account::sub_account::SubAccount;
    pub use kedge_model::account::trader::Trader;
    pub use kedge_model::action;
    pub use kedge_model::quantity::{Amount, Base, Price, Size};
}
