//! Scales, limits, and bytes by which messages are known: what integrators would copy out of the documents otherwise.

use anchor_lang::event::EVENT_IX_TAG;
use kedge_model::account::bank::Bank;
use kedge_model::account::board::{LIVE_MS, MAX_BANKS, MAX_MARKETS};
use kedge_model::account::exchange::MAX_BUILDER_FEE;
use kedge_model::account::sub_account::{MAX_BALANCES, MAX_ORDERS, MAX_POSITIONS, ORDER_STEP};
use kedge_model::account::trader::Trader;
use kedge_model::action::{
    CRANK_FEE, DOMAIN, MARKET_ORDER_SECONDS, MAX_EXPIRED, MAX_MAKER_ORDERS, MAX_MAKERS, MAX_NUMBER_STEP, MAX_SIGNED_MS,
    MAX_SIGNED_ORDERS, SLICE_SECONDS, SLICES, TRAIL_BOUNDS, TRAIL_FEE,
};
use kedge_model::rule::group::MAX_GROUP;
use kedge_model::{account::client_id, num, rule::funding};

use super::resolution::list;
use super::{String, ToString, Vec, format, quoted};

/// Name, type, value and text of a constant.
type Entry = (&'static str, &'static str, String, &'static str);

/// The constants as JSON.
pub(crate) fn constants() -> Vec<String> {
    [bytes(), scales(), limits(), orders()]
        .into_iter()
        .flatten()
        .map(|(name, ty, value, doc)| {
            let doc = quoted(doc);
            format!("{{\"name\":\"{name}\",\"docs\":[{doc}],\"type\":\"{ty}\",\"value\":\"{value}\"}}")
        })
        .collect()
}

fn bytes() -> Vec<Entry> {
    Vec::from([
        ("SIGNED_DOMAIN", "bytes", list(&DOMAIN), "The 16 bytes with which every signed message begins."),
        (
            "EVENT_CALL_TAG",
            "bytes",
            list(&EVENT_IX_TAG.to_le_bytes()),
            "First 8 bytes of a call of the program to itself, in front of its message of records.",
        ),
    ])
}

fn scales() -> Vec<Entry> {
    let scale = |name, value: u64, doc| (name, "u64", value.to_string(), doc);
    Vec::from([
        scale("PRICE_SCALE", num::PRICE, "A price of 1.00 quote per base."),
        scale("QUOTE_SCALE", num::QUOTE, "One unit of the quote asset."),
        scale("BASE_SCALE", num::BASE, "One unit of a base asset: sizes and positions."),
        scale("RATIO_SCALE", num::PPM, "A ratio of 1: parts per million."),
        scale("RATE_SCALE", funding::PPB, "A premium or a funding rate of 1: parts per billion."),
    ])
}

fn limits() -> Vec<Entry> {
    let count = |name, value: usize, doc| (name, "u16", value.to_string(), doc);
    Vec::from([
        count("MAX_MARKETS", MAX_MARKETS, "Most markets of the board; an index is below it."),
        count("MAX_BANKS", MAX_BANKS, "Most banks of the board; an index is below it."),
        count("QUOTE_BANK", usize::from(Bank::QUOTE), "Index of the bank in which profit and loss is settled."),
        count("MAX_SUB_ACCOUNTS", usize::from(Trader::MAX_SUB_ACCOUNTS), "Most open sub-accounts of one authority."),
        count("MAX_POSITIONS", MAX_POSITIONS, "Positions of a sub-account."),
        count("MAX_BALANCES", MAX_BALANCES, "Balances of a sub-account."),
        count("MAX_ORDERS", MAX_ORDERS, "Most order slots of a sub-account."),
        count("ORDER_STEP", ORDER_STEP, "Slots by which a sub-account's tail of orders grows at the least."),
        count("MAX_GROUP", MAX_GROUP, "Most legs of one order, and most orders of which one cancels the others."),
        count("MAX_MAKERS", MAX_MAKERS, "Most maker accounts of one fill."),
        count("MAX_MAKER_ORDERS", MAX_MAKER_ORDERS, "Most maker orders that one fill looks at."),
        count("MAX_EXPIRED", MAX_EXPIRED, "Most orders that one expire_orders returns."),
        count("MAX_SIGNED_ORDERS", MAX_SIGNED_ORDERS, "Most orders of one signed message."),
        (
            "MAX_SIGNED_MS",
            "u64",
            MAX_SIGNED_MS.0.to_string(),
            "Most milliseconds of slots for which a signed message is good.",
        ),
        (
            "MAX_SIGNED_NUMBER_STEP",
            "u64",
            MAX_NUMBER_STEP.to_string(),
            "How far ahead of the highest number so far that of a signed message may be.",
        ),
    ])
}

fn orders() -> Vec<Entry> {
    let seconds = |name, value: u64, doc| (name, "u64", value.to_string(), doc);
    let number = |name, value: u32, doc| (name, "u32", value.to_string(), doc);
    let slices = |value: u64| u32::try_from(value).expect("a count of slices is small");
    Vec::from([
        number(
            "MAX_CLIENT_ID_SECONDS",
            client_id::MAX_SECONDS,
            "Most seconds ahead for which a timed client id is good.",
        ),
        seconds(
            "MARKET_ORDER_SECONDS",
            MARKET_ORDER_SECONDS.0,
            "Seconds after its auction in which a market order without an expiry can still be filled.",
        ),
        seconds("LIVE_MS", LIVE_MS.0, "Most milliseconds of a price at which the vAMM and orders with OFFSET trade."),
        seconds("FUNDING_PERIOD", funding::PERIOD.0, "Seconds of a funding period."),
        number("LEAST_TRAIL", TRAIL_BOUNDS.0, "Smallest distance of a trailing stop, in parts per million."),
        number("MAX_TRAIL", TRAIL_BOUNDS.1, "Largest distance of a trailing stop, in parts per million."),
        number("LEAST_SLICE_SECONDS", SLICE_SECONDS.0, "Fewest seconds between two slices of a TWAP."),
        number("MAX_SLICE_SECONDS", SLICE_SECONDS.1, "Most seconds between two slices of a TWAP."),
        number("LEAST_SLICES", slices(SLICES.0), "Fewest slices of a TWAP."),
        number("MAX_SLICES", slices(SLICES.1), "Most slices of a TWAP."),
        number(
            "MAX_BUILDER_FEE",
            MAX_BUILDER_FEE.0,
            "Largest fee of a builder, in parts per million of the traded quote.",
        ),
        (
            "CRANK_FEE",
            "u64",
            CRANK_FEE.0.to_string(),
            "Fee for triggering, slicing or ending somebody's order, in quote units.",
        ),
        ("TRAIL_FEE", "u64", TRAIL_FEE.0.to_string(), "Fee for moving somebody's trailing stop, in quote units."),
    ])
}
