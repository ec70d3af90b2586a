//! The compute table against its baseline: `docs/compute.md` tells of every row the units and the cost of `tests/compute.json`.

use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::run::root;

/// Checks every row.
///
/// # Errors
/// A row without one of both figures, or one that differs between the table and its baseline.
pub(crate) fn check() -> Result<()> {
    let read = |path: &str| fs::read_to_string(root().join(path)).with_context(|| path.to_owned());
    compare(&serde_json::from_str(&read("tests/compute.json")?)?, &read("docs/compute.md")?)
}

fn compare(baseline: &Value, table: &str) -> Result<()> {
    let units = baseline["compute_units"].as_object().context("the baseline has compute units")?;
    for (name, units) in units {
        let cost = &baseline["transaction_cost"][name];
        let row = table.lines().find(|line| line.starts_with(&format!("| {name} |")));
        let row = row.with_context(|| format!("docs/compute.md has no row {name}: run `make bench`"))?;
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        for (at, figure) in [(2, &units[0]), (3, &units[1]), (4, &cost[0]), (5, &cost[1])] {
            let told: String = cells.get(at).unwrap_or(&"").chars().filter(char::is_ascii_digit).collect();
            let found = figure.as_u64().map(|number| number.to_string()).unwrap_or_default();
            ensure!(
                told == found,
                "{name}: {told:?} in docs/compute.md, {found:?} in tests/compute.json: run `make bench`"
            );
        }
        let whole = |pair: &Value| pair[0].is_u64();
        ensure!(whole(units) && whole(cost), "{name}: units and cost belong together");
        ensure!(units[1].is_u64() == cost[1].is_u64(), "{name}: units and cost belong together");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_row_has_both_figures_and_they_are_those_of_the_baseline() {
        let baseline = json!({ "compute_units": { "a": [1_000, null] }, "transaction_cost": { "a": [2_500, null] } });
        assert!(compare(&baseline, "| a | **1,000** |  | 2,500 |  | x |").is_ok());
        for wrong in
            ["| a | 1,001 |  | 2,500 |  |", "| a | 1,000 |  |  |  |", "| a | 1,000 | 5 | 2,500 |  |", "| b | 1,000 |"]
        {
            assert!(compare(&baseline, wrong).is_err(), "{wrong}");
        }
        let without = json!({ "compute_units": { "a": [1_000, null] }, "transaction_cost": {} });
        assert!(compare(&without, "| a | 1,000 |  |  |  |").is_err());
    }
}
