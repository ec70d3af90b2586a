//! Every builder against the committed IDL: names, discriminators, accounts in order with their flags and fixed addresses,
//! argument types and their encoded size, account kinds, events and error numbers.

use std::collections::BTreeMap;

use kedge_interface::account::KINDS;
use kedge_interface::error::ProgramError;
use kedge_interface::event::{EventBatch, EventHeader};
use kedge_interface::instruction::{self, InstructionSpec};
use kedge_model::event::EventKind;
use serde_json::Value;
use solana_pubkey::Pubkey;

fn idl() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../idl/kedge.json");
    let text = std::fs::read_to_string(path)
        .unwrap_or_else(|error| panic!("idl/kedge.json is missing; generate it with `cargo xtask idl` ({error})"));
    serde_json::from_str(&text).expect("idl/kedge.json is not JSON")
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("no `{key}` in {value}"))
}

fn discriminator(value: &Value) -> Vec<u8> {
    list(value, "discriminator").iter().map(|byte| u8::try_from(byte.as_u64().unwrap()).unwrap()).collect()
}

fn flag(value: &Value, key: &str) -> bool {
    value[key].as_bool().unwrap_or(false)
}

/// The number that an enum of the IDL is on the wire; `None` for other types.
fn number_of(ty: &Value) -> Option<String> {
    let idl = idl();
    let name = ty["defined"]["name"].as_str()?;
    let defined = list(&idl, "types").iter().find(|defined| text(defined, "name") == name)?;
    (text(&defined["type"], "kind") == "enum").then(|| "u8".into())
}

/// An IDL type in the notation of `Wire::TYPE`.
fn type_name(ty: &Value) -> String {
    if let Some(name) = ty.as_str() {
        return match name {
            "pubkey" => "[u8; 32]".into(),
            "bytes" => "Vec<u8>".into(),
            other => other.into(),
        };
    }
    if let Some(inner) = ty.get("vec") {
        return format!("Vec<{}>", type_name(inner));
    }
    if let Some(array) = ty["array"].as_array() {
        return format!("[{}; {}]", type_name(&array[0]), array[1]);
    }
    if let Some(number) = number_of(ty) {
        return number;
    }
    match &ty["defined"] {
        Value::String(name) => name.clone(),
        defined => text(defined, "name").into(),
    }
}

/// Encoded bytes of an IDL type; a vector counts as empty.
fn size(ty: &Value, types: &BTreeMap<&str, &Value>) -> usize {
    match type_name(ty).as_str() {
        "u8" | "i8" | "bool" => 1,
        "u16" | "i16" => 2,
        "u32" | "i32" => 4,
        "u64" | "i64" => 8,
        name if name.starts_with("Vec<") => 4,
        name if name.starts_with('[') => match ty["array"].as_array() {
            Some(array) => size(&array[0], types) * usize::try_from(array[1].as_u64().unwrap()).unwrap(),
            None => 32,
        },
        name => {
            let defined = types.get(name).unwrap_or_else(|| panic!("the IDL does not define {name}"));
            list(&defined["type"], "fields")
                .iter()
                .map(|field| match field.get("type") {
                    Some(ty) => size(ty, types),
                    None => size(field, types),
                })
                .sum()
        }
    }
}

/// Data of an instruction whose arguments are all zero, by our own encoding: the shortest that decodes.
fn shortest_data(spec: &InstructionSpec) -> usize {
    let accounts = vec![Pubkey::default(); spec.accounts.len()];
    (8..1_000)
        .find(|length| {
            let mut data = spec.discriminator.to_vec();
            data.resize(*length, 0);
            instruction::decode(&accounts, &data).is_some()
        })
        .unwrap_or_else(|| panic!("{}: no data of zeros decodes", spec.name))
}

#[test]
fn instructions_are_those_of_the_idl() {
    let idl = idl();
    let types: BTreeMap<&str, &Value> = list(&idl, "types").iter().map(|ty| (text(ty, "name"), ty)).collect();
    let program: BTreeMap<&str, &Value> = list(&idl, "instructions").iter().map(|ix| (text(ix, "name"), ix)).collect();
    let ours: Vec<&str> = instruction::ALL.iter().map(|spec| spec.name).collect();
    for name in program.keys() {
        assert!(ours.contains(name), "the program has `{name}`, kedge-interface has no builder for it");
    }
    for spec in instruction::ALL {
        let name = spec.name;
        let found = program.get(name).unwrap_or_else(|| panic!("the program has no instruction `{name}`"));
        assert_eq!(discriminator(found), spec.discriminator, "{name}: discriminator");

        let accounts: Vec<(&str, bool, bool)> = list(found, "accounts")
            .iter()
            .map(|account| (text(account, "name"), flag(account, "writable"), flag(account, "signer")))
            .collect();
        let expected: Vec<(&str, bool, bool)> =
            spec.accounts.iter().map(|account| (account.name, account.writable, account.signer)).collect();
        assert_eq!(expected, accounts, "{name}: accounts as (name, writable, signer); left ours, right the program's");
        for (ours, theirs) in spec.accounts.iter().zip(list(found, "accounts")) {
            if let Some(address) = ours.address {
                assert_eq!(Some(&*address.to_string()), theirs["address"].as_str(), "{name}: address of {}", ours.name);
            }
        }

        let args: Vec<(&str, String)> =
            list(found, "args").iter().map(|arg| (text(arg, "name"), type_name(&arg["type"]))).collect();
        let expected: Vec<(&str, String)> = spec.args.iter().map(|arg| (arg.name, arg.ty.to_owned())).collect();
        assert_eq!(expected, args, "{name}: arguments; left ours, right the program's");
        let bytes: usize = list(found, "args").iter().map(|arg| size(&arg["type"], &types)).sum();
        assert_eq!(shortest_data(spec), 8 + bytes, "{name}: encoded size of the arguments");
    }
}

#[test]
fn account_kinds_are_those_of_the_idl() {
    let idl = idl();
    let mut program: Vec<(&str, Vec<u8>)> =
        list(&idl, "accounts").iter().map(|kind| (text(kind, "name"), discriminator(kind))).collect();
    program.sort();
    let mut ours: Vec<(&str, Vec<u8>)> = KINDS.iter().map(|(name, bytes)| (*name, bytes.to_vec())).collect();
    ours.sort();
    assert_eq!(ours, program);
}

#[test]
fn errors_are_those_of_the_idl() {
    let idl = idl();
    let errors = list(&idl, "errors");
    assert!(!errors.is_empty(), "the IDL lists no errors");
    for error in errors {
        let code = u32::try_from(error["code"].as_u64().expect("error code")).unwrap();
        let ours = ProgramError::from_code(code);
        assert_eq!(ours.name(), text(error, "name"), "error {code}");
        assert_eq!(ours.message(), text(error, "msg"), "error {code}");
    }
}

/// The bytes in front of a record in a message, with zeros for its fields.
fn message(header: &[u8], length: usize) -> Vec<u8> {
    let head = EventHeader { count: 1, version: EventHeader::VERSION, ..EventHeader::default() };
    [bytemuck::bytes_of(&head), header, &vec![0; length]].concat()
}

#[test]
fn events_are_the_records_behind_their_headers() {
    let idl = idl();
    let types: BTreeMap<&str, &Value> = list(&idl, "types").iter().map(|ty| (text(ty, "name"), ty)).collect();
    let variants = list(&types["KedgeEvent"]["type"], "variants");
    let mut numbers = Vec::new();
    for event in list(&idl, "events") {
        let name = text(event, "name");
        let header = discriminator(event);
        let [number, 0, low, high, 0, 0, 0, 0] = header[..] else { panic!("{name}: {header:?} is no RecordHeader") };
        let length = usize::from(u16::from_le_bytes([low, high]));
        numbers.push(number);

        // The decoder finds this event in these bytes, and no byte is left over.
        let batch = EventBatch::read(&message(&header, length)).expect("a message");
        assert!(!batch.is_partial(), "{name}: the decoder knows no such record");
        assert!(format!("{:?}", batch.events[0]).starts_with(&format!("{name}(")), "{name}: {:?}", batch.events[0]);

        let variant = &variants[usize::from(number)];
        assert_eq!(text(variant, "name"), name, "number {number}");
        let record = types[text(&variant["fields"][0]["type"]["defined"], "name")];
        assert_eq!(types[name]["type"], record["type"], "{name}: fields");
        let bytes: usize = list(&record["type"], "fields").iter().map(|field| size(&field["type"], &types)).sum();
        assert_eq!(bytes, length, "{name}: bytes of the fields");
    }
    let known: Vec<u8> = (0..=u8::MAX).filter(|number| EventKind::from_number(*number).is_some()).collect();
    assert_eq!(numbers, known, "every kind has an event, in the order of their numbers");
}

#[test]
fn the_idl_is_of_this_program() {
    assert_eq!(text(&idl(), "address"), kedge_interface::PROGRAM_ID.to_string());
}
