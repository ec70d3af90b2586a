//! Instructions for liquidation and default.

use kedge_model::action::MakerRef;

instructions! {
    /// Takes over part of a position of an account below its maintenance margin. The signer is the liquidator's
    /// authority or delegate.
    Liquidate = "liquidate" (
        /// Largest base amount to take over.
        max_size: u64,
        /// The worst price for the liquidator; 0 for any.
        limit_price: u64,
    ) { signer: s, exchange: r = EXCHANGE, board: r = BOARD, market: w, sub_account: w, liquidator: w, events }

    /// Reduces a position of an account below its maintenance margin against makers and the vAMM, at prices within the
    /// discount of a take-over. The signer is the liquidator's authority or delegate; the liquidator gets a fee and no
    /// position.
    LiquidateWithFill = "liquidate_with_fill" (
        /// Largest base amount to fill.
        max_size: u64,
        /// Maker orders that the fill may use, by index into the accounts after the declared ones.
        makers: Vec<MakerRef>,
    ) {
        signer: s, exchange: r = EXCHANGE, board: r = BOARD, market: w, sub_account: w, liquidator: w, events,
        ...maker_accounts: w
    }

    /// Settles the debt of a bankrupt account. Any account may call it.
    SettleBankruptcy = "settle_bankruptcy" () {
        exchange: r = EXCHANGE, board: r = BOARD, market: w, bank: w, sub_account: w, backstop: w = BACKSTOP, events,
    }

    /// Creates the backstop vault's sub-account. Any account may pay.
    CreateBackstop = "create_backstop" () {
        payer: ws, exchange: w = EXCHANGE, bank: w, backstop: w = BACKSTOP, system_program: r = SYSTEM_PROGRAM,
    }

    /// Begins a liquidation, and once it is 30 seconds old lets the backstop vault take over a step of it, within the market's
    /// limit. Any account may call it.
    TakeOver = "take_over" () {
        exchange: r = EXCHANGE, board: r = BOARD, market: w, bank: w, sub_account: w, backstop: w = BACKSTOP, events,
    }

    /// Places the backstop vault's next order that reduces its position in a market, once a minute. Any account may call it.
    UnwindBackstop = "unwind_backstop" () {
        exchange: r = EXCHANGE, board: r = BOARD, market: w, bank: r, backstop: w = BACKSTOP,
    }
}
