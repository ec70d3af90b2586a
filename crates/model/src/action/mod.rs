//! Actions: everything that changes an account. Inputs in a struct, `execute`, a report.

mod backing;
mod bankruptcy;
mod builder;
mod cancel;
mod collateral;
mod collect;
mod conditional;
mod entry;
mod expire;
mod fill;
mod funding;
mod halt;
mod isolate;
mod join;
mod ledger;
mod leverage;
mod liquidate;
mod listing;
mod make;
mod market_life;
mod matching;
mod modify;
mod people;
mod place;
mod pool;
mod replace;
mod reward;
mod settle;
mod settle_market;
mod settle_position;
mod shares;
mod signed;
mod slice;
mod take;
mod throttle;
mod tier;
mod trail;
mod trigger;
mod vamm;

pub use backing::unbacked as unbacked_order;
pub use bankruptcy::{Bankruptcy, BankruptcyReport};
pub use builder::SetBuilder;
pub use cancel::{CancelAll, CancelOrder, CancelOrders, CancelReport, OrderFilter};
pub use collateral::{Deposit, Transfer, Withdraw};
pub use conditional::{SLICE_SECONDS, SLICES, TRAIL_BOUNDS};
pub use entry::MARKET_ORDER_SECONDS;
pub use expire::{ExpireOrders, ExpireReport, MAX_EXPIRED, dead as dead_order};
pub use fill::{FillOrder, FillReport};
pub use funding::{FundingReport, UpdateFunding};
pub use halt::HaltRow;
pub use isolate::{IsolatePosition, MergePosition, TransferIsolated};
pub use leverage::SetLeverage;
pub use liquidate::{Liquidate, LiquidationReport};
pub use listing::{AmmParams, BankParams, ListBank, ListMarket, MarketParams, RowParams};
pub use make::PlaceAndMake;
pub use market_life::{DelistMarket, SetExpiry, SetMarketStatus};
pub use matching::{MAX_MAKER_ORDERS, MAX_MAKERS, MAX_RETURNS, MakerRef, Matched};
pub use modify::{ModifyOrder, ModifyParams, ModifyReport, change};
pub use people::{CloseSubAccount, CloseTrader, CreateSubAccount, CreateTrader, GrowOrders, SetDelegate};
pub use place::{MAX_PLACED, PlaceOrders, PlaceReport};
pub use pool::{FundPool, PoolKind};
pub use replace::{ReplaceOrders, ReplaceReport};
pub use reward::{CRANK_FEE, TRAIL_FEE};
pub use settle::{SettlePnl, SettleReport, SweepFees, SweepReport};
pub use settle_market::SettleMarket;
pub use settle_position::{PositionSettlement, SettlePosition};
pub use signed::{
    DOMAIN, MAX_MESSAGE, MAX_NUMBER_STEP, MAX_SIGNED_MS, MAX_SIGNED_ORDERS, PlaceSigned, RevokeSigned, SignedHeader,
    SignedMessage,
};
pub use slice::{SliceOrder, SliceReport};
pub use take::{PlaceAndTake, TakeReport};
pub use throttle::THROTTLE_WINDOW_MS;
pub use tier::{AssignFeeTier, UpdateFeeTier};
pub use trail::{TrailOrder, TrailReport};
pub use trigger::{TriggerOrder, TriggerReport};
pub use vamm::{AmmReport, UpdateAmm};

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
