//! Instructions for liquidation and default.

instructions! {
    /// Takes over part of a position of an account below its maintenance margin. The signer is the liquidator's
    /// authority or delegate.
    Liquidate = "liquidate" (
        /// Largest base amount to take over.
        max_size: u64,
        /// The worst price for the liquidator; 0 for any.
        limit_price: u64,
    ) { signer: s, exchange: r = EXCHANGE, board: r = BOARD, market: w, sub_account: w, liquidator: w, events }

    /// Settles the debt of a bankrupt account. Any account may call it.
    SettleBankruptcy = "settle_bankruptcy" () {
        exchange: r = EXCHANGE, board: w = BOARD, market: w, bank: w, sub_account: w, events,
    }
}
