//! `docs/signed-orders.json`: the signed bytes of some orders, as a test vector for clients in other languages.

use std::path::Path;

use kedge_client::signed::{self, SignedOrders};
use kedge_interface::{PROGRAM_ID, address};
use kedge_model::account::order::{OrderKind, OrderParams, Side, flags};
use kedge_model::action::SignedMessage;
use kedge_model::quantity::{Price, Size};
use serde_json::{Map, Value, json};
use solana_keypair::Keypair;
use solana_signer::Signer;

const MARKET: &str = "SOL-PERP";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The fields that are not zero, by their names in the IDL.
fn fields(order: &OrderParams) -> Value {
    let (kind, side) = (OrderKind::from_number(order.kind).unwrap(), Side::from_number(order.side).unwrap());
    let numbers = [
        ("client_id", order.client_id.to_string()),
        (
            "price",
            if order.flags & flags::OFFSET == 0 {
                order.price.0.to_string()
            } else {
                order.price.0.cast_signed().to_string()
            },
        ),
        ("size", order.size.0.to_string()),
        ("auction_start", order.auction_start.0.to_string()),
        ("auction_end", order.auction_end.0.to_string()),
        ("trigger_price", order.trigger_price.0.to_string()),
        ("expires_at", order.expires_at.to_string()),
        ("auction_ms", order.auction_ms.to_string()),
        ("extent", order.extent.to_string()),
        ("link", order.link.to_string()),
        ("flags", order.flags.to_string()),
    ];
    let numbers = numbers.into_iter().filter(|(name, value)| *name == "size" || value != "0");
    let mut fields: Map<String, Value> = numbers.map(|(name, value)| (name.to_owned(), value.into())).collect();
    fields.insert("market".into(), order.market.to_string().into());
    fields.insert("kind".into(), format!("{kind:?}").into());
    fields.insert("side".into(), format!("{side:?}").into());
    fields.into()
}

fn case(name: &str, number: u64, orders: &[OrderParams]) -> Value {
    let key = Keypair::new_from_array([7; 32]);
    let header = signed::header(&address::sub_account(&key.pubkey(), 0), number, 1_000, 1_150);
    let bytes = SignedOrders::sign(&key, &header, orders).unwrap();
    let text = signed::text(&header, MARKET, orders).unwrap();
    let enclosed = SignedOrders::sign_text(&key, &text).unwrap();
    for form in [&bytes, &enclosed] {
        assert_eq!(form.verify().unwrap().orders(), orders, "{name}");
    }
    let read = SignedMessage::read(&enclosed.message).unwrap();
    let [front, _] = enclosed.instructions(&read);
    json!({
        "name": name,
        "number": number.to_string(),
        "slot": header.slot.to_string(),
        "last_slot": header.max_slot.to_string(),
        "orders": orders.iter().map(fields).collect::<Vec<_>>(),
        "message": hex(&bytes.message),
        "signature": bytes.signature.to_string(),
        "text": text,
        "envelope": hex(&enclosed.message),
        "envelope_signature": enclosed.signature.to_string(),
        "instruction": hex(&front.data),
    })
}

fn cases() -> Vec<Value> {
    let limit = OrderParams {
        client_id: 7,
        price: Price(149_200_000),
        size: Size(1_500_000_000),
        kind: OrderKind::Limit as u8,
        flags: flags::POST_ONLY,
        ..OrderParams::default()
    };
    let market = OrderParams { size: Size(2_000_000_000), ..OrderParams::default() };
    let leg = |kind: OrderKind, trigger| OrderParams {
        trigger_price: Price(trigger),
        kind: kind as u8,
        side: Side::Short as u8,
        flags: flags::LEG | flags::REDUCE_ONLY,
        ..OrderParams::default()
    };
    let below = OrderParams {
        price: Price((-500_000i64).cast_unsigned()),
        flags: flags::OFFSET | flags::POST_ONLY | flags::SLIDE,
        expires_at: 1_900_000_000,
        ..limit
    };
    let trailing = OrderParams {
        extent: 25_000,
        kind: OrderKind::TrailingStop as u8,
        side: Side::Short as u8,
        flags: flags::REDUCE_ONLY | flags::TRIGGER_MARK,
        ..market
    };
    let twap = OrderParams { extent: 10, link: 60, kind: OrderKind::Twap as u8, flags: flags::BUILDER, ..market };
    let auction = OrderParams {
        auction_start: Price(149_000_000),
        auction_end: Price(149_200_000),
        auction_ms: 4_800,
        client_id: u64::MAX,
        flags: flags::SELF_DECREMENT,
        ..limit
    };
    vec![
        case("a limit order", 1, &[limit]),
        case(
            "a bracket",
            2,
            &[market, leg(OrderKind::StopMarket, 140_010_000), leg(OrderKind::TakeProfitMarket, 160_500_000)],
        ),
        case("an order half a dollar below the oracle", 3, &[below]),
        case("a trailing stop, and an order in slices", u64::MAX, &[trailing, twap]),
        case("an auction with a start and an end", 5, &[auction]),
    ]
}

#[test]
fn the_vector_is_what_is_built() {
    let key = Keypair::new_from_array([7; 32]);
    let built = json!({
        "about": "Signed orders of docs/signed-orders.md. Bytes in hexadecimal, signatures and addresses in base58, numbers \
                  of 64 bits as text; `instruction` is the data of the ed25519 instruction for the envelope.",
        "domain": hex(&kedge_model::action::DOMAIN),
        "private_key": hex(&[7; 32]),
        "signer": key.pubkey().to_string(),
        "program": PROGRAM_ID.to_string(),
        "sub_account": address::sub_account(&key.pubkey(), 0).to_string(),
        "market": address::market(0).to_string(),
        "market_name": MARKET,
        "cases": cases(),
    });
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/signed-orders.json");
    let committed = std::fs::read_to_string(&file).ok().and_then(|text| serde_json::from_str::<Value>(&text).ok());
    if committed.as_ref() != Some(&built) {
        let fresh = std::env::temp_dir().join("signed-orders.json");
        std::fs::write(&fresh, format!("{built:#}\n")).unwrap();
        panic!("{} is not what is built; {} is", file.display(), fresh.display());
    }
}
