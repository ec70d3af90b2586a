//! A guide's fenced blocks, in their order.

use std::path::Path;

/// First line of a block that the tests leave out; the reason is behind it, for readers too.
const NOT_RUN: &str = "# not run by the tests: ";
/// First line of a block that is typed into another terminal, and goes on until its Ctrl-C.
const BESIDE: &str = "# in another terminal";

/// Kind of a block.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Commands.
    Run,
    /// Commands that run beside the rest.
    Beside,
    /// Commands that cannot be run here, and why.
    NotRun(String),
    /// Output of the commands before it.
    Shown,
}

/// A fenced block.
#[derive(Debug)]
pub(crate) struct Block {
    pub kind: Kind,
    /// Line of its first command, counted from 1.
    pub line: usize,
    pub lines: Vec<String>,
}

impl Block {
    /// The commands as they are typed: continued lines and here-documents are one.
    pub(crate) fn commands(&self) -> Vec<String> {
        let mut commands: Vec<String> = Vec::new();
        let mut until: Option<String> = None;
        let mut open = false;
        for line in &self.lines {
            match commands.last_mut().filter(|_| open || until.is_some()) {
                Some(command) => *command += &format!("\n{line}"),
                None if line.trim().is_empty() || line.trim_start().starts_with('#') => continue,
                None => commands.push(line.clone()),
            }
            if until.as_deref() == Some(line.trim()) {
                until = None;
            } else if let Some((_, word)) = line.split_once("<<") {
                until = Some(word.trim_matches(['\'', '"', ' ']).to_owned());
            }
            open = line.ends_with('\\');
        }
        commands
    }
}

/// The blocks of a guide that are marked `sh` and `text`, in order; output that depends on other traders is marked
/// `example`, and not compared. Panics where commands are in a block without a mark, so that none escapes.
pub(crate) fn blocks(file: &Path) -> Vec<Block> {
    let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let mut blocks: Vec<Block> = Vec::new();
    let mut fence: Option<String> = None;
    for (number, line) in text.lines().enumerate() {
        let Some(mark) = line.trim_start().strip_prefix("```") else {
            match fence.as_deref() {
                Some("sh" | "text") => blocks.last_mut().expect("it was opened").lines.push(line.to_owned()),
                Some(_) => {}
                None => assert!(
                    !is_command(line),
                    "{}:{}: a command outside of a block: {line}",
                    file.display(),
                    number + 1
                ),
            }
            continue;
        };
        if fence.take().is_none() {
            assert!(!mark.is_empty(), "{}:{}: a block of no language", file.display(), number + 1);
            fence = Some(mark.to_owned());
            let kind = if mark == "sh" { Kind::Run } else { Kind::Shown };
            if matches!(mark, "sh" | "text") {
                blocks.push(Block { kind, line: number + 2, lines: Vec::new() });
            }
        }
    }
    for block in blocks.iter_mut().filter(|block| block.kind == Kind::Run) {
        let first = block.lines.first().map(String::as_str).unwrap_or_default();
        if let Some(reason) = first.strip_prefix(NOT_RUN) {
            assert!(reason.len() > 10, "{}:{}: no reason", file.display(), block.line);
            block.kind = Kind::NotRun(reason.to_owned());
        } else if first.starts_with(BESIDE) {
            block.kind = Kind::Beside;
        }
    }
    blocks
}

/// Whether an indented line is a command: markdown shows it as code.
fn is_command(line: &str) -> bool {
    let Some(code) = line.strip_prefix("    ") else { return false };
    ["kedge ", "kedge-keeper ", "keeper ", "make ", "cargo ", "export ", "curl "]
        .iter()
        .any(|word| code.starts_with(word))
}

/// The shape of a line of output: numbers and addresses may differ.
pub(crate) fn shape(line: &str) -> String {
    let word = |word: &str| -> String {
        if word.len() >= 32 && word.chars().all(char::is_alphanumeric) {
            return "@".into();
        }
        // An address cut to its ends.
        if let Some((head, tail)) = word.split_once("..")
            && head.len() == 4
            && tail.len() >= 4
        {
            return "@".into();
        }
        if matches!(word, "none" | "-") {
            return "#".into();
        }
        let mut shape = String::new();
        for letter in word.chars() {
            if letter.is_ascii_digit() {
                // The sign and the point belong to the number.
                shape.truncate(shape.trim_end_matches(['-', '+', '.', ',', '#']).len());
                shape.push('#');
            } else {
                shape.push(letter);
            }
        }
        shape
    };
    line.split_whitespace().map(word).collect::<Vec<_>>().join(" ")
}
