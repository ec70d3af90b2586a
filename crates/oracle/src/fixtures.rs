//! Real oracle accounts, recorded on mainnet.

use base64::Engine as _;
use solana_address::Address;

use kedge_model::account::board::OraclePrice;

use crate::to_price_units;

/// A recorded account with its independently decoded price.
#[derive(Clone, Debug)]
pub(crate) struct Dump {
    pub what: String,
    pub layout: String,
    pub owner: Address,
    pub data: Vec<u8>,
    pub feed_id: [u8; 32],
    pub full: bool,
    pub trading: bool,
    price: i64,
    confidence: u64,
    exponent: i32,
    publish_time: i64,
    posted_slot: u64,
}

impl Dump {
    /// The price as an independent decoder read it.
    pub(crate) fn expected_price(&self) -> OraclePrice {
        let (price, confidence) = to_price_units(self.price, self.confidence, self.exponent, 0).expect("a real price");
        OraclePrice { price, confidence, publish_time: self.publish_time, publish_slot: self.posted_slot }
    }
}

/// All recorded accounts.
pub(crate) fn dumps() -> Vec<Dump> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/pyth_accounts.json");
    let text = std::fs::read_to_string(path).expect("the fixture file");
    let list: Vec<serde_json::Value> = serde_json::from_str(&text).expect("a JSON list");
    list.iter().map(dump).collect()
}

fn dump(account: &serde_json::Value) -> Dump {
    let decoded = &account["decoded"];
    let number = |name: &str| decoded[name].as_i64().unwrap_or_else(|| panic!("{name} in {decoded}"));
    let feed_id = decoded["feed_id"]
        .as_str()
        .map_or([0; 32], |hex| core::array::from_fn(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).expect("hex")));
    let pull = decoded["layout"] == "PriceUpdateV2";
    Dump {
        what: account["what"].as_str().unwrap_or_default().into(),
        layout: decoded["layout"].as_str().expect("a layout").into(),
        owner: account["owner_program"].as_str().and_then(|text| text.parse().ok()).expect("an owner"),
        data: base64::engine::general_purpose::STANDARD
            .decode(account["data_base64"].as_str().expect("bytes"))
            .expect("base64"),
        feed_id,
        full: decoded["verification_level"] == "Full",
        trading: pull || number("agg_status") == 1,
        price: number(if pull { "price" } else { "agg_price" }),
        confidence: number(if pull { "conf" } else { "agg_conf" }).unsigned_abs(),
        exponent: number("exponent") as i32,
        // The oldest recorded account predates the timestamp field, which is zero there.
        publish_time: decoded[if pull { "publish_time" } else { "timestamp" }].as_i64().unwrap_or(0),
        posted_slot: number(if pull { "posted_slot" } else { "agg_pub_slot" }).unsigned_abs(),
    }
}
