//! Whether the books behind a bank add up.

use crate::instructions::prelude::*;

/// Accounts of `verify`; behind the quote bank all markets follow, in the order of their indices.
#[derive(Accounts)]
pub struct Verify {
    /// How many markets there are.
    pub exchange: Read<Exchange>,
    /// The bank.
    pub bank: Read<Bank>,
    /// Its vault.
    pub vault: UncheckedAccount,
}

/// Succeeds when they do.
#[inline(never)]
pub fn handle(a: &mut Verify) -> Outcome {
    calls::token::require_vault(&a.bank, a.vault.as_ref())?;
    let mut markets = Trailing::of(a);
    let mut books = action::Verify::default();
    for _ in 0..action::Verify::behind(&a.exchange, &a.bank) {
        let view = markets.next_shared().ok_or(ProgramError::NotEnoughAccountKeys)?;
        let market = Read::<Market>::load(view)?;
        books.add(&market)?;
    }
    if !markets.is_empty() {
        return Err(AccountError::TooManyAccounts.into());
    }
    Ok(books.finish(&a.exchange, &a.bank, calls::token::amount(a.vault.as_ref())?)?)
}
