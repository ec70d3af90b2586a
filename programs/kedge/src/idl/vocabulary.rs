//! What readers need and no account or argument names: what numbers and bits stand for.

use core::fmt::Debug;

use kedge_model::account::board::{DELISTED, RowState, SourceKind, receivers};
use kedge_model::account::exchange::operation;
use kedge_model::account::market::MarketStatus;
use kedge_model::account::order::{OrderKind, Side, flags};
use kedge_model::account::position::status as position_status;
use kedge_model::account::sub_account::status as account_status;
use kedge_model::action::{OrderFilter, PoolKind, SignedHeader, change};
use kedge_model::event::{CancelReason, CrankKind, EventHeader, FillSource, RecordHeader};
use kedge_model::rule::tranche::Pot;
use kedge_model::{account::order, event};

use super::{String, ToString, Vec, format, leak, part, quoted, structure};

/// Types by whose name nothing in the program is declared.
pub(crate) fn types() -> Vec<&'static str> {
    let mut types = Vec::new();
    for (name, fields) in [part::<EventHeader>(), part::<RecordHeader>(), part::<SignedHeader>()] {
        structure(name, fields, &mut types);
    }
    super::events::types(&mut types);
    scalars(&mut types);
    types
}

/// A number that stands for nothing: enums of the IDL have no holes.
pub(super) fn gap(number: usize) -> String {
    format!("{{\"name\":\"Unused{number}\"}}")
}

pub(super) fn enumeration(
    name: &str,
    doc: &str,
    variants: impl Iterator<Item = String>,
    types: &mut Vec<&'static str>,
) {
    let variants: Vec<String> = variants.collect();
    let (doc, variants) = (quoted(doc), variants.join(","));
    types.push(leak(format!(
        "{{\"name\":\"{name}\",\"docs\":[{doc}],\"type\":{{\"kind\":\"enum\",\"variants\":[{variants}]}}}}"
    )));
}

/// An enum of which accounts, arguments and records hold the number.
fn scalar<T: Debug>(name: &str, doc: &str, variants: &[(u8, T)], types: &mut Vec<&'static str>) {
    let numbered = variants.iter().enumerate().map(|(index, (number, variant))| {
        assert_eq!(index, usize::from(*number), "{name}: numbers count up from 0");
        format!("{{\"name\":\"{variant:?}\"}}")
    });
    enumeration(name, doc, numbered, types);
}

/// Adds enums; one whose variants are not all listed does not compile.
macro_rules! scalars {
    ($( $name:ident $doc:literal { $($variant:ident)* } )*) => {
        /// Enums that a field or an argument can stand for.
        pub(crate) const ENUMS: &[&str] = &[$( stringify!($name), )* "OrderStatus", "SideFilter", "Listing", "RowKind"];

        fn scalars(types: &mut Vec<&'static str>) {
            $( {
                const fn listed(value: $name) -> $name {
                    match value { $($name::$variant)|* => value }
                }
                let variants = [$( ($name::$variant as u8, listed($name::$variant)) ),*];
                scalar(stringify!($name), $doc, &variants, types);
            } )*
            numbers(types);
        }
    };
}

/// Names in place of the numbers that the model has no Rust enum for.
#[derive(Debug)]
enum Number {
    Free,
    Open,
    Waiting,
    Long,
    Short,
    Both,
    Unlisted,
    Listed,
    Delisted,
    Market,
    Bank,
}

fn numbers(types: &mut Vec<&'static str>) {
    use Number::{Bank, Both, Delisted, Free, Listed, Long, Market, Open, Short, Unlisted, Waiting};
    let status = [(order::STATUS_FREE, Free), (order::STATUS_OPEN, Open), (order::STATUS_WAITING, Waiting)];
    scalar("OrderStatus", "What an order slot holds.", &status, types);
    let sides = [(Side::Long as u8, Long), (Side::Short as u8, Short), (OrderFilter::BOTH, Both)];
    scalar("SideFilter", "A side, or either.", &sides, types);
    let listing = [(0, Unlisted), (1, Listed), (DELISTED, Delisted)];
    scalar("Listing", "Whether a market's row is in use.", &listing, types);
    scalar("RowKind", "Which rows of the board an index counts.", &[(0, Market), (1, Bank)], types);
}

macro_rules! constants {
    ($( $prefix:literal $module:ident : $ty:ident { $($name:ident)* } )*) => {
        /// Bits and numbers: name, type and value.
        pub(crate) fn constants() -> Vec<String> {
            let list = [$( $( (
                concat!($prefix, stringify!($name)),
                stringify!($ty),
                u64::from($module::$name).to_string(),
            ), )* )*];
            list.into_iter()
                .map(|(name, ty, value)| format!("{{\"name\":\"{name}\",\"type\":\"{ty}\",\"value\":\"{value}\"}}"))
                .collect()
        }
    };
}

scalars! {
    Side "Buy or sell." { Long Short }
    OrderKind "Kind of an order." {
        Market Limit StopMarket StopLimit TakeProfitMarket TakeProfitLimit TrailingStop Twap
    }
    FillSource "Who provided the other side of a fill." { Book Amm Jit }
    CancelReason "Why an order left the book without being filled." {
        None Requested Expired ImmediateOrCancel NothingToReduce Liquidation Margin Linked Settlement SelfTrade
    }
    CrankKind "What somebody did for an order that is not theirs to move." { Trigger Restart Trail Slice Expire }
    PoolKind "A pool of a market." { Amm Insurance }
    Pot "Which staked money." { Insurance Vault }
    MarketStatus "Status of a market." { Initialised Active ReduceOnly Settlement Delisted }
    RowState "State of a price row, worst last." { Normal Degraded Jump Stale Halted }
    SourceKind "Kind of an oracle account." { Unused PythPull PythPush Fixed SwitchboardOnDemand SwitchboardV2 }
}

constants! {
    "ORDER_FLAG_" flags: u16 {
        POST_ONLY REDUCE_ONLY IMMEDIATE_OR_CANCEL FILL_OR_KILL SLIDE OFFSET LEG HAS_LEGS BUILDER TRIGGER_MARK
        TRIGGER_LAST SELF_CANCEL_TAKER SELF_DECREMENT NO_LIMIT
    }
    "ORDER_CHANGE_" change: u8 { PRICE SIZE TRIGGER EXPIRY EXTENT }
    "POSITION_STATUS_" position_status: u8 { USED ISOLATED BEING_LIQUIDATED BANKRUPT }
    "SUB_ACCOUNT_STATUS_" account_status: u8 { BEING_LIQUIDATED BANKRUPT HAS_ISOLATED }
    "OPERATION_" operation: u32 {
        DEPOSIT WITHDRAW PLACE FILL FILL_AMM LIQUIDATE FUNDING SETTLE UPDATE_AMM TRANSFER
    }
    "RECEIVER_" receivers: u8 { UPGRADED LEGACY }
    "" event: u16 { NO_MARKET }
}
