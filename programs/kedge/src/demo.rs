//! Patterns shown on small structs.
#![allow(missing_docs)]

use crate::account::*;
use crate::calls;
use crate::error::*;
use crate::pda::{self, *};
use anchor_lang::prelude::*;
use anchor_lang::{Context, IdlType, event_cpi};
use bytemuck::{Pod, Zeroable};

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub struct Market {
    pub index: u64,
    pub last: u64,
    pub rest: [u64; 126],
}
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub struct SubAccount {
    pub authority: [u8; 32],
    pub id: u64,
    pub open: u64,
    pub rest: [u64; 180],
}
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub struct Order {
    pub price: u64,
    pub size: u64,
    pub rest: [u64; 10],
}
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub struct PriceBoard {
    pub rows: [[u64; 32]; 64],
}
stored! {
    Market;
    PriceBoard;
    SubAccount with 128 of Order;
}

#[derive(Clone, Copy, wincode::SchemaRead, wincode::SchemaWrite, IdlType)]
#[repr(C)]
pub struct OrderParams {
    pub side: u8,
    pub kind: u8,
    pub flags: u16,
    pub market: u16,
    pub client_id: u64,
    pub price: u64,
    pub size: u64,
    pub trigger: u64,
    pub expiry: i64,
}

#[derive(Accounts)]
pub struct Touch {
    pub authority: Signed,
    #[account(mut)]
    pub sub_account: Write<SubAccount>,
    pub board: Read<PriceBoard>,
}
#[derive(Accounts)]
pub struct Fill {
    pub keeper: Signed,
    pub board: Read<PriceBoard>,
    #[account(mut)]
    pub market: Write<Market>,
    #[account(mut)]
    pub taker: Write<SubAccount>,
}
#[derive(Accounts)]
pub struct CreateMarket {
    #[account(mut)]
    pub payer: Payer,
    #[account(mut)]
    pub market: New<Market>,
    pub system_program: Sole<pda::System>,
}
#[derive(Accounts)]
pub struct CreateSub {
    #[account(mut)]
    pub payer: Payer,
    pub authority: Signed,
    #[account(mut)]
    pub sub_account: New<SubAccount>,
    pub system_program: Sole<pda::System>,
}
#[derive(Accounts)]
pub struct CreateBoard {
    #[account(mut)]
    pub payer: Payer,
    #[account(mut)]
    pub board: New<PriceBoard>,
    pub system_program: Sole<pda::System>,
}
#[derive(Accounts)]
pub struct GrowBoard {
    #[account(mut)]
    pub payer: Payer,
    #[account(mut)]
    pub board: Sole<BoardAddress>,
    pub system_program: Sole<pda::System>,
}
#[derive(Accounts)]
pub struct GrowOrders {
    #[account(mut)]
    pub payer: Payer,
    #[account(mut)]
    pub sub_account: Write<SubAccount>,
    pub system_program: Sole<pda::System>,
}
#[derive(Accounts)]
pub struct Deposit {
    pub authority: Signed,
    #[account(mut)]
    pub sub_account: Write<SubAccount>,
    #[account(mut)]
    pub source: UncheckedAccount,
    #[account(mut)]
    pub vault: UncheckedAccount,
    pub token_program: Sole<SplToken>,
    pub event_authority: Sole<EventAuthority>,
    pub program: Sole<ThisProgram>,
}
#[derive(Accounts)]
pub struct Withdraw {
    pub authority: Signed,
    #[account(mut)]
    pub sub_account: Write<SubAccount>,
    #[account(mut)]
    pub destination: UncheckedAccount,
    #[account(mut)]
    pub vault: UncheckedAccount,
    pub exchange: Sole<ExchangeAddress>,
    pub token_program: Sole<SplToken>,
    pub event_authority: Sole<EventAuthority>,
    pub program: Sole<ThisProgram>,
}
#[derive(Accounts)]
pub struct Emit {
    pub event_authority: Sole<EventAuthority>,
    pub program: Sole<ThisProgram>,
}
#[event_cpi]
#[derive(Accounts)]
pub struct EmitAnchor {
    pub authority: Signed,
}
#[event(bytemuck)]
pub struct AnchorRecord {
    pub bytes: [u8; 200],
}

#[inline(never)]
pub fn touch(ctx: &mut Context<Touch>) -> Outcome {
    let sub = &mut ctx.accounts.sub_account;
    sub.open = sub.open.wrapping_add(ctx.accounts.board.rows[0][0]);
    Ok(())
}
#[inline(never)]
pub fn fill(ctx: &mut Context<Fill>) -> Outcome {
    let mut makers = Trailing::of(ctx).all::<SubAccount, 8>()?;
    let mut best = 0;
    for maker in &mut makers {
        let (sub, orders) = maker.split();
        sub.open += 1;
        if let Some(o) = orders.first_mut() {
            o.size += 1;
            best = o.price;
        }
    }
    ctx.accounts.market.last = best;
    Ok(())
}
#[inline(never)]
pub fn fill_slow(ctx: &mut Context<Fill>) -> Outcome {
    let views = ctx.remaining_accounts()?;
    let mut best = 0;
    for view in views {
        let mut maker = unsafe { Write::<SubAccount>::undeclared(view)? };
        let (sub, orders) = maker.split();
        sub.open += 1;
        if let Some(o) = orders.first_mut() {
            o.size += 1;
            best = o.price;
        }
    }
    ctx.accounts.market.last = best;
    Ok(())
}
#[inline(never)]
pub fn place(ctx: &mut Context<Touch>, orders: &[OrderParams]) -> Outcome {
    let (sub, slots) = ctx.accounts.sub_account.split();
    for (p, slot) in orders.iter().zip(slots.iter_mut()) {
        slot.price = p.price;
        slot.size = p.size;
        slot.rest[0] = p.client_id;
        sub.open += 1;
    }
    Ok(())
}
#[inline(never)]
pub fn create_market(ctx: &mut Context<CreateMarket>, index: u16) -> Outcome {
    let a = &mut ctx.accounts;
    let (mut market, _) = a.market.create(&a.payer, &[MARKET_SEED, &index.to_le_bytes()], 0)?;
    market.index = index as u64;
    Ok(())
}
#[inline(never)]
pub fn create_sub(ctx: &mut Context<CreateSub>, id: u16) -> Outcome {
    let a = &mut ctx.accounts;
    let (mut sub, _) =
        a.sub_account.create(&a.payer, &[SUB_ACCOUNT_SEED, a.authority.address().as_ref(), &id.to_le_bytes()], 4)?;
    sub.authority = a.authority.address().to_bytes();
    Ok(())
}
#[inline(never)]
pub fn create_board(ctx: &mut Context<CreateBoard>) -> Outcome {
    let a = &mut ctx.accounts;
    a.board.create_first_step(&a.payer, &[BOARD_SEED])?;
    Ok(())
}
#[inline(never)]
pub fn grow_board(ctx: &mut Context<GrowBoard>) -> Outcome {
    let a = &mut ctx.accounts;
    Growing::<PriceBoard>::step(a.board.as_ref(), &a.payer)?;
    Ok(())
}
#[inline(never)]
pub fn grow_orders(ctx: &mut Context<GrowOrders>, items: u16) -> Outcome {
    let a = &mut ctx.accounts;
    grow(a.sub_account.view_mut(), SubAccount::space(items as usize), &a.payer)
}
#[inline(never)]
pub fn deposit(ctx: &mut Context<Deposit>, amount: u64) -> Outcome {
    let a = &mut ctx.accounts;
    a.sub_account.open += amount;
    calls::token::deposit(&a.token_program, &a.source, &a.vault, &a.authority, amount)?;
    let mut record = [7u8; 208];
    calls::events::emit(&a.event_authority, &mut record);
    Ok(())
}
#[inline(never)]
pub fn withdraw(ctx: &mut Context<Withdraw>, amount: u64) -> Outcome {
    let a = &mut ctx.accounts;
    a.sub_account.open -= amount;
    calls::token::withdraw(&a.token_program, &a.vault, &a.destination, &a.exchange, amount)?;
    let mut record = [7u8; 208];
    calls::events::emit(&a.event_authority, &mut record);
    Ok(())
}
#[inline(never)]
pub fn emit_call(ctx: &mut Context<Emit>) -> Outcome {
    let mut record = [7u8; 208];
    calls::events::emit(&ctx.accounts.event_authority, &mut record);
    Ok(())
}
#[inline(never)]
pub fn emit_log(_ctx: &mut Context<Emit>) -> Outcome {
    calls::events::log(&[7u8; 200]);
    Ok(())
}
