//! What a command prints.

use std::io::IsTerminal;

use kedge_client::shown::{printable_json, printable_lines};
use serde_json::Value;

/// Columns of a terminal that nobody made wider.
pub const WIDTH: usize = 80;

/// A command's result, for people and for programs.
#[derive(Clone, Debug)]
pub struct Output {
    /// For people.
    pub text: String,
    /// For programs.
    pub json: Value,
    /// What the process exits with: what was sent may have done less than it was to.
    pub code: u8,
}

impl Output {
    /// Both forms.
    pub fn new(text: impl Into<String>, json: Value) -> Self {
        Self { text: text.into(), json, code: 0 }
    }

    /// With another exit code than 0.
    pub fn with_code(self, code: u8) -> Self {
        Self { code, ..self }
    }

    /// Prints one form.
    pub fn print(&self, json: bool) {
        if json {
            write_out(&printable_json(&format!("{:#}\n", self.json)));
        } else {
            let end = if self.text.ends_with('\n') { "" } else { "\n" };
            write_out(&format!("{}{end}", self.shown()));
        }
    }
}

impl Output {
    /// The text for people with everything escaped that a terminal would obey, but our own colours where there are any.
    pub fn shown(&self) -> String {
        self.shown_in(colour())
    }

    fn shown_in(&self, colour: bool) -> String {
        let mut shown = String::with_capacity(self.text.len());
        let mut rest = self.text.as_str();
        while colour && let Some((at, code)) = PAINTS.iter().filter_map(|code| Some((rest.find(code)?, *code))).min() {
            shown.push_str(&printable_lines(&rest[..at]));
            shown.push_str(code);
            rest = &rest[at + code.len()..];
        }
        shown.push_str(&printable_lines(rest));
        shown
    }
}

/// What [`crate::table::paint`] and a table's titles write.
const PAINTS: [&str; 5] = ["\x1b[0m", "\x1b[1m", "\x1b[31m", "\x1b[32m", "\x1b[33m"];

/// A number of 64 bits in JSON: as text, since many readers keep only 53 of them.
pub fn long(value: impl core::fmt::Display) -> Value {
    Value::String(value.to_string())
}

/// Writes to standard output. A reader that has gone away (`| head`) ends the process without a complaint.
pub fn write_out(text: &str) {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    if out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_err() {
        std::process::exit(0);
    }
}

/// Whether standard output shows colours: only terminals, and not where `NO_COLOR` is set.
pub fn colour() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()) && std::io::stdout().is_terminal()
}

/// A sentence in lines of at most [`WIDTH`] columns; the first begins with `first`, the others with as many spaces. A
/// word that is longer than a line stands alone.
pub fn wrap(first: &str, sentence: &str) -> String {
    let indent = " ".repeat(first.chars().count());
    let options = textwrap::Options::new(WIDTH)
        .initial_indent(first)
        .subsequent_indent(&indent)
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .break_words(false);
    let words: Vec<&str> = sentence.split_whitespace().collect();
    textwrap::fill(&words.join(" "), options) + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_strangers_write_is_shown_and_not_obeyed() {
        let mut table = crate::table::Table::new(&["NAME", "STATE"]);
        // A title for the terminal, a cleared screen, and a colour.
        table.row(vec!["\x1b]0;x\x07".into(), "\x1b[2J\u{9b}1m\x1b[31m".into()]);
        let output = Output::new(format!("{}sub-account \"\x1b[2J\"\n", table.render(true)), Value::Null);
        let shown = output.shown_in(true);
        assert!(shown.contains("\\u{1b}]0;x\\u{7}  ") && shown.contains("\\u{1b}[2J\\u{9b}1m\\u{1b}[31m"), "{shown:?}");
        assert!(shown.ends_with("sub-account \"\\u{1b}[2J\"\n"), "{shown:?}");
        assert!(shown.starts_with("\x1b[1mNAME\x1b[0m"), "our own colours stay: {shown:?}");
        assert_eq!(shown.matches('\x1b').count(), 4, "{shown:?}");
        assert!(!output.shown_in(false).contains('\x1b'));
    }

    #[test]
    fn sentences_are_folded_at_the_edge() {
        let words = "word ".repeat(40);
        let folded = wrap("- ", &words);
        assert!(
            folded.lines().all(|line| line.len() <= WIDTH && line.len() > 70 || line == folded.lines().last().unwrap())
        );
        assert_eq!(folded.split_whitespace().filter(|word| *word == "word").count(), 40);
        assert!(folded.starts_with("- word") && folded.lines().nth(1).unwrap().starts_with("  word"));
        assert_eq!(wrap("", "short"), "short\n");
        let signature = "s".repeat(88);
        assert_eq!(wrap("  ", &format!("a {signature} b")), format!("  a\n  {signature}\n  b\n"));
    }
}
