//! Events in plain words.

use kedge_interface::event::Event;
use kedge_model::action::PoolKind;
use kedge_model::event::{CancelReason, CrankKind, CrankRecord, FillRecord, FillSource};
use kedge_model::num::{BASE, Rounding, mul_div};
use kedge_model::order::Side;
use kedge_model::quantity::{Amount, Price, Size};
use kedge_units::decimal::{base, gain, percent, percent_of_billion, price, quote, size, value};
use serde_json::{Value, json};
use solana_pubkey::Pubkey;

use super::ask::order;
use super::{party, verb};
use crate::directory::{Directory, short};
use crate::layout::fields;

/// An event as a sentence, and as JSON with the kind, the sentence and the raw fields.
pub fn event(directory: &Directory, event: &Event) -> (String, Value) {
    let market = |index: u16| directory.market_name(index);
    let (kind, text, raw) = match event {
        Event::Deposit(record) => {
            let tokens = directory.tokens(record.bank, record.amount);
            let after = directory.tokens(record.bank, record.balance);
            let bank = directory.bank_name(record.bank);
            let text = format!("{} received {tokens} ({bank}), balance now {after}", party(&record.account));
            ("deposit", text, fields(record))
        }
        Event::Withdraw(record) => {
            let tokens = directory.tokens(record.bank, record.amount);
            let after = directory.tokens(record.bank, record.balance);
            let bank = directory.bank_name(record.bank);
            let text = format!("{} paid out {tokens} ({bank}), balance now {after}", party(&record.account));
            ("withdraw", text, fields(record))
        }
        Event::Transfer(record) => {
            let tokens = directory.tokens(record.bank, record.amount);
            let text = format!("{} moved {tokens} to its sub-account {}", party(&record.from), record.to);
            ("transfer", text, fields(record))
        }
        Event::OrderPlaced(record) => {
            let text = format!(
                "{} placed order {}: {}",
                party(&record.account),
                record.order.id,
                order(directory, &record.order)
            );
            ("order_placed", text, fields(record))
        }
        Event::OrderModified(record) => {
            let text = format!(
                "order {} of {} was changed ({}): {}",
                record.order.id,
                party(&record.account),
                reason(record.reason),
                order(directory, &record.order)
            );
            ("order_modified", text, fields(record))
        }
        Event::OrderCancelled(record) => {
            let text = format!(
                "order {} of {} was removed ({}) with {} of {} left to {}",
                record.order_id,
                party(&record.account),
                reason(record.reason),
                size(record.left),
                market(record.market),
                if record.side == Side::Long as u8 { "buy" } else { "sell" },
            );
            ("order_cancelled", text, fields(record))
        }
        Event::Fill(record) => ("fill", fill(directory, record), fields(record)),
        Event::Funding(record) => {
            let rate = percent_of_billion(record.rate);
            let payer = match record.rate {
                0 => "nobody pays",
                1.. => "longs pay",
                _ => "shorts pay",
            };
            let text = format!(
                "funding of {}: {rate} for the hour, {payer}; average oracle {}, vAMM {}",
                market(record.market),
                price(record.oracle),
                gain(record.amm_payment)
            );
            ("funding", text, fields(record))
        }
        Event::SettlePnl(record) => {
            let text = format!(
                "{} settled {} in {} at {}, left unsettled {}",
                party(&record.account),
                gain(record.amount),
                market(record.market),
                price(record.price),
                quote(record.quote)
            );
            ("settle_pnl", text, fields(record))
        }
        Event::Liquidation(record) => {
            let outcome = match (record.bankrupt, record.shortage_after.0) {
                (1, _) => "the account is bankrupt now".into(),
                (_, 1..) => format!("{} of margin still missing", quote(record.shortage_after)),
                _ => "margin restored".into(),
            };
            let text = format!(
                "{} took over {} {} of {} at {} (discount {}, insurance fee {}, {} orders cancelled); {outcome}",
                party(&record.liquidator),
                base(record.base),
                market(record.market),
                party(&record.account),
                price(record.price),
                percent(record.liquidator_fee),
                value(record.insurance_fee),
                record.orders_cancelled
            );
            ("liquidation", text, fields(record))
        }
        Event::Bankruptcy(record) => {
            let text = format!(
                "{} defaulted on {} in {}: insurance fund {}, vAMM {}, spread over positions {}, left as deficit {}",
                party(&record.account),
                value(record.loss),
                market(record.market),
                value(record.insurance),
                value(record.amm),
                value(record.socialised),
                value(record.deficit)
            );
            ("bankruptcy", text, fields(record))
        }
        Event::AmmUpdate(record) => {
            let text = format!(
                "the vAMM of {} moved from {} to {} (oracle {}), cost {}",
                market(record.market),
                price(record.mid_before),
                price(record.mid),
                price(record.oracle),
                quote(record.cost)
            );
            ("amm_update", text, fields(record))
        }
        Event::FeeSweep(record) => {
            let text = format!(
                "fees of {}: insurance {}, vAMM {}, protocol {}, against the deficit {}",
                market(record.market),
                value(record.insurance),
                value(record.amm),
                value(record.protocol),
                value(record.deficit)
            );
            ("fee_sweep", text, fields(record))
        }
        Event::PoolFunded(record) => {
            let pool = if record.kind == PoolKind::Amm as u8 { "vAMM" } else { "insurance fund" };
            let text = format!(
                "{} put {} into the {pool} of {}, which holds {} now",
                short(Pubkey::new_from_array(record.from)),
                value(record.amount),
                market(record.market),
                value(record.pool)
            );
            ("pool_funded", text, fields(record))
        }
        Event::IsolatedCollateral(record) => {
            let mode = match record.isolated {
                1 => format!("isolated with {} now", value(record.tokens)),
                _ => "no longer isolated".into(),
            };
            let text = format!(
                "{} moved {} {} its position in {}, {mode}; balance {}",
                party(&record.account),
                value(record.amount.magnitude()),
                if record.amount.0 < 0 { "out of" } else { "into" },
                market(record.market),
                value(record.balance)
            );
            ("isolated_collateral", text, fields(record))
        }
        Event::Crank(record) => ("crank", crank(directory, record), fields(record)),
        Event::MarketChanged(record) => {
            ("market_changed", super::life::market_changed(directory, record), fields(record))
        }
        Event::PositionSettled(record) => {
            ("position_settled", super::life::position_settled(directory, record), fields(record))
        }
    };
    let json = json!({ "kind": kind, "text": text, "raw": raw });
    (text, json)
}

fn fill(directory: &Directory, record: &FillRecord) -> String {
    // A mean over the fill, for reading; the exact amounts are size and quote.
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

fn crank(directory: &Directory, record: &CrankRecord) -> String {
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

/// Why an order was removed.
pub fn reason(number: u8) -> &'static str {
    const REASONS: &[(CancelReason, &str)] = &[
        (CancelReason::Requested, "requested"),
        (CancelReason::Expired, "expired"),
        (CancelReason::ImmediateOrCancel, "immediate-or-cancel"),
        (CancelReason::NothingToReduce, "nothing left to reduce"),
        (CancelReason::Liquidation, "liquidation"),
        (CancelReason::Margin, "margin"),
        (CancelReason::Linked, "another of its group"),
        (CancelReason::Settlement, "market in settlement"),
        (CancelReason::SelfTrade, "met an order of its own owner"),
    ];
    REASONS.iter().find(|(reason, _)| *reason as u8 == number).map_or("no reason", |(_, text)| text)
}
