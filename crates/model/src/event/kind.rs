//! Kinds of records.

use super::{
    AmmRecord, BankruptcyRecord, CancelRecord, CrankRecord, DepositRecord, FillRecord, FundingRecord, IsolatedRecord,
    LiquidationRecord, MarketRecord, OrderRecord, PoolRecord, PositionSettledRecord, SettleRecord, StakeRecord,
    SweepRecord, TransferRecord,
};
use crate::layout::{Field, Layout};

numbered! {
    /// Kind of a record; append-only.
    pub enum EventKind {
        /// [`super::DepositRecord`] with a positive amount.
        Deposit = 1,
        /// [`super::DepositRecord`] of a withdrawal.
        Withdraw = 2,
        /// [`super::TransferRecord`].
        Transfer = 3,
        /// [`super::OrderRecord`] of a placed order.
        OrderPlaced = 4,
        /// [`super::CancelRecord`].
        OrderCancelled = 5,
        /// [`super::FillRecord`].
        Fill = 6,
        /// [`super::FundingRecord`].
        Funding = 7,
        /// [`super::SettleRecord`].
        SettlePnl = 8,
        /// [`super::LiquidationRecord`].
        Liquidation = 9,
        /// [`super::BankruptcyRecord`].
        Bankruptcy = 10,
        /// [`super::AmmRecord`].
        AmmUpdate = 11,
        /// [`super::SweepRecord`].
        FeeSweep = 12,
        /// [`super::PoolRecord`].
        PoolFunded = 13,
        /// [`super::IsolatedRecord`].
        IsolatedCollateral = 14,
        /// [`super::CrankRecord`].
        Crank = 15,
        /// [`super::MarketRecord`].
        MarketChanged = 16,
        /// [`super::PositionSettledRecord`].
        PositionSettled = 17,
        /// [`super::OrderRecord`] of an order that changed without a fill.
        OrderModified = 18,
        /// [`super::StakeRecord`].
        Stake = 19,
    }
}

/// The struct of a record, as [`Layout`] describes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordLayout {
    /// Name of the struct.
    pub name: &'static str,
    /// Size in bytes.
    pub size: usize,
    /// Fields in order of offset.
    pub fields: &'static [Field],
}

impl RecordLayout {
    const fn of<R: Layout>() -> Self {
        Self { name: R::NAME, size: R::SIZE, fields: R::FIELDS }
    }
}

impl EventKind {
    /// The struct of this kind's records. A kind that is added has its line here, or this does not compile.
    pub const fn record(self) -> RecordLayout {
        match self {
            Self::Deposit | Self::Withdraw => RecordLayout::of::<DepositRecord>(),
            Self::Transfer => RecordLayout::of::<TransferRecord>(),
            Self::OrderPlaced | Self::OrderModified => RecordLayout::of::<OrderRecord>(),
            Self::OrderCancelled => RecordLayout::of::<CancelRecord>(),
            Self::Fill => RecordLayout::of::<FillRecord>(),
            Self::Funding => RecordLayout::of::<FundingRecord>(),
            Self::SettlePnl => RecordLayout::of::<SettleRecord>(),
            Self::Liquidation => RecordLayout::of::<LiquidationRecord>(),
            Self::Bankruptcy => RecordLayout::of::<BankruptcyRecord>(),
            Self::AmmUpdate => RecordLayout::of::<AmmRecord>(),
            Self::FeeSweep => RecordLayout::of::<SweepRecord>(),
            Self::PoolFunded => RecordLayout::of::<PoolRecord>(),
            Self::IsolatedCollateral => RecordLayout::of::<IsolatedRecord>(),
            Self::Crank => RecordLayout::of::<CrankRecord>(),
            Self::MarketChanged => RecordLayout::of::<MarketRecord>(),
            Self::PositionSettled => RecordLayout::of::<PositionSettledRecord>(),
            Self::Stake => RecordLayout::of::<StakeRecord>(),
        }
    }

    /// Whether the record tells of money or positions that moved (and so must not be lost with a truncated
    /// log), rather than of an order that came, changed or went. The cents of a service to an order are told with the
    /// order: a record that was lost shows as a gap in the market's sequence numbers.
    pub const fn moves_money(self) -> bool {
        !matches!(self, Self::OrderPlaced | Self::OrderCancelled | Self::OrderModified | Self::AmmUpdate | Self::Crank)
    }
}
