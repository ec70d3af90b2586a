//! What the IDL says about the account structs: compiled only for the IDL build.

use anchor_lang::__alloc::boxed::Box;
use anchor_lang::__alloc::string::String;
use anchor_lang::__alloc::vec::Vec;
use anchor_lang::__alloc::format;

use crate::account::Stored;
use crate::error::AccountError;

/// Adds an account kind to the IDL's `accounts` (its field list is added from the model's layouts).
pub fn register<T: Stored>(accounts: &mut Vec<&'static str>, _types: &mut Vec<&'static str>) {
    let bytes: Vec<String> = T::DISCRIMINATOR.to_le_bytes().iter().map(|b| format!("{b}")).collect();
    let entry = format!("{{\"name\":\"{}\",\"discriminator\":[{}]}}", T::NAME, bytes.join(","));
    accounts.push(Box::leak(entry.into_boxed_str()));
}

/// The IDL's error list.
pub fn errors() -> String {
    let list: Vec<String> = AccountError::LIST
        .iter()
        .map(|(number, name, text)| format!("{{\"code\":{number},\"name\":\"{name}\",\"msg\":\"{text}\"}}"))
        .collect();
    format!("[{}]", list.join(","))
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
}
