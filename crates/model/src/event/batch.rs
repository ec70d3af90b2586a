//! The records of one instruction as one message: header, then each record behind its own small header.

use super::{
    AmmRecord, BankruptcyRecord, CancelRecord, CrankRecord, DepositRecord, EventKind, EventSink, FillRecord,
    FundingRecord, IsolatedRecord, LiquidationRecord, MarketRecord, OrderRecord, PoolRecord, PositionSettledRecord,
    SettleRecord, StakeRecord, SweepRecord, TransferRecord,
};
use crate::error::{Error, Result};

/// Market number of a batch that belongs to no market.
pub const NO_MARKET: u16 = u16::MAX;

account_bytes! {
    /// Where and in which order a batch of records happened.
    pub struct EventHeader [56] {
        /// Who signed the instruction.
        0 => pub signer: [u8; 32] as pubkey,
        /// Sequence number within the market, without gaps; 0 where there is no market.
        32 => pub seq: u64,
        /// Slot.
        40 => pub slot: u64,
        /// Market, [`NO_MARKET`] for none.
        48 => pub market: u16,
        /// Records that follow.
        50 => pub count: u8,
        /// Version of the format.
        51 => pub version: u8,
        /// Padding.
        52 => pub padding: [u8; 4],
    }
}

account_bytes! {
    /// Kind and length of the record that follows.
    pub struct RecordHeader [8] {
        /// [`EventKind`] as a number.
        0 => pub kind: u8,
        /// Padding.
        1 => pub padding: u8,
        /// Bytes of the record.
        2 => pub length: u16,
        /// Padding.
        4 => pub padding2: [u8; 4],
    }
}

impl EventHeader {
    /// Version of the format that this code writes.
    pub const VERSION: u8 = 1;
}

/// Collects the records of one instruction in a buffer.
#[derive(Debug)]
pub struct Batch<'a> {
    buffer: &'a mut [u8],
    start: usize,
    used: usize,
    count: u8,
    moves_money: bool,
    overflowed: bool,
}

impl<'a> Batch<'a> {
    /// Bytes in front of the first record.
    pub const HEADER: usize = core::mem::size_of::<EventHeader>();

    /// An empty batch in a buffer whose first `prefix` bytes belong to the transport.
    pub fn new(buffer: &'a mut [u8], prefix: usize) -> Self {
        let used = prefix.saturating_add(Self::HEADER);
        Self { buffer, start: prefix, used, count: 0, moves_money: false, overflowed: false }
    }

    /// Whether nothing was recorded.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Whether a record tells of money or positions.
    pub fn moves_money(&self) -> bool {
        self.moves_money
    }

    /// Writes the header and returns the transport's prefix and the message behind it.
    ///
    /// # Errors
    /// [`Error::Overflow`] when a record did not fit: nothing that moves money may go unrecorded.
    pub fn finish(self, signer: [u8; 32], seq: u64, slot: u64, market: u16) -> Result<&'a mut [u8]> {
        if self.overflowed {
            return Err(Error::Overflow);
        }
        let header = EventHeader {
            signer,
            seq,
            slot,
            market,
            count: self.count,
            version: EventHeader::VERSION,
            padding: [0; 4],
        };
        let end = self.start.saturating_add(Self::HEADER);
        let head = self.buffer.get_mut(self.start..end).ok_or(Error::Overflow)?;
        head.copy_from_slice(bytemuck::bytes_of(&header));
        self.buffer.get_mut(..self.used).ok_or(Error::Overflow)
    }
}

impl EventSink for Batch<'_> {
    #[inline]
    fn record(&mut self, kind: EventKind, bytes: &[u8]) {
        const HEAD: usize = core::mem::size_of::<RecordHeader>();
        let start = self.used;
        // What does not fit a word ends before it starts, and is refused below.
        let end = start.wrapping_add(HEAD).wrapping_add(bytes.len());
        let (Some(space), Ok(length)) = (self.buffer.get_mut(start..end), u16::try_from(bytes.len())) else {
            self.overflowed = true;
            return;
        };
        let header = RecordHeader { kind: kind as u8, padding: 0, length, padding2: [0; 4] };
        let Some((head, body)) = space.split_at_mut_checked(HEAD) else { return };
        head.copy_from_slice(bytemuck::bytes_of(&header));
        body.copy_from_slice(bytes);
        self.used = end;
        self.count = self.count.saturating_add(1);
        self.moves_money |= kind.moves_money();
    }
}

/// One record, decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is the record of the same name")]
pub enum Event {
    Deposit(DepositRecord),
    Withdraw(DepositRecord),
    Transfer(TransferRecord),
    OrderPlaced(OrderRecord),
    OrderCancelled(CancelRecord),
    Fill(FillRecord),
    Funding(FundingRecord),
    SettlePnl(SettleRecord),
    Liquidation(LiquidationRecord),
    Bankruptcy(BankruptcyRecord),
    AmmUpdate(AmmRecord),
    FeeSweep(SweepRecord),
    PoolFunded(PoolRecord),
    IsolatedCollateral(IsolatedRecord),
    Crank(CrankRecord),
    MarketChanged(MarketRecord),
    OrderModified(OrderRecord),
    PositionSettled(PositionSettledRecord),
    Stake(StakeRecord),
}

/// Decodes a message: its header and an iterator over its records. Records of unknown kinds are skipped, so that
/// an older reader survives a newer program. `None` when the message is not one.
pub fn decode(message: &[u8]) -> Option<(EventHeader, Events<'_>)> {
    let (head, rest) = message.split_at_checked(core::mem::size_of::<EventHeader>())?;
    let header: EventHeader = bytemuck::pod_read_unaligned(head);
    (header.version == EventHeader::VERSION).then_some((header, Events { rest }))
}

/// Iterator over the records of a message.
#[derive(Clone, Copy, Debug)]
pub struct Events<'a> {
    rest: &'a [u8],
}

impl Iterator for Events<'_> {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        loop {
            let (head, rest) = self.rest.split_at_checked(core::mem::size_of::<RecordHeader>())?;
            let header: RecordHeader = bytemuck::pod_read_unaligned(head);
            let (body, rest) = rest.split_at_checked(usize::from(header.length))?;
            self.rest = rest;
            if let Some(event) = EventKind::from_number(header.kind).and_then(|kind| read(kind, body)) {
                return Some(event);
            }
        }
    }
}

fn read(kind: EventKind, body: &[u8]) -> Option<Event> {
    fn pod<T: bytemuck::AnyBitPattern>(body: &[u8]) -> Option<T> {
        bytemuck::try_pod_read_unaligned(body).ok()
    }
    Some(match kind {
        EventKind::Deposit => Event::Deposit(pod(body)?),
        EventKind::Withdraw => Event::Withdraw(pod(body)?),
        EventKind::Transfer => Event::Transfer(pod(body)?),
        EventKind::OrderPlaced => Event::OrderPlaced(pod(body)?),
        EventKind::OrderCancelled => Event::OrderCancelled(pod(body)?),
        EventKind::Fill => Event::Fill(pod(body)?),
        EventKind::Funding => Event::Funding(pod(body)?),
        EventKind::SettlePnl => Event::SettlePnl(pod(body)?),
        EventKind::Liquidation => Event::Liquidation(pod(body)?),
        EventKind::Bankruptcy => Event::Bankruptcy(pod(body)?),
        EventKind::AmmUpdate => Event::AmmUpdate(pod(body)?),
        EventKind::FeeSweep => Event::FeeSweep(pod(body)?),
        EventKind::PoolFunded => Event::PoolFunded(pod(body)?),
        EventKind::IsolatedCollateral => Event::IsolatedCollateral(pod(body)?),
        EventKind::Crank => Event::Crank(pod(body)?),
        EventKind::MarketChanged => Event::MarketChanged(pod(body)?),
        EventKind::OrderModified => Event::OrderModified(pod(body)?),
        EventKind::PositionSettled => Event::PositionSettled(pod(body)?),
        EventKind::Stake => Event::Stake(pod(body)?),
    })
}
