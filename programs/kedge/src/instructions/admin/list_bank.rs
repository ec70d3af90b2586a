//! Listing a collateral.

use kedge_model::action::BankParams;

use crate::instructions::prelude::*;

/// Accounts of `list_bank`.
#[derive(Accounts)]
pub struct ListBank {
    /// The admin; pays the rent.
    #[account(mut)]
    pub admin: Payer,
    /// Counts banks; authority of the vault.
    #[account(mut)]
    pub exchange: Write<Exchange>,
    /// Gets the row.
    #[account(mut)]
    pub board: Write<PriceBoard>,
    /// The bank to create, at the next index.
    #[account(mut)]
    pub bank: New<Bank>,
    /// The mint.
    pub mint: UncheckedAccount,
    /// The vault to create.
    #[account(mut)]
    pub vault: UncheckedAccount,
    /// SPL Token program.
    pub token_program: Sole<SplToken>,
    /// System program.
    pub system_program: Sole<System>,
}

/// Lists it; the first is the quote bank.
#[inline(never)]
pub fn handle(a: &mut ListBank, params: &BankParams) -> Outcome {
    action::ListBank::authorise(params, &a.exchange, a.admin.address().as_array())?;
    let seed = a.exchange.banks.to_le_bytes();
    let decimals = calls::token::mint_decimals(a.mint.as_ref())?;
    let vault_bump = calls::token::create_vault(&a.admin, a.vault.as_ref(), a.mint.as_ref(), &seed)?;
    let (mut bank, bump) = a.bank.create(&a.admin, &[pda::BANK_SEED, &seed], 0)?;
    bank.bump = bump;
    bank.vault_bump = vault_bump;
    let mint: &AccountView = a.mint.as_ref();
    let vault: &AccountView = a.vault.as_ref();
    let list =
        action::ListBank { params, mint: mint.address().to_bytes(), vault: vault.address().to_bytes(), decimals };
    list.execute(&mut a.exchange, &mut a.board, &mut bank)?;
    Ok(bank.invariant()?)
}
