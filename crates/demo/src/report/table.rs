//! Tables that fold into cards on a phone.

use std::fmt::Write as _;

use super::chart::escape;

/// A table; the first column names the row.
pub(super) struct Table {
    caption: String,
    titles: Vec<&'static str>,
    words: Vec<bool>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table without rows. A title that begins with `<` heads a column of words; others head numbers.
    pub(super) fn new(caption: &str, titles: &[&'static str]) -> Self {
        Self {
            caption: caption.into(),
            titles: titles.iter().map(|title| title.trim_start_matches('<')).collect(),
            words: titles.iter().map(|title| title.starts_with('<')).collect(),
            rows: Vec::new(),
        }
    }

    /// Appends a row.
    pub(super) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// The table as HTML.
    pub(super) fn html(&self) -> String {
        let mut out = format!("<table><caption>{}</caption><thead><tr>", escape(&self.caption));
        for (title, words) in self.titles.iter().zip(&self.words) {
            let _ = write!(out, "<th scope=\"col\"{}>{}</th>", class(*words), escape(title));
        }
        out.push_str("</tr></thead><tbody>");
        for row in &self.rows {
            out.push_str("<tr>");
            for ((cell, title), (words, at)) in row.iter().zip(&self.titles).zip(self.words.iter().zip(0..)) {
                let _ = if at == 0 {
                    write!(out, "<th scope=\"row\">{}</th>", escape(cell))
                } else {
                    write!(out, "<td data-label=\"{}\"{}>{}</td>", escape(title), class(*words), escape(cell))
                };
            }
            out.push_str("</tr>");
        }
        out + "</tbody></table>"
    }
}

fn class(words: bool) -> &'static str {
    if words { " class=\"word\"" } else { "" }
}
