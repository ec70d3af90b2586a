//! docs/refusals.md has a row for each participant's account of each instruction, and names tests that are where it says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What a file's short name on the page stands for.
const FOLDERS: [(&str, &str); 2] = [("model/", "crates/model/tests/"), ("tests/", "tests/tests/")];

/// Accounts of participants by their names in the IDL.
const PARTICIPANTS: [&str; 7] = ["sub_account", "trader", "taker", "maker", "from", "to", "liquidator"];

/// Participants' accounts behind the declared ones, which the IDL does not list.
const BEHIND: [(&str, &[&str]); 9] = [
    ("fill_order", &["filler", "makers", "referrer", "builder"]),
    ("place_and_take", &["makers", "referrer", "builder"]),
    ("liquidate_with_fill", &["makers", "referrer", "builder"]),
    ("place_and_make", &["referrer", "builder"]),
    ("trigger_order", &["crank"]),
    ("trail_order", &["crank"]),
    ("slice_order", &["crank"]),
    ("expire_orders", &["crank"]),
    ("uncross", &["owners"]),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn page() -> String {
    std::fs::read_to_string(root().join("docs/refusals.md")).expect("the page")
}

/// What a cell has between backticks.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// The rows of the first table.
fn rows(page: &str) -> Vec<Vec<String>> {
    let table = page.lines().skip_while(|line| !line.starts_with("| instruction")).skip(2);
    let rows = table.take_while(|line| line.starts_with('|'));
    let cells = |row: &str| -> Vec<String> { row.split('|').map(|cell| cell.trim().to_owned()).collect() };
    rows.map(|row| cells(row.strip_prefix('|').unwrap_or(row).strip_suffix('|').unwrap_or(row))).collect()
}

/// Instructions of the IDL with the participants' accounts that they take.
fn instructions() -> BTreeMap<String, BTreeSet<String>> {
    let text = std::fs::read_to_string(root().join("idl/kedge.json")).expect("the IDL");
    let idl: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let mut found = BTreeMap::new();
    for instruction in idl["instructions"].as_array().expect("instructions") {
        let name = instruction["name"].as_str().expect("a name").to_owned();
        let declared = instruction["accounts"].as_array().expect("accounts").iter().map(|account| &account["name"]);
        let mut accounts: BTreeSet<String> = declared
            .filter_map(|account| account.as_str())
            .filter(|account| PARTICIPANTS.contains(account))
            .map(str::to_owned)
            .collect();
        let behind = BEHIND.iter().filter(|(instruction, _)| *instruction == name);
        accounts.extend(behind.flat_map(|(_, accounts)| *accounts).map(|account| (*account).to_owned()));
        found.insert(name, accounts);
    }
    found
}

#[test]
fn every_participant_of_every_instruction_has_its_row() {
    let (page, instructions) = (page(), instructions());
    let mut missing: BTreeSet<(String, String)> = instructions
        .iter()
        .flat_map(|(name, accounts)| accounts.iter().map(|account| (name.clone(), account.clone())))
        .collect();
    for row in rows(&page) {
        for name in quoted(&row[0]) {
            let accounts = instructions.get(name).unwrap_or_else(|| panic!("{name} is no instruction"));
            for account in quoted(&row[1]) {
                assert!(accounts.contains(account), "{name} takes no {account}");
                missing.remove(&(name.to_owned(), account.to_owned()));
            }
        }
    }
    assert!(missing.is_empty(), "without a row: {missing:?}");
    // Those without a participant are named as such, and no others are.
    let sentence = page.split("No participant's account is in").nth(1).expect("the sentence");
    let named: BTreeSet<&str> = quoted(sentence.split_once(".\n").expect("its end").0).collect();
    let without = instructions.iter().filter(|(_, accounts)| accounts.is_empty()).map(|(name, _)| name.as_str());
    assert_eq!(named, without.collect());
}

#[test]
fn every_bystander_refuses_nothing_and_every_row_names_a_test_that_is_there() {
    let mut found = 0;
    for row in rows(&page()) {
        let [instruction, account, role, refuses, tests, file] = &row[..] else { panic!("six columns: {row:?}") };
        assert_eq!(instruction.is_empty(), role.is_empty(), "{row:?}");
        assert_eq!(account.is_empty(), role.is_empty(), "{row:?}");
        assert!(["", "own", "subject", "bystander"].contains(&role.as_str()), "{row:?}");
        assert_eq!(role == "bystander", refuses == "nothing", "{row:?}");
        let file = quoted(file).next().expect("a file");
        let (short, folder) = FOLDERS.iter().find(|(short, _)| file.starts_with(short)).expect(file);
        let path = root().join(folder).join(&file[short.len()..]);
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert!(quoted(tests).next().is_some(), "no test: {row:?}");
        for name in quoted(tests) {
            assert!(text.contains(&format!("#[test]\nfn {name}()")), "{file} has no test {name}");
            found += 1;
        }
    }
    assert!(found > 40, "{found} tests are on the page");
}
