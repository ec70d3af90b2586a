//! Fills of an order.

use kedge_interface::event::Event;
use kedge_model::account::order::Side;
use kedge_model::event::{CancelReason, FillRecord, FillSource, Party};
use kedge_model::num::{BASE, Rounding, mul_div};
use kedge_model::quantity::{Amount, Price, Quote, Size};
use kedge_units::decimal;
use serde_json::{Value, json};
use solana_pubkey::Pubkey;

use crate::describe;
use crate::directory::Directory;
use crate::output::wrap;

/// Exit code of an order without any fill.
pub(crate) const NOTHING: u8 = 7;
/// Exit code of a partly filled order.
pub(crate) const PARTLY: u8 = 8;

/// The order whose events are collected.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    /// Owner of the sub-account.
    pub authority: [u8; 32],
    /// Id of the sub-account.
    pub account: u16,
    /// Id of the order.
    pub order: u32,
    /// Index of the market.
    pub market: u16,
    /// Side of the order.
    pub side: Side,
    /// Size of the order.
    pub size: Size,
}

/// Source of a fill.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Part {
    source: String,
    /// Owner and id of the maker; `None` for the vAMM.
    other: Option<Party>,
    size: Size,
    quote: Amount,
}

/// Sum of an order's fills.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fills {
    /// Base that was filled.
    pub size: Size,
    quote: Amount,
    /// Fee paid (positive), or rebate received as a maker (negative).
    fee: Quote,
    realised: Quote,
    parts: Vec<Part>,
    /// Reason of the removal, when the order was removed before it was full.
    pub removed: Option<u8>,
}

impl Fills {
    /// Adds an event of the order.
    pub(crate) fn add(&mut self, event: &Event, wanted: &Wanted) {
        let own = |party: &Party| party.authority == wanted.authority && party.id == wanted.account;
        match event {
            Event::Fill(record) if record.market == wanted.market => {
                let paid = Amount(record.taker_fee.0.saturating_add(record.builder_fee.0));
                if own(&record.taker) && record.taker_order == wanted.order {
                    let source = match record.source {
                        source if source == FillSource::Amm as u8 => "the vAMM".into(),
                        source if source == FillSource::Jit as u8 => {
                            format!("{} in the auction", describe::party(&record.maker))
                        }
                        _ => format!("order {} of {}", record.maker_order, describe::party(&record.maker)),
                    };
                    let other = (record.source != FillSource::Amm as u8).then_some(record.maker);
                    let fee = i64::try_from(paid.0).unwrap_or(i64::MAX);
                    self.fill(record, (source, other), fee, record.taker_realised);
                } else if own(&record.maker) && record.maker_order == wanted.order {
                    let source = format!("the taker {}", describe::party(&record.taker));
                    let rebate = i64::try_from(record.maker_rebate.0).unwrap_or(i64::MAX);
                    self.fill(record, (source, Some(record.taker)), -rebate, record.maker_realised);
                }
            }
            Event::OrderCancelled(record) if own(&record.account) && record.order_id == wanted.order => {
                self.removed = Some(record.reason);
            }
            _ => {}
        }
    }

    fn fill(&mut self, record: &FillRecord, (source, other): (String, Option<Party>), fee: i64, realised: Quote) {
        self.size.0 = self.size.0.saturating_add(record.size.0);
        self.quote.0 = self.quote.0.saturating_add(record.quote.0);
        self.fee.0 = self.fee.0.saturating_add(fee);
        self.realised.0 = self.realised.0.saturating_add(realised.0);
        match self.parts.iter_mut().find(|part| part.source == source) {
            Some(part) => {
                part.size.0 = part.size.0.saturating_add(record.size.0);
                part.quote.0 = part.quote.0.saturating_add(record.quote.0);
            }
            None => self.parts.push(Part { source, other, size: record.size, quote: record.quote }),
        }
    }

    /// State of the order in a word.
    pub(crate) fn state(&self, wanted: &Wanted) -> &'static str {
        match self.size {
            Size::ZERO => "nothing",
            size if size < wanted.size => "partly",
            _ => "filled",
        }
    }

    /// Exit code for the state of the order.
    pub(crate) fn exit_code(&self, wanted: &Wanted) -> u8 {
        match self.state(wanted) {
            "nothing" => NOTHING,
            "partly" => PARTLY,
            _ => 0,
        }
    }

    /// The fills in words: size, price, source and fee.
    pub(crate) fn told(&self, directory: &Directory, wanted: &Wanted) -> String {
        let name = directory.market_name(wanted.market);
        let verb = if wanted.side == Side::Long { "bought" } else { "sold" };
        let size = decimal::size(wanted.size);
        if self.size.is_zero() {
            let why = match self.removed {
                Some(reason) if reason == CancelReason::ImmediateOrCancel as u8 => {
                    format!(
                        ": nobody stands at its price or better; the vAMM trades only at a price of that moment, so try \
                         again where `kedge book {name}` shows it"
                    )
                }
                Some(reason) if reason == CancelReason::Expired as u8 => {
                    format!(
                        ": nobody came to its price before it ended; `kedge book {name}` shows who would have, a worse \
                         --protection reaches further"
                    )
                }
                Some(reason) => format!(": it was removed ({})", describe::reason(reason)),
                None => String::new(),
            };
            return wrap("", &format!("nothing of {size} {name} was {verb}{why}"));
        }
        let tick = directory.tick(wanted.market);
        let at = |size: Size, quote: Amount| mean(size, quote).map_or_else(|| "?".into(), |at| told_at(at, tick));
        let (what, fee) = if self.fee.0 < 0 { ("rebate", -self.fee.0) } else { ("fee", self.fee.0) };
        let mut line = format!(
            "{verb} {} of {size} {name} at {} on average, for {}; {what} {}",
            decimal::size(self.size),
            at(self.size, self.quote),
            decimal::value(self.quote),
            decimal::quote(Quote(fee)),
        );
        if self.realised.0 != 0 {
            line += &format!(", realised {}", decimal::gain(self.realised));
        }
        let mut text = wrap("", &line);
        for part in &self.parts {
            let line = format!("{} from {} at {}", decimal::size(part.size), part.source, at(part.size, part.quote));
            text += &wrap("  - ", &line);
        }
        text
    }

    /// Adds the fills to a JSON object.
    pub(crate) fn write(&self, json: &mut Value, wanted: &Wanted) {
        json["order_id"] = json!(wanted.order);
        json["state"] = json!(self.state(wanted));
        json["size"] = json!(decimal::size(wanted.size));
        json["filled"] = json!(decimal::size(self.size));
        json["average_price"] = json!(mean(self.size, self.quote).map(decimal::price));
        json["value"] = json!(decimal::value(self.quote));
        json["fee"] = json!(decimal::quote(self.fee));
        json["realised"] = json!(decimal::quote(self.realised));
        let parts = self.parts.iter().map(|part| {
            json!({
                "from": part.source,
                "counterparty": part.other.map(|other| Pubkey::new_from_array(other.authority).to_string()),
                "counterparty_account": part.other.map(|other| other.id),
                "size": decimal::size(part.size),
                "price": mean(part.size, part.quote).map(decimal::price),
            })
        });
        json["fills"] = parts.collect();
    }
}

/// The mean price, for reading; size and quote are exact.
fn mean(size: Size, quote: Amount) -> Option<Price> {
    mul_div(quote.0, BASE, size.0, Rounding::Down).ok().map(Price)
}

/// A mean price, with two digits more than the tick when it lies between two ticks.
fn told_at(price: Price, tick: Price) -> String {
    let finer = Price(tick.0 / 100);
    let shown = decimal::price_at(price, tick);
    if tick.0 == 0 || price.0.is_multiple_of(tick.0) { shown } else { decimal::price_at(price, finer) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted() -> Wanted {
        Wanted { authority: [1; 32], account: 2, order: 7, market: 3, side: Side::Long, size: Size(5_000_000_000) }
    }

    fn fill(size: u64, quote: u64, source: FillSource) -> Event {
        Event::Fill(FillRecord {
            taker: Party { authority: [1; 32], id: 2, ..Party::default() },
            maker: Party { authority: [9; 32], id: 0, ..Party::default() },
            size: Size(size),
            quote: Amount(quote),
            taker_fee: Amount(100_000),
            builder_fee: Amount(10_000),
            taker_realised: Quote(-1_000_000),
            taker_order: 7,
            maker_order: 4,
            market: 3,
            source: source as u8,
            ..FillRecord::default()
        })
    }

    #[test]
    fn fills_add_up_by_source() {
        let directory = Directory { markets: vec![], banks: vec![] };
        let (mut fills, wanted) = (Fills::default(), wanted());
        assert_eq!((fills.state(&wanted), fills.exit_code(&wanted)), ("nothing", NOTHING));
        assert!(fills.told(&directory, &wanted).starts_with("nothing of 5 market 3 was bought"));
        for (size, quote, source) in [
            (1_000_000_000, 180_000_000, FillSource::Amm),
            (2_000_000_000, 362_000_000, FillSource::Book),
            (1_000_000_000, 182_000_000, FillSource::Amm),
        ] {
            fills.add(&fill(size, quote, source), &wanted);
        }
        // Events of another order, account or market are ignored.
        for other in [Wanted { order: 8, ..wanted }, Wanted { account: 1, ..wanted }, Wanted { market: 0, ..wanted }] {
            let mut none = Fills::default();
            none.add(&fill(1_000_000_000, 180_000_000, FillSource::Amm), &other);
            assert_eq!(none, Fills::default());
        }
        assert_eq!((fills.state(&wanted), fills.exit_code(&wanted)), ("partly", PARTLY));
        let told = fills.told(&directory, &wanted).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            told.starts_with("bought 4 of 5 market 3 at 181.000000 on average, for 724.00; fee 0.33, realised -3.00"),
            "{told}"
        );
        assert!(told.contains("- 2 from the vAMM at 181.000000 - 2 from order 4 of"), "{told}");
        fills.add(&fill(1_000_000_000, 181_000_000, FillSource::Amm), &wanted);
        assert_eq!((fills.state(&wanted), fills.exit_code(&wanted)), ("filled", 0));
        let mut json = json!({});
        fills.write(&mut json, &wanted);
        assert_eq!(
            (&json["average_price"], &json["filled"], &json["state"]),
            (&json!("181.00"), &json!("5"), &json!("filled"))
        );
    }
}
