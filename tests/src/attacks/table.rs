//! The matrix as a Markdown table.

use std::collections::BTreeMap;
use std::fmt::Write;

use kedge_interface::error::ProgramError;

use super::Attack;
use super::matrix::{Cell, Matrix, Verdict};
use crate::machine::Refusal;

fn number(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Number(number) => number.to_string(),
        Refusal::Builtin(error) => format!("{error:?}"),
        Refusal::Transaction(error) => format!("{error:?}"),
    }
}

/// Reasons of cells that do not apply, in the order of their letters in the table.
#[derive(Default)]
struct Reasons(Vec<(&'static str, usize)>);

impl Reasons {
    /// `a`, `b`, ..., `z`, `ba`, ...
    fn letters(place: usize) -> String {
        let letter = |digit: usize| char::from(b'a' + u8::try_from(digit % 26).expect("below 26"));
        let first = (place >= 26).then(|| letter(place / 26));
        first.into_iter().chain([letter(place)]).collect()
    }

    fn count(&mut self, why: &'static str) -> String {
        let known = self.0.iter().position(|(reason, _)| *reason == why);
        let place = known.unwrap_or_else(|| {
            self.0.push((why, 0));
            self.0.len() - 1
        });
        self.0[place].1 += 1;
        Self::letters(place)
    }
}

fn cell(cell: &Cell, reasons: &mut Reasons) -> String {
    match &cell.verdict {
        Verdict::Refused(_, refusals) => {
            let mut numbers: Vec<String> = refusals.iter().map(number).collect();
            numbers.sort_unstable();
            numbers.dedup();
            numbers.join(", ")
        }
        Verdict::NotApplicable(why) | Verdict::Open(why) => reasons.count(why),
    }
}

/// Numbers of the table by name.
fn legend(matrix: &Matrix) -> String {
    let mut names = BTreeMap::new();
    for cell in &matrix.cells {
        if let Verdict::Refused(_, refusals) = &cell.verdict {
            for refusal in refusals {
                if let Refusal::Number(number) = refusal {
                    let name = match ProgramError::from_code(*number) {
                        ProgramError::Unknown(_) => "of the token program or the system program",
                        known => known.name(),
                    };
                    names.insert(*number, name);
                }
            }
        }
    }
    names.iter().fold(String::new(), |mut text, (number, name)| {
        let _ = writeln!(text, "* {number}: {name}");
        text
    })
}

/// The size of the matrix in one line.
pub fn size(matrix: &Matrix) -> String {
    let (mut instructions, mut slots, mut refused, mut open) = (Vec::new(), Vec::new(), 0, 0);
    for cell in &matrix.cells {
        instructions.push(&cell.instruction);
        slots.push((&cell.instruction, &cell.slot));
        refused += usize::from(matches!(cell.verdict, Verdict::Refused(..)));
        open += usize::from(matches!(cell.verdict, Verdict::Open(_)));
    }
    instructions.dedup();
    slots.dedup();
    format!(
        "{} instructions, {} slots x {} attacks = {} cells: {refused} refused in {} attacks, {} not applicable by rule, \
         {open} open to any account of the kind; {} instructions went through",
        instructions.len(),
        slots.len(),
        Attack::ALL.len(),
        matrix.cells.len(),
        matrix.attacks(),
        matrix.cells.len() - refused - open,
        matrix.passed,
    )
}

/// The table in Markdown: a row for each slot, a column for each attack, in it the numbers of the refusals.
pub fn markdown(matrix: &Matrix) -> String {
    let mut reasons = Reasons::default();
    let titles: Vec<&str> = Attack::ALL.iter().map(|attack| attack.title()).collect();
    let mut text = format!("# Attack matrix\n\n{}.\n\n", size(matrix));
    let _ = writeln!(text, "| instruction | slot | role | {} |", titles.join(" | "));
    let _ = writeln!(text, "|---|---|---|{}", "---|".repeat(titles.len()));
    for row in matrix.cells.chunk_by(|a, b| (&a.instruction, &a.slot) == (&b.instruction, &b.slot)) {
        let cells: Vec<String> = row.iter().map(|one| cell(one, &mut reasons)).collect();
        let (instruction, slot, role) = (&row[0].instruction, &row[0].slot, row[0].role.name());
        let _ = writeln!(text, "| {instruction} | {slot} | {role} | {} |", cells.join(" | "));
    }
    let _ = writeln!(text, "\n## Numbers\n\n{}\n## Letters: why the attack does not apply\n", legend(matrix));
    for (place, (why, count)) in reasons.0.iter().enumerate() {
        let _ = writeln!(text, "* {}: {why} ({count} cells)", Reasons::letters(place));
    }
    text
}
