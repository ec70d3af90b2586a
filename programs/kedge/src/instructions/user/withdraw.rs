//! Taking collateral out.

use kedge_model::event::DepositRecord;

use crate::instructions::prelude::*;

/// Accounts of `withdraw`.
#[derive(Accounts)]
pub struct Withdraw {
    /// The owner; a delegate may not.
    pub authority: Signed,
    /// Switches; authority of the vault.
    pub exchange: Read<Exchange>,
    /// Prices.
    pub board: Read<PriceBoard>,
    /// The bank of the tokens.
    #[account(mut)]
    pub bank: Write<Bank>,
    /// Whose balance.
    #[account(mut)]
    pub sub_account: Write<SubAccount>,
    /// Where the tokens go.
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

/// Debits the balance, checks margin, moves the tokens.
#[inline(never)]
pub fn handle(a: &mut Withdraw, amount: u64) -> Outcome {
    a.sub_account.require_owner(a.authority.address().as_array())?;
    calls::token::require_vault(&a.bank, a.vault.as_ref())?;
    let clock = clock()?;
    let mut records = Records::of::<DepositRecord>();
    let mut batch = records.batch();
    action::Withdraw { amount: Amount(amount) }.execute(
        &a.exchange,
        &a.board,
        &mut a.bank,
        &mut a.sub_account,
        clock,
        &mut batch,
    )?;
    a.bank.invariant()?;
    let (vault, destination) = (a.vault.as_ref(), a.destination.as_ref());
    calls::token::pay_out(&a.token_program, &a.bank, vault, destination, a.exchange.as_ref(), amount)?;
    calls::events::emit_plain(batch, a.authority.address().to_bytes(), &clock, &a.event_authority)
}
