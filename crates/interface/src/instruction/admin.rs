//! Instructions for set-up and roles.

use kedge_model::account::exchange::FeeSchedule;
use kedge_model::action::{BankParams, MarketParams};
use solana_pubkey::Pubkey;

use crate::address;

instructions! {
    /// Creates exchange and board. The first caller becomes the admin.
    Initialize = "initialize" (
        /// Authority that may pause operations.
        pauser: [u8; 32],
        /// Owner of the token account that the protocol's tokens leave to, for good.
        treasury: [u8; 32],
    ) { admin: ws, exchange: w = EXCHANGE, board: w = BOARD, system_program: r = SYSTEM_PROGRAM }

    /// Replaces the fee schedule.
    SetFees = "set_fees" (
        /// Fees, shares and auction bounds.
        schedule: FeeSchedule,
    ) { signer: s, exchange: w = EXCHANGE }

    /// Lists a collateral mint and creates its vault.
    ListBank = "list_bank" (
        /// Price row, weights and caps.
        params: BankParams,
    ) {
        admin: ws, exchange: w = EXCHANGE, board: w = BOARD, bank: w, mint: r, vault: w,
        token_program: r = TOKEN_PROGRAM, system_program: r = SYSTEM_PROGRAM,
    }

    /// Lists a market.
    ListMarket = "list_market" (
        /// Price row, vAMM, margin and limits.
        params: MarketParams,
    ) { admin: ws, exchange: w = EXCHANGE, board: w = BOARD, market: w, system_program: r = SYSTEM_PROGRAM }

    /// Opens a market on a fresh price, or moves it between Active and ReduceOnly.
    SetMarketStatus = "set_market_status" (
        /// [`kedge_model::account::market::MarketStatus`] as a number.
        status: u8,
        /// How long the market is reduce-only, at most seven days; not read when it trades.
        seconds: u32,
    ) { signer: s, exchange: r = EXCHANGE, board: r = BOARD, market: w, events }

    /// Sets, moves or withdraws a market's expiry.
    SetExpiry = "set_expiry" (
        /// Unix time, 0 for never.
        time: i64,
    ) { signer: s, exchange: r = EXCHANGE, board: w = BOARD, market: w, events }

    /// Delists a settled market; what is left in it goes to the protocol. Anybody.
    DelistMarket = "delist_market" () {
        signer: s, exchange: w = EXCHANGE, board: w = BOARD, market: w, bank: w, events,
    }

    /// Sets the operation switches. Pausing is open to the pauser, resuming to the admin alone.
    SetPaused = "set_paused" (
        /// Bits of [`kedge_model::account::exchange::operation`].
        paused: u32,
        /// How long the switches that are new stop: at most a day where leaving needs the operation, else seven days.
        seconds: u32,
    ) { signer: s, exchange: w = EXCHANGE }

    /// Halts or resumes a row of the board.
    HaltRow = "halt_row" (
        /// 0 a market, 1 a bank.
        kind: u8,
        /// Index of the market or bank.
        index: u16,
        /// Whether to halt (true) or resume (false) the row.
        halted: bool,
        /// How long, at most a day; not read when it resumes.
        seconds: u32,
    ) { signer: s, exchange: w = EXCHANGE, board: w = BOARD }

    /// Assigns a fee tier to a person, which volume can only better.
    AssignFeeTier = "assign_fee_tier" (
        /// Tier, 0 to 7.
        tier: u8,
    ) { signer: s, exchange: r = EXCHANGE, trader: w }

    /// Proposes the next admin, who must accept.
    ProposeAdmin = "propose_admin" (
        /// Authority of the next admin.
        next: [u8; 32],
    ) { signer: s, exchange: w = EXCHANGE }

    /// Accepts the role of admin.
    AcceptAdmin = "accept_admin" () { signer: s, exchange: w = EXCHANGE }

    /// Puts quote tokens into a pool of a market. It is a gift.
    FundPool = "fund_pool" (
        /// [`kedge_model::action::PoolKind`] as a number.
        kind: u8,
        /// Token units.
        amount: u64,
    ) {
        payer: s, bank: w, market: w, source: w, vault: w, token_program: r = TOKEN_PROGRAM, events,
    }

    /// Moves the protocol's tokens to its treasury, once every market is delisted. Anybody.
    PayTreasury = "pay_treasury" () {
        exchange: r = EXCHANGE, bank: w, backstop: w = BACKSTOP, destination: w, vault: w,
        token_program: r = TOKEN_PROGRAM, events,
    }
}

impl PayTreasury {
    /// Pays to the associated token account of `treasury`, of the quote bank's `mint`.
    pub fn of(treasury: &Pubkey, mint: &Pubkey) -> Self {
        let (bank, vault) = (address::bank(0), address::vault(0));
        Self { bank, destination: address::token_account(treasury, mint), vault }
    }
}
