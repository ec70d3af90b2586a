//! The table as text, as a document and as a baseline to compare with.

use std::fmt::Write;

use kedge_interface::account::{AccountKind, sub_account_space};
use kedge_model::account::board::PriceBoard;
use kedge_model::account::market::Market;
use serde_json::{Map, Value, json};

use super::scenarios::four_maker_transaction;
use super::stage::Stage;
use super::table::{FILL_ONE, Measured, Pair, SAMPLES};

/// A row may grow by so many percent before a comparison fails.
pub const TOLERANCE_PERCENT: u64 = 3;

/// What a fill against one maker may cost, units of the scheduler.
const FILL_BUDGET: u64 = 10_300;

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
        let mut out = format!(
            "{:<42} {:>16} {:>16} {:>16} {:>18} {:>9}\n",
            "instruction, scenario", "1 / 8 positions", "budget", "cost", "Drift", "a second"
        );
        let pair = |(one, eight): Pair| format!("{} / {}", cell(one), cell(eight));
        for measured in &self.rows {
            let Measured { row, units, cost, .. } = measured;
            let over = is_over(units.0, row.budget.0) || is_over(units.1, row.budget.1);
            let star = if over { "*" } else { "" };
            let (units, budget, cost, drift) = (pair(*units), pair(row.budget), pair(*cost), pair(row.drift));
            let second = cell(measured.per_second());
            let _ =
                writeln!(out, "{:<42} {units:>16} {budget:>16} {cost:>16} {drift:>18} {second:>9} {star}", row.name);
        }
        if let Some((cost, fills)) = self.fill() {
            let _ = writeln!(out, "a fill against one maker costs {cost}: {fills} a second and market");
        }
        let Sizes { program, accounts, bytes } = self.sizes;
        let _ = writeln!(out, "program {program} bytes; fill with 4 makers: {accounts} accounts, {bytes} bytes");
        out
    }

    /// The document.
    pub fn document(&self) -> String {
        let mut out = String::from(INTRODUCTION);
        let _ = write!(out, "the largest of {SAMPLES} samples with different sizes and prices.\n{TABLE_HEAD}");
        for measured in &self.rows {
            let Measured { row, units, cost, .. } = measured;
            let _ = writeln!(
                out,
                "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
                row.name,
                marked(units.0, row.budget.0),
                marked(units.1, row.budget.1),
                cell(cost.0),
                cell(cost.1),
                cell(measured.per_second()),
                cell(row.budget.0),
                cell(row.budget.1),
                cell(row.drift.0),
                cell(row.drift.1),
            );
        }
        let Sizes { program, accounts, bytes } = self.sizes;
        let size = |bytes: usize| thousands(u64::try_from(bytes).unwrap_or(u64::MAX));
        let _ = write!(out, "{SIZES_HEAD}");
        if let Some((cost, fills)) = self.fill() {
            let budget = thousands(FILL_BUDGET);
            let cost = marked(Some(cost), Some(FILL_BUDGET));
            let _ =
                writeln!(out, "| transaction cost of a fill, 1 maker, limits set | {cost} | {budget} | about 94,000 |");
            let _ = writeln!(out, "| such fills a second and market | {} | 5,825 | about 640 |", thousands(fills));
        }
        let _ = writeln!(
            out,
            "| program, bytes | {} | 560,000 | 4,095,064 |",
            marked(u64::try_from(program).ok(), Some(560_000))
        );
        let (empty, full) = (sub_account_space(0), sub_account_space(32));
        let _ = writeln!(
            out,
            "| sub-account without orders / with room for 32, bytes | {} / {} | 1,600 / 4,700 | 4,376 / 4,376 |",
            size(empty),
            size(full)
        );
        let _ = writeln!(out, "| market, bytes | {} | | |", size(Market::SPACE));
        let _ = writeln!(out, "| price board (24 markets, 6 banks), bytes | {} | | |", size(PriceBoard::SPACE));
        let _ =
            writeln!(out, "| accounts in a fill with 4 makers, every user in 8 markets | {accounts} | 12 | over 30 |");
        let _ = writeln!(out, "| bytes of that transaction, no lookup table | {bytes} | 800 | does not fit 1,232 |");
        out.push_str(NOTES);
        out
    }

    /// Transaction cost of a fill against one maker, and how many of them a market takes in a second.
    fn fill(&self) -> Option<(u64, u64)> {
        let fill = self.rows.iter().find(|measured| measured.row.name == FILL_ONE)?;
        fill.cost.0.zip(fill.per_second())
    }

    /// The baseline that [`Report::regressions`] compares with.
    pub fn baseline(&self) -> Value {
        let rows = |pair: fn(&Measured) -> Pair| {
            let row = |one: &Measured| (one.row.name.to_owned(), json!([pair(one).0, pair(one).1]));
            self.rows.iter().map(row).collect::<Map<String, Value>>()
        };
        json!({
            "compute_units": rows(|measured| measured.units),
            "transaction_cost": rows(|measured| measured.cost),
            "program_bytes": self.sizes.program,
            "four_maker_fill": { "accounts": self.sizes.accounts, "bytes": self.sizes.bytes },
        })
    }

    /// What grew by more than [`TOLERANCE_PERCENT`] against a baseline, and what the baseline lacks or has in excess.
    pub fn regressions(&self, baseline: &Value) -> Vec<String> {
        let mut found = Vec::new();
        let rows = &baseline["compute_units"];
        for (what, key) in [("units", "compute_units"), ("cost", "transaction_cost")] {
            for measured in &self.rows {
                let name = measured.row.name;
                let (one, eight) = if what == "units" { measured.units } else { measured.cost };
                for (at, positions, now) in [(0, 1, one), (1, 8, eight)] {
                    let before = baseline[key][name][at].as_u64();
                    compare(&mut found, &format!("{what} of {name}, {positions} position(s)"), before, now);
                }
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

Release build of the program on LiteSVM 0.16 (agave 4.2.2). Units are those of the instruction alone, without a
compute-budget instruction. All features are on: size premium, vAMM, Pyth rows for every collateral and market, unsettled
funding in every position. The user has one position, or eight; makers and the filler have one, in the same market. Each figure is
";

const TABLE_HEAD: &str = "
*Cost* is what the scheduler charges for the transaction in which the instruction is sent: paid by its first signer, with both
limits, of units and of loaded data, set to what it needs:

    720 a signature + 2,400 a signature that the Ed25519 program verifies + 300 a write lock + 1 per 4 bytes of instruction data
    + its compute units, 150 for each of the limits among them
    + 8 per begun 32 KiB of the accounts that it loads: their data and 64 bytes each, the program's code among them

agave's own `CostModel` calculates the same for every row, and its bank loads the same bytes (`tests/bank/tests/bank/cost.rs`). Until
a transaction has run, it is held for its limits instead: without one of loaded data for 64 MiB, 16,384 units. *A second* is how
many such transactions a market takes that they write, with one position: 60,000,000 / cost, from 24,000,000 units a writable
account and slot of 400 ms. A fill against four makers is one such transaction.

Bold: over budget. Drift: v2.84 (June 2024) on the same kind of machine.

| instruction, scenario | 1 position | 8 positions | cost, 1 | cost, 8 | a second | budget, 1 | budget, 8 | Drift, 1 | Drift, 8 |
|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|
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

From `cargo xtask bench --profile ROW`, in instructions of the virtual machine, which are units but for system calls; a
profile is of one sample, a row of the largest of ten. The budgets are from before the order types that are looked at below.

* *Create trader + sub-account*: 2,156 instructions, and system calls for the rest: two searches for an address (1,500 each)
  and two calls that create it (some 1,000 each), which the runtime asks for before any instruction of the program. Of the
  instructions, the dispatch of two calls is 559, the invariant of the new sub-account 475 (the walk over 24 empty slots),
  `create_bytes` 356, `create_sub_account::handle` 318, the invocations 224, `create_trader::handle` 120. The sample
  of the profile takes 5,190: the largest has an unlucky authority. Tried: nothing; to take the bump from the caller would save
  the search, and let a caller choose another address than the canonical one.
* *Place limit, signed text*, 10,082 units before, is within its budget since its address is read from base58 by a table of
  256 bytes and no letter is counted by itself. Tried besides: five digits at a time (done), building the text and comparing
  instead of reading (the parameters would stand in the transaction a second time, [signed-orders.md](signed-orders.md)).
* *Cancel one*: 454 instructions and 438 of system calls (the clock 140, the log record 200 and a unit for each of its 98
  bytes). `cancel_order::handle` 145, `cancel::remove` 120, dispatch 90, finding the order 32, checks of the account 27, the
  record's head 20, the market's count of orders 16. *Cancel 5*: 1,010 instructions and 726 of system calls (72 more for each
  further record); `cancel::remove_where` has 725, 127 the handler, 91 the dispatch. Tried: nothing yet.
* *Fill, vAMM only*: 6,628 instructions and 1,057 of system calls (the self-call that carries the records). `matching::run` 742,
  `fill_order::handle` 741, `Amm::fill` 669 and 3,242 with what it calls: the quote (`ask` 1,316, of it `update` 830, `spread`
  421, `capacity` 352), the trade on the curve 146, ten shares of `mul_div` 403, five signed ones 285. `ledger::trade` 358, the
  taker's margin 488. Tried: no curve while makers are better than its best price (done, and of no use here), the
  square root in two digits (done).
* *Deposit USDC*: 37 units more than before the backstop vault, whose premium and ended generations are claims on the vault of the
  bank too.
* *refresh_prices, first row*: 100 units more than before halts that begin by themselves: two anchors of the minute before, compared
  with each new price of a quorum (94 of each further row too).
* *refresh_prices, each further row*: `PriceRow::refresh` 515 (624 with what it calls: weighing of sources, the averages, the
  row's invariant 35), the handler's loop about 165, `to_price_units` 160, `observe` 97, `is_usable` 73. Tried: nothing
  yet.

A further maker in a fill is within its budget. The rows of four and six makers were over it as long as the makers' orders
were rounded down to the step and the vAMM filled what was left: a fill of the vAMM, 3,105 units, in each of them (17,169 and
21,932 with it). They hold makers alone now, like the row of one. A further maker is two sides of a trade (`ledger::trade`
275, `Position::trade` 143, two orders' `fill_order` 151), its margin (`backing::offer` 931 with all that it calls), four fee shares
(144), its record (192 bytes) and the search in `matching::run` (about 660). Each order of a maker is asked for its margin before
anything is booked, so that who cannot trade is passed over: the position is moved in its place, and what is kept to move it back
are its nine words. Tried: comparing addresses by their first word (done), a cached funding payment (a word more in each
position, no gain at one fill an instruction), one margin check for all fills of a maker (cheaper by a check where one maker has
several orders, but then a maker that fails has to be undone together with the taker's side and what the vAMM did behind it).

*Program, bytes*: 85,000 more than the 486,648 before halts, exit and vault. Each built alone, the backstop vault's five instructions
added 40,000, halts with `uncross` 29,000, pauses that end 9,000, `verify` 5,000. Tried: no inlining of what shares rarely need (6,000,
done), one piece of code for all that pays out (3,000, done), lower thresholds of inlining (4,000 at 35 and 70 in place of 60 and 120).

## Others

No package was found that ships the binary of another exchange. Looked at, as cargo and npm fetched them in November 2026, and
without any `.so` of an exchange: the crates manifest-dex 2.0.1, phoenix-v1 0.2.4, phoenix-sdk 0.8.0, serum_dex 0.5.4, openbook-v2 0.1.0,
gmsol 0.5.0, gmsol-programs 0.11.0-beta.1, beethoven 0.1.0, litesvm 0.16.0 and solana-program-binaries 4.2.2 (token, memo and
loader programs only); the npm packages @cks-systems/manifest-sdk 0.2.38, @ellipsis-labs/phoenix-sdk 2.0.3, @jup-ag/phoenix-sdk
1.4.4, @openbook-dex/openbook-v2 0.2.10, @openbook-dex/openbook 0.0.9, @project-serum/serum 0.13.65, @drift-labs/sdk 2.145.0,
@drift-labs/vaults-sdk 0.6.29, @drift-labs/competitions-sdk 0.2.386, @blockworks-foundation/mango-v4 0.33.9,
@mercurial-finance/mango-v4 0.5.4, @metadaoproject/futarchy 0.4.0-alpha.21. Plasma was
found in neither.

One order book's binary lies in a public repository: OpenBook v2 in `tests/fixtures/openbook_v2.so` of metaDAOproject/futarchy
(commit 4072bc96, 1,029,888 bytes, sha256 3a37b2b43f76ec365b459c9b73dedf632bf96441934ea037b884140b3b90362c). It trades tokens and has
no margin, oracle, funding or positions; what makers earn another transaction books. Measured by `cargo xtask bench --peer FILE` as
above, the largest of 10 samples:

| OpenBook v2 | units | cost | a second |
|---|---:|---:|---:|
| place limit | 22,529 | 26,308 | 2,280 |
| place and take, 1 maker | 32,874 | 36,949 | 1,623 |
| place and take, 4 makers | 40,578 | 44,653 | 1,343 |
| place and take, 6 makers | 46,077 | 50,152 | 1,196 |

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
        let rows = ROWS.iter().map(|row| {
            let pair = (cost(row.budget.0), cost(row.budget.1));
            Measured { row: *row, units: pair, cost: pair, writes_market: true }
        });
        Report { rows: rows.collect(), sizes: Sizes { program: 400_000, accounts: 12, bytes: 700 } }
    }

    #[test]
    fn growth_within_the_tolerance_passes_and_beyond_it_fails() {
        let baseline = report(100).baseline();
        assert!(report(103).regressions(&baseline).is_empty());
        assert!(report(50).regressions(&baseline).is_empty());
        let cells: usize =
            ROWS.iter().map(|r| usize::from(r.budget.0.is_some()) + usize::from(r.budget.1.is_some())).sum();
        assert_eq!(report(104).regressions(&baseline).len(), 2 * cells, "units and cost");
    }

    #[test]
    fn rows_that_appear_or_vanish_fail() {
        let full = report(100);
        let mut less = report(100);
        let gone = less.rows.pop().expect("there are rows");
        let found = less.regressions(&full.baseline());
        assert_eq!(found, [format!("{}: in the baseline, and not measured", gone.row.name)]);
        assert_eq!(full.regressions(&less.baseline()).len(), 2, "units and cost");
    }

    #[test]
    fn cells_over_budget_are_bold() {
        assert!(!report(100).document().contains("**"));
        assert!(report(101).document().contains("| **"));
    }
}
