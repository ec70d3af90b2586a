//! What makers do beside resting orders.

instructions! {
    /// Takes the other side of an order whose auction is running, at the auction's price. The signer is the maker's
    /// authority or delegate.
    PlaceAndMake = "place_and_make" (
        /// Id of the taker's order.
        order_id: u32,
        /// Slot where it was seen; the id decides.
        slot: u8,
        /// Largest base to make.
        size: u64,
        /// The worst price that the maker accepts: lowest for one that sells, highest for one that buys.
        worst_price: u64,
        /// The maker's base must not be below this afterwards.
        min_position: i64,
        /// The maker's base must not be above this afterwards.
        max_position: i64,
    ) {
        signer: s, exchange: r = EXCHANGE, board: r = BOARD, market: w, maker: w, taker: w, events,
        ...sharers: w
    }
}
