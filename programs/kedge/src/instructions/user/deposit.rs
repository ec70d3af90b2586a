//! Putting collateral in.

use kedge_model::event::DepositRecord;

use crate::instructions::prelude::*;

/// Accounts of `deposit`.
#[derive(Accounts)]
pub struct Deposit {
    /// Owner of the tokens; need not own the sub-account but for a kind of token that is new to it.
    pub depositor: Signed,
    /// Switches.
    pub exchange: Read<Exchange>,
    /// The bank of the tokens.
    #[account(mut)]
    pub bank: Write<Bank>,
    /// Who gets the balance.
    #[account(mut)]
    pub sub_account: Write<SubAccount>,
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

/// Credits the balance and moves the tokens.
#[inline(never)]
pub fn handle(a: &mut Deposit, amount: u64) -> Outcome {
    calls::token::require_vault(&a.bank, a.vault.as_ref())?;
    let clock = clock()?;
    let mut records = Records::of::<DepositRecord>();
    let mut batch = records.batch();
    let deposit = action::Deposit { amount: Amount(amount), depositor: a.depositor.address().to_bytes() };
    deposit.execute(&a.exchange, &mut a.bank, &mut a.sub_account, clock, &mut batch)?;
    a.bank.invariant()?;
    calls::token::deposit(&a.token_program, a.source.as_ref(), a.vault.as_ref(), &a.depositor, amount)?;
    calls::events::emit_plain(batch, a.depositor.address().to_bytes(), &clock, &a.event_authority)
}
