//! One file an instruction: its accounts, what it checks, its handler.

pub mod admin;
pub mod keeper;
pub mod maker;
pub mod risk;
pub mod user;

mod common;

/// What nearly every instruction needs.
mod prelude {
    pub(super) use super::common::{clock, model_context};
    pub(super) use crate::account::{New, Payer, Read, Signed, Sole, Trailing, Write};
    pub(super) use crate::args::Arg;
    pub(super) use crate::calls;
    pub(super) use crate::calls::events::Records;
    pub(super) use crate::error::{AccountError, Outcome};
    pub(super) use crate::pda::{self, EventAuthority, SplToken, System, ThisProgram};
    pub(super) use anchor_lang::prelude::*;
    pub(super) use arrayvec::ArrayVec;
    pub(super) use bytemuck::TransparentWrapper;
    pub(super) use kedge_model::account::bank::Bank;
    pub(super) use kedge_model::account::board::PriceBoard;
    pub(super) use kedge_model::account::exchange::Exchange;
    pub(super) use kedge_model::account::market::Market;
    pub(super) use kedge_model::account::sub_account::SubAccount;
    pub(super) use kedge_model::account::trader::Trader;
    pub(super) use kedge_model::action;
    pub(super) use kedge_model::quantity::{Amount, Base, Price, Size};
}
