//! Settling a position's profit or loss into the balance.

use kedge_model::event::SettleRecord;

use crate::instructions::prelude::*;

/// Accounts of `settle_pnl`.
#[derive(Accounts)]
pub struct SettlePnl {
    /// Switches.
    pub exchange: Read<Exchange>,
    /// Prices.
    pub board: Read<PriceBoard>,
    /// The market.
    #[account(mut)]
    pub market: Write<Market>,
    /// The quote bank.
    #[account(mut)]
    pub bank: Write<Bank>,
    /// Whose position.
    #[account(mut)]
    pub sub_account: Write<SubAccount>,
    /// Signs the program's calls to itself.
    pub event_authority: Sole<EventAuthority>,
    /// This program.
    pub program: Sole<ThisProgram>,
}

/// Settles; the owner may sign behind the declared accounts.
#[inline(never)]
pub fn handle(a: &mut SettlePnl) -> Outcome {
    a.bank.require_quote()?;
    let by_owner = signed_by_owner(Trailing::of(a), &a.sub_account)?;
    let clock = clock()?;
    let mut records = Records::of::<SettleRecord>();
    let mut batch = records.batch();
    let mut account = a.sub_account.parts();
    let mut context = model_context(&a.exchange, &a.board, &mut a.market, clock, &mut batch);
    action::SettlePnl { by_owner }.execute(&mut context, &mut a.bank, &mut account)?;
    a.market.invariant()?;
    a.bank.invariant()?;
    calls::events::emit(batch, &mut a.market, [0; 32], &clock, &a.event_authority)
}

/// Whether the owner of the account follows the declared accounts. Who follows must be the owner and sign.
fn signed_by_owner(mut others: Trailing, account: &SubAccount) -> Outcome<bool> {
    if others.len() > 1 {
        return Err(AccountError::TooManyAccounts.into());
    }
    // An account that the instruction has already is nobody's owner, but one too many.
    let owner = others.next_unique().map_err(|_| AccountError::TooManyAccounts)?;
    let Some(owner) = owner else { return Ok(false) };
    if !owner.is_signer() {
        return Err(AccountError::AccountNotSigner.into());
    }
    account.require_owner(owner.address().as_array())?;
    Ok(true)
}
