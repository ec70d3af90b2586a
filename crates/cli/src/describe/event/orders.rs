//! Sentences for the records of orders and fills.

use kedge_model::account::order::Side;
use kedge_model::event::{CancelReason, CancelRecord, CrankKind, CrankRecord, FillRecord, FillSource, OrderRecord};
use kedge_model::num::{BASE, Rounding, mul_div};
use kedge_model::quantity::{Amount, Price, Size};
use kedge_units::decimal::{gain, price, size, value};

use super::reason;
use crate::describe::ask::order;
use crate::describe::{party, verb};
use crate::directory::Directory;

pub(super) fn order_placed(directory: &Directory, record: &OrderRecord) -> String {
    format!("{} placed order {}: {}", party(&record.account), record.order.id, order(directory, &record.order))
}

pub(super) fn order_modified(directory: &Directory, record: &OrderRecord) -> String {
    format!(
        "order {} of {} was changed ({}): {}",
        record.order.id,
        party(&record.account),
        reason(record.reason),
        order(directory, &record.order)
    )
}

pub(super) fn order_cancelled(directory: &Directory, record: &CancelRecord) -> String {
    format!(
        "order {} of {} was removed ({}) with {} of {} left to {}",
        record.order_id,
        party(&record.account),
        reason(record.reason),
        size(record.left),
        directory.market_name(record.market),
        if record.side == Side::Long as u8 { "buy" } else { "sell" },
    )
}

pub(super) fn fill(directory: &Directory, record: &FillRecord) -> String {
    // The mean price, for reading; size and quote are exact.
    let mean =
        mul_div(record.quote.0, BASE, record.size.0, Rounding::Down).map_or_else(|_| "?".into(), |p| price(Price(p)));
    let source = match record.source {
        source if source == FillSource::Amm as u8 => "the vAMM".into(),
        source if source == FillSource::Jit as u8 => format!("{} in the auction", party(&record.maker)),
        _ => format!("order {} of {}", record.maker_order, party(&record.maker)),
    };
    let mut text = format!(
        "{} {} {} {} at {mean} for {} (order {}) from {source}; fee {}",
        party(&record.taker),
        if verb(record.side) == "buy" { "bought" } else { "sold" },
        size(record.size),
        directory.market_name(record.market),
        value(record.quote),
        record.taker_order,
        value(record.taker_fee)
    );
    for (what, amount) in [("maker rebate", record.maker_rebate), ("filler reward", record.filler_reward)] {
        if amount != Amount::ZERO {
            text += &format!(", {what} {}", value(amount));
        }
    }
    for (who, realised) in [("taker", record.taker_realised), ("maker", record.maker_realised)] {
        if realised.0 != 0 {
            text += &format!(", {who} realised {}", gain(realised));
        }
    }
    text
}

pub(super) fn crank(directory: &Directory, record: &CrankRecord) -> String {
    let order = format!("order {} of {}", record.order_id, party(&record.account));
    let auction = || format!("auction from {} to {}", price(record.auction_start), price(record.auction_end));
    let did = |kind: CrankKind| record.kind == kind as u8;
    let removed = record.reason != CancelReason::None as u8;
    let text = if did(CrankKind::Trigger) && removed {
        format!("{order} reached its trigger at {} and was removed ({})", price(record.price), reason(record.reason))
    } else if did(CrankKind::Trigger) {
        let then = if record.auction_start.is_zero() { "rests now".into() } else { auction() };
        format!("{order} was triggered at {}, {then}", price(record.price))
    } else if did(CrankKind::Restart) {
        format!("{order} got another {}", auction())
    } else if did(CrankKind::Trail) {
        format!("the trigger of {order} followed {} to {}", price(record.price), price(Price(record.level)))
    } else if did(CrankKind::Slice) {
        format!("{order} released {} so far, {}", size(Size(record.level)), auction())
    } else {
        format!("dead orders of {} were returned", party(&record.account))
    };
    let market = directory.market_name(record.market);
    if record.reward.is_zero() {
        return format!("{text} ({market})");
    }
    format!("{text} ({market}), {} to {}", value(record.reward), party(&record.crank))
}
