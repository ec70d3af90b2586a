//! Putting money into a market's pools; anybody may.

use kedge_model::action::PoolKind;

use kedge_model::event::PoolRecord;

use crate::instructions::prelude::*;

/// Accounts of `fund_pool`.
#[derive(Accounts)]
pub struct FundPool {
    /// Owner of the tokens.
    pub payer: Signed,
    /// The quote bank.
    #[account(mut)]
    pub bank: Write<Bank>,
    /// The market.
    #[account(mut)]
    pub market: Write<Market>,
    /// Where the tokens come from.
    #[account(mut)]
    pub source: UncheckedAccount,
    /// The bank's vault.
    #[account(mut)]
    pub vault: UncheckedAccount,
    /// SPL Token program.
    pub token_program: Sole<SplToken>,
    /// Signs the program's calls to itself.
    pub event_authority: Sole<EventAuthority>,
    /// This program.
    pub program: Sole<ThisProgram>,
}

/// Funds the vAMM's capital (kind 0) or the insurance fund (kind 1). It is a gift: nothing is owed for it.
#[inline(never)]
pub fn handle(a: &mut FundPool, kind: u8, amount: u64) -> Outcome {
    calls::token::require_vault(&a.bank, a.vault.as_ref())?;
    let clock = clock()?;
    let payer = a.payer.address().to_bytes();
    let mut records = Records::of::<PoolRecord>();
    let mut batch = records.batch();
    let fund = action::FundPool { kind: PoolKind::from_number(kind)?, amount: Amount(amount) };
    fund.execute(&mut a.bank, &mut a.market, payer, &mut batch)?;
    a.market.invariant()?;
    a.bank.invariant()?;
    calls::token::deposit(&a.token_program, a.source.as_ref(), a.vault.as_ref(), &a.payer, amount)?;
    calls::events::emit(batch, &mut a.market, payer, &clock, &a.event_authority)
}
