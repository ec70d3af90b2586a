//! A market's life in plain words.

use kedge_model::account::market::MarketStatus;
use kedge_model::event::{MarketRecord, PositionSettledRecord};
use kedge_units::decimal::{base, gain, price, value};

use super::party;
use crate::calendar::date_time;
use crate::directory::Directory;

/// Name of a market status.
pub(crate) fn status(number: u8) -> &'static str {
    match MarketStatus::from_number(number) {
        Ok(MarketStatus::Initialised) => "listed",
        Ok(MarketStatus::Active) => "active",
        Ok(MarketStatus::ReduceOnly) => "reduce-only",
        Ok(MarketStatus::Settlement) => "settlement",
        Ok(MarketStatus::Delisted) => "delisted",
        Err(_) => "an unknown status",
    }
}

/// An expiry in Unix seconds as a date; `never` for zero.
pub(crate) fn expiry(time: i64) -> String {
    if time == 0 { "never".into() } else { date_time(time) }
}

/// A change of a market's status or expiry.
pub(crate) fn market_changed(directory: &Directory, record: &MarketRecord) -> String {
    let market = directory.market_name(record.market);
    match (MarketStatus::from_number(record.status), record.status == record.status_before) {
        (_, true) if record.silent == 1 => {
            format!("the price of {market} is silent: an hour from now, and after a day in all, anybody settles it")
        }
        (_, true) => format!("{market} expires: {}", expiry(record.expiry_time)),
        (Ok(MarketStatus::Settlement), _) => format!(
            "{market} is settled at {} (average {}), insurance gave {}",
            price(record.settlement_price),
            price(record.average),
            value(record.insurance)
        ),
        (Ok(MarketStatus::Delisted), _) => {
            format!("{market} is delisted, {} went to the protocol", value(record.leftover))
        }
        _ => format!("{market} went from {} to {}", status(record.status_before), status(record.status)),
    }
}

/// The settlement of a position in a settling market.
pub(crate) fn position_settled(directory: &Directory, record: &PositionSettledRecord) -> String {
    let mut text = format!(
        "{} closed {} {} at the settlement price {}, tokens {}",
        party(&record.account),
        base(record.base),
        directory.market_name(record.market),
        price(record.price),
        gain(record.amount)
    );
    if !record.left.is_zero() {
        text += &format!(", claim left {}", gain(record.left));
    }
    if !record.written_off.is_zero() {
        text += &format!(", {} of it written off", value(record.written_off));
    }
    text
}
