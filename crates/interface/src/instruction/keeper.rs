//! What keepers do. All of it is open to anybody.

use kedge_model::action::MakerRef;
use solana_pubkey::Pubkey;

instructions! {
    /// Refreshes rows of the board from their oracle accounts.
    RefreshPrices = "refresh_prices" (
        /// Market rows.
        markets: Vec<u8>,
        /// Bank rows.
        banks: Vec<u8>,
    ) { board: w = BOARD, ...oracles: r }

    /// Fills an order against makers and the vAMM.
    FillOrder = "fill_order" (
        /// Id of the taker's order.
        order_id: u32,
        /// Slot where it was seen; the id decides.
        slot: u8,
        /// Whether the filler's sub-account comes first among the accounts after the declared ones.
        has_filler: bool,
        /// Maker orders that may be used, by index into the maker accounts (the filler not counted).
        makers: Vec<MakerRef>,
    ) {
        signer: s, exchange: r = EXCHANGE, board: r = BOARD, market: w, taker: w, events,
        ...filler_and_makers: w
    }

    /// Triggers an order that waits, or starts another auction of one that was triggered and not filled.
    TriggerOrder = "trigger_order" (
        /// Id of the order.
        order_id: u32,
        /// Slot where it was seen; the id decides.
        slot: u8,
    ) { signer: s, exchange: r = EXCHANGE, board: r = BOARD, market: w, sub_account: w, ...crank: w }

    /// Moves the trigger of a trailing stop.
    TrailOrder = "trail_order" (
        /// Id of the order.
        order_id: u32,
        /// Slot where it was seen; the id decides.
        slot: u8,
    ) { signer: s, exchange: r = EXCHANGE, board: r = BOARD, market: w, sub_account: w, ...crank: w }

    /// Releases the next slice of a TWAP.
    SliceOrder = "slice_order" (
        /// Id of the order.
        order_id: u32,
        /// Slot where it was seen; the id decides.
        slot: u8,
    ) { signer: s, exchange: r = EXCHANGE, board: r = BOARD, market: w, sub_account: w, ...crank: w }

    /// Returns dead orders: expired, or reduce-only with nothing left to reduce.
    ExpireOrders = "expire_orders" (
        /// Only these; none for all of the market that are dead.
        ids: Vec<u32>,
    ) { signer: s, exchange: r = EXCHANGE, board: r = BOARD, market: w, sub_account: w, ...crank: w }

    /// Moves the vAMM's peg to the oracle within its budget.
    UpdateAmm = "update_amm" () { exchange: r = EXCHANGE, board: r = BOARD, market: w }

    /// Updates the hourly funding of a market.
    UpdateFunding = "update_funding" () { exchange: r = EXCHANGE, board: w = BOARD, market: w, events }

    /// Counts what a sub-account has traded in its owner's volume and gives both the fee tier of it.
    UpdateFeeTier = "update_fee_tier" () { exchange: r = EXCHANGE, trader: w, sub_account: w }

    /// Settles the profit or loss of a sub-account in a market into its quote balance.
    SettlePnl = "settle_pnl" () {
        exchange: r = EXCHANGE, board: r = BOARD, market: w, bank: w, sub_account: w, events,
    }

    /// Fixes the settlement price of a market that has expired.
    SettleMarket = "settle_market" () { exchange: r = EXCHANGE, board: w = BOARD, market: w, events }

    /// Closes a position of a market in settlement, takes what it owes, and pays it in its turn.
    SettlePosition = "settle_position" () {
        exchange: r = EXCHANGE, board: r = BOARD, market: w, bank: w, sub_account: w, events,
    }

    /// Moves collected fees out of a market's ledger.
    SweepFees = "sweep_fees" () { exchange: r = EXCHANGE, board: r = BOARD, market: w, bank: w, events }
}

impl FillOrder {
    /// A fill of `order_id` of `taker`; `makers` are the accounts that `refs` index.
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
