//! Instructions and their accounts in the committed IDL.

use serde_json::Value;
use solana_pubkey::Pubkey;

use crate::machine::root;

/// A declared account of an instruction.
#[derive(Clone, Debug)]
pub struct Slot {
    /// Name of the account.
    pub name: String,
    /// Whether the instruction writes the account.
    pub writable: bool,
    /// Whether the account must sign.
    pub signer: bool,
    /// The address, when it is the same for all callers.
    pub address: Option<Pubkey>,
}

/// An instruction of the IDL.
#[derive(Clone, Debug)]
pub struct Instruction {
    /// Name of the instruction.
    pub name: String,
    /// First bytes of the instruction's data.
    pub discriminator: Vec<u8>,
    /// Declared accounts, in order.
    pub slots: Vec<Slot>,
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().unwrap_or_else(|| panic!("the IDL has a list of {name}"))
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("the IDL has a {name}")).to_owned()
}

fn slot(value: &Value) -> Slot {
    let flag = |name: &str| value[name].as_bool().unwrap_or(false);
    let name = text(value, "name");
    assert!(!flag("optional"), "{name} is optional: the attack matrix has no rule for accounts that may be left out");
    assert!(value["accounts"].is_null(), "{name} is a group of accounts: flatten it here first");
    let address = value["address"].as_str().map(|address| address.parse().expect("an address"));
    Slot { name, writable: flag("writable"), signer: flag("signer"), address }
}

/// All instructions of `idl/kedge.json`.
///
/// # Panics
/// When the file is missing or is no IDL.
pub fn instructions() -> Vec<Instruction> {
    let path = root().join("idl/kedge.json");
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}; run `make idl`", path.display()));
    let idl: Value = serde_json::from_slice(&bytes).expect("the IDL is JSON");
    let byte = |value: &Value| value.as_u64().and_then(|byte| u8::try_from(byte).ok()).expect("a byte");
    let read = |value: &Value| Instruction {
        name: text(value, "name"),
        discriminator: list(value, "discriminator").iter().map(byte).collect(),
        slots: list(value, "accounts").iter().map(slot).collect(),
    };
    list(&idl, "instructions").iter().map(read).collect()
}
