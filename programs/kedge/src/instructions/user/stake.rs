//! Staking with the insurance.

use kedge_model::event::StakeRecord;

use crate::instructions::prelude::*;

/// Accounts of `stake`.
#[derive(Accounts)]
pub struct Stake {
    /// Owner of the tokens and of the record.
    pub authority: Signed,
    /// Switches.
    pub exchange: Read<Exchange>,
    /// The quote bank.
    #[account(mut)]
    pub bank: Write<Bank>,
    /// Who gets the shares.
    #[account(mut)]
    pub trader: Write<Trader>,
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

/// Issues shares and moves the tokens.
#[inline(never)]
pub fn handle(a: &mut Stake, amount: u64, least_shares: u64) -> Outcome {
    calls::token::require_vault(&a.bank, a.vault.as_ref())?;
    let clock = clock()?;
    let authority = a.authority.address().to_bytes();
    let mut records = Records::of::<StakeRecord>();
    let mut batch = records.batch();
    let stake = action::Stake { amount: Amount(amount), least_shares };
    stake.execute(&a.exchange, &mut a.bank, &mut a.trader, &authority, clock, &mut batch)?;
    a.bank.invariant()?;
    a.trader.invariant()?;
    calls::token::deposit(&a.token_program, a.source.as_ref(), a.vault.as_ref(), &a.authority, amount)?;
    calls::events::emit_plain(batch, authority, &clock, &a.event_authority)
}

/// Accounts of `stake_vault`.
#[derive(Accounts)]
pub struct StakeVault {
    /// Owner of the tokens and of the record.
    pub authority: Signed,
    /// Switches.
    pub exchange: Read<Exchange>,
    /// Prices of what the vault holds.
    pub board: Read<PriceBoard>,
    /// The quote bank.
    #[account(mut)]
    pub bank: Write<Bank>,
    /// The vault's sub-account.
    #[account(mut)]
    pub backstop: Write<SubAccount>,
    /// Who gets the shares.
    #[account(mut)]
    pub trader: Write<Trader>,
    /// Where the tokens come from.
    #[account(mut)]
    pub source: UncheckedAccount,
    /// The bank's token vault.
    #[account(mut)]
    pub vault: UncheckedAccount,
    /// SPL Token program.
    pub token_program: Sole<SplToken>,
    /// Signs the program's calls to itself.
    pub event_authority: Sole<EventAuthority>,
    /// This program.
    pub program: Sole<ThisProgram>,
}

/// Issues shares of the vault and moves the tokens.
#[inline(never)]
pub fn stake_vault(a: &mut StakeVault, amount: u64, least_shares: u64) -> Outcome {
    calls::token::require_vault(&a.bank, a.vault.as_ref())?;
    let clock = clock()?;
    let authority = a.authority.address().to_bytes();
    let mut records = Records::of::<StakeRecord>();
    let mut batch = records.batch();
    let stake = action::StakeVault { amount: Amount(amount), least_shares };
    let (bank, vault, trader) = (&mut a.bank, &mut a.backstop, &mut a.trader);
    stake.execute(&a.exchange, &a.board, bank, vault, trader, &authority, clock, &mut batch)?;
    a.bank.invariant()?;
    a.trader.invariant()?;
    calls::token::deposit(&a.token_program, a.source.as_ref(), a.vault.as_ref(), &a.authority, amount)?;
    calls::events::emit_plain(batch, authority, &clock, &a.event_authority)
}
