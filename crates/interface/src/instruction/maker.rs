//! Instructions of makers beside resting orders.

instructions! {
    /// Takes the other side of an order whose auction is running, at the auction's price. The signer is the maker's
    /// authority or delegate.
    PlaceAndMake = "place_and_make" (
        /// Id of the taker's order.
        order_id: u32,
        /// Slot of the order when it was last seen: a hint, the id decides.
        slot: u8,
        /// Largest base amount to make.
        size: u64,
        /// The worst price that the maker accepts: lowest for a selling maker, highest for a buying one.
        worst_price: u64,
        /// Lower bound of the maker's position afterwards, in base.
        min_position: i64,
        /// Upper bound of the maker's position afterwards, in base.
        max_position: i64,
    ) {
        signer: s, exchange: r = EXCHANGE, board: r = BOARD, market: w, maker: w, taker: w, events,
        ...sharers: w
    }
}
