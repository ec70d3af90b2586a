//! The constants of the IDL against those that the code uses.

use std::collections::BTreeMap;

use kedge_interface::address;
use kedge_interface::event::EVENT_IX_TAG;
use kedge_model::account::bank::Bank;
use kedge_model::account::board::{self, PriceBoard, receivers};
use kedge_model::account::exchange::{self, Exchange, operation};
use kedge_model::account::market::Market;
use kedge_model::account::order::flags;
use kedge_model::account::position::status as position_status;
use kedge_model::account::sub_account::{self, SubAccount, status as account_status};
use kedge_model::account::trader::Trader;
use kedge_model::action::change;
use kedge_model::event::{EventHeader, NO_MARKET};
use kedge_model::{account::client_id, action, num, rule::funding, rule::group};
use serde_json::Value;

/// Name, and value as the IDL writes it.
type Constant = (String, String);

fn number(name: &str, value: impl ToString) -> Constant {
    (name.into(), value.to_string())
}

fn bytes(name: &str, value: &[u8]) -> Constant {
    (name.into(), format!("{value:?}").replace(' ', ""))
}

macro_rules! all {
    ($prefix:literal $module:ident { $($name:ident)* }) => {
        [$( number(concat!($prefix, stringify!($name)), $module::$name) ),*].to_vec()
    };
}

fn bits() -> Vec<Constant> {
    [
        all!("ORDER_FLAG_" flags {
            POST_ONLY REDUCE_ONLY IMMEDIATE_OR_CANCEL FILL_OR_KILL SLIDE OFFSET LEG HAS_LEGS BUILDER TRIGGER_MARK
            TRIGGER_LAST SELF_CANCEL_TAKER SELF_DECREMENT NO_LIMIT
        }),
        all!("ORDER_CHANGE_" change { PRICE SIZE TRIGGER EXPIRY EXTENT }),
        all!("POSITION_STATUS_" position_status { USED ISOLATED BEING_LIQUIDATED BANKRUPT }),
        all!("SUB_ACCOUNT_STATUS_" account_status { BEING_LIQUIDATED BANKRUPT HAS_ISOLATED }),
        all!("OPERATION_" operation {
            DEPOSIT WITHDRAW PLACE FILL FILL_AMM LIQUIDATE FUNDING SETTLE UPDATE_AMM TRANSFER
        }),
        all!("RECEIVER_" receivers { UPGRADED LEGACY }),
    ]
    .concat()
}

fn marks() -> Vec<Constant> {
    [
        number("NO_MARKET", NO_MARKET),
        number("EXCHANGE_VERSION", Exchange::VERSION),
        number("PRICE_BOARD_VERSION", PriceBoard::VERSION),
        number("MARKET_VERSION", Market::VERSION),
        number("BANK_VERSION", Bank::VERSION),
        number("TRADER_VERSION", Trader::VERSION),
        number("SUB_ACCOUNT_VERSION", SubAccount::VERSION),
        number("EVENT_VERSION", EventHeader::VERSION),
        bytes("EXCHANGE_SEED", address::EXCHANGE_SEED),
        bytes("BOARD_SEED", address::BOARD_SEED),
        bytes("MARKET_SEED", address::MARKET_SEED),
        bytes("BANK_SEED", address::BANK_SEED),
        bytes("VAULT_SEED", address::VAULT_SEED),
        bytes("TRADER_SEED", address::TRADER_SEED),
        bytes("SUB_ACCOUNT_SEED", address::SUB_ACCOUNT_SEED),
        bytes("EVENT_AUTHORITY_SEED", address::EVENT_AUTHORITY_SEED),
        bytes("SIGNED_DOMAIN", &action::DOMAIN),
        bytes("EVENT_CALL_TAG", &EVENT_IX_TAG),
    ]
    .into()
}

fn numbers() -> Vec<Constant> {
    [
        number("PRICE_SCALE", num::PRICE),
        number("QUOTE_SCALE", num::QUOTE),
        number("BASE_SCALE", num::BASE),
        number("RATIO_SCALE", num::PPM),
        number("RATE_SCALE", funding::PPB),
        number("MAX_MARKETS", board::MAX_MARKETS),
        number("MAX_BANKS", board::MAX_BANKS),
        number("QUOTE_BANK", Bank::QUOTE),
        number("MAX_SUB_ACCOUNTS", Trader::MAX_SUB_ACCOUNTS),
        number("MAX_POSITIONS", sub_account::MAX_POSITIONS),
        number("MAX_BALANCES", sub_account::MAX_BALANCES),
        number("MAX_ORDERS", sub_account::MAX_ORDERS),
        number("ORDER_STEP", sub_account::ORDER_STEP),
        number("MAX_GROUP", group::MAX_GROUP),
        number("MAX_MAKERS", action::MAX_MAKERS),
        number("MAX_MAKER_ORDERS", action::MAX_MAKER_ORDERS),
        number("MAX_EXPIRED", action::MAX_EXPIRED),
        number("MAX_SIGNED_ORDERS", action::MAX_SIGNED_ORDERS),
        number("MAX_SIGNED_MS", action::MAX_SIGNED_MS.0),
        number("MAX_SIGNED_NUMBER_STEP", action::MAX_NUMBER_STEP),
        number("MAX_CLIENT_ID_SECONDS", client_id::MAX_SECONDS),
        number("MARKET_ORDER_SECONDS", action::MARKET_ORDER_SECONDS.0),
        number("LIVE_MS", board::LIVE_MS.0),
        number("FUNDING_PERIOD", funding::PERIOD.0),
        number("LEAST_TRAIL", action::TRAIL_BOUNDS.0),
        number("MAX_TRAIL", action::TRAIL_BOUNDS.1),
        number("LEAST_SLICE_SECONDS", action::SLICE_SECONDS.0),
        number("MAX_SLICE_SECONDS", action::SLICE_SECONDS.1),
        number("LEAST_SLICES", action::SLICES.0),
        number("MAX_SLICES", action::SLICES.1),
        number("MAX_BUILDER_FEE", exchange::MAX_BUILDER_FEE.0),
        number("CRANK_FEE", action::CRANK_FEE.0),
        number("TRAIL_FEE", action::TRAIL_FEE.0),
    ]
    .into()
}

fn read(path: &str) -> String {
    let path = format!("{}/../../{path}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn constants_of_the_idl_are_those_of_the_code() {
    let idl: Value = serde_json::from_str(&read("idl/kedge.json")).unwrap();
    let text = |constant: &Value, key: &str| constant[key].as_str().unwrap().to_owned();
    let constants = idl["constants"].as_array().unwrap().iter();
    let stated: BTreeMap<_, _> = constants.map(|constant| (text(constant, "name"), text(constant, "value"))).collect();
    let ours: BTreeMap<_, _> = [bits(), marks(), numbers()].concat().into_iter().collect();
    assert_eq!(stated, ours, "left the IDL's, right the code's");
}

#[test]
fn scales_are_those_of_the_quantities() {
    use kedge_model::num::Rounding;
    use kedge_model::quantity::{Amount, Price, Size};
    let value = Size(num::BASE).value(Price(num::PRICE), Rounding::Down);
    assert_eq!(value, Ok(Amount(num::QUOTE)), "one base at a price of 1.00 is one quote");
}

/// The same numbers in the Codama tree and in the TypeScript client.
#[test]
fn generated_clients_have_the_constants() {
    let tree: Value = serde_json::from_str(&read("idl/kedge.codama.json")).unwrap();
    let nodes = tree["program"]["constants"].as_array().unwrap();
    let typescript = read("clients/js/src/generated/constants.ts");
    for (name, value) in [bits(), marks(), numbers()].concat() {
        let plain = name.replace('_', "").to_lowercase();
        let node = nodes.iter().find(|node| node["name"].as_str().unwrap().to_lowercase() == plain);
        let node = node.unwrap_or_else(|| panic!("the tree has no {name}"));
        if let Some(number) = node["value"]["number"].as_u64() {
            assert_eq!(number.to_string(), value, "{name} of the tree");
        }
        // Seeds are in the functions that derive addresses.
        if name.ends_with("_SEED") {
            continue;
        }
        let forms = [format!("{value};"), format!("{value}n;"), format!("new Uint8Array({value});")];
        let found = typescript.lines().filter_map(|line| line.strip_prefix("export const ")?.split_once(" = "));
        let mut found = found.filter(|(known, _)| known.split(':').next() == Some(&name));
        assert!(found.next().is_some_and(|(_, value)| forms.contains(&value.to_owned())), "{name} in TypeScript");
    }
}
