//! Actions: everything that changes an account. Inputs in a struct, `execute`, a report.

mod account;
mod collateral;
mod ledger;
mod market;
mod matching;
mod order;
mod risk;

pub use account::builder::SetBuilder;
pub use account::leverage::SetLeverage;
pub use account::life::{CloseSubAccount, CloseTrader, CreateSubAccount, CreateTrader, GrowOrders, SetDelegate};
pub use collateral::isolate::{IsolatePosition, MergePosition, TransferIsolated};
pub use collateral::settle::{SettlePnl, SettleReport, SweepFees, SweepReport};
pub use collateral::stake::{CancelUnstake, RequestUnstake, Stake, StakeVault, Unstake, UnstakeVault};
pub use collateral::transfer::{Deposit, Transfer, Withdraw};
pub use collateral::treasury::PayTreasury;
pub use collateral::verify::Verify;
pub use market::funding::{FundingReport, UpdateFunding};
pub use market::halt::HaltRow;
pub use market::life::{DelistMarket, SetExpiry, SetMarketStatus};
pub use market::listing::{ListBank, ListMarket};
pub use market::parameters::{AmmParams, BankParams, MarketParams, RowParams};
pub use market::pool::{FundPool, PoolKind};
pub use market::settle::{Ending, SettleMarket};
pub use market::settle_position::{PositionSettlement, SettlePosition};
pub use market::tier::{AssignFeeTier, UpdateFeeTier};
pub use market::vamm::{AmmReport, UpdateAmm};
pub use matching::backing::unbacked as unbacked_order;
pub use matching::fill::{FillOrder, FillReport};
pub use matching::make::PlaceAndMake;
pub use matching::take::{PlaceAndTake, TakeReport};
pub use matching::uncross::{Uncross, UncrossReport};
pub use matching::{MAX_MAKER_ORDERS, MAX_MAKERS, MAX_RETURNS, MakerRef, Matched};
pub use order::cancel::{CancelAll, CancelOrder, CancelOrders, CancelReport, OrderFilter};
pub use order::conditional::{SLICE_SECONDS, SLICES, TRAIL_BOUNDS};
pub use order::entry::MARKET_ORDER_SECONDS;
pub use order::expire::{ExpireOrders, ExpireReport, MAX_EXPIRED, dead as dead_order};
pub use order::modify::{ModifyOrder, ModifyParams, ModifyReport, change};
pub use order::place::{MAX_PLACED, PlaceOrders, PlaceReport};
pub use order::replace::{ReplaceOrders, ReplaceReport};
pub use order::reward::{CRANK_FEE, TRAIL_FEE};
pub use order::signed::{
    DOMAIN, MAX_MESSAGE, MAX_NUMBER_STEP, MAX_SIGNED_MS, MAX_SIGNED_ORDERS, PlaceSigned, RevokeSigned, SignedHeader,
    SignedMessage,
};
pub use order::slice::{SliceOrder, SliceReport};
pub use order::trail::{TrailOrder, TrailReport};
pub use order::trigger::{TriggerOrder, TriggerReport};
pub use risk::backstop::{BACKSTOP_ORDERS, CreateBackstop, TakeOver, Unwind};
pub use risk::bankruptcy::{Bankruptcy, BankruptcyReport};
pub use risk::liquidate::{Liquidate, LiquidationReport};
pub use risk::liquidate_fill::{LiquidateWithFill, LiquidationFill};
pub use risk::throttle::{THROTTLE_WINDOW_MS, is_held_by_budget};

use crate::account::board::PriceBoard;
use crate::account::exchange::Exchange;
use crate::account::market::Market;
use crate::clock::Clock;
use crate::event::EventSink;

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
