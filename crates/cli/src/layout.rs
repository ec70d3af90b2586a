//! Structs of the model as JSON, by their described layout: raw units, 64-bit fields as text.

use bytemuck::Pod;
use kedge_model::Layout;
use serde_json::{Map, Value, json};
use solana_pubkey::Pubkey;

use crate::output::long;

/// The fields of a struct without padding; 32-byte fields are addresses.
pub(crate) fn fields<T: Layout + Pod>(value: &T) -> Value {
    read(T::FIELDS, bytemuck::bytes_of(value))
}

fn read(fields: &[kedge_model::Field], bytes: &[u8]) -> Value {
    let mut map = Map::new();
    let ends = fields.iter().skip(1).map(|field| field.offset).chain([bytes.len()]);
    for (field, end) in fields.iter().zip(ends) {
        let hidden = field.name.starts_with("padding") || field.name.starts_with("reserved");
        if let (Some(bytes), false) = (bytes.get(field.offset..end), hidden) {
            map.insert(field.name.into(), field_value(field.ty, bytes));
        }
    }
    Value::Object(map)
}

fn field_value(ty: &str, bytes: &[u8]) -> Value {
    let ty = ty.rsplit("::").next().unwrap_or(ty);
    match ty {
        "Party" => read(kedge_model::event::Party::FIELDS, bytes),
        "Order" => read(kedge_model::account::order::Order::FIELDS, bytes),
        "i64" | "Base" | "Quote" | "FundingIndex" => long(i64::from_le_bytes(padded(bytes))),
        _ => match <[u8; 32]>::try_from(bytes) {
            Ok(address) => json!(Pubkey::new_from_array(address).to_string()),
            Err(_) if bytes.len() <= 4 => json!(u64::from_le_bytes(padded(bytes))),
            Err(_) if bytes.len() <= 8 => long(u64::from_le_bytes(padded(bytes))),
            Err(_) => json!(bytes),
        },
    }
}

fn padded(bytes: &[u8]) -> [u8; 8] {
    let mut padded = [0u8; 8];
    for (slot, byte) in padded.iter_mut().zip(bytes) {
        *slot = *byte;
    }
    padded
}

#[cfg(test)]
mod tests {
    use super::*;
    use kedge_model::account::order::{Order, RawLimit};
    use kedge_model::event::{DepositRecord, OrderRecord, Party, SettleRecord};
    use kedge_model::quantity::{Amount, Price, Quote};

    #[test]
    fn records_become_json_in_raw_units() {
        let account = Party { authority: [1; 32], id: 3, ..Party::default() };
        let deposit = DepositRecord { account, amount: Amount(u64::MAX), bank: 2, ..DepositRecord::default() };
        let address = Pubkey::new_from_array([1; 32]).to_string();
        let expected = json!({
            "account": { "authority": address, "id": 3 }, "amount": u64::MAX.to_string(), "balance": "0", "bank": 2
        });
        assert_eq!(fields(&deposit), expected);

        let settle = SettleRecord { amount: Quote(-5), ..SettleRecord::default() };
        assert_eq!(fields(&settle)["amount"], json!("-5"));
        let order = OrderRecord {
            order: Order { price: RawLimit::price(Price(7)), id: 9, ..Order::default() },
            ..OrderRecord::default()
        };
        assert_eq!((&fields(&order)["order"]["price"], &fields(&order)["order"]["id"]), (&json!("7"), &json!(9)));
    }
}
