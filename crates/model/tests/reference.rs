//! The model against exact tables: `tests/tables/*.json`, written by `tests/reference/run.py tables` from docs/math alone.

mod formulas;

use serde_json::Value;
use std::path::Path;

fn number(value: &Value) -> i128 {
    value.as_u64().map(i128::from).or(value.as_i64().map(i128::from)).unwrap_or_else(|| panic!("{value} is no integer"))
}

/// Every row of one file, all disagreements at once.
fn hold(file: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tables").join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    let tables: Vec<Value> = serde_json::from_str(&text).unwrap();
    let mut wrong = Vec::new();
    for table in &tables {
        let name = table["formula"].as_str().unwrap();
        let (inputs, outputs) = (table["inputs"].as_array().unwrap(), table["outputs"].as_array().unwrap());
        let rows = table["rows"].as_array().unwrap();
        assert!(rows.len() >= 20, "{name} has {} rows", rows.len());
        let mut values = 0;
        for row in rows {
            let given: Vec<i128> = row[0].as_array().unwrap().iter().map(number).collect();
            assert_eq!(given.len(), inputs.len(), "{name}");
            let found = formulas::answer(name, &given).map_err(|error| format!("!{error:?}"));
            let wanted = match &row[1] {
                Value::String(error) => Err(error.clone()),
                values => Ok(values.as_array().unwrap().iter().map(number).collect::<Vec<_>>()),
            };
            values += usize::from(wanted.is_ok());
            if found != wanted {
                let pairs: Vec<String> =
                    inputs.iter().zip(&given).map(|(name, value)| format!("{name}={value}")).collect();
                wrong.push(format!(
                    "{name}: {}\n  outputs {outputs:?}\n  wanted {wanted:?}\n  found  {found:?}",
                    pairs.join(" ")
                ));
            }
        }
        assert!(values * 2 > rows.len(), "{name}: {values} values in {} rows", rows.len());
    }
    assert!(wrong.is_empty(), "{} of {file} differ, the first:\n{}", wrong.len(), wrong[0]);
}

/// The files, each held by the test of its own below.
const FILES: [&str; 12] = [
    "amm_quote.json",
    "amm_spread.json",
    "amm_update.json",
    "auction.json",
    "debts.json",
    "expiry.json",
    "fees.json",
    "funding.json",
    "liquidation.json",
    "margin.json",
    "prices.json",
    "settlement.json",
];

#[test]
fn every_table_is_held() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tables");
    let mut found: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    found.sort();
    assert_eq!(found, FILES);
}

#[test]
fn what_the_vamm_trades() {
    hold("amm_quote.json");
}

#[test]
fn the_spread() {
    hold("amm_spread.json");
}

#[test]
fn updates_of_the_vamm() {
    hold("amm_update.json");
}

#[test]
fn auctions_triggers_and_slices() {
    hold("auction.json");
}

#[test]
fn debts_of_those_who_can_pay() {
    hold("debts.json");
}

#[test]
fn the_hour_before_an_expiry() {
    hold("expiry.json");
}

#[test]
fn fees_of_a_fill() {
    hold("fees.json");
}

#[test]
fn funding_and_mark() {
    hold("funding.json");
}

#[test]
fn steps_of_a_liquidation() {
    hold("liquidation.json");
}

#[test]
fn margins_and_weights() {
    hold("margin.json");
}

#[test]
fn rows_and_sources() {
    hold("prices.json");
}

#[test]
fn settlement_defaults_and_sweeps() {
    hold("settlement.json");
}
