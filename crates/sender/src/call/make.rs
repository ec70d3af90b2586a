//! Calls by verb: one constructor for each instruction that keepers send.

use kedge_interface::instruction::user::ALL_MARKETS;
use kedge_interface::instruction::{
    CancelAll, CancelOrder, Decoded, ExpireOrders, FillOrder, Liquidate, LiquidateWithFill, PlaceAndMake, PlaceAndTake,
    PlaceOrders, RefreshPrices, SettleBankruptcy, SettleMarket, SettlePnl, SettlePosition, SliceOrder, SweepFees,
    TakeOver, TrailOrder, TriggerOrder, Uncross, UnwindBackstop, UpdateAmm, UpdateFeeTier, UpdateFunding,
};
use kedge_model::account::order::OrderParams;
use kedge_model::quantity::{Base, Price, Size};
use solana_pubkey::Pubkey;

use super::{AT_BUILD, Call, Service};
use crate::plan::{MakerOrder, maker_accounts, maker_refs};

/// The accounts that every one of these instructions leaves to the build.
const SIGNER: Pubkey = AT_BUILD;
const MARKET: Pubkey = AT_BUILD;
const BANK: Pubkey = AT_BUILD;

impl Call {
    /// A call about a market.
    fn about(market: u16, instruction: impl Into<Decoded>) -> Self {
        Self { market: Some(market), instruction: instruction.into() }
    }

    /// A call about the board or a whole account.
    fn about_none(instruction: impl Into<Decoded>) -> Self {
        Self { market: None, instruction: instruction.into() }
    }

    /// Writes the rows of markets and banks from their oracle accounts. The build refuses a row that is not listed.
    #[must_use]
    pub fn refresh_prices(markets: &[u16], banks: &[u16]) -> Self {
        // No exchange has a row 255: what does not fit becomes one that is not listed.
        let rows = |rows: &[u16]| rows.iter().map(|row| u8::try_from(*row).unwrap_or(u8::MAX)).collect();
        Self::about_none(RefreshPrices { markets: rows(markets), banks: rows(banks), oracles: Vec::new() })
    }

    /// Fills a taker's order, given by its id and the slot where it was seen, against makers and the vAMM. `filler`
    /// receives the reward; `sharers` are the sub-accounts of the taker's referrer and builder, which get their shares.
    #[must_use]
    pub fn fill(
        market: u16,
        taker: Pubkey,
        order: (u32, u8),
        filler: Option<Pubkey>,
        makers: &[MakerOrder],
        sharers: &[Pubkey],
    ) -> Self {
        let accounts = [&maker_accounts(makers), sharers].concat();
        Self::about(market, FillOrder::of(SIGNER, MARKET, taker, order, filler, &accounts, maker_refs(makers)))
    }

    /// Lets resting orders of both sides that cross each other trade.
    #[must_use]
    pub fn uncross(market: u16, orders: &[MakerOrder]) -> Self {
        let (signer, owners) = (SIGNER, maker_accounts(orders));
        Self::about(market, Uncross { signer, market: MARKET, orders: maker_refs(orders), owners })
    }

    /// Serves an order, given by its id and the slot where it was seen; `crank` receives the fee.
    #[must_use]
    pub fn serve(
        service: Service,
        market: u16,
        sub_account: Pubkey,
        (order_id, slot): (u32, u8),
        crank: Option<Pubkey>,
    ) -> Self {
        let (index, signer, market, crank) = (market, SIGNER, MARKET, crank.into_iter().collect());
        let instruction = match service {
            Service::Trigger => TriggerOrder { signer, market, sub_account, order_id, slot, crank }.into(),
            Service::Trail => TrailOrder { signer, market, sub_account, order_id, slot, crank }.into(),
            Service::Slice => SliceOrder { signer, market, sub_account, order_id, slot, crank }.into(),
        };
        Self { market: Some(index), instruction }
    }

    /// Returns dead orders of an account in a market; `crank` receives the fee.
    #[must_use]
    pub fn expire(market: u16, sub_account: Pubkey, ids: Vec<u32>, crank: Option<Pubkey>) -> Self {
        let crank = crank.into_iter().collect();
        Self::about(market, ExpireOrders { signer: SIGNER, market: MARKET, sub_account, ids, crank })
    }

    /// Moves the vAMM to the oracle.
    #[must_use]
    pub fn update_amm(market: u16) -> Self {
        Self::about(market, UpdateAmm { market: MARKET })
    }

    /// Charges the hour's funding.
    #[must_use]
    pub fn update_funding(market: u16) -> Self {
        Self::about(market, UpdateFunding { market: MARKET })
    }

    /// Counts what a sub-account has traded in the volume of its owner's record, and gives both the tier of it.
    #[must_use]
    pub fn update_fee_tier(trader: Pubkey, sub_account: Pubkey) -> Self {
        Self::about_none(UpdateFeeTier { trader, sub_account })
    }

    /// Moves a position's profit or loss to the balance.
    #[must_use]
    pub fn settle_pnl(market: u16, sub_account: Pubkey) -> Self {
        Self::about(market, SettlePnl { market: MARKET, bank: BANK, sub_account, owner: vec![] })
    }

    /// Moves collected fees to insurance, vAMM and protocol.
    #[must_use]
    pub fn sweep_fees(market: u16) -> Self {
        Self::about(market, SweepFees { market: MARKET, bank: BANK })
    }

    /// Takes over part of a position: at most `max_size` base, at a price not worse for the liquidator than
    /// `limit_price`, zero for any.
    #[must_use]
    pub fn liquidate(market: u16, sub_account: Pubkey, liquidator: Pubkey, max_size: Size, limit_price: Price) -> Self {
        let (max_size, limit_price) = (max_size.0, limit_price.0);
        let (index, signer, market) = (market, SIGNER, MARKET);
        Self::about(index, Liquidate { signer, market, sub_account, liquidator, max_size, limit_price })
    }

    /// Reduces a position that is liquidated against makers and the vAMM, by at most `max_size` base; the fee goes to the
    /// liquidator.
    #[must_use]
    pub fn liquidate_with_fill(
        market: u16,
        sub_account: Pubkey,
        liquidator: Pubkey,
        max_size: Size,
        makers: &[MakerOrder],
    ) -> Self {
        let (index, signer, market, max_size) = (market, SIGNER, MARKET, max_size.0);
        let (makers, maker_accounts) = (maker_refs(makers), maker_accounts(makers));
        let step = LiquidateWithFill { signer, market, sub_account, liquidator, max_size, makers, maker_accounts };
        Self::about(index, step)
    }

    /// Settles what a bankrupt account owes in a market.
    #[must_use]
    pub fn settle_bankruptcy(market: u16, sub_account: Pubkey) -> Self {
        Self::about(market, SettleBankruptcy { market: MARKET, bank: BANK, sub_account })
    }

    /// Begins a liquidation, or lets the backstop vault take over a step of it.
    #[must_use]
    pub fn take_over(market: u16, sub_account: Pubkey) -> Self {
        Self::about(market, TakeOver { market: MARKET, bank: BANK, sub_account })
    }

    /// Places the backstop vault's next order in a market.
    #[must_use]
    pub fn unwind_backstop(market: u16) -> Self {
        Self::about(market, UnwindBackstop { market: MARKET, bank: BANK })
    }

    /// Begins the settlement of an expired market.
    #[must_use]
    pub fn settle_market(market: u16) -> Self {
        Self::about(market, SettleMarket { market: MARKET })
    }

    /// Closes a position of a market in settlement, or pays what came of it.
    #[must_use]
    pub fn settle_position(market: u16, sub_account: Pubkey) -> Self {
        Self::about(market, SettlePosition { market: MARKET, bank: BANK, sub_account })
    }

    /// Joins the auction of a taker's order, given by sub-account, id and the slot where it was seen: with at most `size`
    /// base, at a price not worse for the maker than `worst_price`, as long as the maker's base stays within `bounds`.
    #[must_use]
    pub fn make(
        market: u16,
        maker: Pubkey,
        (taker, order_id, slot): (Pubkey, u32, u8),
        size: Size,
        worst_price: Price,
        bounds: (Base, Base),
        sharers: Vec<Pubkey>,
    ) -> Self {
        let (size, worst_price) = (size.0, worst_price.0);
        let (min_position, max_position) = (bounds.0.0, bounds.1.0);
        let (index, signer, market) = (market, SIGNER, MARKET);
        Self::about(
            index,
            PlaceAndMake {
                signer,
                market,
                maker,
                taker,
                order_id,
                slot,
                size,
                worst_price,
                min_position,
                max_position,
                sharers,
            },
        )
    }

    /// Places orders in one market.
    #[must_use]
    pub fn place(market: u16, sub_account: Pubkey, orders: Vec<OrderParams>) -> Self {
        Self::about(market, PlaceOrders { signer: SIGNER, market: MARKET, sub_account, orders })
    }

    /// Places an order and takes at once: at least `min_fill` base.
    #[must_use]
    pub fn take(market: u16, sub_account: Pubkey, order: OrderParams, min_fill: Size, makers: &[MakerOrder]) -> Self {
        let (min_fill, maker_accounts, makers) = (min_fill.0, maker_accounts(makers), maker_refs(makers));
        let (index, signer, market) = (market, SIGNER, MARKET);
        Self::about(index, PlaceAndTake { signer, market, sub_account, order, min_fill, makers, maker_accounts })
    }

    /// Cancels one order.
    #[must_use]
    pub fn cancel(sub_account: Pubkey, id: u32) -> Self {
        Self::about_none(CancelOrder { signer: SIGNER, sub_account, id })
    }

    /// Cancels all orders, or all of one market.
    #[must_use]
    pub fn cancel_all(sub_account: Pubkey, market: Option<u16>) -> Self {
        let cancel = CancelAll { signer: SIGNER, sub_account, market: market.unwrap_or(ALL_MARKETS) };
        Self { market, instruction: cancel.into() }
    }
}
