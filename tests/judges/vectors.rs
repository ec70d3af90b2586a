//! Reads the vectors that `crates/interface/examples/vectors.rs` prints. The judges in Rust, each a workspace of its
//! own, share this file.

use serde_json::Value;

/// The vectors in the file of the first argument.
pub fn read() -> Value {
    let file = std::env::args().nth(1).expect("the vectors' file");
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

/// The vector with a name.
pub fn entry<'a>(list: &'a Value, name: &str) -> &'a Value {
    items(list).iter().find(|entry| entry["name"] == name).unwrap_or_else(|| panic!("no vector of {name}"))
}

pub fn items(list: &Value) -> &[Value] {
    list.as_array().unwrap()
}

/// Bytes, which the vectors hold in hexadecimal.
pub fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap().trim_start_matches("0x")).unwrap()
}

/// A number, which the vectors hold as text.
pub fn number(value: &Value) -> u64 {
    value.as_str().unwrap().parse().unwrap()
}

/// Accounts of a built instruction: address, whether it signs, whether it is written.
pub type Metas = Vec<(String, bool, bool)>;

/// The accounts that the Rust builder names.
pub fn metas(vector: &Value) -> Metas {
    let flag = |meta: &Value, name: &str| meta[name].as_bool().unwrap();
    let meta = |meta: &Value| (meta["address"].as_str().unwrap().to_owned(), flag(meta, "signer"), flag(meta, "writable"));
    items(&vector["built"]["accounts"]).iter().map(meta).collect()
}

/// Asserts that an instruction equals the Rust builder's.
pub fn is_built(vector: &Value, program: String, data: &[u8], accounts: Metas) {
    assert_eq!(program, vector["built"]["program"]);
    assert_eq!(data, bytes(&vector["built"]["data"]));
    assert_eq!(accounts, metas(vector));
}

/// The order of a vector as the judge's own `OrderParams`, whose enums are in scope.
macro_rules! order_params {
    ($order:expr) => {{
        use OrderKind::{Limit, Market, StopLimit, StopMarket, TakeProfitLimit, TakeProfitMarket, TrailingStop, Twap};
        let kinds = [Market, Limit, StopMarket, StopLimit, TakeProfitMarket, TakeProfitLimit, TrailingStop, Twap];
        let field = |name: &str| $crate::vectors::number(&$order[name]);
        OrderParams {
            client_id: field("client_id"),
            price: field("price"),
            size: field("size"),
            auction_start: field("auction_start"),
            auction_end: field("auction_end"),
            trigger_price: field("trigger_price"),
            expires_at: field("expires_at") as u32,
            auction_ms: field("auction_ms") as u32,
            extent: field("extent") as u32,
            link: field("link") as u32,
            market: field("market") as u16,
            flags: field("flags") as u16,
            kind: kinds[usize::try_from(field("kind")).unwrap()].clone(),
            side: if field("side") == 1 { Side::Short } else { Side::Long },
            padding: [0; 2],
        }
    }};
}
pub(crate) use order_params;
