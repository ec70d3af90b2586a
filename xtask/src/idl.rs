//! `cargo xtask idl`: generates idl/kedge.json and docs/layouts.md from the program, or checks the committed ones.
//!
//! The program's IDL build prints its sections from a test, as for the framework's own tool; here they are assembled in
//! a stable order.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::{Map, Value, json};

use crate::run::{cargo, root};

/// Flags of `idl`.
#[derive(Args)]
pub(crate) struct IdlArgs {
    /// Fail when a committed file differs instead of writing it.
    #[arg(long)]
    pub check: bool,
}

/// Generates or checks the files.
pub(crate) fn run(args: &IdlArgs) -> Result<()> {
    println!("[idl] ...");
    let start = std::time::Instant::now();
    let idl = generate()?;
    let text = format!("{}\n", serde_json::to_string_pretty(&idl)?);
    for (path, text) in [("idl/kedge.json", text), ("docs/layouts.md", crate::layouts::page(&idl)?)] {
        let file = root().join(path);
        if args.check {
            let committed = fs::read_to_string(&file).unwrap_or_default();
            if committed != text {
                bail!("{path} differs from the program; run `make idl` and commit it");
            }
        } else {
            fs::create_dir_all(root().join("idl"))?;
            fs::write(&file, text)?;
            println!("[idl] {path} written");
        }
    }
    println!("[idl] {:.1} s", start.elapsed().as_secs_f64());
    Ok(())
}

fn generate() -> Result<Value> {
    let output = cargo()
        .args(["test", "--locked", "--package", "kedge", "--lib", "--features", "idl-build"])
        .args(["__anchor_private_print_idl", "--", "--show-output", "--quiet", "--test-threads=1"])
        .env("ANCHOR_IDL_BUILD_NO_DOCS", "FALSE")
        .env("ANCHOR_IDL_BUILD_RESOLUTION", "TRUE")
        .env("ANCHOR_IDL_BUILD_PROGRAM_PATH", root().join("programs/kedge"))
        .stderr(std::process::Stdio::inherit())
        .output()
        .context("cannot run cargo")?;
    if !output.status.success() {
        bail!("the IDL build of the program failed");
    }
    let text = String::from_utf8(output.stdout)?;
    let mut idl: Map<String, Value> = serde_json::from_str(section(&text, "program")?)?;
    idl.insert("address".into(), Value::String(section(&text, "address")?.trim().into()));
    add_vocabulary(&mut idl, serde_json::from_str(section(&text, "vocabulary")?)?)?;
    let mut errors: Vec<Value> = serde_json::from_str(section(&text, "errors")?)?;
    errors.sort_by_key(|error| error["code"].as_u64());
    idl.insert("errors".into(), Value::Array(errors));
    idl.get_mut("metadata").and_then(Value::as_object_mut).context("no metadata")?.insert("version".into(), version()?);
    Ok(Value::Object(idl))
}

/// Adds what the framework's IDL lacks: constants, events, further types, addresses of accounts, and types of
/// arguments.
fn add_vocabulary(idl: &mut Map<String, Value>, mut vocabulary: Map<String, Value>) -> Result<()> {
    let name = |value: &Value| value["name"].as_str().unwrap_or_default().to_owned();
    let types = idl.get_mut("types").and_then(Value::as_array_mut).context("the IDL has no types")?;
    let more = vocabulary.get_mut("types").and_then(Value::as_array_mut).context("no types in the vocabulary")?;
    types.append(more);
    types.sort_by_key(name);
    types.dedup_by_key(|value| name(value));
    let mut list = |key: &str| match vocabulary.remove(key) {
        Some(Value::Array(list)) => Ok(list),
        _ => bail!("no {key} in the vocabulary"),
    };
    let (accounts, arguments) = (list("accounts")?, list("arguments")?);
    let instructions = idl.get_mut("instructions").and_then(Value::as_array_mut).context("no instructions")?;
    for instruction in instructions.iter_mut().filter_map(Value::as_object_mut) {
        resolve(instruction, &accounts);
        type_arguments(instruction, &arguments);
    }
    for section in ["constants", "events"] {
        let list = vocabulary.remove(section).with_context(|| format!("no {section} in the vocabulary"))?;
        idl.insert(section.into(), list);
    }
    Ok(())
}

/// States the addresses of an instruction's accounts, where a rule gives them.
fn resolve(instruction: &mut Map<String, Value>, rules: &[Value]) {
    let name = instruction["name"].clone();
    for account in objects(instruction, "accounts") {
        let own = account["name"].clone();
        for rule in rules.iter().filter(|rule| rule["name"] == own) {
            let named = rule["instructions"].as_array();
            if named.is_none_or(|named| named.is_empty() || named.contains(&name)) {
                let stated =
                    ["address", "pda"].into_iter().filter_map(|key| Some((key.to_owned(), rule.get(key)?.clone())));
                account.extend(stated);
            }
        }
    }
}

/// Gives arguments their meaning as a type; their bytes stay the same.
fn type_arguments(instruction: &mut Map<String, Value>, rules: &[Value]) {
    let name = instruction["name"].clone();
    let key = json!({ "array": ["u8", 32] });
    for argument in objects(instruction, "args") {
        let rule = rules.iter().find(|rule| rule["instruction"] == name && rule["name"] == argument["name"]);
        if let Some(rule) = rule {
            argument.insert("type".into(), rule["type"].clone());
        } else if argument["type"] == key {
            argument.insert("type".into(), json!("pubkey"));
        }
    }
}

fn objects<'a>(of: &'a mut Map<String, Value>, key: &str) -> impl Iterator<Item = &'a mut Map<String, Value>> {
    of.get_mut(key).and_then(Value::as_array_mut).into_iter().flatten().filter_map(Value::as_object_mut)
}

/// The text between a section's marks.
fn section<'a>(text: &'a str, name: &str) -> Result<&'a str> {
    let begin = format!("--- IDL begin {name} ---\n");
    let end = format!("--- IDL end {name} ---");
    let from = text.find(&begin).with_context(|| format!("the IDL build printed no section {name}"))? + begin.len();
    let length = text[from..].find(&end).with_context(|| format!("section {name} does not end"))?;
    Ok(text[from..from + length].trim_end())
}

/// The workspace's version; the framework always writes 0.1.0.
fn version() -> Result<Value> {
    let manifest = fs::read_to_string(Path::new(&root()).join("Cargo.toml"))?;
    let line = manifest.lines().find(|line| line.starts_with("version = ")).context("no version in Cargo.toml")?;
    Ok(Value::String(line.trim_start_matches("version = ").trim_matches('"').into()))
}
