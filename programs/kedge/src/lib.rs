//! # kedge: the on-chain program
//!
//! Accounts, authorisation and token moves around the rules of the exchange, which live in the model. No
//! arithmetic on money happens here.
//!
//! The module [`kedge`] is the table of contents: one line an instruction, each in its own file under
//! [`instructions`]. Errors: the model's from 6000, the account checks' from 6500 ([`error`]).
#![cfg_attr(target_arch = "bpf", allow(internal_features))]
#![allow(missing_docs, reason = "what the framework derives of account lists has none")]

// 128-bit arithmetic and memory functions for builds with the upstream LLVM backend.
#[cfg(target_arch = "bpf")]
use kedge_libcalls as _;
#[cfg(target_arch = "bpf")]
use solana_compiler_builtins as _;

pub mod account;
pub mod args;
pub mod calls;
pub mod error;
#[cfg(feature = "idl-build")]
pub mod idl;
pub mod instructions;
pub mod pda;

use anchor_lang::prelude::*;
use args::{BankParams, FeeSchedule, MakerRef, MarketParams, ModifyParams, OrderFilter, OrderParams};
use instructions::admin::assign_fee_tier::*;
use instructions::admin::delist_market::*;
use instructions::admin::fund_pool::*;
use instructions::admin::halt_row::*;
use instructions::admin::initialize::*;
use instructions::admin::list_bank::*;
use instructions::admin::list_market::*;
use instructions::admin::pay_treasury::*;
use instructions::admin::set_expiry::*;
use instructions::admin::set_fees::*;
use instructions::admin::set_market_status::*;
use instructions::keeper::fill_order::*;
use instructions::keeper::refresh_prices::*;
use instructions::keeper::settle_market::*;
use instructions::keeper::settle_pnl::*;
use instructions::keeper::settle_position::*;
use instructions::keeper::sweep_fees::*;
use instructions::keeper::trigger_order::*;
use instructions::keeper::uncross::*;
use instructions::keeper::update_amm::*;
use instructions::keeper::update_fee_tier::*;
use instructions::keeper::update_funding::*;
use instructions::keeper::verify::*;
use instructions::maker::place_and_make::*;
use instructions::risk::backstop::*;
use instructions::risk::liquidate::*;
use instructions::risk::liquidate_with_fill::*;
use instructions::risk::settle_bankruptcy::*;
use instructions::user::cancel_order::*;
use instructions::user::close_sub_account::*;
use instructions::user::close_trader::*;
use instructions::user::create_sub_account::*;
use instructions::user::create_trader::*;
use instructions::user::deposit::*;
use instructions::user::grow_orders::*;
use instructions::user::isolate_position::*;
use instructions::user::place_and_take::*;
use instructions::user::place_orders::*;
use instructions::user::place_signed_orders::*;
use instructions::user::revoke_signed_orders::*;
use instructions::user::set_delegate::*;
use instructions::user::set_leverage::*;
use instructions::user::stake::*;
use instructions::user::transfer::*;
use instructions::user::unstake::*;
use instructions::user::withdraw::*;
use instructions::{admin, keeper, maker, risk, user};

declare_id!("KedM2evrTtXqVER2jphMbHg1KPX4d6KzEASdzX42B3t");

#[cfg(not(feature = "no-entrypoint"))]
solana_security_txt::security_txt! {
    name: "Kedge",
    project_url: "https://github.com/kedge-exchange/kedge",
    contacts: "link:https://github.com/kedge-exchange/kedge/security/advisories/new",
    policy: "https://github.com/kedge-exchange/kedge/blob/main/SECURITY.md",
    preferred_languages: "en",
    source_code: "https://github.com/kedge-exchange/kedge",
    auditors: "None"
}

/// The instructions.
#[program]
pub mod kedge {
    use super::*;

    // ---- set-up and administration -------------------------------------------------------------------------

    /// Creates exchange and board. The first caller becomes the admin; the protocol's tokens leave to the treasury alone.
    pub fn initialize(ctx: &mut Context<Initialize>, pauser: [u8; 32], treasury: [u8; 32]) -> Result<()> {
        Ok(admin::initialize::handle(&mut ctx.accounts, pauser, treasury)?)
    }

    /// Replaces the fee schedule inside compiled-in bounds. Admin.
    pub fn set_fees(ctx: &mut Context<ChangeExchange>, schedule: FeeSchedule) -> Result<()> {
        Ok(admin::set_fees::handle(&mut ctx.accounts, &schedule.0)?)
    }

    /// Pauses operations (pauser or admin) or resumes them (admin).
    pub fn set_paused(ctx: &mut Context<ChangeExchange>, paused: u32, seconds: u32) -> Result<()> {
        Ok(admin::set_paused::handle(&mut ctx.accounts, paused, seconds)?)
    }

    /// Names the next admin. Admin.
    pub fn propose_admin(ctx: &mut Context<ChangeExchange>, next: [u8; 32]) -> Result<()> {
        Ok(admin::propose_admin::handle(&mut ctx.accounts, next)?)
    }

    /// Takes over as admin. The one who was named.
    pub fn accept_admin(ctx: &mut Context<ChangeExchange>) -> Result<()> {
        Ok(admin::accept_admin::handle(&mut ctx.accounts)?)
    }

    /// Lists a collateral at the next index; the first is the quote bank. Admin.
    pub fn list_bank(ctx: &mut Context<ListBank>, params: BankParams) -> Result<()> {
        Ok(admin::list_bank::handle(&mut ctx.accounts, &params.0)?)
    }

    /// Lists a market at the next index. Admin.
    pub fn list_market(ctx: &mut Context<ListMarket>, params: MarketParams) -> Result<()> {
        Ok(admin::list_market::handle(&mut ctx.accounts, &params.0)?)
    }

    /// Opens a listed market on a fresh price, or switches it between active (1) and reduce-only (2). Admin; the pauser to
    /// reduce-only.
    pub fn set_market_status(ctx: &mut Context<SetMarketStatus>, status: u8, seconds: u32) -> Result<()> {
        Ok(admin::set_market_status::handle(&mut ctx.accounts, status, seconds)?)
    }

    /// Sets a market's expiry at least an hour ahead, moves it, or withdraws it (0). Admin.
    pub fn set_expiry(ctx: &mut Context<SetExpiry>, time: i64) -> Result<()> {
        Ok(admin::set_expiry::handle(&mut ctx.accounts, time)?)
    }

    /// Ends a market that is settled; what is left goes to the protocol. Anybody.
    pub fn delist_market(ctx: &mut Context<DelistMarket>) -> Result<()> {
        Ok(admin::delist_market::handle(&mut ctx.accounts)?)
    }

    /// Halts a price row (kind 0 market, 1 bank) or lets it start again. Pauser to halt, admin for both.
    pub fn halt_row(ctx: &mut Context<HaltRow>, kind: u8, index: u16, halted: bool, seconds: u32) -> Result<()> {
        Ok(admin::halt_row::handle(&mut ctx.accounts, kind, index, halted, seconds)?)
    }

    /// Gives tokens to a market's vAMM capital (kind 0) or insurance fund (kind 1). Anybody.
    pub fn fund_pool(ctx: &mut Context<FundPool>, kind: u8, amount: u64) -> Result<()> {
        Ok(admin::fund_pool::handle(&mut ctx.accounts, kind, amount)?)
    }

    /// Assigns a fee tier to a person, which volume can only better. Admin.
    pub fn assign_fee_tier(ctx: &mut Context<AssignFeeTier>, tier: u8) -> Result<()> {
        Ok(admin::assign_fee_tier::handle(&mut ctx.accounts, tier)?)
    }

    // ---- traders -------------------------------------------------------------------------------------------

    /// Creates the record of a person, who was referred by `referrer` or by nobody (zero).
    pub fn create_trader(ctx: &mut Context<CreateTrader>, referrer: [u8; 32]) -> Result<()> {
        Ok(user::create_trader::handle(&mut ctx.accounts, referrer)?)
    }

    /// Creates a sub-account with room for a number of orders.
    pub fn create_sub_account(ctx: &mut Context<CreateSubAccount>, name: [u8; 16], orders: u16) -> Result<()> {
        Ok(user::create_sub_account::handle(&mut ctx.accounts, name, orders)?)
    }

    /// Closes an empty sub-account. Owner.
    pub fn close_sub_account(ctx: &mut Context<CloseSubAccount>) -> Result<()> {
        Ok(user::close_sub_account::handle(&mut ctx.accounts)?)
    }

    /// Closes the record of a person who never had a sub-account. Owner.
    pub fn close_trader(ctx: &mut Context<CloseTrader>) -> Result<()> {
        Ok(user::close_trader::handle(&mut ctx.accounts)?)
    }

    /// Grows a sub-account's room for orders to a multiple of four. Anybody who pays the rent.
    pub fn grow_orders(ctx: &mut Context<GrowOrders>, capacity: u16) -> Result<()> {
        Ok(user::grow_orders::handle(&mut ctx.accounts, capacity)?)
    }

    /// Names who else may trade for a sub-account; zero for nobody. Owner.
    pub fn set_delegate(ctx: &mut Context<SetDelegate>, delegate: [u8; 32]) -> Result<()> {
        Ok(user::set_delegate::handle(&mut ctx.accounts, delegate)?)
    }

    /// Approves a builder, who gets a fee (ppm of the quote) from orders with the builder flag; zero for nobody. Owner.
    pub fn set_builder(ctx: &mut Context<SetDelegate>, builder: [u8; 32], fee: u32) -> Result<()> {
        Ok(user::set_builder::handle(&mut ctx.accounts, builder, fee)?)
    }

    /// Moves tokens into the vault and credits a sub-account. Owner of the tokens; a kind that is new to the sub-account only
    /// its owner, but for the quote token.
    pub fn deposit(ctx: &mut Context<Deposit>, amount: u64) -> Result<()> {
        Ok(user::deposit::handle(&mut ctx.accounts, amount)?)
    }

    /// Debits a sub-account and moves tokens out of the vault. Owner.
    pub fn withdraw(ctx: &mut Context<Withdraw>, amount: u64) -> Result<()> {
        Ok(user::withdraw::handle(&mut ctx.accounts, amount)?)
    }

    /// Stakes tokens with the insurance that stands behind all markets, for at least so many shares. Owner.
    pub fn stake(ctx: &mut Context<Stake>, amount: u64, least_shares: u64) -> Result<()> {
        Ok(user::stake::handle(&mut ctx.accounts, amount, least_shares)?)
    }

    /// Lets shares of a pot (0 the staked insurance, 1 the backstop vault) wait to be paid, all that wait from now on. Owner.
    pub fn request_unstake(ctx: &mut Context<RequestUnstake>, pot: u8, shares: u64) -> Result<()> {
        Ok(user::unstake::request(&mut ctx.accounts, pot, shares)?)
    }

    /// Takes the request to unstake back. Owner.
    pub fn cancel_unstake(ctx: &mut Context<RequestUnstake>, pot: u8) -> Result<()> {
        Ok(user::unstake::cancel(&mut ctx.accounts, pot)?)
    }

    /// Pays the shares that have waited, at the price of now. Owner.
    pub fn unstake(ctx: &mut Context<Unstake>) -> Result<()> {
        Ok(user::unstake::handle(&mut ctx.accounts)?)
    }

    /// Moves collateral between two sub-accounts of one owner. Owner.
    pub fn transfer(ctx: &mut Context<Transfer>, bank: u16, amount: u64) -> Result<()> {
        Ok(user::transfer::handle(&mut ctx.accounts, bank, amount)?)
    }

    /// Places one or more orders in one market, all or none. Owner or delegate.
    pub fn place_orders(ctx: &mut Context<PlaceOrders>, orders: Vec<OrderParams>) -> Result<()> {
        Ok(user::place_orders::handle(&mut ctx.accounts, &orders)?)
    }

    /// Places orders that owner or delegate signed off the chain, verified by the ed25519 instruction right in front.
    /// Anybody.
    pub fn place_signed_orders(ctx: &mut Context<PlaceSignedOrders>) -> Result<()> {
        Ok(user::place_signed_orders::handle(&mut ctx.accounts)?)
    }

    /// Makes signed messages up to a number, at most 2^32 ahead of the highest, worthless that nobody has placed yet. Owner
    /// or delegate.
    pub fn revoke_signed_orders(ctx: &mut Context<RevokeSignedOrders>, up_to: u64) -> Result<()> {
        Ok(user::revoke_signed_orders::handle(&mut ctx.accounts, up_to)?)
    }

    /// Cancels one order. Owner or delegate.
    pub fn cancel_order(ctx: &mut Context<Cancel>, id: u32) -> Result<()> {
        Ok(user::cancel_order::handle(&mut ctx.accounts, id)?)
    }

    /// Cancels all orders, or all of one market (65535 for all). Owner or delegate.
    pub fn cancel_all(ctx: &mut Context<Cancel>, market: u16) -> Result<()> {
        Ok(user::cancel_all::handle(&mut ctx.accounts, market)?)
    }

    /// Cancels the orders that fit a filter, with ids only those of them; what is gone already is passed over. Owner or
    /// delegate.
    pub fn cancel_orders(ctx: &mut Context<Cancel>, filter: OrderFilter, ids: Vec<u32>) -> Result<()> {
        Ok(user::cancel_orders::handle(&mut ctx.accounts, &filter.0, &ids)?)
    }

    /// Changes an order, which keeps its ids, and its place in the queue when it only shrinks or expires otherwise. Owner
    /// or delegate.
    pub fn modify_order(ctx: &mut Context<PlaceOrders>, params: ModifyParams) -> Result<()> {
        Ok(user::modify_order::handle(&mut ctx.accounts, &params.0)?)
    }

    /// Cancels orders of one market and places others there, all or nothing; `strict` refuses an order to cancel that is
    /// gone. Owner or delegate.
    pub fn replace_orders(
        ctx: &mut Context<PlaceOrders>,
        cancel: Vec<u32>,
        orders: Vec<OrderParams>,
        strict: bool,
    ) -> Result<()> {
        Ok(user::replace_orders::handle(&mut ctx.accounts, &cancel, &orders, strict)?)
    }

    /// Places an order and fills it in the same instruction; at least `min_fill` or nothing. Owner or delegate.
    pub fn place_and_take(
        ctx: &mut Context<PlaceAndTake>,
        order: OrderParams,
        min_fill: u64,
        makers: Vec<MakerRef>,
    ) -> Result<()> {
        Ok(user::place_and_take::handle(&mut ctx.accounts, &order.0, min_fill, &makers)?)
    }

    // ---- makers --------------------------------------------------------------------------------------------

    /// Takes the other side of an order in its auction, inside the maker's price and position limits. Owner or
    /// delegate of the maker.
    pub fn place_and_make(
        ctx: &mut Context<PlaceAndMake>,
        order_id: u32,
        slot: u8,
        size: u64,
        worst_price: u64,
        min_position: i64,
        max_position: i64,
    ) -> Result<()> {
        Ok(maker::place_and_make::handle(
            &mut ctx.accounts,
            order_id,
            slot,
            size,
            worst_price,
            min_position,
            max_position,
        )?)
    }

    // ---- keepers -------------------------------------------------------------------------------------------

    /// Reads oracle accounts into price rows. Anybody.
    pub fn refresh_prices(ctx: &mut Context<RefreshPrices>, markets: Vec<u8>, banks: Vec<u8>) -> Result<()> {
        Ok(keeper::refresh_prices::handle(&mut ctx.accounts, &markets, &banks)?)
    }

    /// Fills an order against makers' orders and the vAMM. Anybody; the reward goes to the signer's sub-account.
    pub fn fill_order(
        ctx: &mut Context<FillOrder>,
        order_id: u32,
        slot: u8,
        has_filler: bool,
        makers: Vec<MakerRef>,
    ) -> Result<()> {
        Ok(keeper::fill_order::handle(&mut ctx.accounts, order_id, slot, has_filler, &makers)?)
    }

    /// Makes a waiting order a market or limit order when the price has reached its trigger, or starts another auction of
    /// one that was triggered and not filled. Anybody; the fee goes to the signer's sub-account.
    pub fn trigger_order(ctx: &mut Context<ServeOrder>, order_id: u32, slot: u8) -> Result<()> {
        Ok(keeper::trigger_order::handle(&mut ctx.accounts, order_id, slot)?)
    }

    /// Moves a trailing stop's trigger after the price. Anybody; the fee goes to the signer's sub-account.
    pub fn trail_order(ctx: &mut Context<ServeOrder>, order_id: u32, slot: u8) -> Result<()> {
        Ok(keeper::trail_order::handle(&mut ctx.accounts, order_id, slot)?)
    }

    /// Releases the next slice of a TWAP. Anybody; the fee goes to the signer's sub-account.
    pub fn slice_order(ctx: &mut Context<ServeOrder>, order_id: u32, slot: u8) -> Result<()> {
        Ok(keeper::slice_order::handle(&mut ctx.accounts, order_id, slot)?)
    }

    /// Removes orders that have expired or have nothing left to reduce, the named ones or all of the market, and of the
    /// named ones those that their owner lacks the margin for. Anybody; the fee goes to the signer's sub-account.
    pub fn expire_orders(ctx: &mut Context<ServeOrder>, ids: Vec<u32>) -> Result<()> {
        Ok(keeper::expire_orders::handle(&mut ctx.accounts, &ids)?)
    }

    /// Moves a market's vAMM to the oracle. Anybody.
    pub fn update_amm(ctx: &mut Context<UpdateAmm>) -> Result<()> {
        Ok(keeper::update_amm::handle(&mut ctx.accounts)?)
    }

    /// Charges the hour's funding. Anybody.
    pub fn update_funding(ctx: &mut Context<UpdateFunding>) -> Result<()> {
        Ok(keeper::update_funding::handle(&mut ctx.accounts)?)
    }

    /// Counts what a sub-account has traded in its owner's 30-day volume and gives both the fee tier of it. Anybody.
    pub fn update_fee_tier(ctx: &mut Context<UpdateFeeTier>) -> Result<()> {
        Ok(keeper::update_fee_tier::handle(&mut ctx.accounts)?)
    }

    /// Settles a position's profit or loss into the balance. Anybody.
    pub fn settle_pnl(ctx: &mut Context<SettlePnl>) -> Result<()> {
        Ok(keeper::settle_pnl::handle(&mut ctx.accounts)?)
    }

    /// Fixes the settlement price of a market that has expired. Anybody.
    pub fn settle_market(ctx: &mut Context<SettleMarket>) -> Result<()> {
        Ok(keeper::settle_market::handle(&mut ctx.accounts)?)
    }

    /// Closes a position of a market in settlement, takes what it owes, and pays it when its turn has come. Anybody.
    pub fn settle_position(ctx: &mut Context<SettlePosition>) -> Result<()> {
        Ok(keeper::settle_position::handle(&mut ctx.accounts)?)
    }

    /// Moves collected fees to insurance, vAMM capital and protocol. Anybody.
    pub fn sweep_fees(ctx: &mut Context<SweepFees>) -> Result<()> {
        Ok(keeper::sweep_fees::handle(&mut ctx.accounts)?)
    }

    /// Succeeds when the books behind a bank add up and its vault covers them. Anybody; nothing is written.
    pub fn verify(ctx: &mut Context<Verify>) -> Result<()> {
        Ok(keeper::verify::handle(&mut ctx.accounts)?)
    }

    // ---- risk ----------------------------------------------------------------------------------------------

    /// Takes over part of a position below its maintenance margin. Anybody with the margin for it.
    pub fn liquidate(ctx: &mut Context<Liquidate>, max_size: u64, limit_price: u64) -> Result<()> {
        Ok(risk::liquidate::handle(&mut ctx.accounts, max_size, limit_price)?)
    }

    /// Reduces a position below its maintenance margin against makers and the vAMM, for a fee. Anybody.
    pub fn liquidate_with_fill(
        ctx: &mut Context<LiquidateWithFill>,
        max_size: u64,
        makers: Vec<MakerRef>,
    ) -> Result<()> {
        Ok(risk::liquidate_with_fill::handle(&mut ctx.accounts, max_size, &makers)?)
    }

    /// Pays a bankrupt account's debt: insurance first, then the backstop vault, then everybody who holds a position. Anybody.
    pub fn settle_bankruptcy(ctx: &mut Context<SettleBankruptcy>) -> Result<()> {
        Ok(risk::settle_bankruptcy::handle(&mut ctx.accounts)?)
    }

    // ---- pockets -------------------------------------------------------------------------------------------

    /// Gives the position of a market a pocket of its own with `amount` quote tokens out of the balance. Owner or
    /// delegate.
    pub fn isolate_position(ctx: &mut Context<MoveIsolated>, market: u16, amount: u64) -> Result<()> {
        Ok(user::isolate_position::handle(&mut ctx.accounts, market, amount)?)
    }

    /// Moves quote tokens from the balance into an isolated position, or out of it (negative). Owner or delegate.
    pub fn transfer_isolated(ctx: &mut Context<MoveIsolated>, market: u16, amount: i64) -> Result<()> {
        Ok(user::transfer_isolated::handle(&mut ctx.accounts, market, amount)?)
    }

    /// Joins an isolated position and its tokens with the rest of the sub-account. Owner or delegate.
    pub fn merge_position(ctx: &mut Context<MoveIsolated>, market: u16) -> Result<()> {
        Ok(user::merge_position::handle(&mut ctx.accounts, market)?)
    }

    /// Sets the least initial margin ratio (ppm) of the own position in a market, 0 for the market's own. Owner.
    pub fn set_leverage(ctx: &mut Context<SetLeverage>, market: u16, ratio: u32) -> Result<()> {
        Ok(user::set_leverage::handle(&mut ctx.accounts, market, ratio)?)
    }

    // ---- backstop vault -------------------------------------------------------------------------------------

    /// Creates the backstop vault's sub-account, whose authority has no key. Anybody pays.
    pub fn create_backstop(ctx: &mut Context<CreateBackstop>) -> Result<()> {
        Ok(risk::backstop::create(&mut ctx.accounts)?)
    }

    /// Buys shares of the backstop vault, at least so many. Owner.
    pub fn stake_vault(ctx: &mut Context<StakeVault>, amount: u64, least_shares: u64) -> Result<()> {
        Ok(user::stake::stake_vault(&mut ctx.accounts, amount, least_shares)?)
    }

    /// Pays the shares of the backstop vault that have waited, at the price of now. Owner.
    pub fn unstake_vault(ctx: &mut Context<UnstakeVault>) -> Result<()> {
        Ok(user::unstake::unstake_vault(&mut ctx.accounts)?)
    }

    /// Begins a liquidation, and once it is 30 seconds old lets the vault take over a step of it, within the market's limit.
    /// Anybody.
    pub fn take_over(ctx: &mut Context<TakeOver>) -> Result<()> {
        Ok(risk::backstop::take_over(&mut ctx.accounts)?)
    }

    /// Places the vault's next order that reduces its position in a market, once a minute. Anybody.
    pub fn unwind_backstop(ctx: &mut Context<UnwindBackstop>) -> Result<()> {
        Ok(risk::backstop::unwind(&mut ctx.accounts)?)
    }

    // ---- halts ---------------------------------------------------------------------------------------------

    /// Lets resting orders that cross each other trade: after a halt all at the row's price, else the best two of them at
    /// the older one's. Anybody.
    pub fn uncross(ctx: &mut Context<Uncross>, orders: Vec<MakerRef>) -> Result<()> {
        Ok(keeper::uncross::handle(&mut ctx.accounts, &orders)?)
    }

    /// Moves the protocol's tokens to its treasury, once every market is delisted. Anybody.
    pub fn pay_treasury(ctx: &mut Context<PayTreasury>) -> Result<()> {
        Ok(admin::pay_treasury::handle(&mut ctx.accounts)?)
    }
}
