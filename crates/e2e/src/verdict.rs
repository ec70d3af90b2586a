//! Statements about a run, and whether they hold.

/// A list of statements.
#[derive(Default)]
pub(crate) struct Verdict {
    lines: Vec<(String, bool, String)>,
}

impl Verdict {
    /// Adds a statement with its figure and prints it.
    pub(crate) fn check(&mut self, what: &str, holds: bool, figure: &str) {
        let word = if holds { "holds" } else { "BROKEN" };
        println!("{word:>8}  {what}{}{figure}", if figure.is_empty() { "" } else { ": " });
        self.lines.push((what.to_owned(), holds, figure.to_owned()));
    }

    /// Whether all statements hold.
    pub(crate) fn holds(&self) -> bool {
        self.lines.iter().all(|(_, holds, _)| *holds)
    }

    /// Appends the statements of another verdict.
    pub(crate) fn extend(&mut self, other: Self) {
        self.lines.extend(other.lines);
    }

    /// Number of statements that hold, and of all.
    pub(crate) fn count(&self) -> (usize, usize) {
        (self.lines.iter().filter(|(_, holds, _)| *holds).count(), self.lines.len())
    }

    /// The statements that did not hold.
    pub(crate) fn broken(&self) -> impl Iterator<Item = String> {
        self.lines.iter().filter(|(_, holds, _)| !holds).map(|(what, _, figure)| format!("{what}: {figure}"))
    }
}
