//! What happened, as fixed binary records. Everything that moves money, a position or an order leaves one.

mod batch;
mod collateral;
mod kind;
mod liquidation;
mod market;
mod order;
mod settlement;
mod trade;

pub use batch::{Batch, Event, EventHeader, Events, NO_MARKET, RecordHeader, decode};
pub use collateral::{DepositRecord, IsolatedRecord, SettleRecord, StakeRecord, TransferRecord};
pub use kind::{EventKind, RecordLayout};
pub use liquidation::{BankruptcyRecord, LiquidationRecord};
pub use market::{AmmRecord, FundingRecord, MarketRecord, PoolRecord, SweepRecord};
pub use order::{CancelReason, CancelRecord, CrankKind, CrankRecord, OrderRecord};
pub use settlement::PositionSettledRecord;
pub use trade::{FillRecord, FillSource};

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
        0 => pub authority: [u8; 32] as pubkey,
        /// Sub-account id.
        32 => pub id: u16,
        /// Padding.
        34 => pub padding: [u8; 6],
    }
}
