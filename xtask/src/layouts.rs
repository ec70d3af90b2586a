//! docs/layouts.md: the offset of every field, for readers without an IDL.

use anyhow::{Context, Result, bail};
use serde_json::Value;

const HEAD: &str = "\
# Layouts

`make idl` writes this page from `idl/kedge.json`, and `make lint` fails when it differs. All numbers are little-endian; there
is no padding but the one that is listed. Offsets of accounts count from the account's first byte, the 8 bytes of the
discriminator included, so they are what `memcmp` filters take; offsets of structs and records count from the struct's first
byte.
";

const EVENTS: &str = "\
A message is an EventHeader, then each record behind its RecordHeader, whose bytes are always the same for a kind and a length:
Anchor's clients take them for the discriminator. They decode a record with its header, and no whole message; where messages
are and how they are cut is in the [guide](guides/integrator.md#events).
";

/// Text of the page.
///
/// # Errors
/// For a type that this module does not know.
pub(crate) fn page(idl: &Value) -> Result<String> {
    let (accounts, events) = (list(idl, "accounts"), list(idl, "events"));
    let (mut kinds, mut structs, mut enums) = (String::new(), String::new(), String::new());
    for ty in list(idl, "types") {
        let name = text(ty, "name")?;
        let fields = list(&ty["type"], "fields");
        // Events have the fields of their records, which have entries of their own.
        if events.iter().any(|event| event["name"] == name) {
            continue;
        }
        if ty["type"]["kind"] == "enum" {
            enums += &variants(ty)?;
        } else if let Some(account) = accounts.iter().find(|account| account["name"] == name) {
            let first = discriminator(account);
            let docs: Vec<&str> = list(ty, "docs").iter().filter_map(Value::as_str).collect();
            kinds +=
                &format!("\n### {name}\n\nDiscriminator `{first}`. {}\n\n{}", docs.join(" "), table(idl, fields, 8)?);
        } else {
            structs += &format!("\n### {name}\n\n{}", table(idl, fields, 0)?);
        }
    }
    let events: Result<String> = events.iter().map(|event| self::event(idl, event)).collect();
    let constants: Result<String> = list(idl, "constants").iter().map(constant).collect();
    let instructions: Result<String> = list(idl, "instructions").iter().map(instruction).collect();
    Ok(format!(
        "{HEAD}\n## Accounts\n{kinds}\n## Structs and records\n{structs}\n## Enums\n\nOne byte each.\n\n\
         | enum | numbers |\n|---|---|\n{enums}\n## Events\n\n{EVENTS}\n| event | in front | record |\n|---|---|---|\n{}\n\
         ## Instructions\n\nData: the discriminator, then the arguments one after the \
         other; a `vec` has its length in front, 4 bytes.\n\n| instruction | discriminator | arguments |\n|---|---|---|\n{}\n\
         ## Constants\n\n| name | value | |\n|---|---|---|\n{}",
        events?, instructions?, constants?
    ))
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, key: &str) -> Result<&'a str> {
    value[key].as_str().with_context(|| format!("no {key} in {value}"))
}

fn hex(byte: Option<u64>) -> String {
    format!("{:02x}", byte.unwrap_or_default())
}

/// Fields with offsets, and the size as the last line.
fn table(idl: &Value, fields: &[Value], start: usize) -> Result<String> {
    let mut rows = String::from("| offset | field | type | |\n|---|---|---|---|\n");
    let mut offset = start;
    for field in fields {
        let docs: Vec<&str> = list(field, "docs").iter().filter_map(Value::as_str).collect();
        let docs = docs.join(" ").replace('|', "\\|");
        rows += &format!("| {offset} | `{}` | {} | {docs} |\n", text(field, "name")?, shown(&field["type"])?);
        offset += size(idl, &field["type"])?;
    }
    Ok(format!("{rows}| {offset} | | | end |\n"))
}

/// Name of a type in words.
fn shown(ty: &Value) -> Result<String> {
    if let Some(name) = ty.as_str().or_else(|| ty["defined"]["name"].as_str()) {
        return Ok(name.into());
    }
    if let Some(item) = ty.get("vec") {
        return Ok(format!("vec of {}", shown(item)?));
    }
    match ty["array"].as_array().map(Vec::as_slice) {
        Some([item, count]) => Ok(format!("{count} × {}", shown(item)?)),
        _ => bail!("no words for {ty}"),
    }
}

fn size(idl: &Value, ty: &Value) -> Result<usize> {
    if let Some([item, count]) = ty["array"].as_array().map(Vec::as_slice) {
        return Ok(size(idl, item)? * usize::try_from(count.as_u64().context("no length")?)?);
    }
    if let Some(name) = ty["defined"]["name"].as_str() {
        let found =
            list(idl, "types").iter().find(|ty| ty["name"] == name).with_context(|| format!("no type {name}"))?;
        if found["type"]["kind"] == "enum" {
            return Ok(1);
        }
        return list(&found["type"], "fields").iter().map(|field| size(idl, &field["type"])).sum();
    }
    Ok(match ty.as_str() {
        Some("u8" | "bool") => 1,
        Some("u16") => 2,
        Some("u32") => 4,
        Some("u64" | "i64") => 8,
        Some("pubkey") => 32,
        _ => bail!("no size for {ty}"),
    })
}

/// Whether a variant fills a hole: the IDL's enums number without gaps.
fn is_gap(name: &str) -> bool {
    name.strip_prefix("Unused").is_some_and(|number| number.parse::<u8>().is_ok())
}

/// The line of an enum.
fn variants(ty: &Value) -> Result<String> {
    let names: Result<Vec<String>> = list(&ty["type"], "variants")
        .iter()
        .enumerate()
        .filter(|(_, variant)| !variant["name"].as_str().is_some_and(is_gap))
        .map(|(number, variant)| {
            let record = variant["fields"][0]["type"]["defined"]["name"].as_str();
            let record = record.map(|record| format!(" ({record})")).unwrap_or_default();
            Ok(format!("{number} {}{record}", text(variant, "name")?))
        })
        .collect();
    Ok(format!("| {} | {} |\n", text(ty, "name")?, names?.join(", ")))
}

/// The line of a constant; bytes are shown as text where they are text, otherwise in hexadecimal.
fn constant(constant: &Value) -> Result<String> {
    let value = text(constant, "value")?;
    let shown = match serde_json::from_str::<Vec<u8>>(value) {
        Ok(bytes) if bytes.iter().all(u8::is_ascii_graphic) => format!("`{}`", String::from_utf8(bytes)?),
        Ok(bytes) => format!("`{}`", bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()),
        Err(_) => value.to_owned(),
    };
    let docs = list(constant, "docs").iter().filter_map(Value::as_str);
    let docs: Vec<String> = docs.map(|line| format!(" {line}")).collect();
    Ok(format!("| {} | {shown} |{} |\n", text(constant, "name")?, docs.concat()))
}

/// The line of an event: its header and its record.
fn event(idl: &Value, event: &Value) -> Result<String> {
    let name = text(event, "name")?;
    let events = list(idl, "types").iter().find(|ty| ty["name"] == "KedgeEvent").context("no KedgeEvent")?;
    let variant = list(&events["type"], "variants").iter().find(|variant| variant["name"] == name);
    let variant = variant.with_context(|| format!("KedgeEvent has no {name}"))?;
    let record = text(&variant["fields"][0]["type"]["defined"], "name")?;
    Ok(format!("| {name} | `{}` | {record} |\n", discriminator(event)))
}

fn discriminator(of: &Value) -> String {
    list(of, "discriminator").iter().map(|byte| hex(byte.as_u64())).collect()
}

/// The line of an instruction.
fn instruction(instruction: &Value) -> Result<String> {
    let first = discriminator(instruction);
    let args: Result<Vec<String>> = list(instruction, "args")
        .iter()
        .map(|arg| Ok(format!("`{}` {}", text(arg, "name")?, shown(&arg["type"])?)))
        .collect();
    Ok(format!("| `{}` | `{first}` | {} |\n", text(instruction, "name")?, args?.join(", ")))
}
