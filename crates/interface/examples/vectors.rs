//! Prints test vectors for clients in other languages as JSON: every instruction as its builder makes it, every
//! account, every event message, every struct, every derived address and every error, each beside the values in its bytes.
//!
//! Instructions, account kinds and event kinds are found through the crate's own tables. Structs are listed once,
//! in [`STRUCTS`]; a missing one is named. How many variants an enum has stands in the committed IDL.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use kedge_interface::account::{self, KINDS};
use kedge_interface::address;
use kedge_interface::error::{AccountError, ProgramError};
use kedge_interface::event::EventBatch;
use kedge_interface::instruction::{self, InstructionSpec};
use kedge_model::account::market::Market;
use kedge_model::account::order::Order;
use kedge_model::event::{EventHeader, EventKind};
use kedge_model::{Field, Layout};
use serde_json::{Map, Value, json};
use solana_pubkey::Pubkey;

/// Name, size and fields of a struct.
type Struct = (&'static str, usize, &'static [Field]);

macro_rules! structs {
    ($($ty:path)*) => { &[$( (<$ty as Layout>::NAME, <$ty as Layout>::SIZE, <$ty as Layout>::FIELDS) ),*] };
}

const STRUCTS: &[Struct] = structs! {
    kedge_model::action::AmmParams
    kedge_model::action::BankParams
    kedge_model::action::MakerRef
    kedge_model::action::MarketParams
    kedge_model::action::ModifyParams
    kedge_model::action::OrderFilter
    kedge_model::action::RowParams
    kedge_model::action::SignedHeader
    kedge_model::amm::Amm
    kedge_model::account::backstop::Backstop
    kedge_model::account::bank::Bank
    kedge_model::account::board::BankRow
    kedge_model::account::board::MarketRow
    kedge_model::account::board::PriceBoard
    kedge_model::account::board::PriceRow
    kedge_model::account::board::PriceSource
    kedge_model::event::AmmRecord
    kedge_model::event::BankruptcyRecord
    kedge_model::event::CancelRecord
    kedge_model::event::CrankRecord
    kedge_model::event::DepositRecord
    kedge_model::event::EventHeader
    kedge_model::event::FillRecord
    kedge_model::event::FundingRecord
    kedge_model::event::IsolatedRecord
    kedge_model::event::LiquidationRecord
    kedge_model::event::MarketRecord
    kedge_model::event::OrderRecord
    kedge_model::event::Party
    kedge_model::event::PoolRecord
    kedge_model::event::PositionSettledRecord
    kedge_model::event::RecordHeader
    kedge_model::event::SettleRecord
    kedge_model::event::StakeRecord
    kedge_model::event::SweepRecord
    kedge_model::event::TransferRecord
    kedge_model::account::exchange::Exchange
    kedge_model::account::exchange::FeeSchedule
    kedge_model::account::exchange::FeeTier
    kedge_model::rule::tranche::Ended
    kedge_model::rule::tranche::Holding
    kedge_model::rule::tranche::Tranche
    kedge_model::rule::waterfall::DayCap
    kedge_model::account::market::Market
    kedge_model::account::order::Order
    kedge_model::account::order::OrderParams
    kedge_model::account::position::Position
    kedge_model::account::sub_account::Balance
    kedge_model::account::sub_account::SubAccount
    kedge_model::account::trader::Trader
};

/// Items in vectors and tails.
const ITEMS: usize = 2;

fn main() {
    let mut bytes = Bytes(1);
    let vectors = json!({
        "instructions": instruction::ALL.iter().map(|spec| built(spec, &mut bytes)).collect::<Vec<_>>(),
        "accounts": KINDS.iter().map(|kind| stored(*kind, &mut bytes)).collect::<Vec<_>>(),
        "events": (0..=u8::MAX).filter_map(EventKind::from_number).map(|kind| recorded(kind, &mut bytes)).collect::<Vec<_>>(),
        "structs": STRUCTS.iter().map(|(name, ..)| {
            let data = bytes.fill(name);
            json!({ "name": name, "data": hex(&data), "value": value(name, &data) })
        }).collect::<Vec<_>>(),
        "addresses": addresses(),
        "errors": errors(),
    });
    println!("{vectors}");
}

static IDL: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../../idl/kedge.json")).expect("the IDL is JSON"));

/// The one of a list of the IDL with this name.
fn named<'a>(list: &'a Value, name: &str) -> Option<&'a Value> {
    list.as_array()?.iter().find(|entry| entry["name"] == name)
}

/// Variants of an enum of the IDL that holds nothing but its number.
fn variants(name: &str) -> Option<u8> {
    let variants = named(&IDL["types"], name)?["type"].get("variants")?.as_array()?;
    u8::try_from(variants.len()).ok()
}

/// The type of an argument: its enum where the IDL says so.
fn argument_type<'a>(spec: &InstructionSpec, name: &str, ty: &'a str) -> &'a str {
    let stated = named(&IDL["instructions"], spec.name).and_then(|found| named(&found["args"], name));
    match stated.and_then(|argument| argument["type"]["defined"]["name"].as_str()) {
        Some(found) if variants(found).is_some() => found,
        _ => ty,
    }
}

/// The type of a field: its meaning where the model gives one, otherwise its bytes.
fn field_type(field: &Field) -> &'static str {
    match field.meaning {
        None | Some("pubkey") => field.ty,
        Some(meaning) => meaning,
    }
}

/// Bytes that hardly repeat.
struct Bytes(u64);

impl Bytes {
    fn next(&mut self) -> u8 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 56) as u8
    }

    /// The bytes of some value of a type. Zero-padded texts are letters, padding is zero.
    fn fill(&mut self, ty: &str) -> Vec<u8> {
        match Kind::of(ty) {
            Kind::Bool => vec![self.next() % 2],
            Kind::Enum(count) => vec![self.next() % count],
            Kind::Unsigned(size) | Kind::Signed(size) => (0..size).map(|_| self.next()).collect(),
            Kind::Array("u8", 16) => (0..16).map(|_| b'a' + self.next() % 26).collect(),
            Kind::Array(item, count) => (0..count).flat_map(|_| self.fill(item)).collect(),
            Kind::Vector(item) => {
                let items: Vec<u8> = (0..ITEMS).flat_map(|_| self.fill(item)).collect();
                [&(ITEMS as u32).to_le_bytes()[..], &items].concat()
            }
            Kind::Struct(size, fields) => {
                let data: Vec<u8> = fields
                    .iter()
                    .flat_map(|field| {
                        let data = self.fill(field_type(field));
                        if is_padding(field.name) { vec![0; data.len()] } else { data }
                    })
                    .collect();
                assert_eq!(data.len(), size, "{ty}");
                data
            }
        }
    }

    fn key(&mut self) -> Pubkey {
        Pubkey::new_from_array(std::array::from_fn(|_| self.next()))
    }
}

/// Fields that clients in other languages leave out when they write.
fn is_padding(name: &str) -> bool {
    let name = name.trim_end_matches(|digit: char| digit.is_ascii_digit());
    name == "padding" || name == "reserved"
}

/// The bytes that a type's name in the model and in argument lists stands for.
enum Kind<'a> {
    Bool,
    Enum(u8),
    Unsigned(usize),
    Signed(usize),
    Array(&'a str, usize),
    Vector(&'a str),
    Struct(usize, &'static [Field]),
}

impl<'a> Kind<'a> {
    fn of(ty: &'a str) -> Self {
        let ty = ty.trim();
        if let Some((item, count)) = ty.strip_prefix('[').and_then(|ty| ty.strip_suffix(']')?.rsplit_once(';')) {
            return Self::Array(item.trim(), count.trim().parse().expect("array lengths are literals"));
        }
        if let Some(item) = ty.strip_prefix("Vec<").and_then(|ty| ty.strip_suffix('>')) {
            return Self::Vector(item);
        }
        match ty.rsplit("::").next().unwrap_or(ty).trim() {
            "bool" => Self::Bool,
            "u8" => Self::Unsigned(1),
            "u16" => Self::Unsigned(2),
            "u32" | "Ppm" => Self::Unsigned(4),
            "u64" | "Price" | "Size" | "Amount" | "RawLimit" | "RawLevel" | "Slot" | "SlotTime" | "Millis" => {
                Self::Unsigned(8)
            }
            "i64" | "Base" | "Quote" | "FundingIndex" => Self::Signed(8),
            "i32" => Self::Signed(4),
            name if variants(name).is_some() => Self::Enum(variants(name).unwrap_or_default()),
            name => {
                let known = STRUCTS.iter().find(|(known, ..)| *known == name);
                let (_, size, fields) = known.unwrap_or_else(|| panic!("add {name} to STRUCTS in {}", file!()));
                Self::Struct(*size, fields)
            }
        }
    }

    fn size(&self) -> usize {
        match *self {
            Self::Bool | Self::Enum(_) => 1,
            Self::Unsigned(size) | Self::Signed(size) | Self::Struct(size, _) => size,
            Self::Array(item, count) => Kind::of(item).size() * count,
            Self::Vector(_) => unreachable!("vectors are arguments and nothing else"),
        }
    }
}

/// The value in the bytes: numbers as decimal text, bytes as hexadecimal text, structs by field offset.
fn value(ty: &str, data: &[u8]) -> Value {
    match Kind::of(ty) {
        Kind::Bool => json!(data == [1]),
        Kind::Enum(_) | Kind::Unsigned(_) => json!(unsigned(data).to_string()),
        Kind::Signed(size) => json!(((unsigned(data) << (64 - 8 * size)) as i64 >> (64 - 8 * size)).to_string()),
        Kind::Array("u8", _) => json!(format!("0x{}", hex(data))),
        Kind::Array(item, _) => items(item, data),
        Kind::Vector(item) => {
            let (count, rest) = data.split_at(4);
            assert_eq!(unsigned(count), ITEMS as u64);
            if item == "u8" { json!(format!("0x{}", hex(rest))) } else { items(item, rest) }
        }
        Kind::Struct(_, fields) => {
            let value = |field: &Field| value(field_type(field), &data[field.offset..][..Kind::of(field.ty).size()]);
            fields.iter().map(|field| (field.name.to_owned(), value(field))).collect::<Map<_, _>>().into()
        }
    }
}

fn items(item: &str, data: &[u8]) -> Value {
    data.chunks_exact(Kind::of(item).size()).map(|data| value(item, data)).collect()
}

fn unsigned(data: &[u8]) -> u64 {
    data.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn hex(data: &[u8]) -> String {
    data.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An instruction through its builder, from the values that decoding finds in filled bytes.
fn built(spec: &InstructionSpec, bytes: &mut Bytes) -> Value {
    let arguments: Vec<(&str, Vec<u8>, Value)> = spec
        .args
        .iter()
        .map(|arg| {
            let ty = argument_type(spec, arg.name, arg.ty);
            let data = bytes.fill(ty);
            let value = value(ty, &data);
            (arg.name, data, value)
        })
        .collect();
    let data: Vec<u8> =
        spec.discriminator.iter().chain(arguments.iter().flat_map(|(_, data, _)| data)).copied().collect();
    let mut keys: Vec<Pubkey> =
        spec.accounts.iter().map(|account| account.address.unwrap_or_else(|| bytes.key())).collect();
    let trailing: Vec<Pubkey> = (0..ITEMS).filter(|_| spec.trailing.is_some()).map(|_| bytes.key()).collect();
    keys.extend(&trailing);
    let decoded = instruction::decode(&keys, &data).unwrap_or_else(|| panic!("{} does not decode", spec.name));
    let built = decoded.instruction();
    assert_eq!(built.data, data, "{}", spec.name);
    let named = spec.accounts.iter().zip(&keys).filter(|(account, _)| account.address.is_none());
    json!({
        "name": spec.name,
        "arguments": arguments.into_iter().map(|(name, _, value)| (name.to_owned(), value)).collect::<Map<_, _>>(),
        "accounts": named.map(|(account, key)| (account.name.to_owned(), json!({
            "address": key.to_string(),
            "signer": account.signer,
        }))).collect::<Map<_, _>>(),
        "trailing": trailing.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "built": {
            "program": built.program_id.to_string(),
            "accounts": built.accounts.iter().map(|meta| json!({
                "address": meta.pubkey.to_string(),
                "signer": meta.is_signer,
                "writable": meta.is_writable,
            })).collect::<Vec<_>>(),
            "data": hex(&built.data),
        },
    })
}

/// An account's data; sub-accounts with orders behind.
fn stored((name, discriminator): (&'static str, [u8; 8]), bytes: &mut Bytes) -> Value {
    let mut head = bytes.fill(name);
    // The layout version, in all kinds the first byte and the same number.
    head[0] = Market::VERSION;
    let mut value = value(name, &head);
    let mut data = [&discriminator[..], &head].concat();
    if name == "SubAccount" {
        let orders: Vec<u8> = (0..ITEMS).flat_map(|_| bytes.fill(Order::NAME)).collect();
        value["orders"] = items(Order::NAME, &orders);
        data.extend(orders);
    }
    assert!(matches!(account::decode_any(&data), Ok(Some(_))), "{name} does not decode");
    json!({ "name": name, "data": hex(&data), "value": value })
}

/// A message with one record of a kind. Which struct that is, its decoding says.
fn recorded(kind: EventKind, bytes: &mut Bytes) -> Value {
    let mut header = bytes.fill(EventHeader::NAME);
    let offset = |name| EventHeader::FIELDS.iter().find(|field| field.name == name).expect("a field").offset;
    header[offset("version")] = EventHeader::VERSION;
    header[offset("count")] = 1;
    let sizes: BTreeSet<usize> = STRUCTS.iter().map(|(_, size, _)| *size).collect();
    let found = sizes.into_iter().find_map(|size| {
        let record = [kind as u8, 0].into_iter().chain((size as u16).to_le_bytes()).chain([0; 4]);
        let message: Vec<u8> = header.iter().copied().chain(record).chain(vec![0; size]).collect();
        let batch = EventBatch::read(&message)?;
        let text = format!("{:?}", batch.events.first()?);
        let (variant, rest) = text.split_once('(').expect("events are tuples");
        let (record, _) = rest.split_once(' ').expect("records are structs");
        Some((variant.to_owned(), record.to_owned(), message[..message.len() - size].to_vec()))
    });
    let (variant, record, head) =
        found.unwrap_or_else(|| panic!("add the record of {kind:?} to STRUCTS in {}", file!()));
    let body = bytes.fill(&record);
    let message = [head, body.clone()].concat();
    json!({
        "kind": variant,
        "message": hex(&message),
        "header": value(EventHeader::NAME, &header),
        "record": value(&record, &body),
    })
}

/// Every error with a number of its own.
fn errors() -> Value {
    let rules = kedge_model::Error::ALL.iter().map(|error| ProgramError::Rule(*error));
    let accounts = AccountError::ALL.iter().map(|error| ProgramError::Account(*error));
    let entry = |error: ProgramError| json!({ "code": error.code(), "name": error.name(), "message": error.message() });
    rules.chain(accounts).map(entry).collect()
}

fn addresses() -> Value {
    let authority = address::TOKEN_PROGRAM;
    let entry = |name: &str, seeds: Value, address: Pubkey| json!({ "name": name, "seeds": seeds, "address": address.to_string() });
    json!([
        entry("exchange", json!({}), address::EXCHANGE),
        entry("board", json!({}), address::BOARD),
        entry("market", json!({ "index": 300 }), address::market(300)),
        entry("bank", json!({ "index": 1 }), address::bank(1)),
        entry("vault", json!({ "index": 2 }), address::vault(2)),
        entry("trader", json!({ "authority": authority.to_string() }), address::trader(&authority)),
        entry(
            "subAccount",
            json!({ "authority": authority.to_string(), "id": 513 }),
            address::sub_account(&authority, 513)
        ),
    ])
}
