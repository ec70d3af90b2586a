//! The table as text, as a document and as a baseline to compare with.

use std::fmt::Write;

use kedge_interface::account::{AccountKind, sub_account_space};
use kedge_model::board::PriceBoard;
use kedge_model::market::Market;
use serde_json::{Map, Value, json};

use super::scenarios::four_maker_transaction;
use super::stage::Stage;
use super::table::{Measured, Pair, SAMPLES};

/// A row may grow by so many percent before a comparison fails.
pub const TOLERANCE_PERCENT: u64 = 3;

/// Figures that are no compute units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Bytes of the program.
    pub program: usize,
    /// Accounts of a fill with four makers.
    pub accounts: usize,
    /// Bytes of its transaction.
    pub bytes: usize,
}

impl Sizes {
    /// Measures them.
    pub fn measure() -> Self {
        let (accounts, bytes) = four_maker_transaction(&mut Stage::set(8, 0));
        Self { program: crate::machine::program().len(), accounts, bytes }
    }
}

/// Everything that one run of the bench found.
pub struct Report {
    /// Rows.
    pub rows: Vec<Measured>,
    /// Sizes.
    pub sizes: Sizes,
}

fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index != 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn cell(cost: Option<u64>) -> String {
    cost.map(thousands).unwrap_or_default()
}

fn marked(cost: Option<u64>, budget: Option<u64>) -> String {
    match (cost, budget) {
        (Some(cost), Some(budget)) if cost > budget => format!("**{}**", thousands(cost)),
        (cost, _) => cell(cost),
    }
}

impl Report {
    /// The table for a terminal; cells over budget carry a star.
    pub fn text(&self) -> String {
        let mut out =
            format!("{:<42} {:>16} {:>16} {:>18}\n", "instruction, scenario", "1 / 8 positions", "budget", "Drift");
        let pair = |(one, eight): Pair| format!("{} / {}", cell(one), cell(eight));
        for Measured { row, cost } in &self.rows {
            let over = is_over(cost.0, row.budget.0) || is_over(cost.1, row.budget.1);
            let star = if over { "*" } else { "" };
            let (cost, budget, drift) = (pair(*cost), pair(row.budget), pair(row.drift));
            let _ = writeln!(out, "{:<42} {cost:>16} {budget:>16} {drift:>18} {star}", row.name);
        }
        let Sizes { program, accounts, bytes } = self.sizes;
        let _ = writeln!(out, "program {program} bytes; fill with 4 makers: {accounts} accounts, {bytes} bytes");
        out
    }

    /// The document.
    pub fn document(&self) -> String {
        let mut out = String::from(INTRODUCTION);
        let _ = write!(out, "the largest of {SAMPLES} samples with different sizes and prices.\n{TABLE_HEAD}");
        for Measured { row, cost } in &self.rows {
            let _ = writeln!(
                out,
                "| {} | {} | {} | {} | {} | {} | {} |",
                row.name,
                marked(cost.0, row.budget.0),
                marked(cost.1, row.budget.1),
                cell(row.budget.0),
                cell(row.budget.1),
                cell(row.drift.0),
                cell(row.drift.1),
            );
        }
        let Sizes { program, accounts, bytes } = self.sizes;
        let size = |bytes: usize| thousands(u64::try_from(bytes).unwrap_or(u64::MAX));
        let _ = write!(out, "{SIZES_HEAD}");
        let _ = writeln!(out, "| program, bytes | {} | 450,000 | 4,095,064 |", size(program));
        let (empty, full) = (sub_account_space(0), sub_account_space(32));
        let _ = writeln!(
            out,
            "| sub-account without orders / with room for 32, bytes | {} / {} | 1,600 / 4,700 | 4,376 / 4,376 |",
            size(empty),
            size(full)
        );
        let _ = writeln!(out, "| market, bytes | {} | | |", size(Market::SPACE));
        let _ = writeln!(out, "| price board (24 markets, 8 banks), bytes | {} | | |", size(PriceBoard::SPACE));
        let _ =
            writeln!(out, "| accounts in a fill with 4 makers, every user in 8 markets | {accounts} | 12 | over 30 |");
        let _ = writeln!(out, "| bytes of that transaction, no lookup table | {bytes} | 800 | does not fit 1,232 |");
        out.push_str(NOTES);
        out
    }

    /// The baseline that [`Report::regressions`] compares with.
    pub fn baseline(&self) -> Value {
        let rows = self.rows.iter().map(|Measured { row, cost }| (row.name.to_owned(), json!([cost.0, cost.1])));
        json!({
            "compute_units": rows.collect::<Map<String, Value>>(),
            "program_bytes": self.sizes.program,
            "four_maker_fill": { "accounts": self.sizes.accounts, "bytes": self.sizes.bytes },
        })
    }

    /// What grew by more than [`TOLERANCE_PERCENT`] against a baseline, and what the baseline lacks or has in excess.
    pub fn regressions(&self, baseline: &Value) -> Vec<String> {
        let mut found = Vec::new();
        let rows = &baseline["compute_units"];
        for Measured { row, cost } in &self.rows {
            for (at, now) in [cost.0, cost.1].into_iter().enumerate() {
                let positions = if at == 0 { 1 } else { 8 };
                compare(
                    &mut found,
                    &format!("{}, {positions} position(s)", row.name),
                    rows[row.name][at].as_u64(),
                    now,
                );
            }
        }
        let known = |name: &String| self.rows.iter().any(|measured| measured.row.name == *name);
        for name in rows.as_object().into_iter().flat_map(Map::keys).filter(|name| !known(name)) {
            found.push(format!("{name}: in the baseline, and not measured"));
        }
        let number = |value: usize| u64::try_from(value).ok();
        let Sizes { program, accounts, bytes } = self.sizes;
        compare(&mut found, "program bytes", baseline["program_bytes"].as_u64(), number(program));
        let fill = &baseline["four_maker_fill"];
        compare(&mut found, "accounts of a fill with 4 makers", fill["accounts"].as_u64(), number(accounts));
        compare(&mut found, "bytes of a fill with 4 makers", fill["bytes"].as_u64(), number(bytes));
        found
    }
}

fn is_over(cost: Option<u64>, budget: Option<u64>) -> bool {
    matches!((cost, budget), (Some(cost), Some(budget)) if cost > budget)
}

fn compare(found: &mut Vec<String>, what: &str, before: Option<u64>, now: Option<u64>) {
    match (before, now) {
        (None, None) => {}
        (None, Some(now)) => found.push(format!("{what}: {now}, and the baseline has no figure")),
        (Some(before), None) => found.push(format!("{what}: {before} in the baseline, and not measured")),
        (Some(before), Some(now)) => {
            if now * 100 > before * (100 + TOLERANCE_PERCENT) {
                found.push(format!("{what}: {before} -> {now}"));
            }
        }
    }
}

const INTRODUCTION: &str = "\
# Compute units

Written by `cargo xtask bench`; `cargo xtask bench --check` fails when a figure grew by more than 3 % against
`tests/compute.json`. Where the units of a row go: `cargo xtask bench --profile \"fill, 4 makers\"`.

Release build of the program on LiteSVM 0.16 (agave 4.2.2), the instruction alone, without a compute-budget
instruction. All features are on: size premium, vAMM, Pyth rows for every collateral and market, unsettled funding in
every position. The user has one position, or eight; makers and the filler have one, in the same market. Each figure is
";

const TABLE_HEAD: &str = "
Bold: over budget. Drift: v2.84 (June 2024) on the same kind of machine.

| instruction, scenario | 1 position | 8 positions | budget, 1 | budget, 8 | Drift, 1 | Drift, 8 |
|---|---:|---:|---:|---:|---:|---:|
";

const SIZES_HEAD: &str = "
| size | here | budget | Drift |
|---|---:|---:|---:|
";

const NOTES: &str = "
* Creating the accounts: the search for a canonical bump costs some 320 units for each bump that fails; the largest
  sample contains an unlucky authority.
* Fill: the taker's market order is in its auction, the makers rest at better prices than the vAMM, the filler gets its
  reward. The lost race names a maker, as a real one does.
* The rows of a fill with makers at eight positions concern the taker alone.

## Over budget, and why

From `cargo xtask bench --profile ROW`, in instructions of the virtual machine, which are units but for system calls.

* A further maker in a fill (and so the fill of four makers): it books two sides of a trade, asks the maker's margin (its
  position, its tokens and the walk over 24 slots), writes a record of 192 bytes and reckons four fee shares. The budget was
  set for a match without order types: an oracle-offset price, an iceberg's part, self-trade modes, groups of orders and
  shares of referrer and builder are each looked at here (some 300 when last profiled). Each order of a maker is asked for its margin
  before anything is booked, so that who cannot trade is passed over: the position is moved in its place, and what is kept to
  move it back are its nine words. Tried: no curve while makers are better than its best price (done), comparing addresses by
  their first word (done), a cached funding payment (a word more in each position, no gain at one fill an instruction), one
  margin check for all fills of a maker (cheaper by a check where one maker has several orders, but then a maker that fails has
  to be undone together with the taker's side and what the vAMM did behind it).
* A signed text: it is read letter by letter and everything in it is checked, the sub-account's address among it, from base58;
  a message in bytes is a copy of its fields. Where the units go was not profiled yet.
* Creating accounts: two searches for an address (1,500 each) and two calls that create it (some 1,000 each) are what
  the runtime asks for, before any instruction of the program.

## Why sums, errors and shares are written as they are

LLVM's BPF backend has no overflow flag and makes of a checked sum a number that it then compares: `kedge_libcalls::checked`
writes one comparison and one jump. An error is as wide as a register, since a caller extends what is narrower, and a refusal
is zero or its code, so that it is returned in one register. A share in parts per million is one product and one division
while both fit a word. The square root is two digits of 32 bits, each by division. Together these took 50,000 bytes
off the program, and 124 of 457 units off each further position. Tried without use: merging of equal functions (500 bytes),
no tail duplication (100), merging of shorter tails, hot-cold splitting, fewer stores for a copy, and `-O2` (each larger).
The outliner of LLVM saved 14,000 bytes; what it costs in units was not measured, and it is not used.
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::table::ROWS;

    fn report(scale: u64) -> Report {
        let cost = |budget: Option<u64>| budget.map(|budget| budget * scale / 100);
        let rows = ROWS.iter().map(|row| Measured { row: *row, cost: (cost(row.budget.0), cost(row.budget.1)) });
        Report { rows: rows.collect(), sizes: Sizes { program: 400_000, accounts: 12, bytes: 700 } }
    }

    #[test]
    fn growth_within_the_tolerance_passes_and_beyond_it_fails() {
        let baseline = report(100).baseline();
        assert!(report(103).regressions(&baseline).is_empty());
        assert!(report(50).regressions(&baseline).is_empty());
        let cells: usize =
            ROWS.iter().map(|r| usize::from(r.budget.0.is_some()) + usize::from(r.budget.1.is_some())).sum();
        assert_eq!(report(104).regressions(&baseline).len(), cells);
    }

    #[test]
    fn rows_that_appear_or_vanish_fail() {
        let full = report(100);
        let mut less = report(100);
        let gone = less.rows.pop().expect("there are rows");
        let found = less.regressions(&full.baseline());
        assert_eq!(found, [format!("{}: in the baseline, and not measured", gone.row.name)]);
        assert_eq!(full.regressions(&less.baseline()).len(), 1);
    }

    #[test]
    fn cells_over_budget_are_bold() {
        assert!(!report(100).document().contains("**"));
        assert!(report(101).document().contains("| **"));
    }
}
