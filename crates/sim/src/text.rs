//! Tables for people.

use std::fmt::Write;

use crate::cases::Row;
use crate::measure::Figures;

/// Headings of a table, the same in the terminal and on the page.
const HEADINGS: [&str; 13] = [
    "condition",
    "parameter",
    "value",
    "steps",
    "liquidated",
    "accounts",
    "refused",
    "under water",
    "99 %",
    "bad debt",
    "penalties",
    "impact",
    "push",
];

fn cells(row: &Row) -> [String; 13] {
    let Figures {
        open_interest, liquidations, liquidated, accounts_liquidated, throttled, under_water, bad_debt, ..
    } = &row.figures;
    let points = |value: f64| format!("{:.2} bp", value / open_interest * 1e4);
    let worst = row.figures.worst_impact;
    [
        row.case.condition.to_owned(),
        row.case.parameter.to_owned(),
        row.case.value.to_owned(),
        liquidations.to_string(),
        format!("{:.2} %", liquidated / open_interest * 100.0),
        accounts_liquidated.to_string(),
        throttled.to_string(),
        format!("{:.1} s", under_water.mean),
        format!("{:.0} s", under_water.p99),
        points(*bad_debt),
        points(row.figures.penalties),
        format!("{:.0} / {worst:.0} bp", row.figures.impact),
        format!("{:.0} bp", row.figures.pushed),
    ]
}

/// One line for each row, in columns.
#[must_use]
pub fn table(rows: &[Row]) -> String {
    let mut lines = vec![HEADINGS.map(str::to_owned)];
    lines.extend(rows.iter().map(cells));
    let widths: Vec<usize> = (0..HEADINGS.len())
        .map(|column| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    for line in lines {
        for (cell, width) in line.iter().zip(&widths) {
            let _ = write!(text, "{cell:<width$}  ");
        }
        let end = text.trim_end().len();
        text.truncate(end);
        text.push('\n');
    }
    text
}

/// The same in Markdown.
#[must_use]
pub(crate) fn markdown(rows: &[Row]) -> String {
    let mut text = format!("| {} |\n|{}\n", HEADINGS.join(" | "), "---|".repeat(HEADINGS.len()));
    for row in rows {
        let _ = writeln!(text, "| {} |", cells(row).join(" | "));
    }
    text
}

/// Who paid the bad debt of each row that left any.
#[must_use]
pub(crate) fn payers(rows: &[Row]) -> String {
    let mut text = String::from(
        "| condition | parameter | value | defaults | fees and protocol | insurance | vAMM | deficit |\n|---|---|---|---|---|---|---|---|\n",
    );
    for row in rows.iter().filter(|row| row.figures.bad_debt > 0.0) {
        let Figures { defaults, fees, insurance, amm, deficit, .. } = &row.figures;
        let case = &row.case;
        let _ = writeln!(
            text,
            "| {} | {} | {} | {defaults} | ${fees:.0} | ${insurance:.0} | ${amm:.0} | ${deficit:.0} |",
            case.condition, case.parameter, case.value
        );
    }
    text
}
