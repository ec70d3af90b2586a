//! Sentences for the records of markets.

use kedge_model::event::{AmmRecord, FundingRecord, SweepRecord};
use kedge_units::decimal::{gain, percent_of_billion, price, quote, value};

use crate::directory::Directory;

pub(super) fn funding(directory: &Directory, record: &FundingRecord) -> String {
    let rate = percent_of_billion(record.rate);
    let payer = match record.rate {
        0 => "neither side pays",
        1.. => "longs pay",
        _ => "shorts pay",
    };
    format!(
        "funding of {}: {rate} for the hour, {payer}; average oracle {}, vAMM {}",
        directory.market_name(record.market),
        price(record.oracle),
        gain(record.amm_payment)
    )
}

pub(super) fn amm_update(directory: &Directory, record: &AmmRecord) -> String {
    format!(
        "the vAMM of {} moved from {} to {} (oracle {}), cost {}",
        directory.market_name(record.market),
        price(record.mid_before),
        price(record.mid),
        price(record.oracle),
        quote(record.cost)
    )
}

pub(super) fn fee_sweep(directory: &Directory, record: &SweepRecord) -> String {
    format!(
        "fees of {}: insurance {}, vAMM {}, protocol {}, against the deficit {}",
        directory.market_name(record.market),
        value(record.insurance),
        value(record.amm),
        value(record.protocol),
        value(record.deficit)
    )
}
