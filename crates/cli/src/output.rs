//! Output of commands.

use std::io::IsTerminal;

use kedge_client::shown::{printable_json, printable_lines};
use serde_json::Value;

/// Default width of a terminal in columns.
pub(crate) const WIDTH: usize = 80;

/// Result of a command, as text and as JSON.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    /// Text for people.
    pub text: String,
    /// JSON for programs.
    pub json: Value,
    /// Exit code of the process: a transaction may have done less than it was asked to.
    pub code: u8,
}

impl Output {
    /// A result with exit code 0.
    pub(crate) fn new(text: impl Into<String>, json: Value) -> Self {
        Self { text: text.into(), json, code: 0 }
    }

    /// The same with another exit code.
    pub(crate) fn with_code(self, code: u8) -> Self {
        Self { code, ..self }
    }

    /// Prints the text or the JSON.
    pub(crate) fn print(&self, json: bool) {
        if json {
            write_out(&printable_json(&format!("{:#}\n", self.json)));
        } else {
            let end = if self.text.ends_with('\n') { "" } else { "\n" };
            write_out(&format!("{}{end}", self.shown()));
        }
    }
}

impl Output {
    /// The text with terminal controls escaped, except for this program's own colours.
    pub(crate) fn shown(&self) -> String {
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

/// The codes of [`crate::table::paint`] and of table titles.
const PAINTS: [&str; 5] = ["\x1b[0m", "\x1b[1m", "\x1b[31m", "\x1b[32m", "\x1b[33m"];

/// A 64-bit number in JSON, as text: many readers keep only 53 bits.
pub(crate) fn long(value: impl core::fmt::Display) -> Value {
    Value::String(value.to_string())
}

/// Writes to standard output. When its reader is gone (`| head`), the process ends without an error.
pub(crate) fn write_out(text: &str) {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    if out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_err() {
        std::process::exit(0);
    }
}

/// Whether standard output shows colours: it is a terminal and `NO_COLOR` is not set.
pub(crate) fn colour() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()) && std::io::stdout().is_terminal()
}

/// Folds a sentence into lines of at most [`WIDTH`] columns. The first line begins with `first`, the others with spaces
/// of its width. A longer word stands on a line of its own.
pub(crate) fn wrap(first: &str, sentence: &str) -> String {
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
        // A terminal title, a cleared screen, and a colour.
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
