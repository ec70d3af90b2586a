//! Instructions and events in plain words.

mod ask;
mod event;
mod instruction;
pub(crate) mod life;

pub(crate) use ask::{order, params as order_params};
pub(crate) use event::{event, reason};
pub(crate) use instruction::{accounts, instruction};

use kedge_interface::event::EventBatch;
use kedge_model::account::order::Side;
use kedge_model::event::Party;
use kedge_model::rule::tranche::Pot;
use serde_json::{Value, json};
use solana_pubkey::Pubkey;

use crate::directory::{Directory, short};
use crate::layout::fields;
use crate::output::long;

/// A batch of events: one sentence each, and the raw fields of header and records as JSON.
///
/// `unread` in the JSON counts the records of a newer exchange that this version cannot read.
pub(crate) fn batch(directory: &Directory, batch: &EventBatch) -> (Vec<String>, Value) {
    let described: Vec<(String, Value)> = batch.events.iter().map(|found| event(directory, found)).collect();
    let (mut lines, events): (Vec<String>, Vec<Value>) = described.into_iter().unzip();
    let unread = usize::from(batch.header.count).saturating_sub(batch.events.len());
    if batch.is_partial() {
        lines.push("more records, of a newer version of the exchange".into());
    }
    let json = json!({
        "signer": Pubkey::new_from_array(batch.header.signer).to_string(),
        "market": (batch.header.market != kedge_model::event::NO_MARKET).then_some(batch.header.market),
        "seq": long(batch.header.seq),
        "slot": long(batch.header.slot),
        "raw": fields(&batch.header),
        "events": events,
        "unread": unread,
    });
    (lines, json)
}

/// A sub-account as owner and id.
pub(crate) fn party(party: &Party) -> String {
    format!("{}/{}", short(Pubkey::new_from_array(party.authority)), party.id)
}

/// Name of a pot of staked money by its number.
const fn pot(number: u8) -> &'static str {
    if number == Pot::Vault as u8 { "backstop vault" } else { "staked insurance" }
}

/// `buy` or `sell`.
fn verb(side: u8) -> &'static str {
    if side == Side::Long as u8 { "buy" } else { "sell" }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use kedge_model::account::order::Order;
    use kedge_model::event::{
        AmmRecord, BankruptcyRecord, CancelRecord, CrankRecord, DepositRecord, EventHeader, EventKind, FillRecord,
        FundingRecord, IsolatedRecord, LiquidationRecord, MarketRecord, OrderRecord, PoolRecord, PositionSettledRecord,
        RecordHeader, SettleRecord, StakeRecord, SweepRecord, TransferRecord,
    };
    use kedge_model::{Field, Layout};

    /// Fields and size of a kind's record.
    fn record(kind: EventKind) -> (&'static [Field], usize) {
        fn of<T: Layout>() -> (&'static [Field], usize) {
            (T::FIELDS, T::SIZE)
        }
        match kind {
            EventKind::Deposit | EventKind::Withdraw => of::<DepositRecord>(),
            EventKind::Transfer => of::<TransferRecord>(),
            EventKind::OrderPlaced | EventKind::OrderModified => of::<OrderRecord>(),
            EventKind::OrderCancelled => of::<CancelRecord>(),
            EventKind::Fill => of::<FillRecord>(),
            EventKind::Funding => of::<FundingRecord>(),
            EventKind::SettlePnl => of::<SettleRecord>(),
            EventKind::Liquidation => of::<LiquidationRecord>(),
            EventKind::Bankruptcy => of::<BankruptcyRecord>(),
            EventKind::AmmUpdate => of::<AmmRecord>(),
            EventKind::FeeSweep => of::<SweepRecord>(),
            EventKind::PoolFunded => of::<PoolRecord>(),
            EventKind::IsolatedCollateral => of::<IsolatedRecord>(),
            EventKind::Crank => of::<CrankRecord>(),
            EventKind::MarketChanged => of::<MarketRecord>(),
            EventKind::PositionSettled => of::<PositionSettledRecord>(),
            EventKind::Stake => of::<StakeRecord>(),
        }
    }

    /// A message with one record of each kind, with different bytes in every field.
    fn message(kinds: &[EventKind], more: u8) -> EventBatch {
        let count = u8::try_from(kinds.len()).unwrap() + more;
        let header = EventHeader { count, version: EventHeader::VERSION, seq: u64::MAX, ..EventHeader::default() };
        let mut bytes = bytemuck::bytes_of(&header).to_vec();
        for kind in kinds {
            let (_, size) = record(*kind);
            let length = u16::try_from(size).unwrap();
            let head = RecordHeader { kind: *kind as u8, length, ..RecordHeader::default() };
            bytes.extend(bytemuck::bytes_of(&head));
            bytes.extend((0..size).map(|at| u8::try_from(at % 251).unwrap() ^ 0xa5));
        }
        EventBatch::read(&bytes).expect("a message")
    }

    /// Every field but padding is present, and fields of 64 bits or more are text or objects.
    fn complete(fields: &[Field], size: usize, raw: &Value, what: &str) {
        let named = |name: &str| !name.starts_with("padding") && !name.starts_with("reserved");
        let wanted: BTreeSet<&str> = fields.iter().map(|field| field.name).filter(|name| named(name)).collect();
        let found: BTreeSet<&str> = raw.as_object().expect(what).keys().map(String::as_str).collect();
        assert_eq!(found, wanted, "{what}");
        let ends = fields.iter().skip(1).map(|field| field.offset).chain([size]);
        for (field, end) in fields.iter().zip(ends).filter(|(field, _)| named(field.name)) {
            let (value, what) = (&raw[field.name], format!("{what}.{}", field.name));
            match field.ty.rsplit("::").next().unwrap() {
                "Party" => complete(Party::FIELDS, Party::SIZE, value, &what),
                "Order" => complete(Order::FIELDS, Order::SIZE, value, &what),
                _ if end - field.offset >= 8 => assert!(value.is_string(), "{what}: {value}"),
                _ => assert!(value.is_u64(), "{what}: {value}"),
            }
        }
    }

    #[test]
    fn every_event_is_told_with_all_its_fields() {
        let directory = Directory { markets: vec![], banks: vec![] };
        let kinds: Vec<EventKind> = (0..=u8::MAX).filter_map(EventKind::from_number).collect();
        let (lines, json) = batch(&directory, &message(&kinds, 0));
        let events = json["events"].as_array().unwrap();
        assert_eq!((events.len(), lines.len(), &json["unread"]), (kinds.len(), kinds.len(), &json!(0)));
        let named: BTreeSet<&str> = events.iter().map(|event| event["kind"].as_str().unwrap()).collect();
        assert_eq!(named.len(), kinds.len(), "each kind has a name of its own: {named:?}");
        for (kind, event) in kinds.iter().zip(events) {
            let (fields, size) = record(*kind);
            complete(fields, size, &event["raw"], &format!("{kind:?}"));
        }
        complete(EventHeader::FIELDS, EventHeader::SIZE, &json["raw"], "header");
        assert_eq!((&json["raw"]["seq"], &json["raw"]["count"]), (&json!(u64::MAX.to_string()), &json!(kinds.len())));
    }

    #[test]
    fn what_a_newer_exchange_records_is_counted() {
        let directory = Directory { markets: vec![], banks: vec![] };
        let (lines, json) = batch(&directory, &message(&[EventKind::Deposit], 2));
        assert_eq!((lines.len(), &json["unread"]), (2, &json!(2)), "{lines:?}");
    }
}
