//! Paying the protocol's tokens out.

use kedge_model::event::StakeRecord;

use crate::instructions::prelude::*;
use crate::pda::BackstopAddress;

/// Accounts of `pay_treasury`.
#[derive(Accounts)]
pub struct PayTreasury {
    /// Names the treasury; authority of the vault.
    pub exchange: Read<Exchange>,
    /// The quote bank.
    #[account(mut)]
    pub bank: Write<Bank>,
    /// The backstop vault's sub-account, or its address while there is none.
    #[account(mut)]
    pub backstop: Sole<BackstopAddress>,
    /// The treasury's associated token account.
    #[account(mut)]
    pub destination: UncheckedAccount,
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

/// Moves the protocol's tokens to the treasury, once no market is left.
#[inline(never)]
pub fn handle(a: &mut PayTreasury) -> Outcome {
    calls::token::require_vault(&a.bank, a.vault.as_ref())?;
    calls::token::require_associated(a.destination.as_ref(), &a.exchange.treasury, &a.bank.mint)?;
    let clock = clock()?;
    let mut records = Records::of::<StakeRecord>();
    let mut batch = records.batch();
    // SAFETY: no other account of its kind is here.
    let mut backstop = unsafe { Write::<SubAccount>::if_created(*a.backstop) }?;
    let pay = action::PayTreasury;
    let tokens = pay.execute(&a.exchange, &mut a.bank, backstop.as_deref_mut(), clock, &mut batch)?;
    a.bank.invariant()?;
    let (vault, destination) = (a.vault.as_ref(), a.destination.as_ref());
    calls::token::pay_out(&a.token_program, &a.bank, vault, destination, a.exchange.as_ref(), tokens.0)?;
    calls::events::emit_plain(batch, [0; 32], &clock, &a.event_authority)
}
