//! What a command prints.

use std::io::IsTerminal;

use serde_json::Value;

/// A command's result, for people and for programs.
#[derive(Clone, Debug)]
pub struct Output {
    /// For people.
    pub text: String,
    /// For programs.
    pub json: Value,
}

impl Output {
    /// Both forms.
    pub fn new(text: impl Into<String>, json: Value) -> Self {
        Self { text: text.into(), json }
    }

    /// Prints one form.
    pub fn print(&self, json: bool) {
        if json {
            println!("{:#}", self.json);
        } else {
            print!("{}", self.text);
            if !self.text.ends_with('\n') {
                println!();
            }
        }
    }
}

/// Whether standard output shows colours: only terminals, and not where `NO_COLOR` is set.
pub fn colour() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()) && std::io::stdout().is_terminal()
}
