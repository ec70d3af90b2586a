//! What happened, as fixed binary records. Everything that moves money, a position or an order leaves one.

mod batch;
mod order;
mod settlement;

pub use batch::{Batch, Event, EventHeader, Events, NO_MARKET, RecordHeader, decode};
pub use order::{CancelRecord, OrderRecord};
pub use settlement::{MarketRecord, PositionSettledRecord};

use crate::quantity::{Amount, Base, FundingIndex, Ppm, Price, Quote, Size};

/// Kind of a record; append-only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum EventKind {
    /// [`DepositRecord`] with a positive amount.
    Deposit = 1,
    /// [`DepositRecord`] of a withdrawal.
    Withdraw = 2,
    /// [`TransferRecord`].
    Transfer = 3,
    /// [`OrderRecord`] of a placed order.
    OrderPlaced = 4,
    /// [`CancelRecord`].
    OrderCancelled = 5,
    /// [`FillRecord`].
    Fill = 6,
    /// [`FundingRecord`].
    Funding = 7,
    /// [`SettleRecord`].
    SettlePnl = 8,
    /// [`LiquidationRecord`].
    Liquidation = 9,
    /// [`BankruptcyRecord`].
    Bankruptcy = 10,
    /// [`AmmRecord`].
    AmmUpdate = 11,
    /// [`SweepRecord`].
    FeeSweep = 12,
    /// [`PoolRecord`].
    PoolFunded = 13,
    /// [`IsolatedRecord`].
    IsolatedCollateral = 14,
    /// [`CrankRecord`].
    Crank = 15,
    /// [`MarketRecord`].
    MarketChanged = 16,
    /// [`PositionSettledRecord`].
    PositionSettled = 17,
    /// [`OrderRecord`] of an order that changed without a fill.
    OrderModified = 18,
}

impl EventKind {
    /// The kind with this number.
    pub fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            1 => Self::Deposit,
            2 => Self::Withdraw,
            3 => Self::Transfer,
            4 => Self::OrderPlaced,
            5 => Self::OrderCancelled,
            6 => Self::Fill,
            7 => Self::Funding,
            8 => Self::SettlePnl,
            9 => Self::Liquidation,
            10 => Self::Bankruptcy,
            11 => Self::AmmUpdate,
            12 => Self::FeeSweep,
            13 => Self::PoolFunded,
            14 => Self::IsolatedCollateral,
            15 => Self::Crank,
            16 => Self::MarketChanged,
            17 => Self::PositionSettled,
            18 => Self::OrderModified,
            _ => return None,
        })
    }

    /// Whether the record tells of money or positions that moved (and so must not be lost with a truncated
    /// log), rather than of an order that came, changed or went. The cents of a service to an order are told with the
    /// order: a record that was lost shows as a gap in the market's sequence numbers.
    pub const fn moves_money(self) -> bool {
        !matches!(self, Self::OrderPlaced | Self::OrderCancelled | Self::OrderModified | Self::AmmUpdate | Self::Crank)
    }
}

/// Who provided the other side of a fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum FillSource {
    /// A resting order.
    Book = 0,
    /// The vAMM.
    Amm = 1,
    /// A maker that joined the auction.
    Jit = 2,
}

/// Why an order left the book without being filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum CancelReason {
    /// Not cancelled.
    None = 0,
    /// Its owner or delegate asked.
    Requested = 1,
    /// Its expiry passed.
    Expired = 2,
    /// It was immediate-or-cancel.
    ImmediateOrCancel = 3,
    /// Reduce-only, and the position is gone or has turned.
    NothingToReduce = 4,
    /// A liquidation cancels all orders first.
    Liquidation = 5,
    /// Its owner has not the margin for the fill, or an order that waited has none when it is triggered.
    Margin = 6,
    /// Another order of its group was filled, or its parent went before it had filled anything.
    Linked = 7,
    /// Its market is in settlement.
    Settlement = 8,
    /// It met an order of its own owner.
    SelfTrade = 9,
}

/// What somebody did for an order that is not theirs to move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum CrankKind {
    /// Triggered it.
    Trigger = 0,
    /// Started another auction of a triggered order.
    Restart = 1,
    /// Moved a trailing stop's trigger.
    Trail = 2,
    /// Released a slice of a TWAP.
    Slice = 3,
    /// Returned dead orders; which ones, their own records tell.
    Expire = 4,
}

/// Takes records. The caller decides whether they go to a self-call, a log, a list or nowhere.
pub trait EventSink {
    /// Takes one record.
    fn record(&mut self, kind: EventKind, bytes: &[u8]);
}

/// Drops all records.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoEvents;

impl EventSink for NoEvents {
    #[inline]
    fn record(&mut self, _: EventKind, _: &[u8]) {}
}

/// Hands a record to a sink.
#[inline]
pub(crate) fn emit<R: bytemuck::NoUninit>(sink: &mut impl EventSink, kind: EventKind, record: &R) {
    sink.record(kind, bytemuck::bytes_of(record));
}

account_bytes! {
    /// Identifies a sub-account in a record.
    pub struct Party [40] {
        /// Authority.
        0 => pub authority: [u8; 32],
        /// Sub-account id.
        32 => pub id: u16,
        /// Padding.
        34 => pub padding: [u8; 6],
    }
}

impl Party {
    /// The party that a sub-account is.
    #[inline]
    pub fn of(account: &crate::sub_account::SubAccount) -> Self {
        Self { authority: account.authority, id: account.id, padding: [0; 6] }
    }
}

account_bytes! {
    /// Tokens came in or went out.
    pub struct DepositRecord [64] {
        /// Sub-account.
        0 => pub account: Party,
        /// Amount in token units.
        40 => pub amount: Amount,
        /// Balance afterwards.
        48 => pub balance: Amount,
        /// Bank.
        56 => pub bank: u16,
        /// Padding.
        58 => pub padding: [u8; 6],
    }
}

account_bytes! {
    /// Tokens moved between two sub-accounts of one authority.
    pub struct TransferRecord [56] {
        /// Source sub-account.
        0 => pub from: Party,
        /// Amount in token units.
        40 => pub amount: Amount,
        /// Destination sub-account id.
        48 => pub to: u16,
        /// Bank.
        50 => pub bank: u16,
        /// Padding.
        52 => pub padding: [u8; 4],
    }
}

account_bytes! {
    /// A trade.
    pub struct FillRecord [192] {
        /// Taker.
        0 => pub taker: Party,
        /// Maker, zero when the vAMM was.
        40 => pub maker: Party,
        /// Base traded.
        80 => pub size: Size,
        /// Quote traded.
        88 => pub quote: Amount,
        /// Fee of the taker.
        96 => pub taker_fee: Amount,
        /// Rebate of the maker.
        104 => pub maker_rebate: Amount,
        /// Reward of the filler.
        112 => pub filler_reward: Amount,
        /// Oracle price at the fill.
        120 => pub oracle: Price,
        /// The worst price that the taker would have accepted at the end of its auction.
        128 => pub worst_price: Price,
        /// Profit that the taker realised.
        136 => pub taker_realised: Quote,
        /// Profit that the maker realised.
        144 => pub maker_realised: Quote,
        /// Taker's order id.
        152 => pub taker_order: u32,
        /// Maker's order id, zero for vAMM and auction makers.
        156 => pub maker_order: u32,
        /// Market.
        160 => pub market: u16,
        /// Taker's [`crate::order::Side`] as a number.
        162 => pub side: u8,
        /// [`FillSource`] as a number.
        163 => pub source: u8,
        /// Padding.
        164 => pub padding: [u8; 4],
        /// Slots between the order's activation and the fill.
        168 => pub slots: u64,
        /// Share of the taker fee for the taker's referrer.
        176 => pub referrer_share: Amount,
        /// Fee of the builder, on top of the taker fee.
        184 => pub builder_fee: Amount,
    }
}

account_bytes! {
    /// A funding update with all its inputs, so that anyone can recompute it.
    pub struct FundingRecord [112] {
        /// Average premium of the period, parts per billion.
        0 => pub premium: i64,
        /// Rate of the hour, parts per billion of the oracle price.
        8 => pub rate: i64,
        /// Oracle average that the rate was applied to.
        16 => pub oracle: Price,
        /// Added to the long index.
        24 => pub long_delta: FundingIndex,
        /// Added to the short index.
        32 => pub short_delta: FundingIndex,
        /// Long index afterwards.
        40 => pub long_index: FundingIndex,
        /// Short index afterwards.
        48 => pub short_index: FundingIndex,
        /// Open interest of longs.
        56 => pub long_interest: Size,
        /// Open interest of shorts.
        64 => pub short_interest: Size,
        /// What the vAMM received (positive) or paid.
        72 => pub amm_payment: Quote,
        /// What the vAMM could have paid at most.
        80 => pub amm_budget: Amount,
        /// Seconds since the update before.
        88 => pub elapsed: u64,
        /// Unix time.
        96 => pub time: i64,
        /// Market.
        104 => pub market: u16,
        /// Padding.
        106 => pub padding: [u8; 6],
    }
}

account_bytes! {
    /// Profit or loss moved between a position and its pocket: the quote balance, or an isolated position's tokens.
    pub struct SettleRecord [80] {
        /// Sub-account.
        0 => pub account: Party,
        /// Moved to the pocket (negative: out of it).
        40 => pub amount: Quote,
        /// The pnl pool afterwards.
        48 => pub pool: Amount,
        /// The position's claim afterwards.
        56 => pub quote: Quote,
        /// Price used.
        64 => pub price: Price,
        /// Market.
        72 => pub market: u16,
        /// 1 when the tokens are an isolated position's.
        74 => pub isolated: u8,
        /// Padding.
        75 => pub padding: [u8; 5],
    }
}

account_bytes! {
    /// A liquidation step.
    pub struct LiquidationRecord [152] {
        /// Liquidated sub-account.
        0 => pub account: Party,
        /// Liquidator.
        40 => pub liquidator: Party,
        /// Base taken over, signed as the position was.
        80 => pub base: Base,
        /// Quote that came with it.
        88 => pub quote: Quote,
        /// Price.
        96 => pub price: Price,
        /// Insurance fee.
        104 => pub insurance_fee: Amount,
        /// Margin that was missing before.
        112 => pub shortage: Quote,
        /// Margin that is missing afterwards (negative: spare).
        120 => pub shortage_after: Quote,
        /// Liquidator fee, a ratio.
        128 => pub liquidator_fee: Ppm,
        /// Orders cancelled first.
        132 => pub orders_cancelled: u32,
        /// Market.
        136 => pub market: u16,
        /// 1 when the pocket is bankrupt now.
        138 => pub bankrupt: u8,
        /// 1 when it was an isolated position's own liquidation.
        139 => pub isolated: u8,
        /// Padding.
        140 => pub padding: [u8; 4],
        /// Number of the account's liquidation.
        144 => pub liquidation: u64,
    }
}

account_bytes! {
    /// A default and who paid for it.
    pub struct BankruptcyRecord [96] {
        /// Defaulter.
        0 => pub account: Party,
        /// Debt.
        40 => pub loss: Amount,
        /// Paid by the market's insurance fund.
        48 => pub insurance: Amount,
        /// Paid by the vAMM's capital (only when nobody holds a position).
        56 => pub amm: Amount,
        /// Spread over all positions.
        64 => pub socialised: Amount,
        /// What each base unit was charged, at 1e9.
        72 => pub charge: FundingIndex,
        /// Left as the market's deficit, repaid by its next fees.
        80 => pub deficit: Amount,
        /// Market.
        88 => pub market: u16,
        /// 1 when an isolated position defaulted.
        90 => pub isolated: u8,
        /// Padding.
        91 => pub padding: [u8; 5],
    }
}

account_bytes! {
    /// The vAMM moved.
    pub struct AmmRecord [96] {
        /// Peg before.
        0 => pub peg_before: Price,
        /// Peg now.
        8 => pub peg: Price,
        /// Mid price before.
        16 => pub mid_before: Price,
        /// Mid price now.
        24 => pub mid: Price,
        /// Oracle.
        32 => pub oracle: Price,
        /// Cost of the moves of peg and depth (negative: gain).
        40 => pub cost: Quote,
        /// The vAMM's equity.
        48 => pub equity: Quote,
        /// Depth before.
        56 => pub sqrt_k_before: Size,
        /// Depth now.
        64 => pub sqrt_k: Size,
        /// What later updates may still cost.
        72 => pub budget: Amount,
        /// What updates cost over life.
        80 => pub spent: Amount,
        /// Market.
        88 => pub market: u16,
        /// Padding.
        90 => pub padding: [u8; 6],
    }
}

account_bytes! {
    /// Fees left the market's ledger.
    pub struct SweepRecord [40] {
        /// To the insurance fund.
        0 => pub insurance: Amount,
        /// To the vAMM's capital.
        8 => pub amm: Amount,
        /// To the protocol.
        16 => pub protocol: Amount,
        /// To the market's deficit.
        24 => pub deficit: Amount,
        /// Market.
        32 => pub market: u16,
        /// Padding.
        34 => pub padding: [u8; 6],
    }
}

account_bytes! {
    /// Somebody put money into a market's pool.
    pub struct PoolRecord [56] {
        /// Who.
        0 => pub from: [u8; 32],
        /// How much.
        32 => pub amount: Amount,
        /// The pool afterwards.
        40 => pub pool: Amount,
        /// Market.
        48 => pub market: u16,
        /// 0 the vAMM's capital, 1 the insurance fund.
        50 => pub kind: u8,
        /// Padding.
        51 => pub padding: [u8; 5],
    }
}

account_bytes! {
    /// Collateral moved between the quote balance and an isolated position.
    pub struct IsolatedRecord [72] {
        /// Sub-account.
        0 => pub account: Party,
        /// Moved into the position (negative: out of it).
        40 => pub amount: Quote,
        /// The position's own tokens afterwards.
        48 => pub tokens: Amount,
        /// Quote balance afterwards.
        56 => pub balance: Amount,
        /// Market.
        64 => pub market: u16,
        /// 1 when the position is isolated now, 0 when it has ended or joined the cross pocket.
        66 => pub isolated: u8,
        /// Padding.
        67 => pub padding: [u8; 5],
    }
}

account_bytes! {
    /// A service to somebody's orders and what its owner paid for it.
    pub struct CrankRecord [136] {
        /// Owner.
        0 => pub account: Party,
        /// Who did it, zero when nobody asked for the fee.
        40 => pub crank: Party,
        /// Moved from the owner's position to the other's.
        80 => pub reward: Amount,
        /// The price that the order looked at.
        88 => pub price: Price,
        /// The order's trigger price afterwards; base released so far of a TWAP.
        96 => pub level: u64,
        /// Start of the auction that runs now, zero for none.
        104 => pub auction_start: Price,
        /// End of that auction.
        112 => pub auction_end: Price,
        /// Order, zero for several.
        120 => pub order_id: u32,
        /// Market.
        124 => pub market: u16,
        /// [`CrankKind`] as a number.
        126 => pub kind: u8,
        /// [`CancelReason`] as a number when a triggered order was removed instead.
        127 => pub reason: u8,
        /// Slot from which the order can trade, zero when it cannot.
        128 => pub activation_slot: u64,
    }
}
