//! Actions: everything that changes an account. Inputs in a struct, `execute`, a report.

mod bankruptcy;
mod cancel;
mod collateral;
mod fill;
mod funding;
mod ledger;
mod liquidate;
mod listing;
mod make;
mod matching;
mod place;
mod pool;
mod settle;
mod signed;
mod take;
mod vamm;

pub use bankruptcy::{Bankruptcy, BankruptcyReport};
pub use cancel::{CancelAll, CancelOrder, CancelReport};
pub use collateral::{Deposit, Transfer, Withdraw};
pub use fill::{FillOrder, FillReport};
pub use funding::{FundingReport, UpdateFunding};
pub use liquidate::{Liquidate, LiquidationReport};
pub use listing::{AmmParams, BankParams, ListBank, ListMarket, MarketParams, RowParams};
pub use make::PlaceAndMake;
pub use matching::{MAX_MAKER_ORDERS, MakerRef};
pub use place::{MARKET_ORDER_SECONDS, PlaceOrders, PlaceReport};
pub use pool::{FundPool, PoolKind};
pub use settle::{SettlePnl, SettleReport, SweepFees, SweepReport};
pub use signed::{
    DOMAIN, MAX_MESSAGE, MAX_SIGNED_MS, MAX_SIGNED_ORDERS, PlaceSigned, RevokeSigned, SignedHeader, SignedMessage,
};
pub use take::{PlaceAndTake, TakeReport};
pub use vamm::UpdateAmm;

use crate::board::PriceBoard;
use crate::clock::Clock;
use crate::event::EventSink;
use crate::exchange::Exchange;
use crate::market::Market;

/// What an action on a market sees: the exchange and the board to read, the market to write, the moment, and
/// where records go.
pub struct Context<'a, S: EventSink> {
    /// Fees and switches.
    pub exchange: &'a Exchange,
    /// Prices, margin parameters and funding indices.
    pub board: &'a PriceBoard,
    /// The market.
    pub market: &'a mut Market,
    /// The moment.
    pub clock: Clock,
    /// Takes the records.
    pub sink: &'a mut S,
}
