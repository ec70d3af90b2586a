//! Tables for terminals: aligned columns, at most 80 columns wide for the exchange's numbers.

use std::fmt::Write;

use kedge_client::shown::printable;

/// Colour of a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Paint {
    /// The terminal's own colour.
    #[default]
    Plain,
    /// Green.
    Good,
    /// Red.
    Bad,
    /// Yellow.
    Warn,
}

/// A cell of a table.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cell {
    text: String,
    paint: Paint,
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::painted(text, Paint::Plain)
    }
}

impl Cell {
    /// A painted cell. Terminal controls in its text are escaped: names come from strangers.
    pub(crate) fn painted(text: impl Into<String>, paint: Paint) -> Self {
        Self { text: printable(&text.into()).into_owned(), paint }
    }
}

/// A table. A column whose title begins with `>` is right-aligned.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    titles: Vec<&'static str>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// An empty table.
    pub(crate) fn new(titles: &[&'static str]) -> Self {
        Self { titles: titles.to_vec(), rows: Vec::new() }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: Vec<Cell>) {
        self.rows.push(cells);
    }

    /// Whether there are no rows.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table as text, one line a row, at its natural width.
    pub(crate) fn render(&self, colour: bool) -> String {
        let titles: Vec<Cell> = self.titles.iter().map(|title| title.trim_start_matches('>').into()).collect();
        let width = |column: usize| {
            let cells = self.rows.iter().chain(std::iter::once(&titles));
            cells.filter_map(|row| row.get(column)).map(|cell| cell.text.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..titles.len()).map(width).collect();
        let mut out = String::new();
        for (line, row) in std::iter::once(&titles).chain(&self.rows).enumerate() {
            let mut text = String::new();
            for ((cell, width), title) in row.iter().zip(&widths).zip(&self.titles) {
                let padding = " ".repeat(width.saturating_sub(cell.text.chars().count()));
                let shown = paint(&cell.text, cell.paint, colour);
                let shown = if line == 0 && colour { format!("\x1b[1m{shown}\x1b[0m") } else { shown };
                let _ = match title.starts_with('>') {
                    true => write!(text, "{padding}{shown}  "),
                    false => write!(text, "{shown}{padding}  "),
                };
            }
            out.push_str(text.trim_end());
            out.push('\n');
        }
        out
    }
}

/// The text in a colour, when colours are on.
pub(crate) fn paint(text: &str, paint: Paint, colour: bool) -> String {
    let code = match paint {
        _ if !colour => return text.into(),
        Paint::Plain => return text.into(),
        Paint::Good => 32,
        Paint::Bad => 31,
        Paint::Warn => 33,
    };
    format!("\x1b[{code}m{text}\x1b[0m")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align_with_and_without_colour() {
        let mut table = Table::new(&["NAME", ">PRICE"]);
        table.row(vec!["SOL-PERP".into(), "181.20".into()]);
        table.row(vec!["X".into(), Cell::painted("9", Paint::Bad)]);
        assert_eq!(table.render(false), "NAME       PRICE\nSOL-PERP  181.20\nX              9\n");
        let coloured = table.render(true);
        assert!(coloured.contains("     \x1b[31m9\x1b[0m"), "the padding stands outside the colour: {coloured:?}");
    }
}
