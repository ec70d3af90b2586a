//! # kedge: the on-chain program
//!
//! Accounts, authorisation and token moves around the rules of the exchange, which live in the model. No
//! arithmetic on money happens here.
//!
//! This file is the table of contents: one entry an instruction, each in its own file under
//! [`instructions`].
#![cfg_attr(target_arch = "bpf", allow(internal_features))]

// 128-bit arithmetic and memory functions for builds with the upstream LLVM backend.
#[cfg(target_arch = "bpf")]
use kedge_libcalls as _;
#[cfg(target_arch = "bpf")]
use solana_compiler_builtins as _;

pub mod account;
pub mod calls;
pub mod error;
#[cfg(feature = "idl-build")]
pub mod idl;
pub mod oracle;
pub mod pda;

mod demo;
pub use demo::*;

use anchor_lang::prelude::*;

declare_id!("KedM2evrTtXqVER2jphMbHg1KPX4d6KzEASdzX42B3t");

#[cfg(not(feature = "no-entrypoint"))]
solana_security_txt::security_txt! {
    name: "Kedge",
    project_url: "https://github.com/kedge-exchange/kedge",
    contacts: "link:https://github.com/kedge-exchange/kedge/security/advisories/new",
    policy: "https://github.com/kedge-exchange/kedge/blob/main/SECURITY.md",
    preferred_languages: "en",
    source_code: "https://github.com/kedge-exchange/kedge",
    auditors: "None"
}

#[program]
pub mod kedge {
    use super::*;

    /// Nothing but the checks of signer, board, market and sub-account.
    pub fn touch(ctx: &mut Context<Touch>) -> Result<()> {
        Ok(demo::touch(ctx)?)
    }
    /// A fill: checks and makers.
    pub fn fill(ctx: &mut Context<Fill>) -> Result<()> {
        Ok(demo::fill(ctx)?)
    }
    /// The same through `remaining_accounts()`.
    pub fn fill_slow(ctx: &mut Context<Fill>) -> Result<()> {
        Ok(demo::fill_slow(ctx)?)
    }
    /// Places orders.
    pub fn place(ctx: &mut Context<Touch>, orders: Vec<OrderParams>) -> Result<()> {
        Ok(demo::place(ctx, &orders)?)
    }
    /// Places one order.
    pub fn place_one(ctx: &mut Context<Touch>, order: OrderParams) -> Result<()> {
        Ok(demo::place(ctx, &[order])?)
    }
    /// Creates a market.
    pub fn create_market(ctx: &mut Context<CreateMarket>, index: u16) -> Result<()> {
        Ok(demo::create_market(ctx, index)?)
    }
    /// Creates a sub-account.
    pub fn create_sub(ctx: &mut Context<CreateSub>, id: u16) -> Result<()> {
        Ok(demo::create_sub(ctx, id)?)
    }
    /// Creates the board's first step.
    pub fn create_board(ctx: &mut Context<CreateBoard>) -> Result<()> {
        Ok(demo::create_board(ctx)?)
    }
    /// Grows the board by a step.
    pub fn grow_board(ctx: &mut Context<GrowBoard>) -> Result<()> {
        Ok(demo::grow_board(ctx)?)
    }
    /// Grows the tail.
    pub fn grow_orders(ctx: &mut Context<GrowOrders>, items: u16) -> Result<()> {
        Ok(demo::grow_orders(ctx, items)?)
    }
    /// Deposits tokens.
    pub fn deposit(ctx: &mut Context<Deposit>, amount: u64) -> Result<()> {
        Ok(demo::deposit(ctx, amount)?)
    }
    /// Withdraws tokens.
    pub fn withdraw(ctx: &mut Context<Withdraw>, amount: u64) -> Result<()> {
        Ok(demo::withdraw(ctx, amount)?)
    }
    /// Emits a record by self-call.
    pub fn emit_call(ctx: &mut Context<Emit>) -> Result<()> {
        Ok(demo::emit_call(ctx)?)
    }
    /// Emits a record to the log.
    pub fn emit_log(ctx: &mut Context<Emit>) -> Result<()> {
        Ok(demo::emit_log(ctx)?)
    }
    /// Nothing.
    pub fn nothing(_ctx: &mut Context<Emit>) -> Result<()> {
        Ok(())
    }
    /// Emits an event with Anchor's macro.
    pub fn emit_anchor(ctx: &mut Context<EmitAnchor>) -> Result<()> {
        let r = AnchorRecord { bytes: [7; 200] };
        emit_cpi!(r);
        Ok(())
    }
}
