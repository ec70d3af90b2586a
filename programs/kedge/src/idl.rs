//! What the IDL says about the model's structs and errors: compiled only for the IDL build.

use anchor_lang::__alloc::boxed::Box;
use anchor_lang::__alloc::format;
use anchor_lang::__alloc::string::{String, ToString};
use anchor_lang::__alloc::vec::Vec;
use kedge_model::{Field, Layout};

mod events;
mod limits;
mod resolution;
mod vocabulary;

use crate::account::AccountKind;
use crate::error::{AccountError, RULES_FROM};

/// Adds an account kind: its entry, its struct, and the structs in its struct.
pub fn account<T: AccountKind>(accounts: &mut Vec<&'static str>, types: &mut Vec<&'static str>) {
    let bytes: Vec<String> = T::DISCRIMINATOR.iter().map(ToString::to_string).collect();
    accounts.push(leak(format!("{{\"name\":\"{}\",\"discriminator\":[{}]}}", T::NAME, bytes.join(","))));
    let tail = (T::MAX_ITEMS > 0).then(|| tail::<T>(8 + size_of::<T>()));
    let docs: Vec<&str> = resolution::place(T::NAME).into_iter().chain(tail.as_deref()).collect();
    documented(T::NAME, &docs, T::FIELDS, types);
    parts(T::FIELDS, types);
    if T::MAX_ITEMS > 0 {
        // The tail's items appear in no field.
        structure("Order", kedge_model::account::order::Order::FIELDS, types);
        parts(kedge_model::account::order::Order::FIELDS, types);
    }
}

/// What the format has no word for: items that follow the struct up to the account's end.
fn tail<T: AccountKind>(from: usize) -> String {
    use kedge_model::account::order::Order;
    let (size, most) = (size_of::<Order>(), T::MAX_ITEMS);
    format!(
        "Behind these fields, from byte {from} to the end of the account: up to {most} slots of {size} bytes, each an Order."
    )
}

/// Adds a struct that is an instruction argument.
pub fn argument<T: Layout>(types: &mut Vec<&'static str>) {
    structure(T::NAME, T::FIELDS, types);
    parts(T::FIELDS, types);
}

/// Adds the structs in these fields, and those in them.
fn parts(fields: &[Field], types: &mut Vec<&'static str>) {
    for (name, inner) in PARTS.iter().filter(|(name, _)| fields.iter().any(|field| element(field.ty) == *name)) {
        structure(name, inner, types);
        parts(inner, types);
    }
}

/// Structs that appear inside accounts and arguments.
const PARTS: &[(&str, &[Field])] = &[
    part::<kedge_model::account::board::MarketRow>(),
    part::<kedge_model::account::board::BankRow>(),
    part::<kedge_model::account::board::PriceRow>(),
    part::<kedge_model::account::board::PriceSource>(),
    part::<kedge_model::amm::Amm>(),
    part::<kedge_model::account::exchange::FeeTier>(),
    part::<kedge_model::account::sub_account::Balance>(),
    part::<kedge_model::account::position::Position>(),
    part::<kedge_model::account::order::Order>(),
    part::<kedge_model::event::Party>(),
    part::<kedge_model::rule::waterfall::DayCap>(),
    part::<kedge_model::rule::tranche::Ended>(),
    part::<kedge_model::rule::tranche::Tranche>(),
    part::<kedge_model::rule::tranche::Holding>(),
    part::<kedge_model::account::backstop::Backstop>(),
    part::<kedge_model::event::BankruptcyRecord>(),
    part::<kedge_model::action::RowParams>(),
    part::<kedge_model::action::AmmParams>(),
];

const fn part<T: Layout>() -> (&'static str, &'static [Field]) {
    (T::NAME, T::FIELDS)
}

/// Fields one after the other: nothing is padded implicitly, so these are the bytes in memory too.
fn structure(name: &str, fields: &[Field], types: &mut Vec<&'static str>) {
    documented(name, &[], fields, types);
}

fn documented(name: &str, docs: &[&str], fields: &[Field], types: &mut Vec<&'static str>) {
    let fields: Vec<String> = fields
        .iter()
        .map(|field| {
            let docs: Vec<String> = field.docs.iter().map(|line| quoted(&foreign(name, field, line.trim()))).collect();
            let ty = field.meaning.map_or_else(|| type_of(field.ty), meant);
            format!("{{\"name\":\"{}\",\"docs\":[{}],\"type\":{ty}}}", field.name, docs.join(","))
        })
        .collect();
    let docs: Vec<String> = docs.iter().map(|line| quoted(line)).collect();
    let docs = if docs.is_empty() { String::new() } else { format!("\"docs\":[{}],", docs.join(",")) };
    let fields = fields.join(",");
    types.push(leak(format!("{{\"name\":\"{name}\",{docs}\"type\":{{\"kind\":\"struct\",\"fields\":[{fields}]}}}}")));
}

/// A field's text for readers of other languages: without Rust's links, and without "as a number" where the type names
/// the enum.
fn foreign(of: &str, field: &Field, line: &str) -> String {
    let mut text = String::new();
    let mut rest = line;
    while let Some((before, (link, after))) = rest.split_once("[`").and_then(|(a, b)| Some((a, b.split_once("`]")?))) {
        let constants = match (of, link) {
            ("Position", "status") => Some("POSITION_STATUS_*"),
            ("SubAccount", "status") => Some("SUB_ACCOUNT_STATUS_*"),
            (_, "flags") => Some("ORDER_FLAG_*"),
            (_, "change") => Some("ORDER_CHANGE_*"),
            (_, "operation") => Some("OPERATION_*"),
            (_, "receivers") => Some("RECEIVER_*"),
            _ => None,
        };
        // A path ends in what it names: a type, or a type and its field.
        let from = link.find(char::is_uppercase).unwrap_or(0);
        text += before;
        text += &constants.map_or_else(|| link[from..].replace("::", "."), String::from);
        rest = after;
    }
    text += rest;
    if field.meaning.is_some() { text.replace(" as a number", "") } else { text }
}

/// The IDL type of what a field's bytes stand for.
fn meant(meaning: &str) -> String {
    match meaning {
        "pubkey" | "bool" => quoted(meaning),
        _ => {
            assert!(vocabulary::ENUMS.contains(&meaning), "{meaning} is no enum of the IDL");
            format!("{{\"defined\":{{\"name\":\"{meaning}\"}}}}")
        }
    }
}

/// The IDL type of a Rust type as the model writes it.
fn type_of(rust: &str) -> String {
    let rust = unqualified(rust);
    if let Some((item, length)) =
        rust.strip_prefix('[').and_then(|r| r.strip_suffix(']')).and_then(|r| r.split_once(';'))
    {
        let (item, length) = (item.trim(), length.trim());
        assert!(length.parse::<usize>().is_ok(), "array lengths in account structs are literals: {rust}");
        return format!("{{\"array\":[{},{length}]}}", type_of(item));
    }
    match rust {
        "u8" | "u16" | "u32" | "u64" | "i8" | "i16" | "i32" | "i64" => quoted(rust),
        "Price" | "Size" | "Amount" | "RawLimit" | "RawLevel" | "Slot" | "SlotTime" | "Millis" => quoted("u64"),
        "Base" | "Quote" | "FundingIndex" => quoted("i64"),
        "Ppm" => quoted("u32"),
        _ => {
            assert!(PARTS.iter().any(|(name, _)| *name == rust), "{rust} is not known to the IDL");
            format!("{{\"defined\":{{\"name\":\"{rust}\"}}}}")
        }
    }
}

/// The element type of an array, or the type itself.
fn element(rust: &str) -> &str {
    unqualified(rust.trim_start_matches('[').split(';').next().unwrap_or(rust))
}

/// A type's name without its path.
fn unqualified(rust: &str) -> &str {
    if rust.contains('[') { rust.trim() } else { rust.rsplit("::").next().unwrap_or(rust).trim() }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn leak(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

/// The IDL's error list: the model's errors, then the program's account errors.
pub fn errors() -> String {
    let rules = kedge_model::Error::ALL.iter().map(|error| (RULES_FROM + *error as u32, error.name(), error.message()));
    let accounts = AccountError::ALL.iter().map(|error| (error.code(), error.name(), error.message()));
    let list: Vec<String> = rules
        .chain(accounts)
        .map(|(number, name, text)| format!("{{\"code\":{number},\"name\":\"{name}\",\"msg\":{}}}", quoted(text)))
        .collect();
    format!("[{}]", list.join(","))
}

/// What the instructions and accounts do not say by themselves: types and constants that stand in none, events, where
/// accounts are, and what arguments stand for.
pub fn vocabulary() -> String {
    let types = vocabulary::types().join(",");
    let constants = vocabulary::constants().into_iter().chain(resolution::constants()).chain(limits::constants());
    let lists = [
        ("events", events::events()),
        ("constants", constants.collect()),
        ("accounts", resolution::accounts()),
        ("arguments", resolution::arguments()),
    ];
    let lists: String = lists.iter().map(|(name, list)| format!(",\"{name}\":[{}]", list.join(","))).collect();
    format!("{{\"types\":[{types}]{lists}}}")
}

#[cfg(test)]
mod print {
    // The IDL builder runs the tests whose names start like this and reads the marked sections.
    #[test]
    fn __anchor_private_print_idl_errors() {
        println!("--- IDL begin errors ---");
        println!("{}", super::errors());
        println!("--- IDL end errors ---");
    }

    #[test]
    fn __anchor_private_print_idl_vocabulary() {
        println!("--- IDL begin vocabulary ---");
        println!("{}", super::vocabulary());
        println!("--- IDL end vocabulary ---");
    }
}
