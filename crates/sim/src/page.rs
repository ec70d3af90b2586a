//! docs/parameters.md.

use std::fmt::Write;

use crate::cases::{CONDITIONS, Row, choices, together};
use crate::measure::Figures;
use crate::population::{EQUITY, LEVERAGE, TWO_LEGS};
use crate::text::{markdown, payers};

/// Accounts of the small case, which a test computes again.
pub const SMALL: usize = 1_000;
/// The part of the page that stands on a run of the full size: a test leaves it out.
pub const FULL: [&str; 2] = ["<!-- full size: begin -->\n", "<!-- full size: end -->\n"];

/// The page, from the rows of the full size and those of the small case.
#[must_use]
pub fn page(full: &[Row], small: &[Row]) -> String {
    let accounts = full.first().map_or(0, |row| row.figures.accounts);
    let interest = full.first().map_or(0.0, |row| row.figures.open_interest);
    let mut text = head();
    text += FULL[0];
    let _ = writeln!(text, "\n{accounts} accounts, open interest ${:.1} million a side.\n", interest / 1e6);
    text += &markdown(full);
    text += "\nWho paid what bankrupt accounts left:\n\n";
    text += &payers(full);
    text += JUSTIFIED;
    for (parameter, value, least, template) in choices(full) {
        let _ = writeln!(text, "| {parameter} | {value}: {least:.1} bp | {template:.1} bp |");
    }
    text += TOGETHER;
    for (chosen, template) in together(full) {
        let (condition, [chosen, template]) = (chosen.case.condition, [&chosen.figures, &template.figures]);
        let debt = |one: &Figures| one.bad_debt / one.open_interest * 1e4;
        let _ = writeln!(
            text,
            "| {condition} | {:.1} bp, {:.1} bp | {:.2} bp, {:.2} bp | {:.0} s, {:.0} s |",
            chosen.cost(),
            template.cost(),
            debt(chosen),
            debt(template),
            chosen.under_water.p99,
            template.under_water.p99
        );
    }
    text.push('\n');
    text += FULL[1];
    let _ =
        writeln!(text, "\n## Small case\n\n{SMALL} accounts; a test computes it again (`crates/sim/tests/page.rs`).\n");
    text + &markdown(small)
}

fn head() -> String {
    let mut text = String::from(INTRODUCTION);
    for condition in CONDITIONS {
        let _ = writeln!(text, "* **{}**: {}", condition.name, condition.what);
    }
    let (index, least, most) = EQUITY;
    let classes: Vec<String> =
        LEVERAGE.iter().map(|(share, from, to)| format!("{:.1} % of it at {from} to {to}", share * 100.0)).collect();
    let _ = write!(
        text,
        "\n## Who trades\n\n* **Leverage** by open interest: {}, its logarithm uniform within each class. That is what was published of \
         Hyperliquid's accounts in December 2025: of $7.63 billion, 2.77 below 3 and 3.70 at 3 to 7 \
         (phemex.com/news/article/hyperliquid-sees-majority-of-open-interest-in-moderate-leverage-45082). No account takes more than 90 % of \
         what its initial margin allows.\n* **Equity**: Pareto above ${least} with the index {index}, at most ${most}: an assumption; no venue \
         publishes it. {:.0} % of the accounts hold two markets.\n",
        classes.join(", "),
        TWO_LEGS * 100.0
    );
    text + AGENTS
}

const INTRODUCTION: &str = "\
# Default parameters

`make sim ARGS=--write` writes this page: the crash of 10 October 2025, 20:45 to 22:15 UTC, on the exchange in memory, with every
parameter that decides about liquidations varied alone. `make sim` prints the same table, `make sim ARGS=--help` says what else there is.
One seed is one replay; at the end of each run every ledger adds up to the unit.

Columns: liquidation *steps*, what they took over the open interest, the *accounts* it was taken from, attempts that the budget *refused*;
how long an account was below maintenance until it was reduced or recovered, in the mean and for all but one in a hundred; *bad debt* and
*penalties* (discounts and insurance fees of the liquidated), in basis points of the open interest; *impact*, by how much liquidators sold below the
oracle, in the mean by value and in the worst minute; and how far their sales *pushed* an oracle.

";
const AGENTS: &str = "\
* **Liquidators**, six, take over the largest position below maintenance first, at most 200 a step of two seconds, as far as their
  initial margin goes, and sell in auctions of 0.2 % of the open interest, at worst at twice their discount below the oracle.
* **Makers**: four with ladders of 1.5 % of the open interest within 75 basis points, three that join auctions, each group at most
  4 % long or short. Half of the depth is gone when the price has moved 0.5 % in a minute, and quotes stand off by a quarter of
  that move. Both are assumptions.
* **Shorts** take profits above 3 %: each step one trader in 10,000 thinks of it. **Arbitrage** buys from makers and vAMM what liquidators sold
  below the oracle, up to 1 % of the open interest. **Keepers** refresh prices each step, update the vAMM every ten seconds, sweep,
  fund and settle.
* The **vAMM** holds at most 10 % of the open interest with a capital of 5 %; an insurance fund begins with 0.5 %, at most 0.1 % a default.
* A sale of a part of a market's open interest moves the price elsewhere by the same part, times what the oracle follows; half of it
  is gone after two minutes.

## Results

";
const JUSTIFIED: &str = "
## What they justify

A listing template should have of each parameter the value that costs least, bad debt and penalties added over the three conditions, of
those that lengthen the time below maintenance (99 %) in no condition by more than half:

| parameter | value and its cost | the template's cost |
|---|---|---|
";
const TOGETHER: &str = "
A discount of 0.25 % costs least of all, but leaves accounts below maintenance for minutes where liquidators are poor: that is the case
for a discount that begins there and grows with time. The values at once, each figure beside the template's:

| condition | cost | bad debt | under water, 99 % |
|---|---|---|---|
";
