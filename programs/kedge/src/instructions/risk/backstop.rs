//! The backstop vault: its creation, what it takes over, and how it is unwound.

use kedge_model::action::BACKSTOP_ORDERS;
use kedge_model::event::LiquidationRecord;

use crate::calls::events::room;
use crate::instructions::common::{CANCEL_RECORD, ORDER_RECORD};
use crate::instructions::prelude::*;

/// Accounts of `create_backstop`.
#[derive(Accounts)]
pub struct CreateBackstop {
    /// Pays the rent.
    #[account(mut)]
    pub payer: Payer,
    /// Counts sub-accounts.
    #[account(mut)]
    pub exchange: Write<Exchange>,
    /// The quote bank, which keeps the vault's shares.
    #[account(mut)]
    pub bank: Write<Bank>,
    /// The vault's sub-account, to be created.
    #[account(mut)]
    pub backstop: New<SubAccount>,
    /// System program.
    pub system_program: Sole<System>,
}

/// Creates it, under an authority that has no key.
#[inline(never)]
pub fn create(a: &mut CreateBackstop) -> Outcome {
    let authority = pda::BACKSTOP_AUTHORITY.to_bytes();
    let seeds: [&[u8]; 3] = [pda::SUB_ACCOUNT_SEED, &authority, &[0; 2]];
    let (mut account, bump) = a.backstop.create(&a.payer, &seeds, BACKSTOP_ORDERS)?;
    action::CreateBackstop { authority }.execute(&mut a.exchange, &mut a.bank, &mut account, bump)?;
    a.bank.invariant()?;
    Ok(account.invariant()?)
}

/// Accounts of `take_over`.
#[derive(Accounts)]
pub struct TakeOver {
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
    /// The vault's sub-account.
    #[account(mut)]
    pub backstop: Write<SubAccount>,
    /// Signs the program's calls to itself.
    pub event_authority: Sole<EventAuthority>,
    /// This program.
    pub program: Sole<ThisProgram>,
}

/// Begins a liquidation, or lets the vault take over a step of it.
#[inline(never)]
pub fn take_over(a: &mut TakeOver) -> Outcome {
    let clock = clock()?;
    let mut records =
        Records::new(room::<LiquidationRecord>() + CANCEL_RECORD * usize::from(a.sub_account.open_orders));
    let mut batch = records.batch();
    let (mut account, mut vault) = (a.sub_account.parts(), a.backstop.parts());
    let mut context = model_context(&a.exchange, &a.board, &mut a.market, clock, &mut batch);
    action::TakeOver.execute(&mut context, &mut a.bank, &mut account, &mut vault)?;
    a.market.invariant()?;
    a.bank.invariant()?;
    calls::events::emit(batch, &mut a.market, [0; 32], &clock, &a.event_authority)
}

/// Accounts of `unwind_backstop`.
#[derive(Accounts)]
pub struct UnwindBackstop {
    /// Switches.
    pub exchange: Read<Exchange>,
    /// Prices.
    pub board: Read<PriceBoard>,
    /// The market.
    #[account(mut)]
    pub market: Write<Market>,
    /// The quote bank.
    pub bank: Read<Bank>,
    /// The vault's sub-account.
    #[account(mut)]
    pub backstop: Write<SubAccount>,
}

/// Places the next order.
#[inline(never)]
pub fn unwind(a: &mut UnwindBackstop) -> Outcome {
    let clock = clock()?;
    let mut records = Records::new(ORDER_RECORD + CANCEL_RECORD * usize::from(a.backstop.open_orders));
    let mut batch = records.batch();
    let mut vault = a.backstop.parts();
    let mut context = model_context(&a.exchange, &a.board, &mut a.market, clock, &mut batch);
    action::Unwind.execute(&mut context, &a.bank, &mut vault)?;
    calls::events::log(batch, &mut a.market, [0; 32], &clock)
}
