//! Services for the exchange. Any account may call them.

use kedge_model::account::bank::Bank;
use kedge_model::action::MakerRef;
use solana_pubkey::Pubkey;

use crate::address;

instructions! {
    /// Refreshes rows of the board from their oracle accounts.
    RefreshPrices = "refresh_prices" (
        /// Indices of market rows.
        markets: Vec<u8>,
        /// Indices of bank rows.
        banks: Vec<u8>,
    ) { board: w = BOARD, ...oracles: r }

    /// Fills an order against makers and the vAMM.
    FillOrder = "fill_order" (
        /// Id of the taker's order.
        order_id: u32,
        /// Slot of the order when it was last seen: a hint, the id decides.
        slot: u8,
        /// Whether the filler's sub-account comes first among the accounts after the declared ones.
        has_filler: bool,
        /// Maker orders that the fill may use, by index into the maker accounts; the filler is not counted.
        makers: Vec<MakerRef>,
    ) {
        signer: s, exchange: r = EXCHANGE, board: r = BOARD, market: w, taker: w, events,
        ...filler_and_makers: w
    }

    /// Triggers a waiting order, or starts another auction of a triggered order that was not filled.
    TriggerOrder = "trigger_order" (
        /// Id of the order in its sub-account.
        order_id: u32,
        /// Slot of the order when it was last seen: a hint, the id decides.
        slot: u8,
    ) { signer: s, exchange: r = EXCHANGE, board: r = BOARD, market: w, sub_account: w, ...crank: w }

    /// Moves the trigger price of a trailing stop.
    TrailOrder = "trail_order" (
        /// Id of the order in its sub-account.
        order_id: u32,
        /// Slot of the order when it was last seen: a hint, the id decides.
        slot: u8,
    ) { signer: s, exchange: r = EXCHANGE, board: r = BOARD, market: w, sub_account: w, ...crank: w }

    /// Releases the next slice of a TWAP.
    SliceOrder = "slice_order" (
        /// Id of the order in its sub-account.
        order_id: u32,
        /// Slot of the order when it was last seen: a hint, the id decides.
        slot: u8,
    ) { signer: s, exchange: r = EXCHANGE, board: r = BOARD, market: w, sub_account: w, ...crank: w }

    /// Removes orders that are expired, or reduce-only with nothing left to reduce.
    ExpireOrders = "expire_orders" (
        /// Ids of the orders to remove; empty for all such orders of the market.
        ids: Vec<u32>,
    ) { signer: s, exchange: r = EXCHANGE, board: r = BOARD, market: w, sub_account: w, ...crank: w }

    /// Moves the vAMM's peg to the oracle within its budget.
    UpdateAmm = "update_amm" () { exchange: r = EXCHANGE, board: r = BOARD, market: w }

    /// Updates the hourly funding of a market.
    UpdateFunding = "update_funding" () { exchange: r = EXCHANGE, board: w = BOARD, market: w, events }

    /// Adds a sub-account's traded volume to its trader and sets the fee tier of both.
    UpdateFeeTier = "update_fee_tier" () { exchange: r = EXCHANGE, trader: w, sub_account: w }

    /// Settles the profit or loss of a sub-account in a market into its quote balance. Anybody may call it; while the market
    /// has a deficit its owner, who then signs as the account after the declared ones, turns profit into tokens.
    SettlePnl = "settle_pnl" () {
        exchange: r = EXCHANGE, board: r = BOARD, market: w, bank: w, sub_account: w, events, ...owner: s
    }

    /// Fixes the settlement price of a market that has expired.
    SettleMarket = "settle_market" () { exchange: r = EXCHANGE, board: w = BOARD, market: w, events }

    /// Closes a position of a market in settlement, collects a loss, and pays a profit in its turn.
    SettlePosition = "settle_position" () {
        exchange: r = EXCHANGE, board: r = BOARD, market: w, bank: w, sub_account: w, events,
    }

    /// Moves collected fees out of a market's ledger.
    SweepFees = "sweep_fees" () { exchange: r = EXCHANGE, board: r = BOARD, market: w, bank: w, events }

    /// Succeeds when the books behind a bank add up and its vault covers them. It writes nothing.
    Verify = "verify" () { exchange: r = EXCHANGE, bank: r, vault: r, ...markets: r }

    /// Lets resting orders that cross each other trade: after a halt all at the row's price.
    Uncross = "uncross" (
        /// The orders of both sides, by index into the accounts after the declared ones.
        orders: Vec<MakerRef>,
    ) { signer: s, exchange: r = EXCHANGE, board: r = BOARD, market: w, events, ...owners: w }
}

impl Verify {
    /// Verifies bank `index` of an exchange with so many markets.
    pub fn of(index: u16, markets: u16) -> Self {
        let behind = if index == Bank::QUOTE { 0..markets } else { 0..0 };
        Self {
            bank: address::bank(index),
            vault: address::vault(index),
            markets: behind.map(address::market).collect(),
        }
    }
}

impl FillOrder {
    /// A fill of order `order_id` of `taker`; `refs` index into `makers`.
    pub fn of(
        signer: Pubkey,
        market: Pubkey,
        taker: Pubkey,
        (order_id, slot): (u32, u8),
        filler: Option<Pubkey>,
        makers: &[Pubkey],
        refs: Vec<MakerRef>,
    ) -> Self {
        Self {
            signer,
            market,
            taker,
            order_id,
            slot,
            has_filler: filler.is_some(),
            makers: refs,
            filler_and_makers: filler.into_iter().chain(makers.iter().copied()).collect(),
        }
    }

    /// The filler's sub-account and the makers' sub-accounts.
    pub fn split(&self) -> (Option<Pubkey>, &[Pubkey]) {
        match self.filler_and_makers.split_first() {
            Some((filler, makers)) if self.has_filler => (Some(*filler), makers),
            _ => (None, &self.filler_and_makers),
        }
    }
}
