//! Settling a default.

use kedge_model::event::BankruptcyRecord;

use crate::instructions::prelude::*;
use crate::pda::BackstopAddress;

/// Accounts of `settle_bankruptcy`.
#[derive(Accounts)]
pub struct SettleBankruptcy {
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
    /// The defaulter.
    #[account(mut)]
    pub sub_account: Write<SubAccount>,
    /// The backstop vault's sub-account: that of the defaulter when the vault defaults itself.
    #[account(mut, unsafe(dup))]
    pub backstop: Sole<BackstopAddress>,
    /// Signs the program's calls to itself.
    pub event_authority: Sole<EventAuthority>,
    /// This program.
    pub program: Sole<ThisProgram>,
}

/// Along the waterfall; what is left is the market's deficit.
#[inline(never)]
pub fn handle(a: &mut SettleBankruptcy) -> Outcome {
    a.bank.require_quote()?;
    let clock = clock()?;
    let mut records = Records::of::<BankruptcyRecord>();
    let mut batch = records.batch();
    let own = anchor_lang::address_eq(a.sub_account.address(), a.backstop.address());
    // SAFETY: the only other account of its kind here is the defaulter's, which is at another address.
    let mut vault = if own { None } else { unsafe { Write::<SubAccount>::if_created(*a.backstop) }? };
    let mut account = a.sub_account.parts();
    action::Bankruptcy.execute(
        &a.exchange,
        &a.board,
        &mut a.market,
        &mut a.bank,
        &mut account,
        vault.as_deref_mut(),
        clock,
        &mut batch,
    )?;
    a.market.invariant()?;
    a.bank.invariant()?;
    calls::events::emit(batch, &mut a.market, [0; 32], &clock, &a.event_authority)
}
