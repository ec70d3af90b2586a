//! Kinds of records.

/// Kind of a record; append-only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
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
