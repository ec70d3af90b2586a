//! Leaving a pot: the request, its withdrawal, the payment.

use kedge_model::event::StakeRecord;
use kedge_model::rule::tranche::Pot;

use crate::instructions::prelude::*;

/// Accounts of `request_unstake` and `cancel_unstake`.
#[derive(Accounts)]
pub struct RequestUnstake {
    /// Owner of the record.
    pub authority: Signed,
    /// Whose shares wait.
    #[account(mut)]
    pub trader: Write<Trader>,
}

/// Lets shares wait to be paid.
#[inline(never)]
pub fn request(a: &mut RequestUnstake, pot: u8, shares: u64) -> Outcome {
    let pot = Pot::from_number(pot)?;
    let authority = a.authority.address().as_array();
    action::RequestUnstake { pot, shares }.execute(&mut a.trader, authority, clock()?)?;
    Ok(a.trader.invariant()?)
}

/// Lets no share wait.
#[inline(never)]
pub fn cancel(a: &mut RequestUnstake, pot: u8) -> Outcome {
    let pot = Pot::from_number(pot)?;
    Ok(action::CancelUnstake { pot }.execute(&mut a.trader, a.authority.address().as_array())?)
}

/// Accounts of `unstake`.
#[derive(Accounts)]
pub struct Unstake {
    /// Owner of the record.
    pub authority: Signed,
    /// Switches; authority of the vault.
    pub exchange: Read<Exchange>,
    /// The quote bank.
    #[account(mut)]
    pub bank: Write<Bank>,
    /// Whose shares are redeemed.
    #[account(mut)]
    pub trader: Write<Trader>,
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

/// Redeems the shares that have waited and moves the tokens.
#[inline(never)]
pub fn handle(a: &mut Unstake) -> Outcome {
    calls::token::require_vault(&a.bank, a.vault.as_ref())?;
    let clock = clock()?;
    let authority = a.authority.address().to_bytes();
    let mut records = Records::of::<StakeRecord>();
    let mut batch = records.batch();
    let tokens = action::Unstake.execute(&a.exchange, &mut a.bank, &mut a.trader, &authority, clock, &mut batch)?;
    a.bank.invariant()?;
    let (vault, destination) = (a.vault.as_ref(), a.destination.as_ref());
    calls::token::pay_out(&a.token_program, &a.bank, vault, destination, a.exchange.as_ref(), tokens.0)?;
    calls::events::emit_plain(batch, authority, &clock, &a.event_authority)
}

/// Accounts of `unstake_vault`.
#[derive(Accounts)]
pub struct UnstakeVault {
    /// Owner of the record.
    pub authority: Signed,
    /// Switches; authority of the token vault.
    pub exchange: Read<Exchange>,
    /// Prices of what the vault holds.
    pub board: Read<PriceBoard>,
    /// The quote bank.
    #[account(mut)]
    pub bank: Write<Bank>,
    /// The vault's sub-account.
    #[account(mut)]
    pub backstop: Write<SubAccount>,
    /// Whose shares are redeemed.
    #[account(mut)]
    pub trader: Write<Trader>,
    /// Where the tokens go.
    #[account(mut)]
    pub destination: UncheckedAccount,
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

/// Redeems the shares of the vault that have waited and moves the tokens.
#[inline(never)]
pub fn unstake_vault(a: &mut UnstakeVault) -> Outcome {
    calls::token::require_vault(&a.bank, a.vault.as_ref())?;
    let clock = clock()?;
    let authority = a.authority.address().to_bytes();
    let mut records = Records::of::<StakeRecord>();
    let mut batch = records.batch();
    let (bank, vault, trader) = (&mut a.bank, &mut a.backstop, &mut a.trader);
    let (exchange, board) = (&a.exchange, &a.board);
    let tokens = action::UnstakeVault.execute(exchange, board, bank, vault, trader, &authority, clock, &mut batch)?;
    a.bank.invariant()?;
    a.trader.invariant()?;
    let (vault, destination) = (a.vault.as_ref(), a.destination.as_ref());
    calls::token::pay_out(&a.token_program, &a.bank, vault, destination, a.exchange.as_ref(), tokens.0)?;
    calls::events::emit_plain(batch, authority, &clock, &a.event_authority)
}
