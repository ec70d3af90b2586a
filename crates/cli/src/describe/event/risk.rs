//! Sentences for the records of liquidation and default.

use kedge_model::event::{BankruptcyRecord, LiquidationRecord};
use kedge_units::decimal::{base, percent, price, quote, value};

use crate::describe::party;
use crate::directory::Directory;

pub(super) fn liquidation(directory: &Directory, record: &LiquidationRecord) -> String {
    let outcome = match (record.bankrupt, record.shortage_after.0) {
        (1, _) => "the account is bankrupt now".into(),
        (_, 1..) => format!("{} of margin still missing", quote(record.shortage_after)),
        _ => "margin restored".into(),
    };
    if record.base.0 == 0 && record.quote.0 < 0 {
        // The base is in the records of the fills.
        return format!(
            "{} had {} of {} reduced by fills not worse than {} (its fee {}, insurance fee {}, {} orders cancelled); {outcome}",
            party(&record.liquidator),
            directory.market_name(record.market),
            party(&record.account),
            price(record.price),
            value(record.quote.magnitude()),
            value(record.insurance_fee),
            record.orders_cancelled
        );
    }
    format!(
        "{} took over {} {} of {} at {} (discount {}, insurance fee {}, {} orders cancelled); {outcome}",
        party(&record.liquidator),
        base(record.base),
        directory.market_name(record.market),
        party(&record.account),
        price(record.price),
        percent(record.liquidator_fee),
        value(record.insurance_fee),
        record.orders_cancelled
    )
}

pub(super) fn bankruptcy(directory: &Directory, record: &BankruptcyRecord) -> String {
    format!(
        "{} defaulted on {} in {} (default {}): unswept fees {}, insurance fees {}, protocol {}, vAMM {}, insurance fund {}, staked insurance {}, \
         backstop vault {}, left as deficit {}",
        party(&record.account),
        value(record.loss),
        directory.market_name(record.market),
        record.number,
        value(record.fees),
        value(record.insurance_fees),
        value(record.protocol),
        value(record.amm),
        value(record.insurance),
        value(record.staked),
        value(record.backstop),
        value(record.deficit)
    )
}
