//! The crate that Codama's Rust renderer writes from the Codama tree, against what the Rust crates make: the vectors in the
//! file that the first argument names.

// What the renderer writes takes both from here.
#[macro_use(address)]
extern crate solana_address;
use generated::programs::KEDGE_ID;

// Written by renderer/render.mjs: `cargo xtask judges --only codama-rust`.
#[allow(dead_code, unused_imports, clippy::all)]
mod generated;
#[path = "../../vectors.rs"]
mod vectors;

use borsh::{BorshDeserialize, BorshSerialize};
use generated::accounts::{Bank, Exchange, Market, PriceBoard, SubAccount, Trader};
use generated::errors::kedge::KedgeError;
use generated::instructions::{PlaceOrders, PlaceOrdersInstructionArgs};
use generated::types::{EventHeader, KedgeEvent, OrderKind, OrderParams, OrderStatus, RecordHeader, Side};
use serde_json::Value;
use solana_address::Address;
use vectors::{bytes, entry, is_built, items, number, order_params};

fn main() {
    let vectors = vectors::read();
    orders_are_built(entry(&vectors["instructions"], "place_orders"));
    accounts_are_read(&vectors["accounts"]);
    records_are_read(&vectors["events"]);
    let vector = entry(&vectors["errors"], "InsufficientMargin");
    assert_eq!(KedgeError::InsufficientMargin as u64, vector["code"].as_u64().unwrap());
    assert!(KedgeError::InsufficientMargin.to_string().contains(vector["message"].as_str().unwrap()));
    println!("codama-rust: instructions, accounts, records and errors are those of the Rust crates");
}

fn orders_are_built(vector: &Value) {
    let orders = items(&vector["arguments"]["orders"]).iter().map(|order| order_params!(order));
    let expected = items(&vector["built"]["accounts"]);
    let address = |index: usize| expected[index]["address"].as_str().unwrap().parse::<Address>().unwrap();
    let accounts = PlaceOrders {
        signer: address(0),
        exchange: address(1),
        board: address(2),
        market: address(3),
        sub_account: address(4),
    };
    let built = accounts.instruction(PlaceOrdersInstructionArgs { orders: orders.collect() });
    let metas = built.accounts.iter().map(|m| (m.pubkey.to_string(), m.is_signer, m.is_writable)).collect();
    is_built(vector, built.program_id.to_string(), &built.data, metas);
}

/// Reads an account to its end, and writes it again.
fn account<T: BorshDeserialize + BorshSerialize>(vectors: &Value, name: &str) -> T {
    let data = bytes(&entry(vectors, name)["data"]);
    let account = T::try_from_slice(&data).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(borsh::to_vec(&account).unwrap(), data, "{name}");
    account
}

fn accounts_are_read(vectors: &Value) {
    let _: (Exchange, PriceBoard, Bank, Trader) = (
        account(vectors, "Exchange"),
        account(vectors, "PriceBoard"),
        account(vectors, "Bank"),
        account(vectors, "Trader"),
    );
    let market: Market = account(vectors, "Market");
    assert_eq!(market.status as u64, number(&entry(vectors, "Market")["value"]["status"]));
    let sub_account: SubAccount = account(vectors, "SubAccount");
    let orders = items(&entry(vectors, "SubAccount")["value"]["orders"]);
    assert_eq!(sub_account.orders.len(), orders.len(), "the tail is read");
    for (slot, order) in sub_account.orders.iter().zip(orders) {
        assert_eq!((slot.size, u64::from(slot.id)), (number(&order["size"]), number(&order["id"])));
        assert_eq!(slot.status.clone() as u64, number(&order["status"]));
        assert_eq!((slot.side.clone() as u64, slot.kind.clone() as u64), (number(&order["side"]), number(&order["kind"])));
    }
    assert_eq!(OrderStatus::Open as u8, 1);
}

fn records_are_read(vectors: &Value) {
    for vector in items(vectors) {
        let message = bytes(&vector["message"]);
        let rest = &mut &message[..];
        EventHeader::deserialize(rest).unwrap();
        let record = RecordHeader::deserialize(rest).unwrap();
        // The enum has the number in front of the record, and nothing else.
        let tagged = [&[record.kind], *rest].concat();
        let event = KedgeEvent::try_from_slice(&tagged).unwrap();
        assert_eq!(borsh::to_vec(&event).unwrap(), tagged);
        if let KedgeEvent::Fill { record } = event {
            let expected = &vector["record"];
            assert_eq!((record.size, record.quote), (number(&expected["size"]), number(&expected["quote"])));
        }
    }
}
