//! History of one sub-account, from its transactions.

use kedge_client::history::{Past, Step};
use kedge_interface::address;
use kedge_interface::event::{Event, EventBatch};
use kedge_interface::instruction::Decoded;
use kedge_model::account::order::Side;
use kedge_model::event::{FillRecord, FillSource, Party};
use kedge_model::num::{BASE, Rounding, mul_div};
use kedge_model::quantity::{Amount, Base, Price, Quote, Size};
use kedge_units::decimal;
use serde_json::{Value, json};
use solana_pubkey::Pubkey;
use solana_signature::Signature;

use crate::calendar;
use crate::describe;
use crate::directory::Directory;

/// Column titles of [`Entry::csv`].
pub(crate) const CSV: &str =
    "time,slot,kind,market,side,size,price,value,fee,realised,amount,balance,order,role,signature,text";

/// The sub-account of a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Owner {
    /// Owner of the sub-account.
    pub authority: Pubkey,
    /// Id of the sub-account.
    pub id: u16,
}

impl Owner {
    fn is(&self, party: &Party) -> bool {
        party.authority == self.authority.to_bytes() && party.id == self.id
    }

    /// Address of the sub-account.
    pub(crate) fn address(&self) -> Pubkey {
        address::sub_account(&self.authority, self.id)
    }
}

/// A change of a position, in signed base and quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Trade {
    /// Base bought (positive) or sold (negative).
    pub base: Base,
    /// Quote received (positive) or paid (negative).
    pub quote: Quote,
}

/// One event of a sub-account's history.
#[derive(Clone, Debug, Default)]
pub(crate) struct Entry {
    /// Kind of the event: `fill`, `deposit`, `order_placed`, ...
    pub kind: &'static str,
    /// Index of the market.
    pub market: Option<u16>,
    /// The sub-account's side of a trade.
    pub trade: Option<Trade>,
    /// Fees paid (positive) or received (negative).
    pub fee: Quote,
    /// Profit realised against the entry price, where the record holds it.
    pub realised: Option<Quote>,
    /// Change of the claim beside trades: settled into the balance, or forgiven.
    pub settled: Quote,
    /// Debt that others bore.
    pub forgiven: Amount,
    /// Tokens received (positive) or paid, as text in whole units.
    pub amount: Option<String>,
    /// Balance afterwards, as text in whole units.
    pub balance: Option<String>,
    /// Id of the order.
    pub order: Option<u32>,
    /// Role of the sub-account: `taker`, `maker`, `liquidated` or `liquidator`.
    pub role: Option<&'static str>,
    /// The event as a sentence.
    pub text: String,
}

/// All entries of a transaction for a sub-account, in order; none of a failed transaction.
pub(crate) fn entries(directory: &Directory, past: &Past, owner: &Owner) -> Vec<Entry> {
    let mut found = Vec::new();
    for step in &past.steps {
        let before = found.len();
        for batch in &step.events {
            found.extend(batch.events.iter().filter_map(|event| entry(directory, batch, event, owner)));
        }
        if found.len() == before && past.failure.is_none() {
            found.extend(setting(directory, step, owner));
        }
    }
    found
}

/// Trades of the sub-account in a batch, in order.
pub(crate) fn trades<'b>(batch: &'b EventBatch, owner: &'b Owner) -> impl DoubleEndedIterator<Item = Trade> + 'b {
    batch.events.iter().filter_map(|event| trade(event, owner))
}

/// Whether a transaction created the sub-account, so that its history ends there.
pub(crate) fn is_creation(past: &Past, owner: &Owner) -> bool {
    let created = |step: &Step| match &step.decoded {
        Some(Decoded::CreateSubAccount(it)) => it.sub_account == owner.address(),
        _ => false,
    };
    past.failure.is_none() && past.steps.iter().any(created)
}

/// An entry for an instruction of the owner that leaves no record.
fn setting(directory: &Directory, step: &Step, owner: &Owner) -> Option<Entry> {
    const SETTINGS: [&str; 8] = [
        "create_sub_account",
        "close_sub_account",
        "grow_orders",
        "set_delegate",
        "set_builder",
        "set_leverage",
        "revoke_signed_orders",
        "update_fee_tier",
    ];
    let (decoded, name) = (step.decoded.as_ref()?, step.name?);
    let kind = SETTINGS.iter().find(|known| **known == name)?;
    let ours = step.accounts.contains(&owner.address());
    ours.then(|| Entry { kind, text: describe::instruction(directory, decoded), ..Entry::default() })
}

fn trade(event: &Event, owner: &Owner) -> Option<Trade> {
    let signed = |side: u8, taker: bool, size: Size, quote: Amount| {
        let size = i64::try_from(size.0).unwrap_or(i64::MAX);
        let quote = i64::try_from(quote.0).unwrap_or(i64::MAX);
        let buys = (side == Side::Long as u8) == taker;
        if buys {
            Trade { base: Base(size), quote: Quote(-quote) }
        } else {
            Trade { base: Base(-size), quote: Quote(quote) }
        }
    };
    match event {
        Event::Fill(record) if owner.is(&record.taker) => Some(signed(record.side, true, record.size, record.quote)),
        Event::Fill(record) if is_maker(record, owner) => Some(signed(record.side, false, record.size, record.quote)),
        Event::Liquidation(record) if owner.is(&record.account) => {
            Some(Trade { base: Base(record.base.0.saturating_neg()), quote: record.quote })
        }
        Event::Liquidation(record) if owner.is(&record.liquidator) => {
            Some(Trade { base: record.base, quote: Quote(record.quote.0.saturating_neg()) })
        }
        Event::PositionSettled(record) if owner.is(&record.account) && !record.base.is_zero() => {
            let quote = record.base.value(record.price, Rounding::Down).unwrap_or_default();
            Some(Trade { base: Base(record.base.0.saturating_neg()), quote })
        }
        _ => None,
    }
}

/// Whether the owner is the maker; fills of the vAMM have none.
fn is_maker(record: &FillRecord, owner: &Owner) -> bool {
    record.source != FillSource::Amm as u8 && owner.is(&record.maker)
}

/// Fills in the columns of the owner's side of a fill; `None` for a fill between others.
fn side_of_fill(found: &mut Entry, record: &FillRecord, owner: &Owner) -> Option<()> {
    if owner.is(&record.taker) {
        found.fee = Quote(positive(record.taker_fee).saturating_add(positive(record.builder_fee)));
        (found.realised, found.order) = (Some(record.taker_realised), Some(record.taker_order));
        found.role = Some("taker");
    } else if is_maker(record, owner) {
        found.fee = Quote(positive(record.maker_rebate).saturating_neg());
        found.realised = Some(record.maker_realised);
        found.order = Some(record.maker_order).filter(|id| *id != 0);
        found.role = Some("maker");
    } else {
        return None;
    }
    Some(())
}

fn entry(directory: &Directory, batch: &EventBatch, event: &Event, owner: &Owner) -> Option<Entry> {
    let (text, json) = describe::event(directory, event);
    let tokens = |bank: u16, amount: Amount| directory.tokens(bank, amount);
    let out = |text: String| format!("-{text}");
    let mut found = Entry { trade: trade(event, owner), text, ..Entry::default() };
    match event {
        Event::Deposit(record) if owner.is(&record.account) => {
            found.amount = Some(tokens(record.bank, record.amount));
            found.balance = Some(tokens(record.bank, record.balance));
        }
        Event::Withdraw(record) if owner.is(&record.account) => {
            found.amount = Some(out(tokens(record.bank, record.amount)));
            found.balance = Some(tokens(record.bank, record.balance));
        }
        Event::Transfer(record) if owner.is(&record.from) => {
            found.amount = Some(out(tokens(record.bank, record.amount)));
        }
        Event::Transfer(record) if record.to == owner.id && receives(batch, &record.from, owner) => {
            found.amount = Some(tokens(record.bank, record.amount));
        }
        Event::OrderPlaced(record) | Event::OrderModified(record) if owner.is(&record.account) => {
            (found.market, found.order) = (Some(record.order.market), Some(record.order.id));
        }
        Event::OrderCancelled(record) if owner.is(&record.account) => {
            (found.market, found.order) = (Some(record.market), Some(record.order_id));
        }
        Event::Fill(record) => {
            found.market = Some(record.market);
            side_of_fill(&mut found, record, owner)?;
        }
        Event::Liquidation(record) => {
            found.market = Some(record.market);
            if owner.is(&record.account) {
                (found.fee, found.role) = (Quote(positive(record.insurance_fee)), Some("liquidated"));
            } else if owner.is(&record.liquidator) {
                found.role = Some("liquidator");
            } else {
                return None;
            }
        }
        Event::Bankruptcy(record) if owner.is(&record.account) => {
            (found.market, found.forgiven) = (Some(record.market), record.loss);
        }
        Event::SettlePnl(record) if owner.is(&record.account) => {
            (found.market, found.settled) = (Some(record.market), record.amount);
            found.amount = Some(decimal::quote(record.amount));
        }
        Event::PositionSettled(record) if owner.is(&record.account) => {
            (found.market, found.settled) = (Some(record.market), record.amount);
            found.amount = Some(decimal::quote(record.amount));
        }
        Event::IsolatedCollateral(record) if owner.is(&record.account) => {
            found.market = Some(record.market);
            found.amount = Some(decimal::quote(Quote(record.amount.0.saturating_neg())));
            found.balance = Some(decimal::value(record.balance));
        }
        Event::Crank(record) if owner.is(&record.account) => {
            found.market = Some(record.market);
            found.order = Some(record.order_id).filter(|id| *id != 0);
            found.fee = Quote(positive(record.reward));
        }
        Event::Crank(record) if owner.is(&record.crank) => {
            (found.market, found.fee) = (Some(record.market), Quote(positive(record.reward).saturating_neg()));
        }
        _ => return None,
    }
    found.kind = KINDS.iter().find(|kind| json["kind"] == **kind).copied().unwrap_or("other");
    Some(found)
}

/// Event kinds of a sub-account's history, as `kedge explain` names them.
const KINDS: [&str; 13] = [
    "deposit",
    "withdraw",
    "transfer",
    "order_placed",
    "order_modified",
    "order_cancelled",
    "fill",
    "liquidation",
    "bankruptcy",
    "settle_pnl",
    "position_settled",
    "isolated_collateral",
    "crank",
];

/// Whether a transfer to the owner's id is to the owner's sub-account: it is between two of one owner, or from a debtor
/// to the liquidator of a liquidation in the same batch.
fn receives(batch: &EventBatch, from: &Party, owner: &Owner) -> bool {
    let taken_over = |event: &Event| match event {
        Event::Liquidation(record) => record.account == *from && owner.is(&record.liquidator),
        _ => false,
    };
    from.authority == owner.authority.to_bytes() || batch.events.iter().any(taken_over)
}

fn positive(amount: Amount) -> i64 {
    i64::try_from(amount.0).unwrap_or(i64::MAX)
}

impl Entry {
    /// Mean price of the trade, rounded down to the last digit.
    pub(crate) fn price(&self) -> Option<Price> {
        let trade = self.trade?;
        mul_div(trade.quote.magnitude().0, BASE, trade.base.size().0, Rounding::Down).ok().map(Price)
    }

    /// Side of the trade.
    pub(crate) fn side(&self) -> Option<&'static str> {
        self.trade.map(|trade| if trade.base.0 > 0 { "buy" } else { "sell" })
    }

    /// The entry as a line of CSV with exact numbers.
    pub(crate) fn csv(&self, directory: &Directory, signature: &Signature, past: &Past) -> String {
        let optional = |text: Option<String>| text.unwrap_or_default();
        let fields = [
            optional(past.block_time.map(calendar::date_time)),
            past.slot.to_string(),
            self.kind.into(),
            optional(self.market.map(|market| directory.market_name(market))),
            self.side().unwrap_or_default().into(),
            optional(self.trade.map(|trade| decimal::size(trade.base.size()))),
            optional(self.price().map(decimal::price)),
            optional(self.trade.map(|trade| decimal::value(trade.quote.magnitude()))),
            if self.fee.is_zero() { String::new() } else { decimal::quote(self.fee) },
            optional(self.realised.map(decimal::quote)),
            optional(self.amount.clone()),
            optional(self.balance.clone()),
            optional(self.order.map(|order| order.to_string())),
            self.role.unwrap_or_default().into(),
            signature.to_string(),
            self.text.clone(),
        ];
        fields.map(|field| quoted(&field)).join(",") + "\n"
    }

    /// The entry as JSON.
    pub(crate) fn json(&self, directory: &Directory) -> Value {
        json!({
            "kind": self.kind,
            "market": self.market.map(|market| directory.market_name(market)),
            "side": self.side(),
            "size": self.trade.map(|trade| decimal::size(trade.base.size())),
            "price": self.price().map(decimal::price),
            "value": self.trade.map(|trade| decimal::value(trade.quote.magnitude())),
            "fee": decimal::quote(self.fee),
            "realised": self.realised.map(decimal::quote),
            "amount": self.amount,
            "balance": self.balance,
            "order": self.order,
            "role": self.role,
            "text": self.text,
        })
    }
}

/// A CSV field. Text that a spreadsheet would run as a formula is quoted, since names come from strangers.
fn quoted(field: &str) -> String {
    let is_number = field.parse::<f64>().is_ok();
    let formula = !is_number && field.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let field = if formula { format!("'{field}") } else { field.to_owned() };
    if field.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", field.replace('"', "\"\"")) } else { field }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kedge_model::event::{EventHeader, LiquidationRecord, TransferRecord};

    fn owner() -> Owner {
        Owner { authority: Pubkey::new_from_array([7; 32]), id: 2 }
    }

    fn party(authority: u8, id: u16) -> Party {
        Party { authority: [authority; 32], id, ..Party::default() }
    }

    fn told(events: Vec<Event>) -> Vec<Entry> {
        let directory = Directory { markets: vec![], banks: vec![] };
        let batch = EventBatch { header: EventHeader::default(), events };
        batch.events.iter().filter_map(|event| entry(&directory, &batch, event, &owner())).collect()
    }

    #[test]
    fn both_sides_of_a_fill_see_their_own() {
        let fill = FillRecord {
            taker: party(7, 2),
            maker: party(9, 0),
            size: Size(2_000_000_000),
            quote: Amount(361_000_000),
            taker_fee: Amount(361_000),
            builder_fee: Amount(1_000),
            maker_rebate: Amount(72_200),
            taker_realised: Quote(-5),
            maker_realised: Quote(8),
            side: Side::Short as u8,
            ..FillRecord::default()
        };
        let [taker] = &told(vec![Event::Fill(fill)])[..] else { panic!() };
        assert_eq!(taker.trade, Some(Trade { base: Base(-2_000_000_000), quote: Quote(361_000_000) }));
        assert_eq!((taker.fee, taker.realised, taker.role), (Quote(362_000), Some(Quote(-5)), Some("taker")));
        assert_eq!((taker.price(), taker.side()), (Some(Price(180_500_000)), Some("sell")));
        let swapped = FillRecord { taker: party(9, 0), maker: party(7, 2), ..fill };
        let [maker] = &told(vec![Event::Fill(swapped)])[..] else { panic!() };
        assert_eq!((maker.fee, maker.realised, maker.role), (Quote(-72_200), Some(Quote(8)), Some("maker")));
        assert_eq!((maker.trade.unwrap().base, maker.side()), (Base(2_000_000_000), Some("buy")));
        assert!(told(vec![Event::Fill(FillRecord { taker: party(7, 3), ..fill })]).is_empty(), "another sub-account");
    }

    #[test]
    fn a_liquidation_is_told_to_both_and_its_tokens_to_who_gets_them() {
        let record = LiquidationRecord {
            account: party(5, 0),
            liquidator: party(7, 2),
            base: Base(-3),
            quote: Quote(-10),
            insurance_fee: Amount(4),
            ..LiquidationRecord::default()
        };
        let moved = TransferRecord { from: party(5, 0), to: 2, amount: Amount(6), ..TransferRecord::default() };
        let found = told(vec![Event::Liquidation(record), Event::Transfer(moved)]);
        assert_eq!(found[0].trade, Some(Trade { base: Base(-3), quote: Quote(10) }));
        assert_eq!((found[0].fee, found[1].amount.as_deref()), (Quote(0), Some("6")));
        assert!(told(vec![Event::Transfer(moved)]).is_empty(), "id 2 of somebody else");
        let lost = LiquidationRecord { account: party(7, 2), liquidator: party(5, 0), ..record };
        let found = told(vec![Event::Liquidation(lost)]);
        assert_eq!((found[0].trade, found[0].fee), (Some(Trade { base: Base(3), quote: Quote(-10) }), Quote(4)));
    }

    #[test]
    fn a_field_is_text_and_never_a_formula() {
        assert_eq!(quoted("-1.50"), "-1.50");
        assert_eq!(quoted("=cmd()"), "'=cmd()");
        assert_eq!(quoted("-x"), "'-x");
        assert_eq!(quoted("a, \"b\""), "\"a, \"\"b\"\"\"");
    }
}
