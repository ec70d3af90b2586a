//! Instructions of traders.

use kedge_abi::ed25519;
use kedge_model::account::order::OrderParams;
use kedge_model::action::{MakerRef, ModifyParams, OrderFilter};
use solana_pubkey::Pubkey;

use crate::account::name_bytes;
use crate::address;
use solana_instruction::Instruction;

instructions! {
    /// Creates the trader account of an authority.
    CreateTrader = "create_trader" (
        /// Authority of the referrer; zero for none.
        referrer: [u8; 32],
    ) {
        payer: ws, authority: s, exchange: w = EXCHANGE, trader: w, system_program: r = SYSTEM_PROGRAM,
    }

    /// Creates the next sub-account of a trader: its id is the trader's `next_sub_account`.
    CreateSubAccount = "create_sub_account" (
        /// Display name, UTF-8, zero-padded.
        name: [u8; 16],
        /// Order slots to begin with, 0 to 128.
        orders: u16,
    ) {
        payer: ws, authority: s, exchange: w = EXCHANGE, trader: w, sub_account: w, system_program: r = SYSTEM_PROGRAM,
    }

    /// Closes an empty sub-account; its rent goes to the receiver.
    CloseSubAccount = "close_sub_account" () { authority: s, receiver: w, trader: w, sub_account: w }

    /// Closes a trader without sub-accounts; its rent goes to the receiver.
    CloseTrader = "close_trader" () { authority: s, receiver: w, trader: w }

    /// Grows the order slots of a sub-account. Any account may pay.
    GrowOrders = "grow_orders" (
        /// New number of slots: a multiple of 4, more than now, at most 128.
        capacity: u16,
    ) { payer: ws, sub_account: w, system_program: r = SYSTEM_PROGRAM }

    /// Sets the delegate that may trade for the sub-account.
    SetDelegate = "set_delegate" (
        /// The delegate; zero for none.
        delegate: [u8; 32],
    ) { authority: s, sub_account: w }

    /// Approves a builder, which earns a fee on orders with the builder flag.
    SetBuilder = "set_builder" (
        /// Authority of the builder; zero for none.
        builder: [u8; 32],
        /// Fee over the traded quote, parts per million.
        fee: u32,
    ) { authority: s, sub_account: w }

    /// Moves tokens of the depositor into any sub-account.
    Deposit = "deposit" (
        /// Token units.
        amount: u64,
    ) {
        depositor: s, exchange: r = EXCHANGE, bank: w, sub_account: w, source: w, vault: w,
        token_program: r = TOKEN_PROGRAM, events,
    }

    /// Moves tokens out of a sub-account; initial margin must be met afterwards.
    Withdraw = "withdraw" (
        /// Token units.
        amount: u64,
    ) {
        authority: s, exchange: r = EXCHANGE, board: r = BOARD, bank: w, sub_account: w, destination: w, vault: w,
        token_program: r = TOKEN_PROGRAM, events,
    }

    /// Stakes tokens with the insurance that stands behind all markets.
    Stake = "stake" (
        /// Quote token units.
        amount: u64,
        /// The fewest shares that are taken for them.
        least_shares: u64,
    ) {
        authority: s, exchange: r = EXCHANGE, bank: w, trader: w, source: w, vault: w, token_program: r = TOKEN_PROGRAM, events,
    }

    /// Buys shares of the backstop vault.
    StakeVault = "stake_vault" (
        /// Quote token units.
        amount: u64,
        /// The fewest shares that are taken for them.
        least_shares: u64,
    ) {
        authority: s, exchange: r = EXCHANGE, board: r = BOARD, bank: w, backstop: w = BACKSTOP, trader: w, source: w, vault: w,
        token_program: r = TOKEN_PROGRAM, events,
    }

    /// Lets shares of a pot wait to be paid, all that wait from now on.
    RequestUnstake = "request_unstake" (
        /// [`kedge_model::rule::tranche::Pot`] as a number: 0 for the staked insurance, 1 for the backstop vault.
        pot: u8,
        /// Shares, beside those that wait already.
        shares: u64,
    ) { authority: s, trader: w }

    /// Takes the request to unstake back.
    CancelUnstake = "cancel_unstake" (
        /// [`kedge_model::rule::tranche::Pot`] as a number.
        pot: u8,
    ) { authority: s, trader: w }

    /// Pays the shares of the backstop vault that have waited, at the price of now.
    UnstakeVault = "unstake_vault" () {
        authority: s, exchange: r = EXCHANGE, board: r = BOARD, bank: w, backstop: w = BACKSTOP, trader: w, destination: w,
        vault: w, token_program: r = TOKEN_PROGRAM, events,
    }

    /// Pays the shares that have waited, at the price of now.
    Unstake = "unstake" () {
        authority: s, exchange: r = EXCHANGE, bank: w, trader: w, destination: w, vault: w, token_program: r = TOKEN_PROGRAM,
        events,
    }

    /// Moves tokens between two sub-accounts of one authority.
    Transfer = "transfer" (
        /// Index of the bank.
        bank: u16,
        /// Token units.
        amount: u64,
    ) { authority: s, exchange: r = EXCHANGE, board: r = BOARD, from: w, to: w, events }

    /// Places orders in one market, all or none. The signer is the authority or the delegate.
    PlaceOrders = "place_orders" (
        /// The orders, at most [`kedge_abi::account::MAX_PLACED`].
        orders: Vec<OrderParams>,
    ) { signer: s, exchange: r = EXCHANGE, board: r = BOARD, market: w, sub_account: w }

    /// Places orders that owner or delegate signed off the chain. [`signature`] builds the instruction right in front.
    PlaceSignedOrders = "place_signed_orders" () {
        exchange: r = EXCHANGE, board: r = BOARD, market: w, sub_account: w, instructions: r = INSTRUCTIONS_SYSVAR,
    }

    /// Revokes all signed messages up to a number that are not placed yet.
    RevokeSignedOrders = "revoke_signed_orders" (
        /// Highest revoked number.
        up_to: u64,
    ) { signer: s, sub_account: w }

    /// Cancels one order.
    CancelOrder = "cancel_order" (
        /// Id of the order in the sub-account.
        id: u32,
    ) { signer: s, sub_account: w }

    /// Cancels all orders, or all of one market.
    CancelAll = "cancel_all" (
        /// Market; [`ALL_MARKETS`] for all.
        market: u16,
    ) { signer: s, sub_account: w }

    /// Cancels the orders that fit a filter.
    CancelOrders = "cancel_orders" (
        /// Market, side and client id of the orders to cancel.
        filter: OrderFilter,
        /// Ids of the orders to cancel; empty for every order that fits the filter.
        ids: Vec<u32>,
    ) { signer: s, sub_account: w }

    /// Changes an order; its ids stay.
    ModifyOrder = "modify_order" (
        /// The order and its new parameters.
        params: ModifyParams,
    ) { signer: s, exchange: r = EXCHANGE, board: r = BOARD, market: w, sub_account: w }

    /// Cancels orders of one market and places others there, all or nothing.
    ReplaceOrders = "replace_orders" (
        /// Ids of orders to cancel.
        cancel: Vec<u32>,
        /// Orders to place.
        orders: Vec<OrderParams>,
        /// Whether every order to cancel must still be open.
        strict: bool,
    ) { signer: s, exchange: r = EXCHANGE, board: r = BOARD, market: w, sub_account: w }

    /// Places an order and takes at once, without an auction.
    PlaceAndTake = "place_and_take" (
        /// The order to place.
        order: OrderParams,
        /// Least base amount to fill; with less the instruction fails.
        min_fill: u64,
        /// Maker orders that the fill may use, by index into the accounts after the declared ones.
        makers: Vec<MakerRef>,
    ) {
        signer: s, exchange: r = EXCHANGE, board: r = BOARD, market: w, sub_account: w, events,
        ...maker_accounts: w
    }

    /// Gives the position in a market a pocket of its own, even before there is one. Open to owner and delegate.
    IsolatePosition = "isolate_position" (
        /// Index of the market.
        market: u16,
        /// Quote tokens to move out of the balance.
        amount: u64,
    ) { signer: s, exchange: r = EXCHANGE, board: r = BOARD, sub_account: w, events }

    /// Moves quote tokens between the balance and an isolated position. Open to owner and delegate.
    TransferIsolated = "transfer_isolated" (
        /// Index of the market.
        market: u16,
        /// Quote tokens: positive into the position, negative out of it.
        amount: i64,
    ) { signer: s, exchange: r = EXCHANGE, board: r = BOARD, sub_account: w, events }

    /// Joins an isolated position with the cross pocket. Open to owner and delegate.
    MergePosition = "merge_position" (
        /// Index of the market.
        market: u16,
    ) { signer: s, exchange: r = EXCHANGE, board: r = BOARD, sub_account: w, events }

    /// Limits the sub-account's own leverage in a market.
    SetLeverage = "set_leverage" (
        /// Index of the market.
        market: u16,
        /// Least initial margin ratio in parts per million; 0 for the market's own.
        ratio: u32,
    ) { authority: s, board: r = BOARD, sub_account: w }
}

/// Value of [`CancelAll::market`] that selects the orders of all markets.
pub const ALL_MARKETS: u16 = u16::MAX;

/// The instruction of the ed25519 program right in front of a [`PlaceSignedOrders`]: signer, signature and message.
pub fn signature(signer: &Pubkey, signature: &[u8; 64], message: &[u8]) -> Instruction {
    let length = u16::try_from(message.len()).unwrap_or(u16::MAX);
    let mut data = ed25519::head(length).to_vec();
    data.extend(signer.as_ref());
    data.extend(signature);
    data.extend(message);
    Instruction { program_id: address::ED25519_PROGRAM, accounts: Vec::new(), data }
}

impl CreateTrader {
    /// Creates the trader account of `authority`, paid by `payer`.
    pub fn of(payer: Pubkey, authority: Pubkey) -> Self {
        Self { payer, authority, trader: address::trader(&authority), referrer: [0; 32] }
    }

    /// The same with a referrer.
    pub fn referred_by(self, referrer: &Pubkey) -> Self {
        Self { referrer: referrer.to_bytes(), ..self }
    }
}

impl CreateSubAccount {
    /// Creates sub-account `id` of `authority`; a name longer than 16 bytes is cut.
    pub fn of(payer: Pubkey, authority: Pubkey, id: u16, name: &str, orders: u16) -> Self {
        let (trader, sub_account) = (address::trader(&authority), address::sub_account(&authority, id));
        Self { payer, authority, trader, sub_account, name: name_bytes(name), orders }
    }
}

impl Deposit {
    /// Moves `amount` of bank `bank` from the token account `source` into `sub_account`.
    pub fn of(depositor: Pubkey, source: Pubkey, sub_account: Pubkey, bank: u16, amount: u64) -> Self {
        let (vault, bank) = (address::vault(bank), address::bank(bank));
        Self { depositor, bank, sub_account, source, vault, amount }
    }
}

impl Withdraw {
    /// Moves `amount` of bank `bank` from `sub_account` to the token account `destination`.
    pub fn of(authority: Pubkey, destination: Pubkey, sub_account: Pubkey, bank: u16, amount: u64) -> Self {
        let (vault, bank) = (address::vault(bank), address::bank(bank));
        Self { authority, bank, sub_account, destination, vault, amount }
    }
}

impl Stake {
    /// Stakes `amount` quote units of the token account `source` for at least `least_shares`.
    pub fn of(authority: Pubkey, source: Pubkey, amount: u64, least_shares: u64) -> Self {
        let (bank, vault, trader) = (address::bank(0), address::vault(0), address::trader(&authority));
        Self { authority, bank, trader, source, vault, amount, least_shares }
    }
}

impl StakeVault {
    /// Buys at least `least_shares` of the backstop vault for `amount` quote units of the token account `source`.
    pub fn of(authority: Pubkey, source: Pubkey, amount: u64, least_shares: u64) -> Self {
        let (bank, vault, trader) = (address::bank(0), address::vault(0), address::trader(&authority));
        Self { authority, bank, trader, source, vault, amount, least_shares }
    }
}

impl UnstakeVault {
    /// Pays the authority's shares of the backstop vault to the token account `destination`.
    pub fn of(authority: Pubkey, destination: Pubkey) -> Self {
        let (bank, vault, trader) = (address::bank(0), address::vault(0), address::trader(&authority));
        Self { authority, bank, trader, destination, vault }
    }
}

impl RequestUnstake {
    /// Lets `shares` of the authority in a pot (0 the insurance, 1 the vault) wait.
    pub fn of(authority: Pubkey, pot: u8, shares: u64) -> Self {
        Self { authority, trader: address::trader(&authority), pot, shares }
    }
}

impl CancelUnstake {
    /// Takes the authority's request in a pot back.
    pub fn of(authority: Pubkey, pot: u8) -> Self {
        Self { authority, trader: address::trader(&authority), pot }
    }
}

impl Unstake {
    /// Pays the authority's shares to the token account `destination`.
    pub fn of(authority: Pubkey, destination: Pubkey) -> Self {
        let (bank, vault, trader) = (address::bank(0), address::vault(0), address::trader(&authority));
        Self { authority, bank, trader, destination, vault }
    }
}
